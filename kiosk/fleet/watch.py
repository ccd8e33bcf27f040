"""``kiosk fleet watch``: the state of all stations, live over MQTT, in a terminal or as plain lines."""

import os
import ssl
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import paho.mqtt.client as paho
import typer
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions
from rich.console import Console, Group
from rich.live import Live

from kiosk.fleet.table import lines, table
from kiosk.fleet.view import Fleet
from kiosk.uplink.messages import ROOT
from kiosk.uplink.settings import TlsFiles

PASSWORD_VARIABLE = "KIOSK_FLEET_PASSWORD"  # noqa: S105  # the name of a variable, not a password
_LEAVES = ("state", "info", "health", "throughput")
_TAKEN_OVER = 142
_TAKEN_OVER_SENTENCE = "Another view uses this user name now: give each view its own."
_SHORT_LIFE_SECONDS = 10.0
_MOST_SHORT_LIVES = 4
_CONNECT_SECONDS = 10.0
_RETRY_SECONDS = 2.0


class NotWatching(Exception):
    """The broker cannot be watched; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who watches, and where. Each technician has a user name of their own."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: TlsFiles | None = None


class Watch:
    """A subscription to all stations, driven by the thread that owns it; ``fleet`` is the newest picture.

    Connects at construction. Raises NotWatching.
    """

    def __init__(
        self, viewer: Viewer, *, wall: Callable[[], float] = time.time, retry_seconds: float = _RETRY_SECONDS
    ) -> None:
        self.fleet = Fleet()
        self.trouble: str | None = None
        """Why nothing new comes just now; it is tried again."""
        self._wall, self._retry_seconds = wall, retry_seconds
        self._subscribed_at = 0.0
        self._short_lives = 0
        self._fatal: str | None = None
        self._subscribed = False
        self._retry_at: float | None = None
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=viewer.user, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        self._client.username_pw_set(viewer.user, viewer.password)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        try:
            if viewer.tls is not None:
                context = ssl.create_default_context(cafile=str(viewer.tls.authority))
                context.load_cert_chain(viewer.tls.certificate, viewer.tls.key)
                self._client.tls_set_context(context)
            self._client.connect(viewer.host, viewer.port, keepalive=30)
        except OSError as error:
            sentence = f"The broker at {viewer.host} port {viewer.port} cannot be reached: {error.strerror or error}"
            raise NotWatching(sentence) from None
        deadline = time.monotonic() + _CONNECT_SECONDS
        while not self._subscribed:
            self.turn(within=0.5)
            if self.trouble is not None or time.monotonic() > deadline:
                self.close()
                raise NotWatching(self.trouble or "The broker took the connection but did not answer.")

    def turn(self, *, within: float) -> None:
        """Hear what comes, at most ``within`` seconds or until something came.

        A lost connection is made anew by later turns. Raises NotWatching where that would not help.
        """
        if self._retry_at is not None:
            self._try_again(within)
            return
        result = self._client.loop(timeout=within)
        if self._fatal is not None:
            raise NotWatching(self._fatal)
        if result != paho.MQTT_ERR_SUCCESS:
            self._lost(paho.error_string(result))

    def _lost(self, why: str) -> None:
        now = time.monotonic()
        # mosquitto 2.0 ends the older connection of a user name without saying why; then the two views throw each
        # other out for ever.
        self._short_lives = self._short_lives + 1 if now - self._subscribed_at < _SHORT_LIFE_SECONDS else 0
        if self._short_lives >= _MOST_SHORT_LIVES:
            raise NotWatching(f"The broker ends this connection again and again. {_TAKEN_OVER_SENTENCE}")
        self.trouble = f"Contact with the broker lost ({why}); trying again."
        self._retry_at = now + self._retry_seconds

    def close(self) -> None:
        """Stop watching; may be called twice."""
        self._client.disconnect()

    def _try_again(self, within: float) -> None:
        wait = (self._retry_at or 0.0) - time.monotonic()
        if wait > 0:
            time.sleep(min(wait, within))
            return
        try:
            self._client.reconnect()
        except OSError:
            self._retry_at = time.monotonic() + self._retry_seconds
        else:
            self._retry_at = None

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            self._fatal = f"The broker refused: {reason}. Check the user name and the password."
            return
        client.subscribe([(f"{ROOT}/+/+/{leaf}", SubscribeOptions(qos=1)) for leaf in _LEAVES])

    def _on_subscribe(
        self, _client: paho.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._fatal = "The broker does not let this user see the stations: its ACL needs `topic read ktp/v1/#`."
        self._subscribed, self.trouble = True, None
        self._subscribed_at = time.monotonic()

    def _on_disconnect(
        self, _client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        if reason.value == _TAKEN_OVER:
            self._fatal = _TAKEN_OVER_SENTENCE

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self.fleet.hear(message.topic, bytes(message.payload), retained=message.retain, now=self._wall())


def commands() -> typer.Typer:
    """The ``fleet`` commands."""
    app = typer.Typer(help="See how the stations are.", no_args_is_help=True)
    app.callback()(_fleet)
    app.command("watch")(watch)
    return app


def _fleet() -> None:
    """See how the stations are."""


def watch(
    host: Annotated[str, typer.Option(help="The broker's address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The broker's port.", min=1, max=65535)] = 1883,
    user: Annotated[str, typer.Option(help="Your user name at the broker; each view needs its own.")] = "technician",
    password_file: Annotated[
        Path | None, typer.Option(help=f"File with the password; else ${PASSWORD_VARIABLE}.")
    ] = None,
    authority: Annotated[Path | None, typer.Option(help="TLS: who vouches for the broker (PEM).")] = None,
    certificate: Annotated[Path | None, typer.Option(help="TLS: your certificate (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="TLS: its key (PEM).")] = None,
    once: Annotated[float | None, typer.Option(help="Listen this many seconds, print the table, end.", min=0)] = None,
) -> None:
    """Show every station: its state, what it needs, recordings waiting, ribbon left, today's recordings and cards.

    Those that need somebody stand first. Without a terminal, plain tab-separated lines.

    ● ready, ◐ in a visit, ■ out of service, ○ stopped or contact lost, ▲ not running: reached, but its program is not.
    """
    console = Console()
    try:
        viewer = Viewer(host, port, user, _password(password_file), _tls(authority, certificate, key))
        watching = Watch(viewer)
    except (NotWatching, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    try:
        if once is not None:
            _listen(watching, once)
            _print(watching.fleet, console)
        else:
            _follow(watching, console)
    except KeyboardInterrupt:
        pass  # the way to end it
    except NotWatching as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    finally:
        watching.close()


def _password(file: Path | None) -> str:
    if file is not None:
        return file.read_text("utf-8").strip()
    password = os.environ.get(PASSWORD_VARIABLE)
    if password is None:
        raise NotWatching(f"A password is needed: name a file with --password-file, or set {PASSWORD_VARIABLE}.")
    return password


def _tls(authority: Path | None, certificate: Path | None, key: Path | None) -> TlsFiles | None:
    if authority is None and certificate is None and key is None:
        return None
    if authority is None or certificate is None or key is None:
        raise NotWatching("TLS needs all three: --authority, --certificate and --key.")
    return TlsFiles(authority, certificate, key)


def _print(fleet: Fleet, console: Console) -> None:
    if console.is_terminal:
        console.print(table(fleet, now=time.time(), width=console.width))
    else:
        for line in lines(fleet, now=time.time()):
            sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _listen(watching: Watch, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        watching.turn(within=left)


def _follow(watching: Watch, console: Console) -> None:
    if not console.is_terminal:
        told: list[str] = []
        while True:
            _listen(watching, 1.0)
            # The last field is an age and would make every line new every second.
            now = [line.rsplit("\t", 1)[0] for line in lines(watching.fleet, now=time.time())]
            if now != told:
                _print(watching.fleet, console)
                told = now
    with Live(console=console, auto_refresh=False, screen=True) as live:
        while True:
            shown = table(watching.fleet, now=time.time(), width=console.width)
            live.update(Group(watching.trouble, shown) if watching.trouble else shown, refresh=True)
            _listen(watching, 0.5)
