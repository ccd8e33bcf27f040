"""The officer's desk: how the station stands, and recordings that are carried away on a stick."""

from kiosk.journey.carrying import Carried, Desk
from kiosk.journey.events import Back, Next
from kiosk.journey.guards import PIN_DIGITS
from kiosk.journey.steps import Refusal
from kiosk.screens import views
from kiosk.screens.views import Button, Header, Mood, View
from kiosk.station import reasons
from kiosk.station.presenting.telling import Telling


def officer_pin(tell: Telling) -> View:
    """Who comes without a resident."""
    say, typed = tell.say, tell.session.typed
    complete = len(typed) == PIN_DIGITS and not tell.session.busy
    return views.Entry(
        tell.page(
            say("The officer's PIN"),
            say("Type your PIN: six digits."),
            header=_header(tell),
            back=True,
            primary=Button(say("Confirm"), Next(), "tick", ready=complete),
            hint=tell.refused_here(),
        ),
        groups=(PIN_DIGITS,),
        typed="•" * len(typed),
        keys=tell.keys(),
        erase=tell.erase(),
        hidden=True,
    )


def officer_desk(tell: Telling) -> View:
    """What waits, since when, and the one thing to do about it."""
    say, desk = tell.say, tell.session.desk
    return views.Message(
        tell.page(
            say("One moment, please …") if desk is None else _waiting(tell, desk),
            "" if desk is None else _since(tell, desk),
            header=_header(tell),
            back=True,
            primary=Button(say("Save and fetch"), Next(), "forward"),
        ),
        "stick",
        todo=say("Put the stick in. Then press Save and fetch."),
    )


def _waiting(tell: Telling, desk: Desk) -> str:
    if desk.waiting == 0:
        return tell.say("No recording waits here")
    return tell.say("Recordings waiting here: {count}", count=tell.say.number(desk.waiting))


def _since(tell: Telling, desk: Desk) -> str:
    say = tell.say
    told = [say("Just now nobody can be recorded.")] if desk.frozen else []
    if desk.oldest is not None:
        told.append(say("The oldest is of {date}.", date=say.date(desk.oldest)))
    if desk.reached is None:
        told.append(say("The centre has not been reached yet."))
    elif desk.reached == tell.session.today:
        told.append(say("The centre was reached today."))
    else:
        told.append(say("The centre was last reached on {date}.", date=say.date(desk.reached)))
    return " ".join(told)


def stick_saving(tell: Telling) -> View:
    """How far it is; nobody need stay."""
    say, share = tell.say, tell.session.progress
    return views.Message(
        tell.page(
            say("Fetching and saving …"),
            say("Leave the stick in. With many recordings it takes some minutes."),
            header=_header(tell),
            secondary=Button(say("Let people go on"), Back(), "home"),
        ),
        "stick-1",
        share=share,
        waiting=share is None,
        todo=say("It goes on while people are recorded. Come here again for the result."),
    )


def stick_filled(tell: Telling) -> View:
    """What lies on the stick, and where to bring it."""
    say, carried = tell.say, tell.session.carried or Carried()
    lacking = _lacking(tell, carried)
    if carried.recordings:
        headline = say("Recordings on the stick: {count}", count=say.number(carried.recordings))
        todo = say("Take the stick out and bring it to: {office}", office=tell.station.next_office)
    else:
        headline = say("No recording is on the stick") if lacking else say("Done. No recording waited here")
        todo = say("You can take the stick out.")
    return views.Message(
        tell.page(
            headline,
            # Two sentences at most: what asks for something comes first.
            " ".join([*lacking, _answers(tell, carried)][:2]),
            header=_header(tell),
            primary=Button(say("Finish"), Next(), "home"),
        ),
        "stick-stop" if lacking else "stick-done",
        Mood.ATTENTION if lacking else Mood.GOOD,
        todo=todo,
    )


def _answers(tell: Telling, carried: Carried) -> str:
    if carried.answers == 0:
        return tell.say("There were no answers from the centre on it.")
    return tell.say("Answers from the centre fetched: {count}.", count=tell.say.number(carried.answers))


def _lacking(tell: Telling, carried: Carried) -> list[str]:
    """What did not go as it should: the officer must not think that all is on the way."""
    say, told = tell.say, []
    if carried.unreadable:
        told.append(say("Cannot be read here: {count}. Call the technician.", count=say.number(carried.unreadable)))
    if carried.left:
        told.append(say("Found no room: {count}. Take another stick for them.", count=say.number(carried.left)))
    if carried.answers_left:
        told.append(say("Not all answers found room here. Put the stick in again later."))
    return told


def stick_refused(tell: Telling) -> View:
    """What is wrong with the stick, and what to do."""
    say, carried = tell.say, tell.session.carried or Carried()
    reason = reasons.SCREENS[tell.session.refusal or Refusal.STICK_ILL]
    fetched = (_answers(tell, carried),) if carried.answers else ()
    return views.Message(
        tell.page(
            say(reason.headline),
            " ".join((say(reason.why), *fetched)),
            header=_header(tell),
            back=True,
            primary=Button(say("Try again"), Next(), "again"),
        ),
        reason.picture,
        Mood.ATTENTION,
        say(reason.todo),
    )


def _header(tell: Telling) -> Header:
    return Header(title=tell.say("Officer"), icon="shield", officer=True)
