"""The face image record of ISO/IEC 19794-5:2011: one photograph, and what is known of the face on it.

A general header (clause 5.3), then one representation: how it was captured (5.4), the facial information block (5.5),
the landmark points (5.6), the image information (5.7) and the picture's file. Three-dimensional parts are neither
written nor read.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, TypeVar

from kiosk.capture.iso import images
from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.common import (
    LARGEST,
    UNKNOWN_CAPTURE,
    Capture,
    Cursor,
    MalformedRecord,
    checked,
    open_record,
    read_representation,
    representation,
)

FORM, VERSION = b"FAC\0", b"030\0"

_GENERAL = struct.Struct(">4s4sIHBH")
_FACIAL = struct.Struct(">HBBBB3sH3B3B")
_LANDMARK = struct.Struct(">BBHHH")
_IMAGE = struct.Struct(">BBHHBHBBI")
_ONE_REPRESENTATION = 0
_MPEG4 = 1
_CODES = {Codec.JPEG: 0, Codec.JPEG2000: 2, Codec.PNG: 3}
_CODECS = {code: codec for codec, code in _CODES.items()}
_RGB24 = 1
_SPECIFIED = 1
"""The lowest bit of a mask says that the others mean something."""
_HEAD_WIDTHS: Final = (180, 240, 300, 370, 480, 610, 750)
"""Pixels across the head, at which a next level of spatial sampling rate begins (table 13)."""

Flag = TypeVar("Flag", bound=IntEnum)


class Gender(IntEnum):
    """As the roster has it."""

    UNSPECIFIED = 0
    MALE = 1
    FEMALE = 2
    UNKNOWN = 255


class EyeColour(IntEnum):
    """Of the iris, as one sees it (table 4)."""

    UNSPECIFIED = 0
    BLACK = 1
    BLUE = 2
    BROWN = 3
    GREY = 4
    GREEN = 5
    MULTI_COLOURED = 6
    PINK = 7
    UNKNOWN = 255


class HairColour(IntEnum):
    """As one sees it (table 5)."""

    UNSPECIFIED = 0
    BALD = 1
    BLACK = 2
    BLONDE = 3
    BROWN = 4
    GREY = 5
    WHITE = 6
    RED = 7
    UNKNOWN = 255


class Property(IntEnum):
    """What is on the face, by its bit of the property mask (table 6)."""

    GLASSES = 1
    MOUSTACHE = 2
    BEARD = 3
    TEETH_VISIBLE = 4
    BLINK = 5
    MOUTH_OPEN = 6
    LEFT_EYE_PATCH = 7
    RIGHT_EYE_PATCH = 8
    DARK_GLASSES = 9
    HEAD_COVERING = 10
    DISTORTING_CONDITION = 11


class Expression(IntEnum):
    """What the face does, by its bit of the expression mask (table 7)."""

    NEUTRAL = 1
    SMILE = 2
    RAISED_EYEBROWS = 3
    EYES_LOOKING_AWAY = 4
    SQUINTING = 5
    FROWNING = 6


class Processing(IntEnum):
    """What was done to the picture since it was taken, by its bit (table 14)."""

    ROTATED = 0
    CROPPED = 1
    DOWN_SAMPLED = 2
    WHITE_BALANCE_ADJUSTED = 3
    MULTIPLY_COMPRESSED = 4
    INTERPOLATED = 5
    CONTRAST_STRETCHED = 6
    POSE_CORRECTED = 7
    MULTI_VIEW = 8
    AGE_PROGRESSED = 9
    SUPER_RESOLUTION = 10


class Kind(IntEnum):
    """How strictly the picture is framed (table 11)."""

    BASIC = 0
    FULL_FRONTAL = 1
    TOKEN_FRONTAL = 2
    POST_PROCESSED_FRONTAL = 3


class Source(IntEnum):
    """What took it: the record's capture device technology (table 2)."""

    UNKNOWN = 0
    PHOTO_UNKNOWN = 1
    PHOTO_CAMERA = 2
    PHOTO_SCANNER = 3
    VIDEO_UNKNOWN = 4
    VIDEO_ANALOGUE = 5
    VIDEO_CAMERA = 6


