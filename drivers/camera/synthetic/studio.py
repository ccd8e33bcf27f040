"""Paints a person's portrait: skin and hair of another tone, a scarf, eyes, mouth, glasses, light, and then the turn.

Everything is made from the one portrait in ``people``. The same person and look are always the same picture.
"""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drivers.camera.synthetic import features
from drivers.camera.synthetic.geometry import CHIN, OUTLINE, Face, Floats, Image, bend, lids, moved, shaped
from drivers.camera.synthetic.sitter import Colour, Glasses, Look, Person
from drivers.camera.synthetic.turning import depth, lit, turned

Pixels = npt.NDArray[np.uint8]

PEOPLE: Final = Path(__file__).parents[1] / "people"
PORTRAIT: Final = PEOPLE / "collins.png"
POINTS: Final = PEOPLE / "collins.csv"
ENLARGED: Final = 3
"""The portrait is painted this many times as large as it is."""
WINDOW: Final = (95, 0, 265, 345)
"""Left, top, width and height of what is painted anew, in the portrait's own pixels: head, neck and shoulders."""
NECK: Final = 250
"""The height that is enough without a scarf."""
HAIR: Final[Colour] = (44, 36, 33)
SUIT: Final = np.array([204, 92, 44], np.float32)
"""Mean colour of what the person in the portrait wears."""


class Studio:
    """Holds the portrait, read once."""

    def __init__(self) -> None:
        portrait = cv2.imread(str(PORTRAIT), cv2.IMREAD_UNCHANGED)
        if portrait is None:
            raise FileNotFoundError(f"The picture of the simulated person is missing: {PORTRAIT.name}")
        ready = cv2.cvtColor(portrait, cv2.COLOR_BGRA2RGBA).astype(np.float32)
        ready[..., :3] *= ready[..., 3:] / 255
        self._small: Image = ready
        points = np.loadtxt(POINTS, delimiter=",")
        # A pixel's middle lies half a pixel from its edge, in the small picture and in the enlarged one.
        points[:, :2] += 0.5
        self._small_face = Face(points)
        self._left, self._top = ENLARGED * WINDOW[0], ENLARGED * WINDOW[1]
        self._face = Face(ENLARGED * points - (self._left + 0.5, self._top + 0.5, 0.0))

    @property
    def tilt(self) -> float:
        """By how many degrees, clockwise, the head of the portrait leans."""
        across = self._face.left_eye - self._face.right_eye
        return float(np.degrees(np.arctan2(across[1], across[0])))

    @property
    def eyes(self) -> tuple[float, float, float]:
        """Where the eyes of the unchanged portrait are: x and y of the point between them, and their distance."""
        middle = (self._face.right_eye + self._face.left_eye) / 2 + (self._left, self._top)
        return float(middle[0]), float(middle[1]), self._face.apart

    def portray(self, person: Person, look: Look) -> tuple[Pixels, Face]:
        """The person on nothing: uint8 (1536, 1536, 4), colour weighted by opacity; and the points of their face."""
        x, y, width, height = WINDOW
        if person.scarf is None:
            height = NECK
        size = (ENLARGED * width, ENLARGED * height)
        window = np.s_[self._top : self._top + size[1], self._left : self._left + size[0]]
        face = moved(shaped(self._face, person), look)
        small = self._small if person.tone is None else self._toned(person.tone)
        if person.clothes is not None:
            small = _dressed(small, person.clothes)
        if look.side:
            across = np.linspace(-1, 1, small.shape[1], dtype=np.float32)[None, :, None] * np.sign(look.side)
            shade = 1 - abs(look.side) * np.clip(0.45 - 0.9 * across, 0, 0.9)
        else:
            shade = np.ones((1, 1, 1), np.float32)
        flat = np.clip(small * np.concatenate([shade, shade, shade, np.ones_like(shade)], axis=2), 0, 255)
        whole = cv2.resize(flat.astype(np.uint8), None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC).astype(
            np.uint8, copy=False
        )
        part = np.ascontiguousarray(small[y : y + height, x : x + width])
        picture = _crisp(cv2.resize(part, size, interpolation=cv2.INTER_CUBIC).astype(np.float32), person.seed)
        picture = cv2.remap(
            picture,
            *bend(size, self._face.points[:, :2], face.points[:, :2]),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ).astype(np.float32)
        features.eyes(picture, face, look)
        features.mouth(picture, face, look)
        if person.moustache:
            features.moustache(picture, face, person.seed)
        if person.scarf is not None:
            features.scarf(picture, face, person.scarf, person.seed)
        face = lids(face, look)
        points = face.points
        behind = None
        if look.side or look.yaw or look.pitch:
            behind = depth(size, face, (picture[..., 3] / 255).astype(np.float32))
        if look.glasses is not Glasses.NONE:
            features.glasses(picture, face, look.glasses)
        if behind is not None:
            picture = lit(picture, behind, look.side)
            picture, points = turned(picture, face, behind, look.yaw, look.pitch)
        edge = _frame(*size)[..., None]
        whole[window] = (picture * edge + whole[window] * (1 - edge)).astype(np.uint8)
        return whole, Face(np.add(points, (self._left, self._top, 0.0)))

    def _skin(self) -> Floats:
        """Where facial skin is, 0 to 1: within the face's outline or below it, and of skin's colour."""
        picture, face = self._small, self._small_face
        within = features.filled(picture.shape[:2], [face.line(OUTLINE)], soft=3)
        # A fringe lies within the face's outline, above the brows, and is darker than the forehead.
        brows = int((face.right_eye[1] + face.left_eye[1]) / 2 - 0.42 * face.apart)
        fringe = np.clip((205 - picture[:brows, :, 0]) / 30, 0, 1)
        within[:brows] *= 1 - fringe
        top = int(face.points[10, 1])
        red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
        like = ((red > 110) & (red - blue > 18) & (red - green < 95)).astype(np.float32)
        # Hair is as warm as skin, but darker: it stays hair outside the face.
        around = (red > 165).astype(np.float32) * like
        around[: top - 13] = 0
        around[int(face.points[CHIN, 1]) + 30 :] = 0
        return np.asarray(cv2.GaussianBlur(np.maximum(within, around), (0, 0), 0.9), dtype=np.float32)

    def _toned(self, tone: Colour) -> Image:
        """Skin of this mean colour, and black hair. What is lit stays lit: colours are scaled, not painted over."""
        picture, skin = self._small, self._skin()
        sure = skin > 0.9
        mean = picture[sure][:, :3].mean(axis=0)
        out = picture.copy()
        ratio = np.array(tone, np.float32) / mean
        # Dark skin shines: its brightest places lose less than its mean does.
        bright = np.clip((picture[..., :3].mean(axis=2) - mean.mean()) / 60, 0, 1)[..., None]
        skinned = picture[..., :3] * (ratio + bright * 0.35 * (1 - ratio))
        chin = int(self._small_face.points[CHIN, 1])
        hair = (1 - skin) * (picture[..., 3] / 255)
        hair[chin - 13 :] = 0
        hair = cv2.GaussianBlur(hair, (0, 0), 1).astype(np.float32)
        grey = picture[..., :3].mean(axis=2, keepdims=True) / 105
        haired = np.array(HAIR, np.float32) * (0.35 + 0.65 * grey)
        out[..., :3] = picture[..., :3] + skin[..., None] * (skinned - picture[..., :3])
        out[..., :3] += hair[..., None] * (haired * picture[..., 3:] / 255 - out[..., :3])
        return np.asarray(np.clip(out, 0, 255), dtype=np.float32)


