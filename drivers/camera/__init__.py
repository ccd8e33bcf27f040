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
    """One camera, open from construction to close(). Every call raises a DeviceError when the device is ill.

    A sitting is all stills between the first one and unlock(): one resident's photo and its retakes, all in one light.
    """

    name: str

    def preview(self, *, within: float) -> Frame:
        """Bring the next preview frame (about 1280 × 960, at most 30 a second), waiting up to ``within`` seconds."""
        ...

    def still(self, *, within: float) -> Frame:
        """Take one full-resolution picture; the first of a sitting settles focus, exposure and colours and locks them.

        Previews that follow show the same locked picture.
        """
        ...

    def unlock(self) -> None:
        """End the sitting: focus and exposure follow the room again. Returns at once; may be called at any time."""
        ...

    def close(self) -> None:
        """Give the camera back; may be called twice."""
        ...
