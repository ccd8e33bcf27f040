"""The keys a station keeps, and the centre's public keys it trusts, each for one purpose.

All lie in ``<state>/kiosk/keys/``, readable by the kiosk process alone (files 0600, directory 0700).
"""

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.record import canonical
from kiosk.record.exchange import write_durably
from kiosk.record.header import Header, Kind, Malformed, Untrusted, WrongKind, is_name
from kiosk.record.keypair import BadKey, OpeningKey, SealingKey, SigningKey, VerifyingKey
from kiosk.record.seal import Verifying, open_sealed, seal, trusting

DATABASE_KEY = 32
CENTRE = "centre"
"""How the centre is named in headers."""
_STATION, _SIGNING, _OPENING = "station.json", "signing.seeds", "opening.seed"
_ROSTER, _LEDGER, _ROOT, _TRUST = "roster.key", "ledger.key", "root.public", "centre.keys"


class NotProvisioned(Exception):
    """The station's keys are missing or unreadable; the sentence says which file, and what to run."""


class OldKeys(Untrusted):
    """The list of the centre's keys is older than the one the station holds."""


def keys_directory(state: Path) -> Path:
    """Where a station's keys lie below its state directory."""
    return state / "kiosk" / "keys"


@dataclass(frozen=True, slots=True)
class StationIdentity:
    """What the centre must know of a station: its id and the public halves of its keys."""

    station: str
    verifying: VerifyingKey
    sealing: SealingKey


@dataclass(frozen=True, slots=True)
class StationKeys:
    """The secrets of the kiosk process; none of them can be printed."""

    station: str
    signing: SigningKey = field(repr=False)
    opening: OpeningKey = field(repr=False)
    roster: bytes = field(repr=False)
    ledger: bytes = field(repr=False)

    @classmethod
    def load(cls, directory: Path) -> "StationKeys":
        """Read the keys that ``provision`` left.

        Raises:
            NotProvisioned: naming the file that is missing or wrong.
        """
        try:
            station = json.loads(_secret(directory / _STATION))["station"]
            if not is_name(station):
                raise ValueError
            return cls(
                station=station,
                signing=SigningKey(_secret(directory / _SIGNING)),
                opening=OpeningKey(_secret(directory / _OPENING)),
                roster=_secret(directory / _ROSTER, length=DATABASE_KEY),
                ledger=_secret(directory / _LEDGER, length=DATABASE_KEY),
            )
        except (BadKey, ValueError, KeyError, TypeError):
            raise NotProvisioned(f"A key in {directory} is damaged; provision the station again.") from None

    @property
    def identity(self) -> StationIdentity:
        """The public halves."""
        return StationIdentity(self.station, self.signing.public, self.opening.public)


def provision(directory: Path, station: str) -> StationIdentity:
    """Make a station's own secrets in ``directory``; those that are there already are kept.

    Raises:
        ValueError: when ``station`` is no lower-case name of a-z, 0-9 and -.
        NotProvisioned: when the directory holds another station's keys.
    """
    if not is_name(station):
        raise ValueError("a station's id is made of a-z, 0-9 and -")
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    for name, secret in (
        (_SIGNING, SigningKey.generate().seeds),
        (_OPENING, OpeningKey.generate().seed),
        (_ROSTER, secrets.token_bytes(DATABASE_KEY)),
        (_LEDGER, secrets.token_bytes(DATABASE_KEY)),
        (_STATION, json.dumps({"station": station}).encode()),
    ):
        if not (directory / name).exists():
            write_durably(directory / name, secret, mode=0o600)
    keys = StationKeys.load(directory)
    if keys.station != station:
        raise NotProvisioned(f"{directory} holds the keys of another station; give this one a directory of its own.")
    return keys.identity


