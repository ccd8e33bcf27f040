"""The camera's bench: a picture, a rate, one sentence and the right exit status when something is wrong."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from drivers.camera import Frame
from drivers.camera.bench import ILL, UNFIT, commands
from drivers.camera.simulated import SimulatedCamera

USAGE = 2


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands(), arguments)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_shot_is_a_picture_of_full_size_in_the_right_colours(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"shot.{suffix}"
    result = run("--driver", "simulated", "shot", str(out))
    assert result.exit_code == 0, result.output
    assert "2592 × 1944" in result.output
    picture = cv2.imread(str(out))
    assert picture is not None
    blue, green, red = picture[100, 100]
    assert red > 120 > 60 > max(blue, green)


def test_watching_counts_frames() -> None:
    result = run("--driver", "simulated", "watch", "--seconds", "0.5")
    assert result.exit_code == 0, result.output
    assert "frames a second" in result.output


@pytest.mark.parametrize(
    ("found", "line"), [((2.1044, 1.652), "white_balance = [2.104, 1.652]"), (5230.0, "white_balance = [5230]")]
)
def test_the_white_balance_of_white_paper_is_the_line_for_the_configuration(
    monkeypatch: pytest.MonkeyPatch, found: object, line: str
) -> None:
    hold_up(monkeypatch, (178, 181, 180), found)
    result = run("--driver", "simulated", "white-balance")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == ["The middle: red 178, green 181, blue 180", line]


@pytest.mark.parametrize(
    ("paper", "found", "sentence"),
    [
        ((200, 167, 143), (2.1, 1.6), "The middle is not grey"),
        ((30, 30, 30), (2.1, 1.6), "too dark or too bright"),
        ((255, 255, 255), (2.1, 1.6), "too dark or too bright"),
        ((180, 180, 180), None, "leave it automatic"),
    ],
)
def test_a_white_balance_that_cannot_be_trusted_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, paper: tuple[int, int, int], found: object, sentence: str
) -> None:
    hold_up(monkeypatch, paper, found)
    result = run("--driver", "simulated", "white-balance")
    assert result.exit_code == UNFIT
    assert sentence in result.stderr
    assert "white_balance =" not in result.stdout


def hold_up(monkeypatch: pytest.MonkeyPatch, paper: tuple[int, int, int], found: object) -> None:
    pixels = np.full((1944, 2592, 3), paper, np.uint8)
    monkeypatch.setattr(SimulatedCamera, "still", lambda _camera, *, within: Frame(pixels, within))
    monkeypatch.setattr(SimulatedCamera, "white_balance", found)


def test_a_camera_that_is_not_there_is_one_sentence_and_status_1(tmp_path: Path) -> None:
    out = tmp_path / "shot.jpg"
    result = run("--driver", "usb", "--device", str(tmp_path / "video0"), "shot", str(out))
    assert result.exit_code == ILL
    assert "There is no camera at" in result.stderr
    assert result.stdout == ""
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--driver", "webcam", "shot", "out.jpg"),
        ("--driver", "simulated", "shot", "out.tiff"),
        ("--driver", "simulated", "shot", "no/such/folder/out.jpg"),
        ("--device", "front", "shot", "out.jpg"),
        ("--driver", "simulated", "shot"),
    ],
)
def test_a_wrong_command_line_is_status_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == USAGE
