"""What a row of the table may write into the session: each note names the fields and their new values."""

from collections.abc import Mapping
from dataclasses import replace

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.journey.events import (
    CardLookedFor,
    Digit,
    Event,
    EyesJudged,
    EyesTaken,
    FaceJudged,
    FingerAbsent,
    FingerCompared,
    FingerProgress,
    FingerTaken,
    HandsPhotoTaken,
    IdentityProved,
    IdentityRefused,
    Inked,
    LanguageChosen,
    Marked,
    OfficerKnown,
    OfficerRefused,
    OnlyMarked,
    OrderFound,
    OrderInDoubt,
    PhotoTaken,
    PrintProgress,
    PurposeChosen,
    RosterSeen,
    Sealed,
    WhyChosen,
)
from kiosk.journey.excepting import Doubt, Excepted, Part, Subject, Written
from kiosk.journey.eyes import BOTH_EYES, Eye, IrisImage
from kiosk.journey.fingers import RECHECKED
from kiosk.journey.machine import Note
from kiosk.journey.session import Impression, Photo, Session
from kiosk.journey.steps import Refusal

Changes = Mapping[str, object]


def because(refusal: Refusal) -> Note:
    """Say why not."""

    def note(session: Session, event: Event) -> Changes:
        return {"refusal": refusal, "busy": False}

    note.__name__ = f"because_{refusal.name.lower()}"
    return note


def because_told(session: Session, event: Event) -> Changes:
    """Say why not, as the station's worker told it; what was typed is cleared for another try."""
    why = getattr(event, "why", None)
    left = event.tries_left if isinstance(event, IdentityRefused) else None
    minutes = event.minutes if isinstance(event, OfficerRefused) else None
    return {"refusal": why, "tries_left": left, "minutes_locked": minutes, "typed": "", "busy": False}


def nik_kept(session: Session, event: Event) -> Changes:
    """Leave the number as typed, to be mended, and say what is wrong with it."""
    return {"refusal": getattr(event, "why", None), "busy": False}


def language(session: Session, event: Event) -> Changes:
    """Speak the language that was chosen."""
    return {"language": event.language} if isinstance(event, LanguageChosen) else {}


def purpose(session: Session, event: Event) -> Changes:
    """Remember what the person came for."""
    return {"purpose": event.purpose} if isinstance(event, PurposeChosen) else {}


def digit(session: Session, event: Event) -> Changes:
    """One more digit."""
    return {"typed": session.typed + event.digit, "refusal": None} if isinstance(event, Digit) else {}


def erased(session: Session, event: Event) -> Changes:
    """One digit less."""
    return {"typed": session.typed[:-1], "refusal": None}


def waiting(session: Session, event: Event) -> Changes:
    """An answer is being waited for."""
    return {"busy": True, "refusal": None}


def nik(session: Session, event: Event) -> Changes:
    """The number is in the roster."""
    return {"nik": session.typed}


def biodata(session: Session, event: Event) -> Changes:
    """The resident proved who they are; from here on the station knows their biodata."""
    return {"biodata": event.biodata} if isinstance(event, IdentityProved) else {}


def consent(session: Session, event: Event) -> Changes:
    """The resident agreed to be recorded."""
    return {"consented": True}


def face(session: Session, event: Event) -> Changes:
    """What the preview lacks, and since when it lacks nothing."""
    if not isinstance(event, FaceJudged):
        return {}
    good = event.advice is FaceAdvice.GOOD
    since = session.good_since if session.good_since is not None else session.now
    return {"face_advice": event.advice, "good_since": since if good else None}


def photo(session: Session, event: Event) -> Changes:
    """The best photo so far, with how often it was tried."""
    if not isinstance(event, PhotoTaken):
        return {}
    tries, held = session.photo_tries + 1, session.photo
    best = event.photo if held is None else max(event.photo, held, key=_photo_worth)
    return {"photo": replace(best, tries=tries), "photo_tries": tries}


def _photo_worth(photo: Photo) -> tuple[bool, bool, int]:
    return photo.advice is FaceAdvice.GOOD, photo.advice is not FaceAdvice.NO_FACE, photo.score


def no_photo(session: Session, event: Event) -> Changes:
    """The resident wants another photo: that one is not kept."""
    return {"photo": None, "photo_tries": 0}


def self_timer(session: Session, event: Event) -> Changes:
    """The countdown to the photo of the hands begins."""
    return {"good_since": session.now}


def hands_photo(session: Session, event: Event) -> Changes:
    """Face and both hands."""
    return {"hands_photo": event.photo} if isinstance(event, HandsPhotoTaken) else {}


