"""How far a record is: what the station knows, what the centre said, and which of two words holds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.journey.session import Record
from kiosk.journey.steps import MAY_RECORD, HowFar
from kiosk.record import canonical
from kiosk.record.header import Header, Kind
from kiosk.record.how_far import TOLD, holding, how_far
from kiosk.record.keeping import keep
from kiosk.record.keys import CENTRE
from kiosk.record.outbox import Known, Outbox
from kiosk.record.resident import FAILED, RecordState, Resident
from kiosk.record.roster import Roster
from kiosk.record.seal import seal

FIRST, SECOND = "a" * 32, "b" * 32
States = Callable[..., None]
RosterSays = Callable[..., None]


@pytest.fixture
def roster(world: Any, now: datetime) -> Roster:
    held = Roster(world.kiosk("roster.db"), world.keys.roster)
    held.import_signed(world.roster(), trust=world.trust, keys=world.keys, now=now)
    return held


@pytest.fixture
def a_roster_says(world: Any, roster: Roster, now: datetime) -> RosterSays:
    """A later roster, of one resident, taken in."""

    def say(resident: Resident, *, days: int) -> None:
        made = now + timedelta(days=days)
        roster.import_signed(world.roster(resident, now=made), trust=world.trust, keys=world.keys, now=made)

    return say


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
    assert set(TOLD.values()) == set(HowFar) - {HowFar.KEPT_HERE}
    may_record = FAILED | {RecordState.UNREGISTERED}
    assert {TOLD[state] for state in may_record} == MAY_RECORD
    assert not {TOLD[state] for state in set(RecordState) - may_record} & MAY_RECORD


HERE = None
"""Only the station knows it: no moment of its clock is compared with the centre's."""


@pytest.mark.parametrize(
    ("packet", "line", "holds"),
    [
        # The roster does not know of it yet.
        (("BIO_CAPTURED", HERE), ("UNREGISTERED", 9), "BIO_CAPTURED"),
        (("SENT_FOR_ENROLLMENT", 5), ("BIO_CAPTURED", 9), "SENT_FOR_ENROLLMENT"),
        (("BIO_CAPTURED", HERE), ("SENT_FOR_ENROLLMENT", 1), "SENT_FOR_ENROLLMENT"),
        (("PRINT_READY_RECORD", 5), ("UNREGISTERED", 9), "PRINT_READY_RECORD"),
        (("SEARCH_FAILURE_AT_CENTRAL", 5), ("UNREGISTERED", 9), "SEARCH_FAILURE_AT_CENTRAL"),
        # It was recorded elsewhere as well, or the centre went on since.
        (("BIO_CAPTURED", HERE), ("CARD_PRINTED", 5), "CARD_PRINTED"),
        (("SENT_FOR_ENROLLMENT", 5), ("DUPLICATE_RECORD", 9), "DUPLICATE_RECORD"),
        (("PRINT_READY_RECORD", 5), ("CARD_PRINTED", 9), "CARD_PRINTED"),
        (("CARD_PRINTED", 9), ("PRINT_READY_RECORD", 5), "CARD_PRINTED"),
        (("CARD_PRINTED", 5), ("CARD_PRINTED", 5), "CARD_PRINTED"),
        (("SEARCH_FAILURE_AT_CENTRAL", 5), ("SENT_FOR_ENROLLMENT", 9), "SENT_FOR_ENROLLMENT"),
        (("ENROLL_FAILURE_AT_CENTRAL", 9), ("SENT_FOR_ENROLLMENT", 5), "ENROLL_FAILURE_AT_CENTRAL"),
        # Asked for again, and recorded again since, or not.
        (("BIO_CAPTURED", HERE), ("SEARCH_FAILURE_AT_CENTRAL", 9), "BIO_CAPTURED"),
        (("SENT_FOR_ENROLLMENT", 9), ("SEARCH_FAILURE_AT_CENTRAL", 5), "SENT_FOR_ENROLLMENT"),
        (("SENT_FOR_ENROLLMENT", 5), ("SEARCH_FAILURE_AT_CENTRAL", 9), "SEARCH_FAILURE_AT_CENTRAL"),
        (None, ("CARD_SHIPPED", 5), "CARD_SHIPPED"),
    ],
)
def test_of_two_words_the_later_or_more_definite_one_holds(
    packet: tuple[str, int | None] | None, line: tuple[str, int], holds: str
) -> None:
    known = None if packet is None else Known(RecordState(packet[0]), packet[1])
    assert holding(known, Known(RecordState(line[0]), line[1])).state is RecordState(holds)


def test_what_was_recorded_under_a_roster_holds_against_it() -> None:
    failed_since = Known(RecordState.SENT_FOR_ENROLLMENT, 1)  # an earlier packet, of which the states said so
    held = Known(RecordState.BIO_CAPTURED)
    assert holding(held, failed_since, line_is_newer=False) == held


