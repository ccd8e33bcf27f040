"""The uplink's own durable memory, ``uplink.db``: upload addresses, places reached in lists, telemetry not yet out.

WAL with synchronous=FULL: what is committed survives a power cut. One Store belongs to one thread; two of the same
process may have the file open at once, another process never.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.record.exchange import PacketName

_SCHEMA = """
CREATE TABLE IF NOT EXISTS upload (packet TEXT PRIMARY KEY, sequence INTEGER NOT NULL, url TEXT,
    reached INTEGER NOT NULL, whole INTEGER NOT NULL, tries INTEGER NOT NULL, due REAL,
    declined INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS upload_due ON upload (due) WHERE tries;
CREATE INDEX IF NOT EXISTS upload_whole ON upload (due) WHERE whole;
CREATE TABLE IF NOT EXISTS cursor (list TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hole (list TEXT NOT NULL, number INTEGER NOT NULL, file TEXT NOT NULL,
    PRIMARY KEY (list, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS figure (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS telemetry
    (row INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, birth INTEGER NOT NULL, body BLOB NOT NULL);
"""
_VERSION = 3
_FROM_BEFORE = {0: "", 1: "DROP TABLE upload;", 2: "", _VERSION: ""}
"""By version: uploads are begun, or found again, without what version 1 noted of them."""
DAMAGED = ".damaged"


@dataclass(frozen=True, slots=True)
class Upload:
    """What is known of a packet that did not go through at once."""

    name: PacketName
    url: str | None = None
    """Where its upload was begun."""
    reached: int = 0
    """Bytes that the centre was once said to hold."""
    whole: bool = False
    """All of it is there: only the receipt is missing."""
    tries: int = 0
    """How often it was put off since it last got on."""
    declined: bool = False
    """Put off because the centre does not take it."""


@dataclass(frozen=True, slots=True)
class Queued:
    """One telemetry message that must reach the broker; ``birth`` is the connection it was made under."""

    row: int
    kind: str
    birth: int
    body: bytes


class Store:
    """Opens or makes the database at ``path``. Raises sqlite3.DatabaseError: broken, or of another version."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, timeout=10.0, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in _FROM_BEFORE:
            raise sqlite3.DatabaseError(f"uplink.db has version {version}, this program knows {_VERSION}")
        if version != _VERSION:
            self._db.executescript(f"BEGIN; {_FROM_BEFORE[version]} {_SCHEMA} PRAGMA user_version={_VERSION}; COMMIT;")

    def check(self) -> None:
        """Look through the whole file. Raises sqlite3.DatabaseError where it is damaged."""
        (found,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError("uplink.db is damaged")

    def close(self) -> None:
        """Give the file back; may be called twice."""
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """All changes inside are kept, or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:  # a full disk has ended it already
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Uploads ----------------------------------------------------------------------------------------------------

    def upload(self, name: PacketName) -> Upload | None:
        """What was noted of this packet."""
        row = self._db.execute(
            "SELECT sequence, packet, url, reached, whole, tries, declined FROM upload WHERE packet = ?",
            (name.packet_id,),
        ).fetchone()
        return None if row is None else _upload(row)

    def note(self, upload: Upload, *, due: float | None = 0.0) -> None:
        """Keep what is known of a packet; where it was put off, until when (Unix seconds; None: for a verdict)."""
        self._db.execute(
            "INSERT OR REPLACE INTO upload VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (upload.name.packet_id, upload.name.sequence, upload.url, upload.reached, upload.whole, upload.tries, due,
             upload.declined),
        )  # fmt: skip

    def noted(self) -> dict[str, bool]:
        """All packets of which something is known, and whether they were put off until some time."""
        rows = self._db.execute("SELECT packet, tries AND due NOT NULL FROM upload")
        return {packet: bool(put_off) for packet, put_off in rows}

    def due(self, now: float) -> PacketName | None:
        """The packet put off that has been due longest."""
        return self._first("SELECT sequence, packet FROM upload WHERE tries AND due <= ? ORDER BY due LIMIT 1", now)

    def whole(self, now: float) -> PacketName | None:
        """A packet that lacks nothing but its receipt, and is due."""
        return self._first("SELECT sequence, packet FROM upload WHERE whole AND due <= ? ORDER BY due LIMIT 1", now)

    def _first(self, query: str, now: float) -> PacketName | None:
        row = self._db.execute(query, (now,)).fetchone()
        return None if row is None else PacketName(*row)

    def hasten(self, *, now: float, behind: float | None = None) -> None:
        """Let all that were put off, but not declined, be due now; with ``behind``, only those due after that."""
        if behind is None:
            self._db.execute("UPDATE upload SET due = ? WHERE tries AND due > ? AND NOT declined", (now, now))
        else:
            self._db.execute("UPDATE upload SET due = ? WHERE tries AND due > ?", (now, behind))

    def declined(self) -> int:
        """Count the packets that the centre does not take."""
        return int(self._db.execute("SELECT count(*) FROM upload WHERE declined").fetchone()[0])

    def forget(self, packets: Iterable[str]) -> None:
        """These packets are no longer in the outbox, or have begun anew."""
        with self.together():
            self._db.executemany("DELETE FROM upload WHERE packet = ?", [(packet,) for packet in packets])

    # Lists of the centre ------------------------------------------------------------------------------------------

    def cursor(self, name: str) -> int:
        """How far the centre's list ``name`` was gone through."""
        row = self._db.execute("SELECT number FROM cursor WHERE list = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def set_cursor(self, name: str, number: int) -> None:
        """Everything up to ``number`` is here, durably, or a hole."""
        self._db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (name, number))

    def holes(self, name: str) -> list[tuple[int, str]]:
        """Numbers and file names that were passed over in a list, because they could not be had yet."""
        rows = self._db.execute("SELECT number, file FROM hole WHERE list = ? ORDER BY number", (name,))
        return [(int(number), str(file)) for number, file in rows]

    def leave_hole(self, name: str, number: int, file: str) -> None:
        """Pass over a file, which is to be had later."""
        with self.together():
            self._db.execute("INSERT OR REPLACE INTO hole VALUES (?, ?, ?)", (name, number, file))
            self.set_cursor(name, number)

    def fill_hole(self, name: str, number: int) -> None:
        """The file that was passed over is here, or given no more."""
        self._db.execute("DELETE FROM hole WHERE list = ? AND number = ?", (name, number))

    def begin_anew(self, name: str) -> None:
        """Forget where in the list it was."""
        with self.together():
            self._db.execute("DELETE FROM hole WHERE list = ?", (name,))
            self.set_cursor(name, 0)

    # Counters and figures of telemetry --------------------------------------------------------------------------

    def counter(self, name: str) -> int:
        """A durable number, 0 at first."""
        row = self._db.execute("SELECT number FROM counter WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def set_counter(self, name: str, number: int) -> None:
        """Keep a durable number."""
        self._db.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", (name, number))

    def count(self, name: str, by: int = 1) -> int:
        """Raise a durable number and give it."""
        self._db.execute(
            "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET number = number + excluded.number",
            (name, by),
        )
        return self.counter(name)

    def figure(self, name: str) -> bytes | None:
        """A durable value, None at first."""
        row = self._db.execute("SELECT value FROM figure WHERE name = ?", (name,)).fetchone()
        return bytes(row[0]) if row else None

    def set_figure(self, name: str, value: bytes) -> None:
        """Keep a durable value."""
        self._db.execute("INSERT OR REPLACE INTO figure VALUES (?, ?)", (name, value))

    # Telemetry that must arrive -----------------------------------------------------------------------------------

    def enqueue(self, kind: str, body: bytes, *, birth: int) -> None:
        """Add a message at the end."""
        self._db.execute("INSERT INTO telemetry (kind, birth, body) VALUES (?, ?, ?)", (kind, birth, body))

    def queued(self, *, after: int, most: int) -> list[Queued]:
        """The oldest messages behind row ``after``."""
        rows = self._db.execute(
            "SELECT row, kind, birth, body FROM telemetry WHERE row > ? ORDER BY row LIMIT ?", (after, most)
        )
        return [Queued(row, kind, birth, bytes(body)) for row, kind, birth, body in rows]

    def arrived(self, rows: list[int]) -> None:
        """The broker has these."""
        with self.together():
            self._db.executemany("DELETE FROM telemetry WHERE row = ?", [(row,) for row in rows])

    def trim(self, most: int) -> int:
        """Drop the oldest beyond ``most`` messages; gives how many went, which the caller must tell."""
        cut = self._db.execute("SELECT row FROM telemetry ORDER BY row DESC LIMIT 1 OFFSET ?", (most,)).fetchone()
        if cut is None:
            return 0
        return self._db.execute("DELETE FROM telemetry WHERE row <= ?", (cut[0],)).rowcount


def set_aside(path: Path) -> None:
    """Put a damaged database out of the way, where a technician finds it; one found earlier gives way."""
    path.replace(path.with_name(path.name + DAMAGED))
    for log in ("-wal", "-shm"):
        path.with_name(path.name + log).unlink(missing_ok=True)


def _upload(row: Any) -> Upload:
    sequence, packet, url, reached, whole, tries, declined = row
    return Upload(PacketName(sequence, packet), url, reached, bool(whole), tries, bool(declined))
