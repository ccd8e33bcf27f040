"""The panel on a Raspberry Pi's own header, through lgpio."""

import lgpio
from gpiozero import GPIOZeroError
from gpiozero.pins.lgpio import LGPIOFactory

from drivers.errors import Absent
from drivers.panel.wired import Pins, WiredPanel


class RaspberryPanel(WiredPanel):
    """The wiring on the 40-pin header. Raises Absent without such a header, or without the right to use it.

    The pin factory is named, not guessed: gpiozero's own choice would fall back to slower ones, and can be turned
    into mock pins by an environment variable.
    """

    def __init__(self, pins: Pins) -> None:
        try:
            factory = LGPIOFactory()
        except (lgpio.error, GPIOZeroError, OSError) as error:
            raise Absent("The GPIO header cannot be opened; the user must be in the group gpio.") from error
        super().__init__(pins, factory, ills=(lgpio.error, OSError))
