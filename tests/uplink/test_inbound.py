"""Orders and rosters come down as they are, each once, and are cleared away when the kiosk has taken them."""

from random import Random

import pytest
from pydantic import TypeAdapter, ValidationError

from kiosk.centre.outgoing import Outgoing
from kiosk.record.header import Kind
from kiosk.record.telemetry import LinkTrouble
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.centre import Centre, Listing
from kiosk.uplink.inbound import Inbound

STATION = "ktp-5371-01"


@pytest.fixture
def outgoing(centre):
    return Outgoing(centre.directory / "out")


@pytest.fixture
def make_inbound(exchange, store, clock):
    def make(line: Centre, station: str = STATION) -> Inbound:
        backoff = Backoff(1.0, 300.0, Random(1))  # the same spread in each run
        return Inbound(exchange, line, store, station=station, every=60, link=backoff, clock=clock)

    return make


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_what_waits_comes_once(exchange, line, outgoing, make_inbound, clock):
    outgoing.publish(STATION, Kind.ORDER, 1, b"sealed one")
    outgoing.publish(STATION, Kind.ROSTER, 1, b"sealed roster")
    inbound = make_inbound(line)
    inbound.step()
    assert (exchange.orders / "order-00000001.order").read_bytes() == b"sealed one"
    assert (exchange.rosters / "roster-00000001.roster").read_bytes() == b"sealed roster"
    (exchange.orders / "order-00000001.order").unlink()
    outgoing.publish(STATION, Kind.ORDER, 2, b"sealed two")
    clock.now += 61
    inbound.step()
    assert names(exchange.orders) == ["order-00000002.order"]


def test_the_place_reached_outlives_a_restart(exchange, line, outgoing, make_inbound):
    outgoing.publish(STATION, Kind.ORDER, 1, b"one")
    make_inbound(line).step()
    (exchange.orders / "order-00000001.order").unlink()
    make_inbound(line).step()
    assert not names(exchange.orders)


def test_taken_files_are_cleared_away(exchange, line, outgoing, make_inbound, make_delivery):
    outgoing.publish(STATION, Kind.ORDER, 1, b"one")
    outgoing.publish(STATION, Kind.ORDER, 2, b"two")
    make_inbound(line).step()
    (exchange.taken / "order-00000001.order").touch()
    make_delivery(line).step()
    assert names(exchange.orders) == ["order-00000002.order"]


def test_a_centre_set_back_is_followed(exchange, line, outgoing, make_inbound, clock, centre):
    for number in (1, 2, 3):
        outgoing.publish(STATION, Kind.ORDER, number, b"before")
    inbound = make_inbound(line)
    inbound.step()
    for path in [*exchange.orders.iterdir(), *(centre.directory / "out" / STATION / "orders").iterdir()]:
        path.unlink()
    outgoing.publish(STATION, Kind.ORDER, 1, b"after")
    clock.now += 61
    inbound.step()
    assert (exchange.orders / "order-00000001.order").read_bytes() == b"after"


def test_another_stations_list_is_not_given(exchange, line, outgoing, make_inbound):
    outgoing.publish("ktp-5371-02", Kind.ORDER, 1, b"not yours")
    inbound = make_inbound(line, "ktp-5371-02")
    inbound.step()
    assert inbound.trouble is LinkTrouble.REFUSED
    assert not names(exchange.orders)


def test_many_come_in_pages(exchange, line, outgoing, make_inbound, monkeypatch, clock):
    monkeypatch.setattr("kiosk.centre.server.PAGE", 3)
    for number in range(1, 9):
        outgoing.publish(STATION, Kind.ORDER, number, b"one of many")
    inbound = make_inbound(line)
    for _ in range(3):
        inbound.step()
        clock.now += 1  # packets have their turn in between
    assert len(names(exchange.orders)) == 8


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b.order", ".order", "x.packet", "a.order\n", "order"])
def test_a_listing_may_not_name_any_other_place(name):
    listing = {"highest": 1, "files": [{"number": 1, "name": name}]}
    with pytest.raises(ValidationError, match="name"):
        TypeAdapter(Listing).validate_python(listing)
