"""A worker: opens its device, tells when it goes and comes, and never lets a bug pass for an outcome."""

import queue
import threading
from collections.abc import Iterator

import pytest

from drivers.errors import Absent, Unresponsive
from kiosk.journey.events import DeviceBack, DeviceLost, Event
from kiosk.journey.steps import Device
from kiosk.station import worker as room
from kiosk.station.worker import Worker

SOON = 5.0


class Plug:
    """A device that can be taken away."""

    def __init__(self) -> None:
        self.here = threading.Event()
        self.here.set()
        self.closed = 0

    def open(self) -> "Plug":
        if not self.here.is_set():
            raise Absent("not there")
        return self

    def probe(self, _: "Plug") -> None:
        if not self.here.is_set():
            raise Unresponsive("gone")

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def plug() -> Plug:
    return Plug()


@pytest.fixture
def told() -> "queue.SimpleQueue[Event]":
    return queue.SimpleQueue()


@pytest.fixture
def worker(plug: Plug, told: "queue.SimpleQueue[Event]", monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker[Plug]]:
    monkeypatch.setattr(room, "REOPEN", 0.02)
    worker = Worker(Device.CAMERA, plug.open, plug.probe, told.put, idle=0.02)
    yield worker
    worker.close()


def test_it_tells_when_the_device_comes_goes_and_comes_back(
    worker: Worker[Plug], plug: Plug, told: "queue.SimpleQueue[Event]"
) -> None:
    plug.here.clear()
    worker.start()
    assert told.get(timeout=SOON) == DeviceLost(Device.CAMERA)
    assert worker.trouble is Absent
    plug.here.set()
    assert told.get(timeout=SOON) == DeviceBack(Device.CAMERA)
    plug.here.clear()
    assert told.get(timeout=SOON) == DeviceLost(Device.CAMERA), "an idle device is asked whether it is still there"
    assert plug.closed == 1
    plug.here.set()
    assert told.get(timeout=SOON) == DeviceBack(Device.CAMERA)
    assert worker.trouble is None


def test_jobs_are_done_in_order_and_dropped_ones_are_told(
    worker: Worker[Plug], plug: Plug, told: "queue.SimpleQueue[Event]"
) -> None:
    done: queue.SimpleQueue[str] = queue.SimpleQueue()

    def fail(_: Plug) -> None:
        raise Unresponsive("ill")

    worker.ask(lambda _: done.put("one"), within=1)
    worker.ask(fail, within=1)
    worker.ask(lambda _: done.put("never"), within=1, dropped=lambda: done.put("dropped"))
    worker.start()
    assert [done.get(timeout=SOON), done.get(timeout=SOON)] == ["one", "dropped"]
    assert [told.get(timeout=SOON) for _ in range(3)] == [
        DeviceBack(Device.CAMERA),
        DeviceLost(Device.CAMERA),
        DeviceBack(Device.CAMERA),
    ]


def test_a_call_that_outlives_its_deadline_is_noticed(worker: Worker[Plug]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hang(_: Plug) -> None:
        begun.set()
        go_on.wait(SOON)

    worker.ask(hang, within=1)
    worker.start()
    assert begun.wait(SOON)
    import time

    assert not worker.overdue(time.monotonic())
    assert worker.overdue(time.monotonic() + 1 + room.GRACE + 0.1)
    go_on.set()


def test_a_bug_is_reported_without_its_values_and_breaks_the_worker(
    worker: Worker[Plug], caplog: pytest.LogCaptureFixture
) -> None:
    def bug(_: Plug) -> None:
        raise KeyError("5371010503580001")

    worker.ask(bug, within=1)
    worker.start()
    worker._thread.join(SOON)
    assert worker.broken
    assert "KeyError" in caplog.text
    assert "5371010503580001" not in caplog.text
