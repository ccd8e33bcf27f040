"""Beside the way: refusals, stopping, help, a pause, and out of service."""

from datetime import date

from kiosk.journey.events import Deny, Next
from kiosk.journey.guards import sealing_failed
from kiosk.journey.resident import TABLE
from kiosk.journey.session import Session
from kiosk.journey.steps import Device, Refusal, Step
from kiosk.screens import views
from kiosk.screens.views import Button, Mood, View
from kiosk.station import reasons
from kiosk.station.presenting.telling import Telling


def refused(tell: Telling) -> View:
    """Why it does not go on, and what to do next."""
    say, session = tell.say, tell.session
    reason = reasons.SCREENS[session.refusal or Refusal.SEAL_FAILED]
    todo = say(reason.todo)
    if session.refusal is Refusal.TOO_YOUNG and session.biodata is not None:
        todo = say("Come again from {date}, with your family card.", date=say.date(_sixteenth(session)))
    again = sealing_failed(session, Next())
    button = Button(say("Try again"), Next(), "again") if again else Button(say("Finish"), Next(), "home")
    return views.Message(
        tell.page(say(reason.headline), say(reason.why), primary=button), reason.picture, Mood.ATTENTION, todo
    )


def cancel(tell: Telling) -> View:
    """Whether to stop, and what stopping means."""
    say = tell.say
    return views.Message(
        tell.page(
            say("Do you want to stop?"),
            say("If you stop, everything of today is erased. You can come again at any time."),
            secondary=Button(say("Stop and erase"), Deny(), "close"),
            primary=Button(say("No, go on"), Next(), "forward"),
        ),
        "stop-hand",
    )


def help_called(tell: Telling) -> View:
    """Someone is coming, and nothing is lost."""
    say = tell.say
    return views.Message(
        tell.page(
            say("An officer is coming"),
            say("Please wait here. Nothing is lost."),
            primary=Button(say("Go on without help"), Next(), "forward"),
        ),
        "officer",
    )


def interrupted(tell: Telling) -> View:
    """A device that this step needs has stopped."""
    say, session = tell.say, tell.session
    needed = TABLE[session.resume].needs if session.resume else frozenset(Device)
    picture, which = _stopped(tell, session.missing & needed)
    return views.Message(
        tell.page(say("A short pause"), " ".join((which, say("You did nothing wrong.")))),
        picture,
        Mood.ATTENTION,
        todo=say("An officer has been called. Your data stay here, and we go on by ourselves."),
    )


def out_of_service(tell: Telling) -> View:
    """Which device is missing, and where else to go; or that the station is still starting."""
    say, missing = tell.say, tell.session.missing & TABLE[Step.ATTRACT].needs
    if not missing:
        page = tell.page(say("The station is getting ready"), say("One moment, please …"))
        return views.Message(page, "reader-wait", waiting=True)
    picture, which = _stopped(tell, missing)
    return views.Message(
        tell.page(say("Not in service just now"), which),
        picture,
        Mood.ATTENTION,
        todo=say("Ask the officer here, or go to: {office}", office=tell.station.next_office),
    )


def _sixteenth(session: Session) -> date:
    assert session.biodata is not None  # noqa: S101 - asked only with biodata
    born = session.biodata.birth_date
    # Who is born on 29 February comes of age on 1 March (KUHPerdata counts full years).
    return date(born.year + 16, 3, 1) if (born.month, born.day) == (2, 29) else born.replace(year=born.year + 16)


def _stopped(tell: Telling, devices: frozenset[Device]) -> tuple[str, str]:
    """Picture and words of the devices that stopped, in their usual order."""
    shown = [reasons.DEVICES[device] for device in Device if device in devices]
    return (shown[0][0] if shown else "reader-stop"), " ".join(tell.say(spoken) for _, spoken in shown)
