"""How far a person's record is: what is known here of their packet, what the centre said, and what they are told."""

from typing import Final

from kiosk.journey.session import Record
from kiosk.journey.steps import HowFar
from kiosk.record.clock import day_of
from kiosk.record.outbox import Known, Outbox
from kiosk.record.resident import FAILED, RecordState
from kiosk.record.roster import Roster

TOLD: Final[dict[RecordState, HowFar]] = {
    RecordState.UNREGISTERED: HowFar.NOT_RECORDED,
    RecordState.BIO_CAPTURED: HowFar.ON_THE_WAY,
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
_KNOWN_HERE_FIRST: Final = frozenset({RecordState.UNREGISTERED, RecordState.BIO_CAPTURED})
"""What the centre cannot know better than the station that made the packet."""


def holding(packet: Known | None, line: Known, *, line_is_newer: bool = True) -> Known:
    """Which holds: what is known of the newest ``packet`` that this station made of a person, or the roster's ``line``.

    Two things that the centre said are ordered by its own clock; the station's is never compared with it. What only
    the station knows (held or lost here) the centre cannot have judged: a line that asks for a new recording means an
    earlier one, and any other one counts only if it came after the recording (``line_is_newer``).
    """
    if packet is None:
        return line
    if line.state in _KNOWN_HERE_FIRST:
        return packet
    if packet.at is None or line.at is None:
        return line if line_is_newer and line.state not in FAILED else packet
    return packet if packet.at >= line.at else line


def known_of(nik: str, *, roster: Roster, outbox: Outbox) -> Known:
    """Tell where the record of this person stands: the one rule by which they are told, and recorded again or not."""
    resident, info, note = roster.find(nik), roster.info(), roster.note(nik)
    if resident is None or info is None:
        line, newer = Known(RecordState.UNREGISTERED), False
    else:
        line = Known(resident.state, info.made)
        newer = note is None or note.roster is None or info.sequence > note.roster
    packet = None if note is None else outbox.record(note.packet)
    if packet is None and note is not None and note.safe:
        # Forgotten long after it was delivered, and never because it failed.
        return line if line.state not in _KNOWN_HERE_FIRST | FAILED else Known(RecordState.SENT_FOR_ENROLLMENT)
    return holding(packet, line, line_is_newer=newer)


def how_far(nik: str, *, roster: Roster, outbox: Outbox) -> Record:
    """Tell how far the record of a resident of this roster is."""
    known = known_of(nik, roster=roster, outbox=outbox)
    if known.state is RecordState.UNREGISTERED:
        return Record(HowFar.NOT_RECORDED)
    # A roster that says so means another station.
    told = HowFar.KEPT_HERE if known == Known(RecordState.BIO_CAPTURED) else TOLD[known.state]
    note = roster.note(nik)
    made = None if note is None else outbox.find(note.packet)
    return Record(told, day_of(known.at), "" if made is None else made.registration)
