"""The finger reader by hand: ``python -m drivers fingerprint --family sfm --port /dev/ttyUSB0 scan --out a.png``."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Protocol

import typer
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from drivers.errors import DeviceError
from drivers.fingerprint import Captured, FingerReader, NoFinger, Smudged
from drivers.fingerprint.synthetic.synthesis import impression, master

WELL, NOTHING, ILL = 0, 1, 3
"""Exit statuses; 2 is typer's own for a wrong command line."""


class Family(StrEnum):
    """The families of modules that can be tried."""

    GROW = "grow"
    SFM = "sfm"


class Reader(FingerReader, Protocol):
    """What a bench asks of a reader beside what the kiosk does."""

    @property
    def baud(self) -> int:
        """Bits a second that were agreed on."""
        ...


@dataclass(frozen=True, slots=True)
class _Choice:
    family: Family
    port: str
    baud: int | None
    simulated: bool


def commands() -> typer.Typer:
    """Build the ``fingerprint`` group for ``python -m drivers``."""
    app = typer.Typer(help="Try the finger reader by hand.", no_args_is_help=True)

    @app.callback()
    def choose(
        context: typer.Context,
        family: Annotated[
            Family, typer.Option(help="grow: R307, R503, AS608 and other GROW/ZFM modules; sfm: Suprema's SFM modules.")
        ] = Family.GROW,
        port: Annotated[str, typer.Option(help="Device file of the reader.")] = "/dev/rekam-fingerprint",
        baud: Annotated[
            int | None, typer.Option(help="Speed to try first, else the factory's; the others follow.")
        ] = None,
        simulated: Annotated[bool, typer.Option("--simulated", help="A simulated reader, a finger on it.")] = False,
    ) -> None:
        """Try the finger reader by hand. Exit status: 0 well, 1 no finger or unreadable, 3 no answer."""
        context.obj = _Choice(family, port, baud, simulated)

    @app.command()
    def info(context: typer.Context) -> None:
        """Show what the reader is."""
        with _reader(context) as reader:
            model = reader.model
            for name, value in (
                ("Model", model.name),
                ("Image", f"{model.width} × {model.height} pixels, {model.ppi} an inch, {2**model.depth} greys"),
                ("Templates", model.template_family),
                ("Line", f"{reader.baud} baud"),
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
            # Nobody can lift a simulated finger, which lies there from the start.
            if not context.obj.simulated and not reader.lifted(within=within):
                raise typer.Exit(_failed("The finger was not lifted."))
            second = reader.scan(within=within)
            if not isinstance(first, Captured) or not isinstance(second, Captured):
                raise typer.Exit(_failed("No finger came, or it was too unclear."))
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
def _reader(context: typer.Context) -> Iterator[Reader]:
    """The chosen reader; only its family's files are imported."""
    choice: _Choice = context.obj
    try:
        with ExitStack() as stack:
            port = _switch_on(choice.family, stack) if choice.simulated else choice.port
            yield stack.enter_context(closing(_opened(choice.family, port, choice.baud)))
    except DeviceError as error:
        _failed(str(error))
        raise typer.Exit(ILL) from None


def _opened(family: Family, port: str, baud: int | None) -> Reader:
    match family:
        case Family.GROW:
            from drivers.fingerprint.grow.reader import GrowReader

            return GrowReader(port) if baud is None else GrowReader(port, baud=baud)
        case Family.SFM:
            from drivers.fingerprint.sfm.reader import SfmReader

            return SfmReader(port) if baud is None else SfmReader(port, baud=baud)


def _switch_on(family: Family, stack: ExitStack) -> str:
    """The device file of a simulated reader with a finger on it, switched on until ``stack`` is closed."""
    link = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reader-"))) / "reader"
    match family:
        case Family.GROW:
            from drivers.fingerprint.grow.simulated import SimulatedReader as SimulatedGrow

            grow = stack.enter_context(SimulatedGrow(link, pace=1.0))
            grow.place(impression(master(1, 2), seed=1))
            return grow.port
        case Family.SFM:
            from drivers.fingerprint.sfm.simulated import SimulatedReader as SimulatedSfm

            sfm = stack.enter_context(SimulatedSfm(link, pace=1.0))
            sfm.place(impression(master(1, 2), seed=1, size=sfm.size))
            return sfm.port


def _failed(sentence: str) -> int:
    Console(stderr=True).print(f"[bold red]✗[/] {sentence}", highlight=False)
    return NOTHING


def _scan(reader: Reader, out: Path | None, *, within: float) -> int:
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
            return _failed("No finger came.")
        case Smudged() | Captured():
            if out is not None:
                try:
                    Image.fromarray(found.image).save(out, "PNG", dpi=(reader.model.ppi, reader.model.ppi))
                except OSError as error:
                    raise typer.BadParameter(f"It cannot be written: {error.strerror}.", param_hint="--out") from None
                console.print(f"Image: {out}", highlight=False)
    if isinstance(found, Smudged):
        return _failed("Too unclear to find features: wipe finger and glass, try again.")
    console.print(f"[bold green]✓[/] Features: {len(found.template.data)} bytes.", highlight=False)
    return WELL
