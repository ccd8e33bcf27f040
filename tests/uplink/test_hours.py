"""Deliveries take no more of the line than they may, and wait for the office's hours, but not for ever."""

import datetime
import os
import threading

import pytest

from kiosk.record.exchange import PacketName
from kiosk.uplink.centre import Centre
from kiosk.uplink.hours import LONGEST_HOLD, OfficeHours, Span
from kiosk.uplink.line import RECORD, Line, Pace, Stopped
from kiosk.uplink.pieces import SMALLEST, Pieces
from kiosk.uplink.store import Upload
from tests.uplink.test_delivery import STATION, pass_time, put, until_idle

NIGHT = "18:00-06:00"


def at(text: str) -> datetime.time:
    return datetime.time.fromisoformat(text)


@pytest.mark.parametrize(
    ("span", "inside", "outside"),
    [
        ("09:00-17:30", ("09:00", "12:00", "17:29:59"), ("08:59:59", "17:30", "00:00")),
        (NIGHT, ("18:00", "23:59:59", "00:00", "05:59"), ("06:00", "12:00", "17:59")),
        ("07:00-07:00", ("07:00", "06:59", "00:00"), ()),
        ("22:00-00:00", ("22:00", "23:59"), ("00:00", "21:59")),
    ],
)
def test_spans_hold_their_begin_not_their_end_and_may_pass_midnight(span, inside, outside):
    assert all(Span.read(span).holds(at(moment)) for moment in inside)
    assert not any(Span.read(span).holds(at(moment)) for moment in outside)


@pytest.mark.parametrize("text", ["18:00", "18-6:00", "25:00-06:00", ""])
def test_other_texts_are_no_hours(text):
    with pytest.raises(ValueError, match=r"hours|isoformat|hour"):
        Span.read(text)


def set_clock(clock, time: str) -> None:
    """Set the wall's clock on to the next ``time``, UTC."""
    now, then = clock.of_day(), at(time)
    clock.set_on += (then.hour - now.hour) * 3600 + (then.minute - now.minute) * 60 - now.second


def test_packets_wait_for_the_hours_and_receipts_do_not(exchange, centre, line, make_delivery, clock, store):
    set_clock(clock, "17:00")
    put(exchange, "p1", b"first")
    put(exchange, "p2", b"second")
    address = line.create("p2", 6)
    line.append(address, 0, b"second")  # in the hours before these; then the line was lost
    store.note(Upload(PacketName(2, "p2"), address, 6, whole=True))
    delivery = make_delivery(line, NIGHT)
    pass_time(delivery, clock, 5)
    assert centre.shelf.packets == [b"second"]
    assert (exchange.receipts / "p2.receipt").exists()
    assert delivery.waits_for_hours
    set_clock(clock, "18:00")
    pass_time(delivery, clock, 2)
    assert centre.shelf.packets == [b"second", b"first"]
    assert not delivery.waits_for_hours


def test_a_centre_that_lost_a_whole_upload_is_not_asked_again_and_again_outside_the_hours(
    exchange, centre, line, make_delivery, clock, store
):
    set_clock(clock, "17:00")
    put(exchange, "p1", b"first")
    put(exchange, "p2", b"second")
    address = line.create("p2", 6)
    store.note(Upload(PacketName(2, "p2"), address, 6, whole=True))
    delivery = make_delivery(line, NIGHT)
    pass_time(delivery, clock, 600)
    assert delivery.waits_for_hours
    assert centre.shelf.packets == []
    set_clock(clock, "18:00")
    pass_time(delivery, clock, 2)
    assert sorted(centre.shelf.packets) == [b"first", b"second"]


