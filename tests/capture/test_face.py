"""The face judge over a real face: the advice for each way to stand, steady, and never good without a face."""

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from drivers.camera.scene import Cloth, Painter, Pose, Scene
from kiosk.capture.advice import FaceAdvice
from kiosk.capture.face import OVAL, SIZE, FaceJudge, FaceJudgement, advise

WANTED = {
    Pose.GOOD: FaceAdvice.GOOD,
    Pose.AWAY: FaceAdvice.NO_FACE,
    Pose.FAR: FaceAdvice.CLOSER,
    Pose.NEAR: FaceAdvice.FURTHER,
    Pose.LEFT: FaceAdvice.MOVE_RIGHT,
    Pose.RIGHT: FaceAdvice.MOVE_LEFT,
    Pose.HIGH: FaceAdvice.LOWER,
    Pose.LOW: FaceAdvice.RAISE,
    Pose.TILTED: FaceAdvice.STRAIGHTEN,
    Pose.DARK: FaceAdvice.MORE_LIGHT,
    Pose.GLARING: FaceAdvice.LESS_LIGHT,
    Pose.TWO: FaceAdvice.ONE_PERSON,
}


@pytest.fixture(scope="module")
def judge() -> FaceJudge:
    return FaceJudge()


@pytest.fixture(scope="module")
def painter() -> Painter:
    return Painter(1280, 960, seed=5)


def watch(judge: FaceJudge, painter: Painter, scene: Scene, frames: range) -> list[FaceJudgement]:
    seen: list[FaceJudgement] = []
    for number in frames:
        seen.append(judge.judge(painter.paint(scene, number), seen[-1] if seen else None))
    return seen


@pytest.mark.parametrize("cloth", list(Cloth))
@pytest.mark.parametrize("pose", list(WANTED), ids=lambda pose: pose.name.lower())
def test_each_pose_gets_its_advice_and_keeps_it(judge: FaceJudge, painter: Painter, pose: Pose, cloth: Cloth) -> None:
    seen = watch(judge, painter, replace(pose.value, cloth=cloth), range(0, 60, 6))
    assert {judgement.advice for judgement in seen} == {WANTED[pose]}


def test_a_restless_person_is_asked_to_hold_still(judge: FaceJudge, painter: Painter) -> None:
    seen = watch(judge, painter, Pose.RESTLESS.value, range(0, 60, 4))
    assert sum(judgement.advice is FaceAdvice.HOLD_STILL for judgement in seen[1:]) > len(seen) / 2


@pytest.mark.parametrize("roll", [-35.0, -25.0, -15.0, 15.0, 25.0, 35.0])
def test_a_tilted_head_is_seen_however_far_and_asked_upright(judge: FaceJudge, painter: Painter, roll: float) -> None:
    assert judge.judge(painter.paint(Scene(roll=roll), 0)).advice is FaceAdvice.STRAIGHTEN


def test_a_blurred_face_is_not_good(judge: FaceJudge, painter: Painter) -> None:
    frame = cv2.GaussianBlur(painter.paint(Pose.GOOD.value, 0), (0, 0), 10).astype(np.uint8)
    assert judge.judge(frame).advice is not FaceAdvice.GOOD


@pytest.mark.parametrize("gain", [0.5, 0.35])
def test_dark_skin_in_good_light_is_not_called_dark(judge: FaceJudge, painter: Painter, gain: float) -> None:
    """The person darkened, the cloth as bright as ever: how a camera exposes a dark face."""
    dim = painter.paint(replace(Pose.GOOD.value, light=gain), 0)
    empty = painter.paint(Pose.AWAY.value, 0)
    dim_empty = painter.paint(replace(Pose.AWAY.value, light=gain), 0)
    cloth = (np.abs(dim.astype(int) - dim_empty).max(axis=2) < 14)[..., None]
    frame = np.where(cloth, empty, dim).astype(np.uint8)
    assert judge.judge(frame).advice is FaceAdvice.GOOD


@pytest.mark.parametrize("value", [0, 60, 255])
def test_an_empty_frame_is_never_good(judge: FaceJudge, value: int) -> None:
    judgement = judge.judge(np.full((960, 1280, 3), value, np.uint8))
    assert judgement.advice is not FaceAdvice.GOOD
    assert judgement.box is None


def test_noise_is_no_face(judge: FaceJudge) -> None:
    random = np.random.default_rng(3)
    frame = cv2.resize(random.integers(0, 256, (120, 160, 3)).astype(np.uint8), (1280, 960)).astype(np.uint8)
    assert judge.judge(frame).advice is not FaceAdvice.GOOD


