"""One eye as a near-infrared camera sees it: lids with lashes, sclera, an iris of its own, pupil and reflections."""

import math
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]

CORNER: Final = 14.2
"""Half the width of the opening between the lids, in mm."""
BOX: Final = (17.5, 13.5)
"""Half width and half height, in mm, of what is painted as the eye; outside is skin."""
PUPIL_AT: Final = 9.9
CORNEA_AT: Final = 5.4
"""How far in front of the point it turns about an eye has its pupil, and the centre of its cornea's sphere, in mm: a
lamp's reflection follows the latter, so that it lags behind the pupil of an eye that looks aside (Guestrin and
Eizenman 2006, "General theory of remote gaze estimation")."""
LAMPS: Final = (-1.05, 1.05)
"""Where the two lamps are reflected on the cornea, right of its centre, in mm."""
RINGS, SPOKES = 96, 768
"""Size of an iris's texture, pupil to edge and once around."""


class Condition(Enum):
    """What an eye is like."""

    SEEING = "seeing"
    SHUT = "shut"
    PATCHED = "patched"  # a dressing covers it
    CLOUDED = "clouded"  # an opaque cornea: neither iris nor pupil can be seen


@dataclass(frozen=True, slots=True)
class Look:
    """How both eyes look: opening of the lids 0 to 1, gaze in degrees right and down, pupil against iris (0: own)."""

    opening: float
    gaze: tuple[float, float]
    pupil: float


@dataclass(frozen=True, slots=True)
class Person:
    """What differs from person to person: greys 0 to 255, lengths in mm."""

    seed: int
    skin: float
    iris: float
    sclera: float
    apart: float
    radius: float
    pupil: float
    brow: float
    droop: float
    """How much the upper lashes hang before the eye."""
    crease: float

    @classmethod
    def of(cls, seed: int) -> "Person":
        """The person that follows from ``seed``."""
        random = np.random.default_rng([seed, 1])
        return cls(
            seed=seed,
            skin=float(random.uniform(128, 172)),
            iris=float(random.uniform(88, 118)),
            sclera=float(random.uniform(168, 196)),
            apart=float(random.uniform(60.5, 65.5)),
            radius=float(random.uniform(5.6, 6.05)),
            pupil=float(random.uniform(0.33, 0.5)),
            brow=float(random.uniform(1.1, 2.0)),
            droop=float(random.uniform(-0.2, 0.25)),
            crease=float(random.uniform(0.0, 0.16)),
        )


@dataclass(frozen=True, slots=True)
class Sight:
    """Where the face is in the picture: pixels per mm, roll in radians, and the point between the eyes in pixels."""

    fine: float
    roll: float
    x: float
    y: float

    def at(self, x: Points, y: Points) -> tuple[Floats, Floats]:
        """Millimetres right and down of the point between the eyes, of pixels."""
        cos, sin = math.cos(self.roll) / self.fine, math.sin(self.roll) / self.fine
        across, down = x - self.x, y - self.y
        return (cos * across + sin * down).astype(np.float32), (cos * down - sin * across).astype(np.float32)

    def pixels(self, points: Points) -> npt.NDArray[np.int32]:
        """Whole pixels of points in mm, (n, 2), as OpenCV draws them."""
        cos, sin = math.cos(self.roll) * self.fine, math.sin(self.roll) * self.fine
        x = self.x + cos * points[:, 0] - sin * points[:, 1]
        y = self.y + sin * points[:, 0] + cos * points[:, 1]
        return np.rint(np.stack([x, y], axis=1)).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Lids:
    """The two edges between which an eye shows, in mm below its centre, from corner to corner."""

    upper: float
    lower: float

    @classmethod
    def at(cls, opening: float, down: float) -> "Lids":
        """Lids that are open by 0 (shut) to 1 (wide: the upper one just covers the iris's edge).

        Both go along with an eye that looks ``down`` (degrees), the upper one further.
        """
        along = PUPIL_AT * math.sin(math.radians(down)) * opening
        return cls(4.3 - 9.6 * opening + 0.85 * along, 4.4 + 1.4 * opening + 0.5 * along)

    def edges(self, x: Floats) -> tuple[Floats, Floats]:
        """How far below the eye's centre both edges are, ``x`` mm beside it."""
        arch = np.clip(1 - (x / CORNER) ** 2, 0, None)
        corner = 1.4
        upper = corner + (self.upper - corner) * arch**0.72
        lower = corner + (self.lower - corner) * arch**0.8
        return upper.astype(np.float32), lower.astype(np.float32)


