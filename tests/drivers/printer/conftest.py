"""A simulated card printer, the driver for it, and a picture that shows every colour and its orientation."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.printer.evolis.panels import Face
from drivers.printer.evolis.printer import EvolisPrinter
from drivers.printer.evolis.simulated import SimulatedPrinter

PATIENCE = 0.15
"""Far above what a pty needs, so that a test fails by a wrong answer and not by a busy machine: each asks twice."""


@pytest.fixture
def plugged(tmp_path: Path) -> Iterator[Callable[..., SimulatedPrinter]]:
    started: list[SimulatedPrinter] = []

    def start(**how: object) -> SimulatedPrinter:
        started.append(SimulatedPrinter(tmp_path / "lp0", tmp_path / "cards", **how))  # type: ignore[arg-type] # forwarded
        return started[-1]

    yield start
    for device in started:
        device.close()


@pytest.fixture
def device(plugged: Callable[..., SimulatedPrinter]) -> SimulatedPrinter:
    return plugged()


@pytest.fixture
def printer(device: SimulatedPrinter) -> Iterator[EvolisPrinter]:
    driver = EvolisPrinter(device.port, levels=32, patience=PATIENCE)
    yield driver
    driver.close()


@pytest.fixture(scope="session")
def face() -> Face:
    """Gradients in all three colours, a black corner at the top left, a white one at the bottom right."""
    y, x = np.mgrid[0:648, 0:1016]
    picture = np.stack([x * 255 // 1015, y * 255 // 647, (x + y) * 255 // 1662], axis=2).astype(np.uint8)
    picture[:40, :60] = 0
    picture[-40:, -60:] = 255
    return picture
