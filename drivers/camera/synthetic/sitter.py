"""Who sits for the portrait and how: everything the painter may change, and persons drawn by lot."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

Colour = tuple[int, int, int]

TONES: Final[tuple[Colour, ...]] = ((212, 166, 132), (190, 141, 106), (160, 112, 80), (126, 84, 60), (92, 60, 45))
"""Mean colours of facial skin in good light, RGB: from light Javanese or Chinese to dark Papuan or Timorese skin."""
SHAPE: Final = ("width", "jaw", "eyes", "lids", "nose", "mouth", "lips", "brows")
"""What makes one face another's: each a number around 0, its standard deviation 1."""


class Glasses(Enum):
    """What is worn before the eyes."""

    NONE = "none"
    THIN = "thin"
    THICK = "thick"
    REFLECTING = "reflecting"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody made up. Without a ``tone`` the portrait's own skin and hair stay; ``scarf`` is the jilbab's colour."""

    tone: Colour | None = None
    scarf: Colour | None = None
    clothes: Colour | None = None
    moustache: bool = False
    shape: tuple[float, ...] = (0.0,) * len(SHAPE)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """How the head is held and what the face does.

    Degrees: ``yaw`` turns towards the person's own left, ``pitch`` lifts the chin. ``eyes`` is how far they are open
    (1 is open, 0 is shut), ``mouth`` how far it is (0 is closed); ``gaze`` says where the irises are, in half eye
    widths to the person's left, and up. ``side`` is how much of the light comes from one side, -1 (the person's
    right) to 1.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    eyes: float = 1.0
    mouth: float = 0.0
    gaze: tuple[float, float] = (0.0, 0.0)
    glasses: Glasses = Glasses.NONE
    side: float = 0.0


ANYBODY: Final = Person()
"""The person of the portrait, with a closed mouth."""
PLAIN: Final = Look()
"""Straight into the camera, in good light."""


def somebody(seed: int) -> Person:
    """A person drawn by lot: every second one a woman with a jilbab, every tone as often, faces of many shapes."""
    random = np.random.default_rng(seed)
    tone = TONES[int(random.integers(len(TONES)))]
    jitter = random.integers(-8, 9)
    cloths = ((40, 44, 52), (232, 226, 214), (92, 30, 60), (24, 92, 84), (150, 120, 160), (176, 140, 96), (60, 78, 120))
    covered = bool(random.random() < 0.5)
    return Person(
        tone=(tone[0] + int(jitter), tone[1] + int(jitter), tone[2] + int(jitter)),
        scarf=cloths[int(random.integers(len(cloths)))] if covered else None,
        clothes=cloths[int(random.integers(len(cloths)))],
        moustache=not covered and bool(random.random() < 0.4),
        shape=tuple(float(value) for value in np.clip(random.normal(0, 1, len(SHAPE)), -1.8, 1.8)),
        seed=seed,
    )
