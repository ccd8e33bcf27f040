"""How a station comes to its identity: it makes its own secrets, asks the centre to know it, takes the grant in.

No secret leaves the station. The kiosk process's lie in ``kiosk/keys``, the uplink's in ``uplink/tls``. On a station
each belongs to a user of its own, as the installer made the directories; who writes there as root writes as that user.
"""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kiosk.record.enrolment import Grant, make_request, root_fingerprint, same_fingerprint
from kiosk.record.exchange import write_durably
from kiosk.record.header import NotForUs
from kiosk.record.keypair import VerifyingKey
from kiosk.record.keys import (
    CentreTrust,
    NotProvisioned,
    OldKeys,
    StationKeys,
    held_root,
    install_trust,
    keys_directory,
    station_secrets,
)
from kiosk.record.safekeeping import SYSTEMD, Credentials, Keep, Secret, as_owner_of, read_own

PASSWORD = "mqtt.password"  # noqa: S105 the name of a file, not a password
AUTHORITY, CERTIFICATE, TLS_KEY, COMING_TLS_KEY = "authority.pem", "station.crt", "station.key", "station.key.coming"
_UPLINK = "kiosk-uplink.service"


class RootUnknown(NotProvisioned):
    """The grant's root was compared with nothing yet: by its ``fingerprint`` two people can tell whose it is."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__(
            "This station does not know the centre's root yet. Ask the centre for its fingerprint, and compare:"
            f" {fingerprint}"
        )
        self.fingerprint = fingerprint


def tls_directory(state: Path) -> Path:
    """Where the uplink's secrets lie below a station's state directory."""
    return state / "uplink" / "tls"


@dataclass(frozen=True, slots=True)
class TlsSecrets:
    """The uplink's, each shown to it under a name of its own, because TLS wants a file for its key."""

    key: Secret
    coming: Secret
    """Made, but shown to nobody before the centre has granted it a certificate."""
    password: Secret


def tls_secrets(state: Path) -> TlsSecrets:
    """The uplink's secrets below a station's state directory."""
    place = tls_directory(state)
    return TlsSecrets(
        Secret(place / TLS_KEY, _UPLINK, "rekam-uplink.key"),
        Secret(place / COMING_TLS_KEY, _UPLINK, "rekam-uplink.coming"),
        Secret(place / PASSWORD, _UPLINK, "rekam-uplink.password"),
    )


# Asking -----------------------------------------------------------------------------------------------------------


def ask(
    state: Path,
    station: str,
    *,
    province: str,
    software: str,
    now: int,
    keep: Keep = Keep.FILES,
    renew: bool = False,
    credentials: Credentials = SYSTEMD,
) -> bytes:
    """Make the station's secrets where there are none, and write its request; ``now`` in Unix seconds.

    May be repeated: what is there stays, and is kept as ``keep`` says from then on. ``renew`` makes anew the keys that
    sign, open, and prove who is calling; those in use stay in use until the grant for the new ones is taken in.

    Raises:
        NotProvisioned: another station's keys are here, or they cannot be read or kept.
        ValueError: when ``station`` is no lower-case name of a-z, 0-9 and -.
        OSError: among others, without the right to write there.
    """
    directory, tls = keys_directory(state), tls_secrets(state)
    for place in (directory, tls_directory(state)):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    safe = station_secrets(directory)
    keys = _own(directory, station, credentials) if safe.is_there() else StationKeys.generate(station)
    if renew:
        keys = keys.renewing()
    safe.keep(keys.pack(), keep, credentials)
    secret = _tls_key(tls.key, keep, credentials)
    if renew or tls.coming.is_there():
        secret = _tls_key(tls.coming, keep, credentials)
    if tls.password.is_there():
        tls.password.keep(tls.password.read(credentials), keep, credentials)
    pair = keys.newest
    return make_request(
        station,
        province=province,
        software=software,
        signing=pair.signing,
        sealing=pair.opening.public,
        tls=secret,
        made=now,
    )


def _own(directory: Path, station: str, credentials: Credentials) -> StationKeys:
    keys = StationKeys.load(directory, credentials)
    if keys.station != station:
        raise NotProvisioned(
            f"{directory} holds the keys of the station {keys.station}, and this one is {station}; give each a state"
            " directory of its own."
        )
    return keys


def _tls_key(secret: Secret, keep: Keep, credentials: Credentials) -> ec.EllipticCurvePrivateKey:
    """The key that is there, or a new one; kept as told."""
    key = _loaded(secret, credentials) if secret.is_there() else ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret.keep(pem, keep, credentials)
    return key


