"""The crew member at the stick: fetches what the centre wrote on it, and saves to it what waits.

Files only; the databases are the clerk's. A stick may be slow, ill or hostile: it holds up nobody but this thread, and
never the watchdog. A call that hangs in the kernel cannot be ended from here, only by pulling the stick out.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from kiosk.journey.carrying import Carried, Desk
from kiosk.journey.effects import Carry, LookAtDesk
from kiosk.journey.events import DeskSeen, Event, StickFilled, StickProgress, StickRefused
from kiosk.journey.steps import Refusal
from kiosk.record import telemetry
from kiosk.record.clock import day_of
from kiosk.record.exchange import Exchange, arrivals
from kiosk.record.keys import StationKeys
from kiosk.record.stick import PLACE, Seen, StickIll, StickTrouble, bring, export, is_in
from kiosk.record.telemetry import Occasion
from kiosk.station.crew.books import Books
from kiosk.station.crew.clerk import Clerk
from kiosk.station.worker import report

log = logging.getLogger(__name__)

APPEARS = 8.0
"""Seconds in which a stick that was just put in is mounted by the system."""
STALLED = 120.0
"""Seconds without progress after which a stick does not answer: the last data may take a slow one a minute."""
TAKING_IN = 30.0
"""Seconds for the clerk to take in what the stick brought, before what waits is counted."""
MOST_IDLE = 2
"""Rounds of the clerk's that took in nothing of it: what is left waits for something else."""
FETCHED = 0.1
"""Share of the whole that fetching takes: it is small beside what is saved."""


class Leaving(Exception):
    """The station ends: the work with the stick ends at the next file."""


@dataclass(frozen=True, slots=True)
class Sticks:
    """Where sticks are found, and what is carried away on them. ``folder``: any folder at ``place`` counts as one."""

    exchange: Exchange
    keys: StationKeys = field(repr=False)
    place: Path = PLACE
    folder: bool = False


