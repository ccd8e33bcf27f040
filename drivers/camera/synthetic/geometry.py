"""Moves the points of a face, and bends the picture after them.

The 468 points are numbered as MediaPipe's face mesh numbers them (model card "Face Mesh", 2020); left and right in the
names are the person's own, so that the person's right lies left in the picture.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drivers.camera.synthetic.sitter import SHAPE, Look, Person

Points = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Image = npt.NDArray[np.float32]

RIGHT_UPPER: Final = (33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_LOWER: Final = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_UPPER: Final = (263, 466, 388, 387, 386, 385, 384, 398, 362)
LEFT_LOWER: Final = (263, 249, 390, 373, 374, 380, 381, 382, 362)
"""The lids' edges, from the outer corner to the inner."""
INNER_UPPER: Final = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER: Final = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
OUTER_UPPER: Final = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
OUTER_LOWER: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
"""The lips' edges, from the person's right to the left."""
OUTLINE: Final = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
"""The face's edge, clockwise in the picture from the middle of the forehead."""
RIGHT_CORNERS: Final = (33, 133)
LEFT_CORNERS: Final = (362, 263)
CHIN: Final = 152
EVERY: Final = 10
"""Pixels between the points at which a bend is worked out; between them it is interpolated."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face's points, (468, 3) in pixels of the canvas: x right, y down, z away from the camera."""

    points: Points

    @property
    def right_eye(self) -> Points:
        """The middle between the right eye's corners, x and y."""
        return np.asarray(self.points[list(RIGHT_CORNERS), :2].mean(axis=0))

    @property
    def left_eye(self) -> Points:
        """The middle between the left eye's corners, x and y."""
        return np.asarray(self.points[list(LEFT_CORNERS), :2].mean(axis=0))

    @property
    def apart(self) -> float:
        """The distance of the eyes in pixels."""
        return float(np.linalg.norm(self.left_eye - self.right_eye))

    def line(self, numbers: tuple[int, ...]) -> Points:
        """The x and y of these points."""
        return np.asarray(self.points[list(numbers), :2])


def shaped(face: Face, person: Person) -> Face:
    """The face of another person: wider, longer, with other eyes, nose, lips and brows."""
    amount = dict(zip(SHAPE, person.shape, strict=True))
    points, unit = face.points.copy(), face.apart
    middle = (face.right_eye + face.left_eye) / 2
    across, down = (points[:, 0] - middle[0]) / unit, (points[:, 1] - middle[1]) / unit
    # The jaw counts from the mouth downwards, the whole width only where there is no eye or nose.
    low = np.clip((down - 0.5) / 0.7, 0, 1)
    wide = 0.035 * amount["width"] * np.clip(np.abs(across) - 0.2, 0, 1) + 0.04 * amount["jaw"] * low * np.abs(across)
    points[:, 0] += unit * np.sign(across) * wide
    points[:, 1] += unit * 0.05 * (amount["width"] - amount["jaw"]) * -0.5 * low

    def near(x: float, y: float, reach: float) -> Points:
        return np.asarray(np.exp(-(((np.abs(across) - x) ** 2 + (down - y) ** 2) / reach**2)))

    eyes = near(0.5, 0.0, 0.25)
    points[:, 0] += unit * np.sign(across) * 0.02 * amount["eyes"] * eyes
    points[:, 1] += unit * 0.10 * amount["lids"] * down * near(0.5, 0.0, 0.12)
    points[:, 0] += unit * 0.14 * (amount["nose"] + 0.6) * across * near(0.15, 0.62, 0.2)
    points[:, 0] += unit * 0.08 * amount["mouth"] * across * near(0.2, 1.05, 0.3)
    points[:, 1] += unit * 0.12 * (amount["lips"] + 0.5) * (down - 1.02) * near(0.0, 1.02, 0.25)
    points[:, 1] -= unit * 0.03 * amount["brows"] * near(0.5, -0.4, 0.2)
    return Face(points)


