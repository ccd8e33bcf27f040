"""The card printer by hand: ``python -m drivers printer --port /dev/usb/lp0 status``.

Over IPP: ``python -m drivers printer --family ipp --uri ipp://10.0.0.7/ipp/print status``, or a queue of this machine's
CUPS: ``--uri ipp://localhost/printers/card --socket /run/cups/cups.sock``.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Protocol, assert_never

import numpy as np
import typer
from PIL import Image, UnidentifiedImageError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from drivers.errors import DeviceError
from drivers.printer import CardImage, CardPrinter, Fault, Jammed, Printed, Refused, Unknown, Verdict
from drivers.printer.evolis.codec import LINES, WIDTH
from drivers.printer.evolis.line import SPEEDS
from drivers.printer.evolis.printer import EvolisPrinter
from drivers.printer.evolis.simulated import SimulatedPrinter
from drivers.printer.ipp.printer import IppPrinter
from drivers.printer.ipp.simulated import SimulatedIppPrinter

REMEDY = {
    Fault.FEEDER_EMPTY: "The feeder is empty: put blanks in.",
    Fault.RIBBON_OUT: "The ribbon is at its end or missing: change it.",
    Fault.COVER_OPEN: "The cover is open: close it.",
    Fault.JAM: "A card is stuck: open the cover, take it out, close the cover.",
    Fault.OVERHEATED: "The print head is too hot: let it cool for some minutes.",
    Fault.CLEANING_DUE: "Cleaning is due: run a cleaning card through.",
    Fault.OTHER: "The printer reports a fault of its own: look at its lamps and its manual.",
}
READY, FAULTY, ILL, UNCLEAR = 0, 1, 3, 4
"""Exit statuses; 2 is typer's own for a wrong command line."""


class Family(StrEnum):
    """The families of printers that can be tried."""

    EVOLIS = "evolis"
    IPP = "ipp"


class Printer(CardPrinter, Protocol):
    """What a bench asks of a printer beside what the kiosk does."""

    def clear(self, *, within: float) -> tuple[Fault, ...]:
        """Make the way free for the next card; return what is still wrong."""
        ...


@dataclass(frozen=True, slots=True)
class _Choice:
    family: Family
    port: str
    baud: int | None
    uri: str | None
    socket: str | None
    simulated: bool
    cards: Path | None


def commands() -> typer.Typer:
    """Build the ``printer`` group for ``python -m drivers``."""
    app = typer.Typer(help="Try the card printer by hand.", no_args_is_help=True)

    @app.callback()
    def choose(
        context: typer.Context,
        family: Annotated[
            Family, typer.Option(help="evolis: the Evolis command family; ipp: IPP Everywhere, or a CUPS queue.")
        ] = Family.EVOLIS,
        port: Annotated[str, typer.Option(help="evolis: device file of the printer.")] = "/dev/usb/lp0",
        baud: Annotated[
            int | None, typer.Option(help="evolis: speed of a serial port; a card takes minutes over it.")
        ] = None,
        uri: Annotated[
            str | None, typer.Option(help="ipp: address of the printer or queue, ipp://host[:port]/path.")
        ] = None,
        socket: Annotated[
            str | None, typer.Option(help="ipp: socket file of this machine's CUPS, /run/cups/cups.sock.")
        ] = None,
        simulated: Annotated[bool, typer.Option("--simulated", help="Start a simulated printer instead.")] = False,
        cards: Annotated[
            Path | None, typer.Option(help="Where the simulated printer puts its cards; a new folder if not given.")
        ] = None,
    ) -> None:
        """Try the card printer by hand. Exit status: 0 well, 1 refused or jammed, 3 no answer, 4 outcome unknown."""
        if cards is not None and not simulated:
            raise typer.BadParameter("--cards goes with --simulated.")
        if family is Family.IPP and uri is None and not simulated:
            raise typer.BadParameter("--family ipp needs --uri.")
        if baud is not None and baud not in SPEEDS:
            raise typer.BadParameter(f"--baud is one of {', '.join(map(str, SPEEDS))}.")
        chosen = _Choice(family, port, baud, uri, socket, simulated, cards)
        try:
            context.obj = context.with_resource(_printer(chosen))
        except ValueError as error:
            raise typer.BadParameter(f"--uri: {error}") from error

    @app.command()
    def status(
        context: typer.Context, within: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 10.0
    ) -> None:
        """Show model, faults, ribbon and counters."""
        raise typer.Exit(_status(context.obj, within=within))

    @app.command("print")
    def print_(
        context: typer.Context,
        front: Annotated[Path, typer.Argument(help=f"The picture to print, {LINES} × {WIDTH}; others are fitted.")],
        back: Annotated[Path | None, typer.Option(help="A picture for the back, on a two-sided printer.")] = None,
        within: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 180.0,
    ) -> None:
        """Print one card. It uses a blank and one length of ribbon."""
        raise typer.Exit(_print(context.obj, front, back, within=within))

    @app.command()
    def clear(
        context: typer.Context, within: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 30.0
    ) -> None:
        """Eject a card that is stuck into the reject box (evolis), call off what waits in the queue (ipp)."""
        raise typer.Exit(_clear(context.obj, within=within))

    return app


