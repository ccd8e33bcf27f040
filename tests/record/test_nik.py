"""The identity number: every well-formed one is read, every slip is named, disagreement only warns."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.journey.session import Sex
from kiosk.record.nik import Areas, Flaw, Nik, compose, disagrees, parse

WILAYAH = Path(__file__).parents[2] / "config" / "wilayah.csv"
births = st.dates(date(1930, 1, 1), date(2029, 12, 31))
areas = st.integers(0, 999_999).map("{:06}".format)


@given(areas, births, st.sampled_from(Sex), st.integers(1, 9999))
def test_every_number_given_out_is_read_back(area: str, born: date, sex: Sex, serial: int) -> None:
    nik = compose(area, born, sex, serial)
    assert parse(nik.digits) == nik
    assert (nik.area, nik.sex, nik.birth_date(born)) == (area, sex, born)
    assert not disagrees(nik, born, sex)


@given(st.text(max_size=20))
def test_no_text_surprises_the_reader(text: str) -> None:
    match parse(text):
        case Nik(digits=digits):
            assert digits == text
        case flaw:
            assert flaw in Flaw


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", Flaw.LENGTH),
        ("530203711290000", Flaw.LENGTH),
        ("53020371129000011", Flaw.LENGTH),
        ("5302031112900O01", Flaw.NOT_DIGITS),
        ("٥٣٠٢٠٣١١١٢٩٠٠٠٠١", Flaw.NOT_DIGITS),  # digits, but not ours
        ("5302033113900001", Flaw.DATE),  # month 13
        ("5302033002900001", Flaw.DATE),  # 30 February
        ("5302030012900001", Flaw.DATE),  # day 0
        ("5302034012900001", Flaw.DATE),  # 40: neither a man's nor a woman's day
        ("5302037212900001", Flaw.DATE),  # a woman's 32nd
        ("5302031112900000", Flaw.SERIAL),
    ],
)
def test_each_slip_has_its_name(text: str, flaw: Flaw) -> None:
    assert parse(text) is flaw


def test_a_womans_day_is_forty_more() -> None:
    nik = parse("5302037112900001")
    assert isinstance(nik, Nik)
    assert (nik.sex, nik.day, nik.month) == (Sex.FEMALE, 31, 12)


@pytest.mark.parametrize("born", [date(1925, 3, 4), date(2025, 3, 4)])
def test_the_century_comes_from_the_roster(born: date) -> None:
    nik = compose("530203", born, Sex.MALE, 7)
    assert nik.birth_date(born) == born


def test_the_leap_day_of_2000_is_a_date_and_that_of_1900_is_not() -> None:
    nik = parse("5302032902000001")
    assert isinstance(nik, Nik)
    assert nik.birth_date(date(2000, 2, 29)) == date(2000, 2, 29)
    assert nik.birth_date(date(1900, 3, 1)) is None


@pytest.mark.parametrize(("born", "sex"), [(date(1990, 12, 30), Sex.FEMALE), (date(1990, 12, 31), Sex.MALE)])
def test_disagreement_warns(born: date, sex: Sex) -> None:
    nik = parse("5302037112900001")
    assert isinstance(nik, Nik)
    assert disagrees(nik, born, sex)


def test_a_number_cannot_be_printed_by_accident() -> None:
    assert "5302" not in repr(parse("5302037112900001"))


def test_areas_are_named_and_unknown_ones_are_no_error() -> None:
    areas = Areas.load(WILAYAH)
    assert areas.name("530203") == "Mollo Utara"
    assert areas.name("530299") is None
    assert len(areas.within("530203")) >= 4
