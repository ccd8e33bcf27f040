"""Being recorded: from consent over photo, signature and ten fingers to the receipt."""

from math import ceil
from typing import Final

from kiosk.capture.advice import EyeAdvice, FaceAdvice
from kiosk.capture.face import OVAL
from kiosk.capture.iris import APART, WELL
from kiosk.journey.events import CannotGive, Deny, Next
from kiosk.journey.excepting import Doubt
from kiosk.journey.eyes import BOTH_EYES
from kiosk.journey.fingers import IN_ORDER
from kiosk.journey.guards import SELF_TIMER, SHUTTER_AFTER, shutter_offered
from kiosk.journey.session import Session
from kiosk.journey.steps import Refusal
from kiosk.screens import views
from kiosk.screens.views import Button, Fact, Hint, Mood, View
from kiosk.station import reasons
from kiosk.station.presenting.hands import hands
from kiosk.station.presenting.telling import Telling, parts

RINGS: Final = tuple((0.5 + side * APART * WELL, 0.5, 1.7 * WELL) for side in (-1, 1))
"""Where the eyes belong in the eye camera's picture, and how large, with room for the lids."""


def consent(tell: Telling) -> View:
    """What is taken, what for, who can open it, and that one can stop."""
    say, refusal = tell.say, tell.session.refusal
    return views.Points(
        tell.page(
            say("Do you agree?"),
            say(reasons.SCREENS[refusal].why) if refusal is Refusal.BEGUN_OVER else "",
            secondary=Button(say("I do not agree"), Deny(), "close"),
            primary=Button(say("I agree"), Next(), "tick"),
        ),
        (
            Fact(
                "record",
                say("We take your photo, your signature, ten fingerprints and pictures of your eyes.")
                if tell.session.takes_eyes
                else say("We take your photo, your signature and the prints of ten fingers."),
            ),
            Fact("card", say("They are for your KTP-el only.")),
            Fact("lock", say("Locked right away. Only the centre can open them.")),
            Fact("stop-hand", say("You can stop at any time. Then everything is erased.")),
        ),
    )


def photo(tell: Telling) -> View:
    """The preview with one advice at a time, and the countdown once all is well."""
    say, session = tell.say, tell.session
    icon, spoken = reasons.FACE[session.face_advice]
    good = session.face_advice is FaceAdvice.GOOD
    mood = Mood.GOOD if good else Mood.CALM if session.face_advice is FaceAdvice.NO_FACE else Mood.ATTENTION
    hint: Hint | None = (
        Hint(say("Hold still …"), "camera", Mood.GOOD) if session.busy else Hint(say(spoken), icon, mood)
    )
    if tell.frame is None:
        hint = None
    once_more = session.refusal is Refusal.PHOTO_NOT_YET
    countdown = _countdown(tell, SHUTTER_AFTER, 3) if good else None
    offered = shutter_offered(session, Next())
    return views.Preview(
        tell.page(
            say("Look into the camera"),
            say("The last photo could be better. We take one more.")
            if once_more
            else say("Take off your glasses. Keep your face inside the line. The photo is taken by itself."),
            secondary=Button(say("Take the photo now"), Next(), "camera") if offered else None,
            hint=hint,
        ),
        picture="glasses",
        oval=OVAL,
        frame=tell.frame,
        good=good,
        countdown=countdown,
        warming=say("The camera is waking up …"),
    )


def photo_review(tell: Telling) -> View:
    """The photo as it will be on the card."""
    say, photo = tell.say, tell.session.photo
    assert photo is not None, "the table comes here only with a photo"  # noqa: S101 - a mistake of the table's
    return views.Portrait(
        tell.page(
            say("Is the photo good?"),
            say("It will be on your card like this."),
            secondary=Button(say("Take another"), Deny(), "again"),
            primary=Button(say("Use this photo"), Next(), "tick"),
        ),
        photo.jpeg,
    )


def _countdown(tell: Telling, seconds: float, numbers: int) -> int | None:
    """Which number stands over the picture, counting down from ``numbers`` in ``seconds``; none before it begins."""
    session = tell.session
    if session.good_since is None or session.busy:
        return None
    left = seconds - (tell.now - session.good_since)
    return min(max(ceil(left / seconds * numbers), 1), numbers)


