"""The clerk's rounds: once a second what the uplink brought is taken in, and what waits is looked after."""

import logging
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime

from kiosk.journey.events import Event, RosterSeen
from kiosk.record import keeping
from kiosk.record.inbox import ORDER, RECEIPT, ROSTER, Refused
from kiosk.record.packet_index import Custody
from kiosk.record.telemetry import Occasion
from kiosk.station.crew.books import Books, Standing

log = logging.getLogger(__name__)

INSPECTION = 0.05
"""Seconds of each round in which waiting recordings are compared with their hashes: a full backlog takes an hour or so,
and nobody who comes in the meantime waits longer than for one file."""

MOST_TOLD = 20
"""Losses told one by one in one round; a whole disk that is gone is told by the figure of all."""


class Rounds:
    """What the clerk does unasked. All on the clerk's thread; ``standing`` is replaced whole, for others to read."""

    def __init__(self, tell: Callable[[Event], None], occur: Callable[[Occasion], None]) -> None:
        self.standing = Standing()
        self._tell, self._occur = tell, occur
        self._roster_told: bool | None = None
        self._lost = self._lost_told = 0

    def begin(self, books: Books) -> None:
        """What the last power cut left: a technician hears of it once, here. Then the first round."""
        found = books.outbox.found
        if found.adopted or found.finished or found.returned or found.cleared:
            figures = found.adopted, found.finished, found.returned, found.cleared
            log.warning("outbox: %d recordings adopted, %d finished, %d found again, %d files cleared away", *figures)
        if found.damaged:
            log.error("outbox: %d damaged files set aside", found.damaged)
        for order in books.ledger.interrupted:
            log.error("%s: its print was interrupted, an officer must say whether there is a card", order)
            self._occur(Occasion.CARD_UNKNOWN)
        self.make(books)

    def make(self, books: Books) -> None:
        """Take in what the uplink brought, and see how the records stand. An ill disk now is asked again next time."""
        try:
            self._take_in(books)
        except (OSError, sqlite3.Error) as error:
            log.error("taking in what the uplink brought: %s", type(error).__name__)
        try:
            books.outbox.inspect(within=INSPECTION)
        except (OSError, sqlite3.Error) as error:
            log.error("inspecting a waiting recording: %s", type(error).__name__)

    def _take_in(self, books: Books) -> None:
        for result in books.arrivals.take_in(now=datetime.now(UTC)):
            suffix = result.file[result.file.rfind(".") :]
            if isinstance(result, Refused):
                # Its sentences name fields, rows and kinds, never what stands in them.
                log.warning("refused a file from the uplink: %s: %s: %s", suffix, type(result.why).__name__, result.why)
                self._occur(_REFUSED[suffix])
            elif suffix in _TAKEN:
                self._occur(_TAKEN[suffix])
        self._tell_lost(books)
        roster = books.roster.info()
        if self._roster_told is not (roster is not None):
            self._roster_told = roster is not None
            self._tell(RosterSeen(self._roster_told))
        blanks = books.ledger.blanks()
        self.standing = Standing(
            waiting=books.outbox.waiting(),
            roster_made=None if roster is None else roster.made,
            blanks=max(0, blanks.on_hand) if blanks.received else None,
            prints_uncertain=blanks.uncertain,
            recordings_lost=self._lost,
        )

    def _tell_lost(self, books: Books) -> None:
        """After the receipts were taken in: one of them may show that the centre has what seems lost here."""
        before = self._lost, self._lost_told
        self._lost = books.outbox.counts()[Custody.LOST]
        for told, lost in enumerate(books.outbox.lost(self._lost_told)):
            self._lost_told = lost.number
            if told < MOST_TOLD:
                where = "by the centre" if lost.at_centre else "here: its file is damaged or gone"
                log.error("recording %d is lost %s: packet %s", lost.sequence, where, lost.packet_id)
                self._occur(Occasion.RECORDING_LOST)
        if before != (self._lost, self._lost_told):
            new = (lost.packet_id for lost in books.outbox.lost(before[1]))
            keeping.settle_notes(outbox=books.outbox, roster=books.roster, lost=new)


_TAKEN = {RECEIPT: Occasion.RECORDING_DELIVERED, ROSTER: Occasion.ROSTER_TAKEN}
_REFUSED = {
    RECEIPT: Occasion.RECEIPT_REFUSED,
    ORDER: Occasion.ORDER_REFUSED,
    ROSTER: Occasion.ROSTER_REFUSED,
}
