"""A disk whose power can be cut at any instant, with a real ext4 on it.

The file system lies on a loop device, that on a file in a small FUSE file system, which logs each write and each flush
in the order in which they reach it. A disk keeps what was written before the last flush; of what came after it, it may
have kept any sectors and lost any others. So any cut can be made afterwards from the log, as often as one likes.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from struct import Struct

import pytest

CANNOT = "cutting the power needs root, the right to mount, loop devices and FUSE"
PATIENCE = 30.0
"""Seconds to wait for a mount; reached only when a test fails."""
SECTORS = (512, 4096)
"""Bytes that a disk writes whole or not at all."""
SURVIVAL = (0.0, 0.5, 0.9, 1.0)
"""Chances of what was not flushed yet: disks that write nothing, some or all of it of their own accord."""
BLOCK = 4096
"""Bytes of a block of the file system: as on a station's card, where a disk so small would get smaller ones."""
ENTRY = Struct("<qI")
"""Offset and length of a write, in front of its bytes; an offset of -1 is a flush."""
FLUSH = ENTRY.pack(-1, 0)
DISK = "disk"
"""How the file is called in its FUSE file system."""
_CAP_SYS_ADMIN = 21


def able() -> bool:
    """Whether this process may mount, and has what it takes."""
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    may_mount = int(status["CapEff"], 16) >> _CAP_SYS_ADMIN & 1
    return bool(may_mount) and all(os.access(path, os.R_OK | os.W_OK) for path in ("/dev/fuse", "/dev/loop-control"))


needs_power = pytest.mark.skipif(not able(), reason=CANNOT)


@dataclass(frozen=True, slots=True)
class Entry:
    """One write, or, without ``data``, one flush; ``end`` is where it ends in the log."""

    end: int
    offset: int
    data: bytes | None


def entries(log: Path) -> list[Entry]:
    """Everything that reached the disk, in order."""
    blob, at, found = log.read_bytes(), 0, []
    while at < len(blob):
        offset, length = ENTRY.unpack_from(blob, at)
        at += ENTRY.size + length
        found.append(Entry(at, offset, None if offset < 0 else blob[at - length : at]))
    return found


class History:
    """All that a disk went through, from its first image on; images of any cut are made from it, in rising order."""

    def __init__(self, first: Path, log: Path) -> None:
        self.entries = entries(log)
        self._image = bytearray(first.read_bytes())
        self._flushed = 0

    def image_at(self, cut: int, chance: Random, survival: Sequence[float] = SURVIVAL) -> bytes:
        """What is on the disk when the power fails right after the entry of this number (0: before the first).

        Of the writes after the last flush, each sector is there with one of the chances ``survival``, drawn once.
        """
        last = max((n for n in range(self._flushed, cut) if self.entries[n].data is None), default=self._flushed)
        for entry in self.entries[self._flushed : last]:
            _put(self._image, entry.offset, entry.data or b"")
        self._flushed = last
        image, sector, kept = bytearray(self._image), chance.choice(SECTORS), chance.choice(survival)
        for entry in self.entries[last:cut]:
            for at in range(0, len(entry.data or b""), sector):
                if chance.random() < kept:
                    _put(image, entry.offset + at, (entry.data or b"")[at : at + sector])
        return bytes(image)


def _put(image: bytearray, offset: int, data: bytes) -> None:
    image[offset : offset + len(data)] = data


def new_image(path: Path, *, size: int, content: Path) -> None:
    """Make an ext4 of ``size`` bytes that holds a copy of the folder ``content``; nothing of it is left for later."""
    with path.open("wb") as file:
        file.truncate(size)
    lazy = "lazy_itable_init=0,lazy_journal_init=0"
    subprocess.run(["mkfs.ext4", "-q", "-F", "-b", str(BLOCK), "-E", lazy, "-d", str(content), str(path)], check=True)


def blocks_in_use(image: Path) -> bytes:
    """All that stands on the disk, deleted or not: the blocks that are not empty, in order."""
    content = image.read_bytes()
    blocks = (content[at : at + BLOCK] for at in range(0, len(content), BLOCK))
    return b"".join(block for block in blocks if block.strip(b"\0"))


@contextmanager
def mounted(image: Path, at: Path) -> Iterator[Path]:
    """Mount a file system; its journal is replayed, as after a power cut."""
    at.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "ext4", "-o", "loop", str(image), str(at)], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)


@contextmanager
def powered(image: Path, log: Path, at: Path) -> Iterator[Path]:
    """Mount a file system through the log: all that reaches ``image`` from now on is written down in ``log``."""
    fuse = image.with_name(image.name + ".fuse")
    fuse.mkdir()
    log.touch()
    with subprocess.Popen([sys.executable, "-m", "tests.faults.logging_disk", image, log, fuse]) as server:
        try:
            disk = fuse / DISK
            deadline = time.monotonic() + PATIENCE
            while not disk.exists():
                assert server.poll() is None, "the logging file system did not start"
                assert time.monotonic() < deadline, "waited in vain for the logging file system"
                time.sleep(0.01)  # nothing tells when another process has mounted something
            with mounted(disk, at):
                yield at
        finally:
            # The loop device lets go of the file a moment after it was unmounted; the server ends then, too.
            subprocess.run(["umount", "--lazy", str(fuse)], check=False)
            try:
                server.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
