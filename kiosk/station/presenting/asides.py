"""Beside the way: refusals, stopping, help, a pause, and out of service."""

from calendar import isleap
from dataclasses import replace
from datetime import date

from kiosk.journey.events import Deny, Next, OfficerAsked
from kiosk.journey.guards import between_visits
from kiosk.journey.session import Session
from kiosk.journey.steps import Device, Refusal, Step
from kiosk.journey.table import TABLE
from kiosk.screens import views
from kiosk.screens.views import Button, Mood, View
from kiosk.station import reasons
from kiosk.station.presenting.telling import Telling


def refused(tell: Telling) -> View:
    """Why it does not go on, and what to do next."""
    say, session = tell.say, tell.session
    reason = reasons.SCREENS[session.refusal or Refusal.OFFICER_NO]
    why, todo = say(reason.why, age=say.number(session.recording_age)), say(reason.todo)
    if session.refusal is Refusal.TOO_YOUNG and session.biodata is not None:
        todo = say("Come again from {date}, with your family card.", date=say.date(of_age(session)))
    button = Button(say("Finish"), Next(), "home")
    return views.Message(tell.page(say(reason.headline), why, primary=button), reason.picture, Mood.ATTENTION, todo)


def not_kept(tell: Telling) -> View:
    """The recording could not be kept yet; nothing is given up."""
    say = tell.say
    reason = reasons.SCREENS[tell.session.refusal or Refusal.SEAL_FAILED]
    page = tell.page(say(reason.headline), say(reason.why), primary=Button(say("Try again"), Next(), "again"))
    return views.Message(page, reason.picture, Mood.ATTENTION, say(reason.todo))


def cancel(tell: Telling) -> View:
    """Whether to stop, and what stopping means."""
    say = tell.say
    return views.Message(
        tell.page(
            say("Do you want to stop?"),
            say("If you stop, everything typed and taken just now is erased. You can come again at any time."),
            secondary=Button(say("Stop and erase"), Deny(), "close"),
            primary=Button(say("No, go on"), Next(), "forward"),
        ),
        "stop-hand",
    )


def help_called(tell: Telling) -> View:
    """Someone is coming, and nothing is lost."""
    say = tell.say
    headline, sentence = say("An officer has been called"), say("Please wait here. Nothing is lost.")
    if not tell.calls:
        headline, sentence = say("Please call the officer"), say("Raise your hand or go and ask. Nothing is lost.")
    # An officer may have come by themselves; within a visit they have nothing to do here but to help.
    between = between_visits(tell.session, OfficerAsked())
    header = tell.header()
    return views.Message(
        tell.page(
            headline,
            sentence,
            header=replace(header, stop=None) if between else header,
            secondary=Button(say("I am the officer"), OfficerAsked(), "shield") if between else None,
            primary=Button(say("Go on without help"), Next(), "forward"),
        ),
        "officer",
    )


def interrupted(tell: Telling) -> View:
    """A device that this step needs has stopped."""
    say, session = tell.say, tell.session
    needed = TABLE[session.resume].needs if session.resume else frozenset(Device)
    picture, which = _stopped(tell, session.missing & needed)
    todo = say("An officer has been called. Your data stay here, and we go on by ourselves.")
    if not tell.calls:
        todo = say("Please call the officer. Your data stay here, and we go on by ourselves.")
    if not session.missing & needed:
        # It came and went too often to go on by itself.
        todo = say("It works again. Ask the officer to watch, then continue.")
    page = tell.page(
        say("A short pause"),
        " ".join((which, say("You did nothing wrong."))) if session.missing & needed else say("You did nothing wrong."),
        primary=None if session.missing & needed else Button(say("Continue"), Next(), "forward"),
    )
    return views.Message(page, picture, Mood.ATTENTION, todo)


def out_of_service(tell: Telling) -> View:
    """Which device is missing, and where else to go; or that the station is still starting."""
    say, missing = tell.say, tell.session.missing & TABLE[Step.ATTRACT].needs
    elsewhere = say("Ask the officer here, or go to: {office}", office=tell.station.next_office)
    if not missing and tell.session.has_roster is False:
        page = tell.page(say("Not in service just now"), say("The list of residents has not arrived here yet."))
        return views.Message(page, "family-card", Mood.ATTENTION, elsewhere)
    if not missing:
        page = tell.page(say("The station is getting ready"), say("One moment, please …"))
        return views.Message(page, "reader-wait", waiting=True)
    picture, which = _stopped(tell, missing)
    return views.Message(
        tell.page(say("Not in service just now"), which),
        picture,
        Mood.ATTENTION,
        todo=elsewhere,
    )


def of_age(session: Session) -> date:
    """The day from which this resident may be recorded."""
    assert session.biodata is not None  # noqa: S101 - asked only with biodata
    born = session.biodata.birth_date
    year = born.year + session.recording_age
    # Who is born on 29 February comes of age on 1 March where that day is missing (KUHPerdata counts full years).
    leapling = (born.month, born.day) == (2, 29) and not isleap(year)
    return date(year, 3, 1) if leapling else born.replace(year=year)


def _stopped(tell: Telling, devices: frozenset[Device]) -> tuple[str, str]:
    """Picture and words of the devices that stopped, in their usual order."""
    shown = [reasons.DEVICES[device] for device in Device if device in devices]
    return (shown[0][0] if shown else "reader-stop"), " ".join(tell.say(spoken) for _, spoken in shown)
