"""Judges a frame of the camera: is there one face, where it should be, straight, seen well, and before the right cloth.

Geometry follows ISO/IEC 19794-5:2011, clause 9 (token image): everything is derived from the two eyes, the head taken
as so many eye distances wide and long.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np

from kiosk.capture.advice import FaceAdvice
from kiosk.capture.backdrop import Backdrop
from kiosk.capture.face import advising, looking, measuring
from kiosk.capture.face.measuring import HEAD_LENGTH, HEAD_WIDTH, OVAL, Measures
from kiosk.capture.face.mesh import FaceFinder, Mesh, Pixels, Region, Sighting
from kiosk.capture.face.pose import pose

__all__ = [
    "ALGORITHM",
    "HEAD_LENGTH",
    "HEAD_WIDTH",
    "OVAL",
    "Backdrop",
    "Box",
    "FaceJudge",
    "FaceJudgement",
    "Measures",
]

ALGORITHM: Final = advising.ALGORITHM
Box = tuple[float, float, float, float]
"""Left, top, width and height of a head, ear to ear and crown to chin, as shares of the frame's width and height."""
WORKING: Final = 1280
"""Width in pixels at which faces are judged; a larger still is made smaller first."""
EVERY: Final = 5
"""Frames after which the whole frame is searched again, for a second person; between them the face is followed."""
BESIDE: Final = 0.5
"""Somebody this much smaller than the nearest face stands far behind, and is no second person in the picture."""


@dataclass(frozen=True, slots=True)
class Track:
    """Where to look for the face in the next frame, when the whole frame was searched, and who else was there."""

    region: Region = field(repr=False)
    eyes: tuple[float, float, float, float] = field(repr=False)
    age: int
    faces: int


