"""Where secrets are kept, by the distribution's own systemd-creds and a TPM in software: no copy, no fallback."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.centre.authority import Authority
from kiosk.record.enrolment import Request
from kiosk.record.exchange import write_durably
from kiosk.record.keys import CentreTrust, StationKeys, keys_directory, station_secrets
from kiosk.record.provisioning import ask, take_in, tls_directory
from kiosk.record.safekeeping import INSTALLED, Credentials, Keep, NotProvisioned, Secret, as_owner_of, best, sleeps

STATION = "tts-soe-01"
MOMENT = int(datetime(2026, 11, 24, 8, 0, tzinfo=UTC).timestamp())
OWNER = 61001
CONTENT = b"nobody but its process may know this" * 20
systemd = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("systemd-creds") is None,
    reason="systemd keeps secrets for root only, and only where it is",
)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that other users may enter. The machine's own key for credentials is one of the test's."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        monkeypatch.setenv("SYSTEMD_CREDENTIAL_SECRET", f"{made}/host.secret")
        yield Path(made)


@pytest.fixture
def credentials(place: Path) -> Credentials:
    return Credentials(store=place / "credstore.encrypted", shown=place / "run")


@pytest.fixture
def secret(place: Path) -> Secret:
    directory = place / "keys"
    directory.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(directory, OWNER, OWNER)
    return Secret(directory / "secrets", "kiosk.service", "rekam-kiosk")


def everything_below(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file() and not path.is_symlink())


# By systemd --------------------------------------------------------------------------------------------------------


@systemd
def test_what_systemd_keeps_lies_nowhere_in_the_clear(place: Path, secret: Secret, credentials: Credentials) -> None:
    secret.keep(CONTENT, Keep.FILES, credentials)
    assert CONTENT in everything_below(place)
    secret.keep(CONTENT, Keep.MACHINE, credentials)
    assert CONTENT not in everything_below(place)
    assert secret.path.is_symlink()
    assert not secret.path.exists()
    assert secret.read(credentials) == CONTENT, "root may open it"
    assert (credentials.store.stat().st_mode & 0o777, (credentials.store / secret.name).stat().st_mode & 0o777) == (
        0o700, 0o600,
    )  # fmt: skip
    secret.keep(CONTENT, Keep.FILES, credentials)
    assert secret.read(credentials) == CONTENT
    assert list(credentials.store.iterdir()) == []


@systemd
def test_its_process_reads_what_it_is_shown_and_nobody_else(secret: Secret, credentials: Credentials) -> None:
    secret.keep(CONTENT, Keep.MACHINE, credentials)
    with as_owner_of(secret.path.parent), pytest.raises(NotProvisioned, match=r"shows them to kiosk\.service alone"):
        secret.read(credentials)
    shown = credentials.shown / secret.unit
    shown.mkdir(parents=True)
    (shown / secret.name).write_bytes(CONTENT)
    os.chown(shown / secret.name, OWNER, OWNER)
    (shown / secret.name).chmod(0o400)
    with as_owner_of(secret.path.parent):
        assert secret.read(credentials) == CONTENT
        assert not sleeps(secret.path, credentials), "it is awake"
    shutil.rmtree(shown)
    assert sleeps(secret.path, credentials)
    with as_owner_of(secret.path.parent):
        assert not sleeps(secret.path, credentials), "its user cannot tell, and no service runs"
    with as_user(OWNER + 1), pytest.raises(NotProvisioned, match="run it as root"):
        secret.read(credentials)


@contextmanager
def as_user(user: int) -> Iterator[None]:
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)


@systemd
def test_what_is_missing_damaged_or_another_is_told_and_no_file_taken_instead(
    secret: Secret, credentials: Credentials
) -> None:
    secret.keep(CONTENT, Keep.MACHINE, credentials)
    kept = credentials.store / secret.name
    whole = kept.read_bytes()
    kept.rename(credentials.store / "rekam-uplink.key")
    with pytest.raises(NotProvisioned, match="systemd-creds cannot decrypt"):
        credentials.get("rekam-uplink.key")
    kept.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    with pytest.raises(NotProvisioned, match="systemd-creds cannot decrypt"):
        secret.read(credentials)
    kept.unlink()
    with pytest.raises(NotProvisioned, match="is gone"):
        secret.read(credentials)


@systemd
def test_root_follows_no_link_that_another_user_laid(place: Path, secret: Secret, credentials: Credentials) -> None:
    (place / "private").write_bytes(CONTENT)
    secret.path.symlink_to(place / "private")
    with pytest.raises(NotProvisioned, match="cannot be read"):
        secret.read(credentials)
    secret.keep(b"new", Keep.MACHINE, credentials)
    assert (place / "private").read_bytes() == CONTENT


def test_what_does_not_open_again_is_not_relied_on(
    place: Path, secret: Secret, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with systemd 252 and an empty set of PCRs: it seals, and cannot open."""
    secret.keep(CONTENT, Keep.FILES, credentials)
    for script, told in (
        ("cat >/dev/null; [ $1 = encrypt ] && echo sealed || { echo no such bank >&2; exit 1; }", "no such bank"),
        ("cat >/dev/null; echo something else", "does not open what it has sealed"),
    ):
        (place / "systemd-creds").write_text(f"#!/bin/sh\n{script}\n")
        (place / "systemd-creds").chmod(0o755)
        monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")
        with pytest.raises(NotProvisioned, match=told):
            secret.keep(CONTENT, Keep.TPM, credentials)
        assert secret.read(credentials) == CONTENT
        assert not (credentials.store / secret.name).exists()
        assert not credentials.works(Keep.TPM)


