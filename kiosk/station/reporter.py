"""Tells the uplink process how the station is: the health snapshot every second, and numbered events as they come.

A thread of its own, since both go to the disk. Nothing here knows anything about a person.
"""

import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from drivers.errors import Absent, DeviceError, Malformed, Refused, Unresponsive
from drivers.printer import Fault
from kiosk.journey.steps import CALLING, OFFICE, RECORDING_NEEDS, Device, Step
from kiosk.record import telemetry
from kiosk.record.checkpoint import CLOCK_SETS_WITHIN
from kiosk.record.clock import Clock
from kiosk.record.exchange import Exchange, complete_files, delete_durably
from kiosk.record.telemetry import (
    WELL,
    Condition,
    DeviceHealth,
    Event,
    Health,
    Occasion,
    PrinterHealth,
    StationState,
    Throughput,
    Trouble,
    Unreadable,
)
from kiosk.station.crew import Crew
from kiosk.station.tally import BETWEEN_VISITS, Tally
from kiosk.station.worker import report

log = logging.getLogger(__name__)

BEAT = 1.0
MOST_EVENTS = 1 << 40
"""No station has ever had as many."""
THERMOMETER = Path("/sys/class/thermal/thermal_zone0/temp")
TROUBLES: dict[type[DeviceError], Trouble] = {
    Absent: Trouble.ABSENT,
    Unresponsive: Trouble.UNRESPONSIVE,
    Malformed: Trouble.MALFORMED,
    Refused: Trouble.REFUSED,
}
FAULTS = {fault: Trouble(fault.value) for fault in Fault}


