"""What a cable can do to what goes over it: the faults of a simulated reader, whatever its family speaks."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

Befalling = Literal["late", "silent", "truncated", "dropped", "flipped", "stray", "unplugged"]


@dataclass(frozen=True, slots=True)
class CableFault:
    """What befalls one reply, with the data that follows it.

    ``late``: it comes ``seconds`` later. ``silent``: never. ``truncated``: only the bytes before ``at``. ``dropped``,
    ``flipped``, ``stray``: the byte ``at`` is lost, spoiled, or preceded by one too many. ``unplugged``: the cable is
    pulled when ``at`` bytes have come.

    ``after`` is how many replies are well before. ``bits`` is what flips, ``byte`` what strays in. A family says which
    of them try its protocol hardest, and may know faults of its own: ``kinds`` are all it knows.
    """

    kinds: ClassVar[tuple[str, ...]] = get_args(Befalling)

    kind: str
    after: int = 0
    at: int = 0
    seconds: float = 0.0
    bits: int = 0x40
    byte: int = 0x00

    def __post_init__(self) -> None:
        if self.kind not in self.kinds:
            raise ValueError(f"there is no fault {self.kind!r}")

    def spoil(self, said: bytes) -> bytes:
        """What is left of ``said``; all of it where a fault does nothing to the bytes themselves."""
        if not said:
            return said
        at = min(self.at, len(said) - 1)
        match self.kind:
            case "silent":
                return b""
            case "truncated" | "unplugged":
                return said[:at]
            case "dropped":
                return said[:at] + said[at + 1 :]
            case "flipped":
                return said[:at] + bytes([said[at] ^ self.bits]) + said[at + 1 :]
            case "stray":
                return said[:at] + bytes([self.byte]) + said[at:]
        return said


@dataclass(slots=True)
class Cable:
    """A cable that carries ``good_to`` bits a second; faster, one byte in ``every`` arrives spoiled."""

    good_to: int
    every: int = 1_000
    _carried: int = field(default=0, init=False)

    def carry(self, data: bytes, baud: int) -> bytes:
        """What of ``data`` comes out at the other end."""
        if baud <= self.good_to:
            return data
        carried = bytearray(data)
        for at in range(len(carried)):
            self._carried += 1
            if self._carried % self.every == 0:
                carried[at] ^= 0x10
        return bytes(carried)


def spoiled(said: bytes, fault: CableFault | None) -> bytes:
    """What is left of ``said``; nothing of it is left out or added but by ``fault``."""
    return said if fault is None else fault.spoil(said)
