"""Iris image records: exact bytes, both eyes, and what is not known stays so."""

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.iso import iris
from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.common import Capture, MalformedRecord, Quality
from kiosk.capture.iso.iris import (
    Between,
    Eye,
    IrisImage,
    Kind,
    Orientation,
    Technology,
    iris_record,
    read_iris_record,
)

CAPTURE = Capture(technology=Technology.CMOS_OR_CCD, qualities=(Quality(64),))
LEFT = IrisImage(
    Eye.LEFT,
    bytes(range(12)),
    4,
    3,
    kind=Kind.CROPPED,
    horizontal=Orientation.BASE,
    vertical=Orientation.FLIPPED,
    distance=250,
    roll=90,
    roll_uncertainty=45,
    centre_x=Between(1, 3),
    centre_y=Between(2, 2),
    diameter=Between(200, 210),
    capture=CAPTURE,
)
RIGHT = IrisImage(Eye.RIGHT, bytes(12), 4, 3)

SPANS = st.none() | st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(lambda span: Between(*sorted(span)))


@st.composite
def irises(draw: st.DrawFn) -> IrisImage:
    width, height = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    return IrisImage(
        draw(st.sampled_from(Eye)),
        draw(st.binary(min_size=width * height, max_size=width * height)),
        width,
        height,
        kind=draw(st.sampled_from((Kind.UNCROPPED, Kind.CROPPED))),
        horizontal=draw(st.sampled_from(Orientation)),
        vertical=draw(st.sampled_from(Orientation)),
        distance=draw(st.none() | st.integers(2, 65534)),
        roll=draw(st.none() | st.integers(0, 65534).map(lambda units: units * 360 / 65536)),
        roll_uncertainty=draw(st.none() | st.integers(0, 65534).map(lambda units: units * 180 / 65536)),
        centre_x=draw(SPANS),
        centre_y=draw(SPANS),
        diameter=draw(SPANS),
        capture=CAPTURE,
    )


def test_the_record_is_laid_out_as_the_standard_has_it() -> None:
    record = iris_record([LEFT, RIGHT], codec=Codec.RAW)
    assert record[:16] == b"IIR\x00020\x00" + struct.pack(">IHBB", len(record), 2, 0, 2)
    assert record[16:20] == struct.pack(">I", 19 + 5 + 33 + 12)
    assert record[20:40] == b"\xff" * 9 + bytes([1, 0, 0, 0, 0, 1, 64, 0, 0, 0, 0])
    assert record[40:42] == struct.pack(">H", 1)  # the first image
    assert record[42:45] == bytes([2, 3, 2])  # left, cropped, mono raw
    assert record[45] == 0b01_00_10_01  # never lossy; upside down, not mirrored
    assert record[46:51] == struct.pack(">HHB", 4, 3, 8)
    assert record[51:57] == struct.pack(">HHH", 250, 0x4000, 0x4000)  # a quarter of a turn, of half a turn
    assert record[57:69] == struct.pack(">6H", 1, 3, 2, 2, 200, 210)
    assert record[69:73] == struct.pack(">I", 12)
    assert record[73:85] == bytes(range(12))
    second = record[85:]
    assert second[19:24] == struct.pack(">HBBB", 2, 1, 1, 2)
    assert second[24] == 0b01_00_00_00
    assert second[30:48] == bytes([0, 0, 255, 255, 255, 255]) + bytes(12)  # nothing of it is known


@pytest.mark.parametrize(("codec", "code"), [(Codec.RAW, 2), (Codec.JPEG2000, 10), (Codec.PNG, 14)])
def test_each_codec_has_its_format(codec: Codec, code: int) -> None:
    assert iris_record([LEFT], codec=codec)[44] == code


@given(st.lists(irises(), min_size=1, max_size=3), st.sampled_from((Codec.JPEG2000, Codec.PNG, Codec.RAW)))
def test_what_is_written_is_read_back(images: list[IrisImage], codec: Codec) -> None:
    assert read_iris_record(iris_record(images, codec=codec)) == tuple(images)


@given(st.floats(0, 360, exclude_max=True), st.floats(0, 180, exclude_max=True))
def test_a_roll_is_kept_to_a_hundredth_of_a_degree(roll: float, unsure: float) -> None:
    (found,) = read_iris_record(iris_record([replace(LEFT, roll=roll, roll_uncertainty=unsure)], codec=Codec.RAW))
    assert found.roll is not None
    assert (found.roll - roll + 180) % 360 == pytest.approx(180, abs=0.006)
    assert found.roll_uncertainty == pytest.approx(unsure, abs=0.006)


@pytest.mark.parametrize(
    ("at", "value", "why"),
    [
        (14, 1, "certification"),
        (15, 1, "general header"),
        (41, 2, "image 2 stands where image 1"),
        (42, 0, "not a valid Eye"),
        (43, 4, "not a valid Kind"),
        (43, 2, "640"),
        (44, 6, "never packed with loss"),
        (45, 0b10_00_10_01, "never packed with loss"),
        (45, 0b01_01_10_01, "never packed with loss"),
        (45, 0b01_00_11_01, "not a valid Orientation"),
        (50, 16, "8-bit"),
        (58, 9, "9 to 3 pixels"),
    ],
)
def test_a_field_that_we_do_not_write_is_refused_in_words(at: int, value: int, why: str) -> None:
    record = bytearray(iris_record([LEFT, RIGHT], codec=Codec.RAW))
    record[at] = value
    with pytest.raises(MalformedRecord, match=why):
        read_iris_record(bytes(record))


def test_pictures_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    record = iris_record([LEFT, RIGHT])
    monkeypatch.setattr(iris, "MOST_PIXELS", 20)
    with pytest.raises(MalformedRecord, match="together"):
        read_iris_record(record)
    with pytest.raises(ValueError, match="together"):
        iris_record([LEFT, RIGHT])


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 5},
        {"kind": Kind.VGA},
        {"distance": 1},
        {"distance": 65535},
        {"roll": 360},
        {"roll": -1},
        {"roll_uncertainty": 180},
        {"capture": Capture(technology=2)},
    ],
)
def test_what_no_record_can_say_is_refused_before_it_is_written(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        replace(LEFT, **wrong)  # type: ignore[arg-type]  # wrong values are the point


def test_an_empty_record_and_a_lossy_codec_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to"):
        iris_record([])
    with pytest.raises(ValueError, match="without loss"):
        iris_record([LEFT], codec=Codec.JPEG)
    with pytest.raises(ValueError, match="3 to 2 pixels"):
        Between(3, 2)


def test_an_image_does_not_print_its_pixels() -> None:
    assert "pixels" not in repr(LEFT)
