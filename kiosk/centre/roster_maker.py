"""Rosters out: the residents and officers of a station, signed by the centre and sealed to that station."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk.centre.authority import Authority
from kiosk.centre.outgoing import file_id
from kiosk.centre.registry import Registry
from kiosk.record import canonical
from kiosk.record.header import Header, Kind
from kiosk.record.keys import CENTRE
from kiosk.record.resident import Resident, to_row
from kiosk.record.roster import hash_pin
from kiosk.record.seal import seal

VALID_DAYS = 180


@dataclass(frozen=True, slots=True)
class OfficerPin:
    """An officer by identifier, and their PIN of six digits."""

    id: str
    pin: str = field(repr=False)


def make_roster(
    authority: Authority,
    registry: Registry,
    station: str,
    residents: Iterable[Resident],
    officers: Iterable[OfficerPin],
    *,
    now: datetime,
) -> tuple[int, bytes]:
    """Sign and seal a roster for ``station``: its number, and the file.

    Raises:
        UnknownStation: the centre does not know it.
        ValueError: two officers share a PIN, or a PIN is not six digits.
    """
    rows = [to_row(resident) for resident in sorted(residents, key=lambda resident: resident.nik)]
    return sealed_roster(authority, registry, station, rows, officers, now=now)


def sealed_roster(
    authority: Authority,
    registry: Registry,
    station: str,
    rows: list[Mapping[str, object]] | list[dict[str, object]],
    officers: Iterable[OfficerPin],
    *,
    now: datetime,
) -> tuple[int, bytes]:
    """Sign and seal rows as they are, unchecked: the station checks them, and tests try it."""
    identity = authority.station(station)
    salt = secrets.token_bytes(16)
    pins = list(officers)
    if len({officer.pin for officer in pins}) != len(pins):
        raise ValueError("two officers share a PIN: nobody could tell which of them confirmed")
    if not all(len(officer.pin) == 6 and officer.pin.isdecimal() for officer in pins):
        raise ValueError("a PIN has six digits")
    body = canonical.encode(
        {
            "pin_salt": salt,
            "officers": [[officer.id, hash_pin(officer.pin, salt)] for officer in pins],
            "residents": rows,
        }
    )
    number = registry.next_number(Kind.ROSTER.value, station)
    moment = int(now.timestamp())
    header = Header(
        kind=Kind.ROSTER,
        sender=CENTRE,
        receiver=station,
        id=file_id(Kind.ROSTER, number),
        sequence=number,
        made=moment,
        valid_until=int((now + timedelta(days=VALID_DAYS)).timestamp()),
    )
    return number, seal(body, header, (identity.sealing,), authority.rosters).data
