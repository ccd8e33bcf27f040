"""A centre, a station it provisioned, a recording of nobody, and a power switch that can be cut at any step."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from kiosk.capture.advice import FaceAdvice, FingerAdvice
from kiosk.centre.authority import Authority
from kiosk.centre.intake import Intake
from kiosk.centre.orders import Orders
from kiosk.centre.outgoing import Outgoing
from kiosk.centre.registry import Registry
from kiosk.centre.residents import OFFICERS, Cast, made_up
from kiosk.centre.roster_maker import make_roster
from kiosk.journey.fingers import RECHECKED, Finger
from kiosk.journey.session import Impression, Photo, Point, Session
from kiosk.record.database import Database
from kiosk.record.exchange import Exchange
from kiosk.record.keys import CentreTrust, StationKeys, keys_directory
from kiosk.record.nik import Areas
from kiosk.record.packet import Recording, recording_of
from kiosk.record.resident import Resident, biodata

STATION = "tts-soe-01"
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
WILAYAH = Path(__file__).parents[2] / "config" / "wilayah.csv"


@pytest.fixture(scope="session")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and certificates, made once: every test gets a copy."""
    root = tmp_path_factory.mktemp("provisioned")
    authority = Authority.create(root / "centre")
    authority.provision_station(STATION, root / "station", now=NOW)
    authority.provision_station("other-station", root / "other", now=NOW)
    return root


@dataclass
class World:
    """One centre and one station."""

    root: Path
    authority: Authority
    registry: Registry
    intake: Intake
    outgoing: Outgoing
    orders: Orders
    exchange: Exchange
    keys: StationKeys
    trust: CentreTrust
    other_keys: StationKeys
    cast: Cast

    def kiosk(self, name: str) -> Path:
        return self.exchange.root / "kiosk" / name

    def packet(self, packet_id: str) -> Path:
        """The packet's file, under whatever name."""
        (path,) = self.exchange.outbox.glob(f"*{packet_id}.packet*")
        return path

    def roster(self, *residents: Resident, station: str = STATION, now: datetime = NOW) -> bytes:
        people = residents or self.cast.residents
        return make_roster(self.authority, self.registry, station, people, OFFICERS, now=now)[1]

    def recording(self, resident: Resident | None = None, *, packet_id: str = "0" * 32) -> Recording:
        return recording_of(
            visit(resident or self.cast.ordinary),
            packet_id=packet_id,
            station=STATION,
            software="0.1.0",
            began=NOW,
            ended=NOW,
            signature=b"\x89PNG signature",
            timings={"photo": 21_000},
        )


@pytest.fixture
def world(provisioned: Path, tmp_path: Path) -> Iterator[World]:
    for name in ("centre", "station", "other"):
        shutil.copytree(provisioned / name, tmp_path / name)
    authority, registry = Authority(tmp_path / "centre"), Registry(tmp_path / "centre")
    cast = made_up(Areas.load(WILAYAH), today=NOW.date())
    registry.put_residents(cast.residents)
    outgoing = Outgoing(tmp_path / "centre" / "out")
    exchange = Exchange(tmp_path / "station")
    exchange.create()
    yield World(
        root=tmp_path,
        authority=authority,
        registry=registry,
        intake=Intake(tmp_path / "centre", authority, registry, clock=lambda: NOW),
        outgoing=outgoing,
        orders=Orders(authority, registry, outgoing),
        exchange=exchange,
        keys=StationKeys.load(keys_directory(tmp_path / "station")),
        trust=CentreTrust.load(keys_directory(tmp_path / "station")),
        other_keys=StationKeys.load(keys_directory(tmp_path / "other")),
        cast=cast,
    )
    registry.close()


def visit(resident: Resident) -> Session:
    """A visit that is signed off and confirmed."""
    return Session(
        biodata=biodata(resident),
        nik=resident.nik,
        consented=True,
        photo=Photo(portrait(), 60, 80, FaceAdvice.GOOD, score=90),
        strokes=((Point(0.1, 0.5, 0.0), Point(0.4, 0.2, 0.3), Point(0.9, 0.5, 0.71)),),
        impressions=tuple(impression(finger) for finger in Finger),
        rechecked=tuple(impression(finger) for finger in RECHECKED),
        officer="officer-1",
    )


@cache
def portrait() -> bytes:
    """Nobody: a picture that is a JPEG."""
    grey = np.full((80, 60, 3), 128, np.uint8)
    return cv2.imencode(".jpg", grey)[1].tobytes()


def impression(finger: Finger) -> Impression:
    return Impression(
        finger=finger,
        width=4,
        height=2,
        ppi=500,
        score=80 + int(finger),
        scores=(80 + int(finger),),
        advice=FingerAdvice.GOOD,
        template_family="zfm",
        pixels=bytes([int(finger)] * 8),
        template=bytes([int(finger)]) * 16,
    )


class PowerCut(BaseException):
    """The power failed: nothing after this instruction happens."""


class Power:
    """Counts the steps that reach the disk (each before and after it happens), and cuts the power at one of them.

    What a dead process cannot do it does not do: after the cut every step fails too, so that no clean-up runs.
    """

    def __init__(self) -> None:
        self._left: int | None = None
        self._ill = False
        self.dead = False

    def step(self) -> None:
        if self.dead:
            raise PowerCut
        if self._left is not None:
            if self._left == 0 and self._ill:
                self._left = None
                raise OSError(errno.EIO, "Input/output error")
            if self._left == 0:
                self.dead = True
                raise PowerCut
            self._left -= 1

    @contextmanager
    def ill_at(self, step: int) -> Iterator[None]:
        """The disk fails at that step, once; whoever asks goes on living."""
        self._left, self._ill, self.was_ill = step, True, False
        try:
            yield
        except OSError:
            self.was_ill = True
        finally:
            self._left, self._ill = None, False

    @contextmanager
    def cut_at(self, step: int) -> Iterator[None]:
        self._left, self.dead = step, False
        try:
            yield
        except PowerCut:
            pass
        finally:
            self._left = None
            was, self.dead = self.dead, False
            self.was_cut = was


@pytest.fixture
def power(monkeypatch: pytest.MonkeyPatch) -> Power:
    switch = Power()

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **named: Any) -> Any:
            switch.step()
            result = original(*arguments, **named)
            switch.step()
            return result

        return stepped

    monkeypatch.setattr(os, "fsync", around(os.fsync))
    monkeypatch.setattr(Path, "rename", around(Path.rename))
    monkeypatch.setattr(Path, "unlink", around(Path.unlink))
    transaction = Database.transaction

    @contextmanager
    def watched(database: Database) -> Iterator[Any]:
        switch.step()
        with transaction(database) as write:
            yield write
            switch.step()  # before COMMIT: the changes are lost, as with an uncommitted log
        switch.step()

    monkeypatch.setattr(Database, "transaction", watched)
    return switch


@pytest.fixture
def now() -> datetime:
    """The day all tests happen on."""
    return NOW


@pytest.fixture
def session_of() -> Callable[[Resident], Session]:
    """Makes a visit that is signed off and confirmed, of a given resident."""
    return visit
