"""What every camera keeps to: the simulated one always, a real one with --hardware.

``--device camera=picamera2:0`` or ``--device camera=usb:/dev/video0`` names the real one.
"""

import threading
import time
from collections.abc import Callable, Iterator
from importlib import import_module

import numpy as np
import pytest

from drivers.camera import Camera, Frame
from drivers.camera.simulated import Booth, EyeBooth, Illness, Late, SimulatedCamera
from drivers.errors import Absent, Malformed, Unresponsive

SOON = 5.0


def real(named: str) -> Camera:
    kind, _, device = named.partition(":")
    if kind == "usb":
        opened: Camera = import_module("drivers.camera.usb").UsbCamera(device)
    else:
        opened = import_module("drivers.camera.picamera2_camera").PiCamera(int(device))
    return opened


@pytest.fixture(params=["simulated", "near-infrared", pytest.param("real", marks=pytest.mark.hardware)])
def again(request: pytest.FixtureRequest, devices: dict[str, str]) -> Callable[[], Camera]:
    """Opens the camera, as often as it is called."""
    if request.param != "real":
        booth = Booth() if request.param == "simulated" else EyeBooth()
        return lambda: SimulatedCamera(booth)
    return lambda: real(devices.get("camera", "picamera2:0"))


@pytest.fixture
def camera(again: Callable[[], Camera]) -> Iterator[Camera]:
    opened = again()
    yield opened
    opened.close()


def watch(camera: Camera) -> None:
    """Look until something goes wrong."""
    while True:
        camera.preview(within=SOON)


def is_picture(frame: Frame) -> bool:
    pixels = frame.pixels
    return pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.flags.c_contiguous


def test_previews_are_about_1280_by_960_and_in_time_order(camera: Camera) -> None:
    first, second = camera.preview(within=SOON), camera.preview(within=SOON)
    assert is_picture(first)
    assert first.pixels.shape == (960, 1280, 3)
    assert first.taken < second.taken <= time.monotonic()


def test_a_frame_is_the_callers_own(camera: Camera) -> None:
    first = camera.preview(within=SOON)
    kept = first.pixels.copy()
    camera.preview(within=SOON)
    assert np.array_equal(first.pixels, kept)


def test_a_still_is_larger_of_the_same_shape_and_previews_go_on(camera: Camera) -> None:
    preview, still = camera.preview(within=SOON), camera.still(within=10.0)
    assert is_picture(still)
    height, width = still.pixels.shape[:2]
    assert width * height >= preview.pixels.shape[0] * preview.pixels.shape[1]
    assert width / height == pytest.approx(4 / 3, rel=0.01)
    assert camera.preview(within=SOON).taken > still.taken


def test_a_sitting_takes_several_stills_and_may_be_ended_at_any_time(camera: Camera) -> None:
    camera.unlock()
    first, retake = camera.still(within=10.0), camera.still(within=10.0)
    assert first.pixels.shape == retake.pixels.shape
    assert first.taken < retake.taken
    camera.unlock()
    camera.unlock()
    next_resident = camera.still(within=10.0)
    assert next_resident.taken > retake.taken


def test_a_still_is_taken_after_it_was_asked_for(camera: Camera) -> None:
    camera.preview(within=SOON)
    asked = time.monotonic()
    assert camera.still(within=10.0).taken > asked


def test_one_camera_is_opened_again_and_again(camera: Camera, again: Callable[[], Camera]) -> None:
    camera.close()
    for _ in range(3):
        reopened = again()
        assert is_picture(reopened.preview(within=SOON))
        reopened.close()


def test_a_camera_names_itself(camera: Camera) -> None:
    assert camera.name


def test_pixels_never_print(camera: Camera) -> None:
    assert "pixels" not in repr(camera.preview(within=SOON))


def test_a_closed_camera_says_so_and_may_be_closed_again(camera: Camera) -> None:
    camera.preview(within=SOON)
    camera.close()
    camera.close()
    with pytest.raises(Absent, match="open it again"):
        camera.preview(within=SOON)
    with pytest.raises(Absent, match="open it again"):
        camera.still(within=SOON)
    with pytest.raises(Absent, match="open it again"):
        camera.unlock()


# From here on something has to go wrong, which only a simulated camera does on demand.


def test_no_frame_before_the_deadline_is_unresponsive_and_the_next_may_be_well() -> None:
    camera = SimulatedCamera(Booth(faults={0: Illness.SILENT, 1: Late(30.0)}))
    for _ in range(2):
        with pytest.raises(Unresponsive, match="unplug it"):
            camera.preview(within=0.01)
    assert is_picture(camera.preview(within=SOON))


def test_unplugged_is_absent_at_once_and_until_opened_anew() -> None:
    booth = Booth(faults={0: Illness.SILENT})
    camera = SimulatedCamera(booth)
    outcomes: list[type[Exception]] = []

    def wait_long() -> None:
        try:
            camera.preview(within=60.0)
        except (Absent, Unresponsive) as error:
            outcomes.append(type(error))

    waiter = threading.Thread(target=wait_long)
    waiter.start()
    booth.unplug()
    waiter.join(SOON)
    assert outcomes == [Absent]
    with pytest.raises(Absent):
        SimulatedCamera(booth)
    booth.replug()
    with pytest.raises(Absent):
        camera.preview(within=SOON)
    anew = SimulatedCamera(booth)
    assert is_picture(anew.preview(within=SOON))


def test_a_camera_that_repeats_one_picture_is_told_after_three_seconds() -> None:
    camera = SimulatedCamera(Booth(faults=dict.fromkeys(range(1, 1000), Illness.FROZEN)))
    begin = time.monotonic()
    with pytest.raises(Unresponsive, match="repeats one picture"):
        watch(camera)
    assert 2.5 < time.monotonic() - begin < 4.0


def test_a_black_frame_is_a_frame_and_a_covered_lens_no_fault() -> None:
    camera = SimulatedCamera(Booth(faults=dict.fromkeys(range(1, 200), Illness.BLACK)))
    camera.preview(within=SOON)
    begin = time.monotonic()
    while time.monotonic() < begin + 3.5:
        black = camera.preview(within=SOON)
        assert is_picture(black)
        assert black.pixels.max() == 0


def test_a_torn_frame_is_malformed_and_the_next_may_be_whole() -> None:
    camera = SimulatedCamera(Booth(faults={0: Illness.TORN, 2: Illness.TORN}))
    with pytest.raises(Malformed, match="torn"):
        camera.preview(within=SOON)
    assert is_picture(camera.preview(within=SOON))
    with pytest.raises(Malformed, match="torn"):
        camera.still(within=SOON)


def test_a_late_frame_comes_when_it_comes() -> None:
    camera = SimulatedCamera(Booth(faults={1: Late(0.3)}))
    first = camera.preview(within=SOON)
    assert 0.3 <= camera.preview(within=SOON).taken - first.taken < 1.0


def test_a_booth_knows_whether_a_sitting_is_on() -> None:
    booth = Booth()
    camera = SimulatedCamera(booth)
    camera.still(within=SOON)
    assert booth.locked
    camera.unlock()
    assert not booth.locked


def test_unplugged_by_the_script() -> None:
    camera = SimulatedCamera(Booth(faults={1: Illness.UNPLUGGED}))
    camera.preview(within=SOON)
    with pytest.raises(Absent, match="plug it in"):
        camera.still(within=SOON)
