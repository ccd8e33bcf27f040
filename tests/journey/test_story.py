"""The journey told as stories, on the table alone."""

from dataclasses import replace
from datetime import date

import pytest

from kiosk.capture.advice import FaceAdvice, FingerAdvice
from kiosk.journey.effects import (
    CallOfficer,
    CheckOfficer,
    Compare,
    Forget,
    PrintCard,
    Prove,
    Scan,
    Seal,
    SettleCard,
    TakePhoto,
    Unwatch,
)
from kiosk.journey.events import (
    Back,
    Begin,
    CancelAsked,
    CardLookedFor,
    CardNotPrinted,
    CardPrinted,
    Deny,
    DeviceBack,
    DeviceLost,
    Digit,
    Erase,
    Event,
    FaceJudged,
    FingerAbsent,
    FingerCompared,
    FingerTaken,
    HelpAsked,
    IdentityProved,
    IdentityRefused,
    Inked,
    LanguageChosen,
    MoreTime,
    Next,
    NikKnown,
    NikRefused,
    NotSealed,
    OfficerKnown,
    OfficerRefused,
    OrderFound,
    OrderInDoubt,
    OrderRefused,
    PhotoTaken,
    PurposeChosen,
    RosterSeen,
    Sealed,
    Tick,
)
from kiosk.journey.excepting import Doubt
from kiosk.journey.fingers import IN_ORDER, RECHECKED, Finger
from kiosk.journey.guards import FLAPPING
from kiosk.journey.session import Accepted, Record
from kiosk.journey.steps import Card, Device, HowFar, Purpose, Refusal, Step

from .conftest import NOT_RECORDED, PHOTO, TODAY, Visit, biodata, impression

NIK = "5371010503580001"


def typed(digits: str) -> list[Digit]:
    return [Digit(each) for each in digits]


def identified(visit: Visit, purpose: Purpose = Purpose.RECORD, record: Record = NOT_RECORDED, **about: object) -> None:
    visit(Begin(), LanguageChosen("id"), PurposeChosen(purpose), *typed(NIK), Next(), NikKnown(visit.number, NIK))
    visit(*typed("05031958"), Next())
    proof = visit.asked(Prove)
    assert isinstance(proof, Prove)
    assert (proof.nik, proof.birth_date) == (NIK, "05031958")
    assert visit.session.biodata is None, "nothing of the owner is known before the birth date was right"
    visit(IdentityProved(visit.number, biodata(**about), record))  # type: ignore[arg-type]  # the keywords of biodata()
    assert visit.step is Step.IS_THIS_YOU


def photographed(visit: Visit) -> None:
    identified(visit)
    visit(Next(), Next())
    assert visit.step is Step.PHOTO
    for _ in range(30):
        visit(FaceJudged(visit.number, FaceAdvice.GOOD))
        visit.wait(0.1)
    assert isinstance(visit.asked(TakePhoto), TakePhoto)
    visit(PhotoTaken(visit.number, PHOTO))
    assert visit.step is Step.PHOTO_REVIEW
    assert visit.asked(Unwatch)


def signed(visit: Visit) -> None:
    photographed(visit)
    visit(Next(), Inked((((0.1, 0.5, 0.0), (0.9, 0.5, 0.4)),)), Next())
    assert visit.step is Step.FINGERS


def all_fingers(visit: Visit) -> None:
    signed(visit)
    for finger in IN_ORDER:
        scan = visit.asked(Scan)
        assert isinstance(scan, Scan)
        assert scan.finger is finger
        visit(FingerTaken(visit.number, impression(finger), FingerAdvice.GOOD))
    for finger in RECHECKED:
        compare = visit.asked(Compare)
        assert isinstance(compare, Compare)
        assert compare.finger is finger
        visit(FingerCompared(visit.number, True, impression(finger)))
    assert visit.step is Step.REVIEW


def signed_off(visit: Visit) -> None:
    all_fingers(visit)
    visit(Next(), Next())
    assert visit.step is Step.OFFICER_CONFIRMS
    visit(*typed("246810"), Next(), OfficerKnown(visit.number, "officer-1"))
    assert visit.step is Step.SEALING


