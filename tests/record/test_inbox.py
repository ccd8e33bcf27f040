"""What the uplink brings: taken in once, refused once, acknowledged either way, and recordings kept across a cut."""

import errno
import os
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.centre.opening import open_packet
from kiosk.record import canonical, inbox
from kiosk.record.clock import Moment
from kiosk.record.exchange import PACKET, PacketName, read_foreign
from kiosk.record.header import Header, Kind, UnknownKey, Untrusted
from kiosk.record.inbox import Inbox, Refused, Taken
from kiosk.record.keeping import keep, settle_notes
from kiosk.record.keypair import SigningKey
from kiosk.record.keys import CentreTrust, keys_directory, sign_trust
from kiosk.record.ledger import Ledger
from kiosk.record.outbox import Outbox
from kiosk.record.outbox.packet_index import PacketIndex
from kiosk.record.outbox.room import DiskFull
from kiosk.record.outbox.shelf import Shelf
from kiosk.record.packet import pack
from kiosk.record.resident import RecordState
from kiosk.record.roster import OutOfTime, Roster
from kiosk.record.seal import open_sealed, seal, sign


class Kiosk:
    """The records half of the kiosk process."""

    def __init__(self, world: Any, clock: Any = None) -> None:
        self.world = world
        self.roster = Roster(world.kiosk("roster.db"), world.keys.roster)
        self.ledger = Ledger(world.kiosk("ledger.db"), world.keys.ledger)
        self.outbox = Outbox(world.exchange, world.kiosk("index.db"), keys=world.keys, trust=world.trust, floor=0)
        settle_notes(outbox=self.outbox, roster=self.roster, lost=[each.packet_id for each in self.outbox.lost()])
        self.inbox = Inbox(
            world.exchange,
            outbox=self.outbox,
            ledger=self.ledger,
            roster=self.roster,
            keys=world.keys,
            trust=world.trust,
            clock=clock,
        )

    def stop(self) -> None:
        for part in (self.roster, self.ledger, self.outbox):
            part.close()


def bring(world: Any, place: str, name: str, content: bytes) -> None:
    (getattr(world.exchange, place) / name).write_bytes(content)


