"""Which packet of the outbox is to be tried next. Only some dozen names are held, however many wait.

The lowest sequence numbers come first: they were made first, whatever clocks said. Packets that were put off take
turns with those that never were, so that hundreds of refused ones hold up nothing.
"""

import heapq
import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kiosk.record.exchange import Exchange, PacketName
from kiosk.uplink.store import Store

BATCH = 100
_RESTS = 10.0
"""Seconds between listings while there is enough to do: what is put back with a low number has waited for days."""


class Watched:
    """Says whether a directory may hold something new, without listing thousands of files every second."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen = (-1, 0)

    def changed(self) -> bool:
        """True once for each change, and once more at the next look.

        A file added right after a listing can share its timestamp (kernel ticks are milliseconds apart), so a second
        listing is needed before an unchanged timestamp means an unchanged directory.
        """
        stamp = self._directory.stat().st_mtime_ns
        last, looks = self._seen
        self._seen = (stamp, looks + 1 if stamp == last else 1)
        return self._seen[1] <= 2


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the kiosk process made of receipts that it has acknowledged since the last listing."""

    settled: int = 0
    """How many packets are gone: it believed."""
    refused: tuple[PacketName, ...] = ()
    """Packets that it kept."""


class Queue:
    """The outbox as the uplink sees it. ``clock`` gives monotonic seconds, ``wall`` Unix seconds."""

    def __init__(
        self, exchange: Exchange, store: Store, *, clock: Callable[[], float], wall: Callable[[], float], longest: float
    ) -> None:
        """``longest``: how long anything may be put off; beyond, the clock was changed."""
        self._exchange, self._store, self._clock, self._wall = exchange, store, clock, wall
        self._longest = longest
        self._outbox = Watched(exchange.outbox)
        self._changed = True
        self._listed = -_RESTS
        self._fresh: deque[PacketName] = deque()
        self._more = False
        self._of_the_put_off = False
        self._acknowledged: set[str] = set()
        self.count = 0
        """Packets in the outbox at the last listing."""

    def acknowledged(self, packet_id: str) -> None:
        """The kiosk process has looked at the receipt of this packet: whether it believed shows the next listing."""
        self._acknowledged.add(packet_id)

    def is_stale(self) -> bool:
        """Whether it is time to list again; asked once a second."""
        self._changed |= self._outbox.changed()
        if not self._changed and not self._acknowledged:
            return False
        return not self._fresh or self._clock() - self._listed >= _RESTS

    @property
    def is_used_up(self) -> bool:
        """Whether all that was listed has been given out, and more may wait."""
        return self._more and not self._fresh

    def next(self, *, put_off_first: bool) -> PacketName | None:
        """What to try: a packet that has not been tried, or one put off that is due, in turns."""
        due = self._store.due(self._wall())
        if due is not None and (put_off_first or self._of_the_put_off or not self._fresh):
            self._of_the_put_off = False
            return due
        self._of_the_put_off = True
        return self._fresh.popleft() if self._fresh else None

    def look(self, under_way: PacketName | None) -> Verdicts:
        """List the outbox, and forget what is no longer in it."""
        self._changed, self._listed, self.count = False, self._clock(), 0
        now = self._wall()
        self._store.hasten(now=now, behind=now + self._longest)
        noted, refused = self._store.noted(), list[PacketName]()
        with os.scandir(self._exchange.receipts) as receipts:
            receipted = {receipt.name.removesuffix(".receipt") for receipt in receipts}
        with os.scandir(self._exchange.outbox) as entries:
            found = heapq.nsmallest(BATCH, self._untried(entries, noted, receipted, refused))
        if noted:
            self._store.forget(noted)
        self._more = len(found) == BATCH
        self._fresh = deque(name for name in found if name != under_way)
        settled, self._acknowledged = len(self._acknowledged), set()
        return Verdicts(settled, tuple(refused))

    def _untried(
        self,
        entries: Iterator[os.DirEntry[str]],
        noted: dict[str, bool],
        receipted: set[str],
        refused: list[PacketName],
    ) -> Iterator[PacketName]:
        for entry in entries:
            name = PacketName.read(entry.name)
            if name is None or not entry.is_file(follow_symlinks=False):
                continue
            self.count += 1
            put_off = noted.pop(name.packet_id, False)
            if name.packet_id in self._acknowledged:
                self._acknowledged.discard(name.packet_id)
                refused.append(name)
            elif not put_off and name.packet_id not in receipted:
                yield name
