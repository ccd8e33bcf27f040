"""From pixels to minutiae: where ridges end and fork, which way, and how sure one can be.

The classic chain (Maltoni et al., Handbook of Fingerprint Recognition, ch. 3): segment, orientation from gradients,
steered Gabor enhancement, binarise, thin, crossing number, and a clean-up of what smudges and cuts pretend.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from drivers.fingerprint.synthetic.steered import Field, SteeredGabor
from drivers.fingerprint.synthetic.thinning import CLOCKWISE, CROSSING_NUMBER, Binary, neighbourhoods, thin

LEAST_CONTRAST = 13.0
"""Grey levels of standard deviation below which nothing is taken for ridges."""
LEAST_COHERENCE = 0.22
BORDER = 11.0
"""Pixels from the edge of the print within which an ending is only the edge."""
WALK = 12
"""Pixels of ridge followed to tell direction, spurs and islands."""
SHORT = 8
"""Ridges shorter than this between two events are noise: islands, spurs, bridges, gaps."""


@dataclass(frozen=True, slots=True)
class Minutiae:
    """The minutiae of one impression, best first, and where the print lay. Pixels at 500 ppi."""

    x: Field = field(repr=False)
    y: Field = field(repr=False)
    angle: Field = field(repr=False)
    """Radians 0 to 2 pi, image axes; along the ridge, to the side that has one ridge more (as ISO/IEC 19794-2)."""
    ending: npt.NDArray[np.bool_] = field(repr=False)
    """True for a ridge ending, False for a bifurcation."""
    quality: Binary = field(repr=False)
    """0 to 255."""
    region: npt.NDArray[np.bool_] = field(repr=False)
    """The print's area, shape (height, width)."""


def find(image: npt.NDArray[np.uint8]) -> Minutiae:
    """Find the minutiae of ``image``: uint8 (height, width), 500 ppi, 0 = ridge."""
    grey = image.astype(np.float32)
    orientation, coherence = _orientation(grey)
    contrast = _deviation(grey, 8.0)
    region = _region(contrast, coherence)
    swing = (grey - cv2.GaussianBlur(grey, (0, 0), 10.0)) / np.maximum(_deviation(grey, 10.0), LEAST_CONTRAST)
    flat = np.asarray(np.clip(swing, -2, 2), np.float32)
    ridges = SteeredGabor(orientation, _period(flat), length=4.0)(flat)
    skeleton = thin(_binarise(ridges, region))
    return _read(skeleton, orientation, coherence, ridges, region)


def _deviation(grey: Field, scale: float) -> Field:
    mean = cv2.GaussianBlur(grey, (0, 0), scale)
    square = cv2.GaussianBlur(grey * grey, (0, 0), scale)
    return np.sqrt(np.maximum(square - mean * mean, 0)).astype(np.float32)


def _orientation(grey: Field) -> tuple[Field, Field]:
    """Return ridge direction in radians, and how much the gradients of the neighbourhood agree on it, 0 to 1."""
    soft = cv2.GaussianBlur(grey, (0, 0), 1.2)
    gx, gy = cv2.Scharr(soft, cv2.CV_32F, 1, 0), cv2.Scharr(soft, cv2.CV_32F, 0, 1)
    xx, yy, xy = (cv2.GaussianBlur(product, (0, 0), 5.5) for product in (gx * gx, gy * gy, gx * gy))
    orientation = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    coherence = np.sqrt(np.square(xx - yy) + 4 * np.square(xy)) / (xx + yy + 1e-3)
    return orientation.astype(np.float32), coherence.astype(np.float32)


def _region(contrast: Field, coherence: Field) -> npt.NDArray[np.bool_]:
    """Return the largest striped patch: contrast alone would take a smear for ridges, coherence alone an edge."""
    enough = max(LEAST_CONTRAST, 0.35 * float(np.percentile(contrast, 85)))
    striped = ((contrast > enough) & (coherence > LEAST_COHERENCE)).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13))
    closed = cv2.morphologyEx(striped, cv2.MORPH_CLOSE, disc)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(closed, cv2.MORPH_OPEN, disc))
    if count < 2:
        return np.zeros(contrast.shape, np.bool_)
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _period(flat: Field) -> Field:
    """Return pixels from ridge to ridge: a wave's slope deviates as its height does, times 2 pi / period."""
    soft = cv2.GaussianBlur(flat, (0, 0), 1.6)
    gx, gy = (cv2.Sobel(soft, cv2.CV_32F, dx, dy, ksize=3, scale=1 / 8) for dx, dy in ((1, 0), (0, 1)))
    slope = cv2.GaussianBlur(gx * gx + gy * gy, (0, 0), 14.0)
    height = cv2.GaussianBlur(soft * soft, (0, 0), 14.0)
    return np.clip(2 * np.pi * np.sqrt(height / (slope + 1e-6)), 6.0, 13.0).astype(np.float32)


