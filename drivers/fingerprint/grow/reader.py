"""A reader of the GROW/ZFM family on a serial port: the production driver."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from drivers.errors import DeviceError, Malformed, Refused, Unresponsive
from drivers.fingerprint import Captured, Comparison, Model, NoFinger, Progress, Scan, Smudged, Template
from drivers.fingerprint.grow.codec import EVERYBODY, Answer, Instruction, Parameter, Parameters, Product, unpack_image
from drivers.fingerprint.grow.line import Line


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
BAUDS = (57_600, 115_200, 9_600, 38_400, 19_200, 28_800, 76_800, 96_000)
"""Speeds a module may have been left at, the likely ones first."""
SAFE = 57_600
"""The factory's speed, at which a line that spoils bytes at a higher one is tried once more."""
ANSWER = 0.6
"""Seconds for an answer that needs no exposure and no extraction."""
EXPOSURE, EXTRACTION = 1.5, 2.0
HUSH = 8.0
"""Seconds to let somebody else's transfer end: an image takes seven at 57,600 baud."""
POLL = 0.1
"""Seconds between two looks for a finger."""
SUMMON = bytes((0x01, 0x50, 0x02, 0x00))
"""R503 manual, AuraLedConfig: breathing, speed, blue, without end."""
REST = bytes((0x04, 0x00, 0x02, 0x00))
_SMUDGED = frozenset({Answer.TOO_MESSY, Answer.TOO_FEW_FEATURES, Answer.NO_IMAGE})

T = TypeVar("T")


