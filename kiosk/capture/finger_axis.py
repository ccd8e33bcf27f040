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
Logarithms = npt.NDArray[np.float64]

Place = tuple[float, float]

TURNS = np.arange(-75, 76, 7.5)
"""Degrees clockwise that are tried."""
SHIFTS = np.array([(x, y) for y in np.arange(-5.4, 5.5, 1.8) for x in np.arange(-5.4, 5.5, 1.8)], np.float32)
"""Millimetres right and down from the middle of the print at which the middle of the tip is looked for."""
FAR = 0.006
"""Agreement that a shift costs for each square millimetre: the tip is likely where the print is."""
CROOKED = 35.0
"""Degrees of standard deviation expected beforehand: hands have limits."""
SHARPNESS = 80.0
"""Logarithmic evidence for the whole of agreement; chosen on generated prints, as FAR and CROOKED."""
MODE = 16.0
"""Degrees around the likeliest turn that count as the same answer."""

_STEP, _HALF = 0.3, 13.5
"""Millimetres between the samples of a pattern's flow, and to its edge from the middle."""


def _pole(x: Numbers, y: Numbers, at: tuple[float, float]) -> Numbers:
    return np.asarray(np.arctan2(y - at[1], x - at[0]), np.float32)


def _patterns() -> Flow:
    """Return the flow of arches, loops and whorls of several builds; shape (patterns, rows, columns)."""
    axis = np.arange(-_HALF, _HALF + _STEP / 2, _STEP, dtype=np.float32)
    x, down = np.meshgrid(axis, axis)
    y = -down  # the formulas have y up

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
        for apart, lean in ((0.35, 0), (1.2, 0.35), (1.2, -0.35))
        for below in (4.6, 6.4)
    ]
    return np.stack([np.exp(2j * flow) for flow in (*arches, *tented, *loops, *whorls)]).astype(np.complex64)


_FLOWS = _patterns()


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
    seen = (np.conj(flow) * (weight / total)).astype(np.complex64)
    by_turn = np.stack([_evidence(seen, x, y, turn) for turn in TURNS])
    by_turn -= 0.5 * np.square(TURNS / CROOKED)[:, None]
    likely = np.exp(by_turn - by_turn.max())
    turns, places = likely.sum(axis=1) / likely.sum(), likely.sum(axis=0) / likely.sum()
    near = turns * (np.abs(TURNS - TURNS[turns.argmax()]) <= MODE)
    beyond = np.clip((np.abs(TURNS) - 18.75) / 7.5, 0, 1)
    tip_x, tip_y = places @ SHIFTS
    return Pointing(
        float((near * TURNS).sum() / near.sum()),
        float(near.sum()),
        float((turns * beyond).sum()),
        float(tip_x),
        float(tip_y),
    )


def _evidence(seen: Flow, x: Numbers, y: Numbers, turn: float) -> Logarithms:
    """Return the logarithmic evidence for ``turn`` and each shift, all patterns taken together."""
    cos, sin = np.float32(np.cos(np.deg2rad(turn))), np.float32(np.sin(np.deg2rad(turn)))
    from_x, from_y = x[None, :] - SHIFTS[:, :1], y[None, :] - SHIFTS[:, 1:]
    last = _FLOWS.shape[1] - 1
    columns = np.clip(np.rint((cos * from_x + sin * from_y + _HALF) / _STEP), 0, last).astype(np.intp)
    rows = np.clip(np.rint((cos * from_y - sin * from_x + _HALF) / _STEP), 0, last).astype(np.intp)
    turned = seen * np.exp(2j * np.deg2rad(turn)).astype(np.complex64)
    agreed = SHARPNESS * ((_FLOWS[:, rows, columns] @ turned).real - FAR * np.square(SHIFTS).sum(axis=1))
    most = agreed.max(axis=0)
    return np.asarray(most + np.log(np.exp(agreed - most).sum(axis=0)), np.float64)
