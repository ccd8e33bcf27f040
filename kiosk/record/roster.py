"""The list of residents and officers a station works with: signed by the centre, kept encrypted, asked by number."""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kiosk.record import attempts, canonical
from kiosk.record.attempts import Attempts, Limit
from kiosk.record.database import Database
from kiosk.record.header import Header, Kind, Untrusted, is_name
from kiosk.record.keys import CentreTrust, StationKeys, from_centre
from kiosk.record.resident import Resident, WrongRow, from_row
from kiosk.record.seal import open_sealed

_SCHEMA = f"""
CREATE TABLE held (only INTEGER PRIMARY KEY CHECK (only = 1), id TEXT NOT NULL, sequence INTEGER NOT NULL,
    made INTEGER NOT NULL, valid_until INTEGER, pin_salt BLOB NOT NULL);
CREATE TABLE residents (nik TEXT PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE officers (id TEXT PRIMARY KEY, pin_hash BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE recordings (nik TEXT PRIMARY KEY, packet TEXT NOT NULL, since INTEGER NOT NULL,
    safe INTEGER NOT NULL) WITHOUT ROWID;
{attempts.SCHEMA}
"""
_WHAT_IT_REPLACES = """
ALTER TABLE recordings ADD COLUMN replaces TEXT;
CREATE INDEX recordings_by_packet ON recordings (packet)"""
_WHICH_ROSTER_WAS_HELD = "ALTER TABLE recordings ADD COLUMN roster INTEGER"
_CHANGES = {2: _WHAT_IT_REPLACES, 3: _WHICH_ROSTER_WAS_HELD, 4: attempts.LOCKS_ARE_COUNTED}
_VISITING, _AT_THE_DESK = "officer-pin", "desk-pin"
"""PINs are counted apart: anybody may come to the desk's, and must not lock the officers out of every visit by it."""
_SALT = 16
_HASH = 32


class RosterRefused(Untrusted):
    """The roster cannot be used; ``row`` (from 1) says which of its rows, None when it is the whole."""

    def __init__(self, why: str, row: int | None = None) -> None:
        super().__init__(why if row is None else f"row {row}: {why}")
        self.row = row


@dataclass(frozen=True, slots=True)
class RosterInfo:
    """The roster a station holds; times in Unix seconds."""

    id: str
    sequence: int
    made: int
    valid_until: int | None
    residents: int
    officers: int


@dataclass(frozen=True, slots=True)
class Note:
    """Whose packet it is that was made here last, ``safe`` or not (lost, or just begun).

    ``roster``: the sequence of the roster that was held when it was begun; None when there was none.
    """

    packet: str
    safe: bool
    roster: int | None


@dataclass(frozen=True, slots=True)
class Proved:
    """The birth date was right."""

    resident: Resident = field(repr=False)


@dataclass(frozen=True, slots=True)
class WrongDate:
    """The birth date was not right, or the roster does not hold the number."""

    tries_left: int


@dataclass(frozen=True, slots=True)
class Locked:
    """Too many wrong answers; ``begins`` with the one just given."""

    seconds: int
    begins: bool = False


@dataclass(frozen=True, slots=True)
class ImpossibleDate:
    """Nobody can be born on that day; it does not count as a try."""


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer, by an identifier that is no name."""

    id: str


@dataclass(frozen=True, slots=True)
class WrongPin:
    """The PIN is nobody's."""

    tries_left: int


@dataclass(frozen=True, slots=True)
class NoRoster:
    """Before the first roster nobody is an officer; it does not count as a try."""


Proof = Proved | WrongDate | Locked | ImpossibleDate


def hash_pin(pin: str, salt: bytes) -> bytes:
    """Hash an officer's PIN: scrypt (RFC 7914), 16 MiB, one salt a roster, so that one hash asks for all officers."""
    return hashlib.scrypt(pin.encode(), salt=salt, n=1 << 14, r=8, p=1, dklen=_HASH)


