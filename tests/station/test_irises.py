"""The crew member at the near-infrared camera, and the onlooker that judges for whoever watches."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from drivers.camera import Camera, Frame
from drivers.camera.eyeball import Condition
from drivers.camera.eyes import EyePainter, EyePose, EyeScene
from drivers.camera.simulated import STILL, EyeBooth, SimulatedCamera
from drivers.errors import Refused
from kiosk.capture.advice import EyeAdvice
from kiosk.journey.effects import TakeEyes, WatchEyes
from kiosk.journey.events import DeviceLost, Event, EyesJudged, EyesTaken
from kiosk.journey.eyes import BOTH_EYES, Eye, IrisImage, best_of
from kiosk.journey.steps import Device
from kiosk.station.channels import Latest
from kiosk.station.crew.irises import BURST, Irises, Meeting
from kiosk.station.crew.onlooker import Judging, Onlooker
from kiosk.station.worker import Worker

SOON = 10.0
Told = queue.SimpleQueue[Event]


class Album:
    """A camera whose stills are known beforehand; each is taken once, the last one again and again."""

    name = "album"

    def __init__(self, stills: Sequence[EyeScene]) -> None:
        painter = EyePainter(1280, 960, seed=2)
        self.frames = [Frame(painter.paint(scene, 0), float(number)) for number, scene in enumerate(stills)]
        self.taken = 0

    def preview(self, *, within: float) -> Frame:
        return self.frames[0]

    def still(self, *, within: float) -> Frame:
        self.taken += 1
        return self.frames[min(self.taken, len(self.frames)) - 1]

    def unlock(self) -> None:
        pass

    def close(self) -> None:
        pass


def worker_of(camera: Camera, told: Told) -> Worker[Camera]:
    return Worker(Device.EYE_CAMERA, lambda: camera, lambda _: None, told.put)


def the(kind: type[Event], told: Told, *, such: Callable[[Event], bool] = lambda _: True) -> Event:
    """The next event of a kind."""
    until = time.monotonic() + SOON
    while True:
        event = told.get(timeout=until - time.monotonic())
        if isinstance(event, kind) and such(event):
            return event


def taken(stills: Sequence[EyeScene], wanted: tuple[Eye, ...] = BOTH_EYES) -> tuple[tuple[IrisImage, ...], int]:
    """What comes of these stills, and how many were looked at."""
    album, told = Album(stills), Told()
    worker = worker_of(album, told)
    worker.start()
    try:
        Irises(worker, Latest(), told.put).take(TakeEyes(3, wanted))
        event = the(EyesTaken, told)
    finally:
        worker.close()
    assert isinstance(event, EyesTaken)
    assert event.visit == 3
    return event.images, album.taken


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def booth() -> EyeBooth:
    return EyeBooth(person=2)


@pytest.fixture
def station(booth: EyeBooth, told: Told) -> Iterator[tuple[Irises, Latest[Frame]]]:
    preview: Latest[Frame] = Latest()
    worker = worker_of(SimulatedCamera(booth), told)
    irises = Irises(worker, preview, told.put)
    irises.onlooker.start()
    worker.start()
    yield irises, preview
    irises.onlooker.close()
    worker.close()
    assert not irises.onlooker.broken
    assert not worker.broken


def test_eyes_are_shown_and_judged_for_their_visit_until_that_is_enough(
    station: tuple[Irises, Latest[Frame]], booth: EyeBooth, told: Told
) -> None:
    irises, preview = station
    irises.onlooker.watch(WatchEyes(7, BOTH_EYES))
    first = the(EyesJudged, told)
    assert isinstance(first, EyesJudged)
    assert (first.visit, first.advice) == (7, EyeAdvice.GOOD)
    assert preview.get() is not None
    booth.show(EyePose.FAR)
    the(EyesJudged, told, such=lambda event: isinstance(event, EyesJudged) and event.advice is EyeAdvice.CLOSER)
    irises.onlooker.forget()
    assert preview.get() is None


def test_only_the_wanted_eye_is_judged(station: tuple[Irises, Latest[Frame]], booth: EyeBooth, told: Told) -> None:
    irises, _ = station
    booth.show(EyePose.LEFT_PATCHED)
    irises.onlooker.watch(WatchEyes(1, (Eye.RIGHT,)))
    event = the(EyesJudged, told)
    assert isinstance(event, EyesJudged)
    assert event.advice is EyeAdvice.GOOD


def test_both_irises_come_from_a_still_of_full_size(
    station: tuple[Irises, Latest[Frame]], booth: EyeBooth, told: Told
) -> None:
    irises, _ = station
    irises.take(TakeEyes(4, BOTH_EYES))
    event = the(EyesTaken, told)
    assert isinstance(event, EyesTaken)
    assert [image.eye for image in event.images] == [Eye.RIGHT, Eye.LEFT]
    assert booth.locked
    for image in event.images:
        assert (image.width, image.height, len(image.pixels)) == (640, 480, 640 * 480)
        assert (image.centre_x, image.centre_y) == (320, 240)
        assert image.diameter == pytest.approx(0.0892 * STILL[0], rel=0.05)
        assert image.advice is EyeAdvice.GOOD
        assert image.captured is not None
    irises.onlooker.forget()
    assert event.images[0].pixels != event.images[1].pixels


def test_a_good_still_is_enough_and_a_blink_costs_one_more() -> None:
    assert taken([EyeScene()])[1] == 1
    images, looked_at = taken([EyePose.SHUT.value, EyeScene()])
    assert looked_at == 2
    assert [image.advice for image in images] == [EyeAdvice.GOOD, EyeAdvice.GOOD]


def test_each_eye_has_its_own_advice() -> None:
    (image,), looked_at = taken([EyePose.RIGHT_SHUT.value])
    assert looked_at == BURST
    assert (image.eye, image.advice) == (Eye.LEFT, EyeAdvice.GOOD)


def test_each_eye_may_be_good_in_another_still() -> None:
    left_shut = EyeScene(left=Condition.SHUT)
    images, looked_at = taken([EyePose.RIGHT_SHUT.value, left_shut, EyePose.SHUT.value])
    assert looked_at == 2
    assert [(image.eye, image.advice) for image in images] == [(eye, EyeAdvice.GOOD) for eye in BOTH_EYES]


def test_of_stills_that_are_none_of_them_good_each_eye_has_its_best() -> None:
    soft, softer = replace(EyeScene(), defocus=0.35), replace(EyeScene(), defocus=0.5)
    images, looked_at = taken([softer, soft, softer])
    assert looked_at == BURST
    alone, _ = taken([soft])
    assert [image.score for image in images] == [image.score for image in alone]
    assert all(image.advice is EyeAdvice.HOLD_STILL for image in images)


def test_an_eye_that_was_never_seen_is_missing() -> None:
    images, _ = taken([EyePose.LEFT_PATCHED.value])
    assert [image.eye for image in images] == [Eye.RIGHT]
    assert taken([EyePose.AWAY.value])[0] == ()


class SmallCamera(Album):
    """One of those whose stills are no larger than a preview of old."""

    def __init__(self) -> None:
        super().__init__([EyeScene()])
        self.frames = [Frame(frame.pixels[:240, :320], frame.taken) for frame in self.frames]


def test_a_camera_whose_stills_hold_no_iris_is_refused_when_it_is_opened(told: Told) -> None:
    worker = Worker[Camera](Device.EYE_CAMERA, SmallCamera, Meeting(), told.put)
    worker.start()
    the(DeviceLost, told)
    worker.close()
    assert worker.trouble is Refused
    assert not worker.broken


def test_a_still_that_holds_no_iris_costs_the_camera_and_not_the_station(told: Told) -> None:
    worker = worker_of(SmallCamera(), told)
    worker.start()
    Irises(worker, Latest(), told.put).take(TakeEyes(3, BOTH_EYES))
    the(DeviceLost, told)
    worker.close()
    assert not worker.broken


def test_a_cameras_stills_are_looked_at_once() -> None:
    camera, meeting = Album([EyeScene()]), Meeting()
    meeting(camera)
    meeting(camera)
    assert camera.taken == 1
    with pytest.raises(Refused, match=r"320 × 240 .* 640 × 480; name a camera with larger ones"):
        meeting(SmallCamera())


def test_good_comes_before_a_higher_score() -> None:
    good = IrisImage(Eye.LEFT, 1, 1, 60, EyeAdvice.GOOD, 0, 0, 1, b"a")
    other = IrisImage(Eye.LEFT, 1, 1, 90, EyeAdvice.HOLD_STILL, 0, 0, 1, b"b")
    assert best_of((good,), (other,)) == best_of((other,), (good,)) == (good,)
    assert best_of((), (other,)) == (other,)


def test_each_watch_is_judged_from_the_beginning_and_another_cameras_frames_are_not(told: Told) -> None:
    seen: queue.SimpleQueue[tuple[str, Frame | None]] = queue.SimpleQueue()

    def judging() -> Judging[str, Frame]:
        def look(watch: str, frame: Frame, before: Frame | None) -> Frame:
            seen.put((watch, before))
            return frame

        return look

    preview: Latest[Frame] = Latest()
    worker = worker_of(SimulatedCamera(EyeBooth()), told)
    onlooker: Onlooker[str, Frame] = Onlooker(worker, preview, judging, name="eye")
    onlooker.start()
    preview.put(Frame(EyePainter(64, 48, seed=1).paint(EyeScene(), 0), 0.0))
    worker.start()
    try:
        onlooker.watch("first")
        assert seen.get(timeout=SOON) == ("first", None)
        assert seen.get(timeout=SOON)[1] is not None
        onlooker.watch("second")
        while (found := seen.get(timeout=SOON))[0] == "first":
            assert found[1] is not None
        assert found == ("second", None)
    finally:
        onlooker.close()
        worker.close()


def test_a_bug_in_the_judging_is_told_to_the_station(told: Told) -> None:
    looked = threading.Event()

    def judging() -> Judging[str, int]:
        def look(watch: str, frame: Frame, before: int | None) -> int:
            looked.set()
            raise ZeroDivisionError

        return look

    preview: Latest[Frame] = Latest()
    worker = worker_of(SimulatedCamera(EyeBooth()), told)
    onlooker: Onlooker[str, int] = Onlooker(worker, preview, judging, name="eye")
    onlooker.start()
    worker.start()
    onlooker.watch("first")
    assert looked.wait(SOON)
    onlooker.close()
    worker.close()
    assert onlooker.broken
