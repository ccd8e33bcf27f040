"""The faults of a cable that try the SFM protocol hardest."""

from dataclasses import dataclass

from drivers.fingerprint.cable import Befalling as FaultKind
from drivers.fingerprint.cable import CableFault

__all__ = ["Fault", "FaultKind"]


@dataclass(frozen=True, slots=True)
class Fault(CableFault):
    """As any cable's; what strays in begins a packet, what flips makes another command or flag of one."""

    bits: int = 0x04
    byte: int = 0x40
