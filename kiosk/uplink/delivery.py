"""Sealed packets to the centre, its receipts back: oldest first, resumable, no refused packet blocks the rest."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event as Flag

from kiosk.record.exchange import Exchange, complete_files, delete_durably, sync_directory, write_durably
from kiosk.record.telemetry import LinkTrouble
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.centre import PIECE, Centre, Declined, LinkDown
from kiosk.uplink.store import Store

log = logging.getLogger(__name__)

SUFFIX = ".packet"
LOOKS = 1.0
"""Seconds between looks into the directories while packets are being sent."""
FIRST_REFUSAL_WAIT = 60.0
LONGEST_REFUSAL_WAIT = 6 * 3600.0


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


class Delivery:
    """Brings the outbox to the centre. One thread calls ``step`` again and again.

    ``clock`` gives monotonic seconds. Raises OSError where the exchange directories cannot be used.
    """

    def __init__(
        self,
        exchange: Exchange,
        centre: Centre,
        store: Store,
        *,
        link: Backoff,
        stop: Flag,
        clock: Callable[[], float] = time.monotonic,
        refusal_wait: float = FIRST_REFUSAL_WAIT,
    ) -> None:
        self._exchange, self._centre, self._store = exchange, centre, store
        self._link, self._stop, self._clock = link, stop, clock
        self._refusal_wait = refusal_wait
        self._outbox, self._taken = Watched(exchange.outbox), Watched(exchange.taken)
        self._waiting = dict.fromkeys(store.in_order())
        self._receipted = {path.stem for path in complete_files(exchange.receipts, ".receipt")}
        self._patience: dict[str, Backoff] = {}
        self._due: dict[str, float] = {}
        self._reached: dict[str, int] = {}
        self._pause_until = self._look_at = 0.0
        self._answered = False
        self.last_contact: int | None = None
        self.trouble: LinkTrouble | None = None
        self.refused: set[str] = set()
        self.beat = clock()
        """When this last got anywhere: monotonic seconds, for the watchdog."""

    def step(self) -> bool:
        """Look around, then try at most one packet; gives whether there may be more to do at once."""
        self.beat = self._clock()
        packet = self._next()
        if packet is None or self.beat >= self._look_at:
            # While there is work, looking once a second is enough: ten thousand names are not listed for each packet.
            self._look_at = self.beat + LOOKS
            self._clean_up()
            self._look()
            packet = self._next()
        if self._clock() < self._pause_until:
            return False
        if packet is None:
            if not self._waiting:
                self.trouble = None
            return False
        self._answered = False
        try:
            self._deliver(packet)
        except LinkDown as down:
            self._failed(packet, down)
        except Declined as declined:
            log.warning("packet %s declined by the centre, HTTP status %d", packet, declined.status)
            self.refused.add(packet)
            self._heard()
            self._store.set_upload_url(packet, None)
            self._put_off(packet)
        return not self._stop.is_set()

    def _look(self) -> None:
        if not self._outbox.changed():
            return
        with os.scandir(self._exchange.outbox) as entries:
            present = {
                entry.name.removesuffix(SUFFIX)
                for entry in entries
                if entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False)
            }
        unseen = [packet for packet in present if packet not in self._waiting]
        # First seen, first sent: only among packets that appeared together does the file's time decide.
        unseen.sort(key=lambda packet: (_modified(self._exchange.outbox / f"{packet}{SUFFIX}"), packet))
        gone = [packet for packet in self._waiting if packet not in present]
        if unseen:
            # What is seen here may not be on the disk yet. The centre must not get what a power cut then takes back:
            # the station would give the packet's number to another.
            sync_directory(self._exchange.outbox)
            self._store.saw(unseen)
            self._waiting.update(dict.fromkeys(unseen))
        if gone:
            self._store.forget(gone)
        for packet in gone:
            for memory in (self._waiting, self._patience, self._due, self._reached):
                memory.pop(packet, None)
            self.refused.discard(packet)

    def _clean_up(self) -> None:
        if not self._taken.changed():
            return
        places = {
            ".receipt": self._exchange.receipts,
            ".order": self._exchange.orders,
            ".roster": self._exchange.rosters,
        }
        for marker in self._exchange.taken.iterdir():
            place = places.get(marker.suffix)
            if place is not None and (place / marker.name).exists():
                delete_durably(place / marker.name)
                self._receipted.discard(marker.stem)

    def _next(self) -> str | None:
        now = self._clock()
        for packet in self._waiting:
            if packet not in self._receipted and self._due.get(packet, 0.0) <= now:
                return packet
        return None

    def _deliver(self, packet: str) -> None:
        path = self._exchange.outbox / f"{packet}{SUFFIX}"
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return  # the kiosk process deleted it against its receipt since the last look
        with file:
            size = os.fstat(file.fileno()).st_size
            address, offset = self._place(packet, size)
            while offset < size:
                if self._stop.is_set():
                    return
                file.seek(offset)
                offset = self._centre.append(address, offset, file.read(PIECE))
                self._progressed(packet, offset)
        receipt = self._centre.receipt(packet)
        write_durably(self._exchange.receipts / f"{packet}.receipt", receipt)
        self._heard()
        self._receipted.add(packet)
        self.refused.discard(packet)
        # Should the kiosk process not believe the receipt, it takes it away and keeps the packet: ask again, later.
        self._put_off(packet)
        log.info("packet %s delivered, %d bytes", packet, size)

    def _place(self, packet: str, size: int) -> tuple[str, int]:
        address = self._store.upload_url(packet)
        offset = self._centre.offset(address, size) if address else None
        if address is None or offset is None:
            address = self._centre.create(packet, size)
            self._store.set_upload_url(packet, address)
            offset = self._centre.offset(address, size)
            if offset is None:
                raise LinkDown(LinkTrouble.NONSENSE)
        self._progressed(packet, offset)
        return address, offset

    def _progressed(self, packet: str, offset: int) -> None:
        self._heard()
        if offset > self._reached.get(packet, 0):
            self._link.reset()
            self._patience.pop(packet, None)
        self._reached[packet] = offset

    def _heard(self) -> None:
        self.beat = self._clock()
        self.last_contact, self.trouble, self._answered = int(time.time()), None, True

    def _failed(self, packet: str, down: LinkDown) -> None:
        self.trouble = down.trouble
        wait = self._link.next()
        self._pause_until = self._clock() + wait
        # Where the centre is there but this packet does not get on, the next one has its turn after the pause.
        if self._link.failures > 1 and (self._answered or down.trouble is LinkTrouble.SERVER_ERROR):
            self._due[packet] = self._pause_until + wait
        log.info("the centre: %s; trying again in %.0f s", down.trouble.value, wait)

    def _put_off(self, packet: str) -> None:
        patience = self._patience.setdefault(packet, Backoff(self._refusal_wait, LONGEST_REFUSAL_WAIT))
        self._due[packet] = self._clock() + patience.next()


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
