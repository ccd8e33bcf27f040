"""What cannot be given, what is given twice, and what stays unclear: told on the table alone."""

from dataclasses import replace

import pytest

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.journey.effects import CallOfficer, CheckOfficer, Compare, Scan, TakeEyes, TakeHandsPhoto, TakePhoto
from kiosk.journey.events import (
    Back,
    CancelAsked,
    CannotGive,
    Deny,
    DeviceBack,
    DeviceLost,
    EyesJudged,
    EyesTaken,
    FaceJudged,
    FingerAbsent,
    FingerCompared,
    FingerTaken,
    HandsPhotoTaken,
    HelpAsked,
    Inked,
    Marked,
    Next,
    OfficerKnown,
    OnlyMarked,
    PhotoTaken,
    WhyChosen,
)
from kiosk.journey.excepting import Doubt, Excepted, Why, Written
from kiosk.journey.eyes import Eye, IrisImage
from kiosk.journey.fingers import IN_ORDER, RECHECKED, Finger
from kiosk.journey.guards import EYES_AFTER, SELF_TIMER, SHUTTER_BY_HAND_AFTER
from kiosk.journey.steps import Device, Refusal, Step

from .conftest import PHOTO, Visit, impression, iris
from .test_story import identified, photographed, signed, typed

OFFICER = "officer-1"
LINE = (((0.1, 0.5, 0.0), (0.9, 0.5, 0.4)),)


def officer_comes(visit: Visit) -> None:
    assert visit.step is Step.EXCEPTION_ASKED
    assert visit.asked(CallOfficer)
    visit(*typed("246810"), Next())
    assert visit.asked(CheckOfficer)
    visit(OfficerKnown(visit.number, OFFICER))


def good(visit: Visit, *fingers: Finger) -> None:
    for finger in fingers:
        assert visit.session.asked_finger is finger
        visit(FingerTaken(visit.number, impression(finger), FingerAdvice.GOOD))


def shot(visit: Visit, **about: object) -> None:
    """The shutter is pressed by hand, and the photo comes."""
    visit.wait(SHUTTER_BY_HAND_AFTER)
    visit(Next())
    visit(PhotoTaken(visit.number, replace(PHOTO, **about)))  # type: ignore[arg-type]  # the fields of a photo


def hands_shot(visit: Visit) -> None:
    """The self-timer is started, and the photo of face and hands comes."""
    visit(Next())
    visit.wait(SELF_TIMER)
    visit(FaceJudged(visit.number, FaceAdvice.CLOSER), HandsPhotoTaken(visit.number, PHOTO))


def eyes_shot(visit: Visit, *images: IrisImage) -> None:
    """The eyes did not get good for long enough, so what there is is taken."""
    visit.wait(SHUTTER_BY_HAND_AFTER * (visit.session.eye_tries + 1))
    visit(EyesJudged(visit.number, EyeAdvice.OPEN_WIDE))
    assert visit.session.busy
    visit(EyesTaken(visit.number, images))


def eyes_come(visit: Visit) -> None:
    """As far as the eyes, on a station that takes them."""
    visit(DeviceBack(Device.EYE_CAMERA))
    visit.session = visit.session.but(takes_eyes=True)
    signed(visit)
    good(visit, *IN_ORDER)
    for finger in RECHECKED:
        visit(FingerCompared(visit.number, True, impression(finger)))
    assert visit.step is Step.EYES


