"""The crew member at the records: roster, outbox and ledger, and what the uplink process has brought.

One thread owns all three databases. What it tells the journey carries no more than the step may know.
"""

import logging
import queue
import sqlite3
import struct
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from drivers.fingerprint import Template
from kiosk.capture.signature import signature_png
from kiosk.journey.effects import (
    CheckOfficer,
    CompareWithBegun,
    EraseBegun,
    FindOrder,
    Forget,
    Keep,
    LookUp,
    PrintCard,
    Prove,
    Seal,
    SettleCard,
    TakeUp,
)
from kiosk.journey.events import (
    Event,
    IdentityProved,
    IdentityRefused,
    NikKnown,
    NikRefused,
    NotSealed,
    NotTakenUp,
    OfficerKnown,
    OfficerRefused,
    OrderRefused,
    Sealed,
)
from kiosk.journey.fingers import Finger
from kiosk.journey.session import Accepted, Session
from kiosk.journey.steps import Refusal
from kiosk.record import keeping, nik
from kiosk.record.biometrics import PLAIN, Making
from kiosk.record.checkpoint import NotYet
from kiosk.record.database import DatabaseDamaged
from kiosk.record.how_far import how_far
from kiosk.record.ledger import Outcome
from kiosk.record.order import CardOrder
from kiosk.record.outbox.room import DiskFull
from kiosk.record.packet import recording_of
from kiosk.record.resident import biodata
from kiosk.record.roster import ImpossibleDate, Locked, NoRoster, Officer, Proved, WrongDate, WrongPin
from kiosk.record.telemetry import Frozen, Occasion
from kiosk.station.crew.books import Books, Open, Standing
from kiosk.station.crew.cards import Cards
from kiosk.station.crew.rounds import Rounds
from kiosk.station.crew.unfinished import Seen, Unfinished
from kiosk.station.worker import report

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between rounds."""
PATIENCE = 30.0
"""Seconds after which one task counts as stuck: sealing takes well under one."""

Answer = TypeVar("Answer")


class Clerk:
    """Performs what the journey asks of the records, and keeps the ledger of prints."""

    def __init__(
        self,
        opening: Open,
        tell: Callable[[Event], None],
        occur: Callable[[Occasion], None],
        *,
        software: str,
        template_family: Callable[[], str],
        making: Making = PLAIN,
    ) -> None:
        self.broken = False
        self.rounds = Rounds(tell, occur)
        self.ready = threading.Event()
        self._opening, self._tell, self._occur = opening, tell, occur
        self._software, self._template_family, self._making = software, template_family, making
        self._tasks: queue.SimpleQueue[Callable[[Books], None] | None] = queue.SimpleQueue()
        self._unfinished = Unfinished()
        self._cards = Cards(occur, template_family)
        self._stuck_at: float | None = None
        self._thread = threading.Thread(target=self._work, name="clerk", daemon=True)

    def start(self) -> None:
        """Open the books and begin."""
        self._thread.start()

    def close(self) -> None:
        """Finish what was asked, then close the books."""
        self._tasks.put(None)
        self._thread.join(timeout=PATIENCE)

    def overdue(self, now: float) -> bool:
        """Whether a task has taken far too long."""
        return self._stuck_at is not None and now > self._stuck_at

    @property
    def standing(self) -> Standing:
        """How the records stand, as of the last round."""
        return self.rounds.standing

    # What the journey asks -------------------------------------------------------------------------------------------

    def look_up(self, effect: LookUp) -> None:
        """Is this number in the roster?"""
        refused = NikRefused(effect.visit, effect.nik, Refusal.NOT_NOW)
        self._answer(lambda books: self._looked_up(books, effect), refused)

    def prove(self, effect: Prove) -> None:
        """Does this birth date belong to it?"""
        self._answer(lambda books: self._proved(books, effect), IdentityRefused(effect.visit, Refusal.NOT_NOW, -1))

    def check_officer(self, effect: CheckOfficer) -> None:
        """Whose PIN is this?"""
        self._answer(lambda books: self._officer(books, effect), OfficerRefused(effect.visit, Refusal.NOT_NOW))

    def seal(self, effect: Seal, seen: Seen) -> None:
        """Make the recording safe."""
        self._tasks.put(lambda books: self._tell(self._sealed(books, effect, seen)))

    def keep(self, effect: Keep, seen: Seen) -> None:
        """Keep what was approved, sealed; nobody waits for it."""
        self._tasks.put(lambda books: self._unfinished.keep(books, effect, seen))

    def take_up(self, effect: TakeUp) -> None:
        """Open what this person had begun."""
        refused = NotTakenUp(effect.visit, Refusal.NOT_NOW)
        self._answer(lambda books: self._unfinished.take_up(books, effect), refused)

    def erase_begun(self, effect: EraseBegun) -> None:
        """Destroy what this person had begun."""
        self._tasks.put(lambda books: self._tell(self._unfinished.erase(books, effect)))

    def find_order(self, effect: FindOrder, printer: Refusal | None) -> None:
        """Is there a card to be printed for this person? ``printer``: why not now, as far as the printer goes."""
        self._answer(
            lambda books: self._cards.found(books, effect, printer), OrderRefused(effect.visit, Refusal.NOT_NOW)
        )

    def settle_card(self, effect: SettleCard, printer: Refusal | None) -> None:
        """Write down what the officer found, and tell how it goes on; ``printer`` as for find_order."""
        self._answer(
            lambda books: self._cards.settled(books, effect, printer), OrderRefused(effect.visit, Refusal.NOT_NOW)
        )

    def _answer(self, find: Callable[[Books], Event], otherwise: Event) -> None:
        """Have the answer told, or ``otherwise`` where the books do not give one just now: nobody waits in vain."""

        def task(books: Books) -> None:
            try:
                answer = find(books)
            except _NOT_NOW as error:
                log.error("%s: %s", type(otherwise).__name__, type(error).__name__)
                answer = otherwise
            self._tell(answer)

        self._tasks.put(task)

    # What the printing needs -----------------------------------------------------------------------------------------

    def intend(self, effect: PrintCard, then: Callable[[CardOrder | Refusal], None]) -> None:
        """Write down that this card is about to be printed; only then the printer may hear of it."""
        self._tasks.put(lambda books: then(self._cards.intended(books, effect)))

    def outcome(self, effect: PrintCard, outcome: Outcome, then: Callable[[bool], None]) -> None:
        """Write down what came of it, before anybody is told. ``then`` hears whether it could be: else it is in doubt,
        as after a power cut."""
        self._tasks.put(lambda books: then(self._cards.outcome(books, effect, outcome)))

    def template(self, order: str, finger: Finger, *, within: float) -> Template | None:
        """The order's template for this finger; called from the reader's thread, answered by the clerk's."""
        return self.answered(lambda books: self._cards.template(books, order, finger), within=within)

    def begun_template(self, effect: CompareWithBegun, *, within: float) -> Template | Event:
        """As ``template``, of the recording that this person had begun; or what to tell instead."""

        def find(books: Books) -> Template | Event | None:
            return self._unfinished.template(books, effect)

        return self.answered(find, within=within) or NotTakenUp(effect.visit, Refusal.NOT_NOW)

    def ask(self, task: Callable[[Books], None]) -> None:
        """Have something else done with the books, on the clerk's thread."""
        self._tasks.put(task)

    def answered(self, find: Callable[[Books], Answer | None], *, within: float) -> Answer | None:
        """What ``find`` finds in the books; None when the clerk does not come to it in time, or the disk is ill. For
        other threads."""
        answer: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()

        def task(books: Books) -> None:
            try:
                answer.put(find(books))
            except _NOT_NOW as error:
                log.error("asked by another: %s", type(error).__name__)
                answer.put(None)

        self._tasks.put(task)
        try:
            return answer.get(timeout=within)
        except queue.Empty:
            return None

    def forget(self, effect: Forget) -> None:
        """The visit is over."""
        self._tasks.put(lambda books: self._unfinished.over(books, begun_stays=effect.begun_stays))

    # On the clerk's own thread ----------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            books = self._opening()
            self.rounds.begin(books)
            self._unfinished.begin(books)
            self.ready.set()
            looked = time.monotonic()
            try:
                while True:
                    try:
                        task: Callable[[Books], None] | None = self._tasks.get(
                            timeout=max(0.0, looked + LOOK - time.monotonic())
                        )
                        if task is None:
                            return
                        self._stuck_at = time.monotonic() + PATIENCE
                        task(books)
                        # A task may hold a whole visit, biometrics and all.
                        task = None
                    except queue.Empty:
                        self._stuck_at = time.monotonic() + PATIENCE
                        self.rounds.make(books)
                        self._unfinished.look(books)
                        self._cards.look(books)
                        looked = time.monotonic()
                    self._stuck_at = None
            finally:
                books.close()
        except DatabaseDamaged as error:
            log.critical("%s", error)  # names a file and what to do, nothing from within it
            self.broken = True
        except Exception as bug:
            report(bug, "clerk")
            self.broken = True

    def _looked_up(self, books: Books, effect: LookUp) -> Event:
        why = self._why_not(books, effect)
        return NikKnown(effect.visit, effect.nik) if why is None else NikRefused(effect.visit, effect.nik, why)

    def _why_not(self, books: Books, effect: LookUp) -> Refusal | None:
        if isinstance(nik.parse(effect.nik), nik.Flaw):
            return Refusal.NIK_DATE
        if effect.to_record and (not_now := self._why_not_now(books)) is not None:
            return not_now
        if books.roster.seconds_locked(effect.nik, now=_now()):
            return Refusal.LOCKED
        return Refusal.NIK_UNKNOWN if books.roster.find(effect.nik) is None else None

    def _why_not_now(self, books: Books) -> Refusal | None:
        """Nobody can be recorded, whoever it is: told before they have given anything."""
        match self.standing.frozen:
            case Frozen.ROSTER:
                return Refusal.ROSTER_OVER
            case Frozen.ONLINE | Frozen.CONTACT:
                return Refusal.NO_CONTACT
            case Frozen.OLDEST:
                return Refusal.FROZEN
        try:
            books.outbox.room.check()
        except DiskFull:
            self._occur(Occasion.DISK_FULL)
            return Refusal.STATION_FULL
        return None

    def _proved(self, books: Books, effect: Prove) -> Event:
        proof = books.roster.prove(effect.nik, effect.birth_date, now=_now())
        match proof:
            case Proved():
                begun = self._unfinished.begun(books, effect.nik, family=self._template_family())
                record = how_far(effect.nik, roster=books.roster, outbox=books.outbox)
                return IdentityProved(effect.visit, biodata(proof.resident), record, begun)
            case WrongDate():
                return IdentityRefused(effect.visit, Refusal.DATE_WRONG, proof.tries_left)
            case Locked():
                return IdentityRefused(effect.visit, Refusal.LOCKED, 0)
            case ImpossibleDate():
                return IdentityRefused(effect.visit, Refusal.DATE_IMPOSSIBLE, -1)

    def _officer(self, books: Books, effect: CheckOfficer) -> Event:
        match books.roster.officer(effect.pin, now=_now(), visiting=effect.visiting):
            case Officer(id=officer):
                return OfficerKnown(effect.visit, officer)
            case WrongPin():
                return OfficerRefused(effect.visit, Refusal.PIN_WRONG)
            case NoRoster():
                return OfficerRefused(effect.visit, Refusal.NO_ROSTER)
            case Locked(seconds, begins):
                if begins:
                    self._occur(Occasion.PIN_LOCKED)
                return OfficerRefused(effect.visit, Refusal.PIN_LOCKED, minutes=-(-seconds // 60))

    def _sealed(self, books: Books, effect: Seal, seen: Seen) -> Event:
        session = effect.session
        assert isinstance(session, Session)  # noqa: S101 the journey puts nothing else there
        begun = time.monotonic()
        try:
            packet_id = self._unfinished.packet_id(books, effect.visit)
            again = books.outbox.holds(packet_id)
            recording = recording_of(
                session,
                packet_id=packet_id,
                station=books.keys.station,
                software=self._software,
                began=seen.began,
                ended=_now(),
                signature=signature_png(session.strokes) if session.strokes else b"",
                making=self._making,
                timings=seen.timings,
                opinion=seen.opinion,
            )
            stored = keeping.keep(recording, outbox=books.outbox, roster=books.roster, now=_now())
        except DiskFull:
            self._occur(Occasion.DISK_FULL)
            return NotSealed(effect.visit, Refusal.DISK_FULL)
        except (OSError, sqlite3.Error) as error:
            log.error("sealing: %s", type(error).__name__)
            return NotSealed(effect.visit, Refusal.SEAL_FAILED)
        except (ValueError, TypeError, ArithmeticError, struct.error) as error:
            # Something captured does not fit a record. The visit is still here; an end of the station would lose it.
            report(error, "sealing")
            return NotSealed(effect.visit, Refusal.SEAL_FAILED)
        seconds = time.monotonic() - begun
        log.info("recording %d safe after %.0f ms, %d bytes", stored.sequence, seconds * 1000, stored.size)
        self._unfinished.sealed(books)
        if not again:
            self._occur(Occasion.RECORDING_SEALED)
        return Sealed(effect.visit, Accepted(stored.registration, stored.packet_id, seconds))


_NOT_NOW = (OSError, sqlite3.Error, NotYet)


def _now() -> datetime:
    return datetime.now(UTC)