def test_a_resident_is_recorded(visit: Visit) -> None:
    signed_off(visit)
    asked = visit.asked(Seal)
    assert isinstance(asked, Seal)
    assert asked.session == visit.session
    visit(Sealed(visit.number, Accepted("5371-261124-00001-7", "p", 0.2)))
    assert visit.step is Step.RECEIPT
    assert not visit.session.impressions, "the receipt screen holds no biometrics any more"
    number = visit.number
    visit(Next())
    assert visit.step is Step.ATTRACT
    assert visit.number == number + 1
    assert visit.session.nik == ""
    assert visit.session.biodata is None
    assert isinstance(visit.effects[-1], Forget)


def test_a_short_nik_is_refused_in_place(visit: Visit) -> None:
    visit(Begin(), LanguageChosen("id"), PurposeChosen(Purpose.RECORD), *typed("53710"), Next())
    assert (visit.step, visit.session.refusal) == (Step.NIK, Refusal.NIK_LENGTH)
    visit(Erase())
    assert (visit.session.typed, visit.session.refusal) == ("5371", None)


def test_a_seventeenth_digit_and_a_letter_are_not_typed(visit: Visit) -> None:
    visit(Begin(), LanguageChosen("id"), PurposeChosen(Purpose.RECORD), *typed(NIK), Digit("9"), Digit("x"))
    assert visit.session.typed == NIK


def test_an_unknown_nik_can_be_mended(visit: Visit) -> None:
    visit(Begin(), LanguageChosen("id"), PurposeChosen(Purpose.RECORD), *typed(NIK), Next())
    visit(NikRefused(visit.number, NIK, Refusal.NIK_UNKNOWN))
    assert (visit.step, visit.session.refusal, visit.session.typed) == (Step.NIK, Refusal.NIK_UNKNOWN, NIK)


def test_three_wrong_birth_dates_end_the_visit(visit: Visit) -> None:
    visit(
        Begin(), LanguageChosen("id"), PurposeChosen(Purpose.RECORD), *typed(NIK), Next(), NikKnown(visit.number, NIK)
    )
    visit(*typed("01011990"), Next(), IdentityRefused(visit.number, Refusal.DATE_WRONG, 2))
    assert (visit.step, visit.session.tries_left, visit.session.typed) == (Step.BIRTH_DATE, 2, "")
    visit(*typed("01011990"), Next(), IdentityRefused(visit.number, Refusal.LOCKED, 0))
    assert (visit.step, visit.session.refusal) == (Step.REFUSED, Refusal.LOCKED)
    visit(Next())
    assert visit.step is Step.ATTRACT


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"record": Record(HowFar.SENT)}, Refusal.ALREADY_RECORDED),
        ({"born": date(2010, 11, 25), "married": False}, Refusal.TOO_YOUNG),
    ],
)
def test_who_cannot_be_recorded_hears_why(visit: Visit, about: dict[str, object], why: Refusal) -> None:
    identified(visit, **about)  # type: ignore[arg-type]  # the keywords of biodata()
    visit(Next())
    assert (visit.step, visit.session.refusal) == (Step.NOT_ELIGIBLE, why)


@pytest.mark.parametrize("about", [{"born": date(2010, 11, 24), "married": False}, {"born": date(2011, 1, 1)}])
def test_sixteen_today_or_married_may_record(visit: Visit, about: dict[str, object]) -> None:
    identified(visit, **about)  # type: ignore[arg-type]  # the keywords of biodata()
    visit(Next())
    assert visit.step is Step.CONSENT


def test_the_age_of_recording_is_the_offices_setting(visit: Visit) -> None:
    visit.session = visit.session.but(recording_age=17)
    identified(visit, born=date(2009, 11, 25), married=False)
    visit(Next())
    assert (visit.step, visit.session.refusal) == (Step.NOT_ELIGIBLE, Refusal.TOO_YOUNG)
    visit(Next())
    assert visit.session.recording_age == 17, "it outlasts a visit"


def test_a_face_that_turns_away_starts_the_countdown_again(visit: Visit) -> None:
    identified(visit)
    visit(Next(), Next())
    for advice in [FaceAdvice.GOOD] * 15 + [FaceAdvice.CLOSER] + [FaceAdvice.GOOD] * 15:
        visit(FaceJudged(visit.number, advice))
        visit.wait(0.1)
    assert not any(isinstance(effect, TakePhoto) for effect in visit.effects)


def test_the_shutter_can_be_pressed_after_a_while(visit: Visit) -> None:
    identified(visit)
    visit(Next(), Next(), Next())
    assert not any(isinstance(effect, TakePhoto) for effect in visit.effects)
    visit.wait(16)
    visit(Next())
    assert visit.session.busy
    assert visit.asked(TakePhoto)


