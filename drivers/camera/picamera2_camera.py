"""The Raspberry Pi's camera through picamera2: preview and still out of one running configuration."""

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from libcamera import controls
from picamera2 import Picamera2

from drivers.camera import Frame
from drivers.camera.framing import PREVIEW, four_by_three, rgb_from_yuv
from drivers.errors import Absent, Unresponsive

Metadata = dict[str, Any]
Judge = Callable[[Metadata, Metadata], bool]

FASTEST, SLOWEST = 33_333, 100_000
"""Frame durations in microseconds: 30 a second in good light, 10 in poor."""
LARGEST: Final = (2592, 1944)
"""A portrait of 600 × 800 gains nothing beyond, and larger buffers do not fit into a Pi 4's contiguous memory."""
BUFFERS: Final = 4
STEADY: Final = 0.02
"""Exposure and white balance that change less than this share between frames have settled."""


class PiCamera:
    """Camera ``index`` of libcamera: 1280 × 960 previews and stills of up to 2592 × 1944, the sensor's 4:3 view.

    Both streams come from one configuration, so that a still costs no mode switch and shows exactly what the preview
    showed. A smaller ``still`` (width, height) lets the sensor bin its pixels and run faster: Camera Module 3 gives 14
    frames a second by default, 30 at 1728 × 1296. Raises Absent without such a camera. (Picamera2 manual, ch. 4, 5.)
    """

    def __init__(self, index: int = 0, *, still: tuple[int, int] | None = None) -> None:
        found = Picamera2.global_camera_info()
        if index >= len(found):
            raise Absent(f"There is no camera {index}; switch the station off and check the camera's ribbon cable.")
        try:
            self._camera: Any = Picamera2(index)
        except (RuntimeError, OSError) as error:
            raise Absent(f"Camera {index} cannot be opened; another program may hold it.") from error
        self._closed = False
        self._pending: Any = None
        try:
            width, height = self._camera.sensor_resolution
            size = still or four_by_three(min(width, LARGEST[0]), min(height, LARGEST[1]))
            self._camera.configure(
                self._camera.create_still_configuration(
                    # picamera2 names formats by the word's byte order: "BGR888" is what numpy sees as R, G, B.
                    main={"size": size, "format": "BGR888"},
                    # The Pi 4's second output can only do YUV.
                    lores={"size": PREVIEW, "format": "YUV420"},
                    raw=None,
                    buffer_count=BUFFERS,
                    controls={"FrameDurationLimits": (FASTEST, SLOWEST)},
                )
            )
            self._focuses = "AfMode" in self._camera.camera_controls
            self._camera.start()
            self._release_controls()
        except (RuntimeError, OSError) as error:
            self.close()
            raise Absent(f"Camera {index} does not start; switch the station off and check its cable.") from error
        self.name = f"{found[index]['Model']}, {size[0]} × {size[1]}"

    def preview(self, *, within: float) -> Frame:
        """Bring the next preview frame. Raises Unresponsive after ``within`` seconds without one."""
        return Frame(rgb_from_yuv(self._array("lores", time.monotonic() + within)), time.monotonic())

    def still(self, *, within: float) -> Frame:
        """Focus, let exposure and white balance settle, lock all three, take one picture, let go again.

        In a light that flickers nothing settles: after half the time the picture is taken as it is."""
        deadline, patience = time.monotonic() + within, time.monotonic() + within / 2
        self._request(deadline).release()
        try:
            if self._focuses:
                scan = {"AfMode": controls.AfModeEnum.Auto, "AfTrigger": controls.AfTriggerEnum.Start}
                self._camera.set_controls(scan)
                self._until(_focusing, patience, deadline)
                # A scan that fails leaves the lens at its best guess; the judgement of the picture decides then.
                self._until(lambda before, now: not _focusing(before, now), patience, deadline)
            settled = self._until(_steady, patience, deadline)
            kept = {key: settled[key] for key in ("ExposureTime", "AnalogueGain", "ColourGains")}
            self._camera.set_controls({"AeEnable": False, "AwbEnable": False} | kept)
            # Requests already queued carry the old controls: let as many pass as there are buffers.
            for _ in range(BUFFERS):
                self._request(deadline).release()
            return Frame(np.ascontiguousarray(self._array("main", deadline), dtype=np.uint8), time.monotonic())
        finally:
            self._release_controls()

    def close(self) -> None:
        """Give the camera back; may be called twice."""
        if not self._closed:
            self._closed = True
            self._camera.close()

    def _release_controls(self) -> None:
        free: Metadata = {"AeEnable": True, "AwbEnable": True, "ExposureTime": 0, "AnalogueGain": 0.0}
        if self._focuses:
            free["AfMode"] = controls.AfModeEnum.Continuous
        self._camera.set_controls(free)

    def _array(self, stream: str, deadline: float) -> npt.NDArray[np.uint8]:
        request = self._request(deadline)
        try:
            pixels: npt.NDArray[np.uint8] = request.make_array(stream)
        finally:
            request.release()
        return pixels

    def _until(self, wanted: Judge, patience: float, deadline: float) -> Metadata:
        """Metadata of the first frame for which ``wanted(before, now)`` holds, or of the first after ``patience``."""
        before: Metadata | None = None
        while True:
            request = self._request(deadline)
            try:
                now: Metadata = request.get_metadata()
            finally:
                request.release()
            if before is not None and (wanted(before, now) or time.monotonic() > patience):
                return now
            before = now

    def _request(self, deadline: float) -> Any:
        """The next completed request. One that came too late is kept for the next call: dropped, it would leak."""
        if self._closed:
            raise Absent("The camera was closed; open it again.")
        job = self._pending or self._camera.capture_request(wait=False)
        self._pending = job
        try:
            request = job.get_result(timeout=max(0.0, deadline - time.monotonic()))
        except TimeoutError as error:
            raise Unresponsive("The camera sends no frames; switch the station off and check its cable.") from error
        self._pending = None
        return request


def _focusing(_before: Metadata, now: Metadata) -> bool:
    return bool(now.get("AfState") == controls.AfStateEnum.Scanning)


def _steady(before: Metadata, now: Metadata) -> bool:
    """Judged by what the sensor did, as the name of the "converged" flag changed between libcamera releases."""

    then, here = ((seen["ExposureTime"] * seen["AnalogueGain"], *seen["ColourGains"]) for seen in (before, now))
    return np.allclose(then, here, rtol=STEADY)