class Courier:
    """Performs LookAtDesk and Carry. What came of the latter is kept until somebody is there to be told."""

    def __init__(
        self, sticks: Sticks, clerk: Clerk, tell: Callable[[Event], None], occur: Callable[[Occasion], None]
    ) -> None:
        self.broken = False
        self._sticks, self._clerk, self._tell, self._occur = sticks, clerk, tell, occur
        self._lock = threading.Lock()
        self._visit: int | None = None
        self._hand: threading.Thread | None = None
        self._share = 0.0
        self._moved_at = 0.0
        self._outcome: Callable[[int], Event] | None = None
        self._leaving = threading.Event()

    def look(self, effect: LookAtDesk) -> None:
        """How does the station stand?"""
        self._clerk.ask(lambda books: self._tell(DeskSeen(effect.visit, self._desk(books))))

    def carry(self, effect: Carry) -> None:
        """Begin; or tell how far it is, or what came of it."""
        with self._lock:
            self._visit = effect.visit
            if self._outcome is not None:
                self._tell_outcome()
            elif self._hand is None:
                self._share, self._moved_at = 0.0, time.monotonic()
                self._hand = threading.Thread(target=self._work, name="courier", daemon=True)
                self._hand.start()
                threading.Thread(target=self._watch, args=(self._hand,), name="courier-watch", daemon=True).start()
            elif self._stalled:
                self._tell_stuck()
            else:
                self._tell(StickProgress(effect.visit, self._share))

    def shown(self) -> None:
        """What came of it is on the screen: the next Carry begins anew."""
        with self._lock:
            self._outcome = None

    def forget(self) -> None:
        """Nobody is there to be told any more."""
        with self._lock:
            self._visit = None

    def close(self) -> None:
        """End at the next file; what was saved stays whole."""
        self._leaving.set()
        if self._hand is not None:
            self._hand.join(timeout=5.0)

    # On the clerk's thread ------------------------------------------------------------------------------------------

    def _desk(self, books: Books) -> Desk:
        standing, reached = self._clerk.standing, self._last_contact()
        try:
            waiting = books.outbox.waiting()
        except (OSError, sqlite3.Error) as error:
            log.error("desk: %s", type(error).__name__)
            waiting = standing.waiting
        with self._lock:
            under_way = self._hand is not None or self._outcome is not None
        return Desk(waiting.count, day_of(waiting.oldest), day_of(reached), under_way, standing.frozen is not None)

    def _seen(self, books: Books) -> Seen:
        """What the station knows now, so that the centre need not send it again."""
        self._clerk.rounds.make(books)
        roster = books.roster.info()
        return Seen(
            order=books.ledger.last_order(),
            roster=0 if roster is None else roster.sequence,
            states=books.outbox.last_states(),
            keys=books.outbox.trust.sequence,
        )

    def _last_contact(self) -> int | None:
        try:
            return telemetry.read_status(self._sticks.exchange.uplink_status).centre_last_contact
        except telemetry.Unreadable:
            return None

    # On a thread of its own -----------------------------------------------------------------------------------------

    def _work(self) -> None:
        carried = Carried()
        try:
            carried = self._fetch()
            carried = self._save(carried)
        except StickIll as ill:
            log.warning("stick: %s", ill.trouble.value)
            self._end(_refused(TROUBLES[ill.trouble], carried))
        except OSError as error:
            log.error("stick: %s at the station's own disk", type(error).__name__)
            self._end(_refused(Refusal.CARRYING_FAILED, carried))
        except Leaving:
            pass
        except Exception as bug:
            report(bug, "courier")
            self.broken = True
        else:
            figures = carried.recordings, carried.left, carried.answers
            log.info("stick: %d recordings on it, %d left, %d files fetched", *figures)
            if carried.recordings:
                self._occur(Occasion.RECORDINGS_CARRIED)
            self._end(lambda visit: StickFilled(visit, carried))

    def _fetch(self) -> Carried:
        sticks, until = self._sticks, time.monotonic() + APPEARS
        while not is_in(sticks.place, folder=sticks.folder) and time.monotonic() < until:
            if self._leaving.wait(0.25):
                raise Leaving
        brought = bring(
            sticks.exchange,
            sticks.keys.station,
            sticks.place,
            tell=lambda share: self._moves(FETCHED * share),
            folder=sticks.folder,
        )
        return Carried(answers=brought.files, answers_left=brought.left)

    def _save(self, carried: Carried) -> Carried:
        sticks = self._sticks
        seen = self._take_in()
        done = export(
            sticks.exchange,
            sticks.keys,
            sticks.place,
            now=datetime.now(UTC),
            seen=seen,
            tell=lambda share: self._moves(FETCHED + (1 - FETCHED) * share),
            folder=sticks.folder,
        )
        return replace(carried, recordings=done.packets, left=done.left, unreadable=done.unreadable)

    def _take_in(self) -> Seen:
        """Have the clerk take in what was fetched, a slice at a time: what receipts settle need not be carried.

        Some files may wait for keys, or be out of reach on an ill disk: after two rounds without effect it goes on.
        """
        until, seen, idle = time.monotonic() + TAKING_IN, Seen(), 0
        left = arrivals(self._sticks.exchange.brought)
        while time.monotonic() < until and idle < MOST_IDLE:
            seen = self._clerk.answered(self._seen, within=TAKING_IN) or seen
            before, left = left, arrivals(self._sticks.exchange.brought)
            if not left or self._leaving.is_set():
                break
            idle = idle + 1 if left == before else 0
        return seen

    def _moves(self, share: float) -> None:
        if self._leaving.is_set():
            raise Leaving
        with self._lock:
            self._share, self._moved_at = share, time.monotonic()
            if self._visit is not None:
                self._tell(StickProgress(self._visit, share))

    def _end(self, outcome: Callable[[int], Event]) -> None:
        with self._lock:
            self._outcome, self._hand = outcome, None
            if self._visit is not None:
                self._tell_outcome()

    def _tell_outcome(self) -> None:
        if self._outcome is not None and self._visit is not None:
            self._tell(self._outcome(self._visit))
            self._visit = None

    def _tell_stuck(self) -> None:
        if self._visit is not None:
            self._tell(StickRefused(self._visit, Refusal.STICK_STUCK, Carried()))
            self._visit = None

    @property
    def _stalled(self) -> bool:
        return time.monotonic() - self._moved_at > STALLED

    def _watch(self, hand: threading.Thread) -> None:
        """Say so once when the stick does not answer; the work goes on should it answer after all."""
        while hand.is_alive():
            hand.join(timeout=1.0)
            with self._lock:
                if self._hand is hand and self._stalled and self._visit is not None:
                    log.warning("stick: no answer for %.0f s", STALLED)
                    self._tell_stuck()


TROUBLES = {
    StickTrouble.ABSENT: Refusal.STICK_ABSENT,
    StickTrouble.NOT_OURS: Refusal.STICK_NOT_OURS,
    StickTrouble.BUSY: Refusal.STICK_BUSY,
    StickTrouble.READ_ONLY: Refusal.STICK_READ_ONLY,
    StickTrouble.FULL: Refusal.STICK_FULL,
    StickTrouble.ILL: Refusal.STICK_ILL,
}


def _refused(why: Refusal, carried: Carried) -> Callable[[int], Event]:
    return lambda visit: StickRefused(visit, why, carried)