def eyes(session: Session, event: Event) -> Changes:
    """What the eye camera's preview lacks, and since when it lacks nothing."""
    if not isinstance(event, EyesJudged):
        return {}
    good = event.advice is EyeAdvice.GOOD
    since = session.good_since if session.good_since is not None else session.now
    return {"eye_advice": event.advice, "good_since": since if good else None}


def irises(session: Session, event: Event) -> Changes:
    """The best picture of each eye so far."""
    if not isinstance(event, EyesTaken):
        return {}
    best: dict[Eye, IrisImage] = {}
    for iris in (*session.irises, *event.images):
        held = best.get(iris.eye)
        best[iris.eye] = iris if held is None else max(iris, held, key=_iris_worth)
    return {"irises": tuple(best[eye] for eye in BOTH_EYES if eye in best), "eye_tries": session.eye_tries + 1}


def _iris_worth(iris: IrisImage) -> tuple[bool, int]:
    return iris.advice is EyeAdvice.GOOD, iris.score


def ink(session: Session, event: Event) -> Changes:
    """The signature as it stands."""
    if not isinstance(event, Inked):
        return {}
    return {"strokes": event.strokes, "field_mm": event.field_mm, "refusal": None}


def no_ink(session: Session, event: Event) -> Changes:
    """A clean field."""
    return {"strokes": (), "refusal": None}


def progress(session: Session, event: Event) -> Changes:
    """How far the reader or the printer is."""
    return {"progress": event.share, "refusal": None} if isinstance(event, FingerProgress | PrintProgress) else {}


def finger_kept(session: Session, event: Event) -> Changes:
    """The best impression of this finger, with the scores of all its tries; the next finger begins afresh."""
    if not isinstance(event, FingerTaken):
        return {}
    kept = _best(session.best, event.impression)
    alike = {Doubt.FINGERS_ALIKE} if event.same_as is not None else set()
    impressions = tuple(sorted((*session.impressions, kept), key=lambda each: each.finger))
    return _NEXT_FINGER | {"impressions": impressions, "noted": session.noted | alike}


def finger_again(session: Session, event: Event) -> Changes:
    """Not good enough yet: remember the best so far, and what to change."""
    if not isinstance(event, FingerTaken):
        return {}
    return {
        "attempts": session.attempts + 1,
        "best": _best(session.best, event.impression),
        "finger_advice": event.advice,
        "refusal": Refusal.FINGER_UNCLEAR,
    }


def given_before(session: Session, event: Event) -> Changes:
    """It looks like an earlier finger: that one is named, and nothing is kept."""
    if not isinstance(event, FingerTaken):
        return {}
    return {"same_as": event.same_as, "repeats": session.repeats + 1, "refusal": Refusal.FINGER_GIVEN_BEFORE}


def both_again(session: Session, event: Event) -> Changes:
    """Perhaps the earlier one was the wrong one: it is asked for again, and this one after it."""
    if not isinstance(event, FingerTaken):
        return {}
    kept = tuple(each for each in session.impressions if each.finger is not event.same_as)
    anew = {"impressions": kept, "taken_again": True, "refusal": Refusal.FINGERS_BOTH_AGAIN}
    return _NEXT_FINGER | anew | {"same_as": event.same_as}


_NEXT_FINGER: dict[str, object] = {"attempts": 0, "best": None, "finger_advice": None, "repeats": 0, "same_as": None}


def _best(held: Impression | None, new: Impression) -> Impression:
    scores = new.scores if held is None else held.scores + new.scores
    return replace(new if held is None else max(new, held, key=_worth), scores=scores)


def _worth(impression: Impression) -> tuple[bool, bool, int]:
    """A print without features cannot collect a card later, however clear its picture."""
    return impression.advice is FingerAdvice.GOOD, bool(impression.template), impression.score


def recheck_kept(session: Session, event: Event) -> Changes:
    """The second impression of an index finger, and whether the reader doubts that it is the same finger."""
    if not isinstance(event, FingerCompared) or event.impression is None:
        return {}
    doubt = set()
    if not event.same:
        doubt = {Doubt.HANDS_SWAPPED if event.same_as in RECHECKED else Doubt.INDEX_DIFFERS}
    again = (*session.rechecked, event.impression)
    return {"rechecked": again, "noted": session.noted | doubt, "attempts": 0, "same_as": None}


def recheck_again(session: Session, event: Event) -> Changes:
    """The reader sees another finger, or sees this one too badly to tell: another try."""
    if not isinstance(event, FingerCompared):
        return {}
    if event.same_as is not None:
        why = Refusal.HANDS_SWAPPED if event.same_as in RECHECKED else Refusal.FINGER_OTHER
    else:
        read = event.impression is not None and event.impression.template
        why = Refusal.FINGER_NOT_SAME if read else Refusal.FINGER_UNCLEAR
    return {"attempts": session.attempts + 1, "refusal": why, "same_as": event.same_as}