def _binarise(ridges: Field, region: npt.NDArray[np.bool_]) -> Binary:
    """Return 1 on ridges, without specks on them or between them."""
    binary = ((ridges < 0) & region).astype(np.uint8)
    for colour, least in ((1, 40), (0, 14)):
        count, labels, stats, _ = cv2.connectedComponentsWithStats((binary == colour).astype(np.uint8), connectivity=4)
        small = np.flatnonzero(stats[:count, cv2.CC_STAT_AREA] < least)
        binary[np.isin(labels, small[small > 0])] = 1 - colour
    return binary


@dataclass(frozen=True, slots=True)
class _Branch:
    """One ridge leaving a minutia: where following it came to, how far, and on what it ended."""

    row: int
    column: int
    length: int
    event: int
    """Crossing number where the walk stopped: 1 an ending, 2 none within reach, 3 or more a fork."""


def _read(
    skeleton: Binary, orientation: Field, coherence: Field, ridges: Field, region: npt.NDArray[np.bool_]
) -> Minutiae:
    codes = neighbourhoods(skeleton)
    crossing = CROSSING_NUMBER[codes] * skeleton
    inside = cv2.distanceTransform(np.pad(region.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    strength = cv2.GaussianBlur(np.abs(ridges), (0, 0), 6.0)
    found = []
    rows, columns = np.nonzero((crossing == 1) | (crossing == 3))
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if inside[row, column] < BORDER:
            continue
        ending = bool(crossing[row, column] == 1)
        branches = _branches(skeleton, crossing, row, column)
        if len(branches) != (1 if ending else 3) or any(b.length < SHORT and b.event != 2 for b in branches):
            continue
        angle = _towards(row, column, branches, float(orientation[row, column]))
        sure = coherence[row, column] * min(1.0, strength[row, column] / 0.55) * min(1.0, inside[row, column] / 24)
        found.append((column, row, angle, ending, 255 * float(np.clip(sure, 0, 1))))
    table = np.array(found, np.float32).reshape(-1, 5)
    table = table[_genuine(table)]
    table = table[np.lexsort((table[:, 0], table[:, 1], -table[:, 4]))]
    return Minutiae(table[:, 0], table[:, 1], table[:, 2], table[:, 3] > 0, table[:, 4].astype(np.uint8), region)


def _branches(skeleton: Binary, crossing: Binary, row: int, column: int) -> list[_Branch]:
    """Follow each ridge that leaves (row, column) for up to WALK pixels."""
    height, width = skeleton.shape
    around = {(row + dr, column + dc) for dr, dc in CLOCKWISE}
    starts = [(r, c) for r, c in around if 0 <= r < height and 0 <= c < width and skeleton[r, c]]
    starts.sort()
    branches = []
    for start in starts:
        seen = {(row, column), *starts}
        here, length = start, 1
        while length < WALK and (length == 1 or crossing[here] == 2):
            ahead = None
            for dr, dc in CLOCKWISE:
                r, c = here[0] + dr, here[1] + dc
                if 0 <= r < height and 0 <= c < width and skeleton[r, c] and (r, c) not in seen:
                    ahead = (r, c)
                    break
            if ahead is None:
                break
            seen.add(ahead)
            here, length = ahead, length + 1
        event = 2 if length >= WALK else int(crossing[here])
        branches.append(_Branch(here[0], here[1], length, event))
    return branches


def _towards(row: int, column: int, branches: list[_Branch], orientation: float) -> float:
    """Turn the ridge direction (known but for its sign) to the side with one ridge more.

    That side is where an ending's ridge runs, and where the two closer branches of a fork run.
    """
    headings = [np.arctan2(b.row - row, b.column - column) for b in branches]
    if len(headings) == 3:
        pairs = [(np.cos(headings[i] - headings[j]), i, j) for i, j in ((0, 1), (0, 2), (1, 2))]
        _, i, j = max(pairs)
        headings = [headings[i], headings[j]]
    along = sum(np.cos(heading - orientation) for heading in headings)
    return float((orientation if along >= 0 else orientation + np.pi) % (2 * np.pi))


def _genuine(table: Field) -> npt.NDArray[np.bool_]:
    """Return which minutiae are no artefact of two: a cut leaves two endings back to back, a bridge two forks."""
    dx, dy = table[:, None, 0] - table[None, :, 0], table[:, None, 1] - table[None, :, 1]
    apart = np.hypot(dx, dy)
    np.fill_diagonal(apart, np.inf)
    turned = np.cos(table[:, None, 2] - table[None, :, 2])
    opposed = (apart < 1.25 * SHORT) & (turned < -0.7)
    crowded = (apart < 12).sum(axis=1) >= 3
    return np.asarray(~(opposed.any(axis=1) | (apart < 4).any(axis=1) | crowded), np.bool_)
