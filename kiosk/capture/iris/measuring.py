"""Measures one eye in a near-infrared picture, in the manner of ISO/IEC 29794-6:2015, clause 6, and scores it.

The score is our own, REKAM_IRIS_1: it orders pictures of one station, and says nothing of a match.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.iris.finding import Floats, Pixels, Seen, patch_around, unrolled, without_glints

ALGORITHM: Final = "REKAM_IRIS_1"
"""Kept with every score; a change to anything below that moves scores takes the next number."""

SPOKES: Final = 120
INSIDE, OUTSIDE = (0.78, 0.93), (1.07, 1.22)
"""Between which shares of the iris's radius its rim and what surrounds it are compared."""
STEP: Final = 0.4
"""Share of the step to the sclera at the sides above which the rim is taken for uncovered."""
BRIGHT: Final = 250
ABOVE: Final = 45.0
"""Grey from which a pixel shows a lamp; and how much brighter than around it a small reflection is."""
LARGEST_GLINT: Final = 0.035
"""Area of a lamp's reflection on a cornea, against the iris's, beyond which it is one on a pair of glasses."""
SKIN: Final = 0.6
FILLED: Final = 0.45
SHINING: Final = 235.0
"""Area, against the iris's, from which a bright spot is skin; share of its box that a reflection on glasses fills; and
grey from which what lies around it is as bright as itself."""
LAMPS_WITHIN: Final = 2.3
"""Iris radii from the pupil within which reflections on glasses count: further away they cover nothing."""
SHARP, SOFT = 0.10, 0.34
"""Width in iris radii over which a pupil's edge rises in a picture that is quite sharp, and in a useless one."""


@dataclass(frozen=True, slots=True)
class EyeMeasures:
    """One eye in one picture; lengths in pixels of that picture, shares 0 to 1."""

    x: float
    y: float
    radius: float
    """Centre and radius of the iris. ISO/IEC 29794-6 asks for 80 pixels; a picture of both eyes may have less."""
    pupil_x: float
    pupil_y: float
    pupil_radius: float
    usable: float
    """Share of the ring between pupil and edge that neither lids, lashes nor reflections cover; 0.7 at the least."""
    opening: float
    """Share of the iris's height that shows between the lids."""
    focus: float
    """1 where the pupil's edge is as sharp as an eye's can be, 0 where nothing of a texture is left."""
    gaze: float
    """Distance from the pupil's middle to that of the lamps' reflections, in iris radii: 0.13 when the eye looks 10
    degrees aside, with the lamps evenly around the lens; 0 where no lamp is seen."""
    lamps: float
    """Area of the largest reflection near the eye, against the iris's: glasses reflect more than corneas do."""
    iris_sclera: float
    iris_pupil: float
    """Contrasts 0 to 100 after ISO/IEC 29794-6: 5 and 30 at the least."""
    score: int = 0

    @property
    def dilation(self) -> float:
        """The pupil against the iris; 0.2 to 0.7 is well."""
        return self.pupil_radius / self.radius


def measure(grey: Pixels, seen: Seen) -> EyeMeasures:
    """Measure one eye that was found in a grey picture, uint8 (height, width)."""
    patch, by, x, y = patch_around(grey, seen.iris.x, seen.iris.y, seen.iris.radius)
    here = seen.scaled(1 / by, -x / by, -y / by)
    angles = np.linspace(0, 2 * np.pi, SPOKES, endpoint=False).astype(np.float32)
    radii = np.linspace(0.02, 1.3, 65, dtype=np.float32)
    rays = unrolled(patch, here.iris, radii * here.iris.radius, angles)
    above, below = _lids(rays, radii, angles)
    iris, sclera, pupil = _greys(rays, radii, angles, here)
    glints = _glints(patch, without_glints(patch, here.iris.radius), sclera)
    largest, gaze = _lamps(patch, glints, here)
    found = EyeMeasures(
        x=seen.iris.x,
        y=seen.iris.y,
        radius=seen.iris.radius,
        pupil_x=seen.pupil.x,
        pupil_y=seen.pupil.y,
        pupil_radius=seen.pupil.radius,
        usable=_usable(patch, glints, here, above, below, iris),
        opening=(above + below) / 2,
        focus=_focus(patch, here),
        gaze=gaze,
        lamps=largest,
        iris_sclera=100 * abs(sclera - iris) / max(sclera + iris - 2 * pupil, 1.0),
        iris_pupil=_weber(iris, pupil),
    )
    return replace(found, score=_score(found))


