"""The crew member at the camera: shows the preview, has it judged, and takes the photo."""

import logging
import threading
import time
from collections.abc import Callable

from drivers.camera import Camera, Frame
from kiosk.capture.face import OVAL, FaceJudge, FaceJudgement
from kiosk.capture.portrait import crop, portrait_jpeg
from kiosk.journey.effects import TakePhoto, Watch
from kiosk.journey.events import Event, FaceJudged, PhotoTaken
from kiosk.journey.session import Photo
from kiosk.station.channels import Latest
from kiosk.station.worker import Worker, report

log = logging.getLogger(__name__)

FRAME = 2.0
"""Seconds in which a preview frame must come."""
STILL = 10.0
"""Seconds in which focus and exposure settle and the still is there."""
WHERE_THE_OVAL_IS = (OVAL[0] - OVAL[2], OVAL[1] - OVAL[3], 2 * OVAL[2], 2 * OVAL[3])
"""Where the photo is cut when the shutter was pressed by hand and no face is found: where the screen asked for it."""
JUDGED_A_SECOND = 8.0
JUDGEMENT = 10.0
"""Seconds after which one judgement counts as stuck: it takes a fiftieth of a second, on a slow board a quarter."""


class Photographer:
    """Performs Watch and TakePhoto. The judging has a thread of its own, so that the preview never waits for it."""

    def __init__(
        self,
        worker: Worker[Camera],
        preview: Latest[Frame],
        tell: Callable[[Event], None],
    ) -> None:
        self.broken = False
        self._worker, self._preview, self._tell = worker, preview, tell
        self._still_judge = FaceJudge()
        # Held while a frame is put or taken away: a visit that is over must leave no face behind.
        self._lock = threading.Lock()
        self._watching: Watch | None = None
        self._stuck_at: float | None = None
        self._closed = threading.Event()
        self._eye = threading.Thread(target=self._look, name="eye", daemon=True)

    def start(self) -> None:
        """Begin; nothing is shown before watch()."""
        self._eye.start()

    def watch(self, effect: Watch) -> None:
        """Show and judge the preview of this visit until unwatch()."""
        with self._lock:
            self._watching = effect
        self._worker.ask(lambda camera: self._frame(camera, effect), within=FRAME)

    def unwatch(self) -> None:
        """Stop the preview and forget the last frame."""
        with self._lock:
            self._watching = None
            self._preview.put(None)

    def forget(self) -> None:
        """The sitting is over: the next resident stands in another light."""
        self.unwatch()
        self._worker.ask(lambda camera: camera.unlock(), within=FRAME)

    def take_photo(self, effect: TakePhoto) -> None:
        """Take the still."""
        self._worker.ask(lambda camera: self._still(camera, effect.visit), within=STILL)

    def close(self) -> None:
        """End the judging thread."""
        self._closed.set()
        self.unwatch()
        self._eye.join(timeout=2.0)

    def overdue(self, now: float) -> bool:
        """Whether one judgement has taken far too long."""
        return self._stuck_at is not None and now > self._stuck_at

    def _frame(self, camera: Camera, watch: Watch) -> None:
        """Bring one frame and ask for the next, as long as this very watch lasts."""
        if self._watching is not watch:
            return
        frame = camera.preview(within=FRAME)
        with self._lock:
            if self._watching is watch:
                self._preview.put(frame)
        self._worker.ask(lambda camera: self._frame(camera, watch), within=FRAME)

    def _still(self, camera: Camera, visit: int) -> None:
        frame = camera.still(within=STILL)
        judgement = self._still_judge.judge(frame.pixels)
        portrait = crop(frame.pixels, judgement.box or WHERE_THE_OVAL_IS)
        height, width = portrait.shape[:2]
        photo = Photo(portrait_jpeg(portrait), width, height, judgement.advice)
        log.info("photo: %s", judgement.advice.value)
        self._tell(PhotoTaken(visit, photo))

    def _look(self) -> None:
        try:
            judge = FaceJudge()
            seen: Frame | None = None
            before: FaceJudgement | None = None
            while not self._closed.is_set():
                frame = self._preview.next_after(seen, within=0.5)
                watch = self._watching
                if frame is None or watch is None:
                    seen = before = None
                    continue
                seen = frame
                begun = time.monotonic()
                self._stuck_at = begun + JUDGEMENT
                before = judge.judge(frame.pixels, before)
                self._stuck_at = None
                self._tell(FaceJudged(watch.visit, before.advice))
                self._closed.wait(max(0.0, 1 / JUDGED_A_SECOND - (time.monotonic() - begun)))
        except Exception as bug:
            report(bug, "eye")
            self.broken = True
