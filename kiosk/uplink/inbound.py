"""Orders, rosters, states and keys from the centre into the exchange: opaque bytes that only the kiosk can open."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from kiosk.record.exchange import PARTIAL, Exchange, sync_directory
from kiosk.record.telemetry import LinkTrouble
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.centre import Centre, Declined, Entry, LinkDown, Part
from kiosk.uplink.line import Stopped
from kiosk.uplink.store import Store

log = logging.getLogger(__name__)

SUFFIXES = {"keys": ".keys", "orders": ".order", "rosters": ".roster", "states": ".states"}
"""How the files of each list are named."""
_MAY_BE_MISSING = {"keys", "states"}
AT_ONCE = 50
"""Files brought before packets have their turn again."""
MOST_UNTAKEN = 128 * 1024 * 1024
"""Bytes that may lie in one place: a kiosk process that is behind, or a centre without end, must not fill the disk."""
_MOST_FAILURES = 3
_OF_ONE_FILE = {LinkTrouble.NONSENSE, LinkTrouble.SERVER_ERROR}


class Inbound:
    """Asks the centre every ``every`` seconds what waits for ``station``. One thread calls ``step``.

    Raises OSError where the exchange directories cannot be used, sqlite3.Error where uplink.db cannot.
    """

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
        self._places = {place.name: place for place in exchange.inbound if place.name in SUFFIXES}
        self._beyond: dict[str, set[int]] = {kind: set() for kind in self._places}
        self._tags: dict[Path, str] = {}
        self._every, self._link, self._clock = every, link, clock
        self._due = 0.0
        self.last_contact: int | None = None
        self.trouble: LinkTrouble | None = None
        for place in self._places.values():
            for partial in place.glob(f"*{PARTIAL}"):
                partial.unlink(missing_ok=True)

    def step(self) -> None:
        """Fetch what is new, when it is time."""
        if self._clock() < self._due:
            return
        trouble, more = None, False
        try:
            for kind in self._places:
                try:
                    more |= self._take_in(kind)
                except LinkDown as down:
                    if down.trouble not in _OF_ONE_FILE:
                        raise
                    trouble = down.trouble  # of this list; the others may be in order
        except Stopped:
            return
        except LinkDown as down:
            trouble = down.trouble
        if trouble is None:
            self.last_contact, self.trouble = int(time.time()), None
            self._link.reset()
            self._due = self._clock() + (min(1.0, self._every) if more else self._every)
        else:
            self.trouble = trouble
            self._due = self._clock() + self._link.next()

    def _take_in(self, kind: str) -> bool:
        """Bring what waits in one list; gives whether there is more."""
        after = self._store.cursor(kind)
        try:
            listing = self._centre.listing(self._station, kind, after=after)
            if listing.highest < after:
                # The centre counts lower than before: it was set up anew or restored. What it lists again, the kiosk
                # process tells apart by the sequence number inside.
                log.warning("the centre's list of %s has begun anew", kind)
                after = 0
                self._store.set_cursor(kind, after)
                self._beyond[kind].clear()
                listing = self._centre.listing(self._station, kind, after=after)
        except Declined as declined:
            if declined.is_gone and kind in _MAY_BE_MISSING:
                return False
            log.warning("the centre does not list %s, HTTP status %d", kind, declined.status)
            raise LinkDown(LinkTrouble.NONSENSE) from None
        if any(entry.number <= after or not entry.name.endswith(SUFFIXES[kind]) for entry in listing.files):
            raise LinkDown(LinkTrouble.NONSENSE)
        self._take_files(kind, sorted(listing.files, key=lambda entry: entry.number))
        return after < self._store.cursor(kind) < listing.highest

    def _take_files(self, kind: str, files: list[Entry]) -> None:
        failures, beyond, brought = list[LinkDown](), self._beyond[kind], 0
        for entry in files:
            if entry.number not in beyond:
                if brought == AT_ONCE:
                    break
                if _lying(self._places[kind]) > MOST_UNTAKEN:
                    log.warning("%s lie here that the kiosk process has not taken in: no more are fetched", kind)
                    break
                brought += 1
                try:
                    self._take_one(kind, entry)
                except LinkDown as down:
                    failures.append(down)
                    if down.trouble not in _OF_ONE_FILE or len(failures) == _MOST_FAILURES:
                        raise
                    continue  # one that cannot be had keeps its place in the list, and holds up none behind it
            if failures:
                beyond.add(entry.number)
            else:
                self._store.set_cursor(kind, entry.number)
                beyond.discard(entry.number)
        if failures:
            raise failures[0]

    def _take_one(self, kind: str, entry: Entry) -> None:
        place = self._places[kind]
        path = place / entry.name
        partial = path.with_name(path.name + PARTIAL)
        with partial.open("ab") as file:
            part = Part(file, self._tags.get(partial))
            try:
                self._centre.fetch(self._station, kind, entry, part)
            except Declined as declined:
                if not declined.is_gone:
                    raise LinkDown(LinkTrouble.NONSENSE) from None
                # Listed and then not given: withdrawn in between. What comes after it must not wait.
                log.warning("%s %s is not given any more, HTTP status %d", kind, entry.name, declined.status)
                partial.unlink()
                return
            except OSError:
                partial.unlink()  # there may be no room: leave what there is to others
                raise
            finally:
                if part.tag:
                    self._tags[partial] = part.tag
            size = file.tell()
            file.flush()
            os.fsync(file.fileno())
        self._tags.pop(partial, None)
        partial.rename(path)
        sync_directory(place)
        log.info("%s: %s has come, %d bytes", kind, entry.name, size)


def _lying(place: Path) -> int:
    with os.scandir(place) as entries:
        return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
