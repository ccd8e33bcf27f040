"""The one allowed encoding: what is written can be read, and nothing else can."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.record import canonical

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
        ("", canonical.Truncated),
        ("1817", canonical.NotCanonical),  # 23 in two bytes
        ("1900ff", canonical.NotCanonical),  # 255 in three
        ("5f4161ff", canonical.NotCanonical),  # indefinite byte string
        ("9fff", canonical.NotCanonical),  # indefinite array
        ("bfff", canonical.NotCanonical),  # indefinite map
        ("f93c00", canonical.NotCanonical),  # the float 1.0
        ("f7", canonical.NotCanonical),  # undefined
        ("c11a514b67b0", canonical.NotCanonical),  # a tag
        ("a201000100", canonical.DuplicateKey),
        ("a202000100", canonical.NotCanonical),  # keys out of order
        ("a1410000", canonical.NotCanonical),  # a byte string as key
        ("61ff", canonical.NotCanonical),  # not UTF-8
        ("5bffffffffffffffff00", canonical.Truncated),  # claims 16 EiB
        ("9bffffffffffffffff00", canonical.Truncated),
        ("bbffffffffffffffff00", canonical.Truncated),
        ("0000", canonical.NotCanonical),  # something after the end
        ("81" * 40 + "00", canonical.NotCanonical),  # nested too deeply
    ],
)
def test_anything_else_is_refused_by_name(data: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        canonical.decode(bytes.fromhex(data))


def test_a_float_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="float"):
        canonical.encode({"share": 0.5})


@given(values)
def test_other_readers_read_the_same(value: object) -> None:
    assert cbor2.loads(canonical.encode(value)) == value
