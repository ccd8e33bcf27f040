"""What one more packet costs when ten thousand wait, against an empty outbox; and what memory they take.

    .venv/bin/python tests/bench/outbox_queue.py [FOLDER [PACKETS]]

FOLDER lies on the disk that is measured; its own is a new one in the present directory. Filling it takes minutes.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from kiosk.centre.authority import Authority
from kiosk.record.exchange import Exchange
from kiosk.record.keys import CentreTrust, StationKeys, keys_directory
from kiosk.record.outbox import Outbox

PAYLOAD = 14_000
"""Bytes that make a packet of about 20 KB."""
FEW, ACCEPTS, STARTS = 2000, 200, 15


def opened(station: Path) -> Outbox:
    keys = keys_directory(station)
    index = station / "kiosk" / "index.db"
    return Outbox(Exchange(station), index, keys=StationKeys.load(keys), trust=CentreTrust.load(keys), floor=0)


def filled(folder: Path, packets: int) -> Path:
    authority = Authority.create(folder / "centre")
    authority.provision_station("bench", folder / "station", now=datetime.now(UTC))
    Exchange(folder / "station").create()
    outbox, syncing = opened(folder / "station"), os.fsync
    os.fsync = lambda _: None
    for _ in range(packets):
        accept(outbox)
    os.fsync = syncing
    outbox.close()
    return folder / "station"


def accept(outbox: Outbox) -> float:
    packet_id, payload = os.urandom(16).hex(), os.urandom(PAYLOAD)
    begun = time.perf_counter()
    outbox.accept(payload, packet_id=packet_id, now=datetime.now(UTC))
    return (time.perf_counter() - begun) * 1000


def start(station: Path) -> tuple[float, float]:
    """Milliseconds on the clock, and of the processor."""
    begun, computed = time.perf_counter(), time.process_time()
    outbox = opened(station)
    spent = (time.perf_counter() - begun) * 1000, (time.process_time() - computed) * 1000
    outbox.close()
    return spent


def resident(station: str) -> None:
    """As a process of its own: a start, and all that a round looks at."""
    outbox = opened(Path(station))
    accept(outbox)
    outbox.inspect(within=3.0)
    now = datetime.now(UTC)
    outbox.room.tidy(now=now)
    print(outbox.waiting().count, outbox.lost_count(), len(list(outbox.lost())), outbox.room.days_left(now=now))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def main(folder: Path, packets: int) -> None:
    stations = {count: filled(folder / str(count), count) for count in (0, FEW, packets)}
    opens = {count: opened(stations[count]) for count in (0, packets)}
    accepts: dict[int, list[float]] = {0: [], packets: []}
    for turn in range(ACCEPTS):
        for count in accepts if turn % 2 else reversed(accepts):
            accepts[count].append(accept(opens[count]))
    for outbox in opens.values():
        outbox.close()
    empty, full = (median(spent) for spent in accepts.values())
    print(f"accept: {empty:.2f} ms in an empty outbox, {full:.2f} ms with {packets} waiting, ratio {full / empty:.2f}")
    starts: dict[int, list[tuple[float, float]]] = {count: [] for count in stations}
    for _ in range(STARTS):
        for count, station in stations.items():
            starts[count].append(start(station))
    for kind, which in (("on the clock", 0), ("of the processor", 1)):
        # The first has packets by now too; what is sought is what each one more costs.
        bare, few, many = (median(spent[which] for spent in each) for each in starts.values())
        small, large = (few - bare) / (FEW - ACCEPTS) * 1000, (many - bare) / packets * 1000
        print(
            f"start {kind}: {bare:.0f} ms with {ACCEPTS}, {few:.0f} ms with {FEW}, {many:.0f} ms with {packets} more;"
        )
        print(f"  each packet more: {small:.0f} µs of few, {large:.0f} µs of many, ratio {large / small:.2f}")
    for station in stations.values():
        told = subprocess.run(
            [sys.executable, __file__, "resident", station], capture_output=True, text=True, check=True
        )
        counted, peak = told.stdout.splitlines()
        print(f"memory at the most: {int(peak) / 1024:.1f} MB with {counted.split()[0]} waiting")


if __name__ == "__main__":
    if sys.argv[1:2] == ["resident"]:
        resident(sys.argv[2])
    else:
        with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else ".") as made:
            main(Path(made), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
