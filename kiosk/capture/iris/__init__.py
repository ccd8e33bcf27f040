"""Judges a picture of both eyes in near infrared, and cuts the irises out of it.

What is asked for follows ISO/IEC 29794-6:2015 (clause 6: usable area, contrasts, sharpness, pupil, gaze, size) and
ISO/IEC 19794-6:2011. Left and right are the person's own; the picture is not mirrored, so the right eye is on its left.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np

from kiosk.capture.advice import EyeAdvice
from kiosk.capture.iris.finding import Pixels, Seen, find
from kiosk.capture.iris.measuring import ALGORITHM, LARGEST_GLINT, EyeMeasures, measure
from kiosk.journey.eyes import BOTH_EYES, Eye

__all__ = ["ALGORITHM", "EyeJudge", "EyeMeasures", "EyesJudgement", "IrisCrop", "advise", "iris_image"]

WELL: Final = 0.0446
"""Radius of an iris, as a share of the picture's width, when the person is well placed: both eyes with room to spare.

57 pixels in a preview of 1280, 115 in a still of 2592; a camera whose stills are narrower than 1800 pixels stays below
the 80 that ISO/IEC 29794-6 asks for, and its scores say so.
"""
APART: Final = 5.38
"""Distance between a person's pupils in iris diameters, mean of adults: where the other eye is to be looked for."""
SIZE: Final = 0.2
ASIDE: Final = 0.08
UP_DOWN: Final = 0.15
COVERED: Final = 0.3
GAZE: Final = 0.17
SOFT: Final = 0.17
MOVING: Final = 0.009
"""How far off is still good: the iris's radius against ``WELL`` (share), the middle between the eyes against the
picture's (shares of its width and height), what is covered of the ring (ISO/IEC 29794-6: 30 %), the pupil from the
lamps' reflections (iris radii; 13 degrees), focus below 1, and the shift between two judged frames (share of the
width)."""
OUT_OF_SIGHT: Final = 2.0
"""What ``_lined`` says of a place beyond the picture: more than bare skin or the room behind, less than an eye."""
SMALL: Final = 160
"""Width at which shut lids and glasses are looked for."""
FINE: Final = (640, 1.2, 5.0)
BLURRED: Final = 0.33
"""Width at which blur is looked for, and two Gaussians' deviations there; and the share of what the larger takes away
that the smaller takes, below which all is blurred: lashes and brows that are sharp have 0.39 and more."""
VGA: Final = (640, 480)
"""Width and height of the picture of one iris (ISO/IEC 19794-6:2011, image type 2, VGA)."""


@dataclass(frozen=True, slots=True)
class EyesJudgement:
    """One frame's measures and the one thing to change; hand it to the next ``judge`` call, drop it with the visit.

    ``score`` is the worst of the wanted eyes', 0 to 100, REKAM_IRIS_1; 0 where one of them is not seen. ``eyes`` has
    every eye that is. ``motion`` is the shift since the frame before, in shares of the width.
    """

    advice: EyeAdvice
    score: int = 0
    eyes: Mapping[Eye, EyeMeasures] = field(default_factory=dict, repr=False)
    motion: float = 0.0
    missed: bool = False


@dataclass(frozen=True, slots=True)
class IrisCrop:
    """One iris: grey pixels, uint8 (480, 640), in them its centre and radius, and whether it is in the middle."""

    pixels: Pixels = field(repr=False)
    x: float
    y: float
    radius: float
    centred: bool


class EyeJudge:
    """Judges frames; it keeps nothing between them.

    A judgement costs about 12 ms of one desktop core for a 1280 × 960 frame: see tests/bench/iris_advice.py.
    """

    def judge(
        self, frame: Pixels, previous: EyesJudgement | None = None, *, wanted: Collection[Eye] = BOTH_EYES
    ) -> EyesJudgement:
        """Judge one frame, uint8 (height, width, 3) or (height, width), near infrared.

        ``wanted`` are the eyes that are to be taken: what the other one does is not looked at. ``previous`` is the
        judgement of the frame before, if there was one: it tells whether the person moved, which eye a single one is,
        and keeps the advice from flickering at a limit.
        """
        grey = _grey(frame)
        height, width = grey.shape
        eyes = {eye: measure(grey, seen) for eye, seen in _named(find(grey), grey, previous).items()}
        if not eyes:
            return _nobody(grey, previous)
        motion = _motion(eyes, previous, width)
        scores = [eyes[eye].score if eye in eyes else 0 for eye in wanted]
        found = EyesJudgement(EyeAdvice.GOOD, min(scores, default=0), eyes, motion)
        if (
            previous is not None
            and not previous.missed
            and any(eye in previous.eyes and eye not in eyes for eye in wanted)
        ):
            return replace(found, advice=_once(previous), missed=True)
        before = previous.advice if previous else None
        return replace(found, advice=advise(found, before, wanted=wanted, size=(width, height)))


