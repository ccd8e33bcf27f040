"""Portraits: the token image's geometry, never mirrored, never invented, never too large."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.face import HEAD_LENGTH, HEAD_WIDTH, OVAL, Box
from kiosk.capture.portrait import EYES, LARGEST, SIZE, crop, portrait_jpeg

WELL_PLACED: Box = (OVAL[0] - OVAL[2], OVAL[1] - OVAL[3], 2 * OVAL[2], 2 * OVAL[3])


def frame_with_eyes(width: int, height: int, box: Box) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Grey, with the person's right eye red and their left eye green, and the box's colour nowhere else."""
    frame = np.full((height, width, 3), 90, np.uint8)
    middle = ((box[0] + box[2] / 2) * width, (box[1] + box[3] / 2) * height)
    apart = box[3] * height / HEAD_LENGTH
    for side, colour in ((-0.5, (255, 0, 0)), (0.5, (0, 255, 0))):
        cv2.circle(frame, (round(middle[0] + side * apart), round(middle[1])), round(apart / 10), colour, -1)
    return frame


def centre_of(portrait: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], channel: int) -> tuple[float, float]:
    other = 1 - channel
    ys, xs = np.nonzero(portrait[..., channel].astype(int) - portrait[..., other] > 100)
    return float(xs.mean()), float(ys.mean())


@pytest.mark.parametrize(("width", "height"), [(1280, 960), (2592, 1944)])
def test_eyes_lie_where_the_token_image_has_them_and_left_stays_left(width: int, height: int) -> None:
    portrait = crop(frame_with_eyes(width, height, WELL_PLACED), WELL_PLACED)
    assert portrait.shape == (SIZE[1], SIZE[0], 3)
    red, green = centre_of(portrait, 0), centre_of(portrait, 1)
    assert green[0] - red[0] == pytest.approx(SIZE[0] / 4, abs=4)
    assert (green[0] + red[0]) / 2 == pytest.approx(SIZE[0] / 2, abs=4)
    assert red[1] == pytest.approx(EYES * SIZE[1], abs=4)


def test_the_ovals_shape_is_a_heads_shape() -> None:
    assert OVAL[2] * 4 / (OVAL[3] * 3) == pytest.approx(HEAD_WIDTH / HEAD_LENGTH, rel=0.01)


@given(st.floats(-0.2, 1.0), st.floats(-0.2, 1.0), st.floats(0.02, 1.2))
def test_wherever_the_head_is_no_pixel_is_invented(x: float, y: float, length: float) -> None:
    frame = np.full((240, 320, 3), 200, np.uint8)
    portrait = crop(frame, (x, y, length * HEAD_WIDTH / HEAD_LENGTH * 3 / 4, length))
    assert portrait.shape == (SIZE[1], SIZE[0], 3)
    assert (portrait == 200).all()


def test_a_jpeg_is_the_picture_it_was_made_of() -> None:
    portrait = crop(frame_with_eyes(1280, 960, WELL_PLACED), WELL_PLACED)
    data = portrait_jpeg(portrait)
    again = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert np.abs(again.astype(int) - portrait).mean() < 2
    assert len(data) < LARGEST


def test_the_worst_picture_there_is_still_fits() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
    assert len(portrait_jpeg(noise)) <= LARGEST


def test_a_bound_that_cannot_be_kept_is_refused() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
    with pytest.raises(ValueError, match="does not fit into 1000 bytes"):
        portrait_jpeg(noise, largest=1000)
