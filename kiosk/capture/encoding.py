"""Finger images as others read them: lossless PNG, and the ISO/IEC 19794-4:2011 finger image record.

A record is big-endian: a general header (clause 8.2), then one representation for each image (clause 8.3).
Certification blocks are neither written nor read.
"""

import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, TypeVar

from PIL import Image

FORMAT, VERSION = b"FIR\0", b"020\0"
Made = TypeVar("Made")

LARGEST = 0xFFFF
"""Pixels to a side: the record has two bytes for it."""

_GENERAL = struct.Struct(">4s4sIHBB")
_CAPTURE = struct.Struct(">I9sBHHB")
_QUALITY = struct.Struct(">BHH")
_IMAGE = struct.Struct(">BBBHHHHBBBHHI")
_DATE = struct.Struct(">HBBBBBH")
_NO_DATE = b"\xff" * 9
_PER_INCH = 1
_DEPTH = 8


class MalformedRecord(ValueError):
    """The bytes are no finger image record that this station writes; the sentence says where they part from it."""


class Compression(IntEnum):
    """How the image data is packed; the lossless ones of the standard's table that a station uses."""

    NONE = 0
    PNG = 6


class Impression(IntEnum):
    """How the finger met the reader (table 10)."""

    LIVE_SCAN_PLAIN = 0
    LIVE_SCAN_ROLLED = 1


class Technology(IntEnum):
    """What the reader senses with (table 4; those of single-finger readers)."""

    UNKNOWN = 0
    VISIBLE_OPTICAL_TIR = 4
    INFRARED_OPTICAL_TIR = 7
    CAPACITIVE = 14


@dataclass(frozen=True, slots=True)
class Quality:
    """One quality score, 0 to 100 or 255 (could not be computed), and whose it is (0, 0: no registered algorithm)."""

    score: int
    vendor: int = 0
    algorithm: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.score <= 100 or self.score == 255):
            raise ValueError(f"a quality score is 0 to 100, or 255 for none, not {self.score}")


@dataclass(frozen=True, slots=True)
class FingerImage:
    """One impression as it goes into a record: ``pixels`` are width × height bytes, row by row, 0 = ridge."""

    position: int
    """1 (right thumb) to 10 (left little finger); slap codes are not for single fingers."""
    pixels: bytes = field(repr=False)
    width: int
    height: int
    captured: datetime | None
    """Aware, kept to the millisecond in UTC; None when the station's clock could not be trusted."""
    ppi: int = 500
    qualities: tuple[Quality, ...] = ()
    impression: Impression = Impression.LIVE_SCAN_PLAIN
    technology: Technology = Technology.UNKNOWN

    def __post_init__(self) -> None:
        if not 1 <= self.position <= 10:
            raise ValueError(f"finger position {self.position} is not 1 to 10")
        _check_size(self.pixels, self.width, self.height)
        if not 1 <= self.ppi <= LARGEST:
            raise ValueError(f"{self.ppi} pixels an inch do not fit a record")
        if self.captured is not None and self.captured.tzinfo is None:
            raise ValueError("the time of capture needs a time zone")
        if len(self.qualities) > 255:
            raise ValueError("a record holds at most 255 quality scores an image")


def _check_size(pixels: bytes, width: int, height: int) -> None:
    if not (1 <= width <= LARGEST and 1 <= height <= LARGEST):
        raise ValueError(f"{width} × {height} pixels do not fit a record")
    if len(pixels) != width * height:
        raise ValueError(f"{width} × {height} pixels are {width * height} bytes, not {len(pixels)}")


def finger_image_png(pixels: bytes, width: int, height: int, *, ppi: int = 500) -> bytes:
    """Return ``pixels`` (8-bit grey, row by row) as a lossless PNG that carries its resolution."""
    _check_size(pixels, width, height)
    png = io.BytesIO()
    Image.frombytes("L", (width, height), pixels).save(png, "PNG", dpi=(ppi, ppi))
    return png.getvalue()


def finger_record(images: Sequence[FingerImage], *, compression: Compression = Compression.PNG) -> bytes:
    """Return one ISO/IEC 19794-4:2011 record of ``images``, in their order; ValueError when there is none."""
    if not 1 <= len(images) <= LARGEST:
        raise ValueError(f"a record holds 1 to {LARGEST} images, not {len(images)}")
    seen: dict[int, int] = {}
    body = b""
    for image in images:
        number = seen.get(image.position, 0)  # numbered from 0 within each finger
        seen[image.position] = number + 1
        body += _representation(image, number, compression)
    return _GENERAL.pack(FORMAT, VERSION, _GENERAL.size + len(body), len(images), 0, len(seen)) + body


