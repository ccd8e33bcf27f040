"""The crew member at the panel: lights for the face and the room, the help button, the door and the power line."""

from collections.abc import Callable

from drivers.panel import Change, Lamp, Panel
from kiosk.journey.events import Event, HelpAsked
from kiosk.record.telemetry import Occasion

LISTEN = 0.2
"""Seconds to listen at a time, so that a light is set soon after it is asked for."""
BEEPS = 3
"""How often the buzzer sounds for an officer: enough to be heard across a room, and then it is quiet."""

OCCASIONS = {
    Change.DOOR_OPENED: Occasion.DOOR_OPENED,
    Change.DOOR_CLOSED: Occasion.DOOR_CLOSED,
    Change.POWER_FAILED: Occasion.POWER_FAILED,
    Change.POWER_BACK: Occasion.POWER_BACK,
    Change.TAMPERED: Occasion.TAMPERED,
    Change.SHUTDOWN_REQUESTED: Occasion.SHUTDOWN_REQUESTED,
}


class Attendant:
    """Listens to the panel without end, and sets its lights."""

    def __init__(self, tell: Callable[[Event], None], occur: Callable[[Occasion], None]) -> None:
        self._tell, self._occur = tell, occur
        self._lamp = Lamp.FAULT
        self._shown: tuple[Lamp, float] | None = None
        self._level = 0.0
        self._set_at: Panel | None = None
        self._calls = False

    def listen(self, panel: Panel) -> None:
        """The panel's probe: set what has changed, hear what has happened."""
        if self._set_at is not panel or self._shown != (self._lamp, self._level):
            # A panel that was away has forgotten its lights.
            self._set_at, self._shown = panel, (self._lamp, self._level)
            panel.status(self._lamp)
            panel.capture_light(self._level)
        if self._calls:
            self._calls = False
            panel.beep(BEEPS)
        for change in panel.changes(within=LISTEN):
            if change is Change.HELP_PRESSED:
                # The room sees and hears the call even at a step that cannot be left just now.
                self.call()
                self._tell(HelpAsked())
            if change in OCCASIONS:
                self._occur(OCCASIONS[change])

    def show(self, lamp: Lamp) -> None:
        """The status light."""
        self._lamp = lamp

    def call(self) -> None:
        """Send for an officer: the lamp until another status is shown, and the buzzer for a moment."""
        self._lamp, self._calls = Lamp.CALLING, True

    def light_face(self, level: float) -> None:
        """The capture light, 0.0 to 1.0."""
        self._level = level
