"""What the station knows of the visit it is in, and nothing of any earlier one."""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum

from kiosk.capture.advice import FaceAdvice, FingerAdvice
from kiosk.journey.fingers import IN_ORDER, RECHECKED, Finger
from kiosk.journey.steps import Card, Device, Purpose, Refusal, Step


class Sex(Enum):
    """As on the card."""

    MALE = "male"
    FEMALE = "female"


@dataclass(frozen=True, slots=True)
class Biodata:
    """The lines read to the resident for confirmation, and what eligibility needs."""

    nik: str = field(repr=False)
    name: str = field(repr=False)
    birth_place: str = field(repr=False)
    birth_date: date = field(repr=False)
    sex: Sex = field(repr=False)
    address: str = field(repr=False)
    village: str = field(repr=False)
    district: str = field(repr=False)
    married: bool = field(repr=False)
    recorded: bool = field(repr=False)
    nik_disagrees: bool = field(repr=False)


@dataclass(frozen=True, slots=True)
class Photo:
    """The photo as the centre gets it: JPEG bytes, width and height in pixels, and what was left to wish for."""

    jpeg: bytes = field(repr=False)
    width: int
    height: int
    advice: FaceAdvice


TRIES_A_FINGER = 2
"""Tries with one index finger when a card is collected; then the other, then the officer."""

Point = tuple[float, float, float]
"""x and y as shares of the signing field (0..1), and seconds since the first touch."""
Stroke = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Impression:
    """One finger as captured: 8-bit grey pixels row by row, 0 = ridge, and the reader's own template."""

    finger: Finger
    width: int
    height: int
    ppi: int
    score: int
    attempts: int
    advice: FingerAdvice
    template_family: str
    pixels: bytes = field(repr=False)
    template: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the resident takes home: the recording is safe, under this number."""

    registration: str
    packet_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Session:
    """One visit. Home replaces it whole, so that nothing of a person is left in it."""

    step: Step = Step.OUT_OF_SERVICE
    visit: int = 0
    now: float = 0.0
    since: float = 0.0
    today: date | None = None
    deadline: float | None = None
    time_is_short: bool = False
    missing: frozenset[Device] = frozenset()
    has_roster: bool | None = None
    recording_age: int = 16
    """Years from which residents may be recorded (pemula, ministry practice); a setting, as the law may change."""

    language: str = "id"
    purpose: Purpose = Purpose.RECORD
    resume: Step | None = None
    awaited: frozenset[Device] = frozenset()
    interruptions: int = 0
    typed: str = field(default="", repr=False)
    refusal: Refusal | None = None
    tries_left: int | None = None
    minutes_locked: int | None = None
    busy: bool = False

    nik: str = field(default="", repr=False)
    biodata: Biodata | None = field(default=None, repr=False)
    consented: bool = False
    face_advice: FaceAdvice = FaceAdvice.NO_FACE
    good_since: float | None = None
    photo: Photo | None = field(default=None, repr=False)
    photo_tries: int = 0
    strokes: tuple[Stroke, ...] = field(default=(), repr=False)
    impressions: tuple[Impression, ...] = field(default=(), repr=False)
    attempts: int = 0
    best: Impression | None = field(default=None, repr=False)
    finger_advice: FingerAdvice | None = None
    progress: float | None = None
    rechecked: tuple[Impression, ...] = field(default=(), repr=False)
    recheck_doubtful: bool = False
    order: str | None = None
    order_fingers: tuple[Finger, ...] = ()
    finger_confirmed: bool = False
    card: Card | None = None
    officer_agrees: bool = False
    officer: str | None = None
    accepted: Accepted | None = None

    @property
    def asked_finger(self) -> Finger | None:
        """The finger to give now: of ten, of the two to check again, or of the card's owner."""
        if self.step is Step.COLLECT_FINGER:
            turn = self.attempts // TRIES_A_FINGER
            return self.order_fingers[turn] if turn < len(self.order_fingers) else None
        if len(self.impressions) < len(IN_ORDER):
            return IN_ORDER[len(self.impressions)]
        if len(self.rechecked) < len(RECHECKED):
            return RECHECKED[len(self.rechecked)]
        return None

    def but(self, **changes: object) -> "Session":
        """The same visit with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # replace() checks the names itself
