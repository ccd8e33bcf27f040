"""What is said over a wire: commands out, answers and data in, one total deadline for each exchange.

Answers carry no number, so after one that did not come in time the line is in doubt: the late answer might be taken for
the next question's. Then, before the next question, one is asked whose answer cannot be mistaken; a module answers in
order, so all that comes before that answer is old.
"""

from collections.abc import Callable, Iterator

from drivers.errors import Malformed, Unresponsive
from drivers.fingerprint.grow.codec import (
    ANSWERED,
    EVERYBODY,
    LONGEST,
    Answer,
    Decoder,
    Garbage,
    Instruction,
    Kind,
    Packet,
    command,
    encode,
)
from drivers.fingerprint.wire import Wire

QUIET = 0.05
"""Seconds without a byte after which a line counts as quiet: USB bridges hold bytes back for up to 16 ms."""
GAP = 0.5
"""Seconds without a byte in the middle of a transfer after which nothing more is to be expected."""
SETTLING, SETTLINGS = 0.4, 3
"""Seconds of silence to wait for what settles a doubt, beside the time that the question takes; how often to ask."""
PADDING = bytes(LONGEST + 2)
"""What a module may still be waiting for: when the length of a command arrived spoiled, it takes all that follows for
that command's payload. Zeros complete it, and are nothing to a module that waits for a start."""
MOST = 65_536
"""Bytes of a transfer whose length is not known beforehand: far more than any template."""


