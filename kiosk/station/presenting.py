"""From the visit as it stands to what the screen shows: one function a step, every word from the catalogues."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Final

from kiosk.capture.advice import FaceAdvice
from kiosk.capture.face import OVAL
from kiosk.journey.events import (
    Back,
    Begin,
    CancelAsked,
    Deny,
    Digit,
    Erase,
    HelpAsked,
    LanguageChosen,
    MoreTime,
    Next,
    PurposeChosen,
)
from kiosk.journey.fingers import IN_ORDER, Finger
from kiosk.journey.guards import (
    DATE_DIGITS,
    NIK_DIGITS,
    PIN_DIGITS,
    SHUTTER_AFTER,
    sealing_failed,
    shutter_offered,
)
from kiosk.journey.machine import WARNING
from kiosk.journey.resident import TABLE
from kiosk.journey.session import Session, Sex
from kiosk.journey.steps import Device, Purpose, Refusal, Step
from kiosk.screens import views
from kiosk.screens.views import Button, Fact, Frame, Header, Hint, Hurry, Mood, Page, View
from kiosk.station import reasons
from kiosk.station.text import Text, Words, word

RECORDING_STEPS: Final = (
    word("Your details"),
    word("Consent"),
    word("Photo"),
    word("Signature"),
    word("Fingerprints"),
    word("Finish"),
)
COLLECTING_STEPS: Final = (word("Your details"), word("Fingerprint"), word("Your card"))
PLACES: Final[dict[Step, tuple[int, int]]] = {
    Step.NIK: (0, 0),
    Step.BIRTH_DATE: (0, 0),
    Step.IS_THIS_YOU: (0, 0),
    Step.CONSENT: (1, 0),
    Step.PHOTO: (2, 0),
    Step.PHOTO_REVIEW: (2, 0),
    Step.SIGNATURE: (3, 0),
    Step.FINGERS: (4, 0),
    Step.RECHECK: (4, 0),
    Step.REVIEW: (5, 0),
    Step.SIGN_OFF: (5, 0),
    Step.SEALING: (5, 0),
    Step.RECEIPT: (5, 0),
    Step.COLLECT_FINGER: (0, 1),
    Step.PRINTING: (0, 2),
    Step.CARD_READY: (0, 2),
    Step.CARD_FAILED: (0, 2),
}
"""Where a step stands in the header: when recording, and when collecting a card."""


@dataclass(frozen=True, slots=True)
class StationFacts:
    """What the screens tell of the station itself. ``waiting``: people in the queue, None where nobody counts them."""

    office: str
    next_office: str
    languages: tuple[str, ...]
    prints_cards: bool = True
    reduced_motion: bool = False
    minutes: int = 10
    waiting: int | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """All that a step's function may tell from."""

    session: Session
    say: Words
    text: Text
    station: StationFacts
    now: float
    frame: Frame | None
    pressed: object
    phase: int

    def page(
        self,
        headline: str,
        sentence: str = "",
        *,
        overline: str = "",
        back: bool = False,
        secondary: Button | None = None,
        primary: Button | None = None,
        hint: Hint | None = None,
        header: Header | None = None,
    ) -> Page:
        """The page with what every step has: header, hurry, the touched button."""
        return Page(
            headline,
            sentence,
            overline,
            header=self.header() if header is None else header,
            back=Button(self.say("Back"), Back(), "backward") if back else None,
            secondary=secondary,
            primary=primary,
            hint=hint,
            hurry=self.hurry(),
            pressed=self.pressed,
            phase=self.phase,
        )

    def header(self) -> Header:
        """Where the resident is, and the ways out that this step has."""
        step, on = self.session.step, TABLE[self.session.step].on
        collecting = self.session.purpose is Purpose.COLLECT
        steps = COLLECTING_STEPS if collecting else RECORDING_STEPS
        place = PLACES.get(step)
        return Header(
            steps=tuple(self.say(name) for name in steps) if place else (),
            at=place[collecting] if place else 0,
            stop=Button(self.say("Stop"), CancelAsked(), "close") if CancelAsked in on else None,
            help=Button(self.say("Help"), HelpAsked(), "help") if HelpAsked in on else None,
        )

    def hurry(self) -> Hurry | None:
        """The ring, while the step's time is nearly over."""
        session, say = self.session, self.say
        if not session.time_is_short or session.deadline is None:
            return None
        left = max(session.deadline - self.now, 0.0)
        return Hurry(
            seconds=ceil(left),
            share=min(left / WARNING, 1.0),
            headline=say("Are you still there?"),
            sentence=say("When the ring is empty, we stop here and begin anew."),
            button=Button(say("I need more time"), MoreTime(), "clock"),
        )

    def wait(self) -> Hint:
        """Something is being looked up."""
        return Hint(self.say("One moment, please …"), "clock")

    def refused_here(self) -> Hint | None:
        """What was refused and can be put right on this very screen."""
        session, say = self.session, self.say
        if session.busy:
            return self.wait()
        if session.refusal is None or session.refusal not in reasons.HINTS:
            return None
        spoken = say(reasons.HINTS[session.refusal])
        if session.refusal is Refusal.DATE_WRONG and session.tries_left is not None:
            left = session.tries_left
            spoken = say(reasons.LAST_TRY) if left == 1 else say(reasons.TRIES_LEFT, tries=say.number(left))
        return Hint(spoken, "alert", Mood.ATTENTION)