def test_a_recording_is_followed_from_here_to_the_centre_and_back(
    world: Any, roster: Roster, outbox: Outbox, centre_says: States, now: datetime
) -> None:
    resident = world.cast.ordinary

    def far() -> HowFar:
        return how_far(resident.nik, roster=roster, outbox=outbox).how_far

    assert far() is HowFar.NOT_RECORDED
    keep(world.recording(packet_id=FIRST), outbox=outbox, roster=roster, now=now)
    assert how_far(resident.nik, roster=roster, outbox=outbox).since is None, "it has not left"
    assert far() is HowFar.KEPT_HERE
    outbox.settle(world.intake.accept(world.packet(FIRST).read_bytes()), now=now)
    assert far() is HowFar.SENT
    assert how_far(resident.nik, roster=roster, outbox=outbox).since == now.astimezone().date()
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
    assert how_far(resident.nik, roster=roster, outbox=outbox).how_far is HowFar.RECORD_AGAIN
    again = keep(world.recording(packet_id=SECOND), outbox=outbox, roster=roster, now=now + timedelta(days=4))
    assert again.packet_id == SECOND, "the new one is kept, not the one that failed"
    assert how_far(resident.nik, roster=roster, outbox=outbox).how_far is HowFar.KEPT_HERE
    once_more = keep(world.recording(packet_id="c" * 32), outbox=outbox, roster=roster, now=now + timedelta(days=4))
    assert once_more.packet_id == SECOND, "and no third one"


def test_who_lost_their_recording_here_is_asked_for_it_again(
    world: Any, roster: Roster, outbox: Outbox, a_roster_says: RosterSays, now: datetime
) -> None:
    keep(world.recording(packet_id=FIRST), outbox=outbox, roster=roster, now=now)
    world.packet(FIRST).unlink()
    outbox.close()
    again = Outbox(world.exchange, world.kiosk("index.db"), keys=world.keys, trust=world.trust, floor=0)
    assert how_far(world.cast.ordinary.nik, roster=roster, outbox=again).how_far is HowFar.RECORD_AGAIN
    printed = replace(world.cast.ordinary, state=RecordState.CARD_PRINTED)
    a_roster_says(printed, days=1)
    assert how_far(printed.nik, roster=roster, outbox=again).how_far is HowFar.PRINTED


def test_a_roster_that_asks_again_does_not_know_of_a_packet_that_has_not_left(
    world: Any, roster: Roster, outbox: Outbox, a_roster_says: RosterSays, now: datetime
) -> None:
    asked = replace(world.cast.ordinary, state=RecordState.ENROLL_FAILURE_AT_CENTRAL)
    a_roster_says(asked, days=1)
    assert how_far(asked.nik, roster=roster, outbox=outbox).how_far is HowFar.RECORD_AGAIN
    # The station's clock is late: the roster seems to come from the future.
    assert keep(world.recording(packet_id=FIRST), outbox=outbox, roster=roster, now=now).packet_id == FIRST
    for days in (3, 5):
        a_roster_says(asked, days=days)
        assert how_far(asked.nik, roster=roster, outbox=outbox).how_far is HowFar.KEPT_HERE
        once_more = keep(world.recording(packet_id=SECOND), outbox=outbox, roster=roster, now=now + timedelta(days=9))
        assert (once_more.packet_id, outbox.waiting().count) == (FIRST, 1)


@pytest.mark.parametrize("ahead", [timedelta(days=-3), timedelta(), timedelta(days=3)])
def test_who_is_asked_for_again_is_kept_again_whatever_the_station_s_clock_says(
    world: Any, roster: Roster, outbox: Outbox, a_roster_says: RosterSays, now: datetime, ahead: timedelta
) -> None:
    keep(world.recording(packet_id=FIRST), outbox=outbox, roster=roster, now=now + ahead)
    outbox.settle(world.intake.accept(world.packet(FIRST).read_bytes()), now=now + ahead)
    asked = replace(world.cast.ordinary, state=RecordState.SEARCH_FAILURE_AT_CENTRAL)
    a_roster_says(asked, days=2)
    assert how_far(asked.nik, roster=roster, outbox=outbox).how_far is HowFar.RECORD_AGAIN
    kept = keep(world.recording(packet_id=SECOND), outbox=outbox, roster=roster, now=now + timedelta(days=2) + ahead)
    assert (kept.packet_id, outbox.waiting().count) == (SECOND, 1)
    assert how_far(asked.nik, roster=roster, outbox=outbox).how_far is HowFar.KEPT_HERE


def test_what_waits_at_another_station_is_on_its_way_and_not_safe_here(
    world: Any, roster: Roster, outbox: Outbox, a_roster_says: RosterSays
) -> None:
    elsewhere = replace(world.cast.ordinary, state=RecordState.BIO_CAPTURED)
    a_roster_says(elsewhere, days=1)
    assert how_far(elsewhere.nik, roster=roster, outbox=outbox).how_far is HowFar.ON_THE_WAY


@pytest.mark.parametrize("state", ["UNREGISTERED", "BIO_CAPTURED", "SEARCH_FAILURE_AT_CENTRAL"])
def test_whose_delivered_packet_was_forgotten_is_not_recorded_again(
    world: Any, roster: Roster, outbox: Outbox, a_roster_says: RosterSays, now: datetime, state: str
) -> None:
    roster.begin_recording(world.cast.ordinary.nik, FIRST, now=now)
    roster.mark_recorded(world.cast.ordinary.nik)
    a_roster_says(replace(world.cast.ordinary, state=RecordState(state)), days=800)
    told = how_far(world.cast.ordinary.nik, roster=roster, outbox=outbox)
    assert told == Record(HowFar.SENT)


def test_a_loss_that_the_centre_told_counts_against_an_older_roster_only() -> None:
    gone = Known(RecordState.ENROLL_FAILURE_AT_REGIONAL, 9)
    assert holding(gone, Known(RecordState.SENT_FOR_ENROLLMENT, 5)) == gone
    found_again = Known(RecordState.RECEIVED_AT_CENTRAL, 12)
    assert holding(gone, found_again) == found_again
