"""What a line that is cut again and again costs: bytes sent for each byte of the packets, counted in between.

By hand: ``.venv/bin/python tests/bench/delivery_cut.py [packets]``. Packets of 2 MB over TLS to the reference centre's
server; each connection lasts for as many bytes upward as are drawn, 150 KB on average. All that the uplink sent counts:
handshakes, headers, TLS records, and what was on its way at the cut. Pauses are not waited for.
"""

import logging
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from starlette.requests import ClientDisconnect, Request

from kiosk.centre.server import CentreServer, Place
from kiosk.centre.tls import TlsAuthority
from kiosk.record.exchange import Exchange, PacketName
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.centre import Centre
from kiosk.uplink.delivery import Delivery
from kiosk.uplink.hours import OfficeHours
from kiosk.uplink.line import Line
from kiosk.uplink.store import Store
from tests.uplink.conftest import STATION, Clock, RunningCentre, Wire

SIZE, AVERAGE = 2_000_000, 150_000
DRAWS: dict[str, Callable[[Random], float]] = {
    "exponential": lambda chance: chance.expovariate(1 / AVERAGE),
    "uniform": lambda chance: chance.uniform(0, 2 * AVERAGE),
    "each at 150 KB": lambda chance: AVERAGE,
    "never cut": lambda chance: 1e12,
}


def main(packets: int) -> None:
    logging.disable(logging.WARNING)
    print(f"{packets} packets of {SIZE:,} bytes, connections of {AVERAGE:,} bytes on average\n")
    print(f"{'drawn':16}{'connections':>12}{'bytes sent':>14}{'ratio':>8}{'seconds':>9}")
    for name, draw in DRAWS.items():
        with tempfile.TemporaryDirectory() as folder:
            one(Path(folder), packets, name, draw, CentreServer)
    print("\na centre that keeps nothing of a piece that was cut:")
    for name, draw in DRAWS.items():
        with tempfile.TemporaryDirectory() as folder:
            one(Path(folder), packets, name, draw, WholePieces)


class WholePieces(CentreServer):
    """As behind a proxy that hands on only requests that came whole."""

    async def _append(self, request: Request, place: Place, offset: int, length: int) -> int:
        try:
            piece = await request.body()
        except ClientDisconnect:
            return offset
        with place.part.open("ab") as part:
            part.write(piece)
        return offset + len(piece)


def one(
    root: Path, packets: int, name: str, draw: Callable[[Random], float], door: type[CentreServer] = CentreServer
) -> None:
    chance, clock = Random(150), Clock()
    authority, exchange = TlsAuthority(root / "tls"), Exchange(root / "state")
    exchange.create()
    contents = [chance.randbytes(SIZE) for _ in range(packets)]
    for number, content in enumerate(contents, 1):
        (exchange.outbox / str(PacketName(number, f"p{number}"))).write_bytes(content)
    running = RunningCentre(root / "centre", authority, door)
    wire = Wire(running.port)
    most = packets * SIZE // 10_000
    wire.cuts = [int(draw(chance)) for _ in range(most)]
    line = Centre(f"https://127.0.0.1:{wire.port}", authority.issue(STATION), line=Line(stop=threading.Event()))
    began = time.monotonic()
    with closing(Store(root / "uplink.db")) as store:
        delivery = Delivery(
            exchange,
            line,
            store,
            link=Backoff(1.0, 300.0, chance),
            hours=OfficeHours((), store),
            clock=clock,
            wall=clock.wall,
        )
        while len(running.shelf.packets) < packets:
            if not delivery.step():
                clock.now += 30
            assert wire.cuts, "it does not get on"
    line.close()
    running.stop()
    assert sorted(running.shelf.packets) == sorted(contents)
    ratio = wire.upward / (packets * SIZE)
    connections, seconds = most - len(wire.cuts), time.monotonic() - began
    print(f"{name:16}{connections:12}{wire.upward:14,}{ratio:8.3f}{seconds:9.1f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