def test_a_finger_is_tried_three_times_and_the_best_is_kept(visit: Visit) -> None:
    signed(visit)
    for score in (30, 60, 40):
        visit(
            FingerTaken(visit.number, impression(Finger.RIGHT_THUMB, score=score), FingerAdvice.DRY),
        )
    assert [(each.score, each.scores) for each in visit.session.impressions] == [(60, (30, 60, 40))]


def test_a_print_with_features_beats_a_clearer_one_without(visit: Visit) -> None:
    signed(visit)
    blank = replace(impression(Finger.RIGHT_THUMB, score=80), template=b"", advice=FingerAdvice.UNCLEAR)
    visit(FingerTaken(visit.number, blank, FingerAdvice.UNCLEAR))
    visit(FingerTaken(visit.number, impression(Finger.RIGHT_THUMB, score=78), FingerAdvice.GOOD))
    assert visit.session.impressions[0].score == 78
    assert visit.session.asked_finger is Finger.RIGHT_INDEX


def test_a_late_impression_of_an_earlier_finger_is_dropped(visit: Visit) -> None:
    signed(visit)
    visit(FingerTaken(visit.number, impression(Finger.RIGHT_THUMB), FingerAdvice.GOOD))
    visit(FingerTaken(visit.number, impression(Finger.RIGHT_THUMB), FingerAdvice.GOOD))
    assert len(visit.session.impressions) == 1


def test_nobody_there_is_asked_again_without_restarting_the_clock(visit: Visit) -> None:
    signed(visit)
    deadline = visit.session.deadline
    scans = sum(isinstance(effect, Scan) for effect in visit.effects)
    visit.wait(5)
    visit(FingerAbsent(visit.number))
    assert visit.session.deadline == deadline
    assert sum(isinstance(effect, Scan) for effect in visit.effects) == scans + 1


def test_an_index_finger_that_never_matches_is_marked_for_the_officer(visit: Visit) -> None:
    signed(visit)
    for finger in IN_ORDER:
        visit(FingerTaken(visit.number, impression(finger), FingerAdvice.GOOD))
    for _ in range(3):
        visit(FingerCompared(visit.number, False, impression(Finger.RIGHT_INDEX)))
    visit(FingerCompared(visit.number, True, impression(Finger.LEFT_INDEX)))
    assert visit.step is Step.REVIEW
    assert visit.session.doubts == (Doubt.INDEX_DIFFERS,)


def test_time_runs_out_with_a_warning_and_can_be_extended(visit: Visit) -> None:
    visit(Begin())
    visit.wait(45)
    assert visit.session.time_is_short
    visit(MoreTime())
    assert not visit.session.time_is_short
    visit.wait(59)
    assert visit.step is Step.LANGUAGE
    visit.wait(2)
    assert visit.step is Step.ATTRACT


def test_cancel_asks_first_and_keeps_everything_on_the_way_back(visit: Visit) -> None:
    photographed(visit)
    visit(Next(), CancelAsked())
    assert visit.step is Step.CANCEL
    visit(Next())
    assert visit.step is Step.SIGNATURE
    assert visit.session.photo == PHOTO
    visit(CancelAsked(), Deny())
    assert visit.step is Step.ATTRACT
    assert visit.session.photo is None


def test_silence_on_the_question_whether_to_stop_goes_on(visit: Visit) -> None:
    signed_off(visit)
    visit(NotSealed(visit.number, Refusal.SEAL_FAILED), CancelAsked())
    visit.wait(61)
    assert visit.step is Step.NOT_KEPT
    assert len(visit.session.impressions) == len(IN_ORDER)
    visit.wait(601)
    assert visit.step is Step.ATTRACT, "the step's own time still ends"


def test_what_only_an_officer_may_say_is_not_asked_of_whoever_comes_back(visit: Visit) -> None:
    in_doubt(visit)
    visit(HelpAsked(), CancelAsked())
    assert visit.step is Step.CARD_LOOKED_FOR
    visit(Back())
    assert (visit.step, visit.session.typed) == (Step.CARD_DOUBT, "")


def test_help_calls_an_officer_and_comes_back_to_the_half_typed_number(visit: Visit) -> None:
    visit(Begin(), LanguageChosen("en"), PurposeChosen(Purpose.RECORD), *typed("5371"), HelpAsked())
    assert visit.step is Step.HELP
    assert visit.effects[-1] == CallOfficer(visit.number)
    visit(Next())
    assert (visit.step, visit.session.typed, visit.session.language) == (Step.NIK, "5371", "en")


