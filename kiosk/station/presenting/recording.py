"""Being recorded: from consent over photo, signature and ten fingers to the receipt."""

from math import ceil

from kiosk.capture.advice import FaceAdvice
from kiosk.capture.face import OVAL
from kiosk.journey.events import Deny, Next
from kiosk.journey.fingers import IN_ORDER
from kiosk.journey.guards import SHUTTER_AFTER, shutter_offered
from kiosk.screens import views
from kiosk.screens.views import Button, Fact, Hint, Mood, View
from kiosk.station import reasons
from kiosk.station.presenting.hands import hands
from kiosk.station.presenting.telling import Telling


def consent(tell: Telling) -> View:
    """What is taken, what for, who can open it, and that one can stop."""
    say = tell.say
    return views.Points(
        tell.page(
            say("Do you agree?"),
            secondary=Button(say("I do not agree"), Deny(), "close"),
            primary=Button(say("I agree"), Next(), "tick"),
        ),
        (
            Fact("record", say("We take your photo, your signature and the prints of ten fingers.")),
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
    mood = Mood.GOOD if good else Mood.ATTENTION
    hint = Hint(say("Hold still …"), "camera", Mood.GOOD) if session.busy else Hint(say(spoken), icon, mood)
    countdown = None
    if good and session.good_since is not None and not session.busy:
        left = SHUTTER_AFTER - (tell.now - session.good_since)
        countdown = min(max(ceil(left / SHUTTER_AFTER * 3), 1), 3)
    offered = shutter_offered(session, Next())
    return views.Preview(
        tell.page(
            say("Look into the camera"),
            say("Take off your glasses. Keep your face inside the line. The photo is taken by itself."),
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


def signature(tell: Telling) -> View:
    """The strokes so far, or the invitation to write."""
    say, session = tell.say, tell.session
    return views.Signing(
        tell.page(
            say("Sign with your finger"),
            "" if session.refusal else say("Your own way. A line is fine too."),
            back=True,
            primary=tell.next(ready=bool(session.strokes)),
            hint=tell.refused_here(),
        ),
        strokes=session.strokes,
        invitation=say("Write here"),
        erase=tell.erase(ready=bool(session.strokes)),
    )


def fingers(tell: Telling) -> View:
    """One finger after the other, counted."""
    say, taken = tell.say, tell.session.impressions
    return hands(
        tell,
        say("Finger {number} of {count}", number=say.number(min(len(taken) + 1, 10)), count=say.number(len(IN_ORDER))),
        say("Put it flat on the glass of the reader and hold still."),
        tuple(each.finger for each in taken),
    )


def recheck(tell: Telling) -> View:
    """The index fingers once more, counted."""
    say, again = tell.say, tell.session.rechecked
    return hands(
        tell,
        say("Check {number} of {count}", number=say.number(min(len(again) + 1, 2)), count=say.number(2)),
        say("Once more, to be sure: flat on the glass and hold still."),
        tuple(each.finger for each in again),
    )


def review(tell: Telling) -> View:
    """Photo, signature and fingers together."""
    say, session = tell.say, tell.session
    return views.Summary(
        tell.page(
            say("Everything is here"),
            say("Look at it once more, then continue."),
            primary=tell.next(),
        ),
        photo=session.photo.jpeg if session.photo else None,
        strokes=session.strokes,
        done=tuple(int(each.finger) for each in session.impressions),
        captions=(
            say("Photo"),
            say("Signature"),
            say("{count} fingers", count=say.number(len(session.impressions))),
        ),
    )


def sign_off(tell: Telling) -> View:
    """The resident's own word that all of it is theirs."""
    say = tell.say
    return views.Message(
        tell.page(
            say("Hand in your recording?"),
            say("I confirm that these details, photo, signature and fingerprints are mine."),
            back=True,
            primary=Button(say("Yes, hand in"), Next(), "tick"),
        ),
        "hand-in",
        todo=say("Next, the officer confirms who you are."),
    )


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
            Fact("clock", say("The centre checks. That can take some weeks.")),
            Fact("bell", say("Then come again with your family card (KK) and collect it.")),
        ),
    )
