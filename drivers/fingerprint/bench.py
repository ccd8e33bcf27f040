"""The finger reader by hand: ``python -m drivers fingerprint --port /dev/rekam-fingerprint scan --out finger.png``."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from drivers.errors import DeviceError
from drivers.fingerprint import Captured, NoFinger, Smudged
from drivers.fingerprint.grow.reader import GrowReader
from drivers.fingerprint.grow.simulated import SimulatedReader
from drivers.fingerprint.synthetic.synthesis import impression, master

WELL, NOTHING, ILL = 0, 1, 3
"""Exit statuses; 2 is typer's own for a wrong command line."""


def commands() -> typer.Typer:
    """Build the ``fingerprint`` group for ``python -m drivers``."""
    app = typer.Typer(help="Try the finger reader by hand.", no_args_is_help=True)

    @app.callback()
    def choose(
        context: typer.Context,
        port: Annotated[str, typer.Option(help="Device file of the reader.")] = "/dev/rekam-fingerprint",
        baud: Annotated[int, typer.Option(help="Speed to try first; the others follow.")] = 57_600,
        simulated: Annotated[bool, typer.Option("--simulated", help="A simulated reader, a finger on it.")] = False,
    ) -> None:
        """Try the finger reader by hand. Exit status: 0 well, 1 no finger or unreadable, 3 no answer."""
        context.obj = (port, baud, simulated)

    @app.command()
    def info(context: typer.Context) -> None:
        """Show what the reader is."""
        with _reader(context) as reader:
            model = reader.model
            for name, value in (
                ("Model", model.name),
                ("Image", f"{model.width} × {model.height} pixels, {model.ppi} an inch, {2**model.depth} greys"),
                ("Templates", model.template_family),
                ("Line", f"{reader.baud} baud, packets of {reader.packet_size} bytes"),
            ):
                Console().print(f"{name:<12} {value}", highlight=False)

    @app.command()
    def scan(
        context: typer.Context,
        out: Annotated[Path | None, typer.Option(help="Where the image goes, as PNG.")] = None,
        within: Annotated[float, typer.Option(help="Seconds to wait for a finger.")] = 10.0,
    ) -> None:
        """Take one finger."""
        with _reader(context) as reader:
            raise typer.Exit(_scan(reader, out, within=within))

    @app.command()
    def compare(
        context: typer.Context, within: Annotated[float, typer.Option(help="Seconds to wait for each finger.")] = 10.0
    ) -> None:
        """Take a finger twice, and let the reader say whether it is the same."""
        with _reader(context) as reader:
            Console().print("Put a finger on the reader.")
            first = reader.scan(within=within)
            Console().print("Lift it, and put it on again.")
            reader.lifted(within=within)
            second = reader.scan(within=within)
            if not isinstance(first, Captured) or not isinstance(second, Captured):
                raise typer.Exit(NOTHING)
            found = reader.match(first.template, within=5.0)
            Console().print(f"{'The same' if found.same else 'Another'} finger, score {found.score}.", highlight=False)
            raise typer.Exit(WELL if found.same else NOTHING)

    @app.command()
    def watch(
        context: typer.Context, seconds: Annotated[float, typer.Option(help="How long to watch.")] = 30.0
    ) -> None:
        """Say when a finger comes and goes."""
        with _reader(context) as reader:
            before, until = None, time.monotonic() + seconds
            while time.monotonic() < until:
                empty = reader.lifted(within=0.0)
                if empty is not before:
                    Console().print("empty" if empty else "finger")
                before = empty
                time.sleep(0.1)

    return app


@contextmanager
def _reader(context: typer.Context) -> Iterator[GrowReader]:
    port, baud, simulated = context.obj
    try:
        if not simulated:
            reader = GrowReader(port, baud=baud)
            try:
                yield reader
            finally:
                reader.close()
            return
        with (
            tempfile.TemporaryDirectory(prefix="reader-") as place,
            SimulatedReader(Path(place) / "reader", pace=1.0) as device,
        ):
            device.place(impression(master(1, 2), seed=1))
            reader = GrowReader(device.port, baud=baud)
            try:
                yield reader
            finally:
                reader.close()
    except DeviceError as error:
        Console(stderr=True).print(f"[bold red]✗[/] {error}", highlight=False)
        raise typer.Exit(ILL) from None


def _scan(reader: GrowReader, out: Path | None, *, within: float) -> int:
    console = Console()
    console.print("Put a finger on the reader.")
    bar = Progress(TextColumn("Reading"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())

    def progress(share: float) -> bool:
        bar.update(task, completed=share)
        return True

    with bar:
        task = bar.add_task("reading", total=1.0)
        found = reader.scan(within=within, progress=progress)
    match found:
        case NoFinger():
            Console(stderr=True).print("[bold red]✗[/] No finger came.")
            return NOTHING
        case Smudged() | Captured():
            if out is not None:
                Image.fromarray(found.image).save(out, dpi=(reader.model.ppi, reader.model.ppi))
                console.print(f"Image: {out}", highlight=False)
    if isinstance(found, Smudged):
        Console(stderr=True).print("[bold red]✗[/] Too unclear to find features: wipe finger and glass, try again.")
        return NOTHING
    console.print(f"[bold green]✓[/] Features: {len(found.template.data)} bytes.", highlight=False)
    return WELL
