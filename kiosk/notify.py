"""Tells systemd that the process is ready and alive (sd_notify(3)): datagrams to the socket named in NOTIFY_SOCKET."""

import socket
from collections.abc import Mapping
from contextlib import suppress


class Notifier:
    """Speaks to the service manager; silent where none listens, as when a person starts the program by hand."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # An abstract socket is written with @ and addressed with a leading NUL (sd_notify(3), unix(7)).
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def ready(self) -> None:
        """The service has started."""
        self._send("READY=1")

    def alive(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The service is on its way out."""
        self._send("STOPPING=1")

    def status(self, sentence: str) -> None:
        """One line for ``systemctl status``; never personal data."""
        self._send(f"STATUS={sentence}")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            # Never waited for: a manager that does not read must not hold up the screen.
            line.setblocking(False)
            with suppress(OSError):
                line.sendto(message.encode(), self._address)
