"""The station's configuration: one TOML file, read whole and refused whole, every mistake told at once."""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Language = Literal["id", "en"]


class BadSettings(Exception):
    """The configuration cannot be used: one line for each mistake, with file, key and what is allowed."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=False)


class Place(_Section):
    """Which station this is, and where it keeps its records."""

    id: Name
    province: Name
    state: str = "/var/lib/kiosk"
    office: str = Field(min_length=1, max_length=60)
    """As shown to residents: "Kantor Kecamatan …"."""
    next_office: str = Field(min_length=1, max_length=80)
    """Where residents can go while this station is out of service."""
    languages: tuple[Language, ...] = ("id", "en")


class Screen(_Section):
    """The display. ``width`` and ``height`` in pixels, 0 = the display's own; ``diagonal`` in inches."""

    width: int = Field(default=0, ge=0, le=3840)
    height: int = Field(default=0, ge=0, le=3840)
    diagonal: float = Field(gt=3, le=40)
    rotate: Literal[0, 90, 180, 270] = 0
    fullscreen: bool = True
    high_contrast: bool = False
    reduced_motion: bool = False
    frames_a_second: int = Field(default=30, ge=10, le=60)


class CameraSettings(_Section):
    """The face camera. ``device`` is picamera2's camera number, or the path of a V4L2 device."""

    driver: Literal["picamera2", "usb", "simulated"]
    device: str = "0"


class FingerprintSettings(_Section):
    """The finger reader: GROW/ZFM family on a serial port. ``pace`` only slows a simulated one: 1 = wire speed.

    ``baud`` is tried first, ``fastest`` is never exceeded; ``sensor`` is for modules that do not tell what they are.
    """

    driver: Literal["grow", "simulated"]
    port: str = "/dev/rekam-fingerprint"
    baud: Literal[9600, 19200, 38400, 57600, 115200] = 57600
    fastest: Literal[57600, 115200] = 115200
    sensor: Literal["optical", "round"] = "optical"
    pace: float = Field(default=1.0, ge=0, le=10)


class PrinterSettings(_Section):
    """The card printer: Evolis command family. ``pace`` only slows a simulated one."""

    driver: Literal["evolis", "simulated", "none"]
    port: str = "/dev/rekam-printer"
    pace: float = Field(default=1.0, ge=0, le=10)


class PanelSettings(_Section):
    """Lights, help button, door, presence and power-fail lines, by GPIO number (BCM); 0 = not wired."""

    driver: Literal["gpiozero", "simulated", "none"]
    capture_light: int = Field(default=12, ge=0, le=27)
    lamp_ready: int = Field(default=5, ge=0, le=27)
    lamp_busy: int = Field(default=6, ge=0, le=27)
    lamp_call: int = Field(default=13, ge=0, le=27)
    help_button: int = Field(default=17, ge=0, le=27)
    door: int = Field(default=22, ge=0, le=27)
    presence: int = Field(default=0, ge=0, le=27)
    power_fail: int = Field(default=0, ge=0, le=27)
    power_fail_active_high: bool = False


class Centre(_Section):
    """Where packets go, over mutual TLS."""

    url: Annotated[str, StringConstraints(pattern=r"^https://[^/]+$")]
    authority: str = "/var/lib/kiosk/uplink/tls/authority.pem"
    certificate: str = "/var/lib/kiosk/uplink/tls/station.crt"
    key: str = "/var/lib/kiosk/uplink/tls/station.key"
    poll_seconds: float = Field(default=60.0, ge=0.1, le=3600)


class Broker(_Section):
    """Where telemetry goes. Without ``authority`` only this machine's own broker may be named."""

    host: str
    port: int = Field(default=8883, ge=1, le=65535)
    password_file: str = "/var/lib/kiosk/uplink/tls/mqtt.password"  # noqa: S105 a path, not a password
    authority: str = ""
    health_seconds: float = Field(default=60.0, ge=1, le=3600)


class Policy(_Section):
    """What the law or the office may change."""

    birth_date_tries: int = Field(default=3, ge=1, le=10)
    lock_minutes: float = Field(default=15.0, ge=0.1, le=24 * 60)
    disk_floor_mb: int = Field(default=500, ge=1, le=1_000_000)


class Settings(_Section):
    """The whole file."""

    station: Place
    screen: Screen
    camera: CameraSettings
    fingerprint: FingerprintSettings
    printer: PrinterSettings
    panel: PanelSettings
    centre: Centre
    broker: Broker
    policy: Policy = Policy()

    @property
    def state(self) -> Path:
        """The state directory, the root of the exchange."""
        return Path(self.station.state)


def load(file: Path) -> Settings:
    """Read ``file``. Raises BadSettings, which tells every mistake at once."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings([f"{file}: cannot be read: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings([f"{file}: is not valid TOML: {error}"]) from None
    return read(content, named=str(file))


def read(content: dict[str, Any], *, named: str) -> Settings:
    """Check the parsed ``content`` of the file called ``named``. Raises BadSettings."""
    try:
        # Through JSON, whose lists strict mode takes for tuples; TOML's dates become text and are refused as such.
        return Settings.model_validate_json(json.dumps(content, default=str))
    except ValidationError as error:
        raise BadSettings([_line(named, detail) for detail in error.errors()]) from None


def _line(named: str, detail: ErrorDetails) -> str:
    place = ".".join(str(part) for part in detail["loc"])
    return f"{named}: {place}: {_reason(detail)}"


def _reason(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    given = detail.get("input")
    match detail["type"]:
        case "extra_forbidden":
            allowed = ", ".join(_allowed_keys(detail["loc"]))
            return f"is not a setting; allowed here: {allowed}"
        case "missing":
            return "is missing"
        case "literal_error":
            return f"is {given!r}; allowed: {context.get('expected')}"
        case "string_pattern_mismatch":
            return f"is {given!r}; must match {context.get('pattern')}"
        case _:
            message = detail["msg"]
            return f"is {given!r}; {message[:1].lower()}{message[1:]}"


def _allowed_keys(place: tuple[int | str, ...]) -> Sequence[str]:
    model: type[BaseModel] = Settings
    for part in place[:-1]:
        field = model.model_fields.get(str(part))
        if field is None or not isinstance(field.annotation, type) or not issubclass(field.annotation, BaseModel):
            return ()
        model = field.annotation
    return sorted(model.model_fields)
