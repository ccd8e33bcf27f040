"""The V4L2 controls of a USB camera, by OpenCV's names: what is automatic, and how it is kept as it stands.

Cameras differ: some have no such control, some forget the automatic's value when they are set by hand, some take a
value and do another. So each value is read, set, and read again, and nothing here raises when a camera has it not.
(Linux: Documentation/userspace-api/media/v4l/ext-ctrls-camera.rst; OpenCV's cap_v4l.cpp passes values through.)
"""

from dataclasses import dataclass
from typing import Final, Protocol

import cv2

# V4L2_EXPOSURE_* of linux/v4l2-controls.h; webcams are automatic by APERTURE_PRIORITY, a few by AUTO alone.
AUTO, MANUAL, APERTURE_PRIORITY = 0, 1, 3
KELVIN: Final = (2000.0, 10_000.0)
"""Colour temperatures that a lamp may have; a camera without the control says 0 or -1."""


class Board(Protocol):
    """Where controls are set: OpenCV's capture."""

    def get(self, control: int) -> float:
        """The value of a control; 0 or -1 when there is none."""
        ...

    def set(self, control: int, value: float) -> bool:
        """Set a control; False when the camera refuses."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What one sitting was locked to: exposure in V4L2's units of 100 µs, white balance in kelvin; None = not known."""

    exposure: float | None = None
    kelvin: float | None = None


def follow(board: Board, *, kelvin: float | None) -> None:
    """Let focus and exposure follow the room; colours too, unless ``kelvin`` fixes them."""
    board.set(cv2.CAP_PROP_AUTO_EXPOSURE, APERTURE_PRIORITY) or board.set(cv2.CAP_PROP_AUTO_EXPOSURE, AUTO)
    board.set(cv2.CAP_PROP_AUTOFOCUS, 1)
    if kelvin is None:
        board.set(cv2.CAP_PROP_AUTO_WB, 1)
    else:
        fix(board, kelvin)


def keep(board: Board, *, kelvin: float | None) -> Kept:
    """Keep focus, exposure and colours as they stand; ``kelvin`` is what the station fixed them to, None = nothing."""
    # Read before the automatic is switched off: many cameras go back to an old value by hand.
    exposure, focus = board.get(cv2.CAP_PROP_EXPOSURE), board.get(cv2.CAP_PROP_FOCUS)
    temperature = board.get(cv2.CAP_PROP_WB_TEMPERATURE) if kelvin is None else kelvin
    if board.set(cv2.CAP_PROP_AUTOFOCUS, 0) and focus >= 0:
        board.set(cv2.CAP_PROP_FOCUS, focus)
    by_hand = board.set(cv2.CAP_PROP_AUTO_EXPOSURE, MANUAL)
    if by_hand and exposure > 0:
        board.set(cv2.CAP_PROP_EXPOSURE, exposure)
    known = KELVIN[0] <= temperature <= KELVIN[1]
    if known and kelvin is None:
        fix(board, temperature)
    return Kept(exposure if by_hand and exposure > 0 else None, temperature if known else None)


def fix(board: Board, kelvin: float) -> None:
    """Fix the white balance to a lamp of so many kelvin."""
    board.set(cv2.CAP_PROP_AUTO_WB, 0)
    board.set(cv2.CAP_PROP_WB_TEMPERATURE, kelvin)


def expose_freely(board: Board) -> None:
    """Let the exposure alone follow the room again, for a camera that goes dark or glaring when set by hand."""
    board.set(cv2.CAP_PROP_AUTO_EXPOSURE, APERTURE_PRIORITY) or board.set(cv2.CAP_PROP_AUTO_EXPOSURE, AUTO)
