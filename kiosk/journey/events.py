"""Everything that can happen to a visit. Events carry the visit they answer; what answers an earlier one is dropped."""

from dataclasses import dataclass, field
from datetime import date

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.journey.carrying import Carried, Desk
from kiosk.journey.excepting import Part, Why
from kiosk.journey.eyes import IrisImage
from kiosk.journey.fingers import Finger
from kiosk.journey.kept import Kept
from kiosk.journey.session import FIELD_MM, Accepted, Begun, Biodata, Earlier, Impression, Photo, Record, Stroke
from kiosk.journey.steps import Card, Device, Purpose, Refusal


@dataclass(frozen=True, slots=True)
class Event:
    """Anything that can happen."""


@dataclass(frozen=True, slots=True)
class Touch(Event):
    """Anything a person does: it shows that somebody is there, so the step's time starts again."""


# What a person does ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin(Touch):
    """Somebody touched the attract screen."""


@dataclass(frozen=True, slots=True)
class LanguageChosen(Touch):
    """A language was chosen: ``id`` or ``en``."""

    language: str


@dataclass(frozen=True, slots=True)
class PurposeChosen(Touch):
    """The person came to record, or to collect a card."""

    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Digit(Touch):
    """A key of the on-screen keypad, ``0`` to ``9``."""

    digit: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Erase(Touch):
    """The last digit, or the ink, goes away."""


@dataclass(frozen=True, slots=True)
class Next(Touch):
    """The one primary button."""


@dataclass(frozen=True, slots=True)
class Deny(Touch):
    """The other answer: not me, not that photo, I do not agree."""


@dataclass(frozen=True, slots=True)
class CardLookedFor(Touch):
    """The officer looked for a card, and says what there is."""

    found: Card


@dataclass(frozen=True, slots=True)
class CannotGive(Touch):
    """The person cannot give what is asked: an officer decides."""


@dataclass(frozen=True, slots=True)
class Marked(Touch):
    """The officer marks a part as one that cannot be given, or takes the mark away."""

    part: Part


@dataclass(frozen=True, slots=True)
class OnlyMarked(Touch):
    """The officer says in one touch which parts cannot be given, where there are few."""

    parts: frozenset[Part]


@dataclass(frozen=True, slots=True)
class WhyChosen(Touch):
    """The officer says why it cannot be given."""

    why: Why


@dataclass(frozen=True, slots=True)
class Back(Touch):
    """One step back."""


@dataclass(frozen=True, slots=True)
class CancelAsked(Touch):
    """The person wants to stop."""


@dataclass(frozen=True, slots=True)
class HelpAsked(Touch):
    """The help button, on screen or on the panel."""


@dataclass(frozen=True, slots=True)
class OfficerAsked(Touch):
    """Whoever stands here says that they are the officer."""


@dataclass(frozen=True, slots=True)
class MoreTime(Touch):
    """I need more time."""


@dataclass(frozen=True, slots=True)
class Inked(Touch):
    """The signature as it stands now; ``field_mm``: width and height of the field it is written on."""

    strokes: tuple[Stroke, ...] = field(repr=False)
    field_mm: tuple[float, float] = FIELD_MM


# What time does -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tick(Event):
    """Time went on: monotonic seconds, and the calendar day."""

    now: float
    today: date


@dataclass(frozen=True, slots=True)
class TimedOut(Event):
    """The step's time is over; made by the machine itself out of a Tick."""


# What comes back from the station's workers -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reply(Event):
    """An answer to an effect of one visit."""

    visit: int


@dataclass(frozen=True, slots=True)
class NikRefused(Reply):
    """This number cannot be used: wrong date, unknown, locked after wrong birth dates, or no room to record anybody."""

    nik: str = field(repr=False)
    why: Refusal


@dataclass(frozen=True, slots=True)
class NikKnown(Reply):
    """The roster holds this number; nothing about its owner is told yet."""

    nik: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdentityProved(Reply):
    """The birth date was right: this is the biodata to confirm, how far the record is, and what was begun before."""

    biodata: Biodata = field(repr=False)
    record: Record = field(repr=False)
    begun: Begun | None = None


@dataclass(frozen=True, slots=True)
class IdentityRefused(Reply):
    """The birth date was wrong (tries left), or there have been too many tries."""

    why: Refusal
    tries_left: int


@dataclass(frozen=True, slots=True)
class TakenUp(Reply):
    """The recording that was begun, to go on with."""

    kept: Kept = field(repr=False)
    earlier: Earlier


@dataclass(frozen=True, slots=True)
class NotTakenUp(Reply):
    """The recording that was begun cannot be opened just now, and is still here."""

    why: Refusal


