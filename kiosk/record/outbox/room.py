"""Room on the disk: how much must stay free, how long it lasts, and what is let go of in which order.

What waits to be delivered is never let go of.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kiosk.record.outbox.packet_index import DAY, Custody, Entry
from kiosk.record.outbox.reconciling import name_of
from kiosk.record.outbox.shelf import Guise
from kiosk.record.outbox.stock import Stock
from kiosk.record.resident import FAILED, RecordState

FLOOR = 512 << 20
"""Free bytes below which no new recording is begun: room for what is under way, the index and the logs."""
RATE_DAYS = 14
"""Days back from which the coming ones are guessed."""
RECEIPT_DAYS = 180
"""How long the centre's signed receipts are kept, 2.7 KB each, should it ever deny one."""
ASIDE_DAYS = 90
"""How long a technician has time to look at a file that was set aside."""
FINAL = FAILED | {RecordState.CARD_ISSUED, RecordState.DUPLICATE_RECORD}
"""Record states after which nobody asks for a packet any more.

A failed one is remembered all the same: whoever comes to be recorded again must not be taken for one who was delivered.
"""
_AT_ONCE = 16


class DiskFull(Exception):
    """There is not enough room on the disk for another recording; nothing was kept, nothing promised."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what was delivered is kept, and remembered, in days; 0 deletes it against the receipt."""

    keep_delivered_days: int = 7
    tombstone_days: int = 730


USUAL = Retention()


def free_bytes(directory: Path) -> int:
    """Ask the file system."""
    return shutil.disk_usage(directory).free


class Room:
    """One outbox's room."""

    def __init__(
        self, stock: Stock, *, floor: int, retention: Retention, free: Callable[[Path], int] = free_bytes
    ) -> None:
        self.retention = retention
        self._stock, self._floor, self._free = stock, floor, free

    def check(self, size: int = 0) -> None:
        """Refuse early what could not be kept later; delivered packets make room, the oldest first.

        Raises:
            DiskFull: when less than the floor would stay free.
        """
        if not self._has(self._floor + size) and not self._make(self._floor + size):
            raise DiskFull("The disk is almost full. Deliver the waiting recordings, then go on.")

    def days_left(self, *, now: datetime) -> int | None:
        """Tell for how many days with recordings, such as the last fortnight's, there is room if nothing is delivered.

        None: there were none.
        """
        moment = int(now.timestamp())
        index = self._stock.index
        days, size = index.made_since(moment - RATE_DAYS * DAY, until=moment)
        room = self._free(self._stock.shelf.directory) + index.kept_bytes() - self._floor
        return max(0, room * days // size) if size else None

    def tidy(self, *, now: datetime) -> None:
        """Let go of what has been kept long enough, a bounded part at a time; to be called every few minutes."""
        moment = int(now.timestamp())
        with self._stock.sure():
            self._let_go(self._stock.index.due(moment - self.retention.keep_delivered_days * DAY))
            self._stock.index.forget(moment - self.retention.tombstone_days * DAY, FINAL - FAILED)
            self._stock.index.drop_receipts(moment - RECEIPT_DAYS * DAY)
            self._clear_aside(before=moment - ASIDE_DAYS * DAY)

    def _has(self, wanted: int) -> bool:
        return self._free(self._stock.shelf.directory) >= wanted

    def _make(self, wanted: int) -> bool:
        with self._stock.sure():
            while not self._has(wanted) and (oldest := self._stock.index.page(Custody.KEPT, most=_AT_ONCE)):
                self._let_go(oldest)
            if not self._has(wanted):
                self._clear_aside()
            return self._has(wanted)

    def _let_go(self, kept: Sequence[Entry]) -> None:
        if kept:
            with self._stock.doubt():
                self._stock.index.move([entry.packet_id for entry in kept], Custody.TOMBSTONE)
                for entry in kept:
                    self._stock.shelf.path(name_of(entry), Guise.DELIVERED).unlink(missing_ok=True)
                self._stock.shelf.sync()

    def _clear_aside(self, *, before: float | None = None) -> None:
        left = 0
        for item in self._stock.shelf.items():
            if item.guise is not Guise.DAMAGED:
                continue
            try:
                # The change of its name, not that of its content, tells when a file was set aside.
                if before is not None and item.path.stat().st_ctime >= before:
                    left += 1
                else:
                    item.path.unlink(missing_ok=True)
            except OSError:  # one that an ill disk does not let go of keeps back none of the others
                left += 1
        self._stock.aside = left
