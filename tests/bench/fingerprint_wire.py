"""How close an image transfer comes to what the wire can carry, at each baud and packet size; run by hand (6 minutes).

The simulated module sends at the line's own speed. The limit: ten bits for each byte of the question, the answer, and
the image with eleven bytes of frame a packet.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from drivers.fingerprint.grow.codec import Instruction
from drivers.fingerprint.grow.reader import OPTICAL
from drivers.fingerprint.grow.session import Session
from drivers.fingerprint.grow.simulated import SimulatedReader
from drivers.fingerprint.synthetic.synthesis import impression, master
from drivers.fingerprint.wire import SerialWire

BYTES = OPTICAL.width * OPTICAL.height // 2
ALLOWED = 1.03
FINGER = impression(master(1, 2), seed=1)


def limit(baud: int, size: int) -> float:
    """Seconds that the bytes of one image take on the wire, with the question and the answer before it."""
    return (12 + 12 + BYTES + BYTES // size * 11) * 10 / baud


def transfer(baud: int, size: int) -> float:
    """Seconds that one image took."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as place,
        SimulatedReader(Path(place) / "reader", pace=1.0, baud=baud) as device,
    ):
        device.place(FINGER)
        wire = SerialWire(device.port, baud)
        session = Session(wire, fastest=baud, largest=size)
        session.ask(Instruction.GET_IMAGE, within=2)
        begun = time.perf_counter()
        raw = session.fetch(Instruction.UPLOAD_IMAGE, b"", size=BYTES)
        took = time.perf_counter() - begun
        wire.close()
        if raw is None or (session.baud, session.packet_size) != (baud, size):
            raise SystemExit(f"not what was to be measured: {session.baud} baud, {session.packet_size} bytes")
        return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bauds", type=int, nargs="+", default=[9_600, 19_200, 38_400, 57_600, 115_200])
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 64, 128, 256])
    given = parser.parse_args()

    print(f"{'baud':>7} {'packet':>7} {'limit s':>9} {'took s':>9} {'ratio':>7}")
    worst = 0.0
    for baud in given.bauds:
        for size in given.sizes:
            least, took = limit(baud, size), transfer(baud, size)
            worst = max(worst, took / least)
            print(f"{baud:7} {size:7} {least:9.3f} {took:9.3f} {took / least:7.4f}", flush=True)
    print(f"worst ratio {worst:.4f}: {'within' if worst <= ALLOWED else 'NOT within'} 3 % of the wire's limit")
    sys.exit(worst > ALLOWED)


if __name__ == "__main__":
    main()
