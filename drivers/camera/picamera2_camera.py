"""The Raspberry Pi's camera through picamera2: preview and still out of one running configuration."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from picamera2 import Picamera2

from drivers.camera import Frame
from drivers.camera.framing import PREVIEW, Vigil, four_by_three, rgb_from_yuv
from drivers.camera.settling import Focusing, Gains, Metadata, Settling, following, kept, scanning
from drivers.errors import Absent, Unresponsive

FASTEST, SLOWEST = 33_333, 100_000
"""Frame durations in microseconds: 30 a second in good light, 10 in poor."""
LARGEST: Final = (2592, 1944)
"""A portrait of 600 × 800 gains nothing beyond, and larger buffers do not fit into a Pi 4's contiguous memory."""
BUFFERS: Final = 4
ILL: Final = (RuntimeError, OSError)
"""By which picamera2 and libcamera say that a camera is ill."""


class PiCamera:
    """Camera ``index`` of libcamera: 1280 × 960 previews and stills of up to 2592 × 1944, the sensor's 4:3 view.

    Both streams come from one configuration, so that a still costs no mode switch and shows exactly what the preview
    showed. A smaller ``still`` (width, height) lets the sensor bin its pixels and run faster: Camera Module 3 gives 14
    frames a second by default, 30 at 1728 × 1296. ``white_balance`` fixes the gains of red and blue, as the station's
    own light wants them. A monochrome or near-infrared camera is opened the same way: what it has not is not set, and
    its three channels are alike. Raises Absent without such a camera. (Picamera2 manual, ch. 4, 5, appendix C.)
    """

    def __init__(
        self, index: int = 0, *, still: tuple[int, int] | None = None, white_balance: Gains | None = None
    ) -> None:
        found = Picamera2.global_camera_info()
        if index >= len(found):
            # libcamera looks for cameras when its manager starts, and no udev event tells it of one that came later.
            Picamera2._cm.reset()
            raise Absent(f"There is no camera {index}; switch the station off and check the camera's ribbon cable.")
        try:
            self._camera: Any = Picamera2(index)
        except (*ILL, IndexError) as error:
            raise Absent(f"Camera {index} cannot be opened; another program may hold it.") from error
        self._fixed = white_balance
        self.white_balance: Gains | None = None
        """Gains of red and blue in this sitting's stills; None before the first, or without colours."""
        self._locked = self._closed = False
        self._pending: Any = None
        self._vigil = Vigil()
        try:
            size = still or four_by_three(*map(min, self._camera.sensor_resolution, LARGEST))
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
            self._camera.start()
            self.unlock()
        except ILL as error:
            self.close()
            raise Absent(f"Camera {index} does not start; switch the station off and check its cable.") from error
        self.name = f"{found[index]['Model']}, {size[0]} × {size[1]}"

    def preview(self, *, within: float) -> Frame:
        """Bring the next preview frame. Raises Unresponsive after ``within`` seconds without a new picture."""
        pixels = rgb_from_yuv(self._array("lores", time.monotonic() + within))
        return self._vigil.see(Frame(pixels, time.monotonic()))

    def still(self, *, within: float) -> Frame:
        """Take one picture. The first of a sitting focuses, lets exposure and colours settle, and locks all three.

        In a light that flickers nothing settles: after half the time the picture is taken as it is.
        """
        deadline = time.monotonic() + within
        if not self._locked:
            self._lock(time.monotonic() + within / 2, deadline)
        self._skip(1, deadline)  # the frame at hand was taken before anybody asked
        return Frame(self._array("main", deadline), time.monotonic())

    def unlock(self) -> None:
        """End the sitting: focus and exposure follow the room again, colours too unless the station fixed them."""
        self._locked, self.white_balance = False, None
        self._set(following(self._fixed))

    def close(self) -> None:
        """Give the camera back; may be called twice."""
        if not self._closed:
            self._closed = True
            # A camera that is gone cannot be stopped in good order; whoever opens it next learns how it is.
            with suppress(*ILL):
                self._camera.close()

    def _lock(self, patience: float, deadline: float) -> None:
        if "AfMode" in self._camera.camera_controls:
            self._set(scanning())
            self._until(Focusing().feed, patience, deadline)
        settled = self._until(Settling().feed, patience, deadline)
        self._set(kept(settled))
        self._skip(BUFFERS, deadline)  # those already queued carry the old controls
        self._locked, self.white_balance = True, settled.get("ColourGains")

    def _set(self, wanted: Mapping[str, object]) -> None:
        """Set what this camera has: one without colours, or with a fixed lens, refuses the rest."""
        if self._closed:
            raise Absent("The camera was closed; open it again.")
        known = self._camera.camera_controls
        self._camera.set_controls({name: value for name, value in wanted.items() if name in known})

    def _array(self, stream: str, deadline: float) -> npt.NDArray[np.uint8]:
        with self._request(deadline) as request:
            return np.ascontiguousarray(request.make_array(stream), dtype=np.uint8)

    def _skip(self, frames: int, deadline: float) -> None:
        for _ in range(frames):
            with self._request(deadline):
                pass

    def _until(self, wanted: Callable[[Metadata], bool], patience: float, deadline: float) -> Metadata:
        """Metadata of the first frame that is as ``wanted``, or of the first after ``patience`` ran out."""
        while True:
            with self._request(deadline) as request:
                seen: Metadata = request.get_metadata()
            if wanted(seen) or time.monotonic() > patience:
                return seen

    @contextmanager
    def _request(self, deadline: float) -> Iterator[Any]:
        """The next completed request. One that came too late is kept for the next call: dropped, it would leak."""
        if self._closed:
            raise Absent("The camera was closed; open it again.")
        self._pending = self._pending or self._camera.capture_request(wait=False)
        try:
            request = self._pending.get_result(timeout=max(0.0, deadline - time.monotonic()))
        except TimeoutError as error:
            raise Unresponsive("The camera sends no frames; switch the station off and check its cable.") from error
        self._pending = None
        try:
            yield request
        finally:
            request.release()
