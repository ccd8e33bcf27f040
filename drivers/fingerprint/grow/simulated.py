"""A reader on a pty that speaks the GROW/ZFM protocol: the production driver cannot tell it from a module.

What the module does is in ``firmware``; here is what surrounds it: the cable with its speed and its faults, the plug,
and the finger on the glass.
"""

from collections.abc import Sequence
from pathlib import Path

from drivers.fingerprint.cable import Cable, spoiled
from drivers.fingerprint.grow.cable import Fault
from drivers.fingerprint.grow.codec import EVERYBODY, Decoder, Packet, Parameters
from drivers.fingerprint.grow.firmware import Firmware, Image
from drivers.fingerprint.grow.reader import OPTICAL, Sensor
from drivers.fingerprint.pty_device import PtyDevice

OFF_THE_GLASS = 0.25


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
        self._size = sensor.height, sensor.width
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
        self._cable, self._faults = cable or Cable(good_to=115_200), list(faults)
        self._replies = 0
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
    def ring_lit(self) -> bool:
        """Whether the light ring is on."""
        return self._firmware.ring_lit

    @property
    def baud(self) -> int:
        """Bits a second at which the module listens."""
        return self._firmware.baud

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images that its glass takes, in pixels."""
        return self._size

    @property
    def off_the_glass(self) -> float:
        """Seconds that a finger must be away for the driver to see it: two looks."""
        return OFF_THE_GLASS

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
        self._firmware.power_up()

    def power_down(self) -> None:
        """Forget, as memory without power does."""
        self._firmware.power_up()

    def hear(self, data: bytes, speed: int) -> None:
        """Do what the host asks; at another speed all that is heard is noise."""
        if speed != self._firmware.baud:
            self._decoder.reset()
            return
        for item in self._decoder.feed(self._cable.carry(data, speed)):
            if isinstance(item, Packet):
                # A new speed is answered at the old one, as the manual has it.
                baud = self._firmware.baud
                self._say(self._firmware.hear(item), baud)

    def wake(self) -> float | None:
        """Nothing happens by itself."""
        return None

    def _say(self, said: bytes, baud: int) -> None:
        if not said:
            return
        fault = next((fault for fault in self._faults if fault.after == self._replies), None)
        self._replies += 1
        if fault is not None and fault.kind == "late" and not self._device.pause(fault.seconds):
            return
        sent = self._device.send(self._cable.carry(spoiled(said, fault), baud), baud=baud)
        if sent and fault is not None and fault.kind == "unplugged":
            self._device.pull()
