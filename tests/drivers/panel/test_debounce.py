"""Bouncing contacts told apart from moved ones, on a clock of numbers."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.panel.debounce import KEPT, Debouncer

SETTLE = 0.03
SETTLED = {"door": SETTLE, "help": SETTLE}


def fresh() -> Debouncer:
    return Debouncer({"door": False, "help": False}, settle=SETTLED)


def test_a_level_counts_only_once_it_has_rested() -> None:
    debounce = fresh()
    debounce.feed("door", True, 1.0)
    assert debounce.settled(1.02) == ()
    assert debounce.due == 1.03
    assert debounce.settled(1.03) == (("door", True),)
    assert debounce.settled(2.0) == ()
    assert debounce.due is None


def test_a_spike_is_no_change() -> None:
    debounce = fresh()
    debounce.feed("door", True, 1.0)
    debounce.feed("door", False, 1.01)
    assert debounce.settled(9.0) == ()


def test_bouncing_is_one_change() -> None:
    debounce = fresh()
    for number in range(9):
        debounce.feed("help", number % 2 == 0, 1.0 + number / 1000)
    assert debounce.settled(2.0) == (("help", True),)


def test_a_press_that_came_and_went_while_nobody_looked_is_told() -> None:
    debounce = fresh()
    debounce.feed("help", True, 1.0)
    debounce.feed("help", False, 1.2)
    assert debounce.settled(5.0) == (("help", True), ("help", False))


def test_changes_of_several_contacts_come_in_the_order_in_which_they_began() -> None:
    debounce = fresh()
    debounce.feed("help", True, 1.0)
    debounce.feed("door", True, 1.1)
    debounce.feed("help", False, 1.2)
    assert debounce.settled(5.0) == (("help", True), ("door", True), ("help", False))


def test_each_contact_has_its_own_time_to_rest() -> None:
    debounce = Debouncer({"door": False, "shutdown": False}, settle={"door": SETTLE, "shutdown": 0.5})
    debounce.feed("shutdown", True, 1.0)
    debounce.feed("door", True, 1.1)
    assert debounce.due == 1.1 + SETTLE
    assert debounce.settled(1.2) == (("door", True),)
    assert debounce.due == 1.5
    # A pulse too short to be a request is none.
    debounce.feed("shutdown", False, 1.4)
    assert debounce.settled(9.0) == ()


def test_changes_that_nobody_hears_are_bounded_and_the_newest_stay() -> None:
    debounce = fresh()
    for number in range(10_000):
        debounce.feed("door", number % 2 == 0, float(number))
    told = debounce.settled(20_000.0)
    assert len(told) == KEPT
    assert told[-1] == ("door", False)


Edges = st.lists(st.tuples(st.sampled_from(["door", "help"]), st.integers(1, 100)), max_size=40)


@given(Edges)
def test_looking_often_or_once_tells_the_same_and_ends_at_the_true_level(edges: list[tuple[str, int]]) -> None:
    often, once = fresh(), fresh()
    told: list[tuple[str, bool]] = []
    level, now = {"door": False, "help": False}, 0.0
    for contact, milliseconds in edges:
        now += milliseconds / 1000
        told += often.settled(now)
        level[contact] = not level[contact]
        often.feed(contact, level[contact], now)
        once.feed(contact, level[contact], now)
    told += often.settled(now + 1)
    late = once.settled(now + 1)
    for contact in level:
        mine = [state for name, state in told if name == contact]
        assert mine == [state for name, state in late if name == contact]
        # Each change differs from the one before, and the last is where the contact stands.
        assert all(a != b for a, b in zip([False, *mine], mine, strict=False))
        assert ([False, *mine])[-1] == level[contact]
