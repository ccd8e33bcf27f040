"""Recordings on their way to the centre: sealed, on disk before the resident is told, let go of against a receipt.

A packet is a file; the index knows its sequence and hash. The file is written first, out of the uplink's sight; then
the index, whose commit decides whether the packet exists; then it comes into sight. So the uplink never delivers what
the index does not know, and reconciling finishes or undoes whatever a power cut or an ill disk left in between.
"""

import errno
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kiosk.record import canonical
from kiosk.record.exchange import Exchange
from kiosk.record.header import Header, Kind, Malformed, Untrusted, is_name
from kiosk.record.keys import CENTRE, CentreTrust, StationKeys, from_centre
from kiosk.record.outbox.packet_index import DELIVERED, SAFE, Custody, Entry, Mark, Waiting
from kiosk.record.outbox.reconciling import Reconciled, name_of
from kiosk.record.outbox.room import FLOOR, USUAL, DiskFull, Retention, Room, free_bytes
from kiosk.record.outbox.shelf import Guise, Item
from kiosk.record.outbox.states import read_states
from kiosk.record.outbox.stock import Stock
from kiosk.record.registration import registration_number
from kiosk.record.resident import RecordState
from kiosk.record.seal import MAX_BYTES, check_sealed, seal, verify

UNJUDGED = {
    None,
    RecordState.BIO_CAPTURED,
    RecordState.PROCESSING,
    RecordState.SENT_FOR_ENROLLMENT,
    RecordState.RECEIVED_AT_CENTRAL,
}
"""Where a record stands of which nothing has been made yet. Beyond, the centre holds the person, whatever became of the
packet: recorded again, they would be there twice."""


class ReceiptRefused(Untrusted):
    """The receipt is the centre's, but not for a packet as this station made it, or not of now."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A packet that is safe: its size in bytes, and the seconds from payload to safe."""

    packet_id: str
    registration: str
    sequence: int
    size: int
    sha256: bytes
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Lost:
    """A recording once called safe that is neither here nor at the centre; ``number`` counts this station's losses."""

    number: int
    packet_id: str
    sequence: int
    at_centre: bool
    """The centre gave its receipt and has lost it since."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The centre has it; ``again`` when that was known before."""

    packet_id: str
    registration: str
    again: bool


@dataclass(frozen=True, slots=True)
class StatesTaken:
    """What a states file brought."""

    states: int = 0
    unknown: int = 0
    """Packets in it that this station does not know (any more)."""
    sent_again: int = 0
    """Packets that the centre has lost and that are still here."""
    lost: int = 0
    """Packets that the centre has lost and that are no longer here."""


@dataclass(frozen=True, slots=True)
class Known:
    """Where a record stands, and when it did, in Unix seconds by the centre's clock; None: only the station knows."""

    state: RecordState
    at: int | None = None


