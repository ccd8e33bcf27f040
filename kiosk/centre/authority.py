"""Whom the centre's stations believe, and which stations it knows: keys by purpose, TLS, requests and grants.

A reference: at a ministry the root, the packet keys and the escrow key would lie in different hands and devices.
"""

import json
import secrets
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509

from kiosk.centre.alone import alone
from kiosk.centre.keyring import Keyring, Purpose
from kiosk.centre.tls import LOOPBACK, TlsAuthority
from kiosk.record.enrolment import Grant, Request, make_grant, root_fingerprint
from kiosk.record.exchange import delete_durably, write_durably
from kiosk.record.header import Untrusted, is_name
from kiosk.record.keypair import OpeningKey, SealingKey, SigningKey, VerifyingKey
from kiosk.record.keys import CENTRE, StationIdentity, sign_trust
from kiosk.record.provisioning import AUTHORITY, CERTIFICATE, TLS_KEY, ask, take_in, tls_directory
from kiosk.record.safekeeping import Keep
from kiosk.uplink.settings import TlsFiles

BROKER = "broker"
_SERVERS = (CENTRE, BROKER)


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
        self.keyring = Keyring(directory / "keys")
        if not self.keyring.is_whole():
            raise NoAuthority(f"{directory} holds no keys of a centre; run `kiosk centre keys` first.")

    @classmethod
    def create(cls, directory: Path, *, hosts: Sequence[str] = ()) -> "Authority":
        """Make all keys, the TLS authority, and certificates for the server and the broker (see ``certify``).

        Raises:
            NoAuthority: when there are keys already: they are never overwritten.
        """
        if (directory / "keys").exists():
            raise NoAuthority(f"{directory} holds keys already; they are not overwritten.")
        Keyring(directory / "keys").make()
        authority = cls(directory)
        for server in _SERVERS:
            authority.certify(server, hosts=hosts)
        return authority

    # Keys -----------------------------------------------------------------------------------------------------------

    @property
    def root(self) -> SigningKey:
        """Signs the list of the other keys."""
        return self.keyring.root

    @property
    def fingerprint(self) -> str:
        """By what people tell this centre's root from another."""
        return root_fingerprint(self.root.public)

    @property
    def receipts(self) -> SigningKey:
        """Signs receipts."""
        return self.keyring.signing(Purpose.RECEIPTS)[0]

    @property
    def orders(self) -> SigningKey:
        """Signs print orders."""
        return self.keyring.signing(Purpose.ORDERS)[0]

    @property
    def rosters(self) -> SigningKey:
        """Signs rosters."""
        return self.keyring.signing(Purpose.ROSTERS)[0]

    @property
    def states(self) -> SigningKey:
        """Signs where records stand."""
        return self.keyring.signing(Purpose.STATES)[0]

    @property
    def commands(self) -> SigningKey:
        """Signs commands to stations."""
        return self.keyring.signing(Purpose.COMMANDS)[0]

    @property
    def packets(self) -> OpeningKey:
        """Opens packets that are sealed from now on; ``keyring.opening`` has those for what waits still."""
        return self.keyring.opening(Purpose.PACKETS)[0]

    @property
    def escrow(self) -> OpeningKey:
        """Opens packets, should the other key be lost."""
        return self.keyring.opening(Purpose.ESCROW)[0]

    def trust_list(self, station: StationIdentity, *, now: datetime) -> bytes:
        """Sign the list of keys that ``station``, which is known, is to trust: see ``numbered_list``."""
        return self.numbered_list(station, now=now)[1]

    def numbered_list(self, station: StationIdentity, *, now: datetime) -> tuple[int, bytes]:
        """As ``trust_list``, with its number, which is higher than that of any list before."""
        with self._alone():
            known = self._read_station(station.station)
            number = max(int(now.timestamp()), known.get("keys", 0) + 1)
            self._write_station(station.station, known | {"keys": number})
        signs = {
            purpose.value: [key.public for key in self.keyring.signing(purpose)]
            for purpose in Purpose
            if not purpose.opens
        }
        return number, sign_trust(
            self.root,
            station.station,
            station.sealing,
            sequence=number,
            made=int(now.timestamp()),
            packets=(self.packets.public, self.escrow.public),
            **signs,
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

    def enrol(self, request: Request, *, now: datetime, only: bool = False) -> bytes:
        """Know a station by its request, whose fingerprint was compared, and grant it.

        What it was known by before stays good, since packets signed with earlier keys may still wait and the grant has
        still to arrive. With ``only``, or where the station was revoked, it is good no more: somebody else has it.
        """
        station = request.station
        certificate = self.tls.answer(request.csr, station)
        made = x509.load_pem_x509_certificate(certificate)
        with self._alone():
            before = self._read_station(station) if self._station_file(station).exists() else {}
            if only or before.get("revoked"):
                before = {"keys": before.get("keys", 0)}
                # Or they would stay at the broker under this station's name.
                delete_durably(self._station_file(station).with_suffix(".password"))
            signed_before = [key for key in (before.get("verifying"), *before.get("earlier", ())) if key is not None]
            known = {
                "station": station,
                "province": request.province,
                "software": request.software,
                "verifying": request.verifying.raw.hex(),
                "sealing": request.sealing.raw.hex(),
                "earlier": [key for key in dict.fromkeys(signed_before) if key != request.verifying.raw.hex()],
                "certificates": [*before.get("certificates", ()), f"{made.serial_number:x}"],
                "keys": before.get("keys", 0),
                "revoked": False,
            }
            self._write_station(station, known)
        number, keys = self.numbered_list(request.identity, now=now)
        grant = Grant(
            station=station,
            certificate=certificate,
            authority=self.tls.certificate.read_bytes(),
            keys=keys,
            password=self.password_file(station).read_text("ascii").strip(),
            valid_until=int(made.not_valid_after_utc.timestamp()),
        )
        return make_grant(grant, request.sealing, self.root, sequence=number, made=int(now.timestamp()))

    def provision_station(
        self, station: str, state: Path, *, now: datetime, province: str = "", keep: Keep = Keep.FILES
    ) -> StationIdentity:
        """Do at once, where centre and station are one machine, what they do by request and grant.

        What is in ``state`` already is kept, except the list of the centre's keys and the certificate.
        """
        moment = int(now.timestamp())
        asked = ask(state, station, province=province, software="", now=moment, keep=keep)
        request = Request.read(asked)
        grant = self.enrol(request, now=now)
        take_in(grant, state, station=station, now=moment, root=self.fingerprint, keep=keep)
        return request.identity

    def password_file(self, station: str) -> Path:
        """Where this station's password for the broker lies, a line, made where there is none."""
        path = self._station_file(station).with_suffix(".password")
        if not path.exists():
            write_durably(path, f"{secrets.token_urlsafe(18)}\n".encode(), mode=0o600)
        return path

    def revoke(self, station: str) -> None:
        """Believe this station no longer.

        Raises:
            UnknownStation: when it is not known at all.
        """
        with self._alone():
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
            station,
            VerifyingKey(bytes.fromhex(known["verifying"])),
            SealingKey(bytes.fromhex(known["sealing"])),
            tuple(VerifyingKey(bytes.fromhex(key)) for key in known.get("earlier", ())),
        )

    def is_welcome(self, station: str, certificate: bytes) -> bool:
        """Whether whoever shows this certificate (DER) is this station, known, not revoked, and by one that is good.

        That the authority signed it, and that its time is not over, TLS has checked.
        """
        try:
            known = self._read_station(station)
            serial = x509.load_der_x509_certificate(certificate).serial_number
        except (UnknownStation, ValueError):
            return False
        return not known["revoked"] and f"{serial:x}" in known.get("certificates", ())

    def stations(self) -> list[str]:
        """List the stations that are known and not revoked."""
        names = sorted(path.stem for path in (self.directory / "stations").glob("*.json"))
        return [name for name in names if not self._read_station(name)["revoked"]]

    def _read_station(self, station: str) -> dict[str, Any]:
        if not is_name(station) or not self._station_file(station).is_file():
            raise UnknownStation("the centre does not know this station")
        known: dict[str, Any] = json.loads(self._station_file(station).read_bytes())
        return known

    def _write_station(self, station: str, known: dict[str, Any]) -> None:
        write_durably(self._station_file(station), json.dumps(known, indent=2).encode())

    def _alone(self) -> AbstractContextManager[None]:
        """While what is known of a station changes: a revocation must not be undone by somebody who read before it."""
        return alone(self.directory / "stations")

    def _station_file(self, station: str) -> Path:
        return self.directory / "stations" / f"{station}.json"


def station_tls(state: Path) -> TlsFiles:
    """The PEM files of a station that was provisioned, named the same at each for its settings' sake."""
    place = tls_directory(state)
    return TlsFiles(place / AUTHORITY, place / CERTIFICATE, place / TLS_KEY)
