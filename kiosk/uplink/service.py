"""The uplink process: one thread for the centre, one for the broker, and the main one that watches both."""

import logging
import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from cryptography import x509

from kiosk.notify import Notifier
from kiosk.record.exchange import Exchange
from kiosk.record.telemetry import LinkTrouble, UplinkStatus, write_status
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.centre import Centre
from kiosk.uplink.delivery import Delivery
from kiosk.uplink.inbound import Inbound
from kiosk.uplink.messages import CentreLink
from kiosk.uplink.settings import UplinkSettings
from kiosk.uplink.store import Store
from kiosk.uplink.telemetry import Telemetry

log = logging.getLogger(__name__)

TICK = 1.0
LONGEST_CALL = 300.0
"""Seconds one exchange with the centre or the broker may hold a thread, all its timeouts added up."""


def run(settings: UplinkSettings, *, stop: threading.Event) -> None:
    """Serve until ``stop``; returns within a few seconds, or a minute where a dead connection holds a piece.

    Raises OSError, ssl.SSLError or sqlite3.DatabaseError where files of the configuration or the state directory
    cannot be used, and whatever ended one of its threads: the service manager starts it anew.
    """
    exchange = Exchange(settings.root)
    for place in (exchange.receipts, exchange.orders, exchange.rosters):
        place.mkdir(parents=True, exist_ok=True)
    notifier = Notifier(os.environ)
    work = _Work(settings, exchange, stop)
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="uplink") as threads:
        running: list[Future[None]] = [threads.submit(work.talk_to_centre), threads.submit(work.talk_to_broker)]
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
    for future in running:
        future.result()


class _Work:
    """The two threads' loops and what they can say of themselves."""

    def __init__(self, settings: UplinkSettings, exchange: Exchange, stop: threading.Event) -> None:
        self._settings, self._exchange, self._stop = settings, exchange, stop
        database = settings.root / "uplink" / "uplink.db"
        self._database = database
        self._centre = Centre(settings.centre_url, settings.centre_tls)
        Store(database).close()  # made, or found unusable, before any thread starts
        self._delivery: Delivery | None = None
        self._inbound: Inbound | None = None
        self._telemetry: Telemetry | None = None
        self._status: UplinkStatus | None = None
        self._centre_ill_since: float | None = None
        self._certificate_expires = certificate_expiry(settings.centre_tls.certificate)

    def talk_to_centre(self) -> None:
        """Deliver and fetch, until stopped."""
        store, settings = Store(self._database), self._settings
        first, longest = settings.retry_first_seconds, settings.retry_longest_seconds
        try:
            delivery = self._delivery = Delivery(
                self._exchange, self._centre, store, link=Backoff(first, longest), stop=self._stop
            )
            inbound = self._inbound = Inbound(
                self._exchange,
                self._centre,
                store,
                station=settings.station,
                every=settings.poll_seconds,
                link=Backoff(first, longest),
            )
            while not self._stop.is_set():
                inbound.step()
                if not delivery.step():
                    self._stop.wait(TICK)
        finally:
            self._centre.close()
            store.close()

    def talk_to_broker(self) -> None:
        """Publish, until stopped."""
        store = Store(self._database)
        try:
            telemetry = self._telemetry = Telemetry(
                self._settings, store, certificate_days=self._certificate_days, centre=self._centre_link
            )
            telemetry.run(self._stop)
        finally:
            store.close()

    @property
    def gets_on(self) -> bool:
        """Whether both threads have come round lately: otherwise the watchdog is to end the process."""
        beats = [thread.beat for thread in (self._delivery, self._telemetry) if thread is not None]
        return all(time.monotonic() - beat < LONGEST_CALL for beat in beats)

    def tell_status(self) -> None:
        """Leave the newest status for the kiosk process, when it differs."""
        status = self._now()
        if status is not None and status != self._status:
            self._status = status
            write_status(self._exchange.uplink_status, status)

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
            packets_refused=len(delivery.refused),
            telemetry_dropped=telemetry.dropped,
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
        refused = 0 if self._delivery is None else len(self._delivery.refused)
        return CentreLink(trouble, now - (self._centre_ill_since or now), refused)

    def _certificate_days(self) -> int:
        return int((self._certificate_expires - time.time()) // 86400)


def certificate_expiry(path: Path) -> float:
    """Unix seconds at which the first certificate of a PEM file ends. Raises ValueError where there is none."""
    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc.timestamp()
