"""The centre's keys by purpose, each in generations: a newer one is used, the earlier ones are still known.

A generation is a file, ``keys/<purpose>.seed`` and then ``keys/<purpose>.1.seed`` and so on; it never changes. So a
rotation is one file more, and a program that runs goes on with what it finds.
"""

from enum import Enum
from pathlib import Path

from kiosk.record.exchange import delete_durably, write_durably
from kiosk.record.keypair import OpeningKey, SigningKey

ROOT = "root"


class Purpose(Enum):
    """What a key is for. The root, which signs the list of all these, is not among them."""

    PACKETS = "packets"
    ESCROW = "escrow"
    RECEIPTS = "receipts"
    ORDERS = "orders"
    ROSTERS = "rosters"
    STATES = "states"
    COMMANDS = "commands"

    @property
    def opens(self) -> bool:
        """Whether it opens what stations seal; the others sign what stations read."""
        return self in (Purpose.PACKETS, Purpose.ESCROW)


class Keyring:
    """The keys in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._signing: dict[Path, SigningKey] = {}
        self._opening: dict[Path, OpeningKey] = {}

    def make(self) -> None:
        """Make the root's key, and the first of every purpose, in a directory that is not there yet."""
        self._directory.mkdir(parents=True, mode=0o700)
        write_durably(self._file(ROOT, 0), SigningKey.generate().seeds, mode=0o600)
        for purpose in Purpose:
            self.rotate(purpose)

    def is_whole(self) -> bool:
        """Whether there is a key for each purpose, and the root."""
        return self._file(ROOT, 0).exists() and all(self._generations(purpose) for purpose in Purpose)

    @property
    def root(self) -> SigningKey:
        """Signs the list of the other keys."""
        return self._signer(self._file(ROOT, 0))

    def signing(self, purpose: Purpose) -> tuple[SigningKey, ...]:
        """The keys of a purpose that signs, newest first: with the first one signs."""
        return tuple(self._signer(path) for path in self._generations(purpose))

    def opening(self, purpose: Purpose) -> tuple[OpeningKey, ...]:
        """The keys of a purpose that opens, newest first: to the first one seals."""
        return tuple(self._opener(path) for path in self._generations(purpose))

    def rotate(self, purpose: Purpose) -> None:
        """Make a newer key, to be used from now on."""
        seed = OpeningKey.generate().seed if purpose.opens else SigningKey.generate().seeds
        newest = self._number(paths[0]) if (paths := self._generations(purpose)) else -1
        write_durably(self._file(purpose.value, newest + 1), seed, mode=0o600)

    def drop(self, purpose: Purpose) -> int:
        """Forget all but the newest key for good; how many there were."""
        earlier = self._generations(purpose)[1:]
        for path in earlier:
            delete_durably(path)
        return len(earlier)

    def _signer(self, path: Path) -> SigningKey:
        if path not in self._signing:
            self._signing[path] = SigningKey(path.read_bytes())
        return self._signing[path]

    def _opener(self, path: Path) -> OpeningKey:
        if path not in self._opening:
            self._opening[path] = OpeningKey(path.read_bytes())
        return self._opening[path]

    def _generations(self, purpose: Purpose) -> list[Path]:
        """The files of a purpose, newest first."""
        found = [*self._directory.glob(f"{purpose.value}.seed"), *self._directory.glob(f"{purpose.value}.*.seed")]
        return sorted(found, key=self._number, reverse=True)

    def _file(self, name: str, generation: int) -> Path:
        return self._directory / (f"{name}.{generation}.seed" if generation else f"{name}.seed")

    @staticmethod
    def _number(path: Path) -> int:
        _, *number = path.stem.split(".")
        return int(number[0]) if number else 0
