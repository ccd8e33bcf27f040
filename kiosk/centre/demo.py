"""``kiosk demo``: everything at once on this machine's loopback, and a summary of what came of it.

Each part is the program a real installation runs, in a process of its own: mosquitto, the reference centre, the
uplink and the kiosk with simulated devices. Only this file is the demo's.
"""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from kiosk.centre.authority import Authority
from kiosk.centre.broker import Broker, NoBroker
from kiosk.centre.listener import Listener
from kiosk.centre.opening import OpenedPacket, lay_out, open_packet
from kiosk.centre.orders import NotOrdered, Orders
from kiosk.centre.outgoing import Outgoing
from kiosk.centre.registry import Registry
from kiosk.centre.residents import OFFICERS, Cast, made_up
from kiosk.centre.roster_maker import make_roster
from kiosk.journey.steps import Purpose
from kiosk.record.exchange import Exchange
from kiosk.record.header import Kind
from kiosk.record.nik import Areas
from kiosk.record.resident import Resident
from kiosk.station.robot import Errand, Errands
from kiosk.station.settings import Settings, load

MARK = ".rekam-demo"
"""Names a folder as a demo's own, which the next demo may wipe."""
CONFIG = Path(__file__).parents[2] / "config"
TECHNICIAN = "technician"
START, VISIT, DELIVERY = 30.0, 240.0, 60.0
"""Seconds until a process must have started, a visit be over, a packet be receipted."""
FAILED, MISSING = 1, 3
RECORDED_PERSON, OTHER_PERSON = 11, 12
"""Seeds of two made-up people's fingers."""


class DemoFailed(Exception):
    """Something did not come about in time; the sentence says what, and where to look."""


@dataclass
class Findings:
    """What the demo found out; each line says what should hold and whether it does."""

    lines: list[tuple[str, str, bool]] = field(default_factory=list)

    def note(self, what: str, found: str, *, holds: bool) -> None:
        """One line of the summary."""
        self.lines.append((what, found, holds))

    @property
    def all_hold(self) -> bool:
        """Whether there is nothing to complain about."""
        return bool(self.lines) and all(holds for _, _, holds in self.lines)


def show(folder: Path, *, robot: bool, keep: bool, size: str, pause: float, pictures: bool = True) -> int:
    """Run the demo below ``folder``; the exit status says whether everything held."""
    console = Console(soft_wrap=True, highlight=False)
    if not re.fullmatch(r"[0-9]{3,4}x[0-9]{3,4}", size):
        console.print("--size must look like 1280x800.")
        return 2
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        console.print(f"{folder} holds something else than a demo; name another folder.", markup=False)
        return 2
    has_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    by_hand = has_display and not robot
    if keep and not by_hand:
        console.print("--keep goes on with an earlier demo by hand; a robot needs a fresh one.")
        return 2
    if not keep and folder.exists():
        shutil.rmtree(folder)
    findings = Findings()
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        with ExitStack() as stack:
            stage = Stage.build(folder, size, stack, console)
            if by_hand:
                _by_hand(stage, findings, console)
            else:
                _by_robot(stage, findings, console, pause=pause, headless=not has_display, album=pictures)
            stage.end()
            _listened(stage, findings)
    except NoBroker as error:
        console.print(f"[bold]{error}[/]")
        return MISSING
    except DemoFailed as error:
        findings.note("Everything in time", str(error), holds=False)
    except KeyboardInterrupt:
        console.print("Stopped.")
        return FAILED
    if not findings.lines:
        return 0
    _summary(findings, folder, console)
    return 0 if findings.all_hold else FAILED


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
        (state / "uplink" / "tls" / "mqtt.password").write_text(password, encoding="ascii")
        viewer = secrets.token_urlsafe(18)
        broker = stack.enter_context(
            Broker(
                _short(folder / "broker", stack),
                CONFIG / "mosquitto",
                stations={station.id: password},
                viewers={TECHNICIAN: viewer, **(viewers or {})},
            )
        )
        port = _free_port()
        config = folder / "station.toml"
        settings = _settings(config, folder, size, centre_port=port, broker_port=broker.port)
        registry = Registry(centre)
        stack.callback(registry.close)
        cast = made_up(Areas.load(CONFIG / "wilayah.csv"), today=_now().date())
        listener = stack.enter_context(Listener(broker.host, broker.port, TECHNICIAN, viewer))
        stage = cls(folder, settings, config, cast, authority, registry, listener, exchange)
        stack.callback(stage.end)
        if fresh:
            stage.send_roster(cast.residents)
        stage.start("centre", "centre", "serve", "--directory", str(centre), "--port", str(port))
        _wait(lambda: _listens(port), START, "the centre does not start: see logs/centre.log")
        stage.start("uplink", "uplink", "--config", str(config))
        if fresh:
            _wait(lambda: any(exchange.rosters.glob("*.roster")), START, "no roster came: see logs/uplink.log")
        return stage

    def send_roster(self, residents: Sequence[Resident]) -> None:
        """Make these residents known to the centre, and have the station fetch the roster of them."""
        station = self.settings.station.id
        self.registry.put_residents(residents)
        number, blob = make_roster(self.authority, self.registry, station, residents, OFFICERS, now=_now())
        Outgoing(self.folder / "centre" / "out").publish(station, Kind.ROSTER, number, blob)

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


