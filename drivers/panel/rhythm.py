"""When something that blinks or beeps is on. Pure: times in, levels out."""

from dataclasses import dataclass
from typing import Final

BLINK: Final = 0.5
"""Seconds on, seconds off, of the call lamp."""
BEEP: Final = 0.15
"""Seconds on, seconds off, of the buzzer."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """On for ``on`` seconds, off for ``off``, from ``begin`` (seconds) on; so many ``times``, None = without end."""

    begin: float
    on: float
    off: float
    times: int | None = None

    def level(self, now: float) -> bool:
        """Whether it is on at ``now``."""
        period, within = divmod(now - self.begin, self.on + self.off)
        return within < self.on and (self.times is None or period < self.times)

    def next(self, now: float) -> float | None:
        """When the level changes next after ``now``; None when it rests for good."""
        period, within = divmod(now - self.begin, self.on + self.off)
        if self.times is not None and (period >= self.times or (period == self.times - 1 and within >= self.on)):
            return None
        return now - within + (self.on if within < self.on else self.on + self.off)
