"""The bytes between host and module, and the clock that runs beside them.

What waits, waits here: so a test may put in a wire whose time is counted instead of waited for.
"""

import select
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import serial

from drivers.errors import Absent


class Wire(Protocol):
    """Bytes both ways. Instants (``by``) are seconds on the wire's own clock; a port that goes away raises Absent."""

    @property
    def baud(self) -> int:
        """Bits a second."""
        ...

    def set_baud(self, baud: int) -> bool:
        """Speak at another speed from now on; False when this port cannot."""
        ...

    def now(self) -> float:
        """This instant."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...

    def read(self, *, by: float) -> bytes:
        """What has arrived, waiting for a first byte until ``by``; nothing when none came."""
        ...

    def write(self, data: bytes, *, by: float) -> bool:
        """Hand ``data`` over; False when it was not all taken by then."""
        ...

    def drop(self) -> None:
        """Forget what has arrived."""
        ...

    def close(self) -> None:
        """Give the port back; may be called twice."""
        ...


class SerialWire:
    """A serial port.

    Raises:
        Absent: it cannot be opened, or another program has it.
    """

    def __init__(self, port: str, baud: int) -> None:
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
        return True

    def now(self) -> float:
        """Seconds that no one sets back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    def read(self, *, by: float) -> bytes:
        """What has arrived, waiting for a first byte until ``by``; nothing when none came."""
        with _leaving_is_absence():
            if not select.select([self._serial.fileno()], [], [], max(0.0, by - self.now()))[0]:
                return b""
            return bytes(self._serial.read(4096))

    def write(self, data: bytes, *, by: float) -> bool:
        """Hand ``data`` over to the port; False when it was not all taken by then."""
        with _leaving_is_absence():
            while data:
                if not select.select([], [self._serial.fileno()], [], max(0.0, by - self.now()))[1]:
                    return False
                data = data[self._serial.write(data) or 0 :]
        return True

    def drop(self) -> None:
        """Forget what has arrived."""
        with _leaving_is_absence():
            self._serial.reset_input_buffer()

    def close(self) -> None:
        """Give the port back; may be called twice."""
        self._serial.close()


@contextmanager
def _leaving_is_absence() -> Iterator[None]:
    """Turn a port that goes away under us into Absent; pyserial raises TypeError when it is closed meanwhile."""
    try:
        yield
    except (serial.SerialException, OSError, termios.error, TypeError) as error:
        raise Absent("The fingerprint reader was unplugged: check its cable.") from error
