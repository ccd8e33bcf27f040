"""What is known of all stations, from the messages they send: no network, no clock, one fold over messages."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum

from kiosk.record.telemetry import Condition, Health, StationState, Unreadable
from kiosk.uplink import messages
from kiosk.uplink.messages import ROOT, StateMessage, Today, Why


class Urgency(Enum):
    """How much a station wants somebody's attention; the order is that of the table."""

    NOW = 0
    SOON = 1
    NONE = 2


@dataclass(frozen=True, slots=True)
class Ill:
    """A device that does not work, in words."""

    device: str
    sentence: str


@dataclass(frozen=True, slots=True)
class StationView:
    """One station as last heard of. ``heard_at``: Unix seconds by the station's clock or, when live, by ours."""

    province: str
    station: str
    state: StateMessage | None = None
    health: Health | None = None
    today: Today | None = None
    highest_birth: int = 0
    certificate_days: int | None = None
    heard_at: float | None = None
    heard_live: bool = False

    @property
    def connected(self) -> bool:
        """Whether the station's uplink is at the broker, as far as the broker has said."""
        return self.state is not None and self.state.state is not StationState.OFFLINE

    @property
    def word(self) -> str:
        """The state in words."""
        if self.state is None:
            return "not heard of"
        if self.state.state is StationState.OFFLINE:
            return "stopped" if self.state.why is Why.STOPPED else "contact lost"
        return _WORDS[self.state.state]

    @property
    def shape(self) -> str:
        """The state as a shape that can be told apart without colour."""
        return _SHAPES[self.state.state] if self.state is not None else "?"

    @property
    def ill(self) -> tuple[Ill, ...]:
        """The devices that do not work, and what the printer asks for."""
        if self.health is None:
            return ()
        devices = [
            Ill(device.value, health.sentence)
            for device, health in self.health.devices.items()
            if health.condition is not Condition.OK
        ]
        told = {ill.sentence for ill in devices}
        faults = [Ill("printer", fault.sentence) for fault in self.health.printer.faults if fault.sentence not in told]
        return (*devices, *faults)

    @property
    def urgency(self) -> Urgency:
        """How soon somebody should look at this station."""
        if self.state is None or self.state.state in (StationState.OUT_OF_SERVICE, StationState.SILENT):
            return Urgency.NOW
        if not self.connected:
            return Urgency.SOON if self.state.why is Why.STOPPED else Urgency.NOW
        return Urgency.SOON if self.ill else Urgency.NONE


_WORDS = {
    StationState.READY: "ready",
    StationState.IN_VISIT: "in a visit",
    StationState.OUT_OF_SERVICE: "out of service",
    StationState.SILENT: "not running",
}
_SHAPES = {
    StationState.READY: "●",
    StationState.IN_VISIT: "◐",
    StationState.OUT_OF_SERVICE: "■",
    StationState.SILENT: "▲",
    StationState.OFFLINE: "○",
}


@dataclass(slots=True)
class Fleet:
    """All stations heard of, by (province, station), and how many messages could not be read."""

    stations: dict[tuple[str, str], StationView] = field(default_factory=dict)
    unreadable: int = 0

    def hear(self, topic: str, payload: bytes, *, retained: bool, now: float) -> None:
        """Take in one message at Unix time ``now``; a message nobody can read is counted, never fatal."""
        parts = topic.split("/")
        if "/".join(parts[:2]) != ROOT or len(parts) < 5:
            self.unreadable += 1
            return
        key, leaf = (parts[2], parts[3]), "/".join(parts[4:])
        known = self.stations.get(key) or StationView(*key)
        try:
            self.stations[key] = _heard(known, leaf, payload, retained=retained, now=now)
        except Unreadable:
            self.unreadable += 1

    def ordered(self) -> list[StationView]:
        """Those that need somebody first, then by name."""
        return sorted(self.stations.values(), key=lambda view: (view.urgency.value, view.province, view.station))


def _heard(known: StationView, leaf: str, payload: bytes, *, retained: bool, now: float) -> StationView:
    if not payload:
        return known  # an empty retained message only clears the broker's copy
    match leaf:
        case "state":
            state = messages.STATE.decode(payload)
            if state.state is StationState.OFFLINE and state.birth < known.highest_birth:
                return known  # a will that comes after the station has long been back
            changed = replace(known, state=state, highest_birth=max(known.highest_birth, state.birth))
            return _seen(changed, state.at, retained=retained, now=now)
        case "health":
            report = messages.HEALTH.decode(payload)
            return _seen(replace(known, health=report.health), report.at, retained=retained, now=now)
        case "throughput":
            counters = messages.THROUGHPUT.decode(payload)
            return _seen(replace(known, today=counters.today), counters.at, retained=retained, now=now)
        case "info":
            info = messages.INFO.decode(payload)
            changed = replace(known, certificate_days=info.certificate_days)
            return _seen(changed, info.at, retained=retained, now=now)
        case _:
            return known


def _seen(known: StationView, at: str | None, *, retained: bool, now: float) -> StationView:
    if at is None:
        return known  # a will is the broker's word, not the station's
    if not retained:
        return replace(known, heard_at=now, heard_live=True)
    moment = datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    if known.heard_at is not None and known.heard_at >= moment:
        return known
    return replace(known, heard_at=moment, heard_live=False)
