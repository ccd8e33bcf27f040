"""What a row of the table may write into the session of what was captured: photo, eyes, ink, fingers and tries."""

from dataclasses import replace

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice, worth
from kiosk.journey.events import (
    Event,
    EyesJudged,
    EyesTaken,
    FaceJudged,
    FingerCompared,
    FingerTaken,
    HandsPhotoTaken,
    Inked,
    PhotoTaken,
)
from kiosk.journey.excepting import Doubt
from kiosk.journey.eyes import best_of
from kiosk.journey.fingers import RECHECKED, Finger
from kiosk.journey.machine import Changes
from kiosk.journey.session import Impression, Session
from kiosk.journey.steps import Refusal

Tries = tuple[tuple[Finger, int], ...]
"""Which finger was asked for, and the score of what was given."""


def face(session: Session, event: Event) -> Changes:
    """What the preview lacks, and since when it lacks nothing."""
    if not isinstance(event, FaceJudged):
        return {}
    return {"face_advice": event.advice, "good_since": _good_since(session, event.advice is FaceAdvice.GOOD)}


def _good_since(session: Session, good: bool) -> float | None:
    if not good:
        return None
    return session.now if session.good_since is None else session.good_since


def photo(session: Session, event: Event) -> Changes:
    """The best photo so far, with how often it was tried."""
    if not isinstance(event, PhotoTaken):
        return {}
    tries, held = session.photo_tries + 1, session.photo
    best = event.photo if held is None else max(event.photo, held, key=lambda each: worth(each.advice, each.score))
    return {"photo": replace(best, tries=tries), "photo_tries": tries}


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
    return {"eye_advice": event.advice, "good_since": _good_since(session, event.advice is EyeAdvice.GOOD)}


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


def finger_kept(session: Session, event: Event) -> Changes:
    """The best impression of this finger, with the scores of all its tries; the next finger begins afresh."""
    if not isinstance(event, FingerTaken):
        return {}
    tried = _tried(session.tried, event.impression)
    kept = _scored(_better(session.best, event.impression, event.same_as), tried)
    alike = {Doubt.FINGERS_ALIKE} if kept.same_as is not None else set()
    impressions = tuple(sorted((*session.impressions, kept), key=lambda each: each.finger))
    return NEXT_FINGER | {"impressions": impressions, "tried": tried, "noted": session.noted | alike}


def finger_again(session: Session, event: Event) -> Changes:
    """Not good enough yet: remember the best so far, and what to change."""
    if not isinstance(event, FingerTaken):
        return {}
    return {
        "attempts": session.attempts + 1,
        "best": _better(session.best, event.impression, event.same_as),
        "tried": _tried(session.tried, event.impression),
        "finger_advice": event.advice,
        "refusal": Refusal.FINGER_UNCLEAR,
    }


def given_before(session: Session, event: Event) -> Changes:
    """It looks like an earlier finger: nothing is kept of it, nor of tries before it, which may be of the same one."""
    if not isinstance(event, FingerTaken):
        return {}
    anew = {"repeats": session.repeats + 1, "refusal": Refusal.FINGER_GIVEN_BEFORE}
    return NEXT_FINGER | _refused(session, event) | anew


def both_again(session: Session, event: Event) -> Changes:
    """Perhaps the earlier one was the wrong one: it is asked for again, and this one after it."""
    if not isinstance(event, FingerTaken):
        return {}
    kept = tuple(each for each in session.impressions if each.finger is not event.same_as)
    anew = {"impressions": kept, "taken_again": True, "refusal": Refusal.FINGERS_BOTH_AGAIN}
    return NEXT_FINGER | _refused(session, event) | anew


NEXT_FINGER: dict[str, object] = {"attempts": 0, "best": None, "finger_advice": None, "repeats": 0, "same_as": None}


def _refused(session: Session, event: FingerTaken) -> dict[str, object]:
    tried = _tried(session.tried, event.impression)
    return {"same_as": event.same_as, "given_twice": session.given_twice + 1, "tried": tried}


def _tried(before: Tries, impression: Impression) -> Tries:
    return (*before, (impression.finger, impression.score))


def _scored(impression: Impression, tries: Tries) -> Impression:
    return replace(impression, scores=tuple(score for finger, score in tries if finger is impression.finger))


def _better(held: Impression | None, taken: Impression, same_as: Finger | None) -> Impression:
    """The better of the one held and the one just taken, which looks like ``same_as``."""
    new = replace(taken, same_as=same_as)
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
    if event.same:
        kept, doubts = event.impression, session.noted
    else:
        kept = _better(session.best, event.impression, event.same_as)
        doubts = session.noted | {_doubt(kept)}
    again = (*session.rechecked, _scored(kept, tried))
    return NEXT_FINGER | {"rechecked": again, "tried_again": tried, "noted": doubts}


def _doubt(kept: Impression) -> Doubt:
    """Why an index finger's second impression is no proof of the first."""
    if kept.same_as in RECHECKED:
        return Doubt.HANDS_SWAPPED
    return Doubt.INDEX_DIFFERS if kept.template else Doubt.INDEX_NOT_AGAIN


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
        "best": _better(session.best, event.impression, event.same_as),
        "tried_again": _tried(session.tried_again, event.impression),
        "finger_advice": event.impression.advice,
        "refusal": why,
        "same_as": event.same_as,
    }


def recheck_absent(session: Session, event: Event) -> Changes:
    """The index finger did not come, or the reader does not feel it: another try."""
    return {"attempts": session.attempts + 1, "refusal": Refusal.FINGER_NONE}


def not_given_again(session: Session, event: Event) -> Changes:
    """The index finger is not given again: the officer is told, and the recording goes on.

    What came before in its place, and did not match, is kept and told as such.
    """
    finger, held = session.asked_finger, session.best
    if held is not None and held.template:
        again = (*session.rechecked, _scored(held, session.tried_again))
        return NEXT_FINGER | {"rechecked": again, "noted": session.noted | {_doubt(held)}}
    left = session.not_again if finger is None else session.not_again | {finger}
    return NEXT_FINGER | {"not_again": left, "noted": session.noted | {Doubt.INDEX_NOT_AGAIN}}
