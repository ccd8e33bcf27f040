"""What is kept of a recording under way, so that a power cut costs nobody what they have approved.

Only what was given and approved: never a PIN, nor what is being typed, nor a print that may still be bettered.
"""

from dataclasses import dataclass, field, fields

from kiosk.journey.excepting import Doubt, Excepted
from kiosk.journey.eyes import IrisImage
from kiosk.journey.fingers import Finger
from kiosk.journey.session import Impression, Photo, Session, Stroke
from kiosk.journey.steps import Step

ON_AT: dict[Step, Step] = {
    Step.SIGNATURE: Step.SIGNATURE,
    Step.FINGERS: Step.FINGERS,
    Step.HANDS_PHOTO: Step.FINGERS,
    Step.RECHECK: Step.RECHECK,
    Step.EYES: Step.EYES,
    Step.REVIEW: Step.REVIEW,
    Step.OFFICER_CONFIRMS: Step.OFFICER_CONFIRMS,
}
"""The steps at which something was just approved, and where a visit that ends there goes on."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A consented recording as far as it was approved. Fields are named as the session's; ``step``: where to go on.

    ``takes_eyes``: what was consented to. The language is left out: it is chosen anew on the way back.
    """

    step: Step
    nik: str = field(repr=False)
    takes_eyes: bool
    photo: Photo = field(repr=False)
    photo_tries: int
    strokes: tuple[Stroke, ...] = field(repr=False)
    field_mm: tuple[float, float]
    impressions: tuple[Impression, ...] = field(repr=False)
    tried: tuple[tuple[Finger, int], ...] = field(repr=False)
    given_twice: int
    taken_again: bool
    hands_photo: Photo | None = field(repr=False)
    rechecked: tuple[Impression, ...] = field(repr=False)
    tried_again: tuple[tuple[Finger, int], ...] = field(repr=False)
    not_again: frozenset[Finger]
    irises: tuple[IrisImage, ...] = field(repr=False)
    eye_tries: int
    excepted: tuple[Excepted, ...] = field(repr=False)
    noted: frozenset[Doubt]

    def __post_init__(self) -> None:
        if self.step not in ON_AT.values():
            raise ValueError("nothing goes on at this step")


_OF_THE_SESSION = tuple(each.name for each in fields(Kept) if each.name != "step")


def kept_of(session: Session) -> Kept | None:
    """What is to be kept of the visit as it stands; None where nothing may be: before the photo was approved, when it
    is being taken once more, and when the visit is over."""
    step = ON_AT.get(session.step)
    if step is None or session.photo is None or not session.consented:
        return None
    held = {name: getattr(session, name) for name in _OF_THE_SESSION}
    if step is Step.SIGNATURE:
        held["strokes"] = ()  # handed in with the step's own button only
    if step is Step.FINGERS:
        held["hands_photo"] = None  # not approved, or of before another exception
    return Kept(step=step, **held)


def gone_on_with(kept: Kept) -> dict[str, object]:
    """What the session of whoever goes on holds again."""
    told_anew = ("nik", "takes_eyes")
    return {name: getattr(kept, name) for name in _OF_THE_SESSION if name not in told_anew} | {"consented": True}
