"""Everything of the demo's stage, each part in a process of its own, to be killed at will."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from rich.console import Console

from kiosk.centre.stage import Stage

PATIENCE = 60.0
"""Seconds to wait for anything; reached only when a test fails."""
HEADLESS = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}


def wait_until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)  # nothing tells when another process has written a file


@pytest.fixture
def eventually() -> Callable[[Callable[[], object], str], None]:
    return wait_until


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Broker, centre and uplink run; the kiosk is provisioned, its roster waits."""
    with ExitStack() as stack, Path(os.devnull).open("w") as nowhere:
        yield Stage.build(tmp_path / "stage", "800x480", stack, Console(file=nowhere))


@pytest.fixture
def start_kiosk(stage: Stage) -> Callable[[Path], None]:
    """Starts the kiosk, with a robot that runs the errands in this folder."""

    def start(errands: Path) -> None:
        stage.start(
            *("kiosk", "run", "--config", str(stage.config), "--errands", str(errands), "--pause", "0.02"),
            environment=HEADLESS,
        )

    return start
