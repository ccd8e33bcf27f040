"""The services as systemd reads them: no unknown key, no needless right, and the two promises about the network."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

INTERPRETER = "/opt/rekam/venv/bin/python"
EXPOSURE = {"kiosk.service": 15, "kiosk-uplink.service": 15}
"""The most that `systemd-analyze security` may find, in tenths of its ten points; 10 is no protection at all."""


@pytest.fixture(scope="module")
def systemd_analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("no systemd-analyze: not a systemd machine")
    return found


@pytest.fixture
def units(house: Path, tmp_path: Path) -> Path:
    """The units with an interpreter that exists here, so that only their own faults are reported."""
    for name in EXPOSURE:
        text = (house / "systemd" / name).read_text()
        assert INTERPRETER in text
        (tmp_path / name).write_text(text.replace(INTERPRETER, sys.executable))
    (tmp_path / "kiosk.service.d").mkdir()
    return tmp_path


def verify(systemd_analyze: str, units: Path) -> str:
    names = [str(units / name) for name in EXPOSURE]
    return subprocess.run([systemd_analyze, "verify", *names], capture_output=True, text=True, check=False).stderr


def complaints(stderr: str, units: Path) -> list[str]:
    """Lines about our units; those about the machine's own are not ours to judge."""
    return [line for line in stderr.splitlines() if "kiosk" in line or str(units) in line]


@pytest.mark.parametrize("headless", [False, True], ids=["display", "headless"])
def test_systemd_finds_nothing_to_complain_of(house: Path, systemd_analyze: str, units: Path, headless: bool) -> None:
    if headless:
        shutil.copy(house / "systemd" / "headless.conf", units / "kiosk.service.d")
    assert complaints(verify(systemd_analyze, units), units) == []


def test_a_mistyped_key_would_be_found(systemd_analyze: str, units: Path) -> None:
    service = units / "kiosk.service"
    service.write_text(service.read_text().replace("PrivateNetwork=", "PrivateNetwrok="))
    assert any("PrivateNetwrok" in line for line in complaints(verify(systemd_analyze, units), units))


@pytest.mark.parametrize(("name", "most"), EXPOSURE.items(), ids=list(EXPOSURE))
def test_each_unit_keeps_its_exposure_low(systemd_analyze: str, units: Path, name: str, most: int) -> None:
    found = subprocess.run(
        [systemd_analyze, "security", "--no-pager", "--offline=true", f"--threshold={most}", str(units / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout


def settings(path: Path) -> dict[str, list[str]]:
    pairs = [line.partition("=") for line in path.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return {key: [value for name, _, value in pairs if name == key] for key, _, _ in pairs}


def test_no_field_holds_a_colon_which_the_password_file_forbids(house: Path) -> None:
    for line in (house / "systemd" / "rekam-sysusers.conf").read_text().splitlines():
        assert line.startswith("#") or ":" not in line


def test_the_process_that_sees_fingers_has_no_network(house: Path) -> None:
    kiosk = settings(house / "systemd" / "kiosk.service")
    assert kiosk["PrivateNetwork"] == ["yes"]
    assert kiosk["RestrictAddressFamilies"] == ["AF_UNIX AF_NETLINK"]
    assert kiosk["User"] == ["rekam-kiosk"]
    assert kiosk["Type"] == ["notify"]
    assert int(kiosk["WatchdogSec"][0]) > 0


def test_the_process_that_has_the_network_sees_no_device_and_no_key(house: Path) -> None:
    uplink = settings(house / "systemd" / "kiosk-uplink.service")
    assert uplink["PrivateDevices"] == ["yes"]
    assert uplink["InaccessiblePaths"] == ["-/var/lib/kiosk/kiosk/keys"]
    assert uplink["User"] == ["rekam-uplink"]
    assert uplink["ReadWritePaths"] == ["/var/lib/kiosk/uplink"]


def test_each_service_is_shown_its_own_secrets_and_no_others(house: Path) -> None:
    from kiosk.record.keys import keys_directory, station_secrets
    from kiosk.record.provisioning import tls_secrets
    from kiosk.record.safekeeping import INSTALLED

    tls = tls_secrets(INSTALLED)
    of = {
        "kiosk.service": [station_secrets(keys_directory(INSTALLED))],
        "kiosk-uplink.service": [tls.key, tls.password],
    }
    for unit, secrets in of.items():
        assert settings(house / "systemd" / unit)["LoadCredentialEncrypted"] == [secret.name for secret in secrets]
        assert {secret.unit for secret in secrets} == {unit}


def test_every_directory_of_the_state_has_one_writer(house: Path) -> None:
    rows = [line.split() for line in (house / "systemd" / "rekam-tmpfiles.conf").read_text().splitlines()]
    owners = {row[1]: (row[2], row[3]) for row in rows if row and row[0] == "d"}
    for path, (mode, owner) in owners.items():
        assert int(mode, 8) & 0o022 == 0, f"{path} is writable by others than {owner}"
        if path.startswith("/var/lib/kiosk/"):
            assert owner == f"rekam-{path.split('/')[4]}"
        if path.endswith(("/kiosk/keys", "/checkpoints", "/brought", "/tls")):
            assert mode == "0700"


def test_the_directories_are_those_of_the_exchange(house: Path) -> None:
    from kiosk.record.exchange import Exchange

    places = Exchange(Path("/var/lib/kiosk"))
    made = (house / "systemd" / "rekam-tmpfiles.conf").read_text().split()
    for place in (places.outbox, places.events, places.taken, places.receipts, places.orders, places.rosters):
        assert str(place) in made


DEBIANS_OWN = {"video", "dialout", "audio"}
"""Groups with a fixed number on every Debian (base-passwd), which a sysusers file would conflict with."""


def test_every_group_a_unit_names_is_made(house: Path) -> None:
    rows = [line.split() for line in (house / "systemd" / "rekam-sysusers.conf").read_text().splitlines()]
    made = {row[1] for row in rows if row and row[0] in {"g", "u"}} | DEBIANS_OWN
    for name in EXPOSURE:
        unit = settings(house / "systemd" / name)
        assert {*unit["User"], *unit["Group"], *unit["SupplementaryGroups"][0].split()} <= made
