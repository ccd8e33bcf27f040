"""A reader with one of Suprema's SFM modules on a serial port: the production driver.

How it keeps the seam's promises with what the protocol has: a scan is SCAN_TEMPLATE, then READ_IMAGE of that very scan,
so that image and template are of one impression. VERIFY HOST TEMPLATE (VH) compares with a new scan only; the finger
captured last is compared by teaching the module its template, in memory that forgets, and showing it the other one.
"""

from dataclasses import dataclass, replace

from drivers.errors import DeviceError, Malformed, Refused, Unresponsive
from drivers.fingerprint import Captured, Comparison, Model, NoFinger, Progress, Scan, Smudged, Template
from drivers.fingerprint.sfm.codec import Flag, Parameter
from drivers.fingerprint.sfm.session import Session, must
from drivers.fingerprint.wire import SerialWire, Wire


@dataclass(frozen=True, slots=True)
class Sensor:
    """What a module's glass sees: its letters in the module's name, image size in pixels, pixels an inch."""

    name: str
    width: int
    height: int
    ppi: int


OP = Sensor("OP", 272, 320, 500)
OC = Sensor("OC", 288, 288, 500)
TC1 = Sensor("TC", 256, 360, 508)
TC2 = Sensor("TC", 208, 288, 508)
SLIM = Sensor("SLIM", 300, 400, 500)
"""The sensors of SFM modules: sizes from SFM_Module.h of Suprema's SDK sources; OP, OC and SLIM are optical, TC are
UPEK's TouchChips, whose pixels are 50 µm apart."""
_BY_TYPE = {0x33: OP, 0x34: TC1, 0x38: OC}
"""Values of SENSOR_TYPE, "System Parameter Summary". One may stand for several sensors: each image tells its size."""

DEPTH = 8
"""256 grey levels: bits a pixel of IMAGE_FORMAT GREY."""
_FAMILIES = {0x30: "suprema-sfm", 0x31: "sfm-iso19794-2", 0x32: "sfm-ansi378"}
"""Template families by TEMPLATE_TYPE; a module that does not have the parameter makes Suprema's own."""
LOOK = 0.6
"""Seconds for a look at whether a finger lies there: a module says so when it has scanned it, and else nothing."""
POLL = 0.1
"""Seconds between two looks for a finger."""
_EMPTY = frozenset({Flag.TIME_OUT, Flag.CANCELED})
_SMUDGED = frozenset({Flag.TRY_AGAIN, Flag.SCAN_FAIL})


