"""What a judgement says, as named figures: whatever the judges measure, named alike in the table and on screen.

The names are those of the judges' own fields, so that a measure which is added there is here at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, Final, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

from kiosk.capture import face, finger, iris
from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.journey.eyes import BOTH_EYES
from kiosk.station.workbench import glass

Advice = FaceAdvice | FingerAdvice | EyeAdvice


class Kind(Enum):
    """What is judged."""

    FACE = "face"
    FINGER = "finger"
    EYES = "eyes"


ALGORITHMS: Final = {Kind.FACE: face.ALGORITHM, Kind.FINGER: finger.ALGORITHM, Kind.EYES: iris.ALGORITHM}
"""What the score of each kind is called."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One judged picture. ``figures`` has the measures by name; where nothing was found it has fewer, or none."""

    kind: Kind
    advice: Advice
    score: int
    figures: Mapping[str, float] = field(default_factory=dict, repr=False)


def of_face(judgement: face.FaceJudgement) -> Reading:
    """Read a face's judgement. A frame in which the face was missed shows the measures of the one before: not here."""
    seen = {} if judgement.missed or judgement.measures is None else _figures(judgement.measures)
    return Reading(Kind.FACE, judgement.advice, judgement.score, seen)


def of_finger(judgement: finger.Judgement, image: npt.NDArray[np.uint8], *, ppi: int) -> Reading:
    """Read the judgement of a print, uint8 (height, width), and what its image shows of the bare glass."""
    seen = {**_figures(judgement.measures), **glass.glass(image, ppi=ppi)}
    return Reading(Kind.FINGER, judgement.advice, judgement.score, seen)


def of_eyes(judgement: iris.EyesJudgement) -> Reading:
    """Read the judgement of both eyes: what concerns both by its name, what is one eye's with the eye before it."""
    figures: dict[str, float] = {}
    if not judgement.missed and judgement.eyes:
        figures = {name: float(getattr(judgement, name)) for name in _both_eyes()}
        for eye, measures in judgement.eyes.items():
            figures |= {f"{eye.value}_{name}": value for name, value in _figures(measures).items()}
    return Reading(Kind.EYES, judgement.advice, judgement.score, figures)


def names(kind: Kind) -> tuple[str, ...]:
    """The names of all figures of a kind, in the order of the judges' own fields; those of the glass come last."""
    match kind:
        case Kind.FACE:
            return _names(face.Measures)
        case Kind.FINGER:
            return (*_names(get_type_hints(finger.Judgement)["measures"]), *glass.NAMES)
        case Kind.EYES:
            each = _names(iris.EyeMeasures)
            return (*_both_eyes(), *(f"{eye.value}_{name}" for eye in BOTH_EYES for name in each))


def _both_eyes() -> tuple[str, ...]:
    hints = get_type_hints(iris.EyesJudgement)
    return tuple(each.name for each in fields(iris.EyesJudgement) if hints[each.name] is float)


def _parts(shape: type[Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each numeric field of a dataclass, and the names of its figures: a tuple of numbers has several."""
    found: list[tuple[str, tuple[str, ...]]] = []
    hints = get_type_hints(shape)
    for each in fields(shape):
        hint = hints[each.name]
        if get_origin(hint) is tuple:
            inner = get_args(hint)
            if all(part in (float, int) for part in inner):
                found.append((each.name, tuple(f"{each.name}_{number}" for number in range(1, len(inner) + 1))))
        elif {float, int} & {hint, *get_args(hint)}:
            found.append((each.name, (each.name,)))
    return tuple(found)


def _names(shape: type[Any]) -> tuple[str, ...]:
    return tuple(name for _, several in _parts(shape) for name in several)


def _figures(measures: object) -> dict[str, float]:
    """The numbers of one dataclass by name; what is None was not measured."""
    figures: dict[str, float] = {}
    for each, several in _parts(type(measures)):
        value = getattr(measures, each)
        for name, number in zip(several, value if isinstance(value, tuple) else (value,), strict=True):
            if number is not None:
                figures[name] = float(number)
    return figures
