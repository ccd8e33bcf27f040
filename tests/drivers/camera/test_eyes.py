"""The painted eyes: each its own, always the same, and as a near-infrared camera would see them."""

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from drivers.camera.eyeball import CORNEA_AT, PUPIL_AT, Condition, Person
from drivers.camera.eyes import WELL, EyePainter, EyePose, EyeScene, Glasses, between_eyes
from drivers.camera.simulated import EyeBooth, SimulatedCamera

SIZE = (640, 480)
FINE = WELL * SIZE[0] / 11.7
"""Pixels per millimetre of somebody well placed."""
STILL = EyeScene(sway=0.0)


def painted(scene: EyeScene, seed: int = 1, number: int = 0) -> npt.NDArray[np.uint8]:
    return EyePainter(*SIZE, seed=seed).paint(scene, number)


def eye_at(seed: int, side: int) -> tuple[float, float]:
    return SIZE[0] / 2 + side * Person.of(seed).apart / 2 * FINE, SIZE[1] / 2


def disc(frame: npt.NDArray[np.uint8], x: float, y: float, radius: float) -> npt.NDArray[np.uint8]:
    down, across = np.ogrid[: frame.shape[0], : frame.shape[1]]
    return frame[..., 0][(across - x) ** 2 + (down - y) ** 2 <= radius**2]


def texture(scene: EyeScene, seed: int, side: int) -> npt.NDArray[np.float64]:
    """The lower half of one iris, unrolled: lids never reach there."""
    x, y = eye_at(seed, side)
    person = Person.of(seed)
    radii = np.linspace(person.pupil + 0.08, 0.9, 16) * person.radius * FINE
    angles = np.linspace(0.2, np.pi - 0.2, 60)
    across = (x + scene.x * SIZE[0] + np.cos(angles)[:, None] * radii).astype(np.float32)
    down = (y + scene.y * SIZE[1] + np.sin(angles)[:, None] * radii).astype(np.float32)
    grey = cv2.remap(painted(scene, seed)[..., 0], across, down, cv2.INTER_LINEAR).astype(np.float64)
    return grey - grey.mean(axis=0)


