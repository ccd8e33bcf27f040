"""Paints what a face does and wears, straight onto the portrait: eyes, mouth, moustache, scarf and glasses.

A picture is float32 (height, width, 4), RGB weighted by opacity, 0 to 255; it is changed in place.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from drivers.camera.synthetic.geometry import (
    CHIN,
    INNER_LOWER,
    INNER_UPPER,
    LEFT_LOWER,
    LEFT_UPPER,
    OUTLINE,
    RIGHT_LOWER,
    RIGHT_UPPER,
    Face,
    Floats,
    Image,
    Points,
)
from drivers.camera.synthetic.sitter import Colour, Glasses, Look

IRIS: Final = 0.094
"""Radius of the iris in eye distances: 5.9 of 63 mm."""
FINER: Final = 4
"""Bits of a pixel's share in which polygons are drawn."""


def filled(shape: Sequence[int], outlines: list[Points], *, soft: float = 0.7) -> Floats:
    """A mask, 0 to 1, of the inside of polygons, its edge softened by ``soft`` pixels."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [_exact(outline) for outline in outlines], 255, cv2.LINE_AA, FINER)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft) / 255, dtype=np.float32)


def drawn(shape: Sequence[int], line: Points, width: float, *, closed: bool = False, soft: float = 0.7) -> Floats:
    """A mask, 0 to 1, of a line ``width`` pixels wide."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.polylines(mask, [_exact(line)], closed, 255, max(1, round(width)), cv2.LINE_AA, FINER)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft) / 255, dtype=np.float32)


def ring(centre: Points, wide: float, high: float, *, power: float = 2.0) -> Points:
    """A closed curve around ``centre``: an ellipse, squarer with a higher ``power``."""
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    x, y = np.cos(angle), np.sin(angle)
    return np.asarray(
        centre
        + np.stack([wide * np.sign(x) * np.abs(x) ** (2 / power), high * np.sign(y) * np.abs(y) ** (2 / power)], axis=1)
    )


def eyes(picture: Image, face: Face, look: Look) -> None:
    """Eyeballs where the lids leave them free, irises where the gaze is, the lids' skin, and lashes along them."""
    shape, unit = picture.shape, face.apart
    light = float(picture[..., :3][filled(shape, [face.line(OUTLINE)]) > 0.9].mean()) / 190
    for upper, lower in ((RIGHT_UPPER, RIGHT_LOWER), (LEFT_UPPER, LEFT_LOWER)):
        high, under = face.line(upper), face.line(lower)
        over = under + look.eyes * (high - under)
        half = abs(over[0, 0] - over[-1, 0]) / 2
        middle = (over[0] + over[-1]) / 2
        centre = np.add(middle, (look.gaze[0] * half, (-look.gaze[1] - 0.10) * half))
        xs, ys = (np.arange(shape[1 - axis], dtype=np.float32) - middle[axis] for axis in (0, 1))
        away = np.hypot(xs[None], ys[:, None]) / half
        ball = filled(shape, [np.concatenate([high, under[::-1]])], soft=0.9)
        white = np.array([226, 216, 208], np.float32) * (0.8 + 0.2 * min(light, 1.0))
        _lay(picture, ball, white, shade=np.clip(1.1 - 0.3 * away, 0.5, 1.2))
        radius = IRIS * unit
        for share, colour, cover, soft in (
            (1.0, (62, 40, 28), 1.0, 1.1),
            (0.72, (98, 64, 42), 0.5, 2.0),
            (0.4, (12, 10, 10), 1.0, 0.8),
        ):
            disc = filled(shape, [ring(centre, share * radius, share * radius)], soft=soft)
            _lay(picture, cover * ball * disc, np.array(colour, np.float32))
        glint = ball * filled(shape, [ring(np.add(centre, (-0.3 * radius, -0.35 * radius)), 1.9, 1.9)], soft=0.8)
        _lay(picture, 0.9 * glint, np.array([250, 250, 250], np.float32))
        if look.eyes < 1.0:
            # The lid's skin is what lies between brow and eye, a little lighter where the eyeball bulges.
            place = np.rint((high[3] + high[5]) / 2 - (0.0, 0.14 * unit)).astype(int)
            skin = picture[place[1] - 4 : place[1] + 5, place[0] - 9 : place[0] + 10, :3].mean(axis=(0, 1))
            lid = filled(shape, [np.concatenate([np.add(high, (0.0, -5.0)), np.add(over[::-1], (0.0, 1.0))])], soft=2.0)
            _lay(picture, lid, skin.astype(np.float32), shade=np.clip(1.0 - 0.2 * away**2, 0.7, 1.1))
            _lay(picture, 0.3 * (1 - look.eyes) * drawn(shape, high, 2, soft=1.6), 0.6 * skin.astype(np.float32))
        shadow = ball * drawn(shape, np.add(over, (0.0, 2.0)), 5, soft=2.5)
        _lay(picture, 0.5 * min(1.0, 2 * look.eyes) * shadow, np.array([40, 28, 24], np.float32))
        _lay(picture, 0.85 * drawn(shape, over, 3, soft=0.9), np.array([34, 24, 22], np.float32))
        _lay(picture, 0.3 * drawn(shape, under, 2, soft=0.9), np.array([70, 48, 42], np.float32))