def _lids(rays: Floats, radii: Floats, angles: Floats) -> tuple[float, float]:
    """How far above and below its centre, in radii, the iris's rim shows: up to where the step to the sclera ends."""
    inside = rays[:, (radii > INSIDE[0]) & (radii < INSIDE[1])].mean(axis=1)
    outside = rays[:, (radii > OUTSIDE[0]) & (radii < OUTSIDE[1])].mean(axis=1)
    step = outside - inside
    # Neighbouring directions together: a single lash is no lid.
    step = np.convolve(np.concatenate([step[-3:], step, step[:3]]), np.full(7, 1 / 7), mode="valid")
    low = np.sin(angles)
    aside = step[(low > -0.1) & (low < 0.5)]
    shown = step > STEP * float(np.median(aside))
    heights: list[float] = []
    for way in (-1.0, 1.0):
        for right in (True, False):
            half = np.cos(angles) > 0 if right else np.cos(angles) < 0
            order = np.argsort(way * low[half])
            height, open_to = way * low[half][order], -0.3
            for at, seen in zip(height, shown[half][order], strict=True):
                if at > -0.3 and not seen:
                    break
                open_to = max(open_to, float(at))
            heights.append(open_to)
    return (heights[0] + heights[1]) / 2, (heights[2] + heights[3]) / 2


def _greys(rays: Floats, radii: Floats, angles: Floats, eye: Seen) -> tuple[float, float, float]:
    """Typical grey of iris, sclera and pupil, where lids hardly ever reach: at both sides, and in the middle."""
    aside = (np.abs(np.cos(angles)) > 0.8) & (np.sin(angles) > -0.35)
    hole = eye.pupil.radius / eye.iris.radius
    iris = float(np.median(rays[aside][:, (radii > hole + 0.12) & (radii < 0.93)]))
    sclera = float(np.median(rays[aside][:, (radii > 1.08) & (radii < 1.28)]))
    return iris, sclera, float(np.median(rays[:, radii < 0.7 * hole]))


def _weber(iris: float, pupil: float) -> float:
    if iris <= pupil:
        return 0.0
    ratio = (iris - pupil) / (20 + pupil)
    return 100 * ratio / (0.75 + ratio)


def _glints(patch: Pixels, plain: Pixels, sclera: float) -> npt.NDArray[np.bool_]:
    """Where a lamp is reflected. Large ones are not taken out of ``plain``, so that being bright must do for them:
    brighter than the sclera by far, which cannot be seen where that is overexposed itself."""
    small = (cv2.subtract(patch, plain) > ABOVE) & (patch > 1.15 * sclera)
    large = (patch >= min(BRIGHT, 1.6 * sclera)) & (sclera < SHINING)
    return np.asarray(small | large, np.bool_)


def _lamps(patch: Pixels, glints: npt.NDArray[np.bool_], eye: Seen) -> tuple[float, float]:
    """Area of the largest reflection near the eye in iris areas; how far the pupil is from those on it, in radii."""
    count, _, stats, centres = cv2.connectedComponentsWithStats(glints.astype(np.uint8), connectivity=8)
    area, largest, weight = math.pi * eye.iris.radius**2, 0.0, 0.0
    mean = np.zeros(2)
    for number in range(1, count):
        pixels = float(stats[number, cv2.CC_STAT_AREA])
        far = math.hypot(centres[number][0] - eye.pupil.x, centres[number][1] - eye.pupil.y) / eye.iris.radius
        if far < LAMPS_WITHIN and pixels < SKIN * area and _stands_out(stats[number], patch, eye):
            largest = max(largest, pixels / area)
        if far < 0.8 and pixels / area < LARGEST_GLINT:
            mean, weight = mean + pixels * centres[number], weight + pixels
    if not weight:
        return largest, 0.0
    x, y = mean / weight
    return largest, math.hypot(float(x) - eye.pupil.x, float(y) - eye.pupil.y) / eye.iris.radius


