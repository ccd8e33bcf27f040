"""The clerk keeps a recording under way over a power cut, lets its own resident go on, and destroys it at every end."""

import errno
import queue
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.fingerprint import Template
from kiosk.journey.effects import CompareWithBegun, EraseBegun, Forget, Keep, Prove, Seal, TakeUp
from kiosk.journey.events import (
    BegunErased,
    Event,
    IdentityProved,
    IdentityRefused,
    NotSealed,
    NotTakenUp,
    Sealed,
    TakenUp,
)
from kiosk.journey.fingers import RECHECKED, Finger
from kiosk.journey.kept import Kept, kept_of
from kiosk.journey.session import Begun, Earlier, Session
from kiosk.journey.steps import HowFar, Refusal, Step
from kiosk.record.clock import Moment
from kiosk.record.outbox import Outbox
from kiosk.record.resident import Resident
from kiosk.station.crew import unfinished
from kiosk.station.crew.books import Books, open_books
from kiosk.station.crew.clerk import Clerk
from kiosk.station.crew.unfinished import Seen

SEEN = Seen(datetime(2026, 11, 24, 8, 0, tzinfo=UTC), {"photo": 21_000})
GO_ON = 1800


class Desk:
    """A clerk at work, asked as the crew asks."""

    def __init__(self, clerk: Clerk, told: "queue.Queue[Event]") -> None:
        self.clerk, self._told = clerk, told

    def __call__(self, ask: Callable[[], None]) -> Event:
        """Ask, and hear the answer."""
        ask()
        return self._told.get(timeout=30)

    def done(self) -> None:
        """Wait until all that was asked is done."""
        self.clerk.answered(lambda _: True, within=30)

    def keep(self, visit: int, kept: Kept | None) -> None:
        self.clerk.keep(Keep(visit, kept), SEEN)
        self.done()

    def forget(self, *, begun_stays: bool = False) -> None:
        self.clerk.forget(Forget(8, begun_stays))
        self.done()

    def prove(self, resident: Resident, visit: int = 7) -> IdentityProved:
        proved = self(lambda: self.clerk.prove(Prove(visit, resident.nik, f"{resident.birth_date:%d%m%Y}")))
        assert isinstance(proved, IdentityProved)
        return proved

    def template(self, resident: Resident) -> Template | Event:
        return self.clerk.begun_template(CompareWithBegun(7, Finger.RIGHT_INDEX, resident.nik), within=30)

    def take_up(self, resident: Resident, visit: int = 7) -> Event:
        return self(lambda: self.clerk.take_up(TakeUp(visit, resident.nik)))

    def seal(self, visit: int, session: Session) -> Event:
        return self(lambda: self.clerk.seal(Seal(visit, session), SEEN))


class Station:
    """Starts clerks one after another, as a station does over its power cuts."""

    def __init__(self, world: Any, now: datetime) -> None:
        self.boot, self.unix, self.kept = "boot", int(now.timestamp()) + 60, True
        self.world, self.uptime, self.family, self.software = world, 100.0, "zfm", "0.1.0"
        opened = self.books()
        opened.roster.import_signed(world.roster(), trust=world.trust, keys=world.keys, now=now)
        opened.close()

    def books(self) -> Books:
        return open_books(
            self.world.exchange,
            tries=3,
            lock_seconds=900,
            floor=0,
            software=self.software,
            go_on_seconds=GO_ON,
            clock=lambda: Moment(self.boot, self.uptime, self.unix, self.kept),
        )

    @contextmanager
    def started(self) -> Iterator[Desk]:
        told: queue.Queue[Event] = queue.Queue()

        def tell(event: Event) -> None:
            if hasattr(event, "visit"):
                told.put(event)

        clerk = Clerk(self.books, tell, lambda _: None, software="0.1.0", template_family=lambda: self.family)
        clerk.start()
        assert clerk.ready.wait(30)
        try:
            yield Desk(clerk, told)
        finally:
            clerk.close()
        assert not clerk.broken

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.world.exchange.checkpoints.iterdir())


KEPT = ["visit.key", "visit.sealed"]


@pytest.fixture
def station(world: Any, now: datetime) -> Station:
    return Station(world, now)


@pytest.fixture
def resident(world: Any) -> Resident:
    person: Resident = world.cast.ordinary
    return person


@pytest.fixture
def whole(resident: Resident, session_of: Callable[[Resident], Session]) -> Session:
    return session_of(resident)


