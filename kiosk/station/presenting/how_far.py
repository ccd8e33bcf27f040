"""How far a person's record is, in plain words: what has happened, what comes next, and when to come again."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from kiosk.journey.events import Deny, Next
from kiosk.journey.guards import may_be_recorded_instead, too_young
from kiosk.journey.session import Record, Session
from kiosk.journey.steps import MAY_RECORD, HowFar, Refusal, Step
from kiosk.screens import views
from kiosk.screens.views import Button, Fact, Mood, View
from kiosk.station.presenting.asides import of_age, refused
from kiosk.station.presenting.telling import Telling
from kiosk.station.text import word

SEARCH: Final = timedelta(days=20)
"""The centre's comparison takes 1 to 20 days."""
SOON: Final = timedelta(days=7)
"""Nobody is sent home to come again sooner: the way may be long."""
STAGES: Final = (
    ("record", word("Recorded")),
    ("sending", word("Sent")),
    ("checking", word("Checked")),
    ("printer-0", word("Printed")),
    ("card", word("Ready")),
)
COME_AGAIN: Final = word("Come again from {date}, with your family card.")
AT_THE_OFFICE: Final = word("Take your family card to: {office}")
RIGHT_NOW: Final = word("You can be recorded right now. It costs nothing.")
ASK: Final = word("Bring your family card, and ask the officer.")


@dataclass(frozen=True, slots=True)
class Told:
    """Where in the row it stands, its sign, and the words: what is so, why, and what to do next."""

    at: int
    sign: str
    headline: str
    sentence: str
    todo: str = COME_AGAIN
    mood: Mood = Mood.CALM


NOT_BEGUN: Final = frozenset({HowFar.ON_THE_WAY, HowFar.SENT})
"""The comparison has not begun: its days are yet to be counted."""
COMPARING: Final = word("The centre compares it with all others. That takes 1 to 20 days.")
TOLD: Final[dict[HowFar, Told]] = {
    HowFar.NOT_RECORDED: Told(
        0,
        "dash",
        word("You have not been recorded yet"),
        word("This office knows of no recording of you."),
        RIGHT_NOW,
    ),
    HowFar.KEPT_HERE: Told(
        1,
        "clock",
        word("Your recording is safe here"),
        word("It waits for the network. Then it goes to the centre by itself."),
        word("You need not do anything. Ask here again any time."),
    ),
    HowFar.ON_THE_WAY: Told(
        1,
        "clock",
        word("Your recording is on its way"),
        word("It is being sent to the centre."),
    ),
    HowFar.SENT: Told(2, "clock", word("Your recording was sent to the centre"), COMPARING),
    HowFar.AT_THE_CENTRE: Told(2, "clock", word("Your recording is at the centre"), COMPARING),
    HowFar.APPROVED: Told(
        3,
        "clock",
        word("Your recording was checked. All is well"),
        word("Next, your card is printed."),
    ),
    HowFar.ORDERED: Told(3, "clock", word("Your card will be printed soon"), word("The centre has ordered it.")),
    HowFar.PRINTED: Told(
        4,
        "clock",
        word("Your card has been printed"),
        word("It still has to be brought here."),
    ),
    HowFar.SHIPPED: Told(
        4,
        "clock",
        word("Your card is being brought here"),
        word("Perhaps it has arrived already."),
        ASK,
    ),
    HowFar.HANDED_OUT: Told(
        5,
        "tick",
        word("Your card was handed out"),
        word("It is yours for life."),
        word("Have you not got it, or lost it? Ask the officer."),
        Mood.GOOD,
    ),
    HowFar.RECORD_AGAIN: Told(
        0,
        "again",
        word("Please be recorded once more"),
        word("Your earlier recording cannot be used. You did nothing wrong."),
        RIGHT_NOW,
        Mood.ATTENTION,
    ),
    HowFar.LOOKED_AT: Told(
        2,
        "alert",
        word("The centre looks at your recording closely"),
        word("It looks like another one. People there compare the two."),
        word("Come again from {date}. Or ask at: {office}"),
        Mood.ATTENTION,
    ),
    HowFar.QUESTIONED: Told(
        2,
        "alert",
        word("The centre has a question about your details"),
        word("Only an officer can answer it, together with you."),
        AT_THE_OFFICE,
        Mood.ATTENTION,
    ),
    HowFar.TWICE: Told(
        2,
        "alert",
        word("The centre has two recordings of you"),
        word("Once that is put right, your card can be printed."),
        AT_THE_OFFICE,
        Mood.ATTENTION,
    ),
}


def not_eligible(tell: Telling) -> View:
    """Why this person is not recorded now: too young, or recorded before and then how far that is."""
    return how_far(tell) if tell.session.refusal is Refusal.ALREADY_RECORDED else refused(tell)


def how_far(tell: Telling) -> View:
    """The row of stages, the words, and the one thing to do."""
    say, session = tell.say, tell.session
    record = session.record
    assert record is not None, "the table comes here only with a record"  # noqa: S101 - a mistake of the table's
    told = TOLD[record.how_far]
    now = session.step is Step.NO_CARD_YET and may_be_recorded_instead(session.but(busy=False), Next())
    todo, day = told.todo, _come_again(record, session)
    if todo == RIGHT_NOW and not now:
        todo = COME_AGAIN if too_young(session, Next()) else ASK
    if session.busy:
        todo = word("One moment, please …")
    number = f"{say('Your registration number')}: {record.registration}" if record.registration else ""
    finish = Button(say("Finish"), Next(), "home")
    return views.Course(
        tell.page(
            say(told.headline),
            say(told.sentence),
            header=replace(tell.header(), title=number),
            secondary=Button(say("Not now"), Deny(), "home") if now else None,
            primary=Button(say("Record me now"), Next(), "forward", ready=not session.busy) if now else finish,
        ),
        tuple(Fact(picture, say(name)) for picture, name in STAGES),
        told.at,
        told.sign,
        say(todo, date=say.date(day), office=tell.station.next_office),
        told.mood,
    )


def _come_again(record: Record, session: Session) -> date:
    today = session.today or date.min
    if record.how_far in MAY_RECORD and session.biodata is not None and too_young(session, Next()):
        return of_age(session)
    begun = today if record.how_far in NOT_BEGUN else record.since or today
    return max(begun + SEARCH, today + SOON)