def test_a_resident_with_eight_fingers(visit: Visit) -> None:
    signed(visit)
    good(visit, Finger.RIGHT_THUMB)
    visit(CannotGive())
    officer_comes(visit)
    assert visit.step is Step.EXCEPTION_WHICH
    assert visit.session.marked == {Finger.RIGHT_INDEX}, "the finger that was asked for is marked already"
    visit(Marked(Finger.LEFT_LITTLE), Marked(Finger.RIGHT_THUMB), Next(), WhyChosen(Why.MISSING))
    assert visit.step is Step.FINGERS
    good(visit, *[finger for finger in IN_ORDER if finger not in (1, 2, 10)])
    assert visit.step is Step.HANDS_PHOTO
    assert visit.session.excepted == (
        Excepted(Finger.RIGHT_INDEX, Why.MISSING, OFFICER),
        Excepted(Finger.LEFT_LITTLE, Why.MISSING, OFFICER),
    ), "what was given already cannot be excepted"
    assert visit.session.officer is None, "whoever excepts a finger has not vouched for the person"

    visit(FaceJudged(visit.number, FaceAdvice.NO_FACE))
    assert not any(isinstance(effect, TakeHandsPhoto) for effect in visit.effects)
    visit(Next())
    visit.wait(SELF_TIMER)
    visit(FaceJudged(visit.number, FaceAdvice.CLOSER))
    assert visit.asked(TakeHandsPhoto)
    visit(HandsPhotoTaken(visit.number, PHOTO))
    visit(Deny())
    assert visit.step is Step.HANDS_PHOTO
    visit(HandsPhotoTaken(visit.number, PHOTO))
    assert visit.step is Step.HANDS_PHOTO, "that was asked for before"
    hands_shot(visit)
    visit(Next())

    compare = visit.asked(Compare)
    assert isinstance(compare, Compare)
    assert compare.finger is Finger.LEFT_INDEX, "only the index finger that was given is given again"
    visit(FingerCompared(visit.number, True, impression(Finger.LEFT_INDEX)))
    assert visit.step is Step.REVIEW
    assert visit.session.doubts == ()


def test_who_gives_no_finger_at_all_is_recorded_too(visit: Visit) -> None:
    signed(visit)
    visit(CannotGive())
    officer_comes(visit)
    visit(*(Marked(finger) for finger in IN_ORDER[1:]), Next(), WhyChosen(Why.UNABLE))
    assert visit.step is Step.HANDS_PHOTO
    hands_shot(visit)
    visit(Next())
    assert visit.step is Step.REVIEW, "there is no index finger to give again"


def test_an_exception_needs_something_marked_and_may_be_left_again(visit: Visit) -> None:
    signed(visit)
    visit(CannotGive(), Back())
    assert visit.step is Step.FINGERS
    visit(CannotGive())
    officer_comes(visit)
    visit(Marked(Finger.RIGHT_THUMB), Next())
    assert (visit.step, visit.session.refusal) == (Step.EXCEPTION_WHICH, Refusal.NOTHING_MARKED)
    visit(Marked(Finger.RIGHT_THUMB), Next(), Back())
    assert visit.step is Step.FINGERS
    assert (visit.session.excepted, visit.session.officer) == ((), None)


def test_silence_at_an_exception_costs_nothing_of_the_recording(visit: Visit) -> None:
    signed(visit)
    good(visit, Finger.RIGHT_THUMB)
    visit(CannotGive())
    visit.wait(601)
    assert visit.step is Step.FINGERS
    visit(CannotGive())
    officer_comes(visit)
    visit.wait(121)
    assert visit.step is Step.FINGERS
    assert visit.session.officer is None
    assert [each.finger for each in visit.session.impressions] == [Finger.RIGHT_THUMB]


def test_one_exception_after_another(visit: Visit) -> None:
    signed(visit)
    for finger, why in ((Finger.RIGHT_THUMB, Why.INJURED), (Finger.RIGHT_INDEX, Why.MISSING)):
        assert visit.session.asked_finger is finger
        visit(CannotGive())
        officer_comes(visit)
        visit(Next(), WhyChosen(why))
    assert [(each.part, each.why) for each in visit.session.excepted] == [
        (Finger.RIGHT_THUMB, Why.INJURED),
        (Finger.RIGHT_INDEX, Why.MISSING),
    ]


def test_an_exception_by_mistake_can_be_taken_back(visit: Visit) -> None:
    signed(visit)
    visit(CannotGive())
    officer_comes(visit)
    visit(Marked(Finger.RIGHT_INDEX), Next(), WhyChosen(Why.MISSING))
    visit(CannotGive())
    officer_comes(visit)
    assert visit.session.marked == {Finger.RIGHT_THUMB, Finger.RIGHT_INDEX, Finger.RIGHT_MIDDLE}
    visit(Marked(Finger.RIGHT_INDEX), Marked(Finger.RIGHT_MIDDLE), Next())
    assert visit.step is Step.FINGERS, "nothing needs a reason any more"
    assert [each.part for each in visit.session.excepted] == [Finger.RIGHT_THUMB]
    assert visit.session.asked_finger is Finger.RIGHT_INDEX
    visit(CannotGive())
    officer_comes(visit)
    visit(Next(), WhyChosen(Why.INJURED))
    assert [(each.part, each.why) for each in visit.session.excepted] == [
        (Finger.RIGHT_THUMB, Why.MISSING),
        (Finger.RIGHT_INDEX, Why.INJURED),
    ], "each keeps its own reason"


