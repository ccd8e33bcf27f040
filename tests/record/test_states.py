"""Where records stand, as the centre tells it: believed once and in order; what it lost is sent again, or told lost."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from kiosk.record import canonical
from kiosk.record.exchange import PACKET
from kiosk.record.header import Header, Kind, Malformed, NotForUs, UnknownKey, Untrusted, WrongKind
from kiosk.record.outbox import Known, Outbox, ReceiptRefused, StatesTaken
from kiosk.record.outbox.packet_index import Custody
from kiosk.record.outbox.room import Retention
from kiosk.record.resident import RecordState
from kiosk.record.seal import seal, sign

ONE, TWO, THREE, FOUR = (f"{number:032x}" for number in (1, 2, 3, 4))
CENTRE = RecordState.RECEIVED_AT_CENTRAL


@pytest.fixture
def boot(world: Any) -> Callable[..., Outbox]:
    def booted(**more: Any) -> Outbox:
        more = {"floor": 0} | more
        return Outbox(world.exchange, world.kiosk("index.db"), keys=world.keys, trust=world.trust, **more)

    return booted


def states_file(world: Any, number: int, states: Any = (), missing: Any = (), *, made: Any = None, **how: Any) -> bytes:
    body = how.get("body", {"states": [list(row) for row in states], "missing": list(missing)})
    head = Header(
        how.get("kind", Kind.STATES),
        "centre",
        how.get("station", world.keys.station),
        f"states-{number:08}",
        number,
        int(made.timestamp()) if made else 4_000_000_000,
    )
    opening = how.get("opening", world.keys.opening)
    return seal(canonical.encode(body), head, (opening.public,), how.get("signer", world.authority.states)).data


def receipt_for(world: Any, packet_id: str, digest: bytes, *, made: Any) -> bytes:
    head = Header(Kind.RECEIPT, "centre", world.keys.station, packet_id, 1, int(made.timestamp()))
    return sign(canonical.encode({"packet": packet_id, "sha256": digest}), head, world.authority.receipts)


def in_sight(world: Any) -> Sequence[str]:
    return sorted(path.name[11:-7] for path in world.exchange.outbox.glob(f"*{PACKET}"))


def delivered(world: Any, outbox: Outbox, *packet_ids: str, now: Any) -> None:
    for packet_id in packet_ids:
        stored = outbox.accept(b"payload", packet_id=packet_id, now=now)
        outbox.settle(receipt_for(world, packet_id, stored.sha256, made=now), now=now)


def test_a_record_s_state_is_what_is_known_here_until_the_centre_says_more(world: Any, boot: Any, now: Any) -> None:
    outbox = boot()
    assert outbox.record(ONE) is None
    stored = outbox.accept(b"payload", packet_id=ONE, now=now)
    assert outbox.record(ONE) == Known(RecordState.BIO_CAPTURED), "no clock but the centre's counts"
    later = now + timedelta(hours=1)
    outbox.settle(receipt_for(world, ONE, stored.sha256, made=later), now=now)
    assert outbox.record(ONE) == Known(RecordState.SENT_FOR_ENROLLMENT, int(later.timestamp()))
    blob = states_file(world, 1, [(ONE, CENTRE.value, 77), ("unknown", CENTRE.value, 78)])
    assert outbox.take_states(blob, now=now) == StatesTaken(states=2, unknown=1)
    outbox.close()
    assert boot().record(ONE) == Known(CENTRE, 77)


def test_a_file_that_comes_late_tells_what_no_later_one_told_also_after_a_restart(
    world: Any, boot: Any, now: Any
) -> None:
    outbox = boot()
    delivered(world, outbox, ONE, TWO, THREE, now=now)
    newer = states_file(world, 5, [(ONE, CENTRE.value, 77)], [3], made=now + timedelta(days=2))
    outbox.take_states(newer, now=now)
    outbox.close()
    outbox = boot()
    assert outbox.take_states(newer, now=now) == StatesTaken()
    rows = [(ONE, "PROCESSING", 70), (TWO, "PROCESSING", 71), (THREE, "PROCESSING", 72)]
    older = states_file(world, 4, rows, [2], made=now + timedelta(days=1))
    for _ in range(2):
        assert outbox.take_states(older, now=now) == StatesTaken(states=3)
        assert outbox.record(ONE) == Known(CENTRE, 77)
        assert outbox.record(TWO) == Known(RecordState.PROCESSING, 71)
        assert outbox.record(THREE) == Known(RecordState.BIO_CAPTURED), "the centre has lost it since"
        assert in_sight(world) == [THREE]
    assert outbox.last_states() == 5
    outbox.take_states(states_file(world, 3, [(TWO, "BIO_CAPTURED", 60)]), now=now)
    assert outbox.record(TWO) == Known(RecordState.PROCESSING, 71)


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"signer": "receipts"}, UnknownKey),
        ({"station": "other-station"}, WrongKind),
        ({"kind": Kind.ROSTER}, WrongKind),
        ({"opening": "other"}, NotForUs),
        ({"body": {"states": []}}, Malformed),
        ({"body": {"states": [], "missing": [], "more": 1}}, Malformed),
        ({"body": {"states": [["a", "NO_SUCH_STATE", 1]], "missing": []}}, Malformed),
        ({"body": {"states": [["../a", "CARD_ISSUED", 1]], "missing": []}}, Malformed),
        ({"body": {"states": [["a", "CARD_ISSUED"]], "missing": []}}, Malformed),
        ({"body": {"states": [["a", "CARD_ISSUED", -1]], "missing": []}}, Malformed),
        ({"body": {"states": [["a", "CARD_ISSUED", 1 << 40]], "missing": []}}, Malformed),
        ({"body": {"states": [], "missing": [True]}}, Malformed),
        ({"body": {"states": [], "missing": ["1"]}}, Malformed),
        ({"body": {"states": [], "missing": [1] * 100_001}}, Untrusted),
    ],
)
def test_what_is_not_the_centre_s_word_changes_nothing(world: Any, boot: Any, now: Any, how: Any, error: Any) -> None:
    outbox = boot()
    delivered(world, outbox, ONE, now=now)
    if "signer" in how:
        how = {"signer": world.authority.receipts}
    if "opening" in how:
        how = {"opening": world.other_keys.opening}
    with pytest.raises(error):
        outbox.take_states(states_file(world, 1, [(ONE, CENTRE.value, 77)], [1], **how), now=now)
    assert (in_sight(world), outbox.record(ONE).state) == ([], RecordState.SENT_FOR_ENROLLMENT)


def test_what_the_centre_lost_and_is_still_here_is_sent_again(world: Any, boot: Any, now: Any) -> None:
    outbox = boot()
    delivered(world, outbox, ONE, TWO, now=now)
    outbox.take_states(states_file(world, 1, [(ONE, CENTRE.value, 77)]), now=now)
    told = now + timedelta(days=1)
    done = outbox.take_states(states_file(world, 2, missing=[1, 1, 99], made=told), now=now)
    assert done == StatesTaken(sent_again=1)
    assert in_sight(world) == [ONE]
    assert outbox.record(ONE) == Known(RecordState.BIO_CAPTURED)
    old, new = (receipt_for(world, ONE, outbox.find(ONE).sha256, made=made) for made in (now, told))
    with pytest.raises(ReceiptRefused, match="older than the centre's word"):
        outbox.settle(old, now=told)
    assert in_sight(world) == [ONE]
    assert not outbox.settle(new, now=told).again
    assert in_sight(world) == []
    assert outbox.sent_again == 1


def test_a_centre_whose_clock_was_wrong_does_not_keep_a_packet_waiting_for_ever(
    world: Any, boot: Any, now: Any
) -> None:
    outbox = boot()
    delivered(world, outbox, ONE, now=now)
    outbox.take_states(states_file(world, 1, missing=[1], made=now + timedelta(days=3000)), now=now)
    receipt = receipt_for(world, ONE, outbox.find(ONE).sha256, made=now + timedelta(days=1))
    with pytest.raises(ReceiptRefused):
        outbox.settle(receipt, now=now)
    outbox.take_states(states_file(world, 2, [(ONE, CENTRE.value, 77)], made=now + timedelta(days=2)), now=now)
    assert not outbox.settle(receipt, now=now).again
    assert in_sight(world) == []


def test_only_what_was_receipted_before_the_file_was_made_counts_as_missing(world: Any, boot: Any, now: Any) -> None:
    """The file was made while a packet was on its way, or it lies: nothing is sent that need not be."""
    outbox = boot()
    delivered(world, outbox, ONE, now=now)
    outbox.accept(b"payload", packet_id=TWO, now=now)
    assert outbox.take_states(states_file(world, 1, missing=[1, 2], made=now), now=now) == StatesTaken()
    assert in_sight(world) == [TWO]


def test_a_receipt_that_was_on_its_way_when_the_centre_lost_the_packet_counts_no_more(
    world: Any, boot: Any, now: Any
) -> None:
    outbox = boot()
    stored = outbox.accept(b"payload", packet_id=ONE, now=now)
    told = now + timedelta(days=1)
    assert outbox.take_states(states_file(world, 1, missing=[1], made=told), now=now) == StatesTaken()
    old, new = (receipt_for(world, ONE, stored.sha256, made=made) for made in (now, told))
    with pytest.raises(ReceiptRefused):
        outbox.settle(old, now=told)
    assert in_sight(world) == [ONE]
    outbox.settle(new, now=told)
    assert in_sight(world) == []


def test_what_the_centre_lost_and_is_no_longer_here_is_told(world: Any, boot: Any, now: Any) -> None:
    outbox = boot(retention=Retention(keep_delivered_days=0))
    delivered(world, outbox, ONE, TWO, THREE, now=now)
    judged = [(TWO, "CARD_PRINTED", 76), (THREE, "DUPLICATE_RECORD", 77)]
    outbox.take_states(states_file(world, 1, judged, made=now), now=now)
    done = outbox.take_states(states_file(world, 2, missing=[1, 2, 3], made=now + timedelta(days=1)), now=now)
    assert done == StatesTaken(lost=1), "the centre holds the two others, whatever became of their packets"
    both = states_file(world, 3, [(TWO, "CARD_SHIPPED", 78)], missing=[2], made=now + timedelta(days=2))
    assert outbox.take_states(both, now=now) == StatesTaken(states=1), "what it says of a record holds, not of its file"
    assert [(lost.packet_id, lost.at_centre) for lost in outbox.lost()] == [(ONE, True)]
    assert outbox.is_lost(ONE)
    assert not outbox.holds(ONE)
    assert outbox.record(ONE) == Known(RecordState.ENROLL_FAILURE_AT_REGIONAL, int(now.timestamp()) + 86400)
    outbox.accept(b"payload", packet_id="f" * 32, now=now, replaces=ONE)
    assert (outbox.lost_count(), outbox.counts()[Custody.REPLACED]) == (0, 1)


def test_power_may_fail_at_any_step_of_sending_again(world: Any, boot: Any, power: Any, now: Any) -> None:
    outbox = boot()
    delivered(world, outbox, ONE, TWO, now=now)
    outbox.close()
    step = 0
    while True:
        blob = states_file(world, step + 1, missing=[1, 2], made=now + timedelta(days=2 * step + 1))
        outbox = boot()
        with power.cut_at(step):
            outbox.take_states(blob, now=now)
        outbox.close()
        outbox = boot()
        outbox.take_states(blob, now=now)
        assert in_sight(world) == [ONE, TWO]
        for packet_id in (ONE, TWO):
            receipt = receipt_for(
                world, packet_id, outbox.find(packet_id).sha256, made=now + timedelta(days=2 * step + 2)
            )
            outbox.settle(receipt, now=now)
        assert (in_sight(world), outbox.lost_count()) == ([], 0)
        outbox.close()
        if not power.was_cut:
            break
        step += 1
    assert step > 6


# Retention ------------------------------------------------------------------------------------------------------------


def test_delivered_packets_are_kept_for_their_time_and_tombstones_for_theirs(world: Any, boot: Any, now: Any) -> None:
    outbox = boot(retention=Retention(keep_delivered_days=7, tombstone_days=30))
    delivered(world, outbox, ONE, TWO, FOUR, THREE, now=now)
    final = [(ONE, "CARD_ISSUED", 1), (FOUR, "SEARCH_FAILURE_AT_CENTRAL", 1), (THREE, "CARD_ISSUED", 1)]
    outbox.take_states(states_file(world, 1, final), now=now)
    outbox.room.tidy(now=now + timedelta(days=6))
    assert outbox.counts()[Custody.KEPT] == 4
    outbox.room.tidy(now=now + timedelta(days=8))
    assert (outbox.counts()[Custody.TOMBSTONE], list(world.exchange.outbox.iterdir())) == (4, [])
    outbox.room.tidy(now=now + timedelta(days=31))
    # One is still being worked on, one may be made again, the last one's hash is named by the next.
    assert [outbox.holds(packet_id) for packet_id in (ONE, TWO, FOUR, THREE)] == [False, True, True, True]
    assert outbox.accept(b"payload", packet_id="f" * 32, now=now).sequence == 5


def test_without_keeping_a_receipt_deletes(world: Any, boot: Any, now: Any) -> None:
    outbox = boot(retention=Retention(keep_delivered_days=0))
    delivered(world, outbox, ONE, now=now)
    assert list(world.exchange.outbox.iterdir()) == []
    assert outbox.holds(ONE)


def test_room_is_made_of_delivered_packets_oldest_first_and_never_of_waiting_ones(
    world: Any, boot: Any, now: Any
) -> None:
    def free(directory: Any) -> int:
        return 1_000_000 - sum(path.stat().st_size for path in directory.iterdir())

    outbox = boot(floor=0, free=free)
    for number in range(40):
        delivered(world, outbox, f"{number:032x}", now=now)
    outbox.accept(b"payload", packet_id="a" * 32, now=now)
    outbox.close()
    size = (1_000_000 - free(world.exchange.outbox)) // 41
    outbox = boot(floor=1_000_000 - 30 * size, free=free)
    outbox.room.check()
    kept = sorted(int(path.name[:10]) for path in world.exchange.outbox.glob("*.delivered"))
    assert kept == list(range(17, 41))
    assert in_sight(world) == ["a" * 32]


def test_power_may_fail_at_any_step_of_letting_go(world: Any, boot: Any, power: Any, now: Any) -> None:
    step = 0
    while True:
        outbox = boot()
        delivered(world, outbox, f"{step:032x}", now=now)
        with power.cut_at(step):
            outbox.room.tidy(now=now + timedelta(days=8))
        outbox.close()
        outbox = boot()
        outbox.room.tidy(now=now + timedelta(days=8))
        assert list(world.exchange.outbox.iterdir()) == []
        assert outbox.counts()[Custody.TOMBSTONE] == step + 1
        outbox.close()
        if not power.was_cut:
            break
        step += 1
    assert step > 3


def test_the_days_until_the_disk_is_full_are_guessed_from_the_last_fortnight(world: Any, boot: Any, now: Any) -> None:
    free = 0
    outbox = boot(floor=1000, free=lambda _: free)
    assert outbox.room.days_left(now=now) is None
    free = 1 << 30
    sizes = [outbox.accept(bytes(1000), packet_id=f"{n:032x}", now=now + timedelta(days=n)).size for n in range(20)]
    free = 1000 + 12 * sizes[-1]
    assert outbox.room.days_left(now=now + timedelta(days=19)) == 12
    assert outbox.room.days_left(now=now + timedelta(days=60)) is None
    free = 0
    assert outbox.room.days_left(now=now + timedelta(days=19)) == 0
