"""Judges a preview frame: is there one face, is it where it should be, in good light, sharp and still.

Geometry follows ISO/IEC 19794-5:2011, clause 9 (token image): everything is derived from the two eyes, the head taken
as so many eye distances wide and long. The detectors are OpenCV's Haar cascades (Viola and Jones), which every
opencv-python-headless 4.x carries for both Python versions and both machines, and which need no network.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.advice import FaceAdvice

Pixels = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""Left, top, width and height of a head, ear to ear and crown to chin, as shares of the frame's width and height."""

OVAL: Final = (0.5, 0.46, 0.15, 0.2815)
"""Where the head belongs: centre x, centre y, radius x, radius y, as shares of the frame's width and height (4:3).

A screen that shows the preview mirrored draws the same oval: it lies in the middle. A head that fills it gives a
portrait (see ``portrait.crop``) that takes eight tenths of the frame's height.
"""
HEAD_WIDTH: Final = 2.67
HEAD_LENGTH: Final = 3.75
"""In eye distances; the line through the eyes halves the head's length."""

SIZE: Final = 0.15
ASIDE: Final = 0.055
UP_DOWN: Final = 0.065
TILT: Final = 8.0
DARK: Final = 0.27
UNEVEN: Final = 0.45
GLARE: Final = 0.12
SOFT: Final = 0.022
MOVING: Final = 0.012
"""How far off is still good: head length against the oval's (share), centre from the oval's (shares of the frame),
roll (degrees, ISO/IEC 19794-5 clause 8.3: 8), the face's brightest tenth (0..1: so judged, dark skin in good light is
not called dark), the darker half's brightness against the brighter's, share of clipped skin, fine detail, and the
shift between two judged frames (share of the frame's width)."""

WORKING: Final = 320
LOOKS: Final = ((240, 1.15), (WORKING, 1.15))
"""Widths at which faces are looked for, and the step between sizes: coarser steps leave sizes at which faces blink."""
SMALL: Final = 160
TURNS: Final = (-24.0, 24.0, -38.0, 38.0)
"""Width at which a tilted face is looked for, and the turns that bring one upright, in degrees."""
OUTWARDS: Final = 0.96
"""The eye cascade sees eyes a little further apart than the pupils are (measured)."""


@dataclass(frozen=True, slots=True)
class FaceJudgement:
    """One frame's measures and the one thing to change; hand it to the next ``judge`` call, drop it with the visit."""

    advice: FaceAdvice
    box: Box | None = field(repr=False)
    faces: int
    roll: float | None
    brightness: float
    evenness: float
    glare: float
    sharpness: float
    motion: float
    missed: bool = False
    small: Pixels = field(repr=False, default_factory=lambda: np.zeros((0, 0), np.uint8))


@dataclass(frozen=True, slots=True)
class Eyes:
    """The point between the eyes and their distance in frame pixels, the roll in degrees (None: not both were seen)."""

    x: float
    y: float
    apart: float
    roll: float | None


