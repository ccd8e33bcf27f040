"""A mosquitto of one's own on a free loopback port, for the demo and the tests; nothing is left running or enabled."""

import os
import pwd
import shutil
import socket
import string
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from kiosk.uplink.settings import TlsFiles

_START_SECONDS = 10.0
_STOP_SECONDS = 5.0


class NoBroker(Exception):
    """mosquitto is not installed or does not start; the sentence says what to do."""


class Broker:
    """Writes configuration, passwords and access rules into ``directory`` and runs mosquitto there.

    ``configuration`` is the project's ``config/mosquitto``; ``stations`` and ``viewers`` map user names to passwords;
    with ``tls``, its own certificate and who vouches for clients, it takes mutual TLS only.
    Use as a context manager, or ``start`` and ``stop``. After ``start``, ``host`` and ``port`` say where it listens;
    a later ``start`` uses the same port again.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        directory: Path,
        configuration: Path,
        *,
        stations: Mapping[str, str],
        viewers: Mapping[str, str],
        tls: TlsFiles | None = None,
    ) -> None:
        self.directory = directory
        self.port = 0
        self._tls = _mutual(tls) if tls is not None else ""
        self._process: subprocess.Popen[bytes] | None = None
        self._template = string.Template((configuration / "demo.conf.template").read_text("utf-8"))
        directory.mkdir(parents=True, exist_ok=True)
        rules = (configuration / "stations.acl").read_text("utf-8")
        rules += "".join(f"\nuser {viewer}\ntopic read ktp/v1/#\n" for viewer in viewers)
        (directory / "acl").write_text(rules, "utf-8")
        (directory / "acl").chmod(0o600)
        self._write_passwords({**stations, **viewers})

    def start(self) -> None:
        """Start mosquitto and wait until it takes connections. Raises NoBroker."""
        for _ in range(3):  # between choosing a free port and binding it, another program may take it
            port = self.port or _free_port()
            if self._try(port):
                self.port = port
                return
            if self.port:
                break
        raise NoBroker(f"mosquitto does not start: see {self.directory / 'mosquitto.log'}")

    def stop(self) -> None:
        """End it in order, so that it keeps retained messages; may be called twice."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> "Broker":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _try(self, port: int) -> bool:
        configuration = self.directory / "mosquitto.conf"
        # Started by root, mosquitto would become another user, who cannot read this directory.
        user = pwd.getpwuid(os.getuid()).pw_name
        configuration.write_text(
            self._template.substitute(user=user, directory=self.directory.resolve(), port=port, tls=self._tls), "utf-8"
        )
        self._process = subprocess.Popen(  # noqa: S603  # a program found on this machine, our own configuration
            [_program("mosquitto"), "-c", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection((self.host, port), timeout=1.0).close()
            except ConnectionRefusedError:
                time.sleep(0.02)  # nothing tells when a program begins to listen
            else:
                return True
        self.kill()
        return False

    def _write_passwords(self, passwords: Mapping[str, str]) -> None:
        path = self.directory / "passwords"
        path.touch(mode=0o600)
        path.write_text("".join(f"{name}:{password}\n" for name, password in passwords.items()), "utf-8")
        # -U hashes a file of plain passwords in place, so that none stands on a command line for others to see.
        done = subprocess.run(  # noqa: S603  # a program found on this machine, a file of ours
            [_program("mosquitto_passwd"), "-U", str(path)], capture_output=True, check=False
        )
        if done.returncode != 0:
            raise NoBroker("mosquitto_passwd cannot hash the passwords: is mosquitto 2.0 or later installed?")


def _mutual(tls: TlsFiles) -> str:
    files = {"cafile": tls.authority, "certfile": tls.certificate, "keyfile": tls.key}
    lines = [f"{option} {file.resolve()}" for option, file in files.items()]
    return "\n".join([*lines, "require_certificate true", "tls_version tlsv1.3"])


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if found is None:
        raise NoBroker(f"{name} is not installed: apt install mosquitto")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((Broker.host, 0))
        port: int = probe.getsockname()[1]
        return port
