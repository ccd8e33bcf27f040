"""A provisioned station without a network, and two ways to visit it: a scripted visitor, and a robot.

The visitor comes within this process, the robot in one of its own. Both meet the station that residents get: the real
loop, crew, drivers and records.
"""

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.camera.scene import Cloth
from drivers.fingerprint.grow.codec import pack_image, unpack_image
from drivers.fingerprint.synthetic import features
from drivers.fingerprint.synthetic.synthesis import impression
from kiosk.capture.signature import signature_png
from kiosk.centre.authority import Authority
from kiosk.centre.intake import Intake
from kiosk.centre.orders import Orders
from kiosk.centre.outgoing import Outgoing, file_id
from kiosk.centre.registry import Registry
from kiosk.centre.residents import OFFICERS, Cast, made_up
from kiosk.centre.roster_maker import make_roster
from kiosk.journey.events import Begin, Digit, Erase, Event, LanguageChosen, Next, PurposeChosen
from kiosk.journey.fingers import Finger
from kiosk.journey.session import Session
from kiosk.journey.steps import Device, Purpose, Refusal, Step
from kiosk.notify import Notifier
from kiosk.record import telemetry
from kiosk.record.exchange import Exchange, complete_files, write_durably
from kiosk.record.header import Header, Kind
from kiosk.record.keys import CENTRE
from kiosk.record.nik import Areas
from kiosk.record.order import CardOrder, FingerTemplate
from kiosk.record.resident import Resident
from kiosk.record.seal import seal
from kiosk.record.telemetry import Health, Occasion, Throughput
from kiosk.screens.views import Target
from kiosk.station import robot as robotics
from kiosk.station import worker
from kiosk.station.crew.books import open_books
from kiosk.station.crew.devices import World
from kiosk.station.robot import Errand, Errands, Hands, sign, touch
from kiosk.station.running import Watchers, run
from kiosk.station.settings import load
from kiosk.station.window import Window
from tests.fingertips import grown

CONFIG = Path(__file__).parents[2] / "config"
PERSON = 11
"""Seeds a made-up person's fingers."""
ORDER = "order-00000001"
"""The card that is ordered for the first of the cast."""
PATIENCE = 20.0
"""Seconds to wait for anything; reached only when a test fails."""

Story = Generator[None, None, None]
"""What a visitor does: runs on from each ``yield`` after the next frame."""


class Visitor:
    """Stands at the screen and does what the story says, by touching what is shown. A guest of the loop."""

    session: Session
    targets: Sequence[Target]
    window: Window

    def __init__(self, world: World, tell: Callable[["Visitor"], Story]) -> None:
        self.world = world
        self.error: BaseException | None = None
        self.over = False
        self._story = tell(self)

    def look(self, session: Session, targets: Sequence[Target], window: Window) -> None:
        self.session, self.targets, self.window = session, targets, window
        try:
            next(self._story)
        except StopIteration:
            self.over = True
        except BaseException as error:
            # The loop would log it as its own bug, without the words that tell what the test missed.
            self.error, self.over = error, True

    def until(self, holds: Callable[[], object], what: str) -> Story:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            stands = f"{self.session.step}, refusal {self.session.refusal}, missing {set(self.session.missing)}"
            assert time.monotonic() < deadline, f"waited in vain for {what}; the visit stands at {stands}"
            yield

    def at(self, step: Step) -> Story:
        yield from self.until(lambda: self.session.step is step, f"the step {step}")

    def told(self, refusal: Refusal) -> Story:
        yield from self.until(lambda: self.session.refusal is refusal, f"the refusal {refusal}")

    def touch(self, event: Event) -> Story:
        """Touch what means ``event``, as soon as the screen shows it; and see what comes of it."""
        yield from self.until(
            lambda: not self.session.busy and touch(event, self.targets, self.window), f"a button for {event}"
        )
        yield
        yield from self.until(lambda: not self.session.busy, "an answer")

    def type(self, digits: str) -> Story:
        """Type ``digits`` in place of what stands there."""
        while self.session.typed:
            yield from self.touch(Erase())
        for digit in digits:
            yield from self.touch(Digit(digit))

    def answer(self, digits: str) -> Story:
        """Type ``digits`` and go on."""
        yield from self.type(digits)
        yield from self.touch(Next())

    def begin(self, purpose: Purpose = Purpose.RECORD) -> Story:
        yield from self.at(Step.ATTRACT)
        for event in (Begin(), LanguageChosen("id"), PurposeChosen(purpose)):
            yield from self.touch(event)
        yield from self.at(Step.NIK)

    def prove(self, resident: Resident, purpose: Purpose = Purpose.RECORD) -> Story:
        """Begin a visit and say who it is, as far as "is this you?"."""
        yield from self.begin(purpose)
        yield from self.answer(resident.nik)
        yield from self.at(Step.BIRTH_DATE)
        yield from self.answer(date_of(resident))
        yield from self.at(Step.IS_THIS_YOU)

    def hang_the_cloth(self, resident: Resident) -> None:
        """Hang the cloth that the resident's birth year asks for."""
        assert self.world.booth is not None
        self.world.booth.hang(Cloth.RED if resident.birth_date.year % 2 else Cloth.BLUE)

    def come_to_the_fingers(self, resident: Resident) -> Story:
        yield from self.prove(resident)
        yield from self.touch(Next())
        yield from self.at(Step.CONSENT)
        self.hang_the_cloth(resident)
        yield from self.touch(Next())
        yield from self.at(Step.PHOTO_REVIEW)
        yield from self.touch(Next())
        yield from self.at(Step.SIGNATURE)
        yield from self.until(lambda: sign(self.targets, self.window), "a field to sign in")
        yield
        yield from self.touch(Next())
        yield from self.at(Step.FINGERS)

    def give_fingers(self, hands: Hands, *, as_far_as: int) -> Story:
        """Lay the asked fingers until that many are taken."""

        def enough() -> bool:
            hands.follow(self.session, PERSON, time.monotonic())
            return len(self.session.impressions) >= as_far_as

        yield from self.until(enough, f"{as_far_as} fingers")


