"""The card's background, drawn by code: a pale blue kawung batik under fine waves."""

from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.floating[Any]]

TILE = 58.0
"""Pixels between two rosettes: 4.9 mm."""
HAIRLINE = 0.75
"""Half the width of a drawn line, in pixels."""
SKY = np.array((214, 231, 246), np.float32)
MIST = np.array((238, 245, 250), np.float32)
SEA = np.array((216, 236, 238), np.float32)
PETAL = np.array((10, 8, 4), np.float32)
LINE = np.array((23, 15, 7), np.float32)
WAVE = np.array((15, 11, 8), np.float32)


def ornament(width: int, height: int) -> Pixels:
    """Draw uint8 (height, width, 3), RGB; light enough (luminance above 80 %) for small black type on it."""
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    ground = _ground(x / width, y / height)
    petals, lines = _kawung(x, y)
    ground -= petals[..., None] * PETAL + lines[..., None] * LINE
    ground -= _waves(x, y)[..., None] * WAVE
    return np.clip(np.rint(ground), 0, 255).astype(np.uint8)


def _ground(u: Plane, v: Plane) -> Plane:
    """Sky blue in the corner of the headings, over mist, to sea green."""
    along = (0.35 * u + 0.65 * v)[..., None]
    first = np.clip(along * 2, 0, 1)
    second = np.clip(along * 2 - 1, 0, 1)
    mixed: Plane = SKY + (MIST - SKY) * first + (SEA - MIST) * second
    return mixed


def _kawung(x: Plane, y: Plane) -> tuple[Plane, Plane]:
    """Petals where circles on a grid overlap, and their outlines; turned, so that the petals form crosses."""
    radius = TILE / np.sqrt(2)
    # Folded into a quarter of its cell, every dot sees the same three circles; the fourth only touches.
    u = np.abs(_from_nearest((x + y) / np.sqrt(2), TILE))
    v = np.abs(_from_nearest((x - y) / np.sqrt(2), TILE))
    centre = np.hypot(u, v)
    petals = np.zeros_like(centre)
    lines = 0.8 * _stroke(centre - 4.5)
    for away in (centre - radius, np.hypot(TILE - u, v) - radius, np.hypot(u, TILE - v) - radius):
        petals += np.clip(0.5 - away, 0, 1)
        lines = np.maximum(lines, _stroke(away))
        # A second, finer outline inside each petal, as the wax pen leaves it.
        lines = np.maximum(lines, 0.45 * _stroke(away + 5))
    return np.clip(petals - 1, 0, 1), lines


def _from_nearest(along: Plane, pitch: float) -> Plane:
    distance: Plane = along - np.rint(along / pitch) * pitch
    return distance


def _waves(x: Plane, y: Plane) -> Plane:
    """Fine lines that run across the card like swell, closer together where two swells meet."""
    swell = 26 * np.sin(x / 118) + 11 * np.sin(x / 47 + 1.3)
    slope = 26 / 118 * np.cos(x / 118) + 11 / 47 * np.cos(x / 47 + 1.3)
    pitch = 9.0
    return 0.7 * _stroke(_from_nearest(y + swell, pitch) / np.sqrt(1 + slope**2))


def _stroke(distance: Plane) -> Plane:
    """Coverage of a hairline, smoothed over one pixel."""
    covered: Plane = np.clip(HAIRLINE + 0.5 - np.abs(distance), 0, 1).astype(np.float32)
    return covered