def test_second_thoughts_keep_the_tries_of_a_finger(visit: Visit) -> None:
    signed(visit)
    for score in (60, 50):
        poor = replace(impression(Finger.RIGHT_THUMB, score=score), advice=FingerAdvice.DRY)
        visit(FingerTaken(visit.number, poor, FingerAdvice.DRY))
    visit(CannotGive(), Back())
    visit(CannotGive())
    officer_comes(visit)
    visit(Next(), Back())
    poor = replace(impression(Finger.RIGHT_THUMB, score=10), advice=FingerAdvice.DRY)
    visit(FingerTaken(visit.number, poor, FingerAdvice.DRY))
    assert [(each.score, each.scores) for each in visit.session.impressions] == [(60, (60, 50, 10))]


@pytest.mark.parametrize("question", [Step.OFFICER_CONFIRMS, Step.EXCEPTION_ASKED])
def test_an_answer_to_a_pin_counts_for_what_was_asked(visit: Visit, question: Step) -> None:
    signed(visit)
    if question is Step.EXCEPTION_ASKED:
        visit(CannotGive())
    else:
        visit.session = visit.session.but(step=question)
    visit(*typed("246810"), Next())
    visit(HelpAsked(), CancelAsked(), Back())
    assert visit.step is question, "nobody turns aside while a PIN is looked up"


def test_who_cannot_sign_goes_on_without_a_signature(visit: Visit) -> None:
    photographed(visit)
    visit(Next(), Inked(LINE), CannotGive())
    officer_comes(visit)
    assert visit.step is Step.EXCEPTION_WHY, "there is nothing to choose among"
    visit(WhyChosen(Why.MISSING))
    assert visit.step is Step.FINGERS
    assert visit.session.unsigned
    assert visit.session.excepted == (Excepted(Written.SIGNATURE, Why.MISSING, OFFICER),)
    assert visit.session.strokes == (), "what was tried is not kept as a signature"


def test_a_cross_is_a_signature(visit: Visit) -> None:
    photographed(visit)
    cross = (((0.4, 0.3, 0.0), (0.6, 0.7, 0.3)), ((0.6, 0.3, 0.9), (0.4, 0.7, 1.2)))
    visit(Next(), Inked(cross), Next())
    assert visit.step is Step.FINGERS


def test_the_same_finger_twice_is_told_and_then_both_are_taken_again(visit: Visit) -> None:
    signed(visit)
    good(visit, Finger.RIGHT_THUMB, Finger.RIGHT_INDEX)
    again = FingerTaken(visit.number, impression(Finger.RIGHT_MIDDLE), FingerAdvice.GOOD, Finger.RIGHT_INDEX)
    visit(again)
    assert (visit.session.asked_finger, visit.session.refusal) == (Finger.RIGHT_MIDDLE, Refusal.FINGER_GIVEN_BEFORE)
    visit(again)
    assert visit.session.refusal is Refusal.FINGERS_BOTH_AGAIN
    assert [each.finger for each in visit.session.impressions] == [Finger.RIGHT_THUMB]
    good(visit, Finger.RIGHT_INDEX, Finger.RIGHT_MIDDLE)
    assert [each.finger for each in visit.session.impressions] == list(IN_ORDER[:3])
    assert visit.session.impressions[2].scores == (80, 80, 80), "all its tries"
    assert (visit.session.doubts, visit.session.given_twice) == ((), 2)


def test_fingers_that_always_look_alike_turn_nobody_away(visit: Visit) -> None:
    signed(visit)
    good(visit, Finger.RIGHT_THUMB)
    rounds = 0
    while visit.session.asked_finger is not Finger.RIGHT_MIDDLE:
        asked = visit.session.asked_finger
        assert asked is not None
        alike = Finger.RIGHT_THUMB if asked is Finger.RIGHT_INDEX else None
        visit(FingerTaken(visit.number, impression(asked), FingerAdvice.GOOD, alike))
        rounds += 1
        assert rounds < 12
    assert visit.session.doubts == (Doubt.FINGERS_ALIKE,)