def test_without_systemd_only_files_can_keep_anything(
    place: Path, secret: Secret, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(place))
    assert best(INSTALLED, credentials) is Keep.FILES
    with pytest.raises(NotProvisioned, match="--keep files"):
        secret.keep(CONTENT, Keep.MACHINE, credentials)


@systemd
def test_the_best_there_is_is_taken_for_an_installed_station_only(place: Path, credentials: Credentials) -> None:
    assert best(INSTALLED, credentials) is Keep.MACHINE
    assert best(place, credentials) is Keep.FILES
    assert best(INSTALLED, replace(credentials, tpm="swtpm:path=/nowhere")) is Keep.MACHINE


def test_each_way_says_what_it_protects() -> None:
    assert len({keep.promise for keep in Keep}) == 3
    assert all("disk or SD card" in keep.promise for keep in Keep)


# A whole station ---------------------------------------------------------------------------------------------------


@systemd
def test_a_station_with_all_its_secrets_in_systemds_hands(place: Path, credentials: Credentials) -> None:
    authority, state = Authority.create(place / "centre"), place / "station"
    now = datetime.fromtimestamp(MOMENT, UTC)

    def asking(keep: Keep, *, renew: bool = False) -> bytes:
        return ask(
            state, STATION, province="ntt", software="", now=MOMENT, keep=keep, renew=renew, credentials=credentials
        )

    def taking(request: bytes, keep: Keep) -> None:
        grant = authority.enrol(Request.read(request), now=now)
        take_in(
            grant, state, station=STATION, now=MOMENT, root=authority.fingerprint, keep=keep, credentials=credentials
        )

    taking(asking(Keep.FILES), Keep.FILES)
    keys = StationKeys.load(keys_directory(state), credentials)
    secrets = [
        keys.pack(),
        (tls_directory(state) / "station.key").read_bytes(),
        authority.password_file(STATION).read_bytes().strip(),
    ]
    taking(asking(Keep.MACHINE), Keep.MACHINE)
    assert StationKeys.load(keys_directory(state), credentials) == keys
    assert CentreTrust.load(keys_directory(state), credentials).receipts
    assert {path.name for path in credentials.store.iterdir()} == {
        "rekam-kiosk", "rekam-uplink.key", "rekam-uplink.password",
    }  # fmt: skip
    on_the_card = everything_below(state) + everything_below(credentials.store)
    assert [secret for secret in secrets if secret in on_the_card] == []
    links = {path.name for path in state.rglob("*") if path.is_symlink()}
    assert links == {"secrets", "station.key", "mqtt.password"}
    for name, there in (("station.key", True), ("station.crt", False)):
        assert sleeps(tls_directory(state) / name, credentials) is there

    taking(asking(Keep.MACHINE, renew=True), Keep.MACHINE)
    assert StationKeys.load(keys_directory(state), credentials).openings[1] == keys.opening
    assert "rekam-uplink.coming" not in {path.name for path in credentials.store.iterdir()}
    (credentials.store / "rekam-kiosk").unlink()
    with pytest.raises(NotProvisioned, match="is gone"):
        asking(Keep.MACHINE)
    assert station_secrets(keys_directory(state)).is_there(), "keys are not made anew over lost ones by accident"


