"""The finger reader's crew member: what is still read when the visit has ended leaves nothing behind."""

import queue
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from drivers.fingerprint import Captured, FingerReader, Model, Template
from kiosk.capture.advice import FingerAdvice
from kiosk.journey.effects import Compare, Scan
from kiosk.journey.events import Event, FingerCompared, FingerTaken
from kiosk.journey.fingers import Finger
from kiosk.journey.session import Impression
from kiosk.journey.steps import Device
from kiosk.station.crew.fingerprinter import Fingerprinter
from kiosk.station.crew.opinions import Opinions
from kiosk.station.worker import Worker

SOON = 10.0


class OneFinger:
    """A reader on which a finger lies; ``meanwhile`` happens while its image is read."""

    model = Model("test", 64, 64, 500, 8, "test")

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._meanwhile = meanwhile

    def scan(self, **_: object) -> Captured:
        self._meanwhile()
        return Captured(np.full((64, 64), 255, np.uint8), Template("test", b"t"))

    def lifted(self, **_: object) -> bool:
        return True

    def match(self, *_: object, **__: object) -> Any:
        return SimpleNamespace(same=True)

    def light(self, *_: object, **__: object) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_an_opinion_is_asked_for_only_within_the_visit(over: bool, again: bool) -> None:
    asked: list[bytes] = []
    told: queue.SimpleQueue[Event] = queue.SimpleQueue()
    begun = threading.Event()

    def score(pixels: bytes, *_: object, **__: object) -> None:
        asked.append(pixels)
        begun.set()

    opinions = Opinions(cast(Any, SimpleNamespace(score=score)))

    def meanwhile() -> None:
        if over:
            fingerprinter.rest()
            opinions.forget()

    reader = cast(FingerReader, OneFinger(meanwhile))
    worker: Worker[FingerReader] = Worker(Device.FINGERPRINT, lambda: reader, lambda _: None, told.put)
    fingerprinter = Fingerprinter(worker, told.put, lambda *_: None, opinions)
    worker.start()
    if again:
        fingerprinter.compare(Compare(1, Finger.RIGHT_THUMB, impression(), ()))
    else:
        fingerprinter.scan(Scan(1, Finger.RIGHT_THUMB, ()))
    while not isinstance(told.get(timeout=SOON), (FingerTaken, FingerCompared)):
        pass
    if not over:
        assert begun.wait(SOON)
    worker.close()
    opinions.close()
    assert not worker.broken
    assert len(asked) == (0 if over else 1)


def impression() -> Impression:
    return Impression(Finger.RIGHT_THUMB, 1, 1, 500, 80, (80,), FingerAdvice.GOOD, "test", b"p", b"t")