def test_a_try_before_the_same_finger_was_seen_is_not_kept(visit: Visit) -> None:
    signed(visit)
    good(visit, Finger.RIGHT_THUMB)

    def tried(score: int, alike: Finger | None = None) -> None:
        poor = replace(impression(Finger.RIGHT_INDEX, score=score), advice=FingerAdvice.DRY)
        visit(FingerTaken(visit.number, poor, FingerAdvice.DRY, alike))

    tried(70)
    tried(72, Finger.RIGHT_THUMB)
    for score in (30, 31, 29):
        tried(score)
    kept = visit.session.impressions[1]
    assert (kept.score, kept.scores) == (31, (70, 72, 30, 31, 29))
    assert visit.session.doubts == (Doubt.FINGERS_FAINT,)


def test_what_looks_like_another_finger_is_kept_only_for_want_of_better(visit: Visit) -> None:
    signed(visit)
    good(visit, Finger.RIGHT_THUMB)
    visit.session = visit.session.but(taken_again=True, repeats=1)

    def tried(score: int, alike: Finger | None) -> None:
        poor = replace(impression(Finger.RIGHT_INDEX, score=score), advice=FingerAdvice.DRY)
        visit(FingerTaken(visit.number, poor, FingerAdvice.DRY, alike))

    tried(60, Finger.RIGHT_THUMB)
    tried(20, None)
    tried(10, None)
    assert [each.score for each in visit.session.impressions] == [80, 20]
    for finger_alike in (Finger.RIGHT_THUMB,) * 3:
        visit(
            FingerTaken(
                visit.number,
                replace(impression(Finger.RIGHT_MIDDLE, score=40), advice=FingerAdvice.DRY),
                FingerAdvice.DRY,
                finger_alike,
            )
        )
    while visit.session.asked_finger is Finger.RIGHT_MIDDLE:
        visit(FingerTaken(visit.number, impression(Finger.RIGHT_MIDDLE), FingerAdvice.GOOD, Finger.RIGHT_THUMB))
    assert Doubt.FINGERS_ALIKE in visit.session.doubts


def test_each_finger_is_compared_with_those_before_it(visit: Visit) -> None:
    signed(visit)
    good(visit, *IN_ORDER[:4])
    scan = visit.asked(Scan)
    assert isinstance(scan, Scan)
    assert [each.finger for each in scan.before] == list(IN_ORDER[:4])


def test_hands_in_the_wrong_order_are_told_and_left_to_the_officer(visit: Visit) -> None:
    signed(visit)
    good(visit, *IN_ORDER)
    wrong = FingerCompared(visit.number, False, impression(Finger.RIGHT_INDEX), Finger.LEFT_INDEX)
    visit(wrong)
    assert (visit.step, visit.session.refusal) == (Step.RECHECK, Refusal.HANDS_SWAPPED)
    visit(wrong, wrong, FingerCompared(visit.number, True, impression(Finger.LEFT_INDEX)))
    assert visit.session.doubts == (Doubt.HANDS_SWAPPED,)


def test_an_index_finger_that_is_not_felt_again_keeps_nobody(visit: Visit) -> None:
    signed(visit)
    good(visit, *IN_ORDER)
    visit(FingerAbsent(visit.number), FingerAbsent(visit.number))
    assert (visit.step, visit.session.asked_finger) == (Step.RECHECK, Finger.RIGHT_INDEX)
    visit(FingerAbsent(visit.number))
    assert (visit.step, visit.session.asked_finger) == (Step.RECHECK, Finger.LEFT_INDEX)
    visit(CannotGive())
    assert visit.step is Step.REVIEW
    assert (visit.session.rechecked, visit.session.doubts) == ((), (Doubt.INDEX_NOT_AGAIN,))


@pytest.mark.parametrize("alike", [None, Finger.LEFT_INDEX])
def test_what_came_in_the_place_of_an_index_finger_is_never_hidden(visit: Visit, alike: Finger | None) -> None:
    signed(visit)
    good(visit, *IN_ORDER)
    visit(FingerCompared(visit.number, False, impression(Finger.RIGHT_INDEX, score=66), alike), CannotGive())
    assert [(each.finger, each.score) for each in visit.session.rechecked] == [(Finger.RIGHT_INDEX, 66)]
    assert visit.session.doubts == (Doubt.INDEX_DIFFERS if alike is None else Doubt.HANDS_SWAPPED,)
    assert visit.session.asked_finger is Finger.LEFT_INDEX


def test_silence_at_an_index_finger_costs_nobody_the_other_nine(visit: Visit) -> None:
    signed(visit)
    good(visit, *IN_ORDER)
    for finger in RECHECKED:
        assert visit.session.asked_finger is finger
        visit.wait(181)
    assert visit.step is Step.REVIEW
    assert len(visit.session.impressions) == 10
    assert visit.session.doubts == (Doubt.INDEX_NOT_AGAIN,)


