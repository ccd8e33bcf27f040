"""The demo's stage: broker, centre, uplink and kiosk as processes below one folder, with residents that nobody is."""

import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from kiosk.centre.authority import Authority
from kiosk.centre.broker import Broker
from kiosk.centre.listener import Listener
from kiosk.centre.opening import OpenedPacket, lay_out, open_packet
from kiosk.centre.orders import NotOrdered, Orders
from kiosk.centre.outgoing import Outgoing
from kiosk.centre.registry import Registry
from kiosk.centre.residents import OFFICERS, Cast, made_up
from kiosk.centre.roster_maker import make_roster
from kiosk.record.exchange import Exchange, write_durably
from kiosk.record.header import Kind
from kiosk.record.nik import Areas
from kiosk.record.resident import Resident
from kiosk.station.settings import Settings, load

MARK = ".rekam-demo"
"""Names a folder as a demo's own, which the next demo may wipe."""
CONFIG = Path(__file__).parents[2] / "config"
LISTENER, TECHNICIAN = "demo", "technician"
"""Who may listen at the broker: the demo itself, and whoever tries ``kiosk fleet watch`` meanwhile."""
START = 30.0
"""Seconds until a process must have started."""


class DemoFailed(Exception):
    """Something did not come about in time; the sentence says what, and where to look."""


@dataclass
class Stage:
    """All that runs, and where it keeps its things."""

    folder: Path
    settings: Settings
    config: Path
    cast: Cast
    authority: Authority
    registry: Registry
    listener: Listener
    exchange: Exchange
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    opened: list[OpenedPacket] = field(default_factory=list)

    @classmethod
    def build(
        cls, folder: Path, size: str, stack: ExitStack, console: Console, *, viewers: Mapping[str, str] | None = None
    ) -> "Stage":
        """Make keys and residents, then start broker, centre and uplink; ``viewers`` (name: password) may listen."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
        state, centre = folder / "station", folder / "centre"
        console.print("[bold]Rekam[/] demo: keys, residents, broker, centre …")
        fresh = not (centre / "keys").exists()
        authority = Authority.create(centre) if fresh else Authority(centre)
        station = load(CONFIG / "simulated.toml").station
        authority.provision_station(station.id, state, now=_now(), province=station.province)
        exchange = Exchange(state)
        exchange.create()
        password = secrets.token_urlsafe(18)
        write_durably(state / "uplink" / "tls" / "mqtt.password", password.encode(), mode=0o600)
        listens, watches = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
        write_durably(folder / "technician.password", watches.encode(), mode=0o600)
        broker = stack.enter_context(
            Broker(
                _short(folder / "broker", stack),
                CONFIG / "mosquitto",
                stations={station.id: password},
                viewers={LISTENER: listens, TECHNICIAN: watches, **(viewers or {})},
            )
        )
        port = _free_port()
        config = folder / "station.toml"
        settings = _settings(config, folder, size, centre_port=port, broker_port=broker.port)
        registry = Registry(centre)
        stack.callback(registry.close)
        cast = made_up(Areas.load(CONFIG / "wilayah.csv"), today=_now().date())
        listener = stack.enter_context(Listener(broker.host, broker.port, LISTENER, listens))
        stage = cls(folder, settings, config, cast, authority, registry, listener, exchange)
        stack.callback(stage.end)
        if fresh:
            stage.send_roster(cast.residents)
        stage.start("centre", "centre", "serve", "--directory", str(centre), "--port", str(port))
        wait(lambda: _listens(port), START, "the centre does not start: see logs/centre.log")
        stage.start("uplink", "uplink", "--config", str(config))
        if fresh:
            wait(lambda: any(exchange.rosters.glob("*.roster")), START, "no roster came: see logs/uplink.log")
        return stage

    def send_roster(self, residents: Sequence[Resident]) -> None:
        """Make these residents known to the centre, and have the station fetch the roster of them."""
        station = self.settings.station.id
        self.registry.put_residents(residents)
        number, blob = make_roster(self.authority, self.registry, station, residents, OFFICERS, now=_now())
        Outgoing(self.folder / "centre" / "out").publish(station, Kind.ROSTER, number, blob)

    @property
    def watching(self) -> tuple[str, ...]:
        """What a technician types to see this station from afar, after ``kiosk``."""
        broker = ("--port", str(self.settings.broker.port), "--user", TECHNICIAN)
        return ("fleet", "watch", *broker, "--password-file", str(self.folder / "technician.password"))

    def start(self, name: str, *arguments: str, environment: dict[str, str] | None = None) -> None:
        """Start one of our own programs; what it says goes into ``logs``."""
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        with (logs / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S603 our own program
                [sys.executable, "-m", "kiosk", *arguments],
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
            )

    def end(self) -> None:
        """Ask every process to end, the kiosk first; may be called twice."""
        for name in ("kiosk", "uplink", "centre"):
            process = self.processes.get(name)
            if process is None or process.poll() is not None:
                continue
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def alive(self, name: str) -> None:
        """Complain when a process has ended."""
        status = self.processes[name].poll()
        if status is not None:
            raise DemoFailed(f"{name} ended with status {status}: see logs/{name}.log")

    def packets(self) -> list[Path]:
        """Packets at the centre."""
        return sorted((self.folder / "centre" / "packets").glob("*/*.packet"))

    def order_has_come(self) -> bool:
        """Whether an order was brought to the station and taken in there: only then the uplink deletes its file."""
        brought = "orders: order-" in (self.folder / "logs" / "uplink.log").read_text(encoding="utf-8")
        return brought and not any(self.exchange.orders.iterdir())

    def order_cards(self) -> None:
        """What the ministry does when it has found a person unique: open each new packet, and order its card."""
        known = {opened.header.id for opened in self.opened}
        orders = Orders(self.authority, self.registry, Outgoing(self.folder / "centre" / "out"))
        for path in self.packets():
            if path.stem in known:
                continue
            packet = path.read_bytes()
            opened = open_packet(packet, self.authority)
            self.opened.append(opened)
            lay_out(opened, self.folder / "opened" / opened.header.id)
            try:
                orders.order_for_packet(packet, now=_now())
            except NotOrdered as error:
                Console(stderr=True).print(f"no card: {error}", markup=False)


def _settings(file: Path, folder: Path, size: str, *, centre_port: int, broker_port: int) -> Settings:
    """The simulated station's settings with this demo's places and ports, written to ``file``."""
    text = (CONFIG / "simulated.toml").read_text(encoding="utf-8")
    width, height = size.split("x")
    text = text.replace('".demo/', f'"{folder}/')
    for name, value in (("width", width), ("height", height)):
        text = re.sub(rf"(?m)^{name} = [0-9]+$", f"{name} = {value}", text)
    text = text.replace("https://127.0.0.1:8443", f"https://127.0.0.1:{centre_port}")
    text = re.sub(r"(?m)^port = 1883$", f"port = {broker_port}", text)
    file.write_text(text, encoding="utf-8")
    return load(file)


def _short(folder: Path, stack: ExitStack) -> Path:
    """A place for mosquitto whose name has no spaces, which its configuration file cannot hold."""
    if " " not in str(folder.resolve()):
        return folder
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rekam-broker-")))


def wait(
    until: Callable[[], bool], within: float, otherwise: str, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Wait until it holds; DemoFailed with ``otherwise`` when it does not ``within`` so many seconds."""
    deadline = time.monotonic() + within
    while not until():
        meanwhile()
        if time.monotonic() > deadline:
            raise DemoFailed(otherwise)
        time.sleep(0.1)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _now() -> datetime:
    return datetime.now(UTC)
