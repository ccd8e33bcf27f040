"""A real centre over real mutual TLS, a real mosquitto, and a line between them that can be cut."""

import contextlib
import datetime
import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import paho.mqtt.client as paho
import pytest
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from kiosk.centre.broker import Broker
from kiosk.centre.outgoing import Outgoing
from kiosk.centre.server import CentreServer, server
from kiosk.centre.tls import TlsAuthority
from kiosk.record.exchange import Exchange
from kiosk.record.header import Kind, Untrusted
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.centre import Centre
from kiosk.uplink.delivery import Delivery
from kiosk.uplink.hours import OfficeHours, Span
from kiosk.uplink.store import Store

STATION = "ktp-5371-01"
PROVINCE = "ntt"
CONFIGURATION = Path(__file__).parents[2] / "config" / "mosquitto"


class Shelf:
    """A centre that keeps what it accepts in memory, and refuses what begins with BAD."""

    def __init__(self, outgoing: Outgoing) -> None:
        self.packets: list[bytes] = []
        self.receipts: dict[str, bytes] = {}
        self.raising: Exception | None = None
        self.revoked = False
        self._outgoing = outgoing

    def welcomes(self, station: str, certificate: bytes) -> bool:
        return not self.revoked

    def receipt(self, station: str, packet: str) -> bytes | None:
        return self.receipts.get(packet)

    def waiting(self, station: str, kind: Kind, *, after: int) -> tuple[int, list[tuple[int, str]]]:
        listed = self._outgoing.waiting(station, kind)
        return max((number for number, _ in listed), default=0), self._outgoing.waiting(station, kind, after=after)

    def file(self, station: str, kind: Kind, name: str) -> Path | None:
        return self._outgoing.file(station, kind, name)

    def accept(self, packet: bytes, *, station: str, packet_id: str) -> bytes:
        assert station == STATION
        if self.raising is not None:
            raise self.raising
        if packet.startswith(b"BAD"):
            raise Untrusted("its signature does not fit")
        if packet not in self.packets:
            self.packets.append(packet)
        receipt = self.receipts[packet_id] = b"receipt " + hashlib.sha256(packet).digest()
        return receipt


class RunningCentre:
    """uvicorn in a thread, over the same code that ``kiosk centre serve`` runs."""

    def __init__(self, directory: Path, authority: TlsAuthority, door: type[CentreServer] = CentreServer) -> None:
        self._door = door
        self.directory, self.shelf = directory, Shelf(Outgoing(directory / "out"))
        self._authority = authority
        self._tls = authority.issue("centre")
        self.port = 0
        self.start()

    def start(self) -> None:
        application = self._door(self.directory / "uploads", self.shelf)
        self._server = server(application, host="127.0.0.1", port=self.port, tls=self._tls)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        wait_until(lambda: self._server.started)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


