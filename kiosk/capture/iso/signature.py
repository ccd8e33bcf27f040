"""The signature time series of ISO/IEC 19794-7:2007, full format: where the finger was, when, and how hard it pressed.

A record is a header with a description of each channel (clause 7.3), then sample points of 16-bit numbers (7.4); the
ASN.1 of its annex B says how each is coded. Channels: X and Y in millimetres from the lower left corner of the signing
field, T in seconds since the first touch, and either F, the force in the screen's own units, or S, whether the surface
is touched. Where a stroke ends, its last point is repeated, lifted.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from kiosk.capture.iso.common import LARGEST, Cursor, MalformedRecord, checked

FORM, VERSION = b"SDI\0", b" 10\0"
STEPS: Final = 32
"""Steps in a millimetre: finer than any touch screen, and a field of a metre still fits."""
LARGEST_FIELD: Final = 0x7FFF / STEPS
"""Millimetres."""
MOST_POINTS: Final = 100_000
"""Several minutes at any rate of a touch screen."""

_HEADER = struct.Struct(">4s4sH")
_POINTS = struct.Struct(">B3s")
_PLANE = struct.Struct(">BHHH")
_TIME = struct.Struct(">BH")
_FORCE = struct.Struct(">BHH")
_SWITCH = struct.Struct(">B")
# Bits of the channel inclusion field, and of a channel description's preamble, highest first (annex B).
_X, _Y, _T, _F, _S = 1 << 15, 1 << 14, 1 << 8, 1 << 6, 1 << 5
_SCALED, _LEAST, _MOST = 1 << 7, 1 << 6, 1 << 5
_SIGNED = 0x8000
"""Signed values are stored above their least, -32768."""
_TICKS: Final = (1000, 500, 250, 125, 32, 8)
"""Ticks in a second; of these the finest that reaches the end: 16 bits hold 65 seconds of milliseconds."""
LONGEST: Final = LARGEST / _TICKS[-1]
"""Seconds."""
_WITH_FORCE, _WITH_SWITCH = struct.Struct(">HHHH"), struct.Struct(">HHHB")


class Sample(NamedTuple):
    """x and y in millimetres from the field's upper left corner, ``t`` in seconds since the first touch.

    ``pressure`` from 0 to 1 in the screen's own measure, None where it feels none; ``stroke`` counts from 0.
    """

    x: float
    y: float
    t: float
    pressure: float | None
    stroke: int


@dataclass(frozen=True, slots=True)
class SignatureTimeSeries:
    """A signature on a field of ``width`` × ``height`` millimetres; samples in the order of their strokes and times."""

    width: float
    height: float
    samples: tuple[Sample, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not (1 <= self.width <= LARGEST_FIELD and 1 <= self.height <= LARGEST_FIELD):
            raise ValueError(f"a signing field of {self.width} × {self.height} mm does not fit a record")
        if not self.samples or len(self.samples) + self.samples[-1].stroke + 1 > MOST_POINTS:
            raise ValueError(f"a signature has 1 to {MOST_POINTS} points")
        if not all(0 <= s.x <= self.width and 0 <= s.y <= self.height for s in self.samples):
            raise ValueError("a point of the signature lies outside its field")
        times = (0.0, *(s.t for s in self.samples))
        if not all(before <= after for before, after in pairwise(times)):
            raise ValueError("the points of the signature are not in the order of their times")
        if self.samples[-1].t > LONGEST:
            raise ValueError("the signature took longer than a record can say")
        steps = [after.stroke - before.stroke for before, after in pairwise(self.samples)]
        if self.samples[0].stroke != 0 or not all(0 <= step <= 1 for step in steps):
            raise ValueError("the strokes of the signature are not numbered in their order")
        if not all(s.pressure is None or 0 <= s.pressure <= 1 for s in self.samples):
            raise ValueError("a pressure is not from 0 to 1")

    @property
    def felt(self) -> bool:
        """Whether the pressure of every point is known."""
        return all(s.pressure is not None for s in self.samples)


def from_shares(
    strokes: Iterable[Sequence[tuple[float, float, float, float | None]]], *, width: float, height: float
) -> SignatureTimeSeries:
    """Strokes of (x, y, t, pressure), x and y as shares of a field of ``width`` × ``height`` millimetres."""
    samples = [
        Sample(min(max(x, 0.0), 1.0) * width, min(max(y, 0.0), 1.0) * height, t, pressure, number)
        for number, stroke in enumerate(filter(None, strokes))
        for x, y, t, pressure in stroke
    ]
    return SignatureTimeSeries(width, height, tuple(samples))


def signature_record(series: SignatureTimeSeries) -> bytes:
    """One record; pressure goes into it only where every point has one."""
    ticks, felt = next(rate for rate in _TICKS if series.samples[-1].t * rate <= LARGEST), series.felt
    channels = _X | _Y | _T | (_F if felt else _S)
    header = _HEADER.pack(FORM, VERSION, channels)
    for side in (series.width, series.height):
        header += _PLANE.pack(_SCALED | _LEAST | _MOST, _scaling(STEPS), _SIGNED, _SIGNED + _steps(side))
    header += _TIME.pack(_SCALED, _scaling(ticks))
    header += _FORCE.pack(_LEAST | _MOST, 0, LARGEST) if felt else _SWITCH.pack(0)
    layout = _WITH_FORCE if felt else _WITH_SWITCH
    points = [layout.pack(*point) for point in _points(series, ticks, felt=felt)]
    # A reserved byte ends the header; the body's first byte says that no extended data follow the points.
    return header + b"\0" + _POINTS.pack(0, len(points).to_bytes(3, "big")) + b"".join(points)


def read_signature_record(record: bytes) -> SignatureTimeSeries:
    """The signature of a record that ``signature_record`` could have written; MalformedRecord for all others."""
    cursor = Cursor(record)
    form, version, channels = cursor.take(_HEADER)
    if (form, version) != (FORM, VERSION):
        raise MalformedRecord("not a SDI record of version  10")
    if channels not in (_X | _Y | _T | _F, _X | _Y | _T | _S):
        raise MalformedRecord("only the channels X, Y, T and one of F and S are read here")
    felt = bool(channels & _F)
    width, height = _read_side(cursor), _read_side(cursor)
    ticks = _read_ticks(cursor)
    force = cursor.take(_FORCE) == (_LEAST | _MOST, 0, LARGEST) if felt else cursor.take(_SWITCH) == (0,)
    if not force or cursor.piece(1) != b"\0":
        raise MalformedRecord("the header describes a channel in a way that is not read here")
    extended, count = cursor.take(_POINTS)
    if extended:
        raise MalformedRecord("extended data are not read here")
    if int.from_bytes(count, "big") > MOST_POINTS:
        raise MalformedRecord("more points than a signature has")
    layout = _WITH_FORCE if felt else _WITH_SWITCH
    points = [cursor.take(layout) for _ in range(int.from_bytes(count, "big"))]
    cursor.close()
    return checked(SignatureTimeSeries, width, height, tuple(_samples(points, height, ticks, felt=felt)))


def _points(series: SignatureTimeSeries, ticks: int, *, felt: bool) -> Iterator[tuple[int, int, int, int]]:
    for _, stroke in groupby(series.samples, key=lambda sample: sample.stroke):
        for s in stroke:
            # Y counts upward. A touch without any force would be none.
            touch = max(1, round((s.pressure or 0) * LARGEST)) if felt else 1
            place = (_SIGNED + _steps(s.x), _SIGNED + _steps(series.height) - _steps(s.y), round(s.t * ticks))
            yield (*place, touch)
        yield (*place, 0)


def _samples(points: list[tuple[int, ...]], height: float, ticks: int, *, felt: bool) -> Iterator[Sample]:
    stroke, touching = 0, False
    for at, (x, y, t, touch) in enumerate(points):
        if touch:
            if not felt and touch != 1:
                raise MalformedRecord("the surface is neither touched nor not")
            pressure = touch / LARGEST if felt else None
            yield Sample((x - _SIGNED) / STEPS, height - (y - _SIGNED) / STEPS, t / ticks, pressure, stroke)
        else:
            if not touching or points[at - 1][:3] != (x, y, t):
                raise MalformedRecord("a stroke ends where there was none")
            stroke += 1
        touching = bool(touch)
    if touching:
        raise MalformedRecord("the last stroke has no end")


def _steps(millimetres: float) -> int:
    return round(millimetres * STEPS)


def _scaling(value: int) -> int:
    """Clause 7.3.4: an exponent of two, 16 more than it is, in 5 bits, and a fraction of 2048 in 11; exact for ours."""
    exponent = value.bit_length() - 1
    return (exponent + 16) << 11 | (value * 2048 >> exponent) - 2048


def _read_side(cursor: Cursor) -> float:
    preamble, scaling, least, most = cursor.take(_PLANE)
    if (preamble, scaling, least) != (_SCALED | _LEAST | _MOST, _scaling(STEPS), _SIGNED) or most < _SIGNED:
        raise MalformedRecord("the header describes the signing field in a way that is not read here")
    return float((most - _SIGNED) / STEPS)


def _read_ticks(cursor: Cursor) -> int:
    preamble, scaling = cursor.take(_TIME)
    for ticks in _TICKS:
        if (preamble, scaling) == (_SCALED, _scaling(ticks)):
            return ticks
    raise MalformedRecord("the header describes the time in a way that is not read here")
