"""Both hands with the finger that is asked for: for recording, checking again, and collecting."""

from kiosk.journey.fingers import Finger
from kiosk.journey.steps import Refusal
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
    hint, change = _finger_hint(tell), ""
    advice = session.finger_advice
    if session.progress is not None:
        hint = Hint(say("Good. You may lift your finger."), "done", Mood.GOOD)
    elif session.refusal is Refusal.FINGER_UNCLEAR and advice is not None:
        change, spoken = reasons.FINGER[advice]
        hint = Hint(say(spoken), "again", Mood.ATTENTION)
    elif session.refusal in reasons.OTHER_FINGER:
        change = reasons.OTHER_FINGER[session.refusal]
    else:
        change = "press"
    name = say(reasons.FINGER_NAMES[asked]) if asked is not None else say("Fingerprints")
    return views.Hands(
        tell.page(name, sentence if hint is None else "", overline=overline, hint=hint, secondary=otherwise),
        sides=_sides(tell),
        asked=None if asked is None else int(asked),
        done=tuple(int(finger) for finger in done),
        progress=session.progress,
        change=change,
        excepted=tuple(int(finger) for finger in session.excepted_fingers),
    )


def _sides(tell: Telling) -> tuple[str, str]:
    return tell.say("Left hand"), tell.say("Right hand")


def _finger_hint(tell: Telling) -> Hint | None:
    hint = tell.refused_here()
    return None if hint is None else Hint(hint.text, "again" if hint.mood is Mood.ATTENTION else hint.icon, hint.mood)
