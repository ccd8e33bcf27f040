"""What may be wrong with a USB stick, and how long one is put up with."""

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

MOST_ENTRIES = 200_000
"""Names looked at on one stick: a station that waited for two years fills 30,000."""


class StickTrouble(Enum):
    """What is wrong with a stick, by what somebody has to do."""

    ABSENT = "absent"
    """No stick is in, or none that the system mounts (FAT32 and exFAT are)."""
    NOT_OURS = "not-ours"
    """Something stands in the way of our files, or there is far too much: another stick is needed."""
    BUSY = "busy"
    """Something else is being written to it just now."""
    READ_ONLY = "read-only"
    FULL = "full"
    ILL = "ill"
    """Pulled out, broken, or not keeping what is written to it."""


_SENTENCES = {
    StickTrouble.ABSENT: "There is no USB stick. Put in one that is formatted as FAT32 or exFAT.",
    StickTrouble.NOT_OURS: "This USB stick cannot be used as it is. Empty it, or use another.",
    StickTrouble.BUSY: "Something else is being written to the USB stick. Wait until that is finished.",
    StickTrouble.READ_ONLY: (
        "The USB stick is write-protected or damaged. Move its switch and put it in again, or use another."
    ),
    StickTrouble.FULL: "The USB stick is full. Use another, or delete what is not needed.",
    StickTrouble.ILL: "The USB stick was pulled out or is broken. Put it in again, or use another, and start again.",
}
_BY_ERRNO = {
    errno.ENOSPC: StickTrouble.FULL,
    errno.EDQUOT: StickTrouble.FULL,
    errno.EROFS: StickTrouble.READ_ONLY,
    errno.EACCES: StickTrouble.NOT_OURS,
    errno.EPERM: StickTrouble.NOT_OURS,
    errno.ENOTDIR: StickTrouble.NOT_OURS,
    errno.EISDIR: StickTrouble.NOT_OURS,
    errno.ENOTEMPTY: StickTrouble.NOT_OURS,
    errno.EEXIST: StickTrouble.NOT_OURS,
    errno.ELOOP: StickTrouble.NOT_OURS,
}
"""Any other error is that of a stick that is gone or broken: EIO, ENODEV, ENXIO, ENOENT, ESTALE, EUCLEAN …"""


class StickIll(Exception):
    """The stick cannot be used, or not any more; the sentence tells an officer what to do."""

    def __init__(self, trouble: StickTrouble, sentence: str | None = None) -> None:
        super().__init__(sentence or _SENTENCES[trouble])
        self.trouble = trouble


class NotTaken(Exception):
    """One file is not read: the sentence says why. The others are not touched by that."""


class Unreadable(NotTaken):
    """The stick does not give it: a bad place, or it was pulled out."""


class Patience:
    """How much of one stick is looked at: names, and seconds. A single read that hangs is the kernel's to end."""

    def __init__(self, *, within: float, entries: int = MOST_ENTRIES) -> None:
        self._until = time.monotonic() + within
        self._entries = entries

    def look(self) -> None:
        """Allow for one more name.

        Raises:
            StickIll: there are too many, or it takes too long.
        """
        self._entries -= 1
        if self._entries < 0:
            raise StickIll(
                StickTrouble.NOT_OURS,
                "There is far more on this USB stick than belongs there. Empty it, or use another.",
            )
        self.go_on()

    def go_on(self) -> None:
        """Allow for another piece.

        Raises:
            StickIll: it takes too long.
        """
        if time.monotonic() > self._until:
            raise StickIll(StickTrouble.ILL, "The USB stick is too slow. Use another, and start again.")


@contextmanager
def blaming_the_stick() -> Iterator[None]:
    """Name the trouble behind an error of the stick's file system.

    Raises:
        StickIll: instead of OSError.
    """
    try:
        yield
    except OSError as error:
        raise StickIll(_BY_ERRNO.get(error.errno or 0, StickTrouble.ILL)) from error
