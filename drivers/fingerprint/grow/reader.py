"""A reader of the GROW/ZFM family on a serial port: the production driver."""

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.errors import DeviceError, Malformed, Refused, Unresponsive
from drivers.fingerprint import Captured, Comparison, Model, NoFinger, Progress, Scan, Smudged, Template
from drivers.fingerprint.grow.codec import EVERYBODY, Answer, Instruction, unpack_image
from drivers.fingerprint.grow.session import SAFE, Session, must
from drivers.fingerprint.wire import SerialWire, Wire


@dataclass(frozen=True, slots=True)
class Sensor:
    """What a module's glass sees: image size in pixels, resolution in pixels an inch."""

    width: int
    height: int
    ppi: int


OPTICAL = Sensor(256, 288, 500)
"""R307 manual §1, AS608: the larger glass, and what is taken for true of a module that does not tell."""
ROUND = Sensor(192, 192, 508)
"""R503 manual §1: the capacitive sensor inside a ring of light."""

DEPTH = 4
"""Sixteen grey levels on the wire, whatever the sensor."""
FAMILY = "grow-zfm"
"""The templates of modules that do not tell their type; one that does has a family of its own, since templates of two
types cannot be compared."""
EXPOSURE, EXTRACTION = 1.5, 2.0
POLL = 0.1
"""Seconds between two looks for a finger."""
SUMMON = bytes((0x01, 0x50, 0x02, 0x00))
"""R503 manual, AuraLedConfig: breathing, speed, blue, without end."""
REST = bytes((0x04, 0x00, 0x02, 0x00))
_SMUDGED = frozenset({Answer.TOO_MESSY, Answer.TOO_FEW_FEATURES, Answer.NO_IMAGE})


