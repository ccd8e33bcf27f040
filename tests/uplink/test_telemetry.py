"""What a station tells, heard by another client of a real mosquitto; every message is held against asyncapi.yaml."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from kiosk.centre.broker import Broker
from kiosk.centre.tls import TlsAuthority
from kiosk.journey.steps import Device, Step
from kiosk.record import telemetry as record
from kiosk.record.telemetry import (
    WELL,
    Condition,
    DeviceHealth,
    Event,
    Health,
    LinkTrouble,
    Occasion,
    StationState,
    Throughput,
    Trouble,
)
from kiosk.uplink.messages import CentreLink
from kiosk.uplink.settings import BrokerSettings, TlsFiles, UplinkSettings
from kiosk.uplink.store import Store
from kiosk.uplink.telemetry import Telemetry

STATION, PROVINCE = "ktp-5371-01", "ntt"
HEALTH = Health(StationState.READY, 1, "0.1.0", 5.0, True, dict.fromkeys(Device, WELL))
COUNTERS = Throughput(1_700_000_000)


class Station:
    """The uplink's telemetry thread, and a hand that writes what the kiosk process would."""

    def __init__(self, exchange, settings: UplinkSettings) -> None:
        self.exchange, self.settings = exchange, settings
        self.beat = 0
        self.counters = COUNTERS
        self.health = HEALTH
        self.centre = CentreLink()
        self.stop = threading.Event()
        self.telemetry: Telemetry | None = None
        self.tell()

    def tell(self, *, health: Health | None = None, counters: Throughput | None = None) -> None:
        self.beat += 1
        self.health = dataclasses.replace(health or self.health, beat=self.beat)
        self.counters = counters or self.counters
        record.write(self.exchange.health, self.health, self.counters)

    def __enter__(self) -> "Station":
        self.stop.clear()
        self.telemetry = None
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        while self.telemetry is None and self._thread.is_alive():
            self._thread.join(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join(20)
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        store = Store(self.exchange.root / "uplink" / "uplink.db")
        try:
            self.telemetry = Telemetry(
                self.settings, store, certificate_days=lambda: 300, centre=lambda: self.centre, tick=0.1
            )
            self.telemetry.run(self.stop)
        except BaseException as failure:  # handed to the test's own thread
            self.failure = failure
        finally:
            store.close()


def settings_for(exchange, broker: Broker, tls: TlsFiles | None = None) -> UplinkSettings:
    nowhere = TlsFiles(Path("/nonexistent"), Path("/nonexistent"), Path("/nonexistent"))
    login = BrokerSettings("127.0.0.1", broker.port, "secret", tls=tls, will_delay_seconds=1)
    return UplinkSettings(
        STATION, PROVINCE, exchange.root, "https://127.0.0.1:1", nowhere, login,
        rollup_seconds=0.0, retry_first_seconds=0.2, retry_longest_seconds=0.5,
    )  # fmt: skip


@pytest.fixture
def settings(exchange, broker) -> UplinkSettings:
    return settings_for(exchange, broker)


@pytest.fixture
def station(exchange, settings) -> Station:
    return Station(exchange, settings)


def test_birth_tells_state_info_health_and_throughput(station, watcher, eventually):
    with station:
        eventually(lambda: all(watcher.of(leaf) for leaf in ("state", "info", "health", "throughput")))
    assert watcher.of("state")[0]["state"] == "ready"
    assert watcher.of("info")[0]["certificate_days"] == 300
    assert watcher.of("health")[0]["health"]["devices"]["camera"] == {"condition": "ok", "trouble": None}
    assert {body["birth"] for leaf in ("state", "info", "health") for body in watcher.of(leaf)} == {1}
    eventually(lambda: watcher.of("state")[-1]["state"] == "offline")
    assert watcher.of("state")[-1]["why"] == "stopped"


def test_everything_needed_is_retained_for_who_comes_late(station, watch, watcher, eventually):
    with station:
        eventually(lambda: watcher.of("throughput"))
        late = watch()
        eventually(lambda: all(late.retained(leaf) for leaf in ("state", "info", "health", "throughput")))


def test_changes_are_told_at_once(station, watcher, eventually):
    with station:
        eventually(lambda: watcher.of("health"))
        ill = DeviceHealth(Condition.FAULT, Trouble.RIBBON_OUT)
        station.tell(
            health=dataclasses.replace(
                HEALTH, state=StationState.OUT_OF_SERVICE, devices={**HEALTH.devices, Device.PRINTER: ill}
            )
        )
        eventually(lambda: watcher.of("state")[-1]["state"] == "out-of-service")
        eventually(lambda: watcher.of("health")[-1]["health"]["devices"]["printer"]["trouble"] == "ribbon-out")


def test_a_centre_that_declines_recordings_is_told_of_at_once(station, watcher, eventually):
    with station:
        eventually(lambda: watcher.of("health"))
        station.centre = CentreLink(LinkTrouble.REFUSED, 5.0, packets_refused=2)
        eventually(lambda: watcher.of("health")[-1]["centre"]["packets_refused"] == 2)
    assert watcher.of("health")[-1]["centre"]["trouble"] == "refused"


def test_a_kiosk_process_that_writes_no_more_is_called_silent(exchange, settings, watcher, eventually):
    station = Station(exchange, dataclasses.replace(settings, silent_seconds=0.5))
    with station:
        eventually(lambda: watcher.of("state") and watcher.of("state")[-1]["state"] == "silent")
        station.tell()
        eventually(lambda: watcher.of("state")[-1]["state"] == "ready")


def test_events_arrive_in_order_and_are_marked_seen(station, exchange, watcher, eventually):
    with station:
        eventually(lambda: watcher.of("state"))
        for number in range(1, 51):
            record.write_event(exchange.events, Event(number, 1_700_000_000, Occasion.DEVICE_LOST, Device.CAMERA))
        eventually(lambda: len(watcher.of("event")) == 50)
        assert station.telemetry.events_seen == 50
    assert [body["event"]["number"] for body in watcher.of("event")] == list(range(1, 51))


def test_an_unreadable_event_does_not_stop_the_others(station, exchange, watcher, eventually):
    (exchange.events / "000000000001.json").write_bytes(b"{broken")
    record.write_event(exchange.events, Event(2, 1_700_000_000, Occasion.STARTED))
    with station:
        eventually(lambda: watcher.of("event"))
    assert [body["event"]["number"] for body in watcher.of("event")] == [2]


def test_rollups_are_numbered_and_add_up_to_the_counters(station, watcher, eventually):
    with station:
        eventually(lambda: watcher.of("throughput"))
        for number in range(1, 4):
            station.tell(counters=dataclasses.replace(COUNTERS, visits_begun=number, given_up={Step.NIK: number}))
            eventually(lambda number=number: len(watcher.of("throughput/rollup")) == number)
    rollups = [body["rollup"] for body in watcher.of("throughput/rollup")]
    assert [rollup["sequence"] for rollup in rollups] == [1, 2, 3]
    assert sum(rollup["counters"]["visits_begun"] for rollup in rollups) == 3
    assert sum(rollup["counters"]["given_up"]["nik"] for rollup in rollups) == 3


def test_what_happened_in_an_outage_is_replayed_as_historical(station, exchange, broker, watch, eventually):
    with station:
        eventually(lambda: station.telemetry.connected)
        broker.stop()
        eventually(lambda: not station.telemetry.connected)
        record.write_event(exchange.events, Event(1, 1_700_000_000, Occasion.POWER_FAILED))
        station.tell(counters=dataclasses.replace(COUNTERS, cards_printed=1))
        eventually(lambda: station.telemetry.events_seen == 1 and _queued(exchange) == 2)
        broker.start()
        again = watch()
        eventually(lambda: again.of("event") and again.of("throughput/rollup"))
        eventually(lambda: _queued(exchange) == 0)
        record.write_event(exchange.events, Event(2, 1_700_000_001, Occasion.POWER_BACK))
        eventually(lambda: len(again.of("event")) == 2)
    assert [body["historical"] for body in again.of("event")] == [True, False]
    assert again.of("throughput/rollup")[0]["historical"]
    assert again.of("state")[-1]["birth"] > 1


def _queued(exchange) -> int:
    store = Store(exchange.root / "uplink" / "uplink.db")
    try:
        return len(store.queued(after=0, most=100))
    finally:
        store.close()


def test_nothing_waiting_is_lost_with_the_process(station, exchange, broker, watch, eventually):
    broker.stop()
    for number in range(1, 6):
        record.write_event(exchange.events, Event(number, 1_700_000_000, Occasion.CARD_PRINTED))
    with station:
        eventually(lambda: _queued(exchange) == 5)
    for path in exchange.events.iterdir():  # the kiosk process has read events_seen
        path.unlink()
    broker.start()
    watcher = watch()
    with station:
        eventually(lambda: len(watcher.of("event")) == 5)
    assert all(body["historical"] for body in watcher.of("event"))


SCRIPT = """
import sys, threading
from pathlib import Path
from kiosk.uplink.service import run
from kiosk.uplink.settings import BrokerSettings, TlsFiles, UplinkSettings
root, port, authority, certificate, key = sys.argv[1:]
tls = TlsFiles(Path(authority), Path(certificate), Path(key))
broker = BrokerSettings("127.0.0.1", int(port), "secret", will_delay_seconds=1)
run(UplinkSettings("ktp-5371-01", "ntt", Path(root), "https://127.0.0.1:1", tls, broker), stop=threading.Event())
"""


def test_the_will_speaks_for_a_killed_uplink(station, exchange, broker, watcher, authority, eventually):
    tls = authority.issue(STATION)
    uplink = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(exchange.root), str(broker.port),
         str(tls.authority), str(tls.certificate), str(tls.key)]
    )  # fmt: skip
    try:
        eventually(lambda: watcher.of("health"))
        eventually(
            lambda: exchange.uplink_status.exists() and record.read_status(exchange.uplink_status).broker_connected
        )
        os.kill(uplink.pid, signal.SIGKILL)
    finally:
        uplink.kill()
        uplink.wait()
    eventually(lambda: watcher.of("state")[-1]["state"] == "offline")
    assert watcher.of("state")[-1] == {"state": "offline", "birth": 1, "at": None, "why": "lost"}
    with station:  # a new birth takes the will's place
        eventually(lambda: watcher.of("state")[-1]["state"] == "ready")
    assert watcher.of("state")[-1]["birth"] == 2


