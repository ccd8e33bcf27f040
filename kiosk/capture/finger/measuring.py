"""What a finger image shows, in figures: measures in the manner of ISO/IEC 29794-4, taken block by block.

Only their manner: orientation certainty, local clarity, ridge and valley uniformity and their like follow the ideas of
ISO/IEC 29794-4:2017, clause 6, not its formulas, and none of them claims to be its figure.
"""

from dataclasses import dataclass, fields

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.finger.axis import pointing

Field = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

PPI = 500
"""Everything is measured at this resolution; other images are resampled first."""
BLOCK = 16
"""Pixels to the side of a block: a little under two ridges, the least that has a direction."""
LEAST_RANGE = 30
"""Grey levels between the darkest and the lightest below which nothing lies on the reader."""
CLOSED = 0.80
"""Share of dark pixels from which a block's valleys are taken for filled."""

_MM = 25.4 / PPI
_BLOCK_MM = BLOCK * _MM
_DIRECTIONS = 12
"""Directions, 15 degrees apart, by which ridges are sorted."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What the blocks say. Shares are 0 to 1; millimetres right and down from the middle of the image; all floats."""

    foreground: float
    """Share of the image on which skin lies."""
    area_mm2: float
    """Area on which skin lies."""
    clear_mm2: float
    """Area of blocks with separate, directed ridges."""
    dark: float
    """Share of dark pixels in the foreground: about 0.4 when ridges and valleys are alike."""
    broad: float
    """Share of pixels nearer to the darkest than to the lightest within a ridge's width, away from the outline: how
    broad ridges are, whatever they have of contrast. A slide makes ridges and valleys alike, 0.5; pressure does not."""
    closed: float
    """Share of the foreground whose valleys are filled."""
    grey: float
    """Share of the foreground's pixels that are neither ridge nor valley but half way."""
    contrast: float
    """Standard deviation inside a block as a share of the image's range, median of the foreground."""
    patchiness: float
    """Deviation of the logarithm of that contrast, away from the outline: high where it is lost here and not there."""
    certainty: float
    """Orientation certainty: how much the gradients of a block agree on one direction, mean of the foreground."""
    clarity: float
    """Local clarity: share of pixels that are dark or light as the ridge that they lie on, 0.5 by chance to 1."""
    bridged: float
    """Share of the valleys' pixels, away from the outline, that are as dark as a ridge: pressure brings valleys to the
    glass here and there, and bridges them."""
    uniformity: float
    """How even ridges and valleys are: 1 less twice the deviation of the blocks' share of dark pixels."""
    sides: float
    """Share of dark pixels at the left and the right of the image, where a light touch ends first."""
    period_mm: float
    """From ridge to ridge, median of the foreground; 0 when there are no ridges."""
    evenness: float
    """Contrast of the ridges whose direction has least of it, as a share of that of those with most: low after a slide,
    which keeps the ridges along its way and blurs those across it. 1 where all ridges run alike."""
    centre_x_mm: float
    """From the middle of the image to the middle of the print."""
    centre_y_mm: float
    cut_left: float
    """Share of the image's left edge on which print lies; likewise the others."""
    cut_right: float
    cut_top: float
    cut_bottom: float
    turn_degrees: float
    """How far the finger points to the right of upright, by the flow of its ridges."""
    turn_certainty: float
    """How sure that is; low where the window shows little but the core."""
    askew: float
    """How sure it is that the finger points more than 22.5 degrees to either side."""
    tip_x_mm: float
    """From the middle of the image to the middle of the finger tip, by the flow of its ridges."""
    tip_y_mm: float
    outline_degrees: float
    """The long axis of the print's outline, to the right of upright; says little where the window cuts the print."""


NOTHING = Measures(*(0.0 for _ in fields(Measures)))
"""An image without a finger."""


