"""What a person should do next to give a good photo or print: the vocabulary of the capture room."""

from enum import Enum


class FaceAdvice(Enum):
    """One thing to change before the photo, the most useful first; GOOD when there is nothing."""

    GOOD = "good"
    NO_FACE = "no-face"
    ONE_PERSON = "one-person"
    CLOSER = "closer"
    FURTHER = "further"
    MOVE_LEFT = "move-left"
    MOVE_RIGHT = "move-right"
    RAISE = "raise"
    LOWER = "lower"
    STRAIGHTEN = "straighten"
    MORE_LIGHT = "more-light"
    LESS_LIGHT = "less-light"
    HOLD_STILL = "hold-still"


class FingerAdvice(Enum):
    """One thing to change before the next print; GOOD when there is nothing."""

    GOOD = "good"
    PRESS_HARDER = "press-harder"
    PRESS_LIGHTER = "press-lighter"
    DRY = "dry"
    WET = "wet"
    CENTRE = "centre"
    WHOLE_TIP = "whole-tip"
    UNCLEAR = "unclear"
