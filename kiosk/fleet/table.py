"""The fleet as a technician reads it in a terminal: one row a station, those in need first."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kiosk.fleet.needs import Case, Urgency, span
from kiosk.fleet.view import StationView

_STYLES = {Urgency.NOW: "bold red", Urgency.SOON: "yellow", Urgency.NONE: "green"}
_MARKS = {Urgency.NOW: "!!", Urgency.SOON: "!", Urgency.NONE: ""}
"""The urgency without colour."""
NOTHING = "-"
_HOW_SOON = {Urgency.NOW: "now", Urgency.SOON: "soon", Urgency.NONE: NOTHING}
_COUNTED = {Urgency.NOW: "to see to now", Urgency.SOON: "soon", Urgency.NONE: "well"}
_FIGURES = {
    "Waiting": "Wait",
    "Oldest": "Oldest",
    "Ribbon": "Ribbon",
    "Recorded": "Rec.",
    "Cards": "Cards",
    "Heard": "Heard",
}
"""The figures' columns, and their names where there is little room."""
ROOMY = 100
"""Columns from which the figures stand apart; below, every one counts."""


def table(cases: Sequence[Case], *, unreadable: int, now: float, width: int) -> RenderableType:
    """The whole fleet at Unix time ``now``, in ``width`` columns: what stations need, then the figures of all.

    A long table ends below the screen, and then does so among the stations that are well.
    """
    roomy = width >= ROOMY
    made = Table(caption=_caption(unreadable), box=None, padding=(0, 2 if roomy else 1, 0, 0))
    made.add_column("", no_wrap=True)
    made.add_column("Station", overflow="fold")
    made.add_column("State", no_wrap=True)
    for long, short in _FIGURES.items():
        made.add_column(long if roomy else short, justify="right", no_wrap=True)
    for case in cases:
        style = _STYLES[case.urgency]
        state = Text(f"{case.view.shape} {case.view.word}", style)
        made.add_row(Text(_MARKS[case.urgency], style), _name(case.view), state, *figures(case.view, now=now))
    return Group(_summary(cases), *_list(cases), made)


def lines(cases: Sequence[Case], *, unreadable: int, now: float) -> Iterator[str]:
    """The same as plain lines of tab-separated fields, with a head line, for scripts and logs."""
    yield "\t".join(
        ("station", "state", "urgency", "needs", "waiting", "oldest", "ribbon", "recorded", "cards", "heard")
    )
    for case in cases:
        need = "; ".join(str(need) for need in case.needs) or NOTHING
        how_soon = _HOW_SOON[case.urgency]
        yield "\t".join((_name(case.view), case.view.word, how_soon, need, *figures(case.view, now=now)))
    if unreadable:
        yield f"# {_caption(unreadable)}"


def figures(view: StationView, *, now: float) -> tuple[str, str, str, str, str, str]:
    """Waiting, oldest, ribbon, recorded today, cards today, heard how long ago; a dash where nobody can tell."""
    health, today = view.health, view.today
    current = today.counters if today is not None else None
    return (
        str(health.outbox_waiting) if health is not None else NOTHING,
        _number(health.outbox_oldest_seconds, span) if health is not None else NOTHING,
        _number(health.printer.ribbon_left) if health is not None else NOTHING,
        str(current.recordings_sealed) if current is not None else NOTHING,
        str(current.cards_printed) if current is not None else NOTHING,
        span(max(0.0, now - view.heard_at)) if view.heard_at is not None else "never",
    )


def _summary(cases: Sequence[Case]) -> Text:
    many = Counter(case.urgency for case in cases)
    parts = [Text(f"{many[urgency]} {words}", _STYLES[urgency]) for urgency, words in _COUNTED.items() if many[urgency]]
    count = f"{len(cases)} station{'' if len(cases) == 1 else 's'}" if cases else "no station was heard of yet"
    return Text(", ").join([Text(count, "bold"), *parts])


def _list(cases: Sequence[Case]) -> Iterator[RenderableType]:
    for case in cases:
        if case.needs:
            head = f"{_MARKS[case.urgency]:2} {_name(case.view)}"
            yield Text.assemble((head, _STYLES[case.urgency]), f"  {case.view.word}")
            for need in case.needs:
                told = Text.assemble((f"[{need.who.value}]", _STYLES[need.urgency]), f" {need.sentence}")
                yield Padding(told, (0, 0, 0, 3))
    yield Text()


def _name(view: StationView) -> str:
    return f"{view.province}/{view.station}"


def _number(value: float | None, said: Callable[[float], str] = str) -> str:
    return said(value) if value is not None else NOTHING


def _caption(unreadable: int) -> str | None:
    if not unreadable:
        return None
    messages = f"{unreadable} message{' was' if unreadable == 1 else 's were'}"
    return f"{messages} not of the agreed form: is a station's software newer?"
