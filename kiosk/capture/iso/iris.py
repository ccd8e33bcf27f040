"""The iris image record of ISO/IEC 19794-6:2011: one or both eyes, 8-bit grey.

A general header (clause 7.2), then one representation for each image (clause 7.3). Nothing but lossless images.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

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

FORM, VERSION = b"IIR\0", b"020\0"
MOST_PIXELS: Final = 1 << 25
"""Of a whole record."""
FARTHEST: Final = LARGEST - 1
"""Millimetres from the camera; beyond this the record only says "too far"."""

_GENERAL = struct.Struct(">4s4sIHBB")
_IMAGE = struct.Struct(">HBBBBHHBHHH6HI")
_DEPTH = 8
_CODES = {Codec.RAW: 0x02, Codec.JPEG2000: 0x0A, Codec.PNG: 0x0E}
_CODECS = {code: codec for codec, code in _CODES.items()}
_UNCOMPRESSED = 1
"""The image was never packed with loss before (bits 7 and 8 of the image properties)."""
_UNKNOWN_RANGE, _UNKNOWN_ANGLE = 0, 0xFFFF
_TURN = 1 << 16
"""Units of a roll angle in 360 degrees; of its uncertainty in 180."""


class Eye(IntEnum):
    """The subject's own right and left."""

    RIGHT = 1
    LEFT = 2


class Kind(IntEnum):
    """What of the eye is in the picture (table 5)."""

    UNCROPPED = 1
    VGA = 2
    """640 × 480."""
    CROPPED = 3
    """0.6 iris radii beside the iris, 0.2 above and below."""


class Technology(IntEnum):
    """What the camera senses with."""

    UNKNOWN = 0
    CMOS_OR_CCD = 1


class Orientation(IntEnum):
    """Which way up, or round, the picture is."""

    UNKNOWN = 0
    BASE = 1
    FLIPPED = 2


@dataclass(frozen=True, slots=True)
class Between:
    """The smallest and the largest value, in pixels, that a place or a diameter may have; at least 1."""

    smallest: int
    largest: int

    def __post_init__(self) -> None:
        if not 1 <= self.smallest <= self.largest <= LARGEST:
            raise ValueError(f"{self.smallest} to {self.largest} pixels do not fit a record")


@dataclass(frozen=True, slots=True)
class IrisImage:
    """One picture of one eye: ``pixels`` are width × height bytes of 8-bit grey, row by row. None is "not known".

    ``distance`` in millimetres from the camera. ``roll`` in degrees, 0 to 360, counter-clockwise, and the degrees by
    which it may be wrong, at most 180. ``centre_x``, ``centre_y`` and ``diameter`` of the iris in pixels.
    """

    eye: Eye
    pixels: bytes = field(repr=False)
    width: int
    height: int
    kind: Kind = Kind.UNCROPPED
    horizontal: Orientation = Orientation.UNKNOWN
    vertical: Orientation = Orientation.UNKNOWN
    distance: int | None = None
    roll: float | None = None
    roll_uncertainty: float | None = None
    centre_x: Between | None = None
    centre_y: Between | None = None
    diameter: Between | None = None
    capture: Capture = UNKNOWN_CAPTURE

    def __post_init__(self) -> None:
        images.check_pixels(self.pixels, self.width, self.height)
        if self.kind is Kind.VGA and (self.width, self.height) != (640, 480):
            raise ValueError(f"a VGA picture is 640 × 480, not {self.width} × {self.height}")
        if self.distance is not None and not 2 <= self.distance <= FARTHEST:
            raise ValueError(f"a distance of {self.distance} mm does not fit a record")
        if self.roll is not None and not 0 <= self.roll < 360:
            raise ValueError(f"a roll of {self.roll} degrees is not from 0 to 360")
        if self.roll_uncertainty is not None and not 0 <= self.roll_uncertainty < 180:
            raise ValueError(f"a roll cannot be wrong by {self.roll_uncertainty} degrees")
        Technology(self.capture.technology)


