"""How the pixels of a record are packed, and unpacked without believing more than the picture's own header says."""

import io
import struct
import zlib
from typing import Final

from PIL import Image

from kiosk.capture.iso import jpeg2000
from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.common import LARGEST, Cursor, MalformedRecord

MOST_PIXELS: Final = 1 << 24
"""Of one picture: more than any camera of a station gives, and little enough to unpack anywhere."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNK = struct.Struct(">I4s")
_PNG_HEADER = struct.Struct(">IIBBBBB")
_PNG_COLOUR = {1: 0, 3: 2}
_JPEG_SEGMENT = struct.Struct(">BBH")
_JPEG_FRAME = struct.Struct(">BHHB")
_JPEG_BASELINE, _JPEG_SCAN = 0xC0, 0xDA
_JPEG_OTHER_FRAMES = frozenset(range(0xC1, 0xD0)) - {0xC4, 0xC8, 0xCC}


def check_size(width: int, height: int) -> None:
    """Raise ValueError for a size that no record may have."""
    if not (1 <= width <= LARGEST and 1 <= height <= LARGEST) or width * height > MOST_PIXELS:
        raise ValueError(f"{width} × {height} pixels do not fit a record")


def check_pixels(pixels: bytes, width: int, height: int, *, components: int = 1) -> None:
    """Raise ValueError unless ``pixels`` are 8-bit grey (or RGB: 3 ``components``) of this size, row by row."""
    check_size(width, height)
    if len(pixels) != width * height * components:
        raise ValueError(f"{width} × {height} pixels are {width * height * components} bytes, not {len(pixels)}")


def compress(pixels: bytes, width: int, height: int, *, codec: Codec, ppi: int = 0, components: int = 1) -> bytes:
    """Pack 8-bit grey (or RGB: 3 ``components``) pixels, row by row; ``ppi`` goes into the picture unless it is 0."""
    check_pixels(pixels, width, height, components=components)
    if codec is Codec.RAW:
        return pixels
    picture = Image.frombytes(_mode(components), (width, height), pixels)
    packed = io.BytesIO()
    resolution = {"dpi": (ppi, ppi)} if ppi else {}
    match codec:
        case Codec.PNG:
            picture.save(packed, "PNG", **resolution)
        case Codec.JPEG:
            picture.save(packed, "JPEG", quality=92, **resolution)
        case Codec.JPEG2000:
            picture.save(packed, "JPEG2000", irreversible=False, mct=int(components == 3))
            return jpeg2000.with_resolution(packed.getvalue(), ppi) if ppi else packed.getvalue()
    return packed.getvalue()


def check_packed(data: bytes, codec: Codec, width: int, height: int, *, components: int = 1) -> None:
    """Raise MalformedRecord unless ``data`` is, by its own header, this picture and nothing else; unpacks no pixels."""
    try:
        check_size(width, height)
    except ValueError as refused:
        raise MalformedRecord(str(refused)) from None
    match codec:
        case Codec.RAW:
            if len(data) != width * height * components:
                raise MalformedRecord("the pixels are not as many as the record promises")
        case Codec.PNG:
            _check_png(data, width, height, components)
        case Codec.JPEG2000:
            jpeg2000.check(data, width, height, components)
        case Codec.JPEG:
            _check_jpeg(data, width, height, components)


def decompress(data: bytes, codec: Codec, width: int, height: int, *, components: int = 1) -> bytes:
    """The pixels of a picture that ``check_packed`` accepts, row by row; MalformedRecord for all others."""
    check_packed(data, codec, width, height, components=components)
    if codec is Codec.RAW:
        return data
    try:
        with Image.open(io.BytesIO(data), formats=(codec.upper(),)) as picture:
            return picture.tobytes()
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError) as broken:
        raise MalformedRecord(f"the {codec.upper()} picture in the record is damaged") from broken


def _mode(components: int) -> str:
    return "RGB" if components == 3 else "L"


def _check_png(data: bytes, width: int, height: int, components: int) -> None:
    """IHDR, pHYs, IDAT…, IEND as ``compress`` writes them, every checksum right, and no row too few or too many."""
    cursor = Cursor(data)
    if cursor.piece(len(_PNG)) != _PNG:
        raise MalformedRecord("the image data is no PNG")
    kinds: list[bytes] = []
    packed = b""
    while not kinds or kinds[-1] != b"IEND":
        size, kind = cursor.take(_PNG_CHUNK)
        content = cursor.piece(size)
        if cursor.piece(4) != zlib.crc32(kind + content).to_bytes(4, "big"):
            raise MalformedRecord("a checksum of the PNG is wrong")
        kinds.append(kind)
        if kind == b"IHDR" and content != _PNG_HEADER.pack(width, height, 8, _PNG_COLOUR[components], 0, 0, 0):
            raise MalformedRecord("the PNG is not the picture that the record promises")
        if kind == b"IDAT":
            packed += content
    cursor.close()
    order = [kind for kind in kinds if kind not in (b"IDAT", b"pHYs")]
    if order != [b"IHDR", b"IEND"] or kinds[0] != b"IHDR" or kinds.count(b"pHYs") > 1:
        raise MalformedRecord("the PNG has parts that do not belong to a plain picture")
    rows, unpacking = height * (1 + width * components), zlib.decompressobj()
    try:
        found = len(unpacking.decompress(packed, rows + 1))
    except zlib.error as broken:
        raise MalformedRecord("the PNG picture in the record is damaged") from broken
    if found != rows or not unpacking.eof or unpacking.unused_data:
        raise MalformedRecord("the PNG does not hold as many rows as its header says")


def _check_jpeg(data: bytes, width: int, height: int, components: int) -> None:
    """Baseline only (ISO/IEC 10918-1, Annex B): the frame header names the size, the end mark is the end."""
    cursor = Cursor(data)
    if cursor.piece(2) != b"\xff\xd8" or not data.endswith(b"\xff\xd9"):
        raise MalformedRecord("the image data is no whole JPEG")
    frames = 0
    while True:
        fill, marker, length = cursor.take(_JPEG_SEGMENT)
        if fill != 0xFF or length < 2 or marker in _JPEG_OTHER_FRAMES:
            raise MalformedRecord("the JPEG is coded in a way that is not read here")
        segment = cursor.part(length - 2)
        if marker == _JPEG_BASELINE:
            frames += 1
            if segment.take(_JPEG_FRAME) != (8, height, width, components):
                raise MalformedRecord("the JPEG is not the picture that the record promises")
        elif marker == _JPEG_SCAN:
            break
    if frames != 1:
        raise MalformedRecord("the JPEG does not say its size once")