def test_a_roster_a_receipt_and_an_order_are_taken_once(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    bring(world, "rosters", "roster-00000001.roster", world.roster())
    assert kiosk.inbox.take_in(now=now) == [Taken("roster-00000001.roster")]
    stored = keep(world.recording(), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    packet = world.packet(stored.packet_id).read_bytes()
    bring(world, "receipts", f"{stored.packet_id}.receipt", world.intake.accept(packet))
    order_id, order = world.orders.order_for_packet(packet, now=now)
    bring(world, "orders", f"{order_id}.order", order)
    assert kiosk.inbox.take_in(now=now) == [Taken(f"{stored.packet_id}.receipt"), Taken(f"{order_id}.order")]
    assert kiosk.inbox.take_in(now=now) == []
    assert list(world.exchange.outbox.glob(f"*{PACKET}")) == []
    assert kiosk.roster.recorded_here(world.cast.ordinary.nik)
    assert open_packet(packet, world.authority).recording == world.recording()
    kiosk.stop()


def test_what_is_not_believed_is_acknowledged_once_and_blocks_nothing(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    bring(world, "orders", "a.order", b"noise")
    bring(world, "rosters", "b.roster", world.roster())
    first, second = kiosk.inbox.take_in(now=now)
    assert isinstance(first, Refused)
    assert isinstance(first.why, Untrusted)
    assert second == Taken("b.roster")
    assert kiosk.inbox.take_in(now=now) == []
    kiosk.stop()


def test_a_file_that_a_bad_disk_keeps_back_keeps_back_no_other_and_is_told_once(
    world: Any, now: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kiosk = Kiosk(world)
    bring(world, "brought", "bad.receipt", b"")
    bring(world, "rosters", "roster-00000001.roster", world.roster())
    reading, tries = inbox.read_foreign, list[str]()

    def ill(path: Path, *, most: int) -> bytes:
        tries.append(path.name)
        if path.name == "bad.receipt":
            raise OSError(errno.EIO, "Input/output error")
        return reading(path, most=most)

    monkeypatch.setattr(inbox, "read_foreign", ill)
    assert kiosk.inbox.take_in(now=now) == [Taken("roster-00000001.roster")]
    assert kiosk.inbox.take_in(now=now) == []
    monkeypatch.setattr(inbox, "AGAIN", 0.0)
    kiosk.inbox._held[world.exchange.brought / "bad.receipt"] = 0.0
    assert kiosk.inbox.take_in(now=now) == []
    assert tries.count("bad.receipt") == 2
    assert [record.message.count("EIO") for record in caplog.records] == [1]
    kiosk.stop()


def packet_of(world: Any) -> bytes:
    head = Header(Kind.RECORDING, world.keys.station, "centre", "0" * 32, 1, 1)
    return seal(pack(world.recording()), head, world.trust.recipients, world.keys.signing).data


def made_by(world: Any, kind: Kind, body: bytes, signer: Any, *, to: Any = None, made: Any, **how: Any) -> bytes:
    """A file of the centre's by another key, or to one."""
    head = Header(kind, "centre", world.keys.station, f"{kind.value}-00000001", 1, int(made.timestamp()), **how)
    return seal(body, head, ((to or world.keys.opening).public,), signer).data


def new_keys(world: Any, signer: Any) -> bytes:
    lists = {name: [signer.public] for name in ("receipts", "orders", "rosters", "states", "commands")}
    return sign_trust(
        world.authority.root,
        world.keys.station,
        world.keys.opening.public,
        sequence=world.trust.sequence + 1,
        made=1,
        packets=world.trust.recipients,
        **lists,
    )


def opened_body(world: Any, blob: bytes, kind: Kind) -> bytes:
    verifying = {Kind.ORDER: world.trust.orders, Kind.ROSTER: world.trust.rosters}[kind]
    body: bytes = open_sealed(blob, kind=kind, verifying=verifying, opening=world.keys.openings).body
    return body


@pytest.mark.parametrize("place", ["fetched", "brought"])
def test_what_came_before_the_keys_that_signed_it_is_taken_in_after_them(world: Any, now: Any, place: str) -> None:
    kiosk, signer = Kiosk(world), SigningKey.generate()
    _, order = world.orders.order_for_packet(packet_of(world), now=now)
    files = {
        "order-00000001.order": (Kind.ORDER, opened_body(world, order, Kind.ORDER)),
        "roster-00000001.roster": (Kind.ROSTER, opened_body(world, world.roster(), Kind.ROSTER)),
        "states-00000001.states": (Kind.STATES, canonical.encode({"states": [], "missing": []})),
    }
    for name, (kind, body) in files.items():
        where = "brought" if place == "brought" else f"{kind.value.removesuffix('s')}s"
        bring(world, where, name, made_by(world, kind, body, signer, made=now))
    assert kiosk.inbox.take_in(now=now) == []
    assert list(world.exchange.taken.iterdir()) == []
    bring(world, "keys", "keys-00000009.keys", new_keys(world, signer))
    results = [*kiosk.inbox.take_in(now=now), *kiosk.inbox.take_in(now=now)]
    assert Taken("keys-00000009.keys") in results
    assert {result.file for result in results if isinstance(result, Taken)} == {"keys-00000009.keys", *files}
    assert kiosk.ledger.last_order() == 1
    assert list(world.exchange.brought.iterdir()) == []
    kiosk.stop()


def test_what_is_sealed_to_keys_not_loaded_yet_is_taken_in_after_a_start(world: Any, now: Any) -> None:
    kiosk, renewed = Kiosk(world), world.keys.renewing()
    body = opened_body(world, world.roster(), Kind.ROSTER)
    blob = made_by(world, Kind.ROSTER, body, world.authority.rosters, to=renewed.coming.opening, made=now)
    bring(world, "rosters", "roster-00000001.roster", blob)
    assert kiosk.inbox.take_in(now=now) == []
    kiosk.stop()
    world.keys = renewed
    kiosk = Kiosk(world)
    assert kiosk.inbox.take_in(now=now) == [Taken("roster-00000001.roster")]
    kiosk.stop()


def test_a_calendar_that_is_not_trusted_refuses_nothing_for_good(world: Any, now: Any) -> None:
    moments = [Moment("boot", 60.0, 0, kept=False)]
    kiosk = Kiosk(world, clock=lambda: moments[-1])
    order_id, order = world.orders.order_for_packet(packet_of(world), now=now)
    bring(world, "orders", f"{order_id}.order", order)
    assert kiosk.inbox.take_in(now=now + timedelta(days=400)) == []
    kiosk.inbox._held.clear()
    assert kiosk.inbox.take_in(now=now) == [Taken(f"{order_id}.order")]
    moments.append(Moment("boot", 61.0, int(now.timestamp()), kept=True))
    order_id, order = world.orders.order_for_packet(packet_of(world), now=now, replacing=True)
    bring(world, "orders", f"{order_id}.order", order)
    (refused,) = kiosk.inbox.take_in(now=now + timedelta(days=400))
    assert isinstance(refused.why, OutOfTime)
    assert kiosk.ledger.last_order() == 2, "it was the centre's, and is not asked for again"
    kiosk.stop()


def test_what_will_be_valid_is_held(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    body = opened_body(world, world.roster(), Kind.ROSTER)
    start = int(now.timestamp()) + 3600
    blob = made_by(world, Kind.ROSTER, body, world.authority.rosters, made=now, valid_from=start)
    bring(world, "rosters", "roster-00000001.roster", blob)
    assert kiosk.inbox.take_in(now=now) == []
    kiosk.inbox._held.clear()
    assert kiosk.inbox.take_in(now=now + timedelta(hours=1)) == [Taken("roster-00000001.roster")]
    kiosk.stop()


def test_files_are_held_for_their_time_and_not_without_number(
    world: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk, signer = Kiosk(world), SigningKey.generate()
    monkeypatch.setattr(inbox, "MOST_HELD", 2)
    for number in range(3):
        bring(world, "brought", f"order-0000000{number}.order", made_by(world, Kind.ORDER, b"", signer, made=now))
        os.utime(world.exchange.brought / f"order-0000000{number}.order", (0, 0))
    (refused,) = kiosk.inbox.take_in(now=now + timedelta(days=29))
    assert isinstance(refused.why, UnknownKey)
    kiosk.inbox._held.clear()
    results = kiosk.inbox.take_in(now=now + timedelta(days=31))
    assert [type(result.why) for result in results] == [UnknownKey] * 2
    assert list(world.exchange.brought.iterdir()) == []
    kiosk.stop()


def test_a_marker_that_cannot_be_written_costs_that_file_only(
    world: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk = Kiosk(world)
    bring(world, "keys", "x" * 250 + ".keys", b"noise")
    bring(world, "keys", "noise.keys", b"noise")
    bring(world, "rosters", "roster-00000001.roster", world.roster())
    (world.exchange.taken / "noise.keys.partial").mkdir()
    first, second = kiosk.inbox.take_in(now=now)
    assert (first.file, second) == ("noise.keys", Taken("roster-00000001.roster"))
    assert kiosk.inbox.take_in(now=now) == []
    kiosk.stop()


def test_nobody_is_waited_for_at_a_pipe_and_no_link_is_followed(world: Any, now: Any, tmp_path: Path) -> None:
    pipe, link, plain = (tmp_path / name for name in ("pipe", "link", "plain"))
    os.mkfifo(pipe)
    plain.write_bytes(b"12345")
    link.symlink_to(plain)
    for path in (pipe, link, tmp_path):
        with pytest.raises(OSError, match=r"plain file|symbolic|directory"):
            read_foreign(path, most=10)
    assert (read_foreign(plain, most=10), read_foreign(plain, most=3)) == (b"12345", b"123")


def test_what_the_uplink_and_what_a_stick_brought_take_turns(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    for number in range(5):
        bring(world, "brought", f"{number:04}.keys", b"noise")
        bring(world, "receipts", f"{number:04}.receipt", b"noise")
    for _ in range(2):
        suffixes = [Path(kiosk.inbox.take_in(now=now, within=0)[0].file).suffix for _ in range(4)]
        assert sorted(suffixes) == [".keys", ".keys", ".receipt", ".receipt"]
    kiosk.stop()


def test_an_order_signed_with_the_rosters_key_is_refused(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    bring(world, "orders", "a.order", world.roster())
    (refused,) = kiosk.inbox.take_in(now=now)
    assert isinstance(refused, Refused)
    assert isinstance(refused.why, UnknownKey)
    kiosk.stop()


def test_what_a_power_cut_left_half_written_is_cleared_away(world: Any, now: Any) -> None:
    for place in ("brought", "taken"):
        bring(world, place, "a.order.partial", b"half")
    kiosk = Kiosk(world)
    for place in (world.exchange.brought, world.exchange.taken):
        assert list(place.iterdir()) == []
    kiosk.stop()


def test_markers_go_when_the_uplink_has_cleaned_up(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    bring(world, "rosters", "b.roster", world.roster())
    kiosk.inbox.take_in(now=now)
    assert (world.exchange.taken / "b.roster").exists()
    (world.exchange.rosters / "b.roster").unlink()
    kiosk.inbox.take_in(now=now)
    assert not (world.exchange.taken / "b.roster").exists()
    kiosk.stop()


def test_keys_come_first_and_count_for_what_follows_them(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    keys = keys_directory(world.exchange.root)
    made, newer = SigningKey.generate(), world.trust.sequence + 1
    blob = new_keys(world, made)
    stored = keep(world.recording(), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    head = Header(Kind.RECEIPT, "centre", world.keys.station, stored.packet_id, 1, 1)
    body = canonical.encode({"packet": stored.packet_id, "sha256": stored.sha256})
    bring(world, "receipts", f"{stored.packet_id}.receipt", sign(body, head, made))
    bring(world, "keys", "newer.keys", blob)
    names = [result.file for result in kiosk.inbox.take_in(now=now) if isinstance(result, Taken)]
    assert names == ["newer.keys", f"{stored.packet_id}.receipt"]
    assert kiosk.outbox.waiting().count == 0
    assert CentreTrust.load(keys).sequence == newer
    bring(world, "keys", "noise.keys", b"noise")
    (refused,) = kiosk.inbox.take_in(now=now)
    assert isinstance(refused, Refused)
    kiosk.stop()


def test_what_a_stick_brought_is_taken_in_the_same_order_and_deleted(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    stored = keep(world.recording(), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    receipt = world.intake.accept(world.packet(stored.packet_id).read_bytes())
    head = Header(Kind.STATES, "centre", world.keys.station, "states-00000001", 1, 1)
    told = canonical.encode({"states": [[stored.packet_id, "CARD_ISSUED", 5]], "missing": []})
    states = seal(told, head, (world.keys.opening.public,), world.authority.states).data
    bring(world, "brought", "states-00000001.states", states)
    bring(world, "brought", "roster-00000001.roster", world.roster())
    bring(world, "brought", f"{stored.packet_id}.receipt", receipt)
    bring(world, "brought", "other.order", b"noise")
    results = kiosk.inbox.take_in(now=now)
    assert [Path(result.file).suffix for result in results] == [".receipt", ".order", ".roster", ".states"]
    assert [isinstance(result, Taken) for result in results] == [True, False, True, True]
    assert list(world.exchange.brought.iterdir()) == []
    assert list(world.exchange.taken.iterdir()) == []
    assert kiosk.outbox.record(stored.packet_id).state is RecordState.CARD_ISSUED
    assert kiosk.outbox.last_heard() == int(now.timestamp())
    kiosk.stop()


def test_hundreds_of_files_are_taken_in_slices(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    for number in range(300):
        bring(world, "brought", f"{number:04}.receipt", b"noise")
    assert [result.file for result in kiosk.inbox.take_in(now=now, within=0)] == ["0000.receipt"]
    assert len(kiosk.inbox.take_in(now=now, within=60)) == 299
    kiosk.stop()


def test_links_and_directories_brought_are_left_alone(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    (world.exchange.orders / "link.order").symlink_to("/etc/hostname")
    (world.exchange.orders / "folder.order").mkdir()
    assert kiosk.inbox.take_in(now=now) == []
    kiosk.stop()


def test_power_may_fail_at_any_step_of_keeping(world: Any, power: Any, now: Any) -> None:
    """Whatever the step: either there is a packet and the resident counts as recorded, or neither."""
    kiosk = Kiosk(world)
    kiosk.roster.import_signed(world.roster(), trust=world.trust, keys=world.keys, now=now)
    step = 0
    while True:
        resident = world.cast.residents[step]
        recording = world.recording(resident, packet_id=f"{step:032x}")
        with power.cut_at(step):
            keep(recording, outbox=kiosk.outbox, roster=kiosk.roster, now=now)
        kiosk.stop()
        kiosk = Kiosk(world)
        assert kiosk.roster.recorded_here(resident.nik) == kiosk.outbox.holds(recording.packet_id)
        if not power.was_cut:
            break
        step += 1
    assert kiosk.outbox.holds(recording.packet_id)
    assert step > 10
    kiosk.stop()


def test_power_may_fail_at_any_step_of_taking_in(world: Any, power: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    stored = keep(world.recording(), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    packet = world.packet(stored.packet_id).read_bytes()
    bring(world, "receipts", f"{stored.packet_id}.receipt", world.intake.accept(packet))
    order_id, order = world.orders.order_for_packet(packet, now=now)
    bring(world, "orders", f"{order_id}.order", order)
    bring(world, "rosters", "roster-00000001.roster", world.roster())
    step = 0
    while True:
        with power.cut_at(step):
            results = kiosk.inbox.take_in(now=now)
            assert all(isinstance(result, Taken) for result in results)
        kiosk.stop()
        kiosk = Kiosk(world)
        if not power.was_cut:
            break
        step += 1
    assert kiosk.inbox.take_in(now=now) == []
    assert kiosk.ledger.order(order_id) is not None
    assert kiosk.roster.info() is not None
    assert list(world.exchange.outbox.glob(f"*{PACKET}")) == []
    kiosk.stop()


@pytest.mark.parametrize("committed", [False, True])
def test_an_ill_disk_never_makes_two_recordings_of_one_resident(
    world: Any, now: Any, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    """The index failed, before or after its commit; the visit was given up, and the resident came again."""
    kiosk = Kiosk(world)
    entering = PacketIndex.enter

    def ill(*arguments: Any, **named: Any) -> None:
        if committed:
            entering(*arguments, **named)
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(PacketIndex, "enter", ill)
        with pytest.raises(sqlite3.Error):
            keep(world.recording(packet_id="a" * 32), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    assert list(world.exchange.outbox.glob(f"*{PACKET}")) == []
    assert not kiosk.roster.recorded_here(world.cast.ordinary.nik)
    stored = keep(world.recording(packet_id="b" * 32), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    assert (stored.packet_id, stored.sequence) == (("a" if committed else "b") * 32, 1)
    assert [path.name for path in world.exchange.outbox.iterdir()] == [str(PacketName(1, stored.packet_id))]
    kiosk.stop()


@pytest.mark.parametrize("again", ["b", "c"])
def test_what_replaces_a_lost_recording_does_so_though_its_first_try_failed(
    world: Any, now: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    """The centre never gets two of a person, should the lost file come back."""
    kiosk = Kiosk(world)
    keep(world.recording(packet_id="a" * 32), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    kiosk.stop()
    path = world.packet("a" * 32)
    path.rename(tmp_path / "away")
    kiosk = Kiosk(world)

    def ill(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Shelf, "write", ill)
        with pytest.raises(OSError, match="Input/output"):
            keep(world.recording(packet_id="b" * 32), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    kiosk.stop()
    kiosk = Kiosk(world)
    keep(world.recording(packet_id=again * 32), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    kiosk.stop()
    (tmp_path / "away").rename(path)
    kiosk = Kiosk(world)
    assert [each.name for each in world.exchange.outbox.glob(f"*{PACKET}")] == [str(PacketName(2, again * 32))]
    assert kiosk.roster.recorded_here(world.cast.ordinary.nik)
    kiosk.stop()


def test_whose_recording_was_lost_may_be_recorded_again(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    someone = world.cast.ordinary.nik
    lost = keep(world.recording(packet_id="a" * 32), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    kiosk.stop()
    file = world.packet("a" * 32)
    file.write_bytes(file.read_bytes()[:-100])
    kiosk = Kiosk(world)
    assert not kiosk.roster.recorded_here(someone)
    again = keep(world.recording(packet_id="b" * 32), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    assert (again.packet_id, again.sequence) == ("b" * 32, lost.sequence + 1)
    assert kiosk.roster.recorded_here(someone)
    assert list(kiosk.outbox.lost()) == []
    kiosk.stop()
    kiosk = Kiosk(world)
    assert kiosk.roster.recorded_here(someone)
    assert [packet.name for packet in world.exchange.outbox.glob(f"*{PACKET}")] == [str(PacketName(2, "b" * 32))]
    kiosk.stop()


def test_a_late_receipt_keeps_the_resident_from_being_recorded_twice(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    keep(world.recording(packet_id="a" * 32), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    kiosk.stop()
    file = world.packet("a" * 32)
    bring(world, "receipts", "a.receipt", world.intake.accept(file.read_bytes()))
    file.unlink()
    kiosk = Kiosk(world)
    assert not kiosk.roster.recorded_here(world.cast.ordinary.nik)
    kiosk.inbox.take_in(now=now)
    stands = keep(world.recording(packet_id="b" * 32), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    assert stands.packet_id == "a" * 32
    assert kiosk.roster.recorded_here(world.cast.ordinary.nik)
    assert list(world.exchange.outbox.iterdir()) == []
    kiosk.stop()


def test_power_may_fail_at_any_step_of_recording_again(world: Any, power: Any, now: Any) -> None:
    """Whatever the step, the resident counts as recorded when, and only when, their new packet is safe."""
    kiosk = Kiosk(world)
    step = 0
    while True:
        resident = world.cast.residents[step]
        keep(world.recording(resident, packet_id=f"a{step:031x}"), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
        kiosk.stop()
        world.packet(f"a{step:031x}").unlink()
        kiosk = Kiosk(world)
        recording = world.recording(resident, packet_id=f"b{step:031x}")
        with power.cut_at(step):
            keep(recording, outbox=kiosk.outbox, roster=kiosk.roster, now=now)
        kiosk.stop()
        kiosk = Kiosk(world)
        assert kiosk.roster.recorded_here(resident.nik) == kiosk.outbox.holds(recording.packet_id)
        if not power.was_cut:
            break
        step += 1
    assert kiosk.outbox.holds(recording.packet_id)
    assert step > 12
    kiosk.stop()


def test_both_database_libraries_speak_of_errors_alike(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    kiosk.stop()
    with pytest.raises(sqlite3.Error):
        kiosk.roster.find("1")
    with pytest.raises(sqlite3.Error):
        kiosk.outbox.waiting()


def test_a_full_disk_keeps_nothing_and_notes_nothing(world: Any, now: Any) -> None:
    kiosk = Kiosk(world)
    full = Outbox(
        world.exchange, world.kiosk("index.db"), keys=world.keys, trust=world.trust, floor=10, free=lambda _: 5
    )
    with pytest.raises(DiskFull, match="Deliver the waiting recordings"):
        keep(world.recording(), outbox=full, roster=kiosk.roster, now=now)
    assert not kiosk.roster.recorded_here(world.cast.ordinary.nik)
    full.close()
    kiosk.stop()
