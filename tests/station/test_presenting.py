"""Sessions told as views: every step, every refusal, and buttons that the journey's table understands."""

from datetime import date
from pathlib import Path

import pytest

from kiosk.capture.advice import FaceAdvice, FingerAdvice
from kiosk.journey.events import (
    Back,
    Begin,
    CancelAsked,
    CannotGive,
    Deny,
    Digit,
    Erase,
    HelpAsked,
    Marked,
    MoreTime,
    Next,
    OnlyMarked,
    WhyChosen,
)
from kiosk.journey.excepting import Doubt, Excepted, Subject, Why
from kiosk.journey.eyes import Eye
from kiosk.journey.fingers import Finger
from kiosk.journey.resident import TABLE
from kiosk.journey.session import Accepted, Biodata, Photo, Session, Sex
from kiosk.journey.steps import Device, Purpose, Refusal, Step
from kiosk.screens import views
from kiosk.station.presenting import StationFacts, present
from kiosk.station.text import Text

LOCALES = Path(__file__).parents[2] / "config" / "locales"
TEXT = Text.load(LOCALES, ("id", "en"))
STATION = StationFacts("Kantor Kecamatan", "Kantor Dukcapil", ("id", "en"))
BIODATA = Biodata(
    nik="5301124503580002",
    name="MARIA NABEN",
    birth_place="OELAMASI",
    birth_date=date(1958, 3, 5),
    sex=Sex.FEMALE,
    address="JL. TIMOR RAYA",
    village="NAIBONAT",
    district="KUPANG TIMUR",
    married=True,
    recorded=False,
    nik_disagrees=False,
)
FULL = Session(
    now=100.0,
    since=90.0,
    today=date(2026, 11, 24),
    biodata=BIODATA,
    photo=Photo(b"jpeg", 600, 800, FaceAdvice.GOOD),
    hands_photo=Photo(b"jpeg", 600, 800, FaceAdvice.GOOD),
    accepted=Accepted("5301-0001-0042", "p", 0.2),
)


def shown(step: Step, *, now: float = 100.0, station: StationFacts = STATION, **changes: object) -> views.View:
    return present(FULL.but(step=step, **changes), text=TEXT, station=station, now=now)


def buttons(view: views.View) -> list[views.Button]:
    page = view.page
    given = [page.back, page.secondary, page.primary, page.header.stop, page.header.help]
    if isinstance(view, views.Choice):
        given += [button for button, _, _ in view.choices]
    if isinstance(view, views.Marks):
        given += [mark.button for _, marks in view.groups for mark in marks]
    if isinstance(view, views.Entry | views.Signing):
        given.append(view.erase)
    return [button for button in given if button is not None]


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("step", Step)
def test_every_step_has_a_view_with_a_headline(step, language):
    view = shown(step, language=language)
    assert view.page.headline


@pytest.mark.parametrize("step", Step)
def test_every_button_means_something_to_the_table(step):
    view = shown(step)
    events = {type(button.event) for button in buttons(view)}
    if isinstance(view, views.Entry):
        events |= {type(event) for _, event in view.keys}
    if isinstance(view, views.Attract):
        events |= {type(view.begin)}
    assert events <= set(TABLE[step].on), step


@pytest.mark.parametrize("step", Step)
def test_no_touch_of_the_table_is_without_its_button(step):
    """Whoever stands before the screen can do all that the journey allows."""
    wanted = {Begin, Back, CannotGive, Deny, Erase, CancelAsked, Marked, Next, WhyChosen} & set(TABLE[step].on)
    view = shown(step, since=0.0)  # long enough ago for the shutter by hand
    given = {type(button.event) for button in buttons(view)}
    if isinstance(view, views.Attract):
        given |= {type(view.begin)}
    if step is Step.SIGNATURE:
        wanted -= {Deny}
    assert wanted <= given, step


@pytest.mark.parametrize("refusal", Refusal)
@pytest.mark.parametrize("step", [Step.REFUSED, Step.NOT_ELIGIBLE, Step.NO_CARD_YET, Step.CARD_FAILED])
def test_every_refusal_says_why_and_what_next(step, refusal):
    view = shown(step, refusal=refusal)
    assert isinstance(view, views.Message)
    assert view.page.headline
    assert view.page.sentence
    assert view.todo
    assert view.page.primary is not None


@pytest.mark.parametrize(
    ("step", "refusal"),
    [
        (Step.NIK, Refusal.NIK_LENGTH),
        (Step.NIK, Refusal.NIK_DATE),
        (Step.NIK, Refusal.NIK_UNKNOWN),
        (Step.BIRTH_DATE, Refusal.DATE_IMPOSSIBLE),
        (Step.BIRTH_DATE, Refusal.DATE_WRONG),
        (Step.SIGNATURE, Refusal.SIGNATURE_EMPTY),
        (Step.FINGERS, Refusal.FINGER_NONE),
        (Step.FINGERS, Refusal.FINGER_LIFT),
        (Step.RECHECK, Refusal.FINGER_NOT_SAME),
        (Step.COLLECT_FINGER, Refusal.FINGER_NOT_SAME),
        (Step.OFFICER_CONFIRMS, Refusal.PIN_WRONG),
        (Step.OFFICER_CONFIRMS, Refusal.PIN_LOCKED),
    ],
)
def test_what_can_be_put_right_here_is_said_here(step, refusal):
    hint = shown(step, refusal=refusal).page.hint
    assert hint is not None
    assert hint.mood is views.Mood.ATTENTION


