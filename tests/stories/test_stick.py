"""An officer alone with the station: recordings carried away on a stick, and what is said when that goes wrong."""

import errno
import shutil
import threading
from pathlib import Path

import pytest

from kiosk.journey.events import Back, Begin, CancelAsked, Deny, HelpAsked, Next, OfficerAsked
from kiosk.journey.steps import Refusal, Step
from kiosk.record.keys import StationKeys, keys_directory
from kiosk.record.seal import trusting
from kiosk.record.stick import StickIll, StickTrouble
from kiosk.record.stick.manifest import MANIFEST, read_manifest
from kiosk.station.crew import courier

PIN, WRONG = "246810", "111111"
WAITING = 3


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "APPEARS", 0.0)


@pytest.fixture
def stick(station) -> Path:
    place = station.folder / "stick"
    place.mkdir()
    return place


@pytest.fixture
def waiting(station) -> list[str]:
    """Recordings that wait for a network which does not come."""
    return [station.keep(resident) for resident in station.cast.residents[:WAITING]]


def comes_in(visitor, pin=PIN):
    yield from visitor.at(Step.ATTRACT)
    yield from visitor.touch(HelpAsked())
    yield from visitor.at(Step.HELP)
    yield from visitor.touch(OfficerAsked())
    yield from visitor.at(Step.OFFICER_PIN)
    yield from visitor.answer(pin)


def comes_to_the_desk(visitor):
    yield from comes_in(visitor)
    yield from visitor.at(Step.OFFICER_DESK)
    yield from visitor.until(lambda: visitor.session.desk, "a look at the desk")


def saves(visitor, ends_at):
    yield from visitor.touch(Next())
    yield from visitor.at(ends_at)


@pytest.mark.usefixtures("waiting")
def test_an_officer_and_nobody_else_saves_to_a_stick_and_brings_it_away(station, stick):
    def story(visitor):
        yield from comes_in(visitor, "12345")
        yield from visitor.told(Refusal.PIN_MISSING)
        yield from visitor.answer(WRONG)
        yield from visitor.told(Refusal.PIN_WRONG)
        assert visitor.session.step is Step.OFFICER_PIN
        yield from visitor.touch(Back())
        yield from comes_to_the_desk(visitor)
        desk = visitor.session.desk
        assert (desk.waiting, desk.under_way) == (WAITING, False)
        assert desk.oldest is not None
        assert desk.reached is None, "the network never came"
        yield from saves(visitor, Step.STICK_FILLED)
        carried = visitor.session.carried
        assert (carried.recordings, carried.left, carried.answers) == (WAITING, 0, 0)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.ATTRACT)
        assert visitor.session.officer is None
        yield from visitor.touch(Begin())

    station.visit(story)
    (ours,) = (stick / "rekam").iterdir()
    keys = StationKeys.load(keys_directory(station.exchange.root))
    manifest = (ours / MANIFEST).read_bytes()
    listed = read_manifest(manifest, station=station.id, verifying=trusting(keys.signing.public))
    assert (listed.count, listed.seen.roster, listed.seen.states) == (WAITING, 1, 0), "the roster need not come again"
    on_it = {path.name: path.read_bytes() for path in ours.rglob("*.packet")}
    assert on_it == {path.name: path.read_bytes() for path in station.packets()}, "nothing is deleted before a receipt"


@pytest.mark.usefixtures("waiting")
def test_whatever_is_wrong_with_the_stick_is_said_and_everything_stays_here(station, stick, monkeypatch):
    shutil.rmtree(stick)
    export, bring = courier.export, courier.bring
    ill = [StickIll(trouble) for trouble in (StickTrouble.FULL, StickTrouble.READ_ONLY)]
    disk = [OSError(errno.EIO, "the station's own disk")]

    def brought(*given, **others):
        if stick.exists() and disk:
            raise disk.pop()
        return bring(*given, **others)

    def exported(*given, tell, **others):
        if ill:
            raise ill.pop(0)

        def pulled_out(share):
            tell(share)
            if 0 < share < 1 and not pulled:
                pulled.append(share)
                shutil.rmtree(stick)

        return export(*given, tell=pulled_out, **others)

    pulled: list[float] = []
    monkeypatch.setattr(courier, "bring", brought)
    monkeypatch.setattr(courier, "export", exported)

    def story(visitor):
        yield from comes_to_the_desk(visitor)
        for why in (
            *(Refusal.STICK_ABSENT, Refusal.CARRYING_FAILED, Refusal.STICK_FULL, Refusal.STICK_READ_ONLY),
            Refusal.STICK_ILL,
        ):
            yield from saves(visitor, Step.STICK_REFUSED)
            assert visitor.session.refusal is why
            stick.mkdir(exist_ok=True)
        assert pulled
        assert len(station.packets()) == WAITING
        yield from saves(visitor, Step.STICK_FILLED)
        assert visitor.session.carried.recordings == WAITING

    station.visit(story)


def test_answers_come_back_on_the_stick_and_what_they_settle_is_not_carried_again(station, stick, waiting):
    packet = next(path for path in station.packets() if waiting[0] in path.name)
    answers = stick / "rekam" / station.id / "from-centre"
    answers.mkdir(parents=True)
    (answers / f"{waiting[0]}.receipt").write_bytes(station.receipt(packet.read_bytes()))

    def story(visitor):
        yield from comes_to_the_desk(visitor)
        yield from saves(visitor, Step.STICK_FILLED)
        carried = visitor.session.carried
        assert (carried.answers, carried.recordings) == (1, WAITING - 1)

    station.visit(story)
    assert not list(stick.rglob(f"*{waiting[0]}.packet"))


@pytest.mark.usefixtures("waiting", "stick")
def test_people_go_on_while_it_is_saved_and_the_result_waits_for_the_officer(station, monkeypatch):
    export, resident, saved = courier.export, threading.Event(), threading.Event()

    def slow(*given, **others):
        assert resident.wait(20)
        done = export(*given, **others)
        saved.set()
        return done

    monkeypatch.setattr(courier, "export", slow)

    def story(visitor):
        yield from comes_to_the_desk(visitor)
        yield from saves(visitor, Step.STICK_SAVING)
        yield from visitor.touch(Back())
        yield from visitor.prove(station.cast.farmer)
        resident.set()
        yield from visitor.until(saved.is_set, "the end of saving")
        assert visitor.session.step is Step.IS_THIS_YOU, "nothing of the stick is told to a resident"
        yield from visitor.touch(CancelAsked())
        yield from visitor.touch(Deny())
        yield from comes_in(visitor)
        yield from visitor.at(Step.STICK_FILLED)
        assert visitor.session.carried.recordings == WAITING
        yield from visitor.touch(Next())
        yield from comes_to_the_desk(visitor)
        assert not visitor.session.desk.under_way, "it is told once"

    station.visit(story)
