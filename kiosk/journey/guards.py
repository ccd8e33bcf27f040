"""The questions a row of the table may ask. Named, so that the diagram drawn from the table is complete."""

from collections.abc import Callable

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.capture.signature import is_signed
from kiosk.journey.events import (
    CardNotPrinted,
    DeskSeen,
    Digit,
    Event,
    EyesJudged,
    EyesTaken,
    FaceJudged,
    FingerCompared,
    FingerTaken,
    IdentityRefused,
    NikKnown,
    NikRefused,
    OnlyMarked,
    OrderFound,
    OrderRefused,
    PhotoTaken,
    TakenUp,
)
from kiosk.journey.excepting import Subject
from kiosk.journey.eyes import best_of
from kiosk.journey.fingers import IN_ORDER
from kiosk.journey.session import TRIES_A_FINGER, Session
from kiosk.journey.steps import MAY_RECORD, RECORDING_NEEDS, Device, Purpose, Refusal, Step

NIK_DIGITS = 16
DATE_DIGITS = 8
PIN_DIGITS = 6
SHUTTER_AFTER = 2.1
"""Seconds of a good face before the shutter: three, two, one."""
SHUTTER_BY_HAND_AFTER = 15.0
SELF_TIMER = 5.0
"""Seconds from the touch to the photo of face and hands: whoever holds up both hands cannot press."""
EYES_AFTER = 1.0
FINGER_TRIES = 3
PHOTO_TRIES = 3
EYE_TRIES = 3
REPEATS = 2
"""Refusals of a finger that looks like one given before; then it is kept, and the officer looks."""
FLAPPING = 10
"""Interruptions of one visit after which it no longer goes on by itself."""


def free(session: Session, _: Event) -> bool:
    """Nothing is being looked up for the resident just now."""
    return not session.busy


def nik_complete(session: Session, _: Event) -> bool:
    """All sixteen digits are there, and no answer is being waited for."""
    return len(session.typed) == NIK_DIGITS and not session.busy


def date_complete(session: Session, _: Event) -> bool:
    """Day, month and year are there, and no answer is being waited for."""
    return len(session.typed) == DATE_DIGITS and not session.busy


def pin_complete(session: Session, _: Event) -> bool:
    """The PIN is whole, and no answer is being waited for."""
    return len(session.typed) == PIN_DIGITS and not session.busy


def nik_has_room(session: Session, event: Event) -> bool:
    """One more digit of a NIK fits."""
    return _room(session, event, NIK_DIGITS)


def date_has_room(session: Session, event: Event) -> bool:
    """One more digit of a date fits."""
    return _room(session, event, DATE_DIGITS)


def pin_has_room(session: Session, event: Event) -> bool:
    """One more digit of a PIN fits."""
    return _room(session, event, PIN_DIGITS)


def _room(session: Session, event: Event, most: int) -> bool:
    one = isinstance(event, Digit) and len(event.digit) == 1 and event.digit in "0123456789"
    return one and len(session.typed) < most and not session.busy


def not_answered(_: Session, event: Event) -> bool:
    """Nothing is wrong with what was typed: the same may be sent once more."""
    return isinstance(event, IdentityRefused) and event.why is Refusal.NOT_NOW


_NOTHING_TO_CORRECT = (
    Refusal.LOCKED,
    Refusal.ROSTER_OVER,
    Refusal.STATION_FULL,
    Refusal.NO_CONTACT,
    Refusal.FROZEN,
)


def tries_are_over(session: Session, event: Event) -> bool:
    """The number is locked after wrong birth dates."""
    return isinstance(event, IdentityRefused) and event.why is Refusal.LOCKED


def typed_and_over(session: Session, event: Event) -> bool:
    """It is about the number as typed, and nothing can be put right on this screen."""
    over = isinstance(event, NikRefused) and event.why in _NOTHING_TO_CORRECT
    return over and as_typed(session, event)


def as_typed(session: Session, event: Event) -> bool:
    """The answer is about the number that stands there now, not about one that was typed before it."""
    return isinstance(event, NikKnown | NikRefused) and event.nik == session.typed


def collecting(session: Session, _: Event) -> bool:
    """The person came for a finished card."""
    return session.purpose is Purpose.COLLECT


def already_recorded(session: Session, _: Event) -> bool:
    """The centre holds this person, or will: a second recording would hang there for ever."""
    return session.record is not None and session.record.how_far not in MAY_RECORD


def too_young(session: Session, _: Event) -> bool:
    """Not old enough today, and never married."""
    if session.biodata is None or session.today is None:
        return True
    born, today = session.biodata.birth_date, session.today
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return age < session.recording_age and not session.biodata.married