def signature(tell: Telling) -> View:
    """The strokes so far, or the invitation to write."""
    say, session = tell.say, tell.session
    return views.Signing(
        tell.page(
            say("Sign with your finger"),
            "" if session.refusal else say("Your own way. A line is fine too."),
            back=True,
            secondary=Button(say("I cannot sign"), CannotGive(), "no-pen"),
            primary=tell.next(ready=bool(session.strokes)),
            hint=tell.refused_here(),
        ),
        strokes=_drawn(session),
        invitation=say("Write here"),
        erase=tell.erase(ready=bool(session.strokes)),
    )


def fingers(tell: Telling) -> View:
    """One finger after the other, counted."""
    say, session = tell.say, tell.session
    settled = len(session.impressions) + len(session.excepted_fingers)
    return hands(
        tell,
        say("Finger {number} of {count}", number=say.number(min(settled + 1, 10)), count=say.number(len(IN_ORDER))),
        say("Put it flat on the glass of the reader and hold still."),
        tuple(each.finger for each in session.impressions),
        otherwise=Button(say("I cannot give this finger"), CannotGive(), "no-finger"),
    )


def hands_photo(tell: Telling) -> View:
    """Face and both hands, for whom an officer excepted a finger."""
    say, session = tell.say, tell.session
    countdown = _countdown(tell, SELF_TIMER, round(SELF_TIMER))
    waits = countdown is None and not session.busy
    return views.Preview(
        tell.page(
            say("Show your face and both hands"),
            say("Hold up your hands beside your face, their backs to the camera.")
            + " "
            + say("So the centre sees why a finger was left out."),
            primary=Button(say("Take the photo"), Next(), "camera", ready=waits),
            hint=Hint(say("Hold still …"), "camera", Mood.GOOD) if session.busy else None,
        ),
        picture="face-and-hands",
        guide="face-and-hands",
        frame=tell.frame,
        countdown=countdown,
        warming=say("The camera is waking up …"),
    )


def hands_review(tell: Telling) -> View:
    """The photo of face and hands, before it is kept."""
    say, photo = tell.say, tell.session.hands_photo
    assert photo is not None, "the table comes here only with a photo"  # noqa: S101 - a mistake of the table's
    return views.Portrait(
        tell.page(
            say("Are your face and both hands in it?"),
            say("It goes to the centre with your recording, locked like all the rest."),
            secondary=Button(say("Take another"), Deny(), "again"),
            primary=Button(say("Use this photo"), Next(), "tick"),
        ),
        photo.jpeg,
    )


def recheck(tell: Telling) -> View:
    """The index fingers once more, counted."""
    say, session = tell.say, tell.session
    again = tuple(each.finger for each in session.rechecked)
    settled = len(again) + len(session.not_again)
    count = settled + len(session.to_recheck)
    return hands(
        tell,
        say("Check {number} of {count}", number=say.number(min(settled + 1, count)), count=say.number(count)),
        say("Once more, to be sure: flat on the glass and hold still."),
        again,
        otherwise=Button(say("I cannot give this finger"), CannotGive(), "no-finger"),
    )


def eyes(tell: Telling) -> View:
    """The eye camera's preview, with one advice at a time."""
    say, session = tell.say, tell.session
    icon, spoken = reasons.EYES[session.eye_advice]
    good = session.eye_advice is EyeAdvice.GOOD
    mood = Mood.GOOD if good else Mood.CALM if session.eye_advice is EyeAdvice.NO_EYES else Mood.ATTENTION
    hint: Hint | None = Hint(say(spoken), icon, mood)
    if session.busy:
        hint = Hint(say("Hold still …"), "camera", Mood.GOOD)
    if tell.frame is None:
        hint = None
    return views.Preview(
        tell.page(
            say("Look into the round window"),
            tell.say(reasons.HINTS[Refusal.EYES_NOT_YET])
            if session.refusal is Refusal.EYES_NOT_YET
            else say("Take off your glasses and open your eyes wide. The picture is taken by itself."),
            secondary=Button(say("I cannot show my eyes"), CannotGive(), "no-eyes"),
            hint=hint,
        ),
        picture="eyes-window",
        guide="eyes",
        rings=RINGS,
        frame=tell.frame,
        good=good,
        warming=say("The camera is waking up …"),
    )


