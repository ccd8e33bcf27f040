"""What every step may tell from, and what every step's page has: header, hurry, hint, keys."""

from dataclasses import dataclass
from math import ceil
from typing import Final

from kiosk.journey.events import Back, CancelAsked, Digit, Erase, HelpAsked, MoreTime, Next, TimedOut
from kiosk.journey.excepting import Excepted, Written
from kiosk.journey.eyes import BOTH_EYES
from kiosk.journey.fingers import IN_ORDER
from kiosk.journey.machine import WARNING, Go, Return
from kiosk.journey.session import Session
from kiosk.journey.steps import OFFICE, Device, Purpose, Refusal, Step
from kiosk.journey.table import TABLE
from kiosk.screens.views import Button, Frame, Header, Hint, Hurry, Mood, Page
from kiosk.station import reasons
from kiosk.station.text import Text, Words, word

RECORDING_STEPS: Final = (
    word("Your details"),
    word("Consent"),
    word("Photo"),
    word("Signature"),
    word("Fingerprints"),
    word("Eyes"),
    word("Finish"),
)
EYES: Final = 5
"""Which of them is only where the station takes irises."""
COLLECTING_STEPS: Final = (word("Your details"), word("Fingerprint"), word("Your card"))
PLACES: Final[dict[Step, tuple[int, int]]] = {
    Step.NIK: (0, 0),
    Step.BIRTH_DATE: (0, 0),
    Step.IS_THIS_YOU: (0, 0),
    Step.BEGUN_BEFORE: (0, 0),
    Step.GO_ON_FINGER: (0, 0),
    Step.CONSENT: (1, 0),
    Step.PHOTO: (2, 0),
    Step.PHOTO_REVIEW: (2, 0),
    Step.SIGNATURE: (3, 0),
    Step.FINGERS: (4, 0),
    Step.HANDS_PHOTO: (4, 0),
    Step.HANDS_REVIEW: (4, 0),
    Step.RECHECK: (4, 0),
    Step.EYES: (5, 0),
    Step.REVIEW: (6, 0),
    Step.SIGN_OFF: (6, 0),
    Step.SEALING: (6, 0),
    Step.NOT_KEPT: (6, 0),
    Step.RECEIPT: (6, 0),
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
        steps = list(COLLECTING_STEPS if collecting else RECORDING_STEPS)
        place = PLACES.get(step)
        at = place[collecting] if place else 0
        if not collecting and not self.session.takes_eyes:
            del steps[EYES]
            at -= at > EYES
        return Header(
            steps=tuple(self.say(name) for name in steps) if place else (),
            at=at,
            stop=Button(self.say("Stop"), CancelAsked(), "close") if CancelAsked in on else None,
            help=Button(self.say("Help"), HelpAsked(), "help") if HelpAsked in on else None,
        )

    def hurry(self) -> Hurry | None:
        """The ring, while the step's time is nearly over."""
        session, say = self.session, self.say
        if not session.time_is_short or session.deadline is None:
            return None
        left = max(session.deadline - self.now, 0.0)
        row = TABLE[session.step].on[TimedOut][0]
        returns = isinstance(row, Return) or (isinstance(row, Go) and row.to is not Step.ATTRACT)
        onward = say("When the ring is empty, we go on where you were.")
        anew = say("When the ring is empty, we stop here and begin anew.")
        if session.step in OFFICE:
            anew = say("When the ring is empty, the start screen comes back.")
        return Hurry(
            seconds=ceil(left),
            share=min(left / WARNING, 1.0),
            headline=say("Are you still there?"),
            sentence=onward if returns else anew,
            button=Button(say("I need more time"), MoreTime(), "clock"),
        )

    def next(self, *, ready: bool = True) -> Button:
        """The way on; not while an answer is awaited."""
        return Button(self.say("Continue"), Next(), "forward", ready and not self.session.busy)

    def keys(self) -> tuple[tuple[str, object], ...]:
        """The keypad: what stands on each key, and what it does."""
        return tuple((digit, Digit(digit)) for digit in "1234567890")

    def erase(self, *, ready: bool = True) -> Button:
        """Takes back the last digit, or the whole signature."""
        return Button(self.say("Erase"), Erase(), "erase", ready)

    @property
    def calls(self) -> bool:
        """Whether the station can call an officer by its light; else the resident is asked to."""
        return Device.PANEL not in self.session.missing

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
        if session.refusal is Refusal.PIN_LOCKED and session.minutes_locked:
            spoken = say(reasons.LOCKED_FOR, minutes=say.number(session.minutes_locked))
        return Hint(spoken, "alert", Mood.ATTENTION)


def parts(tell: Telling, excepted: tuple[Excepted, ...]) -> str:
    """What was left out, in few words: names, or the number of fingers where there are many."""
    say = tell.say
    left_out = [each.part for each in excepted]
    fingers = [finger for finger in IN_ORDER if any(finger is part for part in left_out)]
    names = [say(reasons.part_name(part)) for part in left_out if isinstance(part, Written)]
    eyes = [eye for eye in BOTH_EYES if any(eye is part for part in left_out)]
    names += [say("Both eyes")] if len(eyes) > 1 else [say(reasons.part_name(eye)) for eye in eyes]
    if len(fingers) > 2:
        names.insert(0, say("{count} fingers", count=say.number(len(fingers))))
    else:
        names = [say(reasons.part_name(finger)) for finger in fingers] + names
    return ", ".join(names)
