"""A serial device that exists as a pty: its device file, its plug, its thread, and the speed of its line.

It knows no protocol: what the device does with bytes is handed in. Nothing of it runs on a station without simulation.
"""

import fcntl
import os
import queue
import select
import struct
import threading
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

CHUNK = 512
"""Bytes handed to the pty at once when nothing is paced: what a pty takes without blocking."""
TCGETS2, TERMIOS2 = 0x802C542A, struct.Struct("4I B19s 2I")
"""The Linux request that tells a terminal's true speed, common or not, on x86 and ARM; asm-generic/termbits.h."""


class Inside(Protocol):
    """What the device does; all of it on the device's own thread."""

    def power_up(self) -> None:
        """Power has come."""
        ...

    def power_down(self) -> None:
        """Power has gone."""
        ...

    def hear(self, data: bytes, speed: int) -> None:
        """Bytes have come from a host that speaks at ``speed`` bits a second."""
        ...

    def wake(self) -> float | None:
        """Do what is due; the seconds until something is due again, None when nothing will be by itself."""
        ...


class PtyDevice:
    """``inside`` behind the device file ``link``. ``pace`` 1.0: at the line's own speed, 0.0: as fast as it goes."""

    def __init__(self, link: Path, inside: Inside, *, pace: float) -> None:
        self._link, self._inside, self._pace = link, inside, pace
        self._pty: tuple[int, int] | None = None
        self._plugs = 0
        self._verbs: queue.SimpleQueue[tuple[Callable[[], None], threading.Event]] = queue.SimpleQueue()
        self._ear, self._bell = os.pipe()
        self._closing = False
        link.parent.mkdir(parents=True, exist_ok=True)
        self.plug()
        self._thread = threading.Thread(target=self._live, name=link.name, daemon=True)
        self._thread.start()

    @property
    def port(self) -> str:
        """The device file."""
        return str(self._link)

    def do(self, verb: Callable[[], None]) -> None:
        """Have ``verb`` done on the device's own thread, and wait until it is; nothing when it is switched off."""
        if self._closing:
            return
        done = threading.Event()
        self._verbs.put((verb, done))
        os.write(self._bell, b"!")
        done.wait()

    def close(self) -> None:
        """Switch off; may be called twice."""
        if self._closing:
            return
        self.do(self.pull)
        self._closing = True
        os.write(self._bell, b"!")
        self._thread.join()
        os.close(self._ear)
        os.close(self._bell)

    # On the device's own thread ---------------------------------------------------------------------------------------

    def plug(self) -> None:
        """Put the cable in."""
        if self._pty is not None:
            return
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        # Our own copy of the other side stays open, so that hosts may come and go.
        self._pty = (ours, theirs)
        self._plugs += 1
        self._inside.power_up()
        temporary = self._link.with_name(self._link.name + ".new")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(os.ttyname(theirs))
        temporary.rename(self._link)

    def pull(self) -> None:
        """Pull the cable: the device file goes."""
        self._link.unlink(missing_ok=True)
        if self._pty is not None:
            self._inside.power_down()
            for side in self._pty:
                os.close(side)
            self._pty = None
            self._plugs += 1

    def pause(self, seconds: float) -> bool:
        """Wait, with an ear for what people do; False when the plug was pulled meanwhile."""
        plugs, until = self._plugs, time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self._ear], [], [], left)[0]:
                self._attend()
                if self._plugs != plugs:
                    return False
        return True

    def send(self, said: bytes, *, baud: int) -> bool:
        """Put the bytes on the line at ``baud``; False when the plug was pulled meanwhile."""
        if self._pty is None:
            return False
        ours, plugs, a_second = self._pty[0], self._plugs, baud / 10
        begun, sent = time.monotonic(), 0
        # Ten milliseconds' worth at a time is as even as a UART behind a USB bridge.
        chunk = max(1, round(a_second / 100)) if self._pace else CHUNK
        while sent < len(said):
            piece = said[sent : sent + chunk]
            # A byte is there with its last bit, never before.
            due = begun + (sent + len(piece)) / a_second * self._pace
            if self._pace and not self.pause(due - time.monotonic()):
                return False
            if select.select([self._ear], [ours], [])[0]:
                self._attend()
                if self._plugs != plugs:
                    return False
                continue
            with suppress(BlockingIOError):
                sent += os.write(ours, piece)
        return True

    def _live(self) -> None:
        while not self._closing:
            patience = self._inside.wake()
            ears = [self._ear] if self._pty is None else [self._ear, self._pty[0]]
            ready = select.select(ears, [], [], patience)[0]
            if self._ear in ready:
                self._attend()
            elif self._pty is not None and self._pty[0] in ready:
                heard, speed = os.read(self._pty[0], 4096), _speed(self._pty[1])
                # A pty hands over at once what takes its time on a wire.
                if not self._pace or self.pause(len(heard) * 10 / max(speed, 1) * self._pace):
                    self._inside.hear(heard, speed)

    def _attend(self) -> None:
        os.read(self._ear, 4096)
        while not self._verbs.empty():
            verb, done = self._verbs.get()
            verb()
            done.set()


def _speed(terminal: int) -> int:
    """Bits a second at which the host speaks."""
    return int(TERMIOS2.unpack(fcntl.ioctl(terminal, TCGETS2, bytes(TERMIOS2.size)))[-1])
