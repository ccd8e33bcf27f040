"""The fleet as a technician reads it in a terminal: one row a station, those in need first."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from kiosk.fleet.view import Fleet, StationView, Urgency

_STYLES = {Urgency.NOW: "bold red", Urgency.SOON: "yellow", Urgency.NONE: "green"}
NOTHING = "-"
LOW_RIBBON = 50
ROOMY = 96
"""Columns from which the figures stand apart; below, every one counts."""
WIDE = 120
"""Columns from which sentences fit beside the figures."""
LONG_WAIT = 24 * 3600


def table(fleet: Fleet, *, now: float, width: int) -> RenderableType:
    """The whole fleet at Unix time ``now``, in ``width`` columns: what stations need stands beside, or else below."""
    beside = width >= WIDE
    count = len(fleet.stations)
    made = Table(
        title=f"{count} station{'' if count == 1 else 's'}",
        caption=_caption(fleet),
        box=SIMPLE_HEAD if width >= ROOMY else None,
        padding=(0, 1) if width >= ROOMY else (0, 1, 0, 0),
    )
    for column in ("Station", "State"):
        made.add_column(column, no_wrap=True)
    for column in ("Waiting", "Oldest", "Ribbon", "Recorded", "Cards", "Heard"):
        made.add_column(column, justify="right", no_wrap=True)
    if beside:
        made.add_column("Needs", ratio=1)
        made.expand = True
    below = []
    for view in fleet.ordered():
        need = "; ".join(needs(view))
        state = Text(f"{view.shape} {view.word}", style=_STYLES[view.urgency])
        made.add_row(_name(view), state, *figures(view, now=now), *((need or NOTHING,) if beside else ()))
        if need and not beside:
            below.append(Text.assemble((_name(view), "bold"), f": {need}"))
    return Group(made, *below)


def lines(fleet: Fleet, *, now: float) -> Iterator[str]:
    """The same as plain lines of tab-separated fields, with a head line, for scripts and logs."""
    yield "\t".join(("station", "state", "needs", "waiting", "oldest", "ribbon", "recorded", "cards", "heard"))
    for view in fleet.ordered():
        need = "; ".join(needs(view)) or NOTHING
        yield "\t".join((_name(view), view.word, need, *figures(view, now=now)))
    if fleet.unreadable:
        yield f"# {_caption(fleet)}"


def needs(view: StationView) -> list[str]:
    """What somebody should see to, in plain words."""
    wants = [f"{ill.device} {ill.sentence}" for ill in view.ill]
    health = view.health
    if health is not None:
        if not health.clock_trusted:
            wants.append("clock not set: connect it, or set the date")
        if health.blanks == 0:
            wants.append("no blanks left: bring some")
        if health.printer.ribbon_left is not None and health.printer.ribbon_left < LOW_RIBBON:
            wants.append("ribbon nearly used up: bring one")
        if (health.outbox_oldest_seconds or 0) > LONG_WAIT:
            wants.append("recordings wait long: look at its network, or collect them")
        if health.roster_age_seconds is None:
            wants.append("no roster: import one")
    if view.certificate_days is not None and view.certificate_days < 30:
        wants.append(f"certificate ends in {view.certificate_days} days: renew it")
    return wants


def figures(view: StationView, *, now: float) -> tuple[str, str, str, str, str, str]:
    """Waiting, oldest, ribbon, recorded today, cards today, heard how long ago; a dash where nobody can tell."""
    health, today = view.health, view.today
    current = today.counters if today is not None else None
    return (
        str(health.outbox_waiting) if health is not None else NOTHING,
        span(health.outbox_oldest_seconds) if health is not None else NOTHING,
        _number(health.printer.ribbon_left) if health is not None else NOTHING,
        str(current.recordings_sealed) if current is not None else NOTHING,
        str(current.cards_printed) if current is not None else NOTHING,
        span(max(0.0, now - view.heard_at)) if view.heard_at is not None else "never",
    )


def span(seconds: float | None) -> str:
    """A length of time in its largest useful unit: 40 s, 12 min, 3 h, 5 d."""
    if seconds is None:
        return NOTHING
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def _name(view: StationView) -> str:
    return f"{view.province}/{view.station}"


def _number(value: int | None) -> str:
    return str(value) if value is not None else NOTHING


def _caption(fleet: Fleet) -> str | None:
    if not fleet.unreadable:
        return None
    count = fleet.unreadable
    return f"{count} message{' was' if count == 1 else 's were'} not of the agreed form: is a station's software newer?"
