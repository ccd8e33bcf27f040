"""Turns strokes of a finger into ink: is it a signature at all, and its picture."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.journey.session import Stroke

Place = tuple[float, float, float]
"""x and y in pixels of the picture, and seconds."""

SHORTEST: Final = 0.08
WIDEST_DOT: Final = 0.05
"""A line counts, a dot does not: at least this much ink, and this much extent, in shares of the field's width."""
FINE: Final = 4
"""Drawn this many times larger, then averaged down: smooth edges at any width of line."""
THICK, THIN = 0.0105, 0.0045
"""Widths of the line, slow and fast, in shares of the field's width: ink flows longer where the pen lingers."""
FAST: Final = 2.0
"""Field widths a second at which the line is halfway from thick to thin."""
FRACTION_BITS: Final = 4


def is_signed(strokes: Sequence[Stroke], *, aspect: float = 8 / 3) -> bool:
    """Whether there is a line at all; what it looks like is the signer's own business.

    ``aspect`` is the field's width by its height: points are shares of each.
    """
    points = [(x, y / aspect) for stroke in strokes for x, y, *_ in stroke]
    if not points:
        return False
    ink = sum(
        math.dist((ax, ay / aspect), (bx, by / aspect))
        for stroke in strokes
        for (ax, ay, *_), (bx, by, *_) in pairwise(stroke)
    )
    xs, ys = zip(*points, strict=True)
    return ink >= SHORTEST and math.hypot(max(xs) - min(xs), max(ys) - min(ys)) >= WIDEST_DOT


def signature_png(strokes: Sequence[Stroke], width: int = 800, height: int = 300) -> bytes:
    """The signature as black ink on white, 8-bit grey PNG, as large as asked; ink outside the field is cut off."""
    return cv2.imencode(".png", ink(strokes, width, height))[1].tobytes()


def ink(strokes: Sequence[Stroke], width: int, height: int) -> npt.NDArray[np.uint8]:
    """The signature's pixels, uint8 (height, width): 0 ink, 255 paper."""
    canvas = np.full((height * FINE, width * FINE), 255, np.uint8)
    for stroke in strokes:
        before: tuple[float, float, float] | None = None
        for x, y, thickness in _line(stroke, width, height):
            _segment(canvas, before or (x, y, thickness), (x, y, thickness))
            before = (x, y, thickness)
    return cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _line(stroke: Stroke, width: int, height: int) -> Iterator[tuple[float, float, float]]:
    """Points along the smoothed stroke and the line's width there, in pixels of the picture.

    The curve is a centripetal Catmull-Rom spline: it passes through every point touched, without loops or overshoot
    where a finger turned sharply.
    """
    points = list(_distinct(stroke, width, height))
    if len(points) < 2:
        yield from ((x, y, THICK * width) for x, y, _ in points)
        return
    thickness = THICK
    padded = [points[0], *points, points[-1]]
    for p0, p1, p2, p3 in zip(padded, points, points[1:], padded[3:], strict=False):
        length = math.dist(p1[:2], p2[:2])
        speed = length / width / max(p2[2] - p1[2], 1e-3)
        wanted = THIN + (THICK - THIN) / (1 + (speed / FAST) ** 2)
        # Ink changes its width slowly; touch panels jitter in time.
        begin, thickness = thickness, 0.65 * thickness + 0.35 * wanted
        steps = max(1, math.ceil(length / 2))
        for number, (x, y) in enumerate(_curve(p0, p1, p2, p3, steps)):
            yield float(x), float(y), (begin + (thickness - begin) * number / steps) * width


def _distinct(stroke: Stroke, width: int, height: int) -> Iterator[Place]:
    """Points in pixels, without repeats: a spline through two equal points has no direction."""
    last: tuple[float, float] | None = None
    for x, y, t, *_ in stroke:
        here = (x * width, y * height)
        if last is None or math.dist(here, last) > 0.25:
            last = here
            yield *here, t


def _curve(p0: Place, p1: Place, p2: Place, p3: Place, steps: int) -> npt.NDArray[np.float64]:
    """``steps + 1`` points from ``p1`` to ``p2``, shape (n, 2): the pyramid of Barry and Goldman (1988), alpha 1/2."""
    a, b, c, d = (np.array(p[:2], dtype=np.float64) for p in (p0, p1, p2, p3))
    ta = 0.0
    tb = ta + _knot(a, b)
    tc = tb + _knot(b, c)
    td = tc + _knot(c, d)
    t = np.linspace(tb, tc, steps + 1)[:, None]
    ab = a + (b - a) * (t - ta) / (tb - ta)
    bc = b + (c - b) * (t - tb) / (tc - tb)
    cd = c + (d - c) * (t - tc) / (td - tc)
    abc = ab + (bc - ab) * (t - ta) / (tc - ta)
    bcd = bc + (cd - bc) * (t - tb) / (td - tb)
    curve: npt.NDArray[np.float64] = abc + (bcd - abc) * (t - tb) / (tc - tb)
    return curve


def _knot(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """The first and the last point stand in for their missing neighbours, hence no distance of nothing."""
    return math.sqrt(max(math.dist(a, b), 1e-3))


def _segment(canvas: npt.NDArray[np.uint8], a: tuple[float, float, float], b: tuple[float, float, float]) -> None:
    """One short piece of line with round ends, in picture pixels, on the enlarged canvas."""
    unit = FINE << FRACTION_BITS
    (ax, ay), (bx, by) = ((round(x * unit), round(y * unit)) for x, y, _ in (a, b))
    thickness = max(1, round((a[2] + b[2]) / 2 * FINE))
    cv2.line(canvas, (ax, ay), (bx, by), 0, thickness, cv2.LINE_8, FRACTION_BITS)
