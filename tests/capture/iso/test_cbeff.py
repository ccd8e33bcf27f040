"""CBEFF documents: the schema's elements in their order, and a parser that nothing but them reaches."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.iso import cbeff
from kiosk.capture.iso.cbeff import SUBTYPES, Bir, Kind, bir_document, finger_subtype, read_bir_document
from kiosk.capture.iso.common import MalformedRecord, Quality

INDEX = Bir(
    Kind.FINGER, b"record", finger_subtype(2), datetime(2025, 3, 4, 5, 6, 7, 891_000, tzinfo=UTC), Quality(77, 257, 57)
)
FACE = Bir(Kind.FACE, b"\x00\xff", quality=Quality(255))


@st.composite
def birs(draw: st.DrawFn) -> Bir:
    kind = draw(st.sampled_from(Kind))
    moment = st.integers(946_684_800_000, 4_102_444_800_000).map(
        lambda milliseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    )
    numbers = st.integers(0, 0xFFFF)
    return Bir(
        kind,
        draw(st.binary(min_size=1, max_size=40)),
        draw(st.sampled_from(SUBTYPES[kind])),
        draw(st.none() | moment),
        draw(st.none() | st.builds(Quality, st.integers(0, 100) | st.just(255), numbers, numbers)),
    )


def test_the_document_is_laid_out_as_the_schema_has_it() -> None:
    integrity = "<BIRInfo><Integrity>false</Integrity></BIRInfo>"
    versions = "".join(f"<{name}><Major>1</Major><Minor>1</Minor></{name}>" for name in ("Version", "CBEFFVersion"))
    assert bir_document([INDEX, FACE]).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<BIR xmlns="http://standards.iso.org/iso-iec/19785/-3/ed-2/">{integrity}'
        f"<BIR>{versions}{integrity}<BDBInfo><Format><Organization>257</Organization><Type>7</Type></Format>"
        "<CreationDate>2025-03-04T05:06:07.891Z</CreationDate><Type>Finger</Type><Subtype>Right IndexFinger</Subtype>"
        "<Level>Raw</Level><Purpose>Enroll</Purpose><Quality><Algorithm><Organization>257</Organization><Type>57</Type>"
        "</Algorithm><Score>77</Score></Quality></BDBInfo><BDB>cmVjb3Jk</BDB></BIR>"
        f"<BIR>{versions}{integrity}<BDBInfo><Format><Organization>257</Organization><Type>8</Type></Format>"
        "<Type>Face</Type><Level>Raw</Level><Purpose>Enroll</Purpose><Quality><Algorithm><Organization>0</Organization>"
        "<Type>0</Type></Algorithm><QualityCalculationFailed /></Quality></BDBInfo><BDB>AP8=</BDB></BIR></BIR>"
    )


def test_every_finger_and_eye_has_its_words() -> None:
    assert [finger_subtype(position) for position in (1, 2, 5, 6, 10)] == [
        "Right Thumb",
        "Right IndexFinger",
        "Right LittleFinger",
        "Left Thumb",
        "Left LittleFinger",
    ]
    with pytest.raises(ValueError, match="1 to 10"):
        finger_subtype(0)


@given(st.lists(birs(), min_size=1, max_size=4))
def test_what_is_written_is_read_back(written: list[Bir]) -> None:
    assert read_bir_document(bir_document(written)) == tuple(written)


def test_local_time_is_kept_as_the_same_moment() -> None:
    there = replace(INDEX, created=datetime(2025, 3, 4, 12, 6, 7, tzinfo=timezone(timedelta(hours=7))))
    assert read_bir_document(bir_document([there]))[0].created == datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("found", "put", "why"),
    [
        (b'<BIR xmlns="', b'<!DOCTYPE BIR [<!ENTITY a "b">]><BIR xmlns="', "plain elements"),
        (b"<BDB>", b"<BDB><!-- -->", "plain elements"),
        (b"<BDB>", b"<BDB><![CDATA[]]>", "plain elements"),
        (b"<BDB>", b"<BDB><?php ?>", "plain elements"),
        (b"Right", b"&#82;ight", "plain elements"),
        (b"Right", "Rïght".encode(), "plain elements"),
        (b'encoding="UTF-8"', b'encoding="UTF-16"', "plain elements"),
        (b"<BDB>", b"<BDA>", "well-formed"),
        (b"cmVjb3Jk", b"cmVjb3J!", "base64"),
        (b"cmVjb3Jk", b"", "holds a record"),
        (b"cmVjb3Jk", b"cmVj b3Jk", "base64"),
        (b"Right IndexFinger", b"Right", "no part of a Finger"),
        (b"<Type>Finger</Type>", b"<Type>Toe</Type>", "not a valid Kind"),
        (b"<Score>77<", b"<Score>101<", "0 to 100"),
        (b"<Score>77<", b"<Score>077<", "not read here"),
        (b"<Score>77<", b"<Score>7777777<", "a number"),
        (b"<Organization>257</Organization><Type>57<", b"<Organization>-1</Organization><Type>57<", "a number"),
        (b"<Type>57</Type>", b"", "a number"),
        (b"<Organization>257</Organization><Type>7<", b"<Organization>257</Organization><Type>8<", "not read here"),
        (b"05:06:07.891Z", b"05:06:07.891", "time zone"),
        (b"05:06:07.891Z", b"25:06:07.891Z", "hour"),
        (b"05:06:07.891Z", b"05:06:07.8912Z", "not read here"),
        (b"<Purpose>Enroll", b"<Purpose>Verify", "not read here"),
        (b"<BDB>", b"<SB>c2lnbmVk</SB><BDB>", "not read here"),
        (b"</BIR></BIR>", b"</BIR></BIR> ", "not read here"),
        (b"19785/-3/ed-2/", b"19785/-3/ed-3/", "not read here"),
    ],
)
def test_a_document_that_we_do_not_write_is_refused_in_words(found: bytes, put: bytes, why: str) -> None:
    document = bir_document([INDEX])
    assert document.count(found) == 1 or found == b"</BIR></BIR>"
    with pytest.raises(MalformedRecord, match=why):
        read_bir_document(document.replace(found, put))


@given(st.data())
def test_a_damaged_document_is_refused_or_says_something_else(data: st.DataObject) -> None:
    document = bytearray(bir_document([INDEX, FACE]))
    document[data.draw(st.integers(0, len(document) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_bir_document(bytes(document))
    except MalformedRecord:
        return
    assert bir_document(found) == document


def test_a_document_of_nothing_but_tags_is_never_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    head = bir_document([INDEX])[:39]
    monkeypatch.setattr(cbeff.ElementTree, "fromstring", lambda _: pytest.fail("parsed"))
    for body in (b"<a>" * 100_001, b"x" * (64 << 20)):
        with pytest.raises(MalformedRecord, match="larger"):
            read_bir_document(head + body)


@pytest.mark.parametrize(
    "wrong",
    [{"subtype": "Left"}, {"kind": Kind.FACE}, {"record": b""}, {"created": datetime(2025, 3, 4)}],  # noqa: DTZ001
)
def test_what_no_document_can_say_is_refused_before_it_is_written(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        replace(INDEX, **wrong)  # type: ignore[arg-type]  # wrong values are the point
    with pytest.raises(ValueError, match="at least one"):
        bir_document([])


def test_a_bir_does_not_print_its_record() -> None:
    assert "record" not in repr(INDEX)
