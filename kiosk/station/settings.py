"""The station's configuration: one TOML file, read whole and refused whole, every mistake told at once.

What it asks of the machine is part of that: see ``kiosk.station.machine``.
"""

import json
import os
import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from kiosk.capture.backdrop import Backdrop
from kiosk.capture.iso.codec import lossless_codec
from kiosk.station.machine import (
    AuthorityFile,
    CertificateFile,
    Command,
    Driven,
    KeyFile,
    Located,
    PasswordFile,
    Process,
)

SMALLEST_SIDE: Final = 480
"""Pixels below which the screens are not drawn for: buttons would be smaller than a fingertip, or leave the picture."""
THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")

Hours = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Language = Literal["id", "en"]
DeviceId = tuple[Annotated[int, Field(ge=0, le=0xFFFF)], Annotated[int, Field(ge=0, le=0xFFFF)]]


class BadSettings(Exception):
    """The configuration cannot be used: one line for each mistake, with file, key and what is allowed."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=False, validate_default=True
    )


class Place(_Section):
    """Which station this is, and where it keeps its records."""

    id: Name
    province: Name
    state: Located = "/var/lib/kiosk"
    office: str = Field(min_length=1, max_length=60)
    """As shown to residents: "Kantor Kecamatan …"."""
    next_office: str = Field(min_length=1, max_length=80)
    """Where residents can go while this station is out of service."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("id", "en")
    """In the order of their buttons."""

    @field_validator("languages")
    @classmethod
    def _each_once(cls, languages: tuple[Language, ...]) -> tuple[Language, ...]:
        if len(set(languages)) < len(languages):
            raise ValueError(f"is {list(languages)!r}; name each language once")
        return languages


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

    @field_validator("width", "height")
    @classmethod
    def _large_enough(cls, side: int) -> int:
        if 0 < side < SMALLEST_SIDE:
            raise ValueError(f"is {side}; allowed: 0 (the display's own), or {SMALLEST_SIDE} and more")
        return side

    @field_validator("height")
    @classmethod
    def _both_or_neither(cls, height: int, info: ValidationInfo) -> int:
        width = info.data.get("width", height)
        if (width == 0) != (height == 0):
            raise ValueError(f"is {height}, but screen.width is {width}; either both are 0 or neither")
        return height


MOST_GAIN = 32.0
"""What libcamera's ColourGains take at the most (libcamera controls, ColourGains)."""


