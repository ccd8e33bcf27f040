"""``kiosk fleet watch``: the state of all stations, live over MQTT, in a terminal or as plain lines."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from kiosk.fleet.needs import Limits, cases
from kiosk.fleet.subscription import NotWatching, Viewer, Watch, cannot_read
from kiosk.fleet.table import lines, table
from kiosk.fleet.view import Fleet
from kiosk.uplink.settings import TlsFiles

PASSWORD_VARIABLE = "KIOSK_FLEET_PASSWORD"  # noqa: S105  # the name of a variable, not a password


def commands() -> typer.Typer:
    """The ``fleet`` commands."""
    app = typer.Typer(help="See how the stations are.", no_args_is_help=True)
    app.callback()(_fleet)
    app.command("watch")(watch)
    return app


def _fleet() -> None:
    """See how the stations are."""


def watch(
    host: Annotated[str, typer.Option(help="The broker's address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The broker's port.", min=1, max=65535)] = 1883,
    user: Annotated[str, typer.Option(help="Your user name at the broker; each view needs its own.")] = "technician",
    password_file: Annotated[
        Path | None, typer.Option(help=f"File with the password; else ${PASSWORD_VARIABLE}.")
    ] = None,
    authority: Annotated[Path | None, typer.Option(help="TLS: who vouches for the broker (PEM).")] = None,
    certificate: Annotated[Path | None, typer.Option(help="TLS: your certificate (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="TLS: its key (PEM).")] = None,
    blanks: Annotated[int, typer.Option(help="Fewer blanks than this are too few.", min=0)] = Limits().blanks,
    roster_days: Annotated[int, typer.Option(help="A roster this old is too old.", min=1)] = Limits().roster_days,
    waiting_hours: Annotated[
        int, typer.Option(help="Recordings that wait as long as this wait too long.", min=1)
    ] = Limits().waiting_hours,
    once: Annotated[float | None, typer.Option(help="Listen this many seconds, print the table, end.", min=0)] = None,
) -> None:
    """Show every station: its state, what it needs of whom, recordings waiting, ribbon left, today's work.

    Those that need somebody now (!!) stand first, then those that will soon (!). Without a terminal, plain
    tab-separated lines. With --once the status is 1 where the broker could not be heard to the end.

    ● ready, ◐ in a visit, ■ out of service, ○ stopped or contact lost, ▲ not running: reached, but its program is not.
    """
    console = Console()
    limits = Limits(blanks, roster_days, waiting_hours)
    try:
        viewer = Viewer(host, port, user, _password(password_file), _tls(authority, certificate, key))
        watching = Watch(viewer)
    except NotWatching as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    try:
        if once is not None:
            _listen(watching, once)
            _print(watching.fleet, limits, console)
            if watching.trouble is not None:
                raise NotWatching(f"This may not be all: {watching.trouble}.")
        elif console.is_terminal:
            _show(watching, limits, console)
        else:
            _follow(watching, limits, console)
    except KeyboardInterrupt:
        pass  # the way to end it
    except NotWatching as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    finally:
        watching.close()


def _password(file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text("utf-8").strip()
        except OSError as error:
            raise cannot_read("--password-file", file, error) from None
        except UnicodeError:
            raise NotWatching(f"The file of --password-file, {file}, is no text: name the right one.") from None
    password = os.environ.get(PASSWORD_VARIABLE)
    if password is None:
        raise NotWatching(f"A password is needed: name a file with --password-file, or set {PASSWORD_VARIABLE}.")
    return password


def _tls(authority: Path | None, certificate: Path | None, key: Path | None) -> TlsFiles | None:
    if authority is None and certificate is None and key is None:
        return None
    if authority is None or certificate is None or key is None:
        raise NotWatching("TLS needs all three: --authority, --certificate and --key.")
    return TlsFiles(authority, certificate, key)


def _print(fleet: Fleet, limits: Limits, console: Console) -> None:
    if console.is_terminal:
        console.print(_table(fleet, limits, console))
    else:
        sys.stdout.writelines(line + "\n" for line in _lines(fleet, limits))
        sys.stdout.flush()


def _table(fleet: Fleet, limits: Limits, console: Console) -> RenderableType:
    now = time.time()
    return table(cases(fleet, limits, now=now), unreadable=fleet.unreadable, now=now, width=console.width)


def _lines(fleet: Fleet, limits: Limits) -> list[str]:
    now = time.time()
    return list(lines(cases(fleet, limits, now=now), unreadable=fleet.unreadable, now=now))


def _listen(watching: Watch, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        watching.turn(within=left)


def _follow(watching: Watch, limits: Limits, console: Console) -> None:
    """Print the lines whenever they say something new, and on the error channel when nothing can be heard."""
    told: list[str] = []
    trouble: str | None = None
    while True:
        _listen(watching, 1.0)
        if watching.trouble != trouble:
            trouble = watching.trouble
            typer.echo(f"# {trouble or 'contact with the broker is back'}", err=True)
        # The last field is an age and would make every line new every second.
        now = [line.rsplit("\t", 1)[0] for line in _lines(watching.fleet, limits)]
        if now != told:
            _print(watching.fleet, limits, console)
            told = now


def _show(watching: Watch, limits: Limits, console: Console) -> None:
    """Keep the table on the terminal."""
    with Live(console=console, auto_refresh=False, screen=True) as live:
        while True:
            shown = _table(watching.fleet, limits, console)
            if watching.trouble is not None:
                shown = Group(Text(f" {watching.trouble}; what stands below is old ", "bold white on red"), shown)
            live.update(shown, refresh=True)
            _listen(watching, 0.5)
