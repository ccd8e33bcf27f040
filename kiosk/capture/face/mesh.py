"""Finds faces and their points: MediaPipe's models (Apache-2.0, see ``models/README.md``) run by OpenCV's own dnn.

The one library does the same on Python 3.11 and 3.13, on every machine, without a network. Decoded as the model cards
have it: "Face Detection Short Range", "Face Mesh" and "Iris" (Google, 2020 to 2022). A judge holds one; it serves one
thread.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

MODELS: Final = Path(__file__).parent / "models"
DETECTOR: Final = "face_detection_short_range.tflite"
MESH: Final = "face_landmark.tflite"
IRIS: Final = "iris_landmark.tflite"
DETECTED: Final = 128
CROP: Final = 192
EYE: Final = 64
"""Sides in pixels of what the three models look at."""
SURE: Final = 0.6
"""A detection's score from which it is a face; faces score 0.8 and more, patterns below 0.5."""
PRESENT: Final = 0.5
"""The mesh's own doubt whether it lies on a face."""
AROUND: Final = 1.5
"""A face's crop is this many times as large as the face."""
EYE_AROUND: Final = 2.3
"""An eye's crop, in eye widths."""
RIGHT_CORNERS: Final = (33, 133)
LEFT_CORNERS: Final = (263, 362)
"""Outer and inner corner of the person's right and left eye in the mesh."""


@dataclass(frozen=True, slots=True)
class Region:
    """A square of the frame that a model looks at: middle and side in pixels, turned clockwise by ``angle`` radians."""

    x: float
    y: float
    side: float
    angle: float

    def onto(self, size: int) -> Floats:
        """The affine map (2, 3) from the frame onto a square of ``size`` pixels."""
        return onto((self.x, self.y), self.angle, size / self.side, (size, size))


@dataclass(frozen=True, slots=True)
class Sighting:
    """One detected face: score 0 to 1, and the region that the mesh should look at."""

    score: float
    region: Region = field(repr=False)


@dataclass(frozen=True, slots=True)
class Eye:
    """One eye as the iris model sees it, in shares of the eye's own width, so that head size and roll do not count.

    ``opening`` is the mean gap of the lids; ``aside`` and ``up`` are how far the iris lies from the middle between the
    corners, towards the picture's right and up; ``iris`` is its centre in frame pixels.
    """

    opening: float
    aside: float
    up: float
    iris: tuple[float, float] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mesh:
    """468 points in frame pixels: x right, y down, z away from the camera, float64 (468, 3).

    ``crop`` is the upright square the model looked at, uint8 (192, 192, 3), ``within`` the points' x and y in it.
    """

    points: Floats = field(repr=False)
    crop: Pixels = field(repr=False)
    within: Floats = field(repr=False)

    def region(self) -> Region:
        """Where to look for this face in the next frame."""
        right, left = self.points[RIGHT_CORNERS[0], :2], self.points[LEFT_CORNERS[0], :2]
        angle = math.atan2(left[1] - right[1], left[0] - right[0])
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        upright = self.points[:, :2] @ turn.T
        low, high = upright.min(axis=0), upright.max(axis=0)
        middle = turn.T @ ((low + high) / 2)
        return Region(float(middle[0]), float(middle[1]), AROUND * float((high - low).max()), angle)