def present(
    session: Session,
    *,
    text: Text,
    station: StationFacts,
    now: float,
    frame: Frame | None = None,
    pressed: object = None,
    phase: int = 0,
) -> View:
    """The view of ``session``. ``frame``: the newest preview, not mirrored; ``pressed``: the event under the finger;
    ``phase``: a slow count that moves the pictures (stands still where motion is reduced)."""
    language = session.language if session.language in station.languages else station.languages[0]
    still = 0 if station.reduced_motion else phase
    return _STEPS[session.step](Telling(session, text.into(language), text, station, now, frame, pressed, still))


# The beginning ----------------------------------------------------------------------------------------------------


def _attract(tell: Telling) -> View:
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
        tell.page(say("Record yourself for your KTP-el card"), header=Header()),
        office=station.office,
        facts=tuple(facts),
        invitations=tuple(say("Touch to begin") for say in spoken),
        begin=Begin(),
    )


def _language(tell: Telling) -> View:
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


def _purpose(tell: Telling) -> View:
    say = tell.say
    record = Button(say("Record me"), PurposeChosen(Purpose.RECORD))
    collect = Button(say("Collect my card"), PurposeChosen(Purpose.COLLECT))
    choices = [(record, "record", say("Photo, signature and fingerprints"))]
    if tell.station.prints_cards:
        choices.append((collect, "collect", say("I have been recorded before")))
    return views.Choice(tell.page(say("What did you come for?"), back=True), tuple(choices))


# Who is it? -------------------------------------------------------------------------------------------------------


def _keys(tell: Telling) -> tuple[tuple[str, object], ...]:
    return tuple((digit, Digit(digit)) for digit in "1234567890")


def _erase(tell: Telling) -> Button:
    return Button(tell.say("Erase"), Erase(), "erase")


def _next(tell: Telling, *, ready: bool = True) -> Button:
    return Button(tell.say("Continue"), Next(), "forward", ready and not tell.session.busy)


def _nik(tell: Telling) -> View:
    say, typed = tell.say, tell.session.typed
    return views.Entry(
        tell.page(
            say("Type your NIK"),
            say("16 digits, as on your family card."),
            back=True,
            primary=_next(tell, ready=len(typed) == NIK_DIGITS),
            hint=tell.refused_here(),
        ),
        groups=(4, 4, 4, 4),
        typed=typed,
        keys=_keys(tell),
        erase=_erase(tell),
    )


def _birth_date(tell: Telling) -> View:
    say, typed = tell.say, tell.session.typed
    return views.Entry(
        tell.page(
            say("When were you born?"),
            say("So we know that the NIK is yours."),
            back=True,
            primary=_next(tell, ready=len(typed) == DATE_DIGITS),
            hint=tell.refused_here(),
        ),
        groups=(2, 2, 4),
        typed=typed,
        keys=_keys(tell),
        erase=_erase(tell),
        captions=(say("Day"), say("Month"), say("Year")),
    )


