"""The one place that constructs drivers: the driver chosen in the settings, and for simulated ones the world around it.

Only the chosen driver's file is imported, since each imports its hardware library at the top.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from drivers.camera import Camera
from drivers.fingerprint import FingerReader
from drivers.panel import Panel
from drivers.printer import CardPrinter
from kiosk.station.settings import Settings

if TYPE_CHECKING:
    from drivers.camera.simulated import Booth, EyeBooth
    from drivers.panel.simulated import Wiring
    from drivers.printer.evolis.simulated import SimulatedPrinter
    from drivers.printer.ipp.simulated import SimulatedIppPrinter


class Glass(Protocol):
    """What a person can do to a simulated finger reader, of whatever family."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images that its glass takes, in pixels."""
        ...

    @property
    def off_the_glass(self) -> float:
        """Seconds that a finger must be away for the driver to see it: people take longer."""
        ...

    def place(self, image: npt.NDArray[np.uint8]) -> None:
        """Lay a finger on the glass."""
        ...

    def lift(self) -> None:
        """Take the finger away."""
        ...

    def unplug(self) -> None:
        """Pull the cable."""
        ...

    def replug(self) -> None:
        """Put the cable back."""
        ...

    def close(self) -> None:
        """Switch it off."""
        ...


@dataclass
class World:
    """The simulated devices seen from outside: what a robot, or a test, can do to them. None where hardware is real."""

    booth: "Booth | None" = None
    iris: "EyeBooth | None" = None
    reader: "Glass | None" = None
    printer: "SimulatedPrinter | SimulatedIppPrinter | None" = None
    wiring: "Wiring | None" = None

    def close(self) -> None:
        """Switch the simulated devices off."""
        for device in (self.reader, self.printer):
            if device is not None:
                device.close()


@dataclass(frozen=True)
class Devices:
    """How to open each device; None where the office has none."""

    camera: Callable[[], Camera]
    iris: Callable[[], Camera] | None
    reader: Callable[[], FingerReader]
    printer: Callable[[], CardPrinter] | None
    panel: Callable[[], Panel] | None
    world: World


def choose(settings: Settings) -> Devices:
    """Find the drivers that ``settings`` name; simulated devices are switched on at once."""
    world = World()
    return Devices(
        camera=_camera(settings, world),
        iris=_iris(settings, world),
        reader=_reader(settings, world),
        printer=_printer(settings, world),
        panel=_panel(settings, world),
        world=world,
    )


def _camera(settings: Settings, world: World) -> Callable[[], Camera]:
    chosen = settings.camera
    match chosen.driver:
        case "picamera2":
            from drivers.camera.picamera2_camera import PiCamera

            gains = (chosen.white_balance[0], chosen.white_balance[1]) if chosen.white_balance else None
            return lambda: PiCamera(int(chosen.device), white_balance=gains)
        case "usb":
            from drivers.camera.usb import UsbCamera

            kelvin = chosen.white_balance[0] if chosen.white_balance else None
            return lambda: UsbCamera(chosen.device, white_balance=kelvin)
        case "simulated":
            from drivers.camera.simulated import Booth, SimulatedCamera

            booth = world.booth = Booth()
            return lambda: SimulatedCamera(booth)


def _iris(settings: Settings, world: World) -> Callable[[], Camera] | None:
    chosen = settings.iris
    match chosen.driver:
        case "none":
            return None
        case "picamera2":
            from drivers.camera.picamera2_camera import PiCamera

            return lambda: PiCamera(int(chosen.device))
        case "usb":
            from drivers.camera.usb import UsbCamera

            return lambda: UsbCamera(chosen.device)
        case "simulated":
            from drivers.camera.simulated import EyeBooth, SimulatedCamera

            booth = world.iris = EyeBooth()
            return lambda: SimulatedCamera(booth)


def _reader(settings: Settings, world: World) -> Callable[[], FingerReader]:
    chosen = settings.fingerprint
    match chosen.driver:
        case "simulated":
            from drivers.fingerprint.grow.simulated import SimulatedReader as SimulatedGrow

            world.reader = SimulatedGrow(Path(chosen.port), pace=chosen.pace)
        case "simulated-sfm":
            from drivers.fingerprint.sfm.simulated import SimulatedReader as SimulatedSfm

            world.reader = SimulatedSfm(Path(chosen.port), pace=chosen.pace)
    match chosen.driver:
        case "grow" | "simulated":
            from drivers.fingerprint.grow.reader import OPTICAL, ROUND, GrowReader

            sensor = ROUND if chosen.sensor == "round" else OPTICAL
            return lambda: GrowReader(chosen.port, baud=chosen.baud, fastest=chosen.fastest, sensor=sensor)
        case "sfm" | "simulated-sfm":
            from drivers.fingerprint.sfm.reader import SfmReader

            return lambda: SfmReader(chosen.port, baud=chosen.baud, fastest=chosen.fastest)


def _printer(settings: Settings, world: World) -> Callable[[], CardPrinter] | None:
    chosen, cards = settings.printer, settings.state / "kiosk" / "cards"
    match chosen.driver:
        case "simulated":
            from drivers.printer.evolis.simulated import SimulatedPrinter

            world.printer = SimulatedPrinter(Path(chosen.port), cards, pace=chosen.pace)
        case "simulated-ipp":
            from drivers.printer.ipp.simulated import SimulatedIppPrinter

            world.printer = SimulatedIppPrinter(Path(chosen.port), cards, pace=chosen.pace)
    match chosen.driver:
        case "none":
            return None
        case "evolis" | "simulated":
            from drivers.printer.evolis.printer import EvolisPrinter

            return lambda: EvolisPrinter(chosen.port)
        case "ipp" | "simulated-ipp":
            from drivers.printer.ipp.printer import IppPrinter

            return lambda: IppPrinter(chosen.queue, local=chosen.port)


def _panel(settings: Settings, world: World) -> Callable[[], Panel] | None:
    chosen = settings.panel
    match chosen.driver:
        case "none":
            return None
        case "simulated":
            from drivers.panel.simulated import SimulatedPanel, Wiring

            wiring = world.wiring = Wiring()
            return lambda: SimulatedPanel(wiring)
        case "gpiozero":
            from drivers.panel.raspberry import RaspberryPanel
            from drivers.panel.wired import Pins

            pins = Pins(**chosen.model_dump(exclude={"driver"}))
            return lambda: RaspberryPanel(pins)
