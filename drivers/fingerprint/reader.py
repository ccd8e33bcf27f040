"""A reader of the GROW/ZFM family on a serial port: the production driver."""

import time

from drivers.errors import DeviceError, Malformed, Refused, Unresponsive
from drivers.fingerprint import Captured, Comparison, Model, NoFinger, Progress, Scan, Smudged, Template
from drivers.fingerprint.codec import EVERYBODY, Answer, Instruction, Parameter, Parameters, unpack_image
from drivers.fingerprint.port import Line

WIDTH, HEIGHT, PPI, DEPTH = 256, 288, 500, 4
"""The R307 and AS608 image, R307 manual §1: 256 × 288 pixels at 500 ppi, sixteen grey levels on the wire."""
FAMILY = "grow-zfm"
BAUDS = (57_600, 115_200, 9_600, 38_400, 19_200, 28_800, 76_800, 96_000)
"""Speeds a module may have been left at, the likely ones first."""
ANSWER = 0.6
"""Seconds for an answer that needs no exposure and no extraction."""
EXPOSURE, EXTRACTION = 1.5, 2.0
POLL = 0.1
"""Seconds between two looks for a finger."""
ONE_TO_ONE = 0x01
SUMMON = bytes((0x01, 0x50, 0x02, 0x00))
"""R503 manual, AuraLedConfig: breathing, speed, blue, without end."""
REST = bytes((0x04, 0x00, 0x02, 0x00))
_SMUDGED = frozenset({Answer.TOO_MESSY, Answer.TOO_FEW_FEATURES, Answer.NO_IMAGE})


