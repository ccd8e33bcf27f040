"""How the station is and what it has done: the figures the kiosk process leaves for the uplink, and the uplink's reply.

Nothing here can hold anything about a person: every value is a number, an enum, or an identifier of the machine whose
form is checked. Unknown keys are dropped and never sent on: after an update either process may be the older one.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from kiosk.journey.steps import Device, Step
from kiosk.record.exchange import PARTIAL, read_foreign, write_durably
from kiosk.record.header import LATEST

Count = Annotated[int, Field(ge=0, le=2**53)]
Moment = Annotated[int, Field(ge=0, lt=LATEST)]
"""Unix seconds of which a calendar can tell the day."""
Seconds = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Celsius = Annotated[float, Field(ge=-60, le=200, allow_inf_nan=False)]
Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z.+~-]{1,40}$")]
KeyId = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")]


class Unreadable(ValueError):
    """A telemetry file is missing, cut short or not of the agreed shape."""


class StationState(Enum):
    """What the station does now. ``SILENT`` is said by the uplink when the kiosk process writes no more health."""

    READY = "ready"
    IN_VISIT = "in-visit"
    OUT_OF_SERVICE = "out-of-service"
    SILENT = "silent"
    OFFLINE = "offline"


class Condition(Enum):
    """How a device is."""

    OK = "ok"
    MISSING = "missing"
    FAULT = "fault"


class Trouble(Enum):
    """What is wrong with a device: the driver's verdict, or what the printer asks for."""

    ABSENT = "absent"
    UNRESPONSIVE = "unresponsive"
    MALFORMED = "malformed"
    REFUSED = "refused"
    FEEDER_EMPTY = "feeder-empty"
    RIBBON_OUT = "ribbon-out"
    COVER_OPEN = "cover-open"
    JAM = "jam"
    OVERHEATED = "overheated"
    CLEANING_DUE = "cleaning-due"
    OTHER = "other"

    @property
    def sentence(self) -> str:
        """What a technician is told: what is wrong and what to do next."""
        return _SENTENCES[self]


_SENTENCES = {
    Trouble.ABSENT: "not there: check its power and its cable",
    Trouble.UNRESPONSIVE: "does not answer in time: switch it off and on",
    Trouble.MALFORMED: "answers, but not as it should: check the cable, then replace it",
    Trouble.REFUSED: "refuses to work: read its own display",
    Trouble.FEEDER_EMPTY: "has no blanks: fill the feeder",
    Trouble.RIBBON_OUT: "has no ribbon: put in a new one",
    Trouble.COVER_OPEN: "stands open: close the cover",
    Trouble.JAM: "is jammed: take the card out and count it as spoiled",
    Trouble.OVERHEATED: "is too hot: let it cool down",
    Trouble.CLEANING_DUE: "wants cleaning: run the cleaning card",
    Trouble.OTHER: "reports a fault: read its own display",
}


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """One device: well, missing, or ill with a trouble."""

    condition: Condition
    trouble: Trouble | None = None

    @property
    def sentence(self) -> str:
        """The device's state in plain words."""
        if self.trouble is not None:
            return self.trouble.sentence
        return {Condition.OK: "works", Condition.MISSING: "not there", Condition.FAULT: "ill"}[self.condition]


WELL = DeviceHealth(Condition.OK)


class Frozen(Enum):
    """Why no new recording is begun although there is room: the office's or the centre's rules, not a fault."""

    OLDEST = "oldest"
    CONTACT = "contact"
    ONLINE = "online"
    ROSTER = "roster"
    """It has ended."""


@dataclass(frozen=True, slots=True)
class PrinterHealth:
    """Cards the ribbon still makes and cards ever made (None = the printer does not say), and what it asks for."""

    ribbon_left: Count | None = None
    printed_total: Count | None = None
    faults: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """The station at one moment. Ages in seconds; ``None`` where the station cannot tell."""

    state: StationState
    beat: Count
    """Goes up with every snapshot: a number that stands still means that the kiosk process does."""
    software: Version
    uptime_seconds: Seconds
    clock_trusted: bool
    devices: Mapping[Device, DeviceHealth]
    printer: PrinterHealth = field(default_factory=PrinterHealth)
    blanks: Count | None = None
    outbox_waiting: Count = 0
    outbox_oldest_seconds: Seconds | None = None
    prints_uncertain: Count = 0
    """Cards of which nobody knows yet whether they came out."""
    recordings_lost: Count = 0
    """Recordings once called safe whose file is gone or damaged, and which the centre has not."""
    recordings_sent_again: Count = 0
    """Recordings that the centre had and lost, and was or is being given again; counted ever since."""
    outbox_damaged: Count = 0
    """Files that are no packets as the station made them: set aside, and kept for a while."""
    frozen: Frozen | None = None
    disk_free_bytes: Count | None = None
    disk_floor_bytes: Count | None = None
    """Below this the station begins no new recording: its office's setting."""
    disk_days_left: Count | None = None
    """Days with recordings, such as the last fortnight's, for which there is room if nothing is delivered."""
    roster_age_seconds: Seconds | None = None
    roster_days_left: Count | None = None
    """Whole days until the roster ends, 0 ever after; None without an end, or with a clock that cannot be trusted."""
    temperature_celsius: Celsius | None = None
    help_called: bool = False
    """Somebody stands there and waits for the officer."""
    key_ids: tuple[KeyId, ...] = ()
    """The public names of the keys the station seals and signs with."""

    @property
    def disk_full(self) -> bool:
        """Whether no new recording is begun for want of room, as far as the station can tell."""
        free, floor = self.disk_free_bytes, self.disk_floor_bytes
        return free is not None and floor is not None and free < floor

    def differs(self, earlier: "Health") -> bool:
        """Whether a technician should hear of this now, not only of a clock or thermometer that went on."""
        return self._notable() != earlier._notable()

    def _notable(self) -> tuple[object, ...]:
        return (
            self.state,
            self.software,
            self.clock_trusted,
            dict(self.devices),
            self.printer,
            self.blanks,
            self.outbox_waiting,
            self.prints_uncertain,
            self.recordings_lost,
            self.recordings_sent_again,
            self.outbox_damaged,
            self.frozen,
            self.disk_full,
            self.roster_age_seconds is None,
            self.help_called,
            self.key_ids,
        )


