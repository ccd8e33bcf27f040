"""README's way to a station: the centre's commands, the sample broker, and an uplink that reaches both."""

import getpass
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.centre.authority import Authority
from kiosk.centre.commands import commands
from kiosk.centre.serve import serve
from kiosk.record.exchange import Exchange
from kiosk.record.telemetry import UplinkStatus, read_status

HOUSE = Path(__file__).parents[2]
STATION = "tts-mollo-utara-01"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@contextmanager
def sample_broker(folder: Path, made: Path, password: Path, port: int) -> Iterator[None]:
    """config/mosquitto/mosquitto.conf as it stands, but for its folder, port and user."""
    folder.mkdir()
    for name in ("authority.pem", "broker.crt", "broker.key"):
        shutil.copy(made / "tls" / name, folder)
    shutil.copy(HOUSE / "config" / "mosquitto" / "stations.acl", folder)
    (folder / "passwords").touch(mode=0o600)
    tool = shutil.which("mosquitto_passwd", path="/usr/bin:/usr/sbin:/usr/local/bin")
    assert tool is not None
    twice = password.read_text() * 2
    subprocess.run([tool, folder / "passwords", STATION], input=twice, text=True, check=True, capture_output=True)
    text = (HOUSE / "config" / "mosquitto" / "mosquitto.conf").read_text()
    for ours, here in (
        ("/etc/mosquitto/stations", str(folder)),
        ("listener 8883", f"listener {port} 127.0.0.1"),
        ("/var/lib/mosquitto", str(folder)),
    ):
        assert ours in text
        text = text.replace(ours, here)
    (folder / "mosquitto.conf").write_text(f"user {getpass.getuser()}\n{text}")
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    assert program is not None
    running = subprocess.Popen([program, "-c", folder / "mosquitto.conf"])
    try:
        yield
    finally:
        running.terminate()
        running.wait()


@contextmanager
def serving(directory: Path, port: int) -> Iterator[None]:
    stop, ready = threading.Event(), threading.Event()
    options = {"host": "127.0.0.1", "port": port, "stop": stop, "ready": ready}
    thread = threading.Thread(target=serve, args=(directory,), kwargs=options)
    thread.start()
    try:
        assert ready.wait(20)
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def uplink(config: Path) -> Iterator[None]:
    running = subprocess.Popen([sys.executable, "-m", "kiosk", "uplink", "--config", config], cwd=HOUSE)
    try:
        yield
    finally:
        running.terminate()
        running.wait()


def at_the_station(*arguments: str) -> str:
    return said(app, arguments)


def at_the_centre(*arguments: str) -> str:
    return said(commands(), arguments)


def said(program: typer.Typer, arguments: Sequence[str]) -> str:
    done = CliRunner().invoke(program, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_station_set_up_by_the_book_reaches_centre_and_broker(tmp_path: Path) -> None:
    centre, state = tmp_path / "centre", tmp_path / "state"
    at_the_centre("keys", "--host", "centre.example", "-d", str(centre))
    centre_port, broker_port = free_port(), free_port()
    settings = (HOUSE / "config" / "station.toml").read_text()
    for shipped, here in (
        ("/var/lib/kiosk", str(state)),
        ("https://centre.example:8443", f"https://localhost:{centre_port}"),
        ('"broker.example"', '"localhost"'),
        ("port = 8883", f"port = {broker_port}"),
    ):
        assert shipped in settings
        settings = settings.replace(shipped, here)
    config = tmp_path / "station.toml"
    config.write_text(settings)
    request, grant = tmp_path / f"{STATION}.request", tmp_path / f"{STATION}.grant"
    shown = at_the_station("provision", "--out", str(request), "--config", str(config))
    enrolled = at_the_centre(
        "enrol", str(request), str(grant), "--fingerprint", shown.splitlines()[-1], "-d", str(centre)
    )
    (told,) = re.findall(r"--root '([0-9 ]+)'", enrolled)
    at_the_station("provision", str(grant), "--root", told, "--config", str(config))
    at_the_centre("roster", STATION, "--extras", "0", "-d", str(centre))
    password = Authority(centre).password_file(STATION)
    exchange = Exchange(state)
    exchange.create()

    def told() -> UplinkStatus | None:
        return read_status(exchange.uplink_status) if exchange.uplink_status.exists() else None

    with (
        sample_broker(tmp_path / "broker", centre, password, broker_port),
        serving(centre, centre_port),
        uplink(config),
    ):
        wait_until(lambda: any(exchange.rosters.glob("*.roster")))
        wait_until(lambda: (now := told()) is not None and now.broker_connected)
        wait_until(lambda: (now := told()) is not None and now.centre_last_contact is not None)
