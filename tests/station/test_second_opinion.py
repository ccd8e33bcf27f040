"""The second opinion: stand-ins that behave as NFIQ 2's command does, and as commands do that are ill."""

import logging
import os
import selectors
import sys
import threading
import time
from pathlib import Path

import pytest

from kiosk.station.crew.second_opinion import SecondOpinion

WIDTH, HEIGHT = 256, 288
WANTED = threading.Event()
PIXELS = bytes(range(256)) * HEIGHT

READS = """
import io, os, sys
from PIL import Image
assert sys.argv[1] == "-F" and len(sys.argv) == 3, sys.argv
assert not sys.stdin.read()
with open(sys.argv[2], "rb") as file:
    image = Image.open(io.BytesIO(file.read()))
assert image.format == "PNG" and image.mode == "L"
"""


def _command(folder: Path, does: str) -> Path:
    path = folder / "nfiq2"
    path.write_text(f"#!{sys.executable}\nimport sys; sys.path[:0] = {sys.path!r}\n{does}\n", encoding="utf-8")
    path.chmod(0o700)
    return path


def _says(folder: Path, text: str) -> SecondOpinion:
    return SecondOpinion(_command(folder, f"{READS}\nsys.stdout.write({text!r})"), within=20)


def _score(opinion: SecondOpinion) -> int | None:
    return opinion.score(PIXELS, WIDTH, HEIGHT, ppi=500, over=WANTED)


def test_the_command_is_handed_the_image_with_its_resolution(tmp_path: Path) -> None:
    saw = "print(image.getpixel((7, 3)) + (round(image.info['dpi'][0]) == 508) + (image.size == (256, 288)))"
    opinion = SecondOpinion(_command(tmp_path, READS + saw), within=20)
    assert opinion.score(PIXELS, WIDTH, HEIGHT, ppi=508, over=WANTED) == 7 + 1 + 1


