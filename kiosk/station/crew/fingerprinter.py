"""The crew member at the finger reader: takes one finger at a time, judges it, and compares on the reader."""

import logging
import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from drivers.fingerprint import Captured, FingerReader, NoFinger, Smudged, Template
from kiosk.capture.advice import FingerAdvice
from kiosk.capture.finger import judge
from kiosk.journey.effects import Compare, CompareWithOrder, Scan
from kiosk.journey.events import (
    Event,
    FingerAbsent,
    FingerCompared,
    FingerProgress,
    FingerStill,
    FingerTaken,
)
from kiosk.journey.fingers import Finger
from kiosk.journey.session import Impression
from kiosk.station.worker import Worker

log = logging.getLogger(__name__)

WAIT = 20.0
"""Seconds to wait for a finger before the journey hears that there is none."""
SLICE = 1.0
"""Seconds of waiting at a time, so that a scan can be stopped."""
TRANSFER = 70.0
"""Seconds for the image, from readers that stay slow: 41 with a GROW module that keeps 9,600 baud, 61 with an SFM
module that sends no blocks, at 57,600, when a bit was flipped and it is asked once more."""
LIFT = 4.0
"""Seconds given to lift the finger before."""

OrderTemplate = Callable[[str, Finger], Template | None]


class Fingerprinter:
    """Performs Scan, Compare and CompareWithOrder on the reader's own thread."""

    def __init__(
        self, worker: Worker[FingerReader], tell: Callable[[Event], None], order_template: OrderTemplate
    ) -> None:
        self._worker, self._tell, self._order_template = worker, tell, order_template
        self._stop = threading.Event()
        # Whether the finger read last may still lie there: asking takes a reader up to a second, in which somebody
        # who is quick would be told to lift the finger that is wanted.
        self._may_lie = False

    def scan(self, effect: Scan) -> None:
        """Take one finger."""
        stop = self._fresh_stop()
        self._worker.ask(lambda reader: self._scan(reader, effect, stop), within=LIFT + WAIT + TRANSFER)

    def compare(self, effect: Compare | CompareWithOrder) -> None:
        """Take one finger and compare it."""
        stop = self._fresh_stop()
        self._worker.ask(lambda reader: self._compare(reader, effect, stop), within=LIFT + WAIT + 2 * TRANSFER)

    def stop(self) -> None:
        """Stop waiting; what was asked later is not touched."""
        self._stop.set()

    def rest(self) -> None:
        """Nobody is asked for a finger: the ring goes dark."""
        self.stop()
        self._worker.ask(lambda reader: reader.light(False, within=2.0), within=2.0)

    def _fresh_stop(self) -> threading.Event:
        self._stop.set()
        self._stop = threading.Event()
        return self._stop

    def _scan(self, reader: FingerReader, effect: Scan, stop: threading.Event) -> None:
        taken = self._take(reader, effect.visit, effect.finger, stop)
        if taken is not None:
            impression, advice = taken
            self._tell(FingerTaken(effect.visit, impression, advice))

    def _compare(self, reader: FingerReader, effect: Compare | CompareWithOrder, stop: threading.Event) -> None:
        match effect:
            case Compare():
                template: Template | None = Template(effect.template_family, effect.template)
            case CompareWithOrder():
                template = self._order_template(effect.order, effect.finger)
        taken = self._take(reader, effect.visit, effect.finger, stop)
        if taken is None:
            return
        impression, _ = taken
        # A smudged finger has no features to compare; another reader's template cannot be compared at all.
        comparable = template is not None and template.family == impression.template_family and impression.template
        same = bool(comparable) and template is not None and reader.match(template, within=5.0).same
        kept = impression if isinstance(effect, Compare) else None
        self._tell(FingerCompared(effect.visit, same, kept))

    def _take(
        self, reader: FingerReader, visit: int, finger: Finger, stop: threading.Event
    ) -> tuple[Impression, FingerAdvice] | None:
        """Wait for the finger before to go, then for this one; None when stopped or told already."""
        if stop.is_set():
            return None
        if self._may_lie and not reader.lifted(within=LIFT):
            if not stop.is_set():
                self._tell(FingerStill(visit))
            return None
        self._may_lie = False
        reader.light(True, within=2.0)
        progress = self._progress(visit, stop)
        waited = 0.0
        while not stop.is_set() and waited < WAIT:
            scan = reader.scan(within=SLICE, progress=progress)
            match scan:
                case NoFinger():
                    waited += SLICE
                case Smudged():
                    self._may_lie = True
                    return self._judged(reader, finger, scan.image, None)
                case Captured():
                    self._may_lie = True
                    return self._judged(reader, finger, scan.image, scan.template)
        if not stop.is_set():
            self._tell(FingerAbsent(visit))
        return None

    def _progress(self, visit: int, stop: threading.Event) -> Callable[[float], bool]:
        told = [-1.0]

        def progress(share: float) -> bool:
            # One in ten steps is enough for a ring on the screen.
            if share - told[0] >= 0.04 or share >= 1.0:
                told[0] = share
                self._tell(FingerProgress(visit, share))
            return not stop.is_set()

        return progress

    def _judged(
        self, reader: FingerReader, finger: Finger, image: npt.NDArray[np.uint8], template: Template | None
    ) -> tuple[Impression, FingerAdvice]:
        judgement = judge(image, ppi=reader.model.ppi)
        advice = judgement.advice
        if template is None and advice is FingerAdvice.GOOD:
            advice = FingerAdvice.UNCLEAR
        height, width = image.shape
        impression = Impression(
            finger=finger,
            width=width,
            height=height,
            ppi=reader.model.ppi,
            score=judgement.score,
            attempts=1,
            advice=advice,
            template_family=reader.model.template_family,
            pixels=np.ascontiguousarray(image).tobytes(),
            template=b"" if template is None else template.data,
        )
        log.info("finger %d: %s, score %d", finger, advice.value, judgement.score)
        return impression, advice
