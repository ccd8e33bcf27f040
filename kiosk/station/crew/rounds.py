"""The clerk's rounds: once a second what the uplink brought is taken in, and what waits is looked after."""

import logging
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime

from kiosk.journey.events import Event, RosterSeen
from kiosk.record import freeze, keeping, telemetry
from kiosk.record.clock import Moment
from kiosk.record.freeze import DAY, Since
from kiosk.record.inbox import KEYS, ORDER, RECEIPT, ROSTER, STATES, News, Refused
from kiosk.record.outbox import Settled, StatesTaken
from kiosk.record.roster import RosterInfo
from kiosk.record.telemetry import Frozen, Occasion
from kiosk.station.crew.books import Books, Standing

log = logging.getLogger(__name__)

INSPECTION = 0.05
"""Seconds of each round in which waiting recordings are compared with their hashes: a full backlog takes an hour or so,
and nobody who comes in the meantime waits longer than for one file."""

TIDY = 600.0
"""Seconds between looks at what need not be kept any longer, and at how long the room lasts."""
REFUSALS = 600.0
"""Seconds in which the refusals of one kind of file are one event: of thousands, the events would drive out others."""
MOST_TOLD = 20
"""Losses told one by one in one round; a whole disk that is gone is told by the figure of all."""


class Rounds:
    """What the clerk does unasked. All on the clerk's thread; ``standing`` is replaced whole, for others to read."""

    def __init__(self, tell: Callable[[Event], None], occur: Callable[[Occasion], None]) -> None:
        self.standing = Standing()
        self._tell, self._occur = tell, occur
        self._roster_told: bool | None = None
        self._lost = self._lost_told = 0
        self._online, self._word = Since(), Since()
        self._tidy_at = 0.0
        self._refusal_due: dict[str, float] = {}
        self._days_left: int | None = None

    def begin(self, books: Books) -> None:
        """What the last power cut left: a technician hears of it once, here. Then the first round."""
        found = books.outbox.found
        if found.adopted or found.finished or found.returned or found.cleared:
            figures = found.adopted, found.finished, found.returned, found.cleared
            log.warning("outbox: %d recordings adopted, %d finished, %d found again, %d files cleared away", *figures)
        self._tell_damaged(found.damaged)
        self.standing = Standing(outbox_damaged=found.aside)
        for order in books.ledger.interrupted:
            log.error("%s: its print was interrupted, an officer must say whether there is a card", order)
            self._occur(Occasion.CARD_UNKNOWN)
        self.make(books)

    def make(self, books: Books) -> None:
        """Do all of it. An ill disk now is asked again next time, and what it keeps back keeps back nothing else."""
        for doing, work in (
            ("taking in what came from the centre", self._take_in),
            ("telling what is lost", self._tell_lost),
            ("inspecting a waiting recording", lambda books: books.outbox.inspect(within=INSPECTION)),
            ("letting go of what was kept long enough", self._tidy),
            ("seeing how the records stand", self._see),
        ):
            try:
                work(books)
            except (OSError, sqlite3.Error) as error:
                log.error("%s: %s", doing, type(error).__name__)

    def _take_in(self, books: Books) -> None:
        for result in books.arrivals.take_in(now=datetime.now(UTC)):
            suffix = result.file[result.file.rfind(".") :]
            if isinstance(result, Refused):
                # Its sentences name fields, rows and kinds, never what stands in them.
                log.warning("refused a file of the centre's: %s: %s: %s", suffix, type(result.why).__name__, result.why)
                self._refused(suffix)
            else:
                self._taken(suffix, result.news)

    def _refused(self, suffix: str) -> None:
        if time.monotonic() >= self._refusal_due.get(suffix, 0.0):
            self._refusal_due[suffix] = time.monotonic() + REFUSALS
            self._occur(_REFUSED[suffix])

    def _taken(self, suffix: str, news: News) -> None:
        match news:
            case Settled(again=True):
                pass
            case StatesTaken():
                if news.unknown:
                    log.warning("states of %d packets that this station does not know", news.unknown)
                if news.sent_again:
                    log.warning("the centre lost %d recordings that are still here: sent again", news.sent_again)
                    self._occur(Occasion.RECORDING_SENT_AGAIN)
            case _ if suffix in _TAKEN:
                self._occur(_TAKEN[suffix])

    def _tell_damaged(self, found: int) -> None:
        if found:
            log.error("outbox: %d damaged files set aside", found)
            self._occur(Occasion.RECORDING_DAMAGED)

    def _tell_lost(self, books: Books) -> None:
        """After the receipts were taken in: one of them may show that the centre has what seems lost here."""
        before = self._lost, self._lost_told
        self._lost = books.outbox.lost_count()
        for told, lost in enumerate(books.outbox.lost(self._lost_told)):
            self._lost_told = lost.number
            if told < MOST_TOLD:
                where = "by the centre" if lost.at_centre else "here: its file is damaged or gone"
                log.error("recording %d is lost %s: packet %s", lost.sequence, where, lost.packet_id)
                self._occur(Occasion.RECORDING_LOST)
        if before != (self._lost, self._lost_told):
            new = (lost.packet_id for lost in books.outbox.lost(before[1]))
            keeping.settle_notes(outbox=books.outbox, roster=books.roster, lost=new)

    def _see(self, books: Books) -> None:
        roster = books.roster.info()
        if self._roster_told is not (roster is not None):
            self._roster_told = roster is not None
            self._tell(RosterSeen(self._roster_told))
        blanks = books.ledger.blanks()
        waiting = books.outbox.waiting()
        roster_made = None if roster is None else roster.made
        roster_left = None if roster is None else _left(roster, books.clock())
        frozen = self._frozen(books, waiting.oldest, roster_made, roster_left)
        if frozen is not None and frozen is not self.standing.frozen:
            log.warning("no recording is begun, by rule: %s", frozen.value)
            self._occur(Occasion.RECORDING_FROZEN)
        if books.outbox.aside > self.standing.outbox_damaged:
            self._tell_damaged(books.outbox.aside - self.standing.outbox_damaged)
        self.standing = Standing(
            waiting=waiting,
            roster_made=roster_made,
            roster_days_left=None if roster_left is None else int(max(0.0, roster_left) // DAY),
            blanks=max(0, blanks.on_hand) if blanks.received else None,
            prints_uncertain=blanks.uncertain,
            recordings_lost=self._lost,
            recordings_sent_again=books.outbox.sent_again,
            outbox_damaged=books.outbox.aside,
            disk_days_left=self._days_left,
            frozen=frozen,
        )

    def _frozen(
        self, books: Books, oldest: int | None, roster_made: int | None, roster_left: float | None
    ) -> Frozen | None:
        unix, monotonic = time.time(), time.monotonic()
        try:
            online = telemetry.read_status(books.exchange.uplink_status).centre_last_contact
        except telemetry.Unreadable:
            online = None
        self._online.told(online, unix=unix, monotonic=monotonic)
        made = [made for made in (books.outbox.last_heard(), roster_made) if made is not None]
        self._word.dated(max(made, default=None), unix=unix, monotonic=monotonic)
        reached, word = self._online.age(monotonic=monotonic), self._word.age(monotonic=monotonic)
        return freeze.frozen(
            books.rules,
            roster_left=roster_left,
            online=reached,
            oldest=None if oldest is None else unix - oldest,
            contact=min((age for age in (reached, word) if age is not None), default=None),
        )

    def _tidy(self, books: Books) -> None:
        now = datetime.now(UTC)
        if time.monotonic() >= self._tidy_at:
            self._tidy_at = time.monotonic() + TIDY
            books.outbox.room.tidy(now=now)
            self._days_left = books.outbox.room.days_left(now=now)


def _left(roster: RosterInfo, moment: Moment) -> float | None:
    if roster.valid_until is None or not moment.trusted(not_before=roster.made):
        return None
    return roster.valid_until - moment.unix


_TAKEN = {
    RECEIPT: Occasion.RECORDING_DELIVERED,
    ROSTER: Occasion.ROSTER_TAKEN,
    KEYS: Occasion.KEYS_TAKEN,
}
_REFUSED = {
    RECEIPT: Occasion.RECEIPT_REFUSED,
    ORDER: Occasion.ORDER_REFUSED,
    ROSTER: Occasion.ROSTER_REFUSED,
    STATES: Occasion.STATES_REFUSED,
    KEYS: Occasion.KEYS_REFUSED,
}