class Line:
    """A module at the other end of ``wire``. Every call raises Absent when the port goes away."""

    def __init__(self, wire: Wire, *, address: int = EVERYBODY) -> None:
        self._wire, self._address = wire, address
        self._decoder = Decoder()
        self._waiting: list[Packet | Garbage] = []
        self._in_doubt = False

    def set_baud(self, baud: int) -> bool:
        """Speak at another speed from now on; False when this port cannot."""
        if not self._wire.set_baud(baud):
            return False
        self._drain()
        # What was said at the other speed, nobody has understood.
        self._in_doubt = False
        return True

    def ask(self, instruction: Instruction, parameters: bytes = b"", *, by: float) -> tuple[int, bytes]:
        """Send one command and bring its confirmation code and what came with it, before the instant ``by``.

        Raises:
            Unresponsive: nothing came that could be the answer.
        """
        self._question(instruction, parameters, by=by)
        complaint: tuple[int, bytes] | None = None
        for item in self._items(by):
            if isinstance(item, Garbage) or item.kind != Kind.ACK or not item.payload:
                continue
            code, rest = item.payload[0], item.payload[1:]
            if code == Answer.BAD_PACKET:
                # Some optical modules complain first and do it nevertheless, so the true answer may follow.
                complaint = code, rest
            elif code != Answer.OK or len(rest) == ANSWERED.get(instruction, 0):
                return code, rest
        self._in_doubt = True
        if complaint is not None:
            return complaint
        raise Unresponsive("The fingerprint reader does not answer: switch it off and on.")

    def fetch(
        self,
        instruction: Instruction,
        parameters: bytes = b"",
        *,
        expected: int | None,
        by: float,
        progress: Callable[[int], bool],
    ) -> tuple[int, bytes | None]:
        """Send one command, and bring its confirmation code and the data packets that follow it.

        The data is None when the module refused, or when ``progress`` (bytes so far) wanted to stop. ``expected`` is
        the length it must have, where that is known.

        Raises:
            Malformed: a packet is damaged, lost, or one too many; the rest has gone by. Unresponsive: nothing came.
        """
        self._question(instruction, parameters, by=by)
        answered, got, limit = False, bytearray(), MOST if expected is None else expected
        for item in self._items(by, gap=GAP):
            if not answered:
                if isinstance(item, Garbage) or _is_no_verdict(item):
                    continue
                if item.kind == Kind.ACK and item.payload:
                    if item.payload[0] != Answer.OK:
                        return item.payload[0], None
                    answered = True
                    continue
            if isinstance(item, Garbage) or item.kind not in (Kind.DATA, Kind.LAST_DATA) or not answered:
                # Data without an answer before it: that was lost, and with it who knows what.
                raise self._damaged("The fingerprint reader's data came damaged: check its cable.", by=by)
            got += item.payload
            if len(got) > limit:
                raise self._damaged("The fingerprint reader sent more than it should: check its cable.", by=by)
            if not progress(len(got)):
                self._let_pass(by)
                return Answer.OK, None
            if item.kind == Kind.LAST_DATA:
                if expected is not None and len(got) != expected:
                    raise self._damaged("The fingerprint reader's data came incomplete: check its cable.", by=by)
                return Answer.OK, bytes(got)
        self._in_doubt = True
        if not answered:
            raise Unresponsive("The fingerprint reader does not answer: switch it off and on.")
        raise Malformed("The fingerprint reader's data stopped in the middle: check its cable.")

    def send_data(self, data: bytes, *, size: int, by: float) -> None:
        """Send data packets of ``size`` bytes, the last one marked, before the instant ``by``."""
        for at in range(0, len(data), size):
            last = at + size >= len(data)
            kind = Kind.LAST_DATA if last else Kind.DATA
            self._send(encode(kind, data[at : at + size], address=self._address), by)

    def tell(self, instruction: Instruction, parameters: bytes, *, by: float) -> None:
        """Send one command whose answer cannot be read."""
        self._send(command(instruction, parameters, address=self._address), by)
        self._in_doubt = True

    def hush(self, *, by: float) -> None:
        """Wait until the line is quiet, at most until ``by``: a program before us may have left in mid-transfer."""
        self._let_pass(by)

    def rouse(self, *, by: float) -> None:
        """Wait for a sign of life of a module that starts, at most until ``by``; not all give one."""
        if not self._waiting:
            self._wire.read(by=by)
        self._drain()

    def _question(self, instruction: Instruction, parameters: bytes, *, by: float) -> None:
        if self._in_doubt and instruction is not Instruction.VERIFY_PASSWORD:
            self._settle(by)
        self._drain()
        self._send(command(instruction, parameters, address=self._address), by)

    def _settle(self, by: float) -> None:
        """Let all old answers go by. Raises Unresponsive when there is no knowing."""
        for _ in range(SETTLINGS):
            self._drain()
            asked = PADDING + command(Instruction.READ_PARAMETERS, address=self._address)
            self._send(asked, by)
            # Asked anew after a silence, rather than waited for long: the deadline may be that of a whole image. While
            # something comes, it is what the module had still to say before.
            for item in self._items(by, gap=SETTLING + len(asked) * 10 / self._wire.baud):
                if isinstance(item, Packet) and len(item.payload) == 1 + ANSWERED[Instruction.READ_PARAMETERS]:
                    self._in_doubt = False
                    return
        raise Unresponsive("The fingerprint reader does not answer: switch it off and on.")

    def _damaged(self, sentence: str, *, by: float) -> Malformed:
        """Have the rest of a spoiled transfer go by, so that the next answer is the next question's."""
        self._let_pass(by)
        self._in_doubt = True
        return Malformed(sentence)

    def _let_pass(self, by: float) -> None:
        while (now := self._wire.now()) < by and self._wire.read(by=min(by, now + QUIET)):
            pass
        self._drain()

    def _drain(self) -> None:
        """Drop what has arrived: it came before the question, so it cannot be the answer."""
        self._wire.drop()
        self._decoder.reset()
        self._waiting.clear()

    def _items(self, by: float, *, gap: float | None = None) -> Iterator[Packet | Garbage]:
        """What arrives until ``by``, even from a line that never falls silent, or until ``gap`` seconds of silence."""
        while True:
            while self._waiting:
                yield self._waiting.pop(0)
            now = self._wire.now()
            read = b"" if now >= by else self._wire.read(by=by if gap is None else min(by, now + gap))
            if not read:
                return
            self._waiting += self._decoder.feed(read)

    def _send(self, data: bytes, by: float) -> None:
        if not self._wire.write(data, by=by):
            self._in_doubt = True
            raise Unresponsive("The fingerprint reader takes no more bytes: switch it off and on.")


def _is_no_verdict(item: Packet) -> bool:
    """Whether it is an answer, but not that to a question for data: a complaint, or a success with something in it.

    When a doubt took more than one question to settle, the answers to the others may still come.
    """
    complains, succeeds = item.payload[:1] == b"\x01", item.payload[:1] == b"\x00"
    return item.kind == Kind.ACK and (complains or (succeeds and len(item.payload) > 1))
