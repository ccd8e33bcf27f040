"""Every screen of the station as a scene: the visit as it stands, told to the screens as the station does."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.journey.carrying import Carried, Desk
from kiosk.journey.events import Next
from kiosk.journey.excepting import Doubt, Excepted, Subject, Why, Written
from kiosk.journey.eyes import Eye, IrisImage
from kiosk.journey.fingers import IN_ORDER, RECHECKED, Finger
from kiosk.journey.session import Accepted, Begun, Biodata, Impression, Photo, Point, Record, Session, Sex
from kiosk.journey.steps import MAY_RECORD, Device, HowFar, Purpose, Refusal, Step
from kiosk.screens.canvas import Canvas
from kiosk.screens.theme import Theme, dpi_of
from kiosk.screens.views import View
from kiosk.station.presenting import StationFacts, present
from kiosk.station.presenting.recording import RINGS
from kiosk.station.text import Text

LOCALES = Path(__file__).parents[2] / "config" / "locales"
STATION = StationFacts("Kantor Kecamatan Kupang Tengah", "Kantor Dukcapil Kabupaten Kupang, Oelamasi", ("id", "en"))
SIZES = {"800x480": 7.0, "1280x800": 10.1, "1920x1080": 15.6, "720x1280": 10.1}


@dataclass(frozen=True)
class Scene:
    """A visit, the time it is, and the preview frame where there is one."""

    session: Session
    now: float = 100.0
    frame: np.ndarray | None = None
    phase: int = 0
    pressed: object = None

    def view(self, text: Text, language: str, station: StationFacts = STATION) -> View:
        """What the screen shows of it."""
        first = (language, *(other for other in station.languages if other != language))
        facts = StationFacts(**{**{n: getattr(station, n) for n in StationFacts.__slots__}, "languages": first})
        return present(
            self.session.but(language=language),
            text=text,
            station=facts,
            now=self.now,
            frame=self.frame,
            pressed=self.pressed,
            phase=self.phase,
        )


BIODATA = Biodata(
    nik="5301124503580002",
    name="MARIA YOSEFINA NABEN",
    birth_place="OELAMASI",
    birth_date=date(1958, 3, 5),
    sex=Sex.FEMALE,
    address="JL. TIMOR RAYA KM 36, RT 004 / RW 002",
    village="NAIBONAT",
    district="KUPANG TIMUR",
    married=True,
    nik_disagrees=False,
)


LONG = replace(
    BIODATA,
    name="MARIA MAGDALENA YOSEFINA THERESIA DE ROSARI FERNANDEZ NABEN",
    birth_place="KABUPATEN TIMOR TENGAH SELATAN",
    birth_date=date(1958, 12, 25),
    address="JL. GUBERNUR EL TARI II, LORONG BERINGIN NO. 117 B, RT 014 / RW 005",
    village="TUAPUKAN OEBELO KECIL",
    district="KUPANG TIMUR SELATAN",
)
"""As long as a card has room for: 60 characters of a name."""


def person(
    width: int, height: int, *, ground: tuple[int, int, int], centre: tuple[float, float], head: float
) -> Image.Image:
    """A drawn stand-in for a person: ``centre`` and half the ``head``'s height as shares of the height."""
    big = Image.new("RGB", (width * 2, height * 2), ground)
    pen = ImageDraw.Draw(big)
    x, y, r = centre[0] * width * 2, centre[1] * height * 2, head * height * 2
    pen.ellipse((x - r * 1.75, y + r * 1.15, x + r * 1.75, y + r * 5), fill=(196, 101, 62))
    pen.rectangle((x - r * 0.32, y + r * 0.6, x + r * 0.32, y + r * 1.5), fill=(140, 90, 56))
    pen.ellipse((x - r * 0.82, y - r * 1.1, x + r * 0.82, y + r * 0.9), fill=(58, 52, 52))
    pen.ellipse((x - r * 0.7, y - r * 0.92, x + r * 0.7, y + r), fill=(172, 116, 76))
    for side in (-1, 1):
        pen.ellipse(
            (x + side * r * 0.28 - r * 0.07, y - r * 0.1, x + side * r * 0.28 + r * 0.07, y + r * 0.04),
            fill=(30, 20, 20),
        )
    pen.arc(
        (x - r * 0.3, y + r * 0.2, x + r * 0.3, y + r * 0.6), 20, 160, fill=(110, 50, 40), width=max(2, int(r * 0.05))
    )
    return big.resize((width, height), Image.Resampling.LANCZOS)