def _is_this_you(tell: Telling) -> View:
    say, biodata = tell.say, tell.session.biodata
    assert biodata is not None, "the table comes here only with biodata"  # noqa: S101 - a mistake of the table's
    hint = tell.refused_here()
    if hint is None and biodata.nik_disagrees:
        hint = Hint(say("The date within the NIK is another one. That can happen and does no harm."), "info")
    sex = say("Male") if biodata.sex is Sex.MALE else say("Female")
    return views.Lines(
        tell.page(
            say("Is this you?"),
            say("Read each line. Only an officer can change them."),
            secondary=Button(say("Not me, or something is wrong"), Deny(), "close"),
            primary=Button(say("Yes, this is me"), Next(), "tick", ready=not tell.session.busy),
            hint=hint,
        ),
        rows=(
            (say("Name"), biodata.name),
            (say("NIK"), " ".join(biodata.nik[at : at + 4] for at in range(0, NIK_DIGITS, 4))),
            (say("Born"), f"{biodata.birth_place}, {say.date(biodata.birth_date)}"),
            (say("Sex"), sex),
            (say("Address"), biodata.address),
            (say("Village"), f"{biodata.village}, {biodata.district}"),
        ),
    )


# Refusals ---------------------------------------------------------------------------------------------------------


def _refused(tell: Telling) -> View:
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


def _sixteenth(session: Session) -> date:
    assert session.biodata is not None  # noqa: S101 - asked only with biodata
    born = session.biodata.birth_date
    # Who is born on 29 February comes of age on 1 March (KUHPerdata counts full years).
    return date(born.year + 16, 3, 1) if (born.month, born.day) == (2, 29) else born.replace(year=born.year + 16)


# Being recorded ---------------------------------------------------------------------------------------------------


def _consent(tell: Telling) -> View:
    say = tell.say
    return views.Points(
        tell.page(
            say("Do you agree?"),
            secondary=Button(say("I do not agree"), Deny(), "close"),
            primary=Button(say("I agree"), Next(), "tick"),
        ),
        (
            Fact("record", say("We take your photo, your signature and the prints of ten fingers.")),
            Fact("card", say("They are for your KTP-el only.")),
            Fact("lock", say("Locked right away. Only the centre can open them.")),
            Fact("stop-hand", say("You can stop at any time. Then everything is erased.")),
        ),
    )


def _photo(tell: Telling) -> View:
    say, session = tell.say, tell.session
    icon, spoken = reasons.FACE[session.face_advice]
    good = session.face_advice is FaceAdvice.GOOD
    mood = Mood.GOOD if good else Mood.ATTENTION
    hint = Hint(say("Hold still …"), "camera", Mood.GOOD) if session.busy else Hint(say(spoken), icon, mood)
    countdown = None
    if good and session.good_since is not None and not session.busy:
        left = SHUTTER_AFTER - (tell.now - session.good_since)
        countdown = min(max(ceil(left / SHUTTER_AFTER * 3), 1), 3)
    offered = shutter_offered(session, Next())
    return views.Preview(
        tell.page(
            say("Look into the camera"),
            say("Take off your glasses. Keep your face inside the line. The photo is taken by itself."),
            secondary=Button(say("Take the photo now"), Next(), "camera") if offered else None,
            hint=hint,
        ),
        picture="glasses",
        oval=OVAL,
        frame=tell.frame,
        good=good,
        countdown=countdown,
        warming=say("The camera is waking up …"),
    )


def _photo_review(tell: Telling) -> View:
    say, photo = tell.say, tell.session.photo
    assert photo is not None, "the table comes here only with a photo"  # noqa: S101 - a mistake of the table's
    return views.Portrait(
        tell.page(
            say("Is the photo good?"),
            say("It will be on your card like this."),
            secondary=Button(say("Take another"), Deny(), "again"),
            primary=Button(say("Use this photo"), Next(), "tick"),
        ),
        photo.jpeg,
    )


