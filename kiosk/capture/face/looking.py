"""Light, detail, glasses and background, measured on the pixels around a face's points."""

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.backdrop import Backdrop
from kiosk.capture.face.measuring import HEAD_LENGTH, HEAD_WIDTH, centres
from kiosk.capture.face.mesh import Floats, Mesh, Pixels, onto

OUTLINE: Final = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
RIGHT_CHEEK: Final = (205, 187, 207, 206, 216)
LEFT_CHEEK: Final = (425, 411, 427, 426, 436)
"""Beside nose and mouth, below whatever is worn before the eyes, which shades one cheek more than the other."""
CLIPPED: Final = 248
APART: Final = 120
STRIP: Final = (240, 144)
EYES_AT: Final = 54
"""Detail and glasses are looked for in an upright strip of this width and height, in which the eyes are ``APART``
pixels apart, ``EYES_AT`` pixels from the top; a smaller face is never enlarged to it."""
LEVEL: Final = 1.9
"""Lids and brows lie level: a still face has this much more detail downwards than across."""
SURROUNDINGS: Final = 160
"""Width at which the background is looked at."""
HUES: Final[dict[Backdrop, tuple[float, float]]] = {
    Backdrop.RED: (338.0, 15.0),
    Backdrop.ORANGE: (16.0, 46.0),
    Backdrop.BLUE: (196.0, 256.0),
}
"""From which hue to which, in degrees clockwise: wide, as cameras and lamps differ."""
COLOURED: Final = 0.35
"""Saturation (0 to 1) from which something has a colour at all."""


def light(mesh: Mesh) -> tuple[float, float, float]:
    """The skin's brightest tenth (0 to 1), the darker cheek over the brighter (0 to 1), the clipped share (0 to 1).

    By the brightest tenth, dark skin in good light is not called dark: it shines where the light falls.
    """
    grey = cv2.cvtColor(mesh.crop, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    mask = np.zeros(grey.shape, np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(mesh.within[list(OUTLINE)]).astype(np.int32)), 255)
    skin = grey[mask > 0]
    if skin.size == 0:
        return 0.0, 1.0, 0.0
    soft = cv2.blur(grey, (9, 9)).astype(np.uint8, copy=False)
    right, left = (_at(soft, mesh.within[list(cheek)]) for cheek in (RIGHT_CHEEK, LEFT_CHEEK))
    evenness = (min(right, left) + 1) / (max(right, left) + 1)
    return float(np.percentile(skin, 90)) / 255, evenness, float((skin >= CLIPPED).mean())


def _at(grey: Pixels, places: Floats) -> float:
    """The mean brightness at these places."""
    x, y = np.clip(np.rint(places).astype(int), 0, np.array(grey.shape[::-1]) - 1).T
    return float(grey[y, x].mean())


