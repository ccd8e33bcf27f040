"""The keys a station keeps, and the centre's public keys it trusts, each for one purpose.

They lie in ``<state>/kiosk/keys/``, readable by the kiosk process alone (files 0600, directory 0700); the secret ones,
where systemd keeps them, only as a link (see ``safekeeping``).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kiosk.record import canonical
from kiosk.record.exchange import write_durably
from kiosk.record.header import Header, Kind, Malformed, Untrusted, WrongKind, is_name
from kiosk.record.keypair import BadKey, OpeningKey, SealingKey, SigningKey, VerifyingKey
from kiosk.record.safekeeping import SYSTEMD, Credentials, Secret, read_own
from kiosk.record.safekeeping import NotProvisioned as NotProvisioned  # what all who load keys may have to catch
from kiosk.record.seal import Verifying, open_sealed, seal, trusting

DATABASE_KEY = 32
CENTRE = "centre"
"""How the centre is named in headers."""
OPENS_DAYS = 180
"""How long a key that was replaced opens what the centre sealed to it: an order is good for 90 days."""
_SECRETS, _ROOT, _TRUST = "secrets", "root.public", "centre.keys"


class OldKeys(Untrusted):
    """The list of the centre's keys is older than the one the station holds."""


def keys_directory(state: Path) -> Path:
    """Where a station's keys lie below its state directory."""
    return state / "kiosk" / "keys"


def station_secrets(directory: Path) -> Secret:
    """All secrets of the kiosk process, which systemd shows it as one."""
    return Secret(directory / _SECRETS, "kiosk.service", "rekam-kiosk")


@dataclass(frozen=True, slots=True)
class StationIdentity:
    """What the centre must know of a station: its id and the public halves of its keys."""

    station: str
    verifying: VerifyingKey
    sealing: SealingKey
    earlier: tuple[VerifyingKey, ...] = ()
    """Keys that signed packets which may still wait."""

    @property
    def trusted(self) -> Verifying:
        """Every key that may have signed this station's packets."""
        return trusting(self.verifying, *self.earlier)


@dataclass(frozen=True, slots=True)
class Pair:
    """What is renewed together: the key that signs, and the one that opens."""

    signing: SigningKey = field(repr=False)
    opening: OpeningKey = field(repr=False)

    @classmethod
    def generate(cls) -> "Pair":
        """Make a new one."""
        return cls(SigningKey.generate(), OpeningKey.generate())


@dataclass(frozen=True, slots=True)
class Retired:
    """What stays of a pair that another took the place of, since Unix second ``at``: it signs no more."""

    verifying: VerifyingKey
    opening: OpeningKey | None = field(repr=False)
    """None once nothing that was sealed to it can be good any more."""
    at: int


@dataclass(frozen=True, slots=True)
class StationKeys:
    """The secrets of the kiosk process; none of them can be printed."""

    station: str
    signing: SigningKey = field(repr=False)
    opening: OpeningKey = field(repr=False)
    roster: bytes = field(repr=False)
    ledger: bytes = field(repr=False)
    checkpoint: bytes = field(repr=False)
    """Seals the key of the visit under way."""
    coming: Pair | None = field(default=None, repr=False)
    """Made, but signing nothing before the centre has granted it."""
    retired: tuple[Retired, ...] = ()
    """Newest first."""

    @classmethod
    def generate(cls, station: str) -> "StationKeys":
        """Make a station's own secrets.

        Raises:
            ValueError: when ``station`` is no lower-case name of a-z, 0-9 and -.
        """
        if not is_name(station):
            raise ValueError("a station's id is made of a-z, 0-9 and -")
        made = Pair.generate()
        roster, ledger, checkpoint = (secrets.token_bytes(DATABASE_KEY) for _ in range(3))
        return cls(station, made.signing, made.opening, roster, ledger, checkpoint)

    @classmethod
    def load(cls, directory: Path, credentials: Credentials = SYSTEMD) -> "StationKeys":
        """Read the keys that ``provisioning.ask`` made, as the kiosk process or as root.

        Raises:
            NotProvisioned: the sentence says what is missing or wrong, and what to do.
        """
        content = station_secrets(directory).read(credentials)
        try:
            return cls.unpack(content)
        except (canonical.NotCanonical, BadKey, KeyError, TypeError, ValueError):
            raise NotProvisioned(f"The keys in {directory} are damaged; provision the station again.") from None

    @property
    def identity(self) -> StationIdentity:
        """The public halves."""
        return StationIdentity(
            self.station, self.signing.public, self.opening.public, tuple(old.verifying for old in self.retired)
        )

    @property
    def openings(self) -> tuple[OpeningKey, ...]:
        """Every key that the centre may have sealed to, newest first."""
        coming = () if self.coming is None else (self.coming.opening,)
        return (*coming, self.opening, *(old.opening for old in self.retired if old.opening is not None))

    @property
    def newest(self) -> Pair:
        """The pair to ask the centre's grant for."""
        return self.coming or Pair(self.signing, self.opening)

    def renewing(self) -> "StationKeys":
        """Make a new pair beside the one in use; one that was made and not granted yet is kept."""
        return replace(self, coming=self.coming or Pair.generate())

    def renewed(self, *, now: int) -> "StationKeys":
        """Take the coming pair into use, if there is one; ``now`` in Unix seconds."""
        if self.coming is None:
            return self
        kept = (Retired(self.signing.public, self.opening, now), *self.retired)
        oldest = now - OPENS_DAYS * 86400
        retired = tuple(old if old.at >= oldest else replace(old, opening=None) for old in kept)
        return replace(self, signing=self.coming.signing, opening=self.coming.opening, coming=None, retired=retired)

    def pack(self) -> bytes:
        """Write all of it."""
        coming = None if self.coming is None else [self.coming.signing.seeds, self.coming.opening.seed]
        retired = [
            [old.verifying.raw, None if old.opening is None else old.opening.seed, old.at] for old in self.retired
        ]
        return canonical.encode(
            {
                "station": self.station,
                "signing": self.signing.seeds,
                "opening": self.opening.seed,
                "roster": self.roster,
                "ledger": self.ledger,
                "checkpoint": self.checkpoint,
                "coming": coming,
                "retired": retired,
            }
        )

    @classmethod
    def unpack(cls, content: bytes) -> "StationKeys":
        """Read what ``pack`` wrote.

        Raises:
            NotCanonical, BadKey, KeyError, TypeError, ValueError: when it is anything else.
        """
        held = canonical.decode(content)
        roster, ledger, checkpoint = (held[name] for name in ("roster", "ledger", "checkpoint"))
        if not is_name(held["station"]) or {len(roster), len(ledger), len(checkpoint)} != {DATABASE_KEY}:
            raise ValueError
        coming = held["coming"]
        return cls(
            held["station"],
            SigningKey(held["signing"]),
            OpeningKey(held["opening"]),
            roster,
            ledger,
            checkpoint,
            None if coming is None else Pair(SigningKey(coming[0]), OpeningKey(coming[1])),
            tuple(
                Retired(VerifyingKey(raw), None if seed is None else OpeningKey(seed), at)
                for raw, seed, at in held["retired"]
            ),
        )


