"""The officer's place: comparing the person, or looking for a card; never without the PIN."""

from dataclasses import replace

from kiosk.journey.events import CancelAsked, CardLookedFor, Deny, Marked, Next, OnlyMarked, WhyChosen
from kiosk.journey.excepting import Part, Subject
from kiosk.journey.eyes import BOTH_EYES
from kiosk.journey.fingers import IN_ORDER
from kiosk.journey.guards import PIN_DIGITS, something_marked, something_unmarked
from kiosk.journey.steps import Card, Step
from kiosk.journey.table import TABLE
from kiosk.screens import views
from kiosk.screens.views import Button, Fact, Header, Hint, Mood, View
from kiosk.station import reasons
from kiosk.station.presenting.telling import Telling, parts


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


def go_on_officer(tell: Telling) -> View:
    """Before somebody goes on with what was begun."""
    say = tell.say
    return _officer(
        tell,
        say("Does the family card show this person?"),
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


def exception_asked(tell: Telling) -> View:
    """Something cannot be given: an officer comes."""
    say = tell.say
    headline = {
        Subject.FINGERS: say("Can a finger not be given?"),
        Subject.SIGNATURE: say("Can this person not sign?"),
        Subject.EYES: say("Can an eye not be shown?"),
    }[tell.session.excepting or Subject.FINGERS]
    return _officer(tell, headline, say("Look at it, then type your PIN."), deniable=False, back=True)


def exception_which(tell: Telling) -> View:
    """What the officer leaves out."""
    say, session = tell.say, tell.session
    if session.excepting is Subject.EYES:
        return _which_eyes(tell)
    hint = tell.refused_here()
    page = tell.page(
        say("Which fingers?"),
        "" if hint else say("Touch all that cannot be given."),
        header=_header(tell),
        back=True,
        primary=tell.next(ready=something_marked(session, Next()) or something_unmarked(session, Next())),
        hint=hint,
    )
    left, right = IN_ORDER[:4:-1], IN_ORDER[:5]
    return views.Marks(
        page,
        (
            (say("Left hand"), tuple(_mark(tell, finger) for finger in left)),
            (say("Right hand"), tuple(_mark(tell, finger) for finger in right)),
        ),
    )


def _which_eyes(tell: Telling) -> View:
    say, wanted = tell.say, tell.session.wanted_eyes
    answers = [(say(reasons.part_name(eye)), f"eye-{eye.value}-covered", frozenset({eye})) for eye in wanted]
    if len(answers) > 1:
        answers.append((say("Both eyes"), "eyes-both-covered", frozenset(BOTH_EYES)))
    return views.Choice(
        tell.page(say("Which eye?"), header=_header(tell), back=True),
        tuple((Button(name, OnlyMarked(eyes)), picture, say("Will be left out.")) for name, picture, eyes in answers),
    )


def _mark(tell: Telling, part: Part) -> views.Mark:
    session = tell.session
    button = Button(tell.say(reasons.part_name(part)), Marked(part))
    if part not in session.may_except:
        return views.Mark(replace(button, icon="tick"), "taken")
    return views.Mark(button, "marked" if part in session.marked else "free")


def exception_why(tell: Telling) -> View:
    """The officer's reason."""
    say, session = tell.say, tell.session
    whys = reasons.WHYS[session.excepting or Subject.FINGERS]
    return views.Choice(
        tell.page(say("Why can it not be given?"), header=_header(tell), back=True),
        tuple((Button(say(name), WhyChosen(why)), picture, say(told)) for why, (picture, name, told) in whys.items()),
    )


def _header(tell: Telling, title: str = "") -> Header:
    say = tell.say
    leaving = CancelAsked in TABLE[tell.session.step].on
    stop = Button(say("Stop"), CancelAsked(), "close") if leaving else None
    return Header(title=title or say("Officer"), icon="shield", officer=True, stop=stop)


def _officer(
    tell: Telling, headline: str, sentence: str, *, overline: str = "", deniable: bool = True, back: bool = False
) -> View:
    say, session, biodata = tell.say, tell.session, tell.session.biodata
    hint, facts = tell.refused_here(), tuple[Fact, ...]()
    if session.step is Step.OFFICER_CONFIRMS:
        hint, facts = _vouched_for(tell, hint)
    # The officer sits in another room: where no lamp can call, whoever stands here must.
    calling = "" if tell.calls else say("Please call the officer")
    complete = len(session.typed) == PIN_DIGITS and not session.busy
    lines = (biodata.name, say.date(biodata.birth_date), biodata.birth_place) if biodata else ()
    return views.Entry(
        tell.page(
            headline,
            sentence,
            overline=overline or ("" if calling else say("Resident: please wait for the officer")),
            header=_header(tell, calling),
            back=back,
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
        facts=facts,
    )


def _vouched_for(tell: Telling, hint: Hint | None) -> tuple[Hint | None, tuple[Fact, ...]]:
    """All that an officer answers for who confirms: the gravest doubt in words where the hint is free, every other one
    as a short fact, and what was left out."""
    say, session = tell.say, tell.session
    doubts = [told for doubt, told in reasons.DOUBTS.items() if doubt in session.doubts]
    if hint is None and doubts and tell.calls:
        hint = Hint(say(doubts.pop(0)[0]), "alert", Mood.ATTENTION)
    facts = [Fact("alert", say(short)) for _, short in doubts]
    if session.excepted:
        facts.append(Fact("dash", say("Left out: {parts}.", parts=parts(tell, session.excepted))))
    return hint, tuple(facts)
