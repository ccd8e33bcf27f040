"""The technician's picture, folded from messages."""

import dataclasses
import io

import pytest
from rich.console import Console

from kiosk.fleet.needs import Limits, cases
from kiosk.fleet.table import lines, table
from kiosk.fleet.view import Fleet
from kiosk.journey.steps import Device
from kiosk.record.telemetry import (
    WELL,
    Condition,
    DeviceHealth,
    Health,
    StationState,
    Throughput,
    Trouble,
)
from kiosk.uplink import messages
from kiosk.uplink.messages import CentreLink, HealthMessage, InfoMessage, StateMessage, ThroughputMessage, Today, Why

AT = "2026-03-02T01:00:00Z"
UNIX = 1772413200.0
HEALTH = Health(
    StationState.READY, 1, "0.1.0", 5.0, True, dict.fromkeys(Device, WELL), roster_age_seconds=60.0, outbox_waiting=3
)


def hear(
    fleet: Fleet, leaf: str, payload: bytes, *, retained: bool = False, now: float = UNIX, name: str = "a"
) -> None:
    fleet.hear(f"ktp/v1/ntt/{name}/{leaf}", payload, retained=retained, now=now)


def state(state: StationState, birth: int = 1, at: str | None = AT, why: Why | None = None) -> bytes:
    return messages.STATE.encode(StateMessage(state, birth, at, why))


def health(health: Health = HEALTH) -> bytes:
    return messages.HEALTH.encode(HealthMessage(1, AT, health))


def only(fleet: Fleet):
    (view,) = fleet.stations.values()
    return view


def test_a_late_will_does_not_put_a_station_offline_that_is_back():
    fleet = Fleet()
    hear(fleet, "state", state(StationState.READY, birth=2))
    hear(fleet, "state", state(StationState.OFFLINE, birth=1, at=None, why=Why.LOST))
    assert only(fleet).word == "ready"
    hear(fleet, "state", state(StationState.OFFLINE, birth=2, at=None, why=Why.LOST))
    assert only(fleet).word == "contact lost"


def test_every_state_has_a_shape_of_its_own():
    shapes = set()
    for value in StationState:
        fleet = Fleet()
        hear(fleet, "state", state(value))
        shapes.add(only(fleet).shape)
    assert len(shapes) == len(StationState)


def test_health_brings_what_the_uplink_knows():
    fleet = Fleet()
    hear(fleet, "health", messages.HEALTH.encode(HealthMessage(1, AT, HEALTH, CentreLink(packets_refused=3))))
    assert only(fleet).centre == CentreLink(packets_refused=3)


def test_the_days_of_a_certificate_go_on_while_a_station_is_away():
    fleet = Fleet()
    hear(fleet, "info", messages.INFO.encode(InfoMessage(1, AT, "0.1.0", (), 2, 0)), retained=True)
    hear(fleet, "state", state(StationState.READY))
    assert only(fleet).certificate_days(now=UNIX + 5 * 86400) == 2
    hear(fleet, "state", state(StationState.OFFLINE, at=None, why=Why.LOST))
    assert only(fleet).certificate_days(now=UNIX + 5 * 86400) == -3


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("ktp/v1/ntt/a/state", b"{"),
        ("ktp/v1/ntt/a/state", b'{"state":"dancing","birth":1}'),
        ("ktp/v1/ntt/a/health", b"\xff\xfe"),
        ("ktp/v1/ntt/a/state", b'{"state":"ready","birth":1,"at":"2026-99-99T01:00:00Z","why":null}'),
        ("ktp/v1/ntt", b"{}"),
        ("other/v1/ntt/a/state", b"{}"),
    ],
)
def test_what_cannot_be_read_is_counted_and_changes_nothing(topic, payload):
    fleet = Fleet()
    hear(fleet, "state", state(StationState.READY))
    before = dict(fleet.stations)
    fleet.hear(topic, payload, retained=False, now=UNIX)
    assert fleet.stations == before
    assert fleet.unreadable == 1


def test_a_newer_station_may_say_more():
    fleet = Fleet()
    hear(fleet, "state", b'{"state":"ready","birth":1,"at":"2026-03-02T01:00:00Z","why":null,"mood":"good"}')
    assert only(fleet).word == "ready"
    assert fleet.unreadable == 0


def test_lines_carry_the_same_figures():
    fleet = Fleet()
    hear(fleet, "state", state(StationState.READY), retained=True)
    hear(fleet, "health", health(), retained=True)
    day = Throughput(1, recordings_sealed=7, cards_printed=2)
    report = ThroughputMessage(1, AT, day, Today("2026-03-02", day))
    hear(fleet, "throughput", messages.THROUGHPUT.encode(report), retained=True)
    head, line = lines(cases(fleet, Limits(), now=UNIX + 600), unreadable=0, now=UNIX + 600)
    named = dict(zip(head.split("\t"), line.split("\t"), strict=True))
    assert named == {
        "station": "ntt/a", "state": "ready", "urgency": "-", "needs": "-", "waiting": "3", "oldest": "-",
        "ribbon": "-", "recorded": "7", "cards": "2", "heard": "10 min",
    }  # fmt: skip


def shown(fleet: Fleet, width: int) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    now = UNIX + 5
    console.print(table(cases(fleet, Limits(), now=now), unreadable=fleet.unreadable, now=now, width=width))
    return console.export_text()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_table_says_it_all_at_any_width(width):
    fleet = Fleet()
    gone = DeviceHealth(Condition.MISSING, Trouble.ABSENT)
    broken = dataclasses.replace(HEALTH, devices={**HEALTH.devices, Device.CAMERA: gone}, outbox_waiting=15600)
    for name in ("tts-mollo-utara-01", "belu-tasifeto-timur-01"):
        hear(fleet, "state", state(StationState.OUT_OF_SERVICE), name=name)
        hear(fleet, "health", health(broken), name=name)
    text = shown(fleet, width)
    assert text.startswith("2 stations, 2 to see to now\n")
    for word in ("ntt/tts-mollo-utara-01", "■ out of service", "Rec", "15600", "5 s"):
        assert word in text
    assert text.count("[officer] camera not there: check its power and its cable") == 2
    assert "…" not in text
    assert max(len(line) for line in text.splitlines()) <= width


def test_needs_stand_above_the_figures_and_the_well_ones_last():
    fleet = Fleet()
    hear(fleet, "state", state(StationState.READY), name="a")
    hear(fleet, "health", health(), name="a")
    hear(fleet, "state", state(StationState.READY), name="b")
    hear(fleet, "health", health(dataclasses.replace(HEALTH, roster_age_seconds=None)), name="b")
    summary, *rest = shown(fleet, 80).splitlines()
    assert summary == "2 stations, 1 to see to now, 1 well"
    marks = [line.split()[:2] for line in rest if "ntt/" in line]
    assert marks == [["!!", "ntt/b"], ["!!", "ntt/b"], ["ntt/a", "●"]]