class SfmReader:
    """One module. Opens the port, finds its speed, sets it to 8-bit images.

    Args:
        port: device file, for example ``/dev/rekam-fingerprint``, or an open wire.
        baud: the speed to try first; the others follow when nobody answers.
        sensor: what the glass sees, where it is not what the module's sensor type says.
        fastest: the speed to raise the module to, until it is switched off. An image of 272 × 320 pixels takes 7.6 s
            at 115,200 baud, 1.0 s at 921,600, which not every cable carries.

    Raises:
        Absent: no such port, or in use. Unresponsive: nobody answers at any speed. Refused: a module that is set to
        encrypt its templates, or locked.
    """

    def __init__(
        self, port: str | Wire, *, baud: int = 115_200, sensor: Sensor | None = None, fastest: int = 115_200
    ) -> None:
        self._wire = SerialWire(port, baud) if isinstance(port, str) else port
        self._captured: bytes | None = None
        try:
            self._session = Session(self._wire, fastest=fastest)
            self.model = self._model(sensor)
        except DeviceError:
            self._wire.close()
            raise

    @property
    def baud(self) -> int:
        """Bits a second that were agreed on."""
        return self._session.baud

    # One finger -------------------------------------------------------------------------------------------------------

    def scan(self, *, within: float, progress: Progress | None = None) -> Scan:
        """Wait up to ``within`` seconds for a finger, at least for LOOK; its image may take twice what the line needs.

        ``progress`` hears the share of the image that has come; when it returns False the scan ends as NoFinger.
        Of a finger without usable features a second image is taken, since the first may not have been kept.
        """
        self._captured = None
        flag, template = self._print(until=self._wire.now() + max(within, LOOK))
        if flag in _EMPTY:
            return NoFinger()
        if flag not in _SMUDGED:
            must(flag, "scan the finger")
        image = self._session.image(progress or (lambda _: True), look=LOOK if flag in _SMUDGED else None)
        if image is None:
            return NoFinger()
        # Its own size is the true one.
        self.model = replace(self.model, width=image.shape[1], height=image.shape[0])
        if not template:
            return Smudged(image)
        self._captured = template
        return Captured(image, Template(self.model.template_family, template))

    def lifted(self, *, within: float) -> bool:
        """Wait until the reader is empty. Each look takes LOOK seconds when it is."""
        until = self._wire.now() + within
        while self._covered():
            if self._wire.now() + POLL > until:
                return False
            self._wire.sleep(POLL)
        return True

    def match(self, template: Template, *, within: float) -> Comparison:
        """Compare the finger captured last with ``template``, on the module.

        A module says yes or no: the score is 1 or 0. What it compares with is kept in memory that forgets without power
        (SDK §3.8.17), and deleted at once; a module that would keep it for good is not asked.
        """
        if template.family != self.model.template_family or not template.data:
            raise Refused("This template was made by another kind of reader; ask an officer instead.")
        if self._captured is None:
            raise Refused("There is no finger to compare with; scan one first.")
        if not self._session.forgets:
            raise Refused("This fingerprint reader would keep the finger for good; ask an officer instead.")
        same = self._session.alike(self._captured, template.data, within=within)
        return Comparison(same, int(same))

    def light(self, on: bool, *, within: float) -> None:
        """Ask only whether the module is still there: it has no ring, and lights its glass by itself."""
        self._session.here(within=within)

    def close(self) -> None:
        """Give the port back; may be called twice."""
        self._wire.close()

    def _print(self, *, until: float) -> tuple[int, bytes]:
        """The flag and template of a finger that comes before then; a damaged template is asked for once more."""
        damaged = False
        while True:
            try:
                scanned = self._session.scan_template(until=until)
            except (Malformed, Unresponsive):
                if damaged:
                    raise
                # The finger may still lie there.
                damaged, until = True, max(until, self._wire.now() + LOOK)
                continue
            if scanned is None:
                return Flag.TIME_OUT, b""
            # A module stops waiting by itself after ten seconds, unless it is set otherwise.
            if scanned[0] not in (*_EMPTY, Flag.BUSY) or self._wire.now() + POLL > until:
                return scanned
            self._wire.sleep(POLL)

    def _covered(self) -> bool:
        flag, _ = self._print(until=self._wire.now() + LOOK)
        if flag in _EMPTY:
            return False
        if flag not in _SMUDGED:
            must(flag, "look for a finger")
        return True

    # What kind of module ----------------------------------------------------------------------------------------------

    def _model(self, sensor: Sensor | None) -> Model:
        if sensor is None:
            sensor = _BY_TYPE.get(self._session.read(Parameter.SENSOR_TYPE) or 0, OP)
        firmware = _text(self._session.read(Parameter.FIRMWARE) or 0)
        kind = self._session.read(Parameter.TEMPLATE_TYPE)
        family = "suprema-sfm" if kind is None else _FAMILIES.get(kind, f"sfm-type-{kind:02x}")
        name = f"SFM {sensor.name}" + (f", firmware {firmware}" if firmware else "")
        return Model(name, sensor.width, sensor.height, sensor.ppi, DEPTH, family)


def _text(word: int) -> str:
    """What is readable of four characters in a word, the first in its upper byte (SDK sources, UF_ScanTemplate)."""
    return "".join(chr(byte) for byte in (word & 0xFFFFFFFF).to_bytes(4, "big") if 0x20 <= byte < 0x7F).strip()
