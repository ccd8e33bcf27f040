"""The seam of the camera family: a preview that never blocks the screen, and a still worth keeping."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture: uint8 (height, width, 3), RGB, not mirrored; ``taken`` in monotonic seconds."""

    pixels: npt.NDArray[np.uint8] = field(repr=False)
    taken: float


class Camera(Protocol):
    """One camera, open from construction to close(). Every call raises a DeviceError when the device is ill."""

    name: str

    def preview(self, *, within: float) -> Frame:
        """Bring the next preview frame (about 1280 × 960, at most 30 a second), waiting up to ``within`` seconds."""
        ...

    def still(self, *, within: float) -> Frame:
        """Settle focus and exposure, lock them, and take one full-resolution picture."""
        ...

    def close(self) -> None:
        """Give the camera back; may be called twice."""
        ...