def moved(face: Face, look: Look) -> Face:
    """The face with its lips where the look has them; the portrait's smile becomes a closed, resting mouth."""
    points, unit = face.points.copy(), face.apart
    upper, lower = face.line(INNER_UPPER), face.line(INNER_LOWER)
    rest = (upper + lower) / 2
    # A smile's corners lie high and far out.
    inwards = (rest[5, 0] - rest[:, 0]) * 0.06
    down = np.linspace(-1, 1, len(rest)) ** 2 * 0.05 * unit
    rest = rest + np.stack([inwards, down], axis=1)
    arch = 1 - np.linspace(-1, 1, len(rest)) ** 2
    opened = np.stack([0 * arch, look.mouth * 0.42 * unit * arch], axis=1)
    seam = np.stack([0 * arch, 0.012 * unit * arch], axis=1)
    _spread(points, face, OUTER_UPPER, rest - 0.15 * opened - upper, 0.16 * unit)
    _spread(points, face, OUTER_LOWER, rest + 0.85 * opened - lower, 0.32 * unit)
    points[list(INNER_UPPER), :2] = rest - seam / 2 - 0.15 * opened
    points[list(INNER_LOWER), :2] = rest + seam / 2 + 0.85 * opened
    return Face(points)


def lids(face: Face, look: Look) -> Face:
    """The face with its upper lids as low as the look has them."""
    points = face.points.copy()
    for upper, lower in ((RIGHT_UPPER, RIGHT_LOWER), (LEFT_UPPER, LEFT_LOWER)):
        points[list(upper), :2] += (1 - look.eyes) * (face.line(lower) - face.line(upper))
    return Face(points)


def _spread(points: Points, face: Face, numbers: tuple[int, ...], by: Points, reach: float) -> None:
    """Move the lips' points in place, and those around them less and less."""
    away = np.linalg.norm(face.points[:, None, :2] - face.line(numbers)[None], axis=2)
    weight = np.exp(-((away.min(axis=1) / reach) ** 2))
    weight[[*INNER_UPPER, *INNER_LOWER, *OUTER_UPPER, *OUTER_LOWER]] = 0.0
    points[:, :2] += weight[:, None] * by[away.argmin(axis=1)]
    points[list(numbers), :2] = face.line(numbers) + by


def bend(size: tuple[int, int], before: Points, after: Points) -> tuple[Floats, Floats]:
    """Where in the old picture each pixel of the new one comes from, for ``cv2.remap``; the frame's edge stays.

    A thin-plate spline (Bookstein 1989) through the points, x and y in pixels.
    """
    width, height = size
    edge = np.array(
        [(x, y) for x in np.linspace(0, width, 9) for y in (0, height)]
        + [(x, y) for y in np.linspace(0, height, 9)[1:-1] for x in (0, width)]
    )
    told = sorted({*range(0, len(after), 6), *OUTLINE, *INNER_UPPER, *INNER_LOWER, *OUTER_UPPER, *OUTER_LOWER})
    onto = np.concatenate([after[told], edge])
    spline = plate(onto, np.concatenate([(before - after)[told], 0 * edge]), smooth=60.0)
    shift = over(size, spline, onto)
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    return xs + shift[..., 0], ys + shift[..., 1]


def plate(points: Points, values: Points, *, smooth: float) -> Points:
    """The weights of a thin-plate spline through values (n, k) at points (n, 2); ``smooth`` lets it miss a little."""
    count = len(points)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _kernel(points, points) + smooth * np.eye(count)
    system[:count, count] = system[count, :count] = 1
    system[:count, count + 1 :] = points
    system[count + 1 :, :count] = points.T
    # OpenCV's solver, since NumPy's starts threads, which a busy machine makes slower than the sum itself.
    known = np.concatenate([values, np.zeros((3, values.shape[1]))])
    return np.asarray(cv2.solve(system, known, flags=cv2.DECOMP_LU)[1])


def over(size: tuple[int, int], spline: Points, points: Points) -> Floats:
    """The spline's values over a whole picture, float32 (height, width, k)."""
    width, height = size
    xs, ys = np.arange(0, width + EVERY, EVERY) + 0.0, np.arange(0, height + EVERY, EVERY) + 0.0
    places = np.stack([np.tile(xs, len(ys)), np.repeat(ys, len(xs))], axis=1)
    values = _kernel(places, points) @ spline[:-3] + spline[-3] + places @ spline[-2:]
    coarse = values.reshape(len(ys), len(xs), -1).astype(np.float32)
    ys2, xs2 = np.mgrid[:height, :width].astype(np.float32) / EVERY
    fine = cv2.remap(coarse, xs2, ys2, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(fine.reshape(height, width, -1), dtype=np.float32)


def _kernel(these: Points, those: Points) -> Points:
    """Distance² × log(distance²)."""
    squared = (these**2).sum(axis=1)[:, None] + (those**2).sum(axis=1)[None] - 2 * these @ those.T
    squared = np.maximum(squared, 1e-9)
    return np.asarray(squared * np.log(squared))
