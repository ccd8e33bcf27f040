"""Settings: the shipped files are good, and a bad file is refused with everything that is wrong with it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from kiosk.station.settings import BadSettings, load, read

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def content() -> dict[str, Any]:
    return tomllib.loads((CONFIG / "station.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["station.toml", "simulated.toml"])
def test_what_is_shipped_can_be_used(name: str) -> None:
    assert load(CONFIG / name).station.id


def test_every_mistake_is_told_at_once_with_key_and_allowed_values(content: dict[str, Any]) -> None:
    content["screen"]["rotate"] = 45
    content["camera"]["drivr"] = "usb"
    content["fingerprint"]["baud"] = "fast"
    content["panell"] = {}
    del content["station"]["office"]
    with pytest.raises(BadSettings) as refused:
        read(content, named="station.toml")
    lines = refused.value.lines
    assert "station.toml: screen.rotate: is 45; allowed: 0, 90, 180 or 270" in lines
    assert "station.toml: camera.drivr: is not a setting; allowed here: device, driver" in lines
    assert "station.toml: fingerprint.baud: is 'fast'; allowed: 9600, 19200, 38400, 57600 or 115200" in lines
    assert "station.toml: station.office: is missing" in lines
    assert any(
        line.startswith("station.toml: panell: is not a setting; allowed here: broker, camera") for line in lines
    )
    assert len(lines) == 5


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("station", "id", "Ruang Satu"),
        ("screen", "diagonal", 0),
        ("broker", "port", 70_000),
        ("centre", "url", "http://centre"),
        ("policy", "birth_date_tries", 0),
        ("screen", "fullscreen", "yes"),
    ],
)
def test_a_value_that_cannot_be_is_refused(content: dict[str, Any], section: str, key: str, value: object) -> None:
    content[section][key] = value
    with pytest.raises(BadSettings, match=f"{section}.{key}: is "):
        read(content, named="station.toml")


def test_a_file_that_is_not_there_or_not_toml_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        load(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("[station\n", encoding="utf-8")
    with pytest.raises(BadSettings, match="not valid TOML"):
        load(bad)
