"""A station's keeping and its uplink in a process of its own, which is there to be broken off; and what must hold then.

    python -m tests.faults.keeper FOLDER STATE LOG COUNT [CARELESSNESS]

records COUNT residents, one after another, in STATE, and tells on standard output what it promised: each line with
the size that LOG, the disk's history (see power.py), had at that moment. What came into the log later it did not need.
"""

import gc
import hashlib
import json
import os
import sqlite3
import stat
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import sqlcipher3

from kiosk.centre.authority import Authority
from kiosk.centre.intake import Intake
from kiosk.centre.registry import Registry
from kiosk.centre.residents import OFFICERS, made_up
from kiosk.centre.roster_maker import make_roster
from kiosk.record import keeping
from kiosk.record.exchange import Exchange, complete_files, delete_durably, write_durably
from kiosk.record.inbox import Refused
from kiosk.record.keys import StationKeys, keys_directory
from kiosk.record.nik import Areas
from kiosk.record.packet import Recording, new_packet_id, recording_of
from kiosk.record.resident import Resident
from kiosk.record.seal import peek
from kiosk.station.crew.books import Books, open_books
from tests.record.conftest import NOW, STATION, WILAYAH, visit

PACKET, RECEIPT = ".packet", ".receipt"
RESIDENTS = 24
CHECKPOINT = 50
"""Pages after which a database's log is worked in and begun anew, not 1000: so that many cuts meet that."""
GROWN = 1 << 20
"""Bytes of such a log that has been in use for long: more than it has to hold."""
FILES, NORMAL, OFF = "files", "NORMAL", "OFF"
"""Ways of being careless: not syncing files; asking the databases for less than FULL."""


@dataclass(frozen=True, slots=True)
class Told:
    """A promise, or where it has only ``begun`` the hope of one; ``at`` is how much of the history it may count on."""

    at: int
    what: str
    packet: str
    nik: str = ""
    sha256: str = ""


def people() -> list[Resident]:
    return list(made_up(Areas.load(WILAYAH), today=NOW.date(), extras=RESIDENTS).residents[-RESIDENTS:])


def prepare(folder: Path) -> None:
    """Make ``centre`` and ``station`` in ``folder``: keys, and a roster that the station has taken in."""
    authority = Authority.create(folder / "centre")
    authority.provision_station(STATION, folder / "station", now=NOW)
    Exchange(folder / "station").create()
    with closing(Registry(folder / "centre")) as registry:
        roster = make_roster(authority, registry, STATION, people(), OFFICERS, now=NOW)[1]
    with closing(books_of(folder / "station")) as books:
        books.roster.import_signed(roster, trust=books.trust, keys=books.keys, now=NOW)
    for database in (folder / "station" / "kiosk").glob("*.db"):
        # While a log grows, ext4 syncs names along with its length: what forgets to sync names is found out only later.
        database.with_name(f"{database.name}-wal").write_bytes(b"\xff" * GROWN)


def books_of(state: Path) -> Books:
    return open_books(Exchange(state), tries=3, lock_seconds=900, floor=0)


def recording(resident: Resident, packet_id: str) -> Recording:
    """Nobody's, of some tens of kilobytes."""
    drawn = Random(packet_id)
    return recording_of(
        visit(resident),
        packet_id=packet_id,
        station=STATION,
        software="0.1.0",
        began=NOW,
        ended=NOW,
        signature=drawn.randbytes(drawn.randrange(1_000, 60_000)),
    )


# At work -------------------------------------------------------------------------------------------------------------


def work(state: Path, residents: Sequence[Resident], tell: Callable[..., None]) -> None:
    """Record whoever is not recorded yet."""
    books, chance = books_of(state), Random(0)
    for resident in residents:
        if books.roster.recorded_here(resident.nik):
            # An earlier process got as far as that: whoever asks now is told that they are safe.
            note = books.roster.note(resident.nik)
            assert note is not None
            packet = books.outbox.find(note.packet)
            assert packet is not None
            tell("kept", packet.packet_id, resident.nik, packet.sha256.hex())
    for resident in residents:
        if books.roster.recorded_here(resident.nik):
            continue
        packet_id = new_packet_id()
        tell("begun", packet_id, resident.nik)
        stored = keeping.keep(recording(resident, packet_id), outbox=books.outbox, roster=books.roster, now=NOW)
        tell("kept", packet_id, resident.nik, stored.sha256.hex())
        time.sleep(chance.uniform(0.0, 0.03))
        if chance.random() < 0.3:
            for result in books.arrivals.take_in(now=NOW):
                assert not isinstance(result, Refused), result
                tell("settled", Path(result.file).stem)
    tell("ended")


def deliver(folder: Path, exchange: Exchange, tell: Callable[..., None]) -> None:
    """Send what lies in the outbox as soon as it is seen there, or later; keep what was sent in ``folder/sent``.

    What the centre has the disk may not have yet: a cut must not take it back in a way that matters.
    """
    centre, chance, sent = folder / "centre", Random(1), folder / "sent"
    sent.mkdir(exist_ok=True)
    intake = Intake(centre, Authority(centre), Registry(centre), clock=lambda: NOW)
    done: set[str] = set()
    while True:
        for path in complete_files(exchange.outbox, PACKET):
            if path.name in done:
                continue
            try:
                packet = path.read_bytes()
            except FileNotFoundError:
                continue
            packet_id = peek(packet).id
            (sent / packet_id).write_bytes(packet)
            receipt = intake.accept(packet)
            tell("sent", packet_id)
            write_durably(exchange.receipts / f"{packet_id}{RECEIPT}", receipt)
            done.add(path.name)
            if chance.random() < 0.2:
                time.sleep(chance.uniform(0.0, 0.1))
        for marker in exchange.taken.iterdir():
            delete_durably(exchange.receipts / marker.name)
        time.sleep(0.001)  # the real one looks once a second


