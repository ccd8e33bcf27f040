"""The judge of eyes, over painted ones whose truth is known."""

from dataclasses import asdict, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pytest

from drivers.camera.eyeball import CORNEA_AT, PUPIL_AT, Person
from drivers.camera.eyes import WELL as PAINTED_WELL
from drivers.camera.eyes import EyePainter, EyePose, EyeScene
from kiosk.capture.advice import EyeAdvice
from kiosk.capture.iris import ALGORITHM, COVERED, EyeJudge, EyeMeasures, EyesJudgement, advise, iris_image
from kiosk.journey.eyes import BOTH_EYES, Eye

SIZE = (1280, 960)
FINE = PAINTED_WELL * SIZE[0] / 11.7
Pixels = npt.NDArray[np.uint8]

EXPECTED = {
    EyePose.GOOD: EyeAdvice.GOOD,
    EyePose.AWAY: EyeAdvice.NO_EYES,
    EyePose.FAR: EyeAdvice.CLOSER,
    EyePose.NEAR: EyeAdvice.FURTHER,
    EyePose.LEFT: EyeAdvice.MOVE_RIGHT,
    EyePose.RIGHT: EyeAdvice.MOVE_LEFT,
    EyePose.HIGH: EyeAdvice.LOWER,
    EyePose.LOW: EyeAdvice.RAISE,
    EyePose.GLASSES: EyeAdvice.GLASSES_OFF,
    EyePose.NARROWED: EyeAdvice.OPEN_WIDE,
    EyePose.SHUT: EyeAdvice.OPEN_WIDE,
    EyePose.AVERTED: EyeAdvice.LOOK_HERE,
    EyePose.UNSHARP: EyeAdvice.HOLD_STILL,
    EyePose.RIGHT_SHUT: EyeAdvice.OPEN_WIDE,
    EyePose.LEFT_PATCHED: EyeAdvice.OPEN_WIDE,
    EyePose.RIGHT_CLOUDED: EyeAdvice.OPEN_WIDE,
}


@lru_cache(maxsize=32)
def painted(scene: EyeScene, seed: int = 1, number: int = 0, size: tuple[int, int] = SIZE) -> Pixels:
    return EyePainter(*size, seed=seed).paint(scene, number)


def judged(scene: EyeScene, seed: int = 1, *, wanted: tuple[Eye, ...] = BOTH_EYES) -> EyesJudgement:
    return EyeJudge().judge(painted(scene, seed), wanted=wanted)


def test_every_advice_but_that_on_movement_is_expected_of_some_pose() -> None:
    assert set(EXPECTED.values()) == set(EyeAdvice)
    assert set(EXPECTED) == set(EyePose) - {EyePose.RESTLESS}


@pytest.mark.parametrize(("pose", "advice"), EXPECTED.items(), ids=lambda value: value.name)
def test_the_right_advice_comes_first(pose: EyePose, advice: EyeAdvice) -> None:
    for seed in (1, 4):
        assert judged(pose.value, seed).advice is advice


@pytest.mark.parametrize("light", [0.35, 1.4, 1.7])
def test_little_light_and_shining_skin_are_not_taken_for_glasses(light: float) -> None:
    for seed in (1, 2, 3):
        assert judged(EyeScene(light=light), seed).advice is EyeAdvice.GOOD
    glasses = EyePose.GLASSES.value
    assert judged(replace(glasses, light=min(light, 1.4))).advice is EyeAdvice.GLASSES_OFF