def test_a_short_break_is_no_news(station, exchange, broker, watcher, eventually):
    """Back within the will delay: the broker keeps the will to itself."""
    station.settings = dataclasses.replace(
        station.settings, broker=dataclasses.replace(station.settings.broker, will_delay_seconds=5)
    )
    with station:
        eventually(lambda: watcher.of("state"))
        station.telemetry._connection._client._sock.close()
        eventually(lambda: watcher.of("state")[-1]["birth"] == 2)
    assert "lost" not in {body["why"] for body in watcher.of("state")}


def test_a_station_cannot_speak_for_another(broker, watcher, eventually):
    reasons: list[object] = []
    thief = paho.Client(CallbackAPIVersion.VERSION2, client_id=STATION, protocol=paho.MQTTv5)
    thief.username_pw_set("ktp-5371-02", "other")
    thief.on_publish = lambda _c, _d, _mid, reason, _p: reasons.append(reason.value)
    thief.connect(broker.host, broker.port)
    thief.loop_start()
    eventually(thief.is_connected)
    thief.publish("ktp/v1/ntt/ktp-5371-01/event", b"{}", qos=1)
    eventually(lambda: reasons)
    thief.disconnect()
    thief.loop_stop()
    assert reasons == [135]  # not authorized (MQTT 5, 3.4.2.1)
    assert not watcher.heard


