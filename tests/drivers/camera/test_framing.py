"""The shape that preview and still share, and the preview's way from camera YUV to RGB."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.camera import Frame
from drivers.camera.framing import FROZEN_FOR, PREVIEW, Vigil, four_by_three, rgb_from_yuv, whole
from drivers.errors import Malformed, Unresponsive

CLOTH_RED, CLOTH_BLUE = (178, 28, 34), (30, 72, 158)


@pytest.mark.parametrize(
    ("sensor", "picture"),
    [
        ((4608, 2592), (3456, 2592)),  # Camera Module 3
        ((4056, 3040), (4048, 3036)),  # High Quality Camera
        ((3280, 2464), (3280, 2460)),  # Camera Module 2
        ((1920, 1080), (1440, 1080)),
        ((640, 480), (640, 480)),
    ],
)
def test_the_largest_picture_of_known_sensors(sensor: tuple[int, int], picture: tuple[int, int]) -> None:
    assert four_by_three(*sensor) == picture


@given(st.integers(64, 9000), st.integers(64, 9000))
def test_it_fits_is_four_by_three_and_even(width: int, height: int) -> None:
    wide, high = four_by_three(width, height)
    assert wide <= width
    assert high <= height
    assert wide * 3 == high * 4
    assert wide % 2 == high % 2 == 0
    assert width - wide < 8 or height - high < 6


@pytest.mark.parametrize("padding", [0, 64])
def test_full_range_yuv_comes_back_as_the_colours_it_was_made_of(padding: int) -> None:
    width, height = PREVIEW
    colours = np.array(
        [
            [0, 0, 0],
            [255, 255, 255],
            [178, 28, 34],
            [30, 72, 158],
            [224, 172, 140],
            [92, 60, 44],
            [128, 128, 128],
            [9, 9, 9],
        ],
        np.uint8,
    )
    picture = np.repeat(np.repeat(colours[None], width // 8, axis=1), height, axis=0).astype(np.uint8)
    # OpenCV's YCrCb is the full-range BT.601 that a camera sends.
    y, cr, cb = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb))
    stride = width + padding
    planes = np.zeros((height * 3 // 2, stride), np.uint8)
    planes[:height, :width] = y
    for start, chroma in ((height, cb), (height * 5 // 4, cr)):
        rows = np.zeros((height // 2, stride // 2), np.uint8)
        rows[:, : width // 2] = chroma[::2, ::2]
        planes[start : start + height // 4] = rows.reshape(height // 4, stride)
    seen = rgb_from_yuv(planes)
    assert seen.shape == (height, width, 3)
    middles = seen[height // 2, width // 16 :: width // 8]
    assert np.abs(middles.astype(int) - colours).max() <= 4


def grain(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).normal(120, 5, (960, 1280, 3)).astype(np.uint8)


def test_a_picture_that_stays_the_same_for_too_long_is_no_sight() -> None:
    vigil, same = Vigil(), grain(1)
    vigil.see(Frame(grain(0), 9.0))
    for taken in (10.0, 11.5, 10.0 + FROZEN_FOR - 0.1):
        vigil.see(Frame(same, taken))
    with pytest.raises(Unresponsive, match="repeats one picture"):
        vigil.see(Frame(same, 10.0 + FROZEN_FOR))


def test_a_new_picture_ends_the_suspicion_and_one_change_is_enough() -> None:
    vigil, same = Vigil(), grain(1)
    for round_ in range(4):
        vigil.see(Frame(same, 10.0 + 2 * round_))
        vigil.see(Frame(grain(2 + round_), 11.0 + 2 * round_))


def test_what_shows_nothing_may_stay_the_same() -> None:
    vigil = Vigil()
    for taken in range(100):
        vigil.see(Frame(np.zeros((960, 1280, 3), np.uint8), float(taken)))


@pytest.mark.parametrize("shape", [(480, 1280, 3), (960, 1280), (960, 1280, 4), (1280, 960, 3)])
def test_a_torn_picture_is_malformed(shape: tuple[int, ...]) -> None:
    with pytest.raises(Malformed, match="torn"):
        whole(np.zeros(shape, np.uint8), PREVIEW)
    assert whole(grain(1), PREVIEW).shape == (960, 1280, 3)
