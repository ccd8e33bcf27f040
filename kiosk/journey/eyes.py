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


def best_of(*tries: tuple[IrisImage, ...]) -> tuple[IrisImage, ...]:
    """The best picture of each eye over several tries, right before left."""
    best: dict[Eye, IrisImage] = {}
    for image in (image for images in tries for image in images):
        held = best.get(image.eye)
        best[image.eye] = image if held is None else max(image, held, key=_worth)
    return tuple(best[eye] for eye in BOTH_EYES if eye in best)


def _worth(image: IrisImage) -> tuple[bool, int]:
    return image.advice is EyeAdvice.GOOD, image.score
