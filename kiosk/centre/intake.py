"""Packets in, receipts out: verified, stored with fsync, then receipted; the same packet again, the same receipt."""

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from kiosk.centre.alone import alone, made_durably
from kiosk.centre.authority import Authority
from kiosk.centre.keyring import Purpose
from kiosk.centre.registry import ReceivedPacket, Registry
from kiosk.record import canonical
from kiosk.record.exchange import write_durably
from kiosk.record.header import Header, Kind, UnknownKey, Untrusted, WrongKind
from kiosk.record.keys import CENTRE
from kiosk.record.seal import check_sealed, peek, sign, trusting, verify

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
        with alone(self._directory):
            known = self._registry.packet(header.sender, header.id)
            if known is not None and known.sha256 != digest:
                raise PacketRefused("another packet is stored under this packet's id")
            if known is not None and self._is_here(known):
                return self._receipted(known)
            if header.sequence > self._registry.highest(header.sender) + FURTHEST_AHEAD:
                raise PacketRefused("its number is far beyond this station's last one")
            return self._store(packet, header, digest)

    def receipt(self, station: str, packet_id: str) -> bytes | None:
        """Give the receipt again for a packet that lies in store; None for one that does not, or no longer."""
        known = self._registry.packet(station, packet_id)
        return self._receipted(known) if known is not None and self._is_here(known) else None

    def gone(self, station: str) -> Iterator[int]:
        """The numbers of packets that were receipted and lost before anything was made of them: by a disk, a backup.

        The store is read before the books are: what is stored meanwhile may be told as gone, with a receipt that is
        younger than the word.
        """
        stored = self._stored(station)
        received = self._registry.just_received(station)
        return (number for packet, number, size in received if stored.get(packet) != size)

    def packet(self, station: str, packet_id: str) -> bytes | None:
        """Bring a stored packet; None for one that is not here."""
        if self.receipt(station, packet_id) is None:
            return None
        return self._file(station, packet_id).read_bytes()

    def _is_here(self, packet: ReceivedPacket) -> bool:
        try:
            here = self._file(packet.station, packet.id).stat().st_size == packet.size
        except FileNotFoundError:
            here = False
        if not here:
            self._registry.doubt(packet.station)
        return here

    def _receipted(self, packet: ReceivedPacket) -> bytes:
        """The receipt that was given, or one by a key that stations still know: the other may have been dropped."""
        given = self._registry.receipt(packet.station, packet.id)
        keys = (key.public for key in self._authority.keyring.signing(Purpose.RECEIPTS))
        try:
            verify(given, kind=Kind.RECEIPT, verifying=trusting(*keys))
        except UnknownKey:
            given = self._signed(packet)
            self._registry.put_packet(packet, given)
        return given

    def _signed(self, packet: ReceivedPacket) -> bytes:
        return sign(
            canonical.encode({"packet": packet.id, "sha256": packet.sha256}),
            Header(Kind.RECEIPT, CENTRE, packet.station, packet.id, packet.sequence, self._now()),
            self._authority.receipts,
        )

    def _now(self) -> int:
        return int(self._clock().timestamp())

    def _stored(self, station: str) -> dict[str, int]:
        try:
            with os.scandir(self._directory / station) as entries:
                return {
                    entry.name.removesuffix(_PACKET): entry.stat().st_size
                    for entry in entries
                    if entry.name.endswith(_PACKET)
                }
        except FileNotFoundError:
            return {}

    def _store(self, packet: bytes, header: Header, digest: bytes) -> bytes:
        path = self._file(header.sender, header.id)
        made_durably(path.parent)
        write_durably(path, packet)
        received = ReceivedPacket(
            header.id, header.sender, header.sequence, digest, header.previous, len(packet), self._now()
        )
        receipt = self._signed(received)
        self._registry.put_packet(received, receipt)
        return receipt

    def _file(self, station: str, packet_id: str) -> Path:
        return self._directory / station / (packet_id + _PACKET)
