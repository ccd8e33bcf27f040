"""The judgement of a finger image: each fault is named, an ordinary print is good, and nothing else ever is."""

import math
from dataclasses import astuple, fields
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from drivers.fingerprint.synthetic.skin import Skin
from drivers.fingerprint.synthetic.synthesis import Master, aged, impression, master
from kiosk.capture.advice import FingerAdvice
from kiosk.capture.finger import ALGORITHM, judge
from kiosk.capture.finger.measuring import NOTHING, Measures

Image = npt.NDArray[np.uint8]
ORDINARY: dict[str, Any] = {"shift": (0.0, 0.0), "rotation": 0.0, "pressure": 0.5, "moisture": 0.5}


@pytest.fixture(scope="module", params=[(101, 3), (100, 1), (7, 7), (3, 10)], ids=str)
def finger(request: pytest.FixtureRequest) -> Master:
    person, position = request.param
    return master(person, position)


def _laid(finger: Master, **changed: Any) -> Image:
    return impression(finger, seed=1, **{**ORDINARY, **changed})


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_impressions_are_good(finger: Master, seed: int) -> None:
    judgement = judge(impression(finger, seed=seed))
    assert judgement.advice is FingerAdvice.GOOD
    assert judgement.score >= 85


@pytest.mark.parametrize(
    ("changed", "advice"),
    [
        ({"moisture": 0.0}, FingerAdvice.DRY),
        ({"moisture": 0.1}, FingerAdvice.DRY),
        ({"moisture": 0.9}, FingerAdvice.WET),
        ({"moisture": 1.0}, FingerAdvice.WET),
        ({"pressure": 0.0}, FingerAdvice.PRESS_HARDER),
        ({"pressure": 1.0}, FingerAdvice.PRESS_LIGHTER),
        ({"coverage": 0.35}, FingerAdvice.WHOLE_TIP),
        ({"coverage": 0.5}, FingerAdvice.WHOLE_TIP),
        ({"coverage": 0.5, "shift": (0.0, 60.0)}, FingerAdvice.WHOLE_TIP),
        ({"shift": (85.0, 0.0)}, FingerAdvice.CENTRE),
        ({"shift": (-85.0, 0.0)}, FingerAdvice.CENTRE),
        ({"shift": (0.0, 100.0)}, FingerAdvice.CENTRE),
        ({"shift": (0.0, -100.0)}, FingerAdvice.CENTRE),
        ({"rotation": 40.0}, FingerAdvice.STRAIGHTEN),
        ({"rotation": -40.0}, FingerAdvice.STRAIGHTEN),
        ({"rotation": 50.0}, FingerAdvice.STRAIGHTEN),
        ({"smear": (0.0, 10.0)}, FingerAdvice.SMUDGED),
        ({"smear": (-12.0, 0.0)}, FingerAdvice.SMUDGED),
        ({"smear": (9.0, -14.0)}, FingerAdvice.SMUDGED),
    ],
)
def test_each_fault_has_its_advice(finger: Master, changed: dict[str, object], advice: FingerAdvice) -> None:
    image = _laid(finger, **changed)
    assert judge(image).advice is advice
    assert judge(np.asarray((image >> 4) * 17, np.uint8)).advice is advice  # as the GROW family sends it


def _round(image: Image) -> Image:
    """Leave the round window that the R503 sees through; what it does not see is white."""
    height, width = image.shape
    y, x = np.ogrid[:height, :width]
    return np.where(np.hypot(x - (width - 1) / 2, y - (height - 1) / 2) > width / 2, 255, image).astype(np.uint8)


SMALL = (FingerAdvice.CENTRE, (78.0, 0.0)), (FingerAdvice.CENTRE, (0.0, -110.0)), (FingerAdvice.CENTRE, (0.0, 110.0))