@cache
def portrait() -> bytes:
    """A drawn portrait as JPEG, 600 × 800."""
    picture = person(600, 800, ground=(38, 62, 150), centre=(0.5, 0.45), head=0.27)
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=90)
    return held.getvalue()


@cache
def frame() -> np.ndarray:
    """A drawn preview frame, 1280 × 960."""
    return np.asarray(person(1280, 960, ground=(206, 200, 190), centre=(0.5, 0.47), head=0.26)).copy()


def impression(finger: object) -> Impression:
    """An empty print: the screens show only which fingers there are."""
    return Impression(finger, 8, 8, 500, 80, (80,), FingerAdvice.GOOD, "grow", b"\xff" * 64, b"t")  # type: ignore[arg-type]


def iris(eye: Eye) -> IrisImage:
    """An empty picture of one eye: the screens show only which were taken."""
    return IrisImage(eye, 8, 8, 80, EyeAdvice.GOOD, 4, 4, 4, b"\x80" * 64)


@cache
def eyes_frame() -> np.ndarray:
    """Two drawn eyes in near infrared, grey, 480 × 640, where the camera's rings are."""
    y, x = np.mgrid[0:480, 0:640]
    picture = np.full((480, 640), 118, np.uint8)
    for across, down, radius in RINGS:
        dx, dy, size = x - across * 640, y - down * 480, radius * 640
        picture[np.hypot(dx / 1.5, dy * 1.3) < size] = 205
        picture[np.hypot(dx, dy) < size * 0.68] = 92
        picture[np.hypot(dx, dy) < size * 0.24] = 14
    return picture


STROKES = (
    tuple(Point(0.18 + 0.03 * i, 0.55 + 0.22 * float(np.sin(i * 0.9)) * (1 - i / 40), i * 0.05) for i in range(18)),
    tuple(Point(0.3 + 0.025 * i, 0.72 - 0.005 * i, 1 + i * 0.05) for i in range(16)),
)


def but(biodata: Biodata, **changes: object) -> Biodata:
    """The same resident with something changed."""
    return replace(biodata, **changes)  # type: ignore[arg-type]


