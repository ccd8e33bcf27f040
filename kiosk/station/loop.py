"""The frame loop: input, inbox and time make events; events make the next session and effects; the session is drawn.

Runs on the main thread and never waits for anything but the next frame.
"""

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Protocol

import pygame

from drivers.camera import Frame
from kiosk.journey.events import DeviceBack, DeviceLost, Event, Tick
from kiosk.journey.machine import advance
from kiosk.journey.session import Session
from kiosk.journey.steps import CALLING, Device, Step
from kiosk.journey.table import TABLE
from kiosk.record.telemetry import Occasion
from kiosk.screens.canvas import Canvas
from kiosk.screens.drawing import draw
from kiosk.screens.views import Target, View
from kiosk.station.channels import Inbox
from kiosk.station.crew import Crew
from kiosk.station.reporter import TROUBLES, Chronicle
from kiosk.station.tally import BETWEEN_VISITS, Tally
from kiosk.station.touch import Pointer
from kiosk.station.window import Window

log = logging.getLogger(__name__)

FEED = 2.0
"""Seconds between two messages to the watchdog, while frames are drawn."""
REDRAW = 1.0
"""Seconds after which a frame is drawn even when nothing changed: an undrawn screen may be a dead one."""
LIVE = frozenset({Step.PHOTO, Step.HANDS_PHOTO, Step.EYES})
"""Steps that show what a camera sees."""
MOTION = 0.7
"""Seconds that one of the two or three pictures of a slow motion stands."""


class Keeper(Protocol):
    """Whoever watches that the process is alive: systemd on a station."""

    def ready(self) -> None:
        """The first frame is on the glass."""
        ...

    def alive(self) -> None:
        """Frames are drawn, and no thread is stuck."""
        ...


class Guest(Protocol):
    """Somebody who looks at the screen and acts on it: the robot of the demo and the tests."""

    def look(self, session: Session, targets: Sequence[Target], window: Window) -> None:
        """Called after each frame."""
        ...


def calls_an_officer(before: Session, after: Session) -> bool:
    """Whether a step that was left for another is a call for an officer, to be found again. Between visits that shows
    only afterwards: an officer who comes to the desk goes that way too."""
    if before.step is Step.HELP and before.resume in BETWEEN_VISITS:
        return after.step is not Step.OFFICER_PIN
    return after.step in CALLING and not (after.step is Step.HELP and after.resume in BETWEEN_VISITS)


Present = Callable[[Session, float, Frame | None, object, int], View]


@dataclass
class Timing:
    """How long the main thread worked on each frame, in seconds, and at which step."""

    frames: list[tuple[Step, float]] | None = None

    def note(self, step: Step, seconds: float) -> None:
        """Keep one frame's time, where anybody wants to know."""
        if self.frames is not None:
            self.frames.append((step, seconds))


class Loop:
    """One station's main thread."""

    def __init__(
        self,
        window: Window,
        canvas: Canvas,
        present: Present,
        crew: Crew,
        inbox: Inbox,
        tally: Tally,
        chronicle: Chronicle,
        keeper: Keeper,
        *,
        rotate: int = 0,
        frames_a_second: int = 30,
        nobody: Session | None = None,
        guest: Guest | None = None,
        timing: Timing | None = None,
    ) -> None:
        # Nothing is here until its worker says so.
        self.session = (nobody or Session()).but(missing=frozenset(Device))
        self._window, self._canvas, self._present = window, canvas, present
        self._crew, self._inbox, self._tally, self._chronicle, self._keeper = crew, inbox, tally, chronicle, keeper
        self._pointer = Pointer(window.size, rotate, dpi=canvas.theme.dpi)
        self._frames_a_second = frames_a_second
        self._guest, self._timing = guest, timing or Timing()
        self._targets: tuple[Target, ...] = ()
        self._shown: object = None
        self._drawn_at = self._fed_at = 0.0
        self._ready = False

    def run(self, until: Callable[[], bool]) -> None:
        """Draw frames until told to stop, the window is closed, or a thread is broken."""
        clock = pygame.time.Clock()
        while not until() and not self._crew.broken:
            if self.frame() is False:
                return
            clock.tick(self._frames_a_second)

    def frame(self) -> bool:
        """One frame; False when the window was closed."""
        begun = time.monotonic()
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                return False
            meant = self._pointer.take(event, self._targets, now=begun)
            if meant is not None:
                self._happen(meant)
        for told in self._inbox.taken():
            self._happen(told)
        self._happen(Tick(begun, date.today()))  # noqa: DTZ011 the office's own calendar day
        self._draw(begun)
        self._watch(begun)
        self._timing.note(self.session.step, time.monotonic() - begun)
        if self._guest is not None:
            self._guest.look(self.session, self._targets, self._window)
        return True

    def _happen(self, event: Event) -> None:
        before = self.session
        self.session, effects = advance(TABLE, before, event)
        if self.session.step is not before.step:
            self._passed(before)
        self._crew.perform(effects)
        match event:
            case DeviceLost():
                trouble = next((w.trouble for w in self._crew.workers if w.device is event.device), None)
                self._chronicle.occur(
                    Occasion.DEVICE_LOST, event.device, None if trouble is None else TROUBLES.get(trouble)
                )
            case DeviceBack():
                self._chronicle.occur(Occasion.DEVICE_BACK, event.device)
            case _:
                pass
        if not self.session.strokes:
            self._pointer.wipe()

    def _passed(self, before: Session) -> None:
        log.info("%s -> %s", before.step.value, self.session.step.value)
        self._pointer.let_go()
        self._tally.passed(before, self.session)
        self._crew.passed(before, self.session)
        if calls_an_officer(before, self.session):
            self._chronicle.occur(Occasion.HELP_CALLED)

    def _draw(self, now: float) -> None:
        session = self.session
        preview = self._crew.preview.get() if session.step in LIVE else None
        pressed = None if self._pointer.pressed is None else self._pointer.pressed.event
        phase = int(now / MOTION)
        seen = (_still(session), None if preview is None else preview.taken, pressed, phase)
        if seen == self._shown and now - self._drawn_at < REDRAW:
            return
        view = self._present(session, now, preview, pressed, phase)
        self._targets = draw(self._canvas, view)
        self._window.show()
        self._shown, self._drawn_at = seen, now

    def _watch(self, now: float) -> None:
        if not self._ready:
            self._ready = True
            self._keeper.ready()
            log.info("first frame %.0f ms after the process began", 1000 * _age_of_process())
        if now - self._fed_at >= FEED:
            stuck = self._crew.stuck()
            if stuck:
                log.error("past their deadline: %s", ", ".join(stuck))
            else:
                self._keeper.alive()
            self._fed_at = now


def _still(session: Session) -> Session:
    """The session without what changes from one frame to the next and is not seen."""
    tenths = round(session.now, 1) if session.good_since is not None else 0.0
    seconds = float(int(session.now)) if session.time_is_short else 0.0
    return replace(session, now=max(tenths, seconds))


def _age_of_process() -> float:
    """Seconds since the kernel started this process (proc(5): field 22 of stat, in clock ticks since boot)."""
    started = int(Path("/proc/self/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")