class Chronicle:
    """Numbered events on their way to the disk; occur() never blocks."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._waiting: queue.SimpleQueue[tuple[int, Occasion, Device | None, Trouble | None]] = queue.SimpleQueue()
        self._held: tuple[int, Occasion, Device | None, Trouble | None] | None = None
        self._next = 1

    def occur(self, occasion: Occasion, device: Device | None = None, trouble: Trouble | None = None) -> None:
        """Something happened that a technician may want to find again."""
        match occasion:
            case Occasion.RECORDING_SEALED:
                self._tally.sealed()
            case Occasion.RECORDING_DELIVERED:
                self._tally.delivered()
            case Occasion.CARD_PRINTED:
                self._tally.printed()
            case Occasion.CARD_SPOILED:
                self._tally.spoiled()
            case Occasion.CARD_UNKNOWN:
                self._tally.unknown()
            case _:
                pass
        self._waiting.put((int(time.time()), occasion, device, trouble))

    def go_on(self, exchange: Exchange) -> None:
        """Number on from the last event written, or from the last that the uplink says it has seen, if that can be.

        The uplink knows more where this process's files come from a backup.
        """
        seen = _seen(exchange)
        self._next = max([*_written(exchange), seen if seen < MOST_EVENTS else 0]) + 1

    def write(self, exchange: Exchange) -> None:
        """Put what is waiting on disk, and clear away what the uplink has taken.

        The newest stays: what the uplink says beyond it cannot be, and moves no number.
        """
        while self._held is not None or not self._waiting.empty():
            # Held until it is written: a full disk must not lose it.
            self._held = self._held or self._waiting.get()
            at, occasion, device, trouble = self._held
            try:
                telemetry.write_event(exchange.events, Event(self._next, at, occasion, device, trouble))
                self._next += 1
            except Unreadable as unreadable:
                # Say, a calendar beyond all calendars: it must not hold up what comes after it.
                log.error("an event is left out: %s: %s", occasion.value, unreadable)
            self._held = None
        written = _written(exchange)
        seen = _seen(exchange) if len(written) > 1 else 0
        for number in sorted(written)[:-1]:
            if number <= seen:
                delete_durably(written[number])


def _written(exchange: Exchange) -> dict[int, Path]:
    return {int(path.stem): path for path in complete_files(exchange.events, ".json") if path.stem.isdecimal()}


def _seen(exchange: Exchange) -> int:
    try:
        return telemetry.read_status(exchange.uplink_status).events_seen
    except Unreadable:
        return 0


class Reporter:
    """Writes the snapshot and the events once a second, and at the end once more."""

    def __init__(
        self,
        exchange: Exchange,
        crew: Crew,
        chronicle: Chronicle,
        tally: Tally,
        step: Callable[[], Step],
        *,
        software: str,
        key_ids: Sequence[str],
        disk_floor: int,
        clock: Clock,
    ) -> None:
        """``disk_floor``: the free bytes below which no new recording is begun."""
        self.broken = False
        self._exchange, self._crew, self._chronicle, self._tally = exchange, crew, chronicle, tally
        self._step, self._software, self._key_ids = step, software, tuple(key_ids)
        self._disk_floor, self._clock = disk_floor, clock
        self._began = time.monotonic()
        self._beat = 0
        self._clock_doubted = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="reporter", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Write a last time, and end."""
        self._stop.set()
        self._thread.join(timeout=5.0)

    def health(self) -> Health:
        """The station now."""
        standing = self._crew.clerk.standing
        status = None if self._crew.printing is None else self._crew.printing.status
        self._beat += 1
        return Health(
            state=self._state(),
            beat=self._beat,
            software=self._software,
            uptime_seconds=round(time.monotonic() - self._began, 3),
            # The roster is signed with its date: a clock before it is wrong.
            clock_trusted=self._clock().trusted(not_before=standing.roster_made),
            devices={worker.device: _condition(worker.trouble) for worker in self._crew.workers},
            printer=PrinterHealth()
            if status is None
            else PrinterHealth(
                _count(status.ribbon_left),
                _count(status.printed_total),
                tuple(FAULTS[fault] for fault in status.faults),
            ),
            blanks=standing.blanks,
            outbox_waiting=standing.waiting.count,
            outbox_oldest_seconds=_age(standing.waiting.oldest),
            prints_uncertain=standing.prints_uncertain,
            recordings_lost=standing.recordings_lost,
            recordings_sent_again=standing.recordings_sent_again,
            outbox_damaged=standing.outbox_damaged,
            frozen=standing.frozen,
            disk_free_bytes=shutil.disk_usage(self._exchange.outbox).free,
            disk_floor_bytes=self._disk_floor,
            disk_days_left=standing.disk_days_left,
            roster_age_seconds=_age(standing.roster_made),
            roster_days_left=standing.roster_days_left,
            temperature_celsius=_temperature(),
            help_called=self._step() in CALLING,
            key_ids=self._key_ids,
        )

    def _state(self) -> StationState:
        ill = {worker.device for worker in self._crew.workers if worker.trouble is not None}
        step = self._step()
        if step is Step.OUT_OF_SERVICE or ill & RECORDING_NEEDS:
            return StationState.OUT_OF_SERVICE
        return StationState.READY if step in BETWEEN_VISITS | OFFICE else StationState.IN_VISIT

    def _work(self) -> None:
        try:
            self._chronicle.go_on(self._exchange)
            self._chronicle.occur(Occasion.STARTED)
            while True:
                last = self._stop.wait(BEAT)
                self._write()
                if last:
                    return
        except Exception as bug:
            report(bug, "reporter")
            self.broken = True

    def _write(self) -> None:
        for write in (self._write_health, self._write_events):
            try:
                write()
            except (OSError, Unreadable) as error:
                # A full disk or an odd figure must not end the station: recordings that wait are still delivered.
                log.error("telemetry cannot be written: %s", type(error).__name__)

    def _write_health(self) -> None:
        health = self.health()
        self._tell_of_clock(trusted=health.clock_trusted)
        telemetry.write(self._exchange.health, health, self._throughput())

    def _write_events(self) -> None:
        self._chronicle.write(self._exchange)

    def _tell_of_clock(self, *, trusted: bool) -> None:
        """Once, and not in the moments after a boot in which the network may still set it."""
        doubted = not trusted and self._clock().uptime > CLOCK_SETS_WITHIN
        if doubted and not self._clock_doubted:
            self._chronicle.occur(Occasion.CLOCK_UNTRUSTED)
        self._clock_doubted = doubted

    def _throughput(self) -> Throughput:
        return self._tally.throughput


def _condition(trouble: type[DeviceError] | None) -> DeviceHealth:
    if trouble is None:
        return WELL
    condition = Condition.MISSING if trouble is Absent else Condition.FAULT
    return DeviceHealth(condition, TROUBLES.get(trouble, Trouble.OTHER))


def _count(told: int | None) -> int | None:
    """A printer's figure, where it makes sense."""
    return told if told is not None and told >= 0 else None


def _age(since: int | None) -> float | None:
    return None if since is None else max(0.0, time.time() - since)


def _temperature() -> float | None:
    try:
        return int(THERMOMETER.read_text()) / 1000
    except (OSError, ValueError):
        return None
