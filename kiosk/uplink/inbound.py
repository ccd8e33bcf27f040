"""Orders and rosters from the centre into the exchange: opaque bytes that only the kiosk process can open."""

import logging
import time
from collections.abc import Callable

from kiosk.record.exchange import Exchange, write_durably
from kiosk.record.telemetry import LinkTrouble
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.centre import Centre, Declined, Entry, LinkDown
from kiosk.uplink.store import Store

log = logging.getLogger(__name__)


class Inbound:
    """Asks the centre every ``every`` seconds what waits for ``station``. One thread calls ``step``."""

    def __init__(
        self,
        exchange: Exchange,
        centre: Centre,
        store: Store,
        *,
        station: str,
        every: float,
        link: Backoff,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._centre, self._store, self._station = centre, store, station
        self._places = {"orders": exchange.orders, "rosters": exchange.rosters}
        self._every, self._link, self._clock = every, link, clock
        self._due = 0.0
        self.last_contact: int | None = None
        self.trouble: LinkTrouble | None = None

    def step(self) -> None:
        """Fetch what is new, when it is time."""
        if self._clock() < self._due:
            return
        try:
            for kind in self._places:
                self._take_in(kind)
        except LinkDown as down:
            self.trouble = down.trouble
            self._due = self._clock() + self._link.next()
        except Declined as declined:
            log.warning("the centre does not list what waits for this station, HTTP status %d", declined.status)
            self.trouble = LinkTrouble.REFUSED
            self._due = self._clock() + max(self._every, self._link.next())
        else:
            self.last_contact, self.trouble = int(time.time()), None
            self._link.reset()
            self._due = self._clock() + self._every

    def _take_in(self, kind: str) -> None:
        while True:
            after = self._store.cursor(kind)
            listing = self._centre.listing(self._station, kind, after=after)
            if listing.highest < after:
                # The centre counts lower than before: it was set up anew or restored. What it lists again, the kiosk
                # process tells apart by the sequence number inside.
                log.warning("the centre's list of %s has begun anew", kind)
                self._store.set_cursor(kind, 0)
                continue
            if not listing.files:
                return
            for entry in sorted(listing.files, key=lambda entry: entry.number):
                if entry.number <= after:
                    raise LinkDown(LinkTrouble.NONSENSE)
                self._take_one(kind, entry)

    def _take_one(self, kind: str, entry: Entry) -> None:
        try:
            content = self._centre.fetch(self._station, kind, entry)
        except Declined as declined:
            # Listed and then not given: withdrawn in between. What comes after it must not wait.
            log.warning("%s %s is not given any more, HTTP status %d", kind, entry.name, declined.status)
        else:
            write_durably(self._places[kind] / entry.name, content)
            log.info("%s: %s has come, %d bytes", kind, entry.name, len(content))
        self._store.set_cursor(kind, entry.number)
