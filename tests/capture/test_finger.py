"""The first judgement of a finger image: each fault is named, an ordinary print is good, and nothing else ever is."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from drivers.fingerprint.synthetic.synthesis import Master, impression, master
from kiosk.capture.advice import FingerAdvice
from kiosk.capture.finger import ALGORITHM, judge

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
    ],
)
def test_each_fault_has_its_advice(finger: Master, changed: dict[str, object], advice: FingerAdvice) -> None:
    image = _laid(finger, **changed)
    assert judge(image).advice is advice
    assert judge(np.asarray((image >> 4) * 17, np.uint8)).advice is advice  # as the GROW family sends it


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
