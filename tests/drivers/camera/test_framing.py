"""The shape that preview and still share, and the preview's way from camera YUV to RGB."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.camera.framing import PREVIEW, four_by_three, rgb_from_yuv

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
