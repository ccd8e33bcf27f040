"""Synthetic fingerprints: ten different fingers a person, and as many different impressions of each as wanted.

Nobody's finger is in here. A master is grown as Cappelli, Maio and Maltoni's SFinGe does ("Synthetic fingerprint
generation", in: Handbook of Fingerprint Recognition): a pattern class, its singular points, the ridge flow around them
(Sherlock and Monro's zero-pole model, 1993), a period that varies over the finger, and ridges that grow out of noise
under a filter that follows the flow; minutiae appear by themselves where ridges must be born. An impression lays that
skin on a reader: shift, rotation, plastic stretching, contact area, pressure, moisture, optics and noise.

Coordinates are pixels at 500 ppi, x right and y down, of a canvas whose middle is about the middle of the finger tip.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from drivers.fingerprint.synthetic.flow import CANVAS, Pattern, grid, pattern_of, ridge_flow
from drivers.fingerprint.synthetic.noise import Field, blurred, smooth_noise
from drivers.fingerprint.synthetic.skin import INTACT, Skin, scarred, worn
from drivers.fingerprint.synthetic.steered import SteeredGabor

GROWTH_PASSES = 14
GROWTH_LENGTH = 4.1
"""Standard deviation of the growing filter along the ridge: longer gives smoother ridges with fewer minutiae."""


@dataclass(frozen=True, slots=True)
class Master:
    """The skin of one finger tip. Fields are float32 (height, width) of CANVAS."""

    person: int
    finger: int
    pattern: Pattern
    relief: Field = field(repr=False)
    """Height of the skin: about +1 along a ridge, -1 along a valley."""
    pores: Field = field(repr=False)
    """0 to 1: how far a sweat pore opens the ridge here."""
    creases: Field = field(repr=False)
    """0 to 1: fine lines across the ridges that leave no ink."""
    skin: Skin = INTACT


def master(person: int, finger: int, skin: Skin = INTACT) -> Master:
    """Grow the finger at ISO position ``finger`` (1 to 10) of ``person`` (any number not below 0); always the same.

    ``skin`` changes what life has left of it, never whose it is: the ridges are those of the same finger, intact.
    """
    pattern = pattern_of(person, finger)
    rng = np.random.default_rng([2, person, finger])
    flow = ridge_flow(pattern, rng)
    period = _period(person, rng)
    relief = _grow(flow, period, rng)
    grown = Master(person, finger, pattern, relief, _pores(relief, rng), _creases(person, rng))
    return grown if skin == INTACT else aged(grown, skin)


def aged(finger: Master, skin: Skin) -> Master:
    """Return the intact ``finger`` with the wear and the scars of ``skin``, always in the same places."""
    relief, pores, creases = worn(
        finger.relief,
        finger.pores,
        finger.creases,
        skin.wear,
        np.random.default_rng([6, finger.person, finger.finger]),
    )
    relief, creases = scarred(relief, creases, skin.scars, np.random.default_rng([7, finger.person, finger.finger]))
    return Master(finger.person, finger.finger, finger.pattern, relief, pores, creases, skin)


def _period(person: int, rng: np.random.Generator) -> Field:
    """Return pixels from ridge to ridge: a person's own mean, wider towards the crease of the joint."""
    mean = 8.4 + 1.3 * float(np.random.default_rng([3, person]).beta(2.5, 2.5)) + rng.normal(0, 0.15)
    _, y = grid()
    towards_joint = 1 + 0.10 / (1 + np.exp((y + 70) / 35))
    return (mean * towards_joint * (1 + 0.07 * smooth_noise(rng, CANVAS, 90))).astype(np.float32)


def _grow(flow: Field, period: Field, rng: np.random.Generator) -> Field:
    grow = SteeredGabor(flow, period, length=GROWTH_LENGTH)
    # Smoothed, since steps of a sixth of a period would take a grain of two pixels for a ridge.
    relief = blurred(rng.standard_normal(CANVAS, dtype=np.float32), 1.6)
    for _ in range(GROWTH_PASSES):
        relief = grow(relief)
        relief = np.clip(relief * (2.0 / (np.abs(relief).mean() + 1e-6)), -1, 1)
    relief = grow(relief)
    swing = np.sqrt(2 * blurred(relief * relief, 7.0))
    edges = 0.09 * smooth_noise(rng, CANVAS, 3.5)  # no ridge has straight sides, and each keeps its own
    return np.asarray(np.clip(relief / (swing + 1e-3), -1.3, 1.3) + edges, np.float32)


def _pores(relief: Field, rng: np.random.Generator) -> Field:
    """Open a pore every ridge width or so along the ridges, each somewhat off the middle."""
    height, width = relief.shape
    rows, columns = np.mgrid[6 : height - 6 : 8, 6 : width - 6 : 8]
    rows = (rows + rng.integers(-3, 4, rows.shape)).ravel()
    columns = (columns + rng.integers(-3, 4, columns.shape)).ravel()
    on_ridge = (relief[rows, columns] > 0.6) & (rng.random(rows.shape) < 0.75)
    spots = np.zeros_like(relief)
    spots[rows[on_ridge], columns[on_ridge]] = rng.uniform(0.4, 1.0, int(on_ridge.sum()))
    return np.asarray(np.clip(blurred(spots, 0.9) * 8, 0, 1), np.float32)


