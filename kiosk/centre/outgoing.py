"""Files that wait at the centre for a station: signed and sealed orders and rosters, numbered from 1 by kind."""

from dataclasses import dataclass
from pathlib import Path

from kiosk.record.exchange import complete_files, write_durably
from kiosk.record.header import Kind, is_name


@dataclass(frozen=True, slots=True)
class Outgoing:
    """``<directory>/<station>/orders/order-00000007.order``, and rosters likewise."""

    directory: Path

    def publish(self, station: str, kind: Kind, number: int, blob: bytes) -> Path:
        """Put a file where the station will fetch it."""
        place = self._place(station, kind)
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{file_id(kind, number)}.{kind.value}"
        write_durably(path, blob)
        return path

    def waiting(self, station: str, kind: Kind, *, after: int = 0) -> list[tuple[int, str]]:
        """List numbers and file names behind ``after``, lowest first."""
        names = [path.name for path in complete_files(self._place(station, kind), f".{kind.value}")]
        numbered = [(int(name.removesuffix(f".{kind.value}").rpartition("-")[2]), name) for name in names]
        return [(number, name) for number, name in sorted(numbered) if number > after]

    def read(self, station: str, kind: Kind, name: str) -> bytes | None:
        """Read one of the files ``waiting`` named; None for any other name."""
        if all(name != known for _, known in self.waiting(station, kind)):
            return None
        return (self._place(station, kind) / name).read_bytes()

    def _place(self, station: str, kind: Kind) -> Path:
        if not is_name(station) or kind not in (Kind.ORDER, Kind.ROSTER):
            raise ValueError("only orders and rosters wait here, for stations with a proper name")
        return self.directory / station / f"{kind.value}s"


def file_id(kind: Kind, number: int) -> str:
    """Name an order or roster so that names sort by number."""
    return f"{kind.value}-{number:08}"