class GrowReader:
    """One module. Opens the port, finds its speed, checks the password; every call has one total deadline.

    Args:
        port: device file, for example ``/dev/rekam-fingerprint``.
        baud: the speed to try first; the others follow when nobody answers.
        address, password: as the module was set; both have the factory's values by default.

    Raises:
        Absent: no such port, or in use. Unresponsive: nobody answers at any speed. Refused: another password.
    """

    def __init__(self, port: str, *, baud: int = 57_600, address: int = EVERYBODY, password: int = 0) -> None:
        self.model = Model("GROW/ZFM optical module", WIDTH, HEIGHT, PPI, DEPTH, FAMILY)
        self._line = Line(port, baud, address=address)
        self._has_ring = True
        self._extracted = False
        try:
            self._enter(password, first=baud)
            self._packet_size = self._parameters().packet_size
        except DeviceError:
            self._line.close()
            raise

    def scan(self, *, within: float, progress: Progress | None = None) -> Scan:
        """Wait up to ``within`` seconds for a finger; the transfer of its image takes up to twice what the line needs.

        ``progress`` hears the share of the image that has come; when it returns False the scan ends as NoFinger.
        """
        self._extracted = False
        if not self._finger(until=time.monotonic() + within):
            return NoFinger()
        try:
            raw = self._image(progress)
        except Malformed:
            # One damaged byte is no illness: the image is still in the module, and is sent again.
            raw = self._image(progress)
        if raw is None:
            return NoFinger()
        image = unpack_image(raw, width=WIDTH, height=HEIGHT)
        code, _ = self._ask(Instruction.EXTRACT, b"\x01", within=EXTRACTION)
        if code in _SMUDGED:
            return Smudged(image)
        self._must(code, "extract the features")
        self._extracted = True
        return Captured(image, Template(FAMILY, self._features()))

    def lifted(self, *, within: float) -> bool:
        """Wait until the reader is empty."""
        until = time.monotonic() + within
        while True:
            if not self._look():
                return True
            if time.monotonic() + POLL > until:
                return False
            time.sleep(POLL)

    def match(self, template: Template, *, within: float) -> Comparison:
        """Compare the finger captured last with ``template``, on the module."""
        if template.family != FAMILY:
            raise Refused("This template was made by another kind of reader; ask an officer instead.")
        if not self._extracted:
            raise Refused("There is no finger to compare with; scan one first.")
        by = time.monotonic() + within
        code, _ = self._line.ask(Instruction.DOWNLOAD_FEATURES, b"\x02", by=by)
        self._must(code, "take a template")
        self._line.send_data(template.data, size=self._packet_size)
        code, rest = self._line.ask(Instruction.MATCH, by=by)
        if code == Answer.NO_MATCH:
            return Comparison(False, _score(rest))
        self._must(code, "compare")
        return Comparison(True, _score(rest))

    def light(self, on: bool, *, within: float) -> None:
        """Let the ring breathe, or rest. A module without a ring says so once, and is not asked again."""
        if not self._has_ring:
            self._ask(Instruction.READ_PARAMETERS, within=within)
            return
        code, _ = self._ask(Instruction.LIGHT, SUMMON if on else REST, within=within)
        self._has_ring = code == Answer.OK

    def close(self) -> None:
        """Give the port back; may be called twice."""
        self._line.close()

    # Getting in touch -------------------------------------------------------------------------------------------------

    def _enter(self, password: int, *, first: int) -> None:
        """Find the speed at which the module answers, and show it the password."""
        for baud in (first, *(other for other in BAUDS if other != first)):
            if baud != self._line.baud:
                self._line.set_baud(baud)
            try:
                code, _ = self._ask(Instruction.VERIFY_PASSWORD, password.to_bytes(4, "big"), within=ANSWER / 2)
            except Unresponsive:
                continue
            if code == Answer.WRONG_PASSWORD:
                raise Refused("The fingerprint reader has another password; set it in the settings.")
            self._must(code, "take the password")
            return
        raise Unresponsive("The fingerprint reader answers at no speed: switch it off and on, and check its cable.")

    def _parameters(self) -> Parameters:
        code, rest = self._ask(Instruction.READ_PARAMETERS, within=ANSWER)
        self._must(code, "tell its parameters")
        try:
            parameters = Parameters.read(rest)
        except ValueError as error:
            raise Malformed("The fingerprint reader's parameters make no sense: check its cable.") from error
        if parameters.packet_size == 256:
            return parameters
        # Larger packets carry the same image with fewer headers: 7 % less time than with 64 bytes.
        code, _ = self._ask(Instruction.SET_PARAMETER, bytes((Parameter.PACKET_SIZE, 3)), within=ANSWER)
        if code == Answer.OK:
            code, rest = self._ask(Instruction.READ_PARAMETERS, within=ANSWER)
        return Parameters.read(rest) if code == Answer.OK and len(rest) == 16 else parameters

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
        self._must(code, "take an image")
        return True

    def _image(self, progress: Progress | None) -> bytes | None:
        size = WIDTH * HEIGHT // 2
        by = time.monotonic() + ANSWER + 2 * self._seconds(size)
        code, _ = self._line.ask(Instruction.UPLOAD_IMAGE, by=time.monotonic() + ANSWER)
        self._must(code, "send the image")
        return self._line.data(size, by=by, progress=lambda got: progress is None or progress(got / size))

    def _features(self) -> bytes:
        by = time.monotonic() + ANSWER + 2 * self._seconds(4096)
        code, _ = self._line.ask(Instruction.UPLOAD_FEATURES, b"\x01", by=time.monotonic() + ANSWER)
        self._must(code, "send the features")
        features = self._line.data(None, by=by, progress=lambda _: True)
        if not features:
            raise Malformed("The fingerprint reader sent no features: switch it off and on.")
        return features

    def _seconds(self, size: int) -> float:
        """How long ``size`` bytes take on this line: ten bits a byte, eleven bytes of frame a packet."""
        return size * (1 + 11 / self._packet_size) * 10 / self._line.baud

    def _ask(self, instruction: Instruction, parameters: bytes = b"", *, within: float) -> tuple[int, bytes]:
        """Ask, and once more when the first answer did not come whole: commands here may be repeated harmlessly."""
        by = time.monotonic() + within
        try:
            code, rest = self._line.ask(instruction, parameters, by=time.monotonic() + within / 2)
            if code != Answer.BAD_PACKET:
                return code, rest
        except Unresponsive:
            pass
        return self._line.ask(instruction, parameters, by=by)

    def _must(self, code: int, what: str) -> None:
        if code != Answer.OK:
            raise Refused(f"The fingerprint reader would not {what} (code {code:#04x}): switch it off and on.")


def _score(rest: bytes) -> int:
    return int.from_bytes(rest[:2], "big")