def test_who_moves_between_two_frames_is_asked_to_hold_still() -> None:
    judge, restless = EyeJudge(), EyePose.RESTLESS.value
    before = judge.judge(painted(restless, number=0))
    after = judge.judge(painted(restless, number=4), before)
    assert after.advice is EyeAdvice.HOLD_STILL
    moved = restless.sway * np.sin(2 * np.pi * restless.hertz * 4 / 30)
    assert after.motion == pytest.approx(moved, abs=0.004)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_measures_agree_with_the_painted_truth(seed: int) -> None:
    person = Person.of(seed)
    scene = EyeScene(x=0.02, y=-0.05, pupil=0.4, sway=0.0)
    eyes = judged(scene, seed).eyes
    for eye, side in ((Eye.RIGHT, -1), (Eye.LEFT, 1)):
        measures = eyes[eye]
        assert measures.x == pytest.approx((0.5 + scene.x) * SIZE[0] + side * person.apart / 2 * FINE, abs=2.0)
        assert measures.y == pytest.approx((0.5 + scene.y) * SIZE[1], abs=2.0)
        assert measures.radius == pytest.approx(person.radius * FINE, rel=0.04)
        assert measures.dilation == pytest.approx(0.4, abs=0.03)
        assert measures.focus > 0.9
        assert 0.7 < measures.usable <= 1.0


def test_a_gaze_is_measured_from_how_far_the_reflections_lag() -> None:
    person = Person.of(2)
    for degrees in (0.0, 6.0, 12.0):
        eyes = judged(EyeScene(gaze=(degrees, 0.0), sway=0.0), 2).eyes
        lag = (PUPIL_AT - CORNEA_AT) * np.sin(np.radians(degrees)) / person.radius
        for measures in eyes.values():
            assert measures.gaze == pytest.approx(lag, abs=0.035)


def test_the_score_falls_with_everything_that_costs_texture() -> None:
    best = judged(EyeScene(opening=1.0)).score
    assert best > 75
    assert judged(EyeScene(opening=1.0, defocus=0.3)).score < best - 5
    assert judged(EyeScene(opening=0.75)).score < best - 5
    assert judged(EyeScene(opening=1.0, scale=0.85)).score < best
    assert judged(EyeScene(opening=1.0, gaze=(12.0, 0.0))).score < best - 5
    assert ALGORITHM == "REKAM_IRIS_1"


def test_a_still_of_the_same_eyes_scores_higher_for_its_size() -> None:
    preview = EyeJudge().judge(painted(EyeScene(), 3))
    still = EyeJudge().judge(painted(EyeScene(), 3, 0, (2592, 1944)))
    assert still.advice is preview.advice is EyeAdvice.GOOD
    assert still.score > preview.score
    assert still.eyes[Eye.LEFT].radius == pytest.approx(2592 / 1280 * preview.eyes[Eye.LEFT].radius, rel=0.02)
    assert still.eyes[Eye.LEFT].radius > 80


@pytest.mark.parametrize(
    ("pose", "seen"),
    [(EyePose.RIGHT_SHUT, Eye.LEFT), (EyePose.LEFT_PATCHED, Eye.RIGHT), (EyePose.RIGHT_CLOUDED, Eye.LEFT)],
    ids=lambda value: value.name,
)
def test_who_has_one_eye_to_give_gives_that_one(pose: EyePose, seen: Eye) -> None:
    found = judged(pose.value, 2, wanted=(seen,))
    assert found.advice is EyeAdvice.GOOD
    assert set(found.eyes) == {seen}
    assert found.score > 70
    unseen = next(eye for eye in BOTH_EYES if eye is not seen)
    missing = judged(pose.value, 2, wanted=(unseen,))
    assert missing.advice is EyeAdvice.OPEN_WIDE
    assert missing.score == 0


def test_an_eye_at_the_edge_is_told_which_way_although_the_other_is_out_of_sight() -> None:
    assert set(judged(EyeScene(x=0.26), 2).eyes) == {Eye.RIGHT}
    assert judged(EyeScene(x=0.26), 2).advice is EyeAdvice.MOVE_RIGHT
    assert judged(EyeScene(x=-0.26), 2).advice is EyeAdvice.MOVE_LEFT