def test_a_large_packet_stops_with_the_hours_and_goes_on_with_the_next(exchange, centre, line, make_delivery, clock):
    set_clock(clock, "05:59")
    content = os.urandom(3_000_000)
    put(exchange, "p1", content)
    delivery = make_delivery(line, NIGHT)
    append, pieces = line.append, []

    def slow(address, offset, piece):
        clock.now += 20
        pieces.append(offset)
        return append(address, offset, piece)

    line.append = slow
    pass_time(delivery, clock, 5)
    assert delivery.waits_for_hours
    assert 0 < len(pieces) < 6
    assert centre.shelf.packets == []
    set_clock(clock, "20:00")
    pass_time(delivery, clock, 5)
    assert centre.shelf.packets == [content]
    assert pieces == sorted(set(pieces))


def test_hours_that_never_come_hold_nothing_for_ever(exchange, store, clock):
    """A station that is switched off each evening, a clock that stands still, a zone that is wrong."""
    noon = at("12:00")
    hours = OfficeHours([Span.read(NIGHT)], store, clock=clock, wall=lambda: noon)
    held = 0
    while hours.hold():
        clock.now += 30
        held += 30
        if held % 28_800 == 0:  # the evening
            clock.now = 5.0
            hours = OfficeHours([Span.read(NIGHT)], store, clock=clock, wall=lambda: noon)
        assert held < LONGEST_HOLD + 3 * 700
    assert held >= LONGEST_HOLD
    assert not hours.hold()
    hours.nothing_left()
    assert hours.hold()


def test_no_ten_seconds_carry_more_than_the_share(clock):
    sent: list[tuple[float, int]] = []

    def wait(seconds: float) -> bool:
        clock.now += seconds
        return False

    pace = Pace(8000.0, wait=wait, clock=clock)  # 64 kbit/s
    for size in [*[300] * 200, *[256_000] * 2, *[5000] * 30]:
        for begin in range(0, size, pace.portion):
            part = min(pace.portion, size - begin)
            pace.take(part)
            sent.append((clock.now, part))
    clock.now += 100  # what was not used is not made up for
    for _ in range(100):
        pace.take(4000)
        sent.append((clock.now, 4000))
    for begin, _ in sent:
        within = sum(part for moment, part in sent if begin <= moment < begin + 10)
        assert within <= 8000 * 10 + pace.portion
    whole = sum(part for _, part in sent)
    assert clock.now - 1000 - 100 >= whole / 8000 - 1


def test_a_whole_delivery_keeps_to_its_share_with_all_that_is_around_it(exchange, centre, authority, make_delivery):
    waited = []
    ticking = [0.0]

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        ticking[0] += seconds
        return False

    pace = Pace(20_000.0, wait=wait, clock=lambda: ticking[0])
    line = Centre(centre.url, authority.issue(STATION), line=Line(stop=threading.Event(), pace=pace))
    for number in range(1, 11):
        put(exchange, f"p{number}", os.urandom(3000))
    put(exchange, "p11", os.urandom(400_000))
    delivery = make_delivery(line)
    until_idle(delivery)
    until_idle(delivery)
    line.close()
    assert len(centre.shelf.packets) == 11
    assert sum(waited) > 430_000 / 20_000
    assert max(waited) <= 1.0  # the watchdog hears of it in between


def test_waiting_for_its_share_ends_when_the_process_does():
    stop = threading.Event()
    pace = Pace(1.0, wait=stop.wait)
    pace.take(3600)
    stop.set()
    with pytest.raises(Stopped):
        pace.take(1)


def test_portions_and_pieces_fit_the_share():
    assert Pace(wait=lambda _: None).portion == RECORD
    assert Pace(1000.0, wait=lambda _: None).portion == 500
    assert Pieces(8000.0).size == 160_000
    assert Pieces(100.0).size == SMALLEST


def test_pieces_shrink_where_cuts_cost_whole_ones_and_grow_again():
    pieces = Pieces()
    whole = pieces.size
    pieces.lost()
    pieces.lost()
    pieces.lost()
    assert pieces.size == SMALLEST
    for _ in range(40):
        pieces.passed()
    assert pieces.size == whole
