"""Shows a camera's preview while a visit wants it, and has it judged on a thread of its own."""

import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from drivers.camera import Camera, Frame
from kiosk.station.channels import Latest
from kiosk.station.worker import Worker, report

FRAME: Final = 2.0
"""Seconds in which a preview frame must come."""
JUDGED_A_SECOND: Final = 8.0
JUDGEMENT: Final = 10.0
"""Seconds after which one judgement counts as stuck: it takes a fiftieth of a second, on a slow board a quarter."""

W = TypeVar("W")
J = TypeVar("J")
Judging = Callable[[W, Frame, J | None], J]
"""Judges a frame for a watch, given the judgement before it in the same watch, and tells what it found."""


class Onlooker(Generic[W, J]):
    """Watches for one crew member, so that the preview never waits for the judging.

    ``judging`` is called once, on the judging thread, to make what judges; ``name`` is the thread's.
    """

    def __init__(
        self, worker: Worker[Camera], preview: Latest[Frame], judging: Callable[[], Judging[W, J]], *, name: str
    ) -> None:
        self.name = name
        self.broken = False
        self._worker, self._preview, self._judging = worker, preview, judging
        # Held while a frame is put or taken away: a visit that is over must leave no picture behind.
        self._lock = threading.Lock()
        self._watching: W | None = None
        self._stuck_at: float | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._look, name=name, daemon=True)

    def start(self) -> None:
        """Begin; nothing is shown before watch()."""
        self._thread.start()

    def watch(self, watch: W) -> None:
        """Show and judge the preview for ``watch`` (the effect that asked for it) until unwatch()."""
        with self._lock:
            self._watching = watch
        self._worker.ask(lambda camera: self._frame(camera, watch), within=FRAME)

    def unwatch(self) -> None:
        """Stop the preview and forget the last frame."""
        with self._lock:
            self._watching = None
            self._preview.put(None)

    def forget(self) -> None:
        """The sitting is over: who comes next stands in another light."""
        self.unwatch()
        self._worker.ask(lambda camera: camera.unlock(), within=FRAME)

    def close(self) -> None:
        """End the judging thread."""
        self._closed.set()
        self.unwatch()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def overdue(self, now: float) -> bool:
        """Whether one judgement has taken far too long."""
        return self._stuck_at is not None and now > self._stuck_at

    def _frame(self, camera: Camera, watch: W) -> None:
        """Bring one frame and ask for the next, as long as this very watch lasts."""
        if self._watching is not watch:
            return
        frame = camera.preview(within=FRAME)
        with self._lock:
            if self._watching is watch:
                self._preview.put(frame)
        self._worker.ask(lambda camera: self._frame(camera, watch), within=FRAME)

    def _look(self) -> None:
        try:
            judge = self._judging()
            seen: Frame | None = None
            before: J | None = None
            judged: W | None = None
            while not self._closed.is_set():
                frame = self._preview.next_after(seen, within=0.5)
                watch = self._watching
                if frame is None or watch is None:
                    # Another camera may use the same preview: its frames are not for these eyes.
                    seen, before = frame, None
                    continue
                seen = frame
                begun = time.monotonic()
                self._stuck_at = begun + JUDGEMENT
                before = judge(watch, frame, before if watch is judged else None)
                self._stuck_at, judged = None, watch
                self._closed.wait(max(0.0, 1 / JUDGED_A_SECOND - (time.monotonic() - begun)))
        except Exception as bug:
            report(bug, self.name)
            self.broken = True