def may_be_recorded_instead(session: Session, event: Event) -> bool:
    """Whoever asked for a card has none to expect, and could be recorded at once."""
    known = session.record is not None and not session.busy
    return known and not (already_recorded(session, event) or too_young(session, event))


def had_begun(session: Session, _: Event) -> bool:
    """A recording of this resident was interrupted, and can be gone on with: they consented to what is taken here."""
    return session.begun is not None and session.begun.takes_eyes is session.takes_eyes


def awaited_and_had_begun(session: Session, event: Event) -> bool:
    """The same, where an answer was awaited."""
    return awaited(session, event) and had_begun(session, event)


def begun_has_finger(session: Session, _: Event) -> bool:
    """An index finger was given then that this reader can compare."""
    return session.begun is not None and bool(session.begun.fingers)


def goes_on_at(step: Step) -> Callable[[Session, Event], bool]:
    """What was begun goes on at this step."""

    def guard(_: Session, event: Event) -> bool:
        return isinstance(event, TakenUp) and event.kept.step is step

    guard.__name__ = f"goes_on_at_{step.name.lower()}"
    return guard


def face_good_long_enough(session: Session, event: Event) -> bool:
    """The face has been good for as long as three, two, one takes."""
    good = isinstance(event, FaceJudged) and event.advice is FaceAdvice.GOOD
    return good and _lasted(session, SHUTTER_AFTER)


def _lasted(session: Session, seconds: float) -> bool:
    """Nothing is awaited, and what counts down to the shutter has done so for ``seconds``."""
    return not session.busy and session.good_since is not None and session.now - session.good_since >= seconds


def photo_could_be_better(session: Session, event: Event) -> bool:
    """The photo leaves something to wish for, and it has not been tried often enough yet."""
    poor = isinstance(event, PhotoTaken) and event.photo.advice is not FaceAdvice.GOOD
    return awaited(session, event) and poor and session.photo_tries + 1 < PHOTO_TRIES


def awaited(session: Session, _: Event) -> bool:
    """An answer is being waited for where the resident stands now, not one from before they turned aside."""
    return session.busy


def self_timer_over(session: Session, event: Event) -> bool:
    """Both hands have had the time to be raised."""
    return isinstance(event, FaceJudged) and _lasted(session, SELF_TIMER)


def eyes_good_long_enough(session: Session, event: Event) -> bool:
    """The eyes have been good for a moment."""
    good = isinstance(event, EyesJudged) and event.advice is EyeAdvice.GOOD
    return good and _lasted(session, EYES_AFTER)


def eyes_waited_for_long(session: Session, event: Event) -> bool:
    """They would not get good: what there is is taken, so that nobody stands there for ever."""
    patience = SHUTTER_BY_HAND_AFTER * (session.eye_tries + 1)
    return isinstance(event, EyesJudged) and not session.busy and session.now - session.since >= patience


def eyes_could_be_better(session: Session, event: Event) -> bool:
    """An eye is missing or unclear, and it has not been tried often enough yet."""
    if not isinstance(event, EyesTaken) or not awaited(session, event):
        return False
    seen = {iris.eye for iris in best_of(session.irises, event.images) if iris.advice is EyeAdvice.GOOD}
    return not seen.issuperset(session.wanted_eyes) and session.eye_tries + 1 < EYE_TRIES


def shutter_offered(session: Session, _: Event) -> bool:
    """The automatic shutter has had its chance; the resident may press it."""
    return not session.busy and session.now - session.since >= SHUTTER_BY_HAND_AFTER


def signed(session: Session, _: Event) -> bool:
    """There is ink: a line is enough, a dot is not."""
    return is_signed(session.strokes)


def given_before(session: Session, event: Event) -> bool:
    """The reader sees a finger of this visit again, and the resident has not been told so yet."""
    return _looks_given(session, event) and session.repeats == 0


def given_before_again(session: Session, event: Event) -> bool:
    """It does so again: the earlier one may be the wrong one, so both are taken once more, once in a visit."""
    return _looks_given(session, event) and not session.taken_again


def _looks_given(session: Session, event: Event) -> bool:
    asked = finger_asked(session, event)
    return asked and isinstance(event, FingerTaken) and event.same_as is not None and session.repeats < REPEATS


def finger_settled(session: Session, event: Event) -> bool:
    """This finger is good, or has been tried often enough: the best one is kept."""
    if not finger_asked(session, event) or not isinstance(event, FingerTaken):
        return False
    return event.advice is FingerAdvice.GOOD or session.attempts + 1 >= FINGER_TRIES


