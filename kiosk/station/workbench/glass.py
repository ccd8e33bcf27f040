"""Whether a finger reader's glass is clean, seen where no finger lies.

Nobody's finger is judged by this: the judges look at the print, and leave out what else is on the glass. A technician
compares it with what the same reader showed when it was clean.
"""

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

NAMES: Final = ("glass_brightness", "glass_dirt")
"""Median brightness of the bare glass, 0 to 1, and the share of it that is darker than the rest of it."""
MM_PER_INCH: Final = 25.4
AROUND_MM: Final = 0.8
"""From the print: a damp finger leaves a breath of water around it."""
LEAST: Final = 0.02
"""Share of the image that must be bare for anything to be said of the glass."""
DARKER: Final = 0.08
"""How much darker than the median, of the whole range, a pixel is that shows dirt; a clean glass has less noise."""


def glass(image: npt.NDArray[np.uint8], *, ppi: int) -> Mapping[str, float]:
    """Measure the bare glass of a finger image, uint8 (height, width), 0 = ridge; nothing where a print covers it all.

    A print is what is dark and wide: the largest patch after ridges and valleys have been blurred into one. A whole
    finger tip leaves little glass bare: half a tip shows more of it.
    """
    a_mm = ppi / MM_PER_INCH
    blurred = cv2.GaussianBlur(image, (0, 0), 0.5 * a_mm)
    lightest = float(np.percentile(image, 99))  # the glass, or the valleys where no glass is bare: both are as light
    dark = (blurred < lightest - 30).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    covered = np.zeros(image.shape, np.uint8)
    if count > 1:
        covered[labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))] = 1
    reach = 2 * round(AROUND_MM * a_mm) + 1
    bare = cv2.dilate(covered, np.ones((reach, reach), np.uint8)) == 0
    if bare.mean() < LEAST:
        return {}
    ground = cv2.GaussianBlur(image, (0, 0), 0.1 * a_mm)[bare].astype(np.float32) / 255
    clean = float(np.median(ground))
    return dict(zip(NAMES, (clean, float((ground < clean - DARKER).mean())), strict=True))
