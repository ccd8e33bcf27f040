"""What a container says about itself in the clear, and every reason not to believe one."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeGuard

VERSION = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_DIGEST = 32
LATEST = 1 << 37
"""Moments are before this Unix second, in the year 6325: a calendar has days up to the year 9999 only."""


class Untrusted(ValueError):
    """What was read cannot be believed. Each subclass names one reason; sentences never quote the content."""


class TooLarge(Untrusted):
    """It is larger than anything this station exchanges."""


class Malformed(Untrusted):
    """It is not built as PACKET.md says, or was damaged on its way."""


class NotCanonical(Malformed):
    """It is not written in the one allowed encoding. Each subclass names one reason."""


class NotDeterministic(NotCanonical):
    """A number is written longer than needed, or a map's keys are out of order."""


class IndefiniteLength(NotCanonical):
    """A string, array or map does not say how long it is."""


class Duplicated(NotCanonical):
    """A map in it names a key twice, or a recipient is named twice."""


class CutShort(NotCanonical):
    """It ends before it should, or claims a length it does not have."""


class ImpossibleLength(NotCanonical):
    """It claims a length that nothing exchanged can have."""


class TooManyItems(NotCanonical):
    """It has more items than anything exchanged: building them would cost more memory than its own length."""


class TooDeep(NotCanonical):
    """Its arrays and maps are nested too deeply."""


class Disallowed(NotCanonical):
    """It holds what the encoding leaves out: a tag, a float, an unknown simple value, a byte string as a key."""


class NotUtf8(NotCanonical):
    """A text in it is not UTF-8."""


class TrailingBytes(NotCanonical):
    """There is something after its end."""


class UnknownLabel(Malformed):
    """A header carries a label that has no place there."""


class UnknownVersion(Untrusted):
    """It follows a version of the container this software does not know."""


class UnknownAlgorithm(Untrusted):
    """It names an algorithm that is not the one allowed at this place."""


class UnknownKey(Untrusted):
    """It is signed by a key that is not trusted for this purpose."""


class SignatureMissing(Untrusted):
    """It does not carry both signatures."""


class SignatureWrong(Untrusted):
    """A signature is not right: it was changed after signing, or signed by somebody else."""


class NotForUs(Untrusted):
    """It is sealed to other keys than ours."""


class CannotOpen(Untrusted):
    """It is sealed to our key, but its content does not open."""


class WrongKind(Untrusted):
    """It is something else than was expected here, for somebody else, or from somebody else."""


class Kind(Enum):
    """What a container carries; each kind from the centre has its own signing key."""

    RECORDING = "recording"
    RECEIPT = "receipt"
    ORDER = "order"
    ROSTER = "roster"
    STATES = "states"
    KEYS = "keys"
    MANIFEST = "manifest"
    REQUEST = "request"
    GRANT = "grant"


@dataclass(frozen=True, slots=True)
class Header:
    """What is readable without opening, and bound to the content: nothing about a person.

    ``id`` and the parties are lower-case names of [a-z0-9-]; times are Unix seconds; ``sequence`` counts by sender
    and kind (and receiver, where the centre sends); ``previous`` is the SHA-256 of the packet before.
    """

    kind: Kind
    sender: str
    receiver: str
    id: str
    sequence: int
    made: int
    previous: bytes | None = None
    valid_from: int | None = None
    valid_until: int | None = None

    def __post_init__(self) -> None:
        for name in (self.sender, self.receiver, self.id):
            if not is_name(name):
                raise ValueError("a name in the header is not made of a-z, 0-9 and -")


def is_name(text: object) -> TypeGuard[str]:
    """Tell whether ``text`` may name a station, packet or order, and so a file."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def to_map(header: Header) -> dict[str, object]:
    """Write a header as PACKET.md has it."""
    fields: dict[str, object] = {
        "v": VERSION,
        "kind": header.kind.value,
        "from": header.sender,
        "to": header.receiver,
        "id": header.id,
        "seq": header.sequence,
        "at": header.made,
        "prev": header.previous,
        "nbf": header.valid_from,
        "exp": header.valid_until,
    }
    return {name: value for name, value in fields.items() if value is not None}


def from_map(value: Any) -> Header:
    """Read a header strictly.

    Raises:
        Untrusted: Malformed, UnknownLabel, UnknownVersion or WrongKind.
    """
    # The version first: another one may have other fields.
    version = value.get("v") if isinstance(value, dict) else None
    if type(version) is not int:
        raise Malformed("there is no header, or it does not tell its version")
    if version != VERSION:
        raise UnknownVersion("it follows a version of the container this software does not know; update the software")
    needed, optional = {"v", "kind", "from", "to", "id", "seq", "at"}, {"prev", "nbf", "exp"}
    if not value.keys() <= needed | optional:
        raise UnknownLabel("the header has unknown fields")
    if not needed <= value.keys():
        raise Malformed("the header lacks fields")
    numbers = [(value["seq"], 1 << 53), *((value[name], LATEST) for name in ("at", "nbf", "exp") if name in value)]
    if not all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < limit for n, limit in numbers):
        raise Malformed("a number in the header cannot be right")
    previous = value.get("prev", bytes(_DIGEST))
    if not isinstance(previous, bytes) or len(previous) != _DIGEST:
        raise Malformed("the hash of the packet before has the wrong length")
    if not all(is_name(value[name]) for name in ("from", "to", "id")):
        raise Malformed("a name in the header is not made of a-z, 0-9 and -")
    try:
        kind = Kind(value["kind"])
    except ValueError:
        raise WrongKind("it is of a kind this software does not know") from None
    return Header(
        kind=kind,
        sender=value["from"],
        receiver=value["to"],
        id=value["id"],
        sequence=value["seq"],
        made=value["at"],
        previous=value.get("prev"),
        valid_from=value.get("nbf"),
        valid_until=value.get("exp"),
    )
