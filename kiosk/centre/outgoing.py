"""Files that wait at the centre for a station, signed and sealed to it, numbered from 1 by kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kiosk.centre.alone import made_durably
from kiosk.record.exchange import complete_files, write_durably
from kiosk.record.header import Kind, is_name

LISTS = {"orders": Kind.ORDER, "rosters": Kind.ROSTER, "states": Kind.STATES, "keys": Kind.KEYS}
"""What waits for a station, by the name of its list."""
_NAMES = {kind: name for name, kind in LISTS.items()}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """``<directory>/<station>/orders/order-00000007.order``, and the other lists likewise."""

    directory: Path

    def publish(self, station: str, kind: Kind, number: int, blob: bytes) -> Path:
        """Put a file where the station will fetch it."""
        place = self._place(station, kind)
        made_durably(place)
        path = place / f"{file_id(kind, number)}.{kind.value}"
        write_durably(path, blob)
        return path

    def waiting(self, station: str, kind: Kind, *, after: int = 0) -> list[tuple[int, str]]:
        """List numbers and file names behind ``after``, lowest first."""
        return sorted((number, name) for number, name in self._all(station, kind) if number > after)

    def file(self, station: str, kind: Kind, name: str) -> Path | None:
        """Where one of the files ``waiting`` named lies; None for any other name."""
        known = any(name == each for _, each in self._all(station, kind))
        return self._place(station, kind) / name if known else None

    def read(self, station: str, kind: Kind, name: str) -> bytes | None:
        """Read one of them."""
        file = self.file(station, kind, name)
        return None if file is None else file.read_bytes()

    def _all(self, station: str, kind: Kind) -> Iterator[tuple[int, str]]:
        suffix = f".{kind.value}"
        for path in complete_files(self._place(station, kind), suffix):
            yield int(path.name.removesuffix(suffix).rpartition("-")[2]), path.name

    def _place(self, station: str, kind: Kind) -> Path:
        if not is_name(station) or kind not in _NAMES:
            raise ValueError(f"only {', '.join(LISTS)} wait here, for stations with a proper name")
        return self.directory / station / _NAMES[kind]


def file_id(kind: Kind, number: int) -> str:
    """Name what is published so that names sort by number."""
    return f"{kind.value}-{number:08}"
