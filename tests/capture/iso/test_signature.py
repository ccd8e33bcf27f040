"""Signature time series: exact bytes, strokes and lifts, and nothing that a field or a clock could not give."""

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.iso.common import MalformedRecord
from kiosk.capture.iso.signature import (
    LARGEST_FIELD,
    Sample,
    SignatureTimeSeries,
    from_shares,
    read_signature_record,
    signature_record,
)
from kiosk.journey.session import Point

CROSS = from_shares(
    [
        (Point(0, 0, 0), Point(1, 1, 0.5)),
        (),
        (Point(1.2, -0.1, 1.0), Point(0, 1, 1.5)),
    ],
    width=120,
    height=45,
)
PRESSED = SignatureTimeSeries(120, 45, (Sample(60, 15, 0, 0.5, 0), Sample(60, 30, 0.01, 0, 0)))


@st.composite
def signatures(draw: st.DrawFn) -> SignatureTimeSeries:
    width, height = draw(st.floats(1, LARGEST_FIELD)), draw(st.floats(1, LARGEST_FIELD))
    share = st.floats(0, 1)
    pressure = draw(st.sampled_from((st.none(), share)))
    time, strokes = 0.0, []
    for _ in range(draw(st.integers(1, 4))):
        stroke = []
        for _ in range(draw(st.integers(1, 6))):
            time += draw(st.floats(0, 10))
            stroke.append((draw(share), draw(share), time, draw(pressure)))
        strokes.append(stroke)
    return from_shares(strokes, width=width, height=height)


def test_the_record_is_laid_out_as_the_standard_has_it() -> None:
    record = signature_record(PRESSED)
    assert record[:8] == b"SDI\x00 10\x00"
    assert record[8:10] == bytes([0b11000001, 0b01000000])  # X, Y and T; F
    side = bytes([0b11100000]) + struct.pack(">H", 21 << 11)  # 32 steps: 2 to the 5, kept 16 higher
    assert record[10:17] == side + struct.pack(">HH", 0x8000, 0x8000 + 120 * 32)
    assert record[17:24] == side + struct.pack(">HH", 0x8000, 0x8000 + 45 * 32)
    assert record[24:27] == bytes([0b10000000]) + struct.pack(
        ">H", 25 << 11 | 1952
    )  # 1000 = 2 to the 9 × (1 + 1952/2048)
    assert record[27:32] == bytes([0b01100000]) + struct.pack(">HH", 0, 0xFFFF)
    assert record[32:37] == bytes([0, 0, 0, 0, 3])  # reserved; no extended data; three points
    points = [struct.unpack_from(">4H", record, 37 + 8 * n) for n in range(3)]
    assert points == [
        (0x8000 + 60 * 32, 0x8000 + 30 * 32, 0, 0x8000),  # y counts upward
        (0x8000 + 60 * 32, 0x8000 + 15 * 32, 10, 1),  # a touch without any force would be none
        (0x8000 + 60 * 32, 0x8000 + 15 * 32, 10, 0),  # the lift
    ]
    assert len(record) == 37 + 24


def test_without_pressure_the_tip_switch_tells_the_strokes() -> None:
    record = signature_record(CROSS)
    assert record[8:10] == bytes([0b11000001, 0b00100000])  # X, Y and T; S
    assert record[27:33] == bytes([0, 0, 0, 0, 0, 6])  # no attributes of the switch; reserved; six points
    assert [record[33 + 7 * n + 6] for n in range(6)] == [1, 1, 0, 1, 1, 0]


def test_a_cross_comes_back_as_two_strokes_within_the_field() -> None:
    assert read_signature_record(signature_record(CROSS)) == CROSS
    assert [sample.stroke for sample in CROSS.samples] == [0, 0, 1, 1]
    assert CROSS.samples[2][:2] == (120, 0)  # a finger that slid off the field is kept at its edge


