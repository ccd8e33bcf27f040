"""Under CI a skip that nobody agreed to fails the run; elsewhere it is only a skip."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
import pytest

@pytest.mark.skip(reason="agreed")
def test_named(): ...

def test_unnamed():
    pytest.skip("not agreed")

@pytest.mark.skip(reason="another reason")
def test_named_for_another_reason(): ...

@pytest.mark.xfail(reason="known")
def test_expected_failure():
    raise ValueError

@pytest.mark.hardware
def test_with_the_real_device():
    raise RuntimeError("no such device here")

def test_sound(): ...
"""
ALLOWED = """
# comment
test_suite.py::test_named* | agreed
"""


def run(house: Path, place: Path, suite: str, ci: str, *options: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(house / "tests" / "conftest.py", place)
    (place / "pytest.ini").write_text("[pytest]\nmarkers = hardware: real\n")
    (place / "allowed_skips.txt").write_text(ALLOWED)
    (place / "test_suite.py").write_text(suite)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=place,
        env=os.environ | {"CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", ["0", "1"])
def test_ci_fails_on_each_skip_that_is_not_named(house: Path, tmp_path: Path, workers: str) -> None:
    ended = run(house, tmp_path, SUITE, "true", "-n", workers)
    assert ended.returncode == 1
    # A mark skips before the test proper, which pytest calls an error; both fail the run.
    assert "2 failed, 1 passed, 1 skipped" in ended.stdout
    assert "1 error in" in ended.stdout
    for name in ("test_unnamed", "test_named_for_another_reason", "test_expected_failure"):
        assert f" test_suite.py::{name} - skipped: " in ended.stdout


def test_a_module_that_skips_itself_counts_too(house: Path, tmp_path: Path) -> None:
    ended = run(house, tmp_path, "import pytest\npytest.importorskip('no_such_module')\n", "true", "-n", "0")
    assert ended.returncode != 0
    assert "no_such_module" in ended.stdout


def test_elsewhere_a_skip_is_a_skip(house: Path, tmp_path: Path) -> None:
    ended = run(house, tmp_path, SUITE, "", "-n", "0")
    assert ended.returncode == 0
    assert "1 passed, 3 skipped, 1 deselected, 1 xfailed" in ended.stdout


def test_the_real_device_is_tried_when_asked_for(house: Path, tmp_path: Path) -> None:
    ended = run(house, tmp_path, SUITE, "", "-n", "0", "--hardware")
    assert "FAILED test_suite.py::test_with_the_real_device" in ended.stdout
