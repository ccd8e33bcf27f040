"""What is kept of a recording under way, and how whoever was interrupted goes on with it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from kiosk.capture.advice import FingerAdvice
from kiosk.journey.effects import Compare, CompareWithBegun, EraseBegun, Forget, Keep, Scan, Seal, TakeUp, WatchEyes
from kiosk.journey.events import (
    Back,
    BegunErased,
    CancelAsked,
    CannotGive,
    Deny,
    DeviceBack,
    DeviceLost,
    FingerAbsent,
    FingerCompared,
    FingerStill,
    FingerTaken,
    HelpAsked,
    IdentityProved,
    IdentityRefused,
    Next,
    NikKnown,
    NotSealed,
    NotTakenUp,
    OfficerKnown,
    OfficerRefused,
    OrderRefused,
    Sealed,
    TakenUp,
    WhyChosen,
)
from kiosk.journey.excepting import Excepted, Why, Written
from kiosk.journey.fingers import IN_ORDER, RECHECKED, Finger
from kiosk.journey.kept import Kept
from kiosk.journey.session import Accepted, Begun
from kiosk.journey.steps import Device, Purpose, Refusal, Step

from .conftest import EARLIER, NOT_RECORDED, PHOTO, Visit, biodata, impression, kept_at
from .test_exceptions import good, hands_shot, officer_comes
from .test_story import all_fingers, identified, photographed, signed, signed_off, typed


def kept(visit: Visit) -> list[Kept | None]:
    return [effect.kept for effect in visit.effects if isinstance(effect, Keep)]


def had_begun(visit: Visit, begun: Begun, purpose: Purpose = Purpose.RECORD) -> None:
    identified(visit, purpose)
    visit.session = visit.session.but(begun=begun)


def offered(visit: Visit, *fingers: Finger) -> None:
    had_begun(visit, Begun(fingers, takes_eyes=False))
    visit(Next())
    assert visit.step is Step.BEGUN_BEFORE


def taken_up(visit: Visit, kept: Kept) -> None:
    offered(visit, *RECHECKED)
    visit(Next(), FingerCompared(visit.number, True, None))
    assert isinstance(visit.asked(TakeUp), TakeUp)
    visit(TakenUp(visit.number, kept, EARLIER))


# What is kept ---------------------------------------------------------------------------------------------------------


def test_each_approval_is_kept_and_nothing_else(visit: Visit) -> None:
    signed_off(visit)
    steps = [each.step for each in kept(visit) if each is not None]
    assert steps == [
        Step.SIGNATURE,
        *[Step.FINGERS] * 10,
        *[Step.RECHECK] * 2,
        Step.REVIEW,
        Step.OFFICER_CONFIRMS,
    ], "photo, signature and nine fingers, the tenth, the first index finger again, the second, the sign-off"
    last = kept(visit)[-1]
    assert last is not None
    assert (last.photo, len(last.impressions), len(last.rechecked)) == (PHOTO, 10, 2)
    assert "246810" not in repr([getattr(last, name) for name in Kept.__slots__])


def test_nothing_is_kept_before_the_photo_is_approved(visit: Visit) -> None:
    photographed(visit)
    assert kept(visit) == [None]


def test_a_photo_that_is_rejected_after_all_is_kept_no_longer(visit: Visit) -> None:
    photographed(visit)
    visit(Next(), Back(), Deny())
    assert visit.step is Step.PHOTO
    assert kept(visit)[-2] is not None
    assert kept(visit)[-1] is None


def test_ink_that_was_not_handed_in_is_not_kept(visit: Visit) -> None:
    signed(visit)
    visit.session = visit.session.but(step=Step.SIGNATURE)
    visit(Back(), Next())
    assert visit.session.strokes
    assert [each.strokes for each in kept(visit)[-1:] if each] == [()]


def test_a_try_of_a_finger_is_not_written(visit: Visit) -> None:
    signed(visit)
    before = len(kept(visit))
    visit(FingerTaken(visit.number, impression(Finger.RIGHT_THUMB, score=10), FingerAdvice.DRY))
    assert visit.session.best is not None
    assert len(kept(visit)) == before
    visit(FingerTaken(visit.number, impression(Finger.RIGHT_THUMB), FingerAdvice.GOOD))
    assert len(kept(visit)) == before + 1


def test_two_fingers_to_be_taken_anew_are_kept_no_longer(visit: Visit) -> None:
    signed(visit)
    good(visit, Finger.RIGHT_THUMB)
    again = FingerTaken(visit.number, impression(Finger.RIGHT_INDEX), FingerAdvice.GOOD, Finger.RIGHT_THUMB)
    visit(again, again)
    last = kept(visit)[-1]
    assert last is not None
    assert (last.impressions, last.taken_again) == ((), True)


def test_an_exception_is_kept_and_a_photo_of_the_hands_once_it_is_approved(visit: Visit) -> None:
    signed(visit)
    visit(CannotGive())
    officer_comes(visit)
    visit(Next(), WhyChosen(Why.INJURED))
    excepted = Excepted(Finger.RIGHT_THUMB, Why.INJURED, "officer-1")
    assert [each.excepted for each in kept(visit)[-1:] if each] == [(excepted,)]
    good(visit, *IN_ORDER[1:])
    hands_shot(visit)
    visit(Deny())
    assert visit.step is Step.HANDS_PHOTO
    assert [each.hands_photo for each in kept(visit)[-1:] if each] == [None]
    hands_shot(visit)
    visit(Next())
    assert visit.step is Step.RECHECK
    assert [each.hands_photo for each in kept(visit)[-1:] if each] == [PHOTO]


def test_an_officers_no_keeps_nothing_any_more(visit: Visit) -> None:
    all_fingers(visit)
    visit(Next(), Next(), *typed("246810"), Deny(), OfficerKnown(visit.number, "officer-1"))
    assert visit.step is Step.REFUSED
    assert kept(visit)[-1] is None


# Whose it is ----------------------------------------------------------------------------------------------------------


def test_who_had_begun_goes_on_with_the_next_finger(visit: Visit) -> None:
    offered(visit, *RECHECKED)
    assert visit.session.photo is None, "nothing of it is here yet"
    visit(Next())
    asked = visit.asked(CompareWithBegun)
    assert isinstance(asked, CompareWithBegun)
    assert (asked.finger, asked.nik) == (Finger.RIGHT_INDEX, visit.session.nik)
    visit(FingerCompared(visit.number, True, None))
    assert visit.step is Step.GO_ON_FINGER
    assert visit.session.busy
    begun = kept_at(Step.FINGERS)
    visit(TakenUp(visit.number, begun, EARLIER))
    assert visit.step is Step.FINGERS
    scan = visit.asked(Scan)
    assert isinstance(scan, Scan)
    assert (scan.finger, scan.before) == (IN_ORDER[6], begun.impressions)
    session = visit.session
    assert session.consented
    assert (session.photo, session.strokes, session.earlier) == (begun.photo, begun.strokes, EARLIER)
    assert session.biodata == biodata(), "as the list has it today"
    assert kept(visit)[-1] == begun


def test_who_goes_on_hands_in_what_was_given_before_and_after(visit: Visit) -> None:
    taken_up(visit, kept_at(Step.FINGERS))
    good(visit, *IN_ORDER[6:])
    for finger in RECHECKED:
        visit(FingerCompared(visit.number, True, impression(finger)))
    visit(Next(), Next(), *typed("246810"), Next(), OfficerKnown(visit.number, "officer-1"))
    seal = visit.asked(Seal)
    assert isinstance(seal, Seal)
    assert len(visit.session.impressions) == 10
    visit(Sealed(visit.number, Accepted("r", "p", 0.1)))
    assert visit.step is Step.RECEIPT


@pytest.mark.parametrize(
    ("begun", "step"),
    [
        (kept_at(Step.SIGNATURE), Step.SIGNATURE),
        (kept_at(Step.FINGERS), Step.FINGERS),
        (replace(kept_at(Step.RECHECK), step=Step.FINGERS), Step.RECHECK),
        (kept_at(Step.RECHECK), Step.RECHECK),
        (kept_at(Step.EYES), Step.REVIEW),
        (kept_at(Step.REVIEW), Step.REVIEW),
        (kept_at(Step.OFFICER_CONFIRMS), Step.OFFICER_CONFIRMS),
        (
            replace(
                kept_at(Step.RECHECK),
                step=Step.FINGERS,
                impressions=tuple(map(impression, IN_ORDER[1:])),
                excepted=(Excepted(Finger.RIGHT_THUMB, Why.MISSING, "o"),),
            ),
            Step.HANDS_PHOTO,
        ),
        (
            replace(kept_at(Step.FINGERS), strokes=(), excepted=(Excepted(Written.SIGNATURE, Why.MISSING, "o"),)),
            Step.FINGERS,
        ),
    ],
    ids=["photo", "fingers", "ten", "again", "no eyes here", "review", "signed off", "hands", "unsigned"],
)
def test_it_goes_on_where_something_is_still_to_be_done(visit: Visit, begun: Kept, step: Step) -> None:
    taken_up(visit, begun)
    assert visit.step is step


def test_where_eyes_are_taken_it_goes_on_with_them(visit: Visit) -> None:
    visit(DeviceBack(Device.EYE_CAMERA))
    visit.session = visit.session.but(takes_eyes=True)
    had_begun(visit, Begun(RECHECKED, takes_eyes=True))
    visit(Next(), Next(), FingerCompared(visit.number, True, None))
    visit(TakenUp(visit.number, replace(kept_at(Step.EYES), takes_eyes=True), EARLIER))
    assert visit.step is Step.EYES
    assert visit.asked(WatchEyes)


def test_who_consented_to_something_else_is_asked_anew(visit: Visit) -> None:
    had_begun(visit, Begun(RECHECKED, takes_eyes=True))
    visit(Next())
    assert visit.step is Step.CONSENT


def test_another_finger_is_tried_twice_then_the_left_one_then_an_officer_says(visit: Visit) -> None:
    offered(visit, *RECHECKED)
    visit(Next())
    asked = []
    for outcome in (
        FingerCompared(visit.number, False, None),
        FingerAbsent(visit.number),
        FingerCompared(visit.number, False, None),
        FingerCompared(visit.number, False, None),
    ):
        effect = visit.asked(CompareWithBegun)
        assert isinstance(effect, CompareWithBegun)
        asked.append(effect.finger)
        visit(outcome)
    assert asked == [Finger.RIGHT_INDEX] * 2 + [Finger.LEFT_INDEX] * 2
    assert visit.step is Step.GO_ON_OFFICER
    visit(*typed("111111"), Next(), OfficerRefused(visit.number, Refusal.PIN_WRONG))
    assert visit.step is Step.GO_ON_OFFICER
    visit(*typed("246810"), Next(), OfficerKnown(visit.number, "officer-1"))
    assert isinstance(visit.asked(TakeUp), TakeUp)
    visit(TakenUp(visit.number, kept_at(Step.REVIEW), EARLIER))
    assert visit.step is Step.REVIEW
    assert visit.session.officer is None, "that officer has not confirmed the recording yet"


def test_an_officer_who_does_not_know_the_person_ends_it_and_destroys_nothing(visit: Visit) -> None:
    offered(visit)
    visit(Next())
    assert visit.step is Step.GO_ON_OFFICER, "no finger was given that can be compared"
    visit(*typed("246810"), Deny(), OfficerKnown(visit.number, "officer-1"))
    assert visit.step is Step.REFUSED
    assert not any(isinstance(effect, TakeUp | EraseBegun) for effect in visit.effects)


def test_a_finger_that_still_lies_there_is_lifted_first(visit: Visit) -> None:
    offered(visit, *RECHECKED)
    visit(Next(), FingerStill(visit.number))
    assert visit.session.refusal is Refusal.FINGER_LIFT
    assert sum(isinstance(effect, CompareWithBegun) for effect in visit.effects) == 2


@pytest.mark.parametrize("way", [CancelAsked(), HelpAsked()])
def test_what_comes_while_they_turned_aside_is_asked_for_again(visit: Visit, way: CancelAsked | HelpAsked) -> None:
    offered(visit, *RECHECKED)
    visit(Next(), FingerCompared(visit.number, True, None), way)
    visit(TakenUp(visit.number, kept_at(Step.FINGERS), EARLIER))
    assert visit.session.photo is None
    visit(Next())
    assert visit.step is Step.GO_ON_FINGER
    assert not visit.session.busy


# Beginning anew -------------------------------------------------------------------------------------------------------


def test_who_begins_anew_has_it_destroyed_first(visit: Visit) -> None:
    offered(visit, *RECHECKED)
    visit(Deny())
    assert isinstance(visit.asked(EraseBegun), EraseBegun)
    visit(Next(), Deny())
    assert visit.step is Step.BEGUN_BEFORE, "not before it is destroyed"
    visit(BegunErased(visit.number))
    assert visit.step is Step.CONSENT
    assert visit.session.begun is None
    assert visit.session.refusal is None


def test_who_comes_too_late_is_told_and_begins_anew(visit: Visit) -> None:
    offered(visit, *RECHECKED)
    visit(Next(), FingerCompared(visit.number, True, None), BegunErased(visit.number))
    assert visit.step is Step.CONSENT
    assert visit.session.refusal is Refusal.BEGUN_OVER
    visit(Next())
    assert visit.step is Step.PHOTO


def test_who_came_for_a_card_and_is_recorded_after_all_is_asked_too(visit: Visit) -> None:
    had_begun(visit, Begun(RECHECKED, takes_eyes=False), Purpose.COLLECT)
    visit(Next(), OrderRefused(visit.number, Refusal.NO_ORDER), Next(), NikKnown(visit.number, visit.session.nik))
    assert visit.step is Step.BEGUN_BEFORE
    assert visit.session.purpose is Purpose.RECORD


def test_what_is_known_of_a_recording_begun_comes_with_the_proof_and_goes_home_with_the_visit(visit: Visit) -> None:
    identified(visit)
    begun = Begun((Finger.LEFT_INDEX,), takes_eyes=False)
    visit(Back())
    visit.session = visit.session.but(step=Step.BIRTH_DATE)
    visit(IdentityProved(visit.number, biodata(), NOT_RECORDED, begun))
    assert visit.session.begun == begun
    visit(Next(), CancelAsked(), Deny())
    assert visit.step is Step.ATTRACT
    assert visit.session.begun is None
    assert isinstance(visit.effects[-1], Forget)


@pytest.mark.parametrize("way", [CancelAsked(), HelpAsked()])
def test_nobody_turns_aside_in_the_moment_in_which_it_is_destroyed(visit: Visit, way: CancelAsked | HelpAsked) -> None:
    offered(visit, *RECHECKED)
    visit(Deny(), way, BegunErased(visit.number))
    assert visit.step is Step.CONSENT
    assert visit.session.begun is None


def test_what_is_over_before_the_finger_came_is_told_at_once(visit: Visit) -> None:
    offered(visit, *RECHECKED)
    visit(Next(), BegunErased(visit.number))
    assert (visit.step, visit.session.refusal) == (Step.CONSENT, Refusal.BEGUN_OVER)


@pytest.mark.parametrize("proved", [True, False])
def test_what_cannot_be_opened_just_now_is_offered_again(visit: Visit, proved: bool) -> None:
    offered(visit, *RECHECKED)
    visit(Next(), *([FingerCompared(visit.number, True, None)] if proved else []))
    visit(NotTakenUp(visit.number, Refusal.NOT_NOW))
    assert (visit.step, visit.session.refusal) == (Step.BEGUN_BEFORE, Refusal.NOT_NOW)
    visit(Next())
    assert visit.step is Step.GO_ON_FINGER


def test_a_birth_date_that_could_not_be_looked_up_need_not_be_typed_again(visit: Visit) -> None:
    identified(visit)
    visit.session = visit.session.but(step=Step.BIRTH_DATE, typed="05031958", busy=True)
    visit(IdentityRefused(visit.number, Refusal.NOT_NOW, -1))
    assert (visit.step, visit.session.typed, visit.session.busy) == (Step.BIRTH_DATE, "05031958", False)
    assert visit.session.refusal is Refusal.NOT_NOW


# Who had to wait ------------------------------------------------------------------------------------------------------


def waits_for_the_reader(visit: Visit) -> None:
    signed(visit)
    good(visit, Finger.RIGHT_THUMB)
    visit(DeviceLost(Device.FINGERPRINT))
    assert visit.step is Step.INTERRUPTED


def waits_for_room(visit: Visit) -> None:
    signed_off(visit)
    visit(NotSealed(visit.number, Refusal.DISK_FULL))
    assert visit.step is Step.NOT_KEPT


def waits_for_the_officer(visit: Visit) -> None:
    all_fingers(visit)
    visit(Next(), Next())
    assert visit.step is Step.OFFICER_CONFIRMS


def waits_for_help(visit: Visit) -> None:
    signed(visit)
    visit(HelpAsked())
    assert visit.step is Step.HELP


def forgotten(visit: Visit) -> list[Forget]:
    return [effect for effect in visit.effects if isinstance(effect, Forget)]


@pytest.mark.parametrize("waits", [waits_for_the_reader, waits_for_room, waits_for_help, waits_for_the_officer])
def test_who_waited_in_vain_may_come_back_and_go_on(visit: Visit, waits: Callable[[Visit], None]) -> None:
    waits(visit)
    visit.wait(601)
    assert visit.step in (Step.ATTRACT, Step.OUT_OF_SERVICE)
    assert forgotten(visit)[-1].begun_stays
    assert visit.session.photo is None


@pytest.mark.parametrize("waits", [waits_for_the_reader, waits_for_room, waits_for_help, waits_for_the_officer])
def test_who_stops_while_waiting_leaves_nothing(visit: Visit, waits: Callable[[Visit], None]) -> None:
    waits(visit)
    visit(CancelAsked(), Deny())
    assert not forgotten(visit)[-1].begun_stays


def test_silence_where_nobody_had_to_wait_leaves_nothing_and_neither_does_the_next_visit(visit: Visit) -> None:
    waits_for_help(visit)
    visit.wait(601)
    signed(visit)
    visit.wait(181)
    assert visit.step is Step.ATTRACT
    assert [each.begun_stays for each in forgotten(visit)[-2:]] == [True, False]


def test_a_second_giving_under_way_goes_on_with_the_other_index_finger(visit: Visit) -> None:
    begun = replace(kept_at(Step.RECHECK), rechecked=(impression(Finger.RIGHT_INDEX),))
    taken_up(visit, begun)
    compare = visit.asked(Compare)
    assert isinstance(compare, Compare)
    assert compare.finger is Finger.LEFT_INDEX
