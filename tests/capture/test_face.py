"""The face judge over generated people: the advice for each way to stand and look, and never good without a face."""

from dataclasses import fields, replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from drivers.camera.scene import Cloth, Painter, Pose, Scene
from drivers.camera.synthetic.sitter import TONES, Glasses, Look, Person, somebody
from kiosk.capture.advice import FaceAdvice
from kiosk.capture.backdrop import Backdrop
from kiosk.capture.face import OVAL, FaceJudge, FaceJudgement

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
    Pose.BLINKING: FaceAdvice.OPEN_EYES,
    Pose.GLASSES: FaceAdvice.GLASSES_OFF,
    Pose.TURNED_LEFT: FaceAdvice.TURN_RIGHT,
    Pose.TURNED_RIGHT: FaceAdvice.TURN_LEFT,
    Pose.CHIN_UP: FaceAdvice.CHIN_DOWN,
    Pose.CHIN_DOWN: FaceAdvice.CHIN_UP,
    Pose.MOUTH_OPEN: FaceAdvice.CLOSE_MOUTH,
    Pose.SIDE_LIT: FaceAdvice.EVEN_LIGHT,
    Pose.LOOKING_AWAY: FaceAdvice.LOOK_HERE,
    Pose.UNSHARP: FaceAdvice.BLURRED,
}
RIGHT_CLOTH = {Cloth.RED: Backdrop.RED, Cloth.BLUE: Backdrop.BLUE, Cloth.ORANGE: Backdrop.ORANGE}


@pytest.fixture(scope="module")
def judge() -> FaceJudge:
    return FaceJudge()


@pytest.fixture(scope="module")
def painter() -> Painter:
    return Painter(1280, 960, seed=5)


def watch(judge: FaceJudge, painter: Painter, scene: Scene, frames: range) -> list[FaceJudgement]:
    seen: list[FaceJudgement] = []
    for number in frames:
        seen.append(judge.judge(painter.paint(scene, number), seen[-1] if seen else None, backdrop=Backdrop.RED))
    return seen


@pytest.mark.parametrize("pose", list(WANTED), ids=lambda pose: pose.name.lower())
def test_each_pose_gets_its_advice_and_keeps_it(judge: FaceJudge, painter: Painter, pose: Pose) -> None:
    seen = watch(judge, painter, pose.value, range(0, 60, 15))
    assert {judgement.advice for judgement in seen} == {WANTED[pose]}


def test_every_advice_has_a_pose_or_a_test_of_its_own() -> None:
    assert set(FaceAdvice) - set(WANTED.values()) == {FaceAdvice.HOLD_STILL, FaceAdvice.BACKGROUND}


@pytest.mark.parametrize("cloth", list(Cloth))
@pytest.mark.parametrize("asked", list(Backdrop))
def test_only_the_cloth_that_is_asked_for_will_do(
    judge: FaceJudge, painter: Painter, cloth: Cloth, asked: Backdrop
) -> None:
    frame = painter.paint(Scene(cloth=cloth), 0)
    fits = RIGHT_CLOTH.get(cloth) is asked
    assert judge.judge(frame, backdrop=asked).advice is (FaceAdvice.GOOD if fits else FaceAdvice.BACKGROUND)
    assert judge.judge(frame).advice is FaceAdvice.GOOD


def test_a_printed_cloth_is_no_background(judge: FaceJudge, painter: Painter) -> None:
    frame = painter.paint(Scene(pattern=1.0), 0)
    assert judge.judge(frame).advice is FaceAdvice.BACKGROUND


def test_a_restless_person_is_asked_to_hold_still(judge: FaceJudge, painter: Painter) -> None:
    seen = watch(judge, painter, Pose.RESTLESS.value, range(0, 60, 4))
    assert sum(judgement.advice is FaceAdvice.HOLD_STILL for judgement in seen[1:]) > len(seen) / 2


@pytest.mark.parametrize("angle", [0, 45, 90])
def test_motion_in_one_frame_is_not_taken_for_a_lens_out_of_focus(
    judge: FaceJudge, painter: Painter, angle: int
) -> None:
    kernel = np.zeros((25, 25), np.float32)
    kernel[12] = 1 / 25
    turned = cv2.warpAffine(kernel, cv2.getRotationMatrix2D((12, 12), angle, 1.0), (25, 25))
    smeared = cv2.filter2D(painter.paint(Scene(), 0), -1, turned / turned.sum()).astype(np.uint8)
    assert judge.judge(smeared).advice is FaceAdvice.HOLD_STILL


