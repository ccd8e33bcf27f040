"""Face image records: exact bytes, every mask, and a picture that is what the record says."""

import struct
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.common import Capture, Device, MalformedRecord, Quality
from kiosk.capture.iso.face import (
    Expression,
    EyeColour,
    FaceImage,
    Gender,
    HairColour,
    Kind,
    Landmark,
    Pose,
    Processing,
    Property,
    Source,
    face_record,
    read_face_record,
)
from kiosk.capture.iso.images import compress

WIDTH, HEIGHT = 32, 24
PIXELS = bytes(n * 7 % 256 for n in range(WIDTH * HEIGHT * 3))
PICTURES = {
    codec: compress(PIXELS, WIDTH, HEIGHT, codec=codec, components=3)
    for codec in (Codec.JPEG, Codec.JPEG2000, Codec.PNG)
}
FACE = FaceImage(
    PICTURES[Codec.JPEG],
    Codec.JPEG,
    WIDTH,
    HEIGHT,
    kind=Kind.FULL_FRONTAL,
    gender=Gender.FEMALE,
    eye_colour=EyeColour.BROWN,
    hair_colour=HairColour.BLACK,
    height_cm=158,
    properties=frozenset({Property.GLASSES, Property.HEAD_COVERING}),
    expressions=frozenset({Expression.NEUTRAL}),
    pose=Pose(-4, 6, 0, (3, 3, None)),
    landmarks=(Landmark("12.1", 20, 10), Landmark("12.2", 11, 10)),
    head_width=300,
    processing=frozenset({Processing.CROPPED, Processing.DOWN_SAMPLED}),
    capture=Capture(
        datetime(2025, 3, 4, 5, 6, 7, 891_000, tzinfo=UTC), Source.VIDEO_CAMERA, Device(1, 2), (Quality(81),)
    ),
)


def flags(kind: type) -> st.SearchStrategy[frozenset[object]]:
    return st.frozensets(st.sampled_from(kind))


@st.composite
def faces(draw: st.DrawFn) -> FaceImage:
    codec = draw(st.sampled_from(tuple(PICTURES)))
    angle = st.integers(-89, 90).map(lambda step: step * 2.0)
    unsure = st.tuples(*[st.none() | st.integers(0, 180)] * 3)
    names = st.tuples(st.integers(1, 15), st.integers(1, 15)).map(lambda code: f"{code[0]}.{code[1]}")
    points = st.builds(Landmark, names, st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))
    return FaceImage(
        PICTURES[codec],
        codec,
        WIDTH,
        HEIGHT,
        kind=draw(st.sampled_from(Kind)),
        gender=draw(st.sampled_from(Gender)),
        eye_colour=draw(st.sampled_from(EyeColour)),
        hair_colour=draw(st.sampled_from(HairColour)),
        height_cm=draw(st.none() | st.integers(1, 255)),
        properties=draw(st.none() | flags(Property)),
        expressions=draw(st.none() | flags(Expression)),
        pose=draw(st.none() | st.builds(Pose, angle, angle, angle, unsure)),
        landmarks=tuple(draw(st.lists(points, max_size=5))),
        head_width=draw(st.sampled_from((None, 180, 240, 300, 370, 480, 610, 750))),
        processing=draw(flags(Processing)),
        capture=FACE.capture,
    )


def test_the_record_is_laid_out_as_the_standard_has_it() -> None:
    record = face_record(FACE)
    assert record[:17] == b"FAC\x00030\x00" + struct.pack(">IHBH", len(record), 1, 0, 0)
    assert record[17:21] == struct.pack(">I", len(record) - 17)
    assert record[21:30] == struct.pack(">HBBBBBH", 2025, 3, 4, 5, 6, 7, 891)
    assert record[30:41] == bytes([6, 0, 1, 0, 2, 1, 81, 0, 0, 0, 0])
    assert record[41:47] == struct.pack(">HBBBB", 2, 2, 3, 2, 158)
    assert record[47:52] == bytes([0b0, 0b100, 0b11, 0b0, 0b11])  # glasses, head covering; neutral; both specified
    assert record[52:58] == bytes([179, 4, 1, 4, 4, 0])  # -4, 6 and 0 degrees; known to 3, 3, not known
    assert record[58:66] == struct.pack(">BBHHH", 1, 0xC1, 20, 10, 0)
    assert record[66:74] == struct.pack(">BBHHH", 1, 0xC2, 11, 10, 0)
    assert record[74:76] == bytes([1, 0])  # full frontal, JPEG
    assert record[76:80] == struct.pack(">HH", WIDTH, HEIGHT)
    assert record[80:85] == bytes([3, 0, 0b110, 0, 1])  # 300 to 370 across the head, cropped and smaller, RGB
    assert record[85:89] == struct.pack(">I", len(FACE.picture))
    assert record[89:] == FACE.picture


