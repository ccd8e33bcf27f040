"""Numbers the files that wait for each station in the order they were found, so that a station can ask "after N"."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from kiosk.record.exchange import complete_files

_SUFFIX = {"orders": ".order", "rosters": ".roster"}
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.(order|roster)$")
PAGE = 200


class Numbering:
    """The lists below ``<directory>/out/<station>/<orders|rosters>``; a file of a given name is never rewritten."""

    def __init__(self, directory: Path) -> None:
        self._out, self._file = directory / "out", directory / "server.db"
        directory.mkdir(parents=True, exist_ok=True)
        with closing(self._open()) as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute(
                "CREATE TABLE IF NOT EXISTS waiting (number INTEGER PRIMARY KEY AUTOINCREMENT, station TEXT NOT NULL,"
                " kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (station, kind, name))"
            )

    def behind(self, station: str, kind: str, after: int) -> tuple[int, list[tuple[int, str]]]:
        """The highest number of this list, and (number, name) of at most PAGE files behind ``after`` still there."""
        place = self._out / station / kind
        found = [path for path in complete_files(place, _SUFFIX[kind]) if _NAME.match(path.name)]
        present = {path.name for path in found}
        with closing(self._open()) as db, db:
            known = dict(db.execute("SELECT name, number FROM waiting WHERE station = ? AND kind = ?", (station, kind)))
            new = sorted(
                (path for path in found if path.name not in known), key=lambda p: (p.stat().st_mtime_ns, p.name)
            )
            for path in new:
                row = db.execute(
                    "INSERT INTO waiting (station, kind, name) VALUES (?, ?, ?)", (station, kind, path.name)
                )
                known[path.name] = row.lastrowid
        behind = sorted((number, name) for name, number in known.items() if number > after and name in present)
        return max(known.values(), default=0), behind[:PAGE]

    def path(self, station: str, kind: str, name: str) -> Path | None:
        """Where one waiting file lies; None when there is none of this name and kind."""
        path = self._out / station / kind / name
        if not _NAME.match(name) or path.suffix != _SUFFIX[kind] or path.is_symlink() or not path.is_file():
            return None
        return path

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._file, timeout=10.0)
        db.execute("PRAGMA synchronous=FULL")
        return db