def strip(frame: Pixels, mesh: Mesh, apart: float) -> Pixels:
    """The part of the frame around eyes and nose, upright, uint8 (144, 240, 3)."""
    right, left = centres(mesh)
    middle = (right[:2] + left[:2]) / 2
    scale = min(1.0, APART / apart)
    place = onto(middle, math.radians(_roll(right, left)), scale, STRIP)
    place[1, 2] += EYES_AT - STRIP[1] / 2
    part = cv2.warpAffine(frame, place, STRIP, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return part.astype(np.uint8, copy=False)


def detail(part: Pixels) -> tuple[float, float]:
    """How much fine detail a strip holds against its contrast, and how much more along one direction than across.

    Detail is the variance of the Laplacian over the variance of brightness, so that light and skin do not count.
    Motion wipes out the detail along its way only, a lens out of focus all of it (structure tensor's eigenvalues).
    """
    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
    soft = cv2.GaussianBlur(grey, (3, 3), 0.8).astype(np.float32)
    sharpness = float(cv2.Laplacian(soft, cv2.CV_32F).var() / (float(soft.var()) + 25.0))
    fine = soft - cv2.GaussianBlur(soft, (0, 0), 3)
    x, y = cv2.Sobel(fine, cv2.CV_32F, 1, 0), cv2.Sobel(fine, cv2.CV_32F, 0, 1)
    xx, yy, xy = float((x * x).mean()) * LEVEL, float((y * y).mean()), float((x * y).mean()) * math.sqrt(LEVEL)
    mean, apart = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    return sharpness, (mean + apart) / max(mean - apart, 1e-3)


def glasses(part: Pixels) -> tuple[float, float]:
    """How much a line across the bridge of the nose, and lines under the eyes, stand out from the skin (relative).

    By their brightness or by their colour, whichever shows them more: thin metal may be as bright as the skin that it
    crosses, but next to it grey has little red.
    """
    grey = cv2.GaussianBlur(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), (3, 3), 0).astype(np.float32) + 8
    # Cameras send colour half as fine as brightness, and noisier.
    colour = cv2.GaussianBlur(part, (5, 5), 0).astype(np.float32) + 8
    planes = grey, colour[..., 0] / colour[..., 2]
    middle = STRIP[0] // 2
    noses = (np.sort(plane[EYES_AT - 24 : EYES_AT + 26, middle - 7 : middle + 8], axis=1) for plane in planes)
    bridge = max(float(_lines(nose[:, 4:-4].mean(axis=1, keepdims=True)).max()) for nose in noses)
    rims = []
    for eye in (middle - APART // 2, middle + APART // 2):
        unders = (plane[EYES_AT + 20 : EYES_AT + 66, eye - 26 : eye + 27] for plane in planes)
        rims.append(max(float(np.median(_lines(under).max(axis=0))) for under in unders))
    return bridge, min(rims)


def _lines(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """How much each row differs from the rows a few above and below it: a line, not an edge or a shade."""
    out = np.zeros_like(values)
    for reach in (4, 7):
        above, below, here = values[: -2 * reach], values[2 * reach :], values[reach:-reach]
        # Darker than both sides, or brighter than both.
        dark = np.minimum(above, below) - here
        bright = here - np.maximum(above, below)
        line = np.maximum(np.maximum(dark, 0.6 * bright), 0) / np.minimum(above, below)
        out[reach:-reach] = np.maximum(out[reach:-reach], line)
    return out


def surroundings(frame: Pixels, mesh: Mesh, apart: float, backdrop: Backdrop | None) -> tuple[float, float, float]:
    """The background's relative spread, the share of it that has the colour asked for (1 where none is), the exposure.

    The background is what lies above the mouth and well outside the head, a scarf and its folds included. The exposure
    is the brightest twentieth of the whole frame, by the strongest colour, 0 to 1.
    """
    scale = SURROUNDINGS / frame.shape[1]
    # Every third pixel is enough to tell colours by, and spares most of the time.
    sparse = np.ascontiguousarray(frame[1::3, 1::3])
    small = cv2.resize(sparse, (SURROUNDINGS, round(scale * frame.shape[0])), interpolation=cv2.INTER_AREA)
    exposure = float(np.percentile(small.max(axis=2), 95)) / 255
    right, left = centres(mesh)
    x, y = scale * (right[:2] + left[:2]) / 2
    unit = scale * apart
    mask = np.full(small.shape[:2], 255, np.uint8)
    mask[max(round(y + 0.9 * unit), 0) :] = 0
    size = (round(0.85 * HEAD_WIDTH * unit), round(0.66 * HEAD_LENGTH * unit))
    cv2.ellipse(mask, (round(x), round(y)), size, 0, 0, 360, 0, -1)
    pixels = small[mask > 0]
    if len(pixels) < 200:
        return 0.0, 1.0, exposure
    hsv = cv2.cvtColor(pixels[None].astype(np.float32) / 255, cv2.COLOR_RGB2HSV)[0]
    values = pixels.astype(np.float32) + 4
    middle = np.median(values, axis=0)
    # The middle eight tenths: a rim of shade or one fold is no pattern.
    off = np.abs(values - middle).mean(axis=1) / float(middle.mean())
    spread = float(np.percentile(off, 80))
    if backdrop is None:
        return spread, 1.0, exposure
    first, last = HUES[backdrop]
    hue = (hsv[:, 0] - first) % 360
    fitting = (hue <= (last - first) % 360) & (hsv[:, 1] >= COLOURED)
    return spread, float(fitting.mean()), exposure


def _roll(right: Floats, left: Floats) -> float:
    return math.degrees(math.atan2(left[1] - right[1], left[0] - right[0]))
