"""The uplink process whole: packet out, receipt and order in, status and telemetry told, killed and started anew."""

import dataclasses
import errno
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.centre.outgoing import Outgoing
from kiosk.journey.steps import Device
from kiosk.notify import Notifier
from kiosk.record import telemetry as record
from kiosk.record.exchange import write_durably
from kiosk.record.header import Kind
from kiosk.record.telemetry import WELL, Health, StationState, Throughput, UplinkStatus
from kiosk.uplink.service import _DISK_FAILS, make_sound, run
from kiosk.uplink.settings import BrokerSettings, TlsFiles, UplinkSettings
from kiosk.uplink.store import Store

STATION = "ktp-5371-01"
PACKET = "0000000001-p1.packet"
NOWHERE = TlsFiles(Path("/nonexistent"), Path("/nonexistent"), Path("/nonexistent"))
SCRIPT = """
import sys, threading
from pathlib import Path
from kiosk.uplink.service import run
from kiosk.uplink.settings import BrokerSettings, TlsFiles, UplinkSettings
root, url, port, authority, certificate, key = sys.argv[1:]
tls = TlsFiles(Path(authority), Path(certificate), Path(key))
broker = BrokerSettings("127.0.0.1", int(port), "secret", will_delay_seconds=1)
settings = UplinkSettings("ktp-5371-01", "ntt", Path(root), url, tls, broker, poll_seconds=0.5)
run(settings, stop=threading.Event())
"""


@pytest.fixture
def settings(exchange, centre, broker, authority) -> UplinkSettings:
    login = BrokerSettings("127.0.0.1", broker.port, "secret")
    return UplinkSettings(STATION, "ntt", exchange.root, centre.url, authority.issue(STATION), login, poll_seconds=0.5)


def test_everything_goes_its_way_and_it_stops_when_told(settings, exchange, centre, watcher, eventually):
    content = os.urandom(300_000)
    (exchange.outbox / PACKET).write_bytes(content)
    Outgoing(centre.directory / "out").publish(STATION, Kind.ORDER, 1, b"sealed")
    health = Health(StationState.READY, 1, "0.1.0", 5.0, True, dict.fromkeys(Device, WELL))
    record.write(exchange.health, health, Throughput(1_700_000_000))
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(settings,), kwargs={"stop": stop})
    thread.start()
    try:
        eventually((exchange.receipts / "p1.receipt").exists)
        eventually((exchange.orders / "order-00000001.order").exists)
        eventually(lambda: watcher.of("health"))
        eventually(
            lambda: exchange.uplink_status.exists() and record.read_status(exchange.uplink_status).broker_connected
        )
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    status = record.read_status(exchange.uplink_status)
    assert status.centre_trouble is None
    assert status.centre_last_contact is not None
    assert status.certificate_days == 364
    assert centre.shelf.packets == [content]
    eventually(lambda: watcher.of("state")[-1]["why"] == "stopped")


def test_a_recording_that_the_centre_declines_and_a_centre_that_is_away_are_told(
    settings, exchange, centre, watcher, eventually
):
    (exchange.outbox / PACKET).write_bytes(b"BAD" + os.urandom(1000))
    health = Health(StationState.READY, 1, "0.1.0", 5.0, True, dict.fromkeys(Device, WELL))
    record.write(exchange.health, health, Throughput(1_700_000_000))
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(settings,), kwargs={"stop": stop})
    thread.start()
    try:
        eventually(lambda: watcher.of("health") and watcher.of("health")[-1]["centre"]["packets_refused"] == 1)
        centre.stop()
        eventually(lambda: watcher.of("health")[-1]["centre"]["trouble"] == "unreachable")
    finally:
        stop.set()
        thread.join(10)


def test_killed_in_mid_delivery_it_goes_on_and_delivers_once(settings, exchange, centre, wire, broker, eventually):
    content = os.urandom(1_500_000)
    (exchange.outbox / PACKET).write_bytes(content)
    tls = settings.centre_tls
    arguments = [
        sys.executable, "-c", SCRIPT, str(exchange.root), f"https://127.0.0.1:{wire.port}", str(broker.port),
        str(tls.authority), str(tls.certificate), str(tls.key),
    ]  # fmt: skip
    for kills_at in (300_000, 900_000):
        uplink = subprocess.Popen(arguments)
        eventually(lambda kills_at=kills_at: wire.upward > kills_at)
        uplink.send_signal(signal.SIGKILL)
        uplink.wait()
    uplink = subprocess.Popen(arguments)
    eventually((exchange.receipts / "p1.receipt").exists)
    uplink.kill()
    uplink.wait()
    assert centre.shelf.packets == [content]


def test_a_missing_certificate_ends_it_at_once(settings, exchange):
    with pytest.raises(FileNotFoundError):
        run(dataclasses.replace(settings, centre_tls=NOWHERE), stop=threading.Event())


