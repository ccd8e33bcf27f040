"""Finds pupils and irises in a near-infrared picture, from its pixels alone.

A pupil is the darkest round thing in a lit face, and an iris is the ring around it that ends before something brighter.
Both edges are searched as J. Daugman does ("How iris recognition works", IEEE Trans. CSVT 14(1), 2004): where the
brightness along circles changes most; the pupil's all around, the iris's at its sides, as lids cover the rest.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

LOOKS: Final = ((320, 14, (1.5, 2.2, 3.2, 4.6, 6.6, 9.2)), (480, 6, (1.7, 2.4)))
"""Widths, in pixels, at which pupils are looked for, how many places are then looked at more closely, and the radii of
pupils there, each for those up to a third away. The second look is for people far away, when the first has failed."""
SMALLEST: Final = 0.014
"""Radius of an iris, as a share of the picture's width, below which nothing is taken for an eye: a third of what it
should be. Gaps between lashes are smaller."""
DARKER: Final = 0.22
"""How much darker than around, against its own brightness, the middle of something like a pupil must be."""
QUICK, PATCH = 22.0, 56.0
"""Radii, in pixels, at which an iris is looked at once and again; a smaller one stays as it is."""
PUPIL_STEEP, IRIS_STEEP = 45.0, 14.0
"""Grey levels for each pupil's radius outwards below which neither edge is one: few, as blurred eyes are eyes."""
AROUND: Final = 96
"""Directions in which its edges are searched."""
SURE: Final = 0.8
"""Share of the edges that proves an eye by itself; below, a lamp must be reflected in it."""
APART: Final = (4.0, 7.0)
"""Distance between a person's pupils, in iris diameters: 5.4 in the mean."""
LEVEL: Final = 0.36
"""Slope of the line through both eyes beyond which they are nobody's: 20 degrees."""


@dataclass(frozen=True, slots=True)
class Circle:
    """Centre and radius in pixels."""

    x: float
    y: float
    radius: float

    def scaled(self, by: float, x: float, y: float) -> "Circle":
        """The same circle in a picture ``by`` times as large, whose origin is at ``x``, ``y`` of that one."""
        return Circle(self.x * by + x, self.y * by + y, self.radius * by)


@dataclass(frozen=True, slots=True)
class Seen:
    """One eye's pupil and iris, and how far round both edges could be followed (0 to 1)."""

    pupil: Circle
    iris: Circle
    support: float

    def scaled(self, by: float, x: float = 0.0, y: float = 0.0) -> "Seen":
        """The same eye in another picture, as ``Circle.scaled``."""
        return Seen(self.pupil.scaled(by, x, y), self.iris.scaled(by, x, y), self.support)


def find(grey: Pixels) -> tuple[Seen, ...]:
    """The eyes of one person in a grey picture, uint8 (height, width): none, one, or two from left to right."""
    for width, most, radii in LOOKS:
        eyes = _find(grey, width / grey.shape[1], most, radii)
        if eyes:
            return eyes
    return ()


def _find(grey: Pixels, scale: float, most: int, radii: Sequence[float]) -> tuple[Seen, ...]:
    size = round(grey.shape[1] * scale), round(grey.shape[0] * scale)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    eyes: list[Seen] = []
    pairs: list[tuple[Seen, Seen]] = []
    for x, y, radius in _dark_spots(small, radii)[:most]:
        seen = look(grey, Circle(x / scale, y / scale, radius / scale))
        if seen is None or not _whole(seen.iris, grey) or any(_distance(seen, eye) < seen.iris.radius for eye in eyes):
            continue
        eyes.append(seen)
        pairs = [pair for pair in combinations(sorted(eyes, key=lambda eye: eye.pupil.x), 2) if _one_persons(*pair)]
        if pairs and min(eye.support for eye in pairs[0]) > SURE:
            break
    if pairs:
        return max(pairs, key=lambda pair: pair[0].support + pair[1].support)
    # What has no counterpart must be quite an eye: gaps between lashes and reflections on glasses are half of one.
    return tuple(sorted((eye for eye in eyes if eye.support > SURE), key=lambda eye: -eye.support)[:1])


def look(grey: Pixels, spot: Circle) -> Seen | None:
    """The eye whose pupil is about where ``spot`` is, if there is one."""
    guess = 2.4 * spot.radius
    for detail in (QUICK, PATCH):
        # The first look is at the size of a guess, and cheap; the second is at the right one.
        patch, by, x, y = patch_around(grey, spot.x, spot.y, guess, detail)
        seen = _edges(patch, Circle((spot.x - x) / by, (spot.y - y) / by, spot.radius / by), guess / by)
        if seen is None:
            return None
        seen = seen.scaled(by, x, y)
        spot, guess = seen.pupil, seen.iris.radius
    return seen