def mouth(picture: Image, face: Face, look: Look) -> None:
    """Between the lips: a dark line when they are closed, else the mouth's inside with the upper teeth."""
    upper, lower = face.line(INNER_UPPER), face.line(INNER_LOWER)
    inside = filled(picture.shape, [np.concatenate([upper, lower[::-1]])], soft=0.8)
    _lay(picture, inside, np.array([58, 22, 22], np.float32))
    if look.mouth > 0.25:
        gum = np.add(upper, (0.0, 0.08 * face.apart))
        teeth = inside * filled(picture.shape, [np.concatenate([upper[2:-2], gum[2:-2][::-1]])], soft=1.2)
        _lay(picture, 0.9 * teeth, np.array([206, 198, 184], np.float32))
    seam = drawn(picture.shape, (upper + lower) / 2 if look.mouth < 0.05 else upper, 3, soft=1.2)
    _lay(picture, 0.55 * seam, np.array([80, 36, 34], np.float32))


def moustache(picture: Image, face: Face, seed: int) -> None:
    """Short dark hair between nose and upper lip, and a little on the chin."""
    left, right, nose, lip = (face.points[number, :2] for number in (61, 291, 164, 0))
    top = (nose + lip) / 2 - (0.0, 0.05 * face.apart)
    shape = [left, (left + top) / 2 - (0, 4), top, (right + top) / 2 - (0, 4), right, lip]
    grown = filled(picture.shape, [np.array(shape)], soft=3)
    goatee = filled(picture.shape, [ring((face.points[18, :2] + face.points[CHIN, :2]) / 2, 26, 20)], soft=7)
    noise = np.random.default_rng(seed + 7).normal(0.62, 0.28, picture.shape[:2]).astype(np.float32)
    cover = np.clip(grown + 0.5 * goatee, 0, 1) * np.clip(cv2.GaussianBlur(noise, (3, 5), 0.8), 0, 0.95)
    _lay(picture, cover, np.array([34, 28, 26], np.float32))


def scarf(picture: Image, face: Face, colour: Colour, seed: int) -> None:
    """A jilbab: cloth over hair, ears, neck and shoulders, pinned under the chin; the face stays free."""
    unit = face.apart
    random = np.random.default_rng(seed + 13)
    middle = (face.right_eye + face.left_eye) / 2
    hood = ring(np.add(middle, (0.0, 0.15 * unit)), 1.78 * unit, 2.15 * unit, power=2.2)
    chest = np.array(
        [(-1.6, 0.5), (1.6, 0.5), (1.7, 2.3), (2.2, 3.4), (2.3, 5.5), (-2.3, 5.5), (-2.2, 3.4), (-1.7, 2.3)]
    )
    covered = filled(picture.shape, [hood], soft=1.2)
    covered = np.maximum(covered, filled(picture.shape, [middle + unit * chest], soft=1.2))
    outline = face.line(OUTLINE)
    centre = outline.mean(axis=0)
    rim = centre + (outline - centre) * (0.985, 0.99)
    # The cloth hides the hair on the forehead, too.
    rim[:, 1] = np.maximum(rim[:, 1], middle[1] - 0.8 * unit + 0.25 * np.abs(rim[:, 0] - middle[0]) ** 2 / unit)
    opening = filled(picture.shape, [rim], soft=1.2)
    folds = cv2.resize(
        _folds(picture.shape, middle, unit, float(random.uniform(0, 6))),
        picture.shape[1::-1],
        interpolation=cv2.INTER_LINEAR,
    )
    near = cv2.GaussianBlur(opening, (0, 0), 9)
    weave = random.normal(0, 0.022, picture.shape[:2]).astype(np.float32)
    shade = (folds + weave) * (1 - 0.35 * near)
    cover = (covered * (1 - opening))[..., None]
    painted = np.clip(shade[..., None] * np.array(colour, np.float32) + 4, 0, 255)
    picture[..., :3] += cover * (painted - picture[..., :3])
    picture[..., 3:] = np.maximum(picture[..., 3:], 255 * cover)