class FaceJudge:
    """Holds the detectors, loaded once; one judge serves one thread.

    A judgement costs about 20 ms of one desktop core for a 1280 × 960 frame, nearly all of it in the detector.
    """

    def __init__(self) -> None:
        self._faces = _cascade("haarcascade_frontalface_alt2.xml")
        self._eyes = _cascade("haarcascade_eye.xml")

    def judge(self, frame: Pixels, previous: FaceJudgement | None = None) -> FaceJudgement:
        """Judge one frame, uint8 (height, width, 3), RGB, not mirrored.

        ``previous`` is the judgement of the frame before, if there was one: it tells whether the face moved, smooths
        the box, and keeps the advice from flickering at a limit. Left and right in the advice are the person's own.
        """
        height, width = frame.shape[:2]
        tiny = cv2.resize(frame, (WORKING, round(WORKING * height / width)), interpolation=cv2.INTER_AREA)
        small = cv2.cvtColor(tiny, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
        heads = self._heads(frame, small)
        if not heads or (heads[0].roll is None and self._tilted(small)):
            return self._nobody(tiny, small, previous)
        eyes = max(heads, key=lambda head: head.apart)
        # Somebody passing far behind is no second person in the picture.
        faces = sum(head.apart > 0.45 * eyes.apart for head in heads)
        head = _head(eyes, width, height)
        brightness, evenness, glare = _light(frame, eyes)
        found = FaceJudgement(
            FaceAdvice.GOOD,
            _smoothed(head, previous),
            faces,
            eyes.roll,
            brightness,
            evenness,
            glare,
            _sharpness(frame, eyes),
            _motion(small, previous, head),
            small=small,
        )
        return replace(found, advice=advise(found, previous.advice if previous else None))

    def _heads(self, frame: Pixels, small: Pixels) -> list[Eyes]:
        """Every face seen, as the eyes it has; where nobody has eyes, the largest thing like a face stands for all.

        The quick look finds whoever stands near the oval; only when it finds nobody is the slower one worth its time.
        """
        for width, step in LOOKS:
            height = round(small.shape[0] * width / small.shape[1])
            grey = cv2.equalizeHist(cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA))
            seen = self._faces.detectMultiScale(grey, step, 2, minSize=(width // 11, width // 11))
            scale = frame.shape[1] / width
            heads = [self._eyes_in(frame, *(scale * float(value) for value in face)) for face in seen]
            if heads:
                sure = [head for head in heads if head.roll is not None]
                return _apart(sure) or [max(heads, key=lambda head: head.apart)]
        return []

    def _eyes_in(self, frame: Pixels, x: float, y: float, side: float, _side: float) -> Eyes:
        """The eyes within one detected face (a square, in frame pixels), looked for where eyes are."""
        wide, top, bottom = 100, 0.12, 0.62
        strip = frame[round(y + top * side) : round(y + bottom * side), round(x) : round(x + side)]
        grey = cv2.cvtColor(
            cv2.resize(strip, (wide, round(wide * (bottom - top))), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
        )
        seen = self._eyes.detectMultiScale(grey, 1.2, 3, minSize=(16, 16), maxSize=(40, 40))
        centres = [((float(ex) + float(ew) / 2) / wide, (float(ey) + float(eh) / 2) / wide) for ex, ey, ew, eh in seen]
        left = _nearest(centres, (0.27, 0.365 - top))
        right = _nearest(centres, (0.74, 0.365 - top))
        if left is None or right is None:
            # The cascade's square has its eyes here on average (measured on upright faces).
            return Eyes(x + 0.5 * side, y + 0.365 * side, 0.455 * side, None)
        across, down = (right[0] - left[0]) * side, (right[1] - left[1]) * side
        return Eyes(
            x + (left[0] + right[0]) / 2 * side,
            y + (top + (left[1] + right[1]) / 2) * side,
            OUTWARDS * math.hypot(across, down),
            math.degrees(math.atan2(down, across)),
        )

    def _nobody(self, tiny: npt.NDArray[np.generic], small: Pixels, previous: FaceJudgement | None) -> FaceJudgement:
        """No face was found: say why, if the light or a tilted head explains it."""
        if previous is not None and previous.box is not None and not previous.missed:
            # Detectors blink. One miss is no reason to tell a person that they are gone; it is no good frame either.
            advice = FaceAdvice.HOLD_STILL if previous.advice is FaceAdvice.GOOD else previous.advice
            return replace(previous, advice=advice, missed=True, small=small)
        brightness = float(np.percentile(small, 95)) / 255
        glare = float((tiny.max(axis=2) >= 250).mean())
        if brightness < 0.16:
            advice = FaceAdvice.MORE_LIGHT
        elif glare > 0.3:
            advice = FaceAdvice.LESS_LIGHT
        elif self._tilted(small):
            advice = FaceAdvice.STRAIGHTEN
        else:
            advice = FaceAdvice.NO_FACE
        return FaceJudgement(advice, None, 0, None, brightness, 1.0, glare, 0.0, 0.0, small=small)

    def _tilted(self, small: Pixels) -> bool:
        """Whether a face shows once the frame is turned: the cascade sees only upright ones."""
        height = round(small.shape[0] * SMALL / small.shape[1])
        upright = cv2.equalizeHist(cv2.resize(small, (SMALL, height), interpolation=cv2.INTER_AREA))
        for angle in TURNS:
            turn = cv2.getRotationMatrix2D((SMALL / 2, height / 2), angle, 1.0)
            turned = cv2.warpAffine(upright, turn, (SMALL, height), borderMode=cv2.BORDER_REPLICATE)
            if len(self._faces.detectMultiScale(turned, 1.2, 4, minSize=(SMALL // 7, SMALL // 7))):
                return True
        return False


def advise(seen: FaceJudgement, before: FaceAdvice | None) -> FaceAdvice:
    """The most useful advice on a face that was found, first things first.

    A limit is wider for who was good before and narrower for who was told so before: advice changes once per change.
    """
    assert seen.box is not None, "advice is for a face that was found"  # noqa: S101 - a caller's mistake
    x, y, w, h = seen.box
    size = h / (2 * OVAL[3]) - 1
    aside, down = x + w / 2 - OVAL[0], y + h / 2 - OVAL[1]
    roll = abs(seen.roll or 0.0)
    dim = max(DARK / max(seen.brightness, 0.01), UNEVEN / max(seen.evenness, 0.01))
    unclear = max(seen.motion / MOVING, SOFT / max(seen.sharpness, 1e-6))
    # Each row: the advice, and how far off the face is, 1.0 being the limit.
    rows: Iterable[tuple[FaceAdvice, float]] = (
        # In deep shade or glare the other measures cannot be trusted.
        (FaceAdvice.MORE_LIGHT, dim / 2),
        (FaceAdvice.LESS_LIGHT, seen.glare / GLARE / 4),
        (FaceAdvice.ONE_PERSON, 0.0 if seen.faces == 1 else 9.0),
        (FaceAdvice.CLOSER, -size / SIZE),
        (FaceAdvice.FURTHER, size / SIZE),
        (FaceAdvice.MOVE_LEFT, -aside / ASIDE),
        (FaceAdvice.MOVE_RIGHT, aside / ASIDE),
        (FaceAdvice.RAISE, down / UP_DOWN),
        (FaceAdvice.LOWER, -down / UP_DOWN),
        (FaceAdvice.STRAIGHTEN, roll / TILT),
        (FaceAdvice.MORE_LIGHT, dim),
        (FaceAdvice.LESS_LIGHT, seen.glare / GLARE),
        (FaceAdvice.HOLD_STILL, unclear),
    )
    for advice, off in rows:
        if off > (1.25 if before is FaceAdvice.GOOD else 0.85 if before is advice else 1.0):
            return advice
    return FaceAdvice.GOOD


def _cascade(name: str) -> cv2.CascadeClassifier:
    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / name))
    if cascade.empty():
        raise RuntimeError(f"OpenCV carries no {name}; install opencv-python-headless 4, not 5.")
    return cascade


def _nearest(points: list[tuple[float, float]], place: tuple[float, float]) -> tuple[float, float] | None:
    near = [point for point in points if math.dist(point, place) < 0.16]
    return min(near, key=lambda point: math.dist(point, place), default=None)


def _apart(heads: list[Eyes]) -> list[Eyes]:
    """One entry a face, largest first: the cascade may see one face twice, at neighbouring sizes."""
    kept: list[Eyes] = []
    for head in sorted(heads, key=lambda head: -head.apart):
        if all(math.dist((head.x, head.y), (other.x, other.y)) > other.apart for other in kept):
            kept.append(head)
    return kept


def _head(eyes: Eyes, width: int, height: int) -> Box:
    w, h = HEAD_WIDTH * eyes.apart, HEAD_LENGTH * eyes.apart
    return (eyes.x - w / 2) / width, (eyes.y - h / 2) / height, w / width, h / height


def _smoothed(box: Box, previous: FaceJudgement | None) -> Box:
    """Half the detector's jitter, unless the head really went elsewhere."""
    if previous is None or previous.box is None:
        return box
    if max(abs(a - b) for a, b in zip(box, previous.box, strict=True)) > 0.05:
        return box
    x, y, w, h = (0.6 * a + 0.4 * b for a, b in zip(box, previous.box, strict=True))
    return x, y, w, h


def _skin(frame: Pixels, eyes: Eyes) -> Pixels:
    """Grey pixels of the face itself, brows to mouth, 64 × 72, whatever its size."""
    x0, x1 = round(eyes.x - 0.85 * eyes.apart), round(eyes.x + 0.85 * eyes.apart)
    y0, y1 = round(eyes.y - 0.4 * eyes.apart), round(eyes.y + 1.5 * eyes.apart)
    part = frame[max(y0, 0) : max(y1, 1), max(x0, 0) : max(x1, 1)]
    return cv2.cvtColor(cv2.resize(part, (64, 72), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.uint8)


def _light(frame: Pixels, eyes: Eyes) -> tuple[float, float, float]:
    """The face's brightest tenth (0..1), the darker half against the brighter (0..1), the clipped share (0..1)."""
    skin = _skin(frame, eyes)
    left, right = float(skin[:, :32].mean()) + 1, float(skin[:, 32:].mean()) + 1
    return float(np.percentile(skin, 90)) / 255, min(left, right) / max(left, right), float((skin >= 250).mean())


def _sharpness(frame: Pixels, eyes: Eyes) -> float:
    """Energy of the fine detail against the whole contrast, at one face size: light and distance do not tell."""
    skin = cv2.GaussianBlur(_skin(frame, eyes), (3, 3), 0)
    return float(cv2.Laplacian(skin, cv2.CV_64F).var() / (float(skin.var()) + 25.0))


def _motion(small: Pixels, previous: FaceJudgement | None, box: Box) -> float:
    """How far the face moved since the frame before, in shares of the frame's width.

    Brightness changes by gradient times shift, so their quotient is the shift; cheaper and steadier than the boxes.
    """
    if previous is None or previous.small.shape != small.shape:
        return 0.0
    height, width = small.shape
    x, y, w, h = box
    y0, y1 = max(round(y * height), 0), round((y + h) * height)
    x0, x1 = max(round(x * width), 0), round((x + w) * width)
    now = small[y0:y1, x0:x1].astype(np.float32)
    then = previous.small[y0:y1, x0:x1].astype(np.float32)
    if now.shape[0] < 8 or now.shape[1] < 8:
        return 0.0
    slope = float(np.abs(np.diff(now, axis=0)).mean() + np.abs(np.diff(now, axis=1)).mean()) / 2
    shift = float(np.abs(now - then).mean()) / (slope + 1.0) / width
    # Beyond a few pixels the quotient saturates; then the heads' own places tell.
    px, py, pw, ph = previous.box or box
    moved = math.dist((x + w / 2, (y + h / 2) * height / width), (px + pw / 2, (py + ph / 2) * height / width))
    return float(max(shift, moved))