def scenes() -> dict[str, Scene]:
    """All scenes by name: every step, and every state of it that looks different."""
    taken = tuple(impression(finger) for finger in IN_ORDER)
    photo = Photo(portrait(), 600, 800, FaceAdvice.GOOD)
    new = Session(step=Step.ATTRACT, visit=1, now=100.0, since=95.0, today=date(2026, 11, 24))
    known = new.but(nik=BIODATA.nik, biodata=BIODATA, purpose=Purpose.RECORD)
    shot = known.but(consented=True, photo=photo)
    signed = shot.but(strokes=STROKES)
    whole = signed.but(impressions=taken, rechecked=tuple(impression(finger) for finger in RECHECKED))
    collecting = known.but(purpose=Purpose.COLLECT, order="o", order_fingers=RECHECKED)

    def at(base: Session, step: Step, **changes: object) -> Session:
        return base.but(step=step, **changes)

    told = {
        "attract": Scene(new),
        "language": Scene(at(new, Step.LANGUAGE)),
        "purpose": Scene(at(new, Step.PURPOSE)),
        "nik": Scene(at(new, Step.NIK, typed="53011245")),
        "nik-full": Scene(at(new, Step.NIK, typed=BIODATA.nik)),
        "nik-refused": Scene(at(new, Step.NIK, typed=BIODATA.nik, refusal=Refusal.NIK_UNKNOWN)),
        "birth-date": Scene(at(new, Step.BIRTH_DATE, typed="0503")),
        "birth-date-refused": Scene(at(new, Step.BIRTH_DATE, refusal=Refusal.DATE_WRONG, tries_left=2)),
        "is-this-you": Scene(at(known, Step.IS_THIS_YOU)),
        "is-this-you-disagrees": Scene(at(known.but(biodata=but(BIODATA, nik_disagrees=True)), Step.IS_THIS_YOU)),
        "is-this-you-long": Scene(at(known.but(biodata=LONG), Step.IS_THIS_YOU)),
        "officer-long": Scene(at(whole.but(biodata=LONG), Step.OFFICER_CONFIRMS)),
        "begun-before": Scene(at(known, Step.BEGUN_BEFORE)),
        "go-on-finger": Scene(at(known.but(begun=Begun(RECHECKED, False)), Step.GO_ON_FINGER)),
        "go-on-officer": Scene(at(known, Step.GO_ON_OFFICER, typed="12")),
        "begun-over": Scene(at(known, Step.CONSENT, refusal=Refusal.BEGUN_OVER)),
        "consent": Scene(at(known, Step.CONSENT)),
        "photo-waking": Scene(at(known, Step.PHOTO)),
        "photo": Scene(at(known, Step.PHOTO, face_advice=FaceAdvice.CLOSER), frame=frame()),
        "photo-countdown": Scene(at(known, Step.PHOTO, face_advice=FaceAdvice.GOOD, good_since=99.2), frame=frame()),
        "photo-by-hand": Scene(at(known, Step.PHOTO, face_advice=FaceAdvice.LESS_LIGHT, since=60.0), frame=frame()),
        "photo-review": Scene(at(shot, Step.PHOTO_REVIEW)),
        "signature": Scene(at(shot, Step.SIGNATURE)),
        "signature-inked": Scene(at(signed, Step.SIGNATURE)),
        "signature-refused": Scene(at(shot, Step.SIGNATURE, refusal=Refusal.SIGNATURE_EMPTY)),
        "fingers": Scene(at(signed, Step.FINGERS)),
        "fingers-reading": Scene(at(signed, Step.FINGERS, impressions=taken[:3], progress=0.6)),
        "fingers-left": Scene(at(signed, Step.FINGERS, impressions=taken[:6]), phase=1),
        "fingers-none": Scene(at(signed, Step.FINGERS, impressions=taken[:1], refusal=Refusal.FINGER_NONE)),
        "recheck": Scene(at(whole.but(rechecked=()), Step.RECHECK)),
        "recheck-again": Scene(at(whole.but(rechecked=()), Step.RECHECK, refusal=Refusal.FINGER_NOT_SAME)),
        "review": Scene(at(whole, Step.REVIEW)),
        "sign-off": Scene(at(whole, Step.SIGN_OFF)),
        "officer": Scene(at(whole, Step.OFFICER_CONFIRMS, typed="123")),
        "officer-refused": Scene(at(whole, Step.OFFICER_CONFIRMS, refusal=Refusal.PIN_WRONG)),
        "officer-doubt": Scene(
            at(whole, Step.OFFICER_CONFIRMS, typed="123456", noted=frozenset({Doubt.INDEX_DIFFERS}))
        ),
        "officer-doubts": Scene(
            at(
                whole,
                Step.OFFICER_CONFIRMS,
                typed="1",
                noted=frozenset(Doubt),
                photo=replace(photo, advice=FaceAdvice.BLURRED),
                takes_eyes=True,
                impressions=tuple(replace(each, advice=FingerAdvice.DRY) for each in taken),
            )
        ),
        "officer-unlit": Scene(at(whole, Step.OFFICER_CONFIRMS, missing=frozenset({Device.PANEL}))),
        "sealing": Scene(at(whole, Step.SEALING)),
        "receipt": Scene(at(known, Step.RECEIPT, accepted=Accepted("5301-0001-0042", "p", 0.2))),
        "collect-finger": Scene(at(collecting, Step.COLLECT_FINGER)),
        "collect-officer": Scene(at(collecting, Step.COLLECT_OFFICER, typed="12")),
        "printing": Scene(at(collecting, Step.PRINTING, progress=0.4)),
        "card-doubt": Scene(at(collecting, Step.CARD_DOUBT, typed="1234")),
        "card-looked-for": Scene(at(collecting, Step.CARD_LOOKED_FOR, officer="o")),
        "card-ready": Scene(at(collecting, Step.CARD_READY)),
        "cancel": Scene(at(known, Step.CANCEL, resume=Step.CONSENT)),
        "help": Scene(at(known, Step.HELP, resume=Step.CONSENT)),
        "help-unlit": Scene(at(known, Step.HELP, resume=Step.CONSENT, missing=frozenset({Device.PANEL}))),
        "interrupted": Scene(at(known, Step.INTERRUPTED, resume=Step.PHOTO, missing=frozenset({Device.CAMERA}))),
        "interrupted-often": Scene(at(known, Step.INTERRUPTED, resume=Step.PHOTO, interruptions=10)),
        "out-of-service": Scene(at(new, Step.OUT_OF_SERVICE, missing=frozenset({Device.CAMERA, Device.FINGERPRINT}))),
        "officer-locked": Scene(
            at(whole, Step.OFFICER_CONFIRMS, refusal=Refusal.PIN_LOCKED, minutes_locked=5),
        ),
        "no-roster": Scene(at(new, Step.OUT_OF_SERVICE, has_roster=False)),
        "starting": Scene(at(new, Step.OUT_OF_SERVICE)),
        "hurry": Scene(at(known, Step.CONSENT, deadline=112.0, time_is_short=True)),
        "pressed": Scene(at(known, Step.CONSENT), pressed=Next()),
    }
    told |= {
        f"finger-{advice.value}": Scene(
            at(signed, Step.FINGERS, impressions=taken[:1], refusal=Refusal.FINGER_UNCLEAR, finger_advice=advice)
        )
        for advice in FingerAdvice
        if advice is not FingerAdvice.GOOD
    }
    told |= set_aside(signed, whole)
    told |= at_the_desk(new.but(officer="o", refusal=None))
    asking = known.but(purpose=Purpose.COLLECT, step=Step.NO_CARD_YET, refusal=Refusal.NO_ORDER)
    number = {far: "5301-0001-0042" for far in HowFar if far not in MAY_RECORD}
    told |= {
        f"how-far-{far.value}": Scene(asking.but(record=Record(far, date(2026, 11, 18), number.get(far, ""))))
        for far in HowFar
    }
    numbered = Record(HowFar.KEPT_HERE, date(2026, 11, 18), "5301-0001-0042")
    told["how-far-numbered"] = Scene(at(known, Step.NOT_ELIGIBLE, record=numbered, refusal=Refusal.ALREADY_RECORDED))
    ends = {
        Refusal.TOO_YOUNG: Step.NOT_ELIGIBLE,
        Refusal.CARD_SPOILED: Step.CARD_FAILED,
        Refusal.DISK_FULL: Step.NOT_KEPT,
        Refusal.SEAL_FAILED: Step.NOT_KEPT,
    }
    young = known.but(biodata=but(BIODATA, birth_date=date(2012, 2, 29)))
    told |= {
        f"refused-{why.value}": Scene(
            at(young if why is Refusal.TOO_YOUNG else known, ends.get(why, Step.REFUSED), refusal=why)
        )
        for why in Refusal
        if why not in (Refusal.CARD_UNKNOWN, Refusal.CARRYING_FAILED)  # have steps of their own
        and not why.value.startswith("stick-")
    }
    return told


