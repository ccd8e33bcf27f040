"""The glass where no finger lies: clean, greasy, dim, or covered all over."""

import cv2
import numpy as np
import pytest

from drivers.fingerprint.synthetic.synthesis import impression
from kiosk.station.workbench.glass import glass
from tests.fingertips import grown


@pytest.fixture(scope="module")
def tip():
    return grown(11, 2)


@pytest.fixture(scope="module")
def clean(tip):
    return impression(tip, seed=1, rotation=0.0, shift=(0.0, 0.0), coverage=0.6)


def greasy(image, *, at=(30, 250)):
    """The trace of somebody's thumb in a corner."""
    trace = np.zeros(image.shape, np.float32)
    cv2.ellipse(trace, at, (24, 34), 0, 0, 360, 45.0, -1)
    return np.clip(image - cv2.GaussianBlur(trace, (0, 0), 4), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("pressure", "moisture"), [(0.5, 0.5), (0.9, 0.5), (0.2, 0.5), (0.5, 0.05), (0.5, 0.95)], ids=str
)
def test_a_clean_glass_is_clean_whatever_the_finger(tip, pressure, moisture):
    image = impression(tip, seed=2, coverage=0.6, pressure=pressure, moisture=moisture)
    told = glass(image, ppi=500)
    assert told["glass_brightness"] > 0.9
    assert told["glass_dirt"] < 0.005


def test_a_trace_beside_the_print_is_dirt(clean):
    assert glass(greasy(clean), ppi=500)["glass_dirt"] > 0.05 > 10 * glass(clean, ppi=500)["glass_dirt"]


def test_a_dim_glass_is_no_dirt_but_dim(clean):
    told = glass((clean * 0.7).astype(np.uint8), ppi=500)
    assert told["glass_brightness"] == pytest.approx(0.7 * glass(clean, ppi=500)["glass_brightness"], abs=0.02)
    assert told["glass_dirt"] < 0.005


def test_the_same_at_any_resolution(clean):
    dirty = greasy(clean)
    large = cv2.resize(dirty, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    assert glass(large, ppi=1000)["glass_dirt"] == pytest.approx(glass(dirty, ppi=500)["glass_dirt"], abs=0.02)


def test_nothing_is_said_of_a_glass_that_is_covered(clean):
    assert glass(np.tile(clean[60:140, 90:170], (4, 4)), ppi=500) == {}


def test_an_empty_image_is_all_glass():
    told = glass(np.full((288, 256), 250, np.uint8), ppi=500)
    assert told == {"glass_brightness": pytest.approx(250 / 255), "glass_dirt": 0}
