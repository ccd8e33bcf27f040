"""Anti-aliased rounded shapes from their signed distance: corners, shadows, rings and the oval's veil."""

from math import pi

import numpy as np
import numpy.typing as npt
import pygame

from kiosk.screens.theme import Colour

Coverage = npt.NDArray[np.float32]
Oval = tuple[float, float, float, float]
"""Centre and radii, x before y, in pixels."""


def disc(radius: int, fill: Colour, border: Colour, width: int) -> pygame.Surface:
    """A disc with a border: its quarters are the corners of a rounded panel."""
    distance = _from_centre(2 * radius, 2 * radius, radius, radius) - radius
    inside = np.clip(0.5 - distance, 0, 1)
    core = np.clip(0.5 - (distance + width), 0, 1)
    return surface(_mix(fill, border, core), inside)


def shadow(size: tuple[int, int], radius: int, blur: int, strength: float) -> pygame.Surface:
    """A soft shadow of a rounded panel of ``size``, ``blur`` pixels wider on every side."""
    width, height = size[0] + 2 * blur, size[1] + 2 * blur
    x = np.abs(np.arange(width, dtype=np.float32) - (width - 1) / 2) - (size[0] / 2 - radius)
    y = np.abs(np.arange(height, dtype=np.float32) - (height - 1) / 2) - (size[1] / 2 - radius)
    outside = np.hypot(np.maximum(x, 0)[None, :], np.maximum(y, 0)[:, None])
    inside = np.minimum(np.maximum(x[None, :], y[:, None]), 0)
    distance = outside + inside - radius
    fall = np.clip(0.5 - distance / (2 * blur), 0, 1)
    coverage = (fall * fall * (3 - 2 * fall) * strength).astype(np.float32)
    return surface(np.zeros((height, width, 3), np.float32) + np.array((30, 24, 12), np.float32), coverage)


def ring(radius: int, width: int, share: float, colour: Colour, rest: Colour) -> pygame.Surface:
    """A ring of which ``share`` (0..1), clockwise from the top, has one colour and the rest another."""
    side = 2 * radius
    distance = np.abs(_from_centre(side, side, radius, radius) - (radius - width / 2 - 1)) - width / 2
    coverage = np.clip(0.5 - distance, 0, 1)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) + 0.5 - radius
    turned = np.mod(np.arctan2(x, -y) / (2 * pi), 1.0)
    # Half a pixel of arc softens the two ends.
    soft = 1 / (2 * pi * max(radius - width / 2, 1))
    filled = np.clip((share - turned) / soft + 0.5, 0, 1) if share < 1 else np.ones_like(turned)
    return surface(_mix(colour, rest, filled), coverage)


def oval_veil(
    size: tuple[int, int], ovals: tuple[Oval, ...], width: int, veil: Colour, strength: float, rim: Colour
) -> pygame.Surface:
    """Covers ``size`` with a half transparent veil but for ovals, of which each gets a rim."""
    distance = np.minimum.reduce([_to_oval(size, oval) for oval in ovals])
    outside = np.clip(distance + 0.5, 0, 1)
    on_rim = np.clip(width / 2 - np.abs(distance) + 0.5, 0, 1)
    alpha = np.maximum(outside * strength, on_rim)
    return surface(_mix(rim, veil, on_rim), alpha.astype(np.float32))


def _to_oval(size: tuple[int, int], oval: Oval) -> Coverage:
    x = np.arange(size[0], dtype=np.float32)[None, :] + 0.5 - oval[0]
    y = np.arange(size[1], dtype=np.float32)[:, None] + 0.5 - oval[1]
    # First-order distance to the ellipse: exact enough beside its rim.
    value = np.hypot(x / oval[2], y / oval[3])
    slope = np.hypot(x / oval[2] ** 2, y / oval[3] ** 2) / np.maximum(value, 1e-3)
    distance: Coverage = ((value - 1) / np.maximum(slope, 1e-6)).astype(np.float32)
    return distance


def corner_mask(size: tuple[int, int], radius: int, colour: Colour) -> pygame.Surface:
    """Opaque outside a rounded panel of ``size``, clear inside: rounds off a picture on a ground of ``colour``."""
    width, height = size
    x = np.abs(np.arange(width, dtype=np.float32) - (width - 1) / 2) - (width / 2 - radius)
    y = np.abs(np.arange(height, dtype=np.float32) - (height - 1) / 2) - (height / 2 - radius)
    distance = np.hypot(np.maximum(x, 0)[None, :], np.maximum(y, 0)[:, None]) - radius
    return surface(
        np.zeros((height, width, 3), np.float32) + np.array(colour, np.float32), np.clip(distance + 0.5, 0, 1)
    )


def surface(colours: npt.NDArray[np.float32], coverage: Coverage) -> pygame.Surface:
    """RGB (height, width, 3) 0..255 with coverage (height, width) 0..1 as a surface with straight alpha."""
    height, width = coverage.shape
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = np.rint(colours)
    pixels[..., 3] = np.rint(coverage * 255)
    return pygame.image.frombuffer(pixels.tobytes(), (width, height), "RGBA")


def _from_centre(width: int, height: int, x: float, y: float) -> Coverage:
    across = np.arange(width, dtype=np.float32)[None, :] + 0.5 - x
    down = np.arange(height, dtype=np.float32)[:, None] + 0.5 - y
    distance: Coverage = np.hypot(across, down).astype(np.float32)
    return distance


def _mix(one: Colour, other: Colour, share: Coverage) -> npt.NDArray[np.float32]:
    first, second = np.array(one, np.float32), np.array(other, np.float32)
    return (second + (first - second) * share[..., None]).astype(np.float32)
