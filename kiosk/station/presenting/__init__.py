"""From the visit as it stands to what the screen shows: one function a step, every word from the catalogues."""

from collections.abc import Callable
from typing import Final

from kiosk.journey.session import Session
from kiosk.journey.steps import Step
from kiosk.screens.views import Frame, View
from kiosk.station.presenting import (
    asides,
    beginning,
    collecting,
    desk,
    going_on,
    how_far,
    identifying,
    officer,
    recording,
)
from kiosk.station.presenting.telling import StationFacts, Telling
from kiosk.station.text import Text

__all__ = ["StationFacts", "present"]


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


_STEPS: Final[dict[Step, Callable[[Telling], View]]] = {
    Step.OUT_OF_SERVICE: asides.out_of_service,
    Step.ATTRACT: beginning.attract,
    Step.LANGUAGE: beginning.language,
    Step.PURPOSE: beginning.purpose,
    Step.NIK: identifying.nik,
    Step.BIRTH_DATE: identifying.birth_date,
    Step.IS_THIS_YOU: identifying.is_this_you,
    Step.NOT_ELIGIBLE: how_far.not_eligible,
    Step.CONSENT: recording.consent,
    Step.PHOTO: recording.photo,
    Step.PHOTO_REVIEW: recording.photo_review,
    Step.SIGNATURE: recording.signature,
    Step.FINGERS: recording.fingers,
    Step.HANDS_PHOTO: recording.hands_photo,
    Step.HANDS_REVIEW: recording.hands_review,
    Step.RECHECK: recording.recheck,
    Step.EYES: recording.eyes,
    Step.REVIEW: recording.review,
    Step.SIGN_OFF: recording.sign_off,
    Step.OFFICER_CONFIRMS: officer.officer_confirms,
    Step.SEALING: recording.sealing,
    Step.NOT_KEPT: asides.not_kept,
    Step.RECEIPT: recording.receipt,
    Step.BEGUN_BEFORE: going_on.begun_before,
    Step.GO_ON_FINGER: going_on.go_on_finger,
    Step.GO_ON_OFFICER: officer.go_on_officer,
    Step.NO_CARD_YET: how_far.how_far,
    Step.COLLECT_FINGER: collecting.collect_finger,
    Step.COLLECT_OFFICER: officer.collect_officer,
    Step.PRINTING: collecting.printing,
    Step.CARD_READY: collecting.card_ready,
    Step.CARD_FAILED: asides.refused,
    Step.CARD_DOUBT: officer.card_doubt,
    Step.CARD_LOOKED_FOR: officer.card_looked_for,
    Step.EXCEPTION_ASKED: officer.exception_asked,
    Step.EXCEPTION_WHICH: officer.exception_which,
    Step.EXCEPTION_WHY: officer.exception_why,
    Step.CANCEL: asides.cancel,
    Step.HELP: asides.help_called,
    Step.INTERRUPTED: asides.interrupted,
    Step.REFUSED: asides.refused,
    Step.OFFICER_PIN: desk.officer_pin,
    Step.OFFICER_DESK: desk.officer_desk,
    Step.STICK_SAVING: desk.stick_saving,
    Step.STICK_FILLED: desk.stick_filled,
    Step.STICK_REFUSED: desk.stick_refused,
}
