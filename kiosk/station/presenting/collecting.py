"""Collecting a card: the finger that proves it, the printing, and the card."""

from kiosk.journey.events import Next
from kiosk.screens import views
from kiosk.screens.views import Button, Mood, View
from kiosk.station.presenting.hands import hands
from kiosk.station.presenting.telling import Telling


def collect_finger(tell: Telling) -> View:
    """The finger of the print order."""
    say = tell.say
    return hands(
        tell,
        say("Your card is ready for you"),
        say("Show that it is yours: put the finger on the glass and hold still."),
        (),
    )


def printing(tell: Telling) -> View:
    """How far the printer is, where it tells."""
    say = tell.say
    page = tell.page(say("Your card is being printed"), say("It takes one to two minutes. Please wait here."))
    return views.Message(page, "printer", share=tell.session.progress, waiting=tell.session.progress is None)


def card_ready(tell: Telling) -> View:
    """The card lies in the slot."""
    say = tell.say
    return views.Message(
        tell.page(
            say("Here is your card"),
            say("Take it out of the slot below. It is warm, and it is yours for life."),
            primary=Button(say("I have it"), Next(), "tick"),
        ),
        "printer-done",
        Mood.GOOD,
        todo=say("Is something wrong on it? Tell the officer now."),
    )