def iris_record(irises: Sequence[IrisImage], *, codec: Codec = Codec.JPEG2000) -> bytes:
    """One record of ``irises``, in their order; ValueError for none, too many, and a codec that loses pixels."""
    if not 1 <= len(irises) <= LARGEST:
        raise ValueError(f"an iris record holds 1 to {LARGEST} images, not {len(irises)}")
    if codec not in _CODES:
        raise ValueError(f"iris images are packed without loss, not as {codec}")
    if sum(iris.width * iris.height for iris in irises) > MOST_PIXELS:
        raise ValueError("the images together are more than one record may hold")
    body = b"".join(representation(iris.capture, _image(iris, n, codec)) for n, iris in enumerate(irises, 1))
    eyes = len({iris.eye for iris in irises})
    return _GENERAL.pack(FORM, VERSION, _GENERAL.size + len(body), len(irises), 0, eyes) + body


def read_iris_record(record: bytes) -> tuple[IrisImage, ...]:
    """The images of a record that ``iris_record`` could have written; MalformedRecord for all others."""
    cursor, (count, certified, eyes) = open_record(record, _GENERAL, form=FORM, version=VERSION)
    if certified:
        raise MalformedRecord("certification blocks are not read here")
    irises: list[IrisImage] = []
    room = MOST_PIXELS
    for number in range(1, count + 1):
        irises.append(_read_image(*read_representation(cursor), number, room))
        room -= len(irises[-1].pixels)
    cursor.close()
    if not irises or eyes != len({iris.eye for iris in irises}):
        raise MalformedRecord("the general header does not describe the representations that follow")
    return tuple(irises)


def _image(iris: IrisImage, number: int, codec: Codec) -> bytes:
    data = images.compress(iris.pixels, iris.width, iris.height, codec=codec)
    properties = iris.horizontal | iris.vertical << 2 | _UNCOMPRESSED << 6
    found = (edge for span in (iris.centre_x, iris.centre_y, iris.diameter) for edge in _edges(span))
    return (
        _IMAGE.pack(
            number,
            iris.eye,
            iris.kind,
            _CODES[codec],
            properties,
            iris.width,
            iris.height,
            _DEPTH,
            _UNKNOWN_RANGE if iris.distance is None else iris.distance,
            _roll(iris.roll),
            _uncertainty(iris.roll_uncertainty),
            *found,
            len(data),
        )
        + data
    )


def _read_image(capture: Capture, body: Cursor, number: int, room: int) -> IrisImage:
    found, eye, kind, code, properties, width, height, depth, distance, roll, unsure, *edges, size = body.take(_IMAGE)
    data = body.piece(size)
    body.close()
    if found != number:
        raise MalformedRecord(f"image {found} stands where image {number} should")
    if depth != _DEPTH or code not in _CODECS or properties & ~0xF != _UNCOMPRESSED << 6:
        raise MalformedRecord("only 8-bit grey that was never packed with loss is read here")
    if width * height > room:
        raise MalformedRecord("the images together are more than one record may hold")
    x, y, diameter = (_between(*edges[at : at + 2]) for at in (0, 2, 4))
    return checked(
        IrisImage,
        checked(Eye, eye),
        images.decompress(data, _CODECS[code], width, height),
        width,
        height,
        kind=checked(Kind, kind),
        horizontal=checked(Orientation, properties & 3),
        vertical=checked(Orientation, properties >> 2 & 3),
        distance=None if distance == _UNKNOWN_RANGE else distance,
        roll=_degrees(roll, 360),
        roll_uncertainty=_degrees(unsure, 180),
        centre_x=x,
        centre_y=y,
        diameter=diameter,
        capture=capture,
    )


def _edges(span: Between | None) -> tuple[int, int]:
    return (0, 0) if span is None else (span.smallest, span.largest)


def _between(smallest: int, largest: int) -> Between | None:
    return None if (smallest, largest) == (0, 0) else checked(Between, smallest, largest)


def _roll(degrees: float | None) -> int:
    """Where rounding would reach the mark for "not known", a whole turn is as near."""
    if degrees is None:
        return _UNKNOWN_ANGLE
    units = round(_TURN * degrees / 360)
    return units if units < _UNKNOWN_ANGLE else 0


def _uncertainty(degrees: float | None) -> int:
    return _UNKNOWN_ANGLE if degrees is None else min(round(_TURN * degrees / 180), _UNKNOWN_ANGLE - 1)


def _degrees(angle: int, full: int) -> float | None:
    return None if angle == _UNKNOWN_ANGLE else full * angle / _TURN
