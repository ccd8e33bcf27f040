"""A reader and a simulated module on a cable whose time is counted, with a say in what befalls it."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from drivers.fingerprint.cable import spoiled
from drivers.fingerprint.grow.cable import Fault
from drivers.fingerprint.grow.codec import EVERYBODY, Parameters, pack_image, unpack_image
from drivers.fingerprint.grow.firmware import Firmware, features
from drivers.fingerprint.grow.reader import ROUND, GrowReader
from drivers.fingerprint.grow.virtual import VirtualWire
from drivers.fingerprint.synthetic.synthesis import impression
from tests.fingertips import grown


@cache
def seen(finger: int, seed: int) -> np.ndarray:
    """An impression as the round glass sees it, in sixteen greys."""
    return unpack_image(pack_image(impression(grown(1, finger), seed=seed)[48:240, 32:224]), width=192, height=192)


class Mishaps:
    """Faults by the number of what is said since they were set: one for each number, gone when it has struck."""

    def __init__(self) -> None:
        self.coming: dict[int, Fault] = {}
        self.said = 0

    def set(self, *faults: Fault) -> None:
        self.coming, self.said = {fault.after: fault for fault in faults}, 0

    def __call__(self, data: bytes) -> tuple[float, bytes]:
        fault = self.coming.pop(self.said, None)
        self.said += 1
        return (fault.seconds if fault else 0.0), spoiled(data, fault)


class Rig:
    """A reader, the module at the other end, and what befalls the cable on the way out and back."""

    def __init__(self, *, connected: bool = True, **kinds: bool) -> None:
        self.firmware = Firmware(
            Parameters(0, 9, 200, 3, EVERYBODY, packet_size=128, baud=57_600),
            width=ROUND.width,
            height=ROUND.height,
            ppi=ROUND.ppi,
            **kinds,
        )
        self.finger, self.again, self.other = seen(2, 1), seen(2, 2), seen(3, 1)
        self.firmware.glass = self.finger
        self.out, self.back = Mishaps(), Mishaps()
        if connected:
            self.connect()

    def connect(self, *, baud: int | None = None, **settings: int) -> None:
        """Open the line at ``baud``, else at the speed the module listens at."""
        self.wire = VirtualWire(self.firmware, baud=baud or self.firmware.baud)
        self.wire.out, self.wire.back = self.out, self.back
        self.reader = GrowReader(self.wire, **settings)

    def took(self, call: Callable[[], object]) -> float:
        begun = self.wire.now()
        call()
        return self.wire.now() - begun


@pytest.fixture
def make_rig(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Rig]:
    # The same few images again and again: what they show is found once.
    extract = features.extract
    found = cache(lambda raw, shape, ppi: extract(np.frombuffer(raw, np.uint8).reshape(shape), ppi=ppi))
    monkeypatch.setattr(features, "extract", lambda image, *, ppi: found(image.tobytes(), image.shape, ppi))
    monkeypatch.setattr(features, "compare", cache(features.compare))
    return Rig


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    return make_rig()
