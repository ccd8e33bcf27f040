"""One station from its settings to its end: everything is constructed here, once, and passed down."""

import logging
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.common import Device
from kiosk.journey.session import Session
from kiosk.notify import Notifier
from kiosk.record import freeze
from kiosk.record.biometrics import Making
from kiosk.record.card_face import Typeface
from kiosk.record.clock import Clock, machine_clock
from kiosk.record.database import DatabaseDamaged
from kiosk.record.exchange import Exchange
from kiosk.record.keys import NotProvisioned, StationKeys, keys_directory
from kiosk.record.outbox.room import Retention
from kiosk.screens.canvas import Canvas
from kiosk.screens.theme import BOLD_CONTRAST, DAY, Theme
from kiosk.station.channels import Inbox
from kiosk.station.crew import Crew
from kiosk.station.crew.books import Books, open_books
from kiosk.station.crew.courier import Sticks
from kiosk.station.crew.devices import World, choose
from kiosk.station.loop import Guest, Loop, Present, Timing
from kiosk.station.machine import Process
from kiosk.station.presenting import StationFacts, present
from kiosk.station.reporter import Chronicle, Reporter
from kiosk.station.robot import Album, Errands, Helper, Robot
from kiosk.station.settings import BadSettings, Settings, load
from kiosk.station.tally import Tally
from kiosk.station.text import BadCatalogue, Text
from kiosk.station.window import NoDisplay, Window
from kiosk.station.worker import report

log = logging.getLogger(__name__)

LOCALES = Path(__file__).parents[2] / "config" / "locales"
FONTS = Path(__file__).parents[1] / "screens" / "fonts"
TITLE = "Rekam"
BUG, CANNOT_START, BAD_CONFIGURATION = 70, 69, 78
"""Exit statuses of sysexits.h: EX_SOFTWARE (the service manager starts the process anew), EX_UNAVAILABLE, EX_CONFIG."""

