"""IPP messages as values: bytes in, a message or one named error out, no I/O and no clock.

Source: RFC 8010 §3 (encoding and transport), big-endian throughout::

    version(2) code(2) request-id(4) { group-tag(1) { value-tag(1) length(2) name length(2) value }* }* 03 document

A value with an empty name is one more of the attribute before it. A collection (§3.1.6) opens with 34 and an empty
value, lists members as 4A (the member's name is the value) and values, and closes with 37.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct
from typing import NoReturn

LONGEST = 4 << 20
"""Bytes that the attributes of one message may take; the largest printers describe themselves in about 200 KiB."""
DEEPEST = 8
"""Collections within collections; the standards go three deep (media-col-database, media-col, media-size)."""
VERSION = 0x0200
HEADER = Struct(">HHi")


class NotIpp(ValueError):
    """The bytes are no IPP message. The sentence names what is wrong by its place, never by its content."""


class Group(IntEnum):
    """Delimiter tags (RFC 8010 §3.5.1)."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED = 0x05


class Tag(IntEnum):
    """Value tags (RFC 8010 §3.5.2)."""

    UNSUPPORTED = 0x10
    UNKNOWN = 0x12
    NO_VALUE = 0x13
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    OCTETS = 0x30
    DATE_TIME = 0x31
    RESOLUTION = 0x32
    RANGE = 0x33
    COLLECTION = 0x34
    TEXT_IN_LANGUAGE = 0x35
    NAME_IN_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME = 0x49
    MEMBER = 0x4A


FIRST_VALUE_TAG = 0x10
VALUELESS = frozenset({Tag.UNSUPPORTED, Tag.UNKNOWN, Tag.NO_VALUE})
NUMBERS = frozenset({Tag.INTEGER, Tag.ENUM})
STRINGS = frozenset(
    {Tag.TEXT, Tag.NAME, Tag.KEYWORD, Tag.URI, Tag.URI_SCHEME, Tag.CHARSET, Tag.LANGUAGE, Tag.MIME, Tag.MEMBER}
)
LOCALISED = {Tag.TEXT_IN_LANGUAGE: Tag.TEXT, Tag.NAME_IN_LANGUAGE: Tag.NAME}
"""Texts that name their language are read without it: the station shows none of them to a resident."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Dots per unit, across the feed and along it."""

    cross_feed: int
    feed: int
    unit: int = 3
    """3 = per inch, 4 = per centimetre (RFC 8010 §3.9)."""


@dataclass(frozen=True, slots=True)
class Range:
    """All integers from ``lower`` to ``upper``, both included."""

    lower: int
    upper: int


@dataclass(frozen=True, slots=True)
class Value:
    """One value and its tag. ``content`` is None for out-of-band values, bytes for tags that have no reading here."""

    tag: int
    content: "int | bool | str | bytes | Resolution | Range | Attributes | None"


Attributes = Mapping[str, tuple[Value, ...]]
"""Attributes of a group, or members of a collection: at least one value each."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response: ``code`` is the operation of the one, the status of the other."""

    code: int
    request: int
    groups: tuple[tuple[int, Attributes], ...] = field(repr=False)
    version: int = VERSION

    def group(self, tag: Group) -> Attributes:
        """Return the first group of its kind; empty when there is none."""
        return next(iter(self.each(tag)), {})

    def each(self, tag: Group) -> tuple[Attributes, ...]:
        """Return all groups of one kind, in order: Get-Jobs answers with one a job."""
        return tuple(attributes for found, attributes in self.groups if found == tag)


# ---- reading


def decode(data: bytes) -> tuple[Message, bytes]:
    """Read one message and return it with the document behind it. Raises NotIpp, and nothing else, on any other bytes.

    Of an attribute that occurs twice in its group the first is kept (RFC 8011 §4.1.1 forbids the second).
    """
    reader = _Reader(data)
    version, code, request = HEADER.unpack(reader.take(HEADER.size, "header"))
    if version >> 8 not in (1, 2):
        reader.refuse("version")
    groups: list[tuple[int, Attributes]] = []
    tag = reader.byte("group")
    while tag != Group.END:
        if not 0 < tag < FIRST_VALUE_TAG:
            reader.refuse("group")
        attributes, following = reader.attributes()
        groups.append((tag, attributes))
        tag = following
    return Message(code, request, tuple(groups), version), reader.rest()