def _representation(image: FingerImage, number: int, compression: Compression) -> bytes:
    if number > 15:
        raise ValueError(f"more than 16 images of finger position {image.position}")
    data = image.pixels
    if compression is Compression.PNG:
        data = finger_image_png(image.pixels, image.width, image.height, ppi=image.ppi)
    qualities = b"".join(_QUALITY.pack(q.score, q.vendor, q.algorithm) for q in image.qualities)
    rates = (image.ppi,) * 4  # horizontal and vertical, of the scan and of the image: nothing is resampled
    fields = (image.position, number, _PER_INCH, *rates, _DEPTH, compression, image.impression)
    picture = _IMAGE.pack(*fields, image.width, image.height, len(data))
    length = _CAPTURE.size + len(qualities) + len(picture) + len(data)
    capture = _CAPTURE.pack(length, _date(image.captured), image.technology, 0, 0, len(image.qualities))
    return capture + qualities + picture + data


def _date(captured: datetime | None) -> bytes:
    if captured is None:
        return _NO_DATE
    t = captured.astimezone(UTC)
    return _DATE.pack(t.year, t.month, t.day, t.hour, t.minute, t.second, t.microsecond // 1000)


def read_finger_record(record: bytes) -> tuple[FingerImage, ...]:
    """Return the images of a record that ``finger_record`` could have written; MalformedRecord for all others."""
    general = _take(_GENERAL, record, 0)
    if general[:2] != (FORMAT, VERSION):
        raise MalformedRecord("not an ISO/IEC 19794-4:2011 finger image record")
    _, _, length, count, certified, positions = general
    if length != len(record):
        raise MalformedRecord(f"the header promises {length} bytes, {len(record)} are there")
    if certified:
        raise MalformedRecord("certification blocks are not read here")
    images: list[FingerImage] = []
    numbers: dict[int, int] = {}
    at = _GENERAL.size
    for _ in range(count):
        image, number, at = _read_representation(record, at)
        if number != numbers.get(image.position, 0):
            raise MalformedRecord(f"image {number} of finger position {image.position} is out of order")
        numbers[image.position] = number + 1
        images.append(image)
    if at != len(record) or not images or positions != len(numbers):
        raise MalformedRecord("the general header does not describe the representations that follow")
    return tuple(images)


def _read_representation(record: bytes, start: int) -> tuple[FingerImage, int, int]:
    """Return the image, its number among those of its finger, and where the next representation starts."""
    length, date, technology, _, _, count = _take(_CAPTURE, record, start)
    at = start + _CAPTURE.size
    qualities = []
    for _ in range(count):
        qualities.append(_checked(Quality, *_take(_QUALITY, record, at)))
        at += _QUALITY.size
    position, number, unit, *rates, depth, compression, impression, width, height, size = _take(_IMAGE, record, at)
    at += _IMAGE.size
    if at + size != start + length or at + size > len(record):
        raise MalformedRecord("a representation's length is not that of its parts")
    if unit != _PER_INCH or depth != _DEPTH or len(set(rates)) != 1:
        raise MalformedRecord("only 8-bit grey with one resolution, in pixels an inch, is read here")
    data = record[at : at + size]
    packed = _checked(Compression, compression)
    pixels = _unpacked_png(data, width, height) if packed is Compression.PNG else data
    image = _checked(
        FingerImage,
        position=position,
        pixels=pixels,
        width=width,
        height=height,
        captured=_read_date(date),
        ppi=rates[0],
        qualities=tuple(qualities),
        impression=_checked(Impression, impression),
        technology=_checked(Technology, technology),
    )
    return image, number, at + size


def _take(layout: struct.Struct, record: bytes, at: int) -> tuple[Any, ...]:
    if at + layout.size > len(record):
        raise MalformedRecord("the record ends in the middle of a header")
    return layout.unpack_from(record, at)


def _checked(kind: Callable[..., Made], *values: object, **fields: object) -> Made:
    """Make ``kind`` of what was read: what may not be written may not be read either."""
    try:
        return kind(*values, **fields)
    except ValueError as refused:
        raise MalformedRecord(str(refused)) from None


def _read_date(date: bytes) -> datetime | None:
    if date == _NO_DATE:
        return None
    *whole, milliseconds = _DATE.unpack(date)
    return _checked(datetime, *whole, milliseconds * 1000, tzinfo=UTC)


def _unpacked_png(data: bytes, width: int, height: int) -> bytes:
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        raise MalformedRecord("the image data is no PNG")
    # Believe the record's size only if the PNG's own header agrees: nothing larger than promised is ever unpacked.
    if struct.unpack_from(">IIBB", data.ljust(26, b"\0"), 16) != (width, height, _DEPTH, 0):
        raise MalformedRecord("the PNG is not the 8-bit grey picture that the record promises")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            picture.verify()  # all checksums; reading alone stops at the last pixel
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            return picture.tobytes()
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError) as broken:
        raise MalformedRecord("the PNG in the record is damaged") from broken
