"""The index of a station's packets: which it made, where each is, what the centre said of it. It knows no files.

Everything is asked by primary key or a page at a time, so that memory stays flat however long the queue.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from kiosk.record.database import Database
from kiosk.record.resident import RecordState

PAGE = 256
"""Rows read, or changed by one commit, at a time."""
DAY = 86_400

_SCHEMA = """
CREATE TABLE packets (
    id TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    size INTEGER NOT NULL,
    registration TEXT NOT NULL,
    made INTEGER NOT NULL,
    state TEXT NOT NULL,
    settled INTEGER,
    receipt BLOB
) WITHOUT ROWID;
CREATE INDEX packets_by_sequence ON packets (sequence);
CREATE INDEX packets_by_state ON packets (state, made)"""
_CUSTODY_AND_RECORD = """
ALTER TABLE packets ADD COLUMN receipted INTEGER;
ALTER TABLE packets ADD COLUMN wanted INTEGER;
ALTER TABLE packets ADD COLUMN record TEXT;
ALTER TABLE packets ADD COLUMN record_since INTEGER;
ALTER TABLE packets ADD COLUMN missed INTEGER;
UPDATE packets SET state = 'held' WHERE state = 'waiting';
UPDATE packets SET state = 'tombstone' WHERE state = 'settled';
DROP INDEX packets_by_state;
CREATE INDEX packets_by_state ON packets (state, sequence, id, size, made);
CREATE INDEX packets_by_settled ON packets (settled) WHERE settled IS NOT NULL;
CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
UPDATE packets SET missed = sequence WHERE state = 'lost';
INSERT INTO marks SELECT 'missed', coalesce(max(missed), 0) FROM packets"""
_WHICH_FILE_TOLD = """
ALTER TABLE packets ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
UPDATE packets SET told = coalesce((SELECT value FROM marks WHERE name = 'states'), 0)
    WHERE record IS NOT NULL OR wanted IS NOT NULL;
CREATE INDEX packets_by_missed ON packets (missed) WHERE state = 'lost'"""
_RECEIPTS_BY_AGE = """
CREATE INDEX packets_by_receipt ON packets (settled) WHERE receipt IS NOT NULL"""
_CHANGES = {2: _CUSTODY_AND_RECORD, 3: _WHICH_FILE_TOLD, 4: _RECEIPTS_BY_AGE}
_ENTRY = "id, registration, sequence, size, sha256, made, state, receipted, wanted, record, record_since, missed"


class Custody(Enum):
    """Where a packet is."""

    HELD = "held"
    """Here, and to be delivered."""
    KEPT = "kept"
    """At the centre; its file stays here for a while, sealed, should the centre lose it."""
    TOMBSTONE = "tombstone"
    """At the centre; the file is gone."""
    LOST = "lost"
    """Neither here nor at the centre: reported, never passed over in silence. A receipt settles it."""
    REPLACED = "replaced"
    """Lost, but its resident was recorded again."""


SAFE = frozenset({Custody.HELD, Custody.KEPT, Custody.TOMBSTONE})
DELIVERED = frozenset({Custody.KEPT, Custody.TOMBSTONE})


class Mark(Enum):
    """Numbers to be remembered across a power cut."""

    CONFIRMED = "confirmed"
    STATES = "states"
    """The highest sequence of a states file."""
    CONTACT = "contact"
    """When the newest was made that was believed to be the centre's, Unix seconds."""
    SENT_AGAIN = "sent-again"
    """How many packets the centre had lost and was to be given again."""
    MISSED = "missed"
    """How many packets were ever lost."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one packet. Times in Unix seconds: ``made`` by the station's clock, others by the centre's."""

    packet_id: str
    registration: str
    sequence: int
    size: int
    sha256: bytes
    made: int
    custody: Custody = Custody.HELD
    receipted: int | None = None
    """When the centre made the receipt."""
    wanted: int | None = None
    """When the centre said that it has not got the packet (any more)."""
    record: RecordState | None = None
    """What the centre said last of the record, and since when it is so."""
    record_since: int | None = None
    missed: int | None = None
    """Counts the losses, where it is one."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits to be delivered: packets, their bytes, and when the oldest was made (Unix seconds; None if none)."""

    count: int
    bytes: int
    oldest: int | None