class _Reader:
    """A place in the bytes; every read is checked against what is there."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = 0

    def refuse(self, what: str) -> NoReturn:
        raise NotIpp(f"The {what} at byte {self._at} is not as RFC 8010 has it.")

    def take(self, count: int, what: str) -> bytes:
        end = self._at + count
        if end > min(len(self._data), LONGEST):
            self.refuse(what)
        taken = bytes(self._data[self._at : end])
        self._at = end
        return taken

    def byte(self, what: str) -> int:
        return self.take(1, what)[0]

    def counted(self, what: str) -> bytes:
        return self.take(int.from_bytes(self.take(2, what), "big"), what)

    def rest(self) -> bytes:
        return bytes(self._data[self._at :])

    def attributes(self) -> tuple[Attributes, int]:
        """Read to the end of a group; return its attributes, and the delimiter that ended it."""
        found: dict[str, list[Value]] = {}
        values: list[Value] | None = None
        while (tag := self.byte("tag")) >= FIRST_VALUE_TAG:
            name = self.counted("name")
            if name:
                values = []
                found.setdefault(_text(name), values)
            elif values is None:
                self.refuse("name")
            values.append(self._value(tag, DEEPEST))
        return _settled(found), tag

    def _value(self, tag: int, depth: int) -> Value:
        raw = self.counted("value")
        if tag == Tag.COLLECTION:
            return Value(tag, self._members(depth - 1))
        return self._plain(tag, raw)

    def _members(self, depth: int) -> Attributes:
        if depth < 0:
            self.refuse("collection")
        found: dict[str, list[Value]] = {}
        values: list[Value] | None = None
        while (tag := self.byte("tag")) != Tag.END_COLLECTION:
            if tag < FIRST_VALUE_TAG or self.counted("name"):
                self.refuse("member")
            if tag == Tag.MEMBER:
                values = []
                found.setdefault(_text(self.counted("name")), values)
            elif values is None:
                self.refuse("member")
            else:
                values.append(self._value(tag, depth))
        if self.counted("name") or self.counted("value"):
            self.refuse("collection")
        return _settled(found)

    def _plain(self, tag: int, raw: bytes) -> Value:
        if tag in VALUELESS:
            return Value(tag, None)
        if tag in NUMBERS and len(raw) == 4:
            return Value(tag, int.from_bytes(raw, "big", signed=True))
        if tag == Tag.BOOLEAN and raw in (b"\0", b"\1"):
            return Value(tag, raw == b"\1")
        if tag == Tag.RANGE and len(raw) == 8:
            return Value(tag, Range(*_RANGE.unpack(raw)))
        if tag == Tag.RESOLUTION and len(raw) == 9:
            return Value(tag, Resolution(*_RESOLUTION.unpack(raw)))
        if tag in STRINGS:
            return Value(tag, _text(raw))
        if tag in LOCALISED:
            inside = _Reader(raw)
            inside.counted("language")
            return Value(LOCALISED[Tag(tag)], _text(inside.counted("text")))
        if tag in NUMBERS | {Tag.BOOLEAN, Tag.RANGE, Tag.RESOLUTION, Tag.MEMBER, Tag.END_COLLECTION}:
            self.refuse("value")
        return Value(tag, raw)


_RANGE = Struct(">ii")
_RESOLUTION = Struct(">iib")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


def _settled(found: Mapping[str, list[Value]]) -> Attributes:
    return {name: tuple(values) for name, values in found.items() if values}


# ---- writing


def encode(message: Message) -> bytes:
    """Write one message; a document may follow it. Raises ValueError for what the standard cannot carry: a bug."""
    pieces = [HEADER.pack(message.version, message.code, message.request)]
    for tag, attributes in message.groups:
        pieces.append(bytes((tag,)))
        for name, values in attributes.items():
            for number, value in enumerate(values):
                pieces += _written(value, b"" if number else name.encode())
    pieces.append(bytes((Group.END,)))
    return b"".join(pieces)


def _written(value: Value, name: bytes) -> Iterator[bytes]:
    yield bytes((value.tag,)) + _counted(name)
    if not isinstance(value.content, Mapping):
        yield _counted(_raw(value))
        return
    yield _counted(b"")
    for member, values in value.content.items():
        yield bytes((Tag.MEMBER,)) + _counted(b"") + _counted(member.encode())
        for inner in values:
            yield from _written(inner, b"")
    yield bytes((Tag.END_COLLECTION,)) + _counted(b"") + _counted(b"")


def _raw(value: Value) -> bytes:
    match value.content:
        case None:
            return b""
        case bool(truth):
            return bytes((truth,))
        case int(number):
            return number.to_bytes(4, "big", signed=True)
        case str(text):
            return text.encode()
        case bytes(raw):
            return raw
        case Range(lower, upper):
            return _RANGE.pack(lower, upper)
        case Resolution(cross_feed, feed, unit):
            return _RESOLUTION.pack(cross_feed, feed, unit)
        case _:
            raise ValueError(f"Tag {value.tag:#x} cannot be written.")


def _counted(raw: bytes) -> bytes:
    if len(raw) > 0x7FFF:
        raise ValueError(f"A name or value of IPP has at most 32767 bytes, not {len(raw)}.")
    return len(raw).to_bytes(2, "big") + raw
