"""What stands behind the server's door: whom it lets in, what it takes from stations, what it has for them."""

from dataclasses import dataclass
from pathlib import Path

from kiosk.centre.authority import Authority, UnknownStation
from kiosk.centre.intake import Intake
from kiosk.centre.outgoing import Outgoing
from kiosk.centre.registry import Registry
from kiosk.centre.states import Bulletins
from kiosk.record.header import Kind

FURTHEST_AHEAD = 1_000_000
"""How far ahead of the centre's memory a station may say it is: no backup is older than that."""
_NEWEST_ONLY = {Kind.KEYS, Kind.ROSTER}
"""Of these, the newest says all."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of one centre that a station deals with."""

    authority: Authority
    registry: Registry
    intake: Intake
    outgoing: Outgoing
    bulletins: Bulletins

    @classmethod
    def of(cls, directory: Path, authority: Authority, registry: Registry) -> "Desk":
        """Put together what lies in a centre's directory."""
        intake, outgoing = Intake(directory, authority, registry), Outgoing(directory / "out")
        return cls(authority, registry, intake, outgoing, Bulletins(authority, registry, intake, outgoing))

    def welcomes(self, station: str, certificate: bytes | None = None) -> bool:
        """Whether this station is known, and not revoked; and, where it shows a certificate (DER), by a good one."""
        if certificate is not None:
            return self.authority.is_welcome(station, certificate)
        try:
            self.authority.station(station)
        except UnknownStation:
            return False
        return True

    def accept(self, packet: bytes, *, station: str, packet_id: str) -> bytes:
        """Take a packet in, from any thread; see ``Intake.accept``."""
        return self.intake.accept(packet, station=station, packet_id=packet_id)

    def receipt(self, station: str, packet: str) -> bytes | None:
        """The receipt for a packet that lies in store; None for any other."""
        return self.intake.receipt(station, packet)

    def waiting(self, station: str, kind: Kind, *, after: int) -> tuple[int, list[tuple[int, str]]]:
        """The highest number given, and what waits behind ``after``, brought up to date."""
        listed = self.outgoing.waiting(station, kind)
        highest = listed[-1][0] if listed else 0
        if highest < after <= highest + FURTHEST_AHEAD:
            # The station has seen more than we remember: we were restored from a backup. What we make from now on
            # must not bear numbers that it would take for old ones.
            self.registry.lift(kind.value, station, after)
        if kind is Kind.STATES and (made := self.bulletins.publish(station)) is not None:
            listed, highest = self.outgoing.waiting(station, kind), made
        waiting = [(number, name) for number, name in listed if number > after]
        return highest, waiting[-1:] if kind in _NEWEST_ONLY else waiting

    def file(self, station: str, kind: Kind, name: str) -> Path | None:
        """Where one of the files that wait lies; None for any other name."""
        return self.outgoing.file(station, kind, name)
