"""From measures to one piece of advice, and to a score that orders frames."""

import math
from typing import Final

from kiosk.capture.advice import FaceAdvice
from kiosk.capture.face.measuring import Measures

ALGORITHM: Final = "REKAM_FACE_2"
"""Names the score. Ours, to order the frames of one sitting, best first; no standard's quality score. A change to
anything here or in the measures that moves scores takes the next number."""

SIZE: Final = 0.15
ASIDE: Final = 0.055
UP_DOWN: Final = 0.065
"""How far off the oval is still good: the head's length (share of the oval's), its middle (shares of the frame)."""
TILT: Final = 8.0
TURN: Final = 10.0
NOD: Final = 14.0
"""Degrees of roll, yaw and pitch. ISO/IEC 39794-5 (annex D) wants 8, 5 and 5 of a finished portrait; nobody holds the
last two unaided, and what is a level head differs by more from face to face."""
OPEN: Final = 0.085
GAP: Final = 0.135
"""The lids' gap over the eye's width, at least: narrow eyes that laugh have 0.13, shut ones less than 0.07; and the
lips' gap over the eye distance, at most: full lips that are closed have 0.1, a smile that shows teeth 0.18."""
GAZE: Final = 0.10
GAZE_UP: Final = 0.075
GAZE_LEVEL: Final = 0.065
"""How far the irises are off in eye widths, aside and up or down, from ``GAZE_LEVEL`` above the eyes' corners."""
DARK: Final = 0.2
DIM: Final = 0.3
"""The face's brightest tenth (0 to 1) is at least this, so low that dark skin passes; and the frame's brightest
twentieth, so that light skin in the dark does not pass for dark skin in good light."""
UNEVEN: Final = 0.58
GLARE: Final = 0.12
"""The darker cheek over the brighter, at least; the clipped share of the skin, at most."""
SOFT: Final = 0.0085
SMEARED: Final = 3.0
MOVING: Final = 0.012
"""Fine detail, at least; a soft picture that has so many times more of it along one direction was moved, not out of
focus; the shift between two judged frames, of the frame's width."""
LINES: Final = 1.2
"""What ``worn`` may say at most. Faces without glasses stay below 1.15, thin rims have 1.3 and more even in a dim and
compressed picture, Grace Hopper's clear ones 3.6."""
SPREAD: Final = 0.22
COLOUR: Final = 0.8
"""Spread of the background's colour, at most, and the share of it that has the right one, at least."""

WIDER: Final = 1.25
NARROWER: Final = 0.85
"""A limit is this much wider for who was good before, and this much narrower for who was told so before."""


def offences(seen: Measures) -> tuple[tuple[FaceAdvice, float], ...]:
    """Each thing to change, most useful first, and how far off it is: 1.0 is the limit.

    First what spoils all other measures, then where somebody stands (far moves upset everything after them), then how
    they hold the head, then what takes their hands or the light, then the moment's: eyes, mouth, stillness. What
    only an officer can change, the cloth, comes last.
    """
    dim = max(DARK / max(seen.brightness, 0.01), DIM / max(seen.exposure, 0.01))
    soft = SOFT / max(seen.sharpness, 1e-6)
    smeared = soft if seen.smear > SMEARED else 0.0
    return (
        (FaceAdvice.MORE_LIGHT, dim / 1.6),
        (FaceAdvice.LESS_LIGHT, seen.glare / GLARE / 4),
        (FaceAdvice.ONE_PERSON, 9.0 if seen.faces > 1 else 0.0),
        (FaceAdvice.CLOSER, (1 - seen.size) / SIZE),
        (FaceAdvice.FURTHER, (seen.size - 1) / SIZE),
        (FaceAdvice.MOVE_LEFT, -seen.aside / ASIDE),
        (FaceAdvice.MOVE_RIGHT, seen.aside / ASIDE),
        (FaceAdvice.RAISE, seen.down / UP_DOWN),
        (FaceAdvice.LOWER, -seen.down / UP_DOWN),
        (FaceAdvice.HOLD_STILL, seen.motion / MOVING / 1.5),
        (FaceAdvice.STRAIGHTEN, abs(seen.roll) / TILT),
        (FaceAdvice.TURN_RIGHT, seen.yaw / TURN),
        (FaceAdvice.TURN_LEFT, -seen.yaw / TURN),
        (FaceAdvice.CHIN_DOWN, seen.pitch / NOD),
        (FaceAdvice.CHIN_UP, -seen.pitch / NOD),
        (FaceAdvice.MORE_LIGHT, dim),
        (FaceAdvice.LESS_LIGHT, seen.glare / GLARE),
        (FaceAdvice.EVEN_LIGHT, UNEVEN / max(seen.evenness, 0.01)),
        (FaceAdvice.HOLD_STILL, max(seen.motion / MOVING, smeared)),
        (FaceAdvice.BLURRED, soft),
        (FaceAdvice.GLASSES_OFF, worn(seen) / LINES),
        (FaceAdvice.OPEN_EYES, OPEN / max(seen.eyes_open, 0.005)),
        (FaceAdvice.LOOK_HERE, max(abs(seen.gaze_aside) / GAZE, abs(seen.gaze_up - GAZE_LEVEL) / GAZE_UP)),
        (FaceAdvice.CLOSE_MOUTH, seen.mouth_open / GAP),
        (FaceAdvice.BACKGROUND, max(seen.backdrop_spread / SPREAD, (1 - seen.backdrop_colour) / (1 - COLOUR))),
    )


def worn(seen: Measures) -> float:
    """How much speaks for glasses: 1.0 is as likely as not."""
    return 4.0 * seen.bridge + 6.0 * seen.rims


def advise(seen: Measures, before: FaceAdvice | None) -> FaceAdvice:
    """The most useful advice on a face that was found; with what was said ``before`` it changes once per change."""
    for advice, off in offences(seen):
        if off > (WIDER if before is FaceAdvice.GOOD else NARROWER if before is advice else 1.0):
            return advice
    return FaceAdvice.GOOD


def score(seen: Measures) -> int:
    """0 to 100, ``ALGORITHM``: 100 is nothing to wish for, about 60 one thing at its limit.

    What lies well within its limit hardly counts, so that nobody's score depends on the colour of their skin or the
    shape of their eyes; but of two good frames the one with the eyes wider open and the head straighter still wins.
    """
    worst: dict[FaceAdvice, float] = {}
    for advice, off in offences(seen):
        worst[advice] = max(worst.get(advice, 0.0), off)
    # Bounded and multiplied, so that frames that share one great fault are still told apart by the rest.
    bounded = (min(max(off, 0.0), 2.0) for off in worst.values())
    return round(100 * math.prod(1 / (1 + 0.05 * off**2 + 2.0 * max(off - 0.5, 0.0) ** 2) for off in bounded))
