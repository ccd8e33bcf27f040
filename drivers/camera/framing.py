"""The shape that preview and still share, whatever the sensor's own: otherwise a preview would lie."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

PREVIEW: Final = (1280, 960)


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
