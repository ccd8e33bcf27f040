"""A real centre over real mutual TLS, a real mosquitto, and a line between them that can be cut."""

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
import uvicorn

from kiosk.centre.authority import Authority
from kiosk.centre.broker import Broker
from kiosk.centre.server import CentreServer, server
from kiosk.record.exchange import Exchange
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.centre import Centre
from kiosk.uplink.delivery import Delivery
from kiosk.uplink.store import Store

STATION = "ktp-5371-01"
PROVINCE = "ntt"
CONFIGURATION = Path(__file__).parents[2] / "config" / "mosquitto"


class Refusal(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Shelf:
    """An intake that keeps what it accepts in memory, and refuses what begins with BAD."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.raising: Exception | None = None

    def accept(self, packet: bytes) -> bytes:
        if self.raising is not None:
            raise self.raising
        if packet.startswith(b"BAD"):
            raise Refusal("signature does not fit")
        if packet not in self.packets:
            self.packets.append(packet)
        return b"receipt " + hashlib.sha256(packet).digest()


class RunningCentre:
    """uvicorn in a thread, over the same code that ``kiosk centre serve`` runs."""

    def __init__(self, directory: Path, authority: Authority) -> None:
        self.directory, self.shelf = directory, Shelf()
        self._authority = authority
        self._tls = authority.issue("centre")
        self.port = 0
        self.start()

    def start(self) -> None:
        application = CentreServer(self.directory, self.shelf, refused=Refusal)
        self._server: uvicorn.Server = server(
            application, host="127.0.0.1", port=self.port, authority=self._tls.authority,
            certificate=self._tls.certificate, key=self._tls.key,
        )  # fmt: skip
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        eventually(lambda: self._server.started)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


class Wire:
    """Carries bytes from a port of its own to another, and cuts after as many bytes upward as it is told."""

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
            budget = self.cuts.pop(0) if self.cuts else None
            self._open |= {near, far}
            threading.Thread(target=self._carry, args=(near, far, budget), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, None, False), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, budget: int | None, upward: bool = True) -> None:
        try:
            while piece := source.recv(16384):
                if budget is not None:
                    piece = piece[:budget]
                    budget -= len(piece)
                sink.sendall(piece)
                if upward:
                    self.upward += len(piece)
                if budget == 0:
                    break
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def eventually(holds: Callable[[], object], within: float = 10.0) -> None:
    """Wait until it holds; a generous limit, reached only when the test fails."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    exchange = Exchange(tmp_path / "state")
    exchange.create()
    return exchange


@pytest.fixture
def centre(tmp_path: Path, authority: Authority) -> Iterator[RunningCentre]:
    running = RunningCentre(tmp_path / "centre", authority)
    yield running
    running.stop()


@pytest.fixture
def store(exchange: Exchange) -> Iterator[Store]:
    store = Store(exchange.root / "uplink" / "uplink.db")
    yield store
    store.close()


@pytest.fixture
def line(centre: RunningCentre, authority: Authority) -> Iterator[Centre]:
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

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_delivery(exchange: Exchange, store: Store, clock: Clock) -> Callable[[Centre], Delivery]:
    def make(line: Centre) -> Delivery:
        backoff = Backoff(1.0, 300.0, Random(1))  # noqa: S311  # the spread must be the same in each run
        return Delivery(exchange, line, store, link=backoff, stop=threading.Event(), clock=clock)

    return make


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    accounts = {STATION: "secret", "ktp-5371-02": "other"}
    with Broker(tmp_path / "broker", CONFIGURATION, stations=accounts, viewers={"watcher": "seeing"}) as broker:
        yield broker
