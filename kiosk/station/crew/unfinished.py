"""The clerk's part in recordings under way: kept sealed as they are approved, and found again after a power cut."""

import logging
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from drivers.fingerprint import Template
from kiosk.journey.effects import CompareWithBegun, EraseBegun, Keep, TakeUp
from kiosk.journey.events import BegunErased, Event, TakenUp
from kiosk.journey.fingers import RECHECKED
from kiosk.journey.session import Begun, Earlier
from kiosk.record.checkpoint import Checkpoint, NotYet
from kiosk.record.packet import Opine, new_packet_id, nobody
from kiosk.station.crew.books import Books

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """How the visit went, for the packet: when it began, milliseconds at each step, and second opinions on fingers."""

    began: datetime
    timings: dict[str, int]
    opinion: Opine = nobody


class Unfinished:
    """Knows which packet the visit under way will become. All on the clerk's thread; an ill disk costs what is kept,
    never the visit."""

    def __init__(self) -> None:
        self._packet: tuple[int, str] | None = None
        self._kept: str | None = None
        """The packet id under which something of this visit is kept."""

    def begin(self, books: Books) -> None:
        """See what the last run left."""
        kept = books.checkpoints.packet_id
        if books.checkpoints.why_void is not None:
            log.warning("the visit that was interrupted cannot be gone on with: %s", books.checkpoints.why_void)
        elif kept is not None and books.outbox.holds(kept):
            # It was sealed and safe before the power failed, though nobody could be told.
            self._destroy(books)
        self.look(books)

    def look(self, books: Books) -> None:
        """Destroy what may not be gone on with any more."""
        try:
            why = books.checkpoints.destroy_if_over(not_before=_roster_made(books))
        except (OSError, sqlite3.Error) as error:
            log.error("destroying the visit that was interrupted: %s", type(error).__name__)
            return
        if why is not None:
            log.info("the visit that was interrupted is destroyed: %s", why)

    def packet_id(self, books: Books, visit: int) -> str:
        """The id of this visit's packet: one, however often it is sealed; a new one where that packet was lost."""
        if self._packet is None or self._packet[0] != visit or books.outbox.is_lost(self._packet[1]):
            self._packet = (visit, new_packet_id())
        return self._packet[1]

    def keep(self, books: Books, effect: Keep, seen: Seen) -> None:
        """Keep what was approved, in the place of what was kept before."""
        try:
            if effect.kept is None:
                self._destroy_own(books)
            else:
                self._kept = self.packet_id(books, effect.visit)
                books.checkpoints.keep(Checkpoint(self._kept, seen.began, seen.timings, effect.kept))
        except (OSError, sqlite3.Error, ValueError) as error:
            log.error("keeping the visit under way: %s", type(error).__name__)

    def begun(self, books: Books, nik: str, *, family: str) -> Begun | None:
        """What may be told of a recording that this resident began before, while it may be gone on with.

        ``family``: whose templates the reader can compare.

        Raises:
            NotYet: it is too early after the boot to say.
        """
        try:
            found = self._found(books, nik)
        except OSError as error:
            # Whoever asks is recorded, if not gone on with.
            log.error("looking for a visit that was interrupted: %s", type(error).__name__)
            return None
        if found is None:
            return None
        given = {each.finger for each in found.kept.impressions if each.template and each.template_family == family}
        return Begun(tuple(finger for finger in RECHECKED if finger in given), found.kept.takes_eyes)

    def template(self, books: Books, effect: CompareWithBegun) -> Template | Event:
        """The template of a finger given then, or what to tell where there is none any more.

        Raises:
            OSError, sqlite3.Error, NotYet: it cannot be opened just now.
        """
        found = self._found(books, effect.nik)
        given = () if found is None else found.kept.impressions
        first = next((each for each in given if each.finger is effect.finger and each.template), None)
        return BegunErased(effect.visit) if first is None else Template(first.template_family, first.template)

    def take_up(self, books: Books, effect: TakeUp) -> Event:
        """Open it for whoever has proved that it is theirs: from here on it is this visit's.

        Raises:
            OSError, sqlite3.Error, NotYet: it cannot be opened just now.
        """
        found = self._found(books, effect.nik)
        if found is None:
            return BegunErased(effect.visit)
        self._packet, self._kept = (effect.visit, found.packet_id), found.packet_id
        log.info("a visit that was interrupted is gone on with")
        return TakenUp(effect.visit, found.kept, Earlier(found.began, found.timings))

    def erase(self, books: Books, effect: EraseBegun) -> Event:
        """Destroy it, if it is this resident's, or if that cannot be seen: only who was offered it is asked."""
        try:
            theirs = self._found(books, effect.nik) is not None
        except (OSError, sqlite3.Error, NotYet):
            theirs = True
        if theirs:
            self._destroy(books)
        return BegunErased(effect.visit)

    def sealed(self, books: Books) -> None:
        """The recording is safe: nothing is to be gone on with."""
        self._destroy_own(books)

    def over(self, books: Books, *, begun_stays: bool = False) -> None:
        """The visit is over, however it ended. ``begun_stays``: its resident may come back and go on, in time."""
        if begun_stays:
            self._kept = None
        else:
            self._destroy_own(books)
        self._packet = None

    def _found(self, books: Books, nik: str) -> Checkpoint | None:
        return books.checkpoints.find(nik, not_before=_roster_made(books))

    def _destroy_own(self, books: Books) -> None:
        if self._kept is not None and books.checkpoints.packet_id == self._kept:
            self._destroy(books)
        self._kept = None

    def _destroy(self, books: Books) -> None:
        try:
            books.checkpoints.destroy()
        except OSError as error:
            # Nobody is offered it any more; the clerk's next round tries again.
            log.error("destroying what was kept of a visit: %s", type(error).__name__)


def _roster_made(books: Books) -> int | None:
    roster = books.roster.info()
    return None if roster is None else roster.made
