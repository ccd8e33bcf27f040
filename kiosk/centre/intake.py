"""Packets in, receipts out: verified, stored with fsync, then receipted; the same packet again, the same receipt."""

import fcntl
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from kiosk.centre.authority import Authority
from kiosk.centre.registry import ReceivedPacket, Registry
from kiosk.record import canonical
from kiosk.record.exchange import write_durably
from kiosk.record.header import Header, Kind, Untrusted, WrongKind
from kiosk.record.keys import CENTRE
from kiosk.record.seal import check_sealed, peek, sign

_PACKET = ".packet"
FURTHEST_AHEAD = 1_000_000
"""How far numbers may run ahead of the highest that came: a station that is ill or stolen must not fill reports."""


class PacketRefused(Untrusted):
    """The packet is a station's, but cannot be stored."""


class Intake:
    """The store of packets, ``packets/<station>/<id>.packet`` in the centre's directory. It opens none of them."""

    def __init__(
        self,
        directory: Path,
        authority: Authority,
        registry: Registry,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._directory = directory / "packets"
        self._authority = authority
        self._registry = registry
        self._clock = clock
        self._lock = threading.Lock()

    def accept(self, packet: bytes, *, station: str | None = None, packet_id: str | None = None) -> bytes:
        """Store a packet and give its receipt.

        ``station``, where known from TLS, must be the one that signed it, and ``packet_id`` what it was brought as.

        Raises:
            Untrusted: by reason; nothing was stored.
            OSError, sqlite3.Error: the disk is ill; nothing was receipted.
        """
        sender = self._authority.station(peek(packet).sender)
        header, _ = check_sealed(packet, kind=Kind.RECORDING, verifying=sender.trusted)
        if header.receiver != CENTRE or station not in (None, header.sender):
            raise WrongKind("the packet is not from this station, or not for the centre")
        if packet_id not in (None, header.id):
            raise WrongKind("the packet was brought under another id than its own")
        digest = hashlib.sha256(packet).digest()
        with self._alone():
            known = self._registry.receipt(header.sender, header.id)
            if known is not None and known[0] != digest:
                raise PacketRefused("another packet is stored under this packet's id")
            if known is not None and self._file(header.sender, header.id).is_file():
                return known[1]
            if header.sequence > self._registry.highest(header.sender) + FURTHEST_AHEAD:
                raise PacketRefused("its number is far beyond this station's last one")
            return self._store(packet, header, digest)

    def receipt(self, station: str, packet_id: str) -> bytes | None:
        """Give the receipt again for a packet that lies in store; None for one that does not, or no longer."""
        known = self._registry.receipt(station, packet_id)
        return known[1] if known is not None and self._file(station, packet_id).is_file() else None

    def gone(self, station: str) -> Iterator[int]:
        """The numbers of packets that were receipted, and that a disk or an old backup has lost since."""
        stored = self._stored(station)
        return (packet.sequence for packet in self._registry.packets(station) if packet.id not in stored)

    def packet(self, station: str, packet_id: str) -> bytes | None:
        """Bring a stored packet; None for one that is not here."""
        if self.receipt(station, packet_id) is None:
            return None
        return self._file(station, packet_id).read_bytes()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else stores meanwhile: neither a thread of this process, nor an import beside the server."""
        self._directory.mkdir(parents=True, exist_ok=True)
        with self._lock, (self._directory / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _stored(self, station: str) -> set[str]:
        try:
            with os.scandir(self._directory / station) as entries:
                return {entry.name.removesuffix(_PACKET) for entry in entries if entry.name.endswith(_PACKET)}
        except FileNotFoundError:
            return set()

    def _store(self, packet: bytes, header: Header, digest: bytes) -> bytes:
        moment = int(self._clock().timestamp())
        path = self._file(header.sender, header.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, packet)
        receipt = sign(
            canonical.encode({"packet": header.id, "sha256": digest}),
            Header(Kind.RECEIPT, CENTRE, header.sender, header.id, header.sequence, moment),
            self._authority.receipts,
        )
        received = ReceivedPacket(
            header.id, header.sender, header.sequence, digest, header.previous, len(packet), moment
        )
        self._registry.put_packet(received, receipt)
        return receipt

    def _file(self, station: str, packet_id: str) -> Path:
        return self._directory / station / (packet_id + _PACKET)