@dataclass(frozen=True, slots=True)
class Throughput:
    """What the station has done since ``since`` (Unix seconds when it began to count). Counters only go up."""

    since: Moment
    visits_begun: Count = 0
    visits_finished: Count = 0
    given_up: Mapping[Step, Count] = field(default_factory=dict)
    """Visits that ended early, by the step they ended at."""
    recordings_sealed: Count = 0
    recordings_delivered: Count = 0
    cards_printed: Count = 0
    cards_spoiled: Count = 0
    cards_unknown: Count = 0
    step_seconds: Mapping[Step, Seconds] = field(default_factory=dict)
    """Seconds spent at each step, summed over all visits."""
    step_passes: Mapping[Step, Count] = field(default_factory=dict)
    """How often each step was left: seconds divided by this is the mean."""

    def since_then(self, earlier: "Throughput") -> "Throughput":
        """What came on top of ``earlier``; everything, when the station has begun to count anew since."""
        if self.since != earlier.since:
            return self
        return self._combined(earlier, -1)

    def plus(self, more: "Throughput") -> "Throughput":
        """Both together; ``since`` stays this one's."""
        return self._combined(more, 1)

    @property
    def is_nothing(self) -> bool:
        """Whether nothing at all has happened."""
        return self == Throughput(self.since)

    def _combined(self, other: "Throughput", sign: int) -> "Throughput":
        return Throughput(
            since=self.since,
            visits_begun=max(0, self.visits_begun + sign * other.visits_begun),
            visits_finished=max(0, self.visits_finished + sign * other.visits_finished),
            given_up=_whole(self.given_up, other.given_up, sign),
            recordings_sealed=max(0, self.recordings_sealed + sign * other.recordings_sealed),
            recordings_delivered=max(0, self.recordings_delivered + sign * other.recordings_delivered),
            cards_printed=max(0, self.cards_printed + sign * other.cards_printed),
            cards_spoiled=max(0, self.cards_spoiled + sign * other.cards_spoiled),
            cards_unknown=max(0, self.cards_unknown + sign * other.cards_unknown),
            step_seconds=_sums(self.step_seconds, other.step_seconds, sign),
            step_passes=_whole(self.step_passes, other.step_passes, sign),
        )


def _whole(one: Mapping[Step, int], other: Mapping[Step, int], sign: int) -> dict[Step, int]:
    sums = {step: one.get(step, 0) + sign * other.get(step, 0) for step in Step if step in one or step in other}
    return {step: value for step, value in sums.items() if value > 0}


def _sums(one: Mapping[Step, float], other: Mapping[Step, float], sign: int) -> dict[Step, float]:
    # Milliseconds are kept: sums of floats would otherwise drift apart between the counters and their roll-ups.
    sums = {step: one.get(step, 0.0) + sign * other.get(step, 0.0) for step in Step if step in one or step in other}
    return {step: round(value, 3) for step, value in sums.items() if round(value, 3) > 0}


class Occasion(Enum):
    """What a durable event tells."""

    STARTED = "started"
    DEVICE_LOST = "device-lost"
    DEVICE_BACK = "device-back"
    HELP_CALLED = "help-called"
    DOOR_OPENED = "door-opened"
    DOOR_CLOSED = "door-closed"
    POWER_FAILED = "power-failed"
    POWER_BACK = "power-back"
    TAMPERED = "tampered"
    SHUTDOWN_REQUESTED = "shutdown-requested"
    RECORDING_SEALED = "recording-sealed"
    RECORDING_DELIVERED = "recording-delivered"
    RECORDING_LOST = "recording-lost"
    RECORDING_DAMAGED = "recording-damaged"
    """Files among the recordings were set aside: they are none as this station made them."""
    RECORDING_SENT_AGAIN = "recording-sent-again"
    RECORDING_FROZEN = "recording-frozen"
    RECORDINGS_CARRIED = "recordings-carried"
    """An officer saved what waits to a stick."""
    RECEIPT_REFUSED = "receipt-refused"
    ORDER_REFUSED = "order-refused"
    ROSTER_TAKEN = "roster-taken"
    ROSTER_REFUSED = "roster-refused"
    STATES_REFUSED = "states-refused"
    KEYS_TAKEN = "keys-taken"
    KEYS_REFUSED = "keys-refused"
    CARD_PRINTED = "card-printed"
    CARD_SPOILED = "card-spoiled"
    CARD_UNKNOWN = "card-unknown"
    DISK_FULL = "disk-full"
    CLOCK_UNTRUSTED = "clock-untrusted"
    PIN_LOCKED = "pin-locked"


