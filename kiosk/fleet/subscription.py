"""A subscription to all stations at the broker: connects, hears, and finds the way back when contact is lost."""

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from kiosk.fleet.view import Fleet
from kiosk.uplink.messages import ROOT
from kiosk.uplink.settings import TlsFiles

_LEAVES = ("state", "info", "health", "throughput")
_TAKEN_OVER = 142
_TAKEN_OVER_SENTENCE = "Another view uses this user name now: give each view its own."
_SHORT_LIFE_SECONDS = 10.0
_MOST_SHORT_LIVES = 4
_CONNECT_SECONDS = 10.0
_RETRY_SECONDS = 2.0


class NotWatching(Exception):
    """The broker cannot be watched; the sentence says what to do."""


def cannot_read(option: str, file: Path, error: OSError) -> NotWatching:
    """What to say of a file that was named by ``option``."""
    return NotWatching(f"The file of {option}, {file}, cannot be read ({error.strerror}): name the right one.")


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
        if viewer.tls is not None:
            self._client.tls_set_context(_context(viewer.tls))
        broker = f"The broker at {viewer.host} port {viewer.port}"
        try:
            self._client.connect(viewer.host, viewer.port, keepalive=30)
        except ssl.SSLError as error:
            why = getattr(error, "verify_message", None) or error.reason or "TLS failed"
            raise NotWatching(f"{broker} is not trusted ({why}): is --authority the one that vouches for it?") from None
        except OSError as error:
            raise NotWatching(f"{broker} cannot be reached: {error.strerror or error}") from None
        self._begin(broker, "does it want TLS files?" if viewer.tls is None else "does it know this certificate?")

    def _begin(self, broker: str, doubt: str) -> None:
        deadline = time.monotonic() + _CONNECT_SECONDS
        while not self._subscribed:
            self.turn(within=0.5)
            if self.trouble is not None:
                raise NotWatching(f"{broker} ended the connection without an answer: {doubt}")
            if time.monotonic() > deadline:
                self.close()
                raise NotWatching(f"{broker} took the connection but did not answer: is it an MQTT broker?")

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
            self._lost()

    def _lost(self) -> None:
        now = time.monotonic()
        # mosquitto 2.0 ends the older connection of a user name without saying why; then the two views throw each
        # other out for ever.
        self._short_lives = self._short_lives + 1 if now - self._subscribed_at < _SHORT_LIFE_SECONDS else 0
        if self._short_lives >= _MOST_SHORT_LIVES:
            raise NotWatching(f"The broker ends this connection again and again. {_TAKEN_OVER_SENTENCE}")
        self.trouble = "contact with the broker lost; trying again"
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


def _context(tls: TlsFiles) -> ssl.SSLContext:
    named = {"--authority": tls.authority, "--certificate": tls.certificate, "--key": tls.key}
    for option, file in named.items():
        try:
            file.read_bytes()  # the ssl module does not say which file it could not read
        except OSError as error:
            raise cannot_read(option, file, error) from None
    try:
        context = ssl.create_default_context(cafile=str(tls.authority))
    except ssl.SSLError:
        raise NotWatching(f"The file of --authority, {tls.authority}, holds no certificate in PEM form.") from None
    try:
        context.load_cert_chain(tls.certificate, tls.key)
    except ssl.SSLError:
        pair = f"{tls.certificate} and {tls.key}"
        raise NotWatching(
            f"{pair} are not a certificate and its key in PEM form: name two that belong together."
        ) from None
    return context
