"""kill -9 of whole processes: of the kiosk right after any step of the journey, of the uplink during delivery.

REKAM_FAULT_ROUNDS=18 kills after every step; REKAM_FAULT_SEED repeats a failure.
"""

import logging
import os
import re
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
STEPS = 18
"""Transitions from the start of the kiosk to the end of an undisturbed recording."""
SIGN_OFF = 16
"""The one that begins the sealing."""
AFTER = 0.1
"""Seconds within which a kill comes after a transition: sealing takes about as long."""
UPLINK_KILLS = 2
"""In each round, beside those of the kiosk."""
DELIVERY = 1.0
"""Seconds from the start of an uplink that take it past its first look at the outbox."""


def test_a_killed_process_neither_loses_nor_doubles_a_recording(stage, start_kiosk, eventually):
    chance = Random(SEED)
    told: list[str] = [f"REKAM_FAULT_SEED={SEED}"]
    first = chance.sample(range(1, STEPS + 1), STEPS)
    if ROUNDS < STEPS:
        first[0] = SIGN_OFF
    people = made_up(Areas.load(WILAYAH), today=datetime.now(UTC).date(), extras=ROUNDS).residents[-ROUNDS:]
    stage.send_roster(people)
    eventually(lambda: len(list(stage.exchange.rosters.glob("*.roster"))) == 2, "the roster")
    for number, resident in enumerate(people):
        errands = stage.folder / f"errands-{number}"
        Errands(errands).put("record", errand_of(resident))
        deliver_late = chance.random() < 0.5
        if deliver_late:
            kill(stage, "uplink")
        told.append(f"round {number}, uplink {'away' if deliver_late else 'there'}")
        # Where the first kill leaves something to go on with, the second may meet the way of going on.
        for transition in (first[number % STEPS], chance.randint(2, STEPS))[: 1 + number % 2]:
            begun = len(log(stage))
            start_kiosk(errands)  # the same errand again: gone on with, recorded anew, or refused since it is safe
            eventually(lambda b=begun, t=transition: is_past(t, log(stage)[b:]), f"step {transition}; {told}")
            sleep(chance.uniform(0.0, AFTER))
            kill(stage, "kiosk")
            told.append(f"kiosk killed after {transitions(log(stage)[begun:])[-1]}")
            logging.info("round %d: %s", number, told[-1])

        begun = len(log(stage))
        start_kiosk(errands)
        for _ in range(UPLINK_KILLS):
            kill(stage, "uplink")
            stage.start("uplink", "uplink", "--config", str(stage.config))
            sleep(chance.uniform(0.0, DELIVERY))
        kill(stage, "uplink")
        eventually(lambda b=begun: is_over(log(stage)[b:]), f"the visit to be over; {told}")
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


def transitions(told: str) -> list[str]:
    return re.findall(r"\S+ -> \S+$", told, re.MULTILINE)


def is_past(transition: int, told: str) -> bool:
    return len(transitions(told)) >= transition or is_over(told)


def is_over(told: str) -> bool:
    """Whether a visit came to an end: with a receipt, or with the word that the resident is recorded already."""
    return any(each.endswith(" -> attract") for each in transitions(told)[1:])


def kill(stage: Stage, name: str) -> None:
    stage.processes[name].kill()
    stage.processes[name].wait()


def log(stage: Stage) -> str:
    path = stage.folder / "logs" / "kiosk.log"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def errand_of(resident: Resident) -> Errand:
    return Errand(Purpose.RECORD, 11, "id", resident.nik, f"{resident.birth_date:%d%m%Y}", OFFICERS[0].pin)
