"""Collecting a card while the printer misbehaves: what the resident hears, what the books say, and no second card."""

import time
from collections.abc import Callable

from drivers.printer.evolis.codec import Do
from drivers.printer.evolis.codec import Panel as Ribbon
from kiosk.centre.residents import OFFICERS
from kiosk.journey.events import CancelAsked, CardLookedFor, Deny, Next
from kiosk.journey.steps import Card, Device, Purpose, Refusal, Step
from kiosk.record.keys import StationKeys, keys_directory
from kiosk.record.ledger import Ledger, OrderState
from kiosk.record.telemetry import Trouble
from kiosk.station.crew.devices import World
from kiosk.station.robot import Hands

from .conftest import ORDER, PERSON, ordered


def at_the_printer(station, trouble: Callable[[World], object], then):
    """A story: identified, proved by finger, and the printer in ``trouble`` by then."""

    def story(visitor):
        yield from visitor.until((station.exchange.taken / f"{ORDER}.order").exists, "the order")
        yield from visitor.prove(station.cast.ordinary, purpose=Purpose.COLLECT)
        trouble(visitor.world)
        yield from visitor.touch(Next())
        yield from then(visitor)

    return story


def give_the_finger(visitor, hands):
    def printed():
        hands.follow(visitor.session, PERSON, time.monotonic())
        return visitor.session.step in (Step.CARD_READY, Step.CARD_FAILED, Step.CARD_DOUBT)

    yield from visitor.until(printed, "the printer's verdict")


def state_of(station):
    root = station.exchange.root
    ledger = Ledger(root / "kiosk" / "ledger.db", StationKeys.load(keys_directory(root)).ledger)
    try:
        return ledger.state(ORDER), ledger.blanks()
    finally:
        ledger.close()


def cards(station):
    return sorted((station.exchange.root / "kiosk" / "cards").glob("card-*.png"))


def test_a_card_that_jams_is_told_and_booked_as_spoiled(station):
    ordered(station)

    def then(visitor):
        yield from give_the_finger(visitor, Hands(visitor.world, pause=0.0))
        assert (visitor.session.step, visitor.session.refusal) == (Step.CARD_FAILED, Refusal.CARD_SPOILED)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.ATTRACT)

    station.visit(at_the_printer(station, lambda world: world.printer.jam_at(Ribbon.MAGENTA), then))
    found, blanks = state_of(station)
    assert (found, blanks.spoiled) == (OrderState.OPEN, 1)
    assert cards(station) == []


def in_doubt(station, then):
    """A story: the card came out, and the printer's cable was pulled before it could say so."""

    def story(visitor):
        yield from give_the_finger(visitor, Hands(visitor.world, pause=0.0))
        yield from visitor.at(Step.CARD_DOUBT)
        yield from visitor.until(lambda: Device.PRINTER in visitor.session.missing, "the printer to be missed")
        visitor.world.printer.replug()
        yield from visitor.until(lambda: Device.PRINTER not in visitor.session.missing, "the printer to be back")
        yield from then(visitor)

    return at_the_printer(station, lambda world: world.printer.unplug_at(Do.END), story)


def the_officer_found(visitor, card):
    yield from visitor.answer(OFFICERS[0].pin)
    yield from visitor.at(Step.CARD_LOOKED_FOR)
    yield from visitor.touch(CardLookedFor(card))


def test_after_an_unknown_outcome_nothing_is_printed_by_guess(station):
    ordered(station)

    def then(visitor):
        yield from visitor.touch(CancelAsked())
        yield from visitor.touch(Deny())
        yield from visitor.prove(station.cast.ordinary, purpose=Purpose.COLLECT)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.CARD_DOUBT)

    station.visit(in_doubt(station, then))
    found, blanks = state_of(station)
    assert (found, blanks.uncertain) == (OrderState.INTENDED, 1)
    assert len(cards(station)) == 1


def test_a_card_in_doubt_that_the_officer_finds_is_handed_over(station):
    ordered(station)

    def then(visitor):
        yield from the_officer_found(visitor, Card.MADE)
        yield from visitor.at(Step.CARD_READY)

    station.visit(in_doubt(station, then))
    found, blanks = state_of(station)
    assert (found, blanks.issued, blanks.uncertain) == (OrderState.PRINTED, 1, 0)
    assert len(cards(station)) == 1


def test_a_card_in_doubt_that_is_spoiled_is_printed_anew_in_the_same_visit(station):
    ordered(station)

    def then(visitor):
        yield from the_officer_found(visitor, Card.SPOILED)
        yield from visitor.at(Step.COLLECT_FINGER)
        yield from give_the_finger(visitor, Hands(visitor.world, pause=0.0))
        yield from visitor.at(Step.CARD_READY)

    station.visit(in_doubt(station, then))
    found, blanks = state_of(station)
    assert (found, blanks.issued, blanks.spoiled, blanks.uncertain) == (OrderState.PRINTED, 1, 1, 0)


def test_an_empty_feeder_is_said_before_anything_is_tried(station):
    ordered(station)

    def then(visitor):
        yield from visitor.at(Step.REFUSED)
        assert visitor.session.refusal is Refusal.BLANKS_OUT

    def feeder_is_known_to_be_empty():
        health = station.health()
        return health is not None and Trouble.FEEDER_EMPTY in health.printer.faults

    def story(visitor):
        yield from visitor.until((station.exchange.taken / f"{ORDER}.order").exists, "the order")
        yield from visitor.until(feeder_is_known_to_be_empty, "the printer to say so")
        yield from visitor.prove(station.cast.ordinary, purpose=Purpose.COLLECT)
        yield from visitor.touch(Next())
        yield from then(visitor)

    station.visit(story, before=lambda world: world.printer.empty_feeder())
    assert state_of(station)[0] is OrderState.OPEN


def test_another_readers_template_leads_to_the_officer(station):
    ordered(station, family="somebody-elses")

    def then(visitor):
        yield from visitor.at(Step.COLLECT_OFFICER)

    station.visit(at_the_printer(station, lambda world: None, then))
