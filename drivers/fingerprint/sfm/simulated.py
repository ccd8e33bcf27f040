"""A module on a pty that speaks the SFM packet protocol: the production driver cannot tell it from a real one.

What the module does is in ``module``; here is what surrounds it: the cable with its speed and its faults, the plug, and
the finger on the glass.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from drivers.fingerprint.cable import Cable, spoiled
from drivers.fingerprint.pty_device import PtyDevice
from drivers.fingerprint.sfm.cable import Fault
from drivers.fingerprint.sfm.codec import Data, Decoder, Packet
from drivers.fingerprint.sfm.module import Image, Module
from drivers.fingerprint.sfm.reader import OP, Sensor

OPTICAL = 0x33
"""The sensor type of OP, "System Parameter Summary"."""
GAP = 0.1
"""Seconds without a byte after which the module waits no longer for the rest of a template."""
OFF_THE_GLASS = 1.0


class SimulatedReader:
    """A module whose device file is ``link``. ``pace`` 1.0 sends at the line's own speed, 0.0 as fast as it goes.

    ``sensor``, ``sensor_type``: what its glass sees, and what it says of it. ``baud``: as it was left. ``blocks``:
    whether it sends images in blocks, and ``resends`` one that came damaged. ``forgets``: whether it can be taught for
    a while only. ``encrypts``: whether it was set to encrypt its templates. Usable as a context.
    """

    def __init__(
        self,
        link: Path,
        *,
        pace: float = 0.0,
        faults: Sequence[Fault] = (),
        sensor: Sensor = OP,
        sensor_type: int = OPTICAL,
        baud: int = 115_200,
        blocks: bool = True,
        resends: bool = True,
        forgets: bool = True,
        encrypts: bool = False,
        cable: Cable | None = None,
    ) -> None:
        self._module = Module(
            sensor,
            sensor_type=sensor_type,
            baud=baud,
            blocks=blocks,
            resends=resends,
            forgets=forgets,
            encrypts=encrypts,
        )
        self._cable, self._faults = cable or Cable(good_to=921_600), list(faults)
        self._replies = 0
        self._heard = 0.0
        self._decoder = Decoder()
        self._device = PtyDevice(link, self, pace=pace)

    def __enter__(self) -> "SimulatedReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What a person can do ---------------------------------------------------------------------------------------------

    @property
    def port(self) -> str:
        """The device file."""
        return self._device.port

    @property
    def baud(self) -> int:
        """Bits a second at which the module listens."""
        return self._module.baud

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images that its glass takes, in pixels."""
        return self._module.size

    @property
    def taught(self) -> int:
        """How many templates it holds, for good or not."""
        return self._module.taught

    @property
    def off_the_glass(self) -> float:
        """Seconds that a finger must be away for the driver to see it: one look, in which the module says nothing."""
        return OFF_THE_GLASS

    def place(self, image: Image) -> None:
        """Lay a finger on the glass: uint8 (height, width), 0 = ridge. Returns when the module has seen it.

        Raises:
            ValueError: an image of another size.
        """
        if image.shape != self.size:
            raise ValueError(f"the glass takes images of {self.size[0]} × {self.size[1]}, not {image.shape}")
        self._module.glass = image.copy()
        self._device.do(lambda: None)

    def lift(self) -> None:
        """Take the finger away."""
        self._module.glass = None

    def unplug(self) -> None:
        """Pull the cable: the device file goes, and all the module held but its flash memory."""
        self._device.do(self._device.pull)

    def replug(self) -> None:
        """Put the cable back."""
        self._device.do(self._device.plug)

    def fail(self, *faults: Fault) -> None:
        """Let these faults befall the coming replies, instead of those of before."""

        def script() -> None:
            self._replies = 0
            self._faults = list(faults)

        self._device.do(script)

    def close(self) -> None:
        """Switch off; may be called twice."""
        self._device.close()

    # Inside -----------------------------------------------------------------------------------------------------------

    def power_up(self) -> None:
        """Begin again with what flash memory holds."""
        self._decoder.reset()
        self._module.power_up()

    def power_down(self) -> None:
        """Forget, as memory without power does."""
        self._module.power_up()

    def hear(self, data: bytes, speed: int) -> None:
        """Do what the host asks; at another speed all that is heard is noise."""
        if speed != self._module.baud:
            self._decoder.reset()
            return
        self._heard = time.monotonic()
        self._decoder.feed(self._cable.carry(data, speed))
        while (item := self._decoder.next()) is not None:
            # A new speed is answered at the old one.
            baud = self._module.baud
            match item:
                case Packet():
                    said = self._module.hear(item, time.monotonic())
                case Data():
                    said = self._module.take(item.content)
                case _:
                    continue
            self._decoder.expect(self._module.expects)
            self._say(said, baud)

    def wake(self) -> float | None:
        """See whether a finger has come, and give up what has taken too long."""
        now, module = time.monotonic(), self._module
        self._say(module.look(now), module.baud)
        if module.expects:
            if now >= self._heard + GAP:
                module.give_up()
                self._decoder.reset()
            return GAP
        return None if module.patient_until is None else max(0.0, module.patient_until - now)

    def _say(self, replies: list[bytes], baud: int) -> None:
        for said in replies:
            fault = next((fault for fault in self._faults if fault.after == self._replies), None)
            self._replies += 1
            if fault is not None and fault.kind == "late" and not self._device.pause(fault.seconds):
                return
            if not self._device.send(self._cable.carry(spoiled(said, fault), baud), baud=baud):
                return
            if fault is not None and fault.kind == "unplugged":
                self._device.pull()
                return
