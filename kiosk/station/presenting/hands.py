"""Both hands with the finger that is asked for: for recording, checking again, and collecting."""

from dataclasses import replace

from kiosk.capture.advice import FingerAdvice
from kiosk.journey.fingers import RECHECKED, Finger
from kiosk.journey.session import Session
from kiosk.journey.steps import Refusal, Step
from kiosk.screens import views
from kiosk.screens.views import Button, Hint, Mood, View
from kiosk.station import reasons
from kiosk.station.presenting.telling import Telling


def hands(
    tell: Telling, overline: str, sentence: str, done: tuple[Finger, ...], *, otherwise: Button | None = None
) -> View:
    """The hands; ``sentence`` stands until there is a hint, ``done`` are the fingers already taken, ``otherwise`` the
    way for those who cannot give one."""
    say, session = tell.say, tell.session
    asked = session.asked_finger
    hint, change = _hint(tell)
    alike = session.same_as if change in reasons.OTHER_FINGER.values() and session.same_as is not asked else None
    name = say(reasons.FINGER_NAMES[asked]) if asked is not None else say("Fingerprints")
    return views.Hands(
        tell.page(name, sentence if hint is None else "", overline=overline, hint=hint, secondary=otherwise),
        sides=_sides(tell),
        asked=None if asked is None else int(asked),
        done=tuple(int(finger) for finger in done),
        progress=session.progress if session.refusal is None else None,
        change=change,
        excepted=tuple(int(finger) for finger in session.excepted_fingers),
        alike=None if alike is None else int(alike),
    )


def _sides(tell: Telling) -> tuple[str, str]:
    return tell.say("Left hand"), tell.say("Right hand")


def _hint(tell: Telling) -> tuple[Hint | None, str]:
    """What to say, and the picture of what to do. Advice stands until the finger is taken: whoever rubs a dry finger
    must not read meanwhile that no finger is there."""
    say, session = tell.say, tell.session
    waited = session.refusal in (None, Refusal.FINGER_NONE, Refusal.FINGER_LIFT)
    if session.progress is not None and session.refusal is None:
        return Hint(say("Good. You may lift your finger."), "done", Mood.GOOD), ""
    why = _standing(session) if waited else session.refusal
    advice = _advice(session)
    if why is Refusal.FINGER_NOT_SAME and advice is not None:
        why = Refusal.FINGER_UNCLEAR  # what to change helps more than that it was not recognised
    change, spoken = "press", ""
    if why is Refusal.FINGER_UNCLEAR:
        change, told = reasons.FINGER[advice or FingerAdvice.UNCLEAR]
        spoken = say(told)
    elif why in reasons.OTHER_FINGER:
        change, spoken = reasons.OTHER_FINGER[why], _other_finger(tell, why)
    if not spoken:
        hint = tell.refused_here()
        return hint and replace(hint, icon="again" if hint.mood is Mood.ATTENTION else hint.icon), change
    if session.refusal is Refusal.FINGER_LIFT:
        spoken = " ".join((say("Lift your finger first."), spoken))
    return Hint(spoken, "again", Mood.ATTENTION), change


def _standing(session: Session) -> Refusal | None:
    """What was wrong with the finger given last, where nothing came after it."""
    advised = _advice(session) is not None
    if session.step is Step.RECHECK and session.same_as is not None:
        return Refusal.HANDS_SWAPPED if session.same_as in RECHECKED else Refusal.FINGER_OTHER
    if advised or session.same_as is None:
        return Refusal.FINGER_UNCLEAR if advised else None
    both = session.same_as not in {each.finger for each in session.impressions}
    return Refusal.FINGERS_BOTH_AGAIN if both else Refusal.FINGER_GIVEN_BEFORE


def _advice(session: Session) -> FingerAdvice | None:
    """What to change, if anything: a print can be good, and yet not recognised."""
    return None if session.finger_advice is FingerAdvice.GOOD else session.finger_advice


def _other_finger(tell: Telling, why: Refusal) -> str:
    say, same_as = tell.say, tell.session.same_as
    if why is Refusal.FINGER_GIVEN_BEFORE and same_as is not None:
        finger = reasons.within(say(reasons.FINGER_NAMES[same_as]))
        return say("This finger was taken already, as {finger}. Use the one shown.", finger=finger)
    return say(reasons.HINTS[why])
