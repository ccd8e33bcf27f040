"""Keeps the newest frame of a blocking source at hand, so that a caller has a deadline and never sees a stale one."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from drivers.camera import Frame
from drivers.errors import Absent, Unresponsive

Pixels = npt.NDArray[np.uint8]
Answer = TypeVar("Answer")

WANTED_FOR: Final = 0.5
"""Seconds after the last call of next() during which frames are decoded ahead, so that a preview misses none."""
FRESH_FOR: Final = 0.2
"""Seconds after which a frame that nobody fetched shows the past."""


class Source(Protocol):
    """A camera whose calls block as long as they like."""

    def grab(self) -> bool:
        """Wait for the next frame; False when there will be none."""
        ...

    def retrieve(self) -> Pixels | None:
        """Decode the grabbed frame into a fresh BGR array; None when that cannot be done."""
        ...

    def release(self) -> None:
        """Give the camera back."""
        ...


class Pump:
    """Reads ``source`` on a thread of its own, which is the only one that ever touches it.

    OpenCV's ``read()`` knows no deadline, and V4L2 queues frames: only a thread that reads on answers both. Frames are
    decoded only while somebody asks for them, so that an idle station does not spend a core on them, and one is kept
    at the most. OpenCV crashes when a capture is released under a running read: that happens after the last one.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._news = threading.Condition()
        self._newest: Frame | None = None
        self._wanted_until = 0.0
        self._stopped = self._dead = False
        self._questions: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="camera-pump", daemon=True)
        self._thread.start()

    def next(self, *, within: float) -> Frame:
        """The newest frame that nobody has had yet (BGR). Raises Unresponsive after ``within`` seconds, or Absent."""
        with self._news:
            now = time.monotonic()
            self._wanted_until = now + within + WANTED_FOR
            if self._newest is not None and self._newest.taken < now - FRESH_FOR:
                self._newest = None
            self._news.wait_for(lambda: self._newest is not None or self._dead or self._stopped, timeout=within)
            self._wanted_until = time.monotonic() + WANTED_FOR
            self._refuse_the_dead()
            if self._newest is None:
                raise Unresponsive("The camera sends no frames; unplug it and plug it in again.")
            frame, self._newest = self._newest, None
            return frame

    def ask(self, question: Callable[[], Answer], *, within: float) -> Answer:
        """Have ``question`` answered between two frames. Raises Unresponsive after ``within`` seconds, or Absent."""
        answer: Future[Answer] = Future()

        def put() -> None:
            # One that nobody waits for any more is not asked.
            if answer.set_running_or_notify_cancel():
                try:
                    answer.set_result(question())
                except BaseException as bug:  # whoever asked hears of it, as from a call of their own
                    answer.set_exception(bug)

        with self._news:
            self._refuse_the_dead()
            self._questions.put(put)
        try:
            return answer.result(timeout=max(0.0, within))
        except TimeoutError as error:
            answer.cancel()
            with self._news:
                self._refuse_the_dead()
            raise Unresponsive("The camera does not answer; unplug it and plug it in again.") from error

    def stop(self, *, within: float) -> None:
        """Stop reading; the source is given back as soon as its last read returns."""
        with self._news:
            self._stopped = True
            self._news.notify_all()
        self._thread.join(within)

    def _refuse_the_dead(self) -> None:
        if self._stopped:
            raise Absent("The camera was closed; open it again.")
        if self._dead:
            raise Absent("The camera stopped sending; unplug it and plug it in again.")

    def _run(self) -> None:
        try:
            while not self._stopped:
                while not self._questions.empty():
                    self._questions.get()()
                alive = self._source.grab()
                wanted = time.monotonic() < self._wanted_until
                # A frame that cannot be decoded was torn on the wire: the next one may be whole.
                pixels = self._source.retrieve() if alive and wanted else None
                with self._news:
                    self._dead = not alive
                    if pixels is not None:
                        self._newest = Frame(pixels, time.monotonic())
                    self._news.notify_all()
                if not alive:
                    return
        finally:
            with self._news:
                self._dead = True
                self._news.notify_all()
            self._source.release()
