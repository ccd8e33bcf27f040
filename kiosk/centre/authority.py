"""The centre's keys, one for each purpose, and the stations it knows by theirs.

A reference: at a ministry the root, the packet keys and the escrow key would lie in different hands and devices.
"""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from kiosk.centre.tls import LOOPBACK, TlsAuthority
from kiosk.record.exchange import write_durably
from kiosk.record.header import Untrusted, is_name
from kiosk.record.keypair import OpeningKey, SealingKey, SigningKey, VerifyingKey
from kiosk.record.keys import CENTRE, StationIdentity, install_trust, keys_directory, provision, sign_trust
from kiosk.record.provisioning import PASSWORD, as_owner_of, tls_directory
from kiosk.uplink.settings import TlsFiles

BROKER = "broker"
_SERVERS = (CENTRE, BROKER)
_SIGNING = ("root", "receipts", "orders", "rosters", "states", "commands")
_OPENING = ("packets", "escrow")


class NoAuthority(Exception):
    """The centre's directory holds no keys, or holds some already; the sentence says what to run."""


class UnknownStation(Untrusted):
    """The centre does not know this station, or has revoked it."""


class Authority:
    """The keys in one directory."""

    def __init__(self, directory: Path) -> None:
        """Read the keys that ``create`` made.

        Raises:
            NoAuthority: when one is missing.
        """
        self.directory = directory
        self._keys = directory / "keys"
        for name in (*_SIGNING, *_OPENING):
            if not (self._keys / f"{name}.seed").exists():
                raise NoAuthority(f"{directory} holds no keys of a centre; run `kiosk centre keys` first.")

    @classmethod
    def create(cls, directory: Path, *, hosts: Sequence[str] = ()) -> "Authority":
        """Make all keys, the TLS authority, and certificates for the server and the broker (see ``certify``).

        Raises:
            NoAuthority: when there are keys already: they are never overwritten.
        """
        keys = directory / "keys"
        if keys.exists():
            raise NoAuthority(f"{directory} holds keys already; they are not overwritten.")
        keys.mkdir(parents=True, mode=0o700)
        for name in _SIGNING:
            write_durably(keys / f"{name}.seed", SigningKey.generate().seeds, mode=0o600)
        for name in _OPENING:
            write_durably(keys / f"{name}.seed", OpeningKey.generate().seed, mode=0o600)
        authority = cls(directory)
        for server in _SERVERS:
            authority.certify(server, hosts=hosts)
        return authority

    # Keys -----------------------------------------------------------------------------------------------------------

    @cached_property
    def root(self) -> SigningKey:
        """Signs the list of the other keys."""
        return self._signing("root")

    @cached_property
    def receipts(self) -> SigningKey:
        """Signs receipts."""
        return self._signing("receipts")

    @cached_property
    def orders(self) -> SigningKey:
        """Signs print orders."""
        return self._signing("orders")

    @cached_property
    def rosters(self) -> SigningKey:
        """Signs rosters."""
        return self._signing("rosters")

    @cached_property
    def states(self) -> SigningKey:
        """Signs where records stand."""
        return self._signing("states")

    @cached_property
    def commands(self) -> SigningKey:
        """Signs commands to stations."""
        return self._signing("commands")

    @cached_property
    def packets(self) -> OpeningKey:
        """Opens packets."""
        return OpeningKey((self._keys / "packets.seed").read_bytes())

    @cached_property
    def escrow(self) -> OpeningKey:
        """Opens packets, should the other key be lost."""
        return OpeningKey((self._keys / "escrow.seed").read_bytes())

    def _signing(self, name: str) -> SigningKey:
        return SigningKey((self._keys / f"{name}.seed").read_bytes())

    def trust_list(self, station: StationIdentity, *, now: datetime) -> bytes:
        """Sign the list of keys that ``station`` is to trust; a later list has a higher sequence."""
        return sign_trust(
            self.root,
            station.station,
            station.sealing,
            sequence=int(now.timestamp()),
            made=int(now.timestamp()),
            packets=(self.packets.public, self.escrow.public),
            receipts=(self.receipts.public,),
            orders=(self.orders.public,),
            rosters=(self.rosters.public,),
            states=(self.states.public,),
            commands=(self.commands.public,),
        )

    # TLS ------------------------------------------------------------------------------------------------------------

    @cached_property
    def tls(self) -> TlsAuthority:
        """Vouches for the server, the broker and the stations, in mutual TLS."""
        return TlsAuthority(self.directory / "tls")

    @property
    def server_tls(self) -> TlsFiles:
        """The centre's server certificate."""
        return self.tls.files(CENTRE)

    def certify(self, name: str, *, hosts: Sequence[str] = ()) -> TlsFiles:
        """Make a certificate and its key: for the server or the broker, or to show as a client, such as a technician's.

        A server is reached as ``hosts`` (names or addresses), and on its own machine.

        Raises:
            ValueError: when ``name`` cannot be a file's, or is the authority's, whose key it would overwrite.
        """
        if not is_name(name) or name == self.tls.certificate.stem:
            raise ValueError("a certificate's name is made of a-z, 0-9 and -, and is not the authority's")
        return self.tls.issue(name, hosts=(*LOOPBACK, *hosts) if hosts or name in _SERVERS else ())

    # Stations -------------------------------------------------------------------------------------------------------

    def provision_station(self, station: str, state: Path, *, now: datetime, province: str = "") -> StationIdentity:
        """Give a station directory its own secrets, the centre's keys and a client certificate, and know it hence.

        The kiosk process's lie in ``kiosk/keys``, the uplink's in ``uplink/tls`` (see ``station_tls``). What is there
        already is kept, except the list of the centre's keys and the certificate.
        """
        keys, tls = keys_directory(state), tls_directory(state)
        for place in (keys, tls):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with as_owner_of(keys):
            identity = provision(keys, station)
        trusted = self.trust_list(identity, now=now)
        with as_owner_of(keys):
            install_trust(keys, trusted, root=self.root.public)
        authority = self.tls
        with as_owner_of(tls):
            authority.issue(station, hosts=(), files=station_tls(state))
            if not (tls / PASSWORD).exists():
                write_durably(tls / PASSWORD, f"{secrets.token_urlsafe(18)}\n".encode(), mode=0o600)
        self.enrol(identity, province=province)
        return identity

    def enrol(self, identity: StationIdentity, *, province: str = "") -> None:
        """Know a station by the public halves of its keys."""
        known = {
            "station": identity.station,
            "province": province,
            "verifying": identity.verifying.raw.hex(),
            "sealing": identity.sealing.raw.hex(),
            "revoked": False,
        }
        self._write_station(identity.station, known)

    def revoke(self, station: str) -> None:
        """Believe this station no longer.

        Raises:
            UnknownStation: when it is not known at all.
        """
        self._write_station(station, self._read_station(station) | {"revoked": True})

    def station(self, station: str) -> StationIdentity:
        """Look a station up.

        Raises:
            UnknownStation: not known, or revoked.
        """
        known = self._read_station(station)
        if known["revoked"]:
            raise UnknownStation("this station has been revoked")
        return StationIdentity(
            station, VerifyingKey(bytes.fromhex(known["verifying"])), SealingKey(bytes.fromhex(known["sealing"]))
        )

    def stations(self) -> list[str]:
        """List the stations that are known and not revoked."""
        names = sorted(path.stem for path in (self.directory / "stations").glob("*.json"))
        return [name for name in names if not self._read_station(name)["revoked"]]

    def _read_station(self, station: str) -> dict[str, Any]:
        path = self.directory / "stations" / f"{station}.json"
        if not is_name(station) or not path.is_file():
            raise UnknownStation("the centre does not know this station")
        known: dict[str, Any] = json.loads(path.read_bytes())
        return known

    def _write_station(self, station: str, known: dict[str, Any]) -> None:
        path = self.directory / "stations" / f"{station}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, json.dumps(known, indent=2).encode())


def station_tls(state: Path) -> TlsFiles:
    """The PEM files of a station that ``provision_station`` left, named the same at each for its settings' sake."""
    place = tls_directory(state)
    return TlsFiles(place / "authority.pem", place / "station.crt", place / "station.key")