@dataclass(frozen=True, slots=True)
class FaceJudgement:
    """One frame's measures and the one thing to change; hand it to the next ``judge`` call, drop it with the visit.

    ``score`` is 0 to 100 by ``ALGORITHM``, 0 without a face. ``features`` has the feature points of ISO/IEC 19794-5 by
    their MPEG-4 numbers ("12.1" is the left eye's centre), x and y in pixels of the frame.
    """

    advice: FaceAdvice
    box: Box | None = field(repr=False)
    score: int = 0
    measures: Measures | None = None
    features: Mapping[str, tuple[float, float]] = field(default_factory=dict, repr=False)
    track: Track | None = field(default=None, repr=False)
    missed: bool = False

    @property
    def angles(self) -> tuple[float, float, float] | None:
        """Yaw (to the person's left), pitch (chin up) and roll (clockwise in the frame) in degrees."""
        seen = self.measures
        return None if seen is None else (seen.yaw, seen.pitch, seen.roll)

    @property
    def eyes(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """The centres of the person's right eye and left eye in pixels of the frame."""
        return (self.features["12.2"], self.features["12.1"]) if self.features else None


class FaceJudge:
    """Holds the models, loaded once; one judge serves one thread. What a frame costs: ``tests/bench/face_cost.py``."""

    def __init__(self) -> None:
        self._finder = FaceFinder()

    def judge(
        self, frame: Pixels, previous: FaceJudgement | None = None, *, backdrop: Backdrop | None = None
    ) -> FaceJudgement:
        """Judge one frame, uint8 (height, width, 3), RGB, not mirrored.

        ``previous`` is the judgement of the frame before, if there was one: it tells where to look and whether the
        face moved, smooths the box, and keeps the advice from flickering at a limit. ``backdrop`` is the cloth's right
        colour; without it any even cloth will do. Left and right in the advice are the person's own.
        """
        shrunk = max(frame.shape[1] / WORKING, 1.0)
        if shrunk > 1.0:
            size = (WORKING, round(frame.shape[0] / shrunk))
            frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        track = previous.track if previous is not None else None
        mesh, age, faces = None, 0, 1
        if track is not None and track.age + 1 < EVERY:
            mesh, age, faces = self._finder.mesh(frame, track.region), track.age + 1, track.faces
        if mesh is None:
            mesh, faces = self._search(frame, track)
            age = 0
        if mesh is None:
            return _nobody(frame, previous)
        return self._judged(frame, mesh, Track(mesh.region(), _eyes(mesh), age, faces), shrunk, previous, backdrop)

    def _search(self, frame: Pixels, track: Track | None) -> tuple[Mesh | None, int]:
        """The nearest face, and how many there are; where the whole frame shows none, its middle may, enlarged."""
        sightings = self._finder.faces(frame) or _enlarged(self._finder, frame)
        if not sightings:
            return (None, 0) if track is None else (self._finder.mesh(frame, track.region), track.faces)
        nearest = sightings[0].region
        faces = sum(face.region.side > BESIDE * nearest.side for face in sightings)
        # The face that was followed is the same face still, and is lined up better than any detection.
        region = nearest
        if (
            track is not None
            and math.dist((nearest.x, nearest.y), (track.region.x, track.region.y)) < 0.15 * nearest.side
        ):
            region = track.region
        mesh = self._finder.mesh(frame, region)
        if mesh is not None and region is nearest:
            mesh = self._finder.mesh(frame, mesh.region()) or mesh
        return mesh, faces

    def _judged(
        self,
        frame: Pixels,
        mesh: Mesh,
        track: Track,
        shrunk: float,
        previous: FaceJudgement | None,
        backdrop: Backdrop | None,
    ) -> FaceJudgement:
        height, width = frame.shape[:2]
        held = pose(mesh)
        box = _smoothed(_head(track.eyes, held.apart, width, height), previous)
        brightness, evenness, glare = looking.light(mesh)
        strip = looking.strip(frame, mesh, held.apart)
        sharpness, smear = looking.detail(strip)
        bridge, rims = looking.glasses(strip)
        spread, colour, exposure = looking.surroundings(frame, mesh, held.apart, backdrop)
        eyes = self._finder.eyes(frame, mesh)
        aside, up = measuring.gaze(eyes, held.yaw)
        measures = Measures(
            faces=float(track.faces),
            size=box[3] / (2 * OVAL[3]),
            aside=box[0] + box[2] / 2 - OVAL[0],
            down=box[1] + box[3] / 2 - OVAL[1],
            eye_distance=held.apart * shrunk,
            yaw=held.yaw,
            pitch=held.pitch,
            roll=held.roll,
            eyes_open=min(eye.opening for eye in eyes),
            mouth_open=measuring.mouth_open(mesh, held.apart),
            gaze_aside=aside,
            gaze_up=up,
            brightness=brightness,
            evenness=evenness,
            glare=glare,
            exposure=exposure,
            sharpness=sharpness,
            smear=smear,
            motion=_motion(track, previous) / width,
            bridge=bridge,
            rims=rims,
            backdrop_spread=spread,
            backdrop_colour=colour,
        )
        return FaceJudgement(
            advising.advise(measures, previous.advice if previous is not None else None),
            box,
            advising.score(measures),
            measures,
            measuring.features(mesh, shrunk),
            track,
        )


def _enlarged(finder: FaceFinder, frame: Pixels) -> list[Sighting]:
    """Faces in the middle square, which shows them larger than the whole frame does."""
    height, width = frame.shape[:2]
    left = max((width - height) // 2, 0)
    if left == 0:
        return []
    found = finder.faces(np.ascontiguousarray(frame[:, left : left + height]))
    return [replace(face, region=replace(face.region, x=face.region.x + left)) for face in found]


def _nobody(frame: Pixels, previous: FaceJudgement | None) -> FaceJudgement:
    """No face was found: say why, if the light explains it."""
    if previous is not None and previous.box is not None and not previous.missed:
        # Detectors blink. One miss is no reason to tell a person that they are gone; it is no good frame either.
        advice = FaceAdvice.HOLD_STILL if previous.advice is FaceAdvice.GOOD else previous.advice
        return replace(previous, advice=advice, score=0, missed=True)
    tiny = cv2.resize(frame, (160, 120), interpolation=cv2.INTER_AREA)
    if float(np.percentile(tiny, 95)) / 255 < 0.16:
        return FaceJudgement(FaceAdvice.MORE_LIGHT, None)
    if float((tiny.max(axis=2) >= 250).mean()) > 0.3:
        return FaceJudgement(FaceAdvice.LESS_LIGHT, None)
    return FaceJudgement(FaceAdvice.NO_FACE, None)


def _eyes(mesh: Mesh) -> tuple[float, float, float, float]:
    right, left = measuring.centres(mesh)
    return float(right[0]), float(right[1]), float(left[0]), float(left[1])


def _head(eyes: tuple[float, float, float, float], apart: float, width: int, height: int) -> Box:
    x, y = (eyes[0] + eyes[2]) / 2, (eyes[1] + eyes[3]) / 2
    w, h = HEAD_WIDTH * apart, HEAD_LENGTH * apart
    return (x - w / 2) / width, (y - h / 2) / height, w / width, h / height


def _smoothed(box: Box, previous: FaceJudgement | None) -> Box:
    """Half the mesh's jitter, unless the head really went elsewhere."""
    if previous is None or previous.box is None:
        return box
    if max(abs(a - b) for a, b in zip(box, previous.box, strict=True)) > 0.03:
        return box
    x, y, w, h = (0.6 * a + 0.4 * b for a, b in zip(box, previous.box, strict=True))
    return x, y, w, h


def _motion(track: Track, previous: FaceJudgement | None) -> float:
    """How far the eyes moved since the frame before, in pixels."""
    if previous is None or previous.track is None or previous.missed:
        return 0.0
    now, then = track.eyes, previous.track.eyes
    return (math.dist(now[:2], then[:2]) + math.dist(now[2:], then[2:])) / 2