class Wire:
    """Carries bytes from a port of its own to another, and cuts after as many bytes upward as it is told.

    ``upward`` counts all that has come to it, also what was on its way when it cut.
    """

    def __init__(self, to_port: int) -> None:
        self._to = to_port
        self.upward = 0
        self.cuts: list[int] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        for end in list(self._open):
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a wire does not wait for more to carry
            budget = self.cuts.pop(0) if self.cuts else None
            self._open |= {near, far}
            threading.Thread(target=self._carry, args=(near, far, budget), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, None, False), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, budget: int | None, upward: bool = True) -> None:
        try:
            while piece := source.recv(16384):
                if upward:
                    self.upward += len(piece)
                if budget is not None:
                    piece = piece[:budget]
                    budget -= len(piece)
                sink.sendall(piece)
                if budget == 0:
                    break
        except OSError:
            pass
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def wait_until(holds: Callable[[], object], within: float = 20.0) -> None:
    """Wait until it holds; a generous limit, reached only when the test fails."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def eventually() -> Callable[..., None]:
    return wait_until


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TlsAuthority:
    return TlsAuthority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    exchange = Exchange(tmp_path / "state")
    exchange.create()
    return exchange


@pytest.fixture
def centre(tmp_path: Path, authority: TlsAuthority) -> Iterator[RunningCentre]:
    running = RunningCentre(tmp_path / "centre", authority)
    yield running
    running.stop()


@pytest.fixture
def store(exchange: Exchange) -> Iterator[Store]:
    store = Store(exchange.root / "uplink" / "uplink.db")
    yield store
    store.close()


@pytest.fixture
def line(centre: RunningCentre, authority: TlsAuthority) -> Iterator[Centre]:
    line = Centre(centre.url, authority.issue(STATION))
    yield line
    line.close()


@pytest.fixture
def wire(centre: RunningCentre) -> Iterator[Wire]:
    wire = Wire(centre.port)
    yield wire
    wire.close()


class Clock:
    """Monotonic seconds that go on only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.set_on = 0.0
        """Seconds by which somebody has set the wall's clock on, or back."""

    def __call__(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_790_000_000 + self.now + self.set_on

    def of_day(self) -> datetime.time:
        return datetime.datetime.fromtimestamp(self.wall(), datetime.UTC).time()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_delivery(exchange: Exchange, store: Store, clock: Clock) -> Callable[..., Delivery]:
    def make(line: Centre, *hours: str) -> Delivery:
        backoff = Backoff(1.0, 300.0, Random(1))  # the spread must be the same in each run
        office = OfficeHours([Span.read(span) for span in hours], store, clock=clock, wall=clock.of_day)
        return Delivery(exchange, line, store, link=backoff, hours=office, clock=clock, wall=clock.wall)

    return make


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    accounts = {STATION: "secret", "ktp-5371-02": "other"}
    with Broker(tmp_path / "broker", CONFIGURATION, stations=accounts, viewers={"watcher": "seeing"}) as broker:
        yield broker


class Watcher:
    """Another client of the same broker: keeps every message, and holds each against asyncapi.yaml."""

    def __init__(self, broker: Broker, schema: "Schema") -> None:
        self.heard: list[tuple[str, dict[str, Any], bool]] = []
        self.wrong: list[str] = []
        self._schema = schema
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.username_pw_set("watcher", "seeing")
        self._client.on_connect = lambda client, *_: client.subscribe("ktp/v1/#", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        assert self._ready.wait(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        assert not self.wrong

    def of(self, leaf: str) -> list[dict[str, Any]]:
        return [body for topic, body, _ in list(self.heard) if topic.split("/", 4)[4] == leaf]

    def retained(self, leaf: str) -> bool:
        return any(kept for topic, _, kept in list(self.heard) if topic.split("/", 4)[4] == leaf)

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        try:
            body = self._schema.check(message.topic, message.payload)
        except Exception as wrong:  # paho's thread must not end by it; close() reports it
            self.wrong.append(f"{message.topic}: {wrong}")
            return
        self.heard.append((message.topic, body, message.retain))


class Schema:
    """asyncapi.yaml as a checker of messages."""

    def __init__(self, path: Path) -> None:
        self.document = yaml.safe_load(path.read_text("utf-8"))
        jsonschema.Draft7Validator.check_schema({"definitions": self.document["components"]["schemas"]})
        self.topics = {
            re.compile(re.sub(r"\{\w+\}", "[a-z0-9-]+", channel["address"])): next(iter(channel["messages"]))
            for channel in self.document["channels"].values()
        }

    def check(self, topic: str, payload: bytes) -> dict[str, Any]:
        """Raises ValidationError, or ValueError for a topic the document does not know."""
        for pattern, message in self.topics.items():
            if pattern.fullmatch(topic):
                body = json.loads(payload)
                reference = self.document["components"]["messages"][message]["payload"]
                schema = {**reference, "components": self.document["components"]}
                jsonschema.Draft202012Validator(schema).validate(body)
                return body
        raise ValueError("unknown topic")


@pytest.fixture(scope="session")
def schema() -> Schema:
    return Schema(CONFIGURATION.parent / "asyncapi.yaml")


@pytest.fixture
def watch(broker: Broker, schema: Schema) -> Iterator[Callable[[], Watcher]]:
    watchers: list[Watcher] = []

    def begin() -> Watcher:
        watchers.append(Watcher(broker, schema))
        return watchers[-1]

    yield begin
    for watcher in watchers:
        watcher.close()


@pytest.fixture
def watcher(watch: Callable[[], Watcher]) -> Watcher:
    return watch()
