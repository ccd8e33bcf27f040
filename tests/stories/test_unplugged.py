"""Every device is unplugged and plugged in again at every step that waits for a person: the visit goes on there.

What happens to a card while it is printed has stories of its own, beside this one.
"""

import time

import pytest

from drivers.camera.scene import Cloth, Pose
from kiosk.centre.residents import OFFICERS
from kiosk.journey.events import Begin, CancelAsked, HelpAsked, LanguageChosen, Next, PurposeChosen
from kiosk.journey.fingers import IN_ORDER, RECHECKED
from kiosk.journey.steps import Device, Purpose, Step
from kiosk.station.robot import Hands, sign

from .conftest import ORDER, PERSON, date_of, ordered
from .test_other_devices import choose

KEPT = (
    "step", "visit", "language", "purpose", "typed", "nik", "biodata", "consented", "photo", "strokes", "impressions",
    "rechecked", "order", "officer", "accepted", "refusal",
)  # fmt: skip


def all_go_and_come_back(visitor):
    """Pull every plug, wait until the station has noticed each, put them back, and compare."""
    world = visitor.world
    before = {name: getattr(visitor.session, name) for name in KEPT}
    for device in (world.booth, world.iris, world.reader, world.printer, world.wiring):
        device.unplug()
    yield from visitor.until(lambda: visitor.session.missing == frozenset(Device), "every device to be missed")
    aside = {before["step"], Step.INTERRUPTED, Step.OUT_OF_SERVICE}
    assert visitor.session.step in aside
    for device in (world.booth, world.iris, world.reader, world.printer, world.wiring):
        device.replug()
    yield from visitor.until(lambda: not visitor.session.missing, "every device to be back")
    yield from visitor.at(before["step"])
    yield
    assert {name: getattr(visitor.session, name) for name in KEPT} == before


def proved(visitor, resident, purpose):
    """From the first screen to "is this you?", with the plugs pulled at each step."""
    yield from visitor.at(Step.ATTRACT)
    for step, event in (
        (Step.ATTRACT, Begin()),
        (Step.LANGUAGE, LanguageChosen("id")),
        (Step.PURPOSE, PurposeChosen(purpose)),
    ):
        yield from visitor.at(step)
        yield from all_go_and_come_back(visitor)
        yield from visitor.touch(event)
    yield from visitor.at(Step.NIK)
    yield from visitor.type(resident.nik[:9])
    yield from all_go_and_come_back(visitor)
    yield from visitor.answer(resident.nik)
    yield from visitor.at(Step.BIRTH_DATE)
    yield from visitor.type(date_of(resident)[:3])
    yield from all_go_and_come_back(visitor)
    yield from visitor.answer(date_of(resident))
    yield from visitor.at(Step.IS_THIS_YOU)
    yield from all_go_and_come_back(visitor)


@pytest.fixture
def with_every_device(station, often_asked):
    choose(station.config, "iris", driver="simulated")
    return station


def test_whatever_is_unplugged_while_being_recorded_is_gone_on_with(with_every_device):
    station = with_every_device
    resident = station.cast.ordinary

    def story(visitor):
        hands = Hands(visitor.world, pause=0.0)
        visitor.world.booth.person(Pose.AWAY)
        yield from proved(visitor, resident, Purpose.RECORD)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.CONSENT)
        yield from all_go_and_come_back(visitor)
        for aside, back in ((HelpAsked(), Next()), (CancelAsked(), Next())):
            yield from visitor.touch(aside)
            yield from all_go_and_come_back(visitor)
            yield from visitor.touch(back)
            yield from visitor.at(Step.CONSENT)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.PHOTO)
        yield from all_go_and_come_back(visitor)
        visitor.world.booth.hang(Cloth.RED if resident.birth_date.year % 2 else Cloth.BLUE)
        visitor.world.booth.person(Pose.GOOD)
        yield from visitor.at(Step.PHOTO_REVIEW)
        yield from all_go_and_come_back(visitor)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.SIGNATURE)
        yield from visitor.until(lambda: sign(visitor.targets, visitor.window), "a field to sign in")
        yield
        yield from all_go_and_come_back(visitor)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.FINGERS)
        for taken in (0, 4, len(IN_ORDER) - 1):
            yield from visitor.give_fingers(hands, as_far_as=taken)
            visitor.world.reader.lift()
            yield from all_go_and_come_back(visitor)
        yield from visitor.give_fingers(hands, as_far_as=len(IN_ORDER))
        yield from visitor.at(Step.RECHECK)
        visitor.world.reader.lift()
        yield from all_go_and_come_back(visitor)

        def rechecked():
            hands.follow(visitor.session, PERSON, time.monotonic())
            return len(visitor.session.rechecked) == len(RECHECKED)

        yield from visitor.until(rechecked, "both index fingers again")
        # At the eyes nothing is waited for: a camera that stops there costs the irises, not the recording.
        for step in (Step.REVIEW, Step.SIGN_OFF):
            yield from visitor.at(step)
            yield from all_go_and_come_back(visitor)
            yield from visitor.touch(Next())
        yield from visitor.at(Step.OFFICER_CONFIRMS)
        yield from visitor.type(OFFICERS[0].pin[:3])
        yield from all_go_and_come_back(visitor)
        yield from visitor.answer(OFFICERS[0].pin)
        yield from visitor.at(Step.RECEIPT)
        yield from all_go_and_come_back(visitor)

    station.visit(story)
    assert len(station.packets()) == 1


def test_whatever_is_unplugged_while_a_card_is_collected_is_gone_on_with(with_every_device):
    station = with_every_device
    ordered(station)

    def story(visitor):
        hands = Hands(visitor.world, pause=0.0)
        yield from visitor.until((station.exchange.taken / f"{ORDER}.order").exists, "the order")
        yield from proved(visitor, station.cast.ordinary, Purpose.COLLECT)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.COLLECT_FINGER)
        yield from all_go_and_come_back(visitor)

        def printed():
            hands.follow(visitor.session, PERSON, time.monotonic())
            return visitor.session.step is Step.CARD_READY

        yield from visitor.until(printed, "the card")
        yield from all_go_and_come_back(visitor)
        yield from visitor.touch(Next())

    station.visit(story)
    assert len(list((station.exchange.root / "kiosk" / "cards").glob("card-*.png"))) == 1