def test_a_second_blind_eye_leaves_the_first_excepted(visit: Visit) -> None:
    eyes_come(visit)
    for eye in (Eye.RIGHT, Eye.LEFT):
        visit(CannotGive())
        officer_comes(visit)
        visit(OnlyMarked(frozenset({eye})), WhyChosen(Why.MISSING if eye is Eye.RIGHT else Why.INJURED))
    assert [(each.part, each.why) for each in visit.session.excepted] == [
        (Eye.RIGHT, Why.MISSING),
        (Eye.LEFT, Why.INJURED),
    ]
    assert visit.step is Step.REVIEW


def test_an_answer_to_a_pin_that_nobody_waits_for_opens_nothing(visit: Visit) -> None:
    signed(visit)
    visit(CannotGive(), OfficerKnown(visit.number, OFFICER))
    assert visit.step is Step.EXCEPTION_ASKED


def test_the_best_of_an_index_finger_given_again_is_kept(visit: Visit) -> None:
    signed(visit)
    good(visit, *IN_ORDER)
    for score in (40, 70, 20):
        visit(FingerCompared(visit.number, False, impression(Finger.RIGHT_INDEX, score=score)))
    assert [(each.score, each.scores) for each in visit.session.rechecked] == [(70, (40, 70, 20))]


def test_a_print_without_features_is_not_asked_for_again(visit: Visit) -> None:
    signed(visit)
    for finger in IN_ORDER:
        blank = finger is Finger.RIGHT_INDEX
        for _ in range(3 if blank else 1):
            advice = FingerAdvice.UNCLEAR if blank else FingerAdvice.GOOD
            taken = replace(impression(finger), advice=advice, template=b"" if blank else b"t")
            visit(FingerTaken(visit.number, taken, advice))
    assert (visit.step, visit.session.asked_finger) == (Step.RECHECK, Finger.LEFT_INDEX), "nothing to compare it with"
    assert visit.session.doubts == (Doubt.FINGERS_FAINT,)


def test_worn_fingers_are_kept_as_they_are_and_told(visit: Visit) -> None:
    signed(visit)
    for finger in IN_ORDER:
        for score in (12, 25, 18):
            visit(
                FingerTaken(
                    visit.number,
                    replace(impression(finger, score=score), advice=FingerAdvice.DRY),
                    FingerAdvice.DRY,
                )
            )
    assert visit.step is Step.RECHECK
    assert [each.score for each in visit.session.impressions] == [25] * 10
    assert visit.session.doubts == (Doubt.FINGERS_FAINT,)


def test_three_photos_and_the_best_of_them(visit: Visit) -> None:
    identified(visit)
    visit(Next(), Next())
    for advice, score in ((FaceAdvice.OPEN_EYES, 40), (FaceAdvice.OPEN_EYES, 60), (FaceAdvice.NO_FACE, 90)):
        assert visit.step is Step.PHOTO
        shot(visit, advice=advice, score=score)
        assert visit.step is Step.PHOTO_REVIEW or visit.session.refusal is Refusal.PHOTO_NOT_YET
    assert visit.step is Step.PHOTO_REVIEW
    photo = visit.session.photo
    assert photo is not None
    assert (photo.advice, photo.score, photo.tries) == (FaceAdvice.OPEN_EYES, 60, 3)
    assert visit.session.doubts == (Doubt.PHOTO,)
    visit(Deny())
    assert visit.step is Step.PHOTO
    assert visit.session.photo is None, "a photo that the resident did not want is not kept"
    visit(PhotoTaken(visit.number, PHOTO))
    assert visit.step is Step.PHOTO, "one that was asked for before is not taken for the new one"
    shot(visit, advice=FaceAdvice.GOOD, score=30)
    assert visit.step is Step.PHOTO_REVIEW
    assert visit.session.doubts == ()


@pytest.mark.parametrize(("year", "backdrop"), [(1957, "red"), (1958, "blue")])
def test_the_cloth_goes_by_the_birth_year(visit: Visit, year: int, backdrop: str) -> None:
    identified(visit)
    biodata = visit.session.biodata
    assert biodata is not None
    visit.session = visit.session.but(biodata=replace(biodata, birth_date=biodata.birth_date.replace(year=year)))
    assert visit.session.backdrop is not None
    assert visit.session.backdrop.value == backdrop
    visit.session = visit.session.but(biodata=replace(biodata, foreigner=True))
    assert visit.session.backdrop.value == "orange"


