"""The technician's picture, folded from messages."""

import dataclasses
import io

import pytest
from rich.console import Console

from kiosk.fleet.table import lines, needs, span, table
from kiosk.fleet.view import Fleet, Urgency
from kiosk.journey.steps import Device
from kiosk.record.telemetry import (
    WELL,
    Condition,
    DeviceHealth,
    Health,
    PrinterHealth,
    StationState,
    Throughput,
    Trouble,
)
from kiosk.uplink import messages
from kiosk.uplink.messages import HealthMessage, StateMessage, ThroughputMessage, Today, Why

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


def test_ill_devices_are_told_in_words_and_once():
    ill = DeviceHealth(Condition.FAULT, Trouble.RIBBON_OUT)
    fleet = Fleet()
    hear(fleet, "state", state(StationState.READY))
    sick = dataclasses.replace(
        HEALTH,
        devices={**HEALTH.devices, Device.PRINTER: ill},
        printer=PrinterHealth(ribbon_left=0, faults=(Trouble.RIBBON_OUT, Trouble.CLEANING_DUE)),
    )
    hear(fleet, "health", health(sick))
    told = needs(only(fleet))
    assert told.count("printer has no ribbon: put in a new one") == 1
    assert "printer wants cleaning: run the cleaning card" in told
    assert only(fleet).urgency is Urgency.SOON


def test_those_in_need_come_first():
    fleet = Fleet()
    hear(fleet, "state", state(StationState.READY), name="a")
    hear(fleet, "state", state(StationState.OUT_OF_SERVICE), name="b")
    hear(fleet, "state", state(StationState.OFFLINE, why=Why.STOPPED), name="c")
    assert [view.station for view in fleet.ordered()] == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("ktp/v1/ntt/a/state", b"{"),
        ("ktp/v1/ntt/a/state", b'{"state":"dancing","birth":1}'),
        ("ktp/v1/ntt/a/health", b"\xff\xfe"),
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
    head, line = lines(fleet, now=UNIX + 600)
    named = dict(zip(head.split("\t"), line.split("\t"), strict=True))
    assert named == {
        "station": "ntt/a", "state": "ready", "needs": "-", "waiting": "3", "oldest": "-", "ribbon": "-",
        "recorded": "7", "cards": "2", "heard": "10 min",
    }  # fmt: skip


@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_table_says_it_all_at_any_width(width):
    fleet = Fleet()
    hear(fleet, "state", state(StationState.OUT_OF_SERVICE))
    gone = DeviceHealth(Condition.MISSING, Trouble.ABSENT)
    hear(fleet, "health", health(dataclasses.replace(HEALTH, devices={**HEALTH.devices, Device.CAMERA: gone})))
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table(fleet, now=UNIX + 5, width=width))
    shown = console.export_text()
    for word in ("ntt/a", "■ out of service", "Recorded", "5 s", "camera not there"):
        assert word in shown
    assert "…" not in shown


@pytest.mark.parametrize(("seconds", "said"), [(None, "-"), (5, "5 s"), (125, "2 min"), (7300, "2 h"), (200000, "2 d")])
def test_spans(seconds, said):
    assert span(seconds) == said
