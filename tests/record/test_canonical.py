"""The one allowed encoding: what is written can be read, and nothing else can."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.record import canonical, header

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**64), 2**64 - 1), st.binary(max_size=40), st.text(max_size=20)
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-(2**40), 2**40) | st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_what_is_written_can_be_read(value: object) -> None:
    assert canonical.decode(canonical.encode(value)) == value


@given(st.binary(max_size=60))
def test_whatever_can_be_read_is_what_would_be_written(data: bytes) -> None:
    try:
        value = canonical.decode(data)
    except canonical.NotCanonical:
        return
    assert canonical.encode(value) == data


@given(values, st.data())
def test_a_damaged_encoding_is_refused_or_another_canonical_one(value: object, data: st.DataObject) -> None:
    good = canonical.encode(value)
    position = data.draw(st.integers(0, len(good) - 1))
    bad = good[:position] + bytes([good[position] ^ data.draw(st.integers(1, 255))]) + good[position + 1 :]
    try:
        other = canonical.decode(bad)
    except canonical.NotCanonical:
        return
    assert canonical.encode(other) == bad


def test_map_keys_go_by_their_bytes_not_by_their_length() -> None:
    # RFC 8949 §4.2.1 sorts 258 (19 01 02) before -4 (23); the older rule had the shorter one first.
    assert canonical.encode({-4: 0, 258: 0, 1: 0}) == bytes.fromhex("a3 0100 19010200 2300")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("", header.CutShort),
        ("1817", header.NotDeterministic),  # 23 in two bytes
        ("1900ff", header.NotDeterministic),  # 255 in three
        ("5900ff", header.NotDeterministic),  # a length too
        ("5f4161ff", header.IndefiniteLength),  # byte string
        ("7f6161ff", header.IndefiniteLength),  # text
        ("9fff", header.IndefiniteLength),  # array
        ("bfff", header.IndefiniteLength),  # map
        ("ff", header.IndefiniteLength),  # the end of nothing
        ("1f", header.Disallowed),  # a number has no indefinite length
        ("1c", header.Disallowed),  # reserved
        ("f93c00", header.Disallowed),  # the float 1.0
        ("fb3ff0000000000000", header.Disallowed),
        ("f7", header.Disallowed),  # undefined
        ("f8ff", header.Disallowed),  # simple value 255
        ("c11a514b67b0", header.Disallowed),  # a tag
        ("c249010000000000000000", header.Disallowed),  # a number of more than 64 bits
        ("a201000100", header.Duplicated),
        ("a202000100", header.NotDeterministic),  # keys out of order
        ("a1410000", header.Disallowed),  # a byte string as key
        ("a1f400", header.Disallowed),  # false as key
        ("a1", header.CutShort),
        ("61ff", header.NotUtf8),
        ("63eda080", header.NotUtf8),  # a surrogate
        ("5a03ffffff00", header.CutShort),  # claims 64 MiB
        ("5a0400000100", header.ImpossibleLength),
        ("5bffffffffffffffff00", header.ImpossibleLength),  # claims 16 EiB
        ("7bffffffffffffffff00", header.ImpossibleLength),
        ("9bffffffffffffffff00", header.ImpossibleLength),
        ("bbffffffffffffffff00", header.ImpossibleLength),
        ("9a0010000000", header.CutShort),
        ("0000", header.TrailingBytes),
        ("81" * 40 + "00", header.TooDeep),
    ],
)
def test_anything_else_is_refused_by_name(data: str, error: type[Exception]) -> None:
    with pytest.raises(header.Malformed) as refused:
        canonical.decode(bytes.fromhex(data))
    assert type(refused.value) is error


@pytest.mark.parametrize("item", ["00", "80", "40", "a0"])
def test_many_items_are_counted_before_they_are_built(item: str) -> None:
    many = canonical.MAX_ITEMS + 1
    with pytest.raises(header.TooManyItems):
        canonical.decode(b"\x9a" + many.to_bytes(4, "big") + bytes.fromhex(item) * many)
    with pytest.raises(header.TooManyItems):
        canonical.decode(bytes.fromhex("828182000081820000"), items=6)
    assert canonical.decode(bytes.fromhex("8281820000f6"), items=5) == [[[0, 0]], None]


def test_only_what_can_be_read_can_be_written() -> None:
    deep: object = 0
    for _ in range(canonical.MAX_DEPTH):
        deep = [deep]
    for value in (0.5, {b"key": 0}, {True: 0}, {None: 0}, deep, {1}):
        with pytest.raises(TypeError):
            canonical.encode(value)
    for number in (1 << 64, -(1 << 64) - 1):
        with pytest.raises(OverflowError):
            canonical.encode(number)


def test_large_contents_are_not_copied_but_once() -> None:
    large = bytes(100_000)
    assert any(piece is large for piece in canonical.pieces({"large": [large]}))


@given(values)
def test_other_readers_read_the_same(value: object) -> None:
    assert cbor2.loads(canonical.encode(value)) == value
