"""The judgement of a finger image: what one thing would make the next print better.

Each piece of advice has its own cause among the measures: an overall score cannot tell a wet print from a dry or a
shifted one. The score is our own, REKAM_FINGER_2: it orders prints of one station; it is no NFIQ and says nothing of a
match. A worn print is told the truth like any other: its score says how clear it is, and the journey turns nobody away.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kiosk.capture.advice import FingerAdvice
from kiosk.capture.finger.measuring import NOTHING, Measures, measure

ALGORITHM = "REKAM_FINGER_2"
"""Kept with every score; a change to anything here or in the measures that moves scores takes the next number."""

AMPLE_MM2 = 115.0
"""Area of clear ridges beyond which more adds little; a flat finger tip shows 120 to 170."""
LEAST_GOOD = 55
"""Score below which a print is never called good, even if nothing explains what is wrong with it."""
WIDE_MM = 11.0
"""Side of a window from which it shows a finger tip's outline; a finger fills a narrower one however it lies."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One thing to change (or GOOD), the score 0 to 100 by ALGORITHM, and the measures both come from."""

    advice: FingerAdvice
    score: int
    measures: Measures


@dataclass(frozen=True, slots=True)
class _Window:
    """What a reader can show: a small one never a whole finger tip. Millimetres."""

    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def wide(self) -> bool:
        """Whether the outline of a print shows, and more of its flow than the core, which points nowhere."""
        return min(self.width, self.height) >= WIDE_MM


def judge(image: npt.NDArray[np.uint8], *, ppi: int = 500) -> Judgement:
    """Judge ``image``: uint8 (height, width), 0 = ridge, ``ppi`` pixels an inch.

    Raises ValueError for what is no grey image of at least 64 pixels a side at 500 ppi.
    """
    measures = measure(image, ppi=ppi)
    height, width = image.shape
    window = _Window(width * 25.4 / ppi, height * 25.4 / ppi)
    score = _score(measures, window)
    return Judgement(_advice(measures, score, window), score, measures)


def _score(measures: Measures, window: _Window) -> int:
    """Return the area of clear ridges against what would be ample, times how surely they have a direction."""
    ample = min(AMPLE_MM2, 0.7 * window.area)
    sure = float(np.clip((measures.certainty - 0.30) / 0.45, 0, 1))
    return round(100 * min(1.0, measures.clear_mm2 / ample) * sure)


def _advice(measures: Measures, score: int, window: _Window) -> FingerAdvice:
    """Return the change that helps most: first what spoils every ridge, then what hides some, then the rest."""
    if measures == NOTHING or measures.foreground < 0.06:
        return FingerAdvice.UNCLEAR
    if (spoilt := _spoilt(measures, window)) is not None:
        return spoilt
    if (partial := _partial(measures, window)) is not None:
        return partial
    if _faint(measures, window):
        return FingerAdvice.PRESS_HARDER
    # Where hardly a ridge has a direction, their flow is no witness.
    if measures.askew > 0.47 and measures.certainty > 0.5 and window.wide:
        return FingerAdvice.STRAIGHTEN
    if _heavy(measures, window):
        return FingerAdvice.PRESS_LIGHTER
    return FingerAdvice.GOOD if score >= LEAST_GOOD else FingerAdvice.UNCLEAR


def _spoilt(measures: Measures, window: _Window) -> FingerAdvice | None:
    """Say what spoils the ridges themselves: a slide, water, or too little of it."""
    if _slid(measures, window):
        return FingerAdvice.SMUDGED
    # Water fills valleys here and not there; pressure makes all of them narrow.
    if measures.closed > 0.08 and _patchy(measures, window):
        return FingerAdvice.WET
    # Dry ridges are broken into dots all over, so no direction is sure and little is dark; worn ones in patches.
    if 0.30 < measures.certainty < 0.66 and measures.clarity < 0.85:
        return FingerAdvice.DRY if measures.uniformity > 0.70 and measures.dark < 0.42 else None
    return None


def _slid(measures: Measures, window: _Window) -> bool:
    """Say whether the finger moved: ridges are grey, but not broad as by water and pressure, nor alike all around."""
    if not window.wide:  # too few directions to compare
        return measures.contrast < 0.22 and 0.44 < measures.broad < 0.54 and measures.grey > 0.33
    # A slide turns ridges grey by their direction; a soft image is grey too, but alike in all directions.
    uneven = 0.72 - 2 * max(0.0, measures.contrast - 0.165)
    return measures.grey > 0.37 and measures.contrast < 0.20 and measures.evenness < uneven


def _patchy(measures: Measures, window: _Window) -> bool:
    """Say whether contrast is lost in some places only; a narrow window may show hardly more than one of them."""
    if window.wide:
        return 0.45 * measures.patchiness - measures.uniformity > -0.435
    # As the two below for a narrow window: Fisher's discriminant, on generated persons 20000 to 20015, 21000 to 21019.
    return measures.contrast + 0.356 * measures.patchiness + 0.469 * measures.broad > 0.635


def _partial(measures: Measures, window: _Window) -> FingerAdvice | None:
    """Say whether the finger lies beside the window, or only its tip on it."""
    x, y = abs(measures.centre_x_mm), abs(measures.centre_y_mm)
    sideways = max(measures.cut_left, measures.cut_right) > 0.2 and x > y
    if measures.area_mm2 < min(70.0, 0.64 * window.area):
        # What the upper edge cuts may be the tip's half, laid alone, or the other half: the flow tells which.
        beyond = measures.tip_y_mm - measures.centre_y_mm < -0.5 and measures.cut_top > 0.2
        return FingerAdvice.CENTRE if beyond or sideways or measures.cut_bottom > 0.2 else FingerAdvice.WHOLE_TIP
    upwards = max(measures.cut_top, measures.cut_bottom) > 0.2
    if (sideways and x > _spare(window.width)) or (upwards and y > _spare(window.height)):
        return FingerAdvice.CENTRE
    return None


def _spare(side: float) -> float:
    """Return how far the middle of the print may be off, in millimetres, in a window of ``side``.

    A finger fills a window of 10 mm wherever it lies, so that there a little says much.
    """
    return 0.7 + 0.2 * max(0.0, side - 9.75)


def _faint(measures: Measures, window: _Window) -> bool:
    """Say whether ridges are thin, and either very much so or on little skin, as a light touch leaves them."""
    if not window.wide:  # no outline: faint at the sides, although what is there is clear; dry and worn ridges are not
        return measures.sides < 0.935 * measures.clarity - 0.548
    if measures.certainty < 0.6:  # worn or broken: pressing harder would not mend it
        return False
    return measures.dark < 0.30 or (measures.dark < 0.38 and measures.area_mm2 < 115)


def _heavy(measures: Measures, window: _Window) -> bool:
    """Say whether ridges are broad, and either very much so or on much skin, as they are when pressed flat."""
    if not window.wide:  # broad ridges alone may be damp; with bridges between them they are pressed
        return measures.dark > 0.52 and measures.bridged + 0.582 * measures.broad > 0.391
    return measures.dark > 0.60 or (measures.dark > 0.50 and measures.area_mm2 > 164)
