"""What the clerk tells a technician of the books: losses and doubts at the start, refusals by reason, never a value."""

import logging
import queue
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kiosk.centre.roster_maker import sealed_roster
from kiosk.journey.effects import CheckOfficer, FindOrder, LookAtDesk, LookUp, PrintCard, Prove, Seal, SettleCard
from kiosk.journey.events import (
    DeskSeen,
    Event,
    IdentityRefused,
    NikRefused,
    NotSealed,
    OfficerRefused,
    OrderRefused,
)
from kiosk.journey.fingers import Finger
from kiosk.journey.session import Session
from kiosk.journey.steps import Card, Refusal
from kiosk.record import canonical
from kiosk.record.header import Header, Kind
from kiosk.record.keeping import keep
from kiosk.record.ledger import Outcome
from kiosk.record.order import CardOrder
from kiosk.record.outbox.room import Retention
from kiosk.record.resident import to_row
from kiosk.record.seal import seal, sign
from kiosk.record.telemetry import Occasion
from kiosk.station.crew.books import Books, open_books
from kiosk.station.crew.clerk import Clerk
from kiosk.station.crew.courier import Courier, Sticks
from kiosk.station.crew.unfinished import Seen

MARK = "ZWENTIBOLDA"
PACKET = "a" * 32


@pytest.fixture
def books(world: Any) -> Callable[[], Books]:
    """Opens the station's books as a start does."""
    return lambda: open_books(world.exchange, tries=3, lock_seconds=900, floor=0)


@contextmanager
def at_work(books: Callable[[], Books]) -> Iterator[tuple[Clerk, list[Occasion]]]:
    occasions: list[Occasion] = []
    clerk = Clerk(books, lambda _: None, occasions.append, software="0.1.0", template_family=lambda: "zfm")
    clerk.start()
    assert clerk.ready.wait(30)
    try:
        yield clerk, occasions
    finally:
        clerk.close()
    assert not clerk.broken


def test_a_lost_recording_is_told_at_the_start_and_counted(
    world: Any, books: Callable[[], Books], now: Any, caplog: pytest.LogCaptureFixture
) -> None:
    opened = books()
    opened.roster.import_signed(world.roster(), trust=world.trust, keys=world.keys, now=now)
    keep(world.recording(packet_id=PACKET), outbox=opened.outbox, roster=opened.roster, now=now)
    opened.close()
    file = world.packet(PACKET)
    file.write_bytes(file.read_bytes()[:-100])
    for told in ([Occasion.RECORDING_DAMAGED, Occasion.RECORDING_LOST], [Occasion.RECORDING_LOST]):
        caplog.clear()
        with at_work(books) as (clerk, occasions):
            pass
        assert occasions == told
        assert (clerk.standing.recordings_lost, clerk.standing.waiting.count) == (1, 0)
        assert clerk.standing.outbox_damaged == 1
        (said,) = (r.getMessage() for r in caplog.records if r.levelno == logging.ERROR and PACKET in r.getMessage())
        assert said.startswith("recording 1 is lost")
    opened = books()
    assert not opened.roster.recorded_here(world.cast.ordinary.nik)
    opened.close()


