"""What a station put on a USB stick, signed by it: so that the centre sees what is missing, and what to send back.

Kind ``manifest``, a signed container from the station to the centre. ``id`` is ``manifest-<seq>``, ``seq`` and ``at``
are the time it was made. Its body: ``packets`` [[packet id, sequence, SHA-256 of the file, bytes]…], lowest sequence
first, each read back from the stick; ``seen`` {``order``, ``roster``, ``states``, ``keys``: the highest sequence of
this kind that the station has taken in, 0 for none; of orders, that up to which none lacks that may be good};
``count``: how many packets waited at the station, those that found no room on the stick included.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any

from kiosk.record import canonical
from kiosk.record.header import Header, Kind, Malformed, WrongKind, is_name
from kiosk.record.keypair import SigningKey
from kiosk.record.keys import CENTRE
from kiosk.record.seal import MAX_BYTES, Verifying, sign, verify

MANIFEST = "manifest.cose"
_LIMIT = 1 << 53
_DIGEST = 32


@dataclass(frozen=True, slots=True)
class Listed:
    """One packet that lay whole on the stick: ``size`` in bytes."""

    packet_id: str
    sequence: int
    sha256: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Seen:
    """The highest sequence of each kind that the station has taken in; 0 for none, or where it is not known."""

    order: int = 0
    roster: int = 0
    states: int = 0
    keys: int = 0

    def highest(self, kind: Kind) -> int:
        """Look one kind up."""
        return {Kind.ORDER: self.order, Kind.ROSTER: self.roster, Kind.STATES: self.states, Kind.KEYS: self.keys}[kind]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was on the stick at ``made`` (Unix seconds, by the station's clock); ``count`` packets waited in all."""

    station: str
    made: int
    packets: tuple[Listed, ...]
    seen: Seen
    count: int


def sign_manifest(
    packets: Sequence[Listed], seen: Seen, count: int, *, station: str, signing: SigningKey, now: datetime
) -> bytes:
    """Sign what was put on a stick."""
    made = int(now.timestamp())
    body = {
        "packets": [astuple(packet) for packet in packets],
        "seen": {"order": seen.order, "roster": seen.roster, "states": seen.states, "keys": seen.keys},
        "count": count,
    }
    header = Header(Kind.MANIFEST, station, CENTRE, f"manifest-{made}", made, made)
    return sign(canonical.encode(body), header, signing)


def read_manifest(blob: bytes, *, station: str, verifying: Verifying) -> Manifest:
    """Believe a manifest signed by this station.

    Raises:
        Untrusted: by reason.
    """
    opened = verify(blob, kind=Kind.MANIFEST, verifying=verifying)
    if (opened.header.sender, opened.header.receiver) != (station, CENTRE):
        raise WrongKind("this list is of another station's stick")
    try:
        body = canonical.decode(opened.body)
        if body.keys() != {"packets", "seen", "count"} or body["seen"].keys() != {each.name for each in fields(Seen)}:
            raise ValueError
        if not isinstance(body["packets"], list):
            raise TypeError
        packets = tuple(_listed(row) for row in body["packets"])
        seen = Seen(**body["seen"])
        if not all(_is_number(number) for number in (*astuple(seen), body["count"])):
            raise ValueError
    except (canonical.NotCanonical, AttributeError, KeyError, TypeError, ValueError):
        raise Malformed("the list of what is on the stick is not built as it should be") from None
    return Manifest(station, opened.header.made, packets, seen, body["count"])


def _listed(row: Any) -> Listed:
    match row:
        case [str() as packet_id, sequence, bytes() as digest, size] if (
            is_name(packet_id) and len(digest) == _DIGEST and _is_number(sequence) and _is_number(size)
        ):
            if size <= MAX_BYTES:
                return Listed(packet_id, sequence, digest, size)
    raise ValueError


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LIMIT
