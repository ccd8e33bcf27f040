"""Keys, orders, rosters and states from the centre into the exchange: opaque bytes that only the kiosk can open.

A list is gone through once, lowest number first. What cannot be had is remembered as a hole, durably, and tried again
more and more seldom: it holds up nothing behind it. The kiosk process takes files in whatever order they come.
"""

import logging
import math
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kiosk.record.exchange import PARTIAL, Exchange, sync_directory
from kiosk.record.telemetry import LinkTrouble
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.centre import LARGEST_FILE, Centre, Declined, Entry, LinkDown, Listing, NoRoom, Part
from kiosk.uplink.line import Stopped
from kiosk.uplink.store import Store

log = logging.getLogger(__name__)

SUFFIXES = {"keys": ".keys", "orders": ".order", "rosters": ".roster", "states": ".states"}
"""How the files of each list are named."""
_MAY_BE_MISSING = {"keys", "states"}
AT_ONCE = 50
"""Files brought before packets have their turn again."""
MOST_UNTAKEN = 128 * 1024 * 1024
MOST_FILES_UNTAKEN = 5000
"""Bytes and files that may lie in one place: a kiosk process that is behind, or a centre without end, must not fill
the disk."""
LARGEST_KEYS = 1024 * 1024
"""Bytes of a list of keys, which a full disk does not keep out: without it, what frees room may not be believed."""
MOST_HOLES = 1000
MOST_HURRIED = 60
"""Times an hour that a list is asked for again at once, because it has more: a centre that always has more is not worth
a metered line."""
_HOUR = 3600.0
_LONGEST_HOLE = 6 * _HOUR
_MOST_FAILURES = 10
_KEYS_FIRST = 10
"""Failures in a row, some 10 minutes, for which the keys hold up the other lists, which may be signed by new ones."""
_OF_ONE_FILE = {LinkTrouble.NONSENSE, LinkTrouble.SERVER_ERROR}


@dataclass(slots=True)
class _Hole:
    """A file that was listed and could not be had; ``due`` in monotonic seconds."""

    entry: Entry
    patience: Backoff
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class _Cut:
    """What has come of a file, in bytes, and the tag by which the centre knows it."""

    partial: Path
    tag: str
    size: int