def test_a_blink_is_no_reason_to_be_told_to_open_the_eyes() -> None:
    judge = EyeJudge()
    good = judge.judge(painted(EyeScene()))
    blink = judge.judge(painted(EyePose.SHUT.value), good)
    assert blink.advice is EyeAdvice.HOLD_STILL
    assert blink.score == 0
    assert judge.judge(painted(EyeScene()), blink).advice is EyeAdvice.GOOD
    assert judge.judge(painted(EyePose.SHUT.value), blink).advice is EyeAdvice.OPEN_WIDE
    wink = judge.judge(painted(EyePose.RIGHT_SHUT.value), good)
    assert wink.advice is EyeAdvice.HOLD_STILL
    assert judge.judge(painted(EyePose.RIGHT_SHUT.value), wink).advice is EyeAdvice.OPEN_WIDE


def test_advice_does_not_flicker_at_a_limit() -> None:
    seen = judged(EyeScene(), 2)

    def told(before: EyeAdvice | None, covered: float) -> EyeAdvice:
        eyes = {eye: replace(measures, usable=1 - covered) for eye, measures in seen.eyes.items()}
        return advise(replace(seen, eyes=eyes), before, wanted=BOTH_EYES, size=SIZE)

    for covered in (0.95 * COVERED, 1.1 * COVERED):
        assert told(EyeAdvice.GOOD, covered) is EyeAdvice.GOOD
        assert told(EyeAdvice.OPEN_WIDE, covered) is EyeAdvice.OPEN_WIDE
    assert told(EyeAdvice.GOOD, 1.2 * COVERED) is EyeAdvice.OPEN_WIDE
    assert told(EyeAdvice.OPEN_WIDE, 0.8 * COVERED) is EyeAdvice.GOOD


def test_an_iris_is_cut_out_of_the_frame_pixel_for_pixel_with_its_middle_in_the_middle() -> None:
    frame = painted(EyeScene(), 2)
    measures = judged(EyeScene(), 2).eyes[Eye.LEFT]
    cut = iris_image(frame, measures)
    assert cut.pixels.shape == (480, 640)
    assert cut.pixels.flags.c_contiguous
    assert cut.centred
    assert (cut.x, cut.y) == (pytest.approx(320, abs=0.5), pytest.approx(240, abs=0.5))
    left, top = round(measures.x) - 320, round(measures.y) - 240
    assert np.array_equal(cut.pixels, frame[top : top + 480, left : left + 640, 0])


def test_near_the_edge_the_cut_stays_in_the_frame_and_says_where_the_iris_is() -> None:
    frame = painted(EyeScene(), 2)
    measures = replace(judged(EyeScene(), 2).eyes[Eye.RIGHT], x=200.0, y=900.0)
    cut = iris_image(frame, measures)
    assert not cut.centred
    assert (cut.x, cut.y) == (200.0, 900.0 - 480)
    assert np.array_equal(cut.pixels, frame[480:960, 0:640, 0])
    with pytest.raises(ValueError, match="use a larger still"):
        iris_image(frame[:400, :600], measures)


@pytest.mark.parametrize("size", [(48, 64), (240, 320), (961, 1277)])
def test_any_picture_is_judged(size: tuple[int, int]) -> None:
    random = np.random.default_rng(3)
    noise = random.integers(0, 256, (*size, 3), dtype=np.uint8)
    judge, before = EyeJudge(), judged(EyeScene(), 2)
    for frame in (noise, np.zeros_like(noise), np.full_like(noise, 255), np.ascontiguousarray(noise[..., 0])):
        assert judge.judge(frame).advice is not EyeAdvice.GOOD
        assert judge.judge(frame, before, wanted=(Eye.LEFT,)).advice is not EyeAdvice.GOOD


def test_measures_are_figures_and_no_eye_is_printed() -> None:
    found = judged(EyeScene(), 2)
    assert all(isinstance(value, float | int) for value in asdict(found.eyes[Eye.LEFT]).values())
    assert isinstance(found.eyes[Eye.LEFT], EyeMeasures)
    assert "radius" not in repr(found)
    assert "pixels" not in repr(iris_image(painted(EyeScene(), 2), found.eyes[Eye.LEFT]))
