"""The printer by hand: what a technician reads, and the exit status a script sees."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from drivers.printer.bench import commands
from drivers.printer.evolis.simulated import SimulatedPrinter

TERMINAL = CliRunner()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.new("RGB", (508, 324), (40, 120, 200)).save(path)
    return path


def test_status_of_a_ready_printer(device: SimulatedPrinter) -> None:
    result = TERMINAL.invoke(commands(), ["--port", device.port, "status"])
    assert result.exit_code == 0
    assert "Simulated YMCKO" in result.output
    assert "about 100 cards" in result.output
    assert "Ready" in result.output


def test_status_says_what_to_do(device: SimulatedPrinter) -> None:
    device.empty_feeder()
    result = TERMINAL.invoke(commands(), ["--port", device.port, "status"])
    assert result.exit_code == 1
    assert "put blanks in" in result.output


def test_no_printer(tmp_path: Path) -> None:
    result = TERMINAL.invoke(commands(), ["--port", str(tmp_path / "lp0"), "status"])
    assert result.exit_code == 3
    assert "No card printer" in result.output


def test_a_picture_of_any_size_is_printed(device: SimulatedPrinter, picture: Path, tmp_path: Path) -> None:
    result = TERMINAL.invoke(commands(), ["--port", device.port, "print", str(picture)])
    assert result.exit_code == 0, result.output
    with Image.open(tmp_path / "cards" / "card-0001.png") as card:
        assert np.abs(np.asarray(card).astype(int) - (40, 120, 200)).max() <= 2


def test_a_refused_card(device: SimulatedPrinter, picture: Path) -> None:
    device.open_cover()
    result = TERMINAL.invoke(commands(), ["--port", device.port, "print", str(picture)])
    assert result.exit_code == 1
    assert "Nothing was printed" in result.output


def test_an_unreadable_picture(device: SimulatedPrinter, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"none")
    result = TERMINAL.invoke(commands(), ["--port", device.port, "print", str(tmp_path / "picture.png")])
    assert result.exit_code == 2
    assert device.blanks == 50


def test_a_simulated_printer_is_started_on_request(tmp_path: Path) -> None:
    result = TERMINAL.invoke(commands(), ["--simulated", "--cards", str(tmp_path), "status"])
    assert result.exit_code == 0
    assert str(tmp_path) in result.output.replace("\n", "")
