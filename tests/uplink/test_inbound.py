"""What waits at the centre comes down as it is, each file once, and is cleared away when the kiosk has taken it."""

import errno
import hashlib
import json
import os
from random import Random

import pytest
from pydantic import TypeAdapter, ValidationError

from kiosk.centre.outgoing import Outgoing
from kiosk.record.header import Kind
from kiosk.record.telemetry import LinkTrouble
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.centre import Centre, Listing
from kiosk.uplink.inbound import Inbound
from tests.uplink.liar import Liar, answer

STATION = "ktp-5371-01"
FLOOR = 1_000_000


@pytest.fixture
def outgoing(centre):
    return Outgoing(centre.directory / "out")


@pytest.fixture
def make_inbound(exchange, store, clock):
    def make(line: Centre, station: str = STATION, free: int = 1 << 40) -> Inbound:
        backoff = Backoff(1.0, 300.0, Random(1))  # the same spread in each run
        return Inbound(
            exchange,
            line,
            store,
            station=station,
            every=60,
            floor=FLOOR,
            link=backoff,
            clock=clock,
            free=lambda place: free,
        )

    return make


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def take_in(directory):
    """Be the kiosk process, after the uplink has cleared away what it took."""
    taken = names(directory)
    for name in taken:
        (directory / name).unlink()
    return taken


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
    inbound, taken = make_inbound(line), []
    for _ in range(3):
        inbound.step()
        taken += take_in(exchange.orders)
        clock.now += 1  # packets have their turn in between
    assert len(taken) == 8


def test_states_and_keys_come_into_their_places(exchange, line, outgoing, make_inbound, make_delivery):
    outgoing.publish(STATION, Kind.STATES, 1, b"sealed states")
    outgoing.publish(STATION, Kind.KEYS, 1, b"sealed keys")
    make_inbound(line).step()
    assert (exchange.states / "states-00000001.states").read_bytes() == b"sealed states"
    assert (exchange.keys / "keys-00000001.keys").read_bytes() == b"sealed keys"
    for name in ("states-00000001.states", "keys-00000001.keys"):
        (exchange.taken / name).touch()
    make_delivery(line).step()
    assert not names(exchange.states)
    assert not names(exchange.keys)


def test_a_revoked_station_is_told_so(line, centre, make_inbound):
    centre.shelf.revoked = True
    inbound = make_inbound(line)
    inbound.step()
    assert inbound.trouble is LinkTrouble.REFUSED


