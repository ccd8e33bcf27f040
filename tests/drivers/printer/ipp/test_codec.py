"""The IPP codec: what is written is read, and any bytes, hostile lengths too, are a message or one named error."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer.ipp.attributes import Operation, collections, integers, keywords, members_of, names, words_of
from drivers.printer.ipp.codec import (
    DEEPEST,
    LONGEST,
    Attributes,
    Group,
    Message,
    NotIpp,
    Range,
    Resolution,
    Tag,
    Value,
    decode,
    encode,
)

int32 = st.integers(-(2**31), 2**31 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
words = st.text(st.characters(codec="ascii", categories=["Ll", "Nd"]), min_size=1, max_size=20)
plain = st.one_of(
    st.builds(Value, st.sampled_from([Tag.INTEGER, Tag.ENUM]), int32),
    st.builds(Value, st.just(Tag.BOOLEAN), st.booleans()),
    st.builds(Value, st.sampled_from([Tag.TEXT, Tag.NAME, Tag.KEYWORD, Tag.URI, Tag.MIME]), texts),
    st.builds(Value, st.sampled_from([Tag.OCTETS, Tag.DATE_TIME, 0x7F]), st.binary(max_size=40)),
    st.builds(Value, st.just(Tag.RANGE), st.builds(Range, int32, int32)),
    st.builds(Value, st.just(Tag.RESOLUTION), st.builds(Resolution, int32, int32, st.integers(3, 4))),
    st.builds(Value, st.sampled_from([Tag.UNKNOWN, Tag.NO_VALUE, Tag.UNSUPPORTED]), st.none()),
)


def attributes_of(value: st.SearchStrategy[Value]) -> st.SearchStrategy[Attributes]:
    return st.dictionaries(words, st.lists(value, min_size=1, max_size=3).map(tuple), max_size=4)


values = st.recursive(
    plain, lambda inner: st.builds(Value, st.just(Tag.COLLECTION), attributes_of(inner)), max_leaves=8
)
messages = st.builds(
    Message,
    st.integers(0, 0xFFFF),
    int32,
    st.lists(st.tuples(st.sampled_from([1, 2, 4, 5, 9]), attributes_of(values)), max_size=3).map(tuple),
    st.sampled_from([0x0101, 0x0200]),
)


@given(messages, st.binary(max_size=40))
def test_what_is_written_is_read(message: Message, document: bytes) -> None:
    assert decode(encode(message) + document) == (message, document)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_named_error(data: bytes) -> None:
    with contextlib.suppress(NotIpp):
        decode(data)


@settings(max_examples=300)
@given(messages, st.data())
def test_a_valid_message_with_changed_bytes_is_a_message_or_a_named_error(
    message: Message, data: st.DataObject
) -> None:
    """Lengths are among the bytes: this is where a reader runs past its end, or for ever."""
    spoiled = bytearray(encode(message))
    for place in data.draw(st.lists(st.integers(0, len(spoiled) - 1), min_size=1, max_size=4)):
        spoiled[place] = data.draw(st.sampled_from([0x00, 0x01, 0x03, 0x34, 0x37, 0x4A, 0x7F, 0x80, 0xFF]))
    with contextlib.suppress(NotIpp):
        decode(bytes(spoiled))


@given(messages)
def test_a_message_cut_anywhere_is_a_named_error(message: Message) -> None:
    whole = encode(message)
    for end in {0, 1, 7, 8, len(whole) // 2, len(whole) - 1} - {len(whole)}:
        with pytest.raises(NotIpp):
            decode(whole[:end])


HEADER = b"\x02\x00\x00\x00\x00\x00\x00\x01"


@pytest.mark.parametrize(
    "body",
    [
        b"\x04\x21\x00\x01a\x7f\xff",  # a value longer than the message
        b"\x04\x21\xff\xffa",  # a name longer than the message
        b"\x04\x21\x00\x00\x00\x04\x00\x00\x00\x01\x03",  # one more value of no attribute
        b"\x04\x21\x00\x01a\x00\x03\x00\x00\x01\x03",  # an integer of three bytes
        b"\x04\x22\x00\x01a\x00\x01\x02\x03",  # neither true nor false
        b"\x04\x33\x00\x01a\x00\x07\x00\x00\x00\x00\x00\x00\x00\x03",
        b"\x04\x35\x00\x01a\x00\x04\x00\x09de\x03",  # a language longer than its value
        b"\x04\x34\x00\x01a\x00\x00\x03",  # a collection that does not close
        b"\x04\x34\x00\x01a\x00\x00\x21\x00\x00\x00\x04\x00\x00\x00\x01\x37\x00\x00\x00\x00\x03",  # a nameless member
        b"\x04\x37\x00\x01a\x00\x00\x03",  # closes what was not open
        b"\x00\x03",
        b"\x21\x00\x01a\x00\x04\x00\x00\x00\x01\x03",  # an attribute outside a group
    ],
)
def test_what_the_standard_forbids_is_named(body: bytes) -> None:
    with pytest.raises(NotIpp, match="RFC 8010"):
        decode(HEADER + body)


def test_the_error_quotes_nothing() -> None:
    with pytest.raises(NotIpp) as error:
        decode(HEADER + b"\x04\x21\x00\x06secret\x00\x03abc\x03")
    assert "secret" not in str(error.value)


def test_collections_go_only_so_deep() -> None:
    inner: Attributes = {"a": integers(1)}
    for _ in range(DEEPEST):
        inner = {"a": collections(inner)}
    deep = Message(0, 1, ((Group.PRINTER, inner),))
    assert decode(encode(deep))[0] == deep
    with pytest.raises(NotIpp):
        decode(encode(Message(0, 1, ((Group.PRINTER, {"a": collections(inner)}),))))
    opening = b"\x34\x00\x00\x00\x00\x4a\x00\x00\x00\x01a"
    with pytest.raises(NotIpp):
        decode(HEADER + b"\x04\x34\x00\x01a\x00\x00\x4a\x00\x00\x00\x01a" + opening * 100_000)


def test_a_message_grows_only_so_long() -> None:
    one_more = b"\x21\x00\x00\x00\x04\x00\x00\x00\x01"
    with pytest.raises(NotIpp):
        decode(HEADER + b"\x04\x21\x00\x01a\x00\x04\x00\x00\x00\x01" + one_more * (LONGEST // len(one_more)) + b"\x03")


def test_the_example_of_the_standard_is_written_as_there() -> None:
    """RFC 8010 appendix A.5, Get-Jobs, whose operation has integers, several keywords and a naturalLanguage."""
    asked = Message(
        0x000A,
        0x7B,
        (
            (
                Group.OPERATION,
                {
                    "attributes-charset": (Value(Tag.CHARSET, "utf-8"),),
                    "limit": integers(50),
                    "requested-attributes": keywords("job-id", "job-name", "document-format"),
                },
            ),
        ),
        0x0101,
    )
    assert encode(asked) == (
        b"\x01\x01\x00\x0a\x00\x00\x00\x7b\x01"
        b"\x47\x00\x12attributes-charset\x00\x05utf-8"
        b"\x21\x00\x05limit\x00\x04\x00\x00\x00\x32"
        b"\x44\x00\x14requested-attributes\x00\x06job-id"
        b"\x44\x00\x00\x00\x08job-name"
        b"\x44\x00\x00\x00\x0fdocument-format\x03"
    )


def test_texts_are_read_without_their_language() -> None:
    raw = HEADER + b"\x04\x35\x00\x01a\x00\x0b\x00\x02de\x00\x05Karte\x03"
    message, _ = decode(raw)
    assert message.group(Group.PRINTER) == {"a": (Value(Tag.TEXT, "Karte"),)}


def test_of_an_attribute_twice_the_first_is_kept() -> None:
    raw = encode(Message(0, 1, ((Group.PRINTER, {"a": names("one"), "b": names("two", "three")}),)))
    message, _ = decode(raw.replace(b"\x42\x00\x01b", b"\x42\x00\x01a"))
    assert words_of(message.group(Group.PRINTER), "a") == ("one",)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: encode(Message(0, 1, ((Group.JOB, {"a": integers(2**31)}),))),
        lambda: encode(Message(0, 1, ((Group.JOB, {"a": names("x" * 40_000)}),))),
    ],
)
def test_what_cannot_be_carried_is_not_written(wrong: Callable[[], bytes]) -> None:
    with pytest.raises((ValueError, OverflowError)):
        wrong()


def test_nothing_of_a_message_can_be_logged() -> None:
    assert "card" not in repr(Message(Operation.CREATE_JOB, 1, ((Group.JOB, {"job-name": names("card")}),)))


def test_members_are_found() -> None:
    attributes = {"media-col": collections({"media-size": collections({"x-dimension": integers(5398)})})}
    (found,) = members_of(attributes, "media-col")
    assert list(members_of(found, "media-size")) == [{"x-dimension": integers(5398)}]
