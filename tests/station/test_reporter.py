"""What the station tells of itself."""

import os
from dataclasses import replace
from types import SimpleNamespace

import pytest

from kiosk.journey.session import Session
from kiosk.journey.steps import OFFICE, Step
from kiosk.record import telemetry
from kiosk.record.clock import Moment
from kiosk.record.exchange import Exchange
from kiosk.record.telemetry import Occasion, StationState, Throughput, UplinkStatus
from kiosk.station.crew.books import Standing
from kiosk.station.loop import calls_an_officer
from kiosk.station.reporter import Chronicle, Reporter
from kiosk.station.tally import Tally


@pytest.fixture
def exchange(tmp_path):
    exchange = Exchange(tmp_path)
    exchange.create()
    return exchange


@pytest.fixture
def reporter_at(exchange):
    def make(step: Step, standing: Standing, *, kept: bool = True) -> Reporter:
        crew = SimpleNamespace(clerk=SimpleNamespace(standing=standing), printing=None, workers=())
        tally = Tally(Throughput(1))
        return Reporter(
            exchange,
            crew,
            Chronicle(tally),
            tally,
            lambda: step,
            software="0.1",
            key_ids=(),
            disk_floor=500_000_000,
            clock=lambda: Moment("boot", 60.0, 1_800_000_000, kept=kept),
        )

    return make


def test_what_the_records_lack_is_told(reporter_at):
    health = reporter_at(Step.ATTRACT, Standing(prints_uncertain=2, recordings_lost=1)).health()
    assert (health.prints_uncertain, health.recordings_lost) == (2, 1)
    assert health.disk_floor_bytes == 500_000_000


@pytest.mark.parametrize(
    ("step", "called"), [(Step.HELP, True), (Step.NOT_KEPT, True), (Step.FINGERS, False), (Step.ATTRACT, False)]
)
def test_a_call_for_help_is_told_while_it_lasts(reporter_at, step, called):
    assert reporter_at(step, Standing()).health().help_called is called


@pytest.mark.parametrize("step", sorted(OFFICE, key=str))
def test_an_officer_alone_with_the_station_is_no_visit(reporter_at, step):
    assert reporter_at(step, Standing()).health().state is StationState.READY


def test_a_clock_that_is_not_trusted_is_told_once(reporter_at, tmp_path):
    reporter = reporter_at(Step.ATTRACT, Standing(), kept=False)

    def told() -> list[Occasion]:
        reporter._write()
        return [telemetry.read_event(path).occasion for path in sorted(Exchange(tmp_path).events.glob("*.json"))]

    assert told() == [], "a minute after the boot the network may still set it"
    moment = Moment("boot", 121.0, 1_800_000_000, kept=False)
    reporter._clock = lambda: moment
    assert told() == told() == [Occasion.CLOCK_UNTRUSTED]
    moment = replace(moment, kept=True)
    told()
    moment = replace(moment, kept=False)
    assert told() == [Occasion.CLOCK_UNTRUSTED] * 2


AT_HELP = Session(step=Step.HELP, resume=Step.ATTRACT)
WITHIN = Session(step=Step.HELP, resume=Step.FINGERS)


@pytest.mark.parametrize(
    ("before", "after", "called"),
    [
        (Session(step=Step.ATTRACT), AT_HELP, False),
        (AT_HELP, Session(step=Step.OFFICER_PIN), False),
        (AT_HELP, Session(step=Step.ATTRACT), True),
        (Session(step=Step.FINGERS), WITHIN, True),
        (WITHIN, Session(step=Step.FINGERS), False),
        (Session(step=Step.SEALING), Session(step=Step.NOT_KEPT), True),
    ],
)
def test_an_officer_who_comes_by_themselves_was_not_called(before, after, called):
    assert calls_an_officer(before, after) is called