def _signature(tell: Telling) -> View:
    say, session = tell.say, tell.session
    return views.Signing(
        tell.page(
            say("Sign with your finger"),
            "" if session.refusal else say("Your own way. A line is fine too."),
            back=True,
            primary=_next(tell, ready=bool(session.strokes)),
            hint=tell.refused_here(),
        ),
        strokes=session.strokes,
        invitation=say("Write here"),
        erase=Button(say("Erase"), Erase(), "erase", ready=bool(session.strokes)),
    )


def _sides(tell: Telling) -> tuple[str, str]:
    return tell.say("Left hand"), tell.say("Right hand")


def _hands(tell: Telling, overline: str, sentence: str, done: tuple[Finger, ...]) -> View:
    say, session = tell.say, tell.session
    asked = session.asked_finger
    hint, change = _finger_hint(tell), ""
    advice = session.finger_advice
    if session.progress is not None:
        hint = Hint(say("Good. You may lift your finger."), "done", Mood.GOOD)
    elif session.refusal is Refusal.FINGER_UNCLEAR and advice is not None:
        change, spoken = reasons.FINGER[advice]
        hint = Hint(say(spoken), "again", Mood.ATTENTION)
    else:
        change = "press"
    name = say(reasons.FINGER_NAMES[asked]) if asked is not None else say("Fingerprints")
    return views.Hands(
        tell.page(name, sentence if hint is None else "", overline=overline, hint=hint),
        sides=_sides(tell),
        asked=None if asked is None else int(asked),
        done=tuple(int(finger) for finger in done),
        progress=session.progress,
        change=change,
    )


def _finger_hint(tell: Telling) -> Hint | None:
    hint = tell.refused_here()
    return None if hint is None else Hint(hint.text, "again" if hint.mood is Mood.ATTENTION else hint.icon, hint.mood)


def _fingers(tell: Telling) -> View:
    say, taken = tell.say, tell.session.impressions
    return _hands(
        tell,
        say("Finger {number} of {count}", number=say.number(min(len(taken) + 1, 10)), count=say.number(len(IN_ORDER))),
        say("Put it flat on the glass of the reader and hold still."),
        tuple(each.finger for each in taken),
    )


def _recheck(tell: Telling) -> View:
    say, again = tell.say, tell.session.rechecked
    return _hands(
        tell,
        say("Check {number} of {count}", number=say.number(min(len(again) + 1, 2)), count=say.number(2)),
        say("Once more, to be sure: flat on the glass and hold still."),
        tuple(each.finger for each in again),
    )


def _review(tell: Telling) -> View:
    say, session = tell.say, tell.session
    return views.Summary(
        tell.page(
            say("Everything is here"),
            say("Look at it once more, then continue."),
            primary=_next(tell),
        ),
        photo=session.photo.jpeg if session.photo else None,
        strokes=session.strokes,
        done=tuple(int(each.finger) for each in session.impressions),
        captions=(
            say("Photo"),
            say("Signature"),
            say("{count} fingers", count=say.number(len(session.impressions))),
        ),
    )


def _sign_off(tell: Telling) -> View:
    say = tell.say
    return views.Message(
        tell.page(
            say("Hand in your recording?"),
            say("I confirm that these details, photo, signature and fingerprints are mine."),
            back=True,
            primary=Button(say("Yes, hand in"), Next(), "tick"),
        ),
        "hand-in",
        todo=say("Next, the officer confirms who you are."),
    )


# The officer's place ----------------------------------------------------------------------------------------------


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
        keys=_keys(tell),
        erase=_erase(tell),
        hidden=True,
        person=views.Person(session.photo.jpeg if session.photo else None, lines),
    )


def _officer_confirms(tell: Telling) -> View:
    say = tell.say
    return _officer(tell, say("Is it this person?"), say("Compare face and photo, then type your PIN."))


def _collect_officer(tell: Telling) -> View:
    say = tell.say
    return _officer(
        tell,
        say("May this person have the card?"),
        say("Compare with the family card, then type your PIN."),
    )


