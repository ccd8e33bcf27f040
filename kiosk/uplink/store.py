"""The uplink's own durable memory, ``uplink.db``: upload addresses, places reached in lists, telemetry not yet out.

WAL with synchronous=FULL: what is committed survives a power cut. One Store belongs to one thread; two of the same
process may have the file open at once, another process never.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS upload (seen INTEGER PRIMARY KEY AUTOINCREMENT, packet TEXT NOT NULL UNIQUE, url TEXT);
CREATE TABLE IF NOT EXISTS cursor (list TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS figure (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS telemetry
    (row INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, birth INTEGER NOT NULL, body BLOB NOT NULL);
"""
_VERSION = 1


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
        if version not in (0, _VERSION):
            raise sqlite3.DatabaseError(f"uplink.db has version {version}, this program knows {_VERSION}")
        self._db.executescript(f"{_SCHEMA} PRAGMA user_version={_VERSION};")

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
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Uploads ----------------------------------------------------------------------------------------------------

    def saw(self, packets: list[str]) -> None:
        """Remember packets in the order they were first seen, whatever the clock said."""
        with self.together():
            self._db.executemany("INSERT OR IGNORE INTO upload (packet) VALUES (?)", [(packet,) for packet in packets])

    def in_order(self) -> list[str]:
        """All packets remembered, oldest first."""
        return [row[0] for row in self._db.execute("SELECT packet FROM upload ORDER BY seen")]

    def upload_url(self, packet: str) -> str | None:
        """Where an upload of this packet was begun."""
        row = self._db.execute("SELECT url FROM upload WHERE packet = ?", (packet,)).fetchone()
        return row[0] if row else None

    def set_upload_url(self, packet: str, url: str | None) -> None:
        """Remember, or forget, where its upload goes on."""
        self._db.execute("UPDATE upload SET url = ? WHERE packet = ?", (url, packet))

    def forget(self, packets: list[str]) -> None:
        """These packets are no longer in the outbox."""
        with self.together():
            self._db.executemany("DELETE FROM upload WHERE packet = ?", [(packet,) for packet in packets])

    # Lists of the centre ------------------------------------------------------------------------------------------

    def cursor(self, name: str) -> int:
        """The highest number taken from the centre's list ``name``."""
        row = self._db.execute("SELECT number FROM cursor WHERE list = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def set_cursor(self, name: str, number: int) -> None:
        """Everything up to ``number`` is here, durably."""
        self._db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (name, number))

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
