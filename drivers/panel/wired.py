"""The station's own wiring on GPIO pins: lights, buzzer, help button, door, tamper, presence and power contacts."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from gpiozero import LED, PWMLED, Buzzer, Device, DigitalInputDevice, Factory, GPIOZeroError

from drivers.errors import Absent
from drivers.panel import Change, Lamp
from drivers.panel.debounce import Debouncer
from drivers.panel.rhythm import BEEP, BLINK, Rhythm

Answer = TypeVar("Answer")

PWM_HERTZ: Final = 1000
"""The capture light must not flicker in a picture: many periods within the shortest exposure (a 60th of a second)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """Which wire is where, by GPIO number (BCM); 0 = not wired, as GPIO 0 belongs to the board's own EEPROM.

    Help button, door and tamper contact connect to ground; the latter two are closed while the housing is, so that a
    cut wire reads as an open one. The presence sensor drives its line high. The three lamps may be one RGB light:
    green, blue, red. The buzzer is an active one (it has its own tone) and sounds when its line is high.

    The battery's board drives two lines, either way round: ``power_fail`` while the mains are away (Geekworm X728:
    GPIO 6, high; X120x: GPIO 6, low), ``shutdown_request`` when it is about to cut the power, for at least
    ``shutdown_request_settle`` seconds (X728: GPIO 5, high for 0.6; Pigeon: GPIO 27, low). That it may cut the power
    is told it by the kernel, ``dtoverlay=gpio-poweroff``, which alone knows when the disks are at rest.

    ``settle`` is how many seconds any other contact must rest before its change counts.
    """

    capture_light: int = 0
    lamp_ready: int = 0
    lamp_busy: int = 0
    lamp_call: int = 0
    buzzer: int = 0
    help_button: int = 0
    door: int = 0
    tamper: int = 0
    presence: int = 0
    power_fail: int = 0
    power_fail_active_high: bool = False
    shutdown_request: int = 0
    shutdown_request_active_high: bool = False
    shutdown_request_settle: float = 0.1
    settle: float = 0.03


class Contact(StrEnum):
    """The wires that tell something."""

    HELP = "help"
    DOOR = "door"
    TAMPER = "tamper"
    PRESENCE = "presence"
    POWER = "power"
    SHUTDOWN = "shutdown"


CLOSED_AT_REST: Final = frozenset({Contact.DOOR, Contact.TAMPER})
NEWS: Final[Mapping[tuple[str, bool], Change]] = {
    (Contact.HELP, True): Change.HELP_PRESSED,
    (Contact.DOOR, True): Change.DOOR_OPENED,
    (Contact.DOOR, False): Change.DOOR_CLOSED,
    (Contact.TAMPER, True): Change.TAMPERED,
    (Contact.PRESENCE, True): Change.SOMEONE_CAME,
    (Contact.PRESENCE, False): Change.EVERYONE_LEFT,
    (Contact.POWER, True): Change.POWER_FAILED,
    (Contact.POWER, False): Change.POWER_BACK,
    (Contact.SHUTDOWN, True): Change.SHUTDOWN_REQUESTED,
}
"""True is what needs attention; that a button was let go, or a tampered housing closed again, needs nobody's."""
LIT: Final[Mapping[Lamp, str | None]] = {
    Lamp.OFF: None,
    Lamp.READY: "ready",
    Lamp.BUSY: "busy",
    Lamp.CALLING: "call",
    Lamp.FAULT: "call",
}
"""Calling and fault share the lamp that sends for somebody; calling blinks."""


