"""What stands before the simulated camera: a person in front of a cloth, painted for 30 frames a second."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from drivers.camera.synthetic.sitter import ANYBODY, PLAIN, Glasses, Look, Person
from drivers.camera.synthetic.studio import Studio

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Pixels = npt.NDArray[np.uint8]
Seen = TypeVar("Seen", bound="DataclassInstance")
"""A scene of any camera."""

# A person well placed has the eyes this far apart and here, as shares of the frame's width and height.
WELL_APART: Final = 0.1125
WELL_AT: Final = (0.5, 0.46)
RATE: Final = 30.0
TILE: Final = 256
DARKENED: Final = 5.0


class Cloth(Enum):
    """What is behind the person, RGB as a camera sees it: red for odd birth years, blue for even, orange for others.

    Others are foreigners; where nothing hangs, the wall is seen.
    """

    RED = (178, 28, 34)
    BLUE = (30, 72, 158)
    ORANGE = (216, 112, 30)
    WALL = (186, 178, 160)


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the person stands and in what light.

    ``scale`` 1 is well placed, smaller is further away, 0 is nobody; ``x`` and ``y`` move the face by shares of the
    frame (right and down in the unmirrored frame), ``roll`` tilts it by degrees, ``light`` is a gain, ``sway`` is
    how far the person moves, in shares of the frame's width, ``hertz`` how often; ``companion`` adds a second person.
    ``blur`` is how far the lens is out of focus (standard deviation in shares of the frame's width), ``pattern`` how
    strongly something is printed on the cloth (0 to 1).
    """

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    roll: float = 0.0
    light: float = 1.0
    sway: float = 0.002
    hertz: float = 0.23
    companion: bool = False
    cloth: Cloth = Cloth.RED
    person: Person = ANYBODY
    look: Look = PLAIN
    blur: float = 0.0
    pattern: float = 0.0


class Pose(Enum):
    """Where a person may stand, and how they may look; left and right are the person's own."""

    GOOD = Scene()
    AWAY = Scene(scale=0.0)
    FAR = Scene(scale=0.6, y=0.05)
    NEAR = Scene(scale=1.4)
    LEFT = Scene(x=0.16)
    RIGHT = Scene(x=-0.16)
    HIGH = Scene(y=-0.15)
    LOW = Scene(y=0.15)
    TILTED = Scene(roll=14.0)
    DARK = Scene(light=0.14)
    GLARING = Scene(light=2.6)
    RESTLESS = Scene(sway=0.022, hertz=1.6)
    TWO = Scene(companion=True)
    BLINKING = Scene(look=Look(eyes=0.0))
    GLASSES = Scene(look=Look(glasses=Glasses.THICK))
    TURNED_LEFT = Scene(look=Look(yaw=22.0))
    TURNED_RIGHT = Scene(look=Look(yaw=-22.0))
    CHIN_UP = Scene(look=Look(pitch=20.0))
    CHIN_DOWN = Scene(look=Look(pitch=-20.0))
    MOUTH_OPEN = Scene(look=Look(mouth=0.7))
    SIDE_LIT = Scene(look=Look(side=0.75))
    LOOKING_AWAY = Scene(look=Look(gaze=(0.5, 0.0)))
    UNSHARP = Scene(blur=0.0045)


def between(old: Scene, new: Scene, share: float) -> Scene:
    """A person on the way from one scene to the next; who comes, goes, turns or blinks does so at once."""
    if 0.0 in (old.scale, new.scale):
        return new
    return on_the_way(old, new, share, ("scale", "x", "y", "roll", "light"))


def on_the_way(old: Seen, new: Seen, share: float, moving: Sequence[str]) -> Seen:
    """``new``, but for the fields that are ``moving``: they have come a ``share`` (0 to 1) of the way from ``old``,
    slowly at both ends."""
    if share >= 1.0:
        return new
    eased = share * share * (3 - 2 * share)
    moved = {name: getattr(old, name) + (getattr(new, name) - getattr(old, name)) * eased for name in moving}
    return replace(new, **moved)


