"""The officer's own story on the table: the way in, the desk, the stick; and who asks how far their card is."""

import pytest

from kiosk.journey.carrying import Carried, Desk
from kiosk.journey.effects import Carry, CheckOfficer, Forget, LookAtDesk, LookUp
from kiosk.journey.events import (
    Back,
    Begin,
    Deny,
    DeskSeen,
    DeviceBack,
    DeviceLost,
    HelpAsked,
    Next,
    NikKnown,
    NikRefused,
    OfficerAsked,
    OfficerKnown,
    OfficerRefused,
    OrderRefused,
    RosterSeen,
    StickFilled,
    StickProgress,
    StickRefused,
)
from kiosk.journey.session import Record
from kiosk.journey.steps import Device, HowFar, Purpose, Refusal, Step

from .conftest import NOT_RECORDED, TODAY, Visit
from .test_story import NIK, identified, typed

DESK = Desk(230, TODAY, None, under_way=False)


def at_the_desk(visit: Visit) -> None:
    visit(HelpAsked(), OfficerAsked())
    assert visit.step is Step.OFFICER_PIN
    visit(*typed("246810"), Next())
    assert visit.asked(CheckOfficer)
    visit(OfficerKnown(visit.number, "o"))
    assert visit.step is Step.OFFICER_DESK
    assert visit.asked(LookAtDesk)


def test_an_officer_fills_a_stick_and_leaves_nothing_behind(visit: Visit) -> None:
    at_the_desk(visit)
    visit(DeskSeen(visit.number, DESK), Next())
    assert visit.asked(Carry)
    visit(StickProgress(visit.number, 0.4))
    assert (visit.step, visit.session.progress) == (Step.STICK_SAVING, 0.4)
    visit(StickFilled(visit.number, Carried(230)))
    assert visit.step is Step.STICK_FILLED
    visit(Next())
    assert visit.step is Step.ATTRACT
    assert (visit.session.officer, visit.session.desk, visit.session.carried) == (None, None, None)
    assert visit.asked(Forget)


def test_a_wrong_pin_opens_no_desk(visit: Visit) -> None:
    visit(HelpAsked(), OfficerAsked(), *typed("111111"), Next(), OfficerRefused(visit.number, Refusal.PIN_WRONG))
    assert (visit.step, visit.session.refusal, visit.session.typed) == (Step.OFFICER_PIN, Refusal.PIN_WRONG, "")
    visit(OfficerKnown(visit.number, "o"))
    assert visit.step is Step.OFFICER_PIN, "nothing was asked"
    visit.wait(61)
    assert visit.step is Step.ATTRACT


def test_within_a_residents_visit_nobody_comes_to_the_desk(visit: Visit) -> None:
    visit(Begin(), HelpAsked(), OfficerAsked())
    assert visit.step is Step.HELP


def test_saving_goes_on_when_the_officer_leaves_and_is_found_again(visit: Visit) -> None:
    at_the_desk(visit)
    visit(DeskSeen(visit.number, DESK), Next(), Back())
    assert visit.step is Step.ATTRACT
    earlier = visit.number - 1
    visit(StickFilled(earlier, Carried(230)))
    assert visit.step is Step.ATTRACT
    at_the_desk(visit)
    visit(DeskSeen(visit.number, Desk(230, TODAY, None, under_way=True)))
    assert visit.step is Step.STICK_SAVING
    visit.wait(301)
    assert visit.step is Step.ATTRACT, "a screen that nobody looks at is there for the residents"


def test_a_stick_that_was_refused_can_be_tried_again(visit: Visit) -> None:
    at_the_desk(visit)
    visit(Next(), StickRefused(visit.number, Refusal.STICK_FULL, Carried(answers=2)))
    assert (visit.step, visit.session.refusal) == (Step.STICK_REFUSED, Refusal.STICK_FULL)
    visit(Next())
    assert (visit.step, visit.session.refusal) == (Step.STICK_SAVING, None)
    visit(StickRefused(visit.number, Refusal.STICK_ABSENT, Carried()), Back())
    assert visit.step is Step.ATTRACT


def test_the_desk_is_open_while_the_station_is_out_of_service(visit: Visit) -> None:
    visit(DeviceLost(Device.CAMERA))
    assert visit.step is Step.OUT_OF_SERVICE
    at_the_desk(visit)
    visit(Back())
    assert visit.step is Step.OUT_OF_SERVICE
    visit(HelpAsked(), DeviceBack(Device.CAMERA), Next())
    assert visit.step is Step.ATTRACT, "it came back while somebody was aside"


def test_the_first_roster_may_come_on_the_stick() -> None:
    visit = Visit()
    visit(RosterSeen(False), *(DeviceBack(device) for device in Device))
    assert visit.step is Step.OUT_OF_SERVICE
    visit(HelpAsked(), Next())
    assert visit.step is Step.OUT_OF_SERVICE, "without a roster nobody is recorded"
    visit(HelpAsked())
    visit.wait(601)
    assert visit.step is Step.OUT_OF_SERVICE
    visit(HelpAsked(), RosterSeen(True), Next())
    assert visit.step is Step.ATTRACT


# How far is my card? --------------------------------------------------------------------------------------------


def asks(visit: Visit, record: Record) -> None:
    identified(visit, Purpose.COLLECT, record)
    visit(Next(), OrderRefused(visit.number, Refusal.NO_ORDER))
    assert visit.step is Step.NO_CARD_YET


@pytest.mark.parametrize("record", [NOT_RECORDED, Record(HowFar.RECORD_AGAIN)])
def test_who_has_no_card_to_expect_is_recorded_at_once(visit: Visit, record: Record) -> None:
    asks(visit, record)
    visit(Next())
    looked = visit.asked(LookUp)
    assert isinstance(looked, LookUp)
    assert (looked.nik, looked.to_record) == (NIK, True)
    visit(Next())
    assert visit.step is Step.NO_CARD_YET, "a second touch does not send home"
    visit(NikKnown(visit.number, NIK))
    assert (visit.step, visit.session.purpose) == (Step.CONSENT, Purpose.RECORD)


def test_who_could_be_recorded_at_once_hears_when_the_station_has_no_room(visit: Visit) -> None:
    asks(visit, NOT_RECORDED)
    visit(NikKnown(visit.number, NIK))
    assert visit.step is Step.NO_CARD_YET, "nothing was asked"
    visit(Next(), NikRefused(visit.number, NIK, Refusal.STATION_FULL))
    assert (visit.step, visit.session.refusal) == (Step.REFUSED, Refusal.STATION_FULL)


def test_who_does_not_want_to_be_recorded_now_goes_home(visit: Visit) -> None:
    asks(visit, NOT_RECORDED)
    visit(Deny())
    assert visit.step is Step.ATTRACT


def test_whose_card_is_on_its_way_goes_home(visit: Visit) -> None:
    asks(visit, Record(HowFar.SHIPPED, TODAY))
    visit(Next())
    assert (visit.step, visit.session.record) == (Step.ATTRACT, None)
