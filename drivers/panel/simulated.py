"""The panel's wiring without a panel: the production driver over mock pins, and the world that pulls at them."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from gpiozero import PinError
from gpiozero.pins.mock import MockFactory, MockPWMPin

from drivers.panel import Change
from drivers.panel.wired import Pins, WiredPanel

WIRING: Final = Pins(
    capture_light=12,
    lamp_ready=5,
    lamp_busy=6,
    lamp_call=13,
    buzzer=16,
    help_button=17,
    door=22,
    tamper=24,
    presence=27,
    power_fail=23,
    shutdown_request=25,
)
"""Every wire there is, so that a demonstration shows everything."""


BOUNCES: Final = 40
"""Edges of a contact that bounces before it rests."""


class Fault(Enum):
    """What can befall the panel when it is looked at."""

    STUCK_BUTTON = "stuck-button"
    BOUNCING_DOOR = "bouncing-door"  # it opens, with a worn contact
    CUT_CABLES = "cut-cables"
    UNPLUGGED = "unplugged"


Faults = Mapping[int, Fault]
"""The fault script: what befalls the panel at its n-th call of changes(), from 0."""


class Wire(MockPWMPin):  # type: ignore[misc]  # gpiozero ships no types
    """A mock pin with a wire to the outside: what drives the wire wins over the pin's own pull resistor."""

    def __init__(self, factory: "Board", info: object) -> None:
        super().__init__(factory, info)
        self.driven: bool | None = None

    def drive(self, level: bool | None) -> None:
        """Put the wire on a level; None leaves it in the air, so that the pull resistor decides."""
        self.driven = level
        if self._function == "input":
            self._settle()

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        self._settle()

    def _settle(self) -> None:
        if self.driven if self.driven is not None else self._pull == "up":
            self.drive_high()
        else:
            self.drive_low()

    def _get_state(self) -> float:
        self._ask()
        return float(super()._get_state())

    def _set_state(self, value: float) -> None:
        self._ask()
        super()._set_state(value)

    def _change_state(self, value: float) -> bool:
        changed = bool(super()._change_state(value))
        # The mock keeps a log of all states; a demonstration may run for days.
        del self.states[:-1]
        return changed

    def _ask(self) -> None:
        if self.factory.unplugged:
            raise PinError("the simulated board is unplugged")


class Board(MockFactory):  # type: ignore[misc]  # gpiozero ships no types
    """The pins one driver holds. Its own instance each time: gpiozero's global factory is never touched."""

    def __init__(self) -> None:
        super().__init__(pin_class=Wire)
        self.unplugged = False


class Wiring:
    """The world around the panel: people, a door, the mains, and the cables. It outlives any one driver.

    At rest the door is closed, nobody is there, and the power is well. Verbs may be called from any thread.
    """

    def __init__(self, pins: Pins = WIRING, *, faults: Faults | None = None) -> None:
        self.pins = pins
        self._faults = dict(faults or {})
        self._looks = 0
        self._unplugged = self._cut = False
        self._levels: dict[int, bool | None] = {
            # Button, door and tamper contact connect to ground or to nothing.
            pins.help_button: None,
            pins.door: False,
            pins.tamper: False,
            pins.presence: False,
            pins.power_fail: not pins.power_fail_active_high,
            pins.shutdown_request: not pins.shutdown_request_active_high,
        }
        self._levels.pop(0, None)
        self._board = self.board()

    def board(self) -> Board:
        """Fresh pins for one driver, driven as the world stands."""
        self._board = Board()
        self._board.unplugged = self._unplugged
        for pin, level in self._levels.items():
            self._board.pin(pin).drive(None if self._cut else level)
        return self._board

    def press_help(self) -> None:
        """Press the help button and keep the finger on it."""
        self._drive(self.pins.help_button, False)

    def release_help(self) -> None:
        """Let go of the help button."""
        self._drive(self.pins.help_button, None)

    def open_door(self) -> None:
        """Open the housing's door."""
        self._drive(self.pins.door, None)

    def close_door(self) -> None:
        """Close it again."""
        self._drive(self.pins.door, False)

    def bounce_door(self, edges: int = BOUNCES) -> None:
        """Open the door and close it, over and over, as fast as can be; after an odd number it is open."""
        for edge in range(edges):
            self._drive(self.pins.door, None if edge % 2 == 0 else False)

    def open_housing(self) -> None:
        """Open what only a technician may open."""
        self._drive(self.pins.tamper, None)

    def close_housing(self) -> None:
        """Close it again."""
        self._drive(self.pins.tamper, False)

    def arrive(self) -> None:
        """Somebody steps in front of the station."""
        self._drive(self.pins.presence, True)

    def leave(self) -> None:
        """Everybody walks away."""
        self._drive(self.pins.presence, False)

    def fail_power(self) -> None:
        """The mains fail; the battery's board says so."""
        self._drive(self.pins.power_fail, self.pins.power_fail_active_high)

    def restore_power(self) -> None:
        """The mains are back."""
        self._drive(self.pins.power_fail, not self.pins.power_fail_active_high)

    def request_shutdown(self) -> None:
        """The battery is nearly empty; its board asks for a shutdown."""
        self._drive(self.pins.shutdown_request, self.pins.shutdown_request_active_high)

    def withdraw_request(self) -> None:
        """The line goes back to rest: the board's pulse is over."""
        self._drive(self.pins.shutdown_request, not self.pins.shutdown_request_active_high)

    def befall(self) -> None:
        """What the script holds for this look at the panel."""
        self._looks += 1
        match self._faults.get(self._looks - 1):
            case Fault.STUCK_BUTTON:
                self.press_help()
            case Fault.BOUNCING_DOOR:
                self.bounce_door(BOUNCES + 1)
            case Fault.CUT_CABLES:
                self.cut_cables()
            case Fault.UNPLUGGED:
                self.unplug()
            case None:
                pass

    def cut_cables(self) -> None:
        """Cut every wire: each pin is left to its pull resistor."""
        self._cut = True
        for pin in self._levels:
            self._board.pin(pin).drive(None)

    def unplug(self) -> None:
        """Take the whole board away: every question to a pin fails."""
        self._board.unplugged = self._unplugged = True

    def replug(self) -> None:
        """Put it back."""
        self._board.unplugged = self._unplugged = False

    def level(self, pin: int) -> float:
        """How bright the light on a pin is, 0.0 to 1.0."""
        return float(self._board.pin(pin)._state)

    def _drive(self, pin: int, level: bool | None) -> None:
        if pin == 0:
            raise ValueError("That wire does not exist in this station: its pin is 0.")
        self._levels[pin] = level
        if not self._cut:
            self._board.pin(pin).drive(level)


class SimulatedPanel(WiredPanel):
    """The production driver over a simulated world, ``wiring``. Raises Absent while its board is unplugged."""

    def __init__(self, wiring: Wiring | None = None) -> None:
        self.wiring = wiring if wiring is not None else Wiring()
        super().__init__(self.wiring.pins, self.wiring.board())

    def changes(self, *, within: float) -> tuple[Change, ...]:
        """Look, after what the fault script has for this look."""
        self.wiring.befall()
        return super().changes(within=within)
