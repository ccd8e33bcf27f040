"""The courier alone: nobody is told what they did not ask for, and a stick that hangs holds up nobody."""

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from kiosk.journey.effects import Carry
from kiosk.journey.events import Event, StickFilled, StickProgress, StickRefused
from kiosk.journey.steps import Refusal
from kiosk.record.exchange import Exchange
from kiosk.record.keys import StationKeys
from kiosk.record.stick import Brought, Exported, Seen, StickIll, StickTrouble
from kiosk.record.telemetry import Occasion
from kiosk.station.crew import courier as room
from kiosk.station.crew.clerk import Clerk
from kiosk.station.crew.courier import Courier, Sticks


class NoClerk:
    """Takes in at once whatever a stick brought."""

    def __init__(self) -> None:
        self.asked = 0

    def answered(self, find: Callable[[Any], Any], *, within: float) -> Seen:
        self.asked += 1
        return Seen(order=7)


class Stick:
    """A stick whose writing waits until it is let go on."""

    def __init__(self) -> None:
        self.writes, self.goes_on = threading.Event(), threading.Event()
        self.ill: StickIll | None = None
        self.seen = Seen()

    def export(self, *_: object, seen: Seen, tell: Callable[[float], None], **__: object) -> Exported:
        self.seen = seen
        tell(0.5)
        self.writes.set()
        assert self.goes_on.wait(20)
        tell(1.0)
        if self.ill is not None:
            raise self.ill
        return Exported(packets=230, bytes=1, written=230, left=0)


@pytest.fixture
def stick(monkeypatch: pytest.MonkeyPatch) -> Stick:
    stick = Stick()
    monkeypatch.setattr(room, "is_in", lambda *_, **__: True)
    monkeypatch.setattr(room, "bring", lambda *_, **__: Brought(receipts=3))
    monkeypatch.setattr(room, "export", stick.export)
    return stick


@pytest.fixture
def told() -> "queue.SimpleQueue[Event]":
    return queue.SimpleQueue()


@pytest.fixture
def occasions() -> list[Occasion]:
    return []


@pytest.fixture
def courier(tmp_path: Path, told: "queue.SimpleQueue[Event]", occasions: list[Occasion]) -> Iterator[Courier]:
    exchange = Exchange(tmp_path)
    exchange.create()

    class Keys:
        station = "station-1"

    made = Courier(Sticks(exchange, cast(StationKeys, Keys())), cast(Clerk, NoClerk()), told.put, occasions.append)
    yield made
    made.close()
    assert not made.broken


def heard(told: "queue.SimpleQueue[Event]", kind: type[Event]) -> Event:
    while not isinstance(event := told.get(timeout=20), kind):
        assert isinstance(event, StickProgress)
    return event


def test_it_fetches_and_saves_once_however_often_it_is_asked(
    courier: Courier, stick: Stick, told: "queue.SimpleQueue[Event]", occasions: list[Occasion]
) -> None:
    courier.carry(Carry(1))
    assert stick.writes.wait(20)
    courier.carry(Carry(1))
    stick.goes_on.set()
    filled = heard(told, StickFilled)
    assert isinstance(filled, StickFilled)
    assert (filled.visit, filled.carried.recordings, filled.carried.answers) == (1, 230, 3)
    assert stick.seen == Seen(order=7)
    assert occasions == [Occasion.RECORDINGS_CARRIED]


def test_what_cannot_be_taken_in_now_holds_up_no_saving(
    courier: Courier, stick: Stick, told: "queue.SimpleQueue[Event]"
) -> None:
    """A file may wait for keys, or lie on a bad place; the rest of a power cut is none."""
    brought = courier._sticks.exchange.brought
    for name in ("order-00000001.order", "order-00000002.order.partial"):
        (brought / name).write_bytes(b"x")
    courier.carry(Carry(1))
    assert stick.writes.wait(20)
    stick.goes_on.set()
    heard(told, StickFilled)
    assert cast(NoClerk, courier._clerk).asked == room.MOST_IDLE


def test_what_nobody_waited_for_is_told_to_who_asks_next(
    courier: Courier, stick: Stick, told: "queue.SimpleQueue[Event]"
) -> None:
    courier.carry(Carry(1))
    assert stick.writes.wait(20)
    courier.forget()
    while not told.empty():
        told.get()
    stick.ill = StickIll(StickTrouble.ILL)
    hand = courier._hand
    stick.goes_on.set()
    assert hand is not None
    hand.join(20)
    assert told.empty(), "a resident's visit hears nothing of it"
    courier.carry(Carry(5))
    refused = told.get(timeout=20)
    assert isinstance(refused, StickRefused)
    assert (refused.visit, refused.why, refused.carried.answers) == (5, Refusal.STICK_ILL, 3)
    courier.forget()
    courier.carry(Carry(6))
    assert told.get(timeout=20) == StickRefused(6, refused.why, refused.carried), "that screen may never have come"
    courier.shown()
    stick.ill = None
    courier.carry(Carry(6))
    assert isinstance(heard(told, StickFilled), StickFilled), "and shown once: then it is tried again"


def test_a_stick_that_hangs_is_told_and_may_still_come_to_its_senses(
    courier: Courier, stick: Stick, told: "queue.SimpleQueue[Event]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "STALLED", 0.0)
    courier.carry(Carry(1))
    stuck = heard(told, StickRefused)
    assert isinstance(stuck, StickRefused)
    assert stuck.why is Refusal.STICK_STUCK
    courier.carry(Carry(1))
    again = heard(told, StickRefused)
    assert isinstance(again, StickRefused)
    assert again.why is Refusal.STICK_STUCK, "no second hand is laid on it"
    hand = courier._hand
    assert hand is not None
    stick.goes_on.set()
    hand.join(20)
    courier.carry(Carry(1))
    assert isinstance(heard(told, StickFilled), StickFilled)


def test_the_end_of_the_station_ends_it_at_the_next_file(
    courier: Courier, stick: Stick, told: "queue.SimpleQueue[Event]"
) -> None:
    courier.carry(Carry(1))
    assert stick.writes.wait(20)
    hand = courier._hand
    assert hand is not None
    courier._leaving.set()
    stick.goes_on.set()
    hand.join(20)
    courier.carry(Carry(1))
    while not told.empty():
        assert isinstance(told.get(), StickProgress)
