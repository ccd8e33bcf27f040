"""A USB stick that anybody may have prepared: opened folder by folder, never through a link, nothing on it believed.

A folder is held by its descriptor. So a stick that is pulled out, or a link laid in the meantime, leads no write to the
station's own disk. Sticks are FAT: no rights, no links, names alike in upper and lower case, and at most 65,536 entries
of 32 bytes a folder, of which a packet's name takes five. Hence the shelves: folders of a thousand numbers each.
"""

import errno
import fcntl
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from ctypes import CDLL, get_errno
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from kiosk.record.exchange import PARTIAL
from kiosk.record.stick.trouble import (
    MOST_ENTRIES,
    NotTaken,
    Patience,
    StickIll,
    StickTrouble,
    Unreadable,
    blaming_the_stick,
)

SHELF = 1000
REKAM, FROM_CENTRE = "rekam", "from-centre"
"""The two folders that have names of their own, beside a station's."""
_SHELF_NAME = re.compile(r"[0-9]{10,16}")
_PIECE = 1 << 20
_PLAIN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
"""A link is refused; a pipe or terminal, should one get there, is not waited for."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

Tell = Callable[[float], None]
"""Is told which share is done, 0 to 1, on the caller's thread. What it raises ends the work, at any point, safely."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A plain file or a folder; ``size`` in bytes, 0 for a folder."""

    name: str
    size: int
    is_folder: bool


