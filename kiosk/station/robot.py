"""A robot resident, and officer, for the demo and the tests: it looks, touches, and lays fingers on the reader.

It goes the way a person goes: through input events and devices, never past them.
"""

import json
import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pygame

from drivers.camera.scene import Cloth, Pose
from drivers.fingerprint.synthetic.skin import INTACT, Skin
from drivers.fingerprint.synthetic.synthesis import Master, impression, master
from kiosk.journey.events import (
    Back,
    Begin,
    Digit,
    Event,
    HelpAsked,
    LanguageChosen,
    Next,
    OfficerAsked,
    PurposeChosen,
)
from kiosk.journey.fingers import Finger
from kiosk.journey.session import Session
from kiosk.journey.steps import Purpose, Step
from kiosk.screens.views import Target
from kiosk.station.crew.devices import World
from kiosk.station.window import Window

log = logging.getLogger(__name__)

FINGER_STEPS = frozenset({Step.FINGERS, Step.RECHECK, Step.COLLECT_FINGER, Step.GO_ON_FINGER})
NEXT_STEPS = frozenset(
    {
        Step.IS_THIS_YOU,
        Step.CONSENT,
        Step.BEGUN_BEFORE,
        Step.PHOTO_REVIEW,
        Step.REVIEW,
        Step.SIGN_OFF,
        Step.RECEIPT,
        Step.CARD_READY,
        Step.NO_CARD_YET,
        Step.NOT_ELIGIBLE,
        Step.REFUSED,
        Step.CARD_FAILED,
        Step.OFFICER_DESK,
        Step.STICK_FILLED,
    }
)
Spot = tuple[float, float]
"""A place in the signing field, as shares of its width and height."""
SIGNATURE: Sequence[Spot] = [(0.12 + 0.76 * t / 40, 0.5 + 0.32 * np.sin(t / 2.1) * (1 - t / 60)) for t in range(41)]
"""A written name, more or less: shares of the signing field."""
UNREAD = 3.0
"""Seconds after which a finger that the reader takes no notice of is lifted, and laid anew."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What one person comes for; without a ``purpose`` an officer, to fill a stick. ``person`` seeds their fingers."""

    purpose: Purpose | None
    person: int
    language: str = "id"
    nik: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    officer_pin: str = field(default="", repr=False)


class Errands:
    """A folder into which errands are put, one JSON file each, taken in order of their names; ``end`` is the last."""

    LOOK = 0.5
    END = "end"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._taken: set[str] = set()
        self._looked_at = 0.0

    def put(self, name: str, errand: Errand) -> None:
        """Ask the robot for one more errand."""
        row = asdict(errand) | {"purpose": errand.purpose and errand.purpose.value}
        partial = self._folder / f".{name}"
        partial.write_text(json.dumps(row), encoding="utf-8")
        partial.rename(self._folder / f"{name}.json")

    def put_end(self) -> None:
        """Tell the robot that nothing more will come."""
        (self._folder / self.END).touch()

    def next(self, now: float) -> Errand | None:
        """The next errand, when there is one; looks twice a second at the most."""
        if now - self._looked_at < self.LOOK:
            return None
        self._looked_at = now
        for file in sorted(self._folder.glob("*.json")):
            if file.name not in self._taken:
                self._taken.add(file.name)
                row = json.loads(file.read_text(encoding="utf-8"))
                return Errand(**(row | {"purpose": row["purpose"] and Purpose(row["purpose"])}))
        return None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return (self._folder / self.END).exists()


