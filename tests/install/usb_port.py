"""The host's side of ``stick_in_machine.sh``: plugs USB sticks into a QEMU machine, and pulls them, as its guest asks.

The guest writes lines on its second serial port, and is answered "ok" or "failed": ``plug IMAGE [read-only] [fixed]``,
``pull IMAGE``, and ``pull IMAGE after BYTES`` have been written to it since (answered at once, pulled later).
"""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Machine:
    """QEMU's control socket (QMP)."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._socket = connected(path)
        self._lines = lines(self._socket)
        next(self._lines)  # its greeting
        self.do("qmp_capabilities")

    def do(self, command: str, **arguments: object) -> Any:
        with self._lock:
            self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
            for line in self._lines:
                answer = json.loads(line)
                if "error" in answer:
                    raise RuntimeError(answer["error"]["desc"])
                if "return" in answer:
                    return answer["return"]
        raise ConnectionError("the machine is gone")

    def written(self, name: str) -> int:
        """Bytes that the guest has written to a stick since it was plugged in."""
        for each in self.do("query-blockstats"):
            if f"/usb-{name}/" in each.get("qdev", ""):
                return int(each["stats"]["wr_bytes"])
        return 0


def connected(path: Path) -> socket.socket:
    for _ in range(100):
        try:
            made = socket.socket(socket.AF_UNIX)
            made.connect(str(path))
            return made
        except OSError:
            time.sleep(0.1)
    raise ConnectionError(f"nobody at {path}")


def lines(source: socket.socket) -> Iterator[str]:
    buffer = b""
    while piece := source.recv(4096):
        buffer += piece
        *whole, buffer = buffer.split(b"\n")
        yield from (line.decode(errors="replace").strip() for line in whole)


def plug(machine: Machine, folder: Path, name: str, *options: str) -> None:
    file = {"driver": "file", "filename": str(folder / f"{name}.img")}
    machine.do("blockdev-add", driver="raw", **{"node-name": name, "read-only": "read-only" in options, "file": file})
    removable = "fixed" not in options
    machine.do("device_add", driver="usb-storage", id=f"usb-{name}", drive=name, removable=removable)


def pull(machine: Machine, name: str) -> None:
    machine.do("device_del", id=f"usb-{name}")
    for _ in range(100):
        try:
            machine.do("blockdev-del", **{"node-name": name})
        except RuntimeError:  # the device still holds it
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{name} is held for ever")


def pull_later(machine: Machine, name: str, much: int) -> None:
    until = machine.written(name) + much
    while machine.written(name) < until:
        time.sleep(0.002)
    pull(machine, name)


def main() -> None:
    folder = Path(sys.argv[1])
    machine, guest = Machine(folder / "qmp"), connected(folder / "talk")
    for line in lines(guest):
        match line.split():
            case ["plug", name, *options]:
                work, later = (lambda: plug(machine, folder, name, *options)), False
            case ["pull", name]:
                work, later = (lambda: pull(machine, name)), False
            case ["pull", name, "after", much]:
                work, later = (lambda: pull_later(machine, name, int(much))), True
            case _:
                continue
        try:
            if later:
                threading.Thread(target=work, daemon=True).start()
            else:
                work()
            guest.sendall(b"ok\n")
        except RuntimeError as error:
            sys.stderr.write(f"{line}: {error}\n")
            guest.sendall(b"failed\n")


if __name__ == "__main__":
    main()
