"""The effects a row of the table may ask for, told from the session as it is after the event."""

from kiosk.journey.effects import (
    CallOfficer,
    Carry,
    CheckOfficer,
    Compare,
    CompareWithBegun,
    CompareWithOrder,
    Effect,
    EraseBegun,
    FindOrder,
    Forget,
    Keep,
    LookAtDesk,
    LookUp,
    PrintCard,
    Prove,
    Scan,
    Seal,
    SettleCard,
    StopScan,
    TakeEyes,
    TakeHandsPhoto,
    TakePhoto,
    TakeUp,
    Unwatch,
    UnwatchEyes,
    Watch,
    WatchEyes,
)
from kiosk.journey.kept import kept_of
from kiosk.journey.session import Session
from kiosk.journey.steps import OFFICE, Purpose


def forget(session: Session) -> Effect:
    """Erase what the workers still hold of the visit that is over."""
    return Forget(session.visit, session.begun_stays)


def look_up(session: Session) -> Effect:
    """Is this number in the roster?"""
    return LookUp(session.visit, session.typed, session.purpose is Purpose.RECORD)


def look_up_to_record(session: Session) -> Effect:
    """Could the person who is known already be recorded now?"""
    return LookUp(session.visit, session.nik, to_record=True)


def prove(session: Session) -> Effect:
    """Does this birth date belong to the number?"""
    return Prove(session.visit, session.nik, session.typed)


def watch(session: Session) -> Effect:
    """Show and judge the preview."""
    return Watch(session.visit, session.backdrop)


def unwatch(session: Session) -> Effect:
    """Stop the preview."""
    return Unwatch(session.visit)


def take_photo(session: Session) -> Effect:
    """Take the still."""
    return TakePhoto(session.visit, session.backdrop)


def take_hands_photo(session: Session) -> Effect:
    """Take face and both hands."""
    return TakeHandsPhoto(session.visit)


def watch_eyes(session: Session) -> Effect:
    """Show and judge the eye camera's preview."""
    return WatchEyes(session.visit, session.wanted_eyes)


def unwatch_eyes(session: Session) -> Effect:
    """Stop the eye camera's preview."""
    return UnwatchEyes(session.visit)


def take_eyes(session: Session) -> Effect:
    """Take the eyes."""
    return TakeEyes(session.visit, session.wanted_eyes)


def scan(session: Session) -> Effect | None:
    """Take the finger that is asked now, and compare it with those before."""
    finger = session.asked_finger
    return None if finger is None else Scan(session.visit, finger, session.impressions)


def compare(session: Session) -> Effect | None:
    """Take the index finger again and compare it with its first capture."""
    finger = session.asked_finger
    first = next((each for each in session.impressions if each.finger is finger), None)
    if finger is None or first is None:
        return None
    others = tuple(each for each in session.impressions if each.finger is not finger)
    return Compare(session.visit, finger, first, others)


def compare_with_order(session: Session) -> Effect | None:
    """Take the index finger and compare it with the order's template."""
    finger = session.asked_finger
    if finger is None or session.order is None:
        return None
    return CompareWithOrder(session.visit, finger, session.order)


def compare_with_begun(session: Session) -> Effect | None:
    """Take the index finger and compare it with that of the recording that was begun."""
    finger = session.asked_finger
    return None if finger is None else CompareWithBegun(session.visit, finger, session.nik)


def stop_scan(session: Session) -> Effect:
    """Stop waiting for a finger."""
    return StopScan(session.visit)


def check_officer(session: Session) -> Effect:
    """Whose PIN is this?"""
    return CheckOfficer(session.visit, session.typed, visiting=session.step not in OFFICE)


def keep(session: Session) -> Effect | None:
    """Keep what was approved, sealed, or nothing any more; not for each try of a finger: flash wears out."""
    return None if session.attempts or session.repeats else Keep(session.visit, kept_of(session))


def take_up(session: Session) -> Effect:
    """Open what was begun."""
    return TakeUp(session.visit, session.nik)


def erase_begun(session: Session) -> Effect:
    """Destroy what was begun."""
    return EraseBegun(session.visit, session.nik)


def seal(session: Session) -> Effect:
    """Seal the recording and make it safe."""
    return Seal(session.visit, session)


def find_order(session: Session) -> Effect:
    """Is there a card for this person?"""
    return FindOrder(session.visit, session.nik)


def print_card(session: Session) -> Effect | None:
    """Print the ordered card."""
    if session.order is None:
        return None
    return PrintCard(session.visit, session.order, session.finger_confirmed, session.officer)


def settle_card(session: Session) -> Effect | None:
    """Write down what became of the card."""
    if session.order is None or session.card is None or session.officer is None:
        return None
    return SettleCard(session.visit, session.nik, session.order, session.card, session.officer)


def look_at_desk(session: Session) -> Effect:
    """How does the station stand?"""
    return LookAtDesk(session.visit)


def carry(session: Session) -> Effect:
    """Fetch from the stick, and save to it."""
    return Carry(session.visit)


def call_officer(session: Session) -> Effect:
    """Light the call lamp."""
    return CallOfficer(session.visit)
