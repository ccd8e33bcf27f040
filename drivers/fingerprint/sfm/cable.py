"""What a cable can do to what goes over it: the faults of the simulated module."""

from dataclasses import dataclass
from typing import Literal, get_args

FaultKind = Literal["late", "silent", "truncated", "dropped", "flipped", "stray", "unplugged"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls one reply: a packet, with the data that follows it.

    ``late``: it comes ``seconds`` later. ``silent``: never. ``truncated``: only the bytes before ``at``. ``dropped``,
    ``flipped``, ``stray``: the byte ``at`` is lost, spoiled, or preceded by one too many. ``unplugged``: the cable is
    pulled when ``at`` bytes have come.

    ``after`` is how many replies are well before. ``bits`` is what flips, ``byte`` what strays in.
    """

    kind: FaultKind
    after: int = 0
    at: int = 0
    seconds: float = 0.0
    bits: int = 0x04
    byte: int = 0x40

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"there is no fault {self.kind!r}")


@dataclass(frozen=True, slots=True)
class Cable:
    """A cable that carries ``good_to`` bits a second; faster, one byte in ``every`` arrives spoiled."""

    good_to: int = 921_600
    every: int = 1_000


def spoiled(said: bytes, fault: Fault | None) -> bytes:
    """What is left of ``said``; nothing of it is left out or added but by ``fault``."""
    if fault is None or not said:
        return said
    at = min(fault.at, len(said) - 1)
    match fault.kind:
        case "late":
            return said
        case "silent":
            return b""
        case "truncated" | "unplugged":
            return said[:at]
        case "dropped":
            return said[:at] + said[at + 1 :]
        case "flipped":
            return said[:at] + bytes([said[at] ^ fault.bits]) + said[at + 1 :]
        case "stray":
            return said[:at] + bytes([fault.byte]) + said[at:]
