"""What the station knows of the visit it is in, and nothing of any earlier one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum
from typing import NamedTuple

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.capture.backdrop import Backdrop
from kiosk.capture.processing import Processing
from kiosk.journey.carrying import Carried, Desk
from kiosk.journey.excepting import Doubt, Excepted, Part, Subject, Written
from kiosk.journey.eyes import BOTH_EYES, Eye, IrisImage
from kiosk.journey.fingers import IN_ORDER, RECHECKED, Finger
from kiosk.journey.steps import Card, Device, HowFar, Purpose, Refusal, Step


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
    nik_disagrees: bool = field(repr=False)
    foreigner: bool = field(default=False, repr=False)


@dataclass(frozen=True, slots=True)
class Record:
    """How far a person's record is, and since which day, where that is known.

    ``registration``: the number of the recording that this station made of them, empty where it made none.
    """

    how_far: HowFar = field(repr=False)
    since: date | None = field(default=None, repr=False)
    registration: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Photo:
    """The photo as the centre gets it: JPEG bytes, width and height in pixels, and what was left to wish for.

    ``score``: 0 to 100, our own; ``tries``: stills judged for it. ``points``: feature points of ISO/IEC 19794-5:2011,
    each an MPEG-4 code such as "12.1" with x and y in pixels of the photo; ``angles``: yaw, pitch and roll in degrees,
    counted as that standard does; both where a face was found. ``processing``: what was done to it since it was taken.
    """

    jpeg: bytes = field(repr=False)
    width: int
    height: int
    advice: FaceAdvice
    score: int = 0
    tries: int = 1
    points: tuple[tuple[str, float, float], ...] = field(default=(), repr=False)
    angles: tuple[float, float, float] | None = field(default=None, repr=False)
    captured: datetime | None = None
    processing: frozenset[Processing] = frozenset()


TRIES_A_FINGER = 2
"""Tries with one index finger when a card is collected; then the other, then the officer."""


class Point(NamedTuple):
    """x and y as shares of the signing field (0..1), seconds since the first touch, and pressure (0..1) if felt."""

    x: float
    y: float
    t: float
    pressure: float | None = None


Stroke = tuple[Point, ...]
FIELD_MM = (160.0, 60.0)
"""Width and height of a signing field in millimetres, about that of a ten-inch screen."""


@dataclass(frozen=True, slots=True)
class Impression:
    """One finger as captured: 8-bit grey pixels row by row, 0 = ridge, and the reader's own template.

    ``score``: 0 to 100, our own; ``scores``: those of all its tries, in their order.
    """

    finger: Finger
    width: int
    height: int
    ppi: int
    score: int
    scores: tuple[int, ...]
    advice: FingerAdvice
    template_family: str
    pixels: bytes = field(repr=False)
    template: bytes = field(repr=False)
    captured: datetime | None = None
    same_as: Finger | None = None
    """The finger given before that it looks like."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the resident takes home: the recording is safe, under this number."""

    registration: str
    packet_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Begun:
    """That this resident began a recording before: all that is told of it before they have proved that it is theirs.

    ``fingers``: the index fingers given then that the station's reader can compare, right before left; ``takes_eyes``:
    whether pictures of the eyes were consented to.
    """

    fingers: tuple[Finger, ...]
    takes_eyes: bool


