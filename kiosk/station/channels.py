"""The two ways into the main thread: a lossless ordered inbox of events, and a one-slot place for the newest frame."""

import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

from kiosk.journey.events import Event

T = TypeVar("T")


class Inbox:
    """Events from any thread, in order, none lost."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def put(self, event: Event) -> None:
        """Leave an event; never blocks."""
        self._events.put(event)

    def taken(self) -> Iterator[Event]:
        """Everything that is there now."""
        while True:
            try:
                yield self._events.get_nowait()
            except queue.Empty:
                return


class Latest(Generic[T]):
    """The newest value, or None; an older one that nobody looked at is gone."""

    def __init__(self) -> None:
        self._value: T | None = None
        self._fresh = threading.Condition()

    def put(self, value: T | None) -> None:
        """Replace the value; never blocks for long."""
        with self._fresh:
            self._value = value
            self._fresh.notify_all()

    def get(self) -> T | None:
        """Look at the value; it stays."""
        with self._fresh:
            return self._value

    def next_after(self, seen: T | None, *, within: float) -> T | None:
        """Wait for another value than ``seen``; None when none came in ``within`` seconds."""
        with self._fresh:
            self._fresh.wait_for(lambda: self._value is not None and self._value is not seen, timeout=within)
            return self._value if self._value is not seen else None