def at_the_desk(new: Session) -> dict[str, Scene]:
    """The officer's own steps."""
    desk = Desk(230, date(2026, 11, 3), date(2026, 11, 18), under_way=False)
    much = Carried(15_600, left=1_204, unreadable=3, answers=12_345, answers_left=7)

    def at(step: Step, **changes: object) -> Scene:
        return Scene(new.but(step=step, **changes))

    return {
        "help-between": at(Step.HELP, resume=Step.ATTRACT, officer=None),
        "officer-pin": at(Step.OFFICER_PIN, typed="12", officer=None),
        "officer-pin-wrong": at(Step.OFFICER_PIN, officer=None, refusal=Refusal.PIN_LOCKED, minutes_locked=5),
        "officer-desk": at(Step.OFFICER_DESK, desk=desk),
        "officer-desk-frozen": at(Step.OFFICER_DESK, desk=replace(desk, waiting=15_600, frozen=True)),
        "officer-desk-empty": at(Step.OFFICER_DESK, desk=Desk(0, None, None, under_way=False)),
        "stick-saving": at(Step.STICK_SAVING, progress=0.4),
        "stick-filled": at(Step.STICK_FILLED, carried=Carried(230, answers=61)),
        "stick-filled-much": at(Step.STICK_FILLED, carried=much),
    } | {
        f"stick-refused-{why.value}": at(Step.STICK_REFUSED, refusal=why, carried=Carried(answers=61))
        for why in Refusal
        if why.value.startswith("stick-") or why is Refusal.CARRYING_FAILED
    }