class Roster:
    """``roster.db``, encrypted as a whole."""

    def __init__(
        self, path: Path, key: bytes, *, birth_date: Limit = attempts.BIRTH_DATE, pin: Limit = attempts.PIN
    ) -> None:
        """Open or make the file; ``key`` is 32 bytes.

        Raises:
            DatabaseDamaged: by reason.
        """
        self._database = Database(path, _SCHEMA, version=4, changes=_CHANGES, key=key)
        self._dates = Attempts(self._database, birth_date)
        self._pins = Attempts(self._database, pin)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def info(self) -> RosterInfo | None:
        """Tell which roster is held; None before the first."""
        row = self._database.row(
            "SELECT id, sequence, made, valid_until, (SELECT count(*) FROM residents),"
            " (SELECT count(*) FROM officers) FROM held"
        )
        return None if row is None else RosterInfo(*row)

    def import_signed(self, blob: bytes, *, trust: CentreTrust, keys: StationKeys, now: datetime) -> RosterInfo:
        """Take in a roster whole, or leave everything as it was. The one already held is taken again without effect.

        Raises:
            Untrusted: by reason; RosterRefused with the number of the row that cannot be right.
        """
        opened = open_sealed(blob, kind=Kind.ROSTER, verifying=trust.rosters, opening=keys.openings)
        header = opened.header
        addressed(header, station=keys.station, now=now)
        held = self.info()
        if held is not None and header.sequence <= held.sequence:
            if (header.id, header.sequence) == (held.id, held.sequence):
                return held
            raise RosterRefused("it is older than the roster this station already holds")
        salt, officers, residents = _contents(opened.body)
        with self._database.transaction() as write:
            for table in ("held", "residents", "officers"):
                write.execute(f"DELETE FROM {table}")  # noqa: S608  # three names written here
            write.execute(
                "INSERT INTO held VALUES (1, ?, ?, ?, ?, ?)",
                (header.id, header.sequence, header.made, header.valid_until, salt),
            )
            write.executemany("INSERT INTO officers VALUES (?, ?)", officers)
            write.executemany(
                "INSERT INTO residents VALUES (?, ?)", ((r.nik, canonical.encode(row)) for r, row in residents)
            )
        info = self.info()
        assert info is not None  # noqa: S101  # written in the transaction above
        return info

    def find(self, nik: str) -> Resident | None:
        """Find a resident by number. Nothing of it is to be shown before ``prove``."""
        row = self._database.row("SELECT row FROM residents WHERE nik = ?", nik)
        return None if row is None else from_row(canonical.decode(bytes(row[0])))

    def seconds_locked(self, nik: str, *, now: datetime) -> int:
        """Tell how long this number is still locked after wrong birth dates; 0 when it is not."""
        return self._dates.seconds_locked(nik, now=now)

    def prove(self, nik: str, birth_date: str, *, now: datetime) -> Proof:
        """Compare ``birth_date`` (DDMMYYYY, as typed) with the roster's; wrong answers are counted on disk."""
        if seconds := self._dates.seconds_locked(nik, now=now):
            return Locked(seconds)
        day = _typed_day(birth_date)
        if day is None or day > now.date() or day.year < now.year - 130:
            return ImpossibleDate()
        resident = self.find(nik)
        if resident is None or resident.birth_date != day:
            left = self._dates.wrong(nik, now=now)
            return WrongDate(left) if left else Locked(self._dates.seconds_locked(nik, now=now), begins=True)
        self._dates.forget(nik)
        return Proved(resident)

    def officer(self, pin: str, *, now: datetime, visiting: bool) -> Officer | WrongPin | Locked | NoRoster:
        """Tell whose PIN this is; wrong ones are counted for the whole station, apart within visits (``visiting``) and
        at the desk."""
        subject = _VISITING if visiting else _AT_THE_DESK
        row = self._database.row("SELECT pin_salt FROM held")
        if row is None:
            return NoRoster()
        if seconds := self._pins.seconds_locked(subject, now=now):
            return Locked(seconds)
        hashed = hash_pin(pin, bytes(row[0]))
        found = None
        for officer, known in self._database.rows("SELECT id, pin_hash FROM officers"):
            if hmac.compare_digest(hashed, bytes(known)):
                found = officer
        if found is None:
            left = self._pins.wrong(subject, now=now)
            return WrongPin(left) if left else Locked(self._pins.seconds_locked(subject, now=now), begins=True)
        self._pins.forget(subject)
        return Officer(found)

    def begin_recording(self, nik: str, packet: str, *, now: datetime) -> str | None:
        """Note, before a packet is made, whose it will be; ``reconcile`` takes the note back if it never came to be.

        Gives the packet noted before, in whose place this one comes; also when this one is begun again.
        """
        with self._database.transaction() as write:
            row = write.execute("SELECT packet, replaces FROM recordings WHERE nik = ?", (nik,)).fetchone()
            earlier: str | None = None if row is None else row[1] if row[0] == packet else row[0]
            write.execute(
                "INSERT OR REPLACE INTO recordings (nik, packet, since, safe, replaces, roster)"
                " VALUES (?, ?, ?, 0, ?, (SELECT sequence FROM held))",
                (nik, packet, int(now.timestamp()), earlier),
            )
        return earlier

    def mark_recorded(self, nik: str) -> None:
        """Note that the packet is safe: this resident is not to be recorded again."""
        with self._database.transaction() as write:
            write.execute("UPDATE recordings SET safe = 1 WHERE nik = ?", (nik,))

    def recorded_here(self, nik: str) -> bool:
        """Whether this station holds or delivered a recording of this resident."""
        note = self.note(nik)
        return note is not None and note.safe

    def note(self, nik: str) -> Note | None:
        """What is noted of this resident's newest recording here."""
        row = self._database.row("SELECT packet, safe, roster FROM recordings WHERE nik = ?", nik)
        return None if row is None else Note(row[0], bool(row[1]), row[2])

    def reconcile(self, holds: Callable[[str], bool], is_lost: Callable[[str], bool], lost: Iterable[str] = ()) -> None:
        """Settle the notes of recordings that were under way by asking whether their packet is held.

        The note of a lost packet stays, but no longer counts, until the packet is held again. ``lost`` are those of
        which that is not known here yet.
        """
        with self._database.transaction() as write:
            write.executemany("UPDATE recordings SET safe = 0 WHERE packet = ?", ((packet,) for packet in lost))
        for nik, packet, replaces in self._database.rows("SELECT nik, packet, replaces FROM recordings WHERE safe = 0"):
            if holds(packet):
                self.mark_recorded(nik)
            elif not is_lost(packet):
                with self._database.transaction() as write:
                    if replaces is None:
                        write.execute("DELETE FROM recordings WHERE nik = ?", (nik,))
                    else:
                        write.execute("UPDATE recordings SET packet = replaces, replaces = NULL WHERE nik = ?", (nik,))


