"""The shapes both processes agree on."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.journey.steps import Device, Step
from kiosk.record import telemetry
from kiosk.record.clock import day_of
from kiosk.record.header import LATEST
from kiosk.record.telemetry import (
    Condition,
    DeviceHealth,
    Event,
    Frozen,
    Health,
    LinkTrouble,
    Occasion,
    PrinterHealth,
    Snapshot,
    StationState,
    Throughput,
    Trouble,
    Unreadable,
    UplinkStatus,
)

counts = st.integers(0, 2**53)
seconds = st.floats(0, 1e9, allow_nan=False)
by_step = st.dictionaries(st.sampled_from(Step), st.integers(1, 10**6))
healths = st.builds(
    Health,
    state=st.sampled_from([StationState.READY, StationState.IN_VISIT, StationState.OUT_OF_SERVICE]),
    beat=counts,
    software=st.from_regex(r"[0-9]\.[0-9]\.[0-9]", fullmatch=True),
    uptime_seconds=seconds,
    clock_trusted=st.booleans(),
    devices=st.dictionaries(
        st.sampled_from(Device),
        st.builds(DeviceHealth, st.sampled_from(Condition), st.none() | st.sampled_from(Trouble)),
    ),
    printer=st.builds(PrinterHealth, st.none() | counts, st.none() | counts, st.tuples(st.sampled_from(Trouble))),
    blanks=st.none() | counts,
    prints_uncertain=counts,
    recordings_lost=counts,
    recordings_sent_again=counts,
    outbox_damaged=counts,
    frozen=st.none() | st.sampled_from(Frozen),
    disk_days_left=st.none() | counts,
    disk_free_bytes=st.none() | counts,
    disk_floor_bytes=st.none() | counts,
    help_called=st.booleans(),
    outbox_oldest_seconds=st.none() | seconds,
    temperature_celsius=st.none() | st.floats(-60, 200),
)
throughputs = st.builds(
    Throughput,
    since=st.just(1_700_000_000),
    visits_begun=st.integers(0, 10**6),
    given_up=by_step,
    cards_printed=st.integers(0, 10**6),
    step_seconds=st.dictionaries(st.sampled_from(Step), st.integers(1, 10**8).map(lambda ms: ms / 1000)),
    step_passes=by_step,
)


@given(healths, throughputs)
def test_what_is_written_is_read(health, throughput):
    snapshot = Snapshot(health, throughput)
    assert telemetry.decode(telemetry.encode(snapshot)) == snapshot


@given(throughputs, throughputs)
def test_what_came_on_top_and_what_was_add_up(earlier, more):
    later = earlier.plus(more)
    assert later.since_then(earlier) == more
    assert earlier.plus(later.since_then(earlier)) == later


@given(throughputs)
def test_nothing_comes_on_top_of_itself(counters):
    assert counters.since_then(counters).is_nothing


def test_counting_anew_loses_nothing():
    before = Throughput(1, visits_begun=10)
    anew = Throughput(2, visits_begun=3)
    assert anew.since_then(before) == anew


@given(st.binary(max_size=200))
def test_garbage_is_refused_by_name(garbage):
    with pytest.raises(Unreadable):
        telemetry.decode(garbage)


@pytest.mark.parametrize("share", range(1, 20))
def test_a_cut_file_is_refused(share, health_bytes):
    with pytest.raises(Unreadable):
        telemetry.decode(health_bytes[: len(health_bytes) * share // 20])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("state", "dancing"),
        ("uptime_seconds", -1),
        ("uptime_seconds", "5"),
        ("clock_trusted", "yes"),
        ("software", "Budi Santoso"),
        ("outbox_waiting", 1.5),
        ("devices", {"camera": {"condition": "ok", "trouble": "3171234567890001"}}),
        ("devices", {"3171234567890001": {"condition": "ok", "trouble": None}}),
    ],
)
def test_wrong_values_are_refused_and_never_repeated(health_bytes, place, value):
    document = json.loads(health_bytes)
    document["health"][place] = value
    with pytest.raises(Unreadable) as refused:
        telemetry.decode(json.dumps(document).encode())
    assert "3171234567890001" not in str(refused.value)
    assert "Budi" not in str(refused.value)


def test_unknown_keys_go_no_further(health_bytes):
    document = json.loads(health_bytes)
    document["health"]["name"] = "Budi Santoso"
    snapshot = telemetry.decode(json.dumps(document).encode())
    assert b"Budi" not in telemetry.encode(snapshot)


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), -1.0])
def test_a_figure_json_cannot_carry_is_refused_where_it_is_written(figure):
    health = Health(StationState.READY, 1, "0.1", 1.0, True, {}, temperature_celsius=figure * 1e3)
    with pytest.raises(Unreadable):
        telemetry.encode(Snapshot(health, Throughput(1)))


def test_events_are_named_by_their_number(tmp_path):
    event = Event(7, 1_700_000_000, Occasion.DEVICE_LOST, Device.PRINTER, Trouble.JAM, Step.PRINTING)
    path = telemetry.write_event(tmp_path, event)
    assert telemetry.read_event(path) == event
    with pytest.raises(Unreadable):
        telemetry.read_event(path.rename(tmp_path / "000000000008.json"))


def test_status_is_read_as_written(tmp_path):
    status = UplinkStatus(5, 1_700_000_000, LinkTrouble.TIMEOUT, True, None, 300, 1, 2)
    telemetry.write_status(tmp_path / "status.json", status)
    assert telemetry.read_status(tmp_path / "status.json") == status


def test_a_missing_file_is_unreadable_in_one_sentence(tmp_path):
    with pytest.raises(Unreadable, match="No such file"):
        telemetry.read(tmp_path / "health.json")


def test_clocks_and_thermometers_are_no_news():
    one = Health(StationState.READY, 1, "0.1", 1.0, True, {}, temperature_celsius=40.0, outbox_oldest_seconds=5.0)
    later = Health(StationState.READY, 2, "0.1", 2.0, True, {}, temperature_celsius=41.0, outbox_oldest_seconds=6.0)
    assert not later.differs(one)
    assert Health(StationState.READY, 2, "0.1", 2.0, False, {}).differs(one)


@pytest.mark.parametrize(
    "change",
    [
        {"help_called": True},
        {"prints_uncertain": 1},
        {"recordings_lost": 1},
        {"recordings_sent_again": 1},
        {"outbox_damaged": 1},
        {"frozen": Frozen.OLDEST},
        {"disk_free_bytes": 499, "disk_floor_bytes": 500},
        {"roster_age_seconds": 5.0},
    ],
)
def test_what_a_technician_should_know_at_once_is_news(change):
    one = Health(StationState.READY, 1, "0.1", 1.0, True, {}, disk_free_bytes=500, disk_floor_bytes=500)
    assert dataclasses.replace(one, **change).differs(one)


def test_a_disk_that_fills_is_news_only_when_it_stops_recording():
    one = Health(StationState.READY, 1, "0.1", 1.0, True, {}, disk_free_bytes=900, disk_floor_bytes=500)
    assert not dataclasses.replace(one, disk_free_bytes=600).differs(one)
    assert not dataclasses.replace(one, disk_floor_bytes=None, disk_free_bytes=0).disk_full


@pytest.fixture(scope="module")
def health_bytes() -> bytes:
    health = Health(StationState.READY, 1, "0.1", 1.0, True, {Device.CAMERA: DeviceHealth(Condition.OK)})
    return telemetry.encode(Snapshot(health, Throughput(1)))


@pytest.mark.parametrize("moment", [1_795_000_000_000, LATEST, -1, True])
def test_a_moment_no_calendar_has_is_refused_where_it_is_read(tmp_path, moment):
    place = tmp_path / "status.json"
    place.write_text(json.dumps({"centre_last_contact": moment}), encoding="utf-8")
    with pytest.raises(Unreadable):
        telemetry.read_status(place)
    day_of(LATEST - 1)
