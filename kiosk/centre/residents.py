"""Made-up residents for the demo: a few dozen over several villages of one kecamatan, among them the awkward cases.

Nobody here exists. The same seed makes the same people.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from kiosk.centre.roster_maker import OfficerPin
from kiosk.journey.session import Sex
from kiosk.record.nik import Areas, compose
from kiosk.record.resident import BloodGroup, MaritalStatus, RecordState, Resident

DISTRICT = "530203"
RETIRED_AREA = "530299"
"""No area has this code today: stands for one that was dissolved, whose people keep their numbers."""
OFFICERS = (OfficerPin("officer-1", "246810"), OfficerPin("officer-2", "135791"))
_FAMILIES = (
    "Baunsele", "Tafui", "Nomleni", "Sanam", "Oematan", "Fallo", "Kollo", "Mella", "Tanesib", "Lassa",
)  # fmt: skip
_MEN = ("Yohanis", "Marthen", "Semuel", "Yunus", "Agustinus", "Melkianus", "Daniel", "Petrus", "Oktovianus", "Imanuel")
_WOMEN = ("Maria", "Yuliana", "Martha", "Dorkas", "Adriana", "Yublina", "Selfina", "Magdalena", "Ester", "Naomi")
_OCCUPATIONS = ("PETANI/PEKEBUN", "PELAJAR/MAHASISWA", "MENGURUS RUMAH TANGGA", "WIRASWASTA", "GURU", "PETERNAK")
_RELIGIONS = ("KRISTEN", "KATOLIK", "ISLAM")


@dataclass(frozen=True, slots=True)
class Cast:
    """The residents, and by name the ones a demo or test asks for."""

    residents: tuple[Resident, ...] = field(repr=False)
    ordinary: Resident = field(repr=False)
    """A woman of thirty: nothing is odd."""
    farmer: Resident = field(repr=False)
    """A man of sixty-four."""
    pemula: Resident = field(repr=False)
    """Sixteen: may record, gets no card yet."""
    too_young: Resident = field(repr=False)
    recorded: Resident = field(repr=False)
    nik_disagrees: Resident = field(repr=False)
    long_name: Resident = field(repr=False)
    from_retired_area: Resident = field(repr=False)


def made_up(areas: Areas, *, today: date, seed: int = 17, extras: int = 32) -> Cast:
    """Make the cast and ``extras`` more; every number differs, and ages are counted from ``today``."""
    people = _People(random.Random(seed), areas, today)  # noqa: S311  # people for a demo, not secrets
    ordinary = people.make(Sex.FEMALE, years=30, name="YULIANA OEMATAN")
    farmer = people.make(Sex.MALE, years=64, name="MARTHEN TAFUI", occupation="PETANI/PEKEBUN")
    pemula = people.make(Sex.MALE, years=16, name="IMANUEL FALLO", marital_status=MaritalStatus.SINGLE)
    too_young = people.make(Sex.FEMALE, years=14, name="ESTER KOLLO", marital_status=MaritalStatus.SINGLE)
    recorded = people.make(Sex.FEMALE, years=41, name="DORKAS SANAM", state=RecordState.CARD_ISSUED)
    disagrees = people.make(Sex.MALE, years=37, name="SEMUEL MELLA")
    disagrees = replace(disagrees, birth_date=disagrees.birth_date + timedelta(days=31))
    long_name = people.make(Sex.FEMALE, years=52, name="MARIA MAGDALENA YOSEFINA ANASTASIA BAUNSELE NENOBAIS TANESIB")
    retired = people.make(Sex.MALE, years=58, name="OKTOVIANUS LASSA", area=RETIRED_AREA)
    cast = (ordinary, farmer, pemula, too_young, recorded, disagrees, long_name, retired)
    return Cast((*cast, *people.more(extras)), *cast)


class _People:
    def __init__(self, chance: random.Random, areas: Areas, today: date) -> None:
        self._chance = chance
        self._areas = areas
        self._today = today
        self._villages = [areas.name(code) or code for code in areas.within(DISTRICT)]
        self._serial = 0

    def more(self, count: int) -> Iterator[Resident]:
        for _ in range(count):
            sex = self._chance.choice(list(Sex))
            given = self._chance.choice(_MEN if sex is Sex.MALE else _WOMEN)
            second = self._chance.choice(("", "", f" {self._chance.choice(_MEN if sex is Sex.MALE else _WOMEN)}"))
            name = f"{given}{second} {self._chance.choice(_FAMILIES)}".upper()
            yield self.make(sex, years=self._chance.choice((17, 19, 23, 34, 46, 61, 68, 74, 83)), name=name)

    def make(
        self,
        sex: Sex,
        *,
        years: int,
        name: str,
        area: str = DISTRICT,
        occupation: str | None = None,
        marital_status: MaritalStatus | None = None,
        state: RecordState = RecordState.UNREGISTERED,
    ) -> Resident:
        # Between 30 and 330 days past the birthday, so that nobody changes age while a demo or test is set up.
        birthday = self._today - timedelta(days=self._chance.randrange(30, 330))
        born = date(birthday.year - years, birthday.month, min(birthday.day, 28))
        self._serial += 1
        village = self._villages[self._serial % len(self._villages)]
        return Resident(
            nik=compose(area, born, sex, self._serial).digits,
            name=name,
            birth_place=self._chance.choice((village, "Soe", "Kapan", "Kupang")).upper(),
            birth_date=born,
            sex=sex,
            blood_group=self._chance.choice(list(BloodGroup)),
            address=f"DUSUN {self._chance.choice(('I', 'II', 'III', 'IV'))}",
            rt=f"{self._chance.randrange(1, 20):03}",
            rw=f"{self._chance.randrange(1, 9):03}",
            village=village.upper(),
            district=(self._areas.name(DISTRICT) or DISTRICT).upper(),
            regency=(self._areas.name(DISTRICT[:4]) or DISTRICT[:4]).upper(),
            province=(self._areas.name(DISTRICT[:2]) or DISTRICT[:2]).upper(),
            religion=self._chance.choice(_RELIGIONS),
            marital_status=marital_status
            or (MaritalStatus.SINGLE if years < 21 else self._chance.choice(list(MaritalStatus))),
            occupation=occupation or self._chance.choice(_OCCUPATIONS if years > 20 else _OCCUPATIONS[1:2]),
            citizenship="WNI",
            state=state,
        )
