"""The seam of the panel family: lights, buzzer, help button, door and tamper contacts, presence, and the power."""

from enum import Enum
from typing import Protocol


class Lamp(Enum):
    """What the status light tells the room."""

    OFF = "off"
    READY = "ready"
    BUSY = "busy"
    CALLING = "calling"
    FAULT = "fault"


class Change(Enum):
    """What happened at the panel; the first reading of every contact counts as a change when it is not at rest."""

    HELP_PRESSED = "help-pressed"
    DOOR_OPENED = "door-opened"
    DOOR_CLOSED = "door-closed"
    SOMEONE_CAME = "someone-came"
    EVERYONE_LEFT = "everyone-left"
    TAMPERED = "tampered"  # the housing was opened, or its wire is cut: it stays so until somebody has looked
    POWER_FAILED = "power-failed"
    POWER_BACK = "power-back"
    SHUTDOWN_REQUESTED = "shutdown-requested"  # the battery's board will cut the power: finish and shut down


class Panel(Protocol):
    """The station's own wiring. Every call raises a DeviceError when it is ill."""

    def capture_light(self, level: float) -> None:
        """Set the white light on the face, 0.0 off to 1.0 full."""
        ...

    def status(self, lamp: Lamp) -> None:
        """Show one status to the room."""
        ...

    def beep(self, times: int) -> None:
        """Begin to sound the buzzer so many times, 0 = be silent; returns at once."""
        ...

    def changes(self, *, within: float) -> tuple[Change, ...]:
        """Wait up to ``within`` seconds for at least one change; debounced, in order, none lost; () when none came.

        What blinks and beeps does so in here, so that one thread touches the pins and hears when they are ill.
        """
        ...

    def close(self) -> None:
        """Give the pins back; may be called twice."""
        ...
