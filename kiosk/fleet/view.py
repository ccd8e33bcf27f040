"""What is known of all stations, from the messages they send: no network, no clock, one fold over messages."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from kiosk.record.telemetry import Health, StationState, Unreadable
from kiosk.uplink import messages
from kiosk.uplink.messages import ROOT, CentreLink, StateMessage, Today, Why


@dataclass(frozen=True, slots=True)
class StationView:
    """One station as last heard of. ``heard_at``: Unix seconds by the station's clock or, when live, by ours."""

    province: str
    station: str
    state: StateMessage | None = None
    health: Health | None = None
    centre: CentreLink | None = None
    today: Today | None = None
    highest_birth: int = 0
    certificate: tuple[int, float] | None = None
    """Days until it ends, and the Unix seconds when that was told."""
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

    def certificate_days(self, *, now: float) -> int | None:
        """Days until its TLS certificate ends, negative after; they go on while it is offline."""
        if self.certificate is None:
            return None
        told, at = self.certificate
        return told if self.connected else told - int(max(0.0, now - at) // 86400)


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
            return _seen(
                replace(known, health=report.health, centre=report.centre), report.at, retained=retained, now=now
            )
        case "throughput":
            counters = messages.THROUGHPUT.decode(payload)
            return _seen(replace(known, today=counters.today), counters.at, retained=retained, now=now)
        case "info":
            info = messages.INFO.decode(payload)
            days = info.certificate_days
            changed = replace(known, certificate=None if days is None else (days, _unix(info.at)))
            return _seen(changed, info.at, retained=retained, now=now)
        case _:
            return known


def _seen(known: StationView, at: str | None, *, retained: bool, now: float) -> StationView:
    if at is None:
        return known  # a will is the broker's word, not the station's
    moment = _unix(at)
    if not retained:
        return replace(known, heard_at=now, heard_live=True)
    if known.heard_at is not None and known.heard_at >= moment:
        return known
    return replace(known, heard_at=moment, heard_live=False)


def _unix(at: str) -> float:
    try:
        return datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Unreadable("there is no such moment") from None
