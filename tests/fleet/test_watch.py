"""``kiosk fleet watch`` as a program, against a real mosquitto."""

import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
import typer.testing
from paho.mqtt.enums import CallbackAPIVersion

from kiosk.centre.broker import Broker
from kiosk.fleet.watch import NotWatching, Viewer, Watch, commands
from kiosk.record.telemetry import StationState
from kiosk.uplink import messages
from kiosk.uplink.messages import StateMessage

STATION = "ktp-5371-01"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    configuration = Path(__file__).parents[2] / "config" / "mosquitto"
    viewers = {"technician": "seeing", "other": "seeing"}
    with Broker(tmp_path / "broker", configuration, stations={STATION: "secret"}, viewers=viewers) as broker:
        yield broker


@pytest.fixture
def viewer(broker: Broker) -> Viewer:
    return Viewer(broker.host, broker.port, "technician", "seeing")


def publish(broker: Broker, state: StationState, *, birth: int = 1) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=STATION, protocol=paho.MQTTv5)
    client.username_pw_set(STATION, "secret")
    client.connect(broker.host, broker.port)
    client.loop_start()
    body = messages.STATE.encode(StateMessage(state, birth, "2026-03-02T01:00:00Z", None))
    client.publish(f"ktp/v1/ntt/{STATION}/state", body, qos=1, retain=True).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def until(watching: Watch, word: str) -> None:
    deadline = time.monotonic() + 15
    while [view.word for view in watching.fleet.stations.values()] != [word]:
        assert time.monotonic() < deadline, "waited in vain"
        watching.turn(within=0.5)


def test_once_prints_a_line_for_each_station(broker):
    publish(broker, StationState.READY)
    runner = typer.testing.CliRunner()
    done = runner.invoke(
        commands(), ["watch", "--port", str(broker.port), "--once", "0.5"], env={"KIOSK_FLEET_PASSWORD": "seeing"}
    )
    assert done.exit_code == 0, done.output
    head, line = done.output.splitlines()
    assert head.startswith("station\tstate")
    assert line.startswith(f"ntt/{STATION}\tready\t")


def test_a_change_is_seen_live(broker, viewer):
    publish(broker, StationState.READY)
    watching = Watch(viewer)
    until(watching, "ready")
    publish(broker, StationState.OUT_OF_SERVICE)
    until(watching, "out of service")
    watching.close()


def test_watching_goes_on_after_a_restart_of_the_broker(broker, viewer):
    watching = Watch(viewer)
    broker.stop()
    while watching.trouble is None:
        watching.turn(within=0.5)
    broker.start()
    publish(broker, StationState.IN_VISIT)
    until(watching, "in a visit")
    assert watching.trouble is None
    watching.close()


def test_retained_states_outlive_the_broker(broker, viewer):
    publish(broker, StationState.READY)
    broker.stop()
    broker.start()
    watching = Watch(viewer)
    until(watching, "ready")
    watching.close()


def test_two_views_of_one_user_end_with_a_reason(viewer):
    views = [Watch(viewer, retry_seconds=0.05), Watch(viewer, retry_seconds=0.05)]

    def listen() -> None:
        for _ in range(200):
            for view in views:
                view.turn(within=0.1)

    with pytest.raises(NotWatching, match="give each view its own"):
        listen()
    for view in views:
        view.close()


def test_a_wrong_password_is_said_plainly(broker):
    runner = typer.testing.CliRunner()
    done = runner.invoke(commands(), ["watch", "--port", str(broker.port)], env={"KIOSK_FLEET_PASSWORD": "wrong"})
    assert done.exit_code == 1
    assert "Check the user name and the password" in done.output


def test_no_broker_is_said_plainly(broker):
    broker.stop()
    runner = typer.testing.CliRunner()
    done = runner.invoke(commands(), ["watch", "--port", str(broker.port)], env={"KIOSK_FLEET_PASSWORD": "seeing"})
    assert done.exit_code == 1
    assert "cannot be reached" in done.output


def test_a_user_who_may_see_nothing_sees_nothing(broker):
    """A station's own login shows no other station."""
    publish(broker, StationState.READY)
    watching = Watch(Viewer(broker.host, broker.port, STATION, "secret"))
    for _ in range(3):
        watching.turn(within=0.1)
    assert not watching.fleet.stations
    watching.close()
