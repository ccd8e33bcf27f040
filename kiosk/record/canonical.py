"""Deterministic CBOR (RFC 8949 §4.2.1), the one encoding everything signed or sealed is written in.

Only integers, byte and text strings, arrays, maps, booleans and null: no floats, no tags, no indefinite lengths. The
reader checks the form of every item before the decoder builds anything, so that hostile input costs no more than its
own length.
"""

from collections.abc import Mapping
from typing import Any

import cbor2

MAX_DEPTH = 12
_UNSIGNED, _NEGATIVE, _TEXT, _SIMPLE = 0, 1, 3, 7
_SIMPLE_VALUES = (20, 21, 22)  # false, true, null


class NotCanonical(ValueError):
    """The bytes are not the one allowed encoding of anything; the sentence says what was wrong, never a value."""


class Truncated(NotCanonical):
    """An item says it is longer than the bytes that are there."""


class DuplicateKey(NotCanonical):
    """A map names a key twice."""


def encode(value: object) -> bytes:
    """Encode ``value`` the one allowed way.

    Raises:
        TypeError: when it holds anything but the allowed types.
    """
    return cbor2.dumps(_ordered(value))


def _ordered(value: object) -> object:
    match value:
        case Mapping():
            return dict(sorted(((key, _ordered(item)) for key, item in value.items()), key=lambda row: encode(row[0])))
        case list() | tuple():
            return [_ordered(item) for item in value]
        case None | bool() | int() | bytes() | str():
            return value
        case _:
            raise TypeError(f"{type(value).__name__} has no place in deterministic CBOR here")


def decode(data: bytes) -> Any:
    """Decode exactly one item that fills ``data``.

    Raises:
        NotCanonical: for anything but the one allowed encoding.
    """
    end = end_of_item(data)
    if end != len(data):
        raise NotCanonical("there is something after the end of the data")
    return cbor2.loads(data)


def end_of_item(data: bytes, start: int = 0) -> int:
    """Check the form of the item that begins at ``start`` and tell where it ends."""
    return _end(data, start, MAX_DEPTH)


def _end(data: bytes, at: int, depth: int) -> int:
    if depth == 0:
        raise NotCanonical("the data is nested too deeply")
    major, argument, at = _head(data, at)
    match major:
        case 0 | 1:
            return at
        case 2 | 3:
            if argument > len(data) - at:
                raise Truncated("a string is longer than the data")
            if major == _TEXT:
                try:
                    str(data[at : at + argument], "utf-8")
                except UnicodeDecodeError:
                    raise NotCanonical("a text is not UTF-8") from None
            return at + argument
        case 4:
            # Every item takes a byte at least, so a count beyond the rest is a lie.
            if argument > len(data) - at:
                raise Truncated("an array is longer than the data")
            for _ in range(argument):
                at = _end(data, at, depth - 1)
            return at
        case 5:
            if argument > (len(data) - at) // 2:
                raise Truncated("a map is longer than the data")
            return _end_of_map(data, at, argument, depth)
        case 6:
            raise NotCanonical("a tag has no place here")
        case _:
            return at


def _end_of_map(data: bytes, at: int, count: int, depth: int) -> int:
    before = b""
    for number in range(count):
        if data[at : at + 1] and data[at] >> 5 not in (_UNSIGNED, _NEGATIVE, _TEXT):
            raise NotCanonical("a map's key is neither a number nor a text")
        key_end = _end(data, at, depth - 1)
        key = data[at:key_end]
        if number and key == before:
            raise DuplicateKey("a map names a key twice")
        if number and key < before:
            raise NotCanonical("a map's keys are out of order")
        before = key
        at = _end(data, key_end, depth - 1)
    return at


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    if at >= len(data):
        raise Truncated("the data ends too early")
    major, short = data[at] >> 5, data[at] & 0x1F
    at += 1
    if major == _SIMPLE:
        if short not in _SIMPLE_VALUES:
            raise NotCanonical("a float or unknown simple value has no place here")
        return major, short, at
    if short < 24:
        return major, short, at
    if short > 27:
        raise NotCanonical("indefinite lengths have no place here")
    width = 1 << (short - 24)
    if at + width > len(data):
        raise Truncated("the data ends too early")
    argument = int.from_bytes(data[at : at + width], "big")
    if argument < (24 if width == 1 else 1 << (4 * width)):
        raise NotCanonical("a number is not written in its shortest form")
    return major, argument, at + width