@pytest.fixture
def six(whole: Session) -> Kept:
    """Photo, signature and six fingers."""
    kept = kept_of(whole.but(step=Step.FINGERS, impressions=whole.impressions[:6], rechecked=(), officer=None))
    assert kept is not None
    return kept


def test_after_a_power_cut_its_own_resident_goes_on(station: Station, resident: Resident, six: Kept) -> None:
    with station.started() as desk:
        assert desk.prove(resident).begun is None
        desk.keep(3, six)
    with station.started() as desk:
        assert desk.prove(resident).begun == Begun((Finger.RIGHT_INDEX,), takes_eyes=False)
        template = desk.template(resident)
        assert isinstance(template, Template)
        assert template.data == six.impressions[1].template
        assert desk.take_up(resident) == TakenUp(7, six, Earlier(SEEN.began, SEEN.timings))
        assert station.files == KEPT, "as long as the visit goes on"


def test_nobody_else_hears_of_it_or_destroys_it(station: Station, resident: Resident, six: Kept, world: Any) -> None:
    other: Resident = world.cast.farmer
    with station.started() as desk:
        desk.keep(3, six)
    with station.started() as desk:
        assert desk.prove(other, visit=0).begun is None
        assert isinstance(desk.template(other), BegunErased)
        assert desk.take_up(other, visit=0) == BegunErased(0)
        assert desk(lambda: desk.clerk.erase_begun(EraseBegun(0, other.nik))) == BegunErased(0)
        desk.keep(0, None)
        desk.forget()
        assert station.files == KEPT
        assert desk.prove(resident, visit=1).begun is not None


def test_anothers_first_approval_takes_the_place(station: Station, resident: Resident, six: Kept, world: Any) -> None:
    other: Resident = world.cast.farmer
    with station.started() as desk:
        desk.keep(3, six)
        desk.forget()
        desk.keep(4, replace(six, nik=other.nik))
    with station.started() as desk:
        assert desk.prove(resident, visit=0).begun is None
        assert desk.prove(other, visit=1).begun is not None


def test_another_readers_templates_prove_nothing(station: Station, resident: Resident, six: Kept) -> None:
    with station.started() as desk:
        desk.keep(3, six)
    station.family = "sfm"
    with station.started() as desk:
        assert desk.prove(resident).begun == Begun((), takes_eyes=False)


