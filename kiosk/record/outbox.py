"""Recordings on their way to the centre: sealed, on disk before the resident is told, deleted against a receipt.

A packet is a file; the index knows its sequence and hash. The file is written first, then the index, so that a power
cut between them leaves a whole packet that ``reconcile`` adopts: it may already have been delivered.

A start compares sizes only: hashing a backlog of 15,600 packets (5 GB) would hold it up for minutes. The hashes are
compared afterwards, a little at a time, by ``inspect``.
"""

import errno
import hashlib
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from kiosk.record import canonical
from kiosk.record.database import Database
from kiosk.record.exchange import (
    PACKET,
    PARTIAL,
    Exchange,
    PacketName,
    complete_files,
    delete_durably,
    sync_directory,
    write_durably,
)
from kiosk.record.header import Header, Kind, Malformed, Untrusted, WrongKind, is_name
from kiosk.record.keys import CENTRE, CentreTrust, StationKeys
from kiosk.record.registration import registration_number
from kiosk.record.seal import check_sealed, seal, trusting, verify

DAMAGED = ".damaged"
FLOOR = 512 << 20
"""Free bytes below which no new recording is begun: room for what is under way, the index and the logs."""
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
_STORED = "id, registration, sequence, size, sha256"


class PacketState(Enum):
    """Where a packet stands; tombstones stay."""

    WAITING = "waiting"
    SETTLED = "settled"
    LOST = "lost"
    """The index knows it, its file is gone or damaged: reported, never passed over in silence. A receipt settles it."""
    REPLACED = "replaced"
    """Lost, but its resident was recorded again."""


class DiskFull(Exception):
    """There is not enough room on the disk for another recording; nothing was kept, nothing promised."""


class ReceiptRefused(Untrusted):
    """The receipt is the centre's, but not for a packet as this station made it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A packet that is safe on disk: its size in bytes, and the seconds from payload to safe."""

    packet_id: str
    registration: str
    sequence: int
    size: int
    sha256: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Settled:
    """The centre has it, and our copy is gone; ``again`` when that was known before."""

    packet_id: str
    registration: str
    again: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits to be delivered: packets, their bytes, and when the oldest was made (Unix seconds; None if none)."""

    count: int
    bytes: int
    oldest: int | None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a start found and put right."""

    adopted: tuple[str, ...] = ()
    """Whole packets the index did not know."""
    returned: tuple[str, ...] = ()
    """Lost packets whose file is here again, say because the disk was not mounted."""
    cleared: int = 0
    """Files half written, or left over from a delivery that was receipted."""
    lost: tuple[str, ...] = ()
    damaged: int = 0
    """Files that are no packets as this station made them; set aside, not deleted."""