def _interrupted(*_: object) -> None:
    """Told to end: leave as after Ctrl-C, with nothing left running."""
    raise KeyboardInterrupt


def _by_hand(stage: Stage, findings: Findings, console: Console) -> None:
    """A person goes through in a window; cards are ordered as recordings come in."""
    someone, young, recorded = stage.cast.ordinary, stage.cast.too_young, stage.cast.recorded
    console.print("\nA window opens. Your fingers are laid on the simulated reader for you. Try:")
    for who, what in ((someone, "to be recorded"), (young, "too young"), (recorded, "already recorded")):
        console.print(f"  NIK [bold]{_grouped(who.nik)}[/]  born [bold]{who.birth_date:%d-%m-%Y}[/]  {what}")
    console.print(f"  Officer's PIN [bold]{OFFICERS[0].pin}[/]")
    console.print("After the receipt, come again and collect the card. Close the window to end.\n")
    stage.start("kiosk", "run", "--config", str(stage.config), "--hands", str(RECORDED_PERSON))
    while stage.processes["kiosk"].poll() is None:
        stage.order_cards()
        time.sleep(1.0)
    console.print(f"{len(stage.opened)} recordings reached the centre; see {stage.folder / 'opened'}")
    console.print(f"Cards: {stage.folder / 'station' / 'kiosk' / 'cards'}")
    status = stage.processes["kiosk"].returncode
    if status != 0:
        findings.note("Kiosk process ended", f"status {status}: see logs/kiosk.log", holds=False)


def _by_robot(stage: Stage, findings: Findings, console: Console, *, pause: float, headless: bool, album: bool) -> None:
    """A robot resident is recorded, one is too young, then the first collects the card."""
    errands = Errands(stage.folder / "errands")
    pictures = stage.folder / "pictures"
    resident, young = stage.cast.ordinary, stage.cast.too_young
    arguments = ["--config", str(stage.config), "--errands", str(stage.folder / "errands"), "--pause", str(pause)]
    arguments += ["--frames", str(stage.folder / "frames.csv")] + (["--pictures", str(pictures)] if album else [])
    environment = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"} if headless else {}
    stage.start("kiosk", "run", *arguments, environment=environment)
    console.print("A robot resident is being recorded …")
    errands.put("1-record", _errand(resident, Purpose.RECORD, RECORDED_PERSON))
    with _shown(pictures, console):
        stage_alive = lambda: stage.alive("kiosk")  # noqa: E731 a name for what is asked while waiting
        _wait(lambda: bool(stage.packets()), VISIT, "no packet reached the centre", stage_alive)
        errands.put("2-too-young", _errand(young, Purpose.RECORD, OTHER_PERSON))
        stage.order_cards()
        _wait(lambda: not any(stage.exchange.outbox.glob("*.packet")), DELIVERY, "no receipt came back", stage_alive)
        _wait(lambda: any(stage.exchange.taken.glob("*.order")), DELIVERY, "no order came", stage_alive)
        errands.put("3-collect", _errand(resident, Purpose.COLLECT, RECORDED_PERSON))
        cards = stage.folder / "station" / "kiosk" / "cards"
        _wait(lambda: any(cards.glob("card-*.png")), VISIT, "no card was printed", stage_alive)
        errands.put_end()
        _wait(lambda: stage.processes["kiosk"].poll() is not None, VISIT, "the kiosk does not end")
    _found(stage, findings, pictures, cards)