def test_a_wrong_password_is_told_as_refused(settings, exchange, eventually):
    broker = dataclasses.replace(settings.broker, password="wrong")  # noqa: S106  # wrong on purpose
    refused = Station(exchange, dataclasses.replace(settings, broker=broker))
    with refused:
        eventually(lambda: refused.telemetry.trouble is LinkTrouble.REFUSED)
        assert not refused.telemetry.connected


@pytest.fixture
def tls_broker(tmp_path, authority):
    configuration = Path(__file__).parents[2] / "config" / "mosquitto"
    tls = authority.issue("broker")
    with Broker(tmp_path / "broker", configuration, stations={STATION: "secret"}, viewers={}, tls=tls) as broker:
        yield broker


def test_over_mutual_tls(tls_broker, exchange, authority, eventually):
    settings = settings_for(exchange, tls_broker, tls=authority.issue(STATION))
    station = Station(exchange, settings)
    record.write_event(exchange.events, Event(1, 1_700_000_000, Occasion.STARTED))
    with station:
        eventually(lambda: station.telemetry.connected)
        eventually(lambda: station.telemetry.events_seen == 1 and _queued(exchange) == 0)


def test_a_broker_of_another_authority_hears_nothing(tls_broker, exchange, tmp_path, eventually):
    stranger = TlsAuthority(tmp_path / "stranger")
    station = Station(exchange, settings_for(exchange, tls_broker, tls=stranger.issue(STATION)))
    with station:
        eventually(lambda: station.telemetry.trouble is LinkTrouble.NOT_TRUSTED)
        assert not station.telemetry.connected
