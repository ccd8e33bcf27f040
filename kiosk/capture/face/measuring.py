"""What a frame says about the face in it, in numbers: geometry from the mesh, light and detail from the pixels.

The measures follow the components of ISO/IEC 29794-5 and the requirements of ISO/IEC 39794-5 (annex D), which are
written for finished portraits; the limits beside them, in ``advising``, are ours, for somebody who can still move.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from kiosk.capture.face.mesh import Eye, Floats, Mesh

HEAD_WIDTH: Final = 2.67
HEAD_LENGTH: Final = 3.75
"""A head in eye distances; the line through the eyes halves its length."""
OVAL: Final = (0.5, 0.46, 0.15, 0.2815)
"""Where the head belongs: centre x, centre y, radius x, radius y, as shares of the frame's width and height (4:3).

A screen that shows the preview mirrored draws the same oval: it lies in the middle. A head that fills it gives a
portrait (see ``portrait.crop``) that takes eight tenths of the frame's height.
"""
CHIN: Final = 152
UPPER_LIP: Final = 13
LOWER_LIP: Final = 14
NOSE_TIP: Final = 1
EYE_TURN: Final = 0.27
"""How far the iris moves in an eye when the head turns and the eyes stay on the camera: eye widths per sine."""

FEATURES: Final = {
    "2.1": CHIN,
    "3.7": 263,
    "3.8": 133,
    "3.11": 362,
    "3.12": 33,
    "8.3": 291,
    "8.4": 61,
    "9.3": NOSE_TIP,
}
"""Feature points of ISO/IEC 19794-5:2011, 5.6.4 (MPEG-4 numbers; left is the person's) and where the mesh has them:
chin, the eyes' corners (left eye's outer, right eye's inner, left eye's inner, right eye's outer), the mouth's left and
right corner, the nose's tip. The eyes' centres, 12.1 (left) and 12.2 (right), lie between their corners."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Everything measured on one face. Lengths are shares of the frame unless a unit is named.

    ``faces``: how many. ``size``: head length over the oval's. ``aside`` and ``down``: the head's middle from the
    oval's, right and down in the frame. ``eye_distance``: pixels of the frame. ``yaw`` (towards the person's own
    left), ``pitch`` (chin up) and ``roll`` (clockwise in the frame): degrees. ``eyes_open``: the lids' gap over the
    eye's width, of the eye less open. ``mouth_open``: the lips' gap over the eye distance. ``gaze_aside`` and
    ``gaze_up``: the irises from where they are when the camera is looked at, in eye widths, to the picture's right
    and up. ``brightness``: the skin's brightest tenth. ``evenness``: the darker cheek over the brighter.
    ``glare``: clipped share of the skin. ``exposure``: the brightest twentieth of the whole frame. ``sharpness``: fine
    detail around the eyes against contrast. ``smear``: how much more detail there is along one direction than across
    it, from 1. ``motion``: shift since the frame before, of the frame's width. ``bridge`` and ``rims``: how much a line
    across the nose and lines under the eyes stand out, as glasses make them. ``backdrop_spread``: relative spread of
    the background's colour. ``backdrop_colour``: share of the background in the colour asked for; 1 where none is.
    """

    faces: float
    size: float
    aside: float
    down: float
    eye_distance: float
    yaw: float
    pitch: float
    roll: float
    eyes_open: float
    mouth_open: float
    gaze_aside: float
    gaze_up: float
    brightness: float
    evenness: float
    glare: float
    exposure: float
    sharpness: float
    smear: float
    motion: float
    bridge: float
    rims: float
    backdrop_spread: float
    backdrop_colour: float


def centres(mesh: Mesh) -> tuple[Floats, Floats]:
    """The middles of the person's right eye and left eye, x, y and depth in pixels."""
    points = mesh.points
    return (points[33] + points[133]) / 2, (points[263] + points[362]) / 2


def mouth_open(mesh: Mesh, apart: float) -> float:
    """The gap between the lips over the eye distance."""
    return float(np.linalg.norm(mesh.points[LOWER_LIP] - mesh.points[UPPER_LIP])) / apart


def gaze(eyes: tuple[Eye, Eye], yaw: float) -> tuple[float, float]:
    """Where both eyes look against the camera: to the picture's right, and up, in eye widths."""
    aside = (eyes[0].aside + eyes[1].aside) / 2 + EYE_TURN * math.sin(math.radians(yaw))
    return aside, (eyes[0].up + eyes[1].up) / 2


def features(mesh: Mesh, scale: float) -> dict[str, tuple[float, float]]:
    """The feature points, ``FEATURES`` and the eyes' centres: x and y in pixels of a frame ``scale`` as large."""
    right, left = centres(mesh)
    places = {"12.1": left, "12.2": right} | {name: mesh.points[number] for name, number in FEATURES.items()}
    return {name: (scale * float(place[0]), scale * float(place[1])) for name, place in places.items()}