def test_the_image_never_touches_a_disk(tmp_path: Path) -> None:
    where = "print(1 if os.readlink(sys.argv[2]).startswith('/memfd:') else 0)"
    assert _score(SecondOpinion(_command(tmp_path, READS + where), within=20)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["nfiq2"]


@pytest.mark.parametrize(("said", "score"), [("0\n", 0), ("57\n", 57), ("100\n", 100), ("57", 57)])
def test_a_score_is_a_score(tmp_path: Path, said: str, score: int) -> None:
    assert _score(_says(tmp_path, said)) == score


@pytest.mark.parametrize(
    "said",
    [
        "255\n",
        "Error: NFIQ2 computeUnifiedQualityScore returned an error code: Cannot extract features\n",
        "NFIR resample error: source sample rate too low\n",
    ],
)
def test_an_image_that_has_no_score_is_no_fault(tmp_path: Path, said: str, caplog: pytest.LogCaptureFixture) -> None:
    assert _score(_says(tmp_path, said)) is None
    assert not caplog.records


@pytest.mark.parametrize(
    "said", ["", "101\n", "-3\n", "5.5\n", "57 58\n", "secret\n57\n", "0x39\n", "\u0663\n", "secret " * 2000]
)
def test_anything_else_is_no_score_and_is_told_once(
    tmp_path: Path, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    opinion = _says(tmp_path, said)
    assert [_score(opinion), _score(opinion)] == [None, None]
    assert len(caplog.records) == 1
    assert caplog.records[0].levelno == logging.WARNING
    assert "secret" not in caplog.text
    assert "settings" in caplog.text or "2.1 or later" in caplog.text


@pytest.mark.parametrize("does", ["sys.exit(1)", "os.abort()", "print(57); sys.exit(3)"])
def test_a_crash_is_no_opinion(tmp_path: Path, does: str, caplog: pytest.LogCaptureFixture) -> None:
    assert _score(SecondOpinion(_command(tmp_path, f"{READS}\n{does}"), within=20)) is None
    assert "ended with status" in caplog.text


def _shell(folder: Path, does: str, *, within: float = 1.0) -> SecondOpinion:
    """A stand-in that is up at once, so that a short deadline finds it at what it does."""
    path = folder / "nfiq2"
    path.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    path.chmod(0o700)
    return SecondOpinion(path, within=within)


@pytest.mark.parametrize(
    "does",
    ["while :; do :; done", "echo 57; exec sleep 600", "exec 1>&-; kill -STOP $$"],
    ids=["busy", "late", "stuck"],
)
def test_a_slow_command_is_ended(tmp_path: Path, does: str, caplog: pytest.LogCaptureFixture) -> None:
    pid = tmp_path / "pid"
    assert _score(_shell(tmp_path, f"echo $$ > {pid}; {does}")) is None
    assert "within 1 seconds" in caplog.text
    assert _is_over(int(pid.read_text(encoding="utf-8")))


def test_what_the_command_started_ends_with_it(tmp_path: Path) -> None:
    """A child that keeps the pipe open would otherwise be waited for, and stay."""
    pid = tmp_path / "pid"
    assert _score(_shell(tmp_path, f"sleep 600 & echo $! > {pid}; echo 57")) is None
    assert _is_over(int(pid.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "does", ["while :; do :; done", "exec 1>&-; kill -STOP $$", "sleep 600"], ids=["busy", "stuck", "late"]
)
def test_what_is_no_longer_wanted_is_dropped(tmp_path: Path, does: str, caplog: pytest.LogCaptureFixture) -> None:
    """Long before its deadline, and nobody is told that the command is ill."""
    pid, over = tmp_path / "pid", threading.Event()
    opinion = _shell(tmp_path, f"echo $$ > {pid}.new; mv {pid}.new {pid}; {does}", within=60.0)
    scores: list[int | None] = []
    asking = threading.Thread(target=lambda: scores.append(opinion.score(PIXELS, WIDTH, HEIGHT, ppi=500, over=over)))
    asking.start()
    for _ in range(1000):
        if pid.exists():
            break
        time.sleep(0.01)
    over.set()
    asking.join(20)
    assert scores == [None]
    assert not caplog.records
    assert _is_over(int(pid.read_text(encoding="utf-8")))


def test_a_version_that_was_not_waited_for_is_asked_for_again(tmp_path: Path) -> None:
    over = threading.Event()
    over.set()
    opinion = SecondOpinion(_command(tmp_path, "print('NFIQ 2: 2.3.0')"), within=20)
    assert opinion.version(over=over) == ""
    assert opinion.version(over=WANTED) == "2.3.0"


@pytest.mark.parametrize("ill", [(os, "memfd_create"), (selectors, "DefaultSelector")], ids=["memory", "selector"])
def test_a_machine_that_lacks_something_costs_the_opinion_alone(
    tmp_path: Path, ill: tuple[object, str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(*_: object) -> None:
        raise OSError(24, "Too many open files")

    opinion = _says(tmp_path, "57\n")
    monkeypatch.setattr(*ill, lacking)
    assert _score(opinion) is None
    assert "(Too many open files)" in caplog.text


def _is_over(pid: int) -> bool:
    """Whether the process is gone, or dead and only not yet mourned; it may take the kernel a moment."""
    for _ in range(500):
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in "ZX":
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("name", ["missing", "folder/", "text"])
def test_a_command_that_cannot_run_is_told_once(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no program", encoding="utf-8")
    opinion = SecondOpinion(tmp_path / name)
    assert [_score(opinion), _score(opinion)] == [None, None]
    assert len(caplog.records) == 1
    assert "path in the settings" in caplog.text


def test_a_window_too_small_for_nfiq_2_is_not_asked_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert SecondOpinion(tmp_path / "missing").score(bytes(192 * 192), 192, 192, ppi=508, over=WANTED) is None
    assert not caplog.records


@pytest.mark.parametrize(("width", "height"), [(255, 288), (0, 0)])
def test_pixels_that_are_no_image_are_refused(tmp_path: Path, width: int, height: int) -> None:
    with pytest.raises(ValueError, match="no grey image"):
        SecondOpinion(tmp_path / "nfiq2").score(PIXELS[: width * height] + b"\0", width, height, ppi=500, over=WANTED)


def test_the_version_is_what_the_usage_says(tmp_path: Path) -> None:
    usage = r"assert len(sys.argv) == 1; print('Usage\n\nOpenCV: 4.10.0\nNFIQ 2: 2.3.0 (Date: today, Commit: abc)')"
    assert SecondOpinion(_command(tmp_path, usage), within=20).version(over=WANTED) == "2.3.0"


def test_no_version_is_none(tmp_path: Path) -> None:
    assert SecondOpinion(tmp_path / "missing").version(over=WANTED) == ""


def test_no_descriptor_is_left_behind(tmp_path: Path) -> None:
    opinion = _says(tmp_path, "57\n")
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert _score(opinion) == 57
    assert SecondOpinion(tmp_path / "missing").score(PIXELS, WIDTH, HEIGHT, ppi=500, over=WANTED) is None
    assert len(list(Path("/proc/self/fd").iterdir())) == before
