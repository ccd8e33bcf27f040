"""When packets may be delivered, by the office's clock; and for how long at most that clock is obeyed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from datetime import time as TimeOfDay  # noqa: N812  # a type, and the module of this name is in use

from kiosk.uplink.store import Store

LONGEST_HOLD = 24 * 3600
"""Seconds of running that hours hold uploads up, added up over restarts.

They are told by a clock that may be wrong, in a zone that may be wrong, and a station switched off each evening never
comes to the night. What a resident was told is on its way must not lie here for ever for any of that: three office
days later it goes all the same, until nothing is left, and then hours are obeyed anew.
"""
_KEPT_EVERY = 600.0
_LONGEST_GAP = 60.0
_HELD = "held seconds"


@dataclass(frozen=True, slots=True)
class Span:
    """From ``begin`` up to ``end``; past midnight where the end comes first, the whole day where both are the same."""

    begin: TimeOfDay
    end: TimeOfDay

    @classmethod
    def read(cls, text: str) -> "Span":
        """Read "18:00-06:00". Raises ValueError for anything else."""
        begin, dash, end = text.partition("-")
        if not dash:
            raise ValueError(f"hours {text!r}: write them as 18:00-06:00")
        return cls(TimeOfDay.fromisoformat(begin), TimeOfDay.fromisoformat(end))

    def holds(self, moment: TimeOfDay) -> bool:
        """Whether ``moment`` lies in it."""
        if self.begin < self.end:
            return self.begin <= moment < self.end
        return moment >= self.begin or moment < self.end


def office_time() -> TimeOfDay:
    """Tell the time on this machine's wall; a new zone counts from the next start of the process."""
    return datetime.now(UTC).astimezone().time()


class OfficeHours:
    """Asked before anything goes up. ``clock`` gives monotonic seconds, ``wall`` the time of day."""

    def __init__(
        self,
        spans: Sequence[Span],
        store: Store,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], TimeOfDay] = office_time,
    ) -> None:
        self._spans, self._store, self._clock, self._wall = spans, store, clock, wall
        self._held = self._kept = float(store.counter(_HELD))
        self._asked = clock()

    def hold(self) -> bool:
        """Whether what is ready to go has to wait; counts the time it does."""
        if not self._spans:
            return False
        now = self._clock()
        gap, self._asked = now - self._asked, now
        if any(span.holds(self._wall()) for span in self._spans):
            self.nothing_left()
            return False
        if self._held < LONGEST_HOLD:
            # A longer gap was not spent waiting for the hours: nothing was there, or the line was down.
            self._held += min(gap, _LONGEST_GAP)
            if self._held - self._kept >= _KEPT_EVERY:
                self._keep()
        return self._held < LONGEST_HOLD

    def nothing_left(self) -> None:
        """Begin to count anew: nothing waits, or it goes."""
        if self._held:
            self._held = 0.0
            self._keep()

    def _keep(self) -> None:
        self._kept = self._held
        self._store.set_counter(_HELD, int(self._held))
