"""One SQLite file of one process: write-ahead log, full synchronisation, optionally encrypted as a whole.

The distribution's sqlite3 for what says nothing about a person; SQLCipher, same interface, for what does.
"""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import sqlcipher3


class DatabaseDamaged(Exception):
    """The file is no database of ours, was opened with the wrong key, or was written by a newer version."""


class Database:
    """A connection that any one thread at a time may use; a transaction is durable when its ``with`` ends."""

    def __init__(
        self,
        path: Path,
        schema: str,
        *,
        version: int,
        changes: Mapping[int, str] = MappingProxyType({}),
        key: bytes | None = None,
    ) -> None:
        """Open ``path``, making it if it is new. ``key`` is 32 bytes; None leaves the file readable.

        ``schema`` is version 1, and ``changes`` the statements that lead to each version from the one before. A new
        file goes through all of them too, so that it cannot differ from one that has grown.

        Raises:
            DatabaseDamaged: the sentence says which file, and why.
        """
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
        try:
            if key is None:
                self._connection: Any = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            else:
                self._connection = sqlcipher3.connect(str(path), isolation_level=None, check_same_thread=False)
                self._connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._prepare(path, {1: schema, **changes}, version)
        except (sqlite3.Error, sqlcipher3.Error) as error:
            raise DatabaseDamaged(
                f"{path.name} cannot be opened ({error}); keep the file and call a technician."
            ) from error

    def _prepare(self, path: Path, statements: Mapping[int, str], version: int) -> None:
        with self.transaction() as write:
            found = write.execute("PRAGMA user_version").fetchone()[0]
            if found > version:
                raise DatabaseDamaged(f"{path.name} was written by a newer version of this software; update first.")
            for step in range(found + 1, version + 1):
                for statement in filter(str.strip, statements[step].split(";")):
                    write.execute(statement)
            if found < version:
                write.execute(f"PRAGMA user_version = {version}")

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Change something: all of it is on disk afterwards, or none of it.

        Raises:
            sqlite3.Error: the disk is ill or full, whichever library it was that noticed.
        """
        with self._lock, _as_sqlite():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # A COMMIT that fails (disk full) may or may not have ended the transaction itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def row(self, query: str, *values: object) -> Any:
        """Read one row, or None."""
        with self._lock, _as_sqlite():
            return self._connection.execute(query, values).fetchone()

    def rows(self, query: str, *values: object) -> list[Any]:
        """Read all rows."""
        with self._lock, _as_sqlite():
            return list(self._connection.execute(query, values))

    def close(self) -> None:
        """Close the file; may be called twice."""
        with self._lock:
            self._connection.close()


@contextmanager
def _as_sqlite() -> Iterator[None]:
    """Let callers know one family of errors: SQLCipher's binding has its own, of the same names."""
    try:
        yield
    except sqlcipher3.IntegrityError as error:
        raise sqlite3.IntegrityError(str(error)) from error
    except sqlcipher3.Error as error:
        raise sqlite3.OperationalError(str(error)) from error
