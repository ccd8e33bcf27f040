"""A Gabor filter that turns with the ridges: one oriented band-pass, steered pixel by pixel.

A bank of fixed filters quantises orientation and period; this one follows both exactly, because a Gabor kernel is the
product of a Gaussian along the ridge and a modulated Gaussian across it, and each factor is a handful of shifted looks
at the image. Gabor filters for fingerprints: Hong, Wan and Jain, "Fingerprint image enhancement", PAMI 20(8), 1998.
"""

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]

ALONG = np.arange(-3, 4, dtype=np.float32)
ACROSS = np.arange(-8, 9, dtype=np.float32)
STEPS_A_PERIOD = 6.0
"""Looks across the ridge for each period: the 17 looks span a little under three ridges."""


def _across_weights() -> Field:
    envelope = np.exp(-0.5 * np.square(ACROSS / STEPS_A_PERIOD / 0.55))
    weights = envelope * np.cos(2 * np.pi * ACROSS / STEPS_A_PERIOD)
    weights -= envelope * weights.sum() / envelope.sum()  # blind to brightness: the answer to a flat image is zero
    weights /= np.abs(weights * np.cos(2 * np.pi * ACROSS / STEPS_A_PERIOD)).sum()
    return np.asarray(weights, np.float32)


class SteeredGabor:
    """One filter for one ridge flow; construct once, apply to as many fields of its shape as wanted.

    ``orientation``: radians of the ridge direction, image axes (x right, y down), shape (height, width).
    ``period``: pixels between neighbouring ridges, same shape or one number.
    ``length``: standard deviation along the ridge, in pixels.
    """

    def __init__(self, orientation: Field, period: Field | float, *, length: float) -> None:
        height, width = orientation.shape
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        cos, sin = np.cos(orientation), np.sin(orientation)
        spacing = length * 2.2 / float(ALONG[-1])
        step = np.asarray(period, dtype=np.float32) / STEPS_A_PERIOD
        weights = np.exp(-0.5 * np.square(ALONG * spacing / length))
        self._along = [
            (float(weight), *_look(x + offset * cos, y + offset * sin))
            for offset, weight in zip(ALONG * np.float32(spacing), weights / weights.sum(), strict=True)
        ]
        self._across = [
            (float(weight), *_look(x - offset * step * sin, y + offset * step * cos))
            for offset, weight in zip(ACROSS, _across_weights(), strict=True)
        ]

    def __call__(self, field: Field) -> Field:
        """Return the filtered ``field``: about the amplitude of the ridges, 0 where there are none."""
        return _gather(_gather(field, self._along), self._across)


Look = tuple[float, npt.NDArray[np.int16], npt.NDArray[np.uint16]]


def _look(x: Field, y: Field) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint16]]:
    whole, part = cv2.convertMaps(x, y, cv2.CV_16SC2)
    return whole.astype(np.int16, copy=False), part.astype(np.uint16, copy=False)


def _gather(field: Field, looks: list[Look]) -> Field:
    total = np.zeros_like(field)
    for weight, whole, part in looks:
        total += weight * cv2.remap(field, whole, part, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return total
