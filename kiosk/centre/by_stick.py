"""``kiosk centre import``: what came on a USB stick, in sentences."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from kiosk.centre.authority import Authority
from kiosk.centre.desk import Desk
from kiosk.centre.registry import Registry
from kiosk.centre.saying import CENTRE_DIRECTORY, Directory, plainly, say
from kiosk.centre.stick import StationReport, StickReport, take_in
from kiosk.record.stick import StickIll

MOST_NUMBERS = 20
"""Numbers of missing packets told one by one."""


def command(
    stick: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Where the stick is mounted.")],
    tidy: Annotated[
        bool, typer.Option("--tidy", help="Delete from the stick what is receipted, and what its station has taken in.")
    ] = False,
    directory: Directory = CENTRE_DIRECTORY,
) -> None:
    """Import stations' packets from a USB stick, and write receipts and all that waits for them back to it."""
    with plainly():
        authority, registry = Authority(directory), Registry(directory)
        desk = Desk.of(directory, authority, registry)
        try:
            shown = Console(stderr=True)
            with Progress(console=shown, transient=True, disable=not shown.is_terminal) as progress:
                task = progress.add_task("Importing", total=1.0)
                report = take_in(desk, stick, tidy=tidy, tell=lambda share: progress.update(task, completed=share))
        except StickIll as ill:
            raise OSError(f"{ill}") from None
        finally:
            registry.close()
    for sentence in told(report):
        say(sentence)
    if any(station.refused or station.unwritten for station in report.stations):
        raise typer.Exit(1)


def told(report: StickReport) -> list[str]:
    """Say what a stick held and what was done with it."""
    said = [sentence for station in report.stations for sentence in _told(station)]
    said += [f"{name}: no station of this centre, or revoked; left alone." for name in report.unknown]
    return said or ["There is no station's folder on this stick."]


def _told(station: StationReport) -> list[str]:
    said = [f"Imported {station.imported}, known already {station.known}, refused {len(station.refused)}."]
    said += [f"Refused {name}: {why}." for name, why in station.refused]
    if station.unlisted is not None:
        said.append(f"The station's list of what should be here is not believed: {station.unlisted}.")
        said.append("So only receipts were written back. Let the station export to this stick again.")
    if station.missing:
        said.append(f"Listed, but neither on the stick nor here: {_numbers(station.missing)}.")
    if station.elsewhere:
        said.append(f"Found no room on this stick, and wait at the station or on another: {station.elsewhere}.")
    said.append(f"On the stick for the station: receipts {station.receipts}, other files {station.others}.")
    if station.unwritten:
        said.append(f"Not written to the stick: {station.unwritten}.")
    if station.trouble is not None:
        said.append(station.trouble)
    if station.tidied:
        said.append(f"Deleted from the stick, being done with: {station.tidied}.")
    if station.sequences is not None:
        for what, numbers in (
            ("Missing below the highest that ever came", station.sequences.missing),
            ("Repeated", station.sequences.repeated),
            ("Broken", station.sequences.broken),
        ):
            if numbers:
                said.append(f"{what}: {_numbers(numbers)}.")
    return [f"{station.station}: {sentence}" for sentence in said]


def _numbers(numbers: tuple[int, ...]) -> str:
    more = f" and {len(numbers) - MOST_NUMBERS} more" if len(numbers) > MOST_NUMBERS else ""
    return ", ".join(map(str, numbers[:MOST_NUMBERS])) + more
