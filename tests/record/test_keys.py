"""A station's own secrets and the centre's keys: made once, kept tight, believed only from the root."""

import shutil
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.centre.authority import Authority
from kiosk.centre.keyring import Purpose
from kiosk.record.header import NotForUs, SignatureWrong, UnknownKey, WrongKind
from kiosk.record.keypair import SigningKey
from kiosk.record.keys import (
    OPENS_DAYS,
    CentreTrust,
    NotProvisioned,
    OldKeys,
    StationKeys,
    install_trust,
    keys_directory,
    sign_trust,
)

STATION = "tts-soe-01"
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made")
    authority = Authority.create(root / "centre")
    for station in (STATION, "other-station"):
        authority.provision_station(station, root / station, now=NOW)
    return root


@pytest.fixture
def authority(made: Path) -> Authority:
    return Authority(made / "centre")


@pytest.fixture
def directory(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / STATION, tmp_path / STATION)
    return keys_directory(tmp_path / STATION)


@pytest.fixture
def keys(directory: Path) -> StationKeys:
    return StationKeys.load(directory)


def listed(authority: Authority, keys: StationKeys, sequence: int, *, root: SigningKey | None = None) -> bytes:
    signer = (authority.receipts.public,)
    return sign_trust(
        root or authority.root,
        keys.station,
        keys.opening.public,
        sequence=sequence,
        made=1,
        packets=(authority.packets.public,),
        receipts=signer,
        orders=signer,
        rosters=signer,
        states=signer,
        commands=signer,
    )


