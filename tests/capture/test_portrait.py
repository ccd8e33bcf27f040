"""Portraits: the token image's geometry, never mirrored, never invented, never too large."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.advice import FaceAdvice
from kiosk.capture.face import HEAD_LENGTH, HEAD_WIDTH, OVAL, Box, FaceJudgement
from kiosk.capture.face.measuring import Measures
from kiosk.capture.portrait import EYES, LARGEST, SIZE, UPRIGHT, as_seen, crop, portrait_jpeg, portray
from kiosk.capture.processing import Processing

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


def leaning(roll: float, *, x: float = 0.5, y: float = 0.46) -> tuple[np.ndarray, FaceJudgement]:
    """A frame with two coloured eyes on a line that leans, and the judgement that a judge would give."""
    width, height, apart = 1280, 960, 144.0
    way = np.array([np.cos(np.radians(roll)), np.sin(np.radians(roll))]) * apart / 2
    middle = np.array([x * width, y * height])
    frame = np.full((height, width, 3), 90, np.uint8)
    right, left = middle - way, middle + way
    for place, colour in ((right, (255, 0, 0)), (left, (0, 255, 0))):
        cv2.circle(frame, (round(place[0]), round(place[1])), 14, colour, -1)
    w, h = HEAD_WIDTH * apart / width, HEAD_LENGTH * apart / height
    values = dict.fromkeys(Measures.__dataclass_fields__, 0.0) | {"roll": roll}
    features = {"12.2": (float(right[0]), float(right[1])), "12.1": (float(left[0]), float(left[1]))}
    box = (x - w / 2, y - h / 2, w, h)
    return frame, FaceJudgement(FaceAdvice.GOOD, box, 80, Measures(**values), features)


@pytest.mark.parametrize("roll", [-7.0, -3.0, 0.0, 3.0, 7.0])
def test_a_head_that_leans_a_little_is_turned_upright(roll: float) -> None:
    frame, seen = leaning(roll)
    portrait = portray(frame, seen)
    red, green = centre_of(portrait.pixels, 0), centre_of(portrait.pixels, 1)
    assert red == pytest.approx((SIZE[0] * 3 / 8, EYES * SIZE[1]), abs=3)
    assert green == pytest.approx((SIZE[0] * 5 / 8, EYES * SIZE[1]), abs=3)
    assert portrait.features["12.2"] == pytest.approx(red, abs=2)
    assert portrait.features["12.1"] == pytest.approx(green, abs=2)
    assert portrait.turned == pytest.approx(roll, abs=0.01)


def test_a_head_that_leans_much_stays_as_it_was_seen() -> None:
    frame, seen = leaning(UPRIGHT + 3)
    portrait = portray(frame, seen)
    assert seen.box is not None
    assert (portrait.pixels == crop(frame, seen.box)).all()
    assert portrait.features["12.1"] == pytest.approx(centre_of(portrait.pixels, 1), abs=2)
    assert portrait.turned == 0.0


def test_what_was_done_to_a_portrait_is_told() -> None:
    # 144 pixels from eye to eye make a portrait of 576: enlarged a little.
    assert portray(*leaning(0.0)).processing == {Processing.CROPPED, Processing.INTERPOLATED}
    assert portray(*leaning(5.0)).processing == {Processing.CROPPED, Processing.INTERPOLATED, Processing.ROTATED}
    still = frame_with_eyes(2592, 1944, WELL_PLACED)
    assert as_seen(still, WELL_PLACED).processing == {Processing.CROPPED, Processing.DOWN_SAMPLED}


@given(st.floats(-8, 8), st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_turning_invents_no_pixel_either(roll: float, x: float, y: float) -> None:
    frame, seen = leaning(roll, x=x, y=y)
    frame[:] = 200
    assert (portray(frame, seen).pixels == 200).all()


def test_without_a_face_there_is_nothing_to_portray() -> None:
    with pytest.raises(ValueError, match="No face"):
        portray(np.zeros((960, 1280, 3), np.uint8), FaceJudgement(FaceAdvice.NO_FACE, None))


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
