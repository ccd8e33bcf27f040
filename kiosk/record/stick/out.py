"""Sealed packets out to a USB stick, and the signed list of them."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from kiosk.record.exchange import PARTIAL, Exchange, PacketName
from kiosk.record.keys import StationKeys
from kiosk.record.stick.folder import REKAM, Folder, Tell, open_stick, shelf_of
from kiosk.record.stick.manifest import MANIFEST, Listed, Seen, sign_manifest
from kiosk.record.stick.trouble import StickIll, StickTrouble

EXPORT_SECONDS = 6 * 3600.0
SPARE = 4 << 20
"""Bytes of the stick left free of packets: for the manifest of as many as it holds, its folders, and the receipts."""
ROUNDS = 3
"""How often what was written is read back; each time what is wrong is written again."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What lies on the stick now, read back from it: ``packets`` of ``bytes``, of which ``written`` are new there.

    ``left`` found no room and are for another stick; ``unreadable`` are ill at the station itself.
    """

    packets: int
    bytes: int
    written: int
    left: int
    unreadable: int = 0


def export(
    exchange: Exchange,
    keys: StationKeys,
    stick: Path,
    *,
    now: datetime,
    seen: Seen,
    tell: Tell = lambda share: None,
    folder: bool = False,
    within: float = EXPORT_SECONDS,
) -> Exported:
    """Copy all waiting packets to the stick mounted at ``stick``, oldest first, then the signed list of them.

    Packets that lie there whole are not written again, so that an export that was cut short goes on where it was. All
    of it is read back after the last has been written: a stick that holds less than it claims has lost the first by
    then. The list before stays valid until the new one is whole. Nothing is deleted, here or there: only the centre's
    receipt does that. When this returns, the stick may be taken out.

    ``seen``: what this station has taken in, so that the centre sends what is newer. ``folder``: no stick need be
    mounted at ``stick``; any folder will do. ``within``: seconds after which the stick is called too slow.

    Raises:
        StickIll: by trouble. FULL: there was no room for anything new.
    """
    with ExitStack() as held:
        root = held.enter_context(open_stick(stick, folder=folder, within=within))
        rekam = held.enter_context(root.made(REKAM))
        ours = held.enter_context(rekam.made(keys.station))
        ours.claim()
        return _Export(exchange.outbox, ours, tell).run(keys, seen, now)


class _Export:
    """One export: write, read back, list."""

    def __init__(self, outbox: Path, ours: Folder, tell: Tell) -> None:
        self._outbox = outbox
        self._ours = ours
        self._tell = tell
        self._digests: dict[PacketName, bytes] = {}
        self._unreadable: set[PacketName] = set()
        self._done, self._all = 0, 1
        self._wrote = False

    def run(self, keys: StationKeys, seen: Seen, now: datetime) -> Exported:
        waiting = dict(_waiting(self._outbox))
        chosen, new = self._that_fit(waiting, self._there())
        self._all = max(1, sum(waiting[name] for name in (*chosen, *new)))
        beyond = self._write(new, waiting)
        if beyond is not None:
            chosen = [name for name in chosen if name < beyond]
        if waiting and not chosen:
            raise StickIll(StickTrouble.FULL)
        listed = self._read_back(chosen, waiting)
        manifest = sign_manifest(listed, seen, len(waiting), station=keys.station, signing=keys.signing, now=now)
        self._ours.write(MANIFEST, manifest, checked=True)
        self._ours.sync_all()
        self._tell(1.0)
        fresh = {name.packet_id for name in new}
        return Exported(
            packets=len(listed),
            bytes=sum(packet.size for packet in listed),
            written=sum(packet.packet_id in fresh for packet in listed),
            left=len(waiting) - len(chosen),
            unreadable=len(self._unreadable),
        )

    def _there(self) -> dict[str, int]:
        """What an earlier export left, by name: bytes. What one left half written is cleared away."""
        found: dict[str, int] = {}
        for _, shelf in self._ours.shelves():
            for entry in [entry for entry in shelf.entries() if not entry.is_folder]:
                if entry.name.endswith(PARTIAL):
                    shelf.remove(entry.name)
                else:
                    found[entry.name] = entry.size
        return found

    def _that_fit(
        self, waiting: dict[PacketName, int], there: dict[str, int]
    ) -> tuple[list[PacketName], list[PacketName]]:
        """Those that lie there or find room, oldest first up to the first that does not; and the new ones of them."""
        room, unit = self._ours.room()
        room -= SPARE
        chosen, new = [], []
        for name, size in waiting.items():
            if there.get(str(name)) != size:
                room -= -(-size // unit) * unit
                if room < 0:
                    break
                new.append(name)
            chosen.append(name)
        return chosen, new

    def _write(self, names: Iterable[PacketName], waiting: dict[PacketName, int]) -> PacketName | None:
        """Write packets; tell the first that found no room after all."""
        for shelf_name, on_shelf in groupby(names, key=lambda name: shelf_of(name.sequence)):
            with self._ours.made(shelf_name) as shelf:
                for name in on_shelf:
                    content = self._content(name)
                    if content is not None:
                        try:
                            shelf.write(str(name), content)
                        except StickIll as ill:
                            if ill.trouble is StickTrouble.FULL:
                                return name
                            if ill.trouble is StickTrouble.READ_ONLY and self._wrote:
                                raise StickIll(StickTrouble.ILL) from ill  # FAT's answer to a device that is gone
                            raise
                        self._wrote = True
                    self._progress(waiting[name])
        return None

    def _read_back(self, names: list[PacketName], waiting: dict[PacketName, int]) -> list[Listed]:
        """Compare all with the outbox. After a repair all are read again: on a damaged FAT, files share clusters."""
        for attempt in range(ROUNDS):
            listed, bad = [], []
            for shelf_name, on_shelf in groupby(names, key=lambda name: shelf_of(name.sequence)):
                with self._ours.made(shelf_name) as shelf:
                    for name in on_shelf:
                        digest = self._digest(name)
                        if digest is None:
                            continue  # delivered meanwhile, or ill at the station
                        if shelf.digest(str(name), size=waiting[name]) == digest:
                            listed.append(Listed(name.packet_id, name.sequence, digest, waiting[name]))
                        else:
                            bad.append(name)
                        if attempt == 0:
                            self._progress(waiting[name])
            if not bad:
                return listed
            if attempt + 1 < ROUNDS and self._write(bad, waiting) is not None:
                raise StickIll(StickTrouble.FULL)
        raise StickIll(StickTrouble.ILL, "The USB stick does not keep what is written to it. Use another.")

    def _content(self, name: PacketName) -> bytes | None:
        try:
            content = (self._outbox / str(name)).read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            self._unreadable.add(name)
            return None
        self._digests[name] = hashlib.sha256(content).digest()
        return content

    def _digest(self, name: PacketName) -> bytes | None:
        if name not in self._digests:
            self._content(name)
        return self._digests.get(name)

    def _progress(self, size: int) -> None:
        self._done += size
        self._tell(min(1.0, self._done / self._all))


def _waiting(outbox: Path) -> Iterator[tuple[PacketName, int]]:
    names = [name for entry in os.scandir(outbox) if (name := PacketName.read(entry.name)) is not None]
    for name in sorted(names):
        try:
            found = (outbox / str(name)).lstat()
        except FileNotFoundError:
            continue  # delivered meanwhile
        if stat.S_ISREG(found.st_mode):
            yield name, found.st_size
