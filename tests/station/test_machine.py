"""What settings ask of the machine is looked for by the process that needs it, and told with all other mistakes."""

import shutil
import tomllib
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kiosk.__main__ import BAD_CONFIGURATION, app
from kiosk.centre.authority import station_tls
from kiosk.centre.tls import TlsAuthority
from kiosk.station import machine
from kiosk.station.machine import Process
from kiosk.station.settings import BadSettings, read

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def content(tmp_path: Path) -> dict[str, Any]:
    """The simulated station's settings, with a certificate, its key and a password that are there."""
    content = tomllib.loads((CONFIG / "simulated.toml").read_text(encoding="utf-8"))
    files = station_tls(tmp_path)
    files.key.parent.mkdir(parents=True)
    made = TlsAuthority(tmp_path / "authority").issue("a-station", hosts=())
    for source, place in zip(astuple(made), astuple(files), strict=True):
        shutil.copy(source, place)
    (files.key.parent / "mqtt.password").write_text("secret\n")
    for key, file in (("authority", files.authority), ("certificate", files.certificate), ("key", files.key)):
        content["centre"][key] = str(file)
    content["broker"]["password_file"] = str(files.key.parent / "mqtt.password")
    content["broker"]["authority"] = str(files.authority)
    return content


def refusal(content: dict[str, Any], *here: Process) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        read(content, named="station.toml", here=here)
    return list(refused.value.lines)


def test_what_is_all_there_is_taken(content: dict[str, Any]) -> None:
    assert read(content, named="station.toml", here=list(Process)).broker.authority


def test_missing_files_are_told_together_and_only_to_the_uplink(content: dict[str, Any], tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    content["centre"] |= {key: str(nowhere / key) for key in ("authority", "certificate", "key")}
    content["broker"] |= {"password_file": str(nowhere / "password"), "authority": str(nowhere / "vouches")}
    content["screen"]["rotate"] = 45
    lines = refusal(content, Process.UPLINK)
    for key, name in (
        ("centre.authority", "authority"),
        ("centre.certificate", "certificate"),
        ("centre.key", "key"),
        ("broker.password_file", "password"),
        ("broker.authority", "vouches"),
    ):
        assert f"station.toml: {key}: {nowhere / name} cannot be read: No such file or directory" in lines
    assert len(lines) == 6, "and what is wrong elsewhere in the file"
    assert len(refusal(content, Process.KIOSK)) == 1, "the kiosk may not read them and need not"


def test_files_that_cannot_serve_are_named(content: dict[str, Any], tmp_path: Path) -> None:
    noise, empty = tmp_path / "noise", tmp_path / "empty"
    noise.write_text("no certificate")
    empty.write_text("\n")
    other = TlsAuthority(tmp_path / "other").issue("another")
    content["centre"] |= {"authority": str(noise), "key": str(other.key)}
    content["broker"] |= {"authority": str(noise), "password_file": str(empty)}
    certificate = content["centre"]["certificate"]
    assert refusal(content, Process.UPLINK) == [
        f"station.toml: centre.authority: {noise} holds no certificate",
        f"station.toml: centre.key: {other.key} is not the key of {certificate}, or one of them is damaged",
        f"station.toml: broker.password_file: {empty} holds no password",
        f"station.toml: broker.authority: {noise} holds no certificate",
    ]


def test_a_driver_whose_package_is_not_here_is_refused_by_the_kiosk(
    content: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "find_spec", lambda name: None)
    content["camera"] = {"driver": "picamera2", "device": "0"}
    content["panel"]["driver"] = "gpiozero"
    read(content, named="station.toml", here=[Process.UPLINK])
    lacks = "which needs the package {}; this machine has not got it"
    assert refusal(content, Process.KIOSK) == [
        f"station.toml: camera.driver: is 'picamera2', {lacks.format('python3-picamera2')}",
        f"station.toml: panel.driver: is 'gpiozero', {lacks.format('python3-lgpio')}",
    ]
    monkeypatch.setattr(machine, "find_spec", lambda name: object())
    read(content, named="station.toml", here=[Process.KIOSK])


@pytest.mark.parametrize("command", ["uplink", "check"])
def test_the_command_line_says_it_and_ends(command: str, tmp_path: Path) -> None:
    text = (CONFIG / "simulated.toml").read_text(encoding="utf-8").replace(".demo/station", str(tmp_path))
    (tmp_path / "station.toml").write_text(text, encoding="utf-8")
    ended = CliRunner().invoke(app, [command, "--config", str(tmp_path / "station.toml")])
    assert ended.exit_code == BAD_CONFIGURATION
    lines = ended.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines] == [
        "centre.authority",
        "centre.certificate",
        "centre.key",
        "broker.password_file",
    ]
