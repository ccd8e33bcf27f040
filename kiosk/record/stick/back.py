"""What the centre wrote on a USB stick, into the exchange: bytes that only the kiosk process believes or not."""

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from kiosk.record.exchange import ARRIVAL, ARRIVALS, PARTIAL, Exchange, write_durably
from kiosk.record.header import Kind
from kiosk.record.outbox.room import FLOOR
from kiosk.record.seal import MAX_BYTES
from kiosk.record.stick.folder import FROM_CENTRE, REKAM, Folder, Tell, is_shelf, open_stick
from kiosk.record.stick.trouble import NotTaken, StickIll, StickTrouble, Unreadable

BRING_SECONDS = 3600.0
MOST_SMALL, MOST_BROUGHT = 1 << 20, 1 << 30
"""Bytes of a receipt or list of keys (about 5,000 and 20,000), which a full disk does not keep out; and of all."""
UNREADABLE_IN_A_ROW = 5
"""Files that a bad place on the stick may keep back, before the whole stick is called broken."""
_ORDER = tuple(Kind(suffix[1:]) for suffix in ARRIVALS)
_MOST_FILES = {Kind.KEYS: 20, Kind.RECEIPT: 20_000, Kind.ORDER: 20_000, Kind.ROSTER: 20, Kind.STATES: 2000}
"""Files of a kind that one visit brings, lest many of one hold up all others."""
_NEWEST = {Kind.KEYS, Kind.ROSTER}
"""Kinds whose newest file is worth all others; of other kinds the lowest come first."""


@dataclass(frozen=True, slots=True)
class Brought:
    """Files that wait now, by kind, for the kiosk process to verify and take them in.

    ``refused`` were no files of the centre's kinds, or could not be read. ``left`` found no room at the station: they
    are brought when the stick is put in again, after the receipts have freed some.
    """

    receipts: int = 0
    orders: int = 0
    rosters: int = 0
    states: int = 0
    keys: int = 0
    refused: int = 0
    left: int = 0

    @property
    def files(self) -> int:
        """All that were brought."""
        return self.receipts + self.orders + self.rosters + self.states + self.keys


def bring(
    exchange: Exchange,
    station: str,
    stick: Path,
    *,
    tell: Tell = lambda share: None,
    folder: bool = False,
    within: float = BRING_SECONDS,
) -> Brought:
    """Copy what the centre wrote for ``station`` into ``exchange.brought``; the stick is only read.

    Names, sizes and types are checked here; what is inside is believed by nobody before the kiosk process has verified
    it. To bring the same again does no harm.

    Raises:
        StickIll: by trouble; what was brought until then stays.
        OSError: the station's own disk is ill.
    """
    with ExitStack() as held:
        place = held.enter_context(open_stick(stick, folder=folder, within=within))
        for name in (REKAM, station, FROM_CENTRE):
            below = place.folder(name)
            if below is None:
                return Brought()
            place = held.enter_context(below)
        return _Bringing(exchange.brought, place, tell).run()


@dataclass(frozen=True, slots=True, order=True)
class _Found:
    """A file with a name of the centre's; ordered as they are best taken in: keys and receipts first, oldest first."""

    rank: int
    shelf: str
    name: str
    size: int

    @property
    def kind(self) -> Kind:
        return _ORDER[self.rank]


class _Bringing:
    """One visit to ``from-centre``."""

    def __init__(self, brought: Path, place: Folder, tell: Tell) -> None:
        self._brought = brought
        self._place = place
        self._tell = tell
        self._counts = dict.fromkeys(_ORDER, 0)
        self._budget = MOST_BROUGHT
        self._refused = self._left = self._in_a_row = 0
        self._states_lack = False

    def run(self) -> Brought:
        found = self._found()
        done = 0
        for shelf_name, on_shelf in groupby(found, key=lambda each: each.shelf):
            with self._place.opened(shelf_name) as shelf:
                for each in on_shelf:
                    self._bring(each, shelf)
                    done += 1
                    self._tell(done / len(found))
        return Brought(
            receipts=self._counts[Kind.RECEIPT],
            orders=self._counts[Kind.ORDER],
            rosters=self._counts[Kind.ROSTER],
            states=self._counts[Kind.STATES],
            keys=self._counts[Kind.KEYS],
            refused=self._refused,
            left=self._left,
        )

    def _found(self) -> list[_Found]:
        found: dict[str, _Found] = {}
        for shelf_name, shelf in self._place.shelves():
            for entry in shelf.entries():
                named = ARRIVAL.fullmatch(entry.name)
                if named is not None and not entry.is_folder:
                    rank = ARRIVALS.index(named[1])
                    found.setdefault(entry.name, _Found(rank, shelf_name, entry.name, entry.size))
                elif not is_shelf(entry.name) and not entry.name.endswith(PARTIAL):
                    self._refused += 1
        chosen: list[_Found] = []
        for kind in _ORDER:
            of_kind, most = sorted(each for each in found.values() if each.kind is kind), _MOST_FILES[kind]
            chosen += of_kind[-most:] if kind in _NEWEST else of_kind[:most]
        self._left += len(found) - len(chosen)
        return chosen

    def _bring(self, each: _Found, shelf: Folder) -> None:
        # Each file of states tells only what is new: the centre is told the highest that came, and sends what is above.
        if each.kind is Kind.STATES and self._states_lack:
            self._left += 1
        elif not self._take(each, shelf):
            self._states_lack |= each.kind is Kind.STATES

    def _take(self, each: _Found, shelf: Folder) -> bool:
        small = each.kind in (Kind.RECEIPT, Kind.KEYS)
        if each.size > self._budget or (not small and self._room() - each.size < FLOOR):
            self._left += 1
            return False
        try:
            content = shelf.read(each.name, most=MOST_SMALL if small else MAX_BYTES)
        except NotTaken as why:
            self._refused += 1
            self._in_a_row = self._in_a_row + 1 if isinstance(why, Unreadable) else 0
            if self._in_a_row == UNREADABLE_IN_A_ROW:
                raise StickIll(StickTrouble.ILL) from why
            return False
        write_durably(self._brought / each.name, content, mode=0o600)
        self._counts[each.kind] += 1
        self._budget -= len(content)
        self._in_a_row = 0
        return True

    def _room(self) -> int:
        return shutil.disk_usage(self._brought).free
