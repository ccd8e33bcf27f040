"""The pump on a source that the test opens and closes: deadlines, no stale frame, one thread, nothing that grows."""

import threading

import numpy as np
import pytest

from drivers.camera.pump import Pixels, Pump
from drivers.errors import Absent, Unresponsive

SOON = 5.0


class Gate:
    """A blocking source: each grab waits for a turn."""

    def __init__(self) -> None:
        self.turns = threading.Semaphore(0)
        self.grabs = threading.Semaphore(0)
        self.dead = False
        self.torn = False
        self.released = threading.Event()
        self.number = self.decoded = 0

    def grab(self) -> bool:
        self.grabs.release()
        self.turns.acquire()
        self.number += 1
        return not self.dead

    def retrieve(self) -> Pixels | None:
        self.decoded += 1
        return None if self.torn else np.full((6, 8, 3), self.number, np.uint8)

    def release(self) -> None:
        self.released.set()

    def turn(self) -> None:
        """Let one grab through and wait until the pump is at the next: then its frame is stored."""
        self.turns.release()
        self.grabs.acquire()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def pump(gate: Gate) -> Pump:
    pump = Pump(gate)
    gate.grabs.acquire()
    return pump


def test_frames_that_nobody_asks_for_are_not_decoded(gate: Gate, pump: Pump) -> None:
    for _ in range(50):
        gate.turn()
    assert gate.decoded == 0


def test_the_newest_frame_is_brought_once(gate: Gate, pump: Pump) -> None:
    with pytest.raises(Unresponsive, match="unplug it"):
        pump.next(within=0.01)
    for _ in range(3):
        gate.turn()
    assert pump.next(within=SOON).pixels[0, 0, 0] == 3
    with pytest.raises(Unresponsive):
        pump.next(within=0.01)


def test_a_frame_that_waited_for_long_is_not_the_present(
    gate: Gate, pump: Pump, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unresponsive):
        pump.next(within=0.01)
    gate.turn()
    monkeypatch.setattr("drivers.camera.pump.FRESH_FOR", -1.0)
    with pytest.raises(Unresponsive):
        pump.next(within=0.01)


def test_a_frame_that_cannot_be_decoded_is_passed_over(gate: Gate, pump: Pump) -> None:
    with pytest.raises(Unresponsive):
        pump.next(within=0.01)
    gate.torn = True
    gate.turn()
    gate.torn = False
    gate.turn()
    assert pump.next(within=SOON).pixels[0, 0, 0] == 2


def test_a_dead_source_is_absent_and_given_back(gate: Gate, pump: Pump) -> None:
    gate.dead = True
    gate.turns.release()
    with pytest.raises(Absent, match="plug it in again"):
        pump.next(within=SOON)
    assert gate.released.wait(SOON)
    with pytest.raises(Absent, match="plug it in again"):
        pump.ask(lambda: 1, within=SOON)


def test_questions_are_answered_on_the_pumps_own_thread_and_in_time(gate: Gate, pump: Pump) -> None:
    asked: list[str] = []
    with pytest.raises(Unresponsive, match="does not answer"):
        pump.ask(lambda: asked.append("too late"), within=0.01)
    answers: list[str] = []
    asker = threading.Thread(
        target=lambda: answers.append(pump.ask(lambda: threading.current_thread().name, within=SOON))
    )
    asker.start()
    while asker.is_alive():
        gate.turns.release()
        asker.join(0.01)
    assert answers == ["camera-pump"]
    assert asked == [], "what nobody waits for any more is not done"


def test_an_error_in_a_question_is_the_askers(gate: Gate, pump: Pump) -> None:
    for _ in range(3):
        gate.turns.release()
    with pytest.raises(ZeroDivisionError):
        pump.ask(lambda: 1 / 0, within=SOON)


def test_stopping_wakes_who_waits_and_releases_after_the_last_read(gate: Gate, pump: Pump) -> None:
    outcomes: list[BaseException] = []

    def wait() -> None:
        try:
            pump.next(within=60.0)
        except Absent as error:
            outcomes.append(error)

    waiter = threading.Thread(target=wait)
    waiter.start()
    pump.stop(within=0.0)
    waiter.join(SOON)
    assert len(outcomes) == 1
    assert not gate.released.is_set()
    gate.turns.release()
    assert gate.released.wait(SOON)
