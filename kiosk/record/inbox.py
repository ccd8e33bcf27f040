"""What came from the centre, by the uplink or on a stick: verified and taken in by the kiosk process itself.

A file of the uplink's is acknowledged by a marker, which lets the uplink delete it; one from a stick is deleted.
"""

import errno
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from kiosk.record.clock import Clock
from kiosk.record.exchange import (
    ARRIVALS,
    PARTIAL,
    Exchange,
    arrivals,
    delete_durably,
    read_foreign,
    sync_directory,
    write_durably,
)
from kiosk.record.header import NotForUs, UnknownKey, Untrusted
from kiosk.record.keys import CentreTrust, OldKeys, StationKeys, install_trust, keys_directory
from kiosk.record.ledger import Ledger, OrderRefused
from kiosk.record.outbox import Outbox, Settled, StatesTaken
from kiosk.record.roster import NotValidYet, OutOfTime, Roster
from kiosk.record.seal import MAX_BYTES, peek

log = logging.getLogger(__name__)

KEYS, RECEIPT, ORDER, ROSTER, STATES = ARRIVALS
SLICE = 0.5
"""Seconds of one look: hundreds of files must not keep a resident waiting, and the rest comes with the next looks."""
AGAIN = 600.0
"""Seconds after which a file is tried again that could not be read, or not be believed yet."""
MOST_HELD, HELD_SECONDS = 1000, 30 * 86_400
"""How many files are held that may be believed later, and how long after they were made and came."""
_LATER = (UnknownKey, NotForUs, NotValidYet)
_MAY_BE_GOOD = {KEYS: (NotForUs,), ORDER: _LATER, ROSTER: _LATER, STATES: _LATER}
"""What a list of keys, a start with renewed keys, or time itself puts right. Receipts are asked for again."""

News = Settled | StatesTaken | None
Take = Callable[[bytes, datetime], News]


@dataclass(frozen=True, slots=True)
class Taken:
    """One file was believed and is durably here; ``news``: what a receipt or a states file brought."""

    file: str
    news: News = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """One file was not believed; it is acknowledged all the same, so that it does not come up for ever."""

    file: str
    why: Untrusted


