"""Second opinions on a visit's fingers: they come meanwhile, and nobody waits long for one that does not."""

import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk.capture.advice import FingerAdvice
from kiosk.journey.fingers import Finger
from kiosk.journey.session import Impression
from kiosk.record.biometrics import Opinion
from kiosk.station.crew import opinions as room
from kiosk.station.crew.opinions import Opinions


def impression(finger: Finger) -> Impression:
    captured = datetime(2026, 11, 24, 8, 0, int(finger), tzinfo=UTC)
    return Impression(finger, 2, 2, 500, 80, (80,), FingerAdvice.GOOD, "f", bytes(4), b"t", captured)


def asked(score: Any) -> Any:
    return SimpleNamespace(score=score, version=lambda: "2.3.0")


def test_an_opinion_is_told_of_its_own_impression() -> None:
    opinions = Opinions(asked(lambda pixels, width, height, *, ppi: 61))
    thumb, index = impression(Finger.RIGHT_THUMB), impression(Finger.RIGHT_INDEX)
    opinions.ask(thumb)
    of = opinions.of()
    assert (of(thumb), of(index)) == (Opinion(61, "2.3.0"), None)
    opinions.close()


def test_without_a_command_nobody_has_an_opinion() -> None:
    opinions = Opinions(None)
    opinions.ask(impression(Finger.RIGHT_THUMB))
    assert opinions.of()(impression(Finger.RIGHT_THUMB)) is None
    opinions.close()


def test_one_that_does_not_come_in_time_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PATIENCE", 0.01)
    never = threading.Event()
    opinions = Opinions(asked(lambda *_, **__: never.wait(60)))
    thumb = impression(Finger.RIGHT_THUMB)
    opinions.ask(thumb)
    assert opinions.of()(thumb) is None
    never.set()
    opinions.close()


def test_a_visit_that_is_over_leaves_none() -> None:
    opinions = Opinions(asked(lambda *_, **__: 50))
    thumb = impression(Finger.RIGHT_THUMB)
    opinions.ask(thumb)
    opinions.forget()
    assert opinions.of()(thumb) is None
    opinions.close()
