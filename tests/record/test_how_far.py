"""How far a record is: what the station knows, what the centre said, and which of two words holds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.journey.steps import MAY_RECORD as MAY_RECORD_TOLD
from kiosk.journey.steps import HowFar
from kiosk.record import canonical
from kiosk.record.header import Header, Kind
from kiosk.record.how_far import TOLD, Standing, how_far, standing
from kiosk.record.keeping import keep
from kiosk.record.keys import CENTRE
from kiosk.record.outbox import Outbox
from kiosk.record.resident import MAY_RECORD, RecordState
from kiosk.record.roster import Roster
from kiosk.record.seal import seal

FIRST, SECOND = "a" * 32, "b" * 32
States = Callable[..., None]


@pytest.fixture
def roster(world: Any, now: datetime) -> Roster:
    held = Roster(world.kiosk("roster.db"), world.keys.roster)
    held.import_signed(world.roster(), trust=world.trust, keys=world.keys, now=now)
    return held


@pytest.fixture
def outbox(world: Any, tmp_path: Path) -> Outbox:
    return Outbox(world.exchange, world.kiosk("index.db"), keys=world.keys, trust=world.trust, floor=0)


@pytest.fixture
def centre_says(world: Any, outbox: Outbox, now: datetime) -> States:
    """The centre's states file, taken in."""
    numbers = iter(range(1, 100))

    def say(packet_id: str, state: RecordState, *, after: timedelta) -> None:
        number, made = next(numbers), now + after
        header = Header(
            kind=Kind.STATES,
            sender=CENTRE,
            receiver=world.keys.station,
            id=f"states-{number:08}",
            sequence=number,
            made=int(made.timestamp()),
        )
        body = canonical.encode({"states": [[packet_id, state.value, header.made]], "missing": []})
        blob = seal(body, header, (world.authority.station(world.keys.station).sealing,), world.authority.states)
        outbox.take_states(blob.data, now=made)

    return say


def test_every_state_has_its_words_and_who_may_be_recorded_is_told_so() -> None:
    assert set(TOLD) == set(RecordState)
    assert set(TOLD.values()) == set(HowFar)
    assert {TOLD[state] for state in MAY_RECORD} == MAY_RECORD_TOLD
    assert not {TOLD[state] for state in set(RecordState) - MAY_RECORD} & MAY_RECORD_TOLD


@pytest.mark.parametrize(
    ("packet", "line", "holds"),
    [
        # The roster does not know of it yet.
        (("BIO_CAPTURED", 5), ("UNREGISTERED", 9), "BIO_CAPTURED"),
        (("SENT_FOR_ENROLLMENT", 5), ("BIO_CAPTURED", 9), "SENT_FOR_ENROLLMENT"),
        (("BIO_CAPTURED", 5), ("SENT_FOR_ENROLLMENT", 1), "SENT_FOR_ENROLLMENT"),
        (("PRINT_READY_RECORD", 5), ("UNREGISTERED", 9), "PRINT_READY_RECORD"),
        # It was recorded elsewhere as well, or the centre went on since.
        (("BIO_CAPTURED", 9), ("CARD_PRINTED", 5), "CARD_PRINTED"),
        (("SENT_FOR_ENROLLMENT", 5), ("DUPLICATE_RECORD", 9), "DUPLICATE_RECORD"),
        (("PRINT_READY_RECORD", 5), ("CARD_PRINTED", 9), "CARD_PRINTED"),
        (("CARD_PRINTED", 9), ("PRINT_READY_RECORD", 5), "CARD_PRINTED"),
        (("CARD_PRINTED", 5), ("CARD_PRINTED", 5), "CARD_PRINTED"),
        # Asked for again, and recorded again since, or not.
        (("BIO_CAPTURED", 9), ("SEARCH_FAILURE_AT_CENTRAL", 5), "BIO_CAPTURED"),
        (("SENT_FOR_ENROLLMENT", 5), ("SEARCH_FAILURE_AT_CENTRAL", 9), "SEARCH_FAILURE_AT_CENTRAL"),
        (("ENROLL_FAILURE_AT_CENTRAL", 9), ("SENT_FOR_ENROLLMENT", 5), "ENROLL_FAILURE_AT_CENTRAL"),
        (None, ("CARD_SHIPPED", 5), "CARD_SHIPPED"),
    ],
)
def test_of_two_words_the_later_or_more_definite_one_holds(
    packet: tuple[str, int] | None, line: tuple[str, int], holds: str
) -> None:
    known = None if packet is None else Standing(RecordState(packet[0]), packet[1])
    assert standing(known, Standing(RecordState(line[0]), line[1])).state is RecordState(holds)


def test_a_recording_is_followed_from_here_to_the_centre_and_back(
    world: Any, roster: Roster, outbox: Outbox, centre_says: States, now: datetime
) -> None:
    resident = world.cast.ordinary

    def far() -> HowFar:
        return how_far(resident, roster=roster, outbox=outbox).how_far

    assert far() is HowFar.NOT_RECORDED
    keep(world.recording(packet_id=FIRST), outbox=outbox, roster=roster, now=now)
    assert how_far(resident, roster=roster, outbox=outbox).since == now.astimezone().date()
    assert far() is HowFar.KEPT_HERE
    outbox.settle(world.intake.accept(world.packet(FIRST).read_bytes()), now=now)
    assert far() is HowFar.SENT
    centre_says(FIRST, RecordState.ADJUDICATE_RECORD, after=timedelta(days=3))
    assert far() is HowFar.LOOKED_AT
    centre_says(FIRST, RecordState.PRINT_READY_RECORD, after=timedelta(days=5))
    assert far() is HowFar.APPROVED


def test_whom_the_centre_asks_for_again_can_be_recorded_again(
    world: Any, roster: Roster, outbox: Outbox, centre_says: States, now: datetime
) -> None:
    resident = world.cast.ordinary
    keep(world.recording(packet_id=FIRST), outbox=outbox, roster=roster, now=now)
    outbox.settle(world.intake.accept(world.packet(FIRST).read_bytes()), now=now)
    centre_says(FIRST, RecordState.SEARCH_FAILURE_AT_CENTRAL, after=timedelta(days=3))
    assert how_far(resident, roster=roster, outbox=outbox).how_far is HowFar.RECORD_AGAIN
    again = keep(world.recording(packet_id=SECOND), outbox=outbox, roster=roster, now=now + timedelta(days=4))
    assert again.packet_id == SECOND, "the new one is kept, not the one that failed"
    assert how_far(resident, roster=roster, outbox=outbox).how_far is HowFar.KEPT_HERE
    once_more = keep(world.recording(packet_id="c" * 32), outbox=outbox, roster=roster, now=now + timedelta(days=4))
    assert once_more.packet_id == SECOND, "and no third one"


def test_who_lost_their_recording_here_is_asked_for_it_again(
    world: Any, roster: Roster, outbox: Outbox, now: datetime
) -> None:
    keep(world.recording(packet_id=FIRST), outbox=outbox, roster=roster, now=now)
    world.packet(FIRST).unlink()
    outbox.close()
    again = Outbox(world.exchange, world.kiosk("index.db"), keys=world.keys, trust=world.trust, floor=0)
    assert how_far(world.cast.ordinary, roster=roster, outbox=again).how_far is HowFar.RECORD_AGAIN
    printed = replace(world.cast.ordinary, state=RecordState.CARD_PRINTED)
    assert how_far(printed, roster=roster, outbox=again).how_far is HowFar.PRINTED
