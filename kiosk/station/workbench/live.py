"""The live bench: the station's own device, its judge, and a window with what both see. Runs beside nothing else."""

import logging
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final, Protocol, TextIO

import pygame

from kiosk.capture.backdrop import Backdrop
from kiosk.journey.events import Back, CancelAsked, DeviceBack, DeviceLost, Event, Next
from kiosk.journey.steps import Device
from kiosk.screens.canvas import Canvas
from kiosk.screens.measures import draw_measures
from kiosk.screens.theme import BOLD_CONTRAST, DAY, Theme
from kiosk.screens.views import Target
from kiosk.station.channels import Inbox
from kiosk.station.crew.devices import Devices, World, choose
from kiosk.station.machine import Process
from kiosk.station.running import BAD_CONFIGURATION, BUG, CANNOT_START, LOCALES
from kiosk.station.settings import BadSettings, Settings, load
from kiosk.station.text import BadCatalogue, Text, Words
from kiosk.station.touch import Pointer
from kiosk.station.window import NoDisplay, Window
from kiosk.station.workbench.reading import Kind
from kiosk.station.workbench.showing import HOW_TO_FREE, Measurement, Turn, show
from kiosk.station.workbench.table import Table
from kiosk.station.workbench.watching import (
    Bench,
    Coming,
    FingerLies,
    Kept,
    Measured,
    Pressing,
    Watching,
    eyes,
    faces,
)

log = logging.getLogger(__name__)

TITLE: Final = "Rekam"
PATIENCE: Final = 30.0
"""Seconds for which a script (``frames``) waits for a device that is not there."""
DEVICE_OF: Final = {Kind.FACE: Device.CAMERA, Kind.FINGER: Device.FINGERPRINT, Kind.EYES: Device.EYE_CAMERA}
LEAD: Final = ("frame", "seconds", "width", "height", "ppi")
"""Columns of the table before the measures: which frame, and when, counted from the first."""


class Guest(Protocol):
    """Somebody who stands before the devices and the screen: a test, or whoever lends simulated fingers."""

    def look(self, state: Measurement, targets: Sequence[Target], window: Window) -> None:
        """Called after each frame."""
        ...


Invite = Callable[[World], Guest | None]


@dataclass(frozen=True, slots=True)
class Errand:
    """What the technician wants: where judged pictures may be kept, how many to judge, what cloth should hang."""

    kind: Kind
    backdrop: Backdrop | None = None
    keep: Path | None = None
    table: Path | None = None
    frames: int | None = None


class CannotMeasure(Exception):
    """The bench cannot begin or go on; the sentence says what to do."""


class Loop:
    """The main thread of the bench: touch and news make the state, the state is drawn."""

    def __init__(
        self,
        window: Window,
        canvas: Canvas,
        say: Words,
        bench: Bench,
        inbox: Inbox,
        errand: Errand,
        table: Table | None,
        *,
        rotate: int = 0,
        guest: Guest | None = None,
    ) -> None:
        self.state = Measurement(errand.kind, bench.device, kept=None if errand.keep is None else 0)
        self.over = False
        self._window, self._canvas, self._say, self._bench, self._inbox = window, canvas, say, bench, inbox
        self._errand, self._table, self._guest = errand, table, guest
        self._pointer = Pointer(window.size, rotate, dpi=canvas.theme.dpi)
        self._targets: tuple[Target, ...] = ()
        self._shown: tuple[Measurement, object] | None = None
        self._judged = 0
        self._numbers = count(1 if errand.keep is None else _first_free(errand.keep, errand.kind))
        self._first = 0.0
        self._away_since = time.monotonic()

    def run(self, until: Callable[[], bool], *, frames_a_second: int) -> None:
        """Go on until told to stop, the window is closed, or enough is judged. Raises CannotMeasure."""
        clock = pygame.time.Clock()
        while not (self.over or until() or self._bench.broken):
            self.frame()
            clock.tick(frames_a_second)

    def frame(self) -> None:
        """One frame."""
        now = time.monotonic()
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                self.over = True
            meant = self._pointer.take(event, self._targets, now=now)
            if meant is not None:
                self._happen(meant, now)
        for told in self._inbox.taken():
            if not self.over:
                self._happen(told, now)
        if self._errand.frames is not None and not self.state.here and now - self._away_since > PATIENCE:
            raise CannotMeasure(
                f"The device did not answer for {PATIENCE:g} s. Look at its cable; if the station is running, "
                f"stop it first: {HOW_TO_FREE}"
            )
        self._draw()
        if self._guest is not None:
            self._guest.look(self.state, self._targets, self._window)

    def _happen(self, event: Event, now: float) -> None:
        state = self.state
        match event:
            case Back() | CancelAsked():
                self.over = True
            case Turn():
                self.state = replace(state, leaf=state.leaf + 1)
            case Next() if self._errand.keep is not None and state.here and state.last is not None:
                name = f"{self._errand.kind.value}-{next(self._numbers):04d}.png"  # says nothing of anybody
                self._bench.keep(state.last, self._errand.keep / name)
            case Kept(done):
                self.state = replace(state, kept=(state.kept or 0) + done, unkept=not done)
            case Measured():
                self._measured(event)
            case Coming(share):
                self.state = replace(state, share=share if share < 1 else None)
            case FingerLies(still):
                self.state = replace(state, lies=still)
            case DeviceBack():
                self.state = replace(state, here=True, last=None, share=None, lies=False)
                self._bench.begin()
            case DeviceLost():
                # What was seen before must not be taken for what is there now.
                self._bench.pause()
                self._away_since = now
                self.state = replace(state, here=False, last=None, share=None, lies=False)
            case _:
                pass

    def _measured(self, measured: Measured) -> None:
        if not self.state.here:
            return  # it was under way when the device went
        self.state = replace(self.state, last=measured, share=None)
        self._first = self._first or measured.taken
        self._judged += 1
        if self._table is not None:
            height, width = measured.pixels.shape[:2]
            seconds = f"{measured.taken - self._first:.3f}"
            row = {"frame": self._judged, "seconds": seconds, "width": width, "height": height, "ppi": measured.ppi}
            self._table.judged(row, measured.reading)
        self.over = self._judged == self._errand.frames

    def _draw(self) -> None:
        pressed = None if self._pointer.pressed is None else self._pointer.pressed.event
        if self._shown is not None and self._shown[0] is self.state and self._shown[1] == pressed:
            return
        self._targets = draw_measures(self._canvas, show(self.state, self._say, pressed))
        self._window.show()
        self._shown = (self.state, pressed)