def paint_eye(face: Floats, person: Person, sight: Sight, side: int, look: Look, condition: Condition) -> None:
    """Paint one eye over the skin of ``face`` (grey), ``side`` -1 on the left of the frame, 1 on its right."""
    centre = sight.pixels(np.array([[side * person.apart / 2, 0.0]]))[0]
    reach = round(math.hypot(*BOX) * sight.fine) + 1
    x0, x1 = max(int(centre[0]) - reach, 0), min(int(centre[0]) + reach, face.shape[1])
    y0, y1 = max(int(centre[1]) - reach, 0), min(int(centre[1]) + reach, face.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = face[y0:y1, x0:x1]
    x, y = sight.at(np.arange(x0, x1, dtype=np.float64)[None, :], np.arange(y0, y1, dtype=np.float64)[:, None])
    x = x - np.float32(side * person.apart / 2)
    if condition is Condition.PATCHED:
        inside = np.clip((1 - (x / 24.0) ** 4 - (y / 19.0) ** 4) * 12, 0, 1)
        weave = 1 + 0.03 * np.sin(6.0 * x) * np.sin(6.0 * y)
        part[:] = part * (1 - inside) + 214.0 * weave * inside
        return
    opening = 0.0 if condition is Condition.SHUT else look.opening
    lids = Lids.at(opening, look.gaze[1])
    upper, lower = lids.edges(x)
    soft = sight.fine / 1.5
    shown = np.clip((y - upper) * soft + 0.5, 0, 1) * np.clip((lower - y) * soft + 0.5, 0, 1)
    shown *= within(np.abs(x), CORNER - 0.2, 0.05)
    # The lids bulge: a fold above, a darker margin where they end.
    part *= 1 - person.crease * np.exp(-(((y - upper + 4.2) / 0.7) ** 2)) * np.exp(-((x / CORNER) ** 8))
    part *= 1 - 0.32 * np.exp(-(((y - upper) / 0.8) ** 2)) * np.clip(1.15 - (x / CORNER) ** 2, 0, 1)
    part *= 1 - 0.14 * np.exp(-(((y - lower) / 0.9) ** 2)) * np.clip(1.1 - (x / CORNER) ** 2, 0, 1)
    ball = _ball(person, side, look, condition, x, y)
    ball *= 1 - 0.3 * np.exp(-np.clip(y - upper, 0, None) / 1.3)  # the upper lid's shadow
    part[:] = part * (1 - shown) + ball * shown
    _lashes(face, person, sight, side, lids, opening)


def _ball(person: Person, side: int, look: Look, condition: Condition, x: Floats, y: Floats) -> Floats:
    """The eyeball without lids: sclera, iris, pupil, the lamps' reflections."""
    turned = [math.sin(math.radians(angle)) for angle in look.gaze]
    px, py = x - PUPIL_AT * turned[0], y - PUPIL_AT * turned[1]
    # A disc that is seen aslant is narrower along the way it is turned.
    aslant = math.hypot(*turned)
    if aslant > 0:
        along = (px * turned[0] + py * turned[1]) / aslant
        wider = along * (1 / math.sqrt(1 - min(aslant, 0.9) ** 2) - 1)
        px, py = px + wider * turned[0] / aslant, py + wider * turned[1] / aslant
    radius = np.hypot(px, py) / person.radius
    hole = look.pupil or person.pupil
    ring = np.clip((radius - hole) / (1 - hole), 0, 1)
    around = np.arctan2(py, px) / (2 * np.pi) % 1.0
    texture = cv2.remap(
        _texture(person.seed, side),
        (around * SPOKES).astype(np.float32),
        (ring * (RINGS - 1)).astype(np.float32),
        cv2.INTER_LINEAR,
    )
    ball = person.sclera * (1 - 0.24 * (np.abs(x) / CORNER) ** 2) * np.ones_like(radius)
    ball *= 1 - 0.2 * np.exp(-(((x + side * 12.8) / 1.6) ** 2))  # the inner corner's flesh
    inside = within(radius, 1.0, 0.022)
    ball = ball * (1 - inside) + (person.iris + 13.0 * texture - 16.0 * ring**6) * inside
    pupil = within(radius, hole, 0.012)
    ball = ball * (1 - pupil) + 15.0 * pupil
    spread = 0.11
    if condition is Condition.CLOUDED:
        haze = cv2.GaussianBlur(_texture(person.seed, side), (0, 0), 9)
        out = (np.clip(radius, 0, 1) * (RINGS - 1)).astype(np.float32)
        veil = cv2.remap(haze, (around * SPOKES).astype(np.float32), out, cv2.INTER_LINEAR)
        cover = 0.93 * within(radius, 1.04, 0.03)
        ball = ball * (1 - cover) + (172.0 + 22.0 * veil) * cover
        spread = 0.4  # a scarred surface reflects broadly
    for lamp in LAMPS:
        far = np.hypot(x - CORNEA_AT * turned[0] - lamp, y - CORNEA_AT * turned[1])
        ball = ball + 420.0 * within(far, 0.36, spread)
    return np.asarray(np.clip(ball, 0, 300), np.float32)


def within(far: Floats, edge: float, soft: float) -> Floats:
    """1 where ``far`` is less than ``edge``, 0 where it is more, and in between as softly as light falls."""
    return np.asarray(1 / (1 + np.exp(np.clip((far - edge) / soft, -30, 30))), np.float32)


@lru_cache(maxsize=8)
def _texture(seed: int, side: int) -> Floats:
    """The iris of one eye from pupil to edge, once around: float32 (RINGS, SPOKES), mean 0, deviation 1.

    Fibres run outwards, a zigzag collarette at a third of the way, crypts beside it, furrows further out.
    """
    random = np.random.default_rng([seed, 3, side + 1])
    out = np.linspace(0, 1, RINGS, dtype=np.float32)[:, None]

    def waves(rings: int, spokes: int) -> Floats:
        grid = random.normal(0, 1, (rings, spokes)).astype(np.float32)
        wrapped = np.concatenate([grid[:, -2:], grid, grid[:, :2]], axis=1)
        each = SPOKES / spokes
        large = cv2.resize(wrapped, (round(SPOKES + 4 * each), RINGS), interpolation=cv2.INTER_CUBIC)
        return large[:, round(2 * each) : round(2 * each) + SPOKES].astype(np.float32, copy=False)

    texture = 0.8 * waves(3, 192) + 0.7 * waves(4, 96) + 0.5 * waves(6, 48) + 0.45 * waves(9, 24)
    middle = 0.34 + 0.035 * waves(2, 32)[:1] + 0.03 * waves(2, 8)[:1]
    texture += 1.5 * np.exp(-(((out - middle) / 0.06) ** 2)) - 0.7 * (out < middle)
    for furrow in (0.62, 0.76, 0.88):
        texture -= 0.9 * np.clip(waves(2, 12)[:1], 0, 1.5) * np.exp(-(((out - furrow) / 0.025) ** 2))
    spokes = np.arange(SPOKES, dtype=np.float32)[None, :]
    for _ in range(int(random.integers(7, 14))):
        at, ring = random.uniform(0, SPOKES), random.uniform(0.36, 0.6)
        near = np.abs((spokes - at + SPOKES / 2) % SPOKES - SPOKES / 2) / random.uniform(9, 20)
        texture -= 2.2 * np.exp(-(near**2) - ((out - ring) / random.uniform(0.05, 0.1)) ** 2)
    return np.asarray((texture - texture.mean()) / texture.std(), np.float32)


def _lashes(face: Floats, person: Person, sight: Sight, side: int, lids: Lids, opening: float) -> None:
    """Hairs on both edges; those of a lowered upper lid hang before what is left of the eye."""
    random = np.random.default_rng([person.seed, 4, side + 1])
    middle = side * person.apart / 2
    thick = max(round(0.08 * sight.fine), 1)
    for above, count in ((True, 90), (False, 44)):
        roots = random.uniform(-CORNER + 1.5, CORNER - 0.5, count)
        upper, lower = lids.edges((-side * roots).astype(np.float32))
        for root, edge in zip(roots, upper if above else lower, strict=True):
            length = random.uniform(2.6, 5.2) if above else random.uniform(1.2, 2.4)
            rise = length * (0.55 - 1.35 * opening + person.droop) if above else length * 0.9
            fan = side * 0.22 * root
            x = -side * root
            along = np.linspace(0, 1, 6)
            bend = np.stack([middle + x + fan * along**1.4, edge + rise * along + 1.4 * along * (1 - along)], axis=1)
            grey = random.uniform(34, 62)
            cv2.polylines(face, [sight.pixels(bend)], False, grey, thick, cv2.LINE_AA)
