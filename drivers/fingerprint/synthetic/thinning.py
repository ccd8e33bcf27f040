"""Skeletons: Zhang and Suen's parallel thinning, one table look-up a pass, and what a pixel's neighbours say.

T. Y. Zhang and C. Y. Suen, "A fast parallel algorithm for thinning digital patterns", CACM 27(3), 1984.
A pixel's neighbourhood is one byte: bit 0 north, then clockwise to bit 7 north-west.
"""

import cv2
import numpy as np
import numpy.typing as npt

Binary = npt.NDArray[np.uint8]
"""0 or 1, shape (height, width)."""

CLOCKWISE = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""Row and column steps to the eight neighbours, in bit order."""

_WEIGHTS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)

_BITS = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(np.uint8)
_N, _NE, _E, _SE, _S, _SW, _W, _NW = _BITS.T
_COUNT = _BITS.sum(axis=1)
_RISES = ((_BITS == 0) & (np.roll(_BITS, -1, axis=1) == 1)).sum(axis=1)

CROSSING_NUMBER = _RISES.astype(np.uint8)
"""By neighbourhood: how many ridges leave a skeleton pixel; 1 at an ending, 2 along a ridge, 3 at a bifurcation."""

_PEELABLE = (_COUNT >= 2) & (_COUNT <= 6) & (_RISES == 1)
_PEEL_SOUTH_EAST = (_PEELABLE & (_N * _E * _S == 0) & (_E * _S * _W == 0)).astype(np.uint8)
_PEEL_NORTH_WEST = (_PEELABLE & (_N * _E * _W == 0) & (_N * _S * _W == 0)).astype(np.uint8)


def _stair_corners() -> Binary:
    """Return which neighbourhoods are corners of a stair: removal joins and parts nothing (Yokoi's C8 = 1)."""
    absent = 1 - _BITS.astype(np.int8)
    sides = [absent[:, k] * (1 - absent[:, (k + 1) % 8] * absent[:, (k + 2) % 8]) for k in (0, 2, 4, 6)]
    corner = (_N & _E) | (_E & _S) | (_S & _W) | (_W & _N)
    return np.asarray((np.sum(sides, axis=0) == 1) & (corner == 1), np.uint8)


_STAIR_CORNER = _stair_corners()


def neighbourhoods(binary: Binary) -> Binary:
    """Return each pixel's neighbourhood byte; beyond the border everything is 0."""
    codes: Binary = cv2.filter2D(binary, cv2.CV_8U, _WEIGHTS, borderType=cv2.BORDER_CONSTANT).astype(np.uint8)
    return codes


def thin(binary: Binary) -> Binary:
    """Return the skeleton of ``binary``: lines one pixel wide, 8-connected, without stairs."""
    skeleton = np.ascontiguousarray(binary, dtype=np.uint8).copy()
    while True:
        before = cv2.countNonZero(skeleton)
        for table in (_PEEL_SOUTH_EAST, _PEEL_NORTH_WEST):
            skeleton[cv2.LUT(neighbourhoods(skeleton), table) != 0] = 0
        if cv2.countNonZero(skeleton) == before:
            break
    for row in (0, 1):  # pixels of one quarter are no neighbours of each other, so each may go without asking the rest
        for column in (0, 1):
            quarter = np.s_[row::2, column::2]
            skeleton[quarter][cv2.LUT(neighbourhoods(skeleton), _STAIR_CORNER)[quarter] != 0] = 0
    return skeleton
