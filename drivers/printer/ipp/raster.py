"""PWG Raster: pages of sRGB dots to bytes and back, no I/O.

Source: PWG 5102.4-2012. The file is ``RaS2`` and, for each page, a header of 1796 bytes (§4.3, big-endian) and its
lines. Of equal lines the first is stored behind their number less one; within a line a byte n < 128 stands before one
dot that occurs n + 1 times, and n > 128 before 257 - n different dots (§4.4).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from struct import Struct

import numpy as np
import numpy.typing as npt

Dots = npt.NDArray[np.uint8]
"""uint8 (height, width, 3), RGB, as the medium lies in the feed."""

SYNC = b"RaS2"
HEADER_SIZE = 1796
WORD = Struct(">I")
SRGB, CHUNKY = 19, 0
MOST_DOTS = 4 << 20
"""Dots of one page that are read: six times a card at 300 dpi, so that a lying header cannot take the memory."""
MOST_PAGES = 2
LONGEST_RUN = 128
MOST_EQUAL_LINES = 256
# Where a number stands in the header.
DUPLEX, CROSS_RESOLUTION, FEED_RESOLUTION, COPIES = 272, 276, 280, 340
POINTS_ACROSS, POINTS_ALONG, TUMBLE, WIDTH, HEIGHT = 352, 356, 368, 372, 376
BITS_PER_COLOUR, BITS_PER_DOT, BYTES_PER_LINE, COLOUR_ORDER, COLOUR_SPACE = 384, 388, 392, 396, 400
COLOURS, PAGES, CROSS_TRANSFORM, FEED_TRANSFORM, BOX_RIGHT, BOX_BOTTOM = 420, 452, 456, 460, 472, 476
QUALITY = 484
BEST = 5
"""``print-quality`` high (RFC 8011 §5.2.13)."""


class NotRaster(ValueError):
    """The bytes are no PWG Raster of an sRGB card."""


@dataclass(frozen=True, slots=True)
class Page:
    """One face. ``tumble``: the sheet is turned about its short edge; transforms are +1 or -1 (§4.3.3.2)."""

    dots: Dots = field(repr=False)
    dpi: int
    duplex: bool = False
    tumble: bool = False
    cross_transform: int = 1
    feed_transform: int = 1


def encode(pages: Sequence[Page]) -> bytes:
    """Write the pages of one job; all have three colours of eight bits."""
    return SYNC + b"".join(_header(page, len(pages)) + b"".join(_lines(page.dots)) for page in pages)


def _header(page: Page, total: int) -> bytes:
    height, width, _ = page.dots.shape
    header = bytearray(HEADER_SIZE)
    header[:10] = b"PwgRaster\0"
    for at, number in {
        DUPLEX: page.duplex,
        CROSS_RESOLUTION: page.dpi,
        FEED_RESOLUTION: page.dpi,
        COPIES: 1,
        POINTS_ACROSS: round(width * 72 / page.dpi),
        POINTS_ALONG: round(height * 72 / page.dpi),
        TUMBLE: page.tumble,
        WIDTH: width,
        HEIGHT: height,
        BITS_PER_COLOUR: 8,
        BITS_PER_DOT: 24,
        BYTES_PER_LINE: 3 * width,
        COLOUR_ORDER: CHUNKY,
        COLOUR_SPACE: SRGB,
        COLOURS: 3,
        PAGES: total,
        CROSS_TRANSFORM: page.cross_transform & 0xFFFFFFFF,
        FEED_TRANSFORM: page.feed_transform & 0xFFFFFFFF,
        BOX_RIGHT: width,
        BOX_BOTTOM: height,
        QUALITY: BEST,
    }.items():
        WORD.pack_into(header, at, number)
    return bytes(header)


def _lines(dots: Dots) -> Iterator[bytes]:
    differs = (dots[1:] != dots[:-1]).any(axis=(1, 2))
    for begin, end in pairwise([0, *(np.flatnonzero(differs) + 1).tolist(), len(dots)]):
        line = _line(dots[begin])
        for first in range(begin, end, MOST_EQUAL_LINES):
            yield bytes((min(end - first, MOST_EQUAL_LINES) - 1,)) + line


def _line(dots: Dots) -> bytes:
    begins = np.flatnonzero(np.append(True, (dots[1:] != dots[:-1]).any(axis=1)))
    # A photograph has no runs worth looking for, and all its dots as they are cost less than a byte before each.
    if len(begins) >= len(dots) // 2:
        return b"".join(_different(dots[at : at + LONGEST_RUN]) for at in range(0, len(dots), LONGEST_RUN))
    # A run that is too long for one byte is begun anew every 128 dots.
    pieces = -(-np.diff(begins, append=len(dots)) // LONGEST_RUN)
    before = pieces.cumsum() - pieces
    firsts = np.repeat(begins - LONGEST_RUN * before, pieces) + LONGEST_RUN * np.arange(pieces.sum())
    repeats = np.diff(firsts, append=len(dots)) - 1
    return np.column_stack((repeats.astype(np.uint8), dots[firsts])).tobytes()


def _different(dots: Dots) -> bytes:
    return bytes((257 - len(dots) if len(dots) > 1 else 0,)) + dots.tobytes()


def decode(data: bytes) -> tuple[Page, ...]:
    """Read the pages of a job of at most two sRGB pages. Raises NotRaster, and nothing else, on any other bytes."""
    if not data.startswith(SYNC):
        raise NotRaster("The bytes do not begin as PWG Raster.")
    pages: list[Page] = []
    at = len(SYNC)
    while at < len(data):
        if len(pages) == MOST_PAGES:
            raise NotRaster("A card has two faces.")
        page, at = _page(data, at)
        pages.append(page)
    return tuple(pages)


def _page(data: bytes, at: int) -> tuple[Page, int]:
    header = data[at : at + HEADER_SIZE]
    if len(header) < HEADER_SIZE:
        raise NotRaster("The header of a page is cut short.")

    def number(place: int) -> int:
        return int.from_bytes(header[place : place + 4], "big")

    width, height = number(WIDTH), number(HEIGHT)
    if not (0 < width * height <= MOST_DOTS and number(BYTES_PER_LINE) == 3 * width):
        raise NotRaster("The size of a page is impossible.")
    if (number(COLOUR_SPACE), number(COLOUR_ORDER), number(BITS_PER_DOT)) != (SRGB, CHUNKY, 24):
        raise NotRaster("A page is not sRGB of three bytes a dot.")
    dots = np.empty((height, width, 3), np.uint8)
    at += HEADER_SIZE
    row = 0
    while row < height:
        equal = _byte(data, at) + 1
        line, at = _unpacked(data, at + 1, width)
        dots[row : row + equal] = np.frombuffer(line, np.uint8).reshape(width, 3)
        row += equal
    page = Page(
        dots=dots,
        dpi=number(CROSS_RESOLUTION),
        duplex=bool(number(DUPLEX)),
        tumble=bool(number(TUMBLE)),
        cross_transform=-1 if number(CROSS_TRANSFORM) == 0xFFFFFFFF else 1,
        feed_transform=-1 if number(FEED_TRANSFORM) == 0xFFFFFFFF else 1,
    )
    return page, at


def _unpacked(data: bytes, at: int, width: int) -> tuple[bytes, int]:
    line = bytearray()
    while len(line) < 3 * width:
        code = _byte(data, at)
        count = code + 1 if code < LONGEST_RUN else 257 - code
        stored = 3 if code < LONGEST_RUN else 3 * count
        piece = data[at + 1 : at + 1 + stored]
        if code == LONGEST_RUN or len(piece) < stored:
            raise NotRaster("A line is cut short or has a code without meaning.")
        line += piece * count if stored == 3 else piece
        at += 1 + stored
    if len(line) > 3 * width:
        raise NotRaster("A line is longer than its page is wide.")
    return bytes(line), at


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise NotRaster("A page is cut short.")
    return data[at]
