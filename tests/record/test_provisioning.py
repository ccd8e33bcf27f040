"""A station's secrets taken in: each belongs to whom its directory does, and no key is lost for good."""

import os
import stat
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.centre.authority import Authority
from kiosk.record.keys import CentreTrust, NotProvisioned, StationKeys, keys_directory
from kiosk.record.provisioning import as_owner_of, take_in, tls_directory

STATION = "tts-soe-01"
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
KIOSK, UPLINK = (61001, 61002) if os.geteuid() == 0 else (os.geteuid(), os.geteuid())
"""Where root runs the tests, two users as a station has them; otherwise all belongs to whoever runs them."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("centre") / "centre")


@pytest.fixture
def folder(authority: Authority, tmp_path: Path) -> Path:
    authority.provision_station(STATION, tmp_path / "folder", now=NOW)
    return tmp_path / "folder"


@pytest.fixture
def state() -> Iterator[Path]:
    """A state directory as the installer leaves it. pytest's own is closed to other users."""
    with tempfile.TemporaryDirectory() as made:
        state = Path(made)
        state.chmod(0o755)
        for place, owner in ((keys_directory(state), KIOSK), (tls_directory(state), UPLINK)):
            place.mkdir(parents=True)
            os.chown(place, owner, owner if os.geteuid() == 0 else -1)
            place.chmod(0o700)
        yield state


def held(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_everything_arrives_and_belongs_to_whom_its_directory_does(folder: Path, state: Path) -> None:
    take_in(folder, state, station=STATION)
    for place, owner in ((keys_directory, KIOSK), (tls_directory, UPLINK)):
        assert held(place(state)) == held(place(folder))
        for path in place(state).iterdir():
            assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (owner, 0o600)
    assert set(held(tls_directory(state))) == {"authority.pem", "station.crt", "station.key", "mqtt.password"}
    assert StationKeys.load(keys_directory(state)).station == STATION
    assert os.geteuid() in {0, KIOSK}, "whoever began goes on as themselves"


def test_provisioned_in_place_it_belongs_to_the_same(authority: Authority, state: Path) -> None:
    for _ in range(2):
        authority.provision_station(STATION, state, now=NOW)
        for place, owner in ((keys_directory(state), KIOSK), (tls_directory(state), UPLINK)):
            assert {path.stat().st_uid for path in place.iterdir()} == {owner}


def test_a_newer_certificate_and_list_of_keys_are_taken_in(authority: Authority, folder: Path, state: Path) -> None:
    take_in(folder, state, station=STATION)
    before = held(tls_directory(state))["station.crt"]
    authority.provision_station(STATION, folder, now=NOW.replace(year=2027))
    take_in(folder, state, station=STATION)
    assert held(tls_directory(state))["station.crt"] != before
    assert CentreTrust.load(keys_directory(state)).sequence == int(NOW.replace(year=2027).timestamp())


def test_cut_off_it_can_be_repeated(folder: Path, state: Path) -> None:
    take_in(folder, state, station=STATION)
    for lost in (keys_directory(state) / "ledger.key", tls_directory(state) / "station.key"):
        lost.unlink()
    take_in(folder, state, station=STATION)
    assert held(keys_directory(state)) == held(keys_directory(folder))
    assert held(tls_directory(state)) == held(tls_directory(folder))


def test_other_keys_are_not_overwritten(authority: Authority, folder: Path, state: Path, tmp_path: Path) -> None:
    take_in(folder, state, station=STATION)
    before = held(keys_directory(state)), held(tls_directory(state))
    authority.provision_station(STATION, tmp_path / "anew", now=NOW)
    with pytest.raises(NotProvisioned, match="not overwritten"):
        take_in(tmp_path / "anew", state, station=STATION)
    assert (held(keys_directory(state)), held(tls_directory(state))) == before


def test_what_is_not_for_this_station_is_refused(folder: Path, state: Path, tmp_path: Path) -> None:
    with pytest.raises(NotProvisioned, match="this one is tts-soe-02"):
        take_in(folder, state, station="tts-soe-02")
    (keys_directory(folder) / "root.public").unlink()
    for wrong, why in ((folder, "root.public cannot be read"), (tmp_path, "holds no station's secrets")):
        with pytest.raises(NotProvisioned, match=why):
            take_in(wrong, state, station=STATION)
    assert held(keys_directory(state)) == held(tls_directory(state)) == {}


@pytest.mark.parametrize("name", ["mqtt.password", "mqtt.password.partial"])
def test_a_link_that_the_uplink_laid_leads_root_nowhere(folder: Path, state: Path, tmp_path: Path, name: str) -> None:
    """Root alone has more rights than the uplink's user to lose; the others are stopped by what they may write."""
    private = tmp_path / "private"
    private.write_text("untouched")
    private.chmod(0o400)
    (tls_directory(state) / name).symlink_to(private)
    if name.endswith(".partial"):
        with pytest.raises(PermissionError):
            take_in(folder, state, station=STATION)
    else:
        take_in(folder, state, station=STATION)
    assert private.read_text() == "untouched"


def test_the_rights_come_back_after_a_failure(state: Path) -> None:
    before = os.geteuid(), os.getegid(), os.getgroups()

    def fail() -> None:
        with as_owner_of(keys_directory(state)):
            assert os.geteuid() == KIOSK
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (os.geteuid(), os.getegid(), os.getgroups()) == before
