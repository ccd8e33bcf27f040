"""Our driver beside the two popular libraries, on the same simulated module at the line's own speed; run by hand.

How long an image takes, and what comes of it when one byte is stray, dropped or flipped, or the answer is lost; then
whether the next command is answered, once the module has long fallen silent. Fifteen minutes.

The libraries (pyfingerprint 1.5, adafruit-circuitpython-fingerprint 2.2) are used as their own examples do. The second:
``pip install --no-deps adafruit-circuitpython-fingerprint``; of what it depends on it needs nothing but a constant.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Protocol

import numpy as np
import serial
from PIL import Image
from pyfingerprint.pyfingerprint import PyFingerprint

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from drivers.fingerprint.grow.cable import Fault, FaultKind
from drivers.fingerprint.grow.codec import Instruction, unpack_image
from drivers.fingerprint.grow.reader import OPTICAL
from drivers.fingerprint.grow.session import Session
from drivers.fingerprint.grow.simulated import SimulatedReader
from drivers.fingerprint.synthetic.synthesis import impression, master
from drivers.fingerprint.wire import SerialWire

FINGER = impression(master(1, 2), seed=1)
SENT = (FINGER >> 4) * 17
BYTES = FINGER.size // 2
STUCK = 60.0
"""Seconds after which a call counts as stuck."""
SILENT = 4.0
"""Seconds after which the module has sent all it had to."""


class Host(Protocol):
    """One way to speak to a module: each opens ``port`` anew."""

    def look(self) -> None:
        """Have the module take an image."""

    def image(self) -> np.ndarray:
        """Bring it."""

    def next(self) -> bool:
        """Whether the next command is answered."""

    def close(self) -> None:
        """Give the port back."""


class Ours:
    def __init__(self, port: str, baud: int, size: int) -> None:
        self._wire = SerialWire(port, baud)
        self._session = Session(self._wire, fastest=baud, largest=size)

    def look(self) -> None:
        self._session.ask(Instruction.GET_IMAGE, within=2)

    def image(self) -> np.ndarray:
        raw = self._session.fetch(Instruction.UPLOAD_IMAGE, b"", size=BYTES)
        return unpack_image(raw or b"", width=OPTICAL.width, height=OPTICAL.height)

    def next(self) -> bool:
        return self._session.parameters().capacity == 200

    def close(self) -> None:
        self._wire.close()


class Raschke:
    """pyfingerprint."""

    def __init__(self, port: str, baud: int, size: int) -> None:
        self._host = PyFingerprint(port, baud)
        self._host.verifyPassword()
        self._host.setMaxPacketSize(size)
        self._place = tempfile.TemporaryDirectory()

    def look(self) -> None:
        self._host.readImage()

    def image(self) -> np.ndarray:
        path = Path(self._place.name) / "finger.bmp"
        self._host.downloadImage(str(path))
        with Image.open(path) as image:
            return np.array(image)

    def next(self) -> bool:
        return bool(self._host.getStorageCapacity() == 200)

    def close(self) -> None:
        self._host.__del__()
        self._place.cleanup()


class Adafruit:
    """adafruit-circuitpython-fingerprint."""

    def __init__(self, port: str, baud: int, size: int) -> None:
        for name in ("busio", "micropython"):
            sys.modules.setdefault(name, ModuleType(name))
        vars(sys.modules["busio"]).setdefault("UART", serial.Serial)
        vars(sys.modules["micropython"]).setdefault("const", lambda value: value)
        from adafruit_fingerprint import Adafruit_Fingerprint

        self._port = serial.Serial(port, baud, timeout=1)
        self._host = Adafruit_Fingerprint(self._port)
        self._host.set_sysparam(6, (size // 64).bit_length())

    def look(self) -> None:
        self._host.get_image()

    def image(self) -> np.ndarray:
        raw = bytes(self._host.get_fpdata("image"))
        return unpack_image(raw, width=OPTICAL.width, height=OPTICAL.height)

    def next(self) -> bool:
        return bool(self._host.read_sysparam() == 0 and self._host.library_size == 200)

    def close(self) -> None:
        self._port.close()


HOSTS = {"ours": Ours, "pyfingerprint": Raschke, "adafruit": Adafruit}


class Stuck(Exception):
    pass


@contextmanager
def not_for_ever() -> Iterator[None]:
    def ring(_: int, __: FrameType | None) -> None:
        raise Stuck

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, STUCK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def tried(name: str, baud: int, size: int, fault: Fault | None) -> tuple[str, float, str]:
    """What became of one image, the seconds it took, and what became of the next command."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as place,
        SimulatedReader(Path(place) / "reader", pace=1.0, baud=baud) as device,
    ):
        device.place(FINGER)
        host: Host = HOSTS[name](device.port, baud, size)
        host.look()
        device.fail(*([fault] if fault else []))
        begun = time.perf_counter()
        try:
            with not_for_ever():
                end = "right" if np.array_equal(host.image(), SENT) else "WRONG IMAGE, NO ERROR"
        except Exception as error:
            end = type(error).__name__
        took = time.perf_counter() - begun
        if end != "right":
            time.sleep(SILENT)
        try:
            with not_for_ever():
                then = "answered" if host.next() else "wrong answer"
        except Exception as error:
            then = f"not answered ({type(error).__name__})"
        host.close()
        return end, took, then


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--places", type=int, default=5, help="random places for each fault (default 5)")
    parser.add_argument("--hosts", nargs="+", choices=HOSTS, default=list(HOSTS))
    parser.add_argument("--seed", type=int, default=2026)
    given = parser.parse_args()

    print("An image of 256 × 288 without a fault")
    for baud, size in ((57_600, 128), (115_200, 256), (115_200, 32)):
        packets = BYTES // size
        limit = (24 + BYTES + packets * 11) * 10 / baud
        for name in given.hosts:
            end, took, _ = tried(name, baud, size, None)
            ratio = f"{took / limit:.3f} of the wire's {limit:.2f} s" if end == "right" else ""
            print(f"  {baud:7} baud, {size:3} bytes  {name:14} {end:14} {took:6.2f} s  {ratio}", flush=True)

    print(f"\nOne fault in an image, 115200 baud, packets of 256, {given.places} places each, seed {given.seed}")
    kinds: tuple[FaultKind, ...] = ("stray", "dropped", "flipped", "silent")
    chance = random.Random(given.seed)
    places = {kind: [chance.randrange(12 + BYTES + 144 * 11) for _ in range(given.places)] for kind in kinds}
    for name in given.hosts:
        for kind in kinds:
            ends, thens, longest = Counter[str](), Counter[str](), 0.0
            for at in places[kind][: 1 if kind == "silent" else None]:
                end, took, then = tried(name, 115_200, 256, Fault(kind, at=at))
                ends[end] += 1
                thens[then] += 1
                longest = max(longest, took)
            told = ", ".join(f"{count} × {what}" for what, count in ends.most_common())
            after = ", ".join(f"{count} × {what}" for what, count in thens.most_common())
            print(f"  {name:14} {kind:8} {told}; at most {longest:.1f} s; next command {after}", flush=True)


if __name__ == "__main__":
    main()
