"""Being in touch with one module: its speed found, its password given, speed and packet size raised and lowered."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from drivers.errors import Malformed, Refused, Unresponsive
from drivers.fingerprint.grow.codec import EVERYBODY, Answer, Instruction, Parameter, Parameters, Product
from drivers.fingerprint.grow.line import Line
from drivers.fingerprint.wire import Wire

BAUDS = (57_600, 115_200, 9_600, 38_400, 19_200, 28_800, 76_800, 96_000)
"""Speeds a module may have been left at, the likely ones first."""
SAFE, SAFE_SIZE = 57_600, 128
"""The factory's speed and packet size, with which a line that spoils bytes is tried once more."""
GREETING = 0.4
"""Seconds for a module to answer at one speed, asked twice in them."""
ANSWER = 1.0
"""Seconds for an answer that needs no exposure and no extraction: half for the first question, half to settle and ask
once more, which takes 0.3 s at 9,600 baud."""
HUSH = 8.0
"""Seconds to let somebody else's transfer end: an image takes seven at 57,600 baud."""
MOMENT = 0.1
"""Seconds that a module may need to change its speed."""
TEMPLATE = 4_096
"""Bytes that no module's template exceeds."""

T = TypeVar("T")


class Session:
    """One module at the end of ``wire``, brought to its best: at most ``fastest`` baud, packets of ``largest`` bytes.

    Raises:
        Absent: the port went away. Unresponsive: nobody answers at any speed. Refused: another password.
    """

    def __init__(
        self, wire: Wire, *, address: int = EVERYBODY, password: int = 0, fastest: int = 115_200, largest: int = 256
    ) -> None:
        self._wire, self._line, self._password = wire, Line(wire, address=address), password
        self._line.hush(by=wire.now() + HUSH)
        self._enter()
        parameters = self.parameters()
        self.packet_size = parameters.packet_size
        self._resize(largest)
        if parameters.baud == wire.baud < fastest:
            self._change_speed(fastest)

    @property
    def baud(self) -> int:
        """Bits a second that were agreed on."""
        return self._wire.baud

    def parameters(self) -> Parameters:
        """What the module holds in its registers. Raises Malformed when they make no sense."""
        code, rest = self.ask(Instruction.READ_PARAMETERS, within=ANSWER)
        must(code, "tell its parameters")
        try:
            return Parameters.read(rest)
        except ValueError as error:
            raise Malformed("The fingerprint reader's parameters make no sense: check its cable.") from error

    def product(self) -> Product | None:
        """What the module says it is; some do not know the question, and a few answer it with zeros."""
        try:
            code, rest = self.ask(Instruction.READ_PRODUCT, within=ANSWER)
            return Product.read(rest) if code == Answer.OK else None
        except (Unresponsive, ValueError):
            # Whether it is still there: it may have been silent because it has gone.
            self.parameters()
            return None

    def ask(self, instruction: Instruction, parameters: bytes = b"", *, within: float) -> tuple[int, bytes]:
        """Ask, and once more when the answer did not come or the question did not arrive whole.

        Brings the confirmation code and what came with it. Raises Unresponsive.
        """

        def ask(by: float) -> tuple[int, bytes]:
            return self._line.ask(instruction, parameters, by=by)

        return self._twice(ask, within=within, again=lambda answer: answer[0] == Answer.BAD_PACKET)

    def fetch(
        self,
        instruction: Instruction,
        parameters: bytes,
        *,
        size: int | None,
        progress: Callable[[int], bool] = lambda _: True,
    ) -> bytes | None:
        """Bring what the module sends of itself, and once more when it came damaged; None when ``progress`` stopped it.

        ``size`` is its length, where that is known. Each time may take twice what the line needs.

        Raises:
            Malformed, Unresponsive: both times. Refused: the module has nothing to send.
        """

        def fetch() -> tuple[int, bytes | None]:
            by = self._wire.now() + ANSWER + 2 * self._seconds(size or TEMPLATE)
            return self._line.fetch(instruction, parameters, expected=size, by=by, progress=progress)

        try:
            code, data = fetch()
        except (Malformed, Unresponsive):
            code, data = fetch()
        must(code, "send what it took")
        return data

    def compare(self, template: bytes, *, within: float) -> tuple[int, bytes]:
        """Put ``template`` into the second buffer and compare it with the first: the confirmation code and the score.

        No answer says whether a template arrived as it was sent, and a spoiled one is a finger that matches nobody. So
        one that does not match is fetched back before it is believed; one that matches has proved itself.

        Raises:
            Malformed: what arrived is not what was sent, twice. Unresponsive: no answer. Refused: not taken.
        """

        def compare(by: float) -> tuple[int, bytes] | None:
            code, _ = self._line.ask(Instruction.DOWNLOAD_FEATURES, b"\x02", by=by)
            must(code, "take a template")
            self._line.send_data(template, size=self.packet_size, by=by)
            code, rest = self._line.ask(Instruction.MATCH, by=by)
            if code != Answer.NO_MATCH:
                must(code, "compare")
                return code, rest
            try:
                _, held = self._line.fetch(
                    Instruction.UPLOAD_FEATURES, b"\x02", expected=len(template), by=by, progress=lambda _: True
                )
            except Malformed:
                return None
            return (code, rest) if held == template else None

        found = self._twice(compare, within=within, again=lambda found: found is None)
        if found is None:
            raise Malformed("The fingerprint reader did not get the template as it was sent: check its cable.")
        return found

    def ease(self) -> bool:
        """Go back to the factory's speed and packet size, since this line spoils bytes; False when there already."""
        if self._wire.baud <= SAFE and self.packet_size <= SAFE_SIZE:
            return False
        if self._wire.baud > SAFE:
            self._change_speed(SAFE)
        self._resize(min(self.packet_size, SAFE_SIZE))
        return True

    def restart(self, *, within: float) -> None:
        """Start the module anew: image and features in its memory are gone.

        It gets ``within`` seconds to start; to find it again, at any speed, takes up to 3.2 more.

        Raises:
            Refused: it does not know how. Unresponsive: it did not come back.
        """
        code, _ = self.ask(Instruction.RESTART, within=ANSWER)
        must(code, "start anew")
        # R503 manual, SoftRst: it says 55 when it is there again; those of before say nothing.
        self._line.rouse(by=self._wire.now() + within)
        self._enter()

    def _enter(self) -> None:
        """Find the speed at which the module answers, and show it the password."""
        first = self._wire.baud
        for baud in (first, *(other for other in BAUDS if other != first)):
            if baud != self._wire.baud and not self._line.set_baud(baud):
                continue
            try:
                # VfyPwd rather than the echo of later modules: all know it.
                code, _ = self.ask(Instruction.VERIFY_PASSWORD, self._password.to_bytes(4, "big"), within=GREETING)
            except Unresponsive:
                continue
            if code == Answer.WRONG_PASSWORD:
                raise Refused("The fingerprint reader has another password; set it in the settings.")
            must(code, "take the password")
            return
        raise Unresponsive("The fingerprint reader answers at no speed: switch it off and on, and check its cable.")

    def _resize(self, size: int) -> None:
        """Ask for packets of ``size`` bytes, 256 take 7 % less time than 64, and go by what the module then says."""
        if self.packet_size == size:
            return
        # It may have heard us though we have not heard it.
        with suppress(Unresponsive):
            wanted = bytes((Parameter.PACKET_SIZE, (size // 64).bit_length()))
            self.ask(Instruction.SET_PARAMETER, wanted, within=ANSWER)
        self.packet_size = self.parameters().packet_size

    def _change_speed(self, baud: int) -> None:
        """Go on at ``baud``, or at the speed of before when the module or the line does not come along.

        Raises:
            Unresponsive: the module is heard at neither speed any more.
        """
        before = self._wire.baud
        change = bytes((Parameter.BAUD, baud // 9600))
        try:
            code, _ = self.ask(Instruction.SET_PARAMETER, change, within=ANSWER)
        except Unresponsive:
            # What was lost may be the answer, and then it listens at the new speed already.
            code = Answer.OK
        if code != Answer.OK:
            return
        # Most modules change at once, some only when they are switched off and on; a few need a moment.
        for speed in (baud, before, baud, before):
            if not self._line.set_baud(speed):
                continue
            try:
                self.parameters()
            except (Unresponsive, Malformed):
                if speed == baud:
                    # It may hear us where we do not hear it: let it come back.
                    back = bytes((Parameter.BAUD, before // 9600))
                    self._line.tell(Instruction.SET_PARAMETER, back, by=self._wire.now() + ANSWER)
                    self._wire.sleep(MOMENT)
                continue
            return
        raise Unresponsive("The fingerprint reader was lost while its speed was set: switch it off and on.")

    def _seconds(self, size: int) -> float:
        """How long ``size`` bytes take on this line: ten bits a byte, eleven bytes of frame a packet."""
        return size * (1 + 11 / self.packet_size) * 10 / self._wire.baud

    def _twice(self, work: Callable[[float], T], *, within: float, again: Callable[[T], bool]) -> T:
        """Do ``work`` in half the time, and once more in the rest when that failed: all that is asked here bears it."""
        start = self._wire.now()
        try:
            done = work(start + within / 2)
        except Unresponsive:
            return work(start + within)
        return work(start + within) if again(done) else done


def must(code: int, what: str) -> None:
    """Go on after a success. Raises Refused after anything else."""
    if code != Answer.OK:
        raise Refused(f"The fingerprint reader would not {what} (code {code:#04x}): switch it off and on.")
