"""Being in touch with one module: its speed found and raised, its parameters set, its images and templates moved."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from drivers.errors import Malformed, Refused, Unresponsive
from drivers.fingerprint.sfm.codec import (
    ADD_CHECKSUM,
    AUTO_ID,
    GREY,
    LONGEST_IMAGE,
    OFF,
    ON,
    SPEEDS,
    Command,
    Flag,
    Packet,
    Parameter,
    meaning,
    read_image,
    total,
)
from drivers.fingerprint.sfm.line import BLOCK, Line
from drivers.fingerprint.wire import Wire

BAUDS = (115_200, 57_600, 9_600, 38_400, 19_200, 230_400, 460_800, 921_600)
"""Speeds a module may have been left at; the first is the factory's."""
GREETING = 0.4
"""Seconds for a module to answer at one speed."""
ANSWER = 1.0
"""Seconds for an answer that needs no scan: half for the first question, half to settle and ask once more."""
TROUBLE = 5.0
"""Seconds for the answers, silences and settlements of an image that has to be asked for twice."""
HUSH = 16.0
"""Seconds to let somebody else's transfer end: a raw image takes fifteen at 57,600 baud."""
MOMENT = 0.1
"""Seconds that a module may need to change its speed."""
LONGEST_TEMPLATE = 4_096
"""Bytes that no module's template exceeds; Suprema's have 256 to 384, ISO ones grow with their minutiae."""

Image = npt.NDArray[np.uint8]


