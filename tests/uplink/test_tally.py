"""Roll-ups and today's share, over restarts, midnights and counters that begin anew."""

import dataclasses
from datetime import timedelta, timezone

from kiosk.record.telemetry import Throughput
from kiosk.uplink import messages
from kiosk.uplink.tally import Tally

WITA = timezone(timedelta(hours=8))
NOON = 1_772_424_000.0  # 2 March 2026, 12:00 at UTC+8
HOUR = 3600.0
BEGAN = Throughput(int(NOON - HOUR))


def rollups(store):
    return [messages.ROLL_UP.decode(row.body) for row in store.queued(after=0, most=100)]


def test_nothing_happening_makes_no_rollup(store):
    tally = Tally(store, now=NOON, zone=WITA)
    tally.observe(BEGAN, now=NOON)
    assert tally.cut(now=NOON + 300, birth=1) is None
    assert not rollups(store)


def test_rollups_join_without_gap_or_overlap(store):
    tally = Tally(store, now=NOON, zone=WITA)
    for number in range(1, 4):
        tally.observe(dataclasses.replace(BEGAN, visits_begun=number), now=NOON)
        tally.cut(now=NOON + 300 * number, birth=1)
    one, two, three = rollups(store)
    assert (one.end, two.end) == (two.begin, three.begin)
    assert [rollup.counters.visits_begun for rollup in (one, two, three)] == [1, 1, 1]


def test_a_restart_neither_loses_nor_repeats(store):
    Tally(store, now=NOON, zone=WITA).observe(dataclasses.replace(BEGAN, visits_begun=2), now=NOON)
    again = Tally(store, now=NOON + 10, zone=WITA)
    again.observe(dataclasses.replace(BEGAN, visits_begun=3), now=NOON + 10)
    again.cut(now=NOON + 300, birth=2)
    (rollup,) = rollups(store)
    assert rollup.counters.visits_begun == 3
    assert rollup.begin == messages.moment(NOON)


def test_counters_that_begin_anew_go_on_in_the_rollup(store):
    tally = Tally(store, now=NOON, zone=WITA)
    tally.observe(dataclasses.replace(BEGAN, visits_begun=5), now=NOON)
    tally.observe(Throughput(int(NOON), visits_begun=2), now=NOON + 10)
    tally.cut(now=NOON + 300, birth=1)
    (rollup,) = rollups(store)
    assert rollup.counters.visits_begun == 7
    assert tally.today.counters.visits_begun == 7


def test_a_new_day_begins_at_the_stations_midnight(store):
    tally = Tally(store, now=NOON, zone=WITA)
    tally.observe(dataclasses.replace(BEGAN, cards_printed=5), now=NOON)
    before_midnight = NOON + 11.5 * HOUR
    tally.observe(dataclasses.replace(BEGAN, cards_printed=6), now=before_midnight)
    assert (tally.today.day, tally.today.counters.cards_printed) == ("2026-03-02", 6)
    assert tally.observe(dataclasses.replace(BEGAN, cards_printed=6), now=before_midnight + HOUR)
    assert (tally.today.day, tally.today.counters.cards_printed) == ("2026-03-03", 0)
    tally.observe(dataclasses.replace(BEGAN, cards_printed=8), now=before_midnight + 2 * HOUR)
    assert tally.today.counters.cards_printed == 2


def test_old_counts_are_not_called_todays_where_nobody_can_tell(store):
    tally = Tally(store, now=NOON, zone=WITA)
    tally.observe(Throughput(int(NOON - 90 * HOUR), cards_printed=500), now=NOON)
    assert tally.today.counters.cards_printed == 0
