"""Finger image records: exact bytes, every field, and no mercy on reading."""

import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.iso import finger
from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.common import NFIQ2, Capture, Device, MalformedRecord, Quality
from kiosk.capture.iso.finger import FingerImage, Impression, Technology, finger_record, read_finger_record

TAKEN = datetime(2025, 3, 4, 5, 6, 7, 891_000, tzinfo=UTC)
CAPTURE = Capture(TAKEN, Technology.VISIBLE_TIR, Device(0x1234, 0x5678), (Quality(77), Quality.nfiq2(60, "2.3.0")))
SMALL = FingerImage(2, bytes(range(12)), 4, 3, capture=CAPTURE)
LOSSLESS = (Codec.JPEG2000, Codec.PNG, Codec.RAW)

NUMBERS = st.integers(0, 0xFFFF)
MOMENTS = st.none() | st.integers(946_684_800_000, 4_102_444_800_000).map(
    lambda milliseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
)
QUALITIES = st.lists(st.builds(Quality, st.integers(0, 100) | st.just(255), NUMBERS, NUMBERS), max_size=4).map(tuple)
CAPTURES = st.builds(Capture, MOMENTS, st.sampled_from(Technology), st.builds(Device, NUMBERS, NUMBERS), QUALITIES)


@st.composite
def fingers(draw: st.DrawFn) -> FingerImage:
    width, height = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    pixels = draw(st.binary(min_size=width * height, max_size=width * height))
    more = (draw(st.integers(1, 65535)), draw(st.sampled_from(Impression)), draw(CAPTURES))
    return FingerImage(draw(st.integers(1, 10)), pixels, width, height, *more)


def test_the_record_is_laid_out_as_the_standard_has_it() -> None:
    record = finger_record([SMALL], codec=Codec.RAW)
    assert record[:16] == b"FIR\x00020\x00" + struct.pack(">IHBB", len(record), 1, 0, 1)
    assert record[16:20] == struct.pack(">I", len(record) - 16)
    assert record[20:29] == struct.pack(">HBBBBBH", 2025, 3, 4, 5, 6, 7, 891)
    assert record[29:35] == bytes([4, 0x12, 0x34, 0x56, 0x78, 2])  # technology, vendor, type, two quality scores
    assert record[35:40] == bytes([77, 0, 0, 0, 0])  # our own has no registered owner
    assert record[40:45] == bytes([60, 0x01, 0x01, 0x00, 0x39])  # ISO/IEC JTC 1/SC 37, NFIQ 2.3
    assert record[45:48] == bytes([2, 0, 1])  # right index, its first image, pixels an inch
    assert record[48:56] == struct.pack(">4H", 500, 500, 500, 500)
    assert record[56:59] == bytes([8, 0, 0])  # 8 bits, not compressed, live-scan plain
    assert record[59:] == struct.pack(">HHI", 4, 3, 12) + bytes(range(12))


def test_without_a_trusted_clock_every_byte_of_the_date_is_unknown() -> None:
    record = finger_record([replace(SMALL, capture=Capture())], codec=Codec.RAW)
    assert record[20:35] == b"\xff" * 9 + bytes(6)


@pytest.mark.parametrize(("codec", "code"), [(Codec.RAW, 0), (Codec.JPEG2000, 5), (Codec.PNG, 6)])
def test_each_codec_has_its_code(codec: Codec, code: int) -> None:
    assert finger_record([SMALL], codec=codec)[57] == code


@given(st.lists(fingers(), min_size=1, max_size=4), st.sampled_from(LOSSLESS))
def test_what_is_written_is_read_back(images: list[FingerImage], codec: Codec) -> None:
    assert read_finger_record(finger_record(images, codec=codec)) == tuple(images)


def test_tries_and_the_second_look_at_the_index_fingers_are_views_of_one_finger() -> None:
    order = [2, 2, 1, 7, 2, 7]
    record = finger_record([replace(SMALL, position=position) for position in order], codec=Codec.RAW)
    size = (len(record) - 16) // len(order)
    views = [tuple(record[16 + size * n + 29 : 16 + size * n + 31]) for n in range(len(order))]
    assert views == [(2, 0), (2, 1), (1, 0), (7, 0), (2, 2), (7, 1)]
    assert record[15] == 3  # fingers


def test_local_time_is_kept_as_the_same_moment() -> None:
    there = replace(CAPTURE, captured=TAKEN.astimezone(timezone(timedelta(hours=7))))
    (image,) = read_finger_record(finger_record([replace(SMALL, capture=there)]))
    assert image.capture.captured == TAKEN


@pytest.mark.parametrize(
    ("at", "value", "why"),
    [
        (14, 1, "certification"),
        (15, 2, "general header"),
        (46, 1, "out of order"),
        (47, 2, "pixels an inch"),
        (49, 0, "one resolution"),
        (56, 16, "8-bit"),
        (57, 2, "WSQ is not read"),
        (57, 4, "compression 4 is not read"),
        (45, 13, "13 is not 1 to 10"),
        (58, 7, "7 is not a valid Impression"),
        (29, 21, "21 is not a valid Technology"),
        (35, 101, "0 to 100"),
        (22, 13, "month"),
    ],
)
def test_a_field_that_we_do_not_write_is_refused_in_words(at: int, value: int, why: str) -> None:
    record = bytearray(finger_record([SMALL], codec=Codec.RAW))
    record[at] = value
    with pytest.raises(MalformedRecord, match=why):
        read_finger_record(bytes(record))


def test_pictures_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    record = finger_record([SMALL] * 3)
    monkeypatch.setattr(finger, "MOST_PIXELS", 30)
    with pytest.raises(MalformedRecord, match="together"):
        read_finger_record(record)
    with pytest.raises(ValueError, match="together"):
        finger_record([SMALL] * 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"position": 0},
        {"position": 13},
        {"pixels": b""},
        {"width": 5},
        {"ppi": 0},
        {"ppi": 65536},
        {"capture": Capture(technology=99)},
    ],
)
def test_what_no_record_can_say_is_refused_before_it_is_written(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        replace(SMALL, **wrong)  # type: ignore[arg-type]  # wrong values are the point


def test_an_empty_record_a_seventeenth_image_and_a_lossy_codec_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        finger_record([])
    with pytest.raises(ValueError, match="16"):
        finger_record([SMALL] * 17)
    with pytest.raises(ValueError, match="without loss"):
        finger_record([SMALL], codec=Codec.JPEG)


@pytest.mark.parametrize("score", [-1, 101, 254, 256])
def test_a_score_outside_the_scale_is_refused(score: int) -> None:
    with pytest.raises(ValueError, match="0 to 100"):
        Quality(score)


def test_a_capture_that_no_record_can_say_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Capture(datetime(2025, 3, 4))  # noqa: DTZ001  the point is that it is naive
    with pytest.raises(ValueError, match="technology"):
        Capture(technology=256)
    with pytest.raises(ValueError, match="255 quality scores"):
        Capture(qualities=(Quality(1),) * 256)
    for vendor in (-1, 65536):
        with pytest.raises(ValueError, match="register"):
            Device(vendor)


def test_an_nfiq_2_of_an_unknown_version_is_not_given_another_ones_number() -> None:
    assert {Quality.nfiq2(50, f"{version}.1").algorithm for version in NFIQ2} == set(NFIQ2.values())
    assert Quality.nfiq2(50, "3.0") == Quality(50)


def test_an_image_does_not_print_its_pixels() -> None:
    assert "pixels" not in repr(SMALL)
