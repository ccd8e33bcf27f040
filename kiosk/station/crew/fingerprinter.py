"""The crew member at the finger reader: takes one finger at a time, judges it, and compares on the reader."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from drivers.fingerprint import Captured, FingerReader, NoFinger, Smudged, Template
from kiosk.capture.advice import FingerAdvice
from kiosk.capture.finger import judge
from kiosk.journey.effects import Compare, CompareWithBegun, CompareWithOrder, Scan
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
from kiosk.station.crew.opinions import Opinions
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
MATCH = 5.0
"""Seconds for one comparison on the reader."""
AFTERWARDS = 10 * MATCH
"""Seconds for what follows an image: comparisons with all other fingers of the visit."""

Recalled = Callable[[CompareWithOrder | CompareWithBegun], Template | Event]
"""Finds the template that a finger is compared with, of a print order or of a recording begun before; or what to tell
where there is none."""


class Fingerprinter:
    """Performs Scan and what compares a finger, on the reader's own thread."""

    def __init__(
        self,
        worker: Worker[FingerReader],
        tell: Callable[[Event], None],
        recalled: Recalled,
        opinions: Opinions,
    ) -> None:
        self._worker, self._tell, self._recalled, self._opinions = worker, tell, recalled, opinions
        self._stop = threading.Event()
        # Whether the finger read last may still lie there: asking takes a reader up to a second, in which somebody
        # who is quick would be told to lift the finger that is wanted.
        self._may_lie = False

    def scan(self, effect: Scan) -> None:
        """Take one finger."""
        stop = self._fresh_stop()
        self._worker.ask(lambda reader: self._scan(reader, effect, stop), within=LIFT + WAIT + TRANSFER + AFTERWARDS)

    def compare(self, effect: Compare | CompareWithOrder | CompareWithBegun) -> None:
        """Take one finger and compare it."""
        stop = self._fresh_stop()
        self._worker.ask(lambda reader: self._compare(reader, effect, stop), within=LIFT + WAIT + TRANSFER + AFTERWARDS)

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
            self._opinions.ask(taken, unless=stop)
            alike = _alike(reader, taken, effect.before)
            if alike is not None:
                log.info("finger %d looks like finger %d", effect.finger, alike)
            self._tell(FingerTaken(effect.visit, taken, taken.advice, alike))

    def _compare(
        self, reader: FingerReader, effect: Compare | CompareWithOrder | CompareWithBegun, stop: threading.Event
    ) -> None:
        taken = self._take(reader, effect.visit, effect.finger, stop)
        if taken is None:
            return
        match effect:
            case Compare(first=first, others=others):
                self._opinions.ask(taken, unless=stop)
                same = _same(reader, taken, Template(first.template_family, first.template))
                alike = None if same else _alike(reader, taken, others)
                self._tell(FingerCompared(effect.visit, same, taken, alike))
            case CompareWithOrder() | CompareWithBegun():
                found = self._recalled(effect)
                if isinstance(found, Template):
                    found = FingerCompared(effect.visit, _same(reader, taken, found), None)
                self._tell(found)

    def _take(self, reader: FingerReader, visit: int, finger: Finger, stop: threading.Event) -> Impression | None:
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
    ) -> Impression:
        model = reader.model
        judgement = judge(image, ppi=model.ppi)
        advice = judgement.advice
        if template is None and advice is FingerAdvice.GOOD:
            advice = FingerAdvice.UNCLEAR
        height, width = image.shape
        pixels = np.ascontiguousarray(image).tobytes()
        log.info("finger %d: %s, score %d", finger, advice.value, judgement.score)
        return Impression(
            finger=finger,
            width=width,
            height=height,
            ppi=model.ppi,
            score=judgement.score,
            scores=(judgement.score,),
            advice=advice,
            template_family=model.template_family,
            pixels=pixels,
            template=b"" if template is None else template.data,
            captured=datetime.now(UTC),
        )


def _same(reader: FingerReader, taken: Impression, template: Template) -> bool:
    """Whether the finger captured last is that of ``template``, by the reader's own matcher.

    A smudged finger has no features to compare; another reader's template cannot be compared at all.
    """
    comparable = taken.template and template.data and template.family == taken.template_family
    return bool(comparable) and reader.match(template, within=MATCH).same


def _alike(reader: FingerReader, taken: Impression, before: Sequence[Impression]) -> Finger | None:
    """Which of the impressions ``before`` the finger captured last looks like.

    One comparison after another, newest first, as a hurried hand gives the same finger twice in a row: the modules'
    own search looks through their flash memory, where nothing of a resident may be stored. Nine take a GROW module
    about two seconds, in which the finger is already lifted.
    """
    for each in reversed(before):
        if each.finger is not taken.finger and _same(reader, taken, Template(each.template_family, each.template)):
            return each.finger
    return None