def _crisp(picture: Image, seed: int) -> Image:
    """The enlarged picture as sharp as if taken at that size: edges steeper, and the skin's own grain."""
    soft = cv2.GaussianBlur(picture, (0, 0), 2.2)
    out = picture + 1.1 * (picture - soft)
    random = np.random.default_rng(seed)
    fine = random.normal(0, 1, picture.shape[:2]).astype(np.float32)
    grain = 2.2 * cv2.GaussianBlur(fine, (0, 0), 0.8) + 5.0 * cv2.GaussianBlur(fine, (0, 0), 2.0)
    grain = grain * picture[..., 3] / 255 * (picture[..., :3].mean(axis=2) / 190)
    out[..., :3] += grain[..., None]
    out[..., 3] = picture[..., 3]
    return np.asarray(np.clip(out, 0, 255), dtype=np.float32)


def _dressed(picture: Image, colour: Colour) -> Image:
    """What is orange takes another colour, its folds and lights kept."""
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    orange = np.clip((red - blue - 85) / 40, 0, 1) * np.clip((red - green - 50) / 25, 0, 1)
    orange[:190] = 0
    light = red[..., None] / SUIT[0]
    out = picture.copy()
    out[..., :3] += orange[..., None] * (np.minimum(light * np.array(colour, np.float32), 255) - picture[..., :3])
    return out


def _frame(width: int, height: int) -> Floats:
    """1 inside and falling to 0 at the window's sides and foot, so that no seam is seen."""
    soft = 36
    across = np.minimum(1, np.minimum(np.arange(width), np.arange(width)[::-1]) / soft)
    down = np.minimum(1, np.arange(height)[::-1] / soft)
    return np.asarray(np.minimum(across[None], down[:, None]), dtype=np.float32)
