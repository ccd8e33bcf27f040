"""The places where the kiosk process and the uplink process leave files for each other, and how they write them.

Each directory has one writer. A reader never deletes: it acknowledges in its own place, and the writer cleans up.
Files appear whole or not at all (temporary name, fsync, rename, fsync of the directory). Names carry identifiers of
packets and orders, never anything about a person.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

PARTIAL = ".partial"
ARRIVALS = (".keys", ".receipt", ".order", ".roster", ".states")
"""What the centre sends, as it is best taken in. Keys first: what follows may be signed by them. Receipts next: they
may make room."""
ARRIVAL = re.compile(rf"[a-z0-9][a-z0-9-]{{0,62}}({'|'.join(map(re.escape, ARRIVALS))})")
"""How a file from the centre is called, whoever brought it."""
_MOST_NAMES = 100_000
PACKET = ".packet"
_PACKET_NAME = re.compile(r"([0-9]{10})-([a-z0-9][a-z0-9-]{0,62})\.packet")


def write_durably(path: Path, content: bytes, *, mode: int = 0o640) -> None:
    """Put ``content`` at ``path`` so that after a power cut it is there whole or not at all.

    The directory is synced too: without that, the rename itself may be lost (ext4). A link that somebody laid where the
    temporary name belongs is not followed: that is an OSError, and the link is gone then.
    """
    partial = path.with_name(path.name + PARTIAL)
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def read_foreign(path: Path, *, most: int) -> bytes:
    """Read up to ``most`` bytes of a file that another user or a stick may have put there.

    Raises:
        OSError: it cannot be read, or is no plain file: a link is not followed, nobody is waited for at a pipe.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        return file.read(most)


def delete_durably(path: Path) -> None:
    """Remove ``path`` so that it stays removed; a file already gone is fine."""
    path.unlink(missing_ok=True)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make renames and removals in ``directory`` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The shared places below one state directory (``/var/lib/kiosk`` on a station)."""

    root: Path

    @property
    def outbox(self) -> Path:
        """Kiosk writes: sealed packets (see ``PacketName``), under this name until there is a verified receipt.

        Only so named, a packet is whole, durable in the kiosk's index, and to be delivered.
        """
        return self.root / "kiosk" / "outbox"

    @property
    def events(self) -> Path:
        """Kiosk writes: ``<number>.json``, durable telemetry events, all but the newest deleted once seen."""
        return self.root / "kiosk" / "events"

    @property
    def health(self) -> Path:
        """Kiosk writes: the newest health snapshot and the cumulative throughput counters, as JSON."""
        return self.root / "kiosk" / "health.json"

    @property
    def taken(self) -> Path:
        """Kiosk writes: ``<name>`` empty markers for each file of the uplink's that it has taken in durably."""
        return self.root / "kiosk" / "taken"

    @property
    def brought(self) -> Path:
        """Kiosk writes: what a USB stick brought, named as the uplink names it; deleted once taken."""
        return self.root / "kiosk" / "brought"

    @property
    def checkpoints(self) -> Path:
        """The kiosk process's own: the visit under way, sealed, and the key that opens it."""
        return self.root / "kiosk" / "checkpoints"

    @property
    def receipts(self) -> Path:
        """Uplink writes: ``<packet id>.receipt``, signed by the centre, deleted once ``taken`` names it."""
        return self.root / "uplink" / "receipts"

    @property
    def orders(self) -> Path:
        """Uplink writes: ``<order id>.order``, signed and sealed to the kiosk process, deleted once ``taken``."""
        return self.root / "uplink" / "orders"

    @property
    def rosters(self) -> Path:
        """Uplink writes: ``<roster id>.roster``, signed and sealed to the kiosk process, deleted once ``taken``."""
        return self.root / "uplink" / "rosters"

    @property
    def states(self) -> Path:
        """Uplink writes: ``<id>.states``, where records stand, signed and sealed, deleted once ``taken``."""
        return self.root / "uplink" / "states"

    @property
    def keys(self) -> Path:
        """Uplink writes: ``<id>.keys``, the centre's newer keys, sealed, deleted once ``taken``."""
        return self.root / "uplink" / "keys"

    @property
    def inbound(self) -> tuple[Path, ...]:
        """All places where the uplink leaves what it brought, in the order in which the kiosk process takes it in."""
        return (self.keys, self.receipts, self.orders, self.rosters, self.states)

    @property
    def uplink_status(self) -> Path:
        """Uplink writes: last contact, last error, certificate days and ``events_seen``, as JSON."""
        return self.root / "uplink" / "uplink-status.json"

    def create(self) -> None:
        """Make every place; on a station the installer has done so with one owner each."""
        for place in (self.outbox, self.events, self.taken, self.brought, self.checkpoints, *self.inbound):
            place.mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True, order=True)
class PacketName:
    """How a packet's file is called: ``0000000042-<packet id>.packet``, so that names sort by sequence."""

    sequence: int
    packet_id: str

    def __str__(self) -> str:
        return f"{self.sequence:010}-{self.packet_id}{PACKET}"

    @classmethod
    def read(cls, name: str) -> "PacketName | None":
        """Read a file's name; None for any other."""
        found = _PACKET_NAME.fullmatch(name)
        return None if found is None else cls(int(found[1]), found[2])


def complete_files(directory: Path, suffix: str) -> Iterator[Path]:
    """Whole files of one kind, oldest name first; partial ones, links and anything that is no plain file left out."""
    for path in sorted(directory.glob(f"*{suffix}")):
        if path.is_file() and not path.is_symlink():
            yield path


def arrivals(place: Path) -> list[Path]:
    """Whole files from the centre that were brought to this place, as they are best taken in, lowest name first.

    Whatever is no plain file or is not called as such a file is left out, and so is what lies there beyond reason.
    """
    with os.scandir(place) as entries:
        found = [
            (ARRIVALS.index(named[1]), entry.name)
            for entry in islice(entries, _MOST_NAMES)
            if (named := ARRIVAL.fullmatch(entry.name)) is not None and entry.is_file(follow_symlinks=False)
        ]
    return [place / name for _, name in sorted(found)]
