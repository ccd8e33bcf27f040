"""Cards and blanks: what the centre ordered, what was about to be printed, what came of it. Kept encrypted.

The intent is on disk before the printer hears of a card. An intent without an outcome is *unknown*: it is never
printed again by guess, only after a person has looked.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from kiosk.record.database import Database
from kiosk.record.header import Kind, Untrusted
from kiosk.record.keys import CentreTrust, StationKeys
from kiosk.record.order import CardOrder
from kiosk.record.roster import addressed
from kiosk.record.seal import open_sealed

_SCHEMA = """
CREATE TABLE orders (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL UNIQUE, nik TEXT NOT NULL, body BLOB NOT NULL,
    valid_until INTEGER, taken INTEGER NOT NULL, state TEXT NOT NULL);
CREATE INDEX orders_by_nik ON orders (nik, sequence);
CREATE TABLE prints (number INTEGER PRIMARY KEY AUTOINCREMENT, order_id TEXT NOT NULL REFERENCES orders (id),
    blank TEXT, by_finger INTEGER NOT NULL, officer TEXT, intended INTEGER NOT NULL, outcome TEXT, told INTEGER,
    told_by TEXT);
CREATE TABLE blanks (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, count INTEGER NOT NULL,
    at INTEGER NOT NULL, print INTEGER REFERENCES prints (number), officer TEXT)"""


class OrderState(Enum):
    """Where an order stands at this station."""

    OPEN = "open"
    INTENDED = "intended"
    """The printer may have been told; what came of it is not known (yet)."""
    PRINTED = "printed"


class Outcome(Enum):
    """What came of a print, as the printer or a person who looked says."""

    PRINTED = "printed"
    REFUSED = "refused"
    """Nothing was printed, no blank was used."""
    SPOILED = "spoiled"
    """A blank was used up; the card may be printed again."""
    UNKNOWN = "unknown"


class Movement(Enum):
    """How blanks come and go."""

    RECEIVED = "received"
    ISSUED = "issued"
    SPOILED = "spoiled"


class OrderRefused(Untrusted):
    """The order is the centre's, but cannot be taken."""


class NotPrintable(Exception):
    """This order must not be printed now; the sentence says why, and what to do."""


@dataclass(frozen=True, slots=True)
class TakenOrder:
    """An order that is durably here; ``again`` when it was before."""

    order_id: str
    again: bool


@dataclass(frozen=True, slots=True)
class Blanks:
    """The count of blanks; ``uncertain`` are prints of which nobody knows whether they used one."""

    received: int
    issued: int
    spoiled: int
    uncertain: int

    @property
    def on_hand(self) -> int:
        """How many should lie in the feeder and the drawer."""
        return self.received - self.issued - self.spoiled


