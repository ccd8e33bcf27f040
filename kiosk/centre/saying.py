"""How the centre's commands speak: plain sentences, where its things lie, and what went wrong without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from kiosk.centre.authority import NoAuthority
from kiosk.centre.orders import NotOrdered
from kiosk.record.header import Untrusted
from kiosk.record.keys import NotProvisioned
from kiosk.record.packet import Unreadable

Directory = Annotated[Path, typer.Option("--directory", "-d", help="Where the centre keeps its things.")]
CENTRE_DIRECTORY = Path(".demo/centre")


@contextmanager
def plainly() -> Iterator[None]:
    """Say what is wrong in a sentence, and exit with status 1."""
    try:
        yield
    except (NoAuthority, NotOrdered, NotProvisioned, Unreadable, Untrusted, OSError, ValueError) as error:
        Console(stderr=True, soft_wrap=True).print(f"{error}", style="red", markup=False)
        raise typer.Exit(1) from None


def say(sentence: str) -> None:
    """Print a line as it is."""
    Console(soft_wrap=True).print(sentence, markup=False, highlight=False)