def finger_asked(session: Session, event: Event) -> bool:
    """The impression is of the finger that is asked now, not of one asked before."""
    return isinstance(event, FingerTaken) and event.impression.finger is session.asked_finger


def recheck_settled(session: Session, event: Event) -> bool:
    """This index finger matched its first capture, or has been tried often enough (the officer is told)."""
    if not recheck_asked(session, event) or not isinstance(event, FingerCompared):
        return False
    return event.same or session.attempts + 1 >= FINGER_TRIES


def absent_often(session: Session, _: Event) -> bool:
    """The reader has waited for the index finger as often as it is tried."""
    return session.attempts + 1 >= FINGER_TRIES


def recheck_asked(session: Session, event: Event) -> bool:
    """The comparison is of the finger that is asked now."""
    if not isinstance(event, FingerCompared) or event.impression is None:
        return False
    return event.impression.finger is session.asked_finger


def owner_proved(_: Session, event: Event) -> bool:
    """The finger is the card owner's."""
    return isinstance(event, FingerCompared) and event.same


def tries_left_for_owner(session: Session, _: Event) -> bool:
    """There is another try before the officer is asked."""
    return session.attempts + 1 < TRIES_A_FINGER * len(session.proving_fingers)


def order_has_finger(_: Session, event: Event) -> bool:
    """The order carries a template that this reader can compare."""
    return isinstance(event, OrderFound) and bool(event.fingers)


def no_order(_: Session, event: Event) -> bool:
    """The centre has not ordered this card yet."""
    return isinstance(event, OrderRefused) and event.why is Refusal.NO_ORDER


def all_here(session: Session, _: Event) -> bool:
    """Nothing that a recording needs is missing: neither devices nor the roster."""
    return everything_here(session)


def between_visits(session: Session, _: Event) -> bool:
    """Help was asked for where no visit is under way."""
    return session.resume in (Step.ATTRACT, Step.OUT_OF_SERVICE)


def under_way(_: Session, event: Event) -> bool:
    """A stick is being written to, or what came of it has not been told yet."""
    return isinstance(event, DeskSeen) and event.desk.under_way


def awaited_here(session: Session, _: Event) -> bool:
    """What the interrupted step needs is here again, and it does not come and go all the time."""
    return not (session.awaited & session.missing) and session.interruptions < FLAPPING


def nothing_awaited(session: Session, _: Event) -> bool:
    """What the interrupted step needs is here; that it comes and goes is for whoever presses to judge."""
    return not (session.awaited & session.missing)


def something_marked(session: Session, _: Event) -> bool:
    """The officer marked at least one part more, which needs a reason."""
    return bool(session.newly_marked)


def something_unmarked(session: Session, _: Event) -> bool:
    """The officer took back at least one exception, and gave none."""
    return any(session.is_excepted(part) and part not in session.marked for part in session.may_except)


def may_be_marked(session: Session, event: Event) -> bool:
    """At least one of these parts can be excepted now."""
    return isinstance(event, OnlyMarked) and not event.parts.isdisjoint(session.may_except)


def of_the_signature(session: Session, _: Event) -> bool:
    """The exception is about the signature."""
    return session.excepting is Subject.SIGNATURE


def of_the_eyes(session: Session, _: Event) -> bool:
    """The exception is about the eyes."""
    return session.excepting is Subject.EYES


# Whether a step has nothing to do ---------------------------------------------------------------------------------


def everything_here(session: Session) -> bool:
    """Nothing that a recording needs is missing: neither devices nor the roster."""
    return bool(session.has_roster) and not (RECORDING_NEEDS & session.missing)


def no_roster(session: Session) -> bool:
    """There is no list of residents: nobody could be recorded."""
    return session.has_roster is False


def every_finger_settled(session: Session) -> bool:
    """Each of ten was given, or excepted by an officer."""
    return {each.finger for each in session.impressions}.union(session.excepted_fingers) == set(IN_ORDER)


def no_finger_excepted(session: Session) -> bool:
    """All ten were given: no photo of the hands is needed."""
    return not session.excepted_fingers


def index_fingers_checked(session: Session) -> bool:
    """Each index finger that was given was given once more."""
    return not session.to_recheck


def no_eyes_to_take(session: Session) -> bool:
    """The station has no camera for them, it has stopped, or both eyes were excepted."""
    return not session.wanted_eyes or Device.EYE_CAMERA in session.missing


def officer_agrees(session: Session, _: Event) -> bool:
    """It was the yes that the PIN was typed for."""
    return session.officer_agrees


def card_in_doubt(_: Session, event: Event) -> bool:
    """Nobody can tell whether the card came out."""
    return isinstance(event, CardNotPrinted) and event.why is Refusal.CARD_UNKNOWN