@dataclass(frozen=True, slots=True)
class Earlier:
    """When a recording that is gone on with was begun, and the milliseconds spent at its steps until then."""

    began: datetime
    timings: Mapping[str, int]


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
    takes_eyes: bool = False
    """Whether the station has the camera for the irises."""
    backdrops: tuple[Backdrop, Backdrop, Backdrop] = (Backdrop.RED, Backdrop.BLUE, Backdrop.ORANGE)
    """The cloth for odd birth years, for even ones, and for foreigners; a setting."""

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
    record: Record | None = field(default=None, repr=False)
    begun: Begun | None = None
    earlier: Earlier | None = None
    consented: bool = False
    face_advice: FaceAdvice = FaceAdvice.NO_FACE
    good_since: float | None = None
    photo: Photo | None = field(default=None, repr=False)
    photo_tries: int = 0
    hands_photo: Photo | None = field(default=None, repr=False)
    strokes: tuple[Stroke, ...] = field(default=(), repr=False)
    field_mm: tuple[float, float] = FIELD_MM
    impressions: tuple[Impression, ...] = field(default=(), repr=False)
    attempts: int = 0
    best: Impression | None = field(default=None, repr=False)
    finger_advice: FingerAdvice | None = None
    progress: float | None = None
    rechecked: tuple[Impression, ...] = field(default=(), repr=False)
    tried: tuple[tuple[Finger, int], ...] = field(default=(), repr=False)
    tried_again: tuple[tuple[Finger, int], ...] = field(default=(), repr=False)
    """All tries of the visit, at the first giving and at the second: the finger that was asked for, and the score."""
    not_again: frozenset[Finger] = frozenset()
    """The index fingers that were not given again."""
    same_as: Finger | None = None
    """The earlier finger that the one just given looks like."""
    repeats: int = 0
    given_twice: int = 0
    """How often in this visit a finger was refused because it looked like one given before."""
    taken_again: bool = False
    """Whether two fingers that looked alike were both taken once more."""
    eye_advice: EyeAdvice = EyeAdvice.NO_EYES
    eye_tries: int = 0
    irises: tuple[IrisImage, ...] = field(default=(), repr=False)
    excepting: Subject | None = None
    marked: frozenset[Part] = field(default=frozenset(), repr=False)
    excepted: tuple[Excepted, ...] = field(default=(), repr=False)
    noted: frozenset[Doubt] = frozenset()
    """Doubts that arose on the way; see ``doubts`` for all."""
    order: str | None = None
    order_fingers: tuple[Finger, ...] = ()
    finger_confirmed: bool = False
    card: Card | None = None
    officer_agrees: bool = False
    officer: str | None = None
    accepted: Accepted | None = None
    desk: Desk | None = None
    carried: Carried | None = None
    begun_stays: bool = False
    """The visit before this one ended in silence where the resident had to wait, and may be gone on with."""

    @property
    def asked_finger(self) -> Finger | None:
        """The finger to give now: of ten, of the two to check again, or one that proves whose something is."""
        if self.step in (Step.COLLECT_FINGER, Step.GO_ON_FINGER):
            turn = self.attempts // TRIES_A_FINGER
            return self.proving_fingers[turn] if turn < len(self.proving_fingers) else None
        given = {each.finger for each in self.impressions}
        due = (finger for finger in IN_ORDER if finger not in given and not self.is_excepted(finger))
        return next(due, None) or next(iter(self.to_recheck), None)

    @property
    def proving_fingers(self) -> tuple[Finger, ...]:
        """The index fingers that can prove whose the card is, or the recording that was begun."""
        return self.begun.fingers if self.begun and self.step is Step.GO_ON_FINGER else self.order_fingers

    @property
    def to_recheck(self) -> tuple[Finger, ...]:
        """The index fingers that are still to be given once more: of those given, what can be compared."""
        settled = {each.finger for each in self.rechecked} | self.not_again
        comparable = {each.finger for each in self.impressions if each.template}
        return tuple(finger for finger in RECHECKED if finger in comparable and finger not in settled)

    @property
    def wanted_eyes(self) -> tuple[Eye, ...]:
        """The eyes that are still to be taken."""
        return tuple(eye for eye in BOTH_EYES if not self.is_excepted(eye)) if self.takes_eyes else ()

    @property
    def backdrop(self) -> Backdrop | None:
        """The cloth that this person's photo asks for."""
        if self.biodata is None:
            return None
        odd, even, foreign = self.backdrops
        return foreign if self.biodata.foreigner else odd if self.biodata.birth_date.year % 2 else even

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """What the officer should look at, in the order of the recording."""
        seen = {iris.eye for iris in self.irises if iris.advice is EyeAdvice.GOOD}
        told = {
            Doubt.PHOTO: self.photo is not None and self.photo.advice is not FaceAdvice.GOOD,
            Doubt.FINGERS_FAINT: any(each.advice is not FingerAdvice.GOOD for each in self.impressions),
            Doubt.EYES_NOT_SEEN: not seen.issuperset(self.wanted_eyes),
        }
        return tuple(doubt for doubt in Doubt if told.get(doubt, doubt in self.noted))

    @property
    def unsigned(self) -> bool:
        """Whether the signature was excepted."""
        return self.is_excepted(Written.SIGNATURE)

    @property
    def excepted_fingers(self) -> tuple[Finger, ...]:
        """The fingers that an officer excepted, in their order."""
        return tuple(finger for finger in IN_ORDER if self.is_excepted(finger))

    @property
    def may_except(self) -> tuple[Part, ...]:
        """The parts of which the officer says now whether they are excepted: what was given is not among them."""
        given = {each.finger for each in self.impressions}
        match self.excepting:
            case Subject.SIGNATURE:
                return (Written.SIGNATURE,)
            case Subject.FINGERS:
                return tuple(each for each in IN_ORDER if each not in given)
            case Subject.EYES:
                return BOTH_EYES if self.takes_eyes else ()
            case None:
                return ()

    @property
    def newly_marked(self) -> frozenset[Part]:
        """What is marked now and was not excepted before: it needs a reason."""
        return frozenset(part for part in self.marked if not self.is_excepted(part))

    def is_excepted(self, part: Part) -> bool:
        """Whether an officer excepted ``part``."""
        # By kind, too: a finger's number could equal another enumeration's value.
        return any(type(each.part) is type(part) and each.part == part for each in self.excepted)

    def but(self, **changes: object) -> "Session":
        """The same visit with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # replace() checks the names itself
