"""The seam of the card printer family: one card in, one verdict out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import numpy as np
import numpy.typing as npt

Progress = Callable[[float], None]
"""Called with the share sent, 0.0 to 1.0."""


class Fault(Enum):
    """What an operator must see to at the printer."""

    FEEDER_EMPTY = "feeder-empty"
    RIBBON_OUT = "ribbon-out"
    COVER_OPEN = "cover-open"
    JAM = "jam"
    OVERHEATED = "overheated"
    CLEANING_DUE = "cleaning-due"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CardImage:
    """Both faces at 300 dpi, landscape ID-1: uint8 (648, 1016, 3), RGB."""

    front: npt.NDArray[np.uint8] = field(repr=False)
    back: npt.NDArray[np.uint8] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Status:
    """The printer's health: faults (empty = ready), cards the ribbon still makes, cards ever made. None = unknown.

    ``ribbon_percent`` is for printers that only tell how full the ribbon is; ``cleanings`` counts those ever run.
    """

    faults: tuple[Fault, ...]
    ribbon_left: int | None
    printed_total: int | None
    model: str
    ribbon_percent: int | None = None
    cleanings: int | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """The card lies in the output."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was printed and no blank was used; ``fault`` says what to see to."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class Jammed:
    """A blank was taken and is spoiled or stuck."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Whether a card came out cannot be told; a person must look. Never print again by guess."""


Verdict = Printed | Refused | Jammed | Unknown


class CardPrinter(Protocol):
    """One card at a time. Every call raises a DeviceError when the device is ill before a card was taken."""

    def status(self, *, within: float) -> Status:
        """Ask the printer how it is."""
        ...

    def print(self, card: CardImage, *, within: float, progress: Progress | None = None) -> Verdict:
        """Print one card and follow it to its end. After the printer took the job, illness is ``Unknown``."""
        ...

    def close(self) -> None:
        """Give the port back; may be called twice."""
        ...
