"""Settings: the shipped files are good, and a bad file is refused with everything that is wrong with it."""

import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from kiosk.station.settings import BadSettings, Language, load, read

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
    assert "station.toml: camera.drivr: is not a setting; allowed here: device, driver, white_balance" in lines
    speeds = "9600, 19200, 38400, 57600, 115200, 230400, 460800 or 921600"
    assert f"station.toml: fingerprint.baud: is 'fast'; allowed: {speeds}" in lines
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
        ("screen", "width", 200),
        ("screen", "height", 600),  # while the width is the display's own
        ("station", "languages", []),
        ("station", "languages", ["id", "id"]),
        ("station", "state", ""),
        ("camera", "device", "/dev/video0"),  # picamera2 counts its cameras
        ("camera", "device", "²"),
        ("iris", "driver", "gpiozero"),
        ("fingerprint", "fastest", 921600),  # grow modules know no such speed
        ("printer", "queue", "ipp://printer.example/ipp/print"),  # the kiosk process has no network
        ("camera", "white_balance", [5000.0]),  # kelvin are for USB cameras
        ("camera", "white_balance", [1.9]),
        ("panel", "tamper", 17),  # where the help button is
        ("panel", "door", 17),  # where the help button is
        ("panel", "presence", 22),  # where the door is
        ("broker", "host", ""),
        ("broker", "host", "mqtt://broker.example"),
        ("broker", "authority", ""),
        ("policy", "recording_age", -1),
        ("capture", "finger_images", "jpeg"),
        ("capture", "nfiq2", "nfiq2"),
        ("capture", "backdrop_odd", "green"),
        ("capture", "finger_images", "wsq"),
    ],
)
def test_a_value_that_cannot_be_is_refused(content: dict[str, Any], section: str, key: str, value: object) -> None:
    content[section][key] = value
    with pytest.raises(BadSettings, match=f"{section}.{key}: is "):
        read(content, named="station.toml")


def test_a_language_without_words_is_refused(content: dict[str, Any]) -> None:
    content["station"]["languages"] = ["id", "jv"]
    with pytest.raises(BadSettings, match=r"station\.languages\.1: is 'jv'; allowed: 'id' or 'en'"):
        read(content, named="station.toml")


def test_every_language_that_is_allowed_has_a_catalogue() -> None:
    assert {path.name for path in (CONFIG / "locales").iterdir() if path.is_dir()} >= set(get_args(Language))


def test_a_default_counts_like_what_is_written(content: dict[str, Any]) -> None:
    content["camera"] = {"driver": "usb"}
    del content["panel"]["door"]
    content["panel"]["help_button"] = 22
    with pytest.raises(BadSettings) as refused:
        read(content, named="station.toml")
    assert refused.value.lines == (
        "station.toml: camera.device: is '0'; with the driver usb it is a path, such as \"/dev/video0\"",
        "station.toml: panel.door: is 22, where panel.help_button is wired already",
    )


@pytest.mark.parametrize(("driver", "device"), [("picamera2", "1"), ("usb", "/dev/video0"), ("simulated", "0")])
def test_a_device_is_named_as_its_driver_does(content: dict[str, Any], driver: str, device: str) -> None:
    content["camera"] = {"driver": driver, "device": device}
    assert read(content, named="station.toml").camera.device == device


def test_a_station_takes_irises_only_where_a_camera_for_them_is_named(content: dict[str, Any]) -> None:
    del content["iris"]
    assert read(content, named="station.toml").iris.driver == "none"
    content["iris"] = {"driver": "usb", "device": "/dev/video2"}
    assert read(content, named="station.toml").iris.device == "/dev/video2"
    content["iris"] = {"driver": "usb"}
    with pytest.raises(BadSettings, match=r"iris\.device: is '1'; with the driver usb it is a path"):
        read(content, named="station.toml")


def test_the_irises_have_a_camera_of_their_own(content: dict[str, Any]) -> None:
    content["iris"] = {"driver": "picamera2", "device": "0"}
    with pytest.raises(BadSettings, match="iris: names picamera2 '0', which is the face camera"):
        read(content, named="station.toml")
    content["iris"]["device"] = "1"
    read(content, named="station.toml")


def test_the_face_camera_is_known_however_it_is_written(content: dict[str, Any], tmp_path: Path) -> None:
    link = tmp_path / "video-eyes"
    link.symlink_to("/dev/video0")
    for driver, face, eyes in (
        ("picamera2", "0", "00"),
        ("picamera2", "01", "1"),
        ("usb", "/dev/video0", "/dev/../dev/video0"),
        ("usb", "/dev/video0", "//dev/./video0"),
        ("usb", "/dev/video0", str(link)),
    ):
        content["camera"] = {"driver": driver, "device": face}
        content["iris"] = {"driver": driver, "device": eyes}
        with pytest.raises(BadSettings, match="which is the face camera"):
            read(content, named="station.toml")
    content["iris"]["device"] = "/dev/video1"
    read(content, named="station.toml")


def test_wires_that_are_not_there_may_share_the_number_0(content: dict[str, Any]) -> None:
    content["panel"] |= {"lamp_ready": 0, "lamp_busy": 0, "presence": 0, "power_fail": 0}
    read(content, named="station.toml")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_only_a_broker_on_this_machine_goes_without_an_authority(content: dict[str, Any], host: str) -> None:
    del content["broker"]["authority"]
    with pytest.raises(BadSettings, match=r"broker\.authority: is missing, but broker\.host 'broker\.example'"):
        read(content, named="station.toml")
    content["broker"]["host"] = host
    read(content, named="station.toml")


def test_a_file_that_is_not_there_or_not_toml_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        load(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("[station\n", encoding="utf-8")
    with pytest.raises(BadSettings, match="not valid TOML"):
        load(bad)