def addressed(header: Header, *, station: str, now: datetime) -> None:
    """Check that something from the centre is for this station, and for now.

    Raises:
        WrongKind: when it is for another station, or not the centre's.
        OutOfTime: when it is no longer valid; NotValidYet.
    """
    from_centre(header, station=station)
    moment = int(now.timestamp())
    if header.valid_from is not None and moment < header.valid_from:
        raise NotValidYet(f"this {header.kind.value} is not valid yet; check the station's clock")
    if header.valid_until is not None and moment > header.valid_until:
        raise OutOfTime(f"this {header.kind.value} is no longer valid; ask the centre for a new one")


class OutOfTime(Untrusted):
    """It is no longer valid, or not yet."""


class NotValidYet(OutOfTime):
    """It will be valid."""


def _typed_day(text: str) -> date | None:
    if not re.fullmatch(r"[0-9]{8}", text):
        return None
    try:
        return date(int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        return None


_Officers = list[tuple[str, bytes]]
_Residents = list[tuple[Resident, dict[str, Any]]]


def _contents(body: bytes) -> tuple[bytes, _Officers, _Residents]:
    try:
        content = canonical.decode(body)
    except canonical.NotCanonical as error:
        raise RosterRefused(str(error)) from None
    match content:
        case {"pin_salt": bytes() as salt, "officers": list() as officers, "residents": list() as rows} if (
            len(content) == 3 and len(salt) == _SALT
        ):
            return salt, list(_officers(officers)), list(_residents(rows))
    raise RosterRefused("it is not built as a roster should be")


def _officers(rows: list[Any]) -> Iterable[tuple[str, bytes]]:
    ids, hashes = set(), set()
    for row in rows:
        match row:
            case [str() as officer, bytes() as pin_hash] if is_name(officer) and len(pin_hash) == _HASH:
                if officer in ids or pin_hash in hashes:
                    raise RosterRefused("two officers share an identifier or a PIN")
                ids.add(officer)
                hashes.add(pin_hash)
                yield officer, pin_hash
            case _:
                raise RosterRefused("an officer's row is not built as it should be")


def _residents(rows: list[Any]) -> Iterable[tuple[Resident, dict[str, Any]]]:
    seen = set()
    for number, row in enumerate(rows, start=1):
        try:
            resident = from_row(row)
        except WrongRow as error:
            raise RosterRefused(str(error), row=number) from None
        if resident.nik in seen:
            raise RosterRefused("the number appears in an earlier row too", row=number)
        seen.add(resident.nik)
        yield resident, row
