"""A reader on a pty that speaks the GROW/ZFM protocol: the production driver cannot tell it from a module.

What the module does is in ``firmware``; here is what surrounds it: the cable with its speed and its faults, the plug,
and the finger on the glass.
"""

import fcntl
import os
import queue
import select
import struct
import threading
import time
import tty
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from drivers.fingerprint.grow.cable import Cable, Fault, spoiled
from drivers.fingerprint.grow.codec import EVERYBODY, Decoder, Packet, Parameters
from drivers.fingerprint.grow.firmware import Firmware, Image
from drivers.fingerprint.grow.reader import OPTICAL, Sensor

CHUNK = 512
"""Bytes handed to the pty at once when nothing is paced: what a pty takes without blocking."""
TCGETS2, TERMIOS2 = 0x802C542A, struct.Struct("4I B19s 2I")
"""The Linux request that tells a terminal's true speed, common or not, on x86 and ARM; asm-generic/termbits.h."""


class SimulatedReader:
    """A module whose device file is ``link``. ``pace`` 1.0 sends at the line's own speed, 0.0 as fast as it goes.

    ``sensor``: what its glass sees. ``ring``, ``product``: whether it has a light ring, and can say what it is.
    ``password``, ``address``, ``baud``: as the module was set. ``lazy``: whether it takes a new speed only at power-up.
    Usable as a context.
    """

    def __init__(
        self,
        link: Path,
        *,
        pace: float = 0.0,
        faults: Sequence[Fault] = (),
        sensor: Sensor = OPTICAL,
        ring: bool = True,
        product: bool = True,
        password: int = 0,
        address: int = EVERYBODY,
        baud: int = 57_600,
        lazy: bool = False,
        cable: Cable | None = None,
    ) -> None:
        self._link, self._pace, self._cable = link, pace, cable or Cable()
        self._firmware = Firmware(
            Parameters(status=0, system_id=9, capacity=200, security=3, address=address, packet_size=128, baud=baud),
            width=sensor.width,
            height=sensor.height,
            ppi=sensor.ppi,
            ring=ring,
            password=password,
            product=product,
            lazy=lazy,
        )
        self._faults = list(faults)
        self._replies = self._carried = self._plugs = 0
        self._decoder = Decoder()
        self._pty: tuple[int, int] | None = None
        self._verbs: queue.SimpleQueue[tuple[Callable[[], None], threading.Event]] = queue.SimpleQueue()
        self._ear, self._bell = os.pipe()
        self._closing = False
        link.parent.mkdir(parents=True, exist_ok=True)
        self._plug()
        self._thread = threading.Thread(target=self._live, name="simulated-reader", daemon=True)
        self._thread.start()

    def __enter__(self) -> "SimulatedReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What a person can do ---------------------------------------------------------------------------------------------

    @property
    def port(self) -> str:
        """The device file."""
        return str(self._link)

    @property
    def ring_lit(self) -> bool:
        """Whether the light ring is on."""
        return self._firmware.ring_lit

    @property
    def baud(self) -> int:
        """Bits a second at which the module listens."""
        return self._firmware.baud

    def place(self, image: Image) -> None:
        """Lay a finger on the glass: uint8 (height, width), 0 = ridge. Returns at once.

        Raises:
            ValueError: an image of another size.
        """
        self._firmware.glass = self._firmware.through_the_glass(image)

    def lift(self) -> None:
        """Take the finger away. Returns at once."""
        self._firmware.glass = None

    def unplug(self) -> None:
        """Pull the cable: the device file goes, and all the module held but its settings."""
        self._do(self._pull)

    def replug(self) -> None:
        """Put the cable back."""
        self._do(self._plug)

    def fail(self, *faults: Fault) -> None:
        """Let these faults befall the coming replies, instead of those of before."""

        def script() -> None:
            self._replies = 0
            self._faults = list(faults)

        self._do(script)

    def close(self) -> None:
        """Switch off; may be called twice."""
        if self._closing:
            return
        self._do(self._pull)
        self._closing = True
        os.write(self._bell, b"!")
        self._thread.join()
        os.close(self._ear)
        os.close(self._bell)

    def _do(self, verb: Callable[[], None]) -> None:
        """Have it done on the device's own thread, and wait until it is."""
        if self._closing:
            return
        done = threading.Event()
        self._verbs.put((verb, done))
        os.write(self._bell, b"!")
        done.wait()

    # The device's own thread ------------------------------------------------------------------------------------------

    def _live(self) -> None:
        while not self._closing:
            ears = [self._ear] if self._pty is None else [self._ear, self._pty[0]]
            ready = select.select(ears, [], [])[0]
            if self._ear in ready:
                self._attend()
            elif self._pty is not None:
                heard = os.read(self._pty[0], 4096)
                if self._pace and not self._pause(len(heard) * 10 / self._firmware.baud * self._pace):
                    continue
                if _speed(self._pty[1]) != self._firmware.baud:
                    # At another speed all that is heard is noise.
                    self._decoder.reset()
                    continue
                for item in self._decoder.feed(self._carry(heard)):
                    if isinstance(item, Packet):
                        self._answer(item)

    def _answer(self, packet: Packet) -> None:
        # A new speed is answered at the old one, as the manual has it.
        baud = self._firmware.baud
        said = self._firmware.hear(packet)
        if not said or self._pty is None:
            return
        fault = next((fault for fault in self._faults if fault.after == self._replies), None)
        self._replies += 1
        if fault is not None and fault.kind == "late" and not self._pause(fault.seconds):
            return
        if self._send(self._carry(spoiled(said, fault), baud), baud) and fault and fault.kind == "unplugged":
            self._pull()

    def _attend(self) -> None:
        os.read(self._ear, 4096)
        while not self._verbs.empty():
            verb, done = self._verbs.get()
            verb()
            done.set()

    def _pause(self, seconds: float) -> bool:
        """Wait, with an ear for what people do; False when the plug was pulled meanwhile."""
        plugs, until = self._plugs, time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self._ear], [], [], left)[0]:
                self._attend()
                if self._plugs != plugs:
                    return False
        return True

    def _plug(self) -> None:
        if self._pty is not None:
            return
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        # Our own copy of the other side stays open, so that hosts may come and go.
        self._pty = (ours, theirs)
        self._plugs += 1
        self._decoder.reset()
        self._firmware.power_up()
        temporary = self._link.with_name(self._link.name + ".new")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(os.ttyname(theirs))
        temporary.rename(self._link)

    def _pull(self) -> None:
        self._firmware.ring_lit = False
        self._link.unlink(missing_ok=True)
        if self._pty is not None:
            for side in self._pty:
                os.close(side)
            self._pty = None
            self._plugs += 1

    # The cable --------------------------------------------------------------------------------------------------------

    def _send(self, said: bytes, baud: int) -> bool:
        """Put the bytes on the line at ``baud``; False when the plug was pulled meanwhile."""
        if self._pty is None:
            return False
        ours, plugs, a_second = self._pty[0], self._plugs, baud / 10
        begun, sent = time.monotonic(), 0
        # Ten milliseconds' worth at a time is as even as a UART behind a USB bridge.
        chunk = max(1, round(a_second / 100)) if self._pace else CHUNK
        while sent < len(said):
            piece = said[sent : sent + chunk]
            # A byte is there with its last bit, never before.
            due = begun + (sent + len(piece)) / a_second * self._pace
            if self._pace and not self._pause(due - time.monotonic()):
                return False
            if select.select([self._ear], [ours], [])[0]:
                self._attend()
                if self._plugs != plugs:
                    return False
                continue
            with suppress(BlockingIOError):
                sent += os.write(ours, piece)
        return True

    def _carry(self, data: bytes, baud: int | None = None) -> bytes:
        """What of ``data`` comes out at the other end."""
        if (baud or self._firmware.baud) <= self._cable.good_to:
            return data
        carried = bytearray(data)
        for at in range(len(carried)):
            self._carried += 1
            if self._carried % self._cable.every == 0:
                carried[at] ^= 0x10
        return bytes(carried)


def _speed(terminal: int) -> int:
    """Bits a second at which the host speaks."""
    return int(TERMIOS2.unpack(fcntl.ioctl(terminal, TCGETS2, bytes(TERMIOS2.size)))[-1])