class GrowReader:
    """One module. Opens the port, finds its speed, checks the password, raises speed and packet size.

    Args:
        port: device file, for example ``/dev/rekam-fingerprint``; or a wire that is open already.
        baud: the speed to try first; the others follow when nobody answers.
        address, password: as the module was set; both have the factory's values by default.
        sensor: what the glass sees, of a module that does not tell (ReadProdInfo).
        fastest, largest: speed in baud and bytes of data a packet to set the module to, which it remembers when it is
            switched off; one that was left at a higher speed stays there.

    Raises:
        Absent: no such port, or in use. Unresponsive: nobody answers at any speed. Refused: another password.
    """

    def __init__(
        self,
        port: str | Wire,
        *,
        baud: int = SAFE,
        address: int = EVERYBODY,
        password: int = 0,
        sensor: Sensor = OPTICAL,
        fastest: int = 115_200,
        largest: int = 256,
    ) -> None:
        self._wire = SerialWire(port, baud) if isinstance(port, str) else port
        self._has_ring: bool | None = None
        self._extracted = False
        try:
            self._session = Session(self._wire, address=address, password=password, fastest=fastest, largest=largest)
            self.model = self._model(sensor)
        except DeviceError:
            self._wire.close()
            raise

    @property
    def baud(self) -> int:
        """Bits a second that were agreed on."""
        return self._session.baud

    @property
    def packet_size(self) -> int:
        """Bytes of data in a packet that were agreed on."""
        return self._session.packet_size

    # One finger -------------------------------------------------------------------------------------------------------

    def scan(self, *, within: float, progress: Progress | None = None) -> Scan:
        """Wait up to ``within`` seconds for a finger; the transfer of its image takes up to twice what the line needs.

        ``progress`` hears the share of the image that has come; when it returns False the scan ends as NoFinger, once
        the rest of the image has gone by: no module can be told to stop. A damaged transfer is asked for again: the
        image is still in the module.
        """
        self._extracted = False
        if not self.touched(within=within):
            return NoFinger()
        raw = self._image(progress)
        if raw is None:
            return NoFinger()
        image = unpack_image(raw, width=self.model.width, height=self.model.height)
        code, _ = self._session.ask(Instruction.EXTRACT, b"\x01", within=EXTRACTION)
        if code in _SMUDGED:
            return Smudged(image)
        must(code, "extract the features")
        features = self._session.fetch(Instruction.UPLOAD_FEATURES, b"\x01", size=None)
        if not features:
            raise Malformed("The fingerprint reader sent no features: switch it off and on.")
        self._extracted = True
        return Captured(image, Template(self.model.template_family, features))

    def touched(self, *, within: float) -> bool:
        """Wait until a finger lies on the reader; False when none came in ``within`` seconds. No image is sent."""
        return self._wait(finger=True, within=within)

    def lifted(self, *, within: float) -> bool:
        """Wait until the reader is empty. No image is sent."""
        return self._wait(finger=False, within=within)

    # Comparing --------------------------------------------------------------------------------------------------------

    def match(self, template: Template, *, within: float) -> Comparison:
        """Compare the finger captured last with ``template``, on the module."""
        if template.family != self.model.template_family or not template.data:
            raise Refused("This template was made by another kind of reader; ask an officer instead.")
        if not self._extracted:
            raise Refused("There is no finger to compare with; scan one first.")
        code, rest = self._session.compare(template.data, within=within)
        return Comparison(code == Answer.OK, int.from_bytes(rest[:2], "big"))

    def search(self, templates: Sequence[Template], *, within: float) -> tuple[int, Comparison] | None:
        """Find the finger captured last among ``templates``: the place of the first that is the same, or None.

        The module's own Search looks only through its flash memory. There each template of a visit would have to be
        stored first, worn into a part that bears some 100,000 writes, and a power cut would leave a resident's
        features in a device that can be unscrewed. So each is sent for a Match instead, and nothing stays: for ten of
        768 bytes about two seconds at 115,200 baud when none is the same, where Search takes less than one.

        Raises:
            Unresponsive: also when ``within``, shared evenly among those left, was too little for one.
        """
        until = self._wire.now() + within
        for index, template in enumerate(templates):
            share = (until - self._wire.now()) / (len(templates) - index)
            found = self.match(template, within=share)
            if found.same:
                return index, found
        return None

    # The module itself ------------------------------------------------------------------------------------------------

    def light(self, on: bool, *, within: float) -> None:
        """Let the ring breathe, or rest. A module without a ring says so once, or nothing; it is not asked again."""
        light = SUMMON if on else REST
        if self._has_ring:
            code, _ = self._session.ask(Instruction.LIGHT, light, within=within)
            must(code, "set its light")
            return
        # Some modules say nothing to what they do not know. Whether it is there at all, and the line good, is asked
        # before and after: a ring that was merely not heard must not be dark for ever.
        self._session.ask(Instruction.READ_PARAMETERS, within=within / 4)
        if self._has_ring is None:
            try:
                code, _ = self._session.ask(Instruction.LIGHT, light, within=within / 2)
            except Unresponsive:
                self._session.ask(Instruction.READ_PARAMETERS, within=within / 4)
                code = Answer.UNKNOWN_INSTRUCTION
            self._has_ring = code == Answer.OK

    def stored(self, *, within: float) -> int:
        """How many templates are in the module's flash memory: none from here, but it may have served elsewhere."""
        code, rest = self._session.ask(Instruction.COUNT, within=within)
        must(code, "count its templates")
        return int.from_bytes(rest, "big")

    def erase(self, *, within: float) -> None:
        """Empty the module's flash memory of all templates, for good."""
        code, _ = self._session.ask(Instruction.EMPTY, within=within)
        must(code, "erase its templates")

    def restart(self, *, within: float) -> None:
        """Start the module anew, which empties its working memory; it gets ``within`` seconds for it.

        To find it again takes up to 3.2 more. Raises Refused when the module does not know how.
        """
        self._extracted = False
        self._session.restart(within=within)

    def close(self) -> None:
        """Give the port back; may be called twice."""
        self._wire.close()

    def _model(self, sensor: Sensor) -> Model:
        product = self._session.product()
        if product is None:
            return Model("GROW/ZFM module", sensor.width, sensor.height, sensor.ppi, DEPTH, FAMILY)
        name = product.module or "module of no name"
        ppi = next((known.ppi for known in (OPTICAL, ROUND) if known.width == product.width), sensor.ppi)
        return Model(f"GROW {name}", product.width, product.height, ppi, DEPTH, _family(product.module))

    def _wait(self, *, finger: bool, within: float) -> bool:
        until = self._wire.now() + within
        while self._look() is not finger:
            if self._wire.now() + POLL > until:
                return False
            self._wire.sleep(POLL)
        return True

    def _look(self) -> bool:
        """Take an image, if a finger is there."""
        code, _ = self._session.ask(Instruction.GET_IMAGE, within=EXPOSURE)
        if code in (Answer.NO_FINGER, Answer.IMAGE_FAILED):
            return False
        must(code, "take an image")
        return True

    def _image(self, progress: Progress | None) -> bytes | None:
        size = self.model.width * self.model.height // 2

        def share(got: int) -> bool:
            return progress is None or progress(got / size)

        try:
            return self._session.fetch(Instruction.UPLOAD_IMAGE, b"", size=size, progress=share)
        except (Malformed, Unresponsive):
            # Two transfers spoiled: this line does not carry this speed.
            if not self._session.ease():
                raise
            return self._session.fetch(Instruction.UPLOAD_IMAGE, b"", size=size, progress=share)


def _family(module: str) -> str:
    """The name of a type's templates: short, and the same however it is spelled."""
    word = "".join(char for char in module.lower() if char.isalnum())
    return f"grow-{word}" if word else FAMILY
