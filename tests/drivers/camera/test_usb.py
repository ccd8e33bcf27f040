"""The parts of the USB driver that need no camera: the pump, the cut, the measures, and opening what is none."""

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.camera.usb import Pixels, Pump, UsbCamera, cut, measures, rgb
from drivers.errors import Absent

SOON = 5.0


class Source:
    """A blocking source of frames, opened and closed by the test."""

    def __init__(self) -> None:
        self.turns = threading.Semaphore(0)
        self.read_once = threading.Semaphore(0)
        self.dead = False
        self.released = threading.Event()
        self.number = 0

    def read(self) -> Pixels | None:
        self.turns.acquire()
        self.read_once.release()
        self.number += 1
        return None if self.dead else np.full((6, 8, 3), self.number, np.uint8)


def test_the_pump_brings_the_newest_frame_once() -> None:
    source = Source()
    pump = Pump(source.read, source.released.set)
    for _ in range(3):
        source.turns.release()
        source.read_once.acquire()
    # The third read has begun its return; a fourth being asked for proves that it was stored.
    source.turns.release()
    source.read_once.acquire()
    frame = pump.next(within=SOON)
    assert frame is not None
    assert int(frame.pixels[0, 0, 0]) >= 3
    while pump.next(within=0.2) is not None:
        pass
    assert pump.next(within=0.0) is None
    source.dead = True
    source.turns.release()
    with pytest.raises(Absent, match="plug it in again"):
        pump.next(within=SOON)
    assert source.released.wait(SOON)


def test_a_stopped_pump_wakes_who_waits_and_releases_after_the_last_read() -> None:
    source = Source()
    pump = Pump(source.read, source.released.set)
    outcomes: list[BaseException] = []

    def wait() -> None:
        try:
            pump.next(within=60.0)
        except Absent as error:
            outcomes.append(error)

    waiter = threading.Thread(target=wait)
    waiter.start()
    pump.stop(within=0.0)
    waiter.join(SOON)
    assert len(outcomes) == 1
    assert not source.released.is_set()
    source.turns.release()
    assert source.released.wait(SOON)


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
