"""The officer's place: comparing the person, then the PIN."""

from kiosk.journey.events import CancelAsked, Deny, Next
from kiosk.journey.guards import PIN_DIGITS
from kiosk.screens import views
from kiosk.screens.views import Button, Header, Hint, Mood, View
from kiosk.station.presenting.telling import Telling


def officer_confirms(tell: Telling) -> View:
    """Before a recording is sealed."""
    say = tell.say
    return _officer(tell, say("Is it this person?"), say("Compare face and photo, then type your PIN."))


def collect_officer(tell: Telling) -> View:
    """Before a card is printed."""
    say = tell.say
    return _officer(
        tell,
        say("May this person have the card?"),
        say("Compare with the family card, then type your PIN."),
    )


def _officer(tell: Telling, headline: str, sentence: str) -> View:
    say, session, biodata = tell.say, tell.session, tell.session.biodata
    hint = tell.refused_here()
    if hint is None and session.recheck_doubtful:
        hint = Hint(say("One index finger did not match. Look closely."), "alert", Mood.ATTENTION)
    lines = (biodata.name, say.date(biodata.birth_date), biodata.birth_place) if biodata else ()
    return views.Entry(
        tell.page(
            headline,
            sentence,
            overline=say("Resident: please wait for the officer"),
            header=Header(
                title=say("Officer"), icon="shield", officer=True, stop=Button(say("Stop"), CancelAsked(), "close")
            ),
            secondary=Button(say("Not this person"), Deny(), "close"),
            primary=Button(say("Confirm"), Next(), "tick", ready=len(session.typed) == PIN_DIGITS and not session.busy),
            hint=hint,
        ),
        groups=(PIN_DIGITS,),
        typed="•" * len(session.typed),
        keys=tell.keys(),
        erase=tell.erase(),
        hidden=True,
        person=views.Person(session.photo.jpeg if session.photo else None, lines),
    )