class CameraSettings(_Section):
    """The face camera. ``device`` is picamera2's camera number, or the path of a V4L2 device.

    ``white_balance`` is that of the station's own light, as ``kiosk-drivers camera white-balance`` prints it: picamera2
    has gains of red and blue, a USB camera kelvin. Without it the camera finds its own.
    """

    driver: Annotated[Literal["picamera2", "usb", "simulated"], Driven]
    device: str = "0"
    white_balance: tuple[float, ...] = ()

    @field_validator("device")
    @classmethod
    def _as_the_driver_counts(cls, device: str, info: ValidationInfo) -> str:
        return _camera_device(device, info)

    @field_validator("white_balance")
    @classmethod
    def _as_the_driver_measures(cls, balance: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        match info.data.get("driver"):
            case "picamera2" if len(balance) not in (0, 2) or not all(0 < gain <= MOST_GAIN for gain in balance):
                raise ValueError(f"is {list(balance)}; with the driver picamera2 it is two gains, such as [1.9, 1.6]")
            case "usb" if len(balance) not in (0, 1) or not all(1_000 <= kelvin <= 20_000 for kelvin in balance):
                raise ValueError(f"is {list(balance)}; with the driver usb it is kelvin, such as [5000]")
            case _:
                return balance


class IrisSettings(_Section):
    """The near-infrared camera for both eyes, where the office has one; ``device`` as for the face camera.

    Its infrared lamps are lit with it: they are the camera's own.
    """

    driver: Annotated[Literal["picamera2", "usb", "simulated", "none"], Driven] = "none"
    device: str = "1"

    @field_validator("device")
    @classmethod
    def _as_the_driver_counts(cls, device: str, info: ValidationInfo) -> str:
        return _camera_device(device, info)


def _camera_device(device: str, info: ValidationInfo) -> str:
    match info.data.get("driver"):
        case "picamera2" if not (device.isascii() and device.isdigit()):
            raise ValueError(f'is {device!r}; with the driver picamera2 it is the camera\'s number, such as "0"')
        case "usb" if not device.startswith("/"):
            raise ValueError(f'is {device!r}; with the driver usb it is a path, such as "/dev/video0"')
        case _:
            return device


GROW_FASTEST = 115_200
"""Bits a second of the fastest speed that SetSysPara of a GROW/ZFM module knows (12 × 9,600)."""


class FingerprintSettings(_Section):
    """The finger reader on a serial port: GROW/ZFM family, or Suprema's SFM modules. ``pace`` only slows a simulated
    one: 1 = wire speed.

    ``baud`` is tried first, ``fastest`` is never exceeded; ``sensor`` is for GROW modules that do not tell what they
    are.
    """

    driver: Annotated[Literal["grow", "sfm", "simulated", "simulated-sfm"], Driven]
    port: Located = "/dev/rekam-fingerprint"
    baud: Literal[9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600] = 57600
    fastest: Literal[57600, 115200, 230400, 460800, 921600] = 115200
    sensor: Literal["optical", "round"] = "optical"
    pace: float = Field(default=1.0, ge=0, le=10)

    @field_validator("baud", "fastest")
    @classmethod
    def _as_the_family_speaks(cls, speed: int, info: ValidationInfo) -> int:
        if speed > GROW_FASTEST and info.data.get("driver") in ("grow", "simulated"):
            raise ValueError(f"is {speed}; GROW/ZFM modules speak at {GROW_FASTEST} at the most")
        return speed


QUEUE = "ipp://localhost/printers/card"
"""CUPS's name for the queue before the card printer."""


class PrinterSettings(_Section):
    """The card printer: Evolis command family at a device file, or IPP through the socket of this machine's CUPS, since
    the kiosk process has no network. ``pace`` only slows a simulated one."""

    driver: Annotated[Literal["evolis", "ipp", "simulated", "simulated-ipp", "none"], Driven]
    port: Located = "/dev/rekam-printer"
    queue: Annotated[str, StringConstraints(pattern=r"^ipp://localhost/\S+$")] = QUEUE
    pace: float = Field(default=1.0, ge=0, le=10)


WIRES = (
    *("capture_light", "lamp_ready", "lamp_busy", "lamp_call", "buzzer", "help_button", "door", "tamper", "presence"),
    *("power_fail", "shutdown_request"),
)


class PanelSettings(_Section):
    """Lights, buzzer, help button, contacts and the lines of the battery's board, by GPIO number (BCM); 0 = not wired.

    What each wire is, and which way round, is told in ``drivers.panel.wired.Pins``.
    """

    driver: Annotated[Literal["gpiozero", "simulated", "none"], Driven]
    capture_light: int = Field(default=12, ge=0, le=27)
    lamp_ready: int = Field(default=5, ge=0, le=27)
    lamp_busy: int = Field(default=6, ge=0, le=27)
    lamp_call: int = Field(default=13, ge=0, le=27)
    help_button: int = Field(default=17, ge=0, le=27)
    door: int = Field(default=22, ge=0, le=27)
    presence: int = Field(default=0, ge=0, le=27)
    power_fail: int = Field(default=0, ge=0, le=27)
    power_fail_active_high: bool = False
    tamper: int = Field(default=0, ge=0, le=27)
    buzzer: int = Field(default=0, ge=0, le=27)
    shutdown_request: int = Field(default=0, ge=0, le=27)
    shutdown_request_active_high: bool = False
    shutdown_request_settle: float = Field(default=0.1, ge=0, le=5)
    settle: float = Field(default=0.03, ge=0, le=1)

    @field_validator(*WIRES)
    @classmethod
    def _a_pin_of_its_own(cls, pin: int, info: ValidationInfo) -> int:
        taken = [wire for wire in WIRES if info.data.get(wire) == pin]
        if pin and taken:
            raise ValueError(f"is {pin}, where panel.{taken[0]} is wired already")
        return pin


class Centre(_Section):
    """Where packets go, over mutual TLS."""

    url: Annotated[str, StringConstraints(pattern=r"^https://[^/\s]+$")]
    authority: AuthorityFile = "/var/lib/kiosk/uplink/tls/authority.pem"
    certificate: CertificateFile = "/var/lib/kiosk/uplink/tls/station.crt"
    key: KeyFile = "/var/lib/kiosk/uplink/tls/station.key"
    poll_seconds: float = Field(default=60.0, ge=0.1, le=3600)
    most_kbit: int = Field(default=0, ge=0, le=1_000_000)
    """Kilobits a second that deliveries may take of the line, 0 = all of it: the office needs it too."""
    hours: tuple[Hours, ...] = ()
    """When packets are delivered, by the office's clock: "18:00-06:00". Always, where none are named."""


class Broker(_Section):
    """Where telemetry goes. Without ``authority`` only this machine's own broker may be named."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]+$")]
    port: int = Field(default=8883, ge=1, le=65535)
    password_file: PasswordFile = "/var/lib/kiosk/uplink/tls/mqtt.password"  # noqa: S105 a path, not a password
    authority: AuthorityFile | None = None
    health_seconds: float = Field(default=60.0, ge=1, le=3600)

    @field_validator("authority")
    @classmethod
    def _guards_what_leaves_this_machine(cls, authority: str | None, info: ValidationInfo) -> str | None:
        host = info.data.get("host")
        if authority is None and host is not None and host not in THIS_MACHINE:
            raise ValueError(
                f"is missing, but broker.host {host!r} is another machine, where the password would go in the clear; "
                f"without it, allowed: {', '.join(THIS_MACHINE)}"
            )
        return authority


class Stick(_Section):
    """Where the system mounts a USB stick, for deliveries by hand."""

    place: Located = "/run/rekam/stick"
    folder: bool = False
    """Any folder there counts as a stick: for the demo. On a station, one where nothing is mounted is refused."""


class Policy(_Section):
    """What the law or the office may change."""

    birth_date_tries: int = Field(default=3, ge=1, le=10)
    lock_minutes: float = Field(default=15.0, ge=0.1, le=24 * 60)
    disk_floor_mb: int = Field(default=500, ge=1, le=1_000_000)
    keep_delivered_days: int = Field(default=7, ge=0, le=365)
    """How long a delivered recording is kept, sealed, should the centre lose it; less where the room is needed."""
    tombstone_days: int = Field(default=730, ge=30, le=3650)
    """How long it is remembered that a recording was made and delivered."""
    online_only: bool = False
    """No recording is begun without contact with the centre."""
    online_minutes: float = Field(default=15.0, ge=1, le=24 * 60)
    """How old the last contact may be where ``online_only``."""
    freeze_oldest_days: int = Field(default=0, ge=0, le=365)
    """No recording is begun while one has waited longer for delivery; 0 = never mind."""
    freeze_contact_days: int = Field(default=0, ge=0, le=365)
    """No recording is begun after so many days without word from the centre, by network or stick; 0 = never mind."""
    go_on_minutes: float = Field(default=30.0, ge=0, le=24 * 60)
    """How long a visit that a power cut, or a wait in vain, ended can be gone on with; 0 = it is not kept at all."""
    clock_is_kept: bool = False
    """Whether something keeps the clock that cannot be asked: chrony, or the host of a container."""
    recording_age: int = Field(default=16, ge=0, le=30)
    """Years from which residents may be recorded; who is or was married may at any age (UU 24/2013 art. 63)."""


def _not_wsq(codec: object) -> object:
    if codec == "wsq":
        try:
            return lossless_codec("wsq")
        except ValueError as refused:
            raise ValueError(f"is 'wsq'; {refused}") from None
    return codec


class Capture(_Section):
    """How captures are judged and packed."""

    finger_images: Annotated[Literal["jpeg2000", "png"], BeforeValidator(_not_wsq)] = "jpeg2000"
    """Of fingers and irises; both keep every pixel."""
    nfiq2: Command | None = None
    """NIST's nfiq2 command, for a second opinion on every finger image; none where it is left out."""
    camera_id: DeviceId = (0, 0)
    reader_id: DeviceId = (0, 0)
    eye_camera_id: DeviceId = (0, 0)
    """The maker's number in IBIA's register and the maker's own for the model, as records name them; 0 is not told."""
    backdrop_odd: Backdrop = Field(default=Backdrop.RED, strict=False)
    backdrop_even: Backdrop = Field(default=Backdrop.BLUE, strict=False)
    backdrop_foreigner: Backdrop = Field(default=Backdrop.ORANGE, strict=False)
    """The cloth behind residents of odd and even birth years, and behind foreigners."""


class Settings(_Section):
    """The whole file."""

    station: Place
    screen: Screen
    camera: CameraSettings
    iris: IrisSettings = IrisSettings()
    fingerprint: FingerprintSettings
    printer: PrinterSettings
    panel: PanelSettings
    centre: Centre
    broker: Broker
    stick: Stick = Stick()
    policy: Policy = Policy()
    capture: Capture = Capture()

    @field_validator("iris")
    @classmethod
    def _another_camera(cls, iris: IrisSettings, info: ValidationInfo) -> IrisSettings:
        face = info.data.get("camera")  # not there where it was refused itself
        if face is not None and iris.driver in ("picamera2", "usb") and _one_of(face) == _one_of(iris):
            raise ValueError(f"names {iris.driver} {iris.device!r}, which is the face camera; name another")
        return iris

    @property
    def state(self) -> Path:
        """The state directory, the root of the exchange."""
        return Path(self.station.state)


def _one_of(camera: CameraSettings | IrisSettings) -> tuple[str, int | str]:
    """Which device of the machine is meant, however it is written."""
    return camera.driver, int(camera.device) if camera.driver == "picamera2" else os.path.realpath(camera.device)


def load(file: Path, *, here: Collection[Process] = ()) -> Settings:
    """Read ``file``. Raises BadSettings, which tells every mistake at once.

    ``here`` are the processes that this machine and user are to run with it: what they need is looked for as well.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings([f"{file}: cannot be read: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings([f"{file}: is not valid TOML: {error}"]) from None
    return read(content, named=str(file), here=here)


def read(content: dict[str, Any], *, named: str, here: Collection[Process] = ()) -> Settings:
    """Check the parsed ``content`` of the file called ``named``, as ``load`` does. Raises BadSettings."""
    try:
        # Through JSON, whose lists strict mode takes for tuples; TOML's dates become text and are refused as such.
        return Settings.model_validate_json(json.dumps(content, default=str), context=here)
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
        case "too_short" | "string_too_short":
            return f"is {given!r}; it must not be empty"
        case "value_error":
            return str(context["error"])
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
