"""The first judgement of a finger image: what one thing would make the next print better.

Block statistics, since an overall score cannot tell a wet print from a dry or a shifted one. The score is our own,
REKAM_FINGER_1: it orders prints of one station; it is no NFIQ and says nothing of a match.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.advice import FingerAdvice

ALGORITHM = "REKAM_FINGER_1"
"""Kept with every score; a change to anything below that moves scores takes the next number."""

BLOCK_MM = 0.8
"""Side of a block: a little under two ridges, the least that has a direction."""
LEAST_RANGE = 30
"""Grey levels between the darkest and the lightest below which nothing lies on the reader."""
AMPLE_MM2 = 115.0
"""Area of clear ridges beyond which more adds little; a flat finger tip shows 120 to 170."""
LEAST_GOOD = 55
"""Score below which a print is never called good, even if nothing explains what is wrong with it."""

_MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Measures:
    """What the blocks say. Shares are 0 to 1; millimetres right and down from the middle of the image."""

    foreground: float
    """Share of the image on which skin lies."""
    dark: float
    """Share of dark pixels in the foreground: about 0.4 when ridges and valleys are alike."""
    contrast: float
    """Grey levels of standard deviation inside a block, median of the foreground."""
    coherence: float
    """How much the gradients of a block agree on one direction, mean of the foreground."""
    closed: float
    """Share of the foreground whose valleys are filled."""
    clear_mm2: float
    """Area of blocks with separate, directed ridges."""
    offset_mm: tuple[float, float]
    """From the middle of the image to the middle of the print."""
    cut: float
    """Longest stretch of print on one edge of the image, as a share of that edge."""


NOTHING = Measures(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, (0.0, 0.0), 0.0)
"""An image without a finger."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One thing to change (or GOOD), the score 0 to 100 by ALGORITHM, and the measures both come from."""

    advice: FingerAdvice
    score: int
    measures: Measures


def judge(image: npt.NDArray[np.uint8], *, ppi: int = 500) -> Judgement:
    """Judge ``image``: uint8 (height, width), 0 = ridge, ``ppi`` pixels an inch.

    Raises ValueError for what is no grey image of at least four blocks a side.
    """
    measures = _measure(image, ppi)
    # A small reader cannot show a whole finger tip: what counts is how much of its window shows ridges.
    ample_mm2 = min(AMPLE_MM2, 0.7 * image.size * (_MM_PER_INCH / ppi) ** 2)
    score = _score(measures, ample_mm2)
    return Judgement(_advice(measures, score, ample_mm2), score, measures)


def _measure(image: npt.NDArray[np.uint8], ppi: int) -> Measures:
    if image.ndim != 2 or image.dtype != np.uint8:
        raise ValueError(f"a finger image is uint8 (height, width), not {image.dtype} {image.shape}")
    if not 100 <= ppi <= 2000:
        raise ValueError(f"{ppi} ppi is no finger reader's resolution; 100 to 2000 can be judged")
    side = round(BLOCK_MM * ppi / _MM_PER_INCH)
    if min(image.shape) < 4 * side:
        raise ValueError(f"an image of {image.shape[1]} × {image.shape[0]} pixels is too small to judge at {ppi} ppi")
    grey = image[: image.shape[0] // side * side, : image.shape[1] // side * side].astype(np.float32)
    darkest, lightest = np.percentile(grey, (1, 99))
    if lightest - darkest < LEAST_RANGE:
        return NOTHING

    mean = _blocks(grey, side)
    deviation = np.sqrt(np.maximum(_blocks(grey * grey, side) - mean * mean, 0))
    dark = _blocks((grey < (darkest + lightest) / 2).astype(np.float32), side)
    coherence = _coherence(grey, side)
    span = lightest - darkest
    skin = _largest((deviation > 0.12 * span) | (mean < lightest - 0.45 * span))
    if not skin.any():
        return NOTHING
    clear = skin & (coherence > 0.42) & (dark > 0.12) & (dark < 0.80) & (deviation > 0.16 * span)
    rows, columns = np.nonzero(skin)
    offset = (columns.mean() + 0.5 - skin.shape[1] / 2, rows.mean() + 0.5 - skin.shape[0] / 2)
    block_mm = side * _MM_PER_INCH / ppi
    edges = (skin[0], skin[-1], skin[:, 0], skin[:, -1])
    return Measures(
        foreground=float(skin.mean()),
        dark=float(dark[skin].mean()),
        contrast=float(np.median(deviation[skin])),
        coherence=float(coherence[skin].mean()),
        closed=float((dark[skin] > 0.80).mean()),
        clear_mm2=float(clear.sum()) * block_mm**2,
        offset_mm=(float(offset[0] * block_mm), float(offset[1] * block_mm)),
        cut=max(float(edge.mean()) for edge in edges),
    )


Blocks = npt.NDArray[np.float32]


def _blocks(grey: Blocks, side: int) -> Blocks:
    height, width = grey.shape
    return np.asarray(grey.reshape(height // side, side, width // side, side).mean(axis=(1, 3)), np.float32)


def _coherence(grey: Blocks, side: int) -> Blocks:
    soft = cv2.GaussianBlur(grey, (0, 0), side / 18)
    gx = np.asarray(cv2.Sobel(soft, cv2.CV_32F, 1, 0), np.float32)
    gy = np.asarray(cv2.Sobel(soft, cv2.CV_32F, 0, 1), np.float32)
    xx, yy, xy = _blocks(gx * gx, side), _blocks(gy * gy, side), _blocks(gx * gy, side)
    return np.asarray(np.sqrt(np.square(xx - yy) + 4 * np.square(xy)) / (xx + yy + 1), np.float32)


def _largest(blocks: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Keep the largest patch: what else touches the glass is dirt or the trace of the last finger."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(blocks.astype(np.uint8), connectivity=4)
    if count < 2:
        return np.zeros_like(blocks)
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), np.bool_)


def _score(measures: Measures, ample_mm2: float) -> int:
    """Return the area of clear ridges against what would be ample, times how clear they are."""
    clarity = float(np.clip((measures.coherence - 0.30) / 0.45, 0, 1))
    return round(100 * min(1.0, measures.clear_mm2 / ample_mm2) * clarity)


def _advice(measures: Measures, score: int, ample_mm2: float) -> FingerAdvice:
    """Return the change that helps most: first what spoils every ridge, then what hides some, then the rest."""
    if measures.foreground < 0.06:
        return FingerAdvice.UNCLEAR
    if measures.closed > 0.22:
        return FingerAdvice.WET
    if measures.coherence < 0.66:  # dry ridges are broken into dots, so little is dark; else it is no print at all
        return FingerAdvice.DRY if measures.dark < 0.42 and measures.coherence > 0.30 else FingerAdvice.UNCLEAR
    if max(map(abs, measures.offset_mm)) > 2.2 and measures.cut > 0.6:
        return FingerAdvice.CENTRE
    if measures.dark < 0.27:
        return FingerAdvice.PRESS_HARDER
    if measures.clear_mm2 < 0.7 * ample_mm2:
        return FingerAdvice.PRESS_HARDER if measures.dark < 0.32 else FingerAdvice.WHOLE_TIP
    if measures.dark > 0.60:
        return FingerAdvice.PRESS_LIGHTER
    return FingerAdvice.GOOD if score >= LEAST_GOOD else FingerAdvice.UNCLEAR
