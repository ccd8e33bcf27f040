"""Nothing accepted is lost, nothing twice, whatever step the power fails at; and only a true receipt deletes."""

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.record import canonical
from kiosk.record.database import Database
from kiosk.record.exchange import PACKET, PARTIAL, PacketName, complete_files, write_durably
from kiosk.record.header import Header, Kind, SignatureWrong, UnknownKey, Untrusted, WrongKind
from kiosk.record.keypair import SigningKey
from kiosk.record.outbox import Outbox, ReceiptRefused, packet_index, room, stock
from kiosk.record.outbox.packet_index import Custody
from kiosk.record.outbox.room import DiskFull
from kiosk.record.outbox.shelf import Guise
from kiosk.record.seal import peek, sign

DAMAGED, DELIVERED = Guise.DAMAGED.value, Guise.DELIVERED.value
NOW_ID, NEXT_ID = "0" * 31 + "1", "0" * 31 + "2"


@pytest.fixture
def boot(world: Any) -> Callable[[], Outbox]:
    """The kiosk process starts: index opened, start-up reconciliation done."""
    return lambda: Outbox(world.exchange, world.kiosk("index.db"), keys=world.keys, trust=world.trust, floor=0)


def files(world: Any) -> list[str]:
    return sorted(path.name for path in world.exchange.outbox.iterdir())


def packet(world: Any, packet_id: str) -> bytes:
    content: bytes = world.packet(packet_id).read_bytes()
    return content


def test_accepted_is_on_disk_sealed_and_in_sequence(world: Any, boot: Callable[[], Outbox], now: Any) -> None:
    outbox = boot()
    first = outbox.accept(b"MARKED one", packet_id=NOW_ID, now=now)
    second = outbox.accept(b"MARKED two", packet_id=NEXT_ID, now=now + timedelta(hours=1))
    assert files(world) == [str(PacketName(1, NOW_ID)), str(PacketName(2, NEXT_ID))]
    assert first.sha256 == hashlib.sha256(packet(world, NOW_ID)).digest()
    assert peek(packet(world, NEXT_ID)).previous == first.sha256
    assert [first.sequence, second.sequence] == [1, 2]
    assert first.registration == "TTS-SOE-01-00001-K"
    waiting = outbox.waiting()
    assert (waiting.count, waiting.bytes) == (2, first.size + second.size)
    assert waiting.oldest == int(now.timestamp())
    everything = b"".join(path.read_bytes() for path in world.root.rglob("*") if path.is_file())
    assert b"MARKED" not in everything


def test_the_same_recording_again_is_the_same_packet(boot: Callable[[], Outbox], now: Any) -> None:
    outbox = boot()
    first = outbox.accept(b"one", packet_id=NOW_ID, now=now)
    again = outbox.accept(b"one", packet_id=NOW_ID, now=now)
    assert (again.sequence, again.sha256, outbox.waiting().count) == (first.sequence, first.sha256, 1)


def test_power_may_fail_at_any_step_of_accepting(world: Any, boot: Callable[[], Outbox], power: Any, now: Any) -> None:
    """Before each retry the uplink delivers whatever lies whole in the outbox: the worst it can do."""
    step = 0
    while True:
        number = f"{step:032x}"
        outbox = boot()
        with power.cut_at(step):
            outbox.accept(b"payload", packet_id=number, now=now)
        outbox.close()
        for path in complete_files(world.exchange.outbox, PACKET):
            world.intake.accept(path.read_bytes())
        outbox = boot()
        assert not outbox.found.lost
        assert outbox.found.damaged == 0
        stored = outbox.accept(b"payload", packet_id=number, now=now)
        assert stored.sequence == step + 1
        assert not [name for name in files(world) if name.endswith(PARTIAL)]
        world.intake.accept(packet(world, number))
        outbox.close()
        if not power.was_cut:
            break
        step += 1
    report = world.registry.report(world.keys.station)
    assert step > 6
    assert (report.highest, report.missing, report.repeated, report.broken) == (step + 1, (), (), ())
    assert len(world.registry.packets()) == step + 1