def excepting(subject: Subject) -> Note:
    """An officer is asked for an exception; the finger that was asked for is marked already."""

    def note(session: Session, event: Event) -> Changes:
        marked: set[Part] = set()
        match subject:
            case Subject.SIGNATURE:
                marked = {Written.SIGNATURE}
            case Subject.FINGERS if session.asked_finger is not None:
                marked = {session.asked_finger}
            case Subject.EYES:
                marked = set(session.wanted_eyes)
        return {"excepting": subject, "marked": frozenset(marked)}

    note.__name__ = f"excepting_{subject.value}"
    return note


def marked(session: Session, event: Event) -> Changes:
    """A mark more, or one less; what was given already needs none."""
    if not isinstance(event, Marked) or event.part not in session.may_except:
        return {}
    return {"marked": session.marked ^ {event.part}, "refusal": None}


def only_marked(session: Session, event: Event) -> Changes:
    """These marks, and no other."""
    return {"marked": event.parts & frozenset(session.may_except)} if isinstance(event, OnlyMarked) else {}


def excepted(session: Session, event: Event) -> Changes:
    """The officer's exceptions, with the reason; what was signed before is not kept when the signature is excepted."""
    if not isinstance(event, WhyChosen) or session.officer is None:
        return {}
    officer = session.officer
    new = tuple(Excepted(part, event.why, officer) for part in session.may_except if part in session.marked)
    strokes = () if Written.SIGNATURE in session.marked else session.strokes
    return _NOTHING_EXCEPTED | {"excepted": session.excepted + new, "strokes": strokes}


def not_excepted(session: Session, event: Event) -> Changes:
    """Back without an exception."""
    return _NOTHING_EXCEPTED


_NOTHING_EXCEPTED: dict[str, object] = {"excepting": None, "marked": frozenset(), "officer": None}
"""The officer who excepts does not vouch for the person yet: that is asked, and typed, at the end."""


def order(session: Session, event: Event) -> Changes:
    """The card that is waiting for this person."""
    return {"order": event.order, "order_fingers": event.fingers} if isinstance(event, OrderFound) else {}


def order_in_doubt(session: Session, event: Event) -> Changes:
    """The card that may have been printed, or not."""
    return {"order": event.order} if isinstance(event, OrderInDoubt) else {}


def card_looked_for(session: Session, event: Event) -> Changes:
    """What the officer found."""
    return {"card": event.found} if isinstance(event, CardLookedFor) else {}


def owner(session: Session, event: Event) -> Changes:
    """The card's owner proved it by finger."""
    return {"finger_confirmed": True}


def owner_again(session: Session, event: Event) -> Changes:
    """Not recognised, or no finger came: another try, with the other index finger after two."""
    why = Refusal.FINGER_NONE if isinstance(event, FingerAbsent) else Refusal.FINGER_NOT_SAME
    return {"attempts": session.attempts + 1, "refusal": why}


def says_yes(session: Session, event: Event) -> Changes:
    """What the PIN is to stand for: the officer agrees."""
    return {"officer_agrees": True}


def says_no(session: Session, event: Event) -> Changes:
    """What the PIN is to stand for: the officer does not agree."""
    return {"officer_agrees": False}


def officer(session: Session, event: Event) -> Changes:
    """The officer who vouches."""
    return {"officer": event.officer} if isinstance(event, OfficerKnown) else {}


def accepted(session: Session, event: Event) -> Changes:
    """The recording is safe under its number; its biometrics are erased here and now."""
    if not isinstance(event, Sealed):
        return {}
    erased: dict[str, object] = dict.fromkeys(("strokes", "impressions", "rechecked", "irises"), ())
    return erased | {"accepted": event.accepted, "photo": None, "hands_photo": None}


def roster_seen(session: Session, event: Event) -> Changes:
    """Whether there is a list of residents."""
    return {"has_roster": event.held} if isinstance(event, RosterSeen) else {}


def forgotten(session: Session, event: Event) -> Changes:
    """The next visit knows nothing of this one."""
    clean = Session()
    forgets = [name for name in Session.__slots__ if name not in _OF_THE_STATION]
    return {name: getattr(clean, name) for name in forgets} | {"visit": session.visit + 1}


_OF_THE_STATION = frozenset(
    {"step", "visit", "now", "since", "today", "missing", "has_roster", "recording_age", "takes_eyes", "backdrops"}
)