class WiredPanel:
    """The panel over one of gpiozero's pin factories, which it owns from now on and closes with itself.

    ``ills`` are the exceptions by which that factory's own library says that the board is ill.
    """

    def __init__(self, pins: Pins, pin_factory: Factory, *, ills: tuple[type[Exception], ...] = ()) -> None:
        self._ills = (GPIOZeroError, *ills)
        self._factory = pin_factory
        # Held by whoever touches the pins or the debouncer: gpiozero tells of edges on threads of its own.
        self._moved = threading.Condition()
        self._closed = False
        # What stands at rest is no news; everything else is, from the first reading on.
        levels: dict[str, bool] = dict.fromkeys(Contact, False)
        settle = dict.fromkeys(levels, pins.settle) | {Contact.SHUTDOWN: pins.shutdown_request_settle}
        self._debounce = Debouncer(levels, settle=settle)
        self._devices: list[Device] = []
        self._lamps: dict[str, LED] = {}
        self._contacts: dict[Contact, DigitalInputDevice] = {}
        self._light: PWMLED | None = None
        self._buzzer: Buzzer | None = None
        self._call: Rhythm | None = None
        self._beeps: Rhythm | None = None
        try:
            self._asked(lambda: self._claim(pins))
        except Absent:
            self.close()
            raise

    def capture_light(self, level: float) -> None:
        """Set the white light on the face, 0.0 off to 1.0 full; without one wired, nothing happens."""
        if not 0.0 <= level <= 1.0:
            raise ValueError(f"A light level lies between 0 and 1, not {level}.")
        light = self._light
        with self._moved:
            self._asked(lambda: None if light is None else setattr(light, "value", level))

    def status(self, lamp: Lamp) -> None:
        """Show one status: ready, busy and fault are steady lamps, calling blinks: no colour needs to be told apart."""
        with self._moved:
            self._asked(lambda: self._show(lamp))

    def beep(self, times: int) -> None:
        """Begin to sound the buzzer so many times, 0 = be silent; without one wired, nothing happens."""
        with self._moved:
            self._beeps = Rhythm(time.monotonic(), BEEP, BEEP, times)
            self._asked(self._keep_time)
            self._moved.notify_all()

    def changes(self, *, within: float) -> tuple[Change, ...]:
        """Wait up to ``within`` seconds for at least one change; debounced, in order, none lost; () when none came."""
        deadline = time.monotonic() + within
        with self._moved:
            while True:
                # The pins themselves are the truth: an edge whose notice got lost is found here.
                self._asked(self._compare)
                turn = self._asked(self._keep_time)
                now = time.monotonic()
                news = tuple(NEWS[change] for change in self._debounce.settled(now) if change in NEWS)
                if news or now >= deadline:
                    return news
                wake = min(at for at in (deadline, self._debounce.due, turn) if at is not None)
                self._moved.wait(max(wake - now, 0.0))

    def close(self) -> None:
        """Put out the lights and give the pins back; may be called twice."""
        with self._moved:
            if self._closed:
                return
            self._closed = True
            self._moved.notify_all()
        # Not under the lock: closing a pin may wait for the thread that tells of its edges.
        for device in (*self._devices, self._factory):
            # A board that is gone has nothing left to give back, and must not keep the others from being closed.
            with suppress(*self._ills):
                device.close()

    def _claim(self, pins: Pins) -> None:
        factory = self._factory
        if pins.capture_light:
            self._light = PWMLED(pins.capture_light, frequency=PWM_HERTZ, pin_factory=factory)
            self._devices.append(self._light)
        for name, pin in (("ready", pins.lamp_ready), ("busy", pins.lamp_busy), ("call", pins.lamp_call)):
            if pin:
                self._lamps[name] = LED(pin, pin_factory=factory)
                self._devices.append(self._lamps[name])
        if pins.buzzer:
            self._buzzer = Buzzer(pins.buzzer, pin_factory=factory)
            self._devices.append(self._buzzer)
        # A cut wire to the battery's board must not send the station to sleep again and again: it is pulled to rest.
        for contact, pin, pull_up in (
            (Contact.HELP, pins.help_button, True),
            (Contact.DOOR, pins.door, True),
            (Contact.TAMPER, pins.tamper, True),
            (Contact.PRESENCE, pins.presence, False),
            (Contact.POWER, pins.power_fail, not pins.power_fail_active_high),
            (Contact.SHUTDOWN, pins.shutdown_request, not pins.shutdown_request_active_high),
        ):
            if pin:
                self._watch(contact, DigitalInputDevice(pin, pull_up=pull_up, pin_factory=factory))

    def _watch(self, contact: Contact, device: DigitalInputDevice) -> None:
        self._devices.append(device)
        self._contacts[contact] = device
        device.when_activated = lambda: self._hear(contact, True)
        device.when_deactivated = lambda: self._hear(contact, False)

    def _hear(self, contact: Contact, active: bool) -> None:
        """An edge, on gpiozero's thread. A contact that only goes on bouncing wakes nobody."""
        with self._moved:
            resting = self._debounce.due is None
            self._feed(contact, active)
            if resting:
                self._moved.notify_all()

    def _feed(self, contact: Contact, active: bool) -> None:
        """gpiozero calls a pulled-up pin active when it is low, which is a closed door."""
        self._debounce.feed(contact, active != (contact in CLOSED_AT_REST), time.monotonic())

    def _compare(self) -> None:
        for contact, device in self._contacts.items():
            self._feed(contact, bool(device.is_active))

    def _show(self, status: Lamp) -> None:
        lit = LIT[status]
        self._call = Rhythm(time.monotonic(), BLINK, BLINK) if status is Lamp.CALLING else None
        for name, lamp in self._lamps.items():
            lamp.value = name == lit
        self._moved.notify_all()

    def _keep_time(self) -> float | None:
        """Switch what blinks and beeps as the moment has it; when that changes next. gpiozero's own blinking would do
        it on a thread that nobody hears when the pins are ill."""
        now = time.monotonic()
        turns = []
        for device, rhythm in ((self._lamps.get("call"), self._call), (self._buzzer, self._beeps)):
            if device is not None and rhythm is not None:
                if bool(device.value) != rhythm.level(now):
                    device.value = rhythm.level(now)
                turns.append(rhythm.next(now))
        return min((turn for turn in turns if turn is not None), default=None)

    def _asked(self, question: Callable[[], Answer]) -> Answer:
        """Ask the board something, and say in one sentence when it is ill."""
        if self._closed:
            raise Absent("The panel was closed; open it again.")
        try:
            return question()
        except self._ills as error:
            raise Absent("The panel's pins do not answer; check its wiring and its pin numbers.") from error
