"""The faults of a cable that try the GROW/ZFM protocol hardest, and the one that only its modules know."""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from drivers.fingerprint.cable import Befalling, CableFault
from drivers.fingerprint.grow.codec import Answer, Kind, encode

FaultKind = Befalling | Literal["complained"]


@dataclass(frozen=True, slots=True)
class Fault(CableFault):
    """As any cable's; what strays in begins a packet. ``complained``: BAD_PACKET comes before the reply, as from some
    optical modules."""

    kinds: ClassVar[tuple[str, ...]] = (*get_args(Befalling), "complained")

    byte: int = 0xEF

    def spoil(self, said: bytes) -> bytes:
        """What is left of ``said``, or what comes before it."""
        if said and self.kind == "complained":
            return encode(Kind.ACK, bytes([Answer.BAD_PACKET])) + said
        # By name: a class with slots is made anew, which super() without arguments does not bear.
        return CableFault.spoil(self, said)
