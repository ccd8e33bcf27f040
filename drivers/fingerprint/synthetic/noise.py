"""Smooth random fields and soft edges: what skin, its contact and a sensor are drawn with."""

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]


def blurred(field: Field, scale: float) -> Field:
    """Return ``field`` under a Gaussian of ``scale`` pixels."""
    return np.asarray(cv2.GaussianBlur(field, (0, 0), scale), np.float32)


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Field:
    """Return noise of about unit deviation whose features are ``scale`` pixels wide."""
    height, width = shape
    small = rng.standard_normal((int(height / scale) + 4, int(width / scale) + 4), dtype=np.float32)
    size = (int(small.shape[1] * scale), int(small.shape[0] * scale))
    large = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    top, left = int(scale * 1.5), int(scale * 1.5)
    return np.asarray(large[top : top + height, left : left + width] * 1.25, dtype=np.float32)