@pytest.mark.parametrize("end", ["home", "rejected or refused", "sealed", "begun anew", "too late", "update"])
def test_it_is_destroyed_at_every_end(
    station: Station, resident: Resident, six: Kept, whole: Session, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.station.crew.clerk.LOOK", 0.01)
    with station.started() as desk:
        desk.keep(3, six)
        assert station.files == KEPT
        match end:
            case "home":
                desk.forget()
            case "rejected or refused":
                desk.keep(3, None)
            case "sealed":
                assert isinstance(desk.seal(3, whole), Sealed)
            case "begun anew":
                assert desk(lambda: desk.clerk.erase_begun(EraseBegun(9, resident.nik))) == BegunErased(9)
            case "too late":
                station.uptime += GO_ON + 1
                deadline = time.monotonic() + 30
                while station.files and time.monotonic() < deadline:
                    time.sleep(0.01)
            case "update":
                station.software = "0.2.0"
    with station.started() as desk:
        assert station.files == []
        assert desk.take_up(resident) == BegunErased(7)


def test_who_is_gone_on_with_and_leaves_leaves_nothing(station: Station, resident: Resident, six: Kept) -> None:
    with station.started() as desk:
        desk.keep(3, six)
    with station.started() as desk:
        desk.take_up(resident)
        desk.forget()
        assert station.files == []


def test_cut_between_safe_and_told_it_is_not_made_twice(
    station: Station, resident: Resident, six: Kept, whole: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished.Unfinished, "sealed", lambda *_: None)  # the power fails here
    with station.started() as desk:
        desk.keep(3, six)
        sealed = desk.seal(3, whole)
        assert isinstance(sealed, Sealed)
    assert station.files == KEPT
    with station.started() as desk:
        assert station.files == [], "its packet is safe: there is nothing to go on with"
        proved = desk.prove(resident)
        assert proved.begun is None
        assert proved.record.how_far is HowFar.KEPT_HERE
        assert proved.record.registration == sealed.accepted.registration, "what nobody could be told is told now"
        assert desk.clerk.standing.waiting.count == 1


def test_cut_before_it_was_safe_it_is_sealed_under_the_id_it_had(
    station: Station, resident: Resident, six: Kept, whole: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fails(_: Outbox, payload: bytes, *, packet_id: str, **named: Any) -> None:
        asked.append(packet_id)
        raise OSError(errno.EIO, "the disk is gone with the power")

    with station.started() as desk:
        desk.keep(3, six)
        with monkeypatch.context() as cut:
            cut.setattr(Outbox, "accept", fails)
            assert isinstance(desk.seal(3, whole), NotSealed)
    with station.started() as desk:
        desk.take_up(resident)
        sealed = desk.seal(7, whole)
        assert isinstance(sealed, Sealed)
        assert [sealed.accepted.packet_id] == asked
    assert len(list(station.world.exchange.outbox.glob("*.packet"))) == 1


def test_a_disk_that_fails_costs_what_is_kept_and_never_the_visit(
    station: Station, resident: Resident, six: Kept, whole: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "full")

    with station.started() as desk:
        with monkeypatch.context() as ill:
            ill.setattr("kiosk.record.checkpoint.write_durably", full)
            desk.keep(3, six)
        assert station.files == []
        assert isinstance(desk.seal(3, whole), Sealed)


def test_who_waited_in_vain_leaves_it_to_its_deadline(station: Station, resident: Resident, six: Kept) -> None:
    with station.started() as desk:
        desk.keep(3, six)
        desk.forget(begun_stays=True)
        assert station.files == KEPT
        desk.forget()
        assert desk.prove(resident).begun is not None
        assert isinstance(desk.take_up(resident), TakenUp)
        desk.forget()
        assert station.files == [], "their own word"


def test_a_finger_that_comes_after_it_is_over_is_told_so(station: Station, resident: Resident) -> None:
    with station.started() as desk:
        assert desk.template(resident) == BegunErased(7)


def test_what_a_boot_cannot_judge_yet_is_not_denied_and_asked_again(
    station: Station, resident: Resident, six: Kept, world: Any
) -> None:
    with station.started() as desk:
        desk.keep(3, six)
    station.boot, station.uptime, station.kept = "another boot", 30.0, False
    with station.started() as desk:
        date = f"{resident.birth_date:%d%m%Y}"
        told = desk(lambda: desk.clerk.prove(Prove(7, resident.nik, date)))
        assert told == IdentityRefused(7, Refusal.NOT_NOW, -1)
        assert desk.prove(world.cast.pemula).begun is None, "nobody else has to wait"
        assert station.files == KEPT
        station.kept = True
        assert desk.prove(resident).begun is not None


def test_a_disk_that_cannot_be_read_takes_nothing_up_and_ends_nothing(
    station: Station, resident: Resident, six: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ill(*_: Any) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    with station.started() as desk:
        desk.keep(3, six)
        desk.forget(begun_stays=True)
        with monkeypatch.context() as disk:
            disk.setattr("kiosk.record.database.Database.row", ill)
            assert desk.take_up(resident) == NotTakenUp(7, Refusal.NOT_NOW)
            assert desk.template(resident) == NotTakenUp(7, Refusal.NOT_NOW)
            time.sleep(1.2)  # a round
        assert isinstance(desk.take_up(resident), TakenUp)
        with monkeypatch.context() as disk:
            disk.setattr("kiosk.record.database.Database.row", ill)
            assert desk(lambda: desk.clerk.erase_begun(EraseBegun(7, resident.nik))) == BegunErased(7)
        assert station.files == []


def test_what_could_not_be_read_back_is_not_kept_and_said_nowhere(
    station: Station, whole: Session, six: Kept, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    odd = replace(six, impressions=(replace(six.impressions[0], score=71.5, template=bytearray(b"ZWENTIBOLDA")),))
    with station.started() as desk:
        desk.keep(3, odd)
        assert station.files in ([], ["visit.key"])
        assert isinstance(desk.seal(3, whole), Sealed)
    for told in (caplog.text, *capfd.readouterr()):
        assert "71.5" not in told
        assert "ZWENTIBOLDA" not in told


def test_all_ten_prove_with_either_index_finger(station: Station, resident: Resident, whole: Session) -> None:
    kept = kept_of(whole.but(step=Step.OFFICER_CONFIRMS))
    with station.started() as desk:
        desk.keep(3, kept)
    with station.started() as desk:
        assert desk.prove(resident).begun == Begun(RECHECKED, takes_eyes=False)
