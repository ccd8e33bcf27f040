"""Going on with what was begun before the station stopped: the question, and the proof that it is theirs."""

from kiosk.journey.events import Deny, Next
from kiosk.screens import views
from kiosk.screens.views import Button, View
from kiosk.station.presenting.hands import hands
from kiosk.station.presenting.telling import Telling


def begun_before(tell: Telling) -> View:
    """To go on, or to begin anew; nothing of what is kept is shown before the proof."""
    say, ready = tell.say, not tell.session.busy
    return views.Message(
        tell.page(
            say("Go on where you were?"),
            say("You were interrupted. What you gave is still here, locked."),
            secondary=Button(say("Begin anew"), Deny(), "again", ready),
            primary=Button(say("Yes, go on"), Next(), "forward", ready),
            hint=tell.refused_here(),
        ),
        "go-on",
        todo=say("First we make sure once more that it is you."),
    )


def go_on_finger(tell: Telling) -> View:
    """One of the index fingers given before."""
    say = tell.say
    return hands(
        tell,
        say("Go on where you were"),
        say("Show that it is you: put the finger on the glass and hold still."),
        (),
    )
