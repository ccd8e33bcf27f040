"""The FUSE file system of one file that power.py lays a loop device on: it logs what reaches the file, in order.

    python -m tests.faults.logging_disk IMAGE LOG FOLDER

It ends when FOLDER is unmounted.
"""

import os
import sys
import time
from pathlib import Path

import mfusepy

from tests.faults.power import DISK, ENTRY, FLUSH

STALLS, STALL = 7, 0.03
"""Every so many flushes one takes that many seconds, as on a memory card: others see what is not safe yet."""


class LoggedDisk(mfusepy.Operations):
    """One file; each write and each flush of it is in the log before it is answered."""

    use_ns = True

    def __init__(self, image: Path, log: Path) -> None:
        self._image = os.open(image, os.O_RDWR)
        self._log = log.open("ab", buffering=0)
        self._flushes = 0
        self._size = image.stat().st_size

    def getattr(self, path: str, fh: int | None = None) -> dict[str, int]:
        if path == "/":
            return {"st_mode": 0o40700, "st_nlink": 2}
        if path == f"/{DISK}":
            return {"st_mode": 0o100600, "st_nlink": 1, "st_size": self._size}
        raise FileNotFoundError

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return os.pread(self._image, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        self._log.write(ENTRY.pack(offset, len(data)) + data)
        return os.pwrite(self._image, data, offset)

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._flushes += 1
        if self._flushes % STALLS == 0:
            time.sleep(STALL)
        self._log.write(FLUSH)
        return 0


if __name__ == "__main__":
    mfusepy.FUSE(LoggedDisk(Path(sys.argv[1]), Path(sys.argv[2])), sys.argv[3], foreground=True, nothreads=True)
