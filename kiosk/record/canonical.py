"""Deterministic CBOR (RFC 8949 §4.2.1), the one encoding everything signed or sealed is written in.

Only integers, byte and text strings, arrays, maps, booleans and null: no floats, no tags, no indefinite lengths. The
reader checks the form of every item, and how many there are, before the decoder builds anything: hostile input costs
no more than its own length, and is refused by a name of its own (see ``header``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cbor2

from kiosk.record.header import (
    CutShort,
    Disallowed,
    Duplicated,
    ImpossibleLength,
    IndefiniteLength,
    Malformed,
    NotDeterministic,
    NotUtf8,
    TooDeep,
    TooManyItems,
    TrailingBytes,
)
from kiosk.record.header import NotCanonical as NotCanonical  # what all who decode may have to catch

MAX_BYTES = 64 << 20
"""Nothing larger is read: a packet is about 2 MB, a roster of a large district about 10 MB."""
MAX_ITEMS = 1 << 21
"""A roster of 50,000 residents has fewer. Built from the worst items, so many hold less than 200 MB."""
MAX_DEPTH = 12
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)  # major types, RFC 8949 §3.1
_SIMPLE_VALUES = (20, 21, 22)  # false, true, null


# Writing ----------------------------------------------------------------------------------------------------------


def encode(value: object) -> bytes:
    """Encode ``value`` the one allowed way.

    Raises:
        TypeError: when it holds anything but the allowed types, or is nested too deeply.
        OverflowError: when a number needs more than 64 bits.
    """
    return b"".join(pieces(value))


def pieces(value: object) -> list[bytes]:
    """Encode ``value`` as ``encode`` does, into pieces that need joining: its byte strings themselves, not copies.

    Raises:
        TypeError: as ``encode``.
        OverflowError: as ``encode``.
    """
    written: list[bytes] = []
    _put(value, written, MAX_DEPTH)
    return written


def _put(value: object, written: list[bytes], depth: int) -> None:
    if depth == 0:
        raise TypeError("it is nested too deeply for deterministic CBOR here")
    match value:
        case bytes():
            written += (_head(_BYTES, len(value)), value)
        case Mapping():
            written.append(_head(_MAP, len(value)))
            for key, item in sorted(((_key(key), item) for key, item in value.items()), key=lambda row: row[0]):
                written.append(key)
                _put(item, written, depth - 1)
        case list() | tuple():
            written.append(_head(_ARRAY, len(value)))
            for item in value:
                _put(item, written, depth - 1)
        case bool() | str() | None:
            written.append(cbor2.dumps(value))
        case int():
            if not -(1 << 64) <= value < 1 << 64:
                raise OverflowError("a number needs more than 64 bits")
            written.append(cbor2.dumps(value))
        case _:
            raise TypeError(f"{type(value).__name__} has no place in deterministic CBOR here")


def _key(key: object) -> bytes:
    if isinstance(key, bool) or not isinstance(key, int | str):
        raise TypeError("a map's key is neither a number nor a text")
    return encode(key)


def _head(major: int, argument: int) -> bytes:
    head = bytearray(cbor2.dumps(argument))
    head[0] |= major << 5
    return bytes(head)


# Reading ----------------------------------------------------------------------------------------------------------


def decode(data: bytes, *, items: int = MAX_ITEMS) -> Any:
    """Decode exactly one item that fills ``data`` and holds no more than ``items`` others.

    Raises:
        NotCanonical: one of its subclasses, for anything but the one allowed encoding.
    """
    if _Form(data, items).end(0, MAX_DEPTH) != len(data):
        raise TrailingBytes("there is something after the end of the data")
    return cbor2.loads(data)


def elements(data: bytes, at: int = 0, *, items: int = MAX_ITEMS) -> list[int]:
    """Check the array that begins at ``at``, of ``items`` in all: where its elements begin, and where the last ends.

    Raises:
        Malformed: one of its subclasses.
    """
    form = _Form(data, items)
    major, count, at = form.head(at)
    if major != _ARRAY:
        raise Malformed("there is something else where an array was expected")
    form.take(count, at)
    bounds = [at]
    for _ in range(count):
        bounds.append(form.end(bounds[-1], MAX_DEPTH - 1))
    return bounds


def byte_string(data: bytes, at: int) -> memoryview:
    """Give the content of the byte string at ``at``, without copying it; its form was checked before.

    Raises:
        Malformed: when there is something else.
    """
    major, length, at = _Form(data, 0).head(at)
    if major != _BYTES:
        raise Malformed("there is something else where a byte string was expected")
    return memoryview(data)[at : at + length]


@dataclass(slots=True)
class _Form:
    """Walks over items without building them; ``left`` is how many more there may be."""

    data: bytes
    left: int

    def end(self, at: int, depth: int) -> int:
        if depth == 0:
            raise TooDeep("the data is nested too deeply")
        major, argument, at = self.head(at)
        if major < _BYTES or major == _SIMPLE:
            return at
        if major in (_BYTES, _TEXT):
            return self._end_of_string(at, argument, major)
        if major == _TAG:
            raise Disallowed("a tag has no place here")
        self.take(argument if major == _ARRAY else 2 * argument, at)
        if major == _MAP:
            return self._end_of_map(at, argument, depth)
        for _ in range(argument):
            at = self.end(at, depth - 1)
        return at

    def take(self, items: int, at: int) -> None:
        """Count items before walking over them: every one takes a byte at least, so more than the rest is a lie."""
        if items > MAX_BYTES:
            raise ImpossibleLength("a length is beyond anything that can be exchanged")
        if items > len(self.data) - at:
            raise CutShort("an array or a map is longer than the data")
        if items > self.left:
            raise TooManyItems("it has more items than anything that is exchanged")
        self.left -= items

    def head(self, at: int) -> tuple[int, int, int]:
        data = self.data
        if at >= len(data):
            raise CutShort("the data ends too early")
        major, short = data[at] >> 5, data[at] & 0x1F
        at += 1
        if major == _SIMPLE:
            if short == 31:
                raise IndefiniteLength("indefinite lengths have no place here")
            if short not in _SIMPLE_VALUES:
                raise Disallowed("a float or unknown simple value has no place here")
            return major, short, at
        if short < 24:
            return major, short, at
        if short == 31 and major not in (_UNSIGNED, _NEGATIVE, _TAG):
            raise IndefiniteLength("indefinite lengths have no place here")
        if short > 27:
            raise Disallowed("a head is none that CBOR knows")
        width = 1 << (short - 24)
        if at + width > len(data):
            raise CutShort("the data ends too early")
        argument = int.from_bytes(data[at : at + width], "big")
        if argument < (24 if width == 1 else 1 << (4 * width)):
            raise NotDeterministic("a number is not written in its shortest form")
        return major, argument, at + width

    def _end_of_string(self, at: int, length: int, major: int) -> int:
        if length > MAX_BYTES:
            raise ImpossibleLength("a length is beyond anything that can be exchanged")
        if length > len(self.data) - at:
            raise CutShort("a string is longer than the data")
        if major == _TEXT:
            try:
                str(self.data[at : at + length], "utf-8")
            except UnicodeDecodeError:
                raise NotUtf8("a text is not UTF-8") from None
        return at + length

    def _end_of_map(self, at: int, count: int, depth: int) -> int:
        before = b""
        for number in range(count):
            if self.head(at)[0] not in (_UNSIGNED, _NEGATIVE, _TEXT):
                raise Disallowed("a map's key is neither a number nor a text")
            key_end = self.end(at, depth - 1)
            key = self.data[at:key_end]
            if number and key == before:
                raise Duplicated("a map names a key twice")
            if number and key < before:
                raise NotDeterministic("a map's keys are out of order")
            before = key
            at = self.end(key_end, depth - 1)
        return at