class Ledger:
    """``ledger.db``, encrypted as a whole."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Open or make the file; ``key`` is 32 bytes.

        Raises:
            DatabaseDamaged: by reason.
        """
        self._database = Database(path, _SCHEMA, version=1, key=key)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    # Orders ---------------------------------------------------------------------------------------------------------

    def take_order(self, blob: bytes, *, trust: CentreTrust, keys: StationKeys, now: datetime) -> TakenOrder:
        """Take in a print order; the same one again has no effect.

        Raises:
            Untrusted: by reason; OrderRefused when its number is below the highest this station has seen.
        """
        opened = open_sealed(blob, kind=Kind.ORDER, verifying=trust.orders, opening=(keys.opening,))
        header = opened.header
        addressed(header, station=keys.station, now=now)
        order = CardOrder.unpack(header.id, opened.body)
        with self._database.transaction() as write:
            if write.execute("SELECT 1 FROM orders WHERE id = ?", (header.id,)).fetchone():
                return TakenOrder(header.id, again=True)
            highest = write.execute("SELECT max(sequence) FROM orders").fetchone()[0]
            if highest is not None and header.sequence <= highest:
                raise OrderRefused("the order is older than one this station has already taken")
            write.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    header.id,
                    header.sequence,
                    order.resident.nik,
                    opened.body,
                    header.valid_until,
                    int(now.timestamp()),
                    OrderState.OPEN.value,
                ),
            )
        return TakenOrder(header.id, again=False)

    def order_for(self, nik: str, *, now: datetime) -> CardOrder | None:
        """Find the newest order for this number that is still to be printed, valid or in doubt; None if there is none.

        Ask ``state`` before printing: one whose outcome is unknown is found too, so that the resident can be told.
        """
        row = self._database.row(
            "SELECT id, body FROM orders WHERE nik = ? AND state != ? AND (valid_until IS NULL OR valid_until >= ?)"
            " ORDER BY sequence DESC LIMIT 1",
            nik,
            OrderState.PRINTED.value,
            int(now.timestamp()),
        )
        return None if row is None else CardOrder.unpack(row[0], bytes(row[1]))

    def order(self, order_id: str) -> CardOrder | None:
        """Find an order by its id."""
        row = self._database.row("SELECT body FROM orders WHERE id = ?", order_id)
        return None if row is None else CardOrder.unpack(order_id, bytes(row[0]))

    def state(self, order_id: str) -> OrderState | None:
        """Tell where an order stands; None for one that is not here."""
        row = self._database.row("SELECT state FROM orders WHERE id = ?", order_id)
        return None if row is None else OrderState(row[0])

    # Printing -------------------------------------------------------------------------------------------------------

    def intend(
        self,
        order_id: str,
        *,
        now: datetime,
        by_finger: bool,
        officer: str | None = None,
        blank: str | None = None,
    ) -> None:
        """Write down that this card is about to be printed. Only when this returns may the printer be told.

        Raises:
            NotPrintable: already printed, in doubt, no longer valid, or unknown.
        """
        if not by_finger and officer is None:
            raise NotPrintable("The owner was confirmed neither by finger nor by an officer.")
        moment = int(now.timestamp())
        with self._database.transaction() as write:
            row = write.execute("SELECT state, valid_until FROM orders WHERE id = ?", (order_id,)).fetchone()
            if row is None:
                raise NotPrintable("There is no such order at this station.")
            if row[0] == OrderState.PRINTED.value:
                raise NotPrintable("This card has been printed already.")
            if row[0] == OrderState.INTENDED.value:
                raise NotPrintable("Whether this card came out is not known; an officer must look and say so first.")
            if row[1] is not None and moment > row[1]:
                raise NotPrintable("The order is no longer valid; the centre must send a new one.")
            write.execute("UPDATE orders SET state = ? WHERE id = ?", (OrderState.INTENDED.value, order_id))
            write.execute(
                "INSERT INTO prints (order_id, blank, by_finger, officer, intended) VALUES (?, ?, ?, ?, ?)",
                (order_id, blank, by_finger, officer, moment),
            )

    def outcome(self, order_id: str, outcome: Outcome, *, now: datetime, officer: str | None = None) -> None:
        """Write down what came of the print that was intended last; an officer may say so later of an unknown one.

        Raises:
            NotPrintable: when no print of this order is open.
        """
        moment = int(now.timestamp())
        with self._database.transaction() as write:
            row = write.execute(
                "SELECT number FROM prints WHERE order_id = ? AND (outcome IS NULL OR outcome = ?)"
                " ORDER BY number DESC LIMIT 1",
                (order_id, Outcome.UNKNOWN.value),
            ).fetchone()
            if row is None:
                raise NotPrintable("No print of this order is waiting for an outcome.")
            write.execute(
                "UPDATE prints SET outcome = ?, told = ?, told_by = ? WHERE number = ?",
                (outcome.value, moment, officer, row[0]),
            )
            if outcome is Outcome.UNKNOWN:
                return
            after = OrderState.PRINTED if outcome is Outcome.PRINTED else OrderState.OPEN
            write.execute("UPDATE orders SET state = ? WHERE id = ?", (after.value, order_id))
            if outcome in _USES_BLANK:
                write.execute(
                    "INSERT INTO blanks (kind, count, at, print, officer) VALUES (?, 1, ?, ?, ?)",
                    (_USES_BLANK[outcome].value, moment, row[0], officer),
                )

    def uncertain(self) -> tuple[str, ...]:
        """Orders of which nobody knows whether their card came out: those an officer must look at."""
        rows = self._database.rows("SELECT id FROM orders WHERE state = ? ORDER BY sequence", OrderState.INTENDED.value)
        return tuple(row[0] for row in rows)

    # Blanks ---------------------------------------------------------------------------------------------------------

    def receive_blanks(self, count: int, *, officer: str, now: datetime) -> None:
        """Write down a delivery of blanks.

        Raises:
            ValueError: when ``count`` is not positive.
        """
        if count <= 0:
            raise ValueError("a delivery brings at least one blank")
        with self._database.transaction() as write:
            write.execute(
                "INSERT INTO blanks (kind, count, at, officer) VALUES (?, ?, ?, ?)",
                (Movement.RECEIVED.value, count, int(now.timestamp()), officer),
            )

    def blanks(self) -> Blanks:
        """Count the blanks."""
        sums = dict(self._database.rows("SELECT kind, sum(count) FROM blanks GROUP BY kind"))
        received, issued, spoiled = (sums.get(kind.value, 0) for kind in Movement)
        return Blanks(received, issued, spoiled, uncertain=len(self.uncertain()))


_USES_BLANK = {Outcome.PRINTED: Movement.ISSUED, Outcome.SPOILED: Movement.SPOILED}
