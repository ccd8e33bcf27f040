"""Cards and blanks: what the centre ordered, what was about to be printed, what came of it. Kept encrypted.

The intent is on disk before the printer hears of a card. An intent without an outcome is *unknown*: it is never
printed again by guess, only after a person has looked.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

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
_PASSED_OVER = "CREATE TABLE passed (sequence INTEGER PRIMARY KEY)"
GOOD_SECONDS = 100 * 86_400
"""How much earlier than another the centre made an order that is over: they are good for 90 days."""


class OrderState(Enum):
    """Where an order stands at this station."""

    OPEN = "open"
    INTENDED = "intended"
    """The printer may have been told; what came of it is not known (yet)."""
    PRINTED = "printed"
    SUPERSEDED = "superseded"
    """A newer order of the same resident was printed: this one never will be."""


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

        Prints that were under way when the process last ended are unknown from now on: ``interrupted`` names their
        orders.

        Raises:
            DatabaseDamaged: by reason.
        """
        self._database = Database(path, _SCHEMA, version=2, changes={2: _PASSED_OVER}, key=key)
        self.interrupted = self._doubt_interrupted()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    # Orders ---------------------------------------------------------------------------------------------------------

    def take_order(self, blob: bytes, *, trust: CentreTrust, keys: StationKeys, now: datetime) -> TakenOrder:
        """Take in a print order; the same one again has no effect, for orders stay known for ever.

        It may come after later ones of other residents: a bad place on a stick or a line that broke held it up.

        Raises:
            Untrusted: by reason; OrderRefused when a newer order of the same resident is here.
        """
        opened = open_sealed(blob, kind=Kind.ORDER, verifying=trust.orders, opening=keys.openings)
        header = opened.header
        addressed(header, station=keys.station, now=now)
        order = CardOrder.unpack(header.id, opened.body)
        with self._database.transaction() as write:
            if write.execute("SELECT 1 FROM orders WHERE id = ?", (header.id,)).fetchone():
                return TakenOrder(header.id, again=True)
            if write.execute("SELECT 1 FROM orders WHERE sequence = ?", (header.sequence,)).fetchone():
                raise OrderRefused("another order of this number is here; the centre must send it with a new one")
            newer = (order.resident.nik, header.sequence)
            if write.execute("SELECT 1 FROM orders WHERE nik = ? AND sequence > ?", newer).fetchone():
                raise OrderRefused("a newer order of the same resident is here")
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

    def pass_over(self, sequence: int) -> None:
        """Remember that the order of this number was the centre's, and is not wanted any more."""
        with self._database.transaction() as write:
            write.execute("INSERT OR IGNORE INTO passed VALUES (?)", (sequence,))

    def last_order(self) -> int:
        """Tell the number up to which no order lacks that may still be good: the centre sends again what is above."""
        # By the centre's clock: the station's may be wrong.
        over = "SELECT max(sequence) FROM orders WHERE valid_until < (SELECT max(valid_until) FROM orders) - ?"
        last = int(self._database.row(over, GOOD_SECONDS)[0] or 0)
        known = "SELECT sequence FROM orders WHERE sequence > ?1 UNION SELECT sequence FROM passed WHERE sequence > ?1"
        for (sequence,) in self._database.rows(f"{known} ORDER BY sequence", last):
            if sequence > last + 1:
                break
            last = sequence
        return last

    def order_for(self, nik: str, *, now: datetime) -> CardOrder | None:
        """Find the order for this number that is in doubt, else the newest valid one still to be printed; or None.

        Ask ``state`` before printing: as long as one is in doubt, no other is offered, or there might be two cards.
        """
        row = self._database.row(
            "SELECT id, body FROM orders"
            " WHERE nik = ?1 AND (state = ?2 OR state = ?3 AND (valid_until IS NULL OR valid_until >= ?4))"
            " ORDER BY state = ?2 DESC, sequence DESC LIMIT 1",
            nik,
            OrderState.INTENDED.value,
            OrderState.OPEN.value,
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
            NotPrintable: already printed, superseded, in doubt (it or another of the resident), no longer valid, or
                unknown.
        """
        if not by_finger and officer is None:
            raise NotPrintable("The owner was confirmed neither by finger nor by an officer.")
        moment = int(now.timestamp())
        with self._database.transaction() as write:
            row = write.execute("SELECT state, valid_until, nik FROM orders WHERE id = ?", (order_id,)).fetchone()
            if row is None:
                raise NotPrintable("There is no such order at this station.")
            if row[0] == OrderState.PRINTED.value:
                raise NotPrintable("This card has been printed already.")
            if row[0] == OrderState.SUPERSEDED.value:
                raise NotPrintable("A newer order of this card has been printed.")
            doubted = (row[2], OrderState.INTENDED.value)
            if write.execute("SELECT 1 FROM orders WHERE nik = ? AND state = ?", doubted).fetchone():
                raise NotPrintable("Whether this card came out is not known; an officer must look and say so first.")
            if row[1] is not None and moment > row[1]:
                raise NotPrintable("The order is no longer valid; the centre must send a new one.")
            write.execute("UPDATE orders SET state = ? WHERE id = ?", (OrderState.INTENDED.value, order_id))
            write.execute(
                "INSERT INTO prints (order_id, blank, by_finger, officer, intended) VALUES (?, ?, ?, ?, ?)",
                (order_id, blank, by_finger, officer, moment),
            )

    def outcome(self, order_id: str, outcome: Outcome, *, now: datetime) -> None:
        """Write down what the printer says came of the print that is under way.

        Raises:
            NotPrintable: when no print of this order is under way.
        """
        with self._database.transaction() as write:
            row = write.execute(
                "SELECT number FROM prints WHERE order_id = ? AND outcome IS NULL", (order_id,)
            ).fetchone()
            if row is None:
                raise NotPrintable("No print of this order is waiting for an outcome.")
            _conclude(write, row[0], order_id, outcome, int(now.timestamp()), told_by=None)

    def settle(self, order_id: str, outcome: Outcome, *, officer: str, now: datetime) -> None:
        """Write down what an officer, who has looked, says came of an uncertain print.

        ``PRINTED``: the card is there. ``SPOILED``: it is not, or not fit to be given, and a blank is used up.
        ``REFUSED``: nothing came out and no blank was used. After the last two the order may be printed again.

        Raises:
            NotPrintable: the order is not uncertain.
            ValueError: ``UNKNOWN`` settles nothing.
        """
        if outcome is Outcome.UNKNOWN:
            raise ValueError("an officer says what came of the print, or nothing")
        with self._database.transaction() as write:
            row = write.execute(
                "SELECT number FROM prints WHERE order_id = ? AND outcome = ?", (order_id, Outcome.UNKNOWN.value)
            ).fetchone()
            if row is None:
                raise NotPrintable("There is no doubt about this card: what came of it is known, or it is being made.")
            _conclude(write, row[0], order_id, outcome, int(now.timestamp()), told_by=officer)

    def uncertain(self) -> tuple[str, ...]:
        """Orders of which nobody knows whether their card came out: those an officer must look at and ``settle``."""
        rows = self._database.rows(
            "SELECT order_id FROM prints WHERE outcome = ? ORDER BY number", Outcome.UNKNOWN.value
        )
        return tuple(row[0] for row in rows)

    def _doubt_interrupted(self) -> tuple[str, ...]:
        with self._database.transaction() as write:
            rows = write.execute("SELECT order_id FROM prints WHERE outcome IS NULL ORDER BY number").fetchall()
            write.execute("UPDATE prints SET outcome = ? WHERE outcome IS NULL", (Outcome.UNKNOWN.value,))
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


def _conclude(write: Any, number: int, order_id: str, outcome: Outcome, moment: int, *, told_by: str | None) -> None:
    """Book a print's outcome, and what follows for its blank and for the orders of its resident."""
    write.execute(
        "UPDATE prints SET outcome = ?, told = ?, told_by = ? WHERE number = ?",
        (outcome.value, moment, told_by, number),
    )
    if outcome is Outcome.UNKNOWN:
        return
    after = OrderState.PRINTED if outcome is Outcome.PRINTED else OrderState.OPEN
    write.execute("UPDATE orders SET state = ? WHERE id = ?", (after.value, order_id))
    if outcome is Outcome.PRINTED:
        # Older orders are for the same card. A newer one stays open: the centre wants that one in its place.
        write.execute(
            "UPDATE orders SET state = ?1 WHERE state = ?2 AND nik = (SELECT nik FROM orders WHERE id = ?3)"
            " AND sequence < (SELECT sequence FROM orders WHERE id = ?3)",
            (OrderState.SUPERSEDED.value, OrderState.OPEN.value, order_id),
        )
    if outcome in _USES_BLANK:
        write.execute(
            "INSERT INTO blanks (kind, count, at, print, officer) VALUES (?, 1, ?, ?, ?)",
            (_USES_BLANK[outcome].value, moment, number, told_by),
        )
