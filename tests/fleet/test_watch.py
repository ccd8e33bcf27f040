"""``kiosk fleet watch`` as a program, against a real mosquitto."""

import dataclasses
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
import typer.testing
from paho.mqtt.enums import CallbackAPIVersion

from kiosk.centre.broker import Broker
from kiosk.centre.tls import TlsAuthority
from kiosk.fleet.subscription import NotWatching, Viewer, Watch
from kiosk.fleet.watch import commands
from kiosk.record.telemetry import StationState
from kiosk.uplink import messages
from kiosk.uplink.messages import StateMessage
from kiosk.uplink.settings import TlsFiles

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


SECRET = {"KIOSK_FLEET_PASSWORD": "seeing"}


def watch(*arguments: str) -> typer.testing.Result:
    return typer.testing.CliRunner().invoke(commands(), ["watch", *arguments], env=SECRET)


def test_contact_lost_while_listening_once_is_a_failure(broker, monkeypatch):
    publish(broker, StationState.READY)

    def listen(watching: Watch, _seconds: float) -> None:
        until(watching, "ready")
        broker.stop()
        while watching.trouble is None:
            watching.turn(within=0.5)

    monkeypatch.setattr("kiosk.fleet.watch._listen", listen)
    done = watch("--port", str(broker.port), "--once", "1")
    assert done.exit_code == 1
    assert f"ntt/{STATION}\tready" in done.stdout
    assert "contact with the broker lost" in done.stderr


def test_plain_lines_say_when_contact_is_lost_and_back(broker):
    publish(broker, StationState.READY)
    command = [sys.executable, "-m", "kiosk", "fleet", "watch", "--port", str(broker.port)]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True, env={**os.environ, **SECRET}) as program:
        patience = threading.Timer(30.0, program.kill)
        patience.start()
        try:
            assert program.stdout.readline().startswith("station\t")
            assert program.stdout.readline().startswith(f"ntt/{STATION}\tready")
            broker.stop()
            assert program.stderr.readline() == "# contact with the broker lost; trying again\n"
            broker.start()
            assert program.stderr.readline() == "# contact with the broker is back\n"
        finally:
            patience.cancel()
            program.kill()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return TlsAuthority(tmp_path_factory.mktemp("tls")).issue("technician")


def named(tls: TlsFiles) -> list[str]:
    return ["--authority", str(tls.authority), "--certificate", str(tls.certificate), "--key", str(tls.key)]


@pytest.mark.parametrize("missing", ["authority", "certificate", "key"])
def test_a_tls_file_that_is_missing_is_named(tls, missing):
    done = watch(*named(dataclasses.replace(tls, **{missing: Path("/nonexistent/it.pem")})))
    assert done.exit_code == 1
    assert f"The file of --{missing}, /nonexistent/it.pem, cannot be read" in done.stderr


def test_a_key_of_another_certificate_is_named(tls, tmp_path):
    other = TlsAuthority(tmp_path).issue("other")
    done = watch(*named(dataclasses.replace(tls, key=other.key)))
    assert done.exit_code == 1
    assert f"{tls.certificate} and {other.key} are not a certificate and its key" in done.stderr


def test_an_authority_that_is_no_certificate_is_named(tls, tmp_path):
    (tmp_path / "it.pem").write_text("nothing of the kind")
    done = watch(*named(dataclasses.replace(tls, authority=tmp_path / "it.pem")))
    assert done.exit_code == 1
    assert f"{tmp_path / 'it.pem'}, holds no certificate" in done.stderr


def test_a_broker_of_another_authority_is_not_trusted(tls, tmp_path):
    other = TlsAuthority(tmp_path / "other").issue("broker")
    configuration = Path(__file__).parents[2] / "config" / "mosquitto"
    with Broker(tmp_path / "broker", configuration, stations={}, viewers={"technician": "seeing"}, tls=other) as broker:
        done = watch("--port", str(broker.port), *named(tls))
        plain = watch("--port", str(broker.port))
    assert done.exit_code == plain.exit_code == 1
    assert "is not trusted" in done.stderr
    assert "does it want TLS files?" in plain.stderr


def test_a_password_file_that_is_missing_is_named():
    done = watch("--password-file", "/nonexistent/password")
    assert done.exit_code == 1
    assert "The file of --password-file, /nonexistent/password, cannot be read" in done.stderr


def test_a_user_who_may_see_nothing_sees_nothing(broker):
    """A station's own login shows no other station."""
    publish(broker, StationState.READY)
    watching = Watch(Viewer(broker.host, broker.port, STATION, "secret"))
    for _ in range(3):
        watching.turn(within=0.1)
    assert not watching.fleet.stations
    watching.close()
