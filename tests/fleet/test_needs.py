"""What a station's report makes somebody do, and how soon."""

import dataclasses

import pytest

from kiosk.fleet.needs import Limits, Urgency, Who, cases, needs, span
from kiosk.fleet.view import Fleet, StationView
from kiosk.journey.steps import Device
from kiosk.record.telemetry import (
    WELL,
    Condition,
    DeviceHealth,
    Frozen,
    Health,
    LinkTrouble,
    PrinterHealth,
    StationState,
    Trouble,
)
from kiosk.uplink.messages import CentreLink, StateMessage, Why

UNIX = 1772413200.0
DAY = 86400.0
HEALTH = Health(
    StationState.READY,
    1,
    "0.1.0",
    5.0,
    True,
    dict.fromkeys(Device, WELL),
    PrinterHealth(ribbon_left=400),
    blanks=600,
    outbox_waiting=3,
    outbox_oldest_seconds=600.0,
    disk_free_bytes=20_000_000_000,
    disk_floor_bytes=500_000_000,
    roster_age_seconds=4 * DAY,
    temperature_celsius=50.0,
)


def station(
    state: StationState = StationState.READY, *, why: Why | None = None, name: str = "a", **changes
) -> StationView:
    known = {field.name for field in dataclasses.fields(Health)}
    health = dataclasses.replace(HEALTH, **{key: value for key, value in changes.items() if key in known})
    more = {key: value for key, value in changes.items() if key not in known}
    return StationView("ntt", name, state=StateMessage(state, 1, None, why), **({"health": health} | more))


def told(view: StationView, limits: Limits | None = None) -> list[tuple[Urgency, str]]:
    return [(need.urgency, str(need)) for need in needs(view, limits or Limits(), now=UNIX)]


def ill(device: Device, trouble: Trouble) -> dict[Device, DeviceHealth]:
    return {**HEALTH.devices, device: DeviceHealth(Condition.FAULT, trouble)}


def test_a_station_that_lacks_nothing_needs_nobody():
    assert told(station()) == []


NOW, SOON = Urgency.NOW, Urgency.SOON


@pytest.mark.parametrize(
    ("changes", "urgency", "sentence"),
    [
        ({"roster_age_seconds": None}, NOW, "[centre] no roster, nobody can be recorded: ask for one"),
        ({"roster_age_seconds": 40 * DAY}, SOON, "[centre] roster is 40 days old: ask for a new one"),
        (
            {"clock_trusted": False},
            NOW,
            "[technician] clock cannot be trusted: connect it to the network, or set it",
        ),
        ({"blanks": 0}, NOW, "[officer] blanks used up: fetch some"),
        ({"blanks": 1}, SOON, "[officer] 1 blank left: order more"),
        ({"printer": PrinterHealth(ribbon_left=0)}, NOW, "[officer] ribbon used up: put in a new one"),
        (
            {"printer": PrinterHealth(ribbon_left=12)},
            SOON,
            "[officer] ribbon for 12 cards left: have a new one ready",
        ),
        ({"prints_uncertain": 1}, SOON, "[officer] a card's outcome is unknown: look into the printer"),
        ({"prints_uncertain": 2}, SOON, "[officer] the outcome of 2 cards is unknown: look into the printer"),
        ({"temperature_celsius": 84.6}, SOON, "[officer] 85 °C inside: give it air and shade"),
        (
            {"recordings_lost": 1},
            NOW,
            "[technician] 1 recording lost or damaged on its disk: keep the disk, and tell the centre",
        ),
        (
            {"disk_free_bytes": 499_000_000},
            NOW,
            "[technician] disk full, no recording is begun: deliver or collect what waits",
        ),
        (
            {"disk_free_bytes": 700_000_000},
            SOON,
            "[technician] disk nearly full, 700 MB left: deliver or collect what waits",
        ),
        (
            {"disk_days_left": 20},
            SOON,
            "[technician] disk full in 20 days like the last: deliver or collect what waits",
        ),
        (
            {"frozen": Frozen.OLDEST},
            NOW,
            "[technician] no recording is begun, earlier ones wait too long: look at its network, or collect",
        ),
        ({"frozen": Frozen.CONTACT}, NOW, None),
        (
            {"frozen": Frozen.ROSTER, "roster_days_left": 0},
            NOW,
            "[centre] roster has ended, no recording is begun: ask for a new one",
        ),
        ({"roster_days_left": 13}, SOON, "[centre] roster ends in 13 days: ask for a new one"),
        ({"roster_days_left": 0}, SOON, "[centre] roster ends today: ask for a new one"),
        ({"frozen": Frozen.ONLINE}, NOW, None),
        (
            {"outbox_damaged": 1},
            SOON,
            "[technician] 1 file among its recordings set aside as damaged: look at its disk",
        ),
        (
            {"outbox_waiting": 812, "outbox_oldest_seconds": 10 * DAY},
            SOON,
            "[technician] 812 recordings not delivered for 10 d: look at its network, or collect",
        ),
        (
            {
                "outbox_waiting": 812,
                "outbox_oldest_seconds": 10 * DAY,
                "centre": CentreLink(waits_for_hours=True),
            },
            SOON,
            "[technician] 812 recordings not delivered for 10 d: it waits for its hours: widen them, or collect",
        ),
        ({"certificate": (-3, UNIX)}, NOW, "[technician] certificate ended 3 days ago: renew it"),
        ({"certificate": (-1, UNIX)}, NOW, "[technician] certificate ended 1 day ago: renew it"),
        ({"certificate": (0, UNIX)}, SOON, "[technician] certificate ends today: renew it"),
        ({"certificate": (12, UNIX)}, SOON, "[technician] certificate ends in 12 days: renew it"),
        ({"certificate": (29, UNIX)}, SOON, "[technician] certificate ends in 29 days: renew it"),
        ({"certificate": (30, UNIX)}, SOON, "[technician] certificate ends in 30 days: renew it at the next visit"),
        ({"certificate": (59, UNIX)}, SOON, "[technician] certificate ends in 59 days: renew it at the next visit"),
        ({"centre": CentreLink(packets_refused=3)}, SOON, "[centre] the centre declines 3 recordings: ask it why"),
        (
            {"centre": CentreLink(LinkTrouble.UNREACHABLE, 3600.0)},
            SOON,
            "[technician] the centre cannot be reached: look at its network",
        ),
        (
            {"devices": ill(Device.CAMERA, Trouble.ABSENT)},
            NOW,
            "[officer] camera not there: check its power and its cable",
        ),
        ({"devices": ill(Device.PRINTER, Trouble.JAM)}, NOW, None),
        ({"devices": ill(Device.PRINTER, Trouble.OVERHEATED)}, SOON, None),
        ({"devices": ill(Device.PANEL, Trouble.ABSENT)}, SOON, None),
    ],
)  # fmt: skip
def test_each_trouble_is_told_with_who_and_how_soon(changes, urgency, sentence):
    ((how_soon, said),) = told(station(**changes))
    assert how_soon is urgency
    assert sentence is None or said == sentence


