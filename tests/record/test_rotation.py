"""Recordings wait, and meanwhile every key at both ends is replaced: all arrive, open, are receipted and settle."""

import shutil
from datetime import timedelta
from typing import Any

import pytest

from kiosk.centre.identity_commands import tell_stations
from kiosk.centre.keyring import Purpose
from kiosk.centre.opening import open_packet
from kiosk.record.enrolment import Request
from kiosk.record.exchange import Exchange
from kiosk.record.header import Kind, NotForUs, UnknownKey
from kiosk.record.inbox import Inbox, Refused, Taken
from kiosk.record.keeping import keep
from kiosk.record.keys import CentreTrust, StationKeys, keys_directory
from kiosk.record.ledger import Ledger
from kiosk.record.outbox import Outbox
from kiosk.record.provisioning import ask, take_in
from kiosk.record.roster import Roster


class Kiosk:
    """What a start opens, with the keys as they lie on the disk."""

    def __init__(self, world: Any) -> None:
        self.exchange: Exchange = world.exchange
        place = keys_directory(world.exchange.root)
        self.keys = StationKeys.load(place)
        trust = CentreTrust.load(place)
        self.roster = Roster(world.kiosk("roster.db"), self.keys.roster)
        self.ledger = Ledger(world.kiosk("ledger.db"), self.keys.ledger)
        self.outbox = Outbox(world.exchange, world.kiosk("index.db"), keys=self.keys, trust=trust, floor=0)
        self.inbox = Inbox(
            world.exchange, outbox=self.outbox, ledger=self.ledger, roster=self.roster, keys=self.keys, trust=trust
        )

    def __enter__(self) -> "Kiosk":
        return self

    def __exit__(self, *_: object) -> None:
        for part in (self.roster, self.ledger, self.outbox):
            part.close()


def fetched(world: Any, kind: Kind, place: Any) -> list[str]:
    """The uplink's errand."""
    names = [name for _, name in world.outgoing.waiting(world.keys.station, kind)]
    for name in names:
        (place / name).write_bytes(world.outgoing.read(world.keys.station, kind, name))
    return names


def renewing(world: Any, now: Any, *, only: bool = False) -> None:
    """The technician's errand, from the station to the centre and back."""
    state, station = world.exchange.root, world.keys.station
    moment = int(now.timestamp())
    request = Request.read(ask(state, station, province="", software="", now=moment, renew=True))
    take_in(world.authority.enrol(request, now=now, only=only), state, station=station, now=moment)


def rotate_everything(world: Any, now: Any) -> None:
    for purpose in Purpose:
        world.authority.keyring.rotate(purpose)
    tell_stations(world.authority, world.outgoing, now=now)