def measure(image: npt.NDArray[np.uint8], *, ppi: int) -> Measures:
    """Measure ``image``: uint8 (height, width), 0 = ridge, ``ppi`` pixels an inch.

    Raises ValueError for what is no grey image of at least four blocks a side.
    """
    grey = _at_500_ppi(image, ppi)
    darkest, lightest = np.percentile(grey, (1, 99))
    span = float(lightest - darkest)
    if span < LEAST_RANGE:
        return NOTHING

    mean = _blocks(grey)
    deviation = np.sqrt(np.maximum(_blocks(grey * grey) - mean * mean, 0)) / span
    skin = _largest((deviation > 0.12) | (mean < lightest - 0.45 * span))
    if not skin.any():
        return NOTHING
    inner = _inner(skin)
    share = (grey - darkest) / span
    dark = _blocks((share < 0.5).astype(np.float32))
    half = _blocks(((share > 0.3) & (share < 0.7)).astype(np.float32))
    soft = _blurred(grey, 1.0)
    gx, gy = _slope(soft, 1, 0), _slope(soft, 0, 1)
    xx, yy, xy = _blocks(gx * gx), _blocks(gy * gy), _blocks(gx * gy)
    certainty = np.sqrt(np.square(xx - yy) + 4 * np.square(xy)) / (xx + yy + 1)
    flow = _flow(xx, yy, xy)
    black, ridge = _ridges(grey, flow)
    clarity = _blocks((black == ridge).astype(np.float32))
    valley = _pixels(inner) & ~ridge
    aside = skin & _aside(skin.shape)
    clear = skin & (certainty > 0.42) & (dark > 0.12) & (dark < CLOSED) & (deviation > 0.16)

    rows, columns = np.nonzero(skin)
    x = (columns + 0.5 - skin.shape[1] / 2) * _BLOCK_MM
    y = (rows + 0.5 - skin.shape[0] / 2) * _BLOCK_MM
    weight = (certainty * (deviation > 0.08))[skin]
    points = pointing(flow[skin], weight, _centred(x), _centred(y))
    return Measures(
        foreground=float(skin.mean()),
        area_mm2=float(skin.sum()) * _BLOCK_MM**2,
        clear_mm2=float(clear.sum()) * _BLOCK_MM**2,
        dark=float(dark[skin].mean()),
        broad=_broad(soft, inner),
        closed=float((dark[skin] > CLOSED).mean()),
        grey=float(half[skin].mean()),
        contrast=float(np.median(deviation[skin])),
        patchiness=float(np.log(deviation[inner] + 0.02).std()),
        certainty=float(certainty[skin].mean()),
        clarity=float(clarity[skin].mean()),
        bridged=float(black[valley].mean()) if valley.any() else 0.0,
        uniformity=float(max(0.0, 1 - 2 * dark[skin].std())),
        sides=float(dark[aside].mean()) if aside.any() else 0.0,
        period_mm=_period(soft, skin),
        evenness=_evenness(soft, gx, gy, inner),
        centre_x_mm=float(x.mean()),
        centre_y_mm=float(y.mean()),
        cut_left=float(skin[:, 0].mean()),
        cut_right=float(skin[:, -1].mean()),
        cut_top=float(skin[0].mean()),
        cut_bottom=float(skin[-1].mean()),
        turn_degrees=points.turn,
        turn_certainty=points.certainty,
        askew=points.askew,
        tip_x_mm=float(x.mean()) + points.tip_x,
        tip_y_mm=float(y.mean()) + points.tip_y,
        outline_degrees=_long_axis(x, y),
    )


def _at_500_ppi(image: npt.NDArray[np.uint8], ppi: int) -> Field:
    if image.ndim != 2 or image.dtype != np.uint8:
        raise ValueError(f"a finger image is uint8 (height, width), not {image.dtype} {image.shape}")
    if not 100 <= ppi <= 2000:
        raise ValueError(f"{ppi} ppi is no finger reader's resolution; 100 to 2000 can be judged")
    height, width = round(image.shape[0] * PPI / ppi), round(image.shape[1] * PPI / ppi)
    if min(height, width) < 4 * BLOCK:
        raise ValueError(f"an image of {image.shape[1]} × {image.shape[0]} pixels is too small to judge at {ppi} ppi")
    if abs(ppi - PPI) > 0.03 * PPI:  # resampling blurs, which a few per cent are not worth
        smooth = cv2.INTER_AREA if ppi > PPI else cv2.INTER_CUBIC
        image = np.asarray(cv2.resize(image, (width, height), interpolation=smooth), np.uint8)
    rows, columns = image.shape[0] // BLOCK * BLOCK, image.shape[1] // BLOCK * BLOCK
    top, left = (image.shape[0] - rows) // 2, (image.shape[1] - columns) // 2
    return image[top : top + rows, left : left + columns].astype(np.float32)


def _blocks(grey: Field) -> Field:
    height, width = grey.shape
    return np.asarray(grey.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).mean(axis=(1, 3)), np.float32)


def _blurred(grey: Field, scale: float) -> Field:
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), scale), np.float32)


def _slope(soft: Field, dx: int, dy: int) -> Field:
    """Return Sobel's derivative, eight times the grey levels a pixel."""
    return np.asarray(cv2.Sobel(soft, cv2.CV_32F, dx, dy), np.float32)


def _centred(places: npt.NDArray[np.float64]) -> Field:
    return np.asarray(places - places.mean(), np.float32)


