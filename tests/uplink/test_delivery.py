"""Packets go up over real mutual TLS to the real server; receipts come back."""

import os
from pathlib import Path

import pytest

from kiosk.centre.tls import TlsAuthority
from kiosk.record.exchange import Exchange
from kiosk.record.telemetry import LinkTrouble
from kiosk.uplink.centre import Centre
from kiosk.uplink.store import Store

STATION = "ktp-5371-01"


def put(exchange: Exchange, name: str, content: bytes) -> None:
    (exchange.outbox / f"{name}.packet").write_bytes(content)


def until_idle(delivery) -> None:
    while delivery.step():
        pass


def until(holds, delivery, clock) -> None:
    """Let pauses go by until it holds; a connection that the server closed costs one of them."""
    for _ in range(40):
        until_idle(delivery)
        if holds():
            return
        clock.now += 1000
    raise AssertionError("tried in vain")


def test_a_packet_arrives_whole_and_its_receipt_comes_back(exchange, centre, line, make_delivery):
    content = os.urandom(700_000)  # more than two pieces
    put(exchange, "p1", content)
    until_idle(make_delivery(line))
    assert centre.shelf.packets == [content]
    assert (exchange.receipts / "p1.receipt").read_bytes().startswith(b"receipt ")
    assert not list(centre.directory.rglob("*.part"))


def test_a_delivered_packet_is_not_sent_again(exchange, centre, line, make_delivery, store):
    put(exchange, "p1", b"once")
    until_idle(make_delivery(line))
    until_idle(make_delivery(line))  # as after a restart
    assert centre.shelf.packets == [b"once"]


def test_receipt_goes_only_after_the_kiosk_has_taken_it(exchange, line, make_delivery):
    put(exchange, "p1", b"once")
    delivery = make_delivery(line)
    until_idle(delivery)
    assert (exchange.receipts / "p1.receipt").exists()
    (exchange.outbox / "p1.packet").unlink()
    (exchange.taken / "p1.receipt").touch()
    until_idle(delivery)
    assert not (exchange.receipts / "p1.receipt").exists()


def test_a_receipt_that_was_not_believed_is_asked_for_again_later(exchange, line, make_delivery, clock):
    put(exchange, "p1", b"once")
    delivery = make_delivery(line)
    until_idle(delivery)
    (exchange.taken / "p1.receipt").touch()
    until_idle(delivery)
    assert not (exchange.receipts / "p1.receipt").exists()
    clock.now += 61
    (exchange.taken / "p1.receipt").unlink()
    until_idle(delivery)
    assert (exchange.receipts / "p1.receipt").exists()


def test_a_refused_packet_does_not_block_the_rest(exchange, centre, line, make_delivery, clock):
    put(exchange, "p1", b"BAD")
    os.utime(exchange.outbox / "p1.packet", (1, 1))
    put(exchange, "p2", b"good")
    delivery = make_delivery(line)
    until_idle(delivery)
    assert delivery.refused == {"p1"}
    assert centre.shelf.packets == [b"good"]
    assert not (exchange.receipts / "p1.receipt").exists()
    assert (exchange.outbox / "p1.packet").exists()


def test_a_refused_packet_is_offered_again_from_the_start(exchange, centre, line, make_delivery, clock):
    put(exchange, "p1", b"BAD")
    delivery = make_delivery(line)
    until_idle(delivery)
    put(exchange, "p1", b"now good")
    clock.now += 61
    until_idle(delivery)
    assert centre.shelf.packets == [b"now good"]
    assert not delivery.refused


def test_oldest_first(exchange, centre, line, make_delivery):
    for number, name in enumerate(("pz", "pa", "pm")):
        put(exchange, name, name.encode())
        os.utime(exchange.outbox / f"{name}.packet", (number, number))
    until_idle(make_delivery(line))
    assert centre.shelf.packets == [b"pz", b"pa", b"pm"]


