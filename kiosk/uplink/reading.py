"""One packet's file, read in pieces. What is wrong with it is its own: others behind it may be in order."""

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self


class Spoiled(Exception):
    """This one file cannot be read: a bad place on the disk, another file's length, or no plain file at all."""


class PacketFile:
    """Opens ``path``, for a ``with``; a link is not followed. Raises FileNotFoundError, and Spoiled."""

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _spoiled(error) from error
        try:
            found = os.fstat(self._descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.EINVAL, "it is no plain file")
        except OSError as error:
            os.close(self._descriptor)
            raise _spoiled(error) from error
        self.size = found.st_size
        """Bytes, when it was opened."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, what: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._descriptor)

    def piece(self, offset: int, most: int) -> bytes:
        """Up to ``most`` bytes from ``offset``, which lies within the size; at least one. Raises Spoiled."""
        try:
            piece = os.pread(self._descriptor, most, offset)
        except OSError as error:
            raise _spoiled(error) from error
        if not piece:
            raise Spoiled("it became shorter while it was read")
        return piece


def _spoiled(error: OSError) -> Spoiled:
    return Spoiled(error.strerror or "it cannot be read")
