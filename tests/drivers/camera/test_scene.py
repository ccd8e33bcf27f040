"""The painted booth: repeatable, alive, and true to its own geometry."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from drivers.camera.scene import Cloth, Painter, Pose, Scene, between
from drivers.camera.simulated import Booth, SimulatedCamera
from drivers.camera.synthetic.geometry import Face
from drivers.camera.synthetic.sitter import ANYBODY, PLAIN, Look, somebody
from drivers.camera.synthetic.studio import PORTRAIT, Studio

SIZE = (320, 240)


Picture = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
Paint = Callable[[Scene], Picture]


@pytest.fixture(scope="module")
def paint() -> Paint:
    painter = Painter(*SIZE, seed=1)
    return lambda scene: painter.paint(scene, 0)


def test_the_same_seed_and_frame_are_the_same_picture() -> None:
    scene = replace(Pose.TURNED_LEFT.value, person=somebody(4))
    one, same, other = (Painter(*SIZE, seed=seed).paint(scene, 0) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_same_seed_is_the_same_person_and_another_is_another() -> None:
    assert somebody(4) == somebody(4)
    people = [somebody(seed) for seed in range(200)]
    assert len({person.shape for person in people}) == 200
    assert 60 < sum(person.scarf is not None for person in people) < 140
    assert all(person.scarf is None or not person.moustache for person in people)


@pytest.mark.parametrize("change", [{"yaw": 15.0}, {"pitch": 15.0}])
def test_turning_the_head_moves_the_nose_against_the_eyes(change: dict[str, float]) -> None:
    studio = Studio()
    still = studio.portray(ANYBODY, PLAIN)[1]
    _, face = studio.portray(ANYBODY, Look(**change))

    def nose(face: Face) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.asarray((face.points[1, :2] - (face.right_eye + face.left_eye) / 2) / studio.eyes[2])

    moved = nose(face) - nose(still)
    # To the person's left is right in the picture, and a chin that rises takes the nose up.
    assert (moved[0] > 0.1) if "yaw" in change else (moved[1] < -0.05)


def test_the_shoulders_stay_when_the_head_turns() -> None:
    studio = Studio()
    still, turned = (studio.portray(ANYBODY, Look(yaw=yaw))[0].astype(int) for yaw in (0.0, 20.0))
    assert np.abs(still - turned)[900:].max() == 0


def test_nobody_stands_still_and_no_sensor_is_without_noise() -> None:
    painter = Painter(*SIZE, seed=1)
    empty = [painter.paint(Pose.AWAY.value, number).astype(int) for number in (0, 1)]
    noise = (empty[0] - empty[1]).std() / np.sqrt(2)
    assert 0.8 < noise < 3.0
    restless = Scene(sway=0.05)
    moved = np.abs(painter.paint(restless, 0).astype(int) - painter.paint(restless, 30)).mean()
    assert moved > 3 * np.abs(empty[0] - empty[1]).mean()


@pytest.mark.parametrize("cloth", list(Cloth))
def test_the_cloth_has_its_colour(paint: Paint, cloth: Cloth) -> None:
    colour = paint(Scene(scale=0.0, cloth=cloth)).reshape(-1, 3).mean(axis=0)
    assert np.allclose(colour, cloth.value, atol=14)


def test_light_is_a_gain_that_clips_like_a_sensor(paint: Paint) -> None:
    dark, normal, glaring = (paint(Scene(light=light)).mean() for light in (0.3, 1.0, 3.0))
    assert dark == pytest.approx(0.3 * normal, abs=6)
    assert normal < glaring < 255
    assert paint(Scene(light=3.0)).max() == 255


def test_the_persons_right_is_left_in_the_unmirrored_frame(paint: Paint) -> None:
    def where(pose: Pose) -> float:
        person = np.abs(paint(pose.value).astype(int) - paint(Pose.AWAY.value)).sum(axis=(0, 2))
        return float((person * np.arange(SIZE[0])).sum() / person.sum() / SIZE[0])

    assert where(Pose.RIGHT) < where(Pose.GOOD) - 0.08
    assert where(Pose.LEFT) > where(Pose.GOOD) + 0.08


def test_somebody_walking_is_on_the_way_and_arrives() -> None:
    near, far = Pose.NEAR.value, Pose.FAR.value
    assert between(far, near, 0.5).scale == pytest.approx((far.scale + near.scale) / 2)
    assert between(far, near, 1.0) == near
    assert between(Pose.AWAY.value, near, 0.1) == near


def test_a_booth_walks_by_frames_and_keeps_its_cloth() -> None:
    booth = Booth(Pose.FAR)
    camera = SimulatedCamera(booth)
    booth.hang(Cloth.BLUE)
    booth.person(Pose.GOOD, over=0.1)
    scales = []
    for _ in range(5):
        scales.append(booth.scene.scale)
        camera.preview(within=1.0)
    assert scales == sorted(scales)
    assert scales[0] == Pose.FAR.value.scale
    assert scales[-1] == 1.0
    assert booth.scene.cloth is Cloth.BLUE


def test_the_portraits_licence_lies_beside_it() -> None:
    note = (PORTRAIT.parent / "README.md").read_text(encoding="utf-8")
    assert PORTRAIT.name in note
    assert "public domain" in note