@dataclass(frozen=True, slots=True)
class CentreTrust:
    """The centre's public keys by purpose: whom packets are sealed to, and whose signature counts for what."""

    sequence: int
    recipients: tuple[SealingKey, ...]
    receipts: Verifying
    orders: Verifying
    rosters: Verifying
    states: Verifying
    commands: Verifying

    @classmethod
    def read(cls, blob: bytes, root: VerifyingKey, keys: StationKeys) -> "CentreTrust":
        """Believe a list of keys signed by the root and sealed to this station.

        Raises:
            Untrusted: by reason.
        """
        opened = open_sealed(blob, kind=Kind.KEYS, verifying=trusting(root), opening=(keys.opening,))
        if (opened.header.sender, opened.header.receiver) != (CENTRE, keys.station):
            raise WrongKind("this list of keys is for another station")
        try:
            lists = canonical.decode(opened.body)
            trust = cls(
                sequence=opened.header.sequence,
                recipients=tuple(SealingKey(raw) for raw in lists["packets"]),
                receipts=_verifying(lists["receipts"]),
                orders=_verifying(lists["orders"]),
                rosters=_verifying(lists["rosters"]),
                states=_verifying(lists["states"]),
                commands=_verifying(lists["commands"]),
            )
        except (canonical.NotCanonical, BadKey, KeyError, TypeError):
            raise Malformed("the list of the centre's keys is not built as it should be") from None
        if not trust.recipients:
            raise Malformed("the list of the centre's keys names nobody to seal packets to")
        return trust

    @classmethod
    def load(cls, directory: Path) -> "CentreTrust":
        """Read the list the station holds.

        Raises:
            NotProvisioned: when it is missing.
            Untrusted: when it is not signed by the root the station was given.
        """
        root = VerifyingKey(_secret(directory / _ROOT))
        return cls.read(_secret(directory / _TRUST), root, StationKeys.load(directory))


def install_trust(directory: Path, blob: bytes, *, root: VerifyingKey | None = None) -> CentreTrust:
    """Keep the centre's list of keys. ``root`` is given once, at provisioning; a later list must be signed by it.

    Raises:
        Untrusted: by reason; an older list than the one held is refused.
    """
    if root is not None:
        write_durably(directory / _ROOT, root.raw, mode=0o600)
    trust = CentreTrust.read(blob, VerifyingKey(_secret(directory / _ROOT)), StationKeys.load(directory))
    if root is None and (directory / _TRUST).exists() and trust.sequence < CentreTrust.load(directory).sequence:
        raise OldKeys("the list of the centre's keys is older than the one the station holds")
    write_durably(directory / _TRUST, blob, mode=0o600)
    return trust


def sign_trust(
    root: SigningKey,
    station: str,
    sealing: SealingKey,
    *,
    sequence: int,
    made: int,
    packets: Sequence[SealingKey],
    receipts: Sequence[VerifyingKey],
    orders: Sequence[VerifyingKey],
    rosters: Sequence[VerifyingKey],
    states: Sequence[VerifyingKey],
    commands: Sequence[VerifyingKey],
) -> bytes:
    """Sign the list of the centre's keys with the root, sealed to ``station``; ``packets``: recipients of packets."""
    body: dict[str, Any] = {"packets": [key.raw for key in packets]}
    purposes = {"receipts": receipts, "orders": orders, "rosters": rosters, "states": states, "commands": commands}
    for purpose, keys in purposes.items():
        body[purpose] = [key.raw for key in keys]
    header = Header(Kind.KEYS, CENTRE, station, f"keys-{sequence:08}", sequence, made)
    return seal(canonical.encode(body), header, (sealing,), root).data


def _verifying(raws: Any) -> Verifying:
    return trusting(*(VerifyingKey(raw) for raw in raws))


def _secret(path: Path, *, length: int | None = None) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            content = file.read()
    except OSError as error:
        raise NotProvisioned(
            f"{path.name} cannot be read ({error.strerror}); run `sudo kiosk provision FOLDER` with the folder that the"
            " centre made for this station."
        ) from None
    if length is not None and len(content) != length:
        raise NotProvisioned(f"{path.name} is damaged; provision the station again.")
    return content
