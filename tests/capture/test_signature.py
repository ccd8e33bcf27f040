"""Signatures: what counts as one, and ink that goes where the finger went."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.signature import THICK, THIN, ink, is_signed, signature_png
from kiosk.journey.session import Stroke

WIDTH, HEIGHT = 800, 300


def line(*corners: tuple[float, float], seconds: float = 1.0, points: int = 20) -> Stroke:
    """A stroke along straight pieces at even speed."""
    stroke = []
    for number in range(points + 1):
        along = number / points * (len(corners) - 1)
        piece = min(int(along), len(corners) - 2)
        (ax, ay), (bx, by) = corners[piece], corners[piece + 1]
        share = along - piece
        stroke.append((ax + (bx - ax) * share, ay + (by - ay) * share, seconds * number / points))
    return tuple(stroke)


DOT: Stroke = ((0.5, 0.5, 0.0),)


@pytest.mark.parametrize(
    "strokes",
    [
        (line((0.2, 0.5), (0.5, 0.5)),),
        (line((0.5, 0.1), (0.5, 0.9)),),
        (line((0.4, 0.3), (0.5, 0.7)), line((0.5, 0.3), (0.4, 0.7))),
    ],
    ids=["a line", "an upright line", "a cross"],
)
def test_this_is_a_signature(strokes: tuple[Stroke, ...]) -> None:
    assert is_signed(strokes)


@pytest.mark.parametrize(
    "strokes",
    [
        (),
        ((),),
        (DOT,),
        (DOT, ((0.9, 0.1, 1.0),)),
        (line((0.5, 0.5), (0.51, 0.51)),),
        tuple(line((0.5, 0.5), (0.515, 0.5), (0.5, 0.5)) for _ in range(9)),
    ],
    ids=["nothing", "an empty stroke", "a dot", "two dots", "a slip", "a dot rubbed in"],
)
def test_this_is_none(strokes: tuple[Stroke, ...]) -> None:
    assert not is_signed(strokes)


def test_the_picture_is_the_size_asked_for_grey_and_smooth_at_the_edges() -> None:
    picture = cv2.imdecode(
        np.frombuffer(signature_png((line((0.1, 0.2), (0.9, 0.8)),)), np.uint8), cv2.IMREAD_UNCHANGED
    )
    assert picture.shape == (HEIGHT, WIDTH)
    assert picture.min() == 0
    assert picture.max() == 255
    assert np.count_nonzero((picture > 20) & (picture < 235)) > 500


def test_nothing_written_is_white_paper() -> None:
    assert (ink((), WIDTH, HEIGHT) == 255).all()
    assert (ink(((),), WIDTH, HEIGHT) == 255).all()


def test_a_dot_on_an_i_is_drawn() -> None:
    picture = ink((DOT,), WIDTH, HEIGHT)
    ys, xs = np.nonzero(picture < 128)
    assert xs.mean() == pytest.approx(WIDTH / 2, abs=1)
    assert ys.mean() == pytest.approx(HEIGHT / 2, abs=1)
    assert 4 * ys.size / math.pi == pytest.approx((THICK * WIDTH) ** 2, rel=0.3)


def test_fast_lines_are_thinner_than_slow_ones() -> None:
    def thickness(seconds: float) -> float:
        picture = ink((line((0.1, 0.5), (0.9, 0.5), seconds=seconds),), WIDTH, HEIGHT)
        return float((255 - picture[:, WIDTH * 3 // 4].astype(float)).sum() / 255)

    assert thickness(5.0) == pytest.approx(THICK * WIDTH, abs=1.5)
    assert thickness(0.05) == pytest.approx(THIN * WIDTH, abs=1.5)


def test_the_curve_passes_through_every_point_touched() -> None:
    wave: Stroke = tuple((0.1 + 0.02 * n, 0.5 + 0.3 * math.sin(n / 2), n / 60) for n in range(40))
    picture = ink((wave,), WIDTH, HEIGHT)
    for x, y, _ in wave:
        assert picture[round(y * HEIGHT), round(x * WIDTH)] < 128


def test_ink_beyond_the_field_is_cut_off_not_carried_round() -> None:
    picture = ink((line((0.5, 0.5), (1.4, 0.5)),), WIDTH, HEIGHT)
    assert (picture[: HEIGHT // 3] == 255).all()
    assert picture[HEIGHT // 2, WIDTH - 1] < 128
    assert picture[HEIGHT // 2, 10] == 255


Points = st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 60))


@given(st.lists(st.lists(Points, max_size=8).map(tuple), max_size=3))
def test_no_strokes_break_it(strokes: list[Stroke]) -> None:
    picture = ink(strokes, 160, 60)
    assert picture.shape == (60, 160)
    assert (picture < 255).any() == any(strokes)