class Session:
    """One module at the end of ``wire``, set to 8-bit images, to announce each scan, and to forget what it is taught.

    Settings are written to the module's volatile memory alone; ``fastest`` is the speed it is raised to.

    Raises:
        Absent: the port went away. Unresponsive: nobody answers at any speed. Refused: the module will not do so.
    """

    def __init__(self, wire: Wire, *, fastest: int) -> None:
        self._wire, self._line = wire, Line(wire)
        self._in_blocks = True
        self._line.hush(by=wire.now() + HUSH)
        self._enter()
        self._raise_speed(fastest)
        for parameter, value in (
            (Parameter.FREE_SCAN, OFF),
            (Parameter.IMAGE_FORMAT, GREY),
            (Parameter.SEND_SCAN_SUCCESS, ON),
        ):
            must(self._write(parameter, value), f"set its parameter {parameter:#04x}")
        if self.read(Parameter.ENCRYPTION) == ON:
            raise Refused(
                "The fingerprint reader encrypts its templates, so that no other can read them: switch it off."
            )
        self.forgets = self._write(Parameter.PROVISIONAL_ENROLL, ON) == Flag.SUCCESS
        """Whether what is enrolled stays out of the module's flash memory."""
        self._is_taught = False
        if self.forgets:
            # A program before us may have been stopped while it compared.
            self._forget(within=ANSWER)

    @property
    def baud(self) -> int:
        """Bits a second."""
        return self._wire.baud

    def read(self, parameter: Parameter) -> int | None:
        """The value of a system parameter; None when the module does not have it."""
        answer = self.ask(Packet(Command.READ_PARAMETER, flag=parameter))
        return answer.size if answer.flag == Flag.SUCCESS else None

    def ask(self, asked: Packet, *, data: bytes = b"", within: float = ANSWER) -> Packet:
        """Ask, and once more when no answer came, or the data arrived damaged: all that is asked here bears it."""

        def ask(by: float) -> Packet:
            return self._line.ask(asked, data=data, by=by)

        start = self._wire.now()
        try:
            answer = ask(start + within / 2)
        except Unresponsive:
            return ask(start + within)
        return ask(start + within) if answer.flag == Flag.DATA_ERROR else answer

    # Scans ------------------------------------------------------------------------------------------------------------

    def scan_template(self, *, until: float) -> tuple[int, bytes] | None:
        """Wait until then for a finger: the flag of the answer, and the template if that is SUCCESS; None: no finger.

        Raises:
            Malformed: the template came damaged.
        """
        if self._is_taught:
            # It could not be made to forget when that was due.
            self._forget(within=ANSWER)
        answer = self._line.scan(Packet(Command.SCAN_TEMPLATE, flag=ADD_CHECKSUM), until=until)
        if answer is None or answer.flag != Flag.SUCCESS:
            return None if answer is None else (answer.flag, b"")
        if not 0 < answer.size <= LONGEST_TEMPLATE:
            raise Malformed("The fingerprint reader sent a template of impossible size: switch it off and on.")
        data = self._line.take(answer.size + 4, by=self._wire.now() + ANSWER + 2 * self._seconds(answer.size))
        if data is None or total(data[:-4]) != data[-4:]:
            raise Malformed("The fingerprint reader's template came damaged: check its cable.")
        return answer.flag, data[:-4]

    def image(self, progress: Callable[[float], bool], *, look: float | None = None) -> Image | None:
        """The image that was scanned last, or with ``look`` a new one of the finger that lies there within so long.

        It is asked for again when it comes damaged, in all within twice the time that the line needs, and TROUBLE.
        ``progress`` hears the share that has come. None: it wanted to stop, or no finger lies there.

        Raises:
            Malformed, Unresponsive: it came damaged again, or not at all.
        """
        start = self._wire.now()
        try:
            return self._image(progress, look, start)
        except (Malformed, Unresponsive):
            return self._image(progress, look, start)

    def _image(self, progress: Callable[[float], bool], look: float | None, start: float) -> Image | None:
        raw = self._sent_image(progress, look, start)
        try:
            return None if raw is None else read_image(raw)
        except ValueError as error:
            raise Malformed(f"The fingerprint reader's image cannot be read, {error}: switch it off and on.") from error

    def _sent_image(self, progress: Callable[[float], bool], look: float | None, start: float) -> bytes | None:
        if not self._in_blocks:
            return self._raw_image(progress, look, start)
        answer = self._announced(Command.READ_IMAGE_IN_BLOCKS, Command.SCAN_IMAGE_IN_BLOCKS, look)
        if answer is None:
            return None
        if answer.flag == Flag.UNSUPPORTED:
            self._in_blocks = False
            return self._raw_image(progress, look, start)
        size = self._size(answer)
        by, command = start + TROUBLE + 2 * self._seconds(size), Command(answer.command)
        return self._line.take_blocks(command, size, by=by, progress=lambda got: progress(got / size))

    def _raw_image(self, progress: Callable[[float], bool], look: float | None, start: float) -> bytes | None:
        """The image as older modules send it. It has no sum, so it is sent twice, and taken when both are alike."""
        answer = self._announced(Command.READ_IMAGE, Command.SCAN_IMAGE, look)
        if answer is None:
            return None
        size = self._size(answer)
        by = start + TROUBLE + 4 * self._seconds(size)
        first = self._line.take(size, by=by, progress=lambda got: progress(got / size / 2))
        if first is None:
            return None
        again = self._size(self.ask(Packet(Command.READ_IMAGE)))
        second = self._line.take(again, by=by, progress=lambda got: progress(0.5 + got / again / 2))
        if second is None or first == second:
            return second
        raise Malformed("The fingerprint reader's image came damaged: check its cable.")

    def _announced(self, read: Command, scan: Command, look: float | None) -> Packet | None:
        """The answer that tells an image's size; None when no finger was there to scan."""
        size = BLOCK if read is Command.READ_IMAGE_IN_BLOCKS else 0
        if look is None:
            return self.ask(Packet(read, size=size))
        answer = self._line.scan(Packet(scan, size=size), until=self._wire.now() + look)
        return None if answer is None or answer.flag in (Flag.TIME_OUT, Flag.CANCELED) else answer

    def _size(self, answer: Packet) -> int:
        must(answer.flag, "send its image")
        if not 0 < answer.size <= LONGEST_IMAGE:
            raise Malformed("The fingerprint reader sent an image of impossible size: switch it off and on.")
        return answer.size

    def _seconds(self, size: int) -> float:
        """How long ``size`` bytes take on this line, at ten bits a byte."""
        return size * 10 / self._wire.baud

    # Comparing --------------------------------------------------------------------------------------------------------

    def alike(self, one: bytes, other: bytes, *, within: float) -> bool:
        """Whether the module takes two templates for the same finger's: it is taught one, shown the other, and forgets.

        What goes to the module has no sum, so that a template may arrive damaged and be taken for another finger's:
        a no is asked for twice.
        """
        start = self._wire.now()
        return self._alike(one, other, within=within / 2) or self._alike(
            one, other, within=max(0.0, start + within - self._wire.now())
        )

    def _alike(self, one: bytes, other: bytes, *, within: float) -> bool:
        self._is_taught = True
        try:
            taught = self.ask(
                Packet(Command.ENROLL_TEMPLATE, size=len(one), flag=AUTO_ID), data=one, within=within * 0.4
            )
            must(taught.flag, "take a template")
            shown = Packet(Command.VERIFY_TEMPLATE, param=taught.param, size=len(other))
            answer = self.ask(shown, data=other, within=within * 0.4)
        finally:
            self._forget(within=within * 0.2)
        if answer.flag != Flag.NOT_MATCH:
            must(answer.flag, "compare")
        return answer.flag == Flag.SUCCESS

    def _forget(self, *, within: float) -> None:
        """Let the module forget what it was taught. NOT_FOUND: there was nothing."""
        answer = self.ask(Packet(Command.DELETE_PROVISIONAL), within=within)
        if answer.flag != Flag.NOT_FOUND:
            must(answer.flag, "forget a template")
        self._is_taught = False

    # Getting in touch -------------------------------------------------------------------------------------------------

    def _enter(self) -> None:
        """Find the speed at which the module answers, and end what a program before us has begun."""
        first = self._wire.baud
        for baud in (first, *(other for other in BAUDS if other != first)):
            if baud != self._wire.baud and not self._line.set_baud(baud):
                continue
            if self._line.greet(by=self._wire.now() + GREETING):
                self._line.call_off(by=self._wire.now() + 2 * ANSWER)
                return
        raise Unresponsive("The fingerprint reader answers at no speed: switch it off and on, and check its cable.")

    def _raise_speed(self, fastest: int) -> None:
        """Go on at ``fastest`` baud, or at the speed of before when the module does not come along."""
        before = self._wire.baud
        if before >= fastest or fastest not in SPEEDS or self._write(Parameter.BAUD, SPEEDS[fastest]) != Flag.SUCCESS:
            return
        # A module may change at once or at its next start; the manual leaves it open.
        for speed in (fastest, before, fastest, before):
            self._wire.sleep(MOMENT)
            if self._line.set_baud(speed) and self._line.greet(by=self._wire.now() + GREETING):
                return
        raise Unresponsive("The fingerprint reader was lost while its speed was set: switch it off and on.")

    def _write(self, parameter: Parameter, value: int) -> int:
        return self.ask(Packet(Command.WRITE_PARAMETER, size=value, flag=parameter)).flag

    def here(self, *, within: float) -> None:
        """Ask whether the module is there. Raises Absent or Unresponsive when it is not."""
        self.ask(Packet(Command.CHECK_STATUS), within=within)


def must(flag: int, what: str) -> None:
    """Raise Refused unless ``flag`` says that it was done."""
    if flag != Flag.SUCCESS:
        raise Refused(f"The fingerprint reader would not {what} ({meaning(flag)}): switch it off and on.")
