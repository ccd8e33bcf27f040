"""When no recording is begun: the office's rules, told early and by reason, with clocks that jump."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kiosk.centre.residents import OFFICERS
from kiosk.centre.roster_maker import VALID_DAYS
from kiosk.journey.effects import LookUp
from kiosk.journey.events import NikKnown, NikRefused
from kiosk.journey.steps import Refusal
from kiosk.record import telemetry
from kiosk.record.clock import Clock, Moment
from kiosk.record.freeze import DAY, NONE, Rules, Since, frozen
from kiosk.record.roster import Officer
from kiosk.record.telemetry import Frozen, Occasion, UplinkStatus
from kiosk.station.crew.books import open_books
from kiosk.station.crew.clerk import Clerk


@pytest.mark.parametrize(
    ("rules", "online", "oldest", "contact", "why"),
    [
        (NONE, None, 9e9, 9e9, None),
        (Rules(online_seconds=900.0), None, None, None, Frozen.ONLINE),
        (Rules(online_seconds=900.0), 901.0, None, None, Frozen.ONLINE),
        (Rules(online_seconds=900.0), 899.0, None, None, None),
        (Rules(oldest_days=3), None, None, None, None),
        (Rules(oldest_days=3), None, 3 * DAY + 1, None, Frozen.OLDEST),
        (Rules(oldest_days=3), None, 3 * DAY - 1, None, None),
        (Rules(contact_days=5), None, None, None, None),
        (Rules(contact_days=5), None, None, 5 * DAY + 1, Frozen.CONTACT),
        (Rules(contact_days=5), None, 99 * DAY, 5 * DAY - 1, None),
    ],
)
def test_each_rule_counts_only_where_the_office_set_it(
    rules: Rules, online: float | None, oldest: float | None, contact: float | None, why: Frozen | None
) -> None:
    assert frozen(rules, roster_left=1.0, online=online, oldest=oldest, contact=contact) is why


def test_a_roster_past_its_end_stops_recordings_whatever_the_office_set() -> None:
    assert frozen(NONE, roster_left=-1.0, online=None, oldest=None, contact=None) is Frozen.ROSTER
    assert frozen(NONE, roster_left=None, online=None, oldest=None, contact=None) is None


def test_a_calendar_that_jumps_makes_nothing_older_or_younger() -> None:
    contact = Since()
    assert contact.age(monotonic=10.0) is None
    contact.told(1000, unix=1060, monotonic=100.0)
    assert contact.age(monotonic=100.0) == 60.0
    contact.told(1000, unix=9_999_999, monotonic=101.0)
    assert contact.age(monotonic=101.0) == 61.0
    contact.told(500, unix=510, monotonic=200.0)  # the calendar was put back, and the centre answered just now
    assert contact.age(monotonic=205.0) == 5.0


def test_what_the_centre_dates_is_not_made_younger_by_being_heard_late() -> None:
    word = Since()
    word.dated(1000, unix=1100, monotonic=500.0)
    assert word.age(monotonic=500.0) == 100.0
    word.dated(1000, unix=9_999_999, monotonic=600.0)
    assert word.age(monotonic=600.0) == 200.0
    word.dated(1030, unix=5, monotonic=600.0)  # made 30 s later, whatever the calendar here says
    assert word.age(monotonic=600.0) == 170.0
    word.dated(1000, unix=1300, monotonic=600.0)
    assert word.age(monotonic=600.0) == 170.0
    word.dated(9000, unix=1300, monotonic=600.0)
    assert word.age(monotonic=600.0) == 0.0


def test_what_is_said_to_be_still_to_come_is_not_believed_before_it_is_seen_to_happen() -> None:
    contact = Since()
    contact.told(2000, unix=1000, monotonic=5.0)
    assert contact.age(monotonic=6.0) is None
    contact.told(2060, unix=1060, monotonic=65.0)
    assert contact.age(monotonic=66.0) == 1.0


@pytest.fixture
def old_roster(world: Any) -> bytes:
    made: bytes = world.roster(now=datetime.now(UTC) - timedelta(days=10))
    return made


@pytest.fixture
def asked(world: Any, old_roster: bytes) -> Callable[..., Any]:
    """Starts a station with these rules, and has a resident's number looked up."""

    @contextmanager
    def running(rules: Rules, told: list[Any], occasions: list[Occasion], clock: Clock | None) -> Iterator[Clerk]:
        clerk = Clerk(
            lambda: open_books(world.exchange, tries=3, lock_seconds=900, floor=0, rules=rules, clock=clock),
            told.append,
            occasions.append,
            software="0.1.0",
            template_family=lambda: "zfm",
        )
        clerk.start()
        assert clerk.ready.wait(30)
        yield clerk
        clerk.close()
        assert not clerk.broken

    def ask(
        rules: Rules, *, to_record: bool = True, number: str = "", clock: Clock | None = None
    ) -> tuple[Any, Clerk, list[Occasion]]:
        told: list[Any] = []
        occasions: list[Occasion] = []
        with running(rules, told, occasions, clock) as clerk:
            clerk.look_up(LookUp(1, number or world.cast.ordinary.nik, to_record=to_record))
        return told[-1], clerk, occasions

    opened = open_books(world.exchange, tries=3, lock_seconds=900, floor=0)
    opened.roster.import_signed(old_roster, trust=world.trust, keys=world.keys, now=datetime.now(UTC))
    opened.close()
    return ask


