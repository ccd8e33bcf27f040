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

WANTED = threading.Event()


def impression(finger: Finger) -> Impression:
    captured = datetime(2026, 11, 24, 8, 0, int(finger), tzinfo=UTC)
    return Impression(finger, 2, 2, 500, 80, (80,), FingerAdvice.GOOD, "f", bytes(4), b"t", captured)


def asked(score: Any) -> Any:
    return SimpleNamespace(score=score, version=lambda *, over: "2.3.0")


def test_an_opinion_is_told_of_its_own_impression() -> None:
    opinions = Opinions(asked(lambda pixels, width, height, *, ppi, over: 61))
    thumb, index = impression(Finger.RIGHT_THUMB), impression(Finger.RIGHT_INDEX)
    opinions.ask(thumb, unless=WANTED)
    of = opinions.of()
    assert (of(thumb), of(index)) == (Opinion(61, "2.3.0"), None)
    opinions.close()


def test_without_a_command_nobody_has_an_opinion() -> None:
    opinions = Opinions(None)
    opinions.ask(impression(Finger.RIGHT_THUMB), unless=WANTED)
    assert opinions.of()(impression(Finger.RIGHT_THUMB)) is None
    opinions.close()


def test_one_that_does_not_come_in_time_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PATIENCE", 0.01)
    never = threading.Event()
    opinions = Opinions(asked(lambda *_, **__: never.wait(60)))
    thumb = impression(Finger.RIGHT_THUMB)
    opinions.ask(thumb, unless=WANTED)
    assert opinions.of()(thumb) is None
    never.set()
    opinions.close()


def test_a_visit_that_is_over_leaves_none() -> None:
    opinions = Opinions(asked(lambda *_, **__: 50))
    thumb = impression(Finger.RIGHT_THUMB)
    opinions.ask(thumb, unless=WANTED)
    opinions.forget()
    assert opinions.of()(thumb) is None
    opinions.close()


def test_one_that_is_being_made_is_dropped_with_its_visit() -> None:
    begun, dropped = threading.Event(), threading.Event()

    def score(*_: object, over: threading.Event, **__: object) -> None:
        begun.set()
        if over.wait(60):
            dropped.set()

    opinions = Opinions(asked(score))
    thumb = impression(Finger.RIGHT_THUMB)
    opinions.ask(thumb, unless=WANTED)
    assert begun.wait(60)
    opinions.forget()
    assert dropped.wait(60)
    opinions.close()


def test_the_next_visit_is_asked_about_again() -> None:
    opinions = Opinions(asked(lambda *_, over, **__: None if over.is_set() else 50))
    opinions.forget()
    thumb = impression(Finger.RIGHT_THUMB)
    opinions.ask(thumb, unless=WANTED)
    assert opinions.of()(thumb) == Opinion(50, "2.3.0")
    opinions.close()


def test_a_scan_that_ends_after_its_visit_asks_for_none() -> None:
    begun, stop = threading.Event(), threading.Event()
    opinions = Opinions(asked(lambda *_, **__: begun.set()))
    stop.set()
    opinions.ask(impression(Finger.RIGHT_THUMB), unless=stop)
    opinions.close()
    assert not begun.is_set()


def test_an_opinion_never_forbids_sealing() -> None:
    """Whether the machine is ill, or the visit ends while its recording waits for what is still to come."""
    begun, go_on = threading.Event(), threading.Event()

    def ill(*_: object, **__: object) -> None:
        begun.set()
        go_on.wait(60)
        raise OSError(24, "Too many open files")

    opinions = Opinions(asked(ill))
    thumb, index = impression(Finger.RIGHT_THUMB), impression(Finger.RIGHT_INDEX)
    opinions.ask(thumb, unless=WANTED)
    opinions.ask(index, unless=WANTED)
    assert begun.wait(60)
    of = opinions.of()
    opinions.forget()
    go_on.set()
    assert (of(thumb), of(index)) == (None, None)
    opinions.close()