@pytest.mark.parametrize(
    ("changed", "advice"),
    [
        ({}, FingerAdvice.GOOD),
        ({"moisture": 0.05}, FingerAdvice.DRY),
        ({"moisture": 0.95}, FingerAdvice.WET),
        ({"pressure": 0.05}, FingerAdvice.PRESS_HARDER),
        ({"pressure": 0.95}, FingerAdvice.PRESS_LIGHTER),
        ({"pressure": 0.08, "moisture": 0.58}, FingerAdvice.PRESS_HARDER),
        ({"pressure": 0.92, "moisture": 0.44}, FingerAdvice.PRESS_LIGHTER),
        ({"coverage": 0.4}, FingerAdvice.WHOLE_TIP),
        ({"smear": (12.0, 4.0)}, FingerAdvice.SMUDGED),
        *(({"shift": shift}, advice) for advice, shift in SMALL),
    ],
)
def test_a_round_window_of_ten_millimetres_has_its_advice_too(
    finger: Master, changed: dict[str, object], advice: FingerAdvice
) -> None:
    assert judge(_round(_laid(finger, size=(192, 192), **changed)), ppi=508).advice is advice


def test_pressure_shows_at_the_sides_and_between_the_ridges(finger: Master) -> None:
    light, usual, firm = (judge(_round(_laid(finger, size=(192, 192), pressure=p)), ppi=508) for p in (0.1, 0.5, 0.9))
    assert light.measures.sides < usual.measures.sides - 0.1 < firm.measures.sides - 0.2
    assert max(light.measures.bridged, usual.measures.bridged) < firm.measures.bridged


def test_a_slide_leaves_ridges_as_broad_as_valleys_where_water_and_pressure_do_not(finger: Master) -> None:
    slid, wet, firm = (
        judge(_round(_laid(finger, size=(192, 192), **changed)), ppi=508).measures
        for changed in ({"smear": (11.0, -13.0)}, {"moisture": 0.95}, {"pressure": 0.98})
    )
    assert slid.broad == pytest.approx(0.5, abs=0.05)
    assert min(wet.broad, firm.broad) > 0.54


@pytest.mark.parametrize("wear", [0.4, 0.6])
def test_a_round_window_blames_no_pressure_for_wear(finger: Master, wear: float) -> None:
    worn = impression(aged(finger, Skin(wear=wear)), seed=1, size=(192, 192), **ORDINARY)
    told = judge(_round(worn), ppi=508).advice
    assert told in WORN_BUT_TRUE - {FingerAdvice.PRESS_HARDER}


def test_a_window_that_shows_little_but_the_core_claims_no_direction(finger: Master) -> None:
    turned = _round(_laid(finger, size=(192, 192), rotation=40.0))
    assert judge(turned, ppi=508).advice is not FingerAdvice.STRAIGHTEN


@pytest.mark.parametrize(
    ("changed", "advice"),
    [
        ({}, FingerAdvice.GOOD),
        ({"moisture": 0.05}, FingerAdvice.DRY),
        ({"moisture": 0.95}, FingerAdvice.WET),
        ({"pressure": 0.05}, FingerAdvice.PRESS_HARDER),
        ({"pressure": 0.95}, FingerAdvice.PRESS_LIGHTER),
        ({"coverage": 0.4}, FingerAdvice.WHOLE_TIP),
        ({"shift": (-80.0, 0.0)}, FingerAdvice.CENTRE),
        ({"rotation": 40.0}, FingerAdvice.STRAIGHTEN),
        ({"smear": (13.0, 3.0)}, FingerAdvice.SMUDGED),
    ],
)
def test_a_larger_glass_has_its_advice_too(finger: Master, changed: dict[str, object], advice: FingerAdvice) -> None:
    assert judge(_laid(finger, size=(320, 272), **changed)).advice is advice


@pytest.mark.parametrize("turn", [-10.0, 10.0])
def test_a_finger_may_lie_a_little_askew(finger: Master, turn: float) -> None:
    assert judge(_laid(finger, rotation=turn)).advice is FingerAdvice.GOOD


@pytest.mark.parametrize("turn", [-50.0, 0.0, 35.0])
def test_the_flow_of_the_ridges_says_which_way_the_finger_points(finger: Master, turn: float) -> None:
    measures = judge(_laid(finger, rotation=turn)).measures
    assert measures.turn_degrees == pytest.approx(turn, abs=15)
    assert (measures.askew > 0.5) is (abs(turn) > 25)


