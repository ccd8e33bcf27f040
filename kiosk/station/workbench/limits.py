"""How far off each measure may be: the judges' own limits, by the names of the measures.

A measure without a row has no limit of its own: it counts together with others, or only orders good pictures. The
judges keep advice from flickering, so that near a limit what was said before still holds for a moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kiosk.capture import finger, iris
from kiosk.capture.face import advising as face
from kiosk.capture.iris.measuring import LARGEST_GLINT
from kiosk.journey.eyes import BOTH_EYES
from kiosk.station.workbench.reading import Kind


@dataclass(frozen=True, slots=True)
class Limit:
    """The least and the most a measure may be; None where there is no such end."""

    least: float | None = None
    most: float | None = None

    def holds(self, figure: float) -> bool:
        """Whether a measure keeps within it."""
        return (self.least is None or figure >= self.least) and (self.most is None or figure <= self.most)


def about(middle: float, spare: float) -> Limit:
    """So much to either side."""
    return Limit(middle - spare, middle + spare)


FACE: Final[Mapping[str, Limit]] = {
    "faces": Limit(1, 1),
    "size": about(1, face.SIZE),
    "aside": about(0, face.ASIDE),
    "down": about(0, face.UP_DOWN),
    "yaw": about(0, face.TURN),
    "pitch": about(0, face.NOD),
    "roll": about(0, face.TILT),
    "eyes_open": Limit(least=face.OPEN),
    "mouth_open": Limit(most=face.GAP),
    "gaze_aside": about(0, face.GAZE),
    "gaze_up": about(face.GAZE_LEVEL, face.GAZE_UP),
    "brightness": Limit(least=face.DARK),
    "evenness": Limit(least=face.UNEVEN),
    "glare": Limit(most=face.GLARE),
    "sharpness": Limit(least=face.SOFT),
    "motion": Limit(most=face.MOVING),
    "backdrop_spread": Limit(most=face.SPREAD),
    "backdrop_colour": Limit(least=face.COLOUR),
}
LEAST_FINGER: Final = Limit(least=finger.LEAST_GOOD)
"""The score from which a print is called good. What spoils one is judged from several measures together."""


def limits(kind: Kind, width: int) -> Mapping[str, Limit]:
    """The limits of a kind in pictures so many pixels wide; ``score`` stands for the judgement's own."""
    match kind:
        case Kind.FACE:
            return FACE
        case Kind.FINGER:
            return {"score": LEAST_FINGER}
        case Kind.EYES:
            well = iris.WELL * width
            eye = {
                "radius": about(well, iris.SIZE * well),
                "usable": Limit(least=1 - iris.COVERED),
                "focus": Limit(least=1 - iris.SOFT),
                "gaze": Limit(most=iris.GAZE),
                "lamps": Limit(most=LARGEST_GLINT),
            }
            named = {f"{each.value}_{name}": limit for each in BOTH_EYES for name, limit in eye.items()}
            return {"motion": Limit(most=iris.MOVING)} | named
