"""What a judgement says in figures: every measure by its name, and limits that are the judges' own."""

from dataclasses import dataclass, fields, replace

import pytest

from drivers.camera.eyes import EyePainter, EyePose
from drivers.camera.scene import Painter, Pose
from kiosk.capture import iris
from kiosk.capture.advice import EyeAdvice, FaceAdvice
from kiosk.capture.face import FaceJudge
from kiosk.capture.face.advising import advise as advise_face
from kiosk.capture.iris import EyeJudge
from kiosk.journey.eyes import BOTH_EYES, Eye
from kiosk.station.workbench import reading as room
from kiosk.station.workbench.limits import Limit, limits
from kiosk.station.workbench.reading import Kind, names, of_eyes, of_face
from kiosk.station.workbench.showing import bounded, written

WIDTH, HEIGHT = 1280, 960


@pytest.fixture(scope="module")
def face():
    return FaceJudge().judge(Painter(WIDTH, HEIGHT, seed=5).paint(Pose.GOOD.value, 0))


@pytest.fixture(scope="module")
def painter():
    return EyePainter(WIDTH, HEIGHT, seed=5)


@pytest.fixture(scope="module")
def eyes(painter):
    return EyeJudge().judge(painter.paint(EyePose.GOOD.value, 0))


@dataclass(frozen=True)
class Odd:
    """Measures as the judges may come to have them."""

    whole: int
    offset_mm: tuple[float, float]
    maybe: float | None
    name: str
    share: float = 0.5


def test_numbers_become_figures_and_tuples_several(monkeypatch):
    monkeypatch.setattr(room.face, "Measures", Odd)
    assert names(Kind.FACE) == ("whole", "offset_mm_1", "offset_mm_2", "maybe", "share")


@pytest.mark.parametrize("maybe", [None, 2.5])
def test_what_was_not_measured_has_no_figure(face, maybe):
    told = of_face(replace(face, measures=Odd(3, (1.0, -2.0), maybe, "n"))).figures
    wanted = {"whole": 3.0, "offset_mm_1": 1.0, "offset_mm_2": -2.0, "maybe": maybe, "share": 0.5}
    assert told == {name: value for name, value in wanted.items() if value is not None}


def test_a_face_has_every_figure_by_its_name(face):
    told = of_face(face)
    assert tuple(told.figures) == names(Kind.FACE)
    assert told.advice is FaceAdvice.GOOD
    assert all(told.figures[each.name] == getattr(face.measures, each.name) for each in fields(face.measures))


def test_a_face_that_was_missed_has_no_figures_of_the_frame_before(face):
    assert of_face(replace(face, missed=True)).figures == {}


def test_eyes_have_the_figures_of_each(eyes, painter):
    told = of_eyes(eyes)
    assert tuple(told.figures) == names(Kind.EYES)
    assert told.figures["left_x"] == eyes.eyes[Eye.LEFT].x > told.figures["right_x"]
    one = of_eyes(EyeJudge().judge(painter.paint(EyePose.RIGHT_SHUT.value, 0))).figures
    assert set(one) == {name for name in names(Kind.EYES) if not name.startswith("right_")}


# The limits are the judges' own ---------------------------------------------------------------------------------------


def just_beyond(limit):
    """Figures a hair within and beyond each end of a limit."""
    for end, outward in ((limit.least, -1), (limit.most, 1)):
        if end is not None and limit.least != limit.most:
            hair = max(abs(end), 0.01) * 1e-3
            yield end - outward * hair, end + outward * hair


@pytest.mark.parametrize("name", limits(Kind.FACE, WIDTH))
def test_a_face_is_good_within_each_limit_and_not_beyond(face, name):
    limit = limits(Kind.FACE, WIDTH)[name]
    assert limit.holds(getattr(face.measures, name))
    for within, beyond in just_beyond(limit):
        assert advise_face(replace(face.measures, **{name: within}), None) is FaceAdvice.GOOD
        assert advise_face(replace(face.measures, **{name: beyond}), None) is not FaceAdvice.GOOD


@pytest.mark.parametrize("name", limits(Kind.EYES, WIDTH))
def test_eyes_are_good_within_each_limit_and_not_beyond(eyes, name):
    limit = limits(Kind.EYES, WIDTH)[name]
    assert limit.holds(of_eyes(eyes).figures[name])
    for within, beyond in just_beyond(limit):
        for figure, good in ((within, True), (beyond, False)):
            changed = with_figure(eyes, name, figure)
            told = iris.advise(changed, None, wanted=BOTH_EYES, size=(WIDTH, HEIGHT))
            assert (told is EyeAdvice.GOOD) is good, figure


def with_figure(eyes, name, figure):
    """The same judgement with one figure changed; both eyes alike where their size counts together."""
    which, _, measure = name.partition("_")
    if not measure:
        return replace(eyes, **{name: figure})
    alike = [eye for eye in eyes.eyes if measure == "radius" or eye.value == which]
    return replace(
        eyes,
        eyes={eye: replace(seen, **{measure: figure}) if eye in alike else seen for eye, seen in eyes.eyes.items()},
    )


@pytest.mark.parametrize("kind", Kind)
def test_every_limit_is_that_of_a_measure(kind):
    assert set(limits(kind, WIDTH)) - {"score"} <= set(names(kind))


# As they are written --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "told"),
    [
        (0.0, "0"),
        (-0.00001, "0"),
        (0.00006, "0.0001"),
        (1.0, "1"),
        (-7.0, "−7"),
        (0.09876, "0.0988"),
        (-0.5, "−0.500"),
        (9.996, "10.00"),
        (12.34, "12.3"),
        (143.7, "144"),
        (12345.6, "12346"),
    ],
)
def test_figures_are_written_for_reading(figure, told):
    assert written(figure) == told


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (Limit(most=0.0350), "< 0.035"),
        (Limit(least=55), "> 55"),
        (Limit(-10, 10), "± 10"),
        (Limit(1, 1), "1"),
        (Limit(0.85, 1.15), "0.85 – 1.15"),
        (Limit(), ""),
    ],
)
def test_limits_are_written_in_signs(limit, told):
    assert bounded(limit) == told
