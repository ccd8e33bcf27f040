"""Finger images as PNG and as ISO/IEC 19794-4:2011 records: exact bytes, every field, and no mercy on reading."""

import io
import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kiosk.capture.encoding import (
    Compression,
    FingerImage,
    Impression,
    MalformedRecord,
    Quality,
    Technology,
    finger_image_png,
    finger_record,
    read_finger_record,
)

TAKEN = datetime(2025, 3, 4, 5, 6, 7, 891_000, tzinfo=UTC)
SMALL = FingerImage(2, bytes(range(12)), 4, 3, TAKEN, qualities=(Quality(77),))

# Widths that no row filter or padding would forgive, and pixels that do not compress.
PICTURES = st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(
    lambda size: st.tuples(st.just(size), st.binary(min_size=size[0] * size[1], max_size=size[0] * size[1]))
)
MOMENTS = st.none() | st.integers(946_684_800_000, 4_102_444_800_000).map(
    lambda milliseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
)


@st.composite
def finger_images(draw: st.DrawFn) -> FingerImage:
    (width, height), pixels = draw(PICTURES)
    qualities = draw(st.lists(st.builds(Quality, st.integers(0, 100), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))))
    return FingerImage(
        draw(st.integers(1, 10)),
        pixels,
        width,
        height,
        draw(MOMENTS),
        draw(st.integers(100, 2000)),
        tuple(qualities[:255]),
        draw(st.sampled_from(Impression)),
        draw(st.sampled_from(Technology)),
    )


def test_the_record_is_laid_out_as_the_standard_has_it() -> None:
    record = finger_record([SMALL], compression=Compression.NONE)
    assert record[:16] == b"FIR\x00020\x00" + struct.pack(">IHBB", len(record), 1, 0, 1)
    assert record[16:20] == struct.pack(">I", len(record) - 16)
    assert record[20:29] == struct.pack(">HBBBBBH", 2025, 3, 4, 5, 6, 7, 891)
    assert record[29:35] == bytes([0, 0, 0, 0, 0, 1])  # technology, vendor, type, one quality score
    assert record[35:40] == bytes([77, 0, 0, 0, 0])
    assert record[40:43] == bytes([2, 0, 1])  # right index, its first image, pixels an inch
    assert record[43:51] == struct.pack(">4H", 500, 500, 500, 500)
    assert record[51:54] == bytes([8, 0, 0])  # 8 bits, not compressed, live-scan plain
    assert record[54:] == struct.pack(">HHI", 4, 3, 12) + bytes(range(12))


@given(st.lists(finger_images(), min_size=1, max_size=4), st.sampled_from(Compression))
def test_what_is_written_is_read_back(images: list[FingerImage], compression: Compression) -> None:
    assert read_finger_record(finger_record(images, compression=compression)) == tuple(images)


def test_local_time_is_kept_as_the_same_moment() -> None:
    wib = timezone(timedelta(hours=7))
    (image,) = read_finger_record(finger_record([replace(SMALL, captured=TAKEN.astimezone(wib))]))
    assert image.captured == TAKEN


@given(st.data())
def test_a_damaged_record_is_refused_or_still_a_true_record(data: st.DataObject) -> None:
    record = bytearray(finger_record([SMALL, replace(SMALL, position=7)]))
    at = data.draw(st.integers(0, len(record) - 1))
    record[at] ^= data.draw(st.integers(1, 255))
    try:
        images = read_finger_record(bytes(record))
    except MalformedRecord:
        return
    assert len(images) == 2  # the byte was a value, such as a score or a date, and another value stands there now


@given(st.data())
def test_a_damaged_picture_is_never_taken_for_the_true_one(data: st.DataObject) -> None:
    record = bytearray(finger_record([SMALL]))
    picture = len(finger_image_png(SMALL.pixels, SMALL.width, SMALL.height))
    record[data.draw(st.integers(len(record) - picture, len(record) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        (image,) = read_finger_record(bytes(record))
    except MalformedRecord:
        return
    assert image == SMALL  # only the end mark was hit


@given(st.integers(0, 200))
def test_a_cut_record_is_refused(length: int) -> None:
    record = finger_record([SMALL])
    with pytest.raises(MalformedRecord):
        read_finger_record(record[: min(length, len(record) - 1)])


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(MalformedRecord):
        read_finger_record(noise)


def test_what_follows_the_record_is_refused() -> None:
    with pytest.raises(MalformedRecord, match="promises"):
        read_finger_record(finger_record([SMALL]) + b"\0")


def test_a_picture_larger_than_promised_is_never_unpacked() -> None:
    bomb = io.BytesIO()
    Image.new("L", (5000, 5000)).save(bomb, "PNG")
    honest = finger_record([SMALL])
    png = finger_image_png(SMALL.pixels, SMALL.width, SMALL.height)
    assert honest.endswith(png)
    head, data = honest[: -len(png) - 4], bomb.getvalue()
    record = bytearray(head + struct.pack(">I", len(data)) + data)
    record[8:12] = struct.pack(">I", len(record))
    record[16:20] = struct.pack(">I", len(record) - 16)
    with pytest.raises(MalformedRecord, match="promises"):
        read_finger_record(bytes(record))


def test_the_png_is_lossless_grey_and_knows_its_resolution() -> None:
    pixels = bytes(i * 7 % 256 for i in range(256 * 288))
    picture = Image.open(io.BytesIO(finger_image_png(pixels, 256, 288, ppi=508)))
    assert (picture.mode, picture.size) == ("L", (256, 288))
    assert picture.tobytes() == pixels
    assert picture.info["dpi"] == pytest.approx((508, 508), abs=0.02)


def test_the_png_carries_nothing_but_the_picture() -> None:
    png = finger_image_png(bytes(16), 4, 4)
    kinds, at = [], 8
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        assert struct.unpack_from(">I", png, at + 8 + length)[0] == zlib.crc32(png[at + 4 : at + 8 + length])
        kinds.append(kind)
        at += 12 + length
    assert kinds == [b"IHDR", b"pHYs", b"IDAT", b"IEND"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"position": 0},
        {"position": 13},
        {"pixels": b""},
        {"width": 5},
        {"width": 0, "pixels": b""},
        {"ppi": 0},
        {"captured": datetime(2025, 3, 4)},  # noqa: DTZ001  the point is that it is naive
    ],
)
def test_what_no_record_can_say_is_refused_before_it_is_written(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        replace(SMALL, **wrong)  # type: ignore[arg-type]  # wrong values are the point


@pytest.mark.parametrize("score", [-1, 101, 254, 256])
def test_a_score_outside_the_scale_is_refused(score: int) -> None:
    with pytest.raises(ValueError, match="0 to 100"):
        Quality(score)


def test_an_empty_record_and_a_seventeenth_image_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to"):
        finger_record([])
    with pytest.raises(ValueError, match="16"):
        finger_record([SMALL] * 17)


def test_an_image_does_not_print_its_pixels() -> None:
    assert "pixels" not in repr(SMALL)
