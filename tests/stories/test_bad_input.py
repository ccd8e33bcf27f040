"""What the station says to a resident who cannot be recorded, or not yet: why, and the way on."""

from kiosk.journey.events import CancelAsked, Deny, Next
from kiosk.journey.steps import Refusal, Step

IMPOSSIBLE_DATE = "5302035329900001"
"""A woman's number, born on the thirteenth of the 29th month."""
WRONG_DATE = "01011950"


def test_a_wrong_number_is_told_and_can_be_mended(station):
    resident = station.cast.ordinary
    stranger = str(int(resident.nik) + 7)

    def story(visitor):
        yield from visitor.begin()
        yield from visitor.type(resident.nik[:15])
        yield from visitor.touch(Next())
        yield from visitor.told(Refusal.NIK_LENGTH)
        yield from visitor.answer(IMPOSSIBLE_DATE)
        yield from visitor.told(Refusal.NIK_DATE)
        yield from visitor.answer(stranger)
        yield from visitor.told(Refusal.NIK_UNKNOWN)
        assert visitor.session.typed == stranger, "what was typed is left standing, to be mended"
        assert visitor.session.step is Step.NIK
        yield from visitor.answer(resident.nik)
        yield from visitor.at(Step.BIRTH_DATE)

    station.visit(story)


def test_a_resident_who_gives_up_is_forgotten(station):
    def story(visitor):
        yield from visitor.begin()
        yield from visitor.type(station.cast.ordinary.nik[:9])
        yield from visitor.touch(CancelAsked())
        yield from visitor.at(Step.CANCEL)
        yield from visitor.touch(Deny())
        yield from visitor.at(Step.ATTRACT)
        assert visitor.session.typed == visitor.session.nik == ""

    station.visit(story)


def test_three_wrong_birth_dates_lock_the_number_even_over_a_restart(station):
    resident = station.cast.ordinary

    def guesses(visitor):
        yield from visitor.begin()
        yield from visitor.answer(resident.nik)
        yield from visitor.at(Step.BIRTH_DATE)
        yield from visitor.answer("31022000")
        yield from visitor.told(Refusal.DATE_IMPOSSIBLE)
        assert visitor.session.step is Step.BIRTH_DATE, "a day that is none costs no try"
        for left in (2, 1):
            yield from visitor.answer(WRONG_DATE)
            yield from visitor.told(Refusal.DATE_WRONG)
            assert visitor.session.tries_left == left
            assert visitor.session.biodata is None, "nothing is known of a person who has proved nothing"
        yield from visitor.answer(WRONG_DATE)
        yield from visitor.at(Step.REFUSED)
        assert visitor.session.refusal is Refusal.LOCKED
        yield from visitor.touch(Next())
        yield from comes_again(visitor)

    def comes_again(visitor):
        yield from visitor.begin()
        yield from visitor.answer(resident.nik)
        yield from visitor.at(Step.REFUSED)
        assert visitor.session.refusal is Refusal.LOCKED
        yield from visitor.touch(Next())
        yield from visitor.prove(station.cast.farmer)  # one person's lock is nobody else's

    station.visit(guesses)
    station.visit(comes_again)


def test_who_is_too_young_or_recorded_already_is_told_before_anything_is_captured(station):
    def story(visitor):
        for resident, why in (
            (station.cast.too_young, Refusal.TOO_YOUNG),
            (station.cast.recorded, Refusal.ALREADY_RECORDED),
        ):
            yield from visitor.prove(resident)
            yield from visitor.touch(Next())
            yield from visitor.at(Step.NOT_ELIGIBLE)
            assert visitor.session.refusal is why
            assert visitor.session.photo is None
            assert not visitor.session.consented
            yield from visitor.touch(Next())

    station.visit(story)


def test_a_number_that_disagrees_with_the_birth_date_goes_on(station):
    resident = station.cast.nik_disagrees
    assert resident.nik[8:10] != f"{resident.birth_date:%m}"

    def story(visitor):
        yield from visitor.prove(resident)
        assert visitor.session.biodata.nik_disagrees
        yield from visitor.touch(Next())
        yield from visitor.at(Step.CONSENT)

    station.visit(story)