class FaceFinder:
    """The three networks, loaded once."""

    def __init__(self) -> None:
        self._detector, self._mesh, self._iris = (_network(name) for name in (DETECTOR, MESH, IRIS))
        self._anchors = _anchors()

    def faces(self, frame: Pixels) -> list[Sighting]:
        """Every face in a frame, uint8 (height, width, 3), RGB; largest first, each once."""
        height, width = frame.shape[:2]
        scale = DETECTED / max(height, width)
        small = cv2.resize(frame, (round(scale * width), round(scale * height)), interpolation=cv2.INTER_AREA)
        across, down = DETECTED - small.shape[1], DETECTED - small.shape[0]
        square = cv2.copyMakeBorder(
            small, down // 2, down - down // 2, across // 2, across - across // 2, cv2.BORDER_CONSTANT
        )
        scores, boxes = _run(
            self._detector, cv2.dnn.blobFromImage(square, 1 / 127.5, mean=(127.5,) * 3), "classificators", "regressors"
        )
        score = 1 / (1 + np.exp(-np.clip(scores.reshape(-1), -50, 50)))
        likely = np.flatnonzero(score > SURE)
        # A row: centre x and y, width and height, then six points, the first two being the eyes (right, left).
        rows = boxes.reshape(len(self._anchors), 16)[likely].astype(np.float64) / DETECTED
        rows[:, [0, 1]] += self._anchors[likely]
        rows[:, 4:] += np.tile(self._anchors[likely], 6)
        rows = rows * DETECTED
        rows[:, [0, 4, 6]] -= across // 2
        rows[:, [1, 5, 7]] -= down // 2
        rows /= scale
        found = [
            Sighting(
                float(score[n]),
                Region(row[0], row[1], AROUND * max(row[2:4]), math.atan2(*(row[[7, 6]] - row[[5, 4]]))),
            )
            for n, row in zip(likely, rows, strict=True)
        ]
        kept: list[Sighting] = []
        for face in sorted(found, key=lambda face: -face.score):
            here = face.region
            if all(math.dist((here.x, here.y), (k.region.x, k.region.y)) > 0.4 * k.region.side for k in kept):
                kept.append(face)
        return sorted(kept, key=lambda face: -face.region.side)

    def mesh(self, frame: Pixels, region: Region) -> Mesh | None:
        """The points of the face in this region; None where the model sees none."""
        place = region.onto(CROP)
        crop = cv2.warpAffine(frame, place, (CROP, CROP), flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
        present, values = _run(self._mesh, cv2.dnn.blobFromImage(crop, 1 / 255), "conv2d_31", "conv2d_21")
        if 1 / (1 + math.exp(-float(np.clip(present.reshape(-1)[0], -50, 50)))) < PRESENT:
            return None
        within = values.reshape(468, 3).astype(np.float64)
        back = np.asarray(cv2.invertAffineTransform(place))
        points = within[:, :2] @ back[:, :2].T + back[:, 2]
        deep = within[:, 2:] * region.side / CROP
        return Mesh(np.concatenate([points, deep], axis=1), crop, within[:, :2])

    def eyes(self, frame: Pixels, mesh: Mesh) -> tuple[Eye, Eye]:
        """The person's right eye and left eye, in one run of the model, which knows left eyes only mirrored."""
        angle = mesh.region().angle
        places = []
        for outer, inner in (RIGHT_CORNERS, LEFT_CORNERS):
            middle = (mesh.points[outer, :2] + mesh.points[inner, :2]) / 2
            wide = float(np.linalg.norm(mesh.points[outer, :2] - mesh.points[inner, :2]))
            places.append(Region(float(middle[0]), float(middle[1]), EYE_AROUND * max(wide, 1.0), angle).onto(EYE))
        right, left = (cv2.warpAffine(frame, place, (EYE, EYE), flags=cv2.INTER_LINEAR) for place in places)
        blob = cv2.dnn.blobFromImages([right, cv2.flip(left, 1)], 1 / 255)
        contours, irises = _run(self._iris, blob, "output_eyes_contours_and_brows", "output_iris")
        lids, iris = contours.reshape(2, 71, 3)[..., :2], irises.reshape(2, 5, 3)[:, 0, :2]
        return _eye(lids[0], iris[0], places[0], mirrored=False), _eye(lids[1], iris[1], places[1], mirrored=True)


def onto(middle: npt.ArrayLike, angle: float, scale: float, size: tuple[int, int]) -> Floats:
    """The affine map (2, 3) that scales, turns upright, and brings ``middle`` to the middle of ``size``."""
    turn = scale * np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    shift = np.array(size) / 2 - turn @ np.asarray(middle, dtype=np.float64)
    return np.concatenate([turn, shift[:, None]], axis=1)


def _eye(lids: npt.NDArray[np.float32], iris: npt.NDArray[np.float32], place: Floats, *, mirrored: bool) -> Eye:
    """Points 0 to 8 are the lower lid's edge from corner to corner, 9 to 15 the upper one's without the corners."""
    outer, inner = lids[0], lids[8]
    wide = max(float(np.linalg.norm(inner - outer)), 1e-3)
    gap = float(lids[1:8, 1].mean() - lids[9:16, 1].mean()) / wide
    away = (iris - (outer + inner) / 2) / wide
    x = EYE - 1 - float(iris[0]) if mirrored else float(iris[0])
    back = np.asarray(cv2.invertAffineTransform(place))
    centre = back[:, :2] @ np.array([x, float(iris[1])]) + back[:, 2]
    return Eye(
        gap, -float(away[0]) if mirrored else float(away[0]), -float(away[1]), (float(centre[0]), float(centre[1]))
    )


def _network(name: str) -> cv2.dnn.Net:
    path = MODELS / name
    if not path.is_file():
        raise FileNotFoundError(f"The model {name} is missing beside the program; install it again.")
    return cv2.dnn.readNetFromTFLite(str(path))


def _run(network: cv2.dnn.Net, blob: Any, *names: str) -> list[npt.NDArray[np.float32]]:
    network.setInput(blob)
    return [np.asarray(out, dtype=np.float32) for out in network.forward(names)]


def _anchors() -> Floats:
    """The 896 places around which the detector tells of faces, as shares: two on 16 × 16 and six on 8 × 8."""
    grids = []
    for side, many in ((16, 2), (8, 6)):
        middles = (np.arange(side) + 0.5) / side
        grid = np.stack([np.tile(middles, side), np.repeat(middles, side)], axis=1)
        grids.append(np.repeat(grid, many, axis=0))
    return np.concatenate(grids)