def test_the_flow_says_which_half_of_a_tip_is_seen(finger: Master) -> None:
    tip = judge(_laid(finger, size=(192, 192), coverage=0.4)).measures
    root = judge(_laid(finger, size=(192, 192), shift=(0.0, -115.0))).measures
    assert tip.tip_y_mm - tip.centre_y_mm > -0.5 > root.tip_y_mm - root.centre_y_mm


WORN_BUT_TRUE = {FingerAdvice.GOOD, FingerAdvice.DRY, FingerAdvice.PRESS_HARDER, FingerAdvice.UNCLEAR}


@pytest.mark.parametrize("wear", [0.2, 0.5, 0.9])
def test_a_worn_finger_is_told_nothing_untrue(finger: Master, wear: float) -> None:
    worn = judge(impression(aged(finger, Skin(wear=wear, scars=2)), seed=1, **ORDINARY))
    assert worn.advice in WORN_BUT_TRUE
    assert (worn.advice is FingerAdvice.GOOD) is (worn.score >= 55) or worn.advice is FingerAdvice.DRY


def test_the_score_falls_with_wear_and_never_jumps_to_nothing(finger: Master) -> None:
    scores = [judge(impression(aged(finger, Skin(wear=w)), seed=1, **ORDINARY)).score for w in (0.0, 0.3, 0.6, 0.9)]
    assert scores == sorted(scores, reverse=True)
    assert scores[1] > 40
    assert scores[3] > 0


def test_scars_alone_leave_a_good_print(finger: Master) -> None:
    assert judge(impression(aged(finger, Skin(scars=2)), seed=1, **ORDINARY)).advice is FingerAdvice.GOOD


def test_measures_are_finite_numbers_that_make_columns(finger: Master) -> None:
    for measures in (NOTHING, judge(_laid(finger)).measures):
        assert [field.type for field in fields(Measures)] == [float] * len(astuple(measures))
        assert all(type(value) is float and math.isfinite(value) for value in astuple(measures))


def test_the_period_is_the_skin_s(finger: Master) -> None:
    assert 0.42 < judge(_laid(finger)).measures.period_mm < 0.62


@settings(deadline=None, max_examples=40)
@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(64, 110), st.integers(64, 110)),
        elements=st.integers(0, 255),
        fill=st.sampled_from([0, 90, 255]),
    ),
    st.sampled_from([400, 500, 508]),
)
def test_any_image_is_judged(image: Image, ppi: int) -> None:
    if min(image.shape) * 500 / ppi < 64:
        return
    judgement = judge(image, ppi=ppi)
    assert 0 <= judgement.score <= 100
    assert all(math.isfinite(value) for value in astuple(judgement.measures))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(288, 256), (192, 192), (320, 272)]), st.floats(0.0, 40.0))
def test_no_noise_is_good(seed: int, size: tuple[int, int], softness: float) -> None:
    noise = np.random.default_rng(seed).normal(128, 80, size)
    if softness > 0.3:
        noise = cv2.GaussianBlur(noise, (0, 0), softness)
        noise = 128 + 80 * (noise - noise.mean()) / (noise.std() + 1e-6)
    judgement = judge(np.clip(noise, 0, 255).astype(np.uint8))
    assert judgement.advice is not FingerAdvice.GOOD
    assert 0 <= judgement.score < 55


@pytest.mark.parametrize("angle", [0, 30, 90])
@pytest.mark.parametrize("period", [3, 9, 30])
def test_stripes_are_judged(angle: int, period: int) -> None:
    """Nobody's finger, but ridges all the same where they stand as far apart as skin's."""
    y, x = np.mgrid[:288, :256]
    wave = np.cos(2 * np.pi * (x * math.cos(math.radians(angle)) + y * math.sin(math.radians(angle))) / period)
    judgement = judge((128 + 120 * wave).astype(np.uint8))
    assert 0 <= judgement.score <= 100


def test_a_large_finger_that_barely_touches_should_press_harder(finger: Master) -> None:
    faint = _laid(finger, pressure=0.0, moisture=0.42)[40:250, 30:226]
    large = cv2.resize(faint, None, fx=1.4, fy=1.4, interpolation=cv2.INTER_AREA).astype(np.uint8)
    judgement = judge(large)
    assert judgement.measures.clear_mm2 > 90
    assert judgement.advice is FingerAdvice.PRESS_HARDER


