"""A module without a pty: the wire's time is counted, not waited for, so that a thousand transfers take seconds."""

from collections import deque
from collections.abc import Callable

import pytest

from drivers.fingerprint.cable import spoiled
from drivers.fingerprint.sfm.cable import Fault
from drivers.fingerprint.sfm.codec import Data, Decoder, Packet
from drivers.fingerprint.sfm.module import Module
from drivers.fingerprint.sfm.reader import OP
from drivers.fingerprint.sfm.simulated import GAP, OPTICAL
from drivers.fingerprint.synthetic import features
from drivers.fingerprint.synthetic.synthesis import impression
from tests.fingertips import grown


class CountedWire:
    """A line of ``baud`` bits a second to ``module``. ``fault`` befalls a reply, ``outward`` something that is sent."""

    def __init__(self, module: Module, *, baud: int = 115_200) -> None:
        self.module, self.baud, self.clock = module, baud, 0.0
        self.fault: Fault | None = None
        self.outward: Fault | None = None
        self.replies = self.sent = 0
        self._decoder = Decoder()
        self._arriving: deque[tuple[float, bytes]] = deque()
        self._free = self._heard = 0.0

    def set_baud(self, baud: int) -> bool:
        self.baud = baud
        return True

    def now(self) -> float:
        return self.clock

    def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def drop(self) -> None:
        while self._arriving and self._arriving[0][0] <= self.clock:
            self._arriving.popleft()

    def close(self) -> None:
        pass

    def write(self, data: bytes, *, by: float) -> bool:
        fault = self.outward if self.outward is not None and self.outward.after == self.sent else None
        self.sent += 1
        self.clock += len(data) * 10 / self.baud
        if self.module.expects and self.clock >= self._heard + GAP:
            self.module.give_up()
            self._decoder.reset()
        self._heard = self.clock
        if self.baud != self.module.baud:
            return True
        self._decoder.feed(spoiled(data, fault))
        while (item := self._decoder.next()) is not None:
            match item:
                case Packet():
                    self._reply(self.module.hear(item, self.clock))
                case Data():
                    self._reply(self.module.take(item.content))
                case _:
                    continue
            self._decoder.expect(self.module.expects)
        return True

    def read(self, *, by: float) -> bytes:
        patience = self.module.patient_until
        if patience is not None and patience <= by and not self._arriving:
            self.clock = max(self.clock, patience)
            self._reply(self.module.look(self.clock))
        if not self._arriving or self._arriving[0][0] > max(by, self.clock):
            self.clock = max(self.clock, by)
            return b""
        self.clock, come = max(self.clock, self._arriving[0][0]), b""
        while self._arriving and self._arriving[0][0] <= self.clock:
            come += self._arriving.popleft()[1]
        return come

    def _reply(self, replies: list[bytes]) -> None:
        for said in replies:
            fault = self.fault if self.fault is not None and self.fault.after == self.replies else None
            self.replies += 1
            data = spoiled(said, fault)
            # A module that is late is late with all that follows.
            self._free = max(self._free, self.clock) + (fault.seconds if fault else 0.0)
            for at in range(0, len(data), 64):
                piece = data[at : at + 64]
                self._free += len(piece) * 10 / self.baud
                self._arriving.append((self._free, piece))

    def begin(self) -> None:
        """Count replies and what is sent from here on, without faults."""
        self.fault = self.outward = None
        self.replies = self.sent = 0


@pytest.fixture
def counted() -> Callable[..., CountedWire]:
    """Makes a wire to a new module; its options are the module's."""

    def make(*, baud: int = 115_200, blocks: bool = True, resends: bool = True) -> CountedWire:
        module = Module(
            OP, sensor_type=OPTICAL, baud=baud, blocks=blocks, resends=resends, forgets=True, encrypts=False
        )
        return CountedWire(module, baud=baud)

    return make


FINGER = impression(grown(1, 2), seed=1, size=(OP.height, OP.width))


@pytest.fixture
def known_finger(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The template of FINGER, found once: it is the line that is tried here, a thousand times."""
    template = features.extract(FINGER)
    assert template is not None
    monkeypatch.setattr(features, "extract", lambda image, *, ppi: template)
    return template