def test_a_cut_upload_goes_on_where_it_was(exchange, centre, wire, authority, make_delivery, clock):
    content = os.urandom(2_000_000)
    put(exchange, "p1", content)
    wire.cuts = [150_000] * 12
    line = Centre(f"https://127.0.0.1:{wire.port}", authority.issue(STATION))
    delivery = make_delivery(line)
    until(lambda: centre.shelf.packets, delivery, clock)
    line.close()
    assert centre.shelf.packets == [content]
    assert not wire.cuts
    assert wire.upward <= 1.2 * len(content)


def test_an_upload_goes_on_after_a_restart_of_both_sides(exchange, centre, wire, authority, make_delivery, clock):
    content = os.urandom(900_000)
    put(exchange, "p1", content)
    wire.cuts = [500_000]
    line = Centre(f"https://127.0.0.1:{wire.port}", authority.issue(STATION))
    until_idle(make_delivery(line))
    line.close()
    assert not centre.shelf.packets
    centre.stop()
    centre.start()
    line = Centre(f"https://127.0.0.1:{wire.port}", authority.issue(STATION))
    until_idle(make_delivery(line))
    line.close()
    assert centre.shelf.packets == [content]
    assert wire.upward < 1.2 * len(content)


def test_an_absent_centre_is_waited_for(exchange, centre, line, make_delivery, clock):
    put(exchange, "p1", b"patience")
    delivery = make_delivery(line)
    centre.stop()
    until_idle(delivery)
    assert delivery.trouble is LinkTrouble.UNREACHABLE
    centre.start()
    until_idle(delivery)
    assert not centre.shelf.packets  # the pause is not over
    clock.now += 10
    until_idle(delivery)
    assert centre.shelf.packets == [b"patience"]
    assert delivery.trouble is None


def test_a_failing_intake_is_tried_again_and_others_get_their_turn(exchange, centre, line, make_delivery, clock):
    put(exchange, "p1", b"first")
    delivery = make_delivery(line)
    centre.shelf.raising = RuntimeError("disk full")
    until_idle(delivery)
    assert delivery.trouble is LinkTrouble.SERVER_ERROR
    assert not delivery.refused
    centre.shelf.raising = None
    until(lambda: delivery.trouble is None, delivery, clock)
    assert centre.shelf.packets == [b"first"]


def test_a_centre_of_another_authority_gets_nothing(exchange, centre, tmp_path, make_delivery):
    put(exchange, "p1", b"secret")
    stranger = TlsAuthority(tmp_path / "stranger")
    line = Centre(centre.url, stranger.issue(STATION))
    delivery = make_delivery(line)
    until_idle(delivery)
    line.close()
    assert delivery.trouble is LinkTrouble.NOT_TRUSTED
    assert not centre.shelf.packets


def test_the_kiosk_may_take_a_packet_away_at_any_time(exchange, centre, line, make_delivery):
    put(exchange, "p1", b"gone")
    delivery = make_delivery(line)
    delivery._look()
    (exchange.outbox / "p1.packet").unlink()
    until_idle(delivery)
    assert not centre.shelf.packets


def test_partial_files_and_links_are_left_alone(exchange, centre, line, make_delivery, tmp_path: Path):
    (tmp_path / "secret").write_bytes(b"secret")
    (exchange.outbox / "p1.packet").symlink_to(tmp_path / "secret")
    (exchange.outbox / "p2.packet.partial").write_bytes(b"half")
    until_idle(make_delivery(line))
    assert not centre.shelf.packets


def test_order_of_first_sight_outlives_clock_jumps(exchange, store: Store):
    store.saw(["late-by-clock"])
    store.saw(["early-by-clock"])
    assert store.in_order() == ["late-by-clock", "early-by-clock"]


@pytest.mark.parametrize("size", [0])
def test_an_empty_packet_is_refused_not_looped_on(exchange, centre, line, make_delivery, size):
    put(exchange, "p1", b"\0" * size)
    delivery = make_delivery(line)
    until_idle(delivery)
    assert delivery.refused == {"p1"}
