"""What the records of ISO/IEC 19794-4, -5 and -6 (all 2011) share: when, with what, and how good (part 1, clause 12).

All numbers are big-endian.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self, TypeVar

Made = TypeVar("Made")

LARGEST: Final = 0xFFFF
"""The most that two bytes of a record hold."""
FAILED: Final = 255
"""The score of an algorithm that could not compute one."""

SC37: Final = 0x0101
"""IBIA's number of ISO/IEC JTC 1/SC 37, which owns the identifiers of NFIQ 2 (NIST's own, 0x000F, is NFIQ 1's)."""
NFIQ2: Final = {"2.0": 0x21, "2.1": 0x37, "2.2": 0x38, "2.3": 0x39}
"""Quality algorithm identifiers of NFIQ 2 by its version, as NIST's NFIQ 2.3 has them (``nfiq2_constants.cpp``)."""

_START = struct.Struct(">I9sBHHB")
_QUALITY = struct.Struct(">BHH")
_DATE = struct.Struct(">HBBBBBH")
_NO_DATE = b"\xff" * _DATE.size


class MalformedRecord(ValueError):
    """The bytes are no record that this station writes; the sentence says where they part from it."""


def _check_numbers(*numbers: int) -> None:
    for number in numbers:
        if not 0 <= number <= LARGEST:
            raise ValueError(f"{number} is no number of IBIA's register")


@dataclass(frozen=True, slots=True)
class Quality:
    """One quality score, 0 to 100 or 255 (could not be computed), and whose it is by IBIA's register.

    An own score has no registered owner: its ``vendor`` and ``algorithm`` are 0, "not specified". Whoever reads it may
    rank this station's images by it, and compare it with nothing else.
    """

    score: int
    vendor: int = 0
    algorithm: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.score <= 100 or self.score == FAILED):
            raise ValueError(f"a quality score is 0 to 100, or {FAILED} for none, not {self.score}")
        _check_numbers(self.vendor, self.algorithm)

    @classmethod
    def nfiq2(cls, score: int, version: str) -> Self:
        """The score of an installed NFIQ 2 of ``version``, such as "2.3.0"; of an unknown one it stays unowned."""
        algorithm = NFIQ2.get(".".join(version.split(".")[:2]), 0)
        return cls(score, SC37 if algorithm else 0, algorithm)


@dataclass(frozen=True, slots=True)
class Device:
    """The reader or camera: its maker's number in IBIA's register, and the maker's own for the model; 0 is unknown."""

    vendor: int = 0
    model: int = 0

    def __post_init__(self) -> None:
        _check_numbers(self.vendor, self.model)


UNKNOWN_DEVICE: Final = Device()


@dataclass(frozen=True, slots=True)
class Capture:
    """How an image came to be.

    ``captured`` is aware, kept to the millisecond in UTC, None when the clock could not be trusted. ``technology`` is
    what the device senses with, by each part's own table; 0 is unknown. At most 255 ``qualities``.
    """

    captured: datetime | None = None
    technology: int = 0
    device: Device = UNKNOWN_DEVICE
    qualities: tuple[Quality, ...] = ()

    def __post_init__(self) -> None:
        if self.captured is not None and self.captured.tzinfo is None:
            raise ValueError("the time of capture needs a time zone")
        if not 0 <= self.technology <= 255:
            raise ValueError(f"technology {self.technology} does not fit a record")
        if len(self.qualities) > 255:
            raise ValueError("a record holds at most 255 quality scores an image")


UNKNOWN_CAPTURE: Final = Capture()


class Cursor:
    """Reads a record from the front; what is not there is a MalformedRecord."""

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def take(self, layout: struct.Struct) -> tuple[Any, ...]:
        """The next fields."""
        return layout.unpack(self.piece(layout.size))

    def piece(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        if size > len(self._data) - self.at:
            raise MalformedRecord("the record ends in the middle of a field")
        self.at += size
        return self._data[self.at - size : self.at]

    def part(self, size: int) -> "Cursor":
        """The next ``size`` bytes, to be read by themselves."""
        return Cursor(self.piece(size))

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.at == len(self._data)

    def close(self) -> None:
        """Nothing may be left over."""
        if not self.ended:
            raise MalformedRecord(f"{len(self._data) - self.at} bytes follow what should be the end")


def checked(make: Callable[..., Made], /, *values: object, **fields: object) -> Made:
    """Make a value of what was read: what may not be written may not be read either."""
    try:
        return make(*values, **fields)
    except ValueError as refused:
        raise MalformedRecord(str(refused)) from None


def open_record(record: bytes, header: struct.Struct, *, form: bytes, version: bytes) -> tuple[Cursor, tuple[Any, ...]]:
    """The cursor behind the general header, and the header's fields behind the record's length."""
    cursor = Cursor(record)
    found_form, found_version, length, *fields = cursor.take(header)
    if (found_form, found_version) != (form, version):
        raise MalformedRecord(f"not a {form[:3].decode()} record of version {version[:3].decode()}")
    if length != len(record):
        raise MalformedRecord(f"the header promises {length} bytes, {len(record)} are there")
    return cursor, tuple(fields)


def representation(capture: Capture, body: bytes) -> bytes:
    """One representation: its length, how it was captured, the ``body`` that is each part's own."""
    qualities = b"".join(_QUALITY.pack(q.score, q.vendor, q.algorithm) for q in capture.qualities)
    length = _START.size + len(qualities) + len(body)
    device, count = capture.device, len(capture.qualities)
    start = _START.pack(length, _date(capture.captured), capture.technology, device.vendor, device.model, count)
    return start + qualities + body


def read_representation(cursor: Cursor) -> tuple[Capture, Cursor]:
    """How the next representation was captured, and its body to be read by itself."""
    length, date, technology, vendor, model, count = cursor.take(_START)
    if length < _START.size:
        raise MalformedRecord("a representation's length is less than that of its header")
    body = cursor.part(length - _START.size)
    qualities = tuple(checked(Quality, *body.take(_QUALITY)) for _ in range(count))
    return checked(Capture, _read_date(date), technology, Device(vendor, model), qualities), body


def _date(captured: datetime | None) -> bytes:
    if captured is None:
        return _NO_DATE
    t = captured.astimezone(UTC)
    return _DATE.pack(t.year, t.month, t.day, t.hour, t.minute, t.second, t.microsecond // 1000)


def _read_date(date: bytes) -> datetime | None:
    if date == _NO_DATE:
        return None
    *whole, milliseconds = _DATE.unpack(date)
    return checked(datetime, *whole, milliseconds * 1000, tzinfo=UTC)