def test_a_broken_database_is_set_aside_and_the_loss_of_telemetry_told(exchange):
    database = exchange.root / "uplink" / "uplink.db"
    record.write_status(exchange.uplink_status, UplinkStatus(events_seen=7, telemetry_dropped=2))
    database.write_bytes(b"this is no database at all" * 100)
    make_sound(database, exchange)
    assert database.with_name("uplink.db.damaged").exists()
    with closing(Store(database)) as store:
        store.check()
        assert store.counter("events seen") == 7  # else the kiosk process would number its events anew
        assert store.counter("dropped") == 3
        assert store.count("birth") > 1_700_000_000  # else nobody would believe that the station is lost


def test_a_sound_database_and_one_of_the_version_before_are_kept(exchange):
    database = exchange.root / "uplink" / "uplink.db"
    with closing(sqlite3.connect(database)) as old:
        old.executescript(
            "CREATE TABLE upload (seen INTEGER PRIMARY KEY AUTOINCREMENT, packet TEXT NOT NULL UNIQUE, url TEXT);"
            "CREATE TABLE cursor (list TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;"
            "INSERT INTO cursor VALUES ('orders', 5); PRAGMA user_version=1;"
        )
    for _ in range(2):
        make_sound(database, exchange)
    with closing(Store(database)) as store:
        assert store.cursor("orders") == 5


def test_damage_in_the_midst_of_a_database_is_found_at_a_start(exchange):
    database = exchange.root / "uplink" / "uplink.db"
    with closing(Store(database)) as store, store.together():
        for row in range(300):
            store.enqueue("event", b"x" * 500, birth=row)
    content = bytearray(database.read_bytes())
    content[8192 : 8192 * 4] = os.urandom(8192 * 3)
    database.write_bytes(content)
    make_sound(database, exchange)
    assert database.with_name("uplink.db.damaged").exists()


def test_a_database_that_cannot_grow_keeps_what_it_has(exchange):
    with closing(Store(exchange.root / "uplink" / "uplink.db")) as store:
        store.set_counter("birth", 7)
        (pages,) = store._db.execute("PRAGMA page_count").fetchone()
        store._db.execute(f"PRAGMA max_page_count={pages + 1}")

        def fill() -> None:
            with store.together():
                store.set_counter("birth", 8)
                for _ in range(100):
                    store.enqueue("event", b"x" * 1000, birth=7)

        with pytest.raises(sqlite3.OperationalError) as full:
            fill()
        assert full.value.sqlite_errorcode in _DISK_FAILS
        assert store.counter("birth") == 7
        store._db.execute("PRAGMA max_page_count=1000")
        store.set_counter("birth", 8)
        assert store.counter("birth") == 8


def test_a_full_disk_is_waited_out(settings, exchange, centre, eventually, monkeypatch):
    """The receipt cannot be written at first."""
    monkeypatch.setattr("kiosk.uplink.service._DISK_PAUSE", 0.1)
    (exchange.outbox / PACKET).write_bytes(b"content")
    tries = []

    def write(path, content):
        tries.append(path)
        if len(tries) < 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_durably(path, content)

    monkeypatch.setattr("kiosk.uplink.delivery.write_durably", write)
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(settings,), kwargs={"stop": stop})
    thread.start()
    try:
        eventually((exchange.receipts / "p1.receipt").exists)
    finally:
        stop.set()
        thread.join(10)
    assert len(tries) == 4
    assert centre.shelf.packets == [b"content"]


def test_the_service_manager_hears(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        notifier.ready()
        notifier.alive()
        notifier.stopping()
        assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_without_a_service_manager_nothing_is_said():
    Notifier({}).ready()


@pytest.mark.parametrize(
    "change",
    [
        {"station": "KTP 1"},
        {"province": "../x"},
        {"centre_url": "http://centre.example"},
        {"hours": ("at night",)},
    ],
)
def test_wrong_settings_are_refused(change):
    right = {
        "station": STATION, "province": "ntt", "root": Path("/var/lib/kiosk"), "centre_url": "https://centre.example",
        "centre_tls": NOWHERE, "broker": BrokerSettings("127.0.0.1", 1883, "x"),
    }  # fmt: skip
    UplinkSettings(**right)
    with pytest.raises(ValueError, match=next(iter(change))):
        UplinkSettings(**(right | change))


def test_a_broker_elsewhere_needs_tls():
    with pytest.raises(ValueError, match="TLS"):
        BrokerSettings("broker.example.go.id", 8883, "x")
    BrokerSettings("broker.example.go.id", 8883, "x", tls=NOWHERE)


def test_a_password_cannot_print():
    assert "hidden" not in repr(BrokerSettings("127.0.0.1", 1883, "hidden"))