class Lists:
    """A centre's lists, as a test has them; ``spoiled`` files answer with a fault, ``withdrawn`` ones not at all."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {kind: {} for kind in ("orders", "rosters", "states", "keys")}
        self.highest: dict[str, int] = {}
        self.spoiled: set[str] = set()
        self.withdrawn: set[str] = set()
        self.cut_after: int | None = None
        self.tagged = True
        self.page: int | None = None
        self.missing_lists: set[str] = set()

    def __call__(self, asked):
        path, _, query = asked.path.partition("?")
        _, _, _, _, kind, *name = path.split("/")
        if kind in self.missing_lists:
            return answer("404 Not Found")
        if not name:
            after = int(query.removeprefix("after="))
            numbered = [(int(file.split("-")[1].split(".")[0]), file) for file in self.files[kind]]
            listed = [{"number": number, "name": file} for number, file in numbered if number > after or number == 0][
                : self.page
            ]
            highest = self.highest.get(kind, max((number for number, _ in numbered), default=0))
            return answer("200 OK", body=json.dumps({"highest": highest, "files": listed}).encode())
        if name[0] in self.withdrawn:
            return answer("404 Not Found")
        if name[0] in self.spoiled:
            return answer("500 Internal Server Error")
        return self._content(asked, self.files[kind][name[0]])

    def _content(self, asked, content):
        tag = f'"{hashlib.sha256(content).hexdigest()}"'
        begin = 0
        if asked.headers.get("if-range") == tag:
            begin = int(asked.headers["range"].removeprefix("bytes=").removesuffix("-"))
        status = "206 Partial Content" if begin else "200 OK"
        span = {"Content-Range": f"bytes {begin}-{len(content) - 1}/{len(content)}"} if begin else {}
        whole = answer(status, ({"ETag": tag} if self.tagged else {}) | span, content[begin:])
        if self.cut_after is None or len(content) - begin <= self.cut_after:
            return whole
        head = len(whole) - (len(content) - begin)
        return iter([whole[: head + self.cut_after]])


@pytest.fixture
def lists():
    return Lists()


@pytest.fixture
def liar(authority, lists):
    liar = Liar(authority, lists)
    yield liar
    liar.close()


@pytest.fixture
def lying(liar, authority):
    line = Centre(liar.url, authority.issue(STATION))
    yield line
    line.close()


def orders(*numbers: int) -> dict[str, bytes]:
    return {f"order-{number:08}.order": b"%d" % number for number in numbers}


def test_a_hole_holds_up_nothing_behind_it_and_is_filled_later(exchange, lists, lying, make_inbound, clock, store):
    lists.files["orders"] = orders(1, 2, 3, 4)
    lists.spoiled = {"order-00000002.order"}
    lists.files["states"] = {"states-00000001.states": b"sealed"}
    inbound = make_inbound(lying)
    inbound.step()
    assert [name for name in names(exchange.orders) if name.endswith(".order")] == list(orders(1, 3, 4))
    assert names(exchange.states) == ["states-00000001.states"]
    assert inbound.trouble is LinkTrouble.SERVER_ERROR
    take_in(exchange.orders)
    lists.spoiled = set()
    clock.now += 400
    inbound.step()
    assert names(exchange.orders) == list(orders(2))
    assert store.cursor("orders") == 4
    assert inbound.trouble is None


def test_what_was_withdrawn_is_passed_over(exchange, lists, lying, make_inbound, store):
    lists.files["orders"] = orders(1, 2, 3)
    lists.withdrawn = {"order-00000002.order", "order-00000003.order"}
    make_inbound(lying).step()
    assert names(exchange.orders) == list(orders(1))
    assert store.cursor("orders") == 3


def test_a_centre_without_the_newer_lists_serves_all_the_same(exchange, lists, lying, make_inbound):
    lists.missing_lists = {"states", "keys"}
    lists.files["orders"] = orders(1)
    inbound = make_inbound(lying)
    inbound.step()
    assert names(exchange.orders) == list(orders(1))
    assert inbound.trouble is None


def test_a_large_file_goes_on_where_it_was_cut(exchange, liar, lists, lying, make_inbound, clock):
    content = os.urandom(500_000)
    lists.files["rosters"] = {"roster-00000001.roster": content}
    lists.cut_after = 150_000
    inbound = make_inbound(lying)
    for _ in range(5):
        inbound.step()
        clock.now += 400
    assert (exchange.rosters / "roster-00000001.roster").read_bytes() == content
    assert names(exchange.rosters) == ["roster-00000001.roster"]
    assert sum("range" in asked.headers for asked in liar.asked) == 3


def test_a_file_that_changed_meanwhile_is_had_from_its_beginning(exchange, lists, lying, make_inbound, clock):
    lists.files["rosters"] = {"roster-00000001.roster": b"a" * 200_000}
    lists.cut_after = 150_000
    inbound = make_inbound(lying)
    inbound.step()
    lists.files["rosters"] = {"roster-00000001.roster": b"b" * 120_000}
    clock.now += 400
    inbound.step()
    assert (exchange.rosters / "roster-00000001.roster").read_bytes() == b"b" * 120_000


@pytest.mark.parametrize(
    ("highest", "files"),
    [
        (5, {"order-00000000.order": b""}),  # no number below 1
        (1, {"order-00000001.roster": b""}),  # of another list
        (2**80, {}),
    ],
)
def test_a_list_that_cannot_be_right_brings_nothing(exchange, lists, lying, make_inbound, highest, files):
    lists.files["orders"], lists.highest["orders"] = files, highest
    inbound = make_inbound(lying)
    inbound.step()
    assert inbound.trouble is LinkTrouble.NONSENSE
    assert not names(exchange.orders)


def test_a_list_that_begins_anew_each_time_is_asked_for_seldom(liar, lists, lying, make_inbound, clock, store):
    store.set_cursor("orders", 9)
    lists.highest["orders"] = 3
    inbound = make_inbound(lying)
    for _ in range(120):
        inbound.step()
        if store.cursor("orders") != 9:
            store.set_cursor("orders", 9)
        clock.now += 5
    assert len(liar.asked) <= 11 * 5


def test_a_kiosk_that_takes_nothing_in_is_not_brought_more_than_the_disk_should_hold(
    exchange, lists, lying, make_inbound, monkeypatch, clock
):
    monkeypatch.setattr("kiosk.uplink.inbound.MOST_UNTAKEN", 1000)
    lists.files["orders"] = {name: bytes(600) for name in orders(*range(1, 10))}
    inbound = make_inbound(lying)
    for _ in range(5):
        inbound.step()
        clock.now += 100
    assert names(exchange.orders) == list(orders(1, 2))
    take_in(exchange.orders)
    inbound.step()
    assert names(exchange.orders) == list(orders(3, 4))


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b.order", ".order", "x.packet", "a.order\n", "order"])
def test_a_listing_may_not_name_any_other_place(name):
    listing = {"highest": 1, "files": [{"number": 1, "name": name}]}
    with pytest.raises(ValidationError, match="name"):
        TypeAdapter(Listing).validate_python(listing)


def test_files_that_never_come_hold_up_none_behind_them(exchange, lists, lying, make_inbound, clock):
    lists.files["orders"] = orders(*range(1, 26))
    lists.page = 20
    lists.spoiled = set(orders(*range(1, 20)))
    inbound = make_inbound(lying)
    for _ in range(10):
        inbound.step()
        clock.now += 300
    assert [name for name in names(exchange.orders) if name.endswith(".order")] == list(orders(*range(20, 26)))
    take_in(exchange.orders)
    lists.spoiled = set()
    inbound = make_inbound(lying)  # what could not be had is remembered
    inbound.step()
    assert names(exchange.orders) == list(orders(*range(1, 20)))


def test_what_cannot_be_had_is_asked_for_more_and_more_seldom(liar, lists, lying, make_inbound, clock):
    lists.files["orders"] = orders(1)
    lists.spoiled = set(orders(1))
    inbound = make_inbound(lying)
    for _ in range(24 * 60):
        inbound.step()
        clock.now += 60
    assert 5 < sum(asked.path.endswith(".order") for asked in liar.asked) < 25
    assert inbound.trouble is LinkTrouble.SERVER_ERROR


def test_a_file_that_is_always_cut_holds_up_none_behind_it(exchange, lists, lying, make_inbound, clock):
    lists.files["orders"] = orders(1, 2) | {"order-00000001.order": bytes(300_000)}
    lists.cut_after, lists.tagged = 100_000, False
    inbound = make_inbound(lying)
    for _ in range(3):
        inbound.step()
        clock.now += 400
    assert names(exchange.orders) == list(orders(2))


def test_what_has_come_of_files_that_failed_takes_no_room(
    exchange, liar, lists, lying, make_inbound, clock, monkeypatch
):
    monkeypatch.setattr("kiosk.uplink.inbound.MOST_UNTAKEN", 1000)
    lists.files["orders"] = {name: bytes(900) for name in orders(1, 2, 3)}
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"
    liar.says = lambda asked: iter([head, bytes(600)]) if asked.path.endswith(".order") else lists(asked)
    inbound = make_inbound(lying)
    for _ in range(4):
        inbound.step()
        clock.now += 400
    assert not names(exchange.orders)
    liar.says = lists
    for _ in range(4):
        clock.now += 4000
        inbound.step()
        take_in(exchange.orders)
    assert inbound.trouble is None


def test_of_one_list_at_most_one_beginning_is_kept(exchange, lists, lying, make_inbound, clock):
    lists.files["orders"] = {name: os.urandom(300_000) for name in orders(1, 2, 3)}
    lists.cut_after = 100_000
    inbound = make_inbound(lying)
    for _ in range(20):
        inbound.step()
        clock.now += 400
        assert sum(name.endswith(".partial") for name in names(exchange.orders)) <= 1
    assert {path.name: path.read_bytes() for path in exchange.orders.iterdir()} == lists.files["orders"]


def test_what_the_kiosk_needs_of_the_disk_is_not_filled(exchange, lists, lying, make_inbound, clock):
    lists.files["orders"] = orders(1, 2) | {"order-00000001.order": bytes(5000)}
    lists.files["keys"] = {"keys-00000001.keys": bytes(2000)}
    inbound = make_inbound(lying, free=FLOOR + 1000)
    inbound.step()
    assert names(exchange.keys) == ["keys-00000001.keys"]  # small, and the way to believe what frees room
    assert names(exchange.orders) == list(orders(2))
    assert inbound.trouble is None
    inbound = make_inbound(lying, free=FLOOR - 1)
    inbound.step()
    assert names(exchange.orders) == list(orders(2))
    make_inbound(lying).step()
    assert names(exchange.orders) == list(orders(1, 2))


def test_a_disk_that_takes_no_file_leaves_the_packets_their_turn(
    exchange, lists, lying, make_inbound, clock, monkeypatch
):
    lists.files["orders"] = orders(1)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        inbound = make_inbound(lying)
        inbound.step()
    assert not names(exchange.orders)
    clock.now += 100
    inbound.step()
    assert names(exchange.orders) == list(orders(1))


def test_nothing_that_new_keys_may_have_signed_comes_before_them(exchange, lists, lying, make_inbound, clock):
    lists.files["keys"] = {"keys-00000001.keys": b"sealed"}
    lists.files["orders"] = orders(1)
    lists.spoiled = {"keys-00000001.keys"}
    inbound = make_inbound(lying)
    for _ in range(4):
        inbound.step()
        clock.now += 10
    assert not names(exchange.orders)
    for _ in range(30):
        inbound.step()
        clock.now += 300
    assert names(exchange.orders) == list(orders(1))  # not for ever: the kiosk process can wait for keys, too
    lists.spoiled = set()
    clock.now += 7 * 3600
    inbound.step()
    assert names(exchange.keys) == ["keys-00000001.keys"]


def test_a_list_of_keys_that_is_not_given_holds_up_the_others_for_a_while(
    exchange, liar, lists, lying, make_inbound, clock
):
    lists.files["orders"] = orders(1)
    liar.says = lambda asked: answer("502 Bad Gateway") if "/keys?" in asked.path else lists(asked)
    inbound = make_inbound(lying)
    inbound.step()
    assert not names(exchange.orders)
    for _ in range(12):
        clock.now += 300
        inbound.step()
    assert names(exchange.orders) == list(orders(1))


def test_a_list_without_end_is_asked_for_at_once_only_while_the_kiosk_takes_in(
    exchange, lists, lying, make_inbound, clock
):
    inbound = make_inbound(lying)
    for number in range(1, 61):
        lists.files["orders"] = orders(number)
        lists.highest["orders"] = number + 1000
        inbound.step()
        clock.now += 1
    assert len(names(exchange.orders)) == 1


def test_a_list_without_end_is_not_fetched_a_file_a_second(exchange, lists, lying, make_inbound, clock):
    inbound, taken = make_inbound(lying), []
    for number in range(1, 3600, 2):
        lists.files["orders"] = orders(number)
        lists.highest["orders"] = number + 1000
        inbound.step()
        taken += take_in(exchange.orders)
        clock.now += 2
    assert len(taken) < 60 + 60 + 5


def test_a_list_that_begins_anew_again_and_again_is_fetched_once_an_hour(exchange, lists, lying, make_inbound, clock):
    inbound, taken = make_inbound(lying), []
    for number in range(240):
        lists.files["orders"] = orders(1, 2) if number % 2 else orders(1)
        inbound.step()
        taken += take_in(exchange.orders)
        clock.now += 61
    assert 4 <= taken.count("order-00000001.order") <= 7
