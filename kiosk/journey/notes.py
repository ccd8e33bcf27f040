"""What a row of the table may write into the session: each note names the fields and their new values."""

from kiosk.journey.captures import NEXT_FINGER
from kiosk.journey.events import (
    CardLookedFor,
    DeskSeen,
    Digit,
    Event,
    FingerAbsent,
    FingerProgress,
    IdentityProved,
    IdentityRefused,
    LanguageChosen,
    Marked,
    OfficerKnown,
    OfficerRefused,
    OnlyMarked,
    OrderFound,
    OrderInDoubt,
    PrintProgress,
    PurposeChosen,
    Sealed,
    StickFilled,
    StickProgress,
    StickRefused,
    TakenUp,
    WhyChosen,
)
from kiosk.journey.excepting import Excepted, Part, Subject, Written
from kiosk.journey.kept import gone_on_with
from kiosk.journey.machine import Changes, Note
from kiosk.journey.session import Session
from kiosk.journey.steps import Purpose, Refusal


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


def typed_stays(session: Session, event: Event) -> Changes:
    """Leave what was typed, to be mended or sent once more, and say what is wrong."""
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
    """The resident proved who they are; from here on the station knows their biodata, how far their record is, and
    whether they had begun."""
    if not isinstance(event, IdentityProved):
        return {}
    return {"biodata": event.biodata, "record": event.record, "begun": event.begun}


def taken_up(session: Session, event: Event) -> Changes:
    """What was approved before is here again."""
    return gone_on_with(event.kept) | {"earlier": event.earlier, "begun": None} if isinstance(event, TakenUp) else {}


def begun_anew(session: Session, event: Event) -> Changes:
    """Nothing is left of what was begun."""
    return {"begun": None}


def to_record(session: Session, event: Event) -> Changes:
    """Who asked for a card is recorded instead."""
    return {"purpose": Purpose.RECORD}


def consent(session: Session, event: Event) -> Changes:
    """The resident agreed to be recorded."""
    return {"consented": True}


def progress(session: Session, event: Event) -> Changes:
    """How far the reader, the printer or the work with the stick is."""
    kinds = FingerProgress | PrintProgress | StickProgress
    return {"progress": event.share, "refusal": None} if isinstance(event, kinds) else {}


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
    """These marks beside what is excepted already, and no other."""
    if not isinstance(event, OnlyMarked):
        return {}
    return {"marked": {each.part for each in session.excepted} | (event.parts & frozenset(session.may_except))}


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
        NEXT_FINGER
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


def desk(session: Session, event: Event) -> Changes:
    """How the station stands."""
    return {"desk": event.desk} if isinstance(event, DeskSeen) else {}


def carried(session: Session, event: Event) -> Changes:
    """What lies on the stick, and what it brought."""
    return {"carried": event.carried} if isinstance(event, StickFilled | StickRefused) else {}


def forgotten(session: Session, event: Event) -> Changes:
    """The next visit knows nothing of this one."""
    clean = Session()
    forgets = [name for name in Session.__slots__ if name not in _OF_THE_STATION]
    return {name: getattr(clean, name) for name in forgets} | {"visit": session.visit + 1}


def begun_stays(session: Session, event: Event) -> Changes:
    """Whoever had to wait for too long may come back and go on, as after a power cut."""
    return {"begun_stays": True}


_OF_THE_STATION = frozenset(
    {"step", "visit", "now", "since", "today", "missing", "has_roster", "recording_age", "takes_eyes", "backdrops"}
)
