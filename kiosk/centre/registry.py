"""What the reference centre knows: residents and where their records stand, packets received, numbers given out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from kiosk.record import canonical
from kiosk.record.database import Database
from kiosk.record.resident import RecordState, Resident, from_row, to_row

MOST_TOLD = 5_000
"""States, and numbers of missing packets, told at once: a station takes a file in while people stand before it."""
_STORED = "stored"
_SCHEMA = """
CREATE TABLE residents (nik TEXT PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE counters (kind TEXT NOT NULL, station TEXT NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (kind, station)) WITHOUT ROWID;
CREATE TABLE packets (id TEXT NOT NULL, station TEXT NOT NULL, sequence INTEGER NOT NULL, sha256 BLOB NOT NULL,
    previous BLOB, size INTEGER NOT NULL, received INTEGER NOT NULL, receipt BLOB NOT NULL,
    PRIMARY KEY (station, id)) WITHOUT ROWID;
CREATE TABLE orders (station TEXT NOT NULL, packet TEXT NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (station, packet)) WITHOUT ROWID"""
_STATES = """
CREATE TABLE IF NOT EXISTS states (station TEXT NOT NULL, packet TEXT NOT NULL, state TEXT NOT NULL,
    since INTEGER NOT NULL, told INTEGER NOT NULL, PRIMARY KEY (station, packet)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS states_untold ON states (station) WHERE told = 0;
CREATE TABLE IF NOT EXISTS missing_told (station TEXT PRIMARY KEY, sequences BLOB NOT NULL) WITHOUT ROWID"""
_PACKET = "id, station, sequence, sha256, previous, size, received"


@dataclass(frozen=True, slots=True)
class ReceivedPacket:
    """One packet as it lies in store."""

    id: str
    station: str
    sequence: int
    sha256: bytes
    previous: bytes | None
    size: int
    received: int


@dataclass(frozen=True, slots=True)
class PacketRecord:
    """Where the record of one packet stands, since when (Unix seconds)."""

    packet: str
    state: RecordState
    since: int


@dataclass(frozen=True, slots=True)
class SequenceReport:
    """What is odd about the packets of one station."""

    highest: int
    missing: tuple[int, ...]
    """Numbers below the highest that never came (yet), the highest first, which their station still has the likeliest;
    no more than MOST_TOLD."""
    repeated: tuple[int, ...]
    """Numbers that came with different packets: the station was copied or restored."""
    broken: tuple[int, ...]
    """Numbers whose packet names another one before it than came."""


class Registry:
    """``registry.db`` in the centre's directory."""

    def __init__(self, directory: Path) -> None:
        """Open or make it.

        Raises:
            DatabaseDamaged: by reason.
        """
        self._database = Database(directory / "registry.db", _SCHEMA, version=2, changes={2: _STATES})

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def next_number(self, kind: str, station: str) -> int:
        """Give out the next number of a kind for a station, from 1; never the same twice."""
        with self._database.transaction() as write:
            return _count(write, kind, station)

    def lift(self, kind: str, station: str, number: int) -> None:
        """Give out only numbers above ``number`` from now on."""
        with self._database.transaction() as write:
            write.execute(
                "INSERT INTO counters VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last)",
                (kind, station, number),
            )

    # Residents ------------------------------------------------------------------------------------------------------

    def put_residents(self, residents: Iterable[Resident]) -> None:
        """Add residents, or replace those with the same number."""
        with self._database.transaction() as write:
            write.executemany(
                "INSERT OR REPLACE INTO residents VALUES (?, ?)",
                ((resident.nik, canonical.encode(to_row(resident))) for resident in residents),
            )

    def residents(self) -> list[Resident]:
        """List all residents by number."""
        return [_resident(row[0]) for row in self._database.rows("SELECT row FROM residents ORDER BY nik")]

    def resident(self, nik: str) -> Resident | None:
        """Look one up."""
        row = self._database.row("SELECT row FROM residents WHERE nik = ?", nik)
        return None if row is None else _resident(row[0])

    def set_state(self, nik: str, state: RecordState) -> None:
        """Move a record on."""
        resident = self.resident(nik)
        if resident is not None:
            self.put_residents([replace(resident, state=state)])

    # Packets --------------------------------------------------------------------------------------------------------

    def packet(self, station: str, packet: str) -> ReceivedPacket | None:
        """Look one up."""
        row = self._database.row(f"SELECT {_PACKET} FROM packets WHERE station = ? AND id = ?", station, packet)  # noqa: S608  # our own columns
        return None if row is None else _packet(row)

    def receipt(self, station: str, packet: str) -> bytes:
        """The receipt given for a packet that is known."""
        row = self._database.row("SELECT receipt FROM packets WHERE station = ? AND id = ?", station, packet)
        return bytes(row[0])

    def put_packet(self, packet: ReceivedPacket, receipt: bytes) -> None:
        """Remember a packet that lies safely in store, with its receipt; its record has come to the centre.

        One that had come before, and was lost, keeps its record's state; its station is told of it again.
        """
        with self._database.transaction() as write:
            _count(write, _STORED, packet.station)
            write.execute("UPDATE states SET told = 0 WHERE station = ? AND packet = ?", (packet.station, packet.id))
            write.execute(
                "INSERT INTO states VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
                (packet.station, packet.id, RecordState.RECEIVED_AT_CENTRAL.value, packet.received),
            )
            write.execute(
                "INSERT OR REPLACE INTO packets VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    packet.id,
                    packet.station,
                    packet.sequence,
                    packet.sha256,
                    packet.previous,
                    packet.size,
                    packet.received,
                    receipt,
                ),
            )

    def packets(self, station: str | None = None) -> list[ReceivedPacket]:
        """List packets in the order of station and sequence."""
        rows = self._database.rows(
            f"SELECT {_PACKET} FROM packets"  # noqa: S608  # our own columns
            " WHERE ?1 IS NULL OR station = ?1 ORDER BY station, sequence, received",
            station,
        )
        return [_packet(row) for row in rows]

    def stores(self, station: str) -> int:
        """A number that is another whenever what is in store of a station has changed, or is to be looked at again."""
        row = self._database.row("SELECT last FROM counters WHERE kind = ? AND station = ?", _STORED, station)
        return 0 if row is None else int(row[0])

    def doubt(self, station: str) -> None:
        """Have what is in store of a station be looked at again."""
        self.next_number(_STORED, station)

    def just_received(self, station: str) -> list[tuple[str, int, int]]:
        """The packets of which nothing is known beyond that they came: id, number, size."""
        return self._database.rows(
            "SELECT packets.id, sequence, size FROM packets"
            " JOIN states ON states.station = packets.station AND packet = id WHERE packets.station = ? AND state = ?",
            station,
            RecordState.RECEIVED_AT_CENTRAL.value,
        )

    def highest(self, station: str) -> int:
        """The highest number that came of a station's packets; 0 before the first."""
        row = self._database.row("SELECT max(sequence) FROM packets WHERE station = ?", station)
        return int(row[0] or 0)

    def report(self, station: str) -> SequenceReport:
        """Look for gaps, replays and forks among a station's packets."""
        packets = self.packets(station)
        hashes: dict[int, set[bytes]] = {}
        for packet in packets:
            hashes.setdefault(packet.sequence, set()).add(packet.sha256)
        highest = max(hashes, default=0)
        return SequenceReport(
            highest=highest,
            missing=tuple(islice(_before(sorted(hashes, reverse=True)), MOST_TOLD)),
            repeated=tuple(sorted(number for number, found in hashes.items() if len(found) > 1)),
            broken=tuple(
                packet.sequence
                for packet in packets
                if packet.sequence - 1 in hashes and packet.previous not in hashes[packet.sequence - 1]
            ),
        )

    # Where records stand --------------------------------------------------------------------------------------------

    def put_state(self, station: str, packet: str, state: RecordState, *, since: int) -> None:
        """Move the record of a packet on; its station is to be told."""
        with self._database.transaction() as write:
            _stands(write, station, packet, state, since)

    def untold(self, station: str) -> list[PacketRecord]:
        """List records that have moved since the station was told, the first ones first, not more than MOST_TOLD."""
        rows = self._database.rows(
            "SELECT packet, state, since FROM states WHERE station = ? AND told = 0 ORDER BY since, packet LIMIT ?",
            station,
            MOST_TOLD,
        )
        return [PacketRecord(packet, RecordState(state), since) for packet, state, since in rows]

    def missing_told(self, station: str) -> tuple[int, ...]:
        """The missing packets that the station was last told of."""
        row = self._database.row("SELECT sequences FROM missing_told WHERE station = ?", station)
        return () if row is None else tuple(canonical.decode(bytes(row[0])))

    def told(self, station: str, records: Iterable[PacketRecord], missing: Iterable[int]) -> None:
        """Remember that the station was told of these; what has moved meanwhile stays untold."""
        with self._database.transaction() as write:
            write.executemany(
                "UPDATE states SET told = 1 WHERE station = ? AND packet = ? AND state = ? AND since = ?",
                ((station, each.packet, each.state.value, each.since) for each in records),
            )
            write.execute(
                "INSERT OR REPLACE INTO missing_told VALUES (?, ?)", (station, canonical.encode(list(missing)))
            )

    # Orders ---------------------------------------------------------------------------------------------------------

    def order_of(self, station: str, packet: str) -> str | None:
        """Look up the newest order made for a packet."""
        row = self._database.row("SELECT id FROM orders WHERE station = ? AND packet = ?", station, packet)
        return None if row is None else str(row[0])

    def put_order(self, station: str, packet: str, order: str) -> None:
        """Remember that a packet's card was ordered, last by this order."""
        with self._database.transaction() as write:
            write.execute("INSERT OR REPLACE INTO orders VALUES (?, ?, ?)", (station, packet, order))


def _before(known: Iterable[int]) -> Iterator[int]:
    """The numbers down to 1 that falling ``known`` ones leave out."""
    last = None
    for number in (*known, 0):
        if last is not None:
            yield from range(last - 1, number, -1)
        last = number


def _count(write: Any, kind: str, station: str) -> int:
    row = write.execute(
        "INSERT INTO counters VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
        (kind, station),
    ).fetchone()
    return int(row[0])


def _stands(write: Any, station: str, packet: str, state: RecordState, since: int) -> None:
    # What something was made of is missing no more, wherever its packet went.
    _count(write, _STORED, station)
    write.execute(
        "INSERT INTO states VALUES (?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET state = excluded.state,"
        " since = excluded.since, told = 0 WHERE state <> excluded.state",
        (station, packet, state.value, since),
    )


def _resident(row: bytes) -> Resident:
    return from_row(canonical.decode(bytes(row)))


def _packet(row: Any) -> ReceivedPacket:
    packet, station, sequence, digest, previous, size, received = row
    return ReceivedPacket(
        packet, station, sequence, bytes(digest), None if previous is None else bytes(previous), size, received
    )