@pytest.mark.parametrize(
    ("kept", "roster_made", "trusted"),
    [(True, None, True), (True, 1_700_000_000, True), (True, 1_900_000_000, False), (False, None, False)],
)
def test_a_clock_is_trusted_that_something_set_and_that_is_not_behind_the_roster(
    reporter_at, kept, roster_made, trusted
):
    reporter = reporter_at(Step.ATTRACT, Standing(roster_made=roster_made), kept=kept)
    assert reporter.health().clock_trusted is trusted


def numbers(exchange: Exchange) -> list[int]:
    return sorted(telemetry.read_event(path).number for path in exchange.events.iterdir())


def begun(exchange: Exchange) -> Chronicle:
    chronicle = Chronicle(Tally(Throughput(1)))
    chronicle.go_on(exchange)
    return chronicle


def test_events_that_were_seen_are_deleted_and_their_numbers_never_used_again(exchange):
    chronicle = begun(exchange)
    for _ in range(3):
        chronicle.occur(Occasion.DOOR_OPENED)
    chronicle.write(exchange)
    telemetry.write_status(exchange.uplink_status, UplinkStatus(events_seen=2))
    chronicle.write(exchange)
    assert numbers(exchange) == [3]
    telemetry.write_status(exchange.uplink_status, UplinkStatus(events_seen=3))
    chronicle.write(exchange)
    chronicle = begun(exchange)
    chronicle.occur(Occasion.STARTED)
    chronicle.write(exchange)
    assert numbers(exchange) == [4]


@pytest.mark.parametrize(("seen", "first"), [(7, 8), (2**53, 1)])
def test_where_no_event_is_left_numbers_go_on_from_what_was_seen_if_that_can_be(exchange, seen, first):
    telemetry.write_status(exchange.uplink_status, UplinkStatus(events_seen=seen))
    chronicle = begun(exchange)
    chronicle.occur(Occasion.STARTED)
    chronicle.write(exchange)
    assert numbers(exchange) == [first]


def test_an_uplink_that_claims_more_than_there_ever_was_moves_no_number(exchange):
    chronicle = begun(exchange)
    chronicle.occur(Occasion.STARTED)
    chronicle.write(exchange)
    telemetry.write_status(exchange.uplink_status, UplinkStatus(events_seen=2**53))
    chronicle.write(exchange)
    chronicle = begun(exchange)
    chronicle.occur(Occasion.STARTED)
    chronicle.write(exchange)
    assert numbers(exchange) == [2]


def test_an_event_that_cannot_be_written_holds_up_neither_others_nor_the_health(exchange, reporter_at, monkeypatch):
    reporter = reporter_at(Step.ATTRACT, Standing())
    monkeypatch.setattr("kiosk.station.reporter.time.time", lambda: 1e12)
    reporter._chronicle.occur(Occasion.DOOR_OPENED)
    monkeypatch.undo()
    reporter._chronicle.occur(Occasion.DOOR_CLOSED)
    reporter._write()
    (event,) = [telemetry.read_event(path) for path in exchange.events.iterdir()]
    assert (event.number, event.occasion) == (1, Occasion.DOOR_CLOSED)
    exchange.health.unlink()
    reporter._chronicle.occur(Occasion.DOOR_OPENED)
    (exchange.events / "000000000002.json.partial").mkdir()
    reporter._write()
    assert telemetry.read(exchange.health).health.beat == 2
    (exchange.events / "000000000002.json.partial").rmdir()
    reporter._write()
    assert numbers(exchange) == [1, 2]


def test_a_pipe_in_the_place_of_the_status_is_not_waited_at_and_no_more_is_read_than_belongs_there(exchange):
    os.mkfifo(exchange.uplink_status)
    with pytest.raises(telemetry.Unreadable, match="cannot be read"):
        telemetry.read_status(exchange.uplink_status)
    exchange.uplink_status.unlink()
    telemetry.write_status(exchange.uplink_status, UplinkStatus(events_seen=2))
    with exchange.uplink_status.open("ab") as file:
        file.write(b" " * (1 << 16))
    assert telemetry.read_status(exchange.uplink_status).events_seen == 2
    with exchange.uplink_status.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(telemetry.Unreadable):
        telemetry.read_status(exchange.uplink_status)