def test_a_bit_that_turned_is_told_while_the_clerk_is_idle(
    world: Any, books: Callable[[], Books], now: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.station.crew.clerk.LOOK", 0.01)
    opened = books()
    keep(world.recording(packet_id=PACKET), outbox=opened.outbox, roster=opened.roster, now=now)
    opened.close()
    file = world.packet(PACKET)
    file.write_bytes(bytes([file.read_bytes()[0]]) + bytes(file.stat().st_size - 1))
    with at_work(books) as (clerk, occasions):
        for _ in range(500):
            if clerk.standing.recordings_lost:
                break
            time.sleep(0.01)
    assert occasions == [Occasion.RECORDING_DAMAGED, Occasion.RECORDING_LOST]
    opened = books()
    assert not opened.roster.recorded_here(world.cast.ordinary.nik)
    opened.close()


def test_what_the_receipt_of_a_lost_file_settles_is_not_told_as_lost(
    world: Any, books: Callable[[], Books], now: Any
) -> None:
    opened = books()
    keep(world.recording(packet_id=PACKET), outbox=opened.outbox, roster=opened.roster, now=now)
    opened.close()
    file = world.packet(PACKET)
    (world.exchange.receipts / f"{PACKET}.receipt").write_bytes(world.intake.accept(file.read_bytes()))
    file.unlink()
    with at_work(books) as (clerk, occasions):
        pass
    assert occasions == [Occasion.RECORDING_DELIVERED]
    assert clerk.standing.recordings_lost == 0


def test_what_the_centre_lost_is_told_and_its_resident_may_be_recorded_again(
    world: Any, books: Callable[[], Books], now: Any
) -> None:
    opened = open_books(world.exchange, tries=3, lock_seconds=900, floor=0, retention=Retention(keep_delivered_days=0))
    keep(world.recording(packet_id=PACKET), outbox=opened.outbox, roster=opened.roster, now=now)
    opened.outbox.settle(world.intake.accept(world.packet(PACKET).read_bytes()), now=now)
    opened.close()
    head = Header(Kind.STATES, "centre", world.keys.station, "states-00000001", 1, 4_000_000_000)
    body = canonical.encode({"states": [], "missing": [1]})
    blob = seal(body, head, (world.keys.opening.public,), world.authority.states).data
    (world.exchange.states / "states-00000001.states").write_bytes(blob)
    with at_work(books) as (clerk, occasions):
        pass
    assert (occasions, clerk.standing.recordings_lost) == ([Occasion.RECORDING_LOST], 1)
    opened = books()
    assert not opened.roster.recorded_here(world.cast.ordinary.nik)
    opened.close()


def test_an_interrupted_print_is_told_once_and_counted_until_it_is_settled(
    world: Any, books: Callable[[], Books], now: Any
) -> None:
    opened = books()
    keep(world.recording(packet_id=PACKET), outbox=opened.outbox, roster=opened.roster, now=now)
    packet = world.packet(PACKET).read_bytes()
    order_id, blob = world.orders.order_for_packet(packet, now=now)
    opened.ledger.take_order(blob, trust=world.trust, keys=world.keys, now=now)
    opened.ledger.intend(order_id, now=now, by_finger=True)
    opened.close()  # the power fails while the card is being printed
    for told in ([Occasion.CARD_UNKNOWN], []):
        with at_work(books) as (clerk, occasions):
            pass
        assert occasions == told
        assert clerk.standing.prints_uncertain == 1
    opened = books()
    opened.ledger.settle(order_id, Outcome.PRINTED, officer="officer-1", now=now)
    opened.close()
    with at_work(books) as (clerk, occasions):
        pass
    assert (occasions, clerk.standing.prints_uncertain) == ([], 0)


# Refusals -----------------------------------------------------------------------------------------------------------


def marked_rosters(world: Any, now: Any) -> Iterator[bytes]:
    """Signed by the centre and wrong, with the mark wherever a value or a name can stand."""
    row = to_row(world.cast.ordinary)
    rows: list[Any] = [row | {name: f"{MARK} " * 9} for name in ("nik", "name", "birth_date", "sex", "state")]
    rows += [row | {name: MARK} for name in ("blood_group", "marital_status")]
    rows += [row | {name: [MARK]} for name in row]
    rows += [row | {MARK: MARK}, {MARK: 1}, {1: MARK}, MARK, [MARK], MARK.encode()]
    for bad in rows:
        yield sealed_roster(world.authority, world.registry, world.keys.station, [row, bad], (), now=now)[1]
    for body in (
        canonical.encode({MARK: MARK}),
        canonical.encode({"pin_salt": bytes(16), "officers": [[MARK, bytes(32)]], "residents": []}),
        canonical.encode({"pin_salt": MARK, "officers": [], "residents": []}),
        canonical.encode({"pin_salt": bytes(16), "officers": [], "residents": [], MARK: MARK}),
        canonical.encode(MARK)[:-1],
        MARK.encode(),
    ):
        head = Header(Kind.ROSTER, "centre", world.keys.station, "roster-00009999", 9999, 1)
        yield seal(body, head, (world.keys.opening.public,), world.authority.rosters).data


def marked_orders(world: Any) -> Iterator[bytes]:
    row = to_row(world.cast.ordinary)
    good = {
        "resident": row,
        "photo": b"jpeg",
        "signature": b"png",
        "issued_place": "SOE",
        "issued_on": "2026-11-24",
        "templates": [[2, "zfm", b"template"]],
    }
    bodies: list[Any] = [good | {name: MARK} for name in good if name != "issued_place"]
    bodies += [good | {name: MARK.encode()} for name in ("resident", "issued_place", "issued_on", "templates")]
    bodies += [good | {"resident": row | change} for change in ({"nik": MARK}, {"sex": MARK}, {MARK: MARK})]
    bodies += [good | {"templates": [wrong]} for wrong in ([MARK, "zfm", b""], [2, MARK.encode(), b""], [MARK])]
    bodies += [{MARK: MARK}, [MARK], MARK]
    for number, body in enumerate(bodies, start=1):
        head = Header(Kind.ORDER, "centre", world.keys.station, f"order-{number:08}", number, 1)
        yield seal(canonical.encode(body), head, (world.keys.opening.public,), world.authority.orders).data


def marked_receipts(world: Any) -> Iterator[bytes]:
    for body in ({"packet": MARK, "sha256": bytes(32)}, {"packet": PACKET, "sha256": MARK}, {MARK: MARK}, MARK):
        head = Header(Kind.RECEIPT, "centre", world.keys.station, PACKET, 1, 1)
        yield sign(canonical.encode(body), head, world.authority.receipts)


def test_a_refusal_gives_its_reason_and_never_what_stood_there(
    world: Any, books: Callable[[], Books], now: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = 0
    for place, suffix, blobs in (
        (world.exchange.rosters, "roster", marked_rosters(world, now)),
        (world.exchange.orders, "order", marked_orders(world)),
        (world.exchange.receipts, "receipt", marked_receipts(world)),
    ):
        for number, blob in enumerate((*blobs, MARK.encode(), b"\xd8\x60" + canonical.encode([MARK]))):
            (place / f"{number}.{suffix}").write_bytes(blob)
            brought += 1
    monkeypatch.setattr("kiosk.station.crew.clerk.LOOK", 0.01)
    with at_work(books) as (_, occasions):
        for _ in range(1000):
            if len(list(world.exchange.taken.iterdir())) == brought:
                break
            time.sleep(0.01)
    assert caplog.text.count("refused a file of the centre's") == brought > 50
    refused = (Occasion.ROSTER_REFUSED, Occasion.ORDER_REFUSED, Occasion.RECEIPT_REFUSED)
    assert sorted(occasions, key=str) == sorted(refused, key=str), "one event a kind, however many files"
    assert "RosterRefused: row 2: nik cannot be right: not-digits" in caplog.text
    assert "Malformed: the order's resident: sex is none of the allowed values" in caplog.text
    for form in (MARK, MARK.lower(), MARK.encode().hex()):
        assert form not in caplog.text


def test_an_ill_index_is_an_outcome_and_no_end_of_the_station() -> None:
    """Asked again while the disk is still ill, the same visit is still not kept, and still here."""

    def ill(packet_id: str) -> bool:
        raise sqlite3.OperationalError("disk I/O error")

    books = cast("Books", SimpleNamespace(outbox=SimpleNamespace(holds=ill, is_lost=ill)))
    clerk = Clerk(lambda: books, lambda event: None, lambda occasion: None, software="0", template_family=lambda: "")
    for _ in range(2):
        told = clerk._sealed(books, Seal(1, Session()), Seen(datetime.now(UTC), {}))
        assert told == NotSealed(1, Refusal.SEAL_FAILED)


@contextmanager
def ill_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing can be read from any database, nor written to it."""

    def ill(*_: object) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as disk:
        for way in ("row", "rows", "transaction"):
            disk.setattr(f"kiosk.record.database.Database.{way}", ill)
        yield


def test_an_ill_disk_is_told_to_whoever_waits_and_ends_nothing(
    world: Any, books: Callable[[], Books], monkeypatch: pytest.MonkeyPatch
) -> None:
    nik, told = world.cast.ordinary.nik, queue.SimpleQueue[Event]()
    clerk = Clerk(books, told.put, lambda _: None, software="0.1.0", template_family=lambda: "zfm")
    clerk.start()
    assert clerk.ready.wait(30)
    told.get(timeout=30)  # whether there is a roster
    courier = Courier(Sticks(world.exchange, world.keys), clerk, told.put, lambda _: None)
    with ill_disk(monkeypatch):
        clerk.look_up(LookUp(1, nik, to_record=True))
        assert told.get(timeout=30) == NikRefused(1, nik, Refusal.NOT_NOW)
        clerk.prove(Prove(1, nik, "01011990"))
        assert told.get(timeout=30) == IdentityRefused(1, Refusal.NOT_NOW, -1)
        clerk.check_officer(CheckOfficer(1, "000000", visiting=True))
        assert told.get(timeout=30) == OfficerRefused(1, Refusal.NOT_NOW)
        clerk.find_order(FindOrder(1, nik), None)
        assert told.get(timeout=30) == OrderRefused(1, Refusal.NOT_NOW)
        clerk.settle_card(SettleCard(1, nik, "order-1", Card.MADE, "officer-1"), None)
        assert told.get(timeout=30) == OrderRefused(1, Refusal.NOT_NOW)
        courier.look(LookAtDesk(1))
        assert isinstance(told.get(timeout=30), DeskSeen)
        assert clerk.template("order-1", Finger.RIGHT_INDEX, within=30) is None
        time.sleep(1.2)  # a round
    clerk.look_up(LookUp(1, nik, to_record=True))
    assert told.get(timeout=30) == NikRefused(1, nik, Refusal.NIK_UNKNOWN)
    clerk.close()
    assert not clerk.broken


def test_a_locked_pin_is_one_event_however_often_it_is_tried(
    world: Any, books: Callable[[], Books], now: datetime
) -> None:
    told, occasions = queue.SimpleQueue[Event](), list[Occasion]()
    clerk = Clerk(books, told.put, occasions.append, software="0.1.0", template_family=lambda: "zfm")
    clerk.start()
    assert clerk.ready.wait(30)
    told.get(timeout=30)  # whether there is a roster
    clerk.check_officer(CheckOfficer(1, "000000", visiting=False))
    assert told.get(timeout=30) == OfficerRefused(1, Refusal.NO_ROSTER)
    clerk.ask(
        lambda opened: opened.roster.import_signed(world.roster(), trust=world.trust, keys=world.keys, now=now) and None
    )
    for _ in range(8):
        clerk.check_officer(CheckOfficer(1, "000000", visiting=False))
    clerk.close()
    refused = [told.get() for _ in range(told.qsize())]
    assert [each.why for each in refused if isinstance(each, OfficerRefused)] == [
        *[Refusal.PIN_WRONG] * 4,
        *[Refusal.PIN_LOCKED] * 4,
    ]
    assert occasions == [Occasion.PIN_LOCKED]


def test_a_print_whose_outcome_cannot_be_written_is_in_doubt_and_never_forgotten(
    world: Any, books: Callable[[], Books], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = books()
    opened.roster.import_signed(world.roster(), trust=world.trust, keys=world.keys, now=now)
    keep(world.recording(packet_id=PACKET), outbox=opened.outbox, roster=opened.roster, now=now)
    order_id, blob = world.orders.order_for_packet(world.packet(PACKET).read_bytes(), now=now)
    opened.ledger.take_order(blob, trust=world.trust, keys=world.keys, now=now)
    opened.close()
    effect = PrintCard(1, order_id, by_finger=True, officer=None)
    intended: queue.SimpleQueue[object] = queue.SimpleQueue()
    with at_work(books) as (clerk, _):
        with ill_disk(monkeypatch):
            clerk.intend(effect, intended.put)
            assert intended.get(timeout=30) is Refusal.NOT_NOW, "the printer hears nothing"
        clerk.intend(effect, intended.put)
        assert isinstance(intended.get(timeout=30), CardOrder)
        with ill_disk(monkeypatch):
            clerk.outcome(effect, Outcome.PRINTED, intended.put)
            assert intended.get(timeout=30) is False
        until = time.monotonic() + 30
        while clerk.standing.prints_uncertain != 1 and time.monotonic() < until:
            time.sleep(0.05)
        assert clerk.standing.prints_uncertain == 1, "an officer can say what came of it"


def test_what_fits_no_record_is_an_outcome_and_no_end_of_the_station(
    world: Any, session_of: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    session = session_of(world.cast.ordinary)
    books = cast("Books", SimpleNamespace(outbox=SimpleNamespace(holds=lambda _: False), keys=world.keys))
    clerk = Clerk(lambda: books, lambda event: None, lambda occasion: None, software="0", template_family=lambda: "")
    too_good = replace(session.photo, score=900)
    told = clerk._sealed(books, Seal(1, session.but(photo=too_good)), Seen(datetime.now(UTC), {}))
    assert told == NotSealed(1, Refusal.SEAL_FAILED)
    assert "sealing: ValueError" in caplog.text
    assert "900" not in caplog.text
