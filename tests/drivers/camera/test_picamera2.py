"""The picamera2 driver over picamera2 itself: on a Raspberry Pi, or in tests/install/picamera2_in_tree.sh."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from drivers.errors import Absent, Unresponsive

if TYPE_CHECKING:
    from drivers.camera.picamera2_camera import PiCamera

pytestmark = pytest.mark.hardware

SOON = 10.0


def opened(index: int = 0) -> "PiCamera":
    from drivers.camera.picamera2_camera import PiCamera

    return PiCamera(index)


@pytest.fixture
def camera() -> Iterator["PiCamera"]:
    camera = opened()
    yield camera
    camera.close()


def holdings() -> tuple[int, int]:
    """Open files and threads of this process."""
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def watch(camera: "PiCamera", *, within: float) -> None:
    """Look until something goes wrong."""
    while True:
        camera.preview(within=within)


def test_preview_and_still_show_the_same(camera: "PiCamera") -> None:
    still, preview = camera.still(within=SOON).pixels, camera.preview(within=SOON).pixels
    smaller = cv2.resize(still, (1280, 960), interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(smaller - preview).mean() < 4


def test_a_camera_that_is_not_there_is_absent_and_looked_for_anew_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from picamera2 import Picamera2

    looked: list[object] = []
    look = Picamera2._cm.reset
    monkeypatch.setattr(Picamera2._cm, "reset", lambda: looked.append(look()))
    for times in (1, 2, 3):
        with pytest.raises(Absent, match="check the camera's ribbon cable"):
            opened(9)
        assert len(looked) == times
    camera = opened()
    assert camera.preview(within=SOON).pixels.size
    camera.close()


def test_a_camera_in_use_is_absent_and_free_once_given_back(camera: "PiCamera") -> None:
    with pytest.raises(Absent, match="another program may hold it"):
        opened()
    camera.close()
    again = opened()
    assert again.preview(within=SOON).pixels.size
    again.close()


def test_silence_is_told_at_the_deadline_and_costs_no_buffer(
    camera: "PiCamera", monkeypatch: pytest.MonkeyPatch
) -> None:
    from picamera2 import Picamera2

    work = Picamera2.process_requests
    silent = threading.Event()
    for _ in range(8):
        camera.preview(within=SOON)
        silent.clear()
        monkeypatch.setattr(Picamera2, "process_requests", lambda *_args: silent.set())
        assert silent.wait(SOON)
        with pytest.raises(Unresponsive, match="sends no frames"):
            watch(camera, within=0.05)
        monkeypatch.setattr(Picamera2, "process_requests", work)
        camera._camera._run_process_requests()
    assert camera.still(within=SOON).pixels.size


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_after_a_fault_a_camera_opened_anew_works_in_the_same_process(
    camera: "PiCamera", monkeypatch: pytest.MonkeyPatch
) -> None:
    from picamera2 import Picamera2

    with monkeypatch.context() as broken:
        broken.setattr(Picamera2, "process_requests", lambda *_args: 1 / 0)
        with pytest.raises(Unresponsive):
            watch(camera, within=0.5)
        camera.close()
    again = opened()
    assert again.still(within=SOON).pixels.size
    again.close()


def test_opening_again_and_again_leaves_nothing_behind() -> None:
    before: tuple[int, int] | None = None
    for number in range(20):
        camera = opened()
        camera.preview(within=SOON)
        camera.close()
        if number == 4:
            before = holdings()
    assert before is not None
    files, threads = (now - then for now, then in zip(holdings(), before, strict=True))
    assert files <= 4
    assert threads <= 0


def test_frames_do_not_pile_up(camera: "PiCamera") -> None:
    for _ in range(30):
        camera.preview(within=SOON)
    before = resident_megabytes()
    for _ in range(300):
        camera.preview(within=SOON)
    for _ in range(5):
        camera.still(within=SOON)
    assert resident_megabytes() - before < 40
