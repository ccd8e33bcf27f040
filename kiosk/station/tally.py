"""What the station has done, counted from the steps that pass: cumulative, and going on after a restart."""

import threading
import time
from dataclasses import replace
from pathlib import Path

from kiosk.journey.session import Session
from kiosk.journey.steps import OFFICE, Step
from kiosk.record import telemetry
from kiosk.record.telemetry import Throughput

FINISHED = frozenset({Step.RECEIPT, Step.CARD_READY})
BETWEEN_VISITS = frozenset({Step.ATTRACT, Step.OUT_OF_SERVICE})


class Tally:
    """Counts visits and steps. Knows numbers and steps only, nothing of who passed them."""

    def __init__(self, so_far: Throughput) -> None:
        self.throughput = so_far
        # Steps are counted on the main thread, recordings and cards on the crew's.
        self._lock = threading.Lock()

    @classmethod
    def going_on(cls, snapshot: Path) -> "Tally":
        """Go on from the last snapshot at ``snapshot``, or begin anew where there is none to read."""
        try:
            return cls(telemetry.read(snapshot).throughput)
        except telemetry.Unreadable:
            return cls(Throughput(since=int(time.time())))

    def passed(self, before: Session, after: Session) -> None:
        """A step was left for another."""
        with self._lock:
            self.throughput = _with_step(self.throughput, before, after)

    def sealed(self) -> None:
        """A recording is safe."""
        with self._lock:
            self.throughput = replace(self.throughput, recordings_sealed=self.throughput.recordings_sealed + 1)

    def delivered(self) -> None:
        """The centre's receipt for a recording has been verified."""
        with self._lock:
            self.throughput = replace(self.throughput, recordings_delivered=self.throughput.recordings_delivered + 1)

    def printed(self) -> None:
        """A card came out."""
        with self._lock:
            self.throughput = replace(self.throughput, cards_printed=self.throughput.cards_printed + 1)

    def spoiled(self) -> None:
        """A blank was spoiled."""
        with self._lock:
            self.throughput = replace(self.throughput, cards_spoiled=self.throughput.cards_spoiled + 1)

    def unknown(self) -> None:
        """Nobody can tell whether a card came out."""
        with self._lock:
            self.throughput = replace(self.throughput, cards_unknown=self.throughput.cards_unknown + 1)


def _with_step(now: Throughput, before: Session, after: Session) -> Throughput:
    seconds = max(0.0, after.now - before.since)
    stood = before.resume or before.step
    ended_early = after.visit != before.visit and stood not in FINISHED
    now = replace(
        now,
        step_seconds={**now.step_seconds, before.step: round(now.step_seconds.get(before.step, 0.0) + seconds, 3)},
        step_passes={**now.step_passes, before.step: now.step_passes.get(before.step, 0) + 1},
    )
    if before.step is Step.ATTRACT and after.step is Step.LANGUAGE:
        now = replace(now, visits_begun=now.visits_begun + 1)
    if after.step in FINISHED and stood not in FINISHED:
        now = replace(now, visits_finished=now.visits_finished + 1)
    if ended_early and stood not in BETWEEN_VISITS | OFFICE:
        now = replace(now, given_up={**now.given_up, stood: now.given_up.get(stood, 0) + 1})
    return now
