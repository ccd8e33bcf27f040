"""Wrong answers, counted so that neither a restart nor a clock that jumps gives anybody more of them."""

from dataclasses import dataclass
from datetime import datetime

from kiosk.record.database import Database

SCHEMA = """
CREATE TABLE attempts (
    subject TEXT PRIMARY KEY,
    wrong INTEGER NOT NULL,
    last INTEGER NOT NULL,
    locked_from INTEGER
)"""
LOCKS_ARE_COUNTED = "ALTER TABLE attempts ADD COLUMN locks INTEGER NOT NULL DEFAULT 0"


@dataclass(frozen=True, slots=True)
class Limit:
    """How many wrong answers lock a subject, and for how many seconds.

    ``most``: seconds up to which each lock is twice as long as the one before, until a right answer comes; None where
    all locks are alike.
    """

    tries: int
    seconds: int
    most: int | None = None

    def lasts(self, locks: int) -> int:
        """Tell how many seconds the lock of this number, from 1, lasts; 0 is one from before they were counted."""
        return self.seconds if self.most is None else min(self.seconds << min(max(locks - 1, 0), 20), self.most)


BIRTH_DATE = Limit(tries=3, seconds=15 * 60)
PIN = Limit(tries=5, seconds=5 * 60, most=60 * 60)


class Attempts:
    """Counts by subject, kept in the owner's (encrypted) database."""

    def __init__(self, database: Database, limit: Limit) -> None:
        self._database = database
        self._limit = limit

    def seconds_locked(self, subject: str, *, now: datetime) -> int:
        """Tell how long ``subject`` is still locked; 0 when it is not.

        A clock set back starts the lock anew from the new time: it is never longer than the limit, and never void.
        """
        row = self._database.row("SELECT locked_from, locks FROM attempts WHERE subject = ?", subject)
        if row is None or row[0] is None:
            return 0
        moment, since = int(now.timestamp()), row[0]
        if moment < since:
            with self._database.transaction() as write:
                write.execute("UPDATE attempts SET locked_from = ? WHERE subject = ?", (moment, subject))
            since = moment
        left = int(since + self._limit.lasts(row[1]) - moment)
        if left <= 0:
            self._unlock(subject)
            return 0
        return left

    def wrong(self, subject: str, *, now: datetime) -> int:
        """Count one wrong answer, on disk before anybody hears of it; the tries left, 0 when now locked.

        Wrong answers older than the lock would have lasted are forgotten.
        """
        moment = int(now.timestamp())
        with self._database.transaction() as write:
            row = write.execute("SELECT wrong, last, locks FROM attempts WHERE subject = ?", (subject,)).fetchone()
            fresh = row is not None and moment - row[1] <= self._limit.seconds
            count = (row[0] if fresh else 0) + 1
            locked = moment if count >= self._limit.tries else None
            locks = (0 if row is None else row[2]) + (locked is not None)
            write.execute(
                "INSERT OR REPLACE INTO attempts (subject, wrong, last, locked_from, locks) VALUES (?, ?, ?, ?, ?)",
                (subject, count, moment, locked, locks),
            )
        return max(0, self._limit.tries - count)

    def forget(self, subject: str) -> None:
        """Start anew after a right answer. Nothing is written where nothing was wrong."""
        if self._database.row("SELECT 1 FROM attempts WHERE subject = ?", subject) is not None:
            with self._database.transaction() as write:
                write.execute("DELETE FROM attempts WHERE subject = ?", (subject,))

    def _unlock(self, subject: str) -> None:
        """The lock is over: all tries are there again, and a lock that grows knows how often it was locked."""
        if self._limit.most is None:
            self.forget(subject)
            return
        with self._database.transaction() as write:
            write.execute("UPDATE attempts SET wrong = 0, locked_from = NULL WHERE subject = ?", (subject,))