def alike(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_a_frame_is_grey_in_three_channels_and_the_same_every_time() -> None:
    frame = painted(EyeScene(), number=5)
    assert frame.shape == (480, 640, 3)
    assert frame.dtype == np.uint8
    assert np.array_equal(frame[..., 0], frame[..., 1])
    assert np.array_equal(frame[..., 0], frame[..., 2])
    assert np.array_equal(frame, painted(EyeScene(), number=5))
    assert not np.array_equal(frame, painted(EyeScene(), number=6))


@pytest.mark.parametrize("side", [-1, 1])
def test_an_iris_stays_the_same_wherever_it_is_and_is_like_no_other(side: int) -> None:
    here = texture(STILL, 1, side)
    there = texture(replace(STILL, x=0.04, y=0.06, light=0.8), 1, side)
    assert alike(here, there) > 0.8
    assert abs(alike(here, texture(STILL, 1, -side)[::-1])) < 0.35, "left and right are not mirrored either"
    assert abs(alike(here, texture(STILL, 1, -side))) < 0.35
    assert abs(alike(here, texture(STILL, 2, side))) < 0.35


def test_a_pupil_is_dark_around_two_reflections_and_the_sclera_is_brighter_than_the_iris() -> None:
    frame, person = painted(STILL), Person.of(1)
    x, y = eye_at(1, -1)
    pupil = disc(frame, x, y, 0.8 * person.pupil * person.radius * FINE)
    assert np.percentile(pupil, 40) < 40
    assert pupil.max() > 240
    iris = disc(frame, x, y + 0.75 * person.radius * FINE, FINE)
    sclera = disc(frame, x + 1.35 * person.radius * FINE, y, FINE)
    assert np.median(pupil) < np.median(iris) < np.median(sclera) - 20


def test_reflections_lag_behind_a_pupil_that_looks_aside() -> None:
    frame = painted(replace(STILL, gaze=(15.0, 0.0)), seed=3)
    x, y = eye_at(3, 1)
    aside = np.sin(np.radians(15.0)) * FINE
    around = frame[round(y - 12) : round(y + 12), round(x - 10) : round(x + 25), 0]
    bright = np.argwhere(around > 225)[:, 1].mean() + round(x - 10)
    dark = np.argwhere(around < 35)[:, 1].mean() + round(x - 10)
    assert bright - x == pytest.approx(CORNEA_AT * aside, abs=1.2)
    assert dark > bright
    assert dark - x == pytest.approx(PUPIL_AT * aside, abs=2.5)


@pytest.mark.parametrize("condition", [Condition.SHUT, Condition.PATCHED, Condition.CLOUDED])
def test_an_eye_that_cannot_see_shows_no_pupil_and_the_other_one_does(condition: Condition) -> None:
    frame = painted(replace(STILL, left=condition))
    right, left = eye_at(1, -1), eye_at(1, 1)
    assert np.percentile(disc(frame, *right, FINE), 20) < 40
    assert np.percentile(disc(frame, *left, FINE), 20) > 60


def test_lids_come_down_over_the_iris() -> None:
    x, y = eye_at(1, -1)
    above = y - 3.4 * FINE
    wide, low = painted(replace(STILL, opening=1.0)), painted(replace(STILL, opening=0.5))
    covered = np.abs(disc(wide, x, above, FINE).astype(float).mean() - disc(low, x, above, FINE).astype(float).mean())
    assert covered > 15


def test_blur_takes_the_texture_and_movement_only_sideways() -> None:
    def detail(frame: npt.NDArray[np.uint8], axis: int) -> float:
        x, y = eye_at(1, -1)
        part = frame[round(y) - 20 : round(y) + 20, round(x) - 20 : round(x) + 20, 0].astype(float)
        return float(np.abs(np.diff(part, axis=axis)).mean())

    sharp, soft = painted(STILL), painted(replace(STILL, defocus=0.4))
    assert detail(soft, 0) < 0.6 * detail(sharp, 0)
    # At frame 0 somebody who sways passes the middle at full speed; both are at the same place down.
    moving = painted(replace(STILL, sway=0.04, hertz=2.0))
    shift = round(0.04 * SIZE[0] * 0.5 * np.sin(1.0))
    assert detail(np.roll(moving, -shift, axis=0), 1) < 0.8 * detail(sharp, 1)


def test_glasses_reflect_the_lamps_more_widely_than_eyes() -> None:
    def clipped(scene: EyeScene) -> int:
        return int((painted(scene)[..., 0] >= 250).sum())

    assert clipped(replace(STILL, glasses=Glasses())) > 5 * clipped(STILL)


def test_nobody_is_dark_and_who_comes_closer_passes_between() -> None:
    assert painted(EyePose.AWAY.value).max() < 90
    half = between_eyes(EyeScene(scale=0.6), EyeScene(scale=1.0), 0.5)
    assert half.scale == pytest.approx(0.8)
    assert between_eyes(EyePose.AWAY.value, EyePose.GOOD.value, 0.1) == EyePose.GOOD.value


def test_a_booth_shows_what_it_is_told_of_the_person_it_is_told() -> None:
    booth = EyeBooth(EyePose.SHUT, person=7)
    camera = SimulatedCamera(booth)
    shut = camera.preview(within=5.0).pixels
    booth.show(EyePose.GOOD)
    seeing = camera.preview(within=5.0).pixels
    assert camera.name == "simulated near-infrared camera"
    assert np.array_equal(seeing, EyePainter(1280, 960, seed=7).paint(EyePose.GOOD.value, 1))
    assert (seeing < 35).sum() > 2 * (shut < 35).sum()