class Fingertips:
    """The ten fingers of a person, grown in the background, since each takes a moment."""

    def __init__(self, person: int, fingers: Sequence[Finger], skin: Skin = INTACT) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fingertips")
        self._masters: dict[Finger, Future[Master]] = {
            finger: self._pool.submit(master, person, int(finger), skin) for finger in fingers
        }

    def laid(self, finger: Finger, *, time_round: int, size: tuple[int, int]) -> npt.NDArray[np.uint8] | None:
        """One impression, ``size`` (height, width); None while the finger is still growing."""
        grown = self._masters[finger]
        return impression(grown.result(), seed=time_round, size=size) if grown.done() else None

    def close(self) -> None:
        """Stop growing."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Hands:
    """Lays the asked finger on the simulated reader, and lifts it when it has been read.

    ``skin``: what the person's fingers are like. ``mistaken``: which finger is given, the first times, in the place of
    another; each entry counts once.
    """

    def __init__(
        self, world: World, *, pause: float, skin: Skin = INTACT, mistaken: Sequence[tuple[Finger, Finger]] = ()
    ) -> None:
        self._world, self._pause, self._skin, self._mistaken = world, pause, skin, list(mistaken)
        self._person: tuple[int, Fingertips] | None = None
        self._asked: object = None
        self._since = self._laid_at = 0.0
        self._laid = 0
        self._down = False

    def follow(self, session: Session, person: int, now: float) -> None:
        """See what is asked, and do it after a moment."""
        reader = self._world.reader
        if reader is None:
            return
        asked = (session.step, session.asked_finger, session.attempts, session.repeats, session.visit)
        wanted = session.step in FINGER_STEPS and session.asked_finger is not None
        unread = self._down and session.progress is None and now - self._laid_at >= UNREAD
        if asked != self._asked or not wanted or unread:
            if self._down:
                reader.lift()
                self._down = False
            if asked != self._asked or unread:
                self._asked, self._since = asked, now
            if not wanted:
                return
        pause = max(self._pause, reader.off_the_glass)
        if self._down or now - self._since < pause or session.asked_finger is None:
            return
        wrong = next((each for each in self._mistaken if each[0] is session.asked_finger), None)
        given = session.asked_finger if wrong is None else wrong[1]
        image = self._fingertips(person).laid(given, time_round=self._laid, size=reader.size)
        if image is not None:
            if wrong is not None:
                self._mistaken.remove(wrong)
            self._laid += 1
            self._down, self._laid_at = True, now
            reader.place(image)

    def grow(self, person: int) -> None:
        """Begin with this person's fingers before they are asked for."""
        self._fingertips(person)

    def _fingertips(self, person: int) -> Fingertips:
        if self._person is None or self._person[0] != person:
            if self._person is not None:
                self._person[1].close()
            self._person = (person, Fingertips(person, [*Finger], self._skin))
        return self._person[1]


def hang_the_cloth(session: Session, world: World) -> None:
    """The officer has hung the cloth that the birth year asks for; the person still stands back."""
    if world.booth is not None and session.biodata is not None:
        world.booth.hang(Cloth.RED if session.biodata.birth_date.year % 2 else Cloth.BLUE)
        world.booth.person(Pose.FAR)


def step_into_the_booth(world: World, *, over: float) -> None:
    """Walk up to the camera in ``over`` seconds."""
    if world.booth is not None:
        world.booth.person(Pose.GOOD, over=over)


class Helper:
    """For a person at the demo's window: lends the simulated hands of ``person``, since there is no reader to touch."""

    def __init__(self, world: World, *, person: int | None, album: "Album | None" = None) -> None:
        self._world, self._person, self._step, self._album = world, person, Step.OUT_OF_SERVICE, album
        self._hands = Hands(world, pause=1.2)
        if person is not None:
            self._hands.grow(person)

    def look(self, session: Session, targets: Sequence[Target], window: Window) -> None:
        """Come before the camera, and lay the finger that the screen asks for."""
        now = time.monotonic()
        if self._album is not None:
            self._album.look(session, window, now)
        if self._person is None:
            return
        if session.step is Step.CONSENT and self._step is not Step.CONSENT:
            hang_the_cloth(session, self._world)
        if session.step is Step.PHOTO and self._step is not Step.PHOTO:
            step_into_the_booth(self._world, over=3.0)
        self._step = session.step
        self._hands.follow(session, self._person, now)


