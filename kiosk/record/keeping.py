"""Keeping one recording: the note whose it is, the packet, the note that it is safe, in the order that survives."""

from collections.abc import Iterable
from datetime import datetime

from kiosk.record.how_far import known_of
from kiosk.record.outbox import Outbox, Stored
from kiosk.record.packet import Recording, pack
from kiosk.record.resident import FAILED
from kiosk.record.roster import Roster


def keep(recording: Recording, *, outbox: Outbox, roster: Roster, now: datetime) -> Stored:
    """Seal a recording and make it safe; when this returns, the resident may be told so.

    Where an ill disk left an earlier recording of the same resident in doubt, and it turns out to be safe, that one
    stands and this one is dropped: the centre must never get two of a person, but where it asks for another one.

    Raises:
        DiskFull: nothing was kept.
        OSError, sqlite3.Error: the disk is ill; asking again with the same recording is safe.
    """
    if not outbox.holds(recording.packet_id):
        outbox.room.check()
    settle_notes(outbox=outbox, roster=roster)
    earlier = roster.note(recording.nik)
    stands = None if earlier is None else outbox.find(earlier.packet)
    if stands is not None and known_of(recording.nik, roster=roster, outbox=outbox).state not in FAILED:
        return stands
    replaces = roster.begin_recording(recording.nik, recording.packet_id, now=now)
    stored = outbox.accept(pack(recording), packet_id=recording.packet_id, now=now, replaces=replaces)
    roster.mark_recorded(recording.nik)
    return stored


def settle_notes(*, outbox: Outbox, roster: Roster, lost: Iterable[str] = ()) -> None:
    """Let the roster's notes say what the outbox holds; ``lost`` are packets of which the roster may not know it yet.

    A power cut may have interrupted a recording: its packet is there, or it never was. A resident whose packet was
    lost may be recorded again; should a receipt show that the centre has it after all, the note counts again.
    """
    roster.reconcile(outbox.holds, outbox.is_lost, lost)