class Outbox:
    """One station's packets."""

    def __init__(
        self,
        exchange: Exchange,
        index: Path,
        *,
        keys: StationKeys,
        trust: CentreTrust,
        floor: int = FLOOR,
        free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
    ) -> None:
        """Open or make the index and put right what a power cut left.

        Raises:
            DatabaseDamaged: when the index cannot be used.
        """
        self._directory = exchange.outbox
        self._keys = keys
        self._trust = trust
        self._floor = floor
        self._free = free
        self._lock = threading.RLock()
        self._unsure = False
        self._uninspected: deque[str] = deque()
        self._index = Database(index, _SCHEMA, version=1)
        self.found = self.reconcile()

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    # Keeping --------------------------------------------------------------------------------------------------------

    def check_room(self, size: int = 0) -> None:
        """Refuse early what could not be kept later.

        Raises:
            DiskFull: when less than the floor would stay free.
        """
        if self._free(self._directory) - size < self._floor:
            raise DiskFull("The disk is almost full. Deliver the waiting recordings, then go on.")

    def accept(self, payload: bytes, *, packet_id: str, now: datetime) -> Stored:
        """Seal ``payload`` and make it safe on disk. The same ``packet_id`` again brings the same answer, once kept.

        Raises:
            DiskFull: nothing was kept.
            OSError, sqlite3.Error: the disk is ill; asking again with the same id is safe.
            ValueError: the packet of this id was lost: the centre may hold it, so that the id is not used again.
        """
        started = time.monotonic()
        with self._lock:
            if (kept := self.find(packet_id)) is not None:
                return replace(kept, seconds=time.monotonic() - started)
            if self._index.row("SELECT 1 FROM packets WHERE id = ?", packet_id) is not None:
                raise ValueError("the packet of this id was lost; a new recording has a new id")
            self.check_room(len(payload))
            sequence, previous = self._last()
            header = Header(
                kind=Kind.RECORDING,
                sender=self._keys.station,
                receiver=CENTRE,
                id=packet_id,
                sequence=sequence + 1,
                made=int(now.timestamp()),
                previous=previous,
            )
            packet = seal(payload, header, self._trust.recipients, self._keys.signing)
            self._unsure = True
            try:
                write_durably(self._file(packet_id, header.sequence), packet.data)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise DiskFull("The disk is full. Deliver the waiting recordings, then go on.") from None
                raise
            self._enter(header, packet.sha256, len(packet.data))
            self._unsure = False
            number = registration_number(self._keys.station, header.sequence)
            seconds = time.monotonic() - started
            return Stored(packet_id, number, header.sequence, len(packet.data), packet.sha256, seconds)

    def find(self, packet_id: str) -> Stored | None:
        """Find a packet that is safe here or was delivered, not one that was lost; ``seconds`` is 0."""
        with self._lock:
            if self._unsure:
                self.reconcile()
            row = self._index.row(
                f"SELECT {_STORED} FROM packets WHERE id = ? AND state IN (?, ?)",  # noqa: S608  # our own columns
                packet_id,
                PacketState.WAITING.value,
                PacketState.SETTLED.value,
            )
        return None if row is None else _stored(row)

    def holds(self, packet_id: str) -> bool:
        """Whether this packet is safe here, or at the centre."""
        return self.find(packet_id) is not None

    def is_lost(self, packet_id: str) -> bool:
        """Whether this packet is neither here nor at the centre, though the index knows it."""
        return self._index.row("SELECT 1 FROM packets WHERE id = ? AND state = ?", packet_id, "lost") is not None

    def lost(self) -> tuple[Stored, ...]:
        """Recordings once called safe that are neither here nor at the centre, and were not made again."""
        rows = self._index.rows(
            f"SELECT {_STORED} FROM packets WHERE state = ? ORDER BY made",  # noqa: S608  # our own columns
            PacketState.LOST.value,
        )
        return tuple(_stored(row) for row in rows)

    def replaced(self, packet_id: str) -> None:
        """Note that the resident of a lost packet was recorded again; of any other packet it changes nothing."""
        with self._index.transaction() as write:
            write.execute(
                "UPDATE packets SET state = ? WHERE id = ? AND state = ?",
                (PacketState.REPLACED.value, packet_id, PacketState.LOST.value),
            )

    def waiting(self) -> Waiting:
        """Count what waits."""
        row = self._index.row(
            "SELECT count(*), coalesce(sum(size), 0), min(made) FROM packets WHERE state = ?", PacketState.WAITING.value
        )
        return Waiting(*row)

    def counts(self) -> dict[PacketState, int]:
        """Count packets by state, tombstones included."""
        rows = self._index.rows("SELECT state, count(*) FROM packets GROUP BY state")
        return dict.fromkeys(PacketState, 0) | {PacketState(state): count for state, count in rows}

    # Letting go -----------------------------------------------------------------------------------------------------

    def settle(self, receipt: bytes, *, now: datetime) -> Settled:
        """Verify the centre's receipt for a packet's SHA-256; only then delete the packet, and keep a tombstone.

        Raises:
            Untrusted: by reason; ReceiptRefused when it is not for a packet as this station made it.
        """
        opened = verify(receipt, kind=Kind.RECEIPT, verifying=self._trust.receipts)
        packet_id, digest = _receipted(opened.header, opened.body, station=self._keys.station)
        with self._lock:
            row = self._index.row("SELECT sha256, registration, state, sequence FROM packets WHERE id = ?", packet_id)
            if row is None:
                raise ReceiptRefused("the receipt is for a packet this station does not know")
            if bytes(row[0]) != digest:
                raise ReceiptRefused("the receipt is for other content than this station's packet")
            again = row[2] == PacketState.SETTLED.value
            if not again:
                with self._index.transaction() as write:
                    write.execute(
                        "UPDATE packets SET state = ?, settled = ?, receipt = ? WHERE id = ?",
                        (PacketState.SETTLED.value, int(now.timestamp()), receipt, packet_id),
                    )
            delete_durably(self._file(packet_id, row[3]))
            return Settled(packet_id, row[1], again)

    # After a start --------------------------------------------------------------------------------------------------

    def reconcile(self) -> Reconciled:
        """Make index and files agree again. Whole packets of ours are never dropped, whatever the index says."""
        with self._lock:
            cleared, damaged = self._clear_partial(), 0
            known = {row[0]: row[1:] for row in self._index.rows("SELECT id, state, size FROM packets")}
            strangers: list[tuple[Header, bytes, int]] = []
            present: list[str] = []
            for path in complete_files(self._directory, PACKET):
                path = self._renamed(path)
                name = PacketName.read(path.name)
                packet_id = "" if name is None else name.packet_id
                state, size = known.get(packet_id, (None, None))
                if state == PacketState.SETTLED.value:
                    delete_durably(path)
                    cleared += 1
                elif state != PacketState.REPLACED.value and size == path.stat().st_size:
                    present.append(packet_id)
                elif size is None and (found := self._ours(path)) is not None:
                    strangers.append(found)
                else:
                    # One that was replaced goes aside too: the centre must not get two recordings of a person.
                    _set_aside(path)
                    damaged += 1
            for header, digest, size in sorted(strangers, key=lambda found: found[0].sequence):
                self._enter(header, digest, size)
            waiting = {name for name, (state, _) in known.items() if state == PacketState.WAITING.value}
            lost = tuple(sorted(waiting.difference(present)))
            returned = tuple(name for name in present if name not in waiting)
            self._move(lost, PacketState.LOST)
            self._move(returned, PacketState.WAITING)
            self._uninspected = deque(present)
            self._unsure = False
            return Reconciled(tuple(header.id for header, *_ in strangers), returned, cleared, lost, damaged)

    def inspect(self, *, within: float) -> None:
        """Go on comparing files with their hashes for about ``within`` seconds; each file once a start.

        A damaged one is set aside and lost, so that its resident can be recorded again and the centre is not sent it.

        Raises:
            OSError: a file cannot be read. It stays as it is, since an ill disk may get well; the next call passes on.
        """
        until = time.monotonic() + within
        while self._uninspected and time.monotonic() < until:
            with self._lock:
                packet_id = self._uninspected.popleft()
                row = self._index.row(
                    "SELECT sha256, sequence FROM packets WHERE id = ? AND state = ?",
                    packet_id,
                    PacketState.WAITING.value,
                )
                if row is not None and not _is_whole(path := self._file(packet_id, row[1]), bytes(row[0])):
                    _set_aside(path)
                    self._move([packet_id], PacketState.LOST)

    def _clear_partial(self) -> int:
        halves = list(self._directory.glob(f"*{PACKET}{PARTIAL}"))
        for path in halves:
            delete_durably(path)
        return len(halves)

    def _renamed(self, path: Path) -> Path:
        """Give a packet of before names had sequences the name it has now."""
        if PacketName.read(path.name) is not None:
            return path
        row = self._index.row("SELECT sequence FROM packets WHERE id = ?", path.name.removesuffix(PACKET))
        if row is None:
            return path
        renamed = path.rename(self._file(path.name.removesuffix(PACKET), row[0]))
        sync_directory(path.parent)
        return renamed

    def _ours(self, path: Path) -> tuple[Header, bytes, int] | None:
        data = path.read_bytes()
        try:
            header, _ = check_sealed(data, kind=Kind.RECORDING, verifying=trusting(self._keys.signing.public))
        except Untrusted:
            return None
        if header.sender != self._keys.station or path.name != str(PacketName(header.sequence, header.id)):
            return None
        return header, hashlib.sha256(data).digest(), len(data)

    def _move(self, packet_ids: Iterable[str], state: PacketState) -> None:
        if changes := [(state.value, packet_id) for packet_id in packet_ids]:
            with self._index.transaction() as write:
                write.executemany("UPDATE packets SET state = ? WHERE id = ?", changes)

    def _last(self) -> tuple[int, bytes | None]:
        # A lost packet counts: its number is not given out twice, and the centre sees the gap.
        row = self._index.row("SELECT sequence, sha256 FROM packets ORDER BY sequence DESC LIMIT 1")
        return (0, None) if row is None else (row[0], bytes(row[1]))

    def _enter(self, header: Header, digest: bytes, size: int) -> None:
        number = registration_number(self._keys.station, header.sequence)
        with self._index.transaction() as write:
            write.execute(
                "INSERT INTO packets VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                (header.id, header.sequence, digest, size, number, header.made, PacketState.WAITING.value),
            )

    def _file(self, packet_id: str, sequence: int) -> Path:
        if not is_name(packet_id):
            raise ValueError("a packet's id is made of a-z, 0-9 and -")
        return self._directory / str(PacketName(sequence, packet_id))


def _stored(row: Any) -> Stored:
    packet_id, registration, sequence, size, digest = row
    return Stored(packet_id, registration, sequence, size, bytes(digest), 0.0)


def _is_whole(path: Path, digest: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest() == digest
    except FileNotFoundError:
        return False


def _set_aside(path: Path) -> None:
    """Take it out of the uplink's sight; a technician may still want what is left of it. Already gone is fine."""
    if path.exists():
        path.rename(path.with_name(path.name + DAMAGED))
        sync_directory(path.parent)


def _receipted(header: Header, body: bytes, *, station: str) -> tuple[str, bytes]:
    if header.sender != CENTRE or header.receiver != station:
        raise WrongKind("this receipt is for another station")
    try:
        content = canonical.decode(body)
    except canonical.NotCanonical as error:
        raise Malformed(str(error)) from None
    match content:
        case {"packet": str() as packet_id, "sha256": bytes() as digest} if is_name(packet_id) and len(digest) == 32:
            return packet_id, digest
    raise Malformed("the receipt is not built as it should be")