def advise(
    found: EyesJudgement, before: EyeAdvice | None, *, wanted: Collection[Eye], size: tuple[int, int]
) -> EyeAdvice:
    """The most useful advice on eyes of which at least one was found, first things first.

    A limit is wider for who was good before and narrower for who was told so before: advice changes once per change.
    """
    x, y, radius = _middle(found.eyes)
    near = radius / (WELL * size[0]) - 1
    aside, down = x / size[0] - 0.5, y / size[1] - 0.5
    seen = [found.eyes[eye] for eye in wanted if eye in found.eyes]
    missing = len(seen) < len(wanted)

    def worst(values: Iterable[float]) -> float:
        return max(values, default=0.0)

    unsharp = worst(1 - eye.focus for eye in found.eyes.values()) / SOFT
    # Each row: the advice, and how far off the person is, 1.0 being the limit.
    rows: Iterable[tuple[EyeAdvice, float]] = (
        (EyeAdvice.GLASSES_OFF, worst(eye.lamps for eye in found.eyes.values()) / LARGEST_GLINT),
        (EyeAdvice.CLOSER, -near / SIZE),
        (EyeAdvice.FURTHER, near / SIZE),
        (EyeAdvice.MOVE_LEFT, -aside / ASIDE),
        (EyeAdvice.MOVE_RIGHT, aside / ASIDE),
        (EyeAdvice.RAISE, down / UP_DOWN),
        (EyeAdvice.LOWER, -down / UP_DOWN),
        # A blurred eye may well be open, and not be found.
        (EyeAdvice.HOLD_STILL, unsharp if missing else 0.0),
        (EyeAdvice.OPEN_WIDE, 9.0 if missing else 0.0),
        # Lids cover more of an eye that looks aside.
        (EyeAdvice.LOOK_HERE, worst(eye.gaze for eye in seen) / GAZE),
        (EyeAdvice.OPEN_WIDE, worst(1 - eye.usable for eye in seen) / COVERED),
        (EyeAdvice.HOLD_STILL, max(found.motion / MOVING, unsharp)),
    )
    for advice, off in rows:
        if off > (1.15 if before is EyeAdvice.GOOD else 0.88 if before is advice else 1.0):
            return advice
    return EyeAdvice.GOOD


def iris_image(frame: Pixels, eye: EyeMeasures) -> IrisCrop:
    """The picture of one iris out of the frame that it was measured in: 640 × 480 of its very pixels, unscaled.

    The iris is in the middle; near the frame's edge the cut stays within the frame, and ``centred`` is false (the image
    is then of ISO/IEC 19794-6's type 1, uncropped). Raises ValueError for a frame that is smaller.
    """
    height, width = frame.shape[:2]
    if width < VGA[0] or height < VGA[1]:
        raise ValueError(f"A picture of {width} × {height} holds no {VGA[0]} × {VGA[1]}; use a larger still.")
    left, top = round(eye.x) - VGA[0] // 2, round(eye.y) - VGA[1] // 2
    x0, y0 = min(max(left, 0), width - VGA[0]), min(max(top, 0), height - VGA[1])
    cut = _grey(frame[y0 : y0 + VGA[1], x0 : x0 + VGA[0]])
    return IrisCrop(np.ascontiguousarray(cut), eye.x - x0, eye.y - y0, eye.radius, centred=(x0, y0) == (left, top))


def _grey(frame: Pixels) -> Pixels:
    if frame.ndim == 2:
        return frame
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)


def _named(seen: tuple[Seen, ...], grey: Pixels, previous: EyesJudgement | None) -> dict[Eye, Seen]:
    """Which eye is which. Of two that is plain; a single one is what it was before, or has the other beside it."""
    if len(seen) == 2:
        return {Eye.RIGHT: seen[0], Eye.LEFT: seen[1]}
    if not seen:
        return {}
    iris = seen[0].iris
    for eye, before in (previous.eyes if previous else {}).items():
        if math.hypot(before.x - iris.x, before.y - iris.y) < 2 * iris.radius:
            return {eye: seen[0]}
    apart = APART * 2 * iris.radius
    right = _lined(grey, iris.x + apart, iris.y, iris.radius)
    left = _lined(grey, iris.x - apart, iris.y, iris.radius)
    if right == left:
        return {Eye.RIGHT if iris.x < grey.shape[1] / 2 else Eye.LEFT: seen[0]}
    return {Eye.RIGHT if right > left else Eye.LEFT: seen[0]}


