"""Whether focus, exposure and white balance have come to rest, and what libcamera is told to keep them so. Pure.

Names and numbers of controls and metadata are libcamera's (``control_ids_core.yaml``), so that nothing here needs it.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

Metadata = Mapping[str, Any]
Gains = tuple[float, float]
"""Gains of red and of blue over green: the white balance of a Raspberry Pi camera."""

SETTLED_FOR: Final = 10
"""Frames: a Raspberry Pi's white balance goes a twentieth of its way with each, so that two alike prove nothing."""
STEADY: Final = 0.02
AF_AUTO, AF_CONTINUOUS, AF_START, AF_SCANNING = 1, 2, 0, 1
SCAN_BEGINS_WITHIN: Final = 12
"""Frames after which a scan that was asked for has begun, or was over too fast to be seen."""


class Steadiness:
    """Whether some measures stayed within a share of each other, over the last ``frames`` frames."""

    def __init__(self, frames: int = SETTLED_FOR, *, share: float = STEADY) -> None:
        self._seen: deque[Sequence[float]] = deque(maxlen=frames)
        self._share = share

    def feed(self, measures: Sequence[float]) -> bool:
        """Take the measures of the next frame, always in the same order."""
        self._seen.append(measures)
        window = np.array(self._seen, dtype=np.float64)
        spread = np.ptp(window, axis=0) <= self._share * np.abs(window).max(axis=0)
        return len(self._seen) == self._seen.maxlen and bool(spread.all())


class Settling:
    """Follows the metadata of frames until exposure and white balance rest.

    Judged by what the sensor did, as the name of the "converged" flag changed between libcamera's releases. A camera
    that tells nothing has nothing to settle.
    """

    def __init__(self) -> None:
        self._steadiness = Steadiness()

    def feed(self, seen: Metadata) -> bool:
        """Take the metadata of the next frame; True once all rests."""
        light = [seen["ExposureTime"] * seen["AnalogueGain"]] if {"ExposureTime", "AnalogueGain"} <= seen.keys() else []
        measures = [*light, *seen.get("ColourGains", ())]
        return not measures or self._steadiness.feed(measures)


class Focusing:
    """Follows the metadata of frames until a scan that was asked for is over.

    A scan that fails leaves the lens at its best guess; the judgement of the picture decides then.
    """

    def __init__(self) -> None:
        self._frames = 0
        self._begun = False

    def feed(self, seen: Metadata) -> bool:
        """Take the metadata of the next frame; True once the lens rests."""
        self._frames += 1
        scanning = seen.get("AfState") == AF_SCANNING
        self._begun = self._begun or scanning
        return not scanning and (self._begun or self._frames > SCAN_BEGINS_WITHIN)


def following(white_balance: Gains | None) -> dict[str, object]:
    """Controls by which the camera follows the room; a white balance that the station fixed stays fixed."""
    colours: dict[str, object] = {"AwbEnable": True}
    if white_balance is not None:
        colours = {"AwbEnable": False, "ColourGains": white_balance}
    # Zero gives the value back to the automatic exposure (Picamera2 manual, appendix C).
    return {"AeEnable": True, "ExposureTime": 0, "AnalogueGain": 0.0, "AfMode": AF_CONTINUOUS} | colours


def scanning() -> dict[str, object]:
    """Controls that start one focus scan; the lens stays where it ends, until it is told to follow again."""
    return {"AfMode": AF_AUTO, "AfTrigger": AF_START}


def kept(settled: Metadata) -> dict[str, object]:
    """Controls that keep the exposure and white balance of the frame that had this metadata."""
    values = ("ExposureTime", "AnalogueGain", "ColourGains")
    return {"AeEnable": False, "AwbEnable": False} | {key: settled[key] for key in values if key in settled}
