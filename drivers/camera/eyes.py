"""What stands before the simulated near-infrared camera: a person's eyes, painted for 30 frames a second.

All lengths are millimetres on a face of ordinary size: pupils 63 mm apart, an iris 11.7 mm wide. Two infrared lamps
beside the lens leave two small reflections on each cornea. The pupils are dark, since neither lamp shines along the
lens's axis. Nobody real is shown: each person, and each eye, follows from a seed.
"""

import math
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drivers.camera.eyeball import Condition, Look, Person, Sight, paint_eye, within
from drivers.camera.scene import RATE, on_the_way

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

WELL: Final = 0.0892
"""Diameter of an iris of 11.7 mm, as a share of the frame's width, when the person is well placed."""
SHUTTER: Final = 0.012
"""Seconds for which the sensor collects light: who moves meanwhile is smeared."""
NOISE: Final = 2.2
DARKENED: Final = 6.0
TILE: Final = 256
COARSE: Final = 2.5
"""Pixels per millimetre at which skin is shaded before it is enlarged: it has no edges."""


@dataclass(frozen=True, slots=True)
class Glasses:
    """Worn glasses; the lamps' reflection in each lens lies this far right and down from the eye."""

    x: float = 1.2
    y: float = -2.2


@dataclass(frozen=True, slots=True)
class EyeScene:
    """How the person looks into the window.

    ``scale`` 1 is well placed, smaller is further away, 0 is nobody; ``x`` and ``y`` move the face by shares of the
    frame (right and down in the unmirrored frame), ``roll`` tilts it by degrees; ``opening`` of the lids from 0 (shut)
    to 1 (wide); ``gaze`` is degrees right and down in the frame; ``pupil`` is its diameter against the iris's, 0 the
    person's own; ``defocus`` is a Gaussian's deviation in millimetres; ``light`` is a gain; ``sway`` is how far the
    person moves, in shares of the frame's width, ``hertz`` how often.
    """

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    roll: float = 0.0
    opening: float = 0.95
    gaze: tuple[float, float] = (0.0, 0.0)
    pupil: float = 0.0
    defocus: float = 0.0
    light: float = 1.0
    sway: float = 0.0015
    hertz: float = 0.23
    glasses: Glasses | None = None
    right: Condition = Condition.SEEING
    left: Condition = Condition.SEEING


class EyePose(Enum):
    """What a person before the window can be asked to do; left and right are the person's own."""

    GOOD = EyeScene()
    AWAY = EyeScene(scale=0.0)
    FAR = EyeScene(scale=0.66)
    NEAR = EyeScene(scale=1.42)
    LEFT = EyeScene(x=0.17)
    RIGHT = EyeScene(x=-0.17)
    HIGH = EyeScene(y=-0.27)
    LOW = EyeScene(y=0.27)
    GLASSES = EyeScene(glasses=Glasses())
    NARROWED = EyeScene(opening=0.45)
    SHUT = EyeScene(opening=0.0)
    AVERTED = EyeScene(gaze=(19.0, 0.0))
    RESTLESS = EyeScene(sway=0.03, hertz=1.7)
    UNSHARP = EyeScene(defocus=0.45)
    RIGHT_SHUT = EyeScene(right=Condition.SHUT)
    LEFT_PATCHED = EyeScene(left=Condition.PATCHED)
    RIGHT_CLOUDED = EyeScene(right=Condition.CLOUDED)


def between_eyes(old: EyeScene, new: EyeScene, share: float) -> EyeScene:
    """A person on the way from one scene to the next; someone who comes or goes does so at once."""
    if 0.0 in (old.scale, new.scale):
        return new
    return on_the_way(old, new, share, ("scale", "x", "y", "roll", "opening"))


