"""The station's books: roster, outbox and ledger, opened with its keys, and what the uplink process has brought."""

from collections.abc import Callable
from dataclasses import dataclass, field

from kiosk.record import freeze, keeping
from kiosk.record.attempts import Limit
from kiosk.record.checkpoint import Checkpoints
from kiosk.record.clock import Clock, machine_clock
from kiosk.record.exchange import Exchange
from kiosk.record.inbox import Inbox as Arrivals
from kiosk.record.keys import CentreTrust, StationKeys, keys_directory
from kiosk.record.ledger import Ledger
from kiosk.record.outbox import Outbox
from kiosk.record.outbox.packet_index import Waiting
from kiosk.record.outbox.room import USUAL, Retention
from kiosk.record.roster import Roster
from kiosk.record.telemetry import Frozen


@dataclass(frozen=True, slots=True)
class Standing:
    """What the records say of the station's health."""

    waiting: Waiting = field(default_factory=lambda: Waiting(0, 0, None))
    roster_made: int | None = None
    roster_days_left: int | None = None
    blanks: int | None = None
    prints_uncertain: int = 0
    recordings_lost: int = 0
    recordings_sent_again: int = 0
    outbox_damaged: int = 0
    disk_days_left: int | None = None
    frozen: Frozen | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """The open databases, and who may be believed."""

    keys: StationKeys
    trust: CentreTrust
    roster: Roster
    outbox: Outbox
    ledger: Ledger
    arrivals: Arrivals
    exchange: Exchange
    rules: freeze.Rules
    checkpoints: Checkpoints
    clock: Clock

    def close(self) -> None:
        """Close the files."""
        self.ledger.close()
        self.outbox.close()
        self.roster.close()


Open = Callable[[], Books]
"""Opens the books; called on the clerk's own thread, since SQLite connections stay on theirs."""


def open_books(
    exchange: Exchange,
    *,
    tries: int,
    lock_seconds: int,
    floor: int,
    retention: Retention = USUAL,
    rules: freeze.Rules = freeze.NONE,
    software: str = "",
    go_on_seconds: int = 0,
    clock: Clock | None = None,
) -> Books:
    """Open the station's databases with its keys, and settle what a power cut interrupted.

    ``go_on_seconds``: how long a visit that was interrupted can be gone on with, in this version of the ``software``.

    Raises:
        NotProvisioned, DatabaseDamaged: the sentence says what to do.
    """
    keys_at = keys_directory(exchange.root)
    keys, trust = StationKeys.load(keys_at), CentreTrust.load(keys_at)
    own = exchange.root / "kiosk"
    roster = Roster(own / "roster.db", keys.roster, birth_date=Limit(tries, lock_seconds))
    outbox = Outbox(exchange, own / "index.db", keys=keys, trust=trust, floor=floor, retention=retention)
    ledger = Ledger(own / "ledger.db", keys.ledger)
    keeping.settle_notes(outbox=outbox, roster=roster, lost=(lost.packet_id for lost in outbox.lost()))
    clock = clock or machine_clock()
    arrivals = Arrivals(exchange, outbox=outbox, ledger=ledger, roster=roster, keys=keys, trust=trust, clock=clock)
    checkpoints = Checkpoints(
        exchange.checkpoints,
        keys.checkpoint,
        station=keys.station,
        software=software,
        seconds=go_on_seconds,
        clock=clock,
    )
    return Books(keys, trust, roster, outbox, ledger, arrivals, exchange, rules, checkpoints, clock)
