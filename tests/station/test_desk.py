"""What the officer reads at the desk: figures in words, and what asks for something before what went well."""

from datetime import date

import pytest

from kiosk.journey.carrying import Carried, Desk
from kiosk.journey.events import OfficerAsked
from kiosk.journey.steps import Refusal, Step
from kiosk.screens import views

from .test_presenting import buttons, shown

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("reached", "told"),
    [
        (None, "Kantor pusat belum pernah terhubung."),
        (TODAY, "Kantor pusat terhubung hari ini."),
        (date(2026, 11, 3), "Kantor pusat terakhir terhubung 3 November 2026."),
    ],
)
def test_the_desk_says_what_waits_and_when_the_centre_was_reached(reached, told):
    page = shown(Step.OFFICER_DESK, desk=Desk(15_600, date(2026, 10, 1), reached, under_way=False)).page
    assert page.headline == "Rekaman yang menunggu: 15.600"
    assert page.sentence == f"Yang tertua dari 1 Oktober 2026. {told}"


def test_an_officer_hears_first_that_nobody_can_be_recorded():
    page = shown(Step.OFFICER_DESK, desk=Desk(3, TODAY, None, under_way=False, frozen=True)).page
    assert page.sentence.startswith("Saat ini warga belum bisa direkam.")


def test_a_desk_where_nothing_waits_says_so_and_can_still_fetch():
    page = shown(Step.OFFICER_DESK, desk=Desk(0, None, None, under_way=False)).page
    assert page.headline == "Tidak ada rekaman yang menunggu"
    assert page.primary is not None


@pytest.mark.parametrize(
    ("carried", "mood", "told"),
    [
        (Carried(230, answers=61), views.Mood.GOOD, ["Jawaban kantor pusat yang diambil: 61."]),
        (Carried(230), views.Mood.GOOD, ["Tidak ada jawaban dari kantor pusat di dalamnya."]),
        (Carried(230, left=4), views.Mood.ATTENTION, ["Tidak muat: 4.", "Tidak ada jawaban"]),
        (
            Carried(230, left=4, unreadable=3, answers=2),
            views.Mood.ATTENTION,
            ["Tidak terbaca di sini: 3.", "Tidak muat"],
        ),
        (Carried(0, answers=2, answers_left=7), views.Mood.ATTENTION, ["Belum semua jawaban", "Jawaban kantor pusat"]),
    ],
)
def test_what_came_of_the_stick_is_told_the_gravest_first(carried, mood, told):
    view = shown(Step.STICK_FILLED, carried=carried)
    assert isinstance(view, views.Message)
    assert view.mood is mood
    places = [view.page.sentence.index(each) for each in told]
    assert places == sorted(places)
    assert ("Cabut flash disk dan bawa ke: Kantor Dukcapil" in view.todo) is (carried.recordings > 0)


@pytest.mark.parametrize(("unreadable", "told"), [(3, "Tidak ada rekaman di flash disk"), (0, "Selesai. Tidak ada")])
def test_nothing_is_called_done_that_is_not(unreadable, told):
    page = shown(Step.STICK_FILLED, carried=Carried(0, unreadable=unreadable)).page
    assert page.headline.startswith(told)


@pytest.mark.parametrize("refusal", [each for each in Refusal if each.value.startswith("stick-")])
def test_a_stick_that_was_refused_says_why_what_next_and_what_it_brought_all_the_same(refusal):
    view = shown(Step.STICK_REFUSED, refusal=refusal, carried=Carried(answers=2))
    assert isinstance(view, views.Message)
    assert view.page.sentence.endswith("Jawaban kantor pusat yang diambil: 2.")
    assert view.todo


@pytest.mark.parametrize(
    ("resume", "offered"), [(Step.ATTRACT, True), (Step.OUT_OF_SERVICE, True), (Step.CONSENT, False)]
)
def test_only_between_visits_somebody_can_say_that_they_are_the_officer(resume, offered):
    view = shown(Step.HELP, resume=resume)
    assert (OfficerAsked() in [button.event for button in buttons(view)]) is offered
    assert (view.page.header.stop is None) is offered


def test_an_officer_who_is_silent_is_not_told_that_anything_is_erased():
    hurry = shown(Step.STICK_SAVING, deadline=110.0, time_is_short=True).page.hurry
    assert hurry is not None
    assert hurry.sentence == "Kalau lingkaran habis, layar awal muncul lagi."
