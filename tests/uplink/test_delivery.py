"""Packets go up over real mutual TLS to the real server; receipts come back."""

import contextlib
import errno
import os
from pathlib import Path
from random import Random

import pytest

from kiosk.centre.tls import TlsAuthority
from kiosk.record.exchange import Exchange, PacketName
from kiosk.record.telemetry import LinkTrouble
from kiosk.uplink.centre import Centre

STATION = "ktp-5371-01"


def file_of(exchange: Exchange, packet: str, sequence: int | None = None) -> Path:
    """The packet's file; its number is that in its id, where no other is given."""
    return exchange.outbox / str(PacketName(int(packet[1:]) if sequence is None else sequence, packet))


def put(exchange: Exchange, packet: str, content: bytes, sequence: int | None = None) -> None:
    file_of(exchange, packet, sequence).write_bytes(content)


def until_idle(delivery) -> None:
    while delivery.step():
        pass


def pass_time(delivery, clock, seconds: int) -> None:
    """Let time go by in seconds, as the process would."""
    for _ in range(seconds):
        until_idle(delivery)
        clock.now += 1
    until_idle(delivery)


def until(holds, delivery, clock) -> None:
    """Let pauses go by until it holds; a connection that the server closed costs one of them."""
    for _ in range(200):
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


def test_receipt_goes_only_after_the_kiosk_has_taken_it(exchange, line, make_delivery, clock):
    put(exchange, "p1", b"once")
    delivery = make_delivery(line)
    until_idle(delivery)
    assert (exchange.receipts / "p1.receipt").exists()
    file_of(exchange, "p1").unlink()
    (exchange.taken / "p1.receipt").touch()
    pass_time(delivery, clock, 2)
    assert not (exchange.receipts / "p1.receipt").exists()


def test_a_receipt_that_was_not_believed_is_asked_for_again_later(exchange, line, make_delivery, clock):
    put(exchange, "p1", b"once")
    delivery = make_delivery(line)
    until_idle(delivery)
    (exchange.taken / "p1.receipt").touch()
    pass_time(delivery, clock, 2)
    assert not (exchange.receipts / "p1.receipt").exists()
    assert delivery.trouble is LinkTrouble.NONSENSE
    (exchange.taken / "p1.receipt").unlink()
    pass_time(delivery, clock, 20)
    assert not (exchange.receipts / "p1.receipt").exists()
    pass_time(delivery, clock, 50)
    assert (exchange.receipts / "p1.receipt").exists()


def test_a_refused_packet_does_not_block_the_rest(exchange, centre, line, make_delivery, clock):
    put(exchange, "p1", b"BAD")
    put(exchange, "p2", b"good")
    delivery = make_delivery(line)
    pass_time(delivery, clock, 2)
    assert delivery.refused == 1
    assert centre.shelf.packets == [b"good"]
    assert not (exchange.receipts / "p1.receipt").exists()
    assert file_of(exchange, "p1").exists()


def test_a_refused_packet_is_offered_again_from_the_start(exchange, centre, line, make_delivery, clock):
    put(exchange, "p1", b"BAD")
    delivery = make_delivery(line)
    until_idle(delivery)
    put(exchange, "p1", b"now good")
    clock.now += 61
    until_idle(delivery)
    assert centre.shelf.packets == [b"now good"]
    assert not delivery.refused


def test_the_lowest_number_first_whatever_files_say_of_their_age(exchange, centre, line, make_delivery):
    for sequence, packet in ((2, "pb"), (10, "pa"), (1, "pz")):
        put(exchange, packet, packet.encode(), sequence)
        os.utime(file_of(exchange, packet, sequence), (100 - sequence, 100 - sequence))
    until_idle(make_delivery(line))
    assert centre.shelf.packets == [b"pz", b"pb", b"pa"]


