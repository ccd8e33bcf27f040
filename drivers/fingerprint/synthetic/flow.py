"""How ridges run: the pattern class of each finger, its singular points, and the flow around them.

Sherlock and Monro's zero-pole model (1993), bent as Vizcaya's (1996), so that no two fingers flow alike.
"""

from enum import Enum

import numpy as np

from drivers.fingerprint.synthetic.noise import Field

CANVAS = (512, 432)
"""Height and width of a master: the finger tip, and enough around it for shifts and turns."""


class Pattern(Enum):
    """The five classes; left and right name the side on which a loop is open, as seen on paper."""

    ARCH = "arch"
    TENTED_ARCH = "tented arch"
    LEFT_LOOP = "left loop"
    RIGHT_LOOP = "right loop"
    WHORL = "whorl"


# Arch, tented arch, radial loop, ulnar loop, whorl, in per cent, for thumb to little finger. Rounded; over all ten
# fingers about the published totals (Wilson, Candela and Watson 1994: arch 3.7, tented 2.9, loops 65.5, whorl 27.9).
PROPORTIONS = (
    (3, 1, 1, 55, 40),
    (6, 6, 17, 38, 33),
    (5, 4, 3, 70, 18),
    (2, 2, 1, 58, 37),
    (1, 2, 1, 84, 12),
)


def pattern_of(person: int, finger: int) -> Pattern:
    """Return the pattern class of ``finger``, an ISO/IEC 19794-4 position, 1 (right thumb) to 10 (left little)."""
    if not 1 <= finger <= 10:
        raise ValueError(f"finger position {finger} is not 1 to 10")
    right_hand = finger <= 5
    rng = np.random.default_rng([1, person, finger])
    draw = rng.uniform(0, 100)
    arch, tented, radial, ulnar, _ = np.cumsum(PROPORTIONS[(finger - 1) % 5])
    if draw < arch:
        return Pattern.ARCH
    if draw < tented:
        return Pattern.TENTED_ARCH
    if draw < radial:  # opens to the thumb's side, which is left on a right hand's print
        return Pattern.LEFT_LOOP if right_hand else Pattern.RIGHT_LOOP
    if draw < ulnar:
        return Pattern.RIGHT_LOOP if right_hand else Pattern.LEFT_LOOP
    return Pattern.WHORL


def grid() -> tuple[Field, Field]:
    """Return x (right) and y (up, as the singular point formulas have it) from the middle of the canvas."""
    height, width = CANVAS
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x - width / 2, height / 2 - y


def ridge_flow(pattern: Pattern, rng: np.random.Generator) -> Field:
    """Return the ridge direction in radians, image axes."""
    x, y = grid()
    if pattern is Pattern.ARCH:
        rise = np.clip(0.15 + rng.uniform(0.55, 0.95) * (y + 190) / 260, 0.05, 1.6)
        lean = rng.uniform(-15, 15)
        across = np.clip((x - lean) / rng.uniform(195, 225), -1, 1)
        return np.asarray(np.arctan(rise * np.sin(np.pi * across)), np.float32)
    cores, deltas = _singularities(pattern, rng)
    angle = np.zeros_like(x)
    for sign, points in ((0.5, cores), (-0.5, deltas)):
        for px, py in points:
            angle += sign * _bent(np.arctan2(y - py, x - px), rng)
    # The zero-pole model alone runs too flat beside and above the core: real ridges follow the outline of the tip, and
    # those of a loop leave it steeply.
    foot = 85 if pattern in (Pattern.LEFT_LOOP, Pattern.RIGHT_LOOP) else 45
    outline = rng.uniform(0.60, 0.85) * np.tanh(x / 140) / (1 + np.exp(-(y + foot) / 45))
    return np.asarray(outline - angle, np.float32)


def _singularities(
    pattern: Pattern, rng: np.random.Generator
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return cores and deltas, y up; no two fingers have them in the same places."""
    core_x, core_y = rng.normal(0, 9), 18 + rng.normal(0, 12)
    if pattern is Pattern.WHORL:
        apart, tilt = rng.uniform(10, 62), rng.normal(0, 0.35)
        dx, dy = apart / 2 * np.sin(tilt), apart / 2 * np.cos(tilt)
        drop = rng.uniform(85, 130)
        return (
            [(core_x + dx, core_y + dy), (core_x - dx, core_y - dy)],
            [
                (core_x - rng.uniform(85, 125), core_y - drop + rng.normal(0, 14)),
                (core_x + rng.uniform(85, 125), core_y - drop + rng.normal(0, 14)),
            ],
        )
    if pattern is Pattern.TENTED_ARCH:
        return [(core_x, core_y)], [(core_x + rng.normal(0, 5), core_y - rng.uniform(55, 105))]
    side = -1 if pattern is Pattern.RIGHT_LOOP else 1  # the delta lies opposite the open side
    return [(core_x, core_y)], [(core_x + side * rng.uniform(62, 118), core_y - rng.uniform(75, 128))]


def _bent(angle: Field, rng: np.random.Generator) -> Field:
    """Bend the angle around a singular point a little, so that no two loops have the same shape (after Vizcaya)."""
    bent = angle.copy()
    for turns in (1, 2):
        bent += rng.uniform(0, 0.14) * np.sin(turns * angle + rng.uniform(0, 2 * np.pi))
    return bent
