"""What carrying recordings out on a stick costs, however many wait: seconds a packet, memory, and a second time.

The stick is a folder on this machine's disk, or ``--stick`` where a real one is mounted. Beside it, as the floor: the
same bytes written, each file and its folder synced, and everything read back and hashed once.
"""

import argparse
import hashlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from kiosk.record.exchange import Exchange, PacketName
from kiosk.record.keys import StationKeys
from kiosk.record.stick import Seen, export
from kiosk.record.stick.folder import shelf_of


def fill(exchange: Exchange, count: int, size: int) -> None:
    exchange.create()
    for sequence in range(1, count + 1):
        (exchange.outbox / str(PacketName(sequence, os.urandom(16).hex()))).write_bytes(os.urandom(size))


def floor(exchange: Exchange, stick: Path) -> float:
    began = time.perf_counter()
    for name in sorted(exchange.outbox.iterdir()):
        folder = stick / shelf_of(PacketName.read(name.name).sequence)
        folder.mkdir(exist_ok=True)
        with (folder / "partial").open("wb") as file:
            file.write(name.read_bytes())
            file.flush()
            os.fsync(file.fileno())
        (folder / "partial").rename(folder / name.name)
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    for name in sorted(stick.rglob("*.packet")):
        with name.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            hashlib.sha256(file.read())
    return time.perf_counter() - began


def carry(root: Path, stick: Path) -> None:
    """In a process of its own, whose memory is measured."""
    keys = StationKeys.generate("tts-soe-01")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(2):
        began = time.perf_counter()
        done = export(Exchange(root), keys, stick, now=datetime.now(UTC), seen=Seen(), folder=True)
        print(done.packets, done.written, time.perf_counter() - began, end=" ")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--size", type=int, default=20_000, help="bytes of a packet")
    parser.add_argument("--repeat", type=int, default=3, help="the quickest of so many counts")
    parser.add_argument("--stick", type=Path, help="a folder on the stick; emptied afterwards")
    parser.add_argument("--carry", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.carry:
        carry(*options.carry)
        return
    print(f"packets of {options.size} bytes; milliseconds a packet; KiB beyond what the process had")
    print(f"{'packets':>8} {'floor':>8} {'export':>8} {'ratio':>6} {'again':>8} {'memory':>8}")
    for count in options.packets:
        least, took, again, memory = zip(*(once(options, count) for _ in range(options.repeat)), strict=True)
        each = [1000 * min(seconds) / count for seconds in (least, took, again)]
        print(f"{count:8} {each[0]:8.2f} {each[1]:8.2f} {each[1] / each[0]:6.2f} {each[2]:8.2f} {max(memory):8}")


def once(options: argparse.Namespace, count: int) -> tuple[float, float, float, int]:
    with tempfile.TemporaryDirectory() as root, tempfile.TemporaryDirectory(dir=options.stick) as stick:
        fill(Exchange(Path(root)), count, options.size)
        (Path(stick) / "floor").mkdir()
        least = floor(Exchange(Path(root)), Path(stick) / "floor")
        shutil.rmtree(Path(stick) / "floor")
        command = [sys.executable, __file__, "--carry", root, stick]
        whole, written, took, _, _, again, memory = subprocess.run(
            command, check=True, capture_output=True, text=True
        ).stdout.split()
    assert (int(whole), int(written)) == (count, count)
    return least, float(took), float(again), int(memory)


if __name__ == "__main__":
    main()
