"""``kiosk measure …``: what the station's judges say of pictures in a folder, or of what a device sees now."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.progress import track

from kiosk.capture.backdrop import Backdrop
from kiosk.station.workbench.folder import LARGEST, NotJudged, judged, pictures_in
from kiosk.station.workbench.reading import Kind
from kiosk.station.workbench.table import Table

ALL_JUDGED, SOME_NOT, MISUSED = 0, 1, 2
"""Exit statuses of the commands on folders."""
MANY = 20
"""Pictures from which it takes long enough to be told how far it is."""
LENT = 1.5
"""Seconds between two lent fingers: time to read what was measured."""
CONFIG = Path("/etc/rekam/station.toml")
PREPARED = (
    "Only one picture is in memory at a time; one of more than {most} million pixels is refused before it is unpacked. "
    "Sixteen bits a pixel are scaled to eight, palettes are looked up, what is transparent becomes white, and a photo "
    "is turned upright as its camera noted. Of a file with several pictures the first is judged."
)

Folder = Annotated[Path, typer.Argument(help="Its PNG, JPEG, BMP and TIFF files are judged, in the order of names.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Write the table into this file, not to the screen.")]
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Look into the folders within it, too.")]
Cloth = Annotated[Backdrop | None, typer.Option(help="The colour that the cloth should have; any even one without.")]


def commands() -> typer.Typer:
    """Gather the bench's commands."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        help="Measure with the station's own judges: pictures in a folder (CSV), or live what a device sees.",
    )
    for kind, command in ((Kind.FACE, _face), (Kind.FINGER, _finger), (Kind.EYES, _eyes)):
        app.command(kind.value, epilog=PREPARED.format(most=LARGEST[kind] // 1_000_000))(command)
    app.command("live")(_live)
    return app


def _face(folder: Folder, backdrop: Cloth = None, out: Out = None, recursive: Recursive = False) -> None:
    """Judge photos of faces, each for itself: CSV with one row a file.

    Exit status: 0 when all were judged, 1 when some could not be (their rows say why), 2 when nothing could be begun.
    """
    _measure(Kind.FACE, folder, out, recursive=recursive, backdrop=backdrop)


def _finger(
    folder: Folder,
    ppi: Annotated[
        int,
        typer.Option(
            min=100, max=2000, help="Pixels an inch of files that do not say 200 or more themselves (column ppi_from)."
        ),
    ] = 500,
    out: Out = None,
    recursive: Recursive = False,
) -> None:
    """Judge finger images, dark ridges on light ground: CSV with one row a file.

    Exit status: 0 when all were judged, 1 when some could not be (their rows say why), 2 when nothing could be begun.
    """
    _measure(Kind.FINGER, folder, out, recursive=recursive, ppi=ppi)


def _eyes(folder: Folder, out: Out = None, recursive: Recursive = False) -> None:
    """Judge near-infrared pictures of both eyes, each for itself: CSV with one row a file.

    Exit status: 0 when all were judged, 1 when some could not be (their rows say why), 2 when nothing could be begun.
    """
    _measure(Kind.EYES, folder, out, recursive=recursive)


def _measure(
    kind: Kind, folder: Path, out: Path | None, *, recursive: bool, ppi: int = 500, backdrop: Backdrop | None = None
) -> None:
    try:
        files, others = pictures_in(folder, recursive=recursive)
    except OSError as error:
        raise _misuse(f"{folder}: {error.strerror}. Name a folder of pictures.") from None
    if not files:
        raise _misuse(f"{folder} holds no PNG, JPEG, BMP or TIFF file. Name a folder of pictures.")
    if out is not None and out.resolve() in {file.resolve() for file in files}:
        raise _misuse(f"{out} is one of the pictures. Name another file for the table.")
    lead = ("file", "width", "height", *(("ppi", "ppi_from") if kind is Kind.FINGER else ()))
    told: Counter[str] = Counter()
    refused = 0
    with _opened(out) as file:
        table = Table(file, kind, lead)
        sheets = judged(files, folder, kind, ppi=ppi, backdrop=backdrop)
        console = Console(stderr=True)
        quiet = len(files) < MANY or not console.is_terminal
        for each in track(sheets, "Judging", total=len(files), console=console, transient=True, disable=quiet):
            row = {name: getattr(each, name) for name in ("width", "height", "ppi", "ppi_from")} | {"file": each.name}
            if isinstance(each.outcome, NotJudged):
                table.refused(row, str(each.outcome))
                refused += 1
            else:
                table.judged(row, each.outcome)
                told[each.outcome.advice.value] += 1
    _say(_summary(told, refused, others))
    raise typer.Exit(SOME_NOT if refused else ALL_JUDGED)


def _summary(told: Counter[str], refused: int, others: int) -> str:
    counts = [f"{count} {advice}" for advice, count in sorted(told.items(), key=lambda each: (-each[1], each[0]))]
    parts = [f"{told.total()} judged" + (f": {', '.join(counts)}" if counts else "")]
    if refused:
        parts.append(f"{refused} could not be judged: see the column error")
    if others:
        parts.append(f"{others} other {'file was' if others == 1 else 'files were'} left aside")
    return "; ".join(parts)


@contextmanager
def _opened(out: Path | None) -> Iterator[TextIO]:
    """The table's file, or the screen. Names that are no UTF-8 are written with backslashes."""
    if out is None:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", newline="", errors="backslashreplace")
        yield sys.stdout
        return
    try:
        file = out.open("w", encoding="utf-8", newline="", errors="backslashreplace")
    except OSError as error:
        raise _misuse(f"{out} cannot be written: {error.strerror}. Name another file.") from None
    with file:
        yield file


def _live(
    kind: Annotated[Kind, typer.Argument(help="What to measure.")],
    config: Annotated[Path, typer.Option("--config", "-c", help="The station's settings.")] = CONFIG,
    backdrop: Cloth = None,
    keep: Annotated[
        Path | None, typer.Option(help="Let pictures be kept in this folder, by a button. Without it none can be.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write a row for every judged frame into this file.")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="End after so many judged frames.")] = None,
    hands: Annotated[int | None, typer.Option(help="Lay fingers of this made-up person on a simulated reader.")] = None,
) -> None:
    """Show what the station's own device sees and what the judge says, with every measure and its limit.

    Runs beside nothing else: stop the station first (sudo systemctl stop kiosk).
    """
    # Only here: the commands on folders need neither screen nor devices.
    from kiosk.station.crew.devices import World
    from kiosk.station.workbench.lending import Lender
    from kiosk.station.workbench.live import Errand, measure_from

    with ExitStack() as after:

        def invite(world: World) -> Lender | None:
            if hands is None or world.reader is None:
                return None
            return after.enter_context(closing(Lender(world, hands, pause=LENT)))

        raise typer.Exit(measure_from(config, Errand(kind, backdrop, keep, csv, frames), invite=invite))


def _misuse(sentence: str) -> typer.Exit:
    _say(f"kiosk measure: {sentence}")
    return typer.Exit(MISUSED)


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
