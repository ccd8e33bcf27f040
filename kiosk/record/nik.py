"""The sixteen-digit identity number: area of first registration, birth date (women: day + 40), serial."""

import csv
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path

from kiosk.journey.session import Sex

DIGITS = 16
WOMEN = 40
"""Added to the day of birth in a woman's number."""


class Flaw(Enum):
    """Why sixteen keys pressed are no identity number."""

    LENGTH = "length"
    NOT_DIGITS = "not-digits"
    DATE = "date"
    SERIAL = "serial"


@dataclass(frozen=True, slots=True)
class Nik:
    """A number of the right form. It has no check digit: only a roster tells whether it is somebody's."""

    digits: str = field(repr=False)

    @property
    def area(self) -> str:
        """Province, kabupaten and kecamatan where the person was *first* registered; the code may since be retired."""
        return self.digits[:6]

    @property
    def sex(self) -> Sex:
        """As the number has it; corrections of a record do not change the number."""
        return Sex.FEMALE if int(self.digits[6:8]) > WOMEN else Sex.MALE

    @property
    def day(self) -> int:
        """Day of birth, 1 to 31."""
        return int(self.digits[6:8]) - (WOMEN if self.sex is Sex.FEMALE else 0)

    @property
    def month(self) -> int:
        """Month of birth, 1 to 12."""
        return int(self.digits[8:10])

    def birth_date(self, known: date) -> date | None:
        """Resolve the two-digit year by ``known``, the roster's birth date: the nearest year with that ending.

        None for 29 February of a year that has none.
        """
        ending = int(self.digits[10:12])
        year = min((ending + 100 * c for c in range(18, 22)), key=lambda y: (abs(y - known.year), y))
        try:
            return date(year, self.month, self.day)
        except ValueError:
            return None


def parse(text: str) -> Nik | Flaw:
    """Tell whether ``text`` has the form of an identity number. Any area code is accepted: retired ones stay valid."""
    if not (text.isascii() and (text.isdigit() or not text)):
        return Flaw.NOT_DIGITS
    if len(text) != DIGITS:
        return Flaw.LENGTH
    day, month, ending = int(text[6:8]), int(text[8:10]), int(text[10:12])
    if not any(_exists(century + ending, month, day - WOMEN if day > WOMEN else day) for century in (1900, 2000)):
        return Flaw.DATE
    if text[12:] == "0000":
        return Flaw.SERIAL
    return Nik(text)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def disagrees(nik: Nik, birth_date: date, sex: Sex) -> bool:
    """Tell whether the number says another birth date or sex than the roster: worth a warning, never a refusal."""
    return nik.birth_date(birth_date) != birth_date or nik.sex is not sex


def compose(area: str, birth_date: date, sex: Sex, serial: int) -> Nik:
    """Make the number a person first registered in ``area`` (six digits) would get; serial 1 to 9999.

    Raises:
        ValueError: when these make no identity number.
    """
    day = birth_date.day + (WOMEN if sex is Sex.FEMALE else 0)
    made = parse(f"{area}{day:02}{birth_date:%m%y}{serial:04}")
    if isinstance(made, Flaw):
        raise ValueError(f"these make no identity number: {made.value}")
    return made


@dataclass(frozen=True, slots=True)
class Areas:
    """Names of area codes (Kemendagri). A code that is not listed is no error: it may be retired or from afar."""

    names: dict[str, str]

    @classmethod
    def load(cls, path: Path) -> "Areas":
        """Read ``code,name`` lines; codes of 2, 4, 6 or 10 digits without dots."""
        with path.open(encoding="utf-8", newline="") as file:
            return cls({row["code"]: row["name"] for row in csv.DictReader(file)})

    def name(self, code: str) -> str | None:
        """Name the area with this code."""
        return self.names.get(code)

    def within(self, code: str) -> list[str]:
        """List the codes one level below ``code``."""
        deeper = {2: 4, 4: 6, 6: 10}.get(len(code), 0)
        return sorted(c for c in self.names if len(c) == deeper and c.startswith(code))
