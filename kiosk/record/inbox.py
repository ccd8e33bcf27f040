"""What came from the centre, by the uplink or on a stick: verified and taken in by the kiosk process itself.

A file of the uplink's is acknowledged by a marker, which lets the uplink delete it; one from a stick is deleted.
"""

import errno
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from kiosk.record.exchange import Exchange, complete_files, delete_durably, sync_directory, write_durably
from kiosk.record.header import Untrusted
from kiosk.record.keys import CentreTrust, OldKeys, StationKeys, install_trust, keys_directory
from kiosk.record.ledger import Ledger
from kiosk.record.outbox import Outbox, Settled, StatesTaken
from kiosk.record.roster import Roster
from kiosk.record.seal import MAX_BYTES

log = logging.getLogger(__name__)

KEYS, RECEIPT, ORDER, ROSTER, STATES = ".keys", ".receipt", ".order", ".roster", ".states"
SLICE = 0.5
"""Seconds of one look: hundreds of files must not keep a resident waiting, and the rest comes with the next looks."""

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
    ) -> None:
        self._exchange = exchange
        self._outbox, self._ledger, self._roster = outbox, ledger, roster
        self._keys, self._trust = keys, trust
        # Keys first: what follows may be signed by them. Receipts next: they may make room.
        self._kinds: tuple[tuple[Path, str, Take], ...] = (
            (exchange.keys, KEYS, self._take_keys),
            (exchange.receipts, RECEIPT, self._take_receipt),
            (exchange.orders, ORDER, self._take_order),
            (exchange.rosters, ROSTER, self._take_roster),
            (exchange.states, STATES, self._take_states),
        )

    def take_in(self, *, now: datetime, within: float = SLICE) -> list[Taken | Refused]:
        """Take in what is new, kind by kind, oldest name first, for about ``within`` seconds; at least one file.

        Afterwards the markers of files that the uplink has removed are forgotten.
        """
        until = time.monotonic() + within
        results: list[Taken | Refused] = []
        for path, take, acknowledge in self._new():
            results += self._one(path, take, now, acknowledge)
            if time.monotonic() >= until:
                return results
        self._forget_markers()
        return results

    def _new(self) -> Iterator[tuple[Path, Take, Callable[[Path], None]]]:
        for place, suffix, take in self._kinds:
            for path in complete_files(place, suffix):
                if not self._marker(path).exists():
                    yield path, take, self._mark
            for path in complete_files(self._exchange.brought, suffix):
                yield path, take, delete_durably

    def _one(self, path: Path, take: Take, now: datetime, acknowledge: Callable[[Path], None]) -> list[Taken | Refused]:
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return []  # the uplink took it away between our looking and reading
        except OSError as error:
            # One file that a bad disk keeps back must not keep back the rest; it is asked for again.
            log.error(
                "a file from the centre cannot be read: %s: %s", path.suffix, errno.errorcode.get(error.errno or 0)
            )
            return []
        result: Taken | Refused
        try:
            result = Taken(path.name, take(content, now))
            self._outbox.heard(now=now)
        except Untrusted as why:
            result = Refused(path.name, why)
        acknowledge(path)
        return [result]

    def _take_keys(self, blob: bytes, now: datetime) -> None:
        try:
            self._trust = install_trust(keys_directory(self._exchange.root), blob, keys=self._keys)
        except OldKeys:
            # A station that was granted a list lately fetches all that were made before it: no technician is needed.
            return
        self._outbox.trust = self._trust

    def _take_receipt(self, blob: bytes, now: datetime) -> Settled:
        return self._outbox.settle(blob, now=now)

    def _take_order(self, blob: bytes, now: datetime) -> None:
        self._ledger.take_order(blob, trust=self._trust, keys=self._keys, now=now)

    def _take_roster(self, blob: bytes, now: datetime) -> None:
        self._roster.import_signed(blob, trust=self._trust, keys=self._keys, now=now)

    def _take_states(self, blob: bytes, now: datetime) -> StatesTaken:
        return self._outbox.take_states(blob, now=now)

    def _mark(self, path: Path) -> None:
        write_durably(self._marker(path), b"")

    def _marker(self, path: Path) -> Path:
        return self._exchange.taken / path.name

    def _forget_markers(self) -> None:
        places = {suffix: place for place, suffix, _ in self._kinds}
        gone = [
            marker
            for marker in self._exchange.taken.iterdir()
            if marker.suffix in places and not (places[marker.suffix] / marker.name).exists()
        ]
        for marker in gone:
            marker.unlink(missing_ok=True)
        if gone:
            sync_directory(self._exchange.taken)
