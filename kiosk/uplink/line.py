"""The line to the centre: TCP and TLS on which every exchange comes to an end, and no more goes up than is allowed.

httpcore limits single reads and writes: a server that sends one byte a minute, or never stops sending, would hold the
uplink for ever. Here a whole exchange has a deadline, which only bytes that come and go put off, and a largest size.
"""

import ssl
import time
from collections.abc import Callable, Iterable
from threading import Event as Flag
from typing import Any

import httpcore

RECORD = 4096
"""Bytes of one TLS record at most. Of a record that is cut nothing arrives: the larger, the more a cut costs."""
_RECORD_COSTS = 22
"""Bytes around a TLS 1.3 record: header, type, tag (RFC 8446 §5.2)."""
_HANDSHAKE_COSTS = 2000
PATIENCE = 90.0
"""Seconds an exchange may take beside the time that its bytes take."""
SLOWEST = 1000.0
"""Bytes a second: a line that is slower is as good as none, for pieces of this size."""
_LONGEST_HEAD = 128 * 1024


class Stopped(Exception):
    """The uplink is to end: nothing is wrong."""


class TooMuch(Exception):
    """The other side sends more than it can have to say."""


class Pace:
    """Lets ``per_second`` bytes through, 0 = as many as there are. ``wait`` takes seconds, and is true for: stop."""

    def __init__(
        self,
        per_second: float = 0.0,
        *,
        wait: Callable[[float], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.per_second = per_second
        self._wait, self._clock = wait, clock
        self._next = clock()

    @property
    def portion(self) -> int:
        """Bytes to send at once: half a second's, so that the line is the office's between any two."""
        return RECORD if not self.per_second else max(256, min(RECORD, int(self.per_second / 2)))

    def take(self, count: int) -> float:
        """Wait until ``count`` more bytes may go; gives the seconds it took. Raises Stopped."""
        if not self.per_second:
            return 0.0
        now = self._clock()
        waits = max(0.0, self._next - now)
        if waits and self._wait(waits):
            raise Stopped
        self._next = max(self._next, now) + count / self.per_second
        return waits


class Line(httpcore.NetworkBackend):
    """Makes the connections, one at a time, and bounds the exchange that is under way. Used by one thread."""

    def __init__(self, *, stop: Flag, pace: Pace | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.pace = pace or Pace(wait=stop.wait)
        self._stop, self._clock = stop, clock
        self._backend = httpcore.SyncBackend()
        self._until = self._most = 0.0
        self.cut = False
        """Whether the other side ended the connection in the exchange under way."""
        self.beat = clock()
        """When bytes last came or went: monotonic seconds, for the watchdog."""

    def begin(self, *, most: int) -> None:
        """Begin an exchange whose answer has at most ``most`` bytes behind its headers."""
        self._until, self._most, self.cut = self._clock() + PATIENCE, most + _LONGEST_HEAD, False

    def connect_tcp(  # noqa: D102  # the parent's
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self, self._backend.connect_tcp(host, port, timeout, local_address, socket_options))

    def sleep(self, seconds: float) -> None:  # noqa: D102  # the parent's
        self._stop.wait(seconds)

    # What its streams tell and ask --------------------------------------------------------------------------------

    def left(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float:
        """How long the next step may take."""
        if self._stop.is_set():
            raise Stopped
        left = self._until - self._clock()
        if left <= 0:
            raise late
        return left if timeout is None else min(timeout, left)

    def waited(self, seconds: float) -> None:
        """The exchange was held up on purpose."""
        self._until += seconds
        self.beat = self._clock()

    def moved(self, count: int) -> None:
        """Bytes came or went."""
        self._until += count / SLOWEST
        self.beat = self._clock()

    def came(self, count: int) -> None:
        """Bytes came; none is the end of the connection. Raises TooMuch."""
        self.cut |= not count
        self._most -= count
        if self._most < 0:
            raise TooMuch
        self.moved(count)


class _Stream(httpcore.NetworkStream):
    def __init__(self, line: Line, stream: httpcore.NetworkStream) -> None:
        self._line, self._stream = line, stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        content = self._stream.read(max_bytes, self._line.left(timeout, httpcore.ReadTimeout))
        self._line.came(len(content))
        return content

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        pace, whole = self._line.pace, memoryview(buffer)
        for begin in range(0, len(whole), pace.portion):
            part = whole[begin : begin + pace.portion]
            self._line.waited(pace.take(len(part) + _RECORD_COSTS))
            self._stream.write(part, self._line.left(timeout, httpcore.WriteTimeout))  # type: ignore[arg-type]
            self._line.moved(len(part))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self._line.waited(self._line.pace.take(_HANDSHAKE_COSTS))
        left = self._line.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._line, self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
