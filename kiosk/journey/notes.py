"""What a row of the table may write into the session: each note names the fields and their new values."""

from collections.abc import Mapping
from dataclasses import replace

from kiosk.capture.advice import FaceAdvice, FingerAdvice
from kiosk.journey.events import (
    CardLookedFor,
    Digit,
    Event,
    FaceJudged,
    FingerAbsent,
    FingerCompared,
    FingerProgress,
    FingerTaken,
    IdentityProved,
    IdentityRefused,
    Inked,
    LanguageChosen,
    OfficerKnown,
    OfficerRefused,
    OrderFound,
    OrderInDoubt,
    PhotoTaken,
    PrintProgress,
    PurposeChosen,
    RosterSeen,
    Sealed,
)
from kiosk.journey.machine import Note
from kiosk.journey.session import Impression, Session
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
    """The photo as taken."""
    return {"photo": event.photo, "photo_tries": session.photo_tries + 1} if isinstance(event, PhotoTaken) else {}


def ink(session: Session, event: Event) -> Changes:
    """The signature as it stands."""
    return {"strokes": event.strokes, "refusal": None} if isinstance(event, Inked) else {}


def no_ink(session: Session, event: Event) -> Changes:
    """A clean field."""
    return {"strokes": (), "refusal": None}


def progress(session: Session, event: Event) -> Changes:
    """How far the reader or the printer is."""
    return {"progress": event.share, "refusal": None} if isinstance(event, FingerProgress | PrintProgress) else {}


def finger_kept(session: Session, event: Event) -> Changes:
    """The best impression of this finger, with how often it was tried; the next finger begins afresh."""
    if not isinstance(event, FingerTaken):
        return {}
    kept = _best(session.best, event.impression, session.attempts + 1)
    return {"impressions": (*session.impressions, kept), "attempts": 0, "best": None, "finger_advice": None}


def finger_again(session: Session, event: Event) -> Changes:
    """Not good enough yet: remember the best so far, and what to change."""
    if not isinstance(event, FingerTaken):
        return {}
    tried = session.attempts + 1
    best = _best(session.best, event.impression, tried)
    return {"attempts": tried, "best": best, "finger_advice": event.advice, "refusal": Refusal.FINGER_UNCLEAR}


def _best(held: Impression | None, new: Impression, attempts: int) -> Impression:
    if held is None:
        return replace(new, attempts=attempts)
    return replace(max(new, held, key=_worth), attempts=attempts)


def _worth(impression: Impression) -> tuple[bool, bool, int]:
    """A print without features cannot collect a card later, however clear its picture."""
    return impression.advice is FingerAdvice.GOOD, bool(impression.template), impression.score


def recheck_kept(session: Session, event: Event) -> Changes:
    """The second impression of an index finger, and whether the reader doubts that it is the same finger."""
    if not isinstance(event, FingerCompared) or event.impression is None:
        return {}
    return {
        "rechecked": (*session.rechecked, event.impression),
        "recheck_doubtful": session.recheck_doubtful or not event.same,
        "attempts": 0,
    }


def recheck_again(session: Session, event: Event) -> Changes:
    """The reader does not see the same finger, or sees it too badly to tell: another try."""
    read = isinstance(event, FingerCompared) and event.impression is not None and event.impression.template
    return {
        "attempts": session.attempts + 1,
        "refusal": Refusal.FINGER_NOT_SAME if read else Refusal.FINGER_UNCLEAR,
    }


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
    return {"accepted": event.accepted, "photo": None, "strokes": (), "impressions": (), "rechecked": ()}


def roster_seen(session: Session, event: Event) -> Changes:
    """Whether there is a list of residents."""
    return {"has_roster": event.held} if isinstance(event, RosterSeen) else {}


def forgotten(session: Session, event: Event) -> Changes:
    """The next visit knows nothing of this one."""
    clean = Session()
    kept = {"step", "visit", "now", "since", "today", "missing", "has_roster", "recording_age"}
    return {name: getattr(clean, name) for name in Session.__slots__ if name not in kept} | {"visit": session.visit + 1}
