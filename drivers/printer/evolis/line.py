"""The bytes between host and card printer: a device file, opened when needed, with a deadline on everything.

Serves ``/dev/usb/lp*`` (usblp), a serial line and a pty alike. Instants (``by``) are monotonic seconds.

A serial line has 8 data bits, no parity, one stop bit and RTS/CTS, as the printer has after
``Pcom;1;115200;N;8;1;RTS/CTS;E`` (guide §5; its port is disabled until then): without a handshake a printer that is
busy loses bytes of a panel. A colour face of 1.4 MB (32 levels) to 1.9 MB (128) takes 2 to 3 minutes at 115200 baud,
against seconds over USB.
"""

import contextlib
import fcntl
import os
import select
import stat
import termios
import time
import tty
from collections.abc import Callable

from drivers.errors import Absent, Unresponsive
from drivers.printer.evolis.codec import ReplyParser

PIECE = 16 * 1024
"""Bytes handed to the kernel at once: small enough for a smooth progress bar, large enough for USB's full speed."""
EMPTY_READ_PAUSE = 0.02
SPEEDS = {9600: termios.B9600, 19200: termios.B19200, 38400: termios.B38400, 57600: termios.B57600}
SPEEDS |= {115200: termios.B115200}
"""Baud rates that both the printer (guide §5: 2400 to 115200) and every serial adapter know."""
LPIOC_SOFT_RESET = 0x5007
"""``_IOC(_IOC_NONE, 'P', 7, 0)`` in the kernel's usblp.c: the printer class's own reset, drops a half-sent panel."""


class Line:
    """One device file; ``baud`` is for a serial line.

    Raises Absent when it is not there or goes away, Unresponsive when a deadline passes, ValueError for another baud.
    """

    def __init__(self, path: str, *, baud: int | None = None) -> None:
        if baud is not None and baud not in SPEEDS:
            raise ValueError(f"A card printer's line has {', '.join(map(str, SPEEDS))} baud, not {baud}.")
        self.path = path
        self._speed = None if baud is None else SPEEDS[baud]
        self._fd: int | None = None
        self._is_tty = False
        self._replies = ReplyParser()
        self._answers: list[str] = []

    def open(self) -> int:
        """Open the file unless it is open; afterwards it belongs to this process alone."""
        if self._fd is not None:
            return self._fd
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except PermissionError as error:
            raise Absent(f"Not allowed to use the card printer at {self.path}: add this user to its group.") from error
        except OSError as error:
            raise Absent(
                f"No card printer at {self.path} ({error.strerror}): check its power, its cable, and that nothing "
                "else uses it."
            ) from error
        try:
            self._is_tty = self._claim(fd)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd
        return fd

    def renew(self) -> None:
        """Let go of a file whose device went away meanwhile, so that the next call opens the device that came back."""
        if self._fd is not None:
            poll = select.poll()
            poll.register(self._fd, 0)
            if poll.poll(0):  # asks for nothing: what it reports is hang-up or error
                self.close()

    def _claim(self, fd: int) -> bool:
        if not stat.S_ISCHR(os.fstat(fd).st_mode):
            raise Absent(f"{self.path} is no device file: set the card printer's port.")
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Absent(f"The card printer at {self.path} is in use by another program.") from error
        if not os.isatty(fd):
            return False
        try:
            tty.setraw(fd, termios.TCSANOW)
            if self._speed is not None:
                input_, output, control, local, _, _, characters = termios.tcgetattr(fd)
                control = control & ~termios.CSTOPB | termios.CLOCAL | termios.CRTSCTS
                attributes = [input_, output, control, local, self._speed, self._speed, characters]
                termios.tcsetattr(fd, termios.TCSANOW, attributes)
        except termios.error as error:
            raise self._gone() from error
        return True

    def send(self, data: bytes, *, by: float, sent: Callable[[int], None] | None = None) -> None:
        """Hand all of ``data`` to the kernel; ``sent`` hears the number of bytes of each piece."""
        fd = self.open()
        rest = memoryview(data)
        while rest:
            self._wait(fd, by=by, writing=True)
            try:
                count = os.write(fd, rest[:PIECE])
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._gone() from error
            rest = rest[count:]
            if sent is not None:
                sent(count)

    def answer(self, *, by: float, stall: float) -> str:
        """Bring the next answer; one that began and then stopped for ``stall`` seconds comes as ``?``, not as truth."""
        fd = self.open()
        while not self._answers:
            try:
                self._wait(fd, by=min(by, time.monotonic() + stall) if self._replies.partial else by)
            except Unresponsive:
                if not self._replies.partial:
                    raise
                self._replies.drop()
                return "?"
            self._read(fd)
        return self._answers.pop(0)

    def drain(self) -> None:
        """Drop what has arrived: it came before the question, so it cannot be the answer."""
        fd = self.open()
        while select.select([fd], [], [], 0)[0] and self._read(fd):
            pass
        self._answers.clear()
        self._replies.drop()

    def settle(self, *, quiet: float, by: float) -> None:
        """Drop what arrives until nothing came for ``quiet`` seconds: a late answer must not be taken for the next."""
        fd = self.open()
        still = min(by, time.monotonic() + quiet)
        while (rest := still - time.monotonic()) > 0:
            if select.select([fd], [], [], rest)[0] and self._read(fd):
                still = min(by, time.monotonic() + quiet)
        self.drain()

    def abandon(self) -> None:
        """Give up what was half sent, and close: the printer must not take the next command for the rest of a panel."""
        if self._fd is not None:
            # Best effort on a device that has just failed: a printer that cannot be reset drops the panel by itself.
            with contextlib.suppress(OSError, termios.error):
                if self._is_tty:
                    termios.tcflush(self._fd, termios.TCIOFLUSH)
                else:
                    fcntl.ioctl(self._fd, LPIOC_SOFT_RESET)
        self.close()

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        self._answers.clear()
        self._replies.drop()

    def _wait(self, fd: int, *, by: float, writing: bool = False) -> None:
        rest = by - time.monotonic()
        # A device that is always ready and never brings a byte must not get past the deadline either.
        if rest <= 0 or not any(select.select([] if writing else [fd], [fd] if writing else [], [], rest)):
            raise Unresponsive(f"The card printer at {self.path} does not answer: switch it off and on.")

    def _read(self, fd: int) -> bool:
        try:
            data = os.read(fd, 4096)
        except BlockingIOError:
            return False
        except OSError as error:
            raise self._gone() from error
        if not data and self._is_tty:
            raise self._gone()
        if not data:
            time.sleep(EMPTY_READ_PAUSE)  # usblp reports an empty USB packet as a read of nothing
            return False
        self._answers += self._replies.feed(data)
        return True

    def _gone(self) -> Absent:
        self.close()
        return Absent(f"The card printer at {self.path} went away: check its cable and its power.")