# The end ----------------------------------------------------------------------------------------------------------


def _sealing(tell: Telling) -> View:
    say = tell.say
    page = tell.page(say("Being kept safe …"), say("This takes a moment. Please wait."))
    return views.Message(page, "safe", waiting=True)


def _receipt(tell: Telling) -> View:
    say, accepted = tell.say, tell.session.accepted
    return views.Receipt(
        tell.page(
            say("Done. Thank you!"),
            say("Your recording is safe."),
            primary=Button(say("Finish"), Next(), "home"),
        ),
        caption=say("Your registration number"),
        number=accepted.registration if accepted else "",
        points=(
            Fact("pen", say("Write it down, or take a picture.")),
            Fact("clock", say("The centre checks. That can take some weeks.")),
            Fact("bell", say("Then collect your card with this number.")),
        ),
    )


def _collect_finger(tell: Telling) -> View:
    say = tell.say
    return _hands(
        tell,
        say("Your card is ready for you"),
        say("Show that it is yours: put the finger on the glass and hold still."),
        (),
    )


def _printing(tell: Telling) -> View:
    say = tell.say
    page = tell.page(say("Your card is being printed"), say("It takes one to two minutes. Please wait here."))
    return views.Message(page, "printer", share=tell.session.progress, waiting=tell.session.progress is None)


def _card_ready(tell: Telling) -> View:
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


# Aside ------------------------------------------------------------------------------------------------------------


def _cancel(tell: Telling) -> View:
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


def _help(tell: Telling) -> View:
    say = tell.say
    return views.Message(
        tell.page(
            say("An officer is coming"),
            say("Please wait here. Nothing is lost."),
            primary=Button(say("Go on without help"), Next(), "forward"),
        ),
        "officer",
    )


def _stopped(tell: Telling, devices: frozenset[Device]) -> tuple[str, str]:
    """Picture and words of the devices that stopped, in their usual order."""
    shown = [reasons.DEVICES[device] for device in Device if device in devices]
    return (shown[0][0] if shown else "reader-stop"), " ".join(tell.say(spoken) for _, spoken in shown)


def _interrupted(tell: Telling) -> View:
    say, session = tell.say, tell.session
    needed = TABLE[session.resume].needs if session.resume else frozenset(Device)
    picture, which = _stopped(tell, session.missing & needed)
    return views.Message(
        tell.page(say("A short pause"), " ".join((which, say("You did nothing wrong.")))),
        picture,
        Mood.ATTENTION,
        todo=say("An officer has been called. Your data stay here, and we go on by ourselves."),
    )


def _out_of_service(tell: Telling) -> View:
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


_STEPS: Final[dict[Step, Callable[[Telling], View]]] = {
    Step.OUT_OF_SERVICE: _out_of_service,
    Step.ATTRACT: _attract,
    Step.LANGUAGE: _language,
    Step.PURPOSE: _purpose,
    Step.NIK: _nik,
    Step.BIRTH_DATE: _birth_date,
    Step.IS_THIS_YOU: _is_this_you,
    Step.NOT_ELIGIBLE: _refused,
    Step.CONSENT: _consent,
    Step.PHOTO: _photo,
    Step.PHOTO_REVIEW: _photo_review,
    Step.SIGNATURE: _signature,
    Step.FINGERS: _fingers,
    Step.RECHECK: _recheck,
    Step.REVIEW: _review,
    Step.SIGN_OFF: _sign_off,
    Step.OFFICER_CONFIRMS: _officer_confirms,
    Step.SEALING: _sealing,
    Step.RECEIPT: _receipt,
    Step.NO_CARD_YET: _refused,
    Step.COLLECT_FINGER: _collect_finger,
    Step.COLLECT_OFFICER: _collect_officer,
    Step.PRINTING: _printing,
    Step.CARD_READY: _card_ready,
    Step.CARD_FAILED: _refused,
    Step.CANCEL: _cancel,
    Step.HELP: _help,
    Step.INTERRUPTED: _interrupted,
    Step.REFUSED: _refused,
}
