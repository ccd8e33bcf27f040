"""The station stops amid a recording: its own resident goes on where they were, and nobody else."""

import signal
import time
from dataclasses import replace

from kiosk.centre.opening import open_packet
from kiosk.centre.residents import OFFICERS
from kiosk.journey.events import CancelAsked, Deny, Next
from kiosk.journey.fingers import IN_ORDER, RECHECKED
from kiosk.journey.steps import Purpose, Step
from kiosk.record.clock import machine_clock
from kiosk.station import running

from .conftest import RobotStation

KEPT = ["visit.key", "visit.sealed"]


def kept(station):
    return sorted(path.name for path in station.exchange.checkpoints.iterdir())


def test_killed_at_the_sixth_finger_the_resident_goes_on_and_hands_in_one_recording(station, robot, errand):
    resident = station.cast.ordinary
    robot.errands.put("1-record", errand(resident, Purpose.RECORD))
    robot.until(lambda: "finger 6: " in robot.log, "the sixth finger")
    robot.process.send_signal(signal.SIGKILL)
    robot.process.wait()
    killed = time.time()
    assert kept(station) == KEPT

    again = RobotStation(station)
    try:
        for arrow in ("begun-before -> go-on-finger", "go-on-finger -> fingers", "sealing -> receipt"):
            again.passed(arrow)
        assert kept(station) == []
        assert again.end() == 0
    finally:
        again.close()
    for finger in (1, 3, 4, 5):
        assert f"finger {finger}: " not in again.log, "was given before"
    assert "finger 7: " in again.log
    (packet,) = station.packets()
    recording = open_packet(packet.read_bytes(), station.authority).recording
    assert [p.finger for p in recording.prints] == list(IN_ORDER)
    assert [p.finger for p in recording.rechecked] == list(RECHECKED)
    assert recording.began < killed < recording.ended + 1
    assert recording.timings["photo"] > 0, "the time before counts, too"
    assert "photo-review -> " not in again.log


def test_others_see_nothing_of_it_and_its_resident_may_go_on_or_begin_anew_until_it_is_too_late(station, monkeypatch):
    resident, other = station.cast.ordinary, station.cast.farmer

    def begins(visitor):
        yield from visitor.prove(resident)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.CONSENT)
        visitor.hang_the_cloth(resident)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.PHOTO_REVIEW)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.SIGNATURE)

    def somebody_else_comes_first(visitor):
        yield from visitor.prove(other)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.CONSENT)
        yield from visitor.touch(CancelAsked())
        yield from visitor.touch(Deny())
        yield from visitor.prove(resident)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.BEGUN_BEFORE)
        assert visitor.session.photo is None
        yield from visitor.touch(Next())
        yield from visitor.at(Step.GO_ON_OFFICER)  # no finger was given yet
        yield from visitor.answer(OFFICERS[0].pin)
        yield from visitor.at(Step.SIGNATURE)
        assert visitor.session.photo is not None

    def begins_anew(visitor):
        yield from visitor.prove(resident)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.BEGUN_BEFORE)
        yield from visitor.touch(Deny())
        yield from visitor.at(Step.CONSENT)
        assert kept(station) == []

    def comes_too_late(visitor):
        yield from visitor.prove(resident)
        assert kept(station) == []
        yield from visitor.touch(Next())
        yield from visitor.at(Step.CONSENT)

    for story in (begins, somebody_else_comes_first):
        station.visit(story)
        assert kept(station) == KEPT
    left = {path: path.read_bytes() for path in station.exchange.checkpoints.iterdir()}
    station.visit(begins_anew)
    for path, content in left.items():
        path.write_bytes(content)  # as if they had not begun anew

    def half_an_hour_later(**named):
        clock = machine_clock(**named)
        return lambda: replace(clock(), uptime=clock().uptime + 1801)

    monkeypatch.setattr(running, "machine_clock", half_an_hour_later)
    station.visit(comes_too_late)
    assert station.packets() == []