def set_aside(signed: Session, whole: Session) -> dict[str, Scene]:
    """What some give otherwise, and what some cannot give."""
    little, ring = Finger.LEFT_LITTLE, Finger.LEFT_RING
    left_out = (Excepted(ring, Why.MISSING, "o"), Excepted(little, Why.INJURED, "o"))
    taken = tuple(each for each in whole.impressions if each.finger not in (little, ring))
    eight = whole.but(impressions=taken, excepted=left_out, rechecked=whole.rechecked)
    asking = signed.but(impressions=taken, excepting=Subject.FINGERS)
    eyed = whole.but(takes_eyes=True)
    unclear = Photo(portrait(), 600, 800, FaceAdvice.EVEN_LIGHT)
    nothing = (
        *left_out,
        Excepted(Written.SIGNATURE, Why.MISSING, "o"),
        Excepted(Eye.RIGHT, Why.MISSING, "o"),
        Excepted(Eye.LEFT, Why.MISSING, "o"),
    )

    def at(base: Session, step: Step, **changes: object) -> Session:
        return base.but(step=step, **changes)

    return {
        "consent-eyes": Scene(at(eyed, Step.CONSENT)),
        "finger-given-before": Scene(
            at(
                signed,
                Step.FINGERS,
                impressions=taken[:3],
                refusal=Refusal.FINGER_GIVEN_BEFORE,
                same_as=Finger.RIGHT_INDEX,
            )
        ),
        "fingers-given-before": Scene(
            at(
                signed,
                Step.FINGERS,
                impressions=whole.impressions[:6],
                refusal=Refusal.FINGER_LIFT,
                same_as=Finger.RIGHT_MIDDLE,
            )
        ),
        "fingers-lift-dry": Scene(
            at(
                signed,
                Step.FINGERS,
                impressions=taken[:1],
                refusal=Refusal.FINGER_LIFT,
                finger_advice=FingerAdvice.DRY,
            )
        ),
        "finger-hands-swapped": Scene(
            at(whole.but(rechecked=()), Step.RECHECK, refusal=Refusal.HANDS_SWAPPED, same_as=Finger.LEFT_INDEX)
        ),
        "fingers-excepted": Scene(at(signed, Step.FINGERS, impressions=taken[:6], excepted=left_out)),
        "hands-photo": Scene(at(eight, Step.HANDS_PHOTO), frame=frame()),
        "hands-photo-countdown": Scene(at(eight, Step.HANDS_PHOTO, good_since=98.5), frame=frame()),
        "hands-review": Scene(at(eight, Step.HANDS_REVIEW, hands_photo=unclear)),
        "eyes": Scene(at(eyed, Step.EYES, eye_advice=EyeAdvice.CLOSER), frame=eyes_frame()),
        "eyes-good": Scene(at(eyed, Step.EYES, eye_advice=EyeAdvice.GOOD), frame=eyes_frame()),
        "eyes-again": Scene(at(eyed, Step.EYES, refusal=Refusal.EYES_NOT_YET), frame=eyes_frame()),
        "review-eyes": Scene(at(eyed, Step.REVIEW, irises=tuple(iris(eye) for eye in Eye))),
        "review-excepted": Scene(at(eight, Step.REVIEW, photo=unclear)),
        "review-much-excepted": Scene(
            at(eight, Step.REVIEW, photo=unclear, strokes=(), takes_eyes=True, excepted=nothing)
        ),
        "review-eyes-stopped": Scene(at(eyed, Step.REVIEW, missing=frozenset({Device.EYE_CAMERA}))),
        "sign-off-much": Scene(
            at(eight, Step.SIGN_OFF, takes_eyes=True, irises=tuple(iris(eye) for eye in Eye), hands_photo=unclear)
        ),
        "officer-much": Scene(
            at(
                eight.but(biodata=LONG, impressions=tuple(replace(each, advice=FingerAdvice.DRY) for each in taken)),
                Step.OFFICER_CONFIRMS,
                photo=unclear,
                takes_eyes=True,
                noted=frozenset(Doubt),
                excepted=(
                    *left_out,
                    Excepted(Written.SIGNATURE, Why.MISSING, "o"),
                    Excepted(Eye.LEFT, Why.INJURED, "o"),
                ),
                refusal=Refusal.PIN_LOCKED,
                minutes_locked=5,
            )
        ),
        "officer-excepted": Scene(at(eight, Step.OFFICER_CONFIRMS, typed="12")),
        "receipt-excepted": Scene(at(eight, Step.RECEIPT, accepted=Accepted("5301-0001-0042", "p", 0.2))),
        "exception-asked": Scene(at(asking, Step.EXCEPTION_ASKED, typed="12")),
        "exception-which": Scene(at(asking, Step.EXCEPTION_WHICH, marked=frozenset({little}))),
        "exception-asked-unlit": Scene(at(asking, Step.EXCEPTION_ASKED, typed="12", missing=frozenset({Device.PANEL}))),
        "exception-which-none": Scene(at(asking, Step.EXCEPTION_WHICH, refusal=Refusal.NOTHING_MARKED)),
        "exception-which-eye": Scene(at(eyed, Step.EXCEPTION_WHICH, excepting=Subject.EYES)),
    } | {
        f"exception-why-{subject.value}": Scene(at(eyed, Step.EXCEPTION_WHY, excepting=subject)) for subject in Subject
    }


def theme(size: str) -> Theme:
    """The theme of a display by its name, as ``1280x800``."""
    width, height = (int(part) for part in size.split("x"))
    return Theme(width, height, dpi_of(width, height, SIZES[size]))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden-update", action="store_true", help="draw the golden pictures anew, to be looked at")


@pytest.fixture(scope="session")
def text() -> Text:
    return Text.load(LOCALES, STATION.languages)


@pytest.fixture(scope="session")
def all_scenes() -> dict[str, Scene]:
    return scenes()


@pytest.fixture(scope="session")
def canvas_of() -> Callable[[str], Canvas]:
    """A canvas for a display by its name; made once."""
    return cache(lambda size: Canvas(theme(size)))
