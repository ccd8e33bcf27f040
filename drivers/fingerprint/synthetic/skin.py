"""What life does to a finger tip: wear by work and age, healed cuts, dry or damp skin.

It is done to the skin once and shows in every print of it. What worn prints look like (ridges of uneven height, many
fine white lines across them, pores gone): Drahansky et al., "Influence of skin diseases on fingerprint recognition",
J. Biomed. Biotechnol. 2012; Modi et al., "Impact of age groups on fingerprint recognition performance", AutoID 2007.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from drivers.fingerprint.synthetic.noise import Field, blurred, smooth_noise


@dataclass(frozen=True, slots=True)
class Skin:
    """The traits of one person's skin, the same on all ten fingers but for where each shows."""

    wear: float = 0.0
    """How far work and age have rubbed the ridges off: 0 not at all, 0.5 a farmer's, 1 hardly a ridge left."""
    scars: int = 0
    """Healed cuts across the ridges of each finger."""
    moisture: float = 0.5
    """What is ordinary for this skin, as ``impression`` has it: 0 dry, 0.5 ordinary, 1 dripping."""

    def __post_init__(self) -> None:
        if not (0 <= self.wear <= 1 and 0 <= self.moisture <= 1 and 0 <= self.scars <= 9):
            raise ValueError(f"{self} is no skin: wear and moisture are 0 to 1, scars 0 to 9")


INTACT = Skin()


def worn(relief: Field, pores: Field, creases: Field, wear: float, rng: np.random.Generator) -> tuple[Field, ...]:
    """Return the three layers of a Master after ``wear``: flatter ridges in patches, roughness, fine lines."""
    shape = relief.shape
    # Never even: where the tool is held little is left, beside it the ridges stand.
    rubbed = np.clip(wear * (1 + 0.55 * smooth_noise(rng, shape, 48)), 0, 1)
    rough = 0.55 * smooth_noise(rng, shape, 3.0) + 0.45 * smooth_noise(rng, shape, 7.0)
    relief = relief * (1 - 0.80 * rubbed) + rubbed * rough
    lines = _scratches(shape, round(70 * wear * wear), rng)
    return (
        np.asarray(relief, np.float32),
        np.asarray(pores * (1 - rubbed), np.float32),
        np.asarray(np.maximum(creases, lines), np.float32),
    )


def scarred(relief: Field, creases: Field, scars: int, rng: np.random.Generator) -> tuple[Field, Field]:
    """Return relief and creases with ``scars`` healed cuts: a white seam, to whose sides the ridges no longer meet."""
    height, width = relief.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    for _ in range(scars):
        middle = rng.uniform((0.35 * width, 0.32 * height), (0.65 * width, 0.68 * height))
        heading, half = rng.uniform(0, np.pi), rng.uniform(28, 70)
        along = (x - middle[0]) * np.cos(heading) + (y - middle[1]) * np.sin(heading)
        across = (y - middle[1]) * np.cos(heading) - (x - middle[0]) * np.sin(heading)
        across = across - rng.uniform(-9, 9) * np.square(along / half)  # no cut is quite straight
        near = np.clip(1.15 - np.abs(along) / half, 0, 1) ** 0.5
        # The tissue has drawn together: each side has moved along the seam, and is pulled towards it.
        pull = near * np.exp(-np.square(across / 16))
        moved = rng.uniform(2.0, 4.5) * np.sign(across) * pull
        drawn = -rng.uniform(1.0, 3.0) * np.sign(across) * pull
        cos, sin = np.cos(heading), np.sin(heading)
        map_x, map_y = x + moved * cos - drawn * sin, y + moved * sin + drawn * cos
        relief, creases = (
            np.asarray(
                cv2.remap(
                    layer,
                    map_x.astype(np.float32),
                    map_y.astype(np.float32),
                    cv2.INTER_LINEAR,
                    borderMode=cv2.BORDER_REFLECT_101,
                ),
                np.float32,
            )
            for layer in (relief, creases)
        )
        seam = near * np.exp(-np.square(across / rng.uniform(1.3, 2.4)))
        creases = np.asarray(np.maximum(creases, np.clip(1.3 * seam, 0, 1)), np.float32)
    return relief, creases


def _scratches(shape: tuple[int, int], count: int, rng: np.random.Generator) -> Field:
    """Draw ``count`` fine white lines, short and long, mostly across the finger, none quite straight."""
    lines = np.zeros(shape, np.float32)
    height, width = shape
    for _ in range(count):
        start = rng.uniform((0.1 * width, 0.1 * height), (0.9 * width, 0.9 * height))
        headings = rng.normal(0, 0.8) + np.cumsum(rng.normal(0, 0.08, 9))
        steps = rng.uniform(2, 11) * np.stack((np.cos(headings), np.sin(headings)), axis=1)
        points = np.round((start + np.cumsum(steps, axis=0)) * 16).astype(np.int32)
        cv2.polylines(lines, [points], False, rng.uniform(0.4, 1.0), 1, cv2.LINE_AA, 4)
    return np.asarray(np.clip(blurred(lines, 0.7) * 1.8, 0, 1), np.float32)
