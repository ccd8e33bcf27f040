"""What the bench shows: the state of the measuring in words and figures."""

from dataclasses import dataclass
from math import floor, log10
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
        keep = Button(say("Keep this picture"), Next(), "camera", ready=last is not None)
    return Measuring(
        Page(
            "",
            _next_to_do(state, say),
            header=Header(title=say(TITLES[state.kind]), icon=_ICONS[state.kind], officer=True),
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
    first = Row(say("points"), f"{reading.score}/100", *_limit(reading.score, points))
    return first, *(_row(name, reading.figures.get(name), bounds.get(name)) for name in told)


def _row(name: str, figure: float | None, limit: Limit | None) -> Row:
    # The names of the table's columns, so that both can be laid side by side; they are no language.
    return Row(name, NOTHING if figure is None else written(figure), *_limit(figure, limit))


def _limit(figure: float | None, limit: Limit | None) -> tuple[str, bool]:
    if limit is None:
        return "", False
    return bounded(limit), figure is not None and not limit.holds(figure)


def written(figure: float) -> str:
    """A figure that can be read at arm's length: three figures, four decimals at the most, no powers of ten."""
    size = abs(figure)
    if size < 0.00005 or figure == round(figure):
        return f"{figure:.0f}".replace("-0", "0").replace("-", "−")
    decimals = min(max(2 - floor(log10(size)), 0), 4)
    return f"{figure:.{decimals}f}".replace("-", "−")


def bounded(limit: Limit) -> str:
    """A limit in signs that every typeface has."""

    def end(figure: float) -> str:
        told = written(figure)
        return told.rstrip("0").rstrip(".") if "." in told else told

    least, most = limit.least, limit.most
    if least is None or most is None:
        return f"> {end(least)}" if least is not None else "" if most is None else f"< {end(most)}"
    if least == most:
        return end(most)
    return f"± {end(most)}" if least == -most else f"{end(least)} – {end(most)}"


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


def _next_to_do(state: Measurement, say: Words) -> str:
    """What the reader waits for; a camera waits for nothing."""
    if state.kind is not Kind.FINGER or not state.here or state.last is None:
        return ""
    return say("Lift the finger.") if state.lies else say("Put a finger on the glass again.")


def _note(state: Measurement, say: Words) -> str:
    """Whether pictures of people are kept."""
    if state.kept is None:
        return say("No picture is kept.")
    if state.unkept:
        return say("The last picture could not be kept. Look at the folder.")
    return say("Only pictures that you choose are kept: {count} so far.", count=state.kept)


def _empty(state: Measurement, say: Words) -> str:
    """What stands where the picture will be."""
    if state.here is False:
        return say("Look at its cable. If the station is running, stop it first: {command}", command=f"\n{HOW_TO_FREE}")
    return ""


_ICONS: Final = {Kind.FACE: "face", Kind.FINGER: "finger", Kind.EYES: "eye"}