class Painter:
    """Paints scenes at one frame size. Frame ``n`` of a scene and a seed is always the same picture.

    Portraying a person and warping the portrait are the dear parts, so a layer is warped once per pose and only
    shifted by whole pixels as the person sways; a steady scene then costs about a millisecond at 1280 × 960.
    """

    def __init__(self, width: int, height: int, seed: int) -> None:
        self._width, self._height = width, height
        self._random = np.random.default_rng(seed)
        self._studio = Studio()
        # Noise is added, never subtracted, so that one saturating addition does; the layers are darkened by its mean.
        # One small tile, repeated: nobody sees it, and a still of 5 megapixels is ready in a tenth of the time.
        tile = np.clip(np.rint(self._random.normal(DARKENED, 1.7, (TILE, TILE, 3))), 0, 10).astype(np.uint8)
        self._noise = np.tile(tile, (height // TILE + 2, width // TILE + 2, 1))
        self._portrait = lru_cache(maxsize=4)(self._studio.portray)
        self._layer = lru_cache(maxsize=4)(self._warp)
        self._backdrop = lru_cache(maxsize=2)(self._weave)

    def paint(self, scene: Scene, number: int) -> Pixels:
        """Frame ``number`` of a scene, a fresh array: uint8 (height, width, 3), RGB."""
        frame = self._backdrop(scene.cloth, scene.light, scene.pattern).copy()
        if scene.scale > 0.0:
            if scene.companion:
                self._place(
                    frame, replace(scene, scale=scene.scale * 0.72, x=scene.x - 0.3, y=scene.y + 0.06), number + 40
                )
            self._place(frame, scene, number)
        if scene.blur > 0.0:
            cv2.GaussianBlur(frame, (0, 0), scene.blur * self._width, dst=frame)
        dy, dx = self._random.integers(0, TILE, 2)
        cv2.add(frame, self._noise[dy : dy + self._height, dx : dx + self._width], dst=frame)
        return frame

    def _place(self, frame: Pixels, scene: Scene, number: int) -> None:
        """Lay one person over the frame, swayed to where frame ``number`` finds them."""
        ink, veil, left, top = self._layer(
            scene.person, scene.look, scene.scale, scene.x, scene.y, scene.roll, scene.light
        )
        phase = 2 * math.pi * scene.hertz * number / RATE
        reach = scene.sway * self._width
        left += round(reach * math.sin(phase))
        top += round(reach * 0.6 * math.sin(0.71 * phase + 1.0))
        height, width = ink.shape[:2]
        y0, y1 = max(top, 0), min(top + height, self._height)
        x0, x1 = max(left, 0), min(left + width, self._width)
        if y0 >= y1 or x0 >= x1:
            return
        part = frame[y0:y1, x0:x1]
        here = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
        cv2.multiply(part, veil[here], dst=part, scale=1 / 255)
        cv2.add(part, ink[here], dst=part)

    def _warp(
        self, person: Person, look: Look, scale: float, x: float, y: float, roll: float, light: float
    ) -> tuple[Pixels, Pixels, int, int]:
        """The person at one pose: colour already weighted by opacity, what is left of the cloth, and where.

        Who turns the head stands so that the eyes stay where they were.
        """
        portrait, face = self._portrait(person, look)
        eyes = (face.right_eye + face.left_eye) / 2
        zoom = scale * WELL_APART * self._width / self._studio.eyes[2]
        turn = cv2.getRotationMatrix2D((float(eyes[0]), float(eyes[1])), roll + self._studio.tilt, zoom)
        place = np.array([(WELL_AT[0] + x) * self._width, (WELL_AT[1] + y) * self._height])
        turn[:, 2] = turn[:, 2] + place - eyes
        side = portrait.shape[0]
        corners = turn @ np.array([[0, side, side, 0], [0, 0, side, side], [1, 1, 1, 1]], dtype=np.float64)
        # What lies further outside than anybody sways is never seen.
        spare = self._width // 16
        low = np.maximum(np.floor(corners.min(axis=1)), -spare).astype(int)
        high = np.minimum(np.ceil(corners.max(axis=1)), (self._width + spare, self._height + spare)).astype(int)
        left, top = int(low[0]), int(low[1])
        width, height = max(int(high[0]) - left, 1), max(int(high[1]) - top, 1)
        turn[:, 2] -= (left, top)
        layer = cv2.warpAffine(portrait, turn, (width, height), flags=cv2.INTER_LINEAR)
        opacity = cv2.cvtColor(cv2.extractChannel(layer, 3), cv2.COLOR_GRAY2RGB)
        ink = cv2.min(cv2.convertScaleAbs(cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB), alpha=light), opacity)
        ink = cv2.subtract(ink, cv2.convertScaleAbs(opacity, alpha=DARKENED / 255))
        return ink.astype(np.uint8, copy=False), cv2.bitwise_not(opacity).astype(np.uint8, copy=False), left, top

    def _weave(self, cloth: Cloth, light: float, pattern: float) -> Pixels:
        """The cloth: soft vertical folds, a lamp above, a darker rim; nothing printed on it could pass for a face."""
        across = np.linspace(-1, 1, 320)
        down = np.linspace(-1, 1, 240)[:, None]
        folds = 0.022 * np.sin(9 * across + 0.7 * np.sin(3 * across)) + 0.012 * np.sin(23 * across + 1.3 * down)
        lamp = 1.06 - 0.10 * (across**2 + 0.7 * (down + 0.35) ** 2)
        printed = 0.5 * pattern * (np.sign(np.sin(26 * across)) * np.sign(np.sin(19 * down)))
        colour = ((lamp + folds + printed) * light)[..., None] * np.array(cloth.value, dtype=np.float64) - DARKENED
        small = np.clip(colour, 0, 255).astype(np.float32)
        whole = cv2.resize(small, (self._width, self._height), interpolation=cv2.INTER_CUBIC)
        return np.clip(whole, 0, 255).astype(np.uint8)
