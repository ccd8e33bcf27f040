"""The uplink process: one thread for the centre, one for the broker, and the main one that watches both."""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

from cryptography import x509

from kiosk.notify import Notifier
from kiosk.record.exchange import Exchange
from kiosk.record.telemetry import LinkTrouble, Unreadable, UplinkStatus, read_status, write_status
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.centre import Centre
from kiosk.uplink.delivery import Delivery
from kiosk.uplink.hours import OfficeHours, Span
from kiosk.uplink.inbound import Inbound
from kiosk.uplink.line import Line, Pace
from kiosk.uplink.messages import CentreLink
from kiosk.uplink.settings import UplinkSettings
from kiosk.uplink.store import Store, set_aside
from kiosk.uplink.telemetry import Telemetry

log = logging.getLogger(__name__)

TICK = 1.0
LONGEST_CALL = 600.0
"""Seconds without a byte coming or going that one exchange with the centre may hold a thread, and more."""
_DISK_PAUSE = 60.0
_DISK_FAILS = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_BUSY,
}
"""Primary codes of what passes. A damaged file is none of them: the process ends, and its next start sets it aside."""


def run(settings: UplinkSettings, *, stop: threading.Event) -> None:
    """Serve until ``stop``; returns within a few seconds, or a minute where a dead connection holds a piece.

    Raises OSError or ssl.SSLError where files of the configuration cannot be used, and whatever ended one of its
    threads: the service manager starts it anew. A disk that is full or ill ends nothing: it is waited for.
    """
    exchange = Exchange(settings.root)
    for place in exchange.inbound:
        place.mkdir(parents=True, exist_ok=True)
    notifier = Notifier(os.environ)
    work = _Work(settings, exchange, stop)
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="uplink") as threads:
        running: list[Future[None]] = [
            threads.submit(work.endure, work.talk_to_centre),
            threads.submit(work.endure, work.talk_to_broker),
        ]
        try:
            notifier.ready()
            while not stop.wait(TICK) and not any(future.done() for future in running):
                if work.gets_on:
                    notifier.alive()
                work.tell_status()
        finally:
            notifier.stopping()
            stop.set()
            wait(running)
            work.tell_status()
            work.close()
    for future in running:
        future.result()


