"""One MQTT 5 connection from birth to end, driven by the thread that owns it.

paho's own network thread dies of an exception in a callback while the client still says it is connected; driven by
hand, an exception is where it belongs. Each connection is a new client, so that nothing is queued in memory: what must
arrive waits in uplink.db.
"""

import ssl
import time
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from kiosk.record.telemetry import LinkTrouble
from kiosk.uplink.settings import BrokerSettings

MOST_IN_FLIGHT = 20
_CONNECT_SECONDS = 10.0
_SESSION_MARGIN_SECONDS = 60


class BrokerDown(Exception):
    """The broker cannot be reached, does not let us in, or is lost."""

    def __init__(self, trouble: LinkTrouble, sentence: str) -> None:
        super().__init__(sentence)
        self.trouble = trouble


def _properties(packet_type: int) -> Properties:
    return Properties(packet_type)  # type: ignore[no-untyped-call]  # paho leaves this constructor without types


@dataclass(frozen=True, slots=True)
class Message:
    """Something to publish, always with QoS 1."""

    topic: str
    payload: bytes
    retain: bool = False
    expires_seconds: int | None = None

    def properties(self) -> Properties:
        """The MQTT 5 properties of the PUBLISH."""
        properties = _properties(PacketTypes.PUBLISH)
        properties.ContentType = "application/json"
        if self.expires_seconds is not None:
            properties.MessageExpiryInterval = self.expires_seconds
        return properties


@dataclass(slots=True)
class _Heard:
    """What the callbacks have heard since it was last asked."""

    welcome: bool = False
    refused: str | None = None
    lost: str | None = None
    settled: list[tuple[int, bool]] = field(default_factory=list)


class Connection:
    """Connects at construction. Raises BrokerDown."""

    def __init__(self, broker: BrokerSettings, *, station: str, will: Message) -> None:
        self._heard = _Heard()
        self._in_flight: set[int] = set()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=station,
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
        )
        self._client.username_pw_set(station, broker.password)
        self._client.connect_timeout = _CONNECT_SECONDS
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        will_properties = _properties(PacketTypes.WILLMESSAGE)
        will_properties.WillDelayInterval = broker.will_delay_seconds
        will_properties.ContentType = "application/json"
        self._client.will_set(will.topic, will.payload, qos=1, retain=will.retain, properties=will_properties)
        try:
            self._open(broker)
        except BaseException:
            self._client.disconnect()
            raise

    def _open(self, broker: BrokerSettings) -> None:
        if broker.tls is not None:
            context = ssl.create_default_context(cafile=str(broker.tls.authority))
            context.load_cert_chain(broker.tls.certificate, broker.tls.key)
            self._client.tls_set_context(context)
        # The session has to outlive the will delay: a session's end sends the will at once (MQTT 5, 3.1.3.2.2), and
        # so does a clean start over it.
        session = _properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = broker.will_delay_seconds + _SESSION_MARGIN_SECONDS
        try:
            self._client.connect(
                broker.host, broker.port, broker.keepalive_seconds, clean_start=False, properties=session
            )
        except ssl.SSLError as error:
            raise BrokerDown(LinkTrouble.NOT_TRUSTED, f"broker: TLS failed ({error.reason})") from None
        except OSError as error:
            raise BrokerDown(LinkTrouble.UNREACHABLE, f"broker cannot be reached: {error.strerror or error}") from None
        deadline = time.monotonic() + _CONNECT_SECONDS
        while not self._heard.welcome:
            if time.monotonic() > deadline:
                raise BrokerDown(LinkTrouble.TIMEOUT, "broker took the connection but did not greet")
            self.turn(within=0.5)

    def turn(self, *, within: float) -> None:
        """Let the connection work, at most ``within`` seconds or until something happened. Raises BrokerDown."""
        result = self._client.loop(timeout=within)
        if self._heard.refused is not None:
            raise BrokerDown(LinkTrouble.REFUSED, f"broker refused the station: {self._heard.refused}")
        if self._heard.lost is not None or result != paho.MQTT_ERR_SUCCESS:
            why = self._heard.lost or paho.error_string(result)
            raise BrokerDown(LinkTrouble.UNREACHABLE, f"broker lost: {why}")

    @property
    def has_room(self) -> bool:
        """Whether another message may be sent before one is acknowledged."""
        return len(self._in_flight) < MOST_IN_FLIGHT

    def publish(self, message: Message) -> int:
        """Send one message; gives the number that ``settled`` will tell. Raises BrokerDown."""
        sent = self._client.publish(
            message.topic, message.payload, qos=1, retain=message.retain, properties=message.properties()
        )
        if sent.rc != paho.MQTT_ERR_SUCCESS:
            raise BrokerDown(LinkTrouble.UNREACHABLE, f"broker lost: {paho.error_string(sent.rc)}")
        self._in_flight.add(sent.mid)
        return sent.mid

    def settled(self) -> list[tuple[int, bool]]:
        """Numbers acknowledged since the last call, each with whether the broker took the message."""
        settled, self._heard.settled = self._heard.settled, []
        return settled

    def close(self, farewell: Message, *, within: float) -> None:
        """Say farewell, wait for its acknowledgement, and leave so that no will is sent."""
        deadline = time.monotonic() + within
        try:
            self.publish(farewell)
            while self._in_flight and time.monotonic() < deadline:
                self.turn(within=0.2)
        except BrokerDown:
            pass  # the will says it then
        self._client.disconnect()

    def drop(self) -> None:
        """Give a lost connection's socket back."""
        self._client.disconnect()

    def _on_connect(self, _client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            self._heard.refused = str(reason)
        else:
            self._heard.welcome = True

    def _on_disconnect(
        self, _client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        self._heard.lost = str(reason)

    def _on_publish(self, _client: paho.Client, _data: Any, mid: int, reason: ReasonCode, _properties: Any) -> None:
        self._in_flight.discard(mid)
        self._heard.settled.append((mid, not reason.is_failure))
