"""A module's serial line: commands out, answers and data in, one total deadline for each exchange.

Answers carry no number, so after one that did not come in time the line is in doubt: the late answer might be taken for
the next question's. Then, before the next question, one is asked whose answer cannot be mistaken; a module answers in
order, so all that comes before that answer is old.
"""

import select
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import serial

from drivers.errors import Absent, Malformed, Unresponsive
from drivers.fingerprint.grow.codec import (
    ANSWERED,
    EVERYBODY,
    Answer,
    Decoder,
    Garbage,
    Instruction,
    Kind,
    Packet,
    command,
    encode,
)

QUIET = 0.05
"""Seconds without a byte after which a line counts as quiet: USB bridges hold bytes back for up to 16 ms."""
GAP = 0.5
"""Seconds without a byte in the middle of a transfer after which nothing more is to be expected."""
SETTLING, SETTLINGS = 0.4, 3
"""Seconds to wait for the answer that settles a doubt, and how often to ask for it."""
MOST = 65_536
"""Bytes of a transfer whose length is not known beforehand: far more than any template."""


class Line:
    """An open serial port. Every call raises Absent when the port goes away.

    Raises:
        Absent: it cannot be opened, or another program has it.
    """

    def __init__(self, port: str, baud: int, *, address: int = EVERYBODY) -> None:
        self._address = address
        self._decoder = Decoder()
        self._waiting: list[Packet | Garbage] = []
        self._in_doubt = False
        try:
            # exclusive: a second program on the same line would take our answers. Nothing here waits inside pyserial:
            # there each new timeout sets the line up anew, which disturbs a transfer at an uncommon speed.
            self._serial = serial.Serial(port, baud, timeout=0, write_timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise Absent(f"There is no fingerprint reader at {port}: check its cable and its power.") from error

    @property
    def baud(self) -> int:
        """Bits a second."""
        return int(self._serial.baudrate)

    def set_baud(self, baud: int) -> bool:
        """Speak at another speed from now on; False when this port cannot."""
        with _leaving_is_absence():
            try:
                self._serial.baudrate = baud
            except ValueError:
                return False
        self._drain()
        # What was said at the other speed, nobody has understood.
        self._in_doubt = False
        return True

    def close(self) -> None:
        """Give the port back; may be called twice."""
        self._serial.close()

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
                if isinstance(item, Garbage) or (item.kind == Kind.ACK and item.payload[:1] == b"\x01"):
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

    def _question(self, instruction: Instruction, parameters: bytes, *, by: float) -> None:
        if self._in_doubt and instruction is not Instruction.VERIFY_PASSWORD:
            self._settle(by)
        self._drain()
        self._send(command(instruction, parameters, address=self._address), by)

    def _settle(self, by: float) -> None:
        """Let all old answers go by. Raises Unresponsive when there is no knowing."""
        for _ in range(SETTLINGS):
            self._drain()
            self._send(command(Instruction.READ_PARAMETERS, address=self._address), by)
            # Asked anew rather than waited for long: the deadline may be that of a whole image.
            for item in self._items(min(by, time.monotonic() + SETTLING)):
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
        while (now := time.monotonic()) < by and self._read(min(by, now + QUIET)):
            pass
        self._drain()

    def _drain(self) -> None:
        """Drop what has arrived: it came before the question, so it cannot be the answer."""
        with _leaving_is_absence():
            self._serial.reset_input_buffer()
        self._decoder.reset()
        self._waiting.clear()

    def _items(self, by: float, *, gap: float | None = None) -> Iterator[Packet | Garbage]:
        """What arrives until ``by``, even from a line that never falls silent, or until ``gap`` seconds of silence."""
        while True:
            while self._waiting:
                yield self._waiting.pop(0)
            now = time.monotonic()
            read = b"" if now >= by else self._read(by if gap is None else min(by, now + gap))
            if not read:
                return
            self._waiting += self._decoder.feed(read)

    def _read(self, by: float) -> bytes:
        """What has arrived, waiting for a first byte until ``by``; nothing when none came."""
        with _leaving_is_absence():
            if not select.select([self._serial.fileno()], [], [], max(0.0, by - time.monotonic()))[0]:
                return b""
            return bytes(self._serial.read(4096))

    def _send(self, data: bytes, by: float) -> None:
        with _leaving_is_absence():
            while data:
                if not select.select([], [self._serial.fileno()], [], max(0.0, by - time.monotonic()))[1]:
                    self._in_doubt = True
                    raise Unresponsive("The fingerprint reader takes no more bytes: switch it off and on.")
                data = data[self._serial.write(data) or 0 :]


@contextmanager
def _leaving_is_absence() -> Iterator[None]:
    """Turn a port that goes away under us into Absent; pyserial raises TypeError when it is closed meanwhile."""
    try:
        yield
    except (serial.SerialException, OSError, termios.error, TypeError) as error:
        raise Absent("The fingerprint reader was unplugged: check its cable.") from error
