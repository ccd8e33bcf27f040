"""The officer's place: comparing the person, or looking for a card; never without the PIN."""

from kiosk.journey.events import CancelAsked, CardLookedFor, Deny, Next
from kiosk.journey.guards import PIN_DIGITS
from kiosk.journey.resident import TABLE
from kiosk.journey.steps import Card
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


def card_doubt(tell: Telling) -> View:
    """Nobody can tell whether a card came out: the officer looks."""
    say = tell.say
    return _officer(
        tell,
        say("Did a card come out?"),
        say("Look into the printer and its tray, then type your PIN."),
        overline=say("It is not known whether the card was printed"),
        deniable=False,
    )


def card_looked_for(tell: Telling) -> View:
    """What the officer found."""
    say = tell.say
    return views.Choice(
        tell.page(
            say("What did you find?"),
            say("One moment, please …") if tell.session.busy else say("It goes into the count of empty cards."),
            header=_header(tell),
            back=True,
        ),
        (
            (
                Button(say("The card"), CardLookedFor(Card.MADE)),
                "printer-done",
                say("It is well printed"),
            ),
            (
                Button(say("A spoiled card"), CardLookedFor(Card.SPOILED)),
                "printer-stop",
                say("Keep it. A new one is printed"),
            ),
            (
                Button(say("No card"), CardLookedFor(Card.NONE)),
                "printer-0",
                say("None came out of the feeder"),
            ),
        ),
    )


def _header(tell: Telling) -> Header:
    say = tell.say
    leaving = CancelAsked in TABLE[tell.session.step].on
    stop = Button(say("Stop"), CancelAsked(), "close") if leaving else None
    return Header(title=say("Officer"), icon="shield", officer=True, stop=stop)


def _officer(tell: Telling, headline: str, sentence: str, *, overline: str = "", deniable: bool = True) -> View:
    say, session, biodata = tell.say, tell.session, tell.session.biodata
    hint = tell.refused_here()
    if hint is None and session.recheck_doubtful:
        hint = Hint(say("One index finger did not match. Look closely."), "alert", Mood.ATTENTION)
    complete = len(session.typed) == PIN_DIGITS and not session.busy
    lines = (biodata.name, say.date(biodata.birth_date), biodata.birth_place) if biodata else ()
    return views.Entry(
        tell.page(
            headline,
            sentence,
            overline=overline or say("Resident: please wait for the officer"),
            header=_header(tell),
            secondary=Button(say("Not this person"), Deny(), "close", ready=complete) if deniable else None,
            primary=Button(say("Confirm"), Next(), "tick", ready=complete),
            hint=hint,
        ),
        groups=(PIN_DIGITS,),
        typed="•" * len(session.typed),
        keys=tell.keys(),
        erase=tell.erase(),
        hidden=True,
        person=views.Person(session.photo.jpeg if session.photo else None, lines),
    )