class GrowReader:
    """One module. Opens the port, finds its speed, checks the password, raises speed and packet size.

    Args:
        port: device file, for example ``/dev/rekam-fingerprint``.
        baud: the speed to try first; the others follow when nobody answers.
        address, password: as the module was set; both have the factory's values by default.
        sensor: what the glass sees, of a module that does not tell (ReadProdInfo).
        fastest: the speed to raise the module to, which it remembers when it is switched off.

    Raises:
        Absent: no such port, or in use. Unresponsive: nobody answers at any speed. Refused: another password.
    """

    def __init__(
        self,
        port: str,
        *,
        baud: int = SAFE,
        address: int = EVERYBODY,
        password: int = 0,
        sensor: Sensor = OPTICAL,
        fastest: int = 115_200,
    ) -> None:
        self._line = Line(port, baud, address=address)
        self._has_ring: bool | None = None
        self._extracted = False
        try:
            self._line.hush(by=time.monotonic() + HUSH)
            self._enter(password, first=baud)
            parameters = self._parameters()
            self._packet_size = self._enlarged(parameters)
            if parameters.baud == self._line.baud < fastest:
                self._change_speed(fastest)
            self.model = self._model(sensor)
        except DeviceError:
            self._line.close()
            raise

    @property
    def baud(self) -> int:
        """Bits a second that were agreed on."""
        return self._line.baud

    @property
    def packet_size(self) -> int:
        """Bytes of data in a packet that were agreed on."""
        return self._packet_size

    def scan(self, *, within: float, progress: Progress | None = None) -> Scan:
        """Wait up to ``within`` seconds for a finger; the transfer of its image takes up to twice what the line needs.

        ``progress`` hears the share of the image that has come; when it returns False the scan ends as NoFinger. A
        damaged transfer is asked for again: the image is still in the module.
        """
        self._extracted = False
        if not self._finger(until=time.monotonic() + within):
            return NoFinger()
        raw = self._image(progress)
        if raw is None:
            return NoFinger()
        image = unpack_image(raw, width=self.model.width, height=self.model.height)
        code, _ = self._ask(Instruction.EXTRACT, b"\x01", within=EXTRACTION)
        if code in _SMUDGED:
            return Smudged(image)
        _must(code, "extract the features")
        template = Template(self.model.template_family, self._features())
        self._extracted = True
        return Captured(image, template)

    def lifted(self, *, within: float) -> bool:
        """Wait until the reader is empty."""
        until = time.monotonic() + within
        while self._look():
            if time.monotonic() + POLL > until:
                return False
            time.sleep(POLL)
        return True

    def match(self, template: Template, *, within: float) -> Comparison:
        """Compare the finger captured last with ``template``, on the module."""
        if template.family != self.model.template_family or not template.data:
            raise Refused("This template was made by another kind of reader; ask an officer instead.")
        if not self._extracted:
            raise Refused("There is no finger to compare with; scan one first.")

        def compare(by: float) -> Comparison:
            code, _ = self._line.ask(Instruction.DOWNLOAD_FEATURES, b"\x02", by=by)
            _must(code, "take a template")
            self._line.send_data(template.data, size=self._packet_size, by=by)
            code, rest = self._line.ask(Instruction.MATCH, by=by)
            if code != Answer.NO_MATCH:
                _must(code, "compare")
            return Comparison(code == Answer.OK, int.from_bytes(rest[:2], "big"))

        return _twice(compare, within=within)

    def light(self, on: bool, *, within: float) -> None:
        """Let the ring breathe, or rest. A module without a ring says so once, or nothing; it is not asked again."""
        if self._has_ring is False:
            self._ask(Instruction.READ_PARAMETERS, within=within)
            return
        try:
            code, _ = self._ask(Instruction.LIGHT, SUMMON if on else REST, within=within / 2)
        except Unresponsive:
            if self._has_ring:
                raise
            # Some modules say nothing to what they do not know. Whether this one is there at all, the other tells.
            code, _ = Answer.UNKNOWN_INSTRUCTION, self._ask(Instruction.READ_PARAMETERS, within=within / 2)
        self._has_ring = code == Answer.OK

    def close(self) -> None:
        """Give the port back; may be called twice."""
        self._line.close()

    # Getting in touch -------------------------------------------------------------------------------------------------

    def _enter(self, password: int, *, first: int) -> None:
        """Find the speed at which the module answers, and show it the password."""
        for baud in (first, *(other for other in BAUDS if other != first)):
            if baud != self._line.baud and not self._line.set_baud(baud):
                continue
            try:
                code, _ = self._ask(Instruction.VERIFY_PASSWORD, password.to_bytes(4, "big"), within=ANSWER * 2 / 3)
            except Unresponsive:
                continue
            if code == Answer.WRONG_PASSWORD:
                raise Refused("The fingerprint reader has another password; set it in the settings.")
            _must(code, "take the password")
            return
        raise Unresponsive("The fingerprint reader answers at no speed: switch it off and on, and check its cable.")

    def _parameters(self) -> Parameters:
        code, rest = self._ask(Instruction.READ_PARAMETERS, within=ANSWER)
        _must(code, "tell its parameters")
        try:
            return Parameters.read(rest)
        except ValueError as error:
            raise Malformed("The fingerprint reader's parameters make no sense: check its cable.") from error

    def _enlarged(self, parameters: Parameters) -> int:
        """Bytes a packet, after the module was asked for the largest: 7 % less time than with 64 bytes."""
        if parameters.packet_size == 256:
            return parameters.packet_size
        self._ask(Instruction.SET_PARAMETER, bytes((Parameter.PACKET_SIZE, 3)), within=ANSWER)
        return self._parameters().packet_size

    def _change_speed(self, baud: int) -> None:
        """Go on at ``baud``, or at the speed of before when the module or the line does not come along.

        Raises:
            Unresponsive: the module is heard at neither speed any more.
        """
        before = self._line.baud
        code, _ = self._ask(Instruction.SET_PARAMETER, bytes((Parameter.BAUD, baud // 9600)), within=ANSWER)
        if code != Answer.OK:
            return
        # Most modules change at once, some only when they are switched off and on; a few need a moment.
        for speed in (baud, before, baud, before):
            if not self._line.set_baud(speed):
                continue
            try:
                self._parameters()
            except (Unresponsive, Malformed):
                if speed == baud:
                    # It may hear us where we do not hear it: let it come back.
                    back = bytes((Parameter.BAUD, before // 9600))
                    self._line.tell(Instruction.SET_PARAMETER, back, by=time.monotonic() + ANSWER)
                    time.sleep(POLL)
                continue
            return
        raise Unresponsive("The fingerprint reader was lost while its speed was set: switch it off and on.")

    def _model(self, sensor: Sensor) -> Model:
        """What the module says it is; some do not know the question, and a few answer it with zeros."""
        try:
            code, rest = self._ask(Instruction.READ_PRODUCT, within=ANSWER)
            product = Product.read(rest) if code == Answer.OK else None
        except (Unresponsive, ValueError):
            product = None
        if product is None:
            # Whether it is still there: it may have been silent because it has gone.
            self._parameters()
            return Model("GROW/ZFM module", sensor.width, sensor.height, sensor.ppi, DEPTH, FAMILY)
        name = product.module or "module of no name"
        ppi = next((known.ppi for known in (OPTICAL, ROUND) if known.width == product.width), sensor.ppi)
        return Model(f"GROW {name}", product.width, product.height, ppi, DEPTH, _family(product.module))

    # One finger -------------------------------------------------------------------------------------------------------

    def _finger(self, *, until: float) -> bool:
        while not self._look():
            if time.monotonic() + POLL > until:
                return False
            time.sleep(POLL)
        return True

    def _look(self) -> bool:
        """Take an image, if a finger is there."""
        code, _ = self._ask(Instruction.GET_IMAGE, within=EXPOSURE)
        if code in (Answer.NO_FINGER, Answer.IMAGE_FAILED):
            return False
        _must(code, "take an image")
        return True

    def _image(self, progress: Progress | None) -> bytes | None:
        size = self.model.width * self.model.height // 2

        def share(got: int) -> bool:
            return progress is None or progress(got / size)

        try:
            return self._fetch(Instruction.UPLOAD_IMAGE, b"", size, share)
        except (Malformed, Unresponsive):
            if self._line.baud <= SAFE:
                raise
            # Two transfers spoiled: this line does not carry this speed.
            self._change_speed(SAFE)
            return self._fetch(Instruction.UPLOAD_IMAGE, b"", size, share)

    def _features(self) -> bytes:
        features = self._fetch(Instruction.UPLOAD_FEATURES, b"\x01", None, lambda _: True)
        if not features:
            raise Malformed("The fingerprint reader sent no features: switch it off and on.")
        return features

    def _fetch(
        self, instruction: Instruction, parameters: bytes, size: int | None, progress: Callable[[int], bool]
    ) -> bytes | None:
        """Bring what the module sends of itself, and once more when it came damaged."""

        def fetch() -> tuple[int, bytes | None]:
            by = time.monotonic() + ANSWER + 2 * self._seconds(size or 4096)
            return self._line.fetch(instruction, parameters, expected=size, by=by, progress=progress)

        try:
            code, data = fetch()
        except (Malformed, Unresponsive):
            code, data = fetch()
        _must(code, "send what it took")
        return data

    def _seconds(self, size: int) -> float:
        """How long ``size`` bytes take on this line: ten bits a byte, eleven bytes of frame a packet."""
        return size * (1 + 11 / self._packet_size) * 10 / self._line.baud

    def _ask(self, instruction: Instruction, parameters: bytes = b"", *, within: float) -> tuple[int, bytes]:
        """Ask, and once more when the answer did not come or the question did not arrive whole."""

        def ask(by: float) -> tuple[int, bytes]:
            return self._line.ask(instruction, parameters, by=by)

        return _twice(ask, within=within, again=lambda answer: answer[0] == Answer.BAD_PACKET)


def _twice(work: Callable[[float], T], *, within: float, again: Callable[[T], bool] = lambda _: False) -> T:
    """Do ``work`` in half the time, and once more in the rest when no answer came: all that is asked here bears it."""
    start = time.monotonic()
    try:
        done = work(start + within / 2)
    except Unresponsive:
        return work(start + within)
    return work(start + within) if again(done) else done


def _must(code: int, what: str) -> None:
    if code != Answer.OK:
        raise Refused(f"The fingerprint reader would not {what} (code {code:#04x}): switch it off and on.")


def _family(module: str) -> str:
    """The name of a type's templates: short, and the same however it is spelled."""
    word = "".join(char for char in module.lower() if char.isalnum())
    return f"grow-{word}" if word else FAMILY
