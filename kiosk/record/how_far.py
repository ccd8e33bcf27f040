"""How far a person's record is: what is known here of their packet, what the centre said, and what they are told."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from kiosk.journey.session import Record
from kiosk.journey.steps import HowFar
from kiosk.record.outbox import Outbox
from kiosk.record.resident import FAILED, RecordState, Resident
from kiosk.record.roster import Roster

TOLD: Final[dict[RecordState, HowFar]] = {
    RecordState.UNREGISTERED: HowFar.NOT_RECORDED,
    RecordState.BIO_CAPTURED: HowFar.KEPT_HERE,
    RecordState.PROCESSING: HowFar.ON_THE_WAY,
    RecordState.SENT_FOR_ENROLLMENT: HowFar.SENT,
    RecordState.RECEIVED_AT_CENTRAL: HowFar.AT_THE_CENTRE,
    RecordState.PRINT_READY_RECORD: HowFar.APPROVED,
    RecordState.SENT_FOR_CARD_PRINTING: HowFar.ORDERED,
    RecordState.CARD_PRINTED: HowFar.PRINTED,
    RecordState.CARD_SHIPPED: HowFar.SHIPPED,
    RecordState.CARD_ISSUED: HowFar.HANDED_OUT,
    RecordState.ENROLL_FAILURE_AT_REGIONAL: HowFar.RECORD_AGAIN,
    RecordState.ENROLL_FAILURE_AT_CENTRAL: HowFar.RECORD_AGAIN,
    RecordState.SEARCH_FAILURE_AT_CENTRAL: HowFar.RECORD_AGAIN,
    RecordState.ADJUDICATE_RECORD: HowFar.LOOKED_AT,
    RecordState.REQUEST_VALIDATION: HowFar.QUESTIONED,
    RecordState.DUPLICATE_RECORD: HowFar.TWICE,
}
_KNOWN_HERE: Final = (RecordState.UNREGISTERED, RecordState.BIO_CAPTURED, RecordState.SENT_FOR_ENROLLMENT)
"""What the station knows of itself, in the order of the path: anything else somebody else has seen."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A state of a record, and since when it is known to be so (Unix seconds)."""

    state: RecordState
    since: int


def standing(packet: Standing | None, roster: Standing) -> Standing:
    """Which holds: what is known of the newest ``packet`` that this station made of a person, or the ``roster``'s line.

    Of two things that the centre said the newer holds. What only the station knows (recorded, delivered) holds as long
    as the roster knows less; a roster that asks for a new recording counts unless that was made since.
    """
    if packet is None:
        return roster
    if packet.state not in _KNOWN_HERE:
        return packet if packet.since >= roster.since or roster.state in _KNOWN_HERE else roster
    if roster.state in FAILED:
        return packet if packet.since >= roster.since else roster
    if roster.state in _KNOWN_HERE:
        return max(packet, roster, key=lambda each: _KNOWN_HERE.index(each.state))
    return roster


def how_far(resident: Resident, *, roster: Roster, outbox: Outbox) -> Record:
    """Tell how far the record of a resident of this roster is."""
    info = roster.info()
    line = Standing(resident.state, 0 if info is None else info.made)
    noted = roster.noted_packet(resident.nik)
    known = None if noted is None else outbox.record(noted)
    packet = None if known is None else Standing(*known)
    held = None if noted is None else outbox.find(noted)
    if noted is not None and packet is None and line.state in _KNOWN_HERE:
        # It was lost here, and nobody else has it.
        return Record(HowFar.RECORD_AGAIN)
    found = standing(packet, line)
    if found.state is RecordState.UNREGISTERED:
        return Record(HowFar.NOT_RECORDED)
    return Record(TOLD[found.state], _day(found.since), "" if held is None else held.registration)


def _day(since: int) -> date:
    """The office's own calendar day."""
    return datetime.fromtimestamp(since).astimezone().date()