def test_all_keys_are_replaced_while_packets_wait(world: Any, now: Any) -> None:
    first, second, third = ("1" * 32, "2" * 32, "3" * 32)
    with Kiosk(world) as kiosk:
        (world.exchange.rosters / "roster-00000001.roster").write_bytes(world.roster())
        kiosk.inbox.take_in(now=now)
        keep(world.recording(packet_id=first), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
    order_id, _ = world.orders.order_for_packet(world.packet(first).read_bytes(), now=now)

    rotate_everything(world, now + timedelta(hours=1))
    renewing(world, now + timedelta(hours=2))
    with Kiosk(world) as kiosk:
        assert kiosk.outbox.waiting().count == 1, "what the earlier key signed is the station's own"
        assert kiosk.keys.signing != world.keys.signing
        keep(world.recording(world.cast.pemula, packet_id=second), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
        # Replaced once more, and taken up by the running program, without a restart.
        rotate_everything(world, now + timedelta(hours=3))
        names = fetched(world, Kind.KEYS, world.exchange.keys)
        assert kiosk.inbox.take_in(now=now)[-1] == Taken(names[-1])
        keep(
            world.recording(world.cast.farmer, packet_id=third),
            outbox=kiosk.outbox,
            roster=kiosk.roster,
            now=now,
        )

        packets = {each: world.packet(each).read_bytes() for each in (first, second, third)}
        for packet_id, packet in packets.items():
            (world.exchange.receipts / f"{packet_id}.receipt").write_bytes(world.intake.accept(packet))
            for with_escrow in (False, True):
                opened = open_packet(packet, world.authority, with_escrow=with_escrow)
                assert opened.recording.packet_id == packet_id
        fetched(world, Kind.ORDER, world.exchange.orders)
        results = kiosk.inbox.take_in(now=now)
        assert {result.file for result in results if isinstance(result, Taken)} >= {
            *(f"{packet_id}.receipt" for packet_id in packets),
            f"{order_id}.order",
        }
        assert kiosk.outbox.waiting().count == 0
        later, _ = world.orders.order_for_packet(packets[third], now=now)
        fetched(world, Kind.ORDER, world.exchange.orders)
        assert kiosk.inbox.take_in(now=now) == [Taken(f"{later}.order")]


def test_a_packet_that_the_index_lost_is_known_by_the_key_that_signed_it(world: Any, now: Any) -> None:
    with Kiosk(world) as kiosk:
        keep(world.recording(), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
        kept = world.packet("0" * 32)
    shutil.copy(kept, world.root / "copy")
    renewing(world, now + timedelta(days=1))
    for file in world.exchange.root.glob("kiosk/index.db*"):
        file.unlink()
    with Kiosk(world) as kiosk:
        assert kiosk.outbox.waiting().count == 1
    assert kept.read_bytes() == (world.root / "copy").read_bytes()


def test_what_was_dropped_or_refused_to_be_believed_is_over(world: Any, now: Any) -> None:
    with Kiosk(world) as kiosk:
        keep(world.recording(), outbox=kiosk.outbox, roster=kiosk.roster, now=now)
        packet = world.packet("0" * 32).read_bytes()
        old_receipt = world.intake.accept(packet)
        for purpose in Purpose:
            world.authority.keyring.rotate(purpose)
            assert world.authority.keyring.drop(purpose) == 1
        tell_stations(world.authority, world.outgoing, now=now + timedelta(hours=1))
        fetched(world, Kind.KEYS, world.exchange.keys)
        (world.exchange.receipts / "x.receipt").write_bytes(old_receipt)
        _, refused = kiosk.inbox.take_in(now=now)
        assert isinstance(refused, Refused)
        assert isinstance(refused.why, UnknownKey)
        assert kiosk.outbox.waiting().count == 1
    with pytest.raises(NotForUs):
        open_packet(packet, world.authority)
    renewing(world, now + timedelta(days=1), only=True)
    with pytest.raises(UnknownKey):
        world.intake.accept(packet)


def test_an_older_list_and_another_stations_change_nothing_and_only_the_latter_is_refused(world: Any, now: Any) -> None:
    number, older = world.authority.numbered_list(world.authority.station(world.keys.station), now=now)
    rotate_everything(world, now + timedelta(hours=1))
    theirs = world.authority.trust_list(world.authority.station("other-station"), now=now + timedelta(days=9))
    with Kiosk(world) as kiosk:
        (newest,) = fetched(world, Kind.KEYS, world.exchange.keys)
        assert kiosk.inbox.take_in(now=now) == [Taken(newest)]
        trust = kiosk.outbox.trust
        for name, blob in (("a.keys", older), ("b.keys", theirs), ("c.keys", b"noise")):
            (world.exchange.keys / name).write_bytes(blob)
        results = kiosk.inbox.take_in(now=now)
        assert [type(result) for result in results] == [Taken, Refused, Refused]
        assert isinstance(results[1], Refused)
        assert isinstance(results[1].why, NotForUs)
        assert kiosk.outbox.trust == trust == CentreTrust.load(keys_directory(world.exchange.root))
        assert trust.sequence > number