@dataclass(frozen=True, slots=True)
class BegunErased(Reply):
    """Nothing is left of the recording that was begun."""


@dataclass(frozen=True, slots=True)
class FaceJudged(Reply):
    """What the newest preview frame lacks."""

    advice: FaceAdvice


@dataclass(frozen=True, slots=True)
class PhotoTaken(Reply):
    """The still, cropped as the centre gets it."""

    photo: Photo = field(repr=False)


@dataclass(frozen=True, slots=True)
class HandsPhotoTaken(Reply):
    """Face and both hands, uncut."""

    photo: Photo = field(repr=False)


@dataclass(frozen=True, slots=True)
class EyesJudged(Reply):
    """What the newest frame of the eye camera lacks."""

    advice: EyeAdvice


@dataclass(frozen=True, slots=True)
class EyesTaken(Reply):
    """The best picture of each eye that was asked for; one that was not seen at all is missing."""

    images: tuple[IrisImage, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FingerProgress(Reply):
    """The reader is sending the image, 0.0 to 1.0: the finger may be lifted."""

    share: float


@dataclass(frozen=True, slots=True)
class FingerAbsent(Reply):
    """Nobody put a finger on the reader in time."""


@dataclass(frozen=True, slots=True)
class FingerStill(Reply):
    """The finger before still lies on the reader."""


@dataclass(frozen=True, slots=True)
class FingerTaken(Reply):
    """An impression, with the advice for a better one (GOOD when there is none to give). ``same_as``: the finger
    given before that looks the same to the reader."""

    impression: Impression = field(repr=False)
    advice: FingerAdvice
    same_as: Finger | None = None


@dataclass(frozen=True, slots=True)
class FingerCompared(Reply):
    """A finger was compared, on the reader, with its first capture (the impression is told) or with the order's
    template (it is not: nothing of a collecting visit is kept). Too unclear to compare is not the same. ``same_as``:
    which other finger of this visit it looks like, when it is not the same."""

    same: bool
    impression: Impression | None = field(repr=False)
    same_as: Finger | None = None


@dataclass(frozen=True, slots=True)
class OfficerKnown(Reply):
    """The PIN belongs to this officer (an identifier, not a name)."""

    officer: str


@dataclass(frozen=True, slots=True)
class OfficerRefused(Reply):
    """The PIN belongs to nobody, or there have been too many tries: then none counts for ``minutes``."""

    why: Refusal
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Sealed(Reply):
    """The recording is sealed and safe on disk."""

    accepted: Accepted


@dataclass(frozen=True, slots=True)
class NotSealed(Reply):
    """The recording could not be kept; nothing was promised."""

    why: Refusal


@dataclass(frozen=True, slots=True)
class OrderFound(Reply):
    """The centre ordered this person's card to be printed here."""

    order: str
    fingers: tuple[Finger, ...]
    """The index fingers whose templates the order carries and this station's reader can compare, right before left."""


@dataclass(frozen=True, slots=True)
class OrderRefused(Reply):
    """No card can be printed for this person now."""

    why: Refusal


@dataclass(frozen=True, slots=True)
class OrderInDoubt(Reply):
    """This person's card was about to be printed, and nobody knows what came of it."""

    order: str


@dataclass(frozen=True, slots=True)
class PrintProgress(Reply):
    """The card is being sent, 0.0 to 1.0."""

    share: float


@dataclass(frozen=True, slots=True)
class CardPrinted(Reply):
    """The card lies in the output."""


@dataclass(frozen=True, slots=True)
class CardNotPrinted(Reply):
    """The card did not come out, or nobody can tell."""

    why: Refusal


@dataclass(frozen=True, slots=True)
class DeskSeen(Reply):
    """How the station stands."""

    desk: Desk


@dataclass(frozen=True, slots=True)
class StickProgress(Reply):
    """How much of the work with the stick is done, 0.0 to 1.0."""

    share: float


@dataclass(frozen=True, slots=True)
class StickFilled(Reply):
    """All that found room lies on the stick, read back; it may be taken out."""

    carried: Carried


@dataclass(frozen=True, slots=True)
class StickRefused(Reply):
    """It could not be done, or not to its end; ``carried`` is what was done before."""

    why: Refusal
    carried: Carried


# What the station itself does -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RosterSeen(Event):
    """Whether the station holds a roster of its residents: told at the start, and when one comes."""

    held: bool


@dataclass(frozen=True, slots=True)
class DeviceLost(Event):
    """A device is ill."""

    device: Device


@dataclass(frozen=True, slots=True)
class DeviceBack(Event):
    """A device is well again."""

    device: Device
