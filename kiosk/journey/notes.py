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
from kiosk.journey.eyes import best_of
from kiosk.journey.fingers import RECHECKED, Finger
from kiosk.journey.machine import Note
from kiosk.journey.session import Impression, Photo, Session
from kiosk.journey.steps import Refusal

Changes = Mapping[str, object]
Tries = tuple[tuple[Finger, int], ...]
"""Which finger was asked for, and the score of what was given."""


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
    """The best picture so far of each eye that is wanted."""
    if not isinstance(event, EyesTaken):
        return {}
    wanted = tuple(image for image in event.images if image.eye in session.wanted_eyes)
    return {"irises": best_of(session.irises, wanted), "eye_tries": session.eye_tries + 1}


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
    tried = _tried(session.tried, event.impression)
    kept = _scored(_better(session.best, _looking(event)), tried)
    alike = {Doubt.FINGERS_ALIKE} if kept.same_as is not None else set()
    impressions = tuple(sorted((*session.impressions, kept), key=lambda each: each.finger))
    return _NEXT_FINGER | {"impressions": impressions, "tried": tried, "noted": session.noted | alike}


def finger_again(session: Session, event: Event) -> Changes:
    """Not good enough yet: remember the best so far, and what to change."""
    if not isinstance(event, FingerTaken):
        return {}
    return {
        "attempts": session.attempts + 1,
        "best": _better(session.best, _looking(event)),
        "tried": _tried(session.tried, event.impression),
        "finger_advice": event.advice,
        "refusal": Refusal.FINGER_UNCLEAR,
    }


def given_before(session: Session, event: Event) -> Changes:
    """It looks like an earlier finger: nothing is kept of it, nor of tries before it, which may be of the same one."""
    if not isinstance(event, FingerTaken):
        return {}
    return (
        _NEXT_FINGER
        | _refused(session, event)
        | {
            "repeats": session.repeats + 1,
            "refusal": Refusal.FINGER_GIVEN_BEFORE,
        }
    )


def both_again(session: Session, event: Event) -> Changes:
    """Perhaps the earlier one was the wrong one: it is asked for again, and this one after it."""
    if not isinstance(event, FingerTaken):
        return {}
    kept = tuple(each for each in session.impressions if each.finger is not event.same_as)
    anew = {"impressions": kept, "taken_again": True, "refusal": Refusal.FINGERS_BOTH_AGAIN}
    return _NEXT_FINGER | _refused(session, event) | anew


_NEXT_FINGER: dict[str, object] = {"attempts": 0, "best": None, "finger_advice": None, "repeats": 0, "same_as": None}


def _refused(session: Session, event: FingerTaken) -> dict[str, object]:
    tried = _tried(session.tried, event.impression)
    return {"same_as": event.same_as, "given_twice": session.given_twice + 1, "tried": tried}


def _looking(event: FingerTaken) -> Impression:
    return replace(event.impression, same_as=event.same_as)


def _tried(before: Tries, impression: Impression) -> Tries:
    return (*before, (impression.finger, impression.score))


def _scored(impression: Impression, tries: Tries) -> Impression:
    return replace(impression, scores=tuple(score for finger, score in tries if finger is impression.finger))


def _better(held: Impression | None, new: Impression) -> Impression:
    return new if held is None else max(new, held, key=_worth)


def _worth(impression: Impression) -> tuple[bool, bool, bool, int]:
    """What looks like another finger is likely to be it; and a print without features cannot collect a card later,
    however clear its picture."""
    good = impression.advice is FingerAdvice.GOOD
    return impression.same_as is None, good, bool(impression.template), impression.score


def recheck_kept(session: Session, event: Event) -> Changes:
    """The second impression of an index finger, and whether the reader doubts that it is the same finger."""
    if not isinstance(event, FingerCompared) or event.impression is None:
        return {}
    tried = _tried(session.tried_again, event.impression)
    kept = _scored(event.impression if event.same else _better(session.best, event.impression), tried)
    doubt = set()
    if not event.same:
        doubt = {Doubt.HANDS_SWAPPED if event.same_as in RECHECKED else Doubt.INDEX_DIFFERS}
    again = (*session.rechecked, kept)
    return _NEXT_FINGER | {"rechecked": again, "tried_again": tried, "noted": session.noted | doubt}


def recheck_again(session: Session, event: Event) -> Changes:
    """The reader sees another finger, or sees this one too badly to tell: another try."""
    if not isinstance(event, FingerCompared) or event.impression is None:
        return {}
    if event.same_as is not None:
        why = Refusal.HANDS_SWAPPED if event.same_as in RECHECKED else Refusal.FINGER_OTHER
    else:
        why = Refusal.FINGER_NOT_SAME if event.impression.template else Refusal.FINGER_UNCLEAR
    return {
        "attempts": session.attempts + 1,
        "best": _better(session.best, event.impression),
        "tried_again": _tried(session.tried_again, event.impression),
        "finger_advice": event.impression.advice,
        "refusal": why,
        "same_as": event.same_as,
    }


def recheck_absent(session: Session, event: Event) -> Changes:
    """The index finger did not come, or the reader does not feel it: another try."""
    return {"attempts": session.attempts + 1, "refusal": Refusal.FINGER_NONE}


def not_given_again(session: Session, event: Event) -> Changes:
    """The index finger is not given again: the officer is told, and the recording goes on."""
    finger = session.asked_finger
    left = session.not_again if finger is None else session.not_again | {finger}
    return _NEXT_FINGER | {"not_again": left, "noted": session.noted | {Doubt.INDEX_NOT_AGAIN}}


def excepting(subject: Subject) -> Note:
    """An officer is asked for an exception: what was asked for is marked, and what was excepted before stays so."""

    def note(session: Session, event: Event) -> Changes:
        marked: set[Part] = {each.part for each in session.excepted}
        match subject:
            case Subject.SIGNATURE:
                marked.add(Written.SIGNATURE)
            case Subject.FINGERS if session.asked_finger is not None:
                marked.add(session.asked_finger)
            case Subject.EYES:
                marked.update(session.wanted_eyes)
        return {"excepting": subject, "marked": frozenset(marked)}

    note.__name__ = f"excepting_{subject.value}"
    return note


def marked(session: Session, event: Event) -> Changes:
    """A mark more, or one less; what was given already needs none."""
    if not isinstance(event, Marked) or event.part not in session.may_except:
        return {}
    return {"marked": session.marked ^ {event.part}, "refusal": None}


def only_marked(session: Session, event: Event) -> Changes:
    """These marks, and of this subject no other."""
    if not isinstance(event, OnlyMarked):
        return {}
    may = frozenset(session.may_except)
    return {"marked": (session.marked - may) | (event.parts & may)}


def excepted(session: Session, event: Event) -> Changes:
    """The officer's exceptions: those given before that stay, and new ones with the reason.

    What was captured of a part that is excepted now is not kept, and the next finger begins afresh.
    """
    if session.officer is None:
        return {}
    officer, why = session.officer, event.why if isinstance(event, WhyChosen) else None
    kept = tuple(each for each in session.excepted if each.part in session.marked)
    new = (
        ()
        if why is None
        else tuple(Excepted(part, why, officer) for part in session.may_except if part in session.newly_marked)
    )
    return (
        _NEXT_FINGER
        | _NOTHING_EXCEPTED
        | {
            "excepted": kept + new,
            "strokes": () if Written.SIGNATURE in session.marked else session.strokes,
            "irises": tuple(each for each in session.irises if each.eye not in session.marked),
        }
    )


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