@pytest.mark.parametrize("roll", [-35.0, -15.0, 15.0, 35.0])
def test_a_tilted_head_is_seen_however_far_and_asked_upright(judge: FaceJudge, painter: Painter, roll: float) -> None:
    assert judge.judge(painter.paint(Scene(roll=roll), 0)).advice is FaceAdvice.STRAIGHTEN


@pytest.mark.parametrize("yaw", [-20.0, 0.0, 10.0])
def test_the_turn_of_the_head_is_measured(judge: FaceJudge, painter: Painter, yaw: float) -> None:
    angles = judge.judge(painter.paint(Scene(look=Look(yaw=yaw), roll=5.0), 0)).angles
    assert angles == pytest.approx((yaw, 0.0, -5.0), abs=5.0)


@pytest.mark.parametrize("pitch", [-20.0, 10.0])
def test_the_nod_of_the_head_is_measured(judge: FaceJudge, painter: Painter, pitch: float) -> None:
    angles = judge.judge(painter.paint(Scene(look=Look(pitch=pitch)), 0)).angles
    assert angles == pytest.approx((0.0, pitch, 0.0), abs=5.0)


@pytest.mark.parametrize("tone", TONES)
def test_dark_skin_in_good_light_is_not_called_dark(
    judge: FaceJudge, painter: Painter, tone: tuple[int, int, int]
) -> None:
    seen = judge.judge(painter.paint(Scene(person=Person(tone=tone)), 0), backdrop=Backdrop.RED)
    assert seen.advice is FaceAdvice.GOOD
    assert seen.score > 75
    dim = judge.judge(painter.paint(Scene(person=Person(tone=tone), light=0.24), 0), backdrop=Backdrop.RED)
    assert dim.advice is FaceAdvice.MORE_LIGHT


@pytest.mark.parametrize("scarf", [(40, 44, 52), (232, 226, 214)])
def test_a_headscarf_is_welcome(judge: FaceJudge, painter: Painter, scarf: tuple[int, int, int]) -> None:
    frame = painter.paint(Scene(person=Person(tone=TONES[2], scarf=scarf)), 0)
    assert judge.judge(frame, backdrop=Backdrop.RED).advice is FaceAdvice.GOOD


@pytest.mark.parametrize("glasses", [Glasses.THIN, Glasses.THICK, Glasses.REFLECTING])
def test_every_kind_of_glasses_is_suspected(judge: FaceJudge, painter: Painter, glasses: Glasses) -> None:
    frame = painter.paint(Scene(person=somebody(3), look=Look(glasses=glasses)), 0)
    assert judge.judge(frame).advice is FaceAdvice.GLASSES_OFF


@pytest.mark.parametrize("tone", TONES)
def test_thin_metal_is_suspected_even_where_it_is_as_bright_as_the_skin(
    judge: FaceJudge, painter: Painter, tone: tuple[int, int, int]
) -> None:
    person, thin = Person(tone=tone), Look(glasses=Glasses.THIN)
    bare = judge.judge(painter.paint(Scene(person=person), 0)).measures
    worn = judge.judge(painter.paint(Scene(person=person, look=thin), 0)).measures
    assert bare is not None
    assert worn is not None
    assert worn.bridge > 1.5 * bare.bridge
    assert worn.rims > 1.5 * bare.rims


@pytest.mark.parametrize("glasses", [Glasses.THICK, Glasses.REFLECTING])
def test_glasses_are_not_taken_for_light_from_one_side(judge: FaceJudge, painter: Painter, glasses: Glasses) -> None:
    def evenness(look: Look) -> float:
        seen = judge.judge(painter.paint(Scene(person=Person(tone=TONES[4]), look=look, roll=4.0), 0)).measures
        assert seen is not None
        return seen.evenness

    assert evenness(Look(yaw=-4.0, glasses=glasses)) == pytest.approx(evenness(Look(yaw=-4.0)), abs=0.03)


@pytest.mark.parametrize("value", [0, 60, 255])
def test_an_empty_frame_is_never_good(judge: FaceJudge, value: int) -> None:
    judgement = judge.judge(np.full((960, 1280, 3), value, np.uint8))
    assert judgement.advice is not FaceAdvice.GOOD
    assert (judgement.box, judgement.score, judgement.angles, judgement.eyes) == (None, 0, None, None)


def test_noise_is_no_face(judge: FaceJudge) -> None:
    random = np.random.default_rng(3)
    frame = cv2.resize(random.integers(0, 256, (120, 160, 3)).astype(np.uint8), (1280, 960)).astype(np.uint8)
    assert judge.judge(frame).advice is not FaceAdvice.GOOD


