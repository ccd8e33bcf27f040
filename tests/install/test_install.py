"""The installer's manners, and the house rules that only the whole tree can break."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

OURS = {"kiosk", "drivers", "config", "systemd", "tests", "pyproject.toml", "install.sh", "README.md", "LICENSE"}


def install(house: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ) if path is None else {"PATH": path}
    return subprocess.run(
        [house / "install.sh", *arguments],
        cwd="/",  # it must find its own place
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def tracked(house: Path) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=house, capture_output=True, text=True, check=True)
    return listed.stdout.rstrip("\0").split("\0")


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_names_every_command(house: Path, word: str) -> None:
    shown = install(house, word)
    assert (shown.returncode, shown.stderr) == (0, "")
    for command in ("demo", "test", "centre", "station", "--simulated"):
        assert command in shown.stdout
    assert all(len(line) <= 120 for line in shown.stdout.splitlines())


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["station", "--nonsense"]])
def test_unknown_words_are_refused_with_the_way_on(house: Path, arguments: list[str]) -> None:
    refused = install(house, *arguments)
    assert refused.returncode == 2
    assert arguments[-1] in refused.stderr
    assert "--help" in refused.stderr


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A PATH with the shell's own needs and nothing else: no mosquitto, no shellcheck, no sudo, no apt."""
    for tool in ("bash", "dirname", "env"):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / tool).symlink_to(found)
    return str(tmp_path)


def test_what_is_missing_is_named_when_it_cannot_be_installed(house: Path, bare_path: str) -> None:
    refused = install(house, "test", path=bare_path)
    assert refused.returncode == 3
    assert "shellcheck" in refused.stderr


@pytest.mark.parametrize(("release", "numpy"), [("bookworm", 1), ("bookworm", 2), ("trixie", 2)])
def test_the_tried_versions_satisfy_what_is_declared(house: Path, release: str, numpy: int) -> None:
    project = tomllib.loads((house / "pyproject.toml").read_text())["project"]
    declared = [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"]["test"]]
    tried = pins(house, release) | pins(house, f"numpy-{numpy}")
    for requirement in declared:
        name = canonicalize_name(requirement.name)
        if name == "pygame":
            assert name not in tried, "the station takes the distribution's pygame: a pin would replace it"
            continue
        assert tried[name] in requirement.specifier, f"{release}: {requirement}"
    assert tried[canonicalize_name("numpy")].major == numpy


def pins(house: Path, name: str) -> dict[str, Version]:
    lines = (house / "config" / "constraints" / f"{name}.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(package): Version(version) for package, version in pairs}


def test_the_top_level_is_the_customers(tracked: list[str]) -> None:
    top = {name.partition("/")[0] for name in tracked}
    assert {name for name in top if not name.startswith(".")} <= OURS


def test_no_file_names_a_place_on_the_machine_it_was_written_on(house: Path, tracked: list[str]) -> None:
    homes = re.compile(rb"/(?:home|Users)/[a-z][a-z0-9_-]*/")
    for name in tracked:
        path = house / name
        content = path.read_bytes() if path.is_file() else b""
        if b"\0" in content[:4096]:
            continue
        assert bytes(house) not in content, name
        assert not homes.search(content), name