def test_without_contact_nobody_is_recorded_and_a_card_is_still_collected(world: Any, asked: Any) -> None:
    rules = Rules(online_seconds=900.0)
    answer, clerk, occasions = asked(rules)
    assert isinstance(answer, NikRefused)
    assert answer.why is Refusal.NO_CONTACT
    assert clerk.standing.frozen is Frozen.ONLINE
    assert occasions == [Occasion.RECORDING_FROZEN]
    assert isinstance(asked(rules, to_record=False)[0], NikKnown)
    # Said before anybody's number is looked up.
    assert asked(rules, number="5302040101900001")[0].why is Refusal.NO_CONTACT


def test_with_contact_residents_are_recorded(world: Any, asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_000_000.0)
    telemetry.write_status(world.exchange.uplink_status, UplinkStatus(centre_last_contact=999_500))
    answer, clerk, occasions = asked(Rules(online_seconds=900.0))
    assert isinstance(answer, NikKnown)
    assert (clerk.standing.frozen, occasions) == (None, [])


def test_recordings_that_wait_too_long_stop_new_ones(world: Any, asked: Any, now: Any) -> None:
    opened = open_books(world.exchange, tries=3, lock_seconds=900, floor=0)
    opened.outbox.accept(b"payload", packet_id="a" * 32, now=now.replace(year=2020))
    opened.close()
    assert asked(Rules(oldest_days=3))[0].why is Refusal.FROZEN
    assert isinstance(asked(NONE)[0], NikKnown)


def test_a_newer_file_that_was_believed_is_word_from_the_centre(world: Any, asked: Any, old_roster: bytes) -> None:
    """Brought on a stick, say: no network is needed for it. The same old stick again is no word."""
    rules = Rules(contact_days=3)
    answer, clerk, _ = asked(rules)
    assert (answer.why, clerk.standing.frozen) == (Refusal.NO_CONTACT, Frozen.CONTACT)
    (world.exchange.brought / "noise.roster").write_bytes(b"noise")
    (world.exchange.brought / "roster-00000001.roster").write_bytes(old_roster)
    assert asked(rules)[0].why is Refusal.NO_CONTACT
    assert list(world.exchange.brought.iterdir()) == []
    (world.exchange.brought / "roster-00000002.roster").write_bytes(world.roster(now=datetime.now(UTC)))
    assert isinstance(asked(rules)[0], NikKnown)
    assert isinstance(asked(rules)[0], NikKnown)  # remembered across a start


@pytest.mark.parametrize(
    ("days", "kept", "why", "left"),
    [
        (VALID_DAYS - 13, True, None, 3),
        (VALID_DAYS + 1, True, Refusal.ROSTER_OVER, 0),
        (VALID_DAYS + 1, False, None, None),
    ],
)
def test_a_roster_past_its_end_begins_no_recording_but_a_card_is_collected_and_the_desk_opens(
    asked: Any, world: Any, days: int, kept: bool, why: Refusal | None, left: int | None
) -> None:
    """The roster is ten days old; a clock that cannot be trusted ends none."""
    moment = Moment("boot", 9e6, int(time.time()) + days * 86_400 - 60, kept)
    answer, clerk, occasions = asked(NONE, clock=lambda: moment)
    assert getattr(answer, "why", None) is why
    assert clerk.standing.roster_days_left == left
    assert occasions == ([Occasion.RECORDING_FROZEN] if why else [])
    assert isinstance(asked(NONE, clock=lambda: moment, to_record=False)[0], NikKnown)
    opened = open_books(world.exchange, tries=3, lock_seconds=900, floor=0)
    assert isinstance(opened.roster.officer(OFFICERS[0].pin, now=datetime.now(UTC), visiting=False), Officer)
    opened.close()