class _Work:
    """The two threads' loops and what they can say of themselves."""

    def __init__(self, settings: UplinkSettings, exchange: Exchange, stop: threading.Event) -> None:
        self._settings, self._exchange, self._stop = settings, exchange, stop
        self._database = exchange.root / "uplink" / "uplink.db"
        self._line = Line(stop=stop, pace=Pace(settings.most_kbit * 1000 / 8, wait=stop.wait))
        self._centre = Centre(settings.centre_url, settings.centre_tls, line=self._line)
        self._hours = tuple(Span.read(hours) for hours in settings.hours)
        make_sound(self._database, exchange)  # before any thread opens it
        self._delivery: Delivery | None = None
        self._inbound: Inbound | None = None
        self._telemetry: Telemetry | None = None
        self._status: UplinkStatus | None = None
        self._centre_ill_since: float | None = None
        tls = settings.centre_tls
        # One grant brings both: the authority's end is the end of what it vouches for.
        self._certificate_expires = min(certificate_expiry(path) for path in (tls.certificate, tls.authority))

    def close(self) -> None:
        """Give up the connection to the centre, when the threads have ended."""
        self._centre.close()

    def endure(self, work: Callable[[], None]) -> None:
        """Do ``work`` until stopped. What a disk does not take, it may take in a minute."""
        while not self._stop.is_set():
            try:
                work()
            except OSError as error:
                log.error("a file or the disk fails: %s; trying again in %.0f s", error.strerror, _DISK_PAUSE)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _DISK_FAILS:
                    raise
                log.error("uplink.db cannot be written: %s; trying again in %.0f s", error, _DISK_PAUSE)
            else:
                return
            self._stop.wait(_DISK_PAUSE)

    def talk_to_centre(self) -> None:
        """Deliver and fetch, until stopped."""
        settings = self._settings
        first, longest = settings.retry_first_seconds, settings.retry_longest_seconds
        with closing(Store(self._database)) as store:
            delivery = self._delivery = Delivery(
                self._exchange,
                self._centre,
                store,
                link=Backoff(first, longest),
                hours=OfficeHours(self._hours, store),
            )
            inbound = self._inbound = Inbound(
                self._exchange,
                self._centre,
                store,
                station=settings.station,
                every=settings.poll_seconds,
                floor=settings.disk_floor,
                link=Backoff(first, longest),
            )
            while not self._stop.is_set():
                inbound.step()
                if not delivery.step():
                    self._stop.wait(TICK)

    def talk_to_broker(self) -> None:
        """Publish, until stopped."""
        with closing(Store(self._database)) as store:
            telemetry = self._telemetry = Telemetry(
                self._settings, store, certificate_days=self._certificate_days, centre=self._centre_link
            )
            telemetry.run(self._stop)

    @property
    def gets_on(self) -> bool:
        """Whether both threads have come round lately: otherwise the watchdog is to end the process."""
        centre = max(self._line.beat, self._delivery.beat if self._delivery is not None else 0.0)
        broker = self._telemetry.beat if self._telemetry is not None else centre
        return time.monotonic() - min(centre, broker) < LONGEST_CALL

    def tell_status(self) -> None:
        """Leave the newest status for the kiosk process, when it differs."""
        status = self._now()
        if status is not None and status != self._status:
            try:
                write_status(self._exchange.uplink_status, status)
            except OSError as error:
                log.error("the status cannot be written: %s", error.strerror)
            else:
                self._status = status

    def _now(self) -> UplinkStatus | None:
        delivery, inbound, telemetry = self._delivery, self._inbound, self._telemetry
        if delivery is None or inbound is None or telemetry is None:
            return None
        contacts = [contact for contact in (delivery.last_contact, inbound.last_contact) if contact is not None]
        return UplinkStatus(
            events_seen=telemetry.events_seen,
            centre_last_contact=max(contacts, default=None),
            centre_trouble=self._centre_trouble,
            broker_connected=telemetry.connected,
            broker_trouble=telemetry.trouble,
            certificate_days=self._certificate_days(),
            packets_refused=delivery.refused,
            telemetry_dropped=telemetry.dropped,
            waits_for_hours=delivery.waits_for_hours,
        )

    @property
    def _centre_trouble(self) -> LinkTrouble | None:
        threads = (self._delivery, self._inbound)
        return next((thread.trouble for thread in threads if thread is not None and thread.trouble is not None), None)

    def _centre_link(self) -> CentreLink:
        """For the broker's thread alone, which asks about once a second."""
        trouble, now = self._centre_trouble, time.monotonic()
        if trouble is None:
            self._centre_ill_since = None
        elif self._centre_ill_since is None:
            self._centre_ill_since = now
        delivery = self._delivery
        refused, waits = (0, False) if delivery is None else (delivery.refused, delivery.waits_for_hours)
        return CentreLink(trouble, now - (self._centre_ill_since or now), refused, waits)

    def _certificate_days(self) -> int:
        return int((self._certificate_expires - time.time()) // 86400)


def make_sound(database: Path, exchange: Exchange) -> None:
    """Set a damaged uplink.db aside and begin a new one: it holds nothing that cannot be had again, but telemetry.

    Raises OSError where it cannot be put aside. A disk that is full shows later, where it is waited for.
    """
    try:
        with closing(Store(database)) as store:
            store.check()
    except sqlite3.OperationalError:
        return
    except sqlite3.DatabaseError as error:
        log.error("uplink.db is set aside, a new one begun: %s; telemetry that waited in it is lost", error)
    else:
        return
    set_aside(database)
    try:
        told = read_status(exchange.uplink_status)
    except Unreadable:
        told = UplinkStatus()
    with closing(Store(database)) as store, store.together():
        store.set_counter("events seen", told.events_seen)
        # How many were lost nobody knows; one says that some were.
        store.set_counter("dropped", told.telemetry_dropped + 1)
        # These only ever rise. No station connects, or cuts a roll-up, as often as once a second.
        for name in ("birth", "rollup"):
            store.set_counter(name, int(time.time()))


def certificate_expiry(path: Path) -> float:
    """Unix seconds at which the first certificate of a PEM file ends. Raises ValueError where there is none."""
    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc.timestamp()