def _folds(shape: Sequence[int], middle: Points, unit: float, bend: float) -> Floats:
    """How light the scarf is, around 1, at a third of the picture's size: folds about the face, then down the chest."""
    rows, columns = shape[0] // 3, shape[1] // 3
    x = ((np.arange(columns, dtype=np.float32) * 3 - middle[0]) / unit)[None]
    y = ((np.arange(rows, dtype=np.float32) * 3 - middle[1]) / unit)[:, None]
    about = np.hypot(x, y - 0.3)
    high = 0.10 * np.sin(9 * about + 2 * np.arctan2(y, x) + bend) + 0.05 * np.sin(23 * about + 3 * x + bend)
    low = 0.13 * np.sin(6 * (y + 0.5 * x * x) + bend)
    share = np.clip((y - 1.6) / 0.5, 0, 1)
    rounded = np.clip(1.12 - 0.3 * (np.abs(x) / 1.6) ** 2, 0.5, 1.2)
    return np.asarray(rounded + high * (1 - share) + low * share, dtype=np.float32)


def glasses(picture: Image, face: Face, kind: Glasses) -> None:
    """A frame around both eyes with bridge and temples; reflecting lenses hide part of the eyes behind a window."""
    unit, shape = face.apart, picture.shape
    thin = kind is Glasses.THIN
    thick = unit * (0.032 if thin else 0.065)
    ink = np.array((92, 84, 76) if thin else (30, 24, 24), np.float32)
    lenses = [
        ring(np.add(eye, (0.0, 0.07 * unit)), 0.37 * unit, 0.28 * unit, power=3.0)
        for eye in (face.right_eye, face.left_eye)
    ]
    glass = filled(shape, lenses)
    picture[..., :3] *= 1 - 0.06 * glass[..., None]
    if kind is Glasses.REFLECTING:
        for eye in (face.right_eye, face.left_eye):
            band = eye + unit * np.array([(-0.34, 0.3), (-0.02, -0.3), (0.24, -0.3), (-0.08, 0.3)])
            _lay(picture, 0.86 * glass * filled(shape, [band], soft=2.0), np.array([246, 250, 255], np.float32))
    bridge = (face.right_eye + face.left_eye) / 2
    span = np.array([(-0.14, 0.0), (-0.06, -0.05), (0.06, -0.05), (0.14, 0.0)]) * unit + bridge
    metal = drawn(shape, span, thick)
    for lens in lenses:
        metal = np.maximum(metal, drawn(shape, lens, thick, closed=True))
    for eye, ear, sign in ((face.right_eye, 127, -1), (face.left_eye, 356, 1)):
        hinge = np.add(eye, (sign * 0.37 * unit, -0.02 * unit))
        metal = np.maximum(metal, drawn(shape, np.stack([hinge, face.points[ear, :2] + (sign * 6.0, 0.0)]), thick))
    shadow = np.roll(cv2.GaussianBlur(metal, (0, 0), 4), 6, axis=0)
    picture[..., :3] *= 1 - 0.22 * shadow[..., None]
    _lay(picture, (metal * (picture[..., 3] / 255)).astype(np.float32), ink)
    if thin:
        _lay(picture, 0.5 * np.roll(metal, -2, axis=0) * metal, np.array([190, 184, 172], np.float32))


def _lay(picture: Image, cover: Floats, colour: Floats, *, shade: Floats | None = None) -> None:
    """Lay a colour, darkened or lightened by ``shade``, over the picture where ``cover`` (both height × width) says."""
    x, y, width, height = cv2.boundingRect((cover > 0.003).astype(np.uint8))
    here = np.s_[y : y + height, x : x + width]
    ink = colour if shade is None else shade[here][..., None] * colour
    part = picture[here][..., :3]
    part += cover[here][..., None] * (np.minimum(ink, 250) - part)


def _exact(line: Points) -> "np.typing.NDArray[np.int32]":
    return np.rint(line * 2**FINER).astype(np.int32)
