"""Orders and blanks: believed only from the centre, printed once, never again by guess."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from kiosk.journey.fingers import Finger
from kiosk.record.database import Database
from kiosk.record.header import Header, Kind, Malformed, NotForUs, SignatureWrong, UnknownKey, Untrusted, WrongKind
from kiosk.record.ledger import Blanks, Ledger, NotPrintable, OrderRefused, OrderState, Outcome
from kiosk.record.order import CardOrder
from kiosk.record.packet import pack
from kiosk.record.roster import OutOfTime
from kiosk.record.seal import seal


@pytest.fixture
def ledger(world: Any) -> Iterator[Ledger]:
    opened = Ledger(world.kiosk("ledger.db"), world.keys.ledger)
    yield opened
    opened.close()


def packet_of(world: Any, number: int = 1, resident: Any = None) -> bytes:
    recording = world.recording(resident, packet_id=f"{number:032x}")
    head = Header(Kind.RECORDING, world.keys.station, "centre", recording.packet_id, number, 1)
    return seal(pack(recording), head, world.trust.recipients, world.keys.signing).data


def order_of(
    world: Any, now: Any, number: int = 1, resident: Any = None, *, replacing: bool = False
) -> tuple[str, bytes]:
    packet = packet_of(world, number, resident)
    made: tuple[str, bytes] = world.orders.order_for_packet(packet, now=now, replacing=replacing)
    return made


def adults(world: Any, now: Any) -> list[Any]:
    return [resident for resident in world.cast.residents if resident.age_on(now.date()) >= 17]


def take(ledger: Ledger, world: Any, blob: bytes, now: Any) -> Any:
    return ledger.take_order(blob, trust=world.trust, keys=world.keys, now=now)


def test_an_order_is_taken_found_and_complete(ledger: Ledger, world: Any, now: Any) -> None:
    order_id, blob = order_of(world, now)
    assert not take(ledger, world, blob, now).again
    assert take(ledger, world, blob, now).again
    order = ledger.order_for(world.cast.ordinary.nik, now=now)
    assert order is not None
    assert ledger.order(order_id) == order
    assert (order.order_id, order.resident.name) == (order_id, world.cast.ordinary.name)
    assert order.photo.startswith(b"\xff\xd8")
    assert [t.finger for t in order.templates] == [Finger.RIGHT_INDEX, Finger.LEFT_INDEX]
    assert order.template_for(Finger.RIGHT_INDEX, family="zfm") == bytes([2]) * 16
    assert order.template_for(Finger.RIGHT_INDEX, family="other") is None
    assert ledger.order_for(world.cast.farmer.nik, now=now) is None
    assert ledger.state("order-99999999") is None


def test_no_false_order_is_taken(ledger: Ledger, world: Any, now: Any) -> None:
    _, blob = order_of(world, now)
    head = Header(Kind.ORDER, "centre", world.keys.station, "order-00000009", 9, 1)
    ours = (world.keys.opening.public,)
    for bad, error in (
        (blob[:-1] + bytes([blob[-1] ^ 1]), SignatureWrong),
        (seal(b"", head, ours, world.authority.rosters).data, UnknownKey),
        (seal(b"", head, (world.other_keys.opening.public,), world.authority.orders).data, NotForUs),
        (seal(b"\xa0", head, ours, world.authority.orders).data, Malformed),
        (seal(b"noise", head, ours, world.authority.orders).data, Malformed),
        (world.roster(), Untrusted),
        (b"", Untrusted),
    ):
        with pytest.raises(error):
            take(ledger, world, bad, now)
    other = Header(Kind.ORDER, "centre", "other-station", "order-00000009", 9, 1)
    with pytest.raises(WrongKind):
        take(ledger, world, seal(b"\xa0", other, ours, world.authority.orders).data, now)
    with pytest.raises(OutOfTime):
        take(ledger, world, blob, now + timedelta(days=91))
    assert ledger.order_for(world.cast.ordinary.nik, now=now) is None


def test_an_order_that_comes_after_later_ones_is_taken(ledger: Ledger, world: Any, now: Any) -> None:
    first, second, third = (
        order_of(world, now, number, resident, replacing=True)
        for number, resident in enumerate(adults(world, now)[:3], start=1)
    )
    for _, blob in (third, first):
        take(ledger, world, blob, now)
    assert ledger.last_order() == 1, "the second lacks, and the centre is to send it again"
    take(ledger, world, second[1], now)
    assert ledger.last_order() == 3
    assert [ledger.state(order) for order, _ in (first, second, third)] == [OrderState.OPEN] * 3


def test_no_old_order_of_a_resident_makes_another_card(ledger: Ledger, world: Any, now: Any) -> None:
    first, second, third = order_of(world, now, 1), *(order_of(world, now, n, replacing=True) for n in (2, 3))
    take(ledger, world, first[1], now)
    take(ledger, world, third[1], now)
    with pytest.raises(OrderRefused, match="newer order of the same resident"):
        take(ledger, world, second[1], now)
    ledger.intend(third[0], now=now, by_finger=True)
    ledger.outcome(third[0], Outcome.PRINTED, now=now)
    assert take(ledger, world, first[1], now).again
    assert take(ledger, world, third[1], now).again
    assert ledger.order_for(world.cast.ordinary.nik, now=now) is None
    head = Header(Kind.ORDER, "centre", world.keys.station, "order-00000009", 3, 1)
    body = ledger.order(third[0]).pack()
    alike = seal(body, head, (world.keys.opening.public,), world.authority.orders).data
    with pytest.raises(OrderRefused, match="another order of this number"):
        take(ledger, world, alike, now)


def test_an_order_that_never_comes_is_waited_for_as_long_as_it_may_be_good(
    ledger: Ledger, world: Any, now: Any
) -> None:
    _, second, _, fourth, fifth = adults(world, now)[:5]
    for number, resident in enumerate(adults(world, now)[:3], start=1):
        order = order_of(world, now, number, resident, replacing=True)
        if resident is second:
            take(ledger, world, order[1], now)
    assert ledger.last_order() == 0
    ledger.pass_over(1)  # it came, and was not wanted any more
    assert ledger.last_order() == 2
    later = now + timedelta(days=101)
    take(ledger, world, order_of(world, later, 4, fourth, replacing=True)[1], later)
    assert ledger.last_order() == 2
    later += timedelta(days=101)
    take(ledger, world, order_of(world, later, 5, fifth, replacing=True)[1], later)
    assert ledger.last_order() == 5


def test_a_card_is_printed_once_and_its_blank_counted(ledger: Ledger, world: Any, now: Any) -> None:
    order_id, blob = order_of(world, now)
    take(ledger, world, blob, now)
    ledger.receive_blanks(5, officer="officer-1", now=now)
    ledger.intend(order_id, now=now, by_finger=True)
    ledger.outcome(order_id, Outcome.PRINTED, now=now)
    assert ledger.state(order_id) is OrderState.PRINTED
    assert ledger.blanks() == Blanks(5, 1, 0, uncertain=0)
    assert ledger.blanks().on_hand == 4
    assert ledger.order_for(world.cast.ordinary.nik, now=now) is None
    with pytest.raises(NotPrintable, match="already"):
        ledger.intend(order_id, now=now, by_finger=True)


@pytest.mark.parametrize(("outcome", "spoiled"), [(Outcome.REFUSED, 0), (Outcome.SPOILED, 1)])
def test_what_did_not_come_out_may_be_tried_again(
    ledger: Ledger, world: Any, now: Any, outcome: Outcome, spoiled: int
) -> None:
    order_id, blob = order_of(world, now)
    take(ledger, world, blob, now)
    ledger.intend(order_id, now=now, by_finger=True)
    ledger.outcome(order_id, outcome, now=now)
    assert ledger.blanks() == Blanks(0, 0, spoiled, uncertain=0)
    ledger.intend(order_id, now=now, by_finger=False, officer="officer-2")
    ledger.outcome(order_id, Outcome.PRINTED, now=now)
    assert ledger.blanks() == Blanks(0, 1, spoiled, uncertain=0)


def test_an_unknown_outcome_is_never_printed_again_by_guess(ledger: Ledger, world: Any, now: Any) -> None:
    order_id, blob = order_of(world, now)
    take(ledger, world, blob, now)
    ledger.intend(order_id, now=now, by_finger=True)
    ledger.close()
    ledger = Ledger(world.kiosk("ledger.db"), world.keys.ledger)
    assert ledger.uncertain() == (order_id,)
    assert ledger.blanks().uncertain == 1
    with pytest.raises(NotPrintable, match="officer must look"):
        ledger.intend(order_id, now=now, by_finger=True)
    assert ledger.interrupted == (order_id,)
    with pytest.raises(NotPrintable, match="waiting for an outcome"):
        ledger.outcome(order_id, Outcome.PRINTED, now=now)
    ledger.settle(order_id, Outcome.SPOILED, officer="officer-1", now=now)
    assert ledger.uncertain() == ()
    ledger.intend(order_id, now=now, by_finger=True)
    ledger.close()


@pytest.mark.parametrize(
    ("word", "state", "blanks"),
    [
        (Outcome.PRINTED, OrderState.PRINTED, Blanks(5, 1, 0, uncertain=0)),
        (Outcome.SPOILED, OrderState.OPEN, Blanks(5, 0, 1, uncertain=0)),
        (Outcome.REFUSED, OrderState.OPEN, Blanks(5, 0, 0, uncertain=0)),
    ],
)
def test_an_officer_settles_what_the_printer_could_not_say(
    ledger: Ledger, world: Any, now: Any, word: Outcome, state: OrderState, blanks: Blanks
) -> None:
    order_id, blob = order_of(world, now)
    take(ledger, world, blob, now)
    ledger.receive_blanks(5, officer="officer-1", now=now)
    ledger.intend(order_id, now=now, by_finger=True)
    assert ledger.uncertain() == ()  # under way
    ledger.outcome(order_id, Outcome.UNKNOWN, now=now)
    assert (ledger.uncertain(), ledger.blanks().uncertain) == ((order_id,), 1)
    later = now + timedelta(hours=3)
    ledger.settle(order_id, word, officer="officer-2", now=later)
    assert (ledger.uncertain(), ledger.state(order_id), ledger.blanks()) == ((), state, blanks)
    ledger.close()
    with closing(Database(world.kiosk("ledger.db"), "", version=2, key=world.keys.ledger)) as database:
        told = database.row("SELECT outcome, told, told_by FROM prints")
        assert tuple(told) == (word.value, int(later.timestamp()), "officer-2")
        assert all(row[0] == "officer-2" for row in database.rows("SELECT officer FROM blanks WHERE print IS NOT NULL"))


def test_an_officer_settles_only_what_is_in_doubt(ledger: Ledger, world: Any, now: Any) -> None:
    order_id, blob = order_of(world, now)
    take(ledger, world, blob, now)

    def refused(order: str = order_id) -> None:
        with pytest.raises(NotPrintable, match="no doubt"):
            ledger.settle(order, Outcome.PRINTED, officer="officer-1", now=now)

    refused("order-00000042")
    refused()
    ledger.intend(order_id, now=now, by_finger=True)
    refused()  # the printer is still at it, and will say
    ledger.outcome(order_id, Outcome.UNKNOWN, now=now)
    with pytest.raises(ValueError, match="or nothing"):
        ledger.settle(order_id, Outcome.UNKNOWN, officer="officer-1", now=now)
    ledger.settle(order_id, Outcome.PRINTED, officer="officer-1", now=now)
    refused()
    assert ledger.blanks().issued == 1


def test_two_orders_for_one_resident_make_one_card(ledger: Ledger, world: Any, now: Any) -> None:
    first, second = order_of(world, now, 1), order_of(world, now, 2, replacing=True)
    other = order_of(world, now, 3, world.cast.farmer)
    for _, blob in (first, second, other):
        take(ledger, world, blob, now)
    nik = world.cast.ordinary.nik
    offered = ledger.order_for(nik, now=now)
    assert offered is not None
    assert offered.order_id == second[0]
    ledger.intend(second[0], now=now, by_finger=True)
    ledger.outcome(second[0], Outcome.SPOILED, now=now)
    assert ledger.state(first[0]) is OrderState.OPEN
    ledger.intend(second[0], now=now, by_finger=True)
    ledger.outcome(second[0], Outcome.PRINTED, now=now)
    assert ledger.state(first[0]) is OrderState.SUPERSEDED
    assert ledger.order_for(nik, now=now) is None
    with pytest.raises(NotPrintable, match="newer order"):
        ledger.intend(first[0], now=now, by_finger=True)
    assert ledger.state(other[0]) is OrderState.OPEN


def test_while_one_order_is_in_doubt_no_other_is_printed(ledger: Ledger, world: Any, now: Any) -> None:
    first, second = order_of(world, now, 1), order_of(world, now, 2, replacing=True)
    nik = world.cast.ordinary.nik
    take(ledger, world, first[1], now)
    ledger.intend(first[0], now=now, by_finger=True)
    ledger.outcome(first[0], Outcome.UNKNOWN, now=now)
    take(ledger, world, second[1], now)
    later = now + timedelta(days=91)  # even when the order in doubt has run out
    for moment in (now, later):
        found = ledger.order_for(nik, now=moment)
        assert found is not None
        assert found.order_id == first[0]
    with pytest.raises(NotPrintable, match="officer must look"):
        ledger.intend(second[0], now=now, by_finger=True)
    ledger.settle(first[0], Outcome.REFUSED, officer="officer-1", now=now)
    ledger.intend(second[0], now=now, by_finger=True)
    ledger.outcome(second[0], Outcome.PRINTED, now=now)
    assert ledger.state(first[0]) is OrderState.SUPERSEDED


def test_an_order_that_came_after_the_print_stays_open(ledger: Ledger, world: Any, now: Any) -> None:
    """The centre sends another only in place of a card it knows of."""
    first, second = order_of(world, now, 1), order_of(world, now, 2, replacing=True)
    take(ledger, world, first[1], now)
    ledger.intend(first[0], now=now, by_finger=True)
    take(ledger, world, second[1], now)
    ledger.outcome(first[0], Outcome.PRINTED, now=now)
    assert ledger.state(second[0]) is OrderState.OPEN


def test_power_may_fail_at_any_step_of_a_print(world: Any, power: Any, now: Any) -> None:
    """The printer is told between intent and outcome: however often the power fails, it is told once at most."""
    order_id, blob = order_of(world, now)
    ledger = Ledger(world.kiosk("ledger.db"), world.keys.ledger)
    take(ledger, world, blob, now)
    told, step = 0, 0
    while ledger.state(order_id) is not OrderState.PRINTED:
        with power.cut_at(step):
            ledger.intend(order_id, now=now, by_finger=True)
            told += 1
            ledger.outcome(order_id, Outcome.PRINTED, now=now)
        ledger.close()
        ledger = Ledger(world.kiosk("ledger.db"), world.keys.ledger)
        if ledger.state(order_id) is OrderState.INTENDED:
            assert ledger.uncertain() == (order_id,)
            word = Outcome.PRINTED if told else Outcome.REFUSED
            ledger.settle(order_id, word, officer="officer-1", now=now)
        step += 1
    ledger.close()
    assert step > 2
    assert told <= 1


def test_who_may_not_print(ledger: Ledger, world: Any, now: Any) -> None:
    order_id, blob = order_of(world, now)
    take(ledger, world, blob, now)
    with pytest.raises(NotPrintable, match="confirmed"):
        ledger.intend(order_id, now=now, by_finger=False)
    with pytest.raises(NotPrintable, match="no such order"):
        ledger.intend("order-00000042", now=now, by_finger=True)
    with pytest.raises(NotPrintable, match="no longer valid"):
        ledger.intend(order_id, now=now + timedelta(days=91), by_finger=True)
    with pytest.raises(NotPrintable, match="waiting for an outcome"):
        ledger.outcome(order_id, Outcome.PRINTED, now=now)
    with pytest.raises(ValueError, match="at least one"):
        ledger.receive_blanks(0, officer="officer-1", now=now)


def test_nothing_of_the_order_can_be_read_or_printed(ledger: Ledger, world: Any, now: Any) -> None:
    _, blob = order_of(world, now)
    take(ledger, world, blob, now)
    content = b"".join(path.read_bytes() for path in world.exchange.root.glob("kiosk/ledger.db*"))
    assert world.cast.ordinary.name.encode() not in content + blob
    order = ledger.order_for(world.cast.ordinary.nik, now=now)
    assert world.cast.ordinary.name not in repr(order)
    assert world.cast.ordinary.nik not in repr(order)


def test_an_order_reads_back_as_written(world: Any, now: Any) -> None:
    order_id, blob = order_of(world, now)
    ledger = Ledger(world.kiosk("ledger.db"), world.keys.ledger)
    take(ledger, world, blob, now)
    order = ledger.order(order_id)
    assert order is not None
    assert CardOrder.unpack(order_id, order.pack()) == order
    ledger.close()