@dataclass(frozen=True, slots=True)
class Event:
    """Something a technician may want to find again: numbered without gaps, ``at`` in Unix seconds."""

    number: Annotated[int, Field(ge=1, le=2**53)]
    at: Moment
    occasion: Occasion
    device: Device | None = None
    trouble: Trouble | None = None
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the kiosk process leaves in ``Exchange.health``."""

    health: Health
    throughput: Throughput


class LinkTrouble(Enum):
    """Why the way to the centre or the broker does not work now."""

    UNREACHABLE = "unreachable"
    NOT_TRUSTED = "not-trusted"
    TIMEOUT = "timeout"
    SERVER_ERROR = "server-error"
    REFUSED = "refused"
    NONSENSE = "nonsense"


@dataclass(frozen=True, slots=True)
class UplinkStatus:
    """What the uplink leaves in ``Exchange.uplink_status``: times in Unix seconds, None = never."""

    events_seen: Count = 0
    """Events up to this number are durable at the uplink; the kiosk process may delete their files, but the last."""
    centre_last_contact: Moment | None = None
    centre_trouble: LinkTrouble | None = None
    broker_connected: bool = False
    broker_trouble: LinkTrouble | None = None
    certificate_days: int | None = None
    packets_refused: Count = 0
    telemetry_dropped: Count = 0
    waits_for_hours: bool = False
    """Packets could go, and are held until the hours that the office has set for it."""


Shape = TypeVar("Shape")
_SNAPSHOT = TypeAdapter(Snapshot)
_EVENT = TypeAdapter(Event)
_STATUS = TypeAdapter(UplinkStatus)
_MOST = 1 << 16
"""Bytes of a telemetry file: several times what any has."""
_EVENT_NAME = re.compile(r"^([0-9]{1,16})\.json$")


def write(path: Path, health: Health, throughput: Throughput) -> None:
    """Replace the snapshot at ``path``, whole or not at all; not synced, because the next one comes within seconds."""
    _replace(path, encode(Snapshot(health, throughput)))


def read(path: Path) -> Snapshot:
    """Read the snapshot at ``path``. Raises Unreadable."""
    return decode(_content(path))


def encode(snapshot: Snapshot) -> bytes:
    """Give the snapshot as JSON. Raises Unreadable where a value is out of its range: then the caller has a bug."""
    encoded = _SNAPSHOT.dump_json(snapshot)
    if decode(encoded) != snapshot:
        raise Unreadable("telemetry has a figure that JSON cannot carry: not a number, or infinite")
    return encoded


def decode(encoded: bytes) -> Snapshot:
    """Read a snapshot from JSON. Raises Unreadable."""
    return _checked(_SNAPSHOT, encoded)


def write_event(directory: Path, event: Event) -> Path:
    """Put ``event`` durably into ``Exchange.events``.

    Numbers go on from the last one written, whose file is kept; where there is none, from ``UplinkStatus.events_seen``.
    """
    path = directory / f"{event.number:012d}.json"
    encoded = _EVENT.dump_json(event)
    _checked(_EVENT, encoded)
    write_durably(path, encoded)
    return path


def read_event(path: Path) -> Event:
    """Read one event file. Raises Unreadable, also where the name is not the event's number."""
    event = _checked(_EVENT, _content(path))
    name = _EVENT_NAME.match(path.name)
    if name is None or int(name[1]) != event.number:
        raise Unreadable("the event file's name is not the number of the event in it")
    return event


def write_status(path: Path, status: UplinkStatus) -> None:
    """Replace the uplink's status, whole or not at all."""
    _replace(path, _STATUS.dump_json(status))


def read_status(path: Path) -> UplinkStatus:
    """Read the uplink's status. Raises Unreadable."""
    return _checked(_STATUS, _content(path))


def _checked(adapter: TypeAdapter[Shape], encoded: bytes) -> Shape:
    try:
        return adapter.validate_json(encoded, strict=True)
    except ValidationError as error:
        # Only our own field names are told: values, and keys of mappings, might be anything.
        place = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"][:2]) or "the whole"
        raise Unreadable(f"telemetry is not of the agreed shape, first at: {place}") from None


def _content(path: Path) -> bytes:
    # The other process's user may have put anything there. What is cut off here is no JSON any more.
    try:
        return read_foreign(path, most=_MOST)
    except OSError as error:
        raise Unreadable(f"telemetry cannot be read: {os.strerror(error.errno or 0)}") from None


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + PARTIAL)
    partial.write_bytes(content)
    partial.replace(path)
