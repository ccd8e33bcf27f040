"""The camera's bench: a picture, a rate, one sentence and the right exit status when something is wrong."""

from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner, Result

from drivers.camera.bench import ILL, commands

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
