"""The one form of JPEG 2000 (ISO/IEC 15444-1) that a record carries, checked before a decoder sees it.

A JP2 file with one codestream: 8 bits a component, one tile, one layer, no precincts, the reversible 5-3 transform.
That is lossless, and bounds the memory of its decoding by the picture's size. Pillow writes everything but the
resolution box, which is put in here.
"""

import struct
from typing import Final

from kiosk.capture.iso.common import Cursor, MalformedRecord

_BOX = struct.Struct(">I4s")
_SIGNATURE = b"\x0d\x0a\x87\x0a"
_IMAGE_HEADER = struct.Struct(">IIHBBBB")
_COLOUR = struct.Struct(">BBBI")
_RESOLUTION = struct.Struct(">HHHHbb")
_MARKER = struct.Struct(">HH")
_SIZE = struct.Struct(">H8IH")
_CODING = struct.Struct(">BBHBBBBBB")
_TILE = struct.Struct(">HIBB")

_SOC, _SIZ, _COD, _QCD, _COM, _SOT, _SOD, _EOC = 0xFF4F, 0xFF51, 0xFF52, 0xFF5C, 0xFF64, 0xFF90, 0xFF93, 0xFFD9
_EIGHT_BITS: Final = 7
"""Bit depths are stored less one."""
_WAVELET: Final = 7
"""The only type of compression in a JP2 file."""
_REVERSIBLE: Final = 1
_COLOURS: Final = {1: 17, 3: 16}
"""Enumerated colour spaces (Annex I.5.3.3): grey, sRGB."""


def with_resolution(jp2: bytes, ppi: int) -> bytes:
    """Put the resolution at which the picture was captured into a JP2 file that has none (Annex I.5.3.7)."""
    start = jp2.index(b"jp2h") - 4
    size = int.from_bytes(jp2[start : start + 4], "big")
    # ppi / 0.0254 pixels a metre, exactly: a fraction and a power of ten.
    capture = _box(b"resc", _RESOLUTION.pack(ppi, 254, ppi, 254, 4, 4))
    header = jp2[start + _BOX.size : start + size] + _box(b"res ", capture)
    return jp2[:start] + _box(b"jp2h", header) + jp2[start + size :]


def check(jp2: bytes, width: int, height: int, components: int) -> None:
    """Raise MalformedRecord unless ``jp2`` is a lossless picture of this size in the form above, and nothing else."""
    cursor = Cursor(jp2)
    if _take_box(cursor, b"jP  ") != _SIGNATURE or not _take_box(cursor, b"ftyp").startswith(b"jp2 "):
        raise MalformedRecord("the image data is no JPEG 2000 file")
    header = Cursor(_take_box(cursor, b"jp2h"))
    high, wide, count, bits, kind, _, _ = Cursor(_take_box(header, b"ihdr")).take(_IMAGE_HEADER)
    if (wide, high, count, bits, kind) != (width, height, components, _EIGHT_BITS, _WAVELET):
        raise MalformedRecord("the JPEG 2000 file is not the picture that the record promises")
    if _take_box(header, b"colr") != _COLOUR.pack(1, 0, 0, _COLOURS[components]):
        raise MalformedRecord("the JPEG 2000 file is neither grey nor sRGB as the record promises")
    if not header.ended:
        resolution = Cursor(_take_box(header, b"res "))
        Cursor(_take_box(resolution, b"resc")).take(_RESOLUTION)
        resolution.close()
    header.close()
    _check_codestream(_take_box(cursor, b"jp2c"), width, height, components)
    cursor.close()


def _box(kind: bytes, content: bytes) -> bytes:
    return _BOX.pack(_BOX.size + len(content), kind) + content


def _take_box(cursor: Cursor, kind: bytes) -> bytes:
    size, found = cursor.take(_BOX)
    if found != kind or size < _BOX.size:
        raise MalformedRecord(f"the JPEG 2000 file has no {kind.decode().strip()} box where it belongs")
    return cursor.piece(size - _BOX.size)


def _check_codestream(data: bytes, width: int, height: int, components: int) -> None:
    """Annex A: the main header names the sizes, one tile-part holds the rest."""
    cursor = Cursor(data)
    if cursor.piece(2) != _SOC.to_bytes(2, "big"):
        raise MalformedRecord("the JPEG 2000 codestream does not begin as one")
    seen = []
    while (marker := _segment(cursor))[0] != _SOT:
        seen.append(marker[0])
        if marker[0] == _SIZ:
            _check_size(Cursor(marker[1]), width, height, components)
        elif marker[0] == _COD:
            _check_coding(Cursor(marker[1]))
        elif marker[0] not in (_QCD, _COM):
            raise MalformedRecord("the JPEG 2000 codestream is coded in a way that is not read here")
    if sorted(kind for kind in seen if kind != _COM) != [_SIZ, _COD, _QCD] or seen[0] != _SIZ:
        raise MalformedRecord("the JPEG 2000 codestream's header is not whole")
    tile, length, part, parts = Cursor(marker[1]).take(_TILE)
    # The tile-part counts from its own marker (12 bytes back); behind it only the two bytes of the end are left.
    if (tile, part, parts) != (0, 0, 1) or length != len(data) - 2 - (cursor.at - 12):
        raise MalformedRecord("the JPEG 2000 codestream is not one tile in one part")
    if cursor.piece(2) != _SOD.to_bytes(2, "big") or data[-2:] != _EOC.to_bytes(2, "big"):
        raise MalformedRecord("the JPEG 2000 codestream does not end as one")


def _segment(cursor: Cursor) -> tuple[int, bytes]:
    marker, length = cursor.take(_MARKER)
    if length < 2:
        raise MalformedRecord("a segment of the JPEG 2000 codestream is shorter than its own length")
    return marker, cursor.piece(length - 2)


def _check_size(segment: Cursor, width: int, height: int, components: int) -> None:
    _, *sizes, count = segment.take(_SIZE)
    planes = segment.piece(3 * components)
    segment.close()
    # The picture, its offset, its tile (as large), the tile's offset; every component whole and 8 bits deep.
    if sizes != [width, height, 0, 0, width, height, 0, 0] or count != components:
        raise MalformedRecord("the JPEG 2000 codestream is not the picture that the record promises")
    if planes != bytes((_EIGHT_BITS, 1, 1)) * components:
        raise MalformedRecord("the JPEG 2000 codestream has other than 8 bits a pixel")


def _check_coding(segment: Cursor) -> None:
    style, _, layers, _, levels, _, _, _, transform = segment.take(_CODING)
    if style & 1 or layers != 1 or levels > 32:
        raise MalformedRecord("the JPEG 2000 codestream is coded in a way that is not read here")
    segment.close()
    if transform != _REVERSIBLE:
        raise MalformedRecord("the JPEG 2000 picture is not lossless")