def test_an_officers_pin_does_not_outlast_a_call_for_help(visit: Visit) -> None:
    all_fingers(visit)
    visit(Next(), Next(), *typed("246810"), HelpAsked())
    assert visit.session.typed == ""
    visit(Next(), Next())
    assert not any(isinstance(effect, CheckOfficer) for effect in visit.effects)


def test_an_answer_about_a_number_typed_before_is_not_taken_for_this_one(visit: Visit) -> None:
    visit(Begin(), LanguageChosen("id"), PurposeChosen(Purpose.RECORD), *typed(NIK), Next(), Back())
    visit(PurposeChosen(Purpose.RECORD), *typed("5371"), NikKnown(visit.number, NIK))
    assert (visit.step, visit.session.nik) == (Step.NIK, "")


def test_a_full_station_says_so_before_anything_is_captured(visit: Visit) -> None:
    visit(Begin(), LanguageChosen("id"), PurposeChosen(Purpose.RECORD), *typed(NIK), Next())
    visit(NikRefused(visit.number, NIK, Refusal.STATION_FULL))
    assert (visit.step, visit.session.refusal) == (Step.REFUSED, Refusal.STATION_FULL)


def test_a_device_that_comes_and_goes_does_not_hold_a_visit_for_ever(visit: Visit) -> None:
    signed(visit)
    for _ in range(FLAPPING):
        visit(DeviceLost(Device.FINGERPRINT), DeviceBack(Device.FINGERPRINT))
    assert visit.step is Step.INTERRUPTED
    visit.wait(601)
    assert visit.step is Step.ATTRACT


def test_a_device_that_came_and_went_too_often_goes_on_by_hand(visit: Visit) -> None:
    signed(visit)
    for _ in range(FLAPPING):
        visit(DeviceLost(Device.FINGERPRINT), Next(), DeviceBack(Device.FINGERPRINT))
    assert visit.step is Step.INTERRUPTED
    visit(Next())
    assert visit.step is Step.FINGERS


def test_another_devices_return_does_not_end_an_interruption(visit: Visit) -> None:
    signed(visit)
    visit(DeviceLost(Device.PANEL), DeviceLost(Device.FINGERPRINT), DeviceBack(Device.PANEL))
    assert visit.step is Step.INTERRUPTED


def test_coming_back_from_help_the_countdown_begins_anew(visit: Visit) -> None:
    identified(visit)
    visit(Next(), Next(), FaceJudged(visit.number, FaceAdvice.GOOD), HelpAsked())
    visit.wait(50)
    visit(Next(), FaceJudged(visit.number, FaceAdvice.GOOD))
    assert not any(isinstance(effect, TakePhoto) for effect in visit.effects)


def test_whoever_cannot_give_a_finger_comes_to_the_officer_for_the_card(visit: Visit) -> None:
    identified(visit, Purpose.COLLECT)
    visit(Next(), OrderFound(visit.number, "order-1", (Finger.LEFT_INDEX,)))
    assert visit.session.asked_finger is Finger.LEFT_INDEX
    visit(FingerAbsent(visit.number), FingerAbsent(visit.number))
    assert visit.step is Step.COLLECT_OFFICER


def test_home_without_a_device_forgets_the_visit_as_well(visit: Visit) -> None:
    identified(visit)
    visit(DeviceLost(Device.CAMERA), CancelAsked(), Deny())
    assert visit.step is Step.OUT_OF_SERVICE
    assert isinstance(visit.effects[-1], Forget)


def test_a_reader_that_goes_and_comes_back_leaves_the_visit_where_it_was(visit: Visit) -> None:
    signed(visit)
    visit(FingerTaken(visit.number, impression(Finger.RIGHT_THUMB), FingerAdvice.GOOD))
    visit(DeviceLost(Device.FINGERPRINT))
    assert visit.step is Step.INTERRUPTED
    visit(DeviceBack(Device.FINGERPRINT))
    assert visit.step is Step.FINGERS
    scan = visit.asked(Scan)
    assert isinstance(scan, Scan)
    assert scan.finger is Finger.RIGHT_INDEX


