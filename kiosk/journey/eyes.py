"""The two eyes, and what an iris picture is."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from kiosk.capture.advice import EyeAdvice


class Eye(Enum):
    """The person's own right and left (ISO/IEC 19794-6:2011, table 4)."""

    RIGHT = "right"
    LEFT = "left"


BOTH_EYES = (Eye.RIGHT, Eye.LEFT)


@dataclass(frozen=True, slots=True)
class IrisImage:
    """One iris: 8-bit grey pixels row by row, and in them the iris's centre and diameter, in pixels."""

    eye: Eye
    width: int
    height: int
    score: int
    advice: EyeAdvice
    centre_x: int
    centre_y: int
    diameter: int
    pixels: bytes = field(repr=False)
    captured: datetime | None = None