def test_power_may_fail_at_any_step_of_settling(world: Any, boot: Callable[[], Outbox], power: Any, now: Any) -> None:
    step = 0
    while True:
        number = f"{step:032x}"
        outbox = boot()
        outbox.accept(b"payload", packet_id=number, now=now)
        receipt = world.intake.accept(packet(world, number))
        with power.cut_at(step):
            outbox.settle(receipt, now=now)
        outbox.close()
        outbox = boot()
        assert not outbox.found.lost
        assert outbox.settle(receipt, now=now).packet_id == number
        assert files(world) == [str(PacketName(n + 1, f"{n:032x}")) + DELIVERED for n in range(step + 1)]
        assert outbox.waiting().count == 0
        outbox.close()
        if not power.was_cut:
            break
        step += 1
    assert step > 3


def test_the_disk_may_fail_at_any_step_of_accepting_and_of_settling(
    world: Any, boot: Callable[[], Outbox], power: Any, now: Any
) -> None:
    """Nobody is started anew: what the failure left open is settled by the next question."""
    outbox, step, ill = boot(), 0, True
    while ill:
        number = f"{step:032x}"
        with power.ill_at(step):
            outbox.accept(b"payload", packet_id=number, now=now)
        ill = power.was_ill
        for path in complete_files(world.exchange.outbox, PACKET):
            world.intake.accept(path.read_bytes())
        assert outbox.accept(b"payload", packet_id=number, now=now).sequence == step + 1
        assert files(world)[-1] == str(PacketName(step + 1, number))
        receipt = world.intake.accept(packet(world, number))
        with power.ill_at(step):
            outbox.settle(receipt, now=now)
        ill = ill or power.was_ill
        outbox.settle(receipt, now=now)
        assert outbox.waiting().count == 0
        assert files(world)[-1] == str(PacketName(step + 1, number)) + DELIVERED
        step += 1
    report = world.registry.report(world.keys.station)
    assert step > 6
    assert (report.highest, report.missing, report.repeated, report.broken) == (step, (), (), ())