def test_one_missed_frame_keeps_the_advice_but_is_not_good(judge: FaceJudge, painter: Painter) -> None:
    empty = painter.paint(Pose.AWAY.value, 0)
    good = judge.judge(painter.paint(Pose.GOOD.value, 0))
    assert good.advice is FaceAdvice.GOOD
    blinked = judge.judge(empty, good)
    assert blinked.advice is FaceAdvice.HOLD_STILL
    assert judge.judge(empty, blinked).advice is FaceAdvice.NO_FACE
    far = judge.judge(painter.paint(Pose.FAR.value, 0))
    assert judge.judge(empty, far).advice is FaceAdvice.CLOSER


@pytest.mark.parametrize(("scale", "x", "y"), [(1.0, 0.0, 0.0), (0.9, 0.03, -0.04), (1.1, -0.03, 0.03)])
def test_the_box_is_the_head_in_shares_of_any_frame(
    judge: FaceJudge, painter: Painter, scale: float, x: float, y: float
) -> None:
    truth = (OVAL[0] + x, OVAL[1] + y, 2 * OVAL[2] * scale, 2 * OVAL[3] * scale)
    frame = painter.paint(Scene(scale=scale, x=x, y=y, sway=0.0), 0)
    small: npt.NDArray[np.uint8] = cv2.resize(frame, (640, 480), interpolation=cv2.INTER_AREA).astype(np.uint8)
    for picture in (frame, small):
        box = judge.judge(picture).box
        assert box is not None
        left, top, width, height = box
        assert (left + width / 2, top + height / 2) == pytest.approx(truth[:2], abs=0.015)
        assert (width, height) == pytest.approx(truth[2:], rel=0.08)


def test_a_still_is_judged_like_a_preview(judge: FaceJudge) -> None:
    assert judge.judge(Painter(2592, 1944, seed=1).paint(Pose.GOOD.value, 0)).advice is FaceAdvice.GOOD


def judgement(**changes: object) -> FaceJudgement:
    cx, cy, rx, ry = OVAL
    well = FaceJudgement(
        advice=FaceAdvice.GOOD,
        box=(cx - rx, cy - ry, 2 * rx, 2 * ry),
        faces=1,
        roll=0.0,
        brightness=0.6,
        evenness=0.9,
        glare=0.0,
        sharpness=0.1,
        motion=0.0,
    )
    return replace(well, **changes)  # type: ignore[arg-type]  # replace() checks the names itself


def sized(ratio: float) -> FaceJudgement:
    cx, cy, rx, ry = OVAL
    return judgement(box=(cx - rx * ratio, cy - ry * ratio, 2 * rx * ratio, 2 * ry * ratio))


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"faces": 2, "roll": 20.0}, FaceAdvice.ONE_PERSON),
        ({"roll": 20.0, "motion": 0.1}, FaceAdvice.STRAIGHTEN),
        ({"evenness": 0.3, "motion": 0.1}, FaceAdvice.MORE_LIGHT),
        ({"brightness": 0.05, "faces": 2}, FaceAdvice.MORE_LIGHT),
        ({"glare": 0.2}, FaceAdvice.LESS_LIGHT),
        ({"sharpness": 0.001}, FaceAdvice.HOLD_STILL),
        ({}, FaceAdvice.GOOD),
    ],
)
def test_first_things_come_first(changes: dict[str, object], advice: FaceAdvice) -> None:
    assert advise(judgement(**changes), None) is advice


def test_advice_does_not_flicker_at_a_limit() -> None:
    just_inside, just_outside = sized(1 - 0.97 * SIZE), sized(1 - 1.03 * SIZE)
    assert advise(just_inside, None) is FaceAdvice.GOOD
    assert advise(just_outside, None) is FaceAdvice.CLOSER
    assert advise(just_outside, FaceAdvice.GOOD) is FaceAdvice.GOOD
    assert advise(just_inside, FaceAdvice.CLOSER) is FaceAdvice.CLOSER
    assert advise(sized(1 - 1.3 * SIZE), FaceAdvice.GOOD) is FaceAdvice.CLOSER
    assert advise(sized(1 - 0.8 * SIZE), FaceAdvice.CLOSER) is FaceAdvice.GOOD


def test_nothing_of_a_face_prints() -> None:
    text = repr(judgement(small=np.zeros((4, 4), np.uint8)))
    assert "box" not in text
    assert "small" not in text
