"""Turns a painted head: every pixel has a depth, so that it can be seen from another side."""

import math
from typing import Final

import cv2
import numpy as np

from drivers.camera.synthetic.geometry import CHIN, Face, Floats, Image, Points, over, plate

AXIS: Final = 1.2
"""How far behind the eyes the head turns about its neck, in eye distances."""
HALF: Final = 2
"""The map of the turned picture is worked out at one ``HALF``th of its size."""
FINE: Final = 2
"""Pixels of the picture for each of which a place in the turned one is worked out."""


def depth(size: tuple[int, int], face: Face, opacity: Floats) -> Floats:
    """How far each pixel lies behind the camera's nearest, in pixels: the face as its points say, the hair behind."""
    bottom = int(face.points[CHIN, 1])
    solid = (opacity[:bottom] > 0.5).astype(np.uint8)
    contours, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    rim = max(contours, key=cv2.contourArea).reshape(-1, 2)[::50].astype(np.float64)
    width, height = size
    far = [(x, y) for x in (0.0, float(width)) for y in np.linspace(0, height, 7)]
    below = [(face.points[CHIN, 0] + dx * face.apart, bottom + 1.2 * face.apart) for dx in (-1, 0, 1)]
    back = (AXIS + 0.15) * face.apart
    known = np.concatenate([face.points[::4, :2], rim, np.array(far), np.array(below)])
    values = np.concatenate([face.points[::4, 2], np.full(len(rim) + len(far), back), np.full(3, 0.8 * back)])
    spline = plate(known, values[:, None], smooth=2000.0)
    return np.minimum(over(size, spline, known)[..., 0], np.float32(1.3 * back))


def lit(picture: Image, behind: Floats, side: float) -> Image:
    """The picture in light of which the share ``side`` comes from one side (Lambert), the rest from the front."""
    if side == 0.0:
        return picture
    smooth = cv2.GaussianBlur(behind, (0, 0), 6)
    slope_x, slope_y = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(smooth, cv2.CV_32F, 0, 1) / 8
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    angle = math.radians(65)
    towards = slope_x * math.copysign(math.sin(angle), side) - 0.2 * slope_y + math.cos(angle)
    amount = abs(side)
    shade = (1 - amount) + amount * (0.1 + 1.15 * np.maximum(towards / length, 0))
    out = picture.copy()
    out[..., :3] *= shade[..., None]
    return out


def turned(picture: Image, face: Face, behind: Floats, yaw: float, pitch: float) -> tuple[Image, Points]:
    """The picture with its head turned, and the face's points there, (468, 3): what is on top hides what is behind.

    Each pixel is carried to its new place, the far ones first, and the map that this gives is turned round; gaps
    where the head shows more of a side than the picture has are filled from beside.
    """
    if yaw == 0.0 and pitch == 0.0:
        return picture, face.points
    height, width = behind.shape
    middle = (face.right_eye + face.left_eye) / 2
    pivot = np.array([middle[0], middle[1] + 0.35 * face.apart, AXIS * face.apart])
    chin = float(face.points[CHIN, 1])

    def carry(places: Points) -> Points:
        """Rotate, about the upright axis and then the level one; the neck twists, the shoulders stay."""
        share = np.clip(1 - (places[:, 1] - chin) / (1.0 * face.apart), 0, 1)
        share = share * share * (3 - 2 * share)
        about, up = np.radians(yaw) * share, np.radians(pitch) * share
        x, y, z = (places - pivot).T
        x, z = x * np.cos(about) - z * np.sin(about), x * np.sin(about) + z * np.cos(about)
        y, z = y * np.cos(up) + z * np.sin(up), -y * np.sin(up) + z * np.cos(up)
        return np.asarray(np.stack([x, y, z], axis=1) + pivot)

    ys, xs = np.mgrid[0:height:FINE, 0:width:FINE]
    here = behind[ys.astype(int), xs.astype(int)].astype(np.float64)
    places = np.stack([xs.ravel(), ys.ravel(), here.ravel()], axis=1)
    gone = carry(places)
    to = np.rint(gone[:, :2] / HALF).astype(int)
    rows, columns = height // HALF + 1, width // HALF + 1
    inside = (to[:, 0] >= 0) & (to[:, 0] < columns) & (to[:, 1] >= 0) & (to[:, 1] < rows)
    order = np.flatnonzero(inside)[np.argsort(-gone[inside, 2], kind="stable")]
    back = np.full((rows, columns, 2), np.nan, np.float32)
    back[to[order, 1], to[order, 0]] = places[order, :2]
    back = _filled(back)
    ys2, xs2 = np.mgrid[:height, :width].astype(np.float32) / HALF
    source = cv2.remap(back, xs2, ys2, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    out = cv2.remap(picture, source[..., 0], source[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(out, 0, 255).astype(np.float32), carry(face.points)


def _filled(values: Floats) -> Floats:
    """Gaps (not a number) take the mean of what is around them; then all is smoothed over a pixel."""
    known = ~np.isnan(values[..., 0])
    whole = np.where(known[..., None], values, 0).astype(np.float32)
    weight = known.astype(np.float32)
    for reach in (3, 7, 21, 61):
        total = cv2.blur(weight, (reach, reach))
        mean = cv2.blur(whole, (reach, reach)) / np.maximum(total, 1e-6)[..., None]
        gap = (weight == 0) & (total > 1e-4)
        whole[gap] = mean[gap]
        weight[gap] = 1
    return np.asarray(cv2.GaussianBlur(whole, (0, 0), 0.8), dtype=np.float32)