def _lined(grey: Pixels, x: float, y: float, radius: float) -> float:
    """How much there is of brow, lids or a dressing where the other eye should be, in grey levels from row to row."""
    x0, x1 = max(round(x - 3.5 * radius), 0), round(x + 3.5 * radius)
    y0, y1 = max(round(y - 4.5 * radius), 0), round(y + 4.5 * radius)
    part = grey[y0 : max(y1, 0), x0 : max(x1, 0)]
    if part.shape[0] < 8 or part.shape[1] < radius:
        return OUT_OF_SIGHT
    small = cv2.resize(part, (40, 30), interpolation=cv2.INTER_AREA).astype(np.float32)
    return float(np.abs(np.diff(small, axis=0)).mean())


def _middle(eyes: Mapping[Eye, EyeMeasures]) -> tuple[float, float, float]:
    """The point between the eyes and the iris's radius; where one is not seen, as if it were where it should be."""
    radius = sum(eye.radius for eye in eyes.values()) / len(eyes)
    match eyes.get(Eye.RIGHT), eyes.get(Eye.LEFT):
        case EyeMeasures() as right, EyeMeasures() as left:
            return (right.x + left.x) / 2, (right.y + left.y) / 2, radius
        case EyeMeasures() as right, None:
            return right.x + APART * radius, right.y, radius
        case _, left:
            assert left is not None, "there is a middle where an eye was found"  # noqa: S101 - a caller's mistake
            return left.x - APART * radius, left.y, radius


def _motion(eyes: Mapping[Eye, EyeMeasures], previous: EyesJudgement | None, width: int) -> float:
    """How far the eyes went since the frame before, whichever went furthest, in shares of the width."""
    before = previous.eyes if previous else {}
    moved = [math.hypot(eyes[eye].x - before[eye].x, eyes[eye].y - before[eye].y) for eye in eyes if eye in before]
    return max(moved, default=0.0) / width


def _once(previous: EyesJudgement) -> EyeAdvice:
    """People blink. One miss is no reason to tell them to open their eyes; it is no good frame either."""
    return EyeAdvice.HOLD_STILL if previous.advice is EyeAdvice.GOOD else previous.advice


def _nobody(grey: Pixels, previous: EyesJudgement | None) -> EyesJudgement:
    """No eye was found: say why, if shut lids or glasses explain it."""
    if previous is not None and previous.eyes and not previous.missed:
        return replace(previous, advice=_once(previous), score=0, missed=True)
    height = round(SMALL * grey.shape[0] / grey.shape[1])
    small = cv2.resize(grey, (SMALL, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    if _glasses(small):
        return EyesJudgement(EyeAdvice.GLASSES_OFF)
    if not _shut(small):
        return EyesJudgement(EyeAdvice.NO_EYES)
    return EyesJudgement(EyeAdvice.HOLD_STILL if _blurred(grey) else EyeAdvice.OPEN_WIDE)


def _glasses(small: Pixels) -> bool:
    """Whether lamps are reflected as only glasses do: in two or more bright spots that are neither tiny nor skin."""
    clear = min(max(1.7 * float(np.percentile(small, 75)), 150.0), 240.0)
    count, _, stats, _ = cv2.connectedComponentsWithStats((small >= clear).astype(np.uint8), connectivity=8)
    spots = [number for number in range(1, count) if 3 <= stats[number, cv2.CC_STAT_AREA] <= 120]
    return len(spots) >= 2


def _shut(small: Pixels) -> bool:
    """Whether two dark lines lie level beside each other, as shut lids do."""
    dark = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, np.ones((9, 1), np.uint8)).astype(np.float32)
    lines = cv2.blur(dark, (13, 3)) > 0.1 * (cv2.blur(small, (25, 25)).astype(np.float32) + 10.0)
    count, _, stats, centres = cv2.connectedComponentsWithStats(lines.astype(np.uint8), connectivity=8)
    long = [centres[number] for number in range(1, count) if 10 <= stats[number, cv2.CC_STAT_WIDTH] <= 60]
    return any(
        0.2 * SMALL < abs(one[0] - other[0]) < 0.75 * SMALL and abs(one[1] - other[1]) < 0.12 * SMALL
        for one in long
        for other in long
    )


def _blurred(grey: Pixels) -> bool:
    """Whether nothing in a picture with a face in it is sharp."""
    width, narrow, wide = FINE
    height = round(width * grey.shape[0] / grey.shape[1])
    small = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    softer = cv2.GaussianBlur(small, (0, 0), narrow)
    fine, coarse = np.abs(small - softer), np.abs(softer - cv2.GaussianBlur(small, (0, 0), wide))
    return bool(np.percentile(fine, 99.7) < BLURRED * (np.percentile(coarse, 99.7) + 1.0))
