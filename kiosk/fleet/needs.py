"""What a station needs, of whom, and how soon: the technician's judgement of what it reports."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from kiosk.fleet.view import Fleet, StationView
from kiosk.journey.steps import RECORDING_NEEDS, Device
from kiosk.record.telemetry import Condition, Frozen, Health, LinkTrouble, StationState, Trouble
from kiosk.uplink.messages import CentreLink, Why

RIBBON_LOW = 50
"""Cards: a tenth of a ribbon, half a day at a printer's most."""
CERTIFICATE_DAYS, CERTIFICATE_URGENT_DAYS = 60, 30
"""A grant is made at the centre and brought to the station, which may be a day's journey away: at the next visit, or by
one for its sake."""
ROSTER_DAYS = 14
"""Days before its end in which a roster can still be made and brought, by network or on a stick."""
HOT_CELSIUS = 80.0
"""From here on a Raspberry Pi slows itself down, and the screen with it."""
DISK_ROOM = 2
"""Free room below this many times the station's floor is seen to while recording still goes on."""
DISK_DAYS = 21
"""Days like the last fortnight's after which a disk is full: three weeks to bring a network back, or to collect."""
TROUBLE_LASTS = 600.0
"""Seconds after which somebody should look why the centre is out of reach: most networks come back before."""


class Urgency(Enum):
    """How much a station wants somebody's attention; the order is that of the table."""

    NOW = 0
    """Recording, printing or contact has stopped, or something is lost."""
    SOON = 1
    """It works, and will not for ever."""
    NONE = 2


class Who(Enum):
    """Who can do it."""

    OFFICER = "officer"
    TECHNICIAN = "technician"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a figure is a need, as far as it is the office's to say."""

    blanks: int = 100
    """A printer's most in a day: new ones have to come before the next is over."""
    roster_days: int = 30
    """Whoever was recorded elsewhere since is unknown here, and may be recorded twice."""
    waiting_hours: int = 24
    """A working day without delivery: offices have come to hold thousands."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing somebody should do."""

    urgency: Urgency
    who: Who
    sentence: str

    def __str__(self) -> str:
        """For whom it is, and what is to be done."""
        return f"[{self.who.value}] {self.sentence}"


@dataclass(frozen=True, slots=True)
class Case:
    """A station and what it needs, most urgent first."""

    view: StationView
    needs: Sequence[Need]

    @property
    def urgency(self) -> Urgency:
        """The most urgent need's."""
        return self.needs[0].urgency if self.needs else Urgency.NONE


def cases(fleet: Fleet, limits: Limits, *, now: float) -> list[Case]:
    """All stations at Unix time ``now``: those that need somebody first, then by name."""
    seen = [Case(view, needs(view, limits, now=now)) for view in fleet.stations.values()]
    return sorted(seen, key=lambda case: (case.urgency.value, case.view.province, case.view.station))


def needs(view: StationView, limits: Limits, *, now: float) -> list[Need]:
    """What somebody should see to, as last heard, most urgent first."""
    found = [*_certificate(view.certificate_days(now=now))]
    if view.health is not None:
        waits = view.centre is not None and view.centre.waits_for_hours
        found += [*_devices(view.health), *_supplies(view.health, limits)]
        found += _records(view.health, limits, waits_for_hours=waits)
    if view.centre is not None:
        found += _delivery(view.centre, connected=view.connected)
    return sorted([*_state(view), *found], key=lambda need: need.urgency.value)


