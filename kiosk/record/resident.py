"""One resident as the centre knows them: what the card shows, and where their record stands."""

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

from kiosk.journey.session import Biodata, Sex
from kiosk.record import nik as numbers

CITIZEN = frozenset({"WNI", "INDONESIA"})
"""How the roster names citizens; of anybody else the photo has another cloth behind it."""
MAX_NAME = 60
"""Characters on the card, spaces included (Permendagri 74/2015)."""


class RecordState(Enum):
    """Where a record stands at the centre, by the ministry's names."""

    UNREGISTERED = "UNREGISTERED"
    BIO_CAPTURED = "BIO_CAPTURED"
    PROCESSING = "PROCESSING"
    SENT_FOR_ENROLLMENT = "SENT_FOR_ENROLLMENT"
    RECEIVED_AT_CENTRAL = "RECEIVED_AT_CENTRAL"
    PRINT_READY_RECORD = "PRINT_READY_RECORD"
    SENT_FOR_CARD_PRINTING = "SENT_FOR_CARD_PRINTING"
    CARD_PRINTED = "CARD_PRINTED"
    CARD_SHIPPED = "CARD_SHIPPED"
    CARD_ISSUED = "CARD_ISSUED"
    ENROLL_FAILURE_AT_REGIONAL = "ENROLL_FAILURE_AT_REGIONAL"
    ENROLL_FAILURE_AT_CENTRAL = "ENROLL_FAILURE_AT_CENTRAL"
    SEARCH_FAILURE_AT_CENTRAL = "SEARCH_FAILURE_AT_CENTRAL"
    ADJUDICATE_RECORD = "ADJUDICATE_RECORD"
    REQUEST_VALIDATION = "REQUEST_VALIDATION"
    DUPLICATE_RECORD = "DUPLICATE_RECORD"


FAILED = frozenset(
    {
        RecordState.ENROLL_FAILURE_AT_REGIONAL,
        RecordState.ENROLL_FAILURE_AT_CENTRAL,
        RecordState.SEARCH_FAILURE_AT_CENTRAL,
    }
)
"""States in which the centre asks for the recording again."""


class MaritalStatus(Enum):
    """As on the card."""

    SINGLE = "BELUM KAWIN"
    MARRIED = "KAWIN"
    DIVORCED = "CERAI HIDUP"
    WIDOWED = "CERAI MATI"


class BloodGroup(Enum):
    """As on the card."""

    A = "A"
    B = "B"
    AB = "AB"
    O = "O"  # noqa: E741  # the blood group's own name
    UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class Resident:
    """Everything the card needs, and the state of the record. No field can be printed by accident."""

    nik: str = field(repr=False)
    name: str = field(repr=False)
    birth_place: str = field(repr=False)
    birth_date: date = field(repr=False)
    sex: Sex = field(repr=False)
    blood_group: BloodGroup = field(repr=False)
    address: str = field(repr=False)
    rt: str = field(repr=False)
    rw: str = field(repr=False)
    village: str = field(repr=False)
    district: str = field(repr=False)
    regency: str = field(repr=False)
    province: str = field(repr=False)
    religion: str = field(repr=False)
    marital_status: MaritalStatus = field(repr=False)
    occupation: str = field(repr=False)
    citizenship: str = field(repr=False)
    state: RecordState = field(repr=False)

    @property
    def married(self) -> bool:
        """Married now or once: eligible below seventeen."""
        return self.marital_status is not MaritalStatus.SINGLE

    @property
    def nik_disagrees(self) -> bool:
        """Whether the number says another birth date or sex than this record."""
        parsed = numbers.parse(self.nik)
        return not isinstance(parsed, numbers.Nik) or numbers.disagrees(parsed, self.birth_date, self.sex)

    def age_on(self, day: date) -> int:
        """Full years on ``day``; who was born on 29 February turns a year on 1 March of other years."""
        born = self.birth_date
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def biodata(resident: Resident) -> Biodata:
    """The lines read to the resident, and what the roster says of them."""
    return Biodata(
        nik=resident.nik,
        name=resident.name,
        birth_place=resident.birth_place,
        birth_date=resident.birth_date,
        sex=resident.sex,
        address=f"{resident.address}, RT {resident.rt}/RW {resident.rw}",
        village=resident.village,
        district=resident.district,
        married=resident.married,
        nik_disagrees=resident.nik_disagrees,
        foreigner=resident.citizenship not in CITIZEN,
    )


_TEXTS = ("name", "birth_place", "address", "rt", "rw", "village", "district", "regency", "province")
_MORE_TEXTS = ("religion", "occupation", "citizenship")


class WrongRow(ValueError):
    """A resident's row cannot be right; the sentence names the field, never its value."""


def to_row(resident: Resident) -> dict[str, Any]:
    """Write a resident as a map of texts, for CBOR and JSON."""
    texts = {name: getattr(resident, name) for name in ("nik", *_TEXTS, *_MORE_TEXTS)}
    return texts | {
        "birth_date": resident.birth_date.isoformat(),
        "sex": resident.sex.value,
        "blood_group": resident.blood_group.value,
        "marital_status": resident.marital_status.value,
        "state": resident.state.value,
    }


def from_row(row: Any) -> Resident:
    """Read what ``to_row`` wrote, checking every field.

    Raises:
        WrongRow: naming the field that is missing, unknown or cannot be right.
    """
    known = {"nik", *_TEXTS, *_MORE_TEXTS, "birth_date", "sex", "blood_group", "marital_status", "state"}
    if not isinstance(row, dict):
        raise WrongRow("the row is not a list of fields")
    if missing := known - row.keys():
        raise WrongRow(f"these fields are missing: {', '.join(sorted(missing))}")
    if unknown := row.keys() - known:
        # Not named: a row that was built wrongly may have a value where a field's name should be.
        raise WrongRow(f"it has unknown fields, {len(unknown)} of them")
    for name in known:
        if not isinstance(row[name], str):
            raise WrongRow(f"{name} is not a text")
        if not row[name].isprintable():
            raise WrongRow(f"{name} has characters that cannot be printed")
    for name in ("name", "birth_place", "village", "district", "regency", "province"):
        if not row[name].strip():
            raise WrongRow(f"{name} is empty")
    if len(row["name"]) > MAX_NAME:
        raise WrongRow(f"name is longer than {MAX_NAME} characters")
    if isinstance(flaw := numbers.parse(row["nik"]), numbers.Flaw):
        raise WrongRow(f"nik cannot be right: {flaw.value}")
    return Resident(
        nik=row["nik"],
        birth_date=_chosen("birth_date", read_day, row),
        sex=_chosen("sex", Sex, row),
        blood_group=_chosen("blood_group", BloodGroup, row),
        marital_status=_chosen("marital_status", MaritalStatus, row),
        state=_chosen("state", RecordState, row),
        **{name: row[name] for name in (*_TEXTS, *_MORE_TEXTS)},
    )


def read_day(text: str) -> date:
    """Read a date written as YYYY-MM-DD.

    Raises:
        ValueError: when it is written in any other way, or there is no such day.
        TypeError: when it is no text.
    """
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError("a date is not written as YYYY-MM-DD")
    return day


def _chosen(name: str, make: Any, row: dict[str, str]) -> Any:
    try:
        return make(row[name])
    except ValueError:
        raise WrongRow(f"{name} is none of the allowed values") from None