def _first_free(folder: Path, kind: Kind) -> int:
    """The number after the last that a picture of this kind has."""
    ends = (file.stem.rpartition("-")[2] for file in folder.glob(f"{kind.value}-*.png"))
    return 1 + max((int(end) for end in ends if end.isascii() and end.isdigit()), default=0)


def measure(settings: Settings, errand: Errand, *, invite: Invite = lambda world: None) -> int:
    """Run the bench with the device that ``settings`` name; the exit status. Raises NoDisplay and CannotMeasure."""
    stop = False

    def end(*_: object) -> None:
        nonlocal stop
        stop = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with ExitStack() as after:
        table = None
        if errand.table is not None:
            table = Table(after.enter_context(_writable(errand.table)), errand.kind, LEAD)
        if errand.keep is not None:
            _make(errand.keep)
        say = Text.load(LOCALES, settings.station.languages).into(settings.station.languages[0])
        screen = settings.screen
        window = Window(screen, title=TITLE)
        after.callback(window.close)
        own = Path(after.enter_context(tempfile.TemporaryDirectory(prefix="kiosk-measure-")))
        devices = choose(_for_the_bench(settings, own))
        after.callback(devices.world.close)
        inbox = Inbox()
        bench = _bench(errand, devices, inbox)
        guest = invite(devices.world)
        palette = BOLD_CONTRAST if screen.high_contrast else DAY
        canvas = Canvas(Theme(*window.size, window.dpi(screen.diagonal), palette), window.picture)
        loop = Loop(window, canvas, say, bench, inbox, errand, table, rotate=screen.rotate, guest=guest)
        bench.start()
        after.callback(bench.close)
        loop.run(lambda: stop, frames_a_second=screen.frames_a_second)
        return BUG if bench.broken else 0


def _for_the_bench(settings: Settings, own: Path) -> Settings:
    """The same station without its printer; a simulated reader gets a port of its own, beside any that runs."""
    reader = settings.fingerprint
    if reader.driver.startswith("simulated"):
        reader = reader.model_copy(update={"port": str(own / "reader")})
    printer = settings.printer.model_copy(update={"driver": "none"})
    return settings.model_copy(update={"fingerprint": reader, "printer": printer})


def _bench(errand: Errand, devices: Devices, inbox: Inbox) -> Bench:
    device, tell = DEVICE_OF[errand.kind], inbox.put
    match errand.kind:
        case Kind.FACE:
            return Watching(device, devices.camera, faces(tell, errand.backdrop), tell, panel=devices.panel)
        case Kind.EYES:
            assert devices.iris is not None  # noqa: S101 refused before, by the settings
            return Watching(device, devices.iris, eyes(tell), tell)
        case Kind.FINGER:
            return Pressing(devices.reader, tell, time.monotonic)


def _writable(file: Path) -> TextIO:
    try:
        return file.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise CannotMeasure(f"{file} cannot be written: {error.strerror}. Name another file.") from None


def _make(folder: Path) -> None:
    """The folder for pictures of people: nobody else's to read where it is made here."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotMeasure(f"Pictures cannot be kept in {folder}: {error.strerror}. Name another folder.") from None


def measure_from(config: Path, errand: Errand, *, invite: Invite = lambda world: None) -> int:
    """Run the bench of the station that ``config`` describes; say plainly why where it cannot; the exit status."""
    try:
        settings = load(config, here=[Process.KIOSK])
        if errand.kind is Kind.EYES and settings.iris.driver == "none":
            raise BadSettings([f'{config}: iris.driver: is "none": this station has no camera for the eyes'])
        if _station_runs():
            raise CannotMeasure(f"The station is running and has the device. Stop it first: {HOW_TO_FREE}")
        return measure(settings, errand, invite=invite)
    except BadSettings as error:
        sys.stderr.write(f"{error}\n")
        return BAD_CONFIGURATION
    except (CannotMeasure, NoDisplay, BadCatalogue) as error:
        sys.stderr.write(f"kiosk measure: {error}\n")
        return CANNOT_START


def _station_runs() -> bool:
    """Whether systemd runs the kiosk here; where there is no systemd, nothing does."""
    systemctl = shutil.which("systemctl")
    if systemctl is None:
        return False
    asked = subprocess.run(  # noqa: S603 nothing of it comes from outside
        [systemctl, "is-active", "--quiet", "kiosk.service"], capture_output=True, check=False
    )
    return asked.returncode == 0
