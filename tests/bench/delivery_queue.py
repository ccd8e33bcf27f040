"""What delivering one packet costs where 10,000 wait, beside a queue that is almost empty.

By hand: ``.venv/bin/python tests/bench/delivery_queue.py [waiting]``. Packets of 20 KB over TLS to the reference
centre's server, which runs as a process of its own; settling, the kiosk process's part, is played and not counted.
CPU is the uplink's own; wall is until the receipts lie on disk. The uplink looks into its directories once a second:
its clock goes on by a fiftieth with each step, as on a line that carries fifty packets a second, so that nothing waits.
"""

import contextlib
import logging
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from kiosk.centre.tls import TlsAuthority
from kiosk.record.exchange import Exchange, PacketName
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.centre import Centre
from kiosk.uplink.delivery import Delivery
from kiosk.uplink.hours import OfficeHours
from kiosk.uplink.store import Store
from tests.uplink.conftest import STATION, RunningCentre

SIZE, MEASURED, ROUNDS = 20_000, 200, 5
ALMOST_NONE = 20


def main(waiting: int) -> None:
    logging.disable()
    print(f"packets of {SIZE:,} bytes, {MEASURED} delivered a round, medians of {ROUNDS} rounds\n")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        authority, (here, there) = TlsAuthority(root / "tls"), multiprocessing.Pipe()
        tls = authority.issue(STATION)
        serving = multiprocessing.Process(target=serve, args=(root / "centre", there), daemon=True)
        serving.start()
        url = here.recv()
        few, many = Station(root / "few", url, tls), Station(root / "many", url, tls)
        many.fill(waiting)
        began = resident()
        rounds: dict[Station, list[tuple[float, float]]] = {few: [], many: []}
        for _ in range(ROUNDS):  # in turns: other work on the machine burdens both
            for station in (few, many):
                rounds[station].append(station.round(keep=waiting if station is many else ALMOST_NONE))
        here.send("stop")
        serving.join()
        cost = {station: [statistics.median(each) for each in zip(*rounds[station], strict=True)] for station in rounds}
        print(f"{'waiting':>8}{'CPU ms':>10}{'wall ms':>10}")
        for station, name in ((few, ALMOST_NONE), (many, waiting)):
            print(f"{name:8,}{cost[station][0] * 1000:10.2f}{cost[station][1] * 1000:10.2f}")
        ratios = [much / little for much, little in zip(cost[many], cost[few], strict=True)]
        print(f"{'ratio':>8}{ratios[0]:10.2f}{ratios[1]:10.2f}")
        print(f"\nresident: {began / 1e6:.1f} MB before, {resident() / 1e6:.1f} MB after, peak {peak() / 1e6:.1f} MB")


class Station:
    """One outbox and its delivery."""

    def __init__(self, root: Path, url: str, tls: object) -> None:
        self._exchange, self._chance, self._made = Exchange(root), Random(1), 0
        self._exchange.create()
        self._store = Store(root / "uplink" / "uplink.db")
        self._centre = Centre(url, tls)  # type: ignore[arg-type]
        self._name = root.name
        self._now = 0.0
        self._delivery = Delivery(
            self._exchange,
            self._centre,
            self._store,
            link=Backoff(1.0, 300.0),
            hours=OfficeHours((), self._store),
            clock=self._clock,
        )

    def _clock(self) -> float:
        return self._now

    def fill(self, count: int) -> None:
        for _ in range(count):
            self._made += 1
            name = PacketName(self._made, f"{self._name}-{self._made}")
            (self._exchange.outbox / str(name)).write_bytes(self._chance.randbytes(SIZE))

    def round(self, *, keep: int) -> tuple[float, float]:
        """CPU and wall seconds of each packet, while about ``keep`` wait."""
        cpu = wall = 0.0
        delivered = 0
        while delivered < MEASURED:
            missing = keep - sum(1 for _ in os.scandir(self._exchange.outbox))
            self.fill(missing)
            began, ends = time.process_time(), time.monotonic()
            count = 0
            while count < ALMOST_NONE:
                self._delivery.step()
                self._now += 0.02
                count = sum(1 for _ in os.scandir(self._exchange.receipts))
            cpu += time.process_time() - began
            wall += time.monotonic() - ends
            delivered += count
            self._settle()
        return cpu / delivered, wall / delivered

    def _settle(self) -> None:
        for receipt in list(self._exchange.receipts.iterdir()):
            number = int(receipt.stem.rpartition("-")[2])
            (self._exchange.outbox / str(PacketName(number, receipt.stem))).unlink()
            (self._exchange.taken / receipt.name).touch()
        while any(self._exchange.receipts.iterdir()):
            self._delivery._clean_up()
        for marker in list(self._exchange.taken.iterdir()):
            marker.unlink()


def serve(directory: Path, pipe: Connection) -> None:
    """The centre, in a process of its own."""
    logging.disable()
    running = RunningCentre(directory, TlsAuthority(directory.parent / "tls"))
    pipe.send(running.url)
    pipe.recv()
    with contextlib.suppress(KeyboardInterrupt):
        running.stop()


def resident() -> int:
    """Bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def peak() -> int:
    """Bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