def test_tries_left_are_counted():
    two = shown(Step.BIRTH_DATE, refusal=Refusal.DATE_WRONG, tries_left=2).page.hint
    one = shown(Step.BIRTH_DATE, refusal=Refusal.DATE_WRONG, tries_left=1).page.hint
    assert two is not None
    assert one is not None
    assert "2" in two.text
    assert "satu" in one.text


@pytest.mark.parametrize(("typed", "ready"), [("", False), ("530112450358000", False), ("5301124503580002", True)])
def test_a_nik_can_be_handed_in_when_it_is_whole(typed, ready):
    primary = shown(Step.NIK, typed=typed).page.primary
    assert primary is not None
    assert primary.ready is ready


def test_while_an_answer_is_awaited_the_screen_says_so_and_takes_no_second_one():
    page = shown(Step.NIK, typed="5301124503580002", busy=True).page
    assert page.primary is not None
    assert not page.primary.ready
    assert page.hint is not None
    assert page.hint.icon == "clock"


def test_a_pin_is_never_told_to_the_screen():
    view = shown(Step.OFFICER_CONFIRMS, typed="4711")
    assert isinstance(view, views.Entry)
    assert view.typed == "••••"


def test_personal_data_do_not_show_in_a_views_text_form():
    for step in (Step.IS_THIS_YOU, Step.OFFICER_CONFIRMS, Step.NIK):
        told = repr(shown(step, typed="5301124503580002"))
        assert not any(secret in told for secret in ("MARIA", "OELAMASI", "5301", "TIMOR"))


@pytest.mark.parametrize(("good_for", "number"), [(0.0, 3), (0.6, 3), (0.8, 2), (1.5, 1), (2.05, 1)])
def test_three_two_one(good_for, number):
    view = shown(Step.PHOTO, face_advice=FaceAdvice.GOOD, good_since=100.0, now=100.0 + good_for)
    assert isinstance(view, views.Preview)
    assert view.countdown == number


def test_no_countdown_while_something_is_to_be_changed():
    view = shown(Step.PHOTO, face_advice=FaceAdvice.CLOSER, good_since=None)
    assert isinstance(view, views.Preview)
    assert view.countdown is None


def test_the_shutter_by_hand_comes_after_a_while():
    assert shown(Step.PHOTO, since=95.0).page.secondary is None
    assert shown(Step.PHOTO, since=80.0).page.secondary == views.Button("Ambil foto sekarang", Next(), "camera")


def test_each_advice_on_a_finger_has_its_own_picture():
    pictures = set()
    for advice in FingerAdvice:
        view = shown(Step.FINGERS, refusal=Refusal.FINGER_UNCLEAR, finger_advice=advice)
        assert isinstance(view, views.Hands)
        pictures.add(view.change)
    assert len(pictures) >= 7


@pytest.mark.parametrize(
    ("refusal", "picture"),
    [
        (Refusal.FINGER_GIVEN_BEFORE, "other-finger"),
        (Refusal.FINGERS_BOTH_AGAIN, "other-finger"),
        (Refusal.FINGER_OTHER, "other-finger"),
        (Refusal.HANDS_SWAPPED, "swap-hands"),
    ],
)
def test_another_finger_than_the_one_asked_for_is_shown_as_such(refusal, picture):
    view = shown(Step.FINGERS, refusal=refusal)
    assert isinstance(view, views.Hands)
    assert view.change == picture
    assert view.page.hint is not None


def test_the_officer_marks_what_cannot_be_given_and_not_what_was():
    excepted = (Excepted(Finger.LEFT_THUMB, Why.MISSING, "o"),)
    view = shown(
        Step.EXCEPTION_WHICH,
        excepting=Subject.FINGERS,
        marked=frozenset({Finger.RIGHT_INDEX}),
        excepted=excepted,
    )
    assert isinstance(view, views.Marks)
    states = {mark.button.event.part: mark.state for _, marks in view.groups for mark in marks}  # type: ignore[attr-defined]
    assert states.pop(Finger.LEFT_THUMB) == "taken"
    assert states.pop(Finger.RIGHT_INDEX) == "marked"
    assert set(states.values()) == {"free"}
    assert [mark.button.event.part for mark in view.groups[0][1]] == [10, 9, 8, 7, 6]  # type: ignore[attr-defined]


def test_one_eye_or_both_can_be_left_out_in_one_touch():
    view = shown(Step.EXCEPTION_WHICH, excepting=Subject.EYES, takes_eyes=True)
    assert isinstance(view, views.Choice)
    assert [button.event for button, _, _ in view.choices] == [
        OnlyMarked(frozenset({Eye.RIGHT})),
        OnlyMarked(frozenset({Eye.LEFT})),
        OnlyMarked(frozenset(Eye)),
    ]