def test_one_missed_frame_keeps_the_advice_but_is_not_good(judge: FaceJudge, painter: Painter) -> None:
    empty = painter.paint(Pose.AWAY.value, 0)
    good = judge.judge(painter.paint(Pose.GOOD.value, 0))
    assert good.advice is FaceAdvice.GOOD
    blinked = judge.judge(empty, good)
    assert (blinked.advice, blinked.score) == (FaceAdvice.HOLD_STILL, 0)
    assert judge.judge(empty, blinked).advice is FaceAdvice.NO_FACE
    far = judge.judge(painter.paint(Pose.FAR.value, 0))
    assert judge.judge(empty, far).advice is FaceAdvice.CLOSER


def test_a_second_person_is_seen_soon_though_one_is_followed(judge: FaceJudge, painter: Painter) -> None:
    seen = judge.judge(painter.paint(Pose.GOOD.value, 0))
    told = []
    for number in range(1, 7):
        seen = judge.judge(painter.paint(Pose.TWO.value, number), seen)
        told.append(seen.advice)
    assert told[-1] is FaceAdvice.ONE_PERSON
    assert told.count(FaceAdvice.GOOD) < 5


def test_somebody_far_behind_is_no_second_person(judge: FaceJudge, painter: Painter) -> None:
    frame = painter.paint(Scene(), 0)
    behind = painter.paint(Scene(scale=0.4, x=-0.38, y=-0.05), 0)
    frame[:, :260] = behind[:, :260]
    seen = judge.judge(frame)
    assert seen.measures is not None
    assert seen.measures.faces == 1
    assert seen.advice is FaceAdvice.GOOD


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
        assert (left + width / 2, top + height / 2) == pytest.approx(truth[:2], abs=0.01)
        assert (width, height) == pytest.approx(truth[2:], rel=0.06)


def test_a_still_is_judged_like_a_preview_and_its_points_lie_in_it(judge: FaceJudge, painter: Painter) -> None:
    still = judge.judge(Painter(2592, 1944, seed=1).paint(Scene(sway=0.0), 0))
    preview = judge.judge(painter.paint(Scene(sway=0.0), 0))
    assert still.advice is FaceAdvice.GOOD
    assert still.features.keys() == preview.features.keys() >= {"12.1", "12.2", "9.3", "8.3", "8.4", "2.1"}
    for name, place in still.features.items():
        assert place == pytest.approx([2592 / 1280 * value for value in preview.features[name]], abs=8)


def test_left_is_the_persons_left(judge: FaceJudge, painter: Painter) -> None:
    seen = judge.judge(painter.paint(Scene(sway=0.0), 0))
    points = seen.features
    assert points["12.1"][0] > points["9.3"][0] > points["12.2"][0]
    assert points["8.3"][0] > points["8.4"][0]
    assert points["2.1"][1] > points["8.3"][1] > points["9.3"][1] > points["12.1"][1]
    assert seen.eyes == (points["12.2"], points["12.1"])
    assert (points["12.1"][0] + points["12.2"][0]) / 2 == pytest.approx(0.5 * 1280, abs=6)
    assert points["12.1"][0] - points["12.2"][0] == pytest.approx(0.1125 * 1280, abs=5)


def test_the_score_orders_a_burst(judge: FaceJudge, painter: Painter) -> None:
    scenes = (Scene(), Scene(look=Look(eyes=0.4)), Scene(look=Look(eyes=0.0, mouth=0.6)))
    scores = [judge.judge(painter.paint(scene, 0)).score for scene in scenes]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    assert 0 <= scores[-1] < 40 < 75 < scores[0] <= 100
    # Before the wrong cloth all are worse, and still in order.
    worse = [judge.judge(painter.paint(scene, 0), backdrop=Backdrop.BLUE).score for scene in scenes]
    assert worse == sorted(worse, reverse=True)
    assert len(set(worse)) == len(worse)
    assert max(worse) < 40


def test_nothing_of_a_face_prints(judge: FaceJudge, painter: Painter) -> None:
    seen = judge.judge(painter.paint(Scene(), 0))
    text = repr(seen)
    assert "box" not in text
    assert "features" not in text
    assert "region" not in text
    assert seen.measures is not None
    assert all(isinstance(getattr(seen.measures, field.name), float) for field in fields(seen.measures))
    assert replace(seen.measures, yaw=0.0) != replace(seen.measures, yaw=1.0)
