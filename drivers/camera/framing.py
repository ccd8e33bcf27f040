"""What a frame must be: of the shape that preview and still share, whole, and new; otherwise a preview would lie."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drivers.camera import Frame
from drivers.errors import Malformed, Unresponsive

Pixels = npt.NDArray[np.uint8]

PREVIEW: Final = (1280, 960)
FROZEN_FOR: Final = 3.0
"""Seconds of one and the same picture: no sensor is so free of noise."""
FLAT: Final = 2.0
"""Standard deviation below which a picture shows nothing: a covered lens may well send one and the same black."""


class Vigil:
    """Looks whether a camera still sees: some go on sending their last picture for ever."""

    def __init__(self) -> None:
        self._sample: Pixels | None = None
        self._since = 0.0

    def see(self, frame: Frame) -> Frame:
        """Pass the next frame on. Raises Unresponsive when it has been the same picture for three seconds."""
        sample = frame.pixels[::40, ::40].copy()
        if self._sample is None or not np.array_equal(sample, self._sample) or sample.std() < FLAT:
            self._sample, self._since = sample, frame.taken
        elif frame.taken - self._since >= FROZEN_FOR:
            raise Unresponsive("The camera repeats one picture; unplug it and plug it in again.")
        return frame


def whole(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Pass on a colour picture of ``size`` (width, height). Raises Malformed when it is torn or of another size."""
    if pixels.shape != (size[1], size[0], 3):
        raise Malformed("The camera sends torn pictures; check its cable, or try another USB port.")
    return pixels


def four_by_three(width: int, height: int) -> tuple[int, int]:
    """Width and height of the largest 4:3 picture within a sensor, on the even pixels that camera hardware wants."""
    unit = min(width // 8, height // 6)
    return unit * 8, unit * 6


def rgb_from_yuv(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """RGB preview, uint8 (960, 1280, 3), out of full-range I420 planes with padded rows, uint8 (960 × 3 / 2, stride).

    The camera fills the whole range of a byte (sYCC, BT.601), OpenCV expects video range (16 to 235): squeeze first, or
    bright skin would be clipped. The padding is cut last, as the half-width chroma rows share it.
    """
    width, height = PREVIEW
    video = np.empty_like(planes)
    cv2.convertScaleAbs(planes[:height], dst=video[:height], alpha=219 / 255, beta=16)
    cv2.convertScaleAbs(planes[height:], dst=video[height:], alpha=224 / 255, beta=128 * (1 - 224 / 255))
    return np.ascontiguousarray(cv2.cvtColor(video, cv2.COLOR_YUV2RGB_I420)[:, :width], dtype=np.uint8)
