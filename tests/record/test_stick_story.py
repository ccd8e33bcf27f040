"""Six weeks without a network: one stick goes to the centre and back, and all arrives as if it had been online."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kiosk.centre.desk import Desk
from kiosk.centre.states import Bulletins
from kiosk.centre.stick import take_in
from kiosk.record.header import Kind
from kiosk.record.keeping import keep
from kiosk.record.outbox.packet_index import Custody
from kiosk.record.resident import RecordState
from kiosk.record.stick import Brought, Seen, bring, export
from kiosk.station.crew.books import Books, open_books

STATION = "tts-soe-01"


@pytest.fixture
def books(world) -> Iterator[Books]:
    with closing(open_books(world.exchange, tries=3, lock_seconds=60, floor=1)) as opened:
        yield opened


@pytest.fixture
def desk(world, now: datetime) -> Desk:
    bulletins = Bulletins(world.authority, world.registry, world.intake, world.outgoing, clock=lambda: now)
    return Desk(world.authority, world.registry, world.intake, world.outgoing, bulletins)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    place = tmp_path / "stick"
    place.mkdir()
    return place


def seen(books: Books) -> Seen:
    roster = books.roster.info()
    return Seen(
        order=books.ledger.last_order(),
        roster=0 if roster is None else roster.sequence,
        states=books.outbox.last_states(),
        keys=books.trust.sequence,
    )


def visit_the_station(books: Books, stick: Path, now: datetime) -> tuple[Brought, int]:
    """Plug the stick in: what it brings is taken in, then what waits is copied to it."""
    brought = bring(books.exchange, STATION, stick, folder=True)
    while any(books.exchange.brought.iterdir()):
        assert books.arrivals.take_in(now=now)
    exported = export(books.exchange, books.keys, stick, now=now, seen=seen(books), folder=True)
    return brought, exported.packets


def test_six_weeks_without_a_network(world, books: Books, desk: Desk, stick: Path, now: datetime) -> None:
    world.outgoing.publish(STATION, Kind.ROSTER, 1, world.roster())

    # The first round brings the roster to a station that has none.
    assert visit_the_station(books, stick, now) == (Brought(), 0)
    (report,) = take_in(desk, stick, tidy=True).stations
    assert (report.imported, report.others >= 1) == (0, True)
    brought, _ = visit_the_station(books, stick, now)
    assert brought.rosters == 1
    assert books.roster.info() is not None

    # Six weeks of recordings.
    later = now + timedelta(weeks=6)
    residents = [world.cast.ordinary, *(each for each in world.cast.residents if each != world.cast.ordinary)][:3]
    packets = [f"{n:032x}" for n in range(1, 4)]
    for resident, packet_id in zip(residents, packets, strict=True):
        keep(world.recording(resident, packet_id=packet_id), outbox=books.outbox, roster=books.roster, now=later)
    assert books.outbox.waiting().count == 3

    # To the centre, which orders a card, and back.
    assert visit_the_station(books, stick, later)[1] == 3
    (report,) = take_in(desk, stick, tidy=True).stations
    assert (report.imported, report.receipts, report.refused, report.missing) == (3, 3, [], ())
    packet = world.intake.packet(STATION, packets[0])
    assert packet is not None
    world.orders.order_for_packet(packet, now=later)
    (report,) = take_in(desk, stick, tidy=True).stations
    assert (report.imported, report.known) == (0, 0)
    brought, carried = visit_the_station(books, stick, later)
    assert (brought.receipts, brought.orders, brought.refused, brought.left) == (3, 1, 0, 0)

    assert carried == 0
    assert books.outbox.waiting().count == 0
    assert books.outbox.counts()[Custody.HELD] == 0
    assert books.ledger.last_order() == 1
    assert {known.state for known in map(books.outbox.record, packets) if known is not None} <= {
        RecordState.RECEIVED_AT_CENTRAL,
        RecordState.SENT_FOR_CARD_PRINTING,
    }
    assert books.outbox.last_heard() is not None

    # What was taken in is taken off, and not brought again.
    (report,) = take_in(desk, stick, tidy=True).stations
    assert (report.others, report.receipts, report.missing) == (0, 0, ())
    assert visit_the_station(books, stick, later) == (Brought(), 0)
    assert [path.name for path in stick.rglob("*") if path.is_file()] == ["manifest.cose"]
