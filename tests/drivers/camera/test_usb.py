"""The USB driver over a camera that is a pipe: OpenCV opens it and blocks on it, as on V4L2, and the test feeds it."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.camera.controls import APERTURE_PRIORITY, MANUAL
from drivers.camera.framing import PREVIEW
from drivers.camera.usb import Pixels, UsbCamera, cut, measures, rgb
from drivers.errors import Absent, Malformed, Unresponsive

SOON = 10.0
SIZE = (640, 360)


class Cable:
    """Feeds JPEGs into a pipe, as fast as they are read, until it is cut."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self.flows = threading.Event()
        self.flows.set()
        self._cut = threading.Event()
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        self._cut.set()
        self.flows.set()
        self._thread.join(SOON)

    def _feed(self) -> None:
        random = np.random.default_rng(1)
        with self.path.open("wb", buffering=0) as pipe:
            try:
                while not self._cut.is_set():
                    self.flows.wait()
                    width, height = SIZE
                    picture = random.normal(120, 4, (height, width, 3)).astype(np.uint8)
                    cv2.circle(picture, (width // 2, height // 2), 60, (20, 20, 220), -1)
                    pipe.write(cv2.imencode(".jpg", picture)[1].tobytes())
                    self._cut.wait(0.005)
            except BrokenPipeError:
                return


def watch(camera: UsbCamera, *, within: float) -> None:
    """Look until something goes wrong."""
    while True:
        camera.preview(within=within)


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    cable = Cable(tmp_path / "camera.mjpeg")
    yield cable
    cable.cut()


@pytest.fixture
def camera(cable: Cable) -> Iterator[UsbCamera]:
    camera = UsbCamera(str(cable.path), backend=cv2.CAP_FFMPEG)
    yield camera
    camera.close()


def test_previews_and_stills_are_the_middle_of_the_picture_in_its_colours(camera: UsbCamera) -> None:
    assert camera.name == "USB camera, 640 × 360"
    preview, still = camera.preview(within=SOON), camera.still(within=SOON)
    assert preview.pixels.shape == (PREVIEW[1], PREVIEW[0], 3)
    assert still.pixels.shape == (360, 480, 3)
    assert still.taken > preview.taken
    for frame in (preview, still):
        height, width = frame.pixels.shape[:2]
        red, green, blue = frame.pixels[height // 2, width // 2].astype(int)
        assert red > 180 > 60 > max(green, blue)
    assert camera.still(within=SOON).taken > still.taken
    camera.unlock()
    assert camera.white_balance is None


@pytest.mark.parametrize("forgets", [False, True])
def test_a_camera_that_goes_dark_when_it_is_locked_stays_automatic(
    camera: UsbCamera, monkeypatch: pytest.MonkeyPatch, forgets: bool
) -> None:
    mode: list[float] = []
    decode = camera._webcam.retrieve

    def take(control: int, value: float) -> bool:
        if control == cv2.CAP_PROP_AUTO_EXPOSURE:
            mode.append(value)
        return True

    def exposed() -> Pixels | None:
        pixels = decode()
        dark = forgets and mode[-1:] == [MANUAL]
        return pixels // 3 if pixels is not None and dark else pixels

    monkeypatch.setattr(camera._webcam, "get", lambda _control: 312.0)
    monkeypatch.setattr(camera._webcam, "set", take)
    monkeypatch.setattr(camera._webcam, "retrieve", exposed)
    still = camera.still(within=SOON)
    assert still.pixels.mean() > 100
    assert mode == ([MANUAL, APERTURE_PRIORITY] if forgets else [MANUAL])
    camera.still(within=SOON)
    assert len(mode) == (2 if forgets else 1), "one sitting is locked once"
    camera.unlock()
    assert mode[-1] == APERTURE_PRIORITY


def test_a_camera_that_falls_silent_is_told_at_the_deadline_and_may_come_back(camera: UsbCamera, cable: Cable) -> None:
    camera.preview(within=SOON)
    cable.flows.clear()
    # What was under way still arrives.
    with pytest.raises(Unresponsive, match="unplug it"):
        watch(camera, within=0.3)
    cable.flows.set()
    assert camera.preview(within=SOON).pixels.size


def test_unplugged_is_absent_and_a_camera_plugged_in_again_is_opened_anew(
    camera: UsbCamera, cable: Cable, tmp_path: Path
) -> None:
    camera.preview(within=SOON)
    cable.cut()
    with pytest.raises(Absent, match="plug it in again"):
        watch(camera, within=SOON)
    with pytest.raises(Absent, match="plug it in again"):
        camera.unlock()
    camera.close()
    again = Cable(tmp_path / "again.mjpeg")
    anew = UsbCamera(str(again.path), backend=cv2.CAP_FFMPEG)
    assert anew.preview(within=SOON).pixels.size
    anew.close()
    again.cut()


def test_a_closed_camera_says_so(camera: UsbCamera) -> None:
    camera.close()
    camera.close()
    for call in (lambda: camera.preview(within=SOON), lambda: camera.still(within=SOON), camera.unlock):
        with pytest.raises(Absent, match="open it again"):
            call()


def test_pictures_of_another_size_are_refused(camera: UsbCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    decode = camera._webcam.retrieve
    camera.preview(within=SOON)

    def half() -> Pixels | None:
        pixels = decode()
        return None if pixels is None else pixels[: SIZE[1] // 2]

    monkeypatch.setattr(camera._webcam, "retrieve", half)
    with pytest.raises(Malformed, match="torn"):
        watch(camera, within=SOON)


def test_what_is_no_camera_is_absent(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="plug it in"):
        UsbCamera(str(tmp_path / "video0"))
    no_camera = tmp_path / "video1"
    no_camera.write_bytes(b"")
    with pytest.raises(Absent, match="cannot be opened as a camera"):
        UsbCamera(str(no_camera))


def test_the_cut_is_the_middle_and_colours_are_turned() -> None:
    wide = np.zeros((1080, 1920, 3), np.uint8)
    wide[540, 960] = (1, 2, 3)
    middle = cut(wide)
    assert middle.shape == (1080, 1440, 3)
    assert tuple(rgb(middle)[540, 720]) == (3, 2, 1)


def test_measures_tell_focus_and_light() -> None:
    random = np.random.default_rng(1)
    sharp = random.integers(0, 256, (480, 640, 3)).astype(np.uint8)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 4).astype(np.uint8)
    dark = (sharp * 0.5).astype(np.uint8)
    assert measures(blurred)[1] < 0.5 * measures(sharp)[1]
    assert measures(dark)[0] == pytest.approx(0.5 * measures(sharp)[0], rel=0.02)
