"""The packets of a station as files and index together, and what keeps the two from disagreeing.

A start compares sizes only: hashing a backlog of 15,600 packets (5 GB) would hold it up for minutes. The hashes are
compared afterwards, a little at a time, by ``inspect``.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kiosk.record.outbox.packet_index import Custody, Entry, PacketIndex
from kiosk.record.outbox.reconciling import Reconciled, Reconciler, name_of
from kiosk.record.outbox.shelf import Item, Shelf, is_whole

_GIVEN = "given-"
AGAIN = 600.0
"""Seconds after which files are tried again that an ill disk did not give or let be changed."""


class _Given:
    """The highest number given out, in the name of an empty file beside the index.

    Not synced: it may lag behind by the last numbers before a power cut, which the index knows.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        names = [path.name.removeprefix(_GIVEN) for path in directory.glob(f"{_GIVEN}*")]
        self.highest = max((int(name) for name in names if name.isdecimal()), default=0)

    def to(self, sequence: int) -> None:
        before, self.highest = self._at(self.highest), sequence
        try:
            before.rename(self._at(sequence))
        except FileNotFoundError:
            self._at(sequence).touch(mode=0o600)

    def _at(self, sequence: int) -> Path:
        return self._directory / f"{_GIVEN}{sequence:010}"


class Stock:
    """Both, for whoever writes to both."""

    def __init__(self, directory: Path, index: Path, *, ours: Callable[[Item], Entry | None]) -> None:
        """Open or make the index and put right what a power cut left; ``ours`` reads what may be our own packet.

        Raises:
            DatabaseDamaged: when the index cannot be used.
        """
        self.shelf, self.index = Shelf(directory), PacketIndex(index)
        self.aside = 0
        """Files that are no packets as this station made them, set aside for a technician."""
        self._ours = ours
        self._lock = threading.RLock()
        self._unsure = False
        self._left, self._again = Reconciled(), 0.0
        self._inspected = (0, "")
        self._given = _Given(index.parent)
        self.found = self.reconcile()

    @property
    def left(self) -> int:
        """Files that an ill disk did not give, or did not let be changed, the last time they were tried."""
        return self._left.left

    def last(self) -> tuple[int, bytes | None]:
        """Give the highest number given out, and the hash of the packet of the highest number that can be read.

        A file that cannot be read has its number, should the index not know it (any more); and so have packets that
        were delivered and let go of since the backup that the index was restored from.
        """
        sequence, digest = self.index.last()
        return max(sequence, self._left.left_last, self._given.highest), digest

    def enter(self, entry: Entry, *, replaces: str | None = None) -> None:
        """Note a new packet that is held: its number is never given out again."""
        self.index.enter([entry], replaces=replaces)
        self._given.to(entry.sequence)

    @contextmanager
    def sure(self) -> Iterator[None]:
        """Nobody else meanwhile, and what an ill disk left open is settled first, as far as it lets it be."""
        with self._lock:
            if self._unsure or (self._left.left and time.monotonic() >= self._again):
                self.reconcile()
            yield

    @contextmanager
    def doubt(self) -> Iterator[None]:
        """Until this ends well, index and files may disagree."""
        self._unsure = True
        yield
        self._unsure = False

    def reconcile(self) -> Reconciled:
        """Make index and files agree again.

        Raises:
            OSError, sqlite3.Error: the disk as a whole is ill.
        """
        with self._lock:
            self._left = found = Reconciler(self.index, self.shelf, self._ours).run()
            self._again = time.monotonic() + AGAIN
            self.aside = found.aside
            self._unsure = False
            return found

    def inspect(self, *, within: float) -> None:
        """Go on comparing files with their hashes for about ``within`` seconds; each file once a start.

        A damaged one is set aside and lost, so that its resident can be recorded again and the centre is not sent it.

        Raises:
            OSError: a file cannot be read. It stays as it is, since an ill disk may get well; the next call passes on.
        """
        until = time.monotonic() + within
        while time.monotonic() < until:
            with self.sure():
                page = self.index.page(Custody.HELD, self._inspected, most=1)
                if not page:
                    return
                entry = page[0]
                self._inspected = (entry.sequence, entry.packet_id)
                path = self.shelf.path(name_of(entry))
                try:
                    whole = is_whole(path, entry.sha256)
                except OSError:
                    self.aside += 1  # for a technician: it can be neither delivered nor carried away
                    raise
                if not whole:
                    with self.doubt():
                        self.aside += path.exists()
                        self.shelf.set_aside(path)
                        self.shelf.sync()
                        self.index.move([entry.packet_id], Custody.LOST)

    def inspect_again(self, entry: Entry) -> None:
        """Have the inspection begin at this packet again."""
        self._inspected = min(self._inspected, (entry.sequence - 1, ""))