Invite = Callable[[World], Guest | None]
"""Makes the guest, if any, once the simulated world exists."""


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who looks on: a robot and its album, a benchmark."""

    invite: Invite = lambda world: None
    over: Callable[[Guest | None], bool] = lambda guest: False
    timing: Timing | None = None


def run(settings: Settings, *, software: str, notifier: Notifier, watchers: Watchers = Watchers()) -> int:
    """Run the station until it is told to stop; the exit status.

    Raises NoDisplay, NotProvisioned and DatabaseDamaged, whose sentences say what to do.
    """
    exchange = Exchange(settings.state)
    exchange.create()
    keys = StationKeys.load(keys_directory(settings.state))
    clock = machine_clock(kept_elsewhere=settings.policy.clock_is_kept)
    stop = _stop_on_signals()
    window = Window(settings.screen, title=TITLE)
    try:
        tally = Tally.going_on(exchange.health)
        chronicle = Chronicle(tally)
        inbox = Inbox()
        crew = Crew(
            choose(settings),
            lambda: _books(exchange, settings, software, clock),
            inbox,
            chronicle.occur,
            software=software,
            typeface=Typeface(
                FONTS / "AtkinsonHyperlegibleNext-Medium.ttf", FONTS / "AtkinsonHyperlegibleNext-Bold.ttf"
            ),
            sticks=Sticks(exchange, keys, Path(settings.stick.place), folder=settings.stick.folder),
            making=_making(settings),
            nfiq2=None if settings.capture.nfiq2 is None else Path(settings.capture.nfiq2),
        )
        guest = watchers.invite(crew.world)
        loop = Loop(
            window,
            _canvas(window, settings),
            _presenter(settings),
            crew,
            inbox,
            tally,
            chronicle,
            notifier,
            rotate=settings.screen.rotate,
            frames_a_second=settings.screen.frames_a_second,
            nobody=_nobody(settings),
            guest=guest,
            timing=watchers.timing,
        )
        reporter = Reporter(
            exchange,
            crew,
            chronicle,
            tally,
            lambda: loop.session.step,
            software=software,
            key_ids=(keys.signing.public.id.hex(),),
            disk_floor=_disk_floor(settings),
            clock=clock,
        )
        crew.start()
        reporter.start()
        bug = False
        try:
            loop.run(lambda: stop.is_set() or reporter.broken or watchers.over(guest))
        except Exception as error:
            report(error, "loop")
            bug = True
        finally:
            notifier.stopping()
            crew.close()
            reporter.close()
        return BUG if bug or crew.broken or reporter.broken else 0
    finally:
        window.close()


def _making(settings: Settings) -> Making:
    chosen = settings.capture
    return Making(
        Codec(chosen.finger_images),
        camera=Device(*chosen.camera_id),
        reader=Device(*chosen.reader_id),
        eye_camera=Device(*chosen.eye_camera_id),
    )


def _nobody(settings: Settings) -> Session:
    """The station before anybody comes: what the journey must know of its settings."""
    capture = settings.capture
    return Session(
        recording_age=settings.policy.recording_age,
        takes_eyes=settings.iris.driver != "none",
        backdrops=(capture.backdrop_odd, capture.backdrop_even, capture.backdrop_foreigner),
    )


def run_from(
    file: Path,
    *,
    software: str,
    environment: Mapping[str, str],
    pictures: Path | None,
    errands: Path | None,
    pause: float,
    hands: int | None,
    frames: Path | None,
) -> int:
    """Run the station that ``file`` describes, and say plainly what is wrong where it cannot; the exit status."""
    timing = Timing([] if frames is not None else None)
    try:
        settings = load(file, here=[Process.KIOSK])
        if (pictures, errands, hands) != (None, None, None) and not _all_simulated(settings):
            sys.stderr.write(
                f"kiosk: --errands, --pictures and --hands are for simulated devices; {file} names real ones\n"
            )
            return BAD_CONFIGURATION
        plan = None if errands is None else Errands(errands)

        def invite(world: World) -> Guest | None:
            album = None if pictures is None else Album(pictures)
            if plan is not None:
                return Robot(plan, world, pause=pause, album=album)
            return None if album is None and hands is None else Helper(world, person=hands, album=album)

        return run(
            settings,
            software=software,
            notifier=Notifier(environment),
            watchers=Watchers(invite, lambda guest: isinstance(guest, Robot) and guest.done, timing),
        )
    except BadSettings as error:
        sys.stderr.write(f"{error}\n")
        return BAD_CONFIGURATION
    except (NoDisplay, NotProvisioned, DatabaseDamaged, BadCatalogue) as error:
        sys.stderr.write(f"kiosk: {error}\n")
        return CANNOT_START
    finally:
        if frames is not None and timing.frames:
            rows = (f"{step.value},{seconds * 1000:.3f}\n" for step, seconds in timing.frames)
            frames.write_text("".join(rows), encoding="ascii")


def _all_simulated(settings: Settings) -> bool:
    """Whether nobody real can stand before this station: then pictures of its screens harm nobody."""
    devices = (settings.camera, settings.iris, settings.fingerprint, settings.printer, settings.panel)
    return all(device.driver == "none" or device.driver.startswith("simulated") for device in devices)


def _books(exchange: Exchange, settings: Settings, software: str, clock: Clock) -> Books:
    policy = settings.policy
    return open_books(
        exchange,
        tries=policy.birth_date_tries,
        lock_seconds=round(policy.lock_minutes * 60),
        floor=_disk_floor(settings),
        retention=Retention(policy.keep_delivered_days, policy.tombstone_days),
        rules=freeze.Rules(
            online_seconds=policy.online_minutes * 60 if policy.online_only else None,
            oldest_days=policy.freeze_oldest_days,
            contact_days=policy.freeze_contact_days,
        ),
        software=software,
        go_on_seconds=round(policy.go_on_minutes * 60),
        clock=clock,
    )


def _disk_floor(settings: Settings) -> int:
    return settings.policy.disk_floor_mb * 1_000_000


def _canvas(window: Window, settings: Settings) -> Canvas:
    screen = settings.screen
    width, height = window.size
    palette = BOLD_CONTRAST if screen.high_contrast else DAY
    return Canvas(Theme(width, height, window.dpi(screen.diagonal), palette), window.picture)


def _presenter(settings: Settings) -> Present:
    text = Text.load(LOCALES, settings.station.languages)
    facts = StationFacts(
        office=settings.station.office,
        next_office=settings.station.next_office,
        languages=settings.station.languages,
        prints_cards=settings.printer.driver != "none",
        reduced_motion=settings.screen.reduced_motion,
    )
    return lambda session, now, frame, pressed, phase: present(
        session,
        text=text,
        station=facts,
        now=now,
        frame=None if frame is None else frame.pixels,
        pressed=pressed,
        phase=phase,
    )


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def log_to_stderr() -> None:
    """Log event kinds and figures to the journal; values that could be personal are never passed to a logger."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
