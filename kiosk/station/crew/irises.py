"""The crew member at the near-infrared camera: shows the eyes, has them judged, and takes the irises."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from drivers.camera import Camera, Frame
from drivers.errors import Refused
from kiosk.capture.advice import EyeAdvice
from kiosk.capture.iris import VGA, EyeJudge, EyesJudgement, advise, iris_image
from kiosk.journey.effects import TakeEyes, WatchEyes
from kiosk.journey.events import Event, EyesJudged, EyesTaken
from kiosk.journey.eyes import Eye, IrisImage, best_of
from kiosk.station.channels import Latest
from kiosk.station.crew.onlooker import Judging, Onlooker
from kiosk.station.worker import PROBE, Worker

log = logging.getLogger(__name__)

STILL = 10.0
"""Seconds in which focus and exposure settle and the still is there."""
BURST = 4
"""Stills of which the best of each eye is kept: a blink spoils one of them, and hardly all."""


class Meeting:
    """The eye camera's probe: does it still see, and, once for each that is opened, are its stills large enough?"""

    def __init__(self) -> None:
        self._met: Camera | None = None

    def __call__(self, camera: Camera) -> None:
        """Raise a DeviceError when not."""
        camera.preview(within=PROBE)
        if camera is not self._met:
            still(camera)
            camera.unlock()
            self._met = camera


class Irises:
    """Performs WatchEyes, UnwatchEyes and TakeEyes, on the camera's worker and a judging thread of its own."""

    def __init__(self, worker: Worker[Camera], preview: Latest[Frame], tell: Callable[[Event], None]) -> None:
        self._worker, self._tell = worker, tell
        self._judge = EyeJudge()
        self.onlooker: Onlooker[WatchEyes, EyesJudgement] = Onlooker(worker, preview, self._judging, name="iris eye")

    def take(self, effect: TakeEyes) -> None:
        """Take a few stills; the best picture of each wanted eye is kept."""
        self._worker.ask(lambda camera: self._burst(camera, effect), within=BURST * STILL)

    def _judging(self) -> Judging[WatchEyes, EyesJudgement]:
        judge = EyeJudge()

        def look(watch: WatchEyes, frame: Frame, before: EyesJudgement | None) -> EyesJudgement:
            judgement = judge.judge(frame.pixels, before, wanted=watch.wanted)
            self._tell(EyesJudged(watch.visit, judgement.advice))
            return judgement

        return look

    def _burst(self, camera: Camera, effect: TakeEyes) -> None:
        # Focus is kept for a sitting, but between two tries people have moved.
        camera.unlock()
        best: tuple[IrisImage, ...] = ()
        for _ in range(BURST):
            frame = still(camera)
            # Each still by itself: they follow so far apart that a shift between two says nothing of either.
            judgement = self._judge.judge(frame.pixels, wanted=effect.wanted)
            best = best_of(best, pictures(frame, judgement, effect.wanted))
            if {image.eye for image in best if image.advice is EyeAdvice.GOOD}.issuperset(effect.wanted):
                break
        log.info("irises: %s", ", ".join(f"{image.advice.value} {image.score}" for image in best) or "none seen")
        self._tell(EyesTaken(effect.visit, best))


def still(camera: Camera) -> Frame:
    """A still. Raises Refused when no picture of an iris fits into it: the station then goes on without eyes."""
    frame = camera.still(within=STILL)
    height, width = frame.pixels.shape[:2]
    if width < VGA[0] or height < VGA[1]:
        raise Refused(
            f"The eye camera's stills are {width} × {height} pixels, and an iris needs {VGA[0]} × {VGA[1]}; "
            "name a camera with larger ones in the settings."
        )
    return frame


def pictures(frame: Frame, judgement: EyesJudgement, wanted: tuple[Eye, ...]) -> tuple[IrisImage, ...]:
    """The picture of each wanted eye that is seen in a still, each with its own advice: a shut one spoils no other."""
    now, (rows, columns) = datetime.now(UTC), frame.pixels.shape[:2]
    images: list[IrisImage] = []
    for eye in wanted:
        if eye in judgement.eyes:
            measures = judgement.eyes[eye]
            cut = iris_image(frame.pixels, measures)
            height, width = cut.pixels.shape
            image = IrisImage(
                eye=eye,
                width=width,
                height=height,
                score=measures.score,
                advice=advise(judgement, None, wanted=(eye,), size=(columns, rows)),
                centre_x=round(cut.x),
                centre_y=round(cut.y),
                diameter=round(2 * cut.radius),
                pixels=cut.pixels.tobytes(),
                captured=now,
            )
            images.append(image)
    return tuple(images)