@pytest.mark.parametrize("draw", ["exponential", "uniform"])
def test_cut_every_150_kilobytes_on_average_every_packet_arrives_at_a_fifth_more(
    exchange, centre, wire, authority, make_delivery, clock, draw
):
    chance = Random(5)
    for number in (1, 2, 3):
        put(exchange, f"p{number}", chance.randbytes(2_000_000))
    wire.cuts = [
        int(chance.expovariate(1 / 150_000) if draw == "exponential" else chance.uniform(0, 300_000))
        for _ in range(1000)
    ]
    line = Centre(f"https://127.0.0.1:{wire.port}", authority.issue(STATION))
    delivery = make_delivery(line)
    until(lambda: len(centre.shelf.packets) == 3, delivery, clock)
    line.close()
    ratio = wire.upward / 6_000_000
    print(f"{draw}: {1000 - len(wire.cuts)} connections, {ratio:.3f} bytes sent for each of the packets")  # noqa: T201
    assert 1000 - len(wire.cuts) > 25
    assert ratio <= 1.2


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


def test_the_kiosk_may_take_a_packet_away_at_any_time(exchange, centre, line, make_delivery, clock):
    put(exchange, "p1", b"gone")
    delivery = make_delivery(line)
    centre.stop()
    until_idle(delivery)
    centre.start()
    file_of(exchange, "p1").unlink()
    clock.now += 10
    until_idle(delivery)
    assert not centre.shelf.packets
    assert delivery.trouble is None


def test_partial_files_and_links_are_left_alone(exchange, centre, line, make_delivery, tmp_path: Path):
    (tmp_path / "secret").write_bytes(b"secret")
    file_of(exchange, "p1").symlink_to(tmp_path / "secret")
    (exchange.outbox / "0000000002-p2.packet.partial").write_bytes(b"half")
    (exchange.outbox / "p3.packet").write_bytes(b"no number")
    until_idle(make_delivery(line))
    assert not centre.shelf.packets


def test_an_empty_packet_is_refused_not_looped_on(exchange, centre, line, make_delivery):
    put(exchange, "p1", b"")
    delivery = make_delivery(line)
    until_idle(delivery)
    assert delivery.refused == 1


def as_often_as_the_process_is_started(make_delivery, line, clock) -> None:
    """A step that an ill disk ends is begun anew after a minute, by a delivery that remembers nothing."""
    for _ in range(3):
        delivery = make_delivery(line)
        with contextlib.suppress(OSError):
            pass_time(delivery, clock, 3)
        clock.now += 60


def test_a_packet_on_a_bad_place_of_the_disk_holds_up_none_behind_it(
    exchange, centre, line, make_delivery, clock, monkeypatch
):
    for packet in ("p1", "p2", "p3"):
        put(exchange, packet, packet.encode())
    whole = os.open

    def ill(path, *how, **more):
        if str(path).endswith("-p1.packet"):
            raise OSError(errno.EIO, "Input/output error")
        return whole(path, *how, **more)

    monkeypatch.setattr("os.open", ill)
    as_often_as_the_process_is_started(make_delivery, line, clock)
    assert centre.shelf.packets == [b"p2", b"p3"]
    assert file_of(exchange, "p1").exists()
    monkeypatch.setattr("os.open", whole)
    clock.now += 1000
    until_idle(make_delivery(line))
    assert centre.shelf.packets == [b"p2", b"p3", b"p1"]


def test_a_packet_that_becomes_shorter_while_it_is_sent_holds_up_none_behind_it(
    exchange, centre, line, make_delivery, clock, monkeypatch
):
    put(exchange, "p1", os.urandom(700_000))
    put(exchange, "p2", b"good")
    append = Centre.append

    def cut_off(self, address, offset, piece):
        os.truncate(file_of(exchange, "p1"), 100_000)
        return append(self, address, offset, piece)

    monkeypatch.setattr(Centre, "append", cut_off)
    pass_time(make_delivery(line), clock, 3)
    assert b"good" in centre.shelf.packets