@dataclass(frozen=True, slots=True)
class Pose:
    """How the head is turned, in degrees from -180 to 180, and by how many degrees (0 to 180) each may be wrong.

    Yaw is positive to the subject's left, pitch downward, roll towards the subject's right shoulder (clause 5.5.9).
    A record keeps the angles in steps of 2 degrees. An uncertainty of None was never measured.
    """

    yaw: float
    pitch: float
    roll: float
    uncertainty: tuple[int | None, int | None, int | None] = (None, None, None)

    def __post_init__(self) -> None:
        if not all(-180 <= angle <= 180 for angle in (self.yaw, self.pitch, self.roll)):
            raise ValueError("an angle of the head is not from -180 to 180 degrees")
        if not all(degrees is None or 0 <= degrees <= 180 for degrees in self.uncertainty):
            raise ValueError("an angle of the head cannot be wrong by more than 180 degrees")


@dataclass(frozen=True, slots=True)
class Landmark:
    """A feature point by its MPEG-4 name (ISO/IEC 14496-2), such as "12.1" (left eye's centre); x and y in pixels."""

    name: str
    x: int
    y: int

    def __post_init__(self) -> None:
        major, _, minor = self.name.partition(".")
        if not (major.isdecimal() and minor.isdecimal() and 1 <= int(major) <= 15 and 1 <= int(minor) <= 15):
            raise ValueError(f"{self.name!r} is no MPEG-4 feature point, such as 12.1")
        if not (0 <= self.x <= LARGEST and 0 <= self.y <= LARGEST):
            raise ValueError("a feature point lies where no record can say")


@dataclass(frozen=True, slots=True)
class FaceImage:
    """One photograph: ``picture`` is its file, 24-bit RGB, packed by ``codec`` (JPEG, lossless JPEG 2000, PNG).

    ``properties`` and ``expressions``: None is "not specified", an empty set "looked for, and none there".
    ``height_cm`` is the subject's. ``head_width``: pixels across the head, of which the record keeps a level; None, and
    less than 180, is the lowest.
    """

    picture: bytes = field(repr=False)
    codec: Codec
    width: int
    height: int
    kind: Kind = Kind.BASIC
    gender: Gender = Gender.UNSPECIFIED
    eye_colour: EyeColour = EyeColour.UNSPECIFIED
    hair_colour: HairColour = HairColour.UNSPECIFIED
    height_cm: int | None = None
    properties: frozenset[Property] | None = None
    expressions: frozenset[Expression] | None = None
    pose: Pose | None = None
    landmarks: tuple[Landmark, ...] = field(default=(), repr=False)
    head_width: int | None = None
    processing: frozenset[Processing] = frozenset()
    capture: Capture = UNKNOWN_CAPTURE

    def __post_init__(self) -> None:
        if self.codec not in _CODES:
            raise ValueError(f"a face's picture is a file, not {self.codec}")
        images.check_packed(self.picture, self.codec, self.width, self.height, components=3)
        if self.height_cm is not None and not 1 <= self.height_cm <= 255:
            raise ValueError(f"a height of {self.height_cm} cm does not fit a record")
        if len(self.landmarks) > LARGEST:
            raise ValueError("too many feature points for a record")
        if any(point.x >= self.width or point.y >= self.height for point in self.landmarks):
            raise ValueError("a feature point lies outside the picture")
        Source(self.capture.technology)


def face_record(face: FaceImage) -> bytes:
    """One record of one photograph."""
    points = b"".join(_LANDMARK.pack(_MPEG4, _code(point.name), point.x, point.y, 0) for point in face.landmarks)
    picture = _IMAGE.pack(
        face.kind,
        _CODES[face.codec],
        face.width,
        face.height,
        bisect_right(_HEAD_WIDTHS, face.head_width or 0),
        sum(1 << step for step in face.processing),
        0,  # cross reference: the first picture itself, derived from none
        _RGB24,
        len(face.picture),
    )
    body = representation(face.capture, _facial(face) + points + picture + face.picture)
    return _GENERAL.pack(FORM, VERSION, _GENERAL.size + len(body), 1, 0, _ONE_REPRESENTATION) + body