def from_centre(header: Header, *, station: str) -> None:
    """Check that something is the centre's word to this station.

    Raises:
        WrongKind: it is not.
    """
    if (header.sender, header.receiver) != (CENTRE, station):
        raise WrongKind("it is not from the centre, or it is for another station")


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
        opened = open_sealed(blob, kind=Kind.KEYS, verifying=trusting(root), opening=keys.openings)
        from_centre(opened.header, station=keys.station)
        try:
            lists = canonical.decode(opened.body)
            trust = cls(
                sequence=opened.header.sequence,
                recipients=tuple(SealingKey(raw) for raw in _listed(lists["packets"])),
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
    def load(cls, directory: Path, credentials: Credentials = SYSTEMD) -> "CentreTrust":
        """Read the list the station holds.

        Raises:
            NotProvisioned: when it is missing.
            Untrusted: when it is not signed by the root the station was given.
        """
        return cls.held(directory, StationKeys.load(directory, credentials))

    @classmethod
    def held(cls, directory: Path, keys: StationKeys) -> "CentreTrust":
        """Read the list the station holds, by who has its keys already.

        Raises:
            NotProvisioned, Untrusted: as ``load``.
        """
        return cls.read(read_own(directory / _TRUST), held_root(directory), keys)


def held_root(directory: Path) -> VerifyingKey:
    """The root's key that the station was given.

    Raises:
        NotProvisioned: when there is none.
    """
    try:
        return VerifyingKey(read_own(directory / _ROOT))
    except BadKey:
        raise NotProvisioned(f"{directory / _ROOT} is damaged; take the centre's grant in again.") from None


def install_trust(
    directory: Path, blob: bytes, *, root: VerifyingKey | None = None, keys: StationKeys | None = None
) -> CentreTrust:
    """Keep the centre's list of keys. ``root`` is given at provisioning; a later list must be signed by the same.

    Who holds the station's ``keys`` already passes them on.

    Raises:
        Untrusted: by reason; an older list than the one held is refused.
    """
    keys = keys or StationKeys.load(directory)
    trust = CentreTrust.read(blob, root or held_root(directory), keys)
    if trust.sequence < _held_sequence(directory, keys):
        raise OldKeys("the list of the centre's keys is older than the one the station holds")
    if root is not None:
        write_durably(directory / _ROOT, root.raw, mode=0o600)
    write_durably(directory / _TRUST, blob, mode=0o600)
    return trust


def _held_sequence(directory: Path, keys: StationKeys) -> int:
    if not ((directory / _TRUST).exists() and (directory / _ROOT).exists()):
        return 0
    try:
        return CentreTrust.held(directory, keys).sequence
    except Untrusted:
        return 0  # these keys were made anew, and cannot open it


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
    return trusting(*(VerifyingKey(raw) for raw in _listed(raws)))


def _listed(raws: Any) -> list[Any]:
    if not isinstance(raws, list):
        raise TypeError
    return raws