class EyePainter:
    """Paints eyes at one frame size, grey in all three channels. Frame ``n`` of a scene and a seed is always the same.

    A face is painted once per scene (a tenth of a second at 1280 × 960) and only shifted by whole pixels as the person
    sways; a steady scene then costs a few milliseconds.
    """

    def __init__(self, width: int, height: int, seed: int) -> None:
        self._width, self._height = width, height
        self._spare = width // 14
        self._seed = seed
        self._person = Person.of(seed)
        # Noise is added, never subtracted, so that one saturating addition does; the layers are darkened by its mean.
        random = np.random.default_rng([seed, 9])
        tile = np.clip(np.rint(random.normal(DARKENED, NOISE, (TILE, TILE))), 0, 2 * DARKENED).astype(np.uint8)
        self._noise = np.tile(tile, (height // TILE + 2, width // TILE + 2))
        self._layer = lru_cache(maxsize=2)(self._face)

    def paint(self, scene: EyeScene, number: int) -> Pixels:
        """Frame ``number`` of a scene, a fresh array: uint8 (height, width, 3), R = G = B."""
        layer = self._layer(replace(scene, sway=0.0, hertz=0.0))
        phase = 2 * math.pi * scene.hertz * number / RATE
        reach = scene.sway * self._width
        across = min(max(round(reach * math.sin(phase)), -self._spare), self._spare)
        down = min(max(round(reach * 0.5 * math.sin(0.71 * phase + 1.0)), -self._spare), self._spare)
        top, left = self._spare - down, self._spare - across
        frame = layer[top : top + self._height, left : left + self._width]
        frame = _smeared(frame, reach * 2 * math.pi * scene.hertz * abs(math.cos(phase)) * SHUTTER)
        dy, dx = np.random.default_rng([self._seed, number]).integers(0, TILE, 2)
        noisy = cv2.add(frame, self._noise[dy : dy + self._height, dx : dx + self._width])
        return cv2.cvtColor(noisy, cv2.COLOR_GRAY2RGB).astype(np.uint8, copy=False)

    def _face(self, scene: EyeScene) -> Pixels:
        """Everything but noise and movement, with a rim to spare on each side."""
        width, height = self._width + 2 * self._spare, self._height + 2 * self._spare
        if scene.scale <= 0.0:
            return _empty_room(width, height, scene.light)
        fine = scene.scale * WELL * self._width / 11.7
        turn, middle = math.radians(scene.roll), ((0.5 + scene.x) * self._width, (0.5 + scene.y) * self._height)
        sight = Sight(fine, turn, middle[0] + self._spare, middle[1] + self._spare)
        face = _skin(self._person, sight, width, height, self._seed)
        look = Look(scene.opening, scene.gaze, scene.pupil)
        for sign, condition in ((-1, scene.right), (1, scene.left)):
            # In the unmirrored frame the person's right eye is on the left.
            paint_eye(face, self._person, sight, sign, look, condition)
        if scene.glasses is not None:
            _wear(face, scene.glasses, self._person, sight)
        if scene.defocus > 0.0:
            face = cv2.GaussianBlur(face, (0, 0), scene.defocus * fine).astype(np.float32, copy=False)
        # The lamps are beside the lens: they light the middle, and fall off with distance.
        y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        lamps = scene.light * (1.04 - 0.16 * x * x - 0.13 * y * y) * min(scene.scale, 1.15) ** 0.6
        lit: Pixels = np.clip(face * lamps - DARKENED, 0, 255).astype(np.uint8)
        return lit


def _smeared(frame: Pixels, length: float) -> Pixels:
    """The frame as it looks when it moves sideways by ``length`` pixels while the shutter is open."""
    if length < 1.0:
        return frame
    taps = 2 * math.ceil(length / 2) + 1
    kernel = np.full((1, taps), 1.0, np.float32)
    kernel[0, 0] = kernel[0, -1] = (length - (taps - 2)) / 2 if taps > length else 1.0
    kernel = np.clip(kernel, 0.0, 1.0)
    return cv2.filter2D(frame, -1, kernel / kernel.sum()).astype(np.uint8, copy=False)


def _empty_room(width: int, height: int, light: float) -> Pixels:
    """Nobody there: the lamps hardly reach the wall behind."""
    down = np.linspace(34.0, 20.0, height)[:, None]
    across = 6.0 * np.cos(np.linspace(-2.0, 2.0, width))
    room: Pixels = np.clip((down + across) * light, 0, 255).astype(np.uint8)
    return room


def _skin(person: Person, sight: Sight, width: int, height: int, seed: int) -> Floats:
    """Forehead to nose: sockets, the bridge of the nose and its shadows, brows, pores."""
    shrink = min(COARSE / sight.fine, 1.0)
    small = (max(round(width * shrink), 8), max(round(height * shrink), 8))
    x, y = sight.at(
        np.linspace(0.0, width, small[0], endpoint=False)[None, :],
        np.linspace(0.0, height, small[1], endpoint=False)[:, None],
    )
    apart = person.apart / 2
    shade = np.full(np.broadcast_shapes(x.shape, y.shape), person.skin, np.float32)
    # The bridge of the nose catches the light.
    shade *= 1.0 + 0.10 * np.exp(-((x / 5.5) ** 2)) * within(-y, 22.0, 7.0)
    for side in (-1, 1):
        across = x - side * apart
        shade *= 1.0 - 0.20 * np.exp(-(((x - side * 12.5) / 5.0) ** 2) - ((y - 1.0) / 12.0) ** 2)  # beside it
        shade *= 1.0 - 0.13 * np.exp(-((across / 19.0) ** 2) - ((y + 5.0) / 9.0) ** 2)  # the socket
        shade *= 1.0 + 0.07 * np.exp(-((across / 17.0) ** 2) - ((y - 21.0) / 8.0) ** 2)  # the cheek bone
    shade *= 0.55 + 0.45 * within(np.abs(x), 70.0, 3.0)  # hair and dark behind the temples
    random = np.random.default_rng([seed, 2])
    blotches = cv2.resize(random.normal(0, 1, (9, 12)).astype(np.float32), small, interpolation=cv2.INTER_CUBIC)
    shade *= 1 + 0.025 * blotches
    face = np.asarray(cv2.resize(shade, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    grain = random.normal(0, 1, (TILE, TILE)).astype(np.float32)
    pores = np.asarray(cv2.GaussianBlur(grain, (0, 0), max(0.12 * sight.fine, 0.6)), np.float32)
    face *= 1 + 0.014 / float(pores.std()) * np.tile(pores, (height // TILE + 1, width // TILE + 1))[:height, :width]
    for side in (-1, 1):
        _brow(face, person, sight, side, random)
    return face


def _brow(face: Floats, person: Person, sight: Sight, side: int, random: np.random.Generator) -> None:
    """Hairs along an arc, thick beside the nose and thin towards the temple."""
    for _ in range(420):
        along = random.uniform(0.0, 1.0)
        x = side * (11.0 + 38.0 * along)
        y = -21.0 - 4.5 * math.sin(math.pi * min(along * 1.25, 1.0)) + random.normal(0, person.brow * (1.05 - along))
        lean = side * random.uniform(2.5, 5.0)
        ends = sight.pixels(np.array([[x, y], [x + lean, y - random.uniform(0.0, 2.2) * (1 - along)]]))
        grey = person.skin * random.uniform(0.42, 0.62)
        cv2.polylines(face, [ends], False, grey, max(round(0.12 * sight.fine), 1), cv2.LINE_AA)


def _wear(face: Floats, glasses: Glasses, person: Person, sight: Sight) -> None:
    """Rims, a bridge, slightly darker lenses, and the lamps' two large reflections in each."""
    for side in (-1, 1):
        around = np.linspace(0, 2 * math.pi, 72)
        # A rounded rectangle: a superellipse.
        x = side * (person.apart / 2 + 1.5) + 25.0 * np.sign(np.cos(around)) * np.abs(np.cos(around)) ** 0.6
        y = 3.0 + 18.5 * np.sign(np.sin(around)) * np.abs(np.sin(around)) ** 0.6
        rim = sight.pixels(np.stack([x, y], axis=1))
        lens = np.zeros(face.shape, np.uint8)
        cv2.fillPoly(lens, [rim], 1)
        face[lens > 0] *= 0.94
        cv2.polylines(face, [rim], True, 38.0, max(round(1.5 * sight.fine), 1), cv2.LINE_AA)
        for lamp in (-1, 1):
            spot = (side * person.apart / 2 + glasses.x + 3.4 * lamp, glasses.y)
            centre = sight.pixels(np.array([spot]))[0]
            size = (round(1.9 * sight.fine), round(1.35 * sight.fine))
            glow = np.zeros(face.shape, np.float32)
            cv2.ellipse(glow, (int(centre[0]), int(centre[1])), size, 12.0 * lamp, 0, 360, 330.0, -1, cv2.LINE_AA)
            np.maximum(face, cv2.GaussianBlur(glow, (0, 0), 0.3 * sight.fine), out=face)
    bridge = sight.pixels(np.array([[-8.0, -4.0], [0.0, -6.5], [8.0, -4.0]]))
    cv2.polylines(face, [bridge], False, 38.0, max(round(1.6 * sight.fine), 1), cv2.LINE_AA)