class Robot:
    """Runs errands one after another; ``done`` when the last is over and the attract screen is back."""

    def __init__(self, errands: Errands, world: World, *, pause: float, album: "Album | None" = None) -> None:
        self.done = False
        self._errands = errands
        self._errand: Errand | None = None
        self._world, self._pause, self._album = world, pause, album
        self._hands = Hands(world, pause=pause)
        self._acted_at = 0.0
        self._step: Step | None = None
        self._signed = False
        self._under_way = False

    def look(self, session: Session, targets: Sequence[Target], window: Window) -> None:
        """Called after each frame: do the next thing, when it is time."""
        now = time.monotonic()
        if self._album is not None:
            self._album.look(session, window, now)
        if session.step is not self._step:
            self._step, self._acted_at, self._signed = session.step, now, False
            self._arrived(session)
        if self._errand is None:
            self._errand = self._errands.next(now)
            if self._errand is None:
                self.done = self._errands.ended and session.step is Step.ATTRACT
                return
            if self._errand.purpose is not None:
                self._hands.grow(self._errand.person)
        self._hands.follow(session, self._errand.person, now)
        if now - self._acted_at >= self._pause_at(session.step) and not session.busy:
            self._acted_at = now
            self._act(session, self._errand, targets, window)

    def _pause_at(self, step: Step) -> float:
        # Keys are pressed faster than screens are read.
        return self._pause / 4 if step in (Step.NIK, Step.BIRTH_DATE, Step.OFFICER_CONFIRMS) else self._pause

    def _arrived(self, session: Session) -> None:
        if session.step is Step.ATTRACT and self._under_way:
            self._errand = None
            self._under_way = False
        if session.step is Step.CONSENT:
            hang_the_cloth(session, self._world)
        if session.step is Step.PHOTO:
            step_into_the_booth(self._world, over=4 * self._pause)

    def _act(self, session: Session, errand: Errand, targets: Sequence[Target], window: Window) -> None:
        match session.step:
            case Step.ATTRACT:
                self._under_way = touch(Begin() if errand.purpose else HelpAsked(), targets, window)
            case Step.HELP if errand.purpose is None:
                touch(OfficerAsked(), targets, window)
            case Step.LANGUAGE:
                touch(LanguageChosen(errand.language), targets, window)
            case Step.PURPOSE if errand.purpose is not None:
                touch(PurposeChosen(errand.purpose), targets, window)
            case Step.NIK:
                self._type(errand.nik, session, targets, window)
            case Step.BIRTH_DATE:
                self._type(errand.birth_date, session, targets, window)
            case Step.OFFICER_CONFIRMS | Step.COLLECT_OFFICER | Step.GO_ON_OFFICER | Step.OFFICER_PIN:
                self._type(errand.officer_pin, session, targets, window)
            case Step.SIGNATURE if not self._signed:
                self._signed = sign(targets, window)
            case Step.SIGNATURE:
                touch(Next(), targets, window)
            case Step.STICK_REFUSED:
                touch(Back(), targets, window)
            case step if step in NEXT_STEPS:
                touch(Next(), targets, window)

    def _type(self, digits: str, session: Session, targets: Sequence[Target], window: Window) -> None:
        typed = len(session.typed)
        touch(Next() if typed >= len(digits) else Digit(digits[typed]), targets, window)


class Album:
    """Keeps a picture of every screen that is shown, named in order; the picture is taken when it has settled."""

    SETTLED = 0.25

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.pictures: list[Path] = []
        self._folder = folder
        self._seen: object = None
        self._since = 0.0
        self._taken = True

    def look(self, session: Session, window: Window, now: float) -> None:
        """Take a picture where a new screen has stood for a moment."""
        shown = (session.step, session.asked_finger if session.step in FINGER_STEPS else None, session.refusal)
        if shown != self._seen:
            self._seen, self._since, self._taken = shown, now, False
        if not self._taken and now - self._since >= self.SETTLED:
            self._taken = True
            finger = f"-{session.asked_finger:02d}" if session.step in FINGER_STEPS and session.asked_finger else ""
            path = self._folder / f"{len(self.pictures) + 1:02d}-{session.step.value}{finger}.png"
            window.save(path)
            self.pictures.append(path)


def touch(event: Event, targets: Sequence[Target], window: Window) -> bool:
    """Put a finger on the target that means ``event``, and lift it; False when the screen has none."""
    target = next((target for target in targets if target.event == event), None)
    if target is None:
        return False
    _finger(pygame.FINGERDOWN, target.rect.center, window)
    _finger(pygame.FINGERUP, target.rect.center, window)
    return True


def sign(targets: Sequence[Target], window: Window, strokes: Sequence[Sequence[Spot]] = (SIGNATURE,)) -> bool:
    """Write a name, or other ``strokes``, into the signing field."""
    field_ = next((target for target in targets if target.kind == "ink"), None)
    if field_ is None:
        return False
    rect = field_.rect
    for stroke in strokes:
        points = [(round(rect.left + x * rect.width), round(rect.top + y * rect.height)) for x, y in stroke]
        _finger(pygame.FINGERDOWN, points[0], window)
        for point in points[1:]:
            _finger(pygame.FINGERMOTION, point, window)
        _finger(pygame.FINGERUP, points[-1], window)
    return True


def _finger(kind: int, at: tuple[int, int], window: Window) -> None:
    width, height = window.size
    x, y = at[0] / (width - 1), at[1] / (height - 1)
    pygame.event.post(pygame.event.Event(kind, touch_id=1, finger_id=1, x=x, y=y, dx=0.0, dy=0.0, pressure=0.5))
