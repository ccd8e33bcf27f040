"""The seam of the fingerprint family: what the kiosk asks of any finger reader."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

Progress = Callable[[float], bool]
"""Called with the share done, 0.0 to 1.0; returns False to stop."""


@dataclass(frozen=True, slots=True)
class Model:
    """What the reader truly is: image size in pixels, resolution in pixels an inch, bits a pixel, template family."""

    name: str
    width: int
    height: int
    ppi: int
    depth: int
    template_family: str


@dataclass(frozen=True, slots=True)
class Template:
    """The reader's own features of one impression; comparable only within one family."""

    family: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoFinger:
    """Nobody put a finger on the reader in time, or the scan was stopped."""


@dataclass(frozen=True, slots=True)
class Smudged:
    """A finger was there, but the reader found no usable features; the image says why."""

    image: npt.NDArray[np.uint8] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Captured:
    """One impression: uint8 (height, width), 0 = ridge, 255 = background, and the features the reader extracted."""

    image: npt.NDArray[np.uint8] = field(repr=False)
    template: Template = field(repr=False)


Scan = NoFinger | Smudged | Captured


@dataclass(frozen=True, slots=True)
class Comparison:
    """The reader's own verdict on two impressions, and its score (device units, not comparable across families)."""

    same: bool
    score: int


class FingerReader(Protocol):
    """One finger at a time. Every call raises a DeviceError when the device is ill."""

    model: Model

    def scan(self, *, within: float, progress: Progress | None = None) -> Scan:
        """Wait up to ``within`` seconds for a finger, then bring its image and features."""
        ...

    def lifted(self, *, within: float) -> bool:
        """Wait until the reader is empty; False when a finger still lies on it after ``within`` seconds."""
        ...

    def match(self, template: Template, *, within: float) -> Comparison:
        """Compare the finger captured last with ``template``, on the reader. Refused if the family differs."""
        ...

    def light(self, on: bool, *, within: float) -> None:
        """Invite (light ring on) or rest; a reader without a ring does nothing."""
        ...

    def close(self) -> None:
        """Give the port back; may be called twice."""
        ...