def span(seconds: float) -> str:
    """A length of time in its largest useful unit: 40 s, 12 min, 3 h, 5 d."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def _state(view: StationView) -> Iterator[Need]:
    state, health = view.state, view.health
    if state is None:
        yield Need(Urgency.NOW, Who.TECHNICIAN, "its state was never heard: look at its uplink")
    elif state.state is StationState.OFFLINE and state.why is Why.STOPPED:
        yield Need(Urgency.SOON, Who.OFFICER, "switched off in order: switch it on when the office is open")
    elif state.state is StationState.OFFLINE:
        yield Need(Urgency.NOW, Who.TECHNICIAN, "call the office: has it power and network?")
    elif state.state is StationState.SILENT:
        yield Need(Urgency.NOW, Who.TECHNICIAN, "its program does not run: read its journal, start kiosk.service")
    elif state.state is StationState.OUT_OF_SERVICE and (health is None or _can_record(health)):
        yield Need(Urgency.NOW, Who.OFFICER, "out of service: read what its screen says")
    elif state.state is StationState.IN_VISIT and health is not None and health.help_called:
        yield Need(Urgency.SOON, Who.OFFICER, "help was called: somebody waits at the station")


def _can_record(health: Health) -> bool:
    ill = {device for device, found in health.devices.items() if found.condition is not Condition.OK}
    return not ill & RECORDING_NEEDS and health.roster_age_seconds is not None


def _devices(health: Health) -> Iterator[Need]:
    for device, found in health.devices.items():
        if found.condition is not Condition.OK:
            yield _ill(device, found.trouble, found.sentence)
    printer = health.devices.get(Device.PRINTER)
    for fault in health.printer.faults:
        if printer is None or printer.trouble is not fault:
            yield _ill(Device.PRINTER, fault, fault.sentence)


def _ill(device: Device, trouble: Trouble | None, sentence: str) -> Need:
    stops = (device in RECORDING_NEEDS or device is Device.PRINTER) and trouble not in _GOES_ON
    who = Who.TECHNICIAN if trouble is Trouble.MALFORMED else Who.OFFICER
    return Need(Urgency.NOW if stops else Urgency.SOON, who, f"{device.value} {sentence}")


_GOES_ON = {Trouble.CLEANING_DUE, Trouble.OVERHEATED}
"""The printer still prints, or will by itself."""


def _supplies(health: Health, limits: Limits) -> Iterator[Need]:
    if health.blanks == 0:
        yield Need(Urgency.NOW, Who.OFFICER, "blanks used up: fetch some")
    elif health.blanks is not None and health.blanks < limits.blanks:
        yield Need(Urgency.SOON, Who.OFFICER, f"{_count(health.blanks, 'blank')} left: order more")
    ribbon = health.printer.ribbon_left
    if ribbon == 0 and Trouble.RIBBON_OUT not in health.printer.faults:
        yield Need(Urgency.NOW, Who.OFFICER, "ribbon used up: put in a new one")
    elif ribbon is not None and 0 < ribbon < RIBBON_LOW:
        yield Need(Urgency.SOON, Who.OFFICER, f"ribbon for {_count(ribbon, 'card')} left: have a new one ready")
    if health.prints_uncertain:
        many = health.prints_uncertain
        cards = "a card's outcome" if many == 1 else f"the outcome of {many} cards"
        yield Need(Urgency.SOON, Who.OFFICER, f"{cards} is unknown: look into the printer")
    if (health.temperature_celsius or 0.0) >= HOT_CELSIUS:
        yield Need(Urgency.SOON, Who.OFFICER, f"{health.temperature_celsius:.0f} °C inside: give it air and shade")


def _records(health: Health, limits: Limits, *, waits_for_hours: bool) -> Iterator[Need]:
    if health.recordings_lost:
        lost = f"{_count(health.recordings_lost, 'recording')} lost or damaged on its disk"
        yield Need(Urgency.NOW, Who.TECHNICIAN, f"{lost}: keep the disk, and tell the centre")
    if not health.clock_trusted:
        # Ages are reckoned and recordings dated by it, and certificates are held against it.
        yield Need(Urgency.NOW, Who.TECHNICIAN, "clock cannot be trusted: connect it to the network, or set it")
    days_left = health.roster_days_left
    if health.roster_age_seconds is None:
        yield Need(Urgency.NOW, Who.CENTRE, "no roster, nobody can be recorded: ask for one")
    elif health.frozen is Frozen.ROSTER:
        yield Need(Urgency.NOW, Who.CENTRE, "roster has ended, no recording is begun: ask for a new one")
    elif days_left is not None and days_left < ROSTER_DAYS:
        ends = f"in {_count(days_left, 'day')}" if days_left else "today"
        yield Need(Urgency.SOON, Who.CENTRE, f"roster ends {ends}: ask for a new one")
    elif health.roster_age_seconds >= limits.roster_days * 86400:
        days = _count(int(health.roster_age_seconds // 86400), "day")
        yield Need(Urgency.SOON, Who.CENTRE, f"roster is {days} old: ask for a new one")
    free, floor = health.disk_free_bytes, health.disk_floor_bytes
    if health.disk_full:
        yield Need(Urgency.NOW, Who.TECHNICIAN, "disk full, no recording is begun: deliver or collect what waits")
    elif free is not None and floor is not None and free < DISK_ROOM * floor:
        left = f"{free // 1_000_000} MB left"
        yield Need(Urgency.SOON, Who.TECHNICIAN, f"disk nearly full, {left}: deliver or collect what waits")
    elif health.disk_days_left is not None and health.disk_days_left < DISK_DAYS:
        days = _count(health.disk_days_left, "day")
        yield Need(Urgency.SOON, Who.TECHNICIAN, f"disk full in {days} like the last: deliver or collect what waits")
    if health.frozen in _FROZEN:
        yield Need(Urgency.NOW, Who.TECHNICIAN, f"no recording is begun, {_FROZEN[health.frozen]}")
    if health.outbox_damaged:
        aside = f"{_count(health.outbox_damaged, 'file')} among its recordings set aside as damaged"
        yield Need(Urgency.SOON, Who.TECHNICIAN, f"{aside}: look at its disk")
    oldest = health.outbox_oldest_seconds
    if health.outbox_waiting and oldest is not None and oldest >= limits.waiting_hours * 3600:
        late = f"{_count(health.outbox_waiting, 'recording')} not delivered for {span(oldest)}"
        remedy = "it waits for its hours: widen them" if waits_for_hours else "look at its network"
        yield Need(Urgency.SOON, Who.TECHNICIAN, f"{late}: {remedy}, or collect")


_FROZEN = {
    Frozen.ONLINE: "the centre is out of reach: look at its network",
    Frozen.CONTACT: "no word from the centre for too long: look at its network, or bring a stick",
    Frozen.OLDEST: "earlier ones wait too long: look at its network, or collect",
}


def _certificate(days: int | None) -> Iterator[Need]:
    if days is None or days >= CERTIFICATE_DAYS:
        return
    if days < 0:
        yield Need(Urgency.NOW, Who.TECHNICIAN, f"certificate ended {_count(-days, 'day')} ago: renew it")
    else:
        ends = f"in {_count(days, 'day')}" if days else "today"
        when = "renew it" if days < CERTIFICATE_URGENT_DAYS else "renew it at the next visit"
        yield Need(Urgency.SOON, Who.TECHNICIAN, f"certificate ends {ends}: {when}")


def _delivery(centre: CentreLink, *, connected: bool) -> Iterator[Need]:
    if centre.packets_refused:
        refused = _count(centre.packets_refused, "recording")
        yield Need(Urgency.SOON, Who.CENTRE, f"the centre declines {refused}: ask it why")
    trouble = centre.trouble
    if connected and trouble is not None and (trouble not in _PASSING or centre.trouble_seconds >= TROUBLE_LASTS):
        who, sentence = _LINK[trouble]
        yield Need(Urgency.SOON, who, sentence)


_PASSING = {LinkTrouble.UNREACHABLE, LinkTrouble.TIMEOUT, LinkTrouble.SERVER_ERROR}
"""What most often ends by itself."""
_LINK = {
    LinkTrouble.UNREACHABLE: (Who.TECHNICIAN, "the centre cannot be reached: look at its network"),
    LinkTrouble.TIMEOUT: (Who.TECHNICIAN, "the centre does not answer in time: look at its network"),
    LinkTrouble.NOT_TRUSTED: (Who.TECHNICIAN, "station and centre do not trust each other: look at its certificates"),
    LinkTrouble.SERVER_ERROR: (Who.CENTRE, "the centre has a fault of its own: tell it"),
    LinkTrouble.REFUSED: (Who.CENTRE, "the centre refuses the station: ask whether it is registered"),
    LinkTrouble.NONSENSE: (Who.CENTRE, "the centre answers, but not as agreed: tell it"),
}


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
