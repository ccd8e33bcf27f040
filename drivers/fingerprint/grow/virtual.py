"""A cable to a simulated module on which time is counted, not waited for: an hour of transfers takes seconds.

What is sent arrives at the line's own speed, on a clock that goes on only when somebody waits for it. No thread, no
port; the same run comes out the same each time.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drivers.fingerprint.grow.codec import Decoder, Packet

BRIDGE = 0.016
"""Seconds for which a USB bridge holds bytes back."""
THINKING = 0.002
"""Seconds from a command's last byte to its answer's first."""

Carriage = Callable[[bytes], tuple[float, bytes]]
"""What a cable makes of bytes: seconds by which they come later, and what is left of them."""


class Module(Protocol):
    """What hangs at the other end; ``baud`` is the speed it listens at."""

    @property
    def baud(self) -> int:
        """Bits a second."""
        ...

    def hear(self, packet: Packet) -> bytes:
        """What it says to ``packet``."""
        ...


def unharmed(data: bytes) -> tuple[float, bytes]:
    """A good cable."""
    return 0.0, data


@dataclass
class _Flight:
    """Bytes on their way to the host: the instant of the first bit, and the speed they are sent at."""

    begun: float
    baud: int
    data: bytes


class VirtualWire:
    """A Wire to ``module``; the host speaks at ``baud``. What the cable does is set on it, each way.

    ``out`` is given all that one write hands over, ``back`` each answer with the data that follows it.
    """

    def __init__(self, module: Module, *, baud: int = 57_600) -> None:
        self.out: Carriage = unharmed
        self.back: Carriage = unharmed
        self._module, self._baud = module, baud
        self._decoder = Decoder()
        self._flights: deque[_Flight] = deque()
        self._now = self._sent = self._said = 0.0

    @property
    def baud(self) -> int:
        """Bits a second."""
        return self._baud

    def set_baud(self, baud: int) -> bool:
        """Speak at another speed from now on."""
        self._baud = baud
        return True

    def now(self) -> float:
        """Seconds since the wire was made."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let that much time have passed."""
        self._now += seconds

    def write(self, data: bytes, *, by: float) -> bool:
        """Have the module hear ``data``; the host's port takes it at once, as a real one does."""
        late, carried = self.out(data)
        self._sent = max(self._now, self._sent) + len(data) * 10 / self._baud
        if self._baud != self._module.baud:
            carried = _noise(len(carried))
        for item in self._decoder.feed(carried):
            if isinstance(item, Packet):
                self._answer(item, self._sent + late)
        return True

    def read(self, *, by: float) -> bytes:
        """What has arrived, letting time pass up to ``by`` for a first byte."""
        if not self._flights or (first := self._flights[0].begun + 10 / self._flights[0].baud) > by:
            self._now = max(self._now, by)
            return b""
        self._now = max(self._now, min(by, first + BRIDGE))
        return self._arrived()

    def drop(self) -> None:
        """Forget what has arrived."""
        self._arrived()

    def close(self) -> None:
        """There is no port to give back."""

    def _answer(self, packet: Packet, heard: float) -> None:
        # A new speed is answered at the old one, as the manual has it.
        baud = self._module.baud
        if not (said := self._module.hear(packet)):
            return
        late, said = self.back(said)
        begun = max(heard, self._said) + THINKING + late
        self._said = begun + len(said) * 10 / baud
        if said:
            self._flights.append(_Flight(begun, baud, said))

    def _arrived(self) -> bytes:
        arrived = b""
        while self._flights:
            flight = self._flights[0]
            # A byte is there with its last bit; the millionth is for the sums of fractions.
            count = int((self._now - flight.begun) * flight.baud / 10 + 1e-6)
            if count <= 0:
                break
            came, flight.data = flight.data[:count], flight.data[count:]
            arrived += came if flight.baud == self._baud else _noise(len(came))
            if flight.data:
                flight.begun += count * 10 / flight.baud
                break
            self._flights.popleft()
        return arrived


def _noise(count: int) -> bytes:
    """What is heard of ``count`` bytes at another speed."""
    return b"\xf0" * count
