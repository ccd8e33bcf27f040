"""What counts as settled, over metadata as libcamera tells it."""

from collections.abc import Iterator
from itertools import islice, repeat

import pytest

from drivers.camera.settling import (
    AF_CONTINUOUS,
    AF_SCANNING,
    SCAN_BEGINS_WITHIN,
    SETTLED_FOR,
    Focusing,
    Metadata,
    Settling,
    Steadiness,
    following,
    kept,
)

IDLE, FOCUSED, FAILED = 0, 2, 3
REST = {"ExposureTime": 16_000, "AnalogueGain": 1.5, "ColourGains": (2.1, 1.65)}


def white_balance_under_way(error: float) -> Iterator[Metadata]:
    """A Raspberry Pi's white balance goes a twentieth of its way with each frame (rpi.awb, "speed")."""
    while True:
        yield REST | {"ColourGains": (2.1 * (1 + error), 1.65)}
        error *= 0.95


def test_a_white_balance_under_way_is_waited_for() -> None:
    settling = Settling()
    settled = next(seen for seen in islice(white_balance_under_way(0.3), 60) if settling.feed(seen))
    assert settled["ColourGains"][0] == pytest.approx(2.1, rel=0.04)


@pytest.mark.parametrize("moving", ["ExposureTime", "AnalogueGain"])
def test_exposure_that_moves_is_not_settled(moving: str) -> None:
    settling = Settling()
    assert not any(settling.feed(REST | {moving: REST[moving] * 1.02**n}) for n in range(40))  # type: ignore[operator]


def test_rest_must_last() -> None:
    settling = Settling()
    assert [settling.feed(REST) for _ in range(SETTLED_FOR)] == [*repeat(False, SETTLED_FOR - 1), True]


def test_without_colours_the_light_alone_counts_and_without_both_nothing() -> None:
    grey = {"ExposureTime": 16_000, "AnalogueGain": 1.5}
    settling = Settling()
    assert not settling.feed(grey)
    assert any(settling.feed(grey) for _ in range(SETTLED_FOR))
    assert Settling().feed({"SensorTimestamp": 1})


def test_a_measure_of_nothing_is_steady() -> None:
    steadiness = Steadiness(2)
    steadiness.feed([0.0])
    assert steadiness.feed([0.0])


@pytest.mark.parametrize("end", [FOCUSED, FAILED])
def test_a_scan_is_over_when_it_was_seen_to_end(end: int) -> None:
    focusing = Focusing()
    states = [IDLE, FOCUSED, AF_SCANNING, AF_SCANNING, end]
    assert [focusing.feed({"AfState": state}) for state in states] == [False, False, False, False, True]


def test_a_scan_too_fast_to_be_seen_is_not_waited_for() -> None:
    focusing = Focusing()
    answers = [focusing.feed({"AfState": FOCUSED}) for _ in range(SCAN_BEGINS_WITHIN + 1)]
    assert answers == [*repeat(False, SCAN_BEGINS_WITHIN), True]


def test_what_is_kept_is_the_settled_frames_own() -> None:
    controls = kept(REST | {"LensPosition": 2.0, "Lux": 400.0})
    assert controls == {"AeEnable": False, "AwbEnable": False} | REST
    assert "ColourGains" not in kept({"ExposureTime": 1, "AnalogueGain": 1.0})


def test_following_leaves_a_fixed_white_balance_fixed() -> None:
    assert following(None)["AwbEnable"] is True
    fixed = following((2.1, 1.65))
    assert (fixed["AwbEnable"], fixed["ColourGains"]) == (False, (2.1, 1.65))
    assert fixed["AfMode"] == AF_CONTINUOUS