def test_a_camera_that_goes_while_help_is_asked_interrupts_on_the_way_back(visit: Visit) -> None:
    identified(visit)
    visit(Next(), Next(), HelpAsked(), DeviceLost(Device.CAMERA))
    assert visit.step is Step.HELP
    visit(Next())
    assert visit.step is Step.INTERRUPTED
    visit(DeviceBack(Device.CAMERA))
    assert visit.step is Step.PHOTO


def test_out_of_service_until_what_is_needed_is_here(visit: Visit) -> None:
    visit(DeviceLost(Device.CAMERA))
    assert visit.step is Step.OUT_OF_SERVICE
    visit(DeviceLost(Device.FINGERPRINT), DeviceBack(Device.CAMERA), Begin())
    assert visit.step is Step.OUT_OF_SERVICE
    visit(DeviceBack(Device.FINGERPRINT))
    assert visit.step is Step.ATTRACT


def test_a_full_disk_does_not_cost_the_recording(visit: Visit) -> None:
    signed_off(visit)
    visit(NotSealed(visit.number, Refusal.DISK_FULL))
    assert (visit.step, visit.session.refusal) == (Step.NOT_KEPT, Refusal.DISK_FULL)
    assert isinstance(visit.effects[-1], CallOfficer)
    visit.wait(500)
    assert visit.step is Step.NOT_KEPT, "an officer has time to make room"
    visit(Next())
    assert visit.step is Step.SEALING
    assert len(visit.session.impressions) == len(IN_ORDER)


@pytest.mark.parametrize("meanwhile", [(), (CancelAsked(),), (HelpAsked(),)])
def test_a_recording_that_is_safe_after_all_is_told_as_safe(visit: Visit, meanwhile: tuple[Event, ...]) -> None:
    signed_off(visit)
    visit.wait(61)
    assert visit.step is Step.NOT_KEPT
    visit(*meanwhile, Sealed(visit.number, Accepted("r", "p", 61.5)))
    assert visit.step is Step.RECEIPT
    assert visit.session.accepted is not None
    visit(Next())
    assert visit.step is Step.ATTRACT


def test_an_officer_may_refuse_and_a_wrong_pin_is_asked_again(visit: Visit) -> None:
    all_fingers(visit)
    visit(Next(), Next(), *typed("000000"), Next(), OfficerRefused(visit.number, Refusal.PIN_WRONG))
    assert (visit.step, visit.session.typed) == (Step.OFFICER_CONFIRMS, "")
    visit(Deny())
    assert (visit.step, visit.session.refusal) == (Step.OFFICER_CONFIRMS, Refusal.PIN_MISSING), "anybody can touch that"
    visit(*typed("246810"), Deny(), OfficerKnown(visit.number, "officer-1"))
    assert (visit.step, visit.session.refusal) == (Step.REFUSED, Refusal.OFFICER_NO)
    assert not any(isinstance(effect, Seal) for effect in visit.effects)


def test_an_officer_who_said_no_to_a_wrong_pin_may_still_say_yes(visit: Visit) -> None:
    all_fingers(visit)
    visit(Next(), Next(), *typed("000000"), Deny(), OfficerRefused(visit.number, Refusal.PIN_LOCKED, minutes=5))
    assert (visit.session.refusal, visit.session.minutes_locked) == (Refusal.PIN_LOCKED, 5)
    visit(*typed("246810"), Next(), OfficerKnown(visit.number, "officer-1"))
    assert visit.step is Step.SEALING


def test_without_a_roster_nobody_is_told_that_they_are_not_on_it() -> None:
    visit = Visit()
    visit(Tick(100.0, TODAY), *(DeviceBack(device) for device in Device), RosterSeen(False), Begin())
    assert visit.step is Step.OUT_OF_SERVICE
    visit(RosterSeen(True))
    assert visit.step is Step.ATTRACT
    visit(Begin(), Back(), DeviceLost(Device.CAMERA), DeviceBack(Device.CAMERA))
    assert visit.step is Step.ATTRACT, "the roster outlasts a visit"


def test_disagreeing_with_the_biodata_or_the_consent_ends_kindly(visit: Visit) -> None:
    identified(visit)
    visit(Deny())
    assert visit.session.refusal is Refusal.BIODATA_WRONG
    visit(Next())
    identified(visit)
    visit(Next(), Deny())
    assert visit.session.refusal is Refusal.CONSENT_NO


