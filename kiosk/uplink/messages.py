"""A station's MQTT messages as values and as JSON: the tree ``ktp/v1/{province}/{station}/…`` of asyncapi.yaml."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Generic, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from kiosk.record.telemetry import (
    Count,
    Event,
    Health,
    KeyId,
    LinkTrouble,
    Seconds,
    StationState,
    Throughput,
    Unreadable,
    Version,
)

ROOT = "ktp/v1"
HEALTH_EXPIRES_SECONDS = 180
"""A health report that is three reports old says nothing: the broker drops it."""

Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]


class Why(Enum):
    """Why a station is offline."""

    STOPPED = "stopped"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class StateMessage:
    """What the station does. ``birth`` counts its connections: a will of an earlier one means nothing any more."""

    state: StationState
    birth: Count
    at: Moment | None = None
    """None in a will: nobody knows beforehand when it will be."""
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class InfoMessage:
    """What changes seldom."""

    birth: Count
    at: Moment
    software: Version | None
    key_ids: tuple[KeyId, ...]
    certificate_days: int | None
    telemetry_dropped: Count
    """Messages that had to be thrown away because the queue was full, since the station was set up."""


@dataclass(frozen=True, slots=True)
class CentreLink:
    """The station's way to the centre, as its uplink finds it."""

    trouble: LinkTrouble | None = None
    trouble_seconds: Seconds = 0.0
    """How long it has lasted: bad networks come and go by themselves."""
    packets_refused: Count = 0
    """Waiting recordings that the centre declines."""
    waits_for_hours: bool = False
    """Recordings could go, and are held until the hours that the office has set for it."""

    def differs(self, earlier: "CentreLink") -> bool:
        """Whether a technician should hear of this now, not only that a trouble lasts."""
        return replace(self, trouble_seconds=0.0) != replace(earlier, trouble_seconds=0.0)


@dataclass(frozen=True, slots=True)
class HealthMessage:
    """The newest health report: the kiosk process's own, and what the uplink adds."""

    birth: Count
    at: Moment
    health: Health
    centre: CentreLink = field(default_factory=CentreLink)


@dataclass(frozen=True, slots=True)
class Today:
    """What the station did since its local midnight."""

    day: Day
    counters: Throughput


@dataclass(frozen=True, slots=True)
class ThroughputMessage:
    """The cumulative counters, and today's share of them."""

    birth: Count
    at: Moment
    counters: Throughput
    today: Today


@dataclass(frozen=True, slots=True)
class RollUp:
    """What happened between two moments. ``sequence`` has no gaps: a missing one has been lost or is yet to come."""

    sequence: Count
    begin: Moment
    end: Moment
    counters: Throughput


@dataclass(frozen=True, slots=True)
class RollUpMessage:
    """A roll-up on its way; ``historical`` when it was cut under an earlier connection, or under none."""

    historical: bool
    rollup: RollUp


@dataclass(frozen=True, slots=True)
class EventMessage:
    """A numbered event on its way."""

    historical: bool
    event: Event


Shape = TypeVar("Shape")


class Form(Generic[Shape]):
    """One message's JSON form. Keys it does not know are left out: stations of several versions report at once."""

    def __init__(self, shape: type[Shape]) -> None:
        self._adapter = TypeAdapter(shape)

    def encode(self, message: Shape) -> bytes:
        """Give the message as JSON."""
        return self._adapter.dump_json(message)

    def decode(self, payload: bytes) -> Shape:
        """Read a message. Raises Unreadable."""
        try:
            return self._adapter.validate_json(payload, strict=True)
        except ValidationError:
            raise Unreadable("the message is not of the agreed form") from None


STATE = Form(StateMessage)
INFO = Form(InfoMessage)
HEALTH = Form(HealthMessage)
THROUGHPUT = Form(ThroughputMessage)
ROLL_UP = Form(RollUp)
ROLL_UP_MESSAGE = Form(RollUpMessage)
EVENT = Form(Event)
EVENT_MESSAGE = Form(EventMessage)
TODAY = Form(Today)
COUNTERS = Form(Throughput)


def moment(unix: float) -> str:
    """Unix seconds as ISO 8601 in UTC, whole seconds."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def topic(province: str, station: str, leaf: str) -> str:
    """The station's topic for ``leaf``: state, info, health, throughput, throughput/rollup or event."""
    return f"{ROOT}/{province}/{station}/{leaf}"