class Inbound:
    """Asks the centre every ``every`` seconds what waits for ``station``. One thread calls ``step``.

    ``floor``: bytes of the disk that are the kiosk process's, and stay free. Raises OSError where the exchange
    directories cannot be used, sqlite3.Error where uplink.db cannot.
    """

    def __init__(
        self,
        exchange: Exchange,
        centre: Centre,
        store: Store,
        *,
        station: str,
        every: float,
        floor: int,
        link: Backoff,
        clock: Callable[[], float] = time.monotonic,
        free: Callable[[Path], int] = lambda place: shutil.disk_usage(place).free,
    ) -> None:
        self._centre, self._store, self._station = centre, store, station
        self._places = {place.name: place for place in exchange.inbound if place.name in SUFFIXES}
        self._every, self._floor, self._free = every, floor, free
        self._link, self._clock = link, clock
        self._holes = {
            kind: {number: self._hole(Entry(number, name)) for number, name in store.holes(kind)}
            for kind in self._places
        }
        self._cuts: dict[str, _Cut] = {}
        self._brought: list[Path] = []
        self._due, self._hurry_at = 0.0, math.inf
        self._hour_ends, self._hurried = 0.0, 0
        self._anew_at: dict[str, float] = {}
        self.last_contact: int | None = None
        self.trouble: LinkTrouble | None = None
        for place in self._places.values():
            for partial in place.glob(f"*{PARTIAL}"):
                partial.unlink(missing_ok=True)

    def step(self) -> None:
        """Fetch what is new, when it is time."""
        if not self._is_time(self._clock()):
            return
        self._brought = []
        trouble, more = None, False
        try:
            for kind in self._places:
                try:
                    more |= self._take_in(kind)
                except LinkDown as down:
                    keys_first = kind == "keys" and self._link.failures < _KEYS_FIRST
                    if down.trouble not in _OF_ONE_FILE or keys_first:
                        raise
                    trouble = down.trouble  # of this list; the others may be in order
                if kind == "keys" and any(hole.patience.failures < _KEYS_FIRST for hole in self._holes[kind].values()):
                    break
        except Stopped:
            return
        except LinkDown as down:
            trouble = down.trouble
        now = self._clock()
        self._hurry_at = now + min(1.0, self._every) if more and trouble is None else math.inf
        if trouble is None:
            self._link.reset()
            self._due = now + self._every
        else:
            self._due = now + self._link.next()
        if trouble is not None or self.trouble not in _OF_ONE_FILE or not any(self._holes.values()):
            self.trouble = trouble

    def _is_time(self, now: float) -> bool:
        if now >= self._due:
            return True
        if now < self._hurry_at or any(path.exists() for path in self._brought):
            return False
        if now >= self._hour_ends:
            self._hour_ends, self._hurried = now + _HOUR, 0
        self._hurried += 1
        if self._hurried > MOST_HURRIED:
            self._hurry_at = math.inf
        return self._hurried <= MOST_HURRIED

    # One list -------------------------------------------------------------------------------------------------------

    def _take_in(self, kind: str) -> bool:
        """Bring what waits in one list; gives whether there is more."""
        try:
            after, listing = self._listing(kind)
        except Declined as declined:
            if declined.is_gone and kind in _MAY_BE_MISSING:
                return False
            log.warning("the centre does not list %s, HTTP status %d", kind, declined.status)
            raise LinkDown(LinkTrouble.NONSENSE) from None
        self.last_contact = int(time.time())
        files = sorted(listing.files, key=lambda entry: entry.number)
        if len({entry.number for entry in files}) < len(files) or any(
            entry.number <= after or not entry.name.endswith(SUFFIXES[kind]) for entry in files
        ):
            raise LinkDown(LinkTrouble.NONSENSE)
        self._take_files(kind, files)
        return after < self._store.cursor(kind) < listing.highest

    def _listing(self, kind: str) -> tuple[int, Listing]:
        """What is listed behind a number, and that number."""
        after = self._store.cursor(kind)
        listing = self._centre.listing(self._station, kind, after=after)
        if listing.highest >= after:
            return after, listing
        # The centre counts lower than before: it was set up anew or restored. What it lists again, the kiosk process
        # tells apart by the sequence number inside.
        now = self._clock()
        if now < self._anew_at.get(kind, 0.0):
            raise LinkDown(LinkTrouble.NONSENSE)  # it does so again and again, and would be fetched as often
        self._anew_at[kind] = now + _HOUR
        log.warning("the centre's list of %s has begun anew", kind)
        self._store.begin_anew(kind)
        self._holes[kind].clear()
        return 0, self._centre.listing(self._station, kind, after=0)

    def _take_files(self, kind: str, files: list[Entry]) -> None:
        holes, now, failures, cut = self._holes[kind], self._clock(), list[LinkDown](), self._cuts.get(kind)

        def begun(hole: _Hole) -> bool:
            return cut is not None and cut.partial.name == hole.entry.name + PARTIAL

        due = sorted((hole for hole in holes.values() if hole.due <= now), key=lambda hole: (not begun(hole), hole.due))
        for entry in [*files, *(hole.entry for hole in due)][:AT_ONCE]:
            room = self._room(kind)
            if not room:
                log.warning("there is no room here for more %s: none are fetched", kind)
                break
            before = self._cuts.get(kind)
            try:
                self._take_one(kind, entry, room)
            except NoRoom:
                log.warning("there is no room here for %s %s yet", kind, entry.name)
                self._put_off(kind, entry)
            except OSError as error:
                log.error("%s %s cannot be written: %s", kind, entry.name, error.strerror)
                self._put_off(kind, entry)
                break
            except LinkDown as down:
                self._put_off(kind, entry, got_on=self._cuts.get(kind) not in (None, before))
                failures.append(down)
                if down.trouble is not LinkTrouble.SERVER_ERROR or len(failures) == _MOST_FAILURES:
                    raise
            else:
                self._passed(kind, entry)
        if failures:
            raise failures[0]

    def _room(self, kind: str) -> int:
        """Bytes that one more file may have."""
        with os.scandir(self._places[kind]) as entries:
            lying = [
                entry.stat(follow_symlinks=False).st_size for entry in entries if entry.name.endswith(SUFFIXES[kind])
            ]
        if sum(lying) > MOST_UNTAKEN or len(lying) > MOST_FILES_UNTAKEN:
            return 0
        least = LARGEST_KEYS if kind == "keys" and not lying else 0
        return min(LARGEST_FILE, max(least, self._free(self._places[kind]) - self._floor))

    # One file -------------------------------------------------------------------------------------------------------

    def _take_one(self, kind: str, entry: Entry, room: int) -> None:
        path = self._places[kind] / entry.name
        partial = path.with_name(path.name + PARTIAL)
        cut, keep = self._cuts.get(kind), False
        try:
            with partial.open("ab") as file:
                part = Part(file, cut.tag if cut is not None and cut.partial == partial else None, room)
                try:
                    self._centre.fetch(self._station, kind, entry, part)
                except LinkDown as down:
                    keep = part.tag is not None and down.trouble is not LinkTrouble.NONSENSE
                    if keep:
                        self._keep(kind, _Cut(partial, part.tag or "", file.tell()))
                    raise
                size = file.tell()
                file.flush()
                os.fsync(file.fileno())
            partial.rename(path)
        except Declined as declined:
            if not declined.is_gone:
                raise LinkDown(LinkTrouble.NONSENSE) from None
            # Listed and then not given: withdrawn in between. What comes after it must not wait.
            log.warning("%s %s is not given any more, HTTP status %d", kind, entry.name, declined.status)
            return
        finally:
            if not keep:
                self._drop(kind, partial)
        sync_directory(path.parent)
        self._brought.append(path)
        log.info("%s: %s has come, %d bytes", kind, entry.name, size)

    def _keep(self, kind: str, cut: _Cut) -> None:
        """Keep what has come of one file of a list, and of one only."""
        other = self._cuts.get(kind)
        if other is not None and other.partial != cut.partial:
            other.partial.unlink(missing_ok=True)
        self._cuts[kind] = cut

    def _drop(self, kind: str, partial: Path) -> None:
        partial.unlink(missing_ok=True)
        cut = self._cuts.get(kind)
        if cut is not None and cut.partial == partial:
            del self._cuts[kind]

    # Places in a list -----------------------------------------------------------------------------------------------

    def _hole(self, entry: Entry) -> _Hole:
        return _Hole(entry, Backoff(self._link.first, _LONGEST_HOLE, self._link.spread))

    def _put_off(self, kind: str, entry: Entry, *, got_on: bool = False) -> None:
        holes = self._holes[kind]
        hole = holes.get(entry.number)
        if hole is None:
            if len(holes) >= MOST_HOLES:
                raise LinkDown(LinkTrouble.NONSENSE)  # this one keeps its place in the list
            hole = holes[entry.number] = self._hole(entry)
            self._store.leave_hole(kind, entry.number, entry.name)
        if got_on:
            hole.patience.reset()
        hole.due = self._clock() + hole.patience.next()

    def _passed(self, kind: str, entry: Entry) -> None:
        if self._holes[kind].pop(entry.number, None) is not None:
            self._store.fill_hole(kind, entry.number)
        else:
            self._store.set_cursor(kind, entry.number)
