"""What every camera keeps to: the simulated one always, a real one with --hardware.

``--device camera=picamera2:0`` or ``--device camera=usb:/dev/video0`` names the real one.
"""

import threading
import time
from collections.abc import Iterator
from importlib import import_module

import numpy as np
import pytest

from drivers.camera import Camera, Frame
from drivers.camera.simulated import Booth, Illness, Late, SimulatedCamera
from drivers.errors import Absent, Unresponsive

SOON = 5.0


def real(named: str) -> Camera:
    kind, _, device = named.partition(":")
    if kind == "usb":
        opened: Camera = import_module("drivers.camera.usb").UsbCamera(device)
    else:
        opened = import_module("drivers.camera.picamera2_camera").PiCamera(int(device))
    return opened


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.hardware)])
def camera(request: pytest.FixtureRequest, devices: dict[str, str]) -> Iterator[Camera]:
    if request.param == "simulated":
        opened: Camera = SimulatedCamera(Booth())
    else:
        opened = real(devices.get("camera", "picamera2:0"))
    yield opened
    opened.close()


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


def test_unplugged_by_the_script() -> None:
    camera = SimulatedCamera(Booth(faults={1: Illness.UNPLUGGED}))
    camera.preview(within=SOON)
    with pytest.raises(Absent, match="plug it in"):
        camera.still(within=SOON)