def skip_syncs_of_files() -> None:
    sync = os.fsync

    def skipping(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            sync(descriptor)

    os.fsync = skipping


def alter_databases(library: Any, *, synchronous: str | None) -> None:
    """Let databases begin their logs anew often; and, where it is given, let them be less synchronous than asked."""
    connect = library.connect

    class Altered(library.Connection):  # type: ignore[misc, name-defined]
        def execute(self, query: str, *values: Any) -> Any:
            careless = synchronous is not None and query.startswith("PRAGMA synchronous")
            return super().execute(f"PRAGMA synchronous = {synchronous}" if careless else query, *values)

    def connecting(*arguments: Any, **named: Any) -> Any:
        connection = connect(*arguments, **named, factory=Altered)
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
        return connection

    library.connect = connecting


# Afterwards ----------------------------------------------------------------------------------------------------------


def damage(state: Path, folder: Path, told: Iterable[Told], centre: Path) -> list[str]:
    """What does not hold of ``state``, where a power cut or a kill left it, and of the centre after all is delivered.

    ``told`` is what was promised by then; ``centre`` is an empty folder for a centre that has got what was sent.
    """
    try:
        return [*_unsound(state), *_broken_promises(state, folder, list(told), centre)]
    except Exception as error:  # whatever comes of careless keeping is found out
        gc.collect()  # what had been opened by then must not keep the disk from being unmounted
        return [f"{type(error).__name__}: {error}"]


def _unsound(state: Path) -> Iterator[str]:
    keys = StationKeys.load(keys_directory(state))
    for name, library, key in (
        ("index", sqlite3, None),
        ("roster", sqlcipher3, keys.roster),
        ("ledger", sqlcipher3, keys.ledger),
    ):
        path = state / "kiosk" / f"{name}.db"
        with closing(library.connect(str(path))) as database:
            if key is not None:
                database.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
            found = [row[0] for row in database.execute("PRAGMA integrity_check")]
            if found != ["ok"]:
                yield f"{name}.db: {found}"


def _broken_promises(state: Path, folder: Path, told: list[Told], place: Path) -> Iterator[str]:
    whose = {each.packet: each.nik for each in told if each.what == "begun"}
    kept = {each.packet: bytes.fromhex(each.sha256) for each in told if each.what == "kept"}
    exchange = Exchange(state)
    with closing(Registry(place)) as registry:
        intake = Intake(place, Authority(folder / "centre"), registry, clock=lambda: NOW)
        for each in told:
            if each.what == "sent":
                intake.accept((folder / "sent" / each.packet).read_bytes())
        at_centre = {packet.id: packet.sha256 for packet in registry.packets()}
        with closing(books_of(state)) as books:
            found = books.outbox.found
            if found.lost or found.damaged:
                yield f"{len(found.lost)} packets lost, {found.damaged} damaged"
            here = {peek(packet).id: hashlib.sha256(packet).digest() for packet in _packets(exchange)}
            for packet, digest in kept.items():
                stored = books.outbox.find(packet)
                if stored is None or stored.sha256 != digest:
                    yield f"{packet} was called safe, and the station does not know it"
                if digest not in (here.get(packet), at_centre.get(packet)):
                    yield f"{packet} was called safe, and is neither here nor at the centre"
            for resident in (each for each in people() if each.nik in whose.values()):
                safe = books.roster.recorded_here(resident.nik)
                if safe is not any(books.outbox.holds(packet) for packet, nik in whose.items() if nik == resident.nik):
                    yield f"{resident.nik}: the note does not say what the outbox holds"
                if not safe:  # this resident comes again
                    new = recording(resident, new_packet_id())
                    keeping.keep(new, outbox=books.outbox, roster=books.roster, now=NOW)
                    whose[new.packet_id] = resident.nik
            for packet in list(_packets(exchange)):
                write_durably(exchange.receipts / f"{peek(packet).id}{RECEIPT}", intake.accept(packet))
            yield from (f"refused: {each.why}" for each in books.arrivals.take_in(now=NOW) if isinstance(each, Refused))
            if books.outbox.waiting().count or any(_packets(exchange)):
                yield "the outbox is not empty after delivery"
        report = registry.report(STATION)
        if report.missing or report.repeated or report.broken:
            yield f"the centre's report: {report}"
        times = Counter(whose.get(packet.id, packet.id) for packet in registry.packets())
        yield from (f"{nik} is {times[nik]} times at the centre" for nik in set(whose.values()) if times[nik] != 1)
        yield from (f"{name}, whom nobody recorded, is at the centre" for name in times.keys() - whose.values())


def _packets(exchange: Exchange) -> Iterator[bytes]:
    return (path.read_bytes() for path in complete_files(exchange.outbox, PACKET))


def main() -> None:
    folder, state, log = (Path(argument) for argument in sys.argv[1:4])
    residents, careless = people()[: int(sys.argv[4])], sys.argv[5] if len(sys.argv) > 5 else None
    if careless == FILES:
        skip_syncs_of_files()
    for library in (sqlite3, sqlcipher3):
        alter_databases(library, synchronous=careless if careless in (NORMAL, OFF) else None)

    def tell(what: str, packet: str = "", nik: str = "", sha256: str = "") -> None:
        told = Told(log.stat().st_size, what, packet, nik, sha256)
        os.write(1, f"{json.dumps(asdict(told))}\n".encode())

    if careless is None:
        threading.Thread(target=deliver, args=(folder, Exchange(state), tell), daemon=True).start()
    work(state, residents, tell)


if __name__ == "__main__":
    main()
