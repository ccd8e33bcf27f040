"""One at a time at a place of the centre's: threads of the server, and commands that run beside it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kiosk.record.exchange import sync_directory


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Change what lies at ``place``, a folder, while nobody else does; it is made where there is none (flock(2))."""
    made_durably(place)
    with (place / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def made_durably(folder: Path) -> None:
    """Make a folder that outlives a power cut, as what is promised to lie in it must."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        sync_directory(folder.parent)