@pytest.mark.parametrize(
    ("state", "why", "urgency", "word"),
    [
        (StationState.OFFLINE, Why.LOST, NOW, "power and network"),
        (StationState.OFFLINE, Why.STOPPED, SOON, "switch it on"),
        (StationState.SILENT, None, NOW, "does not run"),
        (StationState.OUT_OF_SERVICE, None, NOW, "screen"),
    ],
)
def test_a_station_that_does_not_work_always_needs_somebody(state, why, urgency, word):
    ((how_soon, said),) = told(station(state, why=why))
    assert how_soon is urgency
    assert word in said


def test_out_of_service_for_a_reason_that_is_known_is_told_once():
    gone = ill(Device.FINGERPRINT, Trouble.ABSENT)
    ((_, said),) = told(station(StationState.OUT_OF_SERVICE, devices=gone))
    assert "fingerprint not there" in said


def test_help_is_wanted_only_while_somebody_waits():
    ((urgency, said),) = told(station(StationState.IN_VISIT, help_called=True))
    assert urgency is SOON
    assert said == "[officer] help was called: somebody waits at the station"
    later = told(station(StationState.OFFLINE, why=Why.LOST, help_called=True))
    assert not any("help" in said for _, said in later)


def test_a_short_break_of_the_network_is_nobodys_errand():
    assert told(station(centre=CentreLink(LinkTrouble.UNREACHABLE, 30.0))) == []


@pytest.mark.parametrize("trouble", list(LinkTrouble))
def test_no_trouble_with_the_centre_lasts_unseen(trouble):
    assert len(told(station(centre=CentreLink(trouble, 3600.0)))) == 1


def test_a_certificate_that_ended_while_contact_was_lost_explains_it():
    lost = station(StationState.OFFLINE, why=Why.LOST, certificate=(1, UNIX - 4 * DAY))
    assert (NOW, "[technician] certificate ended 3 days ago: renew it") in told(lost)
    # A station that is here tells each change: its own clock, wrong perhaps, must not count its days down.
    assert told(station(certificate=(60, UNIX - 400 * DAY))) == []


def test_what_the_printer_asks_for_is_told_once():
    faults = (Trouble.RIBBON_OUT, Trouble.CLEANING_DUE)
    asking = station(devices=ill(Device.PRINTER, Trouble.RIBBON_OUT), printer=PrinterHealth(0, None, faults))
    assert told(asking) == [
        (NOW, "[officer] printer has no ribbon: put in a new one"),
        (SOON, "[officer] printer wants cleaning: run the cleaning card"),
    ]


@pytest.mark.parametrize(
    ("limits", "changes"),
    [
        (Limits(blanks=601), {}),
        (Limits(roster_days=4), {}),
        (Limits(waiting_hours=1), {"outbox_oldest_seconds": 3600.0}),
    ],
)
def test_the_office_says_where_a_need_begins(limits, changes):
    assert told(station(**changes)) == []
    assert [urgency for urgency, _ in told(station(**changes), limits)] == [SOON]


def test_a_station_that_tells_less_is_not_blamed_for_it():
    silent = dict.fromkeys(
        ("blanks", "outbox_oldest_seconds", "disk_free_bytes", "disk_floor_bytes", "temperature_celsius")
    )
    assert told(station(**silent, printer=PrinterHealth())) == []


def test_the_most_urgent_stands_first_among_needs_and_stations():
    fleet = Fleet()
    views = [
        station(name="a"),
        station(name="b", roster_age_seconds=40 * DAY),
        station(name="c", roster_age_seconds=40 * DAY, blanks=0),
        station(name="d", state=StationState.OFFLINE, why=Why.STOPPED),
    ]
    fleet.stations = {(view.province, view.station): view for view in views}
    seen = cases(fleet, Limits(), now=UNIX)
    assert [(case.view.station, case.urgency) for case in seen] == [
        ("c", NOW), ("b", SOON), ("d", SOON), ("a", Urgency.NONE),
    ]  # fmt: skip
    assert [need.who for need in seen[0].needs] == [Who.OFFICER, Who.CENTRE]


@pytest.mark.parametrize(("seconds", "said"), [(5, "5 s"), (125, "2 min"), (7300, "2 h"), (200000, "2 d")])
def test_spans(seconds, said):
    assert span(seconds) == said