class Outbox:
    """One station's packets. ``trust`` may be replaced when the centre's keys are."""

    def __init__(
        self,
        exchange: Exchange,
        index: Path,
        *,
        keys: StationKeys,
        trust: CentreTrust,
        floor: int = FLOOR,
        retention: Retention = USUAL,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        """Open or make the index and put right what a power cut left.

        Raises:
            DatabaseDamaged: when the index cannot be used.
        """
        self.trust = trust
        self._keys = keys
        self._stock = Stock(exchange.outbox, index, ours=self._ours)
        self._index, self._shelf = self._stock.index, self._stock.shelf
        self.room = Room(self._stock, floor=floor, retention=retention, free=free)

    @property
    def found(self) -> Reconciled:
        """What the start found and put right."""
        return self._stock.found

    @property
    def aside(self) -> int:
        """How many files are for a technician to look at: no packets as this station made them and set aside, or out of
        reach on an ill disk."""
        return self._stock.aside + self._stock.left

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    # Keeping --------------------------------------------------------------------------------------------------------

    def accept(self, payload: bytes, *, packet_id: str, now: datetime, replaces: str | None = None) -> Stored:
        """Seal ``payload`` and make it safe on disk. The same ``packet_id`` again brings the same answer, once kept.

        In the instant in which it is safe, ``replaces`` stops being lost: should its file come back, it is not sent.

        Raises:
            DiskFull: nothing was kept.
            OSError, sqlite3.Error: the disk is ill; asking again with the same id is safe.
            ValueError: the packet of this id was lost: the centre may hold it, so that the id is not used again.
        """
        started = time.monotonic()
        with self._stock.sure():
            if (entry := self._index.entry(packet_id)) is not None:
                if entry.custody in SAFE:
                    return _stored(entry, time.monotonic() - started)
                raise ValueError("the packet of this id was lost; a new recording has a new id")
            self.room.check(len(payload))
            sequence, previous = self._stock.last()
            header = Header(
                kind=Kind.RECORDING,
                sender=self._keys.station,
                receiver=CENTRE,
                id=packet_id,
                sequence=sequence + 1,
                made=int(now.timestamp()),
                previous=previous,
            )
            packet = seal(payload, header, self.trust.recipients, self._keys.signing)
            entry = self._entry(header, packet.sha256, len(packet.data))
            name = name_of(entry)
            try:
                self._shelf.write(name, packet.data)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise DiskFull("The disk is full. Deliver the waiting recordings, then go on.") from None
                raise
            with self._stock.doubt():
                self._stock.enter(entry, replaces=replaces)
                self._shelf.show(name, self._shelf.path(name, Guise.PARTIAL), Guise.WAITING)
                self._shelf.sync()
            return _stored(entry, time.monotonic() - started)

    def find(self, packet_id: str) -> Stored | None:
        """Find a packet that is safe here or was delivered, not one that was lost; ``seconds`` is 0."""
        with self._stock.sure():
            entry = self._index.entry(packet_id)
        return _stored(entry) if entry is not None and entry.custody in SAFE else None

    def holds(self, packet_id: str) -> bool:
        """Whether this packet is safe here, or at the centre."""
        return self.find(packet_id) is not None

    def is_lost(self, packet_id: str) -> bool:
        """Whether this packet is neither here nor at the centre, though the index knows it."""
        with self._stock.sure():
            entry = self._index.entry(packet_id)
        return entry is not None and entry.custody is Custody.LOST

    def lost_count(self) -> int:
        """Count the losses that have not been made good."""
        with self._stock.sure():
            return self._index.count(Custody.LOST)

    def lost(self, after: int = 0) -> Iterator[Lost]:
        """Go through the losses beyond the one of this number that have not been made good, oldest first."""
        for entry in self._index.lost(after):
            yield Lost(entry.missed or 0, entry.packet_id, entry.sequence, entry.receipted is not None)

    def waiting(self) -> Waiting:
        """Count what waits."""
        with self._stock.sure():
            return self._index.waiting()

    def counts(self) -> dict[Custody, int]:
        """Count packets by where they are, tombstones included."""
        with self._stock.sure():
            return self._index.counts()

    def record(self, packet_id: str) -> Known | None:
        """Where the record stands: what the centre said last, or what is known here; None if there is no packet.

        A lost packet has failed before the centre could.
        """
        with self._stock.sure():
            entry = self._index.entry(packet_id)
        if entry is None:
            return None
        if entry.record is not None:
            return Known(entry.record, entry.record_since)
        if entry.custody is Custody.HELD:
            return Known(RecordState.BIO_CAPTURED)
        if entry.custody in DELIVERED:
            # Without the receipt's moment it was delivered by an early version, which noted none.
            return Known(RecordState.SENT_FOR_ENROLLMENT, entry.receipted or entry.made)
        return Known(RecordState.ENROLL_FAILURE_AT_REGIONAL, entry.wanted)

    # What the centre says -------------------------------------------------------------------------------------------

    def settle(self, receipt: bytes, *, now: datetime) -> Settled:
        """Verify the centre's receipt for a packet's SHA-256; only then the packet is sent no more.

        Raises:
            Untrusted: by reason; ReceiptRefused when it is not for a packet as this station made it, or is older than
                the centre's word that it has not got the packet.
        """
        opened = verify(receipt, kind=Kind.RECEIPT, verifying=self.trust.receipts)
        packet_id, digest = _receipted(opened.header, opened.body, station=self._keys.station)
        with self._stock.sure():
            entry = self._index.entry(packet_id)
            if entry is None:
                raise ReceiptRefused("the receipt is for a packet this station does not know")
            if entry.sha256 != digest:
                raise ReceiptRefused("the receipt is for other content than this station's packet")
            if entry.wanted is not None and opened.header.made < entry.wanted:
                raise ReceiptRefused("the receipt is older than the centre's word that it has not got the packet")
            again = entry.custody in DELIVERED
            keep = entry.custody is Custody.HELD and self.room.retention.keep_delivered_days > 0
            with self._stock.doubt():
                if not again:
                    custody = Custody.KEPT if keep else Custody.TOMBSTONE
                    receipted, settled = opened.header.made, int(now.timestamp())
                    self._index.settle(packet_id, custody, receipt=receipt, receipted=receipted, settled=settled)
                    self._withdraw(entry, custody)
            return Settled(packet_id, entry.registration, again)

    def take_states(self, blob: bytes, *, now: datetime) -> StatesTaken:
        """Note where records stand at the centre, and send again what it has lost and is still here.

        Only a packet whose receipt is older than the file counts as lost by the centre; of others nothing was promised.
        For whatever it misses no receipt counts from now on that was made before: one may still be on its way.

        A file may come after later ones. Of packets about which those spoke it changes nothing, and what it misses no
        longer counts, for each file names all that is missing then. The very same one again has no effect.

        Raises:
            Untrusted: by reason.
        """
        verifying, opening = self.trust.states, self._keys.openings
        told = read_states(blob, station=self._keys.station, verifying=verifying, opening=opening, now=now)
        with self._stock.sure():
            highest = self.last_states()
            if told.sequence == highest:
                return StatesTaken()
            misses = told.missing if told.sequence > highest else ()
            states = {packet_id: (record, since) for packet_id, record, since in told.states}
            missing: list[tuple[str, Custody | None]] = []
            back: list[Entry] = []
            for entry in filter(None, map(self._index.numbered, dict.fromkeys(misses))):
                if (entry.receipted or 0) >= told.made:
                    continue
                judged = states.get(entry.packet_id, (entry.record,))[0] not in UNJUDGED
                if entry.custody not in DELIVERED and not judged:
                    missing.append((entry.packet_id, None))
                elif self._shelf.has(name_of(entry), Guise.DELIVERED, entry.size):
                    missing.append((entry.packet_id, Custody.HELD))
                    back.append(entry)
                elif not judged:
                    missing.append((entry.packet_id, Custody.LOST))
            with self._stock.doubt():
                unknown = self._index.take_states(told.sequence, states, missing, made=told.made)
                for entry in back:
                    name = name_of(entry)
                    self._shelf.show(name, self._shelf.path(name, Guise.DELIVERED), Guise.WAITING)
                    self._stock.inspect_again(entry)
                if back:
                    self._shelf.sync()
            lost = sum(custody is Custody.LOST for _, custody in missing)
            return StatesTaken(len(told.states), unknown, len(back), lost)

    def last_states(self) -> int:
        """Tell the highest sequence of a states file that was taken in; 0 before the first."""
        return self._index.mark(Mark.STATES) or 0

    @property
    def sent_again(self) -> int:
        """How many packets the centre had and lost, and was to be given again, ever since."""
        return self._index.mark(Mark.SENT_AGAIN) or 0

    def heard(self, *, made: int, now: datetime) -> None:
        """Remember when the newest was made that was believed to be the centre's, in Unix seconds.

        To within minutes, which spares the disk, and not later than now. The same again is no news.
        """
        latest, known = int(now.timestamp()), self.last_heard() or 0
        if known > latest or min(made, latest) - known >= 600:
            # A clock that was set back keeps the word: only its time is brought down to what can be.
            self._index.set_mark(Mark.CONTACT, latest if known > latest else min(made, latest))

    def last_heard(self) -> int | None:
        """When that was made, Unix seconds by the centre's clock."""
        return self._index.mark(Mark.CONTACT)

    def _withdraw(self, entry: Entry, custody: Custody) -> None:
        name = name_of(entry)
        waiting = self._shelf.path(name)
        if custody is Custody.KEPT and waiting.exists():
            self._shelf.show(name, waiting, Guise.DELIVERED)
        else:
            waiting.unlink(missing_ok=True)
        self._shelf.sync()

    def inspect(self, *, within: float) -> None:
        """Go on comparing files with their hashes for about ``within`` seconds: see ``Stock.inspect``."""
        self._stock.inspect(within=within)

    def _ours(self, item: Item) -> Entry | None:
        if item.size is None or item.size > MAX_BYTES:
            return None
        data = item.path.read_bytes()
        try:
            header, _ = check_sealed(data, kind=Kind.RECORDING, verifying=self._keys.identity.trusted)
        except Untrusted:
            return None
        if header.sender != self._keys.station:
            return None
        return self._entry(header, hashlib.sha256(data).digest(), len(data))

    def _entry(self, header: Header, digest: bytes, size: int) -> Entry:
        number = registration_number(self._keys.station, header.sequence)
        return Entry(header.id, number, header.sequence, size, digest, header.made)


def _stored(entry: Entry, seconds: float = 0.0) -> Stored:
    return Stored(entry.packet_id, entry.registration, entry.sequence, entry.size, entry.sha256, seconds)


def _receipted(header: Header, body: bytes, *, station: str) -> tuple[str, bytes]:
    from_centre(header, station=station)
    match canonical.decode(body):
        case {"packet": str() as packet_id, "sha256": bytes() as digest, **rest} if (
            not rest and is_name(packet_id) and len(digest) == 32
        ):
            return packet_id, digest
    raise Malformed("the receipt is not built as it should be")