@given(signatures())
def test_what_is_written_is_read_back_to_the_step(series: SignatureTimeSeries) -> None:
    record = signature_record(series)
    found = read_signature_record(record)
    assert signature_record(found) == record
    assert (found.width, found.height) == pytest.approx((series.width, series.height), abs=1 / 64)
    for after, before in zip(found.samples, series.samples, strict=True):
        assert after.stroke == before.stroke
        assert after[:2] == pytest.approx(before[:2], abs=1 / 32)
        assert after.t == pytest.approx(before.t, abs=1 / 60)
        assert (after.pressure is None) is (not series.felt)
        if after.pressure is not None:
            assert after.pressure == pytest.approx(before.pressure, abs=1 / 65535)


def test_a_slow_hand_gets_coarser_ticks() -> None:
    slow = replace(PRESSED, samples=(*PRESSED.samples, Sample(1, 1, 180.004, 1, 0)))
    assert read_signature_record(signature_record(slow)).samples[-1].t == pytest.approx(180.004)


def test_pressure_that_was_felt_only_here_and_there_is_left_out() -> None:
    half = replace(PRESSED, samples=(*PRESSED.samples, Sample(1, 1, 1, None, 0)))
    assert not read_signature_record(signature_record(half)).felt


@pytest.mark.parametrize(
    ("at", "value", "why"),
    [
        (4, 0x30, "not a SDI record"),
        (8, 0xE1, "only the channels"),
        (10, 0xF0, "signing field"),
        (12, 1, "signing field"),
        (14, 1, "signing field"),
        (24, 0, "the time"),
        (26, 1, "the time"),
        (27, 0, "a channel"),
        (32, 1, "a channel"),
        (33, 0x80, "extended data"),
        (34, 0x80, "more points"),
        (36, 2, "bytes follow"),
        (36, 4, "middle of a field"),
        (37, 0x90, "outside its field"),
        (37, 0x7F, "outside its field"),
        (44, 0, "a stroke ends"),
        (60, 1, "no end"),
        (57, 0xFF, "a stroke ends"),
    ],
)
def test_a_field_that_we_do_not_write_is_refused_in_words(at: int, value: int, why: str) -> None:
    record = bytearray(signature_record(PRESSED))
    record[at] = value
    if at == 44:
        record[43] = 0
    with pytest.raises(MalformedRecord, match=why):
        read_signature_record(bytes(record))


def test_a_tip_switch_is_on_or_off() -> None:
    record = bytearray(signature_record(CROSS))
    record[39] = 2
    with pytest.raises(MalformedRecord, match="neither touched nor not"):
        read_signature_record(bytes(record))


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        ((), "points"),
        ((Sample(0, 0, 0, None, 0),) * 100_000, "points"),
        ((Sample(121, 0, 0, None, 0),), "outside"),
        ((Sample(0, -1, 0, None, 0),), "outside"),
        ((Sample(0, 0, -1, None, 0),), "times"),
        ((Sample(0, 0, 2, None, 0), Sample(0, 0, 1, None, 0)), "times"),
        ((Sample(0, 0, 8193, None, 0),), "longer"),
        ((Sample(0, 0, 0, None, 1),), "numbered"),
        ((Sample(0, 0, 0, None, 0), Sample(0, 0, 0, None, 2)), "numbered"),
        ((Sample(0, 0, 0, 1.1, 0),), "pressure"),
        ((Sample(float("nan"), 0, 0, 1, 0),), "outside"),
        ((Sample(0, 0, float("nan"), 1, 0),), "times"),
    ],
)
def test_what_no_hand_can_write_is_refused(samples: tuple[Sample, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        SignatureTimeSeries(120, 45, samples)


@pytest.mark.parametrize("side", [0, -1, 1024, float("nan")])
def test_a_field_that_no_record_holds_is_refused(side: float) -> None:
    with pytest.raises(ValueError, match="signing field"):
        SignatureTimeSeries(side, 45, PRESSED.samples)


def test_a_signature_does_not_print_its_points() -> None:
    assert "60" not in repr(PRESSED)