class Folder:
    """One folder of a stick, held open. Every method raises StickIll where the stick fails."""

    def __init__(self, descriptor: int, patience: Patience) -> None:
        self._descriptor = descriptor
        self._patience = patience

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._descriptor)

    def folder(self, name: str) -> "Folder | None":
        """Open a folder in this one; None where there is none of this name."""
        with blaming_the_stick():
            try:
                descriptor = os.open(name, _FOLDER, dir_fd=self._descriptor)
            except FileNotFoundError:
                return None
        return Folder(descriptor, self._patience)

    def made(self, name: str) -> "Folder":
        """Open a folder in this one, making it where it is not there."""
        with blaming_the_stick():
            with suppress(FileExistsError):
                os.mkdir(name, 0o750, dir_fd=self._descriptor)  # pathlib knows no descriptors
                self.sync()
            descriptor = os.open(name, _FOLDER, dir_fd=self._descriptor)
        return Folder(descriptor, self._patience)

    def entries(self) -> Iterator[Entry]:
        """List plain files and folders, as the stick has them; links, pipes, devices and sockets are left out."""
        with blaming_the_stick(), os.scandir(self._descriptor) as found:
            for entry in found:
                self._patience.look()
                if entry.is_dir(follow_symlinks=False):
                    yield Entry(entry.name, 0, is_folder=True)
                elif entry.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):
                        yield Entry(entry.name, entry.stat(follow_symlinks=False).st_size, is_folder=False)

    def shelves(self) -> Iterator[tuple[str, "Folder"]]:
        """This folder itself, named "", and then its shelves, lowest first; each is closed after its turn."""
        names = sorted(entry.name for entry in self.entries() if entry.is_folder and is_shelf(entry.name))
        for name in ("", *names):
            with self.opened(name) as shelf:
                yield name, shelf

    def opened(self, shelf: str) -> "Folder":
        """Open a shelf that ``shelves`` named."""
        with blaming_the_stick():
            return Folder(os.open(shelf or ".", _FOLDER, dir_fd=self._descriptor), self._patience)

    def read(self, name: str, *, most: int) -> bytes:
        """Read a plain file of at most ``most`` bytes.

        Raises:
            NotTaken: it is gone, no plain file, too large, unreadable, or changed while it was read.
        """
        try:
            descriptor = os.open(name, os.O_RDONLY | _PLAIN, dir_fd=self._descriptor)
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                before = os.fstat(descriptor)
                if not stat.S_ISREG(before.st_mode):
                    raise NotTaken("it is not a plain file")
                if before.st_size > most:
                    raise NotTaken(f"it is larger than {most} bytes, which nothing of its kind is")
                content = bytearray()
                while len(content) <= before.st_size and (piece := file.read(_PIECE)):
                    content += piece
                    self._patience.go_on()
                after = os.fstat(descriptor)
        except OSError as error:
            raise Unreadable(f"it cannot be read ({error.strerror})") from error
        if len(content) != before.st_size or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise NotTaken("it changed while it was read")
        return bytes(content)

    def digest(self, name: str, *, size: int) -> bytes | None:
        """Read a file back from the medium: its SHA-256; None where no plain file of ``size`` bytes can be read.

        The kernel's copy is dropped first, so that the bytes come from the stick. A stick might still answer from a
        memory of its own; one that holds less than it claims is found out, as long as more was written in between.
        """
        hashing = hashlib.sha256()
        try:
            descriptor = os.open(name, os.O_RDONLY | _PLAIN, dir_fd=self._descriptor)
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode) or found.st_size != size:
                    return None
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                while piece := file.read(_PIECE):
                    hashing.update(piece)
                    self._patience.go_on()
        except OSError:
            return None
        return hashing.digest()

    def write(self, name: str, content: bytes, *, checked: bool = False) -> None:
        """Put a file there so that it appears whole, replacing one of this name; a folder there is in the way.

        Where ``checked``, it is read back before it replaces anything.
        """
        partial = name + PARTIAL
        with blaming_the_stick():
            self._discard(partial)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _PLAIN
            descriptor = os.open(partial, flags, 0o640, dir_fd=self._descriptor)
            try:
                with os.fdopen(descriptor, "wb", buffering=0) as file:
                    rest = memoryview(content)
                    while rest:
                        rest = rest[file.write(rest[:_PIECE]) or 0 :]
                        self._patience.go_on()
                    os.fsync(descriptor)
                if checked and self.digest(partial, size=len(content)) != hashlib.sha256(content).digest():
                    raise StickIll(StickTrouble.ILL, "The USB stick does not keep what is written to it. Use another.")
                os.rename(partial, name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
            except BaseException:
                with suppress(OSError):
                    self._discard(partial)
                raise
            self.sync()

    def write_anew(self, name: str, content: bytes) -> None:
        """As ``write``, checked; but what lies there whole already is not written again."""
        if self.digest(name, size=len(content)) != hashlib.sha256(content).digest():
            self.write(name, content, checked=True)

    def remove(self, name: str) -> None:
        """Delete a file; ``sync`` makes it last."""
        with blaming_the_stick():
            self._discard(name)

    def room(self) -> tuple[int, int]:
        """Tell how many bytes are free, and how many of them a file takes at a time."""
        with blaming_the_stick():
            found = os.fstatvfs(self._descriptor)
        return found.f_bavail * found.f_frsize, max(found.f_frsize, 1)

    def claim(self) -> None:
        """Be the only one of our programs to write here, until this folder is closed."""
        with blaming_the_stick():
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StickIll(StickTrouble.BUSY) from None

    def sync(self) -> None:
        """Make names in this folder last. Some drivers of FAT sync no folder by itself: ``sync_all`` does."""
        with blaming_the_stick():
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
                    raise

    def sync_all(self) -> None:
        """Bring everything of this stick onto it (syncfs(2)); after that it may be taken out."""
        with blaming_the_stick():
            if CDLL(None, use_errno=True).syncfs(self._descriptor) != 0:
                number = get_errno()
                raise OSError(number, os.strerror(number))

    def _discard(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)


def open_stick(place: Path, *, folder: bool, within: float, entries: int = MOST_ENTRIES) -> Folder:
    """Open the top of the stick mounted at ``place``; where ``folder``, any folder will do, as in the demo.

    ``within`` seconds and ``entries`` names the patience ends: see ``Patience``.

    Raises:
        StickIll: nothing is mounted there: what was written would stay in the station.
    """
    with blaming_the_stick():
        try:
            descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            raise StickIll(StickTrouble.ABSENT) from None
        # By the open folder and not by its name, so that a stick that comes or goes meanwhile makes no difference.
        if not folder and os.fstat(descriptor).st_dev == place.parent.stat().st_dev:
            os.close(descriptor)
            raise StickIll(StickTrouble.ABSENT)
    return Folder(descriptor, Patience(within=within, entries=entries))


def is_shelf(name: str) -> bool:
    """Tell a shelf's name from others."""
    return _SHELF_NAME.fullmatch(name) is not None


def shelf_of(number: int) -> str:
    """Name the shelf for what has this number: 42317 lies in ``0000042000``."""
    return f"{number // SHELF * SHELF:010}"
