"""A station's own secrets and the centre's keys: made once, kept tight, believed only from the root."""

import stat
from pathlib import Path
from typing import Any

import pytest

from kiosk.record.header import SignatureWrong, UnknownKey
from kiosk.record.keypair import SigningKey
from kiosk.record.keys import (
    CentreTrust,
    NotProvisioned,
    OldKeys,
    StationKeys,
    install_trust,
    keys_directory,
    provision,
)


def listed(world: Any, sequence: int, *, root: SigningKey | None = None) -> bytes:
    from kiosk.record.keys import sign_trust

    signer = (world.authority.receipts.public,)
    return sign_trust(
        root or world.authority.root,
        world.keys.station,
        world.keys.opening.public,
        sequence=sequence,
        made=1,
        packets=world.trust.recipients,
        receipts=signer,
        orders=signer,
        rosters=signer,
        states=signer,
        commands=signer,
    )


def test_provisioning_again_keeps_the_secrets(world: Any) -> None:
    directory = keys_directory(world.exchange.root)
    assert provision(directory, world.keys.station) == world.keys.identity
    assert StationKeys.load(directory) == world.keys


def test_only_the_owner_can_read_them(world: Any) -> None:
    directory = keys_directory(world.exchange.root)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


def test_no_secret_can_be_printed(world: Any) -> None:
    shown = repr(world.keys) + str(world.keys)
    assert world.keys.station in shown
    for secret in (world.keys.roster, world.keys.ledger, world.keys.opening.seed, world.keys.signing.seeds):
        assert repr(secret) not in shown
        assert secret.hex() not in shown


def test_another_stations_directory_is_not_taken_over(world: Any) -> None:
    with pytest.raises(NotProvisioned, match="another station"):
        provision(keys_directory(world.exchange.root), "somebody-else")


@pytest.mark.parametrize("name", ["signing.seeds", "opening.seed", "roster.key", "ledger.key", "station.json"])
def test_a_missing_or_damaged_key_is_named(world: Any, name: str) -> None:
    directory = keys_directory(world.exchange.root)
    (directory / name).write_bytes(b"short")
    with pytest.raises(NotProvisioned, match="damaged"):
        StationKeys.load(directory)
    (directory / name).unlink()
    with pytest.raises(NotProvisioned, match=name):
        StationKeys.load(directory)


def test_a_link_is_no_key(world: Any, tmp_path: Path) -> None:
    key = keys_directory(world.exchange.root) / "ledger.key"
    elsewhere = tmp_path / "elsewhere"
    key.rename(elsewhere)
    key.symlink_to(elsewhere)
    with pytest.raises(NotProvisioned, match=r"ledger\.key"):
        StationKeys.load(keys_directory(world.exchange.root))


def test_a_list_of_keys_not_signed_by_the_root_is_refused(world: Any) -> None:
    directory = keys_directory(world.exchange.root)
    with pytest.raises(UnknownKey):
        install_trust(directory, listed(world, 1 << 40, root=world.authority.orders))
    good = listed(world, 1 << 40)
    with pytest.raises(SignatureWrong):
        install_trust(directory, good[:-1] + bytes([good[-1] ^ 1]))
    assert CentreTrust.load(directory) == world.trust


def test_keys_are_renewed_and_never_rolled_back(world: Any) -> None:
    directory = keys_directory(world.exchange.root)
    newer = install_trust(directory, listed(world, 1 << 40))
    assert CentreTrust.load(directory) == newer
    with pytest.raises(OldKeys):
        install_trust(directory, listed(world, (1 << 40) - 1))


def test_each_purpose_has_its_own_key(world: Any) -> None:
    purposes = [*world.trust.receipts, *world.trust.orders, *world.trust.rosters]
    assert len(set(purposes)) == 3


@pytest.mark.parametrize("station", ["", "Big", "a/b", "..", "x" * 64])
def test_a_station_needs_a_proper_name(tmp_path: Path, station: str) -> None:
    with pytest.raises(ValueError, match="a-z"):
        provision(tmp_path / "keys", station)
