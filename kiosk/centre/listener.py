"""Counts what the stations publish, by the last part of the topic: the demo's ear at the broker."""

import threading
from collections import Counter
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from kiosk.uplink.messages import ROOT


class Listener:
    """A subscription to everything below the project's root topic. Use as a context manager."""

    def __init__(self, host: str, port: int, user: str, password: str) -> None:
        self.counts: Counter[str] = Counter()
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=user, protocol=paho.MQTTv5)
        self._client.username_pw_set(user, password)
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._heard
        self._client.connect(host, port)

    def __enter__(self) -> "Listener":
        self._client.loop_start()
        self._subscribed.wait(10.0)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: paho.Client, *_: Any) -> None:
        client.subscribe(f"{ROOT}/#", qos=1)

    def _heard(self, client: paho.Client, data: Any, message: paho.MQTTMessage) -> None:
        self.counts[message.topic.split("/")[4] if message.topic.count("/") >= 4 else message.topic] += 1