def review(tell: Telling) -> View:
    """Photo, signature, fingers and eyes together, and what was left out."""
    say, session = tell.say, tell.session
    seen = {iris.eye for iris in session.irises}
    taken = tuple(say(reasons.part_name(eye)) for eye in BOTH_EYES if eye in seen)
    whole = seen.issuperset(session.wanted_eyes)
    return views.Summary(
        tell.page(
            say("Everything is here") if whole else say("This is your recording"),
            say("Look at it once more, then continue."),
            primary=tell.next(),
        ),
        photo=session.photo.jpeg if session.photo else None,
        strokes=_drawn(session),
        done=tuple(int(each.finger) for each in session.impressions),
        captions=(
            say("Photo"),
            say("No signature") if session.unsigned else say("Signature"),
            say("{count} fingers", count=say.number(len(session.impressions))),
        ),
        excepted=tuple(int(finger) for finger in session.excepted_fingers),
        signed=not session.unsigned,
        eyes=(taken or (say("No pictures of the eyes"),)) if session.takes_eyes else (),
        seen=bool(taken),
        notes=_notes(tell, whole=whole),
    )


def _notes(tell: Telling, *, whole: bool) -> tuple[Fact, ...]:
    """What is unlike a recording in which all went well: two lines at most. ``whole``: no eye that was wanted lacks."""
    say, session = tell.say, tell.session
    notes = []
    if session.excepted:
        notes.append(Fact("info", say("Left out: {parts}.", parts=parts(tell, session.excepted))))
    photo, eyes = Doubt.PHOTO in session.doubts, Doubt.EYES_NOT_SEEN in session.doubts
    if photo and eyes:
        notes.append(Fact("alert", say("Photo and eyes could be better. The officer looks at them.")))
    elif photo:
        notes.append(Fact("alert", say("The photo could be better. The officer looks at it.")))
    elif eyes and whole:
        notes.append(Fact("alert", say("The eyes could be clearer. The officer looks at them.")))
    elif eyes:
        notes.append(Fact("alert", say("The eyes were not all taken. The officer is told.")))
    return tuple(notes)


def sign_off(tell: Telling) -> View:
    """The resident's own word that all of it is theirs: each thing that was given, and no other."""
    say = tell.say
    return views.Message(
        tell.page(
            say("Hand in your recording?"),
            say("I confirm that all this is mine: {parts}.", parts=_given(tell)),
            back=True,
            primary=Button(say("Yes, hand in"), Next(), "tick"),
        ),
        "hand-in",
        todo=say("Next, the officer confirms who you are."),
    )


def _given(tell: Telling) -> str:
    say, session = tell.say, tell.session
    given = {
        say("my details"): True,
        reasons.within(say("Photo")): session.photo is not None,
        reasons.within(say("Signature")): bool(session.strokes) and not session.unsigned,
        reasons.within(say("Fingerprints")): bool(session.impressions),
        say("photo of face and hands"): session.hands_photo is not None and bool(session.excepted_fingers),
        say("pictures of the eyes"): bool(session.irises),
    }
    return ", ".join(name for name, there in given.items() if there)


def sealing(tell: Telling) -> View:
    """The wait until the recording is kept."""
    say = tell.say
    page = tell.page(say("Being kept safe …"), say("This takes a moment. Please wait."))
    return views.Message(page, "safe", waiting=True)


def receipt(tell: Telling) -> View:
    """The registration number, and what happens next."""
    say, accepted = tell.say, tell.session.accepted
    return views.Receipt(
        tell.page(
            say("Done. Thank you!"),
            say("Your recording is safe."),
            primary=Button(say("Finish"), Next(), "home"),
        ),
        caption=say("Your registration number"),
        number=accepted.registration if accepted else "",
        points=(
            Fact("pen", say("Write it down, or take a picture.")),
            *_left_out(tell),
            Fact("clock", say("The centre checks. That can take some weeks.")),
            Fact("bell", say("Then come again with your family card (KK) and collect it.")),
        ),
    )


def _left_out(tell: Telling) -> tuple[Fact, ...]:
    """What stays left out, and what is still awaited: two things to a resident who goes home with this slip."""
    say, excepted = tell.say, tell.session.excepted
    for_good = tuple(each for each in excepted if each.why.permanent)
    for_now = tuple(each for each in excepted if not each.why.permanent)
    facts = []
    if for_good:
        facts.append(Fact("dash", say("Left out: {parts}.", parts=parts(tell, for_good))))
    if for_now:
        told = say("Left out for now: {parts}. Ask the officer when it can be given.", parts=parts(tell, for_now))
        facts.append(Fact("info", told))
    return tuple(facts)


def _drawn(session: Session) -> views.Strokes:
    return tuple(tuple((point.x, point.y, point.t) for point in stroke) for stroke in session.strokes)