def _creases(person: int, rng: np.random.Generator) -> Field:
    """Draw a few fine creases; some people's skin has many, most people's hardly any."""
    lines = np.zeros(CANVAS, np.float32)
    height, width = CANVAS
    for _ in range(rng.poisson(float(np.random.default_rng([4, person]).gamma(1.2, 1.1)))):
        start = rng.uniform((0.2 * width, 0.2 * height), (0.8 * width, 0.8 * height))
        heading, length = rng.normal(0.0, 0.7) + (np.pi / 2) * (rng.random() < 0.25), rng.uniform(40, 130)
        along = np.linspace(0, 1, 12)
        wobble = np.cumsum(rng.normal(0, 0.06, 12))
        path = start + np.stack(
            (np.cos(heading + wobble) * along * length, np.sin(heading + wobble) * along * length), axis=1
        )
        points = np.round(path * 16).astype(np.int32)
        cv2.polylines(lines, [points], False, rng.uniform(0.5, 1.0), 1, cv2.LINE_AA, 4)
    return np.asarray(np.clip(blurred(lines, 0.8) * 1.7, 0, 1), np.float32)


def impression(
    finger: Master,
    *,
    seed: int,
    shift: tuple[float, float] | None = None,
    rotation: float | None = None,
    pressure: float | None = None,
    moisture: float | None = None,
    coverage: float = 1.0,
    smear: tuple[float, float] = (0.0, 0.0),
    size: tuple[int, int] = (288, 256),
) -> npt.NDArray[np.uint8]:
    """Lay ``finger`` on a reader once; uint8 of ``size`` (height, width), 500 ppi, 0 = ridge, white where nothing lies.

    ``shift``: pixels right and down. ``rotation``: degrees clockwise. ``pressure``: 0 barely touching, 0.5 ordinary,
    1 pressed flat. ``moisture``: 0 dry, 0.5 ordinary, 1 dripping. ``coverage``: share of the finger tip's length laid
    on, counted from the tip. ``smear``: pixels right and down by which the finger slid while it was read. What is not
    given is drawn from ``seed`` within the ordinary.
    """
    rng = np.random.default_rng([5, finger.person, finger.finger, seed])
    drawn = (rng.normal(0, 7, 2), rng.normal(0, 5.0), rng.normal(0.5, 0.07), rng.normal(0.5, 0.07))
    shift = (float(drawn[0][0]), float(drawn[0][1])) if shift is None else shift
    rotation = float(drawn[1]) if rotation is None else rotation
    pressure = float(np.clip(drawn[2] if pressure is None else pressure, 0, 1))
    usual = float(drawn[3]) + finger.skin.moisture - INTACT.moisture
    moisture = float(np.clip(usual if moisture is None else moisture, 0, 1))
    return _lay(finger, rng, shift, rotation, pressure, moisture, coverage, smear, seed, size)


def _lay(
    finger: Master,
    rng: np.random.Generator,
    shift: tuple[float, float],
    rotation: float,
    pressure: float,
    moisture: float,
    coverage: float,
    smear: tuple[float, float],
    seed: int,
    size: tuple[int, int],
) -> npt.NDArray[np.uint8]:
    height, width = size
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    x, y = x - (width / 2 + shift[0]), y - (height / 2 + shift[1])
    turn = np.deg2rad(rotation)
    u = (np.cos(turn) * x + np.sin(turn) * y).astype(np.float32)  # the finger's own axes: u to its right, v to its root
    v = (-np.sin(turn) * x + np.cos(turn) * y).astype(np.float32)
    touch = _touch(u, v, rng, pressure, moisture, coverage)

    stretched_u, stretched_v = _stretch(u, v, rng, pressure)
    map_x, map_y = stretched_u + CANVAS[1] / 2, stretched_v + CANVAS[0] / 2
    relief, pores, creases = (
        np.asarray(cv2.remap(layer, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101), np.float32)
        for layer in (finger.relief, finger.pores, finger.creases)
    )
    ink = _ink(relief, pores, creases, touch, rng, pressure, moisture)
    if smear != (0.0, 0.0):
        # A stream of its own: what else befalls the print is the same whether it slides or not.
        ink = _slid(ink, smear, np.random.default_rng([8, finger.person, finger.finger, seed]))
    return _optics(ink, touch, rng)