def test_what_is_not_known_is_nowhere_said() -> None:
    record = face_record(FaceImage(FACE.picture, Codec.JPEG, WIDTH, HEIGHT))
    assert record[21:36] == b"\xff" * 9 + bytes(6)
    assert record[36:55] == bytes(19)
    assert record[59:64] == bytes([0, 0, 0, 0, 1])


@pytest.mark.parametrize(("codec", "code"), [(Codec.JPEG, 0), (Codec.JPEG2000, 2), (Codec.PNG, 3)])
def test_each_codec_has_its_code(codec: Codec, code: int) -> None:
    assert face_record(replace(FACE, picture=PICTURES[codec], codec=codec))[75] == code


@given(faces())
def test_what_is_written_is_read_back(face: FaceImage) -> None:
    assert read_face_record(face_record(face)) == face


@given(st.floats(-180, 180))
def test_an_angle_is_kept_to_a_degree(yaw: float) -> None:
    found = read_face_record(face_record(replace(FACE, pose=Pose(yaw, 0, 0)))).pose
    assert found is not None
    assert (found.yaw - yaw + 180) % 360 == pytest.approx(180, abs=1.0001)


@pytest.mark.parametrize(("across", "least"), [(None, None), (179, None), (180, 180), (239, 180), (5000, 750)])
def test_the_head_is_kept_as_a_level(across: int | None, least: int | None) -> None:
    assert read_face_record(face_record(replace(FACE, head_width=across))).head_width == least


@pytest.mark.parametrize(
    ("at", "value", "why"),
    [
        (13, 2, "one photograph"),
        (14, 1, "certification"),
        (16, 1, "one photograph"),
        (30, 7, "not a valid Source"),
        (43, 3, "not a valid Gender"),
        (44, 8, "not a valid EyeColour"),
        (45, 8, "not a valid HairColour"),
        (49, 0b10, "mean nothing"),
        (48, 0b10000, "not a valid Property"),
        (51, 0b10000001, "not a valid Expression"),
        (52, 181, "angle of the head"),
        (52, 0, "angle of the head"),
        (55, 255, "180 degrees"),
        (58, 2, "feature points"),
        (59, 0xC0, "no MPEG-4 feature point"),
        (61, WIDTH, "outside the picture"),
        (65, 1, "two-dimensional"),
        (74, 4, "not a valid Kind"),
        (75, 1, "24-bit RGB"),
        (77, WIDTH + 1, "promises"),
        (80, 8, "24-bit RGB"),
        (81, 0b1000, "not a valid Processing"),
        (83, 1, "derived from none"),
        (84, 3, "24-bit RGB"),
    ],
)
def test_a_field_that_we_do_not_write_is_refused_in_words(at: int, value: int, why: str) -> None:
    record = bytearray(face_record(FACE))
    record[at] = value
    with pytest.raises(MalformedRecord, match=why):
        read_face_record(bytes(record))


@pytest.mark.parametrize(
    "wrong",
    [
        {"codec": Codec.RAW},
        {"codec": Codec.PNG},
        {"width": WIDTH + 1},
        {"picture": b""},
        {"height_cm": 256},
        {"landmarks": (Landmark("12.1", WIDTH, 0),)},
        {"landmarks": (Landmark("12.1", 0, 0),) * 65536},
        {"capture": Capture(technology=9)},
    ],
)
def test_what_no_record_can_say_is_refused_before_it_is_written(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        replace(FACE, **wrong)  # type: ignore[arg-type]  # wrong values are the point


@pytest.mark.parametrize("name", ["", "12", "12.", ".1", "0.1", "1.0", "16.1", "1.16", "a.b", "1.2.3", "-1.2"])
def test_a_point_that_mpeg_4_does_not_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="MPEG-4"):
        Landmark(name, 0, 0)


def test_a_point_that_no_record_can_say_is_refused() -> None:
    for x, y in ((-1, 0), (0, 65536)):
        with pytest.raises(ValueError, match="no record can say"):
            Landmark("12.1", x, y)


def test_impossible_angles_are_refused() -> None:
    with pytest.raises(ValueError, match="-180 to 180"):
        Pose(181, 0, 0)
    with pytest.raises(ValueError, match="wrong by more"):
        Pose(0, 0, 0, (181, 0, 0))


def test_a_face_does_not_print_its_picture_or_its_points() -> None:
    assert "picture" not in repr(FACE)
    assert "12.1" not in repr(FACE)