def test_a_card_is_collected_by_finger(visit: Visit) -> None:
    identified(visit, Purpose.COLLECT)
    visit(Next(), OrderFound(visit.number, "order-1", RECHECKED))
    assert visit.step is Step.COLLECT_FINGER
    assert visit.session.asked_finger is Finger.RIGHT_INDEX
    visit(FingerCompared(visit.number, True, None))
    assert visit.step is Step.PRINTING
    assert visit.asked(PrintCard) == PrintCard(visit.number, "order-1", by_finger=True, officer=None)
    visit(CardPrinted(visit.number))
    assert visit.step is Step.CARD_READY


def test_a_worn_finger_falls_back_to_the_left_one_and_then_to_the_officer(visit: Visit) -> None:
    identified(visit, Purpose.COLLECT)
    visit(Next(), OrderFound(visit.number, "order-1", RECHECKED))
    fingers = []
    for _ in range(4):
        fingers.append(visit.session.asked_finger)
        visit(FingerCompared(visit.number, False, None))
    assert fingers == [Finger.RIGHT_INDEX] * 2 + [Finger.LEFT_INDEX] * 2
    assert visit.step is Step.COLLECT_OFFICER
    visit(*typed("246810"), Next(), OfficerKnown(visit.number, "officer-1"))
    assert visit.asked(PrintCard) == PrintCard(visit.number, "order-1", by_finger=False, officer="officer-1")
    visit(CardNotPrinted(visit.number, Refusal.CARD_SPOILED))
    assert (visit.step, visit.session.refusal) == (Step.CARD_FAILED, Refusal.CARD_SPOILED)


def in_doubt(visit: Visit) -> None:
    identified(visit, Purpose.COLLECT)
    visit(Next(), OrderFound(visit.number, "order-1", RECHECKED), FingerCompared(visit.number, True, None))
    visit(CardNotPrinted(visit.number, Refusal.CARD_UNKNOWN))
    assert visit.step is Step.CARD_DOUBT
    assert isinstance(visit.effects[-1], CallOfficer)
    visit(Next(), Deny())
    assert visit.step is Step.CARD_DOUBT, "only an officer's PIN goes on"
    visit(*typed("246810"), Next(), OfficerKnown(visit.number, "officer-1"))
    assert visit.step is Step.CARD_LOOKED_FOR


def test_a_card_in_doubt_that_the_officer_found_is_handed_over(visit: Visit) -> None:
    in_doubt(visit)
    visit(CardLookedFor(Card.MADE), CardLookedFor(Card.NONE))
    settle = [effect for effect in visit.effects if isinstance(effect, SettleCard)]
    assert settle == [SettleCard(visit.number, NIK, "order-1", Card.MADE, "officer-1")], "the first word counts"
    visit(CardPrinted(visit.number))
    assert visit.step is Step.CARD_READY


def test_a_card_in_doubt_that_is_none_is_printed_after_the_finger(visit: Visit) -> None:
    in_doubt(visit)
    visit(CardLookedFor(Card.NONE), OrderFound(visit.number, "order-1", RECHECKED))
    assert visit.step is Step.COLLECT_FINGER
    visit(FingerCompared(visit.number, True, None))
    assert visit.step is Step.PRINTING


def test_a_card_in_doubt_since_an_earlier_visit_is_looked_for_first(visit: Visit) -> None:
    identified(visit, Purpose.COLLECT)
    visit(Next(), OrderInDoubt(visit.number, "order-1"))
    assert (visit.step, visit.session.order) == (Step.CARD_DOUBT, "order-1")
    visit.wait(601)
    assert visit.step is Step.ATTRACT, "nothing is settled by waiting"
    assert not any(isinstance(effect, SettleCard | PrintCard) for effect in visit.effects)


@pytest.mark.parametrize(
    ("why", "step"), [(Refusal.NO_ORDER, Step.NO_CARD_YET), (Refusal.PRINTER_NOT_READY, Step.REFUSED)]
)
def test_no_card_can_be_had_now(visit: Visit, why: Refusal, step: Step) -> None:
    identified(visit, Purpose.COLLECT)
    visit(Next(), OrderRefused(visit.number, why))
    assert (visit.step, visit.session.refusal) == (step, why)


def test_an_answer_to_an_earlier_visit_is_dropped(visit: Visit) -> None:
    earlier = visit.number
    visit(Begin(), Back(), Begin(), LanguageChosen("id"), PurposeChosen(Purpose.RECORD), *typed(NIK), Next())
    visit(NikKnown(earlier, NIK))
    assert visit.step is Step.NIK
