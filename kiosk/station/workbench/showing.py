"""What the bench shows: the state of the measuring in words and figures."""

from dataclasses import dataclass
from typing import Final

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.journey.events import Back, Next, Touch
from kiosk.journey.steps import Device
from kiosk.screens.measures import Measuring, Row
from kiosk.screens.views import Button, Header, Hint, Mood, Page
from kiosk.station import reasons
from kiosk.station.text import Words, word
from kiosk.station.workbench.limits import Limit, limits
from kiosk.station.workbench.reading import Advice, Kind, names
from kiosk.station.workbench.watching import Measured

HOW_TO_FREE: Final = "sudo systemctl stop kiosk"
"""The station and the bench cannot have a device both."""
NOTHING: Final = "–"
"""Stands for a figure that could not be measured."""
TITLES: Final = {
    Kind.FACE: word("Measuring the face"),
    Kind.FINGER: word("Measuring a finger"),
    Kind.EYES: word("Measuring the eyes"),
}


@dataclass(frozen=True, slots=True)
class Turn(Touch):
    """The technician wants to see the other measures."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The state of the bench: what was measured last, and what else a technician must know.

    ``here`` is None until the device was there, or was looked for in vain. ``kept`` counts the pictures kept; None
    where none may be.
    """

    kind: Kind
    device: Device
    last: Measured | None = None
    here: bool | None = None
    lies: bool = False
    share: float | None = None
    kept: int | None = None
    unkept: bool = False
    leaf: int = 0


def show(state: Measurement, say: Words, pressed: object = None) -> Measuring:
    """The view of a state."""
    last = state.last if state.here else None
    keep = None
    if state.kept is not None:
        keep = Button(say("Keep this picture"), Next(), "safe", ready=last is not None)
    return Measuring(
        Page(
            "",
            header=Header(title=_title(state, say), icon=_ICONS[state.kind], officer=True),
            back=Button(say("Close"), Back(), "close"),
            secondary=Button(say("More measures"), Turn(), "forward"),
            primary=keep,
            hint=_hint(state, say),
            pressed=pressed,
        ),
        frame=None if last is None else last.pixels,
        traces=() if last is None else last.traces,
        headings=(say("Measure"), say("Figure"), say("Limit")),
        rows=() if last is None else rows(last, say),
        mirrored=state.kind is not Kind.FINGER,
        good=last is not None and _good(last.reading.advice),
        note=_note(state, say),
        empty=_empty(state, say),
        share=state.share,
        leaf=state.leaf,
    )


def rows(measured: Measured, say: Words) -> tuple[Row, ...]:
    """The judgement's own points, then what has a limit, then the rest; always in the same order."""
    reading = measured.reading
    bounds = limits(reading.kind, measured.pixels.shape[1])
    told = sorted(names(reading.kind), key=lambda name: name not in bounds)
    points = bounds.get("score")
    first = Row(say("points of 100"), str(reading.score), *_limit(reading.score, points))
    return first, *(_row(name, reading.figures.get(name), bounds.get(name)) for name in told)


def _row(name: str, figure: float | None, limit: Limit | None) -> Row:
    # The names of the table's columns, so that both can be laid side by side; they are no language.
    return Row(name, NOTHING if figure is None else written(figure), *_limit(figure, limit))


def _limit(figure: float | None, limit: Limit | None) -> tuple[str, bool]:
    if limit is None:
        return "", False
    return bounded(limit), figure is not None and not limit.holds(figure)


def written(figure: float) -> str:
    """A figure that can be read at arm's length: three figures, never in powers of ten."""
    size = abs(figure)
    digits = 0 if size >= 99.95 or figure == round(figure) else 1 if size >= 9.995 else 2 if size >= 0.0995 else 4
    return f"{figure:.{digits}f}".replace("-0.0000", "0").replace("-", "−")


def bounded(limit: Limit) -> str:
    """A limit in signs."""
    match limit:
        case Limit(None, float() | int() as most):
            return f"≤ {written(most)}"
        case Limit(float() | int() as least, None):
            return f"≥ {written(least)}"
        case Limit(float() | int() as least, float() | int() as most):
            if least == most:
                return f"= {written(most)}"
            return f"± {written(most)}" if least == -most else f"{written(least)} – {written(most)}"
        case _:
            return ""


def _good(advice: Advice) -> bool:
    return advice in (FaceAdvice.GOOD, FingerAdvice.GOOD, EyeAdvice.GOOD)


def _hint(state: Measurement, say: Words) -> Hint:
    if not state.here:
        if state.here is None:
            return Hint(say("One moment …"), "clock")
        icon, spoken = reasons.DEVICES[state.device]
        return Hint(say(spoken), icon, Mood.ATTENTION)
    if state.last is None:
        return (
            Hint(say("Put a finger on the glass"), "finger")
            if state.kind is Kind.FINGER
            else Hint(say("The camera is waking up …"), "camera")
        )
    icon, spoken = _advice(state.last.reading.advice)
    return Hint(say(spoken), icon, Mood.GOOD if _good(state.last.reading.advice) else Mood.ATTENTION)


def _advice(advice: Advice) -> tuple[str, str]:
    """Icon and words, the very ones that residents get; pictures that move stand still here."""
    match advice:
        case FaceAdvice():
            return reasons.FACE[advice]
        case EyeAdvice():
            return reasons.EYES[advice]
        case FingerAdvice():
            icon, spoken = reasons.FINGER[advice]
            return "done" if advice is FingerAdvice.GOOD else f"{icon}-1", spoken


def _title(state: Measurement, say: Words) -> str:
    return say(TITLES[state.kind])


def _note(state: Measurement, say: Words) -> str:
    """Whether pictures of people are kept; for the reader also what to do next."""
    told = []
    if state.kind is Kind.FINGER and state.here and state.last is not None:
        told.append(say("Lift the finger.") if state.lies else say("Put a finger on the glass again."))
    if state.kept is None:
        told.append(say("No picture is kept."))
    elif state.unkept:
        told.append(say("The last picture could not be kept. Look at the folder."))
    else:
        told.append(say("Only pictures that you choose are kept: {count} so far.", count=state.kept))
    return " ".join(told)


def _empty(state: Measurement, say: Words) -> str:
    """What stands where the picture will be."""
    if state.here is False:
        return say("Look at its cable. If the station is running, stop it first: {command}", command=HOW_TO_FREE)
    return ""


_ICONS: Final = {Kind.FACE: "face", Kind.FINGER: "print", Kind.EYES: "eye"}