def _loaded(secret: Secret, credentials: Credentials) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(secret.read(credentials), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise NotProvisioned(f"{secret.path} is damaged; remove it, and run `sudo kiosk provision` again.")
    return key


# Taking the grant in ----------------------------------------------------------------------------------------------


def take_in(
    grant: bytes,
    state: Path,
    *,
    station: str,
    now: int,
    root: str | None = None,
    keep: Keep = Keep.FILES,
    credentials: Credentials = SYSTEMD,
) -> CentreTrust:
    """Take in the centre's answer: the root, its list of keys, certificate, authority and password.

    ``root`` is the fingerprint of the centre's root as a person was told it; it is needed once. May be repeated, after
    a power cut or with a newer grant. Keys that were renewed come into use now.

    Raises:
        RootUnknown: no ``root`` was given, and none is held.
        NotProvisioned: the grant is another station's, for other keys, or of another root.
        Untrusted: it is damaged, forged, or older than what is held.
        OSError: among others, without the right to write there.
    """
    directory, tls = keys_directory(state), tls_secrets(state)
    keys = _own(directory, station, credentials)
    trusted = _root(grant, directory, root)
    granted, renewed = _read(grant, trusted, keys, now=now)
    if granted.station != station:
        raise NotProvisioned(f"This grant is the station {granted.station}'s, and this one is {station}.")
    if granted.valid_until <= now:
        raise NotProvisioned("This grant's time is over: its certificate has ended. Ask the centre for a new one.")
    new_key = _check_certificate(granted, state, tls, credentials)
    CentreTrust.read(granted.keys, trusted, keys)
    # All has been looked at; from here on, what a power cut leaves undone is done when it is repeated.
    if renewed is not keys:
        station_secrets(directory).keep(renewed.pack(), keep, credentials)
    with as_owner_of(directory):
        trust = _newest_list(directory, granted.keys, trusted, renewed)
    if new_key:
        tls.key.keep(tls.coming.read(credentials), keep, credentials)
    place = tls_directory(state)
    with as_owner_of(place):
        write_durably(place / AUTHORITY, granted.authority, mode=0o600)
        write_durably(place / CERTIFICATE, granted.certificate, mode=0o600)
    tls.password.keep(f"{granted.password}\n".encode(), keep, credentials)
    if new_key:
        tls.coming.forget(credentials)
    return trust


def _root(grant: bytes, directory: Path, told: str | None) -> VerifyingKey:
    """The root to believe: the one that is held, or at first the one whose fingerprint was told."""
    root = Grant.root(grant)
    shown = root_fingerprint(root)
    try:
        held = held_root(directory)
    except NotProvisioned:
        if told is None:
            raise RootUnknown(shown) from None
        held = root
    if told is not None and not same_fingerprint(told, shown):
        raise NotProvisioned(f"This grant is not of the centre you were told of: its root's fingerprint is {shown}.")
    if held != root:
        raise NotProvisioned("This grant is of another root than the one this station trusts; nothing was changed.")
    return root


def _read(grant: bytes, root: VerifyingKey, keys: StationKeys, *, now: int) -> tuple[Grant, StationKeys]:
    """The grant, and the keys as they are from now on: renewed, when it is for those that were made anew."""
    if keys.coming is not None:
        try:
            return Grant.read(grant, root=root, opening=(keys.coming.opening,)), keys.renewed(now=now)
        except NotForUs:
            pass  # a grant for the keys in use is as good
    try:
        return Grant.read(grant, root=root, opening=keys.openings), keys
    except NotForUs:
        raise NotProvisioned(
            "This grant is for other keys than this station has: it is another station's, or keys were made anew since"
            " it was asked for. Run `sudo kiosk provision`, and have the centre answer that request."
        ) from None


def _newest_list(directory: Path, blob: bytes, root: VerifyingKey, keys: StationKeys) -> CentreTrust:
    try:
        return install_trust(directory, blob, root=root, keys=keys)
    except OldKeys:
        return CentreTrust.held(directory, keys)  # a newer one came by itself while the grant was on its way


def _check_certificate(granted: Grant, state: Path, tls: TlsSecrets, credentials: Credentials) -> bool:
    """See that it is for this station's key and no step back; whether it is for the one that was made anew."""
    try:
        certificate = x509.load_pem_x509_certificate(granted.certificate)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(granted.authority))
        public = certificate.public_key()
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.InvalidVersion):
        raise NotProvisioned("The grant's certificate is not its authority's; ask the centre for another.") from None
    last = _last_certificate(tls_directory(state) / CERTIFICATE)
    if last is not None and certificate.not_valid_before_utc < last.not_valid_before_utc:
        raise NotProvisioned("This grant is older than the one this station has taken in; nothing was changed.")
    for secret in (tls.coming, tls.key):
        if secret.is_there() and _loaded(secret, credentials).public_key() == public:
            return secret is tls.coming
    raise NotProvisioned(
        "The grant's certificate is for another key than this station's uplink has. Run `sudo kiosk provision`, and"
        " have the centre answer that request."
    )


def _last_certificate(file: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(read_own(file)) if file.exists() else None
    except ValueError:
        return None  # damaged: the grant brings it anew
