"""What the journey asks the station to do. The crew performs them; each good or bad outcome comes back as an event."""

from dataclasses import dataclass, field

from kiosk.capture.backdrop import Backdrop
from kiosk.journey.events import (
    BegunErased,
    CardNotPrinted,
    CardPrinted,
    DeskSeen,
    Event,
    EyesJudged,
    EyesTaken,
    FaceJudged,
    FingerAbsent,
    FingerCompared,
    FingerProgress,
    FingerStill,
    FingerTaken,
    HandsPhotoTaken,
    IdentityProved,
    IdentityRefused,
    NikKnown,
    NikRefused,
    NotSealed,
    NotTakenUp,
    OfficerKnown,
    OfficerRefused,
    OrderFound,
    OrderInDoubt,
    OrderRefused,
    PhotoTaken,
    PrintProgress,
    Sealed,
    StickFilled,
    StickProgress,
    StickRefused,
    TakenUp,
)
from kiosk.journey.eyes import Eye
from kiosk.journey.fingers import Finger
from kiosk.journey.kept import Kept
from kiosk.journey.session import Impression
from kiosk.journey.steps import Card


@dataclass(frozen=True, slots=True)
class Effect:
    """Something to be done, for one visit."""

    visit: int


@dataclass(frozen=True, slots=True)
class Forget(Effect):
    """The visit is over: erase previews, scans and everything else the workers still hold of it.

    ``begun_stays``: but for what was kept sealed, for whoever may still come back to go on.
    """

    begun_stays: bool = False


@dataclass(frozen=True, slots=True)
class LookUp(Effect):
    """Is this number in the roster, and is there room if it is to be recorded? -> NikKnown | NikRefused."""

    nik: str = field(repr=False)
    to_record: bool


@dataclass(frozen=True, slots=True)
class Prove(Effect):
    """Does this birth date (DDMMYYYY) belong to it? -> IdentityProved | IdentityRefused."""

    nik: str = field(repr=False)
    birth_date: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Watch(Effect):
    """Show the preview and judge it -> FaceJudged, again and again. ``backdrop``: the cloth that should hang there."""

    backdrop: Backdrop | None = None


@dataclass(frozen=True, slots=True)
class Unwatch(Effect):
    """Stop the preview."""


@dataclass(frozen=True, slots=True)
class TakePhoto(Effect):
    """Take a few stills and keep the best -> PhotoTaken."""

    backdrop: Backdrop | None = None


@dataclass(frozen=True, slots=True)
class TakeHandsPhoto(Effect):
    """Take one still of face and both hands, uncut -> HandsPhotoTaken."""


@dataclass(frozen=True, slots=True)
class WatchEyes(Effect):
    """Show the eye camera's preview and judge it -> EyesJudged, again and again."""

    wanted: tuple[Eye, ...]


@dataclass(frozen=True, slots=True)
class UnwatchEyes(Effect):
    """Stop the eye camera's preview."""


@dataclass(frozen=True, slots=True)
class TakeEyes(Effect):
    """Take a few stills and keep the best of each wanted eye -> EyesTaken."""

    wanted: tuple[Eye, ...]


@dataclass(frozen=True, slots=True)
class Scan(Effect):
    """Take one finger, and compare it with those given before -> FingerProgress…, FingerTaken | FingerAbsent |
    FingerStill."""

    finger: Finger
    before: tuple[Impression, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Compare(Effect):
    """Take one finger and compare it, on the reader, with its ``first`` impression, and if it differs with the
    ``others`` -> FingerCompared | FingerAbsent | FingerStill."""

    finger: Finger
    first: Impression = field(repr=False)
    others: tuple[Impression, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class CompareWithOrder(Effect):
    """Take one finger and compare it with the order's template -> FingerCompared | FingerAbsent | FingerStill."""

    finger: Finger
    order: str


@dataclass(frozen=True, slots=True)
class CompareWithBegun(Effect):
    """Take one finger and compare it with that of the recording that was begun -> FingerCompared | FingerAbsent |
    FingerStill | BegunErased, when its time is over | NotTakenUp."""

    finger: Finger
    nik: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StopScan(Effect):
    """Stop waiting for a finger."""


@dataclass(frozen=True, slots=True)
class CheckOfficer(Effect):
    """Whose PIN is this? -> OfficerKnown | OfficerRefused. ``visiting``: within a resident's visit."""

    pin: str = field(repr=False)
    visiting: bool


@dataclass(frozen=True, slots=True)
class Keep(Effect):
    """Keep what was approved, sealed, for whoever goes on after a power cut; None: keep nothing of this visit. Nobody
    waits for it, and a disk that cannot do it costs nobody the visit."""

    kept: Kept | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class TakeUp(Effect):
    """Open what this person had begun -> TakenUp | BegunErased, when its time is over | NotTakenUp."""

    nik: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EraseBegun(Effect):
    """Destroy what this person had begun -> BegunErased."""

    nik: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Seal(Effect):
    """Seal the recording of this session and make it safe -> Sealed | NotSealed."""

    session: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class FindOrder(Effect):
    """Did the centre order this person's card? -> OrderFound | OrderRefused | OrderInDoubt."""

    nik: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PrintCard(Effect):
    """Print the ordered card -> PrintProgress…, CardPrinted | CardNotPrinted."""

    order: str
    by_finger: bool
    officer: str | None


@dataclass(frozen=True, slots=True)
class SettleCard(Effect):
    """Write down what the officer found -> CardPrinted, or as FindOrder: it may be printed now, or why not."""

    nik: str = field(repr=False)
    order: str
    found: Card
    officer: str


@dataclass(frozen=True, slots=True)
class LookAtDesk(Effect):
    """How does the station stand? -> DeskSeen."""


@dataclass(frozen=True, slots=True)
class Carry(Effect):
    """Fetch from the stick what the centre wrote, then save to it what waits -> StickProgress…, StickFilled |
    StickRefused. Where that is under way, or done and not told yet, it is not begun anew."""


@dataclass(frozen=True, slots=True)
class CallOfficer(Effect):
    """Light the call lamp, until the next step."""


OUTCOMES: dict[type[Effect], tuple[type[Event], ...]] = {
    LookUp: (NikKnown, NikRefused),
    Prove: (IdentityProved, IdentityRefused),
    Watch: (FaceJudged,),
    TakePhoto: (PhotoTaken,),
    TakeHandsPhoto: (HandsPhotoTaken,),
    WatchEyes: (EyesJudged,),
    TakeEyes: (EyesTaken,),
    Scan: (FingerProgress, FingerTaken, FingerAbsent, FingerStill),
    Compare: (FingerProgress, FingerCompared, FingerAbsent, FingerStill),
    CompareWithOrder: (FingerProgress, FingerCompared, FingerAbsent, FingerStill),
    CompareWithBegun: (FingerProgress, FingerCompared, FingerAbsent, FingerStill, BegunErased, NotTakenUp),
    CheckOfficer: (OfficerKnown, OfficerRefused),
    TakeUp: (TakenUp, BegunErased, NotTakenUp),
    EraseBegun: (BegunErased,),
    Seal: (Sealed, NotSealed),
    FindOrder: (OrderFound, OrderRefused, OrderInDoubt),
    PrintCard: (PrintProgress, CardPrinted, CardNotPrinted),
    SettleCard: (CardPrinted, OrderFound, OrderRefused, OrderInDoubt),
    LookAtDesk: (DeskSeen,),
    Carry: (StickProgress, StickFilled, StickRefused),
}
"""What can come back from each effect; the table has a row for every one of them where the effect is asked for."""