def test_only_the_owner_can_read_them(directory: Path) -> None:
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {path.name for path in directory.iterdir()} == {"secrets", "root.public", "centre.keys"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


def test_they_are_read_as_they_were_written(keys: StationKeys) -> None:
    renewed = keys.renewing().renewed(now=1).renewing()
    for each in (keys, renewed):
        assert StationKeys.unpack(each.pack()) == each


def test_no_secret_can_be_printed(keys: StationKeys) -> None:
    keys = keys.renewing().renewed(now=1).renewing()
    shown = repr(keys) + str(keys) + repr(keys.newest)
    assert keys.station in shown
    seeds = [key.seed for key in keys.openings] + [keys.signing.seeds, keys.newest.signing.seeds]
    for secret in (keys.roster, keys.ledger, keys.checkpoint, *seeds):
        assert repr(secret) not in shown
        assert secret.hex() not in shown


def test_missing_or_damaged_keys_are_told(directory: Path, keys: StationKeys) -> None:
    secrets = directory / "secrets"
    whole = secrets.read_bytes()
    for damaged in (b"", b"short", whole[:-1], whole.replace(b"tts-soe-01", b"tts_soe_01"), b"\xa0", b"\xff"):
        secrets.write_bytes(damaged)
        with pytest.raises(NotProvisioned, match="damaged"):
            StationKeys.load(directory)
    secrets.unlink()
    with pytest.raises(NotProvisioned, match="sudo kiosk provision"):
        StationKeys.load(directory)


def test_a_link_is_no_key(directory: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (directory / "secrets").rename(elsewhere)
    (directory / "secrets").symlink_to(elsewhere)
    with pytest.raises(NotProvisioned, match="secrets cannot be read"):
        StationKeys.load(directory)


@pytest.mark.parametrize("station", ["", "Big", "a/b", "..", "x" * 64])
def test_a_station_needs_a_proper_name(station: str) -> None:
    with pytest.raises(ValueError, match="a-z"):
        StationKeys.generate(station)


# Its own keys renewed ----------------------------------------------------------------------------------------------


def test_renewed_keys_are_used_once_they_are_granted(keys: StationKeys) -> None:
    coming = keys.renewing()
    assert (coming.signing, coming.opening) == (keys.signing, keys.opening), "the centre knows no others yet"
    assert coming.renewing() == coming, "a request that is on its way stays good"
    assert coming.openings[0] == coming.newest.opening, "what the centre seals to them already can be opened"
    renewed = coming.renewed(now=1000)
    assert (renewed.signing, renewed.opening) == (coming.newest.signing, coming.newest.opening)
    assert renewed.openings == (renewed.opening, keys.opening)
    assert set(renewed.identity.trusted) == {renewed.signing.public.id, keys.signing.public.id}
    assert keys.signing.seeds not in renewed.pack(), "nobody can sign as before"
    assert (renewed.roster, renewed.ledger, renewed.checkpoint) == (keys.roster, keys.ledger, keys.checkpoint)
    assert renewed.renewed(now=2000) is renewed


def test_what_nothing_good_can_be_sealed_to_any_more_is_forgotten(keys: StationKeys) -> None:
    second = keys.renewing().renewed(now=0)
    third = second.renewing().renewed(now=OPENS_DAYS * 86400)
    assert third.openings == (third.opening, second.opening, keys.opening)
    fourth = third.renewing().renewed(now=OPENS_DAYS * 86400 + 1)
    assert fourth.openings == (fourth.opening, third.opening, second.opening)
    assert keys.opening.seed not in fourth.pack()
    assert keys.signing.public.id in fourth.identity.trusted


# The centre's list -------------------------------------------------------------------------------------------------


def test_a_list_of_keys_not_signed_by_the_root_is_refused(
    authority: Authority, directory: Path, keys: StationKeys
) -> None:
    before = CentreTrust.load(directory)
    with pytest.raises(UnknownKey):
        install_trust(directory, listed(authority, keys, 1 << 40, root=authority.orders))
    good = listed(authority, keys, 1 << 40)
    with pytest.raises(SignatureWrong):
        install_trust(directory, good[:-1] + bytes([good[-1] ^ 1]))
    assert CentreTrust.load(directory) == before


def test_another_stations_list_is_refused(made: Path, authority: Authority, directory: Path, keys: StationKeys) -> None:
    other = StationKeys.load(keys_directory(made / "other-station"))
    with pytest.raises(NotForUs):
        install_trust(directory, listed(authority, other, 1 << 40))
    theirs = authority.trust_list(authority.station("other-station"), now=NOW)
    with pytest.raises(WrongKind, match="another station"):
        install_trust(directory, theirs, keys=replace(keys, opening=other.opening))


def test_keys_are_renewed_and_never_rolled_back(authority: Authority, directory: Path, keys: StationKeys) -> None:
    newer = install_trust(directory, listed(authority, keys, 1 << 40))
    assert CentreTrust.load(directory) == newer
    for root in (None, authority.root.public):
        with pytest.raises(OldKeys):
            install_trust(directory, listed(authority, keys, (1 << 40) - 1), root=root)
    assert CentreTrust.load(directory) == newer
    assert install_trust(directory, listed(authority, keys, 1 << 40)) == newer


def test_each_purpose_has_its_own_key(directory: Path) -> None:
    trust = CentreTrust.load(directory)
    purposes = [*trust.receipts, *trust.orders, *trust.rosters, *trust.states, *trust.commands]
    assert len(set(purposes)) == 5


def test_the_root_replaces_each_and_knows_the_earlier_until_they_are_dropped(
    authority: Authority, directory: Path, keys: StationKeys, tmp_path: Path
) -> None:
    shutil.copytree(authority.directory, tmp_path / "centre")
    authority = Authority(tmp_path / "centre")
    before = CentreTrust.load(directory)
    for purpose in Purpose:
        authority.keyring.rotate(purpose)
    number, blob = authority.numbered_list(authority.station(STATION), now=NOW)
    after = install_trust(directory, blob)
    assert after.sequence == number > before.sequence
    assert not set(after.recipients) & set(before.recipients), "nothing more is sealed to the earlier keys"
    assert after.recipients == (authority.packets.public, authority.escrow.public)
    for purpose in (Purpose.RECEIPTS, Purpose.ORDERS, Purpose.ROSTERS, Purpose.STATES, Purpose.COMMANDS):
        was, now = getattr(before, purpose.value), getattr(after, purpose.value)
        assert set(was) < set(now)
        assert authority.keyring.signing(purpose)[0].public.id in set(now) - set(was)
        assert authority.keyring.drop(purpose) == 1
    last = install_trust(directory, authority.trust_list(authority.station(STATION), now=NOW))
    assert not set(last.receipts) & set(before.receipts)
    assert Authority(tmp_path / "centre").receipts == authority.receipts