def _found(stage: Stage, findings: Findings, pictures: Path, cards: Path) -> None:
    log = (stage.folder / "logs" / "kiosk.log").read_text(encoding="utf-8")
    safe = re.search(r"recording 1 safe after ([0-9]+) ms, ([0-9]+) bytes", log)
    packets = stage.packets()
    findings.note("Recordings at the centre", str(len(packets)), holds=len(packets) == 1)
    for opened in stage.opened:
        recording = opened.recording
        findings.note("Packet", f"{opened.header.id}, {packets[0].stat().st_size:,} bytes", holds=True)
        complete = len(recording.prints) == 10 and len(recording.rechecked) == 2 and bool(recording.photo)
        found = f"{len(recording.prints)} fingers, {len(recording.rechecked)} checked again, photo, signature"
        findings.note("Opened by the centre", found, holds=complete and not recording.recheck_doubtful)
    findings.note("From sign-off to safe on disk", f"{safe[1]} ms" if safe else "not told", holds=bool(safe))
    delivered = not any(stage.exchange.outbox.glob("*.packet"))
    findings.note("Delivered and receipted", "outbox empty" if delivered else "still waiting", holds=delivered)
    printed = sorted(cards.glob("card-*.png"))
    findings.note("Card printed", str(printed[0]) if printed else "none", holds=len(printed) == 1)
    refused = "is-this-you -> not-eligible" in log
    findings.note("Too young, and told why", "yes" if refused else "no", holds=refused)
    ready = "-> card-ready" in log
    findings.note("Card collected by finger", "yes" if ready else "no", holds=ready)
    findings.note("Screens pictured", str(len(list(pictures.glob("*.png")))), holds=True)
    status = stage.processes["kiosk"].returncode
    findings.note("Kiosk process ended", f"status {status}", holds=status == 0)


def _listened(stage: Stage, findings: Findings) -> None:
    seen = stage.listener.counts
    if findings.lines:
        told = ", ".join(f"{count} {leaf}" for leaf, count in sorted(seen.items()))
        wanted = {"state", "info", "health", "throughput", "event"}
        findings.note("MQTT messages seen", told or "none", holds=wanted <= set(seen))


def _summary(findings: Findings, folder: Path, console: Console) -> None:
    table = Table(title="What came of it", show_header=False, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for what, found, holds in findings.lines:
        table.add_row("[green]✓[/]" if holds else "[bold red]✗[/]", what, found)
    console.print(table)
    console.print(f"\nPictures of every screen: {folder / 'pictures'}")
    console.print(f"The packet as the centre sees it: {folder / 'opened'}")
    console.print(f"Logs: {folder / 'logs'}")
    if not findings.all_hold:
        console.print("[bold red]Not everything held.[/]")


@contextmanager
def _shown(pictures: Path, console: Console) -> Iterator[None]:
    """Say which screen is reached, while waiting."""
    over = threading.Event()

    def tell() -> None:
        told: set[str] = set()
        while not over.wait(0.3):
            for picture in sorted(pictures.glob("*.png")):
                if picture.name not in told:
                    told.add(picture.name)
                    console.print(f"  {picture.stem}")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _errand(resident: Resident, purpose: Purpose, person: int) -> Errand:
    return Errand(
        purpose=purpose,
        person=person,
        nik=resident.nik,
        birth_date=f"{resident.birth_date:%d%m%Y}",
        officer_pin=OFFICERS[0].pin,
    )


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


def _wait(
    until: Callable[[], bool], within: float, otherwise: str, meanwhile: Callable[[], None] = lambda: None
) -> None:
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


def _grouped(nik: str) -> str:
    return " ".join(nik[at : at + 4] for at in range(0, len(nik), 4))


def _now() -> datetime:
    return datetime.now(UTC)