@pytest.mark.parametrize(
    ("changed", "below"),
    [({"moisture": 0.0}, 40), ({"moisture": 1.0}, 50), ({"coverage": 0.35}, 50), ({"pressure": 0.0}, 75)],
)
def test_the_score_tells_poor_from_ordinary(finger: Master, changed: dict[str, object], below: int) -> None:
    assert judge(_laid(finger, **changed)).score < below < judge(_laid(finger)).score


def test_offsets_are_in_millimetres_and_point_where_the_print_lies(finger: Master) -> None:
    measures = judge(_laid(finger, pressure=0.1, shift=(30.0, -20.0))).measures
    assert measures.centre_x_mm == pytest.approx(30 * 25.4 / 500, abs=0.4)
    assert measures.centre_y_mm == pytest.approx(-20 * 25.4 / 500, abs=0.4)


@pytest.mark.parametrize("ppi", [400, 800])
def test_the_judgement_is_the_same_at_another_resolution(finger: Master, ppi: int) -> None:
    image = _laid(finger)
    scaled = cv2.resize(image, None, fx=ppi / 500, fy=ppi / 500, interpolation=cv2.INTER_AREA).astype(np.uint8)
    assert judge(scaled, ppi=ppi).advice is judge(image).advice is FingerAdvice.GOOD


def test_a_small_reader_s_full_window_is_good(finger: Master) -> None:
    """The R503 shows 192 × 192 pixels: a finger that fills them has done all it can."""
    assert judge(impression(finger, seed=2, size=(192, 192), shift=(0, 0))).advice is FingerAdvice.GOOD


def test_low_contrast_alone_is_no_fault_of_the_finger(finger: Master) -> None:
    faint = (120 + _laid(finger).astype(np.float32) * 0.4).astype(np.uint8)
    assert judge(faint).advice is FingerAdvice.GOOD


RNG = np.random.default_rng(5)
NO_PRINTS = {
    "white": np.full((288, 256), 255, np.uint8),
    "black": np.zeros((288, 256), np.uint8),
    "noise": RNG.integers(0, 256, (288, 256), dtype=np.uint8),
    "soft noise": cv2.GaussianBlur(RNG.integers(0, 256, (288, 256), dtype=np.uint8), (0, 0), 2).astype(np.uint8),
    "faint noise": (250 + RNG.integers(-5, 5, (288, 256))).astype(np.uint8),
    "slope": np.tile(np.linspace(0, 255, 256).astype(np.uint8), (288, 1)),
    "specks": np.where(RNG.random((288, 256)) < 0.01, 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("name", NO_PRINTS)
def test_what_is_no_print_is_never_good(name: str) -> None:
    judgement = judge(NO_PRINTS[name])
    assert judgement.advice is not FingerAdvice.GOOD
    assert judgement.score < 55


@pytest.mark.parametrize("name", ["white", "black", "faint noise"])
def test_an_empty_reader_scores_nothing(name: str) -> None:
    judgement = judge(NO_PRINTS[name])
    assert (judgement.advice, judgement.score, judgement.measures.foreground) == (FingerAdvice.UNCLEAR, 0, 0.0)


def test_dirt_beside_the_finger_does_not_shift_it(finger: Master) -> None:
    image = _laid(finger, pressure=0.2)
    dirty = image.copy()
    dirty[5:25, 5:25] = 40
    assert judge(dirty).measures.foreground == pytest.approx(judge(image).measures.foreground, abs=0.008)
    assert judge(dirty).measures.centre_x_mm == pytest.approx(judge(image).measures.centre_x_mm, abs=0.1)
    assert judge(dirty).measures.centre_y_mm == pytest.approx(judge(image).measures.centre_y_mm, abs=0.1)


@pytest.mark.parametrize(
    ("image", "ppi"),
    [
        (np.zeros((288, 256, 3), np.uint8), 500),
        (np.zeros((288, 256), np.float32), 500),
        (np.zeros((20, 20), np.uint8), 500),
        (np.zeros((288, 256), np.uint8), 50),
    ],
)
def test_what_cannot_be_judged_is_refused(image: Image, ppi: int) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        judge(image, ppi=ppi)


def test_the_score_says_whose_it_is() -> None:
    assert ALGORITHM == "REKAM_FINGER_2"
