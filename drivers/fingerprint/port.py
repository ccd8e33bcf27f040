"""A module's serial line: commands out, answers and data in, one total deadline for each exchange."""

import errno
import termios
import time
from collections.abc import Callable, Iterator

import serial

from drivers.errors import Absent, Malformed, Unresponsive
from drivers.fingerprint.codec import EVERYBODY, Decoder, Garbage, Instruction, Kind, Packet, command, encode

QUIET = 0.03
"""Seconds without a byte after which a line counts as quiet: at 9,600 baud a byte takes one thousandth."""
GAP = 0.5
"""Seconds without a byte in the middle of a transfer after which nothing more is to be expected."""
GONE = frozenset({errno.EIO, errno.ENODEV, errno.ENXIO, errno.EBADF, errno.ENOENT})


class Line:
    """An open serial port. Raises Absent when it cannot be opened or goes away, Unresponsive past a deadline."""

    def __init__(self, port: str, baud: int, *, address: int = EVERYBODY) -> None:
        self._address = address
        self._decoder = Decoder()
        self._waiting: list[Packet | Garbage] = []
        try:
            # exclusive: a second program on the same line would take our answers.
            self._serial = serial.Serial(port, baud, timeout=0, write_timeout=2.0, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise Absent(f"There is no fingerprint reader at {port}: check its cable and its power.") from error

    @property
    def baud(self) -> int:
        """Bits a second."""
        return int(self._serial.baudrate)

    def set_baud(self, baud: int) -> None:
        """Speak at another speed from now on."""
        with _leaving_is_absence():
            self._serial.baudrate = baud
        self.drain()

    def close(self) -> None:
        """Give the port back; may be called twice."""
        self._serial.close()

    def ask(self, instruction: Instruction, parameters: bytes = b"", *, by: float) -> tuple[int, bytes]:
        """Send one command and bring its confirmation code and what came with it, before the instant ``by``."""
        self.drain()
        self._send(command(instruction, parameters, address=self._address))
        for packet in self._packets(by):
            if packet.kind == Kind.ACK and packet.payload:
                return packet.payload[0], packet.payload[1:]
        raise Unresponsive("The fingerprint reader does not answer: switch it off and on.")

    def data(self, expected: int | None, *, by: float, progress: Callable[[int], bool]) -> bytes | None:
        """Bring the data packets that follow a confirmation; None when ``progress`` (bytes so far) wanted to stop.

        Raises Malformed as soon as a packet is damaged or lost, with the line quiet again.
        """
        got = bytearray()
        try:
            for item in self._items(by, gap=GAP):
                if isinstance(item, Garbage) or item.kind not in (Kind.DATA, Kind.LAST_DATA):
                    raise Malformed("The fingerprint reader's data came damaged: check its cable.")
                got += item.payload
                if expected is not None and len(got) > expected:
                    raise Malformed("The fingerprint reader sent more than it should: check its cable.")
                if not progress(len(got)):
                    self._let_pass(by)
                    return None
                if item.kind == Kind.LAST_DATA:
                    if expected is not None and len(got) != expected:
                        raise Malformed("The fingerprint reader's data came incomplete: check its cable.")
                    return bytes(got)
        except Malformed:
            self._let_pass(by)
            raise
        # Silence in the middle: the last packet was lost, or the reader died. The next exchange will tell.
        raise Malformed("The fingerprint reader's data stopped in the middle: check its cable.")

    def send_data(self, data: bytes, *, size: int) -> None:
        """Send data packets of ``size`` bytes, the last one marked."""
        for at in range(0, len(data), size):
            last = at + size >= len(data)
            self._send(encode(Kind.LAST_DATA if last else Kind.DATA, data[at : at + size], address=self._address))

    def drain(self) -> None:
        """Drop what has arrived: it came before the question, so it cannot be the answer."""
        with _leaving_is_absence():
            self._serial.reset_input_buffer()
        self._decoder.reset()
        self._waiting.clear()

    def _let_pass(self, by: float) -> None:
        """Let the rest of a transfer go by, so that the next answer is the next question's."""
        while self._read(min(by, time.monotonic() + QUIET)):
            pass
        self.drain()

    def _send(self, data: bytes) -> None:
        with _leaving_is_absence():
            self._serial.write(data)

    def _packets(self, by: float) -> Iterator[Packet]:
        return (item for item in self._items(by) if isinstance(item, Packet))

    def _items(self, by: float, *, gap: float | None = None) -> Iterator[Packet | Garbage]:
        """What arrives until ``by``, or until the line has been silent for ``gap`` seconds."""
        while True:
            while self._waiting:
                yield self._waiting.pop(0)
            read = self._read(by if gap is None else min(by, time.monotonic() + gap))
            if not read:
                return
            self._waiting += self._decoder.feed(read)

    def _read(self, by: float) -> bytes:
        with _leaving_is_absence():
            self._serial.timeout = max(0.0, by - time.monotonic())
            first: bytes = self._serial.read(1)
            if not first:
                return b""
            self._serial.timeout = 0
            rest: bytes = self._serial.read(4096)
            return first + rest


class _leaving_is_absence:  # noqa: N801 used as a verb
    """Turns a port that goes away under us into Absent."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, serial.SerialTimeoutException):
            raise Unresponsive("The fingerprint reader takes no more bytes: switch it off and on.") from error
        if isinstance(error, termios.error):
            raise Absent("The fingerprint reader was unplugged: check its cable.") from error
        if isinstance(error, serial.SerialException | OSError | TypeError):
            # pyserial raises TypeError when a port is closed while it is read.
            number = getattr(error, "errno", None)
            if number in (None, *GONE) or isinstance(error, serial.SerialException):
                raise Absent("The fingerprint reader was unplugged: check its cable.") from error