def read_face_record(record: bytes) -> FaceImage:
    """The photograph of a record that ``face_record`` could have written; MalformedRecord for all others.

    The picture's file is checked against the record, not unpacked. ``head_width`` is the least of its level.
    """
    cursor, counts = open_record(record, _GENERAL, form=FORM, version=VERSION)
    if counts != (1, 0, _ONE_REPRESENTATION):
        raise MalformedRecord("only one photograph without certification is read here")
    capture, body = read_representation(cursor)
    cursor.close()
    count, gender, eyes, hair, tall, properties, expressions, *angles = body.take(_FACIAL)
    landmarks = tuple(_read_landmark(body) for _ in range(count))
    kind, code, width, height, level, steps, reference, colour, size = body.take(_IMAGE)
    picture = body.piece(size)
    body.close()
    if code not in _CODECS or colour != _RGB24 or reference or level > len(_HEAD_WIDTHS):
        raise MalformedRecord("only one 24-bit RGB photograph, derived from none, is read here")
    return checked(
        FaceImage,
        picture,
        _CODECS[code],
        width,
        height,
        kind=checked(Kind, kind),
        gender=checked(Gender, gender),
        eye_colour=checked(EyeColour, eyes),
        hair_colour=checked(HairColour, hair),
        height_cm=tall or None,
        properties=_flags(Property, int.from_bytes(properties, "big")),
        expressions=_flags(Expression, expressions),
        pose=_read_pose(angles),
        landmarks=landmarks,
        head_width=_HEAD_WIDTHS[level - 1] if level else None,
        processing=frozenset(_set(Processing, steps)),
        capture=capture,
    )


def _facial(face: FaceImage) -> bytes:
    properties, expressions = _mask(face.properties).to_bytes(3, "big"), _mask(face.expressions)
    looks = (face.gender, face.eye_colour, face.hair_colour, face.height_cm or 0)
    return _FACIAL.pack(len(face.landmarks), *looks, properties, expressions, *_pose(face.pose))


def _mask(flags: Iterable[IntEnum] | None) -> int:
    return 0 if flags is None else _SPECIFIED + sum(1 << flag for flag in flags)


def _flags(kind: type[Flag], mask: int) -> frozenset[Flag] | None:
    if mask == 0:
        return None
    if not mask & _SPECIFIED:
        raise MalformedRecord("a mask has bits of which it says that they mean nothing")
    return frozenset(_set(kind, mask & ~_SPECIFIED))


def _set(kind: type[Flag], mask: int) -> Iterable[Flag]:
    return [checked(kind, bit) for bit in range(mask.bit_length()) if mask >> bit & 1]


def _pose(pose: Pose | None) -> tuple[int, ...]:
    """Clause 5.5.9: 1 to 91 for 0 to 180 degrees, 91 to 180 for -180 to -2; an uncertainty is stored plus 1."""
    if pose is None:
        return (0,) * 6
    steps = (round(angle / 2) for angle in (pose.yaw, pose.pitch, pose.roll))
    return (*(step % 180 + 1 for step in steps), *(0 if u is None else u + 1 for u in pose.uncertainty))


def _read_pose(fields: list[int]) -> Pose | None:
    if fields == [0] * 6:
        return None
    if not all(1 <= angle <= 180 for angle in fields[:3]):
        raise MalformedRecord("an angle of the head is not in the record's range")
    # 90 steps are half a turn; what lies beyond is the other way round.
    angles = (2.0 * (angle - 1 if angle <= 91 else angle - 181) for angle in fields[:3])
    return checked(Pose, *angles, tuple(unsure - 1 if unsure else None for unsure in fields[3:]))


def _code(name: str) -> int:
    major, minor = name.split(".")
    return int(major) << 4 | int(minor)


def _read_landmark(body: Cursor) -> Landmark:
    kind, code, x, y, z = body.take(_LANDMARK)
    if kind != _MPEG4 or z:
        raise MalformedRecord("only two-dimensional MPEG-4 feature points are read here")
    return checked(Landmark, f"{code >> 4}.{code & 15}", x, y)
