"""Cuts the portrait out of a still, as the centre and the card want it: head and shoulders, 3:4, never mirrored."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.face import HEAD_LENGTH, Box, FaceJudgement
from kiosk.capture.processing import Processing

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

SIZE: Final = (600, 800)
"""Width and height in pixels: more than twice the 240 × 320 of ISO/IEC 19794-5:2011 clause 9 (token image)."""
WIDTH: Final = 4.0
EYES: Final = 0.45
"""Token image geometry, same clause: as wide as four eye distances, eyes 0.6 widths, so 0.45 heights, from the top."""
UPRIGHT: Final = 8.0
"""Degrees up to which a leaning head is turned upright. Beyond, the shutter should not have been pressed; when it was
by hand, shoulders and cloth would lean so much that the picture looks tampered with: the officer sees it as it is."""
LEANING: Final = 1.0
"""Degrees below which turning gains nothing that is seen and costs a little sharpness."""
LARGEST: Final = 200_000
"""Bytes. A packet travels over a village's mobile network; beyond this JPEG no longer gains anything a face needs."""
SMALLEST_QUALITY: Final = 40
"""At which even pure noise fits into ``LARGEST``."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A portrait, uint8 (800, 600, 3), RGB, and where the face's feature points lie in it: x and y in its pixels.

    ``turned`` is by how many degrees, anticlockwise, it was turned to bring the head upright; 0 is as it was seen.
    ``across`` is how many pixels of the frame its width shows.
    """

    pixels: Pixels = field(repr=False)
    features: Mapping[str, tuple[float, float]] = field(repr=False)
    across: float
    turned: float = 0.0

    @property
    def processing(self) -> frozenset[Processing]:
        """What was done to the frame to make it."""
        done = {
            Processing.CROPPED: True,
            Processing.ROTATED: self.turned != 0,
            Processing.DOWN_SAMPLED: self.across > SIZE[0],
            Processing.INTERPOLATED: self.across < SIZE[0],
        }
        return frozenset(each for each, so in done.items() if so)


def portray(frame: Pixels, seen: FaceJudgement) -> Portrait:
    """The portrait around the face of a judged frame, the eyes level and where a token image has them.

    A head that leans by no more than ``UPRIGHT`` is turned upright, about the point between the eyes. Where the
    portrait would reach beyond the frame it is not turned, and cut as closely as the frame allows: pixels are never
    invented. ValueError when no face was found; cut around a box of your own with ``as_seen`` then.
    """
    if seen.eyes is None or seen.box is None or seen.angles is None:
        raise ValueError("No face was found in this frame; cut the portrait where the oval is.")
    height, width = frame.shape[:2]
    (rx, ry), (lx, ly) = seen.eyes
    roll = math.atan2(ly - ry, lx - rx)
    across = WIDTH * seen.box[3] * height / HEAD_LENGTH
    middle = np.array([(rx + lx) / 2, (ry + ly) / 2])
    if LEANING <= abs(math.degrees(roll)) <= UPRIGHT:
        onto = _turned(middle, roll, SIZE[0] / across)
        if _within(onto, width, height):
            # Twice as many pixels are taken, then averaged, where the portrait is smaller than what it shows.
            finer = 2 if across > 1.2 * SIZE[0] else 1
            large = cv2.warpAffine(frame, finer * onto, (finer * SIZE[0], finer * SIZE[1]), flags=cv2.INTER_CUBIC)
            pixels = cv2.resize(large, SIZE, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
            return Portrait(pixels, _placed(seen.features, onto), across, math.degrees(roll))
    return as_seen(frame, seen.box, seen.features)


def as_seen(frame: Pixels, box: Box, features: Mapping[str, tuple[float, float]] = MappingProxyType({})) -> Portrait:
    """The portrait around a head's ``box`` in a frame, not turned; ``features`` are places in the frame."""
    x, y, w, h = window(frame.shape, box)
    scale_x, scale_y = SIZE[0] / w, SIZE[1] / h
    onto = np.array([[scale_x, 0.0, -scale_x * x], [0.0, scale_y, -scale_y * y]])
    return Portrait(crop(frame, box), _placed(features, onto), w)


def crop(frame: Pixels, box: Box) -> Pixels:
    """The portrait, uint8 (800, 600, 3), RGB, around a head's ``box`` (``FaceJudgement.box``) in a frame.

    Pixels are never invented: see ``window``.
    """
    x, y, w, h = window(frame.shape, box)
    way = cv2.INTER_AREA if w > SIZE[0] else cv2.INTER_CUBIC
    return cv2.resize(frame[y : y + h, x : x + w], SIZE, interpolation=way).astype(np.uint8, copy=False)


def window(shape: tuple[int, ...], box: Box) -> tuple[int, int, int, int]:
    """Which part of a frame of ``shape`` (height, width, …) the portrait shows: left, top, width and height in pixels.

    A head so near the frame's edge that the portrait would reach beyond is cut as closely as the frame allows.
    """
    height, width = shape[:2]
    left, top, wide, high = box
    across = min(WIDTH * high * height / HEAD_LENGTH, width, height * 3 / 4)
    down = across * 4 / 3
    x = (left + wide / 2) * width - across / 2
    y = (top + high / 2) * height - EYES * down
    return (
        round(min(max(x, 0), width - across)),
        round(min(max(y, 0), height - down)),
        round(across),
        round(down),
    )


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


def _turned(middle: Floats, roll: float, scale: float) -> Floats:
    """The affine map (2, 3) from the frame onto the portrait: upright, the point between the eyes where it belongs."""
    turn = scale * np.array([[math.cos(roll), math.sin(roll)], [-math.sin(roll), math.cos(roll)]])
    shift = np.array([SIZE[0] / 2, EYES * SIZE[1]]) - turn @ middle
    return np.concatenate([turn, shift[:, None]], axis=1)


def _within(onto: Floats, width: int, height: int) -> bool:
    """Whether all four corners of the portrait lie in the frame."""
    back = np.asarray(cv2.invertAffineTransform(onto))
    corners = np.array([(0, 0), (SIZE[0], 0), (0, SIZE[1]), SIZE]) @ back[:, :2].T + back[:, 2]
    return bool((corners >= 0).all() and (corners <= (width - 1, height - 1)).all())


def _placed(features: Mapping[str, tuple[float, float]], onto: Floats) -> dict[str, tuple[float, float]]:
    moved = {name: onto[:, :2] @ np.array(place) + onto[:, 2] for name, place in features.items()}
    return {name: (float(place[0]), float(place[1])) for name, place in moved.items()}