def _largest(blocks: Mask) -> Mask:
    """Keep the largest patch: what else touches the glass is dirt or the trace of the last finger."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(blocks.astype(np.uint8), connectivity=4)
    if count < 2:
        return np.zeros_like(blocks)
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), np.bool_)


def _inner(skin: Mask) -> Mask:
    """Return ``skin`` without the blocks on its outline, which are half empty whatever runs there; all, if few."""
    inner = cv2.erode(skin.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0
    return np.asarray(inner if inner.sum() >= 8 else skin, np.bool_)


def _flow(xx: Field, yy: Field, xy: Field) -> npt.NDArray[np.complex64]:
    """Return exp(2iθ) of each block's ridge direction θ, which lies across its gradients; neighbours have a say."""
    across = _blurred(xx - yy, 0.6) + 2j * _blurred(xy, 0.6)
    return np.asarray(-across / np.maximum(np.abs(across), 1e-6), np.complex64)


def _aside(shape: tuple[int, ...]) -> Mask:
    """Return the blocks to the left and the right in the ellipse that fills the image, as a round window does."""
    rows, columns = shape
    y, x = np.ogrid[:rows, :columns]
    across, down = np.abs((2 * x + 1) / columns - 1), (2 * y + 1) / rows - 1
    return np.asarray((across > 0.6) & (np.hypot(across, down) < 0.98), np.bool_)


def _ridges(grey: Field, flow: npt.NDArray[np.complex64]) -> tuple[Mask, Mask]:
    """Return where a pixel is darker than what is around it, and where the line is that it lies on: a ridge."""
    level = _blurred(grey, 6.0)
    way = np.kron(np.sqrt(flow), np.ones((BLOCK, BLOCK), np.complex64))
    height, width = grey.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    along = np.zeros_like(grey)
    for step in range(-3, 4):  # seven looks over 14 pixels of ridge
        at_x, at_y = x + np.float32(2.33 * step) * way.real, y + np.float32(2.33 * step) * way.imag
        along += cv2.remap(grey, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(_blurred(grey, 0.7) < level, np.bool_), np.asarray(along / 7 < level, np.bool_)


def _broad(soft: Field, inner: Mask) -> float:
    grey, around = soft.astype(np.uint8), np.ones((13, 13), np.uint8)
    lowest, highest = cv2.erode(grey, around).astype(np.uint16), cv2.dilate(grey, around).astype(np.uint16)
    return float((2 * grey.astype(np.uint16) < lowest + highest)[_pixels(inner)].mean())


def _pixels(blocks: Mask) -> Mask:
    return np.asarray(blocks.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1), np.bool_)


def _evenness(soft: Field, gx: Field, gy: Field, inner: Mask) -> float:
    """Return the contrast of the ridges in the faintest of twelve directions as a share of that in the clearest."""
    waves = soft - _blurred(soft, 7.0)
    contrast, xx, yy, xy = (
        _blurred(product, 5.0)[4::8, 4::8] for product in (waves * waves, gx * gx, gy * gy, gx * gy)
    )
    directed = np.sqrt(np.square(xx - yy) + 4 * np.square(xy)) > 0.35 * (xx + yy + 8)
    seen = directed & np.kron(inner, np.ones((2, 2), np.bool_))
    angle = 0.5 * np.arctan2(-2 * xy[seen], yy[seen] - xx[seen])
    depth = np.sqrt(contrast[seen])
    clearest = []
    for direction in range(_DIRECTIONS):
        off = np.abs((angle - np.pi * direction / _DIRECTIONS + np.pi / 2) % np.pi - np.pi / 2)
        alike = depth[off < np.pi / _DIRECTIONS]
        if len(alike) >= 8:
            clearest.append(float(np.percentile(alike, 75)))
    return min(clearest) / max(clearest) if len(clearest) > 1 else 1.0


def _period(soft: Field, skin: Mask) -> float:
    """Return millimetres from ridge to ridge: a wave's slope deviates as its height does, times 2 pi / period."""
    gx, gy = _slope(soft, 1, 0), _slope(soft, 0, 1)
    waves = np.asarray(soft - _blurred(soft, 8.0), np.float32)
    height, slope = _blocks(waves * waves), _blocks(gx * gx + gy * gy)
    waving = skin & (slope > 64)
    if not waving.any():
        return 0.0
    return float(np.median(2 * np.pi * np.sqrt(64 * height[waving] / slope[waving]))) * _MM


def _long_axis(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    """Return the degrees by which the long axis of the points leans to the right of upright, -90 to 90."""
    dx, dy = x - x.mean(), y - y.mean()
    return float(np.rad2deg(0.5 * np.arctan2(-2 * (dx * dy).mean(), (dy * dy).mean() - (dx * dx).mean())))
