"""A resident with marked data is recorded and given the card, and then looked for everywhere the data must not be."""

import base64
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from rich.console import Console

from kiosk.centre.identity_commands import tell_stations
from kiosk.centre.outgoing import Outgoing
from kiosk.centre.stage import Stage
from kiosk.journey.steps import Purpose
from kiosk.record.header import Kind, NotForUs
from kiosk.record.keypair import OpeningKey
from kiosk.record.keys import CentreTrust, StationKeys, keys_directory
from kiosk.record.seal import open_sealed, trusting
from kiosk.station.robot import Errands
from tests import marks as marks_of
from tests.marks import captured, contents, found, written

AUDITOR, PASSWORD = "auditor", "reads-everything"
LEAVES = {"state", "info", "health", "throughput", "event"}


def test_marked_data_appears_nowhere_unsealed(tmp_path, errand, eventually):
    with ExitStack() as stack, Path(os.devnull).open("w") as nowhere:
        stage = Stage.build(tmp_path, "800x480", stack, Console(file=nowhere), viewers={AUDITOR: PASSWORD})
        marked = marks_of.resident(stage.cast.ordinary)
        stage.send_roster([*stage.cast.residents, marked])
        eventually(lambda: len(list(stage.exchange.rosters.glob("*.roster"))) == 2, "the roster")
        heard = stack.enter_context(overheard(stage))
        sealed = dict(contents(stage.exchange.rosters))

        stage.processes["uplink"].kill()  # so that the packet lies in the outbox while it is searched
        stage.processes["uplink"].wait()
        errands = Errands(stage.folder / "errands")
        errands.put("1-record", errand(marked, Purpose.RECORD))
        stage.start(
            *("kiosk", "run", "--config", str(stage.config), "--errands", str(stage.folder / "errands")),
            *("--pause", "0.05"),
            environment={"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"},
        )
        eventually(lambda: any(stage.exchange.outbox.glob("*.packet")), "the recording")
        words = written(marked.nik, marked.name, marked.birth_place, marked.address)
        assert found(words, stage.folder) == []
        sealed |= dict(contents(stage.exchange.outbox))

        stage.start("uplink", "uplink", "--config", str(stage.config))
        eventually(stage.packets, "the packet at the centre")
        stage.order_cards()
        (opened,) = stage.opened
        marks = words | captured(opened.recording)
        eventually(stage.order_has_come, "the order to be taken in")
        place, out = keys_directory(stage.exchange.root), stage.folder / "centre" / "out"
        first = CentreTrust.load(place).sequence
        tell_stations(stage.authority, Outgoing(out), now=datetime.now(UTC))
        eventually(lambda: CentreTrust.load(place).sequence > first, "the list of keys to be taken in")
        eventually(lambda: any(out.rglob("*.states")), "the states")
        sealed |= dict(contents(out))
        assert found(marks, stage.folder) == []
        errands.put("2-collect", errand(marked, Purpose.COLLECT))
        cards = stage.exchange.root / "kiosk" / "cards"
        eventually(lambda: any(cards.glob("*.png")), "the card")
        assert found(marks, stage.folder) == []
        errands.put_end()
        assert stage.processes["kiosk"].wait(60) == 0
        eventually(
            lambda: {"state", "info", "health", "throughput", "event"} <= {leaf(t) for t, _ in heard}, "telemetry"
        )
        stage.end()

    assert found(marks, stage.folder) == []
    assert [mark for mark, piece in marks.items() for topic, said in heard if piece in topic.encode() + said] == []
    the_uplink_opens_none_of(sealed, stage)
    # The search itself must be able to find: what the centre has opened holds every word and every image.
    at_the_centre = [content for _, content in contents(stage.folder / "opened")]
    for mark in (f"{marked.name} in utf-8", f"{marked.nik} in utf-8", "the photo, 1", "the template of finger 2, 0"):
        assert any(marks[mark] in content for content in at_the_centre), mark


def the_uplink_opens_none_of(sealed: dict[Path, bytes], stage: Stage) -> None:
    """Neither with any 32 bytes of its own files for a key, nor does it hold one of the kiosk's keys."""
    state = stage.exchange.root
    place = keys_directory(state)
    keys, trust = StationKeys.load(place), CentreTrust.load(place)
    held = [content for _, content in contents(state / "uplink")]
    tries = {OpeningKey(content[at : at + 32]) for content in held for at in range(0, len(content) - 31, 32)}
    assert tries
    kinds = {
        ".roster": (Kind.ROSTER, trust.rosters),
        ".order": (Kind.ORDER, trust.orders),
        ".states": (Kind.STATES, trust.states),
        ".keys": (Kind.KEYS, trusting(stage.authority.root.public)),
    }
    assert {path.suffix for path in sealed} == {".packet", *kinds}
    for path, blob in sealed.items():
        if path.suffix == ".packet":
            continue  # sealed to the centre: not even the kiosk can read it again, as the search has shown
        kind, verifying = kinds[path.suffix]
        with pytest.raises(NotForUs):
            open_sealed(blob, kind=kind, verifying=verifying, opening=tries)
        assert open_sealed(blob, kind=kind, verifying=verifying, opening=[keys.opening]).body
    for secret in (keys.opening.seed, keys.signing.seeds, keys.roster, keys.ledger, keys.checkpoint):
        for form in (secret, secret.hex().encode(), base64.b64encode(secret)):
            assert not any(form in content for content in held)


# What is heard ----------------------------------------------------------------------------------------------------


def leaf(topic: str) -> str:
    return topic.split("/")[4] if topic.count("/") >= 4 else topic


@contextmanager
def overheard(stage: Stage) -> Iterator[list[tuple[str, bytes]]]:
    """Everything the broker sends to one who subscribes to all."""
    heard: list[tuple[str, bytes]] = []
    subscribed = threading.Event()

    def on_message(client: paho.Client, data: Any, message: paho.MQTTMessage) -> None:
        heard.append((message.topic, bytes(message.payload) + repr(message.properties).encode()))

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=AUDITOR, protocol=paho.MQTTv5)
    client.username_pw_set(AUDITOR, PASSWORD)
    client.on_connect = lambda *_: client.subscribe("#", qos=1)
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = on_message
    broker = stage.settings.broker
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        assert subscribed.wait(10)
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()