class Inbox:
    """Looks, when asked (once a second), for what is not taken yet."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        outbox: Outbox,
        ledger: Ledger,
        roster: Roster,
        keys: StationKeys,
        trust: CentreTrust,
        clock: Clock | None = None,
    ) -> None:
        """``clock`` tells whether the calendar can be believed; None: it can."""
        self._exchange, self._clock = exchange, clock
        self._outbox, self._ledger, self._roster = outbox, ledger, roster
        self._keys, self._trust = keys, trust
        self._takes: dict[str, Take] = {
            KEYS: self._take_keys,
            RECEIPT: self._take_receipt,
            ORDER: self._take_order,
            ROSTER: self._take_roster,
            STATES: self._take_states,
        }
        self._places = dict(zip(ARRIVALS, exchange.inbound, strict=True))
        self._held: dict[Path, float] = {}
        self._stick_first = False
        for place in (exchange.brought, exchange.taken):
            for partial in place.glob(f"*{PARTIAL}"):  # of a power cut
                with suppress(OSError):
                    partial.unlink()

    def take_in(self, *, now: datetime, within: float = SLICE) -> list[Taken | Refused]:
        """Take in what is new, kind by kind, oldest name first, for about ``within`` seconds; at least one file.

        What the uplink and what a stick brought take turns. Afterwards the markers of files that the uplink has removed
        are forgotten.
        """
        until = time.monotonic() + within
        results: list[Taken | Refused] = []
        brought, fetched = arrivals(self._exchange.brought), self._fetched()
        for path in self._turns(brought, [path for path in fetched if not self._marker(path).exists()]):
            if self._held.get(path, 0.0) <= time.monotonic():
                results += self._one(path, now)
                if time.monotonic() >= until:
                    return results
        self._forget({*brought, *fetched})
        return results

    def _fetched(self) -> list[Path]:
        return [path for suffix, place in self._places.items() for path in arrivals(place) if path.suffix == suffix]

    def _turns(self, brought: list[Path], fetched: list[Path]) -> Iterator[Path]:
        sides = [iter(brought), iter(fetched)]
        while sides:
            side = sides[0 if self._stick_first else -1]
            self._stick_first = not self._stick_first
            try:
                yield next(side)
            except StopIteration:
                sides.remove(side)

    def _one(self, path: Path, now: datetime) -> list[Taken | Refused]:
        try:
            content = read_foreign(path, most=MAX_BYTES + 1)
        except FileNotFoundError:
            return []  # the uplink took it away between our looking and reading
        except OSError as error:
            # One file that a bad disk keeps back must not keep back the rest.
            self._hold(path, f"it cannot be read ({errno.errorcode.get(error.errno or 0)})")
            return []
        result: Taken | Refused
        try:
            result = Taken(path.name, self._takes[path.suffix](content, now))
        except Untrusted as why:
            if self._may_be_good(path, content, why, now) and self._hold(path, f"{type(why).__name__}: {why}"):
                return []
            if path.suffix == ORDER and isinstance(why, OrderRefused | OutOfTime):
                self._ledger.pass_over(peek(content).sequence)
            result = Refused(path.name, why)
        else:
            self._outbox.heard(made=peek(content).made, now=now)
        try:
            self._acknowledge(path)
        except OSError as error:
            self._hold(path, f"that it was taken in cannot be written ({errno.errorcode.get(error.errno or 0)})")
        return [result]

    def _acknowledge(self, path: Path) -> None:
        if path.parent == self._exchange.brought:
            delete_durably(path)
        else:
            write_durably(self._marker(path), b"")

    def _hold(self, path: Path, why: str) -> bool:
        """Try this file again later, and say so once; False when too many wait for that."""
        if path not in self._held:
            if len(self._held) >= MOST_HELD:
                return False
            log.warning("a file from the centre is tried again later: %s: %s", path.suffix, why)
        self._held[path] = time.monotonic() + AGAIN
        return True

    def _may_be_good(self, path: Path, content: bytes, why: Untrusted, now: datetime) -> bool:
        trusted = self._calendar_trusted()
        if not isinstance(why, (*_MAY_BE_GOOD.get(path.suffix, ()), *(() if trusted else (OutOfTime,)))):
            return False
        try:
            header = peek(content)
        except Untrusted:
            return False
        if (header.receiver, f".{header.kind.value}") != (self._keys.station, path.suffix):
            return False
        since = float(header.made)
        with suppress(OSError):
            # The later: the calendar may have been wrong when the file came.
            since = max(since, path.lstat().st_mtime)
        return not trusted or now.timestamp() - since < HELD_SECONDS

    def _calendar_trusted(self) -> bool:
        if self._clock is None:
            return True
        roster = self._roster.info()
        return self._clock().trusted(not_before=None if roster is None else roster.made)

    def _take_keys(self, blob: bytes, now: datetime) -> None:
        try:
            self._trust = install_trust(keys_directory(self._exchange.root), blob, keys=self._keys)
        except OldKeys:
            # A station that was granted a list lately fetches all that were made before it: no technician is needed.
            return
        self._outbox.trust = self._trust
        # What these sign may have come before them.
        self._held = dict.fromkeys(self._held, 0.0)

    def _take_receipt(self, blob: bytes, now: datetime) -> Settled:
        return self._outbox.settle(blob, now=now)

    def _take_order(self, blob: bytes, now: datetime) -> None:
        self._ledger.take_order(blob, trust=self._trust, keys=self._keys, now=now)

    def _take_roster(self, blob: bytes, now: datetime) -> None:
        self._roster.import_signed(blob, trust=self._trust, keys=self._keys, now=now)

    def _take_states(self, blob: bytes, now: datetime) -> StatesTaken:
        return self._outbox.take_states(blob, now=now)

    def _marker(self, path: Path) -> Path:
        return self._exchange.taken / path.name

    def _forget(self, there: set[Path]) -> None:
        self._held = {path: due for path, due in self._held.items() if path in there}
        names = {path.name for path in there}
        gone = [marker for marker in arrivals(self._exchange.taken) if marker.name not in names]
        for marker in gone:
            marker.unlink(missing_ok=True)
        if gone:
            sync_directory(self._exchange.taken)