def _touch(u: Field, v: Field, rng: np.random.Generator, pressure: float, moisture: float, coverage: float) -> Field:
    """Return how firmly the skin is pressed on here: about 1 in the middle, 0 at the outline, negative outside."""
    half_width = 96 + 44 * pressure
    half_height = 122 + 48 * pressure
    top, bottom = -half_height, half_height
    bottom = top + (bottom - top) * float(np.clip(coverage, 0.05, 1.0))
    middle, half_height = (top + bottom) / 2, (bottom - top) / 2
    half_width *= 0.55 + 0.45 * min(1.0, coverage * 1.25) if coverage < 1 else 1.0
    # A finger tip is blunter than an ellipse: the exponent squares it a little.
    radius = (np.abs(u / half_width) ** 2.3 + np.abs((v - middle) / half_height) ** 2.3) ** (1 / 2.3)
    ragged = 0.014 * smooth_noise(rng, u.shape, 40) + (0.008 + 0.022 * (1 - moisture)) * smooth_noise(rng, u.shape, 6)
    return np.asarray(np.minimum((1 - radius + ragged) * 2.6, 1.0), np.float32)


def _stretch(u: Field, v: Field, rng: np.random.Generator, pressure: float) -> tuple[Field, Field]:
    """Return where on the master each point comes from: the middle sticks, the skin around it slides and twists.

    After Cappelli, Maio and Maltoni, "Modelling plastic distortion in fingerprint images" (ICAPR 2001), plus a slow
    random strain.
    """
    slide, twist = rng.normal(0, 3.2, 2), rng.normal(0, 0.030)
    radius = np.sqrt(np.square(u / 80) + np.square(v / 100))
    freed = 0.5 * (1 - np.cos(np.pi * np.clip((radius - 0.35) / 1.1, 0, 1)))
    spread = 1 + 0.02 * (0.5 - pressure)
    height, width = u.shape
    strain_u, strain_v = (1.3 * smooth_noise(rng, (height, width), 75) for _ in range(2))
    moved_u = spread * u + freed * (slide[0] - twist * v) + strain_u
    moved_v = spread * v + freed * (slide[1] + twist * u) + strain_v
    return moved_u.astype(np.float32), moved_v.astype(np.float32)


def _ink(
    relief: Field,
    pores: Field,
    creases: Field,
    touch: Field,
    rng: np.random.Generator,
    pressure: float,
    moisture: float,
) -> Field:
    """Return 0 (air) to 1 (wet contact): the skin that stands above the level to which it is pressed and wetted."""
    shape = relief.shape
    dry, wet = max(0.0, 0.5 - moisture) * 2, max(0.0, moisture - 0.5) * 2
    level = 0.55 * (1 - np.clip(touch, 0, 1)) ** 2 + (0.10 + 1.15 * (0.5 - pressure) - 0.95 * wet + 0.45 * dry)
    level = level + (0.10 + 0.05 * wet) * smooth_noise(rng, shape, 42) + 0.10 * smooth_noise(rng, shape, 9)
    level = level - 0.5 * wet * np.clip(smooth_noise(rng, shape, 26), 0, 1.5)
    grain = smooth_noise(rng, shape, 2.6)
    level = level + (0.10 + 0.55 * dry) * grain + 0.30 * dry * smooth_noise(rng, shape, 5.5)
    height = relief - (1.15 - 0.9 * wet) * pores - 2.2 * creases * (1 - 0.7 * wet)
    return np.asarray(np.clip(touch * 6, 0, 1) / (1 + np.exp(-(height - level) / 0.17)), np.float32)


def _slid(ink: Field, smear: tuple[float, float], rng: np.random.Generator) -> Field:
    """Return the mean of ``ink`` over a slide by ``smear``, centred on where it was.

    A finger sticks before it slides and after: both ends weigh more than the way, which doubles the contours.
    """
    steps = max(3, round(float(np.hypot(*smear))) + 1)
    dwell = rng.uniform(0.15, 0.35, 2)
    weights = np.full(steps, (1 - dwell.sum()) / steps)
    weights[[0, -1]] += dwell
    total = np.zeros_like(ink)
    for part, weight in zip(np.linspace(-0.5, 0.5, steps), weights, strict=True):
        move = np.array([[1, 0, part * smear[0]], [0, 1, part * smear[1]]], np.float32)
        total += np.float32(weight) * np.asarray(cv2.warpAffine(ink, move, ink.shape[::-1]), np.float32)
    return total


def _optics(ink: Field, touch: Field, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Turn contact into grey levels: frustrated total reflection, a soft lens, a noisy sensor."""
    shape = ink.shape
    dark = 62 + 14 * smooth_noise(rng, shape, 50) - 26 * np.clip(touch, 0, 1)
    halo = blurred(np.clip(touch * 4, 0, 1), 5.0)  # skin just above the glass still takes some light
    light = 249 - 34 * halo + 5 * smooth_noise(rng, shape, 34) * halo
    image = blurred(light + (dark - light) * ink, 0.75)
    image = image + rng.standard_normal(shape, dtype=np.float32) * (1.5 + 3.5 * halo)
    return np.asarray(np.clip(np.round(image), 0, 255), np.uint8)