def test_a_failing_disk_is_told_and_the_next_try_keeps_one(
    world: Any, boot: Callable[[], Outbox], now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = boot()
    failures = iter([True, True, False, False, False, False])
    original = os.fsync

    def fsync(descriptor: int) -> None:
        original(descriptor)
        if next(failures, False):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            outbox.accept(b"one", packet_id=NOW_ID, now=now)
    assert outbox.accept(b"one", packet_id=NOW_ID, now=now).sequence == 1
    assert files(world) == [str(PacketName(1, NOW_ID))]


def test_a_full_disk_refuses_early_and_keeps_nothing(world: Any, now: Any) -> None:
    outbox = Outbox(
        world.exchange, world.kiosk("index.db"), keys=world.keys, trust=world.trust, floor=1000, free=lambda _: 1500
    )
    with pytest.raises(DiskFull):
        outbox.accept(bytes(501), packet_id=NOW_ID, now=now)
    assert files(world) == []
    assert outbox.accept(bytes(500), packet_id=NEXT_ID, now=now).sequence == 1


def test_a_disk_that_fills_while_writing_keeps_nothing(
    world: Any, boot: Callable[[], Outbox], now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = boot()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(DiskFull):
            outbox.accept(b"one", packet_id=NOW_ID, now=now)
    assert files(world) == []
    assert outbox.accept(b"one", packet_id=NOW_ID, now=now).sequence == 1


# Receipts -----------------------------------------------------------------------------------------------------------


def receipt_for(
    world: Any, packet_id: str, digest: bytes, *, station: str | None = None, signer: SigningKey | None = None
) -> bytes:
    head = Header(Kind.RECEIPT, "centre", station or world.keys.station, packet_id, 1, 1)
    body = canonical.encode({"packet": packet_id, "sha256": digest})
    return sign(body, head, signer or world.authority.receipts)


def test_a_true_receipt_takes_a_packet_out_of_sight(world: Any, boot: Callable[[], Outbox], now: Any) -> None:
    outbox = boot()
    stored = outbox.accept(b"one", packet_id=NOW_ID, now=now)
    receipt = world.intake.accept(packet(world, NOW_ID))
    assert not outbox.settle(receipt, now=now).again
    assert files(world) == [str(PacketName(1, NOW_ID)) + DELIVERED]
    assert outbox.settle(receipt, now=now).again
    assert outbox.holds(NOW_ID)
    assert outbox.counts()[Custody.KEPT] == 1
    assert outbox.accept(b"two", packet_id=NEXT_ID, now=now).sequence == 2
    assert peek(packet(world, NEXT_ID)).previous == stored.sha256


@pytest.mark.parametrize(
    ("lie", "error"),
    [
        (lambda w, s: receipt_for(w, NOW_ID, bytes(32)), ReceiptRefused),
        (lambda w, s: receipt_for(w, NEXT_ID, s.sha256), ReceiptRefused),
        (lambda w, s: receipt_for(w, NOW_ID, s.sha256, signer=w.authority.orders), UnknownKey),
        (lambda w, s: receipt_for(w, NOW_ID, s.sha256, signer=w.keys.signing), UnknownKey),
        (lambda w, s: receipt_for(w, NOW_ID, s.sha256, station="other-station"), WrongKind),
        (lambda w, s: receipt_for(w, NOW_ID, s.sha256)[:-1] + b"\x00", SignatureWrong),
        (lambda w, s: b"", Untrusted),
        (lambda w, s: b"200 OK", Untrusted),
    ],
)
def test_no_false_receipt_deletes(
    world: Any, boot: Callable[[], Outbox], now: Any, lie: Callable[..., bytes], error: type[Exception]
) -> None:
    outbox = boot()
    stored = outbox.accept(b"one", packet_id=NOW_ID, now=now)
    with pytest.raises(error):
        outbox.settle(lie(world, stored), now=now)
    assert files(world) == [str(PacketName(1, NOW_ID))]
    assert outbox.waiting().count == 1


# After a start ------------------------------------------------------------------------------------------------------


def test_a_lost_index_finds_its_packets_again(world: Any, boot: Callable[[], Outbox], now: Any) -> None:
    outbox = boot()
    for number in range(3):
        outbox.accept(b"payload", packet_id=f"{9 - number:032x}", now=now)
    outbox.close()
    for path in world.exchange.root.glob("kiosk/index.db*"):
        path.unlink()
    outbox = boot()
    assert outbox.found.adopted == 3
    assert outbox.accept(b"payload", packet_id=NOW_ID, now=now).sequence == 4
    assert peek(packet(world, NOW_ID)).previous == hashlib.sha256(packet(world, f"{7:032x}")).digest()


@pytest.mark.parametrize("restored", [True, False])
def test_no_number_is_given_out_twice_where_the_index_comes_from_a_backup_or_is_lost(
    world: Any, boot: Callable[[], Outbox], now: Any, tmp_path: Path, restored: bool
) -> None:
    outbox = boot()
    outbox.accept(b"payload", packet_id=f"{1:032x}", now=now)
    outbox.close()
    shutil.copy(world.kiosk("index.db"), tmp_path / "backup")
    outbox = boot()
    for number in (2, 3):
        outbox.accept(b"payload", packet_id=f"{number:032x}", now=now)
    outbox.close()
    for path in world.exchange.root.glob("kiosk/index.db*"):
        path.unlink()
    if restored:
        shutil.copy(tmp_path / "backup", world.kiosk("index.db"))
    for number in (1, 2, 3):  # delivered, and let go of since
        world.packet(f"{number:032x}").unlink()
    outbox = boot()
    assert outbox.accept(b"payload", packet_id=f"{4:032x}", now=now).sequence == 4
    assert [path.name for path in world.exchange.root.glob("kiosk/given-*")] == ["given-0000000004"]


def test_an_outbox_of_before_names_had_numbers_is_taken_over(world: Any, boot: Callable[[], Outbox], now: Any) -> None:
    """An index of version 1, files named by their id alone, one of them delivered and one lost."""
    outbox = boot()
    for number in range(4):
        outbox.accept(b"payload", packet_id=f"{number:032x}", now=now)
    receipt = world.intake.accept(packet(world, f"{3:032x}"))
    outbox.close()
    with closing(sqlite3.connect(world.kiosk("index.db"))) as index:
        rows = index.execute("SELECT id, sequence, sha256, size, registration, made FROM packets").fetchall()
    for path in world.exchange.root.glob("kiosk/index.db*"):
        path.unlink()
    with closing(Database(world.kiosk("index.db"), packet_index._SCHEMA, version=1)) as old, old.transaction() as write:
        states = ("waiting", "settled", "lost", "waiting")
        for row, state in zip(rows, states, strict=True):
            write.execute("INSERT INTO packets VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)", (*row, state))
    for packet_id, sequence, *_ in rows:
        path = world.packet(packet_id)
        path.unlink() if sequence in (2, 3) else path.rename(path.with_name(packet_id + PACKET))
    outbox = boot()
    assert files(world) == [str(PacketName(1, f"{0:032x}")), str(PacketName(4, f"{3:032x}"))]
    assert outbox.counts() == {**dict.fromkeys(Custody, 0), Custody.HELD: 2, Custody.TOMBSTONE: 1, Custody.LOST: 1}
    assert [lost.packet_id for lost in outbox.lost()] == [f"{2:032x}"]
    assert not outbox.settle(receipt, now=now).again
    assert outbox.accept(b"payload", packet_id=NOW_ID[:-1] + "9", now=now).sequence == 5


def test_strange_files_are_set_aside_not_sent_and_not_deleted(world: Any, boot: Callable[[], Outbox], now: Any) -> None:
    write_durably(world.exchange.outbox / ("stranger" + PACKET), b"no packet")
    (world.exchange.outbox / ("link" + PACKET)).symlink_to("/etc/hostname")
    outbox = boot()
    assert outbox.found.damaged == 1
    assert "stranger" + PACKET + DAMAGED in files(world)
    assert outbox.waiting().count == 0


def vanish(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def rot(path: Path) -> None:
    """One bit turns: the size stays."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(("harm", "left"), [(vanish, []), (cut, [str(PacketName(1, NOW_ID)) + DAMAGED])])
def test_a_packet_that_is_damaged_or_gone_is_reported_lost(
    world: Any, boot: Callable[[], Outbox], now: Any, harm: Callable[[Path], None], left: list[str]
) -> None:
    outbox = boot()
    lost = outbox.accept(b"one", packet_id=NOW_ID, now=now)
    outbox.close()
    harm(world.packet(NOW_ID))
    outbox = boot()
    assert outbox.found.lost == 1
    assert [packet.sequence for packet in outbox.lost()] == [1]
    assert not outbox.holds(NOW_ID)
    assert (files(world), outbox.waiting().count) == (left, 0)
    with pytest.raises(ValueError, match="was lost"):
        outbox.accept(b"one", packet_id=NOW_ID, now=now)
    assert outbox.accept(b"two", packet_id=NEXT_ID, now=now).sequence == 2
    assert peek(packet(world, NEXT_ID)).previous == lost.sha256
    world.intake.accept(packet(world, NEXT_ID))
    assert world.registry.report(world.keys.station).missing == (1,)


def test_a_bit_that_turned_is_found_by_the_hash_after_the_start(
    world: Any, boot: Callable[[], Outbox], now: Any
) -> None:
    outbox = boot()
    for number in range(3):
        outbox.accept(b"payload", packet_id=f"{number:032x}", now=now)
    outbox.settle(world.intake.accept(packet(world, f"{2:032x}")), now=now)
    outbox.close()
    rot(world.packet(f"{1:032x}"))
    outbox = boot()
    outbox.inspect(within=0)
    assert (outbox.waiting().count, tuple(outbox.lost())) == (2, ())
    outbox.inspect(within=60)
    assert [lost.packet_id for lost in outbox.lost()] == [f"{1:032x}"]
    left = [str(PacketName(n + 1, f"{n:032x}")) for n in range(3)]
    assert files(world) == [left[0], left[1] + DAMAGED, left[2] + DELIVERED]
    outbox.close()
    outbox = boot()
    assert [lost.packet_id for lost in outbox.lost()] == [f"{1:032x}"]


def test_a_file_that_cannot_be_read_stays_and_does_not_block_the_rest(
    world: Any, boot: Callable[[], Outbox], now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = boot()
    for number in range(2):
        outbox.accept(b"payload", packet_id=f"{number:032x}", now=now)
    outbox.close()
    rot(world.packet(f"{1:032x}"))
    outbox = boot()

    def ill(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("kiosk.record.outbox.shelf.hashlib.file_digest", ill)
        with pytest.raises(OSError, match="Input/output"):
            outbox.inspect(within=60)
    assert (outbox.waiting().count, len(files(world))) == (2, 2)
    outbox.inspect(within=60)
    assert [lost.packet_id for lost in outbox.lost()] == [f"{1:032x}"]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """A disk that gives an error for one call (``rename``, ``unlink`` …) on files of this packet."""

    def begin(call: str, packet_id: str) -> None:
        original = getattr(Path, call)

        def ill(path: Path, *arguments: Any, **named: Any) -> Any:
            if packet_id in path.name:
                raise OSError(5, "Input/output error")
            return original(path, *arguments, **named)

        monkeypatch.setattr(Path, call, ill)

    return begin


def test_a_file_that_cannot_be_read_does_not_keep_the_station_from_starting(
    world: Any, boot: Callable[[], Outbox], now: Any, refuse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index is lost, and the newest packet is not to be read: the others are adopted, its number stays its own."""
    outbox = boot()
    for number in range(3):
        outbox.accept(b"payload", packet_id=f"{number:032x}", now=now)
    outbox.close()
    for path in world.exchange.root.glob("kiosk/index.db*"):
        path.unlink()
    with monkeypatch.context() as patch:
        patch.setattr("kiosk.record.outbox.stock.AGAIN", 0.0)
        refuse("read_bytes", f"{2:032x}")
        outbox = boot()
        assert (outbox.found.adopted, outbox.found.left, outbox.aside) == (2, 1, 1)
        assert outbox.accept(b"payload", packet_id="later", now=now).sequence == 4
        assert str(PacketName(3, f"{2:032x}")) in files(world)
    monkeypatch.undo()
    outbox.close()
    outbox = boot()
    assert (outbox.found.adopted, outbox.aside, outbox.waiting().count) == (1, 0, 4)


def test_a_known_file_that_cannot_be_read_or_renamed_is_not_lost(
    world: Any, boot: Callable[[], Outbox], now: Any, refuse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot().accept(b"one", packet_id=NOW_ID, now=now)
    path = world.packet(NOW_ID)
    path.rename(path.with_name(path.name + PARTIAL))
    for call in ("open", "rename"):
        refuse(call, NOW_ID)
        outbox = boot()
        assert (outbox.found.left, outbox.lost_count(), outbox.aside) == (1, 0, 1)
        assert outbox.holds(NOW_ID)
        outbox.close()
        monkeypatch.undo()
    assert boot().found.finished == 1


def test_what_a_disk_cannot_tell_of_is_not_lost(
    world: Any, boot: Callable[[], Outbox], now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot().accept(b"one", packet_id=NOW_ID, now=now)
    original = os.scandir

    class Ill:
        def __init__(self, entry: Any) -> None:
            self.name, self.path, self.is_file = entry.name, entry.path, entry.is_file

        def stat(self, **_: Any) -> None:
            raise OSError(5, "Input/output error")

    @contextmanager
    def scandir(place: Any) -> Iterator[Any]:
        with original(place) as entries:
            yield map(Ill, entries)

    monkeypatch.setattr("kiosk.record.outbox.shelf.os.scandir", scandir)
    outbox = boot()
    assert (outbox.found.left, outbox.lost_count(), outbox.waiting().count) == (1, 0, 1)


def test_a_receipted_file_that_cannot_be_deleted_holds_up_nothing(
    world: Any, boot: Callable[[], Outbox], now: Any, refuse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = boot()
    for number in range(2):
        outbox.accept(b"payload", packet_id=f"{number:032x}", now=now)
    receipts = [world.intake.accept(packet(world, f"{number:032x}")) for number in range(2)]
    refuse("rename", f"{0:032x}")
    with pytest.raises(OSError, match="Input/output"):
        outbox.settle(receipts[0], now=now)
    for _ in range(2):
        assert outbox.settle(receipts[0], now=now).again
    assert not outbox.settle(receipts[1], now=now).again
    assert outbox.accept(b"payload", packet_id="later", now=now).sequence == 3
    assert (outbox.waiting().count, outbox.aside) == (1, 1)
    monkeypatch.undo()
    later = time.monotonic() + 2 * stock.AGAIN
    monkeypatch.setattr("kiosk.record.outbox.stock.time.monotonic", lambda: later)
    assert outbox.waiting().count == 1
    assert files(world)[0] == str(PacketName(1, f"{0:032x}")) + DELIVERED
    assert outbox.aside == 0


def test_a_lost_file_that_is_here_again_waits_again(
    world: Any, boot: Callable[[], Outbox], now: Any, tmp_path: Path
) -> None:
    boot().accept(b"one", packet_id=NOW_ID, now=now)
    path = world.packet(NOW_ID)
    path.rename(tmp_path / "away")
    assert boot().waiting().count == 0
    (tmp_path / "away").rename(path)
    outbox = boot()
    assert outbox.found.returned == 1
    assert (outbox.waiting().count, tuple(outbox.lost())) == (1, ())
    outbox.inspect(within=60)
    assert outbox.holds(NOW_ID)


def test_a_receipt_shows_that_the_centre_has_what_was_lost(world: Any, boot: Callable[[], Outbox], now: Any) -> None:
    boot().accept(b"one", packet_id=NOW_ID, now=now)
    receipt = world.intake.accept(packet(world, NOW_ID))
    vanish(world.packet(NOW_ID))
    outbox = boot()
    assert not outbox.holds(NOW_ID)
    assert not outbox.settle(receipt, now=now).again
    assert outbox.holds(NOW_ID)
    assert not tuple(outbox.lost())


def test_a_replaced_packet_is_not_sent_should_its_file_come_back(
    world: Any, boot: Callable[[], Outbox], now: Any, tmp_path: Path
) -> None:
    outbox = boot()
    outbox.accept(b"one", packet_id=NOW_ID, now=now)
    path = world.packet(NOW_ID)
    path.rename(tmp_path / "away")
    boot().accept(b"two", packet_id=NEXT_ID, now=now, replaces=NOW_ID)
    (tmp_path / "away").rename(path)
    outbox = boot()
    assert (outbox.waiting().count, tuple(outbox.lost())) == (1, ())
    assert files(world) == [str(PacketName(1, NOW_ID)) + DAMAGED, str(PacketName(2, NEXT_ID))]


def test_only_what_was_lost_can_be_replaced(world: Any, boot: Callable[[], Outbox], now: Any) -> None:
    outbox = boot()
    outbox.accept(b"one", packet_id=NOW_ID, now=now)
    outbox.accept(b"two", packet_id=NEXT_ID, now=now, replaces=NOW_ID)
    assert outbox.counts()[Custody.HELD] == 2


def test_a_packet_name_cannot_leave_the_outbox(boot: Callable[[], Outbox], now: Any) -> None:
    with pytest.raises(ValueError, match="a-z"):
        boot().accept(b"one", packet_id="../escape", now=now)


def test_a_file_set_aside_that_cannot_be_deleted_keeps_back_none_of_the_others(
    world: Any, boot: Callable[[], Outbox], now: Any, refuse: Any
) -> None:
    for name in ("one", "two"):
        write_durably(world.exchange.outbox / (name + PACKET), b"no packet")
    outbox = boot()
    assert outbox.aside == 2
    refuse("unlink", "one")
    outbox.room.tidy(now=now + timedelta(days=4000))
    assert (files(world), outbox.aside) == (["one" + PACKET + DAMAGED], 1)


def test_a_receipt_is_kept_for_months_and_what_it_said_stays(world: Any, boot: Callable[[], Outbox], now: Any) -> None:
    outbox = boot()
    outbox.accept(b"payload", packet_id=NOW_ID, now=now)
    outbox.settle(world.intake.accept(packet(world, NOW_ID)), now=now)

    def receipts() -> list[int]:
        with closing(sqlite3.connect(world.kiosk("index.db"))) as index:
            return [row[0] for row in index.execute("SELECT length(receipt) FROM packets")]

    known = outbox.record(NOW_ID)
    outbox.room.tidy(now=now + timedelta(days=room.RECEIPT_DAYS - 1))
    assert receipts()[0] > 2000
    outbox.room.tidy(now=now + timedelta(days=room.RECEIPT_DAYS + 1))
    assert receipts() == [None]
    assert outbox.holds(NOW_ID)
    assert outbox.record(NOW_ID) == known
