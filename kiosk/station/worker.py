"""One thread owns one device: it opens it, does what it is asked within a deadline, and watches it when idle."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from drivers.errors import Absent, DeviceError
from kiosk.journey.events import DeviceBack, DeviceLost, Event
from kiosk.journey.steps import Device

log = logging.getLogger(__name__)

REOPEN = 1.0
"""Seconds between attempts to open a device that is not there."""
IDLE = 2.0
"""Seconds of idleness after which the device is asked whether it is still there."""
PROBE = 10.0
"""Seconds that this may take: a camera's first picture takes a while."""
GRACE = 5.0
"""Seconds past a job's deadline at which the thread counts as stuck."""


class Closable(Protocol):
    """What every driver can do."""

    def close(self) -> None:
        """Give the device back."""
        ...


D = TypeVar("D", bound=Closable)
Tell = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Job(Generic[D]):
    """Something to do with the device, in seconds at the most; it tells its own outcome. ``dropped`` is called instead
    when the device went away before."""

    do: Callable[[D], None]
    within: float
    dropped: Callable[[], None] | None = None


class Worker(Generic[D]):
    """Owns the device behind ``opening``. Tells DeviceLost and DeviceBack; drops jobs while the device is away, since
    the journey asks again when it is back. Anything but a DeviceError is a bug: ``broken`` becomes true."""

    def __init__(
        self, device: Device, opening: Callable[[], D], probe: Callable[[D], None], tell: Tell, *, idle: float = IDLE
    ) -> None:
        self.device = device
        self.trouble: type[DeviceError] | None = Absent
        """What is wrong; absent until it has been opened."""
        self._lost = False
        self.broken = False
        self._opening, self._probe, self._tell, self._idle = opening, probe, tell, idle
        self._jobs: queue.SimpleQueue[Job[D] | None] = queue.SimpleQueue()
        self._stuck_at: float | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=device.value, daemon=True)

    def start(self) -> None:
        """Begin; the first attempt to open is made at once."""
        self._thread.start()

    def ask(self, do: Callable[[D], None], *, within: float, dropped: Callable[[], None] | None = None) -> None:
        """Do this after what was asked before, in at most ``within`` seconds."""
        self._jobs.put(Job(do, within, dropped))

    def overdue(self, now: float) -> bool:
        """Whether the thread is stuck in a call that broke its promise of a deadline."""
        return self._stuck_at is not None and now > self._stuck_at

    def close(self) -> None:
        """Stop after the job in hand; returns when the device is given back, or stuck for good."""
        self._stop.set()
        self._jobs.put(None)
        self._thread.join(timeout=GRACE)

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                device = self._open()
                if device is None:
                    self._drop_jobs()
                    self._stop.wait(REOPEN)
                    continue
                try:
                    self._serve(device)
                finally:
                    device.close()
        except Exception as bug:
            report(bug, self.device.value)
            self.broken = True

    def _open(self) -> D | None:
        try:
            with self._deadline(30.0):
                device = self._opening()
                try:
                    self._probe(device)
                except DeviceError:
                    device.close()
                    raise
        except DeviceError as error:
            self._lose(error)
            return None
        self.trouble, self._lost = None, False
        log.info("%s: here", self.device.value)
        self._tell(DeviceBack(self.device))
        return device

    def _serve(self, device: D) -> None:
        """Work until the device falls ill or the worker is closed."""
        while not self._stop.is_set():
            try:
                job = self._jobs.get(timeout=self._idle)
            except queue.Empty:
                job = Job(self._probe, PROBE)
            if job is None:
                return
            try:
                with self._deadline(job.within):
                    job.do(device)
            except DeviceError as error:
                self._drop_jobs()
                self._lose(error)
                return

    def _lose(self, error: DeviceError) -> None:
        """Tell once that the device is away, whatever it says about it later."""
        self.trouble = type(error)
        if not self._lost:
            self._lost = True
            log.warning("%s: %s", self.device.value, type(error).__name__)
            self._tell(DeviceLost(self.device))

    def _drop_jobs(self) -> None:
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None and job.dropped is not None:
                job.dropped()

    @contextmanager
    def _deadline(self, within: float) -> Iterator[None]:
        self._stuck_at = time.monotonic() + within + GRACE
        try:
            yield
        finally:
            self._stuck_at = None


def report(bug: BaseException, where: str) -> None:
    """Log a bug without its message or values, which might hold personal data: only kinds and places."""
    places = []
    trace = bug.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    log.critical("bug in %s: %s at %s", where, type(bug).__name__, " < ".join(reversed(places[-6:])))
