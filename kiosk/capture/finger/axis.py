"""Which way a finger points, from the flow of its ridges alone.

A print's outline is often the window's, so the ridges have to say it: they arch over the tip, run across at the joint,
and turn around the core in one of a few ways. The flow of each pattern class is written down once (Sherlock and Monro's
zero-pole model, "A model for interpreting fingerprint topology", Pattern Recognition 26(7), 1993, at average places of
core and delta), turned and moved until it agrees best with what is seen. Millimetres from the middle of the finger tip.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Flow = npt.NDArray[np.complex64]
"""Unit numbers exp(2iθ) of ridge directions θ (image axes): doubled, since a ridge points both ways."""
Numbers = npt.NDArray[np.float32]

Place = tuple[float, float]

TURNS = np.arange(-75, 76, 7.5)
"""Degrees clockwise that are tried."""
SHIFTS = np.array([(x, y) for y in np.arange(-5.4, 5.5, 1.8) for x in np.arange(-5.4, 5.5, 1.8)], np.float32)
"""Millimetres from the middle of the print, to the finger's right and root, at which the middle of the tip may lie."""
FAR = 0.006
"""Agreement that a shift costs for each square millimetre: the tip is likely where the print is."""
CROOKED = 35.0
"""Degrees of standard deviation expected beforehand: hands have limits."""
SHARPNESS = 80.0
"""Logarithmic evidence for the whole of agreement; chosen on generated prints, as FAR and CROOKED."""
MODE = 16.0
"""Degrees around the likeliest turn that count as the same answer."""

_STEP, _HALF = 0.9, 12.6
"""Millimetres between the cells into which what is seen is gathered, and to the outermost from the middle."""


def _pole(x: Numbers, y: Numbers, at: tuple[float, float]) -> Numbers:
    return np.asarray(np.arctan2(y - at[1], x - at[0]), np.float32)


def _patterns() -> Numbers:
    """Return what every cell should show, for arches, loops and whorls of several builds at every shift.

    Shape (2 × cells, shifts × patterns), first all cosines of the doubled directions, then all sines: one product with
    what is seen, so laid out, is its agreement with all of them.
    """
    axis = np.arange(-_HALF, _HALF + _STEP / 2, _STEP, dtype=np.float32)
    across, down = np.meshgrid(axis, axis)
    x = across.reshape(-1, 1) - SHIFTS[:, 0]
    y = SHIFTS[:, 1] - down.reshape(-1, 1)  # the formulas have y up

    def arch(rise: float) -> Numbers:
        steep = np.clip(0.15 + rise * (y + 9.7) / 13.2, 0.05, 1.6)
        return np.asarray(np.arctan(steep * np.sin(np.pi * np.clip(x / 10.7, -1, 1))), np.float32)

    def around(foot: float, cores: tuple[Place, ...], deltas: tuple[Place, ...]) -> Numbers:
        outline = 0.72 * np.tanh(x / 7.1) / (1 + np.exp(-(y + foot) / 2.3))
        turning = sum(_pole(x, y, at) for at in deltas) - sum(_pole(x, y, at) for at in cores)
        return np.asarray(outline + turning / 2, np.float32)

    arches = [arch(rise) for rise in (0.6, 0.9)]
    tented = [around(2.3, ((0, 0.9),), ((0, 0.9 - below),)) for below in (2.9, 4.6)]
    loops = [
        around(4.3, ((0, 0.9),), ((side * beside, 0.9 - below),))
        for side in (-1, 1)
        for beside in (3.6, 5.6)
        for below in (4.0, 6.2)
    ]
    whorls = [
        around(2.3, ((lean, 0.9 + apart), (-lean, 0.9 - apart)), ((-5.3, 0.9 - below), (5.3, 0.9 - below)))
        for apart, lean in ((0.35, 0), (1.2, 0.35), (1.2, -0.35), (1.1, 0.65), (1.1, -0.65))
        for below in (4.6, 6.4)
    ]
    flows = np.stack((*arches, *tented, *loops, *whorls), axis=-1).reshape(x.shape[0], -1)
    return np.concatenate((np.cos(2 * flows), np.sin(2 * flows))).astype(np.float32)


_EXPECTED = _patterns()


@dataclass(frozen=True, slots=True)
class Pointing:
    """Which way a finger points, and where its tip has its middle."""

    turn: float
    """Degrees clockwise from upright."""
    certainty: float
    """Share of the evidence that lies around that turn."""
    askew: float
    """Share of the evidence for any turn of more than 22.5 degrees, either way."""
    tip_x: float
    """Millimetres right and down from the middle of the print."""
    tip_y: float


def pointing(flow: Flow, weight: Numbers, x: Numbers, y: Numbers) -> Pointing:
    """Return which way a finger points whose flow is ``flow`` at points ``x``, ``y`` with ``weight`` each.

    All arguments are one-dimensional and of one length; millimetres right and down from the middle of the print.
    Without any weight nothing is certain.
    """
    total = float(weight.sum())
    if total <= 0:
        return Pointing(0.0, 0.0, 0.0, 0.0, 0.0)
    evidence = SHARPNESS * (_gathered(flow * (weight / total), x, y) @ _EXPECTED).reshape(len(TURNS), len(SHIFTS), -1)
    evidence -= SHARPNESS * FAR * np.square(SHIFTS).sum(axis=1)[:, None]
    evidence -= 0.5 * np.square(TURNS / CROOKED)[:, None, None]
    likely = np.exp(evidence - evidence.max()).sum(axis=2)
    likely /= likely.sum()
    turns = likely.sum(axis=1)
    near = turns * (np.abs(TURNS - TURNS[turns.argmax()]) <= MODE)
    beyond = np.clip((np.abs(TURNS) - 18.75) / 7.5, 0, 1)
    # Shifts count along the finger's own axes: turned back, they are those of the image.
    shifts, around = likely @ SHIFTS, np.deg2rad(TURNS)
    return Pointing(
        float((near * TURNS).sum() / near.sum()),
        float(near.sum()),
        float((turns * beyond).sum()),
        float((np.cos(around) * shifts[:, 0] - np.sin(around) * shifts[:, 1]).sum()),
        float((np.sin(around) * shifts[:, 0] + np.cos(around) * shifts[:, 1]).sum()),
    )


def _gathered(seen: Flow, x: Numbers, y: Numbers) -> Numbers:
    """Return what is seen, turned upright from each of TURNS and gathered into cells; shape (turns, 2 × cells)."""
    around = np.deg2rad(TURNS)[:, None]
    cos, sin = np.cos(around), np.sin(around)
    side = round(2 * _HALF / _STEP) + 1
    columns = np.clip(np.rint((cos * x + sin * y + _HALF) / _STEP), 0, side - 1).astype(np.intp)
    rows = np.clip(np.rint((cos * y - sin * x + _HALF) / _STEP), 0, side - 1).astype(np.intp)
    upright = seen * np.exp(-2j * around)
    cells = (np.arange(len(TURNS))[:, None] * side + rows) * side + columns
    parts = [
        np.bincount(cells.ravel(), part.ravel(), len(TURNS) * side * side).reshape(len(TURNS), -1)
        for part in (upright.real, upright.imag)
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)
