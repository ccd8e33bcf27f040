"""What the uplink process brought: verified and taken in by the kiosk process itself, then acknowledged by a marker."""

import errno
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kiosk.record.exchange import Exchange, complete_files, delete_durably, write_durably
from kiosk.record.header import Untrusted
from kiosk.record.keys import CentreTrust, StationKeys
from kiosk.record.ledger import Ledger
from kiosk.record.outbox import Outbox
from kiosk.record.roster import Roster
from kiosk.record.seal import MAX_BYTES

log = logging.getLogger(__name__)

RECEIPT, ORDER, ROSTER = ".receipt", ".order", ".roster"


@dataclass(frozen=True, slots=True)
class Taken:
    """One file was believed and is durably here."""

    file: str


@dataclass(frozen=True, slots=True)
class Refused:
    """One file was not believed; it is acknowledged all the same, so that it does not come up for ever."""

    file: str
    why: Untrusted


class Inbox:
    """Looks, when asked (once a second), for receipts, orders and rosters that are not taken yet."""

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
        self._outbox = outbox
        self._ledger = ledger
        self._roster = roster
        self._keys = keys
        self._trust = trust

    def take_in(self, *, now: datetime) -> list[Taken | Refused]:
        """Take in what is new, oldest name first, and forget the markers of files the uplink has removed."""
        results: list[Taken | Refused] = []
        brought: set[str] = set()
        for directory, suffix, take in (
            (self._exchange.receipts, RECEIPT, self._receipt),
            (self._exchange.orders, ORDER, self._order),
            (self._exchange.rosters, ROSTER, self._take_roster),
        ):
            for path in complete_files(directory, suffix):
                brought.add(path.name)
                if not self._marker(path.name).exists():
                    results += self._one(path, take, now)
        for marker in self._exchange.taken.iterdir():
            if marker.name not in brought and marker.suffix in (RECEIPT, ORDER, ROSTER):
                delete_durably(marker)
        return results

    def _one(self, path: Path, take: Callable[[bytes, datetime], None], now: datetime) -> list[Taken | Refused]:
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return []  # the uplink took it away between our looking and reading
        except OSError as error:
            # One file that a bad disk keeps back must not keep back the rest; it is asked for again.
            log.error(
                "a file from the uplink cannot be read: %s: %s", path.suffix, errno.errorcode.get(error.errno or 0)
            )
            return []
        result: Taken | Refused = Taken(path.name)
        try:
            take(content, now)
        except Untrusted as why:
            result = Refused(path.name, why)
        write_durably(self._marker(path.name), b"")
        return [result]

    def _receipt(self, blob: bytes, now: datetime) -> None:
        self._outbox.settle(blob, now=now)

    def _order(self, blob: bytes, now: datetime) -> None:
        self._ledger.take_order(blob, trust=self._trust, keys=self._keys, now=now)

    def _take_roster(self, blob: bytes, now: datetime) -> None:
        self._roster.import_signed(blob, trust=self._trust, keys=self._keys, now=now)

    def _marker(self, name: str) -> Path:
        return self._exchange.taken / name
