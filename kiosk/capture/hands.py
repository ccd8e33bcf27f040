"""The photo of face and both hands that goes with an exception: uncut, for a person at the centre to look at."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.portrait import portrait_jpeg

LONGEST: Final = 1280
"""Pixels of the longer side: fingers can be counted, and a packet still travels over a village's mobile network."""


def hands_jpeg(pixels: npt.NDArray[np.uint8]) -> tuple[bytes, int, int]:
    """The still, uint8 (height, width, 3) RGB, as JPEG, with its width and height in pixels; never enlarged."""
    height, width = pixels.shape[:2]
    share = min(1.0, LONGEST / max(height, width))
    size = (round(width * share), round(height * share))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return portrait_jpeg(small), *size
