"""Throughput over time: cumulative counters cut into numbered roll-ups, and today's share, durable at every step."""

from datetime import UTC, date, datetime, tzinfo

from kiosk.record.telemetry import Throughput
from kiosk.uplink.messages import COUNTERS, ROLL_UP, TODAY, RollUp, Today, moment
from kiosk.uplink.store import Store

ROLL_UP_KIND = "throughput/rollup"


class Tally:
    """Follows the counters of one station. ``zone`` is the station's: midnight there begins a day (None: system)."""

    def __init__(self, store: Store, *, now: float, zone: tzinfo | None = None) -> None:
        self._store, self._zone = store, zone
        self._last = _kept(store, "last")
        self._open = _kept(store, "open")
        begin, today = store.figure("open begin"), store.figure("today")
        self._begin = begin.decode() if begin else moment(now)
        self._today = TODAY.decode(today) if today else None

    @property
    def last(self) -> Throughput | None:
        """The newest counters seen."""
        return self._last

    @property
    def today(self) -> Today | None:
        """What was done since midnight."""
        return self._today

    def observe(self, counters: Throughput, *, now: float) -> bool:
        """Take in the newest counters at Unix time ``now``; gives whether there is news."""
        day = self._day(now)
        if counters == self._last and self._today is not None and self._today.day == day.isoformat():
            return False
        more = counters.since_then(self._last) if self._last is not None else counters
        if self._today is not None and self._today.day == day.isoformat():
            share = self._today.counters.plus(more)
        elif self._last is None and self._day(counters.since) != day:
            share = Throughput(counters.since)  # nothing tells which of the counts from before were today's
        else:
            share = more
        self._open = self._open.plus(more) if self._open is not None else more
        self._last, self._today = counters, Today(day.isoformat(), share)
        self._keep()
        return True

    def cut(self, *, now: float, birth: int) -> RollUp | None:
        """End the running roll-up at ``now`` and queue it; None, and nothing queued, when nothing happened in it."""
        end = moment(now)
        if self._open is None or self._open.is_nothing:
            self._begin = end
            return None
        with self._store.together():
            rollup = RollUp(self._store.count("rollup"), self._begin, end, self._open)
            self._store.enqueue(ROLL_UP_KIND, ROLL_UP.encode(rollup), birth=birth)
            self._begin, self._open = end, Throughput(self._open.since)
            self._write()
        return rollup

    def _keep(self) -> None:
        with self._store.together():
            self._write()

    def _write(self) -> None:
        for name, counters in (("last", self._last), ("open", self._open)):
            if counters is not None:
                self._store.set_figure(name, COUNTERS.encode(counters))
        self._store.set_figure("open begin", self._begin.encode())
        if self._today is not None:
            self._store.set_figure("today", TODAY.encode(self._today))

    def _day(self, unix: float) -> date:
        return datetime.fromtimestamp(unix, UTC).astimezone(self._zone).date()


def _kept(store: Store, name: str) -> Throughput | None:
    kept = store.figure(name)
    return COUNTERS.decode(kept) if kept is not None else None