# In a TPM ----------------------------------------------------------------------------------------------------------


class Chip:
    """A TPM 2.0 in software, whose seed lies in ``directory``; systemd-creds speaks with it as with one of hardware."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir()

    @contextmanager
    def powered(self) -> Iterator[str]:
        socket = self._directory / "socket"
        control = socket.with_name("socket.ctrl")  # where the library looks for it
        command = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self._directory}"]
        command += ["--server", f"type=unixio,path={socket}", "--ctrl", f"type=unixio,path={control}"]
        command += ["--flags", "not-need-init,startup-clear"]
        running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 20
            while not (socket.exists() and control.exists()):
                assert time.monotonic() < until
                assert running.poll() is None
                time.sleep(0.02)
            yield f"swtpm:path={socket}"
        finally:
            running.terminate()
            running.wait()
            for left in (socket, control):
                left.unlink(missing_ok=True)


@systemd
def test_a_tpm_opens_what_it_sealed_after_a_restart_and_no_other_does(
    place: Path, secret: Secret, credentials: Credentials
) -> None:
    ours, another = Chip(place / "ours"), Chip(place / "another")
    with ours.powered() as chip:
        assert best(INSTALLED, replace(credentials, tpm=chip)) is Keep.TPM
    with ours.powered() as chip:
        secret.keep(CONTENT, Keep.TPM, replace(credentials, tpm=chip))
    assert CONTENT not in everything_below(place)
    with ours.powered() as chip:
        assert secret.read(replace(credentials, tpm=chip)) == CONTENT
    with another.powered() as chip, pytest.raises(NotProvisioned, match="systemd-creds cannot decrypt"):
        secret.read(replace(credentials, tpm=chip))
    (place / "host.secret").rename(place / "host.secret.lost")
    with ours.powered() as chip, pytest.raises(NotProvisioned, match="systemd-creds cannot decrypt"):
        secret.read(replace(credentials, tpm=chip))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root acts for others")
def test_root_goes_to_no_folder_of_its_own_by_a_link_that_another_user_laid(tmp_path: Path) -> None:
    theirs, own = tmp_path / "uplink", tmp_path / "own"
    theirs.mkdir()
    own.mkdir()
    (theirs / "tls").symlink_to(own)
    os.chown(theirs, OWNER, OWNER)
    os.chown(theirs / "tls", OWNER, OWNER, follow_symlinks=False)
    secret = Secret(theirs / "tls" / "station.key", "uplink.service", "rekam-station.key")
    with pytest.raises(NotProvisioned, match="root does not go there"):
        secret.keep(CONTENT, Keep.FILES, Credentials(tmp_path / "safe", tmp_path / "shown"))
    assert list(own.iterdir()) == []
    assert os.geteuid() == 0


def test_a_link_where_a_file_is_to_be_written_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"theirs")
    (tmp_path / "station.key.partial").symlink_to(other)
    with pytest.raises(OSError, match="symbolic link"):
        write_durably(tmp_path / "station.key", CONTENT)
    assert other.read_bytes() == b"theirs"
    write_durably(tmp_path / "station.key", CONTENT)
    assert (tmp_path / "station.key").read_bytes() == CONTENT
