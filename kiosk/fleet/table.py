"""The fleet as a technician reads it in a terminal: one row a station, those in need first."""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from kiosk.fleet.view import Fleet, StationView, Urgency

_STYLES = {Urgency.NOW: "bold red", Urgency.SOON: "yellow", Urgency.NONE: "green"}
NOTHING = "-"
LOW_RIBBON = 50
LONG_WAIT = 24 * 3600


def table(fleet: Fleet, *, now: float) -> Table:
    """The whole fleet at Unix time ``now``."""
    count = len(fleet.stations)
    made = Table(title=f"{count} station{'' if count == 1 else 's'}", caption=_caption(fleet), expand=True)
    for column in ("Station", "State"):
        made.add_column(column, no_wrap=True)
    made.add_column("Needs", ratio=1)
    for column in ("Waiting", "Oldest", "Ribbon", "Recorded today", "Cards today", "Heard"):
        made.add_column(column, justify="right")
    for view in fleet.ordered():
        made.add_row(
            f"{view.province}/{view.station}",
            Text(f"{view.shape} {view.word}", style=_STYLES[view.urgency]),
            "; ".join(needs(view)) or NOTHING,
            *figures(view, now=now),
        )
    return made


def lines(fleet: Fleet, *, now: float) -> Iterator[str]:
    """The same as plain lines of tab-separated fields, with a head line, for scripts and logs."""
    yield "\t".join(("station", "state", "needs", "waiting", "oldest", "ribbon", "recorded", "cards", "heard"))
    for view in fleet.ordered():
        need = "; ".join(needs(view)) or NOTHING
        yield "\t".join((f"{view.province}/{view.station}", view.word, need, *figures(view, now=now)))
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
    """Waiting, oldest, ribbon, recorded today, cards today, heard; a dash where nobody can tell."""
    health, today = view.health, view.today
    current = today.counters if today is not None else None
    return (
        str(health.outbox_waiting) if health is not None else NOTHING,
        span(health.outbox_oldest_seconds) if health is not None else NOTHING,
        _number(health.printer.ribbon_left) if health is not None else NOTHING,
        str(current.recordings_sealed) if current is not None else NOTHING,
        str(current.cards_printed) if current is not None else NOTHING,
        f"{span(max(0.0, now - view.heard_at))} ago" if view.heard_at is not None else "never",
    )


def span(seconds: float | None) -> str:
    """A length of time in its two largest useful words: 40 s, 12 min, 3 h, 5 d."""
    if seconds is None:
        return NOTHING
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def _number(value: int | None) -> str:
    return str(value) if value is not None else NOTHING


def _caption(fleet: Fleet) -> str | None:
    if not fleet.unreadable:
        return None
    count = fleet.unreadable
    return f"{count} message{' was' if count == 1 else 's were'} not of the agreed form: is a station's software newer?"
