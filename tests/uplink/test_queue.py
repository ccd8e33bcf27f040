"""Which packet goes next, however many wait, and what is remembered of those that did not go."""

import os

import pytest

from kiosk.record.exchange import PacketName
from kiosk.uplink.queue import BATCH, Queue
from kiosk.uplink.store import Store, Upload


@pytest.fixture
def queue(exchange, store, clock):
    return Queue(exchange, store, clock=clock, wall=clock.wall, longest=86400)


def name(number: int) -> PacketName:
    return PacketName(number, f"p{number}")


def put(exchange, *numbers: int) -> None:
    for number in numbers:
        (exchange.outbox / str(name(number))).write_bytes(b"x")


def taken_out(queue: Queue, count: int) -> list[int]:
    found = []
    while len(found) < count:
        if queue.is_used_up:
            queue.look(None)
        following = queue.next(put_off_first=False)
        if following is None:
            break
        found.append(following.sequence)
    return found


def test_thousands_come_in_order_and_only_some_dozen_are_held(exchange, queue):
    numbers = [(number * 7919) % 1201 + 1 for number in range(1200)]
    put(exchange, *numbers)
    queue.look(None)
    assert queue.count == 1200
    assert len(queue._fresh) == BATCH
    found = []
    for number in sorted(numbers):
        if queue.is_used_up:
            queue.look(None)
        found += taken_out(queue, 1)
        (exchange.outbox / str(name(number))).unlink()
    assert found == sorted(numbers)


def test_hundreds_put_off_hold_up_nothing_and_take_turns_when_due(exchange, queue, store, clock):
    put(exchange, *range(1, 501))
    with store.together():
        for number in range(1, 401):
            store.note(Upload(name(number), tries=3, declined=True), due=clock.wall() + 1000 + number)
    queue.look(None)
    assert taken_out(queue, 3) == [401, 402, 403]
    clock.now += 1002
    assert {queue.next(put_off_first=False).sequence for _ in range(2)} == {1, 404}
    assert store.declined() == 400


def test_what_has_a_receipt_waits_for_the_verdict_and_only_what_is_kept_was_refused(exchange, queue):
    put(exchange, 1, 2, 3)
    for number in (1, 2):
        (exchange.receipts / f"p{number}.receipt").write_bytes(b"receipt")
    queue.look(None)
    assert taken_out(queue, 9) == [3]
    for number in (1, 2):
        (exchange.receipts / f"p{number}.receipt").unlink()
        queue.acknowledged(f"p{number}")
    (exchange.outbox / str(name(1))).unlink()
    verdicts = queue.look(None)
    assert verdicts.settled == 1
    assert verdicts.refused == (name(2),)


def test_what_was_known_of_a_packet_that_is_gone_is_forgotten(exchange, queue, store):
    put(exchange, 1)
    for number in (1, 2):
        store.note(Upload(name(number), url="/somewhere"))
    queue.look(None)
    assert store.upload(name(1)) is not None
    assert store.upload(name(2)) is None


def test_a_receipt_that_was_awaited_and_is_lost_lets_its_packet_go_again(exchange, queue, store):
    put(exchange, 1)
    store.note(Upload(name(1), tries=2), due=None)
    queue.look(None)
    assert taken_out(queue, 1) == [1]


@pytest.mark.parametrize("years", [-1, 1])
def test_a_clock_that_was_set_never_puts_off_for_longer_than_anything_may_be(exchange, queue, store, clock, years):
    put(exchange, 1)
    store.note(Upload(name(1), tries=9), due=clock.wall() + 80_000)
    clock.set_on += years * 365 * 86400
    queue.look(None)
    assert taken_out(queue, 1) == [1]


def test_nothing_else_in_the_outbox_is_a_packet(exchange, queue, tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"secret")
    (exchange.outbox / str(name(1))).symlink_to(tmp_path / "elsewhere")
    (exchange.outbox / str(name(2))).mkdir()
    for other in ("3-p3.packet", "0000000004-P4.packet", "0000000005-p5.packet.partial", "p6.packet"):
        (exchange.outbox / other).write_bytes(b"x")
    queue.look(None)
    assert queue.count == 0


def test_a_low_number_that_is_put_back_is_found_while_others_are_under_way(exchange, queue, clock):
    put(exchange, *range(50, 90))
    queue.look(None)
    assert queue.next(put_off_first=False) == name(50)
    put(exchange, 7)
    os.utime(exchange.outbox, (1, 1))
    assert not queue.is_stale()
    clock.now += 11
    assert queue.is_stale()
    queue.look(None)
    assert queue.next(put_off_first=False) == name(7)


def test_memory_of_uploads_outlives_a_restart(exchange, store):
    upload = Upload(name(1), "/v1/packets/p1", 1234, whole=True, tries=2, declined=True)
    store.note(upload, due=5.0)
    again = Store(exchange.root / "uplink" / "uplink.db")
    assert again.upload(name(1)) == upload
    assert again.due(6.0) == name(1)
    assert again.whole(6.0) == name(1)
    assert again.due(4.0) is None
    again.close()
