"""The photo out of a still: what the record says of it is what was done."""

import numpy as np
import pytest

from drivers.camera import Frame
from kiosk.capture.advice import FaceAdvice
from kiosk.capture.face import FaceJudgement
from kiosk.capture.face.measuring import Measures
from kiosk.capture.processing import Processing
from kiosk.station.crew.photographer import photo

CUT = frozenset({Processing.CROPPED})


def judged(roll: float) -> FaceJudgement:
    """A face in the middle of a preview whose eyes are 144 pixels apart, on a line that leans by ``roll`` degrees."""
    way = np.array([np.cos(np.radians(roll)), np.sin(np.radians(roll))]) * 72
    right, left = (tuple(map(float, np.array([640, 440]) + side * way)) for side in (-1, 1))
    measures = Measures(**(dict.fromkeys(Measures.__dataclass_fields__, 0.0) | {"roll": roll}))
    features = {"12.2": (right[0], right[1]), "12.1": (left[0], left[1])}
    return FaceJudgement(FaceAdvice.GOOD, (0.4, 0.2, 0.2, 0.4), 80, measures, features)


@pytest.mark.parametrize(("roll", "turned"), [(0.0, False), (5.0, True), (20.0, False)])
def test_a_photo_says_whether_it_was_turned_and_how_it_leans_now(roll: float, turned: bool) -> None:
    taken = photo(Frame(np.full((960, 1280, 3), 90, np.uint8), 0.0), judged(roll))
    assert (Processing.ROTATED in taken.processing) is turned
    assert taken.processing >= CUT
    assert taken.angles is not None
    assert taken.angles[2] == pytest.approx(0.0 if turned else -roll, abs=0.1)


@pytest.mark.parametrize(
    ("width", "height", "sampled"),
    [(640, 480, Processing.INTERPOLATED), (2592, 1944, Processing.DOWN_SAMPLED)],
)
def test_a_photo_says_whether_it_was_enlarged_or_made_smaller(width: int, height: int, sampled: Processing) -> None:
    nobody = FaceJudgement(FaceAdvice.NO_FACE, None)
    taken = photo(Frame(np.full((height, width, 3), 90, np.uint8), 0.0), nobody)
    assert taken.processing == CUT | {sampled}
    assert (taken.width, taken.height, taken.angles) == (600, 800, None)