@contextmanager
def _printer(chosen: _Choice) -> Iterator[Printer]:
    with ExitStack() as until:
        port, uri, socket = chosen.port, chosen.uri or "", chosen.socket
        if chosen.simulated:
            place = Path(until.enter_context(tempfile.TemporaryDirectory(prefix="printer-")))
            folder = chosen.cards or Path(tempfile.mkdtemp(prefix="cards-"))
            Console().print(f"Simulated printer; its cards land in {folder}", highlight=False)
            if chosen.family is Family.EVOLIS:
                port = until.enter_context(SimulatedPrinter(place / "lp0", folder, pace=0.5)).port
            else:
                peer = until.enter_context(SimulatedIppPrinter(place / "ipp", folder, pace=2.0))
                uri, socket = peer.uri, peer.local
        match chosen.family:
            case Family.EVOLIS:
                yield until.enter_context(closing(EvolisPrinter(port, baud=chosen.baud)))
            case Family.IPP:
                yield until.enter_context(closing(IppPrinter(uri, local=socket)))


def _status(printer: Printer, *, within: float) -> int:
    console = Console()
    try:
        status = printer.status(within=within)
    except DeviceError as error:
        return _ill(error)
    left = "unknown" if status.ribbon_left is None else f"about {status.ribbon_left} cards"
    if status.ribbon_percent is not None:
        left += f" ({status.ribbon_percent} %)"
    rows: list[tuple[str, str]] = [("Model", status.model), ("Ribbon left", left)]
    rows += [("Cards ever", "unknown" if status.printed_total is None else str(status.printed_total))]
    if status.cleanings is not None:
        rows += [("Cleanings", str(status.cleanings))]
    for name, value in rows:
        console.print(f"{name:<12} {value}", highlight=False)
    return _faults(status.faults)


def _clear(printer: Printer, *, within: float) -> int:
    try:
        return _faults(printer.clear(within=within))
    except DeviceError as error:
        return _ill(error)


def _faults(faults: tuple[Fault, ...]) -> int:
    for fault in faults:
        Console().print(f"[bold red]✗[/] {REMEDY[fault]}", highlight=False)
    if not faults:
        Console().print("[bold green]✓[/] Ready.")
    return FAULTY if faults else READY


def _ill(error: DeviceError) -> int:
    Console(stderr=True).print(f"[bold red]✗[/] {error}", highlight=False)
    return ILL


def _print(printer: Printer, front: Path, back: Path | None, *, within: float) -> int:
    errors = Console(stderr=True)
    try:
        card = CardImage(_face(front), None if back is None else _face(back))
    except (OSError, UnidentifiedImageError) as error:
        errors.print(f"[bold red]✗[/] The picture cannot be read: {error}", highlight=False)
        return 2
    bar = Progress(TextColumn("Sending"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    try:
        with bar:
            task = bar.add_task("sending", total=1.0)
            verdict = printer.print(card, within=within, progress=lambda share: bar.update(task, completed=share))
    except DeviceError as error:
        return _ill(error)
    return _tell(verdict)


def _tell(verdict: Verdict) -> int:
    match verdict:
        case Printed():
            Console().print("[bold green]✓[/] Printed: the card lies in the output.")
            return READY
        case Refused(fault):
            Console(stderr=True).print(f"[bold red]✗[/] Nothing was printed. {REMEDY[fault]}", highlight=False)
            return FAULTY
        case Jammed():
            Console(stderr=True).print("[bold red]✗[/] The blank is spoiled or stuck: open the cover and take it out.")
            return FAULTY
        case Unknown():
            Console(stderr=True).print("[bold yellow]?[/] Whether a card came out is not known: look at the printer.")
            return UNCLEAR
        case _ as never:
            assert_never(never)


def _face(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with Image.open(path) as image:
        fitted = image.convert("RGB")
        if fitted.size != (LINES, WIDTH):
            fitted = fitted.resize((LINES, WIDTH), Image.Resampling.LANCZOS)
        return np.asarray(fitted, np.uint8)