def test_the_shutter_looks_for_the_cloth(visit: Visit) -> None:
    photographed(visit)
    taken = visit.asked(TakePhoto)
    assert isinstance(taken, TakePhoto)
    assert taken.backdrop is visit.session.backdrop


def test_both_eyes_are_taken_where_there_is_a_camera(visit: Visit) -> None:
    eyes_come(visit)
    visit(EyesJudged(visit.number, EyeAdvice.GOOD))
    visit.wait(EYES_AFTER)
    visit(EyesJudged(visit.number, EyeAdvice.GOOD))
    taken = visit.asked(TakeEyes)
    assert isinstance(taken, TakeEyes)
    assert taken.wanted == (Eye.RIGHT, Eye.LEFT)
    visit(EyesTaken(visit.number, (iris(Eye.RIGHT), iris(Eye.LEFT))))
    assert visit.step is Step.REVIEW
    assert visit.session.doubts == ()


def test_eyes_that_do_not_get_clear_are_taken_all_the_same(visit: Visit) -> None:
    eyes_come(visit)
    for score in (20, 50, 10):
        assert visit.step is Step.EYES
        eyes_shot(visit, iris(Eye.LEFT, score=score, advice=EyeAdvice.OPEN_WIDE))
    assert visit.step is Step.REVIEW
    assert [(each.eye, each.score) for each in visit.session.irises] == [(Eye.LEFT, 50)]
    assert visit.session.doubts == (Doubt.EYES_NOT_SEEN,)


def test_a_blind_eye_is_excepted_and_the_other_taken(visit: Visit) -> None:
    eyes_come(visit)
    visit(CannotGive())
    officer_comes(visit)
    assert visit.session.marked == {Eye.RIGHT, Eye.LEFT}
    visit(OnlyMarked(frozenset({Eye.RIGHT})), WhyChosen(Why.MISSING))
    assert visit.step is Step.EYES
    assert visit.session.wanted_eyes == (Eye.LEFT,)
    eyes_shot(visit, iris(Eye.LEFT))
    assert visit.step is Step.REVIEW
    assert visit.session.doubts == ()


def test_each_eye_may_be_good_in_a_try_of_its_own(visit: Visit) -> None:
    eyes_come(visit)
    shut = EyeAdvice.OPEN_WIDE
    eyes_shot(visit, iris(Eye.RIGHT), iris(Eye.LEFT, score=0, advice=shut))
    assert visit.step is Step.EYES
    eyes_shot(visit, iris(Eye.RIGHT, score=0, advice=shut), iris(Eye.LEFT))
    assert visit.step is Step.REVIEW
    assert [each.advice for each in visit.session.irises] == [EyeAdvice.GOOD] * 2


def test_an_eye_that_is_excepted_leaves_no_picture(visit: Visit) -> None:
    eyes_come(visit)
    poor = EyeAdvice.OPEN_WIDE
    eyes_shot(visit, iris(Eye.RIGHT, advice=poor), iris(Eye.LEFT, advice=poor))
    visit(CannotGive())
    officer_comes(visit)
    visit(OnlyMarked(frozenset({Eye.RIGHT})), WhyChosen(Why.UNABLE))
    eyes_shot(visit, iris(Eye.RIGHT), iris(Eye.LEFT))
    assert visit.step is Step.REVIEW
    assert [each.eye for each in visit.session.irises] == [Eye.LEFT]


def test_a_blind_resident_needs_no_eyes(visit: Visit) -> None:
    eyes_come(visit)
    visit(CannotGive())
    officer_comes(visit)
    visit(OnlyMarked(frozenset(Eye)), WhyChosen(Why.MISSING))
    assert visit.step is Step.REVIEW


@pytest.mark.parametrize("taking", [False, True])
def test_an_eye_camera_that_stops_costs_nobody_the_recording(visit: Visit, taking: bool) -> None:
    eyes_come(visit)
    if taking:
        visit.wait(SHUTTER_BY_HAND_AFTER)
        visit(EyesJudged(visit.number, EyeAdvice.OPEN_WIDE))
        assert visit.session.busy
    visit(DeviceLost(Device.EYE_CAMERA))
    assert (visit.step, visit.session.busy) == (Step.REVIEW, False)
    assert visit.session.doubts == (Doubt.EYES_NOT_SEEN,)
