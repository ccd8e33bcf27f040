"""A USB camera (UVC, V4L2) through OpenCV, for stations on plain Debian."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drivers.camera import Frame
from drivers.camera.framing import PREVIEW, four_by_three
from drivers.errors import Absent, DeviceError, Unresponsive

Pixels = npt.NDArray[np.uint8]

LARGEST: Final = (4096, 3072)
"""Asked for at opening: the kernel answers with the nearest size the camera has."""
STEADY: Final = 0.02
STEADY_FOR: Final = 5
# V4L2_EXPOSURE_* of linux/v4l2-controls.h, as OpenCV passes them through.
EXPOSURE_MANUAL, EXPOSURE_AUTO = 1, 3


class Pump:
    """Keeps the newest frame of a blocking source at hand, so that a caller has a deadline and never sees a stale one.

    OpenCV's ``read()`` knows no deadline, and V4L2 queues frames: only a thread that reads on answers both.
    ``read`` returns BGR pixels, or None when the source is dead; ``done`` is called once, on the pump's own thread,
    after the last read: OpenCV crashes when a capture is released under a running read.
    """

    def __init__(self, read: Callable[[], Pixels | None], done: Callable[[], None]) -> None:
        self._read, self._done = read, done
        self._news = threading.Condition()
        self._newest: Frame | None = None
        self._stopped = self._dead = False
        self._thread = threading.Thread(target=self._run, name="camera-pump", daemon=True)
        self._thread.start()

    def next(self, *, within: float) -> Frame | None:
        """The next frame nobody has had yet (BGR), or None when none came in time. Raises Absent when it is dead."""
        with self._news:
            self._news.wait_for(lambda: self._newest is not None or self._dead or self._stopped, timeout=within)
            if self._stopped:
                raise Absent("The camera was closed; open it again.")
            if self._dead:
                raise Absent("The camera stopped sending; unplug it and plug it in again.")
            frame, self._newest = self._newest, None
            return frame

    def stop(self, *, within: float) -> None:
        """Stop reading; the source is given back as soon as its last read returns."""
        with self._news:
            self._stopped = True
            self._news.notify_all()
        self._thread.join(within)

    def _run(self) -> None:
        try:
            while not self._stopped:
                pixels = self._read()
                with self._news:
                    self._dead = pixels is None
                    if pixels is not None:
                        self._newest = Frame(pixels, time.monotonic())
                    self._news.notify_all()
                    if self._dead:
                        return
        finally:
            self._done()


class UsbCamera:
    """The camera at ``path`` (``/dev/v4l/by-id/…`` keeps its name across boots), opened once at its largest size.

    The preview is the still made smaller, so both show the same. Raises Absent when nothing at ``path`` is a camera.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        if not self._path.exists():
            raise Absent(f"There is no camera at {path}; plug it in.")
        self._capture = cv2.VideoCapture(path, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise Absent(f"What is at {path} cannot be opened as a camera; another program may hold it.")
        # Large pictures fit through USB 2 only as JPEG; a camera without it keeps its own format.
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, LARGEST[0])
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, LARGEST[1])
        self._capture.set(cv2.CAP_PROP_FPS, 30)
        width = int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self.name = f"USB camera, {width} × {height}"
        self._pump = Pump(self._grab, self._capture.release)

    def preview(self, *, within: float) -> Frame:
        """Bring the next frame, cut to 4:3 and made 1280 × 960. Raises Unresponsive after ``within`` seconds."""
        frame = self._next(within)
        return Frame(rgb(cv2.resize(cut(frame.pixels), PREVIEW, interpolation=cv2.INTER_AREA)), frame.taken)

    def still(self, *, within: float) -> Frame:
        """Wait until focus and exposure are steady, lock them where the camera can, and take one picture.

        Somebody who moves never looks steady: after half the time the picture is taken as it is.
        """
        deadline, patience = time.monotonic() + within, time.monotonic() + within / 2
        steady, before = 0, None
        while steady < STEADY_FOR and time.monotonic() < patience:
            now = measures(self._next(deadline - time.monotonic()).pixels)
            steady = steady + 1 if before is not None and np.allclose(before, now, rtol=STEADY) else 0
            before = now
        self._lock(True)
        try:
            self._next(deadline - time.monotonic())
            frame = self._next(deadline - time.monotonic())
            return Frame(rgb(cut(frame.pixels)), frame.taken)
        finally:
            self._lock(False)

    def close(self) -> None:
        """Give the camera back; may be called twice."""
        self._pump.stop(within=1.0)

    def _grab(self) -> Pixels | None:
        read, pixels = self._capture.read()
        return pixels.astype(np.uint8, copy=False) if read else None

    def _next(self, within: float) -> Frame:
        try:
            frame = self._pump.next(within=max(0.0, within))
        except DeviceError:
            self.close()
            raise
        if frame is None:
            raise Unresponsive("The camera sends no frames; unplug it and plug it in again.")
        return frame

    def _lock(self, on: bool) -> None:
        """A camera without these controls refuses silently, and has nothing to lock."""
        self._capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, EXPOSURE_MANUAL if on else EXPOSURE_AUTO)
        self._capture.set(cv2.CAP_PROP_AUTOFOCUS, 0 if on else 1)


def cut(pixels: Pixels) -> Pixels:
    """The middle of a frame in 4:3."""
    height, width = pixels.shape[:2]
    wide, high = four_by_three(width, height)
    left, top = (width - wide) // 2, (height - high) // 2
    return pixels[top : top + high, left : left + wide]


def rgb(pixels: npt.NDArray[np.generic]) -> Pixels:
    """OpenCV's BGR turned into a fresh RGB array."""
    return np.ascontiguousarray(pixels[..., ::-1], dtype=np.uint8)


def measures(pixels: Pixels) -> npt.NDArray[np.float64]:
    """Mean brightness and contrast of the fine detail: what still moves while exposure and focus settle."""
    grey = cv2.cvtColor(cv2.resize(cut(pixels), (320, 240), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    return np.array([grey.mean(), cv2.Laplacian(grey, cv2.CV_64F).std()], dtype=np.float64)
