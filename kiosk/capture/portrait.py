"""Cuts the portrait out of a still, as the centre and the card want it: head and shoulders, 3:4, never mirrored."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.face import HEAD_LENGTH, Box

Pixels = npt.NDArray[np.uint8]

SIZE: Final = (600, 800)
"""Width and height in pixels: more than twice the 240 × 320 of ISO/IEC 19794-5:2011 clause 9 (token image)."""
WIDTH: Final = 4.0
EYES: Final = 0.45
"""Token image geometry, same clause: as wide as four eye distances, eyes 0.6 widths, so 0.45 heights, from the top."""
LARGEST: Final = 200_000
"""Bytes. A packet travels over a village's mobile network; beyond this JPEG no longer gains anything a face needs."""
SMALLEST_QUALITY: Final = 40
"""At which even pure noise fits into ``LARGEST``."""


def crop(frame: Pixels, box: Box) -> Pixels:
    """The portrait, uint8 (800, 600, 3), RGB, around a head's ``box`` (``FaceJudgement.box``) in a frame.

    Pixels are never invented: see ``window``.
    """
    x, y, across, down = window(frame.shape, box)
    part = frame[y : y + down, x : x + across]
    way = cv2.INTER_AREA if across > SIZE[0] else cv2.INTER_CUBIC
    return cv2.resize(part, SIZE, interpolation=way).astype(np.uint8, copy=False)


def window(shape: tuple[int, ...], box: Box) -> tuple[int, int, int, int]:
    """Which part of a frame of ``shape`` (height, width, …) the portrait shows: left, top, width and height in pixels.

    A head so near the frame's edge that the portrait would reach beyond is cut as closely as the frame allows.
    """
    height, width = shape[:2]
    left, top, wide, high = box
    apart = high * height / HEAD_LENGTH
    across = min(WIDTH * apart, width, height * 3 / 4)
    down = across * 4 / 3
    x = (left + wide / 2) * width - across / 2
    y = (top + high / 2) * height - EYES * down
    x0, y0 = round(min(max(x, 0), width - across)), round(min(max(y, 0), height - down))
    return x0, y0, round(across), round(down)


def portrait_jpeg(pixels: Pixels, quality: int = 92, *, largest: int = LARGEST) -> bytes:
    """The portrait as JPEG within ``largest`` bytes, at ``quality`` (1 to 100) or as little below it as that takes.

    Raises ValueError when even quality 40 is larger; with the usual bound that cannot be.
    """
    for step in range(quality, SMALLEST_QUALITY - 1, -4):
        settings = (cv2.IMWRITE_JPEG_QUALITY, step, cv2.IMWRITE_JPEG_OPTIMIZE, 1)
        written, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), settings)
        if written and len(data) <= largest:
            return data.tobytes()
    raise ValueError(f"The portrait does not fit into {largest} bytes; take it again in better light.")
