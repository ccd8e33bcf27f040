"""The finger reader by hand: what a technician reads, and the exit status a script sees."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from drivers.fingerprint.bench import commands
from drivers.fingerprint.grow import simulated as grow
from drivers.fingerprint.grow.reader import GrowReader
from drivers.fingerprint.sfm import simulated as sfm
from drivers.fingerprint.sfm.reader import SfmReader
from drivers.fingerprint.synthetic.synthesis import impression
from tests.fingertips import grown

TERMINAL = CliRunner()
Run = Callable[..., Result]
SIMULATED: dict[str, Callable[[Path], AbstractContextManager[Any]]] = {
    "grow": grow.SimulatedReader,
    "sfm": sfm.SimulatedReader,
}
READERS = {"grow": GrowReader, "sfm": SfmReader}
SIZES = {"grow": (288, 256), "sfm": (320, 272)}


@pytest.fixture(params=SIMULATED)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def device(family: str, tmp_path: Path) -> Iterator[Any]:
    with SIMULATED[family](tmp_path / "reader") as device:
        yield device


@pytest.fixture
def run(family: str, device: Any) -> Run:
    def run(*words: str) -> Result:
        return TERMINAL.invoke(commands(), ["--family", family, "--port", device.port, *words])

    return run


def finger(family: str) -> np.ndarray:
    return impression(grown(1, 2), seed=1, size=SIZES[family])


def test_info_says_what_the_reader_is(family: str, run: Run) -> None:
    result = run("info")
    assert result.exit_code == 0
    told = {
        "grow": ("SIMULATED", "256 × 288 pixels, 500 an inch, 16 greys", "grow-simulated"),
        "sfm": ("SIM1", "272 × 320 pixels, 500 an inch, 256 greys", "sfm-type-7e"),
    }
    for words in (*told[family], "115200 baud"):
        assert words in result.output


def test_scan_keeps_the_image_with_its_resolution(family: str, device: Any, run: Run, tmp_path: Path) -> None:
    device.place(finger(family))
    result = run("scan", "--out", str(tmp_path / "finger.png"))
    assert result.exit_code == 0
    assert "✓ Features" in result.output
    with Image.open(tmp_path / "finger.png") as image:
        assert image.size == SIZES[family][::-1]
        assert image.info["dpi"] == pytest.approx((500, 500), abs=0.1)


def test_scan_that_cannot_be_kept_says_so(family: str, device: Any, run: Run, tmp_path: Path) -> None:
    device.place(finger(family))
    result = run("scan", "--out", str(tmp_path / "nowhere" / "finger.png"))
    assert result.exit_code == 2
    assert "cannot be written" in result.output


def test_scan_without_a_finger(run: Run) -> None:
    result = run("scan", "--within", "0")
    assert result.exit_code == 1
    assert "No finger came" in result.output


def test_scan_of_what_is_no_print(family: str, device: Any, run: Run) -> None:
    patch = np.full(SIZES[family], 255, np.uint8)
    patch[100:180, 90:160] = 51
    device.place(patch)
    result = run("scan")
    assert result.exit_code == 1
    assert "wipe finger and glass" in result.output


def test_compare_wants_the_finger_lifted(family: str, device: Any, run: Run) -> None:
    device.place(finger(family))
    result = run("compare", "--within", "0")
    assert result.exit_code == 1
    assert "not lifted" in result.output


@pytest.mark.parametrize(("again", "said", "status"), [(2, "The same finger", 0), (3, "Another finger", 1)])
def test_compare_says_whether_it_is_the_same(
    family: str, device: Any, run: Run, monkeypatch: pytest.MonkeyPatch, again: int, said: str, status: int
) -> None:
    def lifted_and_put_on_again(_: object, *, within: float) -> bool:
        device.place(impression(grown(1, again), seed=2, size=SIZES[family]))
        return True

    monkeypatch.setattr(READERS[family], "lifted", lifted_and_put_on_again)
    device.place(finger(family))
    result = run("compare", "--within", "1")
    assert result.exit_code == status
    assert said in result.output


def test_watch_says_what_is_there(family: str, device: Any, run: Run) -> None:
    device.place(finger(family))
    result = run("watch", "--seconds", "0.3")
    assert result.exit_code == 0
    assert result.output.split() == ["finger"]


def test_no_reader(family: str, tmp_path: Path) -> None:
    result = TERMINAL.invoke(commands(), ["--family", family, "--port", str(tmp_path / "none"), "info"])
    assert result.exit_code == 3
    assert "check its cable" in " ".join(result.output.split())


def test_a_family_that_does_not_exist_is_a_wrong_command_line() -> None:
    assert TERMINAL.invoke(commands(), ["--family", "eye", "info"]).exit_code == 2


def test_a_simulated_reader_has_a_finger_on_it(family: str) -> None:
    result = TERMINAL.invoke(commands(), ["--family", family, "--simulated", "watch", "--seconds", "0.3"])
    assert result.exit_code == 0
    assert result.output.split() == ["finger"]