@dataclass
class Station:
    """One station's directories, the centre's, and the people both know."""

    folder: Path
    config: Path
    exchange: Exchange
    authority: Authority
    registry: Registry
    cast: Cast

    @classmethod
    def provisioned(cls, folder: Path) -> "Station":
        """As the installer and the uplink leave it: keys in place, a signed roster waiting to be taken in."""
        config = folder / "station.toml"
        text = (CONFIG / "simulated.toml").read_text(encoding="utf-8").replace('".demo/', f'"{folder}/')
        for name, value in (("width", 800), ("height", 480)):
            text = re.sub(rf"(?m)^{name} = [0-9]+$", f"{name} = {value}", text)
        config.write_text(text, encoding="utf-8")
        settings = load(config)
        centre = folder / "centre"
        authority = Authority.create(centre)
        authority.provision_station(settings.station.id, settings.state, now=now())
        exchange = Exchange(settings.state)
        exchange.create()
        registry = Registry(centre)
        cast = made_up(Areas.load(CONFIG / "wilayah.csv"), today=now().date(), extras=0)
        registry.put_residents(cast.residents)
        number, blob = make_roster(authority, registry, settings.station.id, cast.residents, OFFICERS, now=now())
        write_durably(exchange.rosters / f"{file_id(Kind.ROSTER, number)}.roster", blob)
        return cls(folder, config, exchange, authority, registry, cast)

    @property
    def id(self) -> str:
        (name,) = self.authority.stations()
        return name

    # The centre, across the exchange ---------------------------------------------------------------------------------

    def packets(self) -> list[Path]:
        return list(complete_files(self.exchange.outbox, ".packet"))

    def keep(self, resident: Resident) -> str:
        """A recording of this resident that the station made before, of nothing; gives its packet's id."""
        books = open_books(self.exchange, tries=3, lock_seconds=900, floor=0)
        packet_id = hashlib.sha256(resident.nik.encode()).hexdigest()[:32]
        books.roster.begin_recording(resident.nik, packet_id, now=now())
        books.outbox.accept(b"a recording", packet_id=packet_id, now=now())
        books.roster.mark_recorded(resident.nik)
        books.close()
        return packet_id

    def receipt(self, packet: bytes) -> bytes:
        """What the centre answers to a packet that it has stored."""
        return Intake(self.authority.directory, self.authority, self.registry).accept(packet)

    def order(self, packet: bytes) -> tuple[str, bytes]:
        """The card that the centre orders for a packet."""
        orders = Orders(self.authority, self.registry, Outgoing(self.authority.directory / "out"))
        return orders.order_for_packet(packet, now=now())

    # What the station tells ------------------------------------------------------------------------------------------

    def health(self) -> Health | None:
        try:
            return telemetry.read(self.exchange.health).health
        except telemetry.Unreadable:
            return None

    def throughput(self) -> Throughput:
        return telemetry.read(self.exchange.health).throughput

    def occasions(self) -> list[tuple[Occasion, Device | None]]:
        events = [telemetry.read_event(path) for path in complete_files(self.exchange.events, ".json")]
        return [(event.occasion, event.device) for event in sorted(events, key=lambda event: event.number)]

    # Visits -----------------------------------------------------------------------------------------------------------

    def visit(
        self, story: Callable[[Visitor], Story], *, before: Callable[[World], object] = lambda world: None
    ) -> None:
        """Run the station in this process while the story lasts; ``before`` comes before its devices are opened."""
        visitors: list[Visitor] = []

        def invite(world: World) -> Visitor:
            before(world)
            visitors.append(Visitor(world, story))
            return visitors[0]

        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            status = run(
                load(self.config),
                software="story",
                notifier=Notifier({}),
                watchers=Watchers(invite, lambda guest: visitors[0].over),
            )
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        if visitors[0].error is not None:
            raise visitors[0].error
        assert visitors[0].over, "the station ended before the story did"
        assert status == 0