def _stands_out(stats: npt.NDArray[np.generic], patch: Pixels, eye: Seen) -> bool:
    """Whether a bright spot lies in the picture whole, fills most of its box, and ends soon; shining skin does not."""
    left, top, width, height, pixels = (int(value) for value in stats.tolist())
    rim = max(round(0.12 * eye.iris.radius), 2)
    x0, y0, x1, y1 = left - rim, top - rim, left + width + rim, top + height + rim
    if x0 < 0 or y0 < 0 or x1 > patch.shape[1] or y1 > patch.shape[0] or pixels < FILLED * width * height:
        return False
    box = patch[y0:y1, x0:x1]
    around = np.concatenate([box[0], box[-1], box[:, 0], box[:, -1]])
    return bool(around.mean() < SHINING)


def _usable(patch: Pixels, glints: npt.NDArray[np.bool_], eye: Seen, above: float, below: float, iris: float) -> float:
    """Share of the ring that shows: between the lids, neither under a lash nor under a reflection."""
    y, x = np.mgrid[: patch.shape[0], : patch.shape[1]].astype(np.float32)
    across, down = (x - eye.iris.x) / eye.iris.radius, (y - eye.iris.y) / eye.iris.radius
    ring = (np.hypot(across, down) < 0.98) & (
        np.hypot(x - eye.pupil.x, y - eye.pupil.y) > eye.pupil.radius + 0.03 * eye.iris.radius
    )
    # Lids are arches, highest in the middle; their ends on the iris's rim were measured.
    arch = 0.12 * (1 - across**2)
    shows = (down > -above - arch) & (down < below + arch)
    free = (patch > 0.5 * iris) & ~cv2.dilate(glints.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    return float((ring & shows & free).sum() / max(ring.sum(), 1))


def _focus(patch: Pixels, eye: Seen) -> float:
    """From the width over which the pupil's edge rises: unlike fine detail, it depends neither on this iris's texture
    nor on noise or light. The upper quarter of the directions counts, as who moves sideways is smeared there only."""
    angles = np.linspace(0, 2 * np.pi, 72, endpoint=False).astype(np.float32)
    hole, radius = eye.pupil.radius, eye.iris.radius
    reach = min(0.3 * radius, 0.6 * hole)
    offsets = np.linspace(-reach, reach, 41, dtype=np.float32)
    rays = unrolled(patch, eye.pupil, hole + offsets, angles)
    rays = cv2.GaussianBlur(rays, (1, 5), sigmaX=0.1, sigmaY=1.0).astype(np.float32, copy=False)
    dark, light = np.percentile(rays[:, :12], 25, axis=1), np.median(rays[:, -12:], axis=1)
    slope = np.max(rays[:, 3:] - rays[:, :-3], axis=1) / (3 * (offsets[1] - offsets[0]))
    clear = light - dark > 20
    if clear.sum() < 12:
        return 0.0
    widths = (light - dark)[clear] / np.maximum(slope[clear], 1e-3) / radius
    return float(np.clip((SOFT - np.percentile(widths, 75)) / (SOFT - SHARP), 0.0, 1.0))


def _score(eye: EyeMeasures) -> int:
    """0 to 100: each part 1 where it is well, less the further off, all multiplied."""
    parts = (
        min(eye.usable / 0.85, 1.0) ** 1.5,
        min(eye.focus / 0.85, 1.0) ** 2,
        min(eye.radius / 80, 1.0) ** 0.5,
        min(eye.iris_sclera / 12, 1.0) ** 0.5,
        min(eye.iris_pupil / 45, 1.0) ** 0.5,
        float(np.clip((0.4 - eye.gaze) / 0.3, 0.0, 1.0)),
        1.0 if 0.2 <= eye.dilation <= 0.7 else 0.6,
        1.0 if eye.lamps < LARGEST_GLINT else 0.6,
    )
    return round(100 * math.prod(parts))
