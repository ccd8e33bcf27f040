"""A simulated IPP printer, and a real ``ippeveprinter`` of CUPS, each with the driver before it.

``ippeveprinter`` wants a D-Bus to look for Avahi on, even with ``-r off``, where it then announces nothing and needs no
Avahi. So it gets a bus of its own, on a socket of its own, which nobody else is on.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.printer.ipp.printer import IppPrinter
from drivers.printer.ipp.simulated import SimulatedIppPrinter

PATIENCE = 2.0
"""Far above what a local socket needs: a test of silence waits for it, the others never."""
PAUSE = 0.02
START = 20.0
BUS = """<busconfig>
  <listen>unix:path={socket}</listen>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>
"""


@pytest.fixture
def plugged(tmp_path: Path) -> Iterator[Callable[..., SimulatedIppPrinter]]:
    started: list[SimulatedIppPrinter] = []

    def start(**how: object) -> SimulatedIppPrinter:
        started.append(SimulatedIppPrinter(tmp_path / "ipp", tmp_path / "cards", **how))  # type: ignore[arg-type] # forwarded
        return started[-1]

    yield start
    for device in started:
        device.close()


@pytest.fixture
def device(plugged: Callable[..., SimulatedIppPrinter]) -> SimulatedIppPrinter:
    return plugged()


@pytest.fixture
def printer(device: SimulatedIppPrinter) -> IppPrinter:
    return IppPrinter(device.uri, local=device.local, patience=PATIENCE, pause=PAUSE)


def program(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.fail(f"{name} is missing: ./install.sh test installs Debian's {package}")
    return found


def wait_until(is_so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START
    while not is_so():
        assert process.poll() is None, "it ended at once"
        assert time.monotonic() < until, "it does not start"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # A socket's path has at most 107 bytes, and pytest's folders are long.
    place = tmp_path_factory.mktemp("bus")
    listens = place / "s"
    (place / "conf").write_text(BUS.format(socket=listens))
    daemon = program("dbus-daemon", "dbus-daemon")
    process = subprocess.Popen([daemon, f"--config-file={place / 'conf'}", "--nofork", "--nopidfile"])
    wait_until(listens.exists, process)
    yield f"unix:path={listens}"
    process.terminate()
    process.wait()


@pytest.fixture
def ippeveprinter(bus: str, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start a real one; it keeps what it printed in ``tmp_path / "spool"``. ``command`` is what makes its cards."""
    if not socket.has_ipv6:
        pytest.skip("ippeveprinter listens on IPv6, too, and this machine has none")
    started: list[subprocess.Popen[bytes]] = []

    def start(attributes: str, command: str = "exit 0") -> str:
        (tmp_path / "spool").mkdir()
        (tmp_path / "card.conf").write_text(attributes)
        maker = tmp_path / "maker"
        maker.write_text(f"#!/bin/sh\n{command}\n")
        maker.chmod(0o755)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen(
            [
                *(program("ippeveprinter", "cups-ipp-utils"), "-r", "off", "-n", "localhost", "-p", str(port)),
                *("-a", tmp_path / "card.conf", "-c", maker, "-d", tmp_path / "spool", "-k", "card"),
            ],
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus},
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        started.append(process)
        wait_until(lambda: answers(port), process)
        return f"ipp://127.0.0.1:{port}/ipp/print"

    yield start
    for process in started:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0