class RobotStation:
    """``kiosk run`` in a process of its own, with a robot that runs errands."""

    def __init__(self, station: Station) -> None:
        self.errands = Errands(station.folder / "errands")
        self._log = station.folder / "kiosk.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "kiosk", "run", "--config", str(station.config)),
                    *("--errands", str(station.folder / "errands"), "--pause", "0.05"),
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"},
            )

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def until(self, holds: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + 2 * PATIENCE
        while not holds():
            assert self.process.poll() is None, f"the kiosk ended while waiting for {what}:\n{self.log}"
            assert time.monotonic() < deadline, f"waited in vain for {what}:\n{self.log}"
            time.sleep(0.02)  # nothing tells when another process has written a file

    def passed(self, arrow: str, times: int = 1) -> None:
        """Wait until the log tells that this way was taken, as in ``nik -> birth-date``."""
        self.until(lambda: self.log.count(f"{arrow}\n") >= times, arrow)

    def end(self) -> int:
        """Let the robot finish; the exit status."""
        self.errands.put_end()
        return self.process.wait(2 * PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    monkeypatch.setattr(robotics, "master", grown)  # the same person comes to every station
    station = Station.provisioned(tmp_path)
    yield station
    station.registry.close()


@pytest.fixture
def robot(station: Station) -> Iterator[RobotStation]:
    running = RobotStation(station)
    yield running
    running.close()


@pytest.fixture
def often_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Devices are asked more often whether they are there: what is told and done then stays as it is."""
    monkeypatch.setattr(worker, "REOPEN", 0.1)
    assert worker.Worker.__init__.__kwdefaults__ is not None
    monkeypatch.setitem(worker.Worker.__init__.__kwdefaults__, "idle", 0.2)


@pytest.fixture
def errand() -> Callable[[Resident, Purpose], Errand]:
    """An errand of this resident, who knows their number and birth date."""

    def errand(resident: Resident, purpose: Purpose) -> Errand:
        return Errand(purpose, PERSON, "id", resident.nik, date_of(resident), OFFICERS[0].pin)

    return errand


@pytest.fixture
def eventually() -> Callable[[Callable[[], object], str], None]:
    """Wait for what other processes do."""

    def eventually(holds: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + 2 * PATIENCE
        while not holds():
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            time.sleep(0.02)  # nothing tells when another process has written a file

    return eventually


def ordered(station: Station, family: str = "grow-simulated") -> None:
    """The centre orders this resident's card; the uplink brings the order."""
    print_ = impression(grown(PERSON, Finger.RIGHT_INDEX), seed=77)
    seen = unpack_image(pack_image(print_), width=print_.shape[1], height=print_.shape[0])
    face = np.full((400, 300, 3), 128, np.uint8)
    order = CardOrder(
        ORDER,
        station.cast.ordinary,
        photo=cv2.imencode(".jpg", face)[1].tobytes(),
        signature=signature_png((((0.1, 0.5, 0.0), (0.5, 0.2, 0.3), (0.9, 0.6, 0.6)),)),
        issued_place="SOE",
        issued_on=date(2026, 11, 24),
        templates=(FingerTemplate(Finger.RIGHT_INDEX, family, features.extract(seen)),),
    )
    (name,) = station.authority.stations()
    header = Header(kind=Kind.ORDER, sender=CENTRE, receiver=name, id=ORDER, sequence=1, made=1_795_000_000)
    blob = seal(order.pack(), header, (station.authority.station(name).sealing,), station.authority.orders)
    write_durably(station.exchange.orders / f"{ORDER}.order", blob.data)


def date_of(resident: Resident) -> str:
    """The birth date as it is typed: day, month, year."""
    return f"{resident.birth_date:%d%m%Y}"


def now() -> datetime:
    return datetime.now(UTC)
