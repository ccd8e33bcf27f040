"""The crew member at the camera: shows the preview, has it judged, and takes the photo."""

import logging
import math
from collections.abc import Callable
from datetime import UTC, datetime

from drivers.camera import Camera, Frame
from kiosk.capture.advice import FaceAdvice, worth
from kiosk.capture.face import OVAL, FaceJudge, FaceJudgement
from kiosk.capture.face.steadiness import SteadyAdvice
from kiosk.capture.hands import hands_jpeg
from kiosk.capture.portrait import as_seen, portrait_jpeg, portray
from kiosk.journey.effects import TakeHandsPhoto, TakePhoto, Watch
from kiosk.journey.events import Event, FaceJudged, HandsPhotoTaken, PhotoTaken
from kiosk.journey.session import Photo
from kiosk.station.channels import Latest
from kiosk.station.crew.onlooker import Judging, Onlooker
from kiosk.station.worker import Worker

log = logging.getLogger(__name__)

Place = tuple[float, float]
"""x and y in pixels."""
STILL = 10.0
"""Seconds in which focus and exposure settle and the still is there."""
BURST = 3
"""Stills of one photo at the most: somebody who blinks has the eyes open on one of them."""
WHERE_THE_OVAL_IS = (OVAL[0] - OVAL[2], OVAL[1] - OVAL[3], 2 * OVAL[2], 2 * OVAL[3])
"""Where the photo is cut when the shutter was pressed by hand and no face is found: where the screen asked for it."""


class Photographer:
    """Performs Watch, Unwatch, TakePhoto and TakeHandsPhoto."""

    def __init__(self, worker: Worker[Camera], preview: Latest[Frame], tell: Callable[[Event], None]) -> None:
        self._worker, self._tell = worker, tell
        self._judge = FaceJudge()
        self._blurred = False
        self.onlooker: Onlooker[Watch, FaceJudgement] = Onlooker(worker, preview, self._judging, name="face eye")

    def take_photo(self, effect: TakePhoto) -> None:
        """Take a few stills; the best is kept."""
        self._worker.ask(lambda camera: self._burst(camera, effect), within=BURST * STILL)

    def take_hands_photo(self, effect: TakeHandsPhoto) -> None:
        """Take face and both hands."""
        self._worker.ask(lambda camera: self._hands(camera, effect.visit), within=STILL)

    def _judging(self) -> Judging[Watch, FaceJudgement]:
        judge, steady, watched = FaceJudge(), SteadyAdvice(), None

        def look(watch: Watch, frame: Frame, before: FaceJudgement | None) -> FaceJudgement:
            nonlocal steady, watched
            if watch is not watched:
                steady, watched = SteadyAdvice(), watch
            judgement = judge.judge(frame.pixels, before, backdrop=watch.backdrop)
            self._tell(FaceJudged(watch.visit, steady.feed(judgement.advice, at=frame.taken)))
            return judgement

        return look

    def _burst(self, camera: Camera, effect: TakePhoto) -> None:
        if self._blurred:
            # Focus is kept for a sitting; what it was kept at was wrong.
            camera.unlock()
        best: tuple[FaceJudgement, Frame] | None = None
        for _ in range(BURST):
            frame = camera.still(within=STILL)
            judgement = self._judge.judge(frame.pixels, backdrop=effect.backdrop)
            if best is None or worth(judgement.advice, judgement.score) > worth(best[0].advice, best[0].score):
                best = judgement, frame
            if judgement.advice is FaceAdvice.GOOD:
                break
        assert best is not None  # noqa: S101 a burst has at least one still
        judgement, frame = best
        self._blurred = judgement.advice is FaceAdvice.BLURRED
        log.info("photo: %s, score %d", judgement.advice.value, judgement.score)
        self._tell(PhotoTaken(effect.visit, photo(frame, judgement)))

    def _hands(self, camera: Camera, visit: int) -> None:
        jpeg, width, height = hands_jpeg(camera.still(within=STILL).pixels)
        log.info("photo of face and hands taken")
        self._tell(HandsPhotoTaken(visit, Photo(jpeg, width, height, FaceAdvice.GOOD, captured=datetime.now(UTC))))


def photo(frame: Frame, judgement: FaceJudgement) -> Photo:
    """The portrait out of a still, with what is known of the face on it."""
    angles = judgement.angles
    if judgement.box is None or angles is None:
        portrait = as_seen(frame.pixels, WHERE_THE_OVAL_IS)
    else:
        portrait = portray(frame.pixels, judgement)
        # ISO/IEC 19794-5 counts pitch downward, and roll, here the portrait's own, towards the person's right shoulder.
        angles = (angles[0], -angles[1], -_lean(portrait.features["12.2"], portrait.features["12.1"]))
    height, width = portrait.pixels.shape[:2]
    return Photo(
        portrait_jpeg(portrait.pixels),
        width,
        height,
        judgement.advice,
        score=judgement.score,
        points=tuple((name, x, y) for name, (x, y) in portrait.features.items()),
        angles=angles,
        captured=datetime.now(UTC),
        processing=portrait.processing,
    )


def _lean(right_eye: Place, left_eye: Place) -> float:
    """Degrees, clockwise in the picture."""
    return math.degrees(math.atan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0]))
