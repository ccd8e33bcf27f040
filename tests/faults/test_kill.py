"""kill -9 at random moments: of the kiosk around sign-off, of the uplink during delivery. One packet, none lost.

REKAM_FAULT_ROUNDS=200 kills longer; REKAM_FAULT_SEED repeats a failure.
"""

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import sleep

from kiosk.centre.opening import open_packet
from kiosk.centre.residents import OFFICERS, made_up
from kiosk.centre.stage import Stage
from kiosk.journey.steps import Purpose
from kiosk.record.nik import Areas
from kiosk.record.resident import Resident
from kiosk.station.robot import Errand, Errands

WILAYAH = Path(__file__).parents[2] / "config" / "wilayah.csv"
ROUNDS = int(os.environ.get("REKAM_FAULT_ROUNDS", "2"))
SEED = int(os.environ.get("REKAM_FAULT_SEED") or Random().randrange(10**6))
UPLINK_KILLS = 2
"""In each round, beside one of the kiosk."""
SIGN_OFF = 1.2
"""Seconds in which the robot goes from the officer's screen to the receipt."""
DELIVERY = 1.0
"""Seconds from the start of an uplink that take it past its first look at the outbox."""


def test_a_killed_process_neither_loses_nor_doubles_a_recording(stage, start_kiosk, eventually):
    chance = Random(SEED)
    told: list[str] = [f"REKAM_FAULT_SEED={SEED}"]
    people = made_up(Areas.load(WILAYAH), today=datetime.now(UTC).date(), extras=ROUNDS).residents[-ROUNDS:]
    stage.send_roster(people)
    eventually(lambda: len(list(stage.exchange.rosters.glob("*.roster"))) == 2, "the roster")
    for number, resident in enumerate(people):
        errands = stage.folder / f"errands-{number}"
        Errands(errands).put("record", errand_of(resident))
        deliver_late = chance.random() < 0.5
        if deliver_late:
            kill(stage, "uplink")
        killed = kiosk_killed_around_sign_off(stage, errands, start_kiosk, eventually, chance)
        told.append(f"round {number}: {killed}, uplink {'away' if deliver_late else 'there'}")
        logging.info(told[-1])

        ended = passes(stage) + 1
        start_kiosk(errands)  # the same errand again: recorded now, or refused since the recording is safe
        for _ in range(UPLINK_KILLS):
            kill(stage, "uplink")
            stage.start("uplink", "uplink", "--config", str(stage.config))
            sleep(chance.uniform(0.0, DELIVERY))
        kill(stage, "uplink")
        eventually(lambda n=ended: passes(stage) >= n, f"the visit to be over; {told}")
        stage.start("uplink", "uplink", "--config", str(stage.config))
        eventually(lambda: not any(stage.exchange.outbox.glob("*.packet")), f"an empty outbox; {told}")
        Errands(errands).put_end()
        assert stage.processes["kiosk"].wait(30) == 0, told

        recorded = [open_packet(path.read_bytes(), stage.authority).recording.nik for path in stage.packets()]
        assert recorded.count(resident.nik) == 1, told
        assert len(recorded) == number + 1, told
    report = stage.registry.report(stage.settings.station.id)
    assert report.highest == ROUNDS, told
    assert (report.missing, report.repeated, report.broken) == ((), (), ()), told


def kiosk_killed_around_sign_off(
    stage: Stage,
    errands: Path,
    start_kiosk: Callable[[Path], None],
    eventually: Callable[[Callable[[], object], str], None],
    chance: Random,
) -> str:
    """Kill the kiosk some time after the officer is called, before or just after the recording is safe; say when."""
    arrived = log(stage).count("-> officer-confirms")
    start_kiosk(errands)
    eventually(lambda: log(stage).count("-> officer-confirms") > arrived, "the officer's screen")
    sleep(chance.uniform(0.0, SIGN_OFF))
    before = log(stage).rsplit("-> officer-confirms", 1)[1].count("safe after")
    kill(stage, "kiosk")
    return f"kiosk killed {'after' if before else 'before'} the recording was safe"


def kill(stage: Stage, name: str) -> None:
    stage.processes[name].kill()
    stage.processes[name].wait()


def passes(stage: Stage) -> int:
    """Visits that came to an end: with a receipt, or with the word that the resident is recorded already."""
    return log(stage).count("receipt -> attract") + log(stage).count("not-eligible -> attract")


def log(stage: Stage) -> str:
    path = stage.folder / "logs" / "kiosk.log"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def errand_of(resident: Resident) -> Errand:
    return Errand(Purpose.RECORD, 11, "id", resident.nik, f"{resident.birth_date:%d%m%Y}", OFFICERS[0].pin)
