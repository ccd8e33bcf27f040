"""Sessions told as views: every step, every refusal, and buttons that the journey's table understands."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
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
    PurposeChosen,
    WhyChosen,
)
from kiosk.journey.excepting import Doubt, Excepted, Subject, Why
from kiosk.journey.eyes import Eye, IrisImage
from kiosk.journey.fingers import Finger
from kiosk.journey.session import Accepted, Biodata, Impression, Photo, Point, Record, Session, Sex
from kiosk.journey.steps import Device, HowFar, Purpose, Refusal, Step
from kiosk.journey.table import TABLE
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
    nik_disagrees=False,
)
FULL = Session(
    now=100.0,
    since=90.0,
    today=date(2026, 11, 24),
    biodata=BIODATA,
    record=Record(HowFar.NOT_RECORDED),
    photo=Photo(b"jpeg", 600, 800, FaceAdvice.GOOD),
    hands_photo=Photo(b"jpeg", 600, 800, FaceAdvice.GOOD),
    accepted=Accepted("5301-0001-0042", "p", 0.2),
)


STROKES = ((Point(0.1, 0.5, 0.0), Point(0.9, 0.5, 0.4)),)


def of(finger: Finger, advice: FingerAdvice = FingerAdvice.GOOD) -> Impression:
    return Impression(finger, 8, 8, 500, 80, (80,), advice, "grow", b"\xff" * 64, b"t")


def iris(eye: Eye) -> IrisImage:
    return IrisImage(eye, 8, 8, 80, EyeAdvice.GOOD, 4, 4, 4, b"\x80" * 64)


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
@pytest.mark.parametrize("step", [Step.REFUSED, Step.CARD_FAILED])
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
        impressions=(of(Finger.RIGHT_THUMB),),
        marked=frozenset({Finger.LEFT_THUMB, Finger.RIGHT_INDEX}),
        excepted=excepted,
    )
    assert isinstance(view, views.Marks)
    states = {mark.button.event.part: mark.state for _, marks in view.groups for mark in marks}  # type: ignore[attr-defined]
    assert states.pop(Finger.RIGHT_THUMB) == "taken"
    assert states.pop(Finger.LEFT_THUMB) == "marked"  # what was excepted by mistake can be given after all
    assert states.pop(Finger.RIGHT_INDEX) == "marked"
    assert set(states.values()) == {"free"}
    assert [mark.button.event.part for mark in view.groups[0][1]] == [10, 9, 8, 7, 6]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("marked", "ready"), [({Finger.LEFT_THUMB}, False), ({Finger.LEFT_THUMB, Finger.RIGHT_INDEX}, True), (set(), True)]
)
def test_the_officer_goes_on_with_a_mark_more_or_one_less(marked, ready):
    excepted = (Excepted(Finger.LEFT_THUMB, Why.MISSING, "o"),)
    asked = {"excepting": Subject.FINGERS, "excepted": excepted, "marked": frozenset(marked)}
    primary = shown(Step.EXCEPTION_WHICH, **asked).page.primary
    assert primary is not None
    assert primary.ready is ready


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


MISSING_THUMB = Excepted(Finger.RIGHT_THUMB, Why.MISSING, "o")
INJURED_LITTLE = Excepted(Finger.LEFT_LITTLE, Why.INJURED, "o")
FOR_NOW = "Dilewati untuk saat ini: Kelingking kiri. Tanya petugas kapan bisa direkam."


@pytest.mark.parametrize(
    ("excepted", "told"),
    [
        ((), []),
        ((MISSING_THUMB,), ["Dilewati: Jempol kanan."]),
        ((INJURED_LITTLE,), [FOR_NOW]),
        ((INJURED_LITTLE, MISSING_THUMB), ["Dilewati: Jempol kanan.", FOR_NOW]),
        (tuple(Excepted(finger, Why.UNABLE, "o") for finger in Finger), ["Dilewati: 10 jari."]),
    ],
)
def test_the_receipt_tells_what_stays_left_out_from_what_is_awaited(excepted, told):
    view = shown(Step.RECEIPT, excepted=excepted)
    assert isinstance(view, views.Receipt)
    assert [point.text for point in view.points if point.text.startswith("Dilewati")] == told


def told_to_the_officer(view: views.View) -> list[str]:
    assert isinstance(view, views.Entry)
    return ([view.page.hint.text] if view.page.hint else []) + [fact.text for fact in view.facts]


DOUBTFUL: dict[str, object] = {
    "photo": Photo(b"jpeg", 600, 800, FaceAdvice.BLURRED),
    "impressions": (of(Finger.RIGHT_INDEX, FingerAdvice.DRY),),
    "takes_eyes": True,
    "noted": frozenset(Doubt),
    "excepted": (INJURED_LITTLE, MISSING_THUMB),
}


def test_the_officer_reads_every_doubt_the_gravest_first_and_what_was_left_out():
    first, *others = told_to_the_officer(shown(Step.OFFICER_CONFIRMS, **DOUBTFUL))
    assert first.startswith("Tangan mungkin tertukar.")
    assert len(others) == len(Doubt)  # every other doubt, and the exceptions
    assert len(set(others)) == len(others)
    assert others[-1] == "Dilewati: Jempol kanan, Kelingking kiri."


def test_a_wrong_pin_hides_no_doubt_from_the_officer():
    first, *others = told_to_the_officer(shown(Step.OFFICER_CONFIRMS, refusal=Refusal.PIN_WRONG, **DOUBTFUL))
    assert first.startswith("PIN salah.")
    assert others[0] == "Tangan tertukar?"
    assert len(others) == len(Doubt) + 1


@pytest.mark.parametrize(
    "step", [Step.OFFICER_CONFIRMS, Step.EXCEPTION_ASKED, Step.COLLECT_OFFICER, Step.CARD_DOUBT], ids=str
)
def test_where_nothing_calls_the_officer_the_resident_is_asked_to(step):
    lit = shown(step).page
    unlit = shown(step, missing=frozenset({Device.PANEL})).page
    assert unlit.header.title == "Silakan panggil petugas"
    assert "tunggu petugas" not in unlit.overline
    assert lit.header.title == "Petugas"


def test_who_signs_off_signs_for_what_was_given_and_for_nothing_else():
    impression = of(Finger.RIGHT_INDEX)
    ten = shown(Step.SIGN_OFF, strokes=STROKES, impressions=(impression,), hands_photo=None).page.sentence
    assert ten.endswith("data diri, foto, tanda tangan, sidik jari.")
    eyed = shown(Step.SIGN_OFF, strokes=STROKES, impressions=(impression,), irises=(iris(Eye.LEFT),), hands_photo=None)
    assert eyed.page.sentence.endswith("sidik jari, gambar mata.")
    none = shown(Step.SIGN_OFF, excepted=tuple(Excepted(finger, Why.MISSING, "o") for finger in Finger)).page.sentence
    assert none.endswith("data diri, foto, foto wajah dan tangan.")


def test_what_the_photo_of_the_hands_is_for_is_said_before_it_is_taken_and_before_it_is_kept():
    assert "pusat" in shown(Step.HANDS_PHOTO).page.sentence
    assert "pusat" in shown(Step.HANDS_REVIEW).page.sentence


def test_the_look_back_says_when_eyes_lack():
    whole = shown(Step.REVIEW, takes_eyes=True, irises=(iris(Eye.LEFT), iris(Eye.RIGHT)))
    assert isinstance(whole, views.Summary)
    assert (whole.page.headline, whole.notes) == ("Semua sudah lengkap", ())
    stopped = shown(Step.REVIEW, takes_eyes=True, missing=frozenset({Device.EYE_CAMERA}))
    assert isinstance(stopped, views.Summary)
    assert stopped.page.headline == "Ini hasil rekaman Anda"
    assert stopped.eyes == ("Tanpa gambar mata",)
    assert [note.text for note in stopped.notes] == ["Gambar mata belum lengkap. Petugas akan melihatnya."]


def test_the_look_back_has_two_notes_at_most():
    view = shown(Step.REVIEW, **DOUBTFUL)
    assert isinstance(view, views.Summary)
    assert [note.text.split()[0] for note in view.notes] == ["Dilewati:", "Foto"]


@pytest.mark.parametrize("refusal", [Refusal.FINGER_UNCLEAR, Refusal.FINGER_NONE, Refusal.FINGER_LIFT, None])
def test_advice_stands_until_the_finger_is_taken(refusal):
    view = shown(Step.FINGERS, refusal=refusal, finger_advice=FingerAdvice.DRY)
    assert isinstance(view, views.Hands)
    assert view.change == "dry"
    assert view.page.hint is not None
    assert view.page.hint.text.endswith("Jari terlalu kering. Gosokkan ke telapak tangan, lalu coba lagi.")
    assert view.page.hint.text.startswith("Angkat jari dulu.") == (refusal is Refusal.FINGER_LIFT)


def test_while_the_finger_is_read_nothing_is_to_be_changed():
    view = shown(Step.FINGERS, finger_advice=FingerAdvice.DRY, progress=0.4)
    assert isinstance(view, views.Hands)
    assert view.change == ""
    assert view.page.hint is not None
    assert view.page.hint.mood is views.Mood.GOOD


@pytest.mark.parametrize("refusal", [Refusal.FINGER_GIVEN_BEFORE, Refusal.FINGER_NONE, Refusal.FINGER_LIFT])
def test_the_finger_that_was_given_again_is_named_and_marked(refusal):
    given = (of(Finger.RIGHT_THUMB), of(Finger.RIGHT_INDEX))
    view = shown(Step.FINGERS, refusal=refusal, impressions=given, same_as=Finger.RIGHT_INDEX)
    assert isinstance(view, views.Hands)
    assert (view.asked, view.alike, view.change) == (3, 2, "other-finger")
    assert view.page.hint is not None
    assert "sudah direkam sebagai telunjuk kanan." in view.page.hint.text


@pytest.mark.parametrize(
    ("refusal", "advice", "told"),
    [
        (Refusal.FINGER_UNCLEAR, FingerAdvice.GOOD, "Belum jelas."),
        (Refusal.FINGER_NOT_SAME, FingerAdvice.GOOD, "Belum dikenali."),
        (Refusal.FINGER_NOT_SAME, FingerAdvice.WET, "Jari basah."),
        (Refusal.FINGER_NONE, FingerAdvice.GOOD, "Belum ada jari."),
    ],
)
def test_at_the_second_look_nobody_is_praised_and_asked_again(refusal, advice, told):
    given = tuple(of(finger) for finger in Finger)
    hint = shown(Step.RECHECK, refusal=refusal, finger_advice=advice, impressions=given).page.hint
    assert hint is not None
    assert hint.text.startswith(told)


def test_newer_advice_takes_the_place_of_the_finger_given_again():
    given = (of(Finger.RIGHT_THUMB),)
    view = shown(
        Step.FINGERS,
        refusal=Refusal.FINGER_NONE,
        impressions=given,
        same_as=Finger.RIGHT_THUMB,
        finger_advice=FingerAdvice.WET,
    )
    assert isinstance(view, views.Hands)
    assert (view.change, view.alike) == ("wet", None)


@pytest.mark.parametrize(
    ("same_as", "change"), [(Finger.LEFT_INDEX, "swap-hands"), (Finger.RIGHT_MIDDLE, "other-finger")]
)
def test_another_finger_at_the_second_look_stays_marked_while_nobody_touches(same_as, change):
    given = tuple(of(finger) for finger in Finger)
    view = shown(Step.RECHECK, refusal=Refusal.FINGER_NONE, impressions=given, same_as=same_as)
    assert isinstance(view, views.Hands)
    assert (view.asked, view.alike, view.change) == (2, same_as, change)


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


@pytest.mark.parametrize(("prints", "note"), [(True, "Ambil, atau lihat"), (False, "Lihat sudah sampai mana")])
def test_everybody_can_ask_for_their_card_and_collect_it_only_where_it_is_printed(prints, note):
    view = shown(Step.PURPOSE, station=StationFacts("K", "D", ("id",), prints_cards=prints))
    assert isinstance(view, views.Choice)
    assert [button.event for button, _, _ in view.choices] == [PurposeChosen(purpose) for purpose in Purpose]
    assert view.choices[1][2].startswith(note)


SINCE = date(2026, 11, 20)


@pytest.mark.parametrize("step", [Step.NO_CARD_YET, Step.NOT_ELIGIBLE])
@pytest.mark.parametrize("far", HowFar)
def test_everybody_is_told_how_far_their_record_is_and_what_to_do(far, step):
    view = shown(step, record=Record(far, SINCE), refusal=Refusal.ALREADY_RECORDED)
    assert isinstance(view, views.Course)
    assert view.page.headline
    assert view.page.sentence
    assert view.todo
    assert 0 <= view.at <= len(view.stages) == 5


def test_nobody_is_told_of_how_far_it_is_what_another_one_is_told():
    told = [shown(Step.NO_CARD_YET, record=Record(far, SINCE)).page.headline for far in HowFar]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize(
    ("far", "since", "day"),
    [
        (HowFar.AT_THE_CENTRE, date(2026, 11, 20), "10 Desember 2026"),
        (HowFar.AT_THE_CENTRE, date(2026, 11, 1), "1 Desember 2026"),
        (HowFar.SENT, date(2026, 11, 20), "14 Desember 2026"),  # nobody compares it yet
        (HowFar.ON_THE_WAY, None, "14 Desember 2026"),
    ],
)
def test_who_is_to_come_again_is_told_the_day_and_never_sent_round_in_circles(far, since, day):
    view = shown(Step.NO_CARD_YET, record=Record(far, since))
    assert isinstance(view, views.Course)
    assert f"mulai {day} " in view.todo


def test_the_officer_reads_what_to_compare_in_the_one_line_that_a_small_screen_shows():
    assert "KK" in shown(Step.GO_ON_OFFICER).page.headline


def test_no_day_is_named_while_nothing_has_left():
    view = shown(Step.NO_CARD_YET, record=Record(HowFar.KEPT_HERE))
    assert isinstance(view, views.Course)
    assert not any(character.isdigit() for character in view.todo)


@pytest.mark.parametrize("far", HowFar)
def test_only_who_may_be_recorded_is_offered_it_at_once(far):
    page = shown(Step.NO_CARD_YET, record=Record(far, SINCE)).page
    assert page.primary is not None
    offered = far in (HowFar.NOT_RECORDED, HowFar.RECORD_AGAIN)
    assert (page.primary.label == "Rekam sekarang") is offered
    assert (page.secondary is not None) is offered


def test_who_is_too_young_to_be_recorded_at_once_is_told_the_day():
    young = Biodata(**{name: getattr(BIODATA, name) for name in Biodata.__slots__} | {"birth_date": date(2012, 2, 29)})
    young = replace(young, married=False)
    view = shown(Step.NO_CARD_YET, biodata=young)
    assert isinstance(view, views.Course)
    assert view.page.secondary is None
    assert "29 Februari 2028" in view.todo


def test_what_must_be_put_right_names_the_office_where():
    for far in (HowFar.QUESTIONED, HowFar.TWICE, HowFar.LOOKED_AT):
        view = shown(Step.NO_CARD_YET, record=Record(far, SINCE))
        assert isinstance(view, views.Course)
        assert "Kantor Dukcapil" in view.todo


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
