"""The station's own wiring on GPIO pins: lights, help button, door contact, presence sensor, power-fail line."""

import queue
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from gpiozero import LED, PWMLED, Device, DigitalInputDevice, Factory, GPIOZeroError

from drivers.errors import Absent
from drivers.panel import Change, Lamp
from drivers.panel.debounce import Debouncer

Answer = TypeVar("Answer")

BLINK: Final = 0.5
"""Seconds on, seconds off, of the call lamp."""
PWM_HERTZ: Final = 1000
"""The capture light must not flicker in a picture: many periods within the shortest exposure (a 60th of a second)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """Which wire is where, by GPIO number (BCM); 0 = not wired, as GPIO 0 belongs to the board's own EEPROM.

    Help button and door contact connect to ground; the door contact is closed while the door is, so that a cut wire
    reads as an open door. The presence sensor drives its line high. The three lamps may be one RGB light: green,
    blue, red. ``settle`` is how many seconds a contact must rest before its change counts.
    """

    capture_light: int = 0
    lamp_ready: int = 0
    lamp_busy: int = 0
    lamp_call: int = 0
    help_button: int = 0
    door: int = 0
    presence: int = 0
    power_fail: int = 0
    power_fail_active_high: bool = False
    settle: float = 0.03


class Contact(StrEnum):
    """The wires that tell something."""

    HELP = "help"
    DOOR = "door"
    PRESENCE = "presence"
    POWER = "power"


NEWS: Final[Mapping[tuple[str, bool], Change]] = {
    (Contact.HELP, True): Change.HELP_PRESSED,
    (Contact.DOOR, True): Change.DOOR_OPENED,
    (Contact.DOOR, False): Change.DOOR_CLOSED,
    (Contact.PRESENCE, True): Change.SOMEONE_CAME,
    (Contact.PRESENCE, False): Change.EVERYONE_LEFT,
    (Contact.POWER, True): Change.POWER_FAILED,
    (Contact.POWER, False): Change.POWER_BACK,
}
"""True is what needs attention; that the help button was let go needs nobody's."""
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
        self._edges: queue.SimpleQueue[tuple[str, bool, float] | None] = queue.SimpleQueue()
        self._closed = False
        # What stands at rest is no news; everything else is, from the first reading on.
        self._debounce = Debouncer(dict.fromkeys(Contact, False), settle=pins.settle)
        self._devices: list[Device] = []
        self._lamps: dict[str, LED] = {}
        self._contacts: dict[Contact, DigitalInputDevice] = {}
        self._light: PWMLED | None = None
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
        self._asked(lambda: None if light is None else setattr(light, "value", level))

    def status(self, lamp: Lamp) -> None:
        """Show one status: ready, busy and fault are steady lamps, calling blinks: no colour needs to be told apart."""
        self._asked(lambda: self._show(lamp))

    def changes(self, *, within: float) -> tuple[Change, ...]:
        """Wait up to ``within`` seconds for at least one change; debounced, in order, none lost; () when none came."""
        deadline = time.monotonic() + within
        while True:
            # The pins themselves are the truth: an edge whose notice got lost is found here.
            self._asked(self._compare)
            now = time.monotonic()
            news = tuple(NEWS[change] for change in self._debounce.settled(now) if change in NEWS)
            if news or now >= deadline:
                return news
            wake = min(deadline, self._debounce.due or deadline)
            try:
                edge = self._edges.get(timeout=max(wake - now, 0.0))
            except queue.Empty:
                continue
            if edge is not None:
                self._debounce.feed(*edge)

    def close(self) -> None:
        """Put out the lights and give the pins back; may be called twice."""
        if self._closed:
            return
        self._closed = True
        self._edges.put(None)
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
        # A cut power-fail wire must not send the station to sleep again and again: it is pulled to where power is well.
        for contact, pin, pull_up in (
            (Contact.HELP, pins.help_button, True),
            (Contact.DOOR, pins.door, True),
            (Contact.PRESENCE, pins.presence, False),
            (Contact.POWER, pins.power_fail, not pins.power_fail_active_high),
        ):
            if pin:
                self._watch(contact, DigitalInputDevice(pin, pull_up=pull_up, pin_factory=factory))

    def _watch(self, contact: Contact, device: DigitalInputDevice) -> None:
        self._devices.append(device)
        self._contacts[contact] = device
        device.when_activated = lambda: self._edges.put((contact, contact is not Contact.DOOR, time.monotonic()))
        device.when_deactivated = lambda: self._edges.put((contact, contact is Contact.DOOR, time.monotonic()))

    def _compare(self) -> None:
        """Read every contact. gpiozero calls a pulled-up pin active when it is low, which is a closed door."""
        self._take_edges()
        for contact, device in self._contacts.items():
            self._debounce.feed(contact, device.is_active != (contact is Contact.DOOR), time.monotonic())

    def _take_edges(self) -> None:
        while True:
            try:
                edge = self._edges.get_nowait()
            except queue.Empty:
                return
            if edge is not None:
                self._debounce.feed(*edge)

    def _show(self, status: Lamp) -> None:
        lit = LIT[status]
        for name, lamp in self._lamps.items():
            if name != lit:
                lamp.off()
            elif status is Lamp.CALLING:
                lamp.blink(BLINK, BLINK)
            else:
                lamp.on()

    def _asked(self, question: Callable[[], Answer]) -> Answer:
        """Ask the board something, and say in one sentence when it is ill."""
        if self._closed:
            raise Absent("The panel was closed; open it again.")
        try:
            return question()
        except self._ills as error:
            raise Absent("The panel's pins do not answer; check its wiring and its pin numbers.") from error
