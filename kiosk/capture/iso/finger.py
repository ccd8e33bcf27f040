"""The finger image record of ISO/IEC 19794-4:2011: every impression of every finger, the tries included.

A general header (clause 8.2), then one representation for each image (clause 8.3). Certification blocks and the
extended data blocks are neither written nor read.
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

FORM, VERSION = b"FIR\0", b"020\0"
VIEWS: Final = 16
"""The most images of one finger."""
MOST_PIXELS: Final = 1 << 26
"""Of a whole record: all tries of ten fingers, and the index fingers again, at 1,000 pixels an inch."""

_GENERAL = struct.Struct(">4s4sIHBB")
_IMAGE = struct.Struct(">BBBHHHHBBBHHI")
_PER_INCH, _DEPTH = 1, 8
_CODES = {Codec.RAW: 0, Codec.JPEG2000: 5, Codec.PNG: 6}
_CODECS = {code: codec for codec, code in _CODES.items()}
_WSQ = 2


class Impression(IntEnum):
    """How the finger met the reader (table 10)."""

    LIVE_SCAN_PLAIN = 0
    LIVE_SCAN_ROLLED = 1
    LIVE_SCAN_SWIPE = 8


class Technology(IntEnum):
    """What the reader senses with (table 4)."""

    UNKNOWN = 0
    WHITE_LIGHT_TIR = 1
    WHITE_LIGHT_DIRECT = 2
    WHITE_LIGHT_TOUCHLESS = 3
    VISIBLE_TIR = 4
    VISIBLE_DIRECT = 5
    VISIBLE_TOUCHLESS = 6
    INFRARED_TIR = 7
    INFRARED_DIRECT = 8
    INFRARED_TOUCHLESS = 9
    MULTISPECTRAL_TIR = 10
    MULTISPECTRAL_DIRECT = 11
    MULTISPECTRAL_TOUCHLESS = 12
    ELECTROLUMINESCENT = 13
    CAPACITIVE = 14
    RADIO_FREQUENCY = 15
    THERMAL = 16
    PRESSURE = 17
    ULTRASOUND = 18
    MECHANICAL = 19
    GLASS_FIBRE = 20


@dataclass(frozen=True, slots=True)
class FingerImage:
    """One impression: ``pixels`` are width × height bytes of 8-bit grey, row by row, 0 = ridge.

    ``position`` is 1 (right thumb) to 10 (left little finger); slap codes are not for single fingers. ``ppi`` is that
    of the reader and of the image: nothing is resampled.
    """

    position: int
    pixels: bytes = field(repr=False)
    width: int
    height: int
    ppi: int = 500
    impression: Impression = Impression.LIVE_SCAN_PLAIN
    capture: Capture = UNKNOWN_CAPTURE

    def __post_init__(self) -> None:
        if not 1 <= self.position <= 10:
            raise ValueError(f"finger position {self.position} is not 1 to 10")
        images.check_pixels(self.pixels, self.width, self.height)
        if not 1 <= self.ppi <= LARGEST:
            raise ValueError(f"{self.ppi} pixels an inch do not fit a record")
        Technology(self.capture.technology)


def finger_record(fingers: Sequence[FingerImage], *, codec: Codec = Codec.JPEG2000) -> bytes:
    """One record of ``fingers``, in their order; those of one position are numbered from 0 as they come.

    Raises ValueError for none, for more than 16 of one position, and for a codec that loses pixels.
    """
    if not fingers:
        raise ValueError("a finger record holds at least one image")
    if codec not in _CODES:
        raise ValueError(f"finger images are packed without loss, not as {codec}")
    if sum(finger.width * finger.height for finger in fingers) > MOST_PIXELS:
        raise ValueError("the images together are more than one record may hold")
    seen: dict[int, int] = {}
    body = b""
    for finger in fingers:
        number = seen.get(finger.position, 0)
        if number == VIEWS:
            raise ValueError(f"more than {VIEWS} images of finger position {finger.position}")
        seen[finger.position] = number + 1
        body += representation(finger.capture, _image(finger, number, codec))
    return _GENERAL.pack(FORM, VERSION, _GENERAL.size + len(body), len(fingers), 0, len(seen)) + body


def read_finger_record(record: bytes) -> tuple[FingerImage, ...]:
    """The images of a record that ``finger_record`` could have written; MalformedRecord for all others."""
    cursor, (count, certified, positions) = open_record(record, _GENERAL, form=FORM, version=VERSION)
    if certified:
        raise MalformedRecord("certification blocks are not read here")
    fingers: list[FingerImage] = []
    numbers: dict[int, int] = {}
    room = MOST_PIXELS
    for _ in range(count):
        finger, number = _read_image(*read_representation(cursor), room)
        if number != numbers.get(finger.position, 0) or number == VIEWS:
            raise MalformedRecord(f"image {number} of finger position {finger.position} is out of order")
        numbers[finger.position] = number + 1
        room -= len(finger.pixels)
        fingers.append(finger)
    cursor.close()
    if not fingers or positions != len(numbers):
        raise MalformedRecord("the general header does not describe the representations that follow")
    return tuple(fingers)


def _image(finger: FingerImage, number: int, codec: Codec) -> bytes:
    data = images.compress(finger.pixels, finger.width, finger.height, codec=codec, ppi=finger.ppi)
    rates = (finger.ppi,) * 4  # horizontal and vertical, of the scan and of the image
    fields = (finger.position, number, _PER_INCH, *rates, _DEPTH, _CODES[codec], finger.impression)
    return _IMAGE.pack(*fields, finger.width, finger.height, len(data)) + data


def _read_image(capture: Capture, body: Cursor, room: int) -> tuple[FingerImage, int]:
    position, number, unit, *rates, depth, code, impression, width, height, size = body.take(_IMAGE)
    data = body.piece(size)
    body.close()
    if unit != _PER_INCH or depth != _DEPTH or len(set(rates)) != 1:
        raise MalformedRecord("only 8-bit grey with one resolution, in pixels an inch, is read here")
    if code not in _CODECS:
        raise MalformedRecord("WSQ is not read here" if code == _WSQ else f"compression {code} is not read here")
    if width * height > room:
        raise MalformedRecord("the images together are more than one record may hold")
    pixels = images.decompress(data, _CODECS[code], width, height)
    fields = {"ppi": rates[0], "impression": checked(Impression, impression), "capture": capture}
    return checked(FingerImage, position, pixels, width, height, **fields), number
