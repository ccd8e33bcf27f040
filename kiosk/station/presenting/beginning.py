"""Before anyone is known: the invitation, the language, and what one came for."""

from kiosk.journey.events import Begin, LanguageChosen, PurposeChosen
from kiosk.journey.steps import Purpose
from kiosk.screens import views
from kiosk.screens.views import Button, Fact, View
from kiosk.station.presenting.telling import Telling


def attract(tell: Telling) -> View:
    """What this is, what it asks for, and the invitation in every language."""
    station = tell.station
    spoken = [tell.text.into(language) for language in station.languages]
    say = spoken[0]
    facts = [
        Fact("family-card-small", say("Bring your family card (KK) with your NIK")),
        Fact("clock", say("It takes about {minutes} minutes", minutes=say.number(station.minutes))),
        Fact("coin", say("It costs nothing")),
    ]
    if station.waiting is not None:
        facts[2] = Fact("people", say("People waiting: {count}", count=say.number(station.waiting)))
    return views.Attract(
        tell.page(say("Record yourself for your KTP-el card"), header=tell.header()),
        office=station.office,
        facts=tuple(facts),
        invitations=tuple(say("Touch to begin") for say in spoken),
        begin=Begin(),
    )


def language(tell: Telling) -> View:
    """Each language by its own name, asked for in all of them."""
    spoken = [tell.text.into(language) for language in tell.station.languages]
    first, *others = [say("Choose your language") for say in spoken]
    return views.Choice(
        tell.page(first, " · ".join(others), back=True),
        tuple(
            (
                Button(say("Name of this language"), LanguageChosen(say.language)),
                f"speech-{say.language}",
                say("Welcome"),
            )
            for say in spoken
        ),
    )


def purpose(tell: Telling) -> View:
    """To be recorded; or to ask for one's card: to collect it where cards are printed, or to see how far it is."""
    say, prints = tell.say, tell.station.prints_cards
    record = Button(say("Record me"), PurposeChosen(Purpose.RECORD))
    card = Button(say("My card"), PurposeChosen(Purpose.COLLECT))
    choices = (
        (record, "record", say("Photo, signature and fingerprints")),
        (card, "collect", say("Collect it, or see how far it is") if prints else say("See how far it is")),
    )
    return views.Choice(tell.page(say("What did you come for?"), back=True), choices)