def patch_around(
    grey: Pixels, x: float, y: float, radius: float, detail: float = PATCH
) -> tuple[Pixels, float, float, float]:
    """The surroundings of an iris of ``radius``, made so small that it has ``detail``; and the way back: pixels of the
    picture for each of the patch, and the patch's origin. Beyond the picture its edge is repeated."""
    reach = 2.6 * radius
    x0, y0 = math.floor(x - reach), math.floor(y - reach)
    x1, y1 = math.ceil(x + reach), math.ceil(y + reach)
    height, width = grey.shape
    part = grey[max(y0, 0) : max(y1, 1), max(x0, 0) : max(x1, 1)]
    if part.size == 0:
        return np.zeros((8, 8), np.uint8), 1.0, float(x0), float(y0)
    rim = max(-y0, 0), max(y1 - height, 0), max(-x0, 0), max(x1 - width, 0)
    part = cv2.copyMakeBorder(part, *rim, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
    by = max(radius / detail, 1.0)
    if by > 1.0:
        size = round(part.shape[1] / by), round(part.shape[0] / by)
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    # Pixels are areas: the middle of the first one is half a pixel in.
    return part, by, x0 + (by - 1) / 2, y0 + (by - 1) / 2


def unrolled(patch: Pixels, circle: Circle, radii: Floats, angles: Floats) -> Floats:
    """Grey along ``angles`` (radians, clockwise from the right) at ``radii`` (pixels): float32 (angles, radii)."""
    x = circle.x + np.cos(angles)[:, None] * radii[None, :]
    y = circle.y + np.sin(angles)[:, None] * radii[None, :]
    ways = x.astype(np.float32), y.astype(np.float32)
    return cv2.remap(patch, *ways, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32, copy=False)


def without_glints(patch: Pixels, radius: float) -> Pixels:
    """The patch of an iris of ``radius`` without the lamps' reflections: what is bright and small becomes as around."""
    side = max(round(0.2 * radius), 1) * 2 + 1
    return cv2.morphologyEx(patch, cv2.MORPH_OPEN, np.ones((side, side), np.uint8)).astype(np.uint8, copy=False)


def _dark_spots(small: Pixels, radii: Sequence[float]) -> list[tuple[float, float, float]]:
    """Places and radii of what may be pupils, the likeliest first."""
    best = np.zeros(small.shape, np.float32)
    size = np.zeros(small.shape, np.float32)
    for radius in radii:
        # The lamps' reflections go first: they are narrower than half the pupil, and than the iris.
        side = 2 * round(0.6 * radius) + 1
        plain = cv2.morphologyEx(small, cv2.MORPH_OPEN, np.ones((side, side), np.uint8)).astype(np.float32)
        inner, outer = _mean(plain, 0.75 * radius), _mean(plain, 3.0 * radius)
        contrast = (outer - inner) / (inner + 18.0)
        better = contrast > best
        best[better], size[better] = contrast[better], radius
    peaks = np.argwhere((best >= cv2.dilate(best, np.ones((9, 9), np.uint8))) & (best > DARKER))
    likeliest = sorted(peaks.tolist(), key=lambda peak: -float(best[peak[0], peak[1]]))
    return [(x + 0.5, y + 0.5, float(size[y, x])) for y, x in likeliest]


def _mean(grey: Floats, reach: float) -> Floats:
    """The mean within ``reach`` pixels: of a square, twice over, which is round enough and costs the same for all."""
    side = 2 * round(0.5 * reach) + 1
    return cv2.blur(cv2.blur(grey, (side, side)), (side, side)).astype(np.float32, copy=False)


def _edges(patch: Pixels, spot: Circle, guess: float) -> Seen | None:
    """Pupil and iris around ``spot`` in a patch, the iris's radius about ``guess``."""
    plain = without_glints(patch, guess)
    all_around = np.linspace(0, 2 * np.pi, AROUND, endpoint=False).astype(np.float32)
    pupil, followed = _fitted(plain, spot, (0.35 * spot.radius, 1.9 * spot.radius), all_around, PUPIL_STEEP)
    if pupil is None or followed < 0.28:  # from a guess at its size
        return None
    pupil, followed = _fitted(plain, pupil, (0.6 * pupil.radius, 1.45 * pupil.radius), all_around, PUPIL_STEEP)
    if pupil is None or followed < 0.42:
        return None
    aside = np.abs(np.cos(all_around)) > 0.64  # 50 degrees up and down from both sides
    reach = (1.35 * pupil.radius, min(5.2 * pupil.radius, 0.46 * min(patch.shape)))
    iris, sides = _fitted(patch, pupil, reach, all_around[aside], IRIS_STEEP)
    if iris is None or sides < 0.5:
        return None
    off = math.hypot(iris.x - pupil.x, iris.y - pupil.y)
    if not 0.18 < pupil.radius / iris.radius < 0.78 or off > 0.3 * iris.radius:
        return None
    support = (followed + sides) / 2
    return Seen(pupil, iris, support) if support > SURE or _reflects(patch, plain, iris) else None


def _reflects(patch: Pixels, plain: Pixels, iris: Circle) -> bool:
    """Whether a lamp is reflected within the iris: gaps between lashes look like pupils, but reflect nothing."""
    mask = np.zeros(patch.shape, np.uint8)
    cv2.circle(mask, (round(iris.x), round(iris.y)), round(0.9 * iris.radius), 1, -1)
    brightest = float(np.max(patch, where=mask > 0, initial=0))
    return brightest > float(np.percentile(plain, 90)) + 20.0


def _fitted(
    patch: Pixels, about: Circle, reach: tuple[float, float], angles: Floats, least: float
) -> tuple[Circle | None, float]:
    """The circle along which it gets brighter outwards, and the share of ``angles`` that lie on it.

    One radius is chosen for all directions first, where the mean step is largest; then each direction has its edge near
    that radius, and a circle is laid through them, those far off left out.
    """
    radii = np.linspace(*reach, 56, dtype=np.float32)
    step = (reach[1] - reach[0]) / 55
    rays = unrolled(patch, about, radii, angles)
    smooth = cv2.GaussianBlur(rays, (9, 5), sigmaX=1.4, sigmaY=1.0)
    slope = (smooth[:, 4:] - smooth[:, :-4]) * (about.radius / (4 * step))
    # The median is not led astray by lids and lashes in some of the directions.
    common = int(np.argmax(np.sort(slope, axis=0)[len(angles) // 3 :].mean(axis=0)))
    near = np.exp(-(((np.arange(slope.shape[1]) - common) / (0.3 * about.radius / step + 3)) ** 2))
    at = np.argmax(slope * near, axis=1)
    rise = slope[np.arange(len(angles)), at]
    edge = radii[at + 2]
    x, y = about.x + edge * np.cos(angles), about.y + edge * np.sin(angles)
    kept = rise > least
    circle: Circle | None = None
    for _ in range(4):
        if kept.sum() < max(0.25 * len(angles), 6):
            return None, 0.0
        circle = _through(x[kept], y[kept])
        far = np.abs(np.hypot(x - circle.x, y - circle.y) - circle.radius)
        kept = (far < max(0.09 * circle.radius, 1.2)) & (rise > least)
    return circle, float(kept.mean())


def _through(x: Floats, y: Floats) -> Circle:
    """The circle nearest to the points (I. Kåsa, "A circle fitting procedure", IEEE Trans. Instrum. Meas. 25, 1976)."""
    mean_x, mean_y = float(x.mean()), float(y.mean())
    u, v = (x - mean_x).astype(np.float64), (y - mean_y).astype(np.float64)
    far = u * u + v * v
    uu, uv, vv, uf, vf = float(u @ u), float(u @ v), float(v @ v), float(u @ far), float(v @ far)
    # Points on one line have no circle; an arc this flat is no eye's either.
    apart = max(uu * vv - uv * uv, 1e-9)
    a, b = (uf * vv - vf * uv) / (2 * apart), (vf * uu - uf * uv) / (2 * apart)
    return Circle(mean_x + a, mean_y + b, math.sqrt(a * a + b * b + (uu + vv) / len(u)))


def _whole(iris: Circle, grey: Pixels) -> bool:
    """Whether an iris is large enough and lies within the picture: what is cut off at its edge is not seen."""
    height, width = grey.shape
    room = min(iris.x, width - iris.x, iris.y, height - iris.y)
    return bool(SMALLEST * width < iris.radius < room)


def _one_persons(left: Seen, right: Seen) -> bool:
    larger, smaller = max(left.iris.radius, right.iris.radius), min(left.iris.radius, right.iris.radius)
    apart = _distance(left, right) / (larger + smaller)
    level = abs(right.pupil.y - left.pupil.y) < LEVEL * (right.pupil.x - left.pupil.x)
    return larger < 1.3 * smaller and APART[0] < apart < APART[1] and level


def _distance(one: Seen, other: Seen) -> float:
    return math.hypot(one.pupil.x - other.pupil.x, one.pupil.y - other.pupil.y)
