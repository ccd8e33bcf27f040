"""The files of an outbox. A packet's name says whose turn it is: the uplink sees ``….packet``, and nothing else.

Only the directory's one writer uses this. Renames are made to last by ``sync``: many of them share one.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from kiosk.record.exchange import PACKET, PARTIAL, PacketName, sync_directory
from kiosk.record.header import is_name


class Guise(Enum):
    """What a file is, by what its name has after that of the packet."""

    WAITING = ""
    """Whole, and in the uplink's sight."""
    PARTIAL = PARTIAL
    """Being written, or written and not yet known to the index."""
    DELIVERED = ".delivered"
    """Receipted, kept for a while."""
    DAMAGED = ".damaged"
    """No packet as this station made it: a technician may want what is left of it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file: ``packet_id`` is what its name says, "" where that names no packet; ``size`` in bytes, None where an
    ill disk does not tell it."""

    at: str
    name: str
    packet_id: str
    guise: Guise
    size: int | None

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.at)


class Shelf:
    """The directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def items(self) -> Iterator[Item]:
        """All files that are or were packets, in no order; what is renamed meanwhile may come up again."""
        with os.scandir(self.directory) as entries:
            for entry in entries:
                stem, packet, rest = entry.name.partition(PACKET)
                if not packet or rest not in _GUISES or not entry.is_file(follow_symlinks=False):
                    continue
                name = PacketName.read(stem + PACKET)
                packet_id = name.packet_id if name is not None else stem if is_name(stem) else ""
                size: int | None = None
                try:
                    size = entry.stat(follow_symlinks=False).st_size
                except FileNotFoundError:
                    continue
                except OSError:
                    pass
                yield Item(entry.path, entry.name, packet_id, _GUISES[rest], size)

    def path(self, name: PacketName, guise: Guise = Guise.WAITING) -> Path:
        """Where a packet's file lies in this guise."""
        return self.directory / (str(name) + guise.value)

    def has(self, name: PacketName, guise: Guise, size: int) -> bool:
        """Whether a file of this size is there; one of which an ill disk does not tell counts as there."""
        try:
            return os.lstat(f"{self.directory}/{name}{guise.value}").st_size == size
        except FileNotFoundError:
            return False
        except OSError:
            return True

    def write(self, name: PacketName, content: bytes) -> None:
        """Put a whole packet on disk, out of sight.

        Raises:
            OSError: there is nothing then, as far as the disk lets it be taken away.
        """
        path = self.path(name, Guise.PARTIAL)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def show(self, name: PacketName, found: Path, guise: Guise) -> None:
        """Give a file the name it is to have."""
        wanted = self.path(name, guise)
        if found != wanted:
            found.rename(wanted)

    def set_aside(self, path: Path) -> None:
        """Take a file out of the uplink's sight; already gone is fine."""
        stem, packet, _ = path.name.partition(PACKET)
        if path.exists():
            path.rename(path.with_name(stem + packet + Guise.DAMAGED.value))

    def sync(self) -> None:
        """Make all of this survive a power cut."""
        sync_directory(self.directory)


def is_whole(path: Path, digest: bytes) -> bool:
    """Whether the file is there, with this SHA-256."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest() == digest
    except FileNotFoundError:
        return False


_GUISES = {guise.value: guise for guise in Guise}
