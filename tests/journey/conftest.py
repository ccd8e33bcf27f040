"""A resident, an impression and a way to play events through the table."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.journey.effects import Effect
from kiosk.journey.events import DeviceBack, Event, RosterSeen, Tick
from kiosk.journey.eyes import Eye, IrisImage
from kiosk.journey.fingers import RECHECKED, Finger
from kiosk.journey.kept import Kept, kept_of
from kiosk.journey.machine import advance
from kiosk.journey.session import Biodata, Earlier, Impression, Photo, Record, Session, Sex
from kiosk.journey.steps import Device, HowFar, Step
from kiosk.journey.table import TABLE

TODAY = date(2026, 11, 24)


def biodata(*, born: date = date(1958, 3, 5), married: bool = True) -> Biodata:
    return Biodata(
        nik="5371010503580001",
        name="Yosef",
        birth_place="Kupang",
        birth_date=born,
        sex=Sex.MALE,
        address="Jl. Melati 1",
        village="Oesapa",
        district="Kelapa Lima",
        married=married,
        nik_disagrees=False,
    )


def impression(finger: Finger, *, score: int = 80) -> Impression:
    return Impression(finger, 4, 4, 500, score, (score,), FingerAdvice.GOOD, "grow-zfm", bytes(16), b"template")


def iris(eye: Eye, *, score: int = 80, advice: EyeAdvice = EyeAdvice.GOOD) -> IrisImage:
    return IrisImage(eye, 4, 4, score, advice, 2, 2, 3, bytes(16))


PHOTO = Photo(b"jpeg", 600, 800, FaceAdvice.GOOD)
NOT_RECORDED = Record(HowFar.NOT_RECORDED)

EARLIER = Earlier(datetime(2026, 11, 24, 7, 0, tzinfo=UTC), {"photo": 21_000})


def kept_at(step: Step) -> Kept:
    """What is kept of a recording that goes on at ``step``."""
    ink = (((0.1, 0.1, 0.0), (0.9, 0.9, 1.0)),)
    session = Session(step=step, consented=True, nik=biodata().nik, photo=PHOTO, photo_tries=1)
    if step is not Step.SIGNATURE:
        session = session.but(strokes=ink, impressions=tuple(impression(finger) for finger in (*Finger,)[:6]))
    if step not in (Step.SIGNATURE, Step.FINGERS):
        session = session.but(impressions=tuple(map(impression, Finger)))
    if step in (Step.EYES, Step.REVIEW, Step.OFFICER_CONFIRMS):
        session = session.but(rechecked=tuple(map(impression, RECHECKED)), eye_tries=int(step is not Step.EYES))
    kept = kept_of(session)
    assert kept is not None
    return kept


@dataclass
class Visit:
    """The table, played by hand: ``visit(event)`` lets something happen."""

    session: Session = field(default_factory=lambda: Session(missing=frozenset(Device)))
    effects: list[Effect] = field(default_factory=list)

    def __call__(self, *events: Event) -> Session:
        for event in events:
            self.session, asked = advance(TABLE, self.session, event)
            self.effects += asked
        return self.session

    def wait(self, seconds: float) -> Session:
        return self(Tick(self.session.now + seconds, TODAY))

    def asked(self, kind: type[Effect]) -> Effect:
        return next(effect for effect in reversed(self.effects) if isinstance(effect, kind))

    @property
    def step(self) -> Step:
        return self.session.step

    @property
    def number(self) -> int:
        return self.session.visit


@pytest.fixture
def visit() -> Visit:
    """A station whose devices and roster are all here, at the attract screen."""
    visit = Visit()
    visit(Tick(100.0, TODAY), RosterSeen(True), *(DeviceBack(device) for device in Device))
    assert visit.step is Step.ATTRACT
    return visit
