"""The tally: what passed, counted, and going on after a restart."""

from pathlib import Path

from kiosk.journey.session import Session
from kiosk.journey.steps import Step
from kiosk.record import telemetry
from kiosk.record.telemetry import Health, StationState, Throughput
from kiosk.station.tally import Tally


def at(step: Step, *, visit: int = 1, now: float = 0.0, since: float = 0.0) -> Session:
    return Session(step=step, visit=visit, now=now, since=since)


def test_a_finished_visit_is_counted_with_the_time_at_each_step() -> None:
    tally = Tally(Throughput(since=1))
    tally.passed(at(Step.ATTRACT), at(Step.LANGUAGE, now=4.0))
    tally.passed(at(Step.SEALING, since=10.0), at(Step.RECEIPT, now=10.5))
    tally.passed(at(Step.RECEIPT), at(Step.ATTRACT, visit=2))
    done = tally.throughput
    assert (done.visits_begun, done.visits_finished, dict(done.given_up)) == (1, 1, {})
    assert done.step_seconds[Step.SEALING] == 0.5
    assert done.step_passes[Step.SEALING] == 1


def test_a_visit_that_is_given_up_is_counted_where_it_ended() -> None:
    tally = Tally(Throughput(since=1))
    tally.passed(at(Step.ATTRACT), at(Step.LANGUAGE))
    tally.passed(at(Step.FINGERS), at(Step.ATTRACT, visit=2))
    assert dict(tally.throughput.given_up) == {Step.FINGERS: 1}
    assert tally.throughput.visits_finished == 0


def test_counting_goes_on_after_a_restart(tmp_path: Path) -> None:
    snapshot = tmp_path / "health.json"
    tally = Tally.going_on(snapshot)
    tally.sealed()
    tally.printed()
    health = Health(StationState.READY, 1, "0.1.0", 1.0, clock_trusted=True, devices={})
    telemetry.write(snapshot, health, tally.throughput)
    again = Tally.going_on(snapshot)
    again.sealed()
    assert (again.throughput.recordings_sealed, again.throughput.cards_printed) == (2, 1)
    assert again.throughput.since == tally.throughput.since
