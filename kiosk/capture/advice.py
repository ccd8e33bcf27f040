"""What a person should do next to give a good photo or print: the vocabulary of the capture room."""

from enum import Enum


class FaceAdvice(Enum):
    """One thing to change before the photo; GOOD when there is nothing. Left and right are the person's own."""

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
    TURN_LEFT = "turn-left"
    TURN_RIGHT = "turn-right"
    CHIN_UP = "chin-up"
    CHIN_DOWN = "chin-down"
    MORE_LIGHT = "more-light"
    LESS_LIGHT = "less-light"
    EVEN_LIGHT = "even-light"
    GLASSES_OFF = "glasses-off"
    OPEN_EYES = "open-eyes"
    LOOK_HERE = "look-here"
    CLOSE_MOUTH = "close-mouth"
    HOLD_STILL = "hold-still"
    BLURRED = "blurred"
    BACKGROUND = "background"


def worth(advice: FaceAdvice, score: int) -> tuple[bool, bool, int]:
    """Orders photos, the best last: a good one, then any with a face, then by the judge's score."""
    return advice is FaceAdvice.GOOD, advice is not FaceAdvice.NO_FACE, score


class FingerAdvice(Enum):
    """One thing to change before the next print; GOOD when there is nothing."""

    GOOD = "good"
    PRESS_HARDER = "press-harder"
    PRESS_LIGHTER = "press-lighter"
    DRY = "dry"
    WET = "wet"
    CENTRE = "centre"
    WHOLE_TIP = "whole-tip"
    STRAIGHTEN = "straighten"
    SMUDGED = "smudged"
    UNCLEAR = "unclear"


class EyeAdvice(Enum):
    """One thing to change before the irises are taken; GOOD when there is nothing."""

    GOOD = "good"
    NO_EYES = "no-eyes"
    CLOSER = "closer"
    FURTHER = "further"
    MOVE_LEFT = "move-left"
    MOVE_RIGHT = "move-right"
    RAISE = "raise"
    LOWER = "lower"
    GLASSES_OFF = "glasses-off"
    OPEN_WIDE = "open-wide"
    LOOK_HERE = "look-here"
    HOLD_STILL = "hold-still"
