"""The card printer by hand: ``python -m drivers printer --port /dev/usb/lp0 status``."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, assert_never

import numpy as np
import typer
from PIL import Image, UnidentifiedImageError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from drivers.errors import DeviceError
from drivers.printer import CardImage, Fault, Jammed, Printed, Refused, Unknown, Verdict
from drivers.printer.evolis.codec import LINES, WIDTH
from drivers.printer.evolis.printer import EvolisPrinter
from drivers.printer.evolis.simulated import SimulatedPrinter

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


def commands() -> typer.Typer:
    """Build the ``printer`` group for ``python -m drivers``."""
    app = typer.Typer(help="Try the card printer by hand.", no_args_is_help=True)

    @app.callback()
    def choose(
        context: typer.Context,
        port: Annotated[str, typer.Option(help="Device file of the printer.")] = "/dev/usb/lp0",
        simulated: Annotated[bool, typer.Option("--simulated", help="Start a simulated printer instead.")] = False,
        cards: Annotated[
            Path | None, typer.Option(help="Where the simulated printer puts its cards; a new folder if not given.")
        ] = None,
    ) -> None:
        """Try the card printer by hand. Exit status: 0 well, 1 refused or jammed, 3 no answer, 4 outcome unknown."""
        if cards is not None and not simulated:
            raise typer.BadParameter("--cards goes with --simulated.")
        context.obj = context.with_resource(_printer(port, simulated=simulated, cards=cards))

    @app.command()
    def status(
        context: typer.Context, within: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 10.0
    ) -> None:
        """Show model, faults, ribbon and counter."""
        raise typer.Exit(_status(context.find_object(EvolisPrinter), within=within))

    @app.command("print")
    def print_(
        context: typer.Context,
        front: Annotated[Path, typer.Argument(help=f"The picture to print, {LINES} × {WIDTH}; others are fitted.")],
        back: Annotated[Path | None, typer.Option(help="A picture for the back, on a two-sided printer.")] = None,
        within: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 180.0,
    ) -> None:
        """Print one card. It uses a blank and one length of ribbon."""
        raise typer.Exit(_print(context.find_object(EvolisPrinter), front, back, within=within))

    return app


@contextmanager
def _printer(port: str, *, simulated: bool, cards: Path | None) -> Iterator[EvolisPrinter]:
    if not simulated:
        printer = EvolisPrinter(port)
        try:
            yield printer
        finally:
            printer.close()
        return
    with tempfile.TemporaryDirectory(prefix="printer-") as place:
        folder = cards or Path(tempfile.mkdtemp(prefix="cards-"))
        Console().print(f"Simulated printer; its cards land in {folder}", highlight=False)
        with (
            SimulatedPrinter(Path(place) / "lp0", folder, pace=0.5) as device,
            _printer(device.port, simulated=False, cards=None) as printer,
        ):
            yield printer


def _status(printer: EvolisPrinter | None, *, within: float) -> int:
    if printer is None:
        raise RuntimeError("the callback sets the printer")
    console = Console()
    try:
        status = printer.status(within=within)
    except DeviceError as error:
        Console(stderr=True).print(f"[bold red]✗[/] {error}", highlight=False)
        return ILL
    left = "unknown" if status.ribbon_left is None else f"about {status.ribbon_left} cards"
    total = "unknown" if status.printed_total is None else str(status.printed_total)
    for name, value in (("Model", status.model), ("Ribbon left", left), ("Cards ever", total)):
        console.print(f"{name:<12} {value}", highlight=False)
    for fault in status.faults:
        console.print(f"[bold red]✗[/] {REMEDY[fault]}", highlight=False)
    if not status.faults:
        console.print("[bold green]✓[/] Ready.")
    return FAULTY if status.faults else READY


def _print(printer: EvolisPrinter | None, front: Path, back: Path | None, *, within: float) -> int:
    if printer is None:
        raise RuntimeError("the callback sets the printer")
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
        errors.print(f"[bold red]✗[/] {error}", highlight=False)
        return ILL
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
