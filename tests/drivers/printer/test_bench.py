"""The printer by hand: what a technician reads, and the exit status a script sees."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from drivers.printer.bench import commands
from drivers.printer.evolis.codec import Panel
from drivers.printer.evolis.simulated import SimulatedPrinter
from drivers.printer.ipp.attributes import JobState, Operation
from drivers.printer.ipp.simulated import SimulatedIppPrinter, Spoil

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


def test_clear_ejects_what_is_stuck(device: SimulatedPrinter, picture: Path) -> None:
    device.overheat_at(Panel.CYAN)
    assert TERMINAL.invoke(commands(), ["--port", device.port, "print", str(picture)]).exit_code == 1
    device.cool_down()
    result = TERMINAL.invoke(commands(), ["--port", device.port, "clear"])
    assert result.exit_code == 0
    assert device.rejected == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--family", "ipp", "status"], "--uri"),
        (["--family", "ipp", "--uri", "http://localhost", "status"], "ipp://host"),
        (["--family", "zebra", "status"], "zebra"),
        (["--baud", "1234", "status"], "115200"),
    ],
)
def test_a_wrong_command_line(arguments: list[str], said: str) -> None:
    result = TERMINAL.invoke(commands(), arguments)
    assert result.exit_code == 2
    assert said in result.output


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[SimulatedIppPrinter]:
    with SimulatedIppPrinter(tmp_path / "ipp", tmp_path / "cards") as started:
        yield started


def over_ipp(peer: SimulatedIppPrinter, *arguments: str) -> tuple[int, str]:
    """Exit status and what is read."""
    address = ["--family", "ipp", "--uri", peer.uri, "--socket", peer.local]
    result = TERMINAL.invoke(commands(), [*address, *arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.output


def test_status_over_ipp(peer: SimulatedIppPrinter) -> None:
    status, text = over_ipp(peer, "status")
    assert status == 0, text
    assert "Simulated IPP card printer" in text
    assert "about 100 cards (100 %)" in text
    peer.change_ribbon(0)
    status, text = over_ipp(peer, "status")
    assert status == 1
    assert "The ribbon is at its end" in text


def test_no_printer_over_ipp(peer: SimulatedIppPrinter) -> None:
    peer.unplug()
    status, text = over_ipp(peer, "status")
    assert status == 3
    assert "No card printer" in text


def test_a_card_over_ipp(peer: SimulatedIppPrinter, picture: Path, tmp_path: Path) -> None:
    status, text = over_ipp(peer, "print", str(picture), "--back", str(picture))
    assert status == 0, text
    for name in ("card-0001.png", "card-0001-back.png"):
        with Image.open(tmp_path / "cards" / name) as card:
            assert np.abs(np.asarray(card).astype(int) - (40, 120, 200)).max() <= 2


def test_clear_calls_off_what_waits(peer: SimulatedIppPrinter, picture: Path) -> None:
    peer.strike(SimulatedIppPrinter.overheat)
    peer.spoil(Spoil(Operation.CANCEL_JOB, heard=False))
    assert over_ipp(peer, "print", str(picture))[0] == 4
    assert peer.jobs == (JobState.STOPPED,)
    assert over_ipp(peer, "clear")[0] == 1  # it is still hot
    assert peer.jobs == (JobState.CANCELED,)
    peer.cool_down()
    assert over_ipp(peer, "clear")[0] == 0


@pytest.mark.parametrize("family", ["evolis", "ipp"])
def test_either_family_can_be_simulated(tmp_path: Path, picture: Path, family: str) -> None:
    arguments = ["--family", family, "--simulated", "--cards", str(tmp_path / "new"), "print", str(picture)]
    assert TERMINAL.invoke(commands(), arguments).exit_code == 0
    assert (tmp_path / "new" / "card-0001.png").exists()
