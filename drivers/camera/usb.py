"""A USB camera (UVC, V4L2) through OpenCV, for stations on plain Debian."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from drivers.camera import Frame
from drivers.camera.controls import Kept, expose_freely, follow, keep
from drivers.camera.framing import PREVIEW, Vigil, four_by_three, whole
from drivers.camera.pump import Pump
from drivers.camera.settling import Steadiness
from drivers.errors import Absent, Malformed

Answer = TypeVar("Answer")
Pixels = npt.NDArray[np.uint8]

LARGEST: Final = (4096, 3072)
"""Asked for at opening: the kernel answers with the nearest size the camera has."""
STEADY_FOR, STEADY = 8, 0.04
"""Frames, and the share by which brightness and sharpness may differ between them."""
PATIENCE: Final = 2.0
"""Seconds: a webcam settles within them; somebody who moves never looks steady."""
JUMP: Final = 0.15
"""Share of brightness by which a locked picture may differ; beyond, the camera has lost its exposure."""
QUEUED: Final = 8
"""Frames that may still come as they were before a setting: the kernel's queue, and the sensor's own delay."""


class Webcam:
    """OpenCV's capture as a source to pump. Raises Absent when nothing at ``path`` is a camera."""

    def __init__(self, path: str, backend: int, still: tuple[int, int]) -> None:
        self._capture = cv2.VideoCapture(path, backend)
        if not self._capture.isOpened():
            raise Absent(f"What is at {path} cannot be opened as a camera; another program may hold it.")
        # Large pictures fit through USB 2 only as JPEG; a camera without it keeps its own format.
        self.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self.set(cv2.CAP_PROP_FRAME_WIDTH, still[0])
        self.set(cv2.CAP_PROP_FRAME_HEIGHT, still[1])
        self.set(cv2.CAP_PROP_FPS, 30)
        self.size = int(self.get(cv2.CAP_PROP_FRAME_WIDTH)), int(self.get(cv2.CAP_PROP_FRAME_HEIGHT))

    def get(self, control: int) -> float:
        """The value of a control; 0 or -1 when the camera has it not."""
        return self._capture.get(control)

    def set(self, control: int, value: float) -> bool:
        """Set a control; False when the camera refuses, or has it not."""
        return self._capture.set(control, value)

    def grab(self) -> bool:
        """Wait for the next frame, ten seconds at the most; False when the camera is gone."""
        return self._capture.grab()

    def retrieve(self) -> Pixels | None:
        """Decode it: BGR, or None when it was torn on the wire."""
        decoded, pixels = self._capture.retrieve()
        return pixels.astype(np.uint8, copy=False) if decoded else None

    def release(self) -> None:
        """Give the camera back."""
        self._capture.release()


class UsbCamera:
    """The camera at ``path`` (``/dev/v4l/by-id/…`` keeps its name across boots), opened once at its largest size.

    The preview is the still made smaller, so both show the same. ``still`` (width, height) asks for a smaller size, as
    some cameras blow their pictures up to the largest; ``white_balance`` (kelvin) fixes the colours, as the station's
    own light wants them. ``backend`` is OpenCV's; V4L2 but for tests. Raises Absent when nothing there is a camera.
    """

    def __init__(
        self,
        path: str,
        *,
        still: tuple[int, int] = LARGEST,
        white_balance: float | None = None,
        backend: int = cv2.CAP_V4L2,
    ) -> None:
        if not Path(path).exists():
            raise Absent(f"There is no camera at {path}; plug it in.")
        self._webcam = Webcam(path, backend, still)
        self._fixed = white_balance
        self._kept: Kept | None = None
        self._vigil = Vigil()
        follow(self._webcam, kelvin=white_balance)
        self._pump = Pump(self._webcam)
        self.name = "USB camera, {} × {}".format(*self._webcam.size)

    @property
    def white_balance(self) -> float | None:
        """The lamp's kelvin that this sitting's stills are balanced for; None before the first, or when not known."""
        return self._kept.kelvin if self._kept else None

    def preview(self, *, within: float) -> Frame:
        """Bring the next frame, cut to 4:3 and made 1280 × 960. Raises Unresponsive after ``within`` seconds."""
        frame = self._next(time.monotonic() + within)
        small = cv2.resize(cut(frame.pixels), PREVIEW, interpolation=cv2.INTER_AREA)
        return self._vigil.see(Frame(rgb(small), frame.taken))

    def still(self, *, within: float) -> Frame:
        """Take one picture. The first of a sitting waits until focus and exposure are steady, then locks them.

        What cannot be locked, or gets lost by it, stays automatic: a good picture comes before an equal one.
        """
        deadline = time.monotonic() + within
        if self._kept is None:
            self._kept = self._lock(deadline)
        # The frame at hand was taken before anybody asked.
        self._next(deadline)
        frame = self._next(deadline)
        return Frame(rgb(cut(frame.pixels)), frame.taken)

    def unlock(self) -> None:
        """End the sitting: focus and exposure follow the room again, colours too unless the station fixed them."""
        self._kept = None
        self._ask(lambda: follow(self._webcam, kelvin=self._fixed), time.monotonic() + PATIENCE)

    def close(self) -> None:
        """Give the camera back; may be called twice. One that hangs is given back as soon as the kernel lets go."""
        self._pump.stop(within=1.0)

    def _lock(self, deadline: float) -> Kept:
        before = self._settled(deadline)
        kept = self._ask(lambda: keep(self._webcam, kelvin=self._fixed), deadline)
        for _ in range(QUEUED):
            after = measures(self._next(deadline).pixels)
        if abs(after[0] - before[0]) > JUMP * before[0]:
            self._ask(lambda: expose_freely(self._webcam), deadline)
            self._settled(deadline)
            kept = replace(kept, exposure=None)
        return kept

    def _settled(self, deadline: float) -> npt.NDArray[np.float64]:
        patience = min(time.monotonic() + PATIENCE, deadline)
        steadiness = Steadiness(STEADY_FOR, share=STEADY)
        while True:
            now = measures(self._next(deadline).pixels)
            if steadiness.feed(now.tolist()) or time.monotonic() > patience:
                return now

    def _ask(self, question: Callable[[], Answer], deadline: float) -> Answer:
        return self._pump.ask(question, within=deadline - time.monotonic())

    def _next(self, deadline: float) -> Frame:
        """The next whole frame; one may be torn."""
        frame = self._pump.next(within=max(0.0, deadline - time.monotonic()))
        try:
            whole(frame.pixels, self._webcam.size)
        except Malformed:
            frame = self._pump.next(within=max(0.0, deadline - time.monotonic()))
            whole(frame.pixels, self._webcam.size)
        return frame


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