class PacketIndex:
    """``index.db``."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            DatabaseDamaged: by reason.
        """
        self._database = Database(path, _SCHEMA, version=4, changes=_CHANGES)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def confirm(self) -> None:
        """Make all durable that can be read here, and let nothing else come back.

        After a commit that failed, and after a process was killed in one, the log may hold more than the disk does, or
        more than is read. One commit more syncs the former, and is written over the latter.
        """
        with self._database.transaction() as write:
            _count(write, Mark.CONFIRMED)

    # Asking ---------------------------------------------------------------------------------------------------------

    def entry(self, packet_id: str) -> Entry | None:
        """Find a packet."""
        return self._one("id = ?", packet_id)

    def numbered(self, sequence: int) -> Entry | None:
        """Find a packet by its number."""
        return self._one("sequence = ?", sequence)

    def last(self) -> tuple[int, bytes | None]:
        """Give the highest number given out, and that packet's hash; lost ones count: the centre sees the gap."""
        row = self._database.row("SELECT sequence, sha256 FROM packets ORDER BY sequence DESC LIMIT 1")
        return (0, None) if row is None else (row[0], bytes(row[1]))

    def page(self, custody: Custody, after: tuple[int, str] = (0, ""), *, most: int = PAGE) -> list[Entry]:
        """Some packets in one custody, by number; ``after`` is number and id of the last one seen."""
        return self._all(
            "state = ? AND (sequence, id) > (?, ?) ORDER BY sequence, id LIMIT ?", custody.value, *after, most
        )

    def each(self, custody: Custody) -> Iterator[Entry]:
        """All packets in one custody, by number; what is changed meanwhile may or may not appear."""
        after = (0, "")
        while found := self.page(custody, after):
            yield from found
            after = (found[-1].sequence, found[-1].packet_id)

    def lost(self, after: int) -> Iterator[Entry]:
        """All losses counted beyond ``after``, in the order in which they were noticed."""
        while found := self._all("state = 'lost' AND missed > ? ORDER BY missed LIMIT ?", after, PAGE):
            yield from found
            after = found[-1].missed or after

    def counts(self) -> dict[Custody, int]:
        """Count all packets."""
        rows = self._database.rows("SELECT state, count(*) FROM packets GROUP BY state")
        return dict.fromkeys(Custody, 0) | {Custody(state): count for state, count in rows}

    def count(self, custody: Custody) -> int:
        """Count the packets in one custody."""
        return int(self._database.row("SELECT count(*) FROM packets WHERE state = ?", custody.value)[0])

    def waiting(self) -> Waiting:
        """Count what waits."""
        query = "SELECT count(*), coalesce(sum(size), 0), min(made) FROM packets WHERE state = 'held'"
        return Waiting(*self._database.row(query))

    def kept_bytes(self) -> int:
        """Count what could be let go of."""
        return int(self._database.row("SELECT coalesce(sum(size), 0) FROM packets WHERE state = 'kept'")[0])

    def made_since(self, since: int, *, until: int) -> tuple[int, int]:
        """Count the days (UTC) with recordings, and the bytes of these."""
        query = "SELECT count(DISTINCT made / ?), coalesce(sum(size), 0) FROM packets WHERE made BETWEEN ? AND ?"
        days, size = self._database.row(query, DAY, since, until)
        return int(days), int(size)

    def due(self, before: int) -> list[Entry]:
        """Some delivered packets that are still kept and were settled before this."""
        return self._all("+state = 'kept' AND settled < ? LIMIT ?", before, PAGE)

    def mark(self, mark: Mark) -> int | None:
        """Read a mark."""
        row = self._database.row("SELECT value FROM marks WHERE name = ?", mark.value)
        return None if row is None else int(row[0])

    # Writing: each call is durable as a whole when it returns ---------------------------------------------------------

    def enter(self, entries: Sequence[Entry], *, replaces: str | None = None) -> None:
        """Note new packets that are held; in the same instant a lost one may become replaced."""
        with self._database.transaction() as write:
            write.executemany(
                "INSERT INTO packets (id, sequence, sha256, size, registration, made, state)"
                " VALUES (?, ?, ?, ?, ?, ?, 'held')",
                [(e.packet_id, e.sequence, e.sha256, e.size, e.registration, e.made) for e in entries],
            )
            if replaces is not None:
                write.execute("UPDATE packets SET state = 'replaced' WHERE id = ? AND state = 'lost'", (replaces,))

    def move(self, packet_ids: Iterable[str], custody: Custody) -> None:
        """Note where packets are now."""
        with self._database.transaction() as write:
            for packet_id in packet_ids:
                _move(write, packet_id, custody)

    def settle(self, packet_id: str, custody: Custody, *, receipt: bytes, receipted: int, settled: int) -> None:
        """Note that the centre has it, and the proof."""
        with self._database.transaction() as write:
            write.execute(
                "UPDATE packets SET state = ?, receipt = ?, receipted = ?, settled = ? WHERE id = ?",
                (custody.value, receipt, receipted, settled, packet_id),
            )

    def take_states(
        self,
        sequence: int,
        states: Mapping[str, tuple[RecordState, int]],
        missing: Iterable[tuple[str, Custody | None]],
        *,
        made: int,
    ) -> int:
        """Note what the centre said, and where that leaves what it misses (None: where it is).

        Nothing is changed of a packet about which a later file has spoken. Gives how many ids nobody knows here.
        """
        unknown = 0
        with self._database.transaction() as write:
            for packet_id, (record, since) in states.items():
                # A record that moves on is there again, whatever was said of its packet.
                found = write.execute(
                    "UPDATE packets SET record = ?, record_since = ?, wanted = NULL, told = ?"
                    " WHERE id = ? AND told < ?",
                    (record.value, since, sequence, packet_id, sequence),
                )
                if found.rowcount == 0:
                    unknown += write.execute("SELECT 1 FROM packets WHERE id = ?", (packet_id,)).fetchone() is None
            for packet_id, custody in missing:
                write.execute(
                    "UPDATE packets SET wanted = ?, record = NULL, told = ? WHERE id = ?", (made, sequence, packet_id)
                )
                if custody is not None:
                    _move(write, packet_id, custody)
                if custody is Custody.HELD:
                    _count(write, Mark.SENT_AGAIN)
            (highest,) = write.execute("SELECT max(value) FROM marks WHERE name = ?", (Mark.STATES.value,)).fetchone()
            _mark(write, Mark.STATES, max(highest or 0, sequence))
        return unknown

    def forget(self, before: int, final: Iterable[RecordState]) -> int:
        """Drop some tombstones of before, never the last packet's: the next one names its hash. Gives how many."""
        done = [record.value for record in final]
        marks = ", ".join("?" * len(done))
        with self._database.transaction() as write:
            found = write.execute(
                "DELETE FROM packets WHERE id IN (SELECT id FROM packets WHERE"  # noqa: S608  # question marks
                f" (+state = 'tombstone' AND record IN ({marks}) AND settled < ? OR state = 'replaced' AND made < ?)"
                " AND sequence < (SELECT max(sequence) FROM packets) LIMIT ?)",
                (*done, before, before, PAGE),
            )
            return int(found.rowcount)

    def drop_receipts(self, before: int) -> None:
        """Drop some receipts of packets settled before this; that and when they were receipted stays."""
        with self._database.transaction() as write:
            write.execute(
                "UPDATE packets SET receipt = NULL WHERE id IN"
                " (SELECT id FROM packets WHERE receipt IS NOT NULL AND settled < ? LIMIT ?)",
                (before, PAGE),
            )

    def set_mark(self, mark: Mark, value: int) -> None:
        """Remember a number."""
        with self._database.transaction() as write:
            _mark(write, mark, value)

    def _one(self, where: str, *values: object) -> Entry | None:
        row = self._database.row(f"SELECT {_ENTRY} FROM packets WHERE {where}", *values)  # noqa: S608  # our own text
        return None if row is None else _entry(row)

    def _all(self, where: str, *values: object) -> list[Entry]:
        rows = self._database.rows(f"SELECT {_ENTRY} FROM packets WHERE {where}", *values)  # noqa: S608  # as above
        return [_entry(row) for row in rows]


def _entry(row: Any) -> Entry:
    packet_id, registration, sequence, size, digest, made, state, receipted, wanted, record, since, missed = row
    return Entry(
        packet_id,
        registration,
        sequence,
        size,
        bytes(digest),
        made,
        Custody(state),
        receipted,
        wanted,
        None if record is None else RecordState(record),
        since,
        missed,
    )


def _move(write: Any, packet_id: str, custody: Custody) -> None:
    missed = _count(write, Mark.MISSED) if custody is Custody.LOST else None
    write.execute("UPDATE packets SET state = ?, missed = ? WHERE id = ?", (custody.value, missed, packet_id))


def _count(write: Any, mark: Mark) -> int:
    (before,) = write.execute("SELECT value FROM marks WHERE name = ?", (mark.value,)).fetchone() or (0,)
    _mark(write, mark, before + 1)
    return int(before) + 1


def _mark(write: Any, mark: Mark, value: int) -> None:
    write.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (mark.value, value))
