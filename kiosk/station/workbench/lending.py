"""Fingers of a made-up person for a simulated reader: laid, read, lifted, and then the next one."""

import time
from collections.abc import Sequence

from kiosk.journey.fingers import IN_ORDER
from kiosk.screens.views import Target
from kiosk.station.crew.devices import World
from kiosk.station.robot import Fingertips
from kiosk.station.window import Window
from kiosk.station.workbench.showing import Measurement
from kiosk.station.workbench.watching import Measured


class Lender:
    """Lays the ten fingers in turn, each ``pause`` seconds after the one before was lifted. A guest of the bench."""

    def __init__(self, world: World, person: int, *, pause: float) -> None:
        self._reader, self._pause = world.reader, pause
        self._tips = Fingertips(person, IN_ORDER)
        self._laid = 0
        self._lies = False
        self._seen: Measured | None = None
        self._since = time.monotonic()

    def look(self, state: Measurement, targets: Sequence[Target], window: Window) -> None:
        """Lay the next finger when the reader is free, and lift it when it was read."""
        now = time.monotonic()
        if self._reader is None or not state.here:
            return
        if self._lies and state.last is not None and state.last is not self._seen:
            self._reader.lift()
            self._lies, self._seen, self._since = False, state.last, now
        elif not self._lies and not state.lies and now - self._since >= self._pause:
            finger = IN_ORDER[self._laid % len(IN_ORDER)]
            image = self._tips.laid(finger, time_round=self._laid, size=self._reader.size)
            if image is not None:
                self._reader.place(image)
                self._lies, self._laid = True, self._laid + 1

    def close(self) -> None:
        """Grow no more fingers."""
        self._tips.close()