@pytest.mark.parametrize("subject", Subject)
def test_every_reason_for_an_exception_can_be_chosen(subject):
    view = shown(Step.EXCEPTION_WHY, excepting=subject)
    assert isinstance(view, views.Choice)
    assert [button.event for button, _, _ in view.choices] == [WhyChosen(why) for why in Why]


@pytest.mark.parametrize(
    ("excepted", "told"),
    [
        ((Excepted(Finger.LEFT_LITTLE, Why.MISSING, "o"),), "Dilewati: Kelingking kiri."),
        ((Excepted(Finger.LEFT_LITTLE, Why.INJURED, "o"),), "Dilewati untuk saat ini: Kelingking kiri."),
        (tuple(Excepted(finger, Why.UNABLE, "o") for finger in Finger), "Dilewati: 10 jari."),
    ],
)
def test_what_was_left_out_stands_on_the_receipt(excepted, told):
    view = shown(Step.RECEIPT, excepted=excepted)
    assert isinstance(view, views.Receipt)
    assert any(told in point.text for point in view.points)


def test_the_officer_reads_the_gravest_doubts_first():
    doubtful = shown(Step.OFFICER_CONFIRMS, noted=frozenset({Doubt.FINGERS_ALIKE, Doubt.HANDS_SWAPPED})).page.hint
    assert doubtful is not None
    assert doubtful.text.startswith("Tangan mungkin tertukar.")


def test_the_ring_tells_the_time_that_is_left():
    view = shown(Step.CONSENT, deadline=110.0, time_is_short=True)
    hurry = view.page.hurry
    assert hurry is not None
    assert (hurry.seconds, hurry.share, hurry.button.event) == (10, 0.5, MoreTime())


def test_a_recording_that_is_not_kept_yet_can_be_tried_again():
    again = shown(Step.NOT_KEPT, refusal=Refusal.SEAL_FAILED, officer="o").page.primary
    over = shown(Step.REFUSED, refusal=Refusal.CONSENT_NO).page.primary
    assert again is not None
    assert over is not None
    assert (again.label, over.label) == ("Coba lagi", "Selesai")


@pytest.mark.parametrize(
    ("born", "from_day"), [(date(2012, 2, 29), "29 Februari 2028"), (date(2011, 6, 5), "5 Juni 2027")]
)
def test_who_is_too_young_is_told_the_day(born, from_day):
    young = Biodata(**{name: getattr(BIODATA, name) for name in Biodata.__slots__} | {"birth_date": born})
    view = shown(Step.NOT_ELIGIBLE, refusal=Refusal.TOO_YOUNG, biodata=young)
    assert isinstance(view, views.Message)
    assert from_day in view.todo


def test_another_age_of_recording_is_told_as_such():
    born = Biodata(**{name: getattr(BIODATA, name) for name in Biodata.__slots__} | {"birth_date": date(2012, 2, 29)})
    view = shown(Step.NOT_ELIGIBLE, refusal=Refusal.TOO_YOUNG, biodata=born, recording_age=17)
    assert isinstance(view, views.Message)
    assert "17" in view.page.sentence
    assert "1 Maret 2029" in view.todo


def test_out_of_service_says_which_device_and_where_else_to_go():
    view = shown(Step.OUT_OF_SERVICE, missing=frozenset({Device.FINGERPRINT}))
    assert isinstance(view, views.Message)
    assert "sidik jari" in view.page.sentence
    assert "Kantor Dukcapil" in view.todo


def test_an_interruption_names_only_the_device_that_the_step_needs():
    missing = frozenset({Device.CAMERA, Device.PRINTER})
    view = shown(Step.INTERRUPTED, resume=Step.PHOTO, missing=missing)
    assert "Kamera" in view.page.sentence
    assert "Printer" not in view.page.sentence


def test_cards_are_offered_only_where_they_are_printed():
    without = StationFacts("K", "D", ("id",), prints_cards=False)
    purposes = [button.event for button, _, _ in shown(Step.PURPOSE, station=without).choices]  # type: ignore[union-attr]
    assert [event.purpose for event in purposes] == [Purpose.RECORD]


def test_pictures_stand_still_where_motion_is_reduced():
    calm = StationFacts("K", "D", ("id",), reduced_motion=True)
    view = present(FULL.but(step=Step.HELP), text=TEXT, station=calm, now=100.0, phase=7)
    assert view.page.phase == 0


def test_help_and_stop_are_where_the_table_has_them():
    page = shown(Step.CONSENT).page
    assert page.header.help is not None
    assert page.header.help.event == HelpAsked()
    assert shown(Step.SEALING).page.header.stop is None


def test_the_keypad_types_what_is_on_its_keys():
    view = shown(Step.NIK)
    assert isinstance(view, views.Entry)
    assert sorted(view.keys, key=lambda key: key[0]) == [(digit, Digit(digit)) for digit in "0123456789"]
