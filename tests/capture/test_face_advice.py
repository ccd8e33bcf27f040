"""Measures to advice: first things first, no flicker at a limit, and a score that falls with every fault."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.advice import FaceAdvice
from kiosk.capture.face.advising import GAZE_LEVEL, NARROWER, SIZE, WIDER, advise, offences, score
from kiosk.capture.face.measuring import Measures

WELL = Measures(
    faces=1.0,
    size=1.0,
    aside=0.0,
    down=0.0,
    eye_distance=144.0,
    yaw=0.0,
    pitch=0.0,
    roll=0.0,
    eyes_open=0.25,
    mouth_open=0.02,
    gaze_aside=0.0,
    gaze_up=GAZE_LEVEL,
    brightness=0.7,
    evenness=0.95,
    glare=0.0,
    exposure=0.9,
    sharpness=0.03,
    smear=1.3,
    motion=0.0,
    bridge=0.02,
    rims=0.04,
    backdrop_spread=0.04,
    backdrop_colour=1.0,
)
WRONG: dict[FaceAdvice, dict[str, float]] = {
    FaceAdvice.ONE_PERSON: {"faces": 2.0},
    FaceAdvice.CLOSER: {"size": 0.7},
    FaceAdvice.FURTHER: {"size": 1.3},
    FaceAdvice.MOVE_RIGHT: {"aside": 0.1},
    FaceAdvice.MOVE_LEFT: {"aside": -0.1},
    FaceAdvice.RAISE: {"down": 0.1},
    FaceAdvice.LOWER: {"down": -0.1},
    FaceAdvice.STRAIGHTEN: {"roll": -14.0},
    FaceAdvice.TURN_RIGHT: {"yaw": 18.0},
    FaceAdvice.TURN_LEFT: {"yaw": -18.0},
    FaceAdvice.CHIN_DOWN: {"pitch": 22.0},
    FaceAdvice.CHIN_UP: {"pitch": -22.0},
    FaceAdvice.MORE_LIGHT: {"brightness": 0.1},
    FaceAdvice.LESS_LIGHT: {"glare": 0.3},
    FaceAdvice.EVEN_LIGHT: {"evenness": 0.3},
    FaceAdvice.GLASSES_OFF: {"bridge": 0.5, "rims": 0.4},
    FaceAdvice.OPEN_EYES: {"eyes_open": 0.03},
    FaceAdvice.LOOK_HERE: {"gaze_aside": 0.2},
    FaceAdvice.CLOSE_MOUTH: {"mouth_open": 0.3},
    FaceAdvice.HOLD_STILL: {"motion": 0.03},
    FaceAdvice.BLURRED: {"sharpness": 0.003},
    FaceAdvice.BACKGROUND: {"backdrop_colour": 0.2},
}
changes = st.fixed_dictionaries({field.name: st.floats(-100, 100, allow_nan=False) for field in fields(Measures)})


@pytest.mark.parametrize("advice", list(WRONG), ids=lambda advice: advice.value)
def test_each_fault_has_its_advice_and_costs_score(advice: FaceAdvice) -> None:
    seen = replace(WELL, **WRONG[advice])
    assert advise(seen, None) is advice
    assert score(seen) < 65 < 85 < score(WELL)


def test_no_advice_on_a_face_is_out_of_reach() -> None:
    assert set(WRONG) == set(FaceAdvice) - {FaceAdvice.GOOD, FaceAdvice.NO_FACE}
    assert {advice for advice, _ in offences(WELL)} == set(WRONG)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (FaceAdvice.MORE_LIGHT, FaceAdvice.ONE_PERSON),
        (FaceAdvice.ONE_PERSON, FaceAdvice.CLOSER),
        (FaceAdvice.CLOSER, FaceAdvice.MOVE_LEFT),
        (FaceAdvice.MOVE_LEFT, FaceAdvice.TURN_LEFT),
        (FaceAdvice.STRAIGHTEN, FaceAdvice.TURN_LEFT),
        (FaceAdvice.CHIN_UP, FaceAdvice.EVEN_LIGHT),
        (FaceAdvice.EVEN_LIGHT, FaceAdvice.GLASSES_OFF),
        (FaceAdvice.GLASSES_OFF, FaceAdvice.OPEN_EYES),
        (FaceAdvice.OPEN_EYES, FaceAdvice.CLOSE_MOUTH),
        (FaceAdvice.CLOSE_MOUTH, FaceAdvice.BACKGROUND),
    ],
)
def test_first_things_come_first(first: FaceAdvice, then: FaceAdvice) -> None:
    both = replace(WELL, **WRONG[then], **WRONG[first])
    assert advise(both, None) is first
    assert score(both) < score(replace(WELL, **WRONG[then]))


def test_a_smear_along_one_way_is_motion_and_all_around_is_the_lens() -> None:
    assert advise(replace(WELL, sharpness=0.004, smear=8.0), None) is FaceAdvice.HOLD_STILL
    assert advise(replace(WELL, sharpness=0.004, smear=1.4), None) is FaceAdvice.BLURRED
    assert advise(replace(WELL, sharpness=0.03, smear=8.0), None) is FaceAdvice.GOOD


def test_advice_does_not_flicker_at_a_limit() -> None:
    inside, outside = replace(WELL, size=1 - 0.97 * SIZE), replace(WELL, size=1 - 1.03 * SIZE)
    assert advise(inside, None) is FaceAdvice.GOOD
    assert advise(outside, None) is FaceAdvice.CLOSER
    assert advise(outside, FaceAdvice.GOOD) is FaceAdvice.GOOD
    assert advise(inside, FaceAdvice.CLOSER) is FaceAdvice.CLOSER
    assert advise(replace(WELL, size=1 - 1.01 * WIDER * SIZE), FaceAdvice.GOOD) is FaceAdvice.CLOSER
    assert advise(replace(WELL, size=1 - 0.99 * NARROWER * SIZE), FaceAdvice.CLOSER) is FaceAdvice.GOOD


@given(changes, st.sampled_from([None, *FaceAdvice]))
def test_any_measures_have_an_advice_and_a_score(values: dict[str, float], before: FaceAdvice | None) -> None:
    seen = Measures(**values)
    assert 0 <= score(seen) <= 100
    told = advise(seen, before)
    # What was told stays told: the same face never swings between two hints.
    assert advise(seen, told) is told or advise(seen, advise(seen, told)) is advise(seen, told)
