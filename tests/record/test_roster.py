"""The roster: taken whole or not at all, asked by number, and patient only three times."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from kiosk.centre.residents import OFFICERS, RETIRED_AREA
from kiosk.centre.roster_maker import sealed_roster
from kiosk.record.database import DatabaseDamaged
from kiosk.record.header import CutShort, NotForUs, SignatureWrong, UnknownKey, Untrusted, WrongKind
from kiosk.record.resident import RecordState, biodata, to_row
from kiosk.record.roster import (  # fmt: skip
    ImpossibleDate,
    Locked,
    NoRoster,
    Note,
    Officer,
    OutOfTime,
    Proved,
    Roster,
    RosterRefused,
    WrongDate,
    WrongPin,
)


@pytest.fixture
def roster(world: Any) -> Iterator[Roster]:
    opened = Roster(world.kiosk("roster.db"), world.keys.roster)
    yield opened
    opened.close()


def taken(roster: Roster, world: Any, blob: bytes, now: Any) -> Any:
    return roster.import_signed(blob, trust=world.trust, keys=world.keys, now=now)


def typed(day: date) -> str:
    return day.strftime("%d%m%Y")


@pytest.fixture
def held(roster: Roster, world: Any, now: Any) -> Roster:
    taken(roster, world, world.roster(), now)
    return roster


def test_a_roster_is_taken_and_asked(held: Roster, world: Any, now: Any) -> None:
    info = held.info()
    assert info is not None
    assert (info.residents, info.officers, info.sequence) == (len(world.cast.residents), 2, 1)
    someone = world.cast.ordinary
    assert held.find(someone.nik) == someone
    assert held.find("5302030101010001") is None
    assert held.prove(someone.nik, typed(someone.birth_date), now=now) == Proved(someone)


def test_awkward_residents_are_as_they_are(world: Any) -> None:
    cast = world.cast
    assert biodata(cast.nik_disagrees).nik_disagrees
    assert not any(biodata(r).nik_disagrees for r in (cast.ordinary, cast.farmer, cast.from_retired_area))
    assert cast.from_retired_area.nik.startswith(RETIRED_AREA)
    assert cast.too_young.age_on(date(2026, 11, 24)) == 14
    assert cast.pemula.age_on(date(2026, 11, 24)) == 16
    assert len({resident.nik for resident in cast.residents}) == len(cast.residents) == 40
    assert len({resident.village for resident in cast.residents}) >= 4


def test_the_file_cannot_be_read_without_the_key(held: Roster, world: Any) -> None:
    content = b"".join(path.read_bytes() for path in world.exchange.root.glob("kiosk/roster.db*"))
    assert world.cast.ordinary.name.encode() not in content
    assert not content.startswith(b"SQLite format 3")
    with pytest.raises(DatabaseDamaged, match=r"roster\.db"):
        Roster(world.kiosk("roster.db"), bytes(32))


# Refusals -----------------------------------------------------------------------------------------------------------


def test_a_wrong_row_refuses_the_whole_by_its_number(held: Roster, world: Any, now: Any) -> None:
    rows = [to_row(resident) for resident in world.cast.residents]
    rows[6] = rows[6] | {"birth_date": "1990-13-01"}
    blob = sealed_roster(world.authority, world.registry, "tts-soe-01", rows, OFFICERS, now=now)[1]
    with pytest.raises(RosterRefused, match="row 7: birth_date is none of the allowed values") as refusal:
        taken(held, world, blob, now)
    assert refusal.value.row == 7
    info = held.info()
    assert info is not None
    assert info.sequence == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"nik": "123"}, "nik cannot be right: length"),
        ({"name": "X" * 61}, "longer than 60"),
        ({"name": "  "}, "name is empty"),
        ({"sex": "other"}, "sex is none"),
        ({"rt": 7}, "rt is not a text"),
        ({"ANI": "nickname"}, "unknown fields, 1 of them"),
        ({"birth_date": "20260101"}, "birth_date is none"),
    ],
)
def test_each_fault_of_a_row_is_named_without_its_value(
    roster: Roster, world: Any, now: Any, change: dict[str, object], why: str
) -> None:
    rows = [to_row(world.cast.ordinary) | change]
    blob = sealed_roster(world.authority, world.registry, "tts-soe-01", rows, (), now=now)[1]
    with pytest.raises(RosterRefused, match=why) as refusal:
        taken(roster, world, blob, now)
    assert "X" * 61 not in str(refusal.value)
    assert "ANI" not in str(refusal.value)
    assert roster.info() is None


def test_the_same_number_twice(roster: Roster, world: Any, now: Any) -> None:
    rows = [to_row(world.cast.ordinary)] * 2
    blob = sealed_roster(world.authority, world.registry, "tts-soe-01", rows, (), now=now)[1]
    with pytest.raises(RosterRefused, match="row 2"):
        taken(roster, world, blob, now)


def test_broken_cut_and_foreign_rosters(roster: Roster, world: Any, now: Any) -> None:
    blob = world.roster()
    for bad, error in (
        (blob[:-1] + bytes([blob[-1] ^ 1]), SignatureWrong),
        (blob[: len(blob) // 2], CutShort),
        (world.roster(station="other-station"), NotForUs),
    ):
        with pytest.raises(error):
            taken(roster, world, bad, now)
    orders_only = replace(world.trust, rosters=world.trust.orders)
    with pytest.raises(UnknownKey):
        roster.import_signed(blob, trust=orders_only, keys=world.keys, now=now)
    assert roster.info() is None


def test_a_roster_named_for_another_station_though_sealed_to_this_one(roster: Roster, world: Any, now: Any) -> None:
    known = world.authority.directory / "stations" / "other-station.json"
    ours = world.authority.station("tts-soe-01").sealing
    known.write_text(json.dumps(json.loads(known.read_text()) | {"sealing": ours.raw.hex()}))
    with pytest.raises(WrongKind, match="another station"):
        taken(roster, world, world.roster(station="other-station"), now)


def test_an_older_roster_and_the_same_again(held: Roster, world: Any, now: Any) -> None:
    second, third = world.roster(), world.roster()
    assert taken(held, world, third, now).sequence == 3
    assert taken(held, world, third, now).sequence == 3
    with pytest.raises(RosterRefused, match="older"):
        taken(held, world, second, now)


def test_out_of_time(roster: Roster, world: Any, now: Any) -> None:
    with pytest.raises(OutOfTime, match="no longer"):
        taken(roster, world, world.roster(), now + timedelta(days=181))


def test_power_may_fail_at_any_step_of_the_import(world: Any, power: Any, now: Any) -> None:
    first, second = world.roster(world.cast.ordinary), world.roster(world.cast.ordinary, world.cast.farmer)
    roster = Roster(world.kiosk("roster.db"), world.keys.roster)
    taken(roster, world, first, now)
    step = 0
    while True:
        with power.cut_at(step):
            taken(roster, world, second, now)
        roster.close()
        roster = Roster(world.kiosk("roster.db"), world.keys.roster)
        info = roster.info()
        assert info is not None
        assert (info.sequence, info.residents) in ((1, 1), (2, 2))
        if not power.was_cut:
            break
        step += 1
    roster.close()
    assert step >= 2


# Birth dates and PINs -----------------------------------------------------------------------------------------------


def test_three_wrong_dates_lock_for_a_quarter_of_an_hour(held: Roster, world: Any, now: Any) -> None:
    someone = world.cast.ordinary
    right, wrong = typed(someone.birth_date), typed(someone.birth_date - timedelta(days=1))
    assert held.prove(someone.nik, wrong, now=now) == WrongDate(2)
    assert held.prove(someone.nik, wrong, now=now) == WrongDate(1)
    assert held.prove(someone.nik, wrong, now=now) == Locked(900, begins=True)
    assert held.prove(someone.nik, right, now=now + timedelta(seconds=899)) == Locked(1)
    assert held.prove(world.cast.farmer.nik, wrong, now=now) == WrongDate(2)
    assert isinstance(held.prove(someone.nik, right, now=now + timedelta(seconds=900)), Proved)
    assert held.prove(someone.nik, wrong, now=now + timedelta(seconds=901)) == WrongDate(2)


def test_a_restart_forgets_no_try(held: Roster, world: Any, now: Any) -> None:
    nik, wrong = world.cast.ordinary.nik, "01011931"
    for left in (2, 1):
        assert held.prove(nik, wrong, now=now) == WrongDate(left)
        held.close()
        held = Roster(world.kiosk("roster.db"), world.keys.roster)
    assert held.prove(nik, wrong, now=now) == Locked(900, begins=True)
    held.close()
    held = Roster(world.kiosk("roster.db"), world.keys.roster)
    assert held.seconds_locked(nik, now=now) == 900
    held.close()


def test_a_clock_set_back_neither_frees_nor_locks_for_ever(held: Roster, world: Any, now: Any) -> None:
    nik = world.cast.ordinary.nik
    for _ in range(3):
        held.prove(nik, "01011931", now=now)
    years_ago = now - timedelta(days=3650)
    assert held.seconds_locked(nik, now=years_ago) == 900
    assert held.seconds_locked(nik, now=years_ago + timedelta(seconds=900)) == 0


def test_tries_of_long_ago_are_forgotten(held: Roster, world: Any, now: Any) -> None:
    nik = world.cast.ordinary.nik
    assert held.prove(nik, "01011931", now=now) == WrongDate(2)
    assert held.prove(nik, "01011931", now=now + timedelta(hours=1)) == WrongDate(2)


@pytest.mark.parametrize(
    "text", ["", "3102199", "31021990", "00011990", "01012199", "01011850", "0101199O", "０１０１１９９０"]
)
def test_an_impossible_date_costs_no_try(held: Roster, world: Any, now: Any, text: str) -> None:
    for _ in range(4):
        assert held.prove(world.cast.ordinary.nik, text, now=now) == ImpossibleDate()


def test_an_unknown_number_tells_nothing(held: Roster, now: Any) -> None:
    assert held.prove("5302030101010001", "01011990", now=now) == WrongDate(2)


def test_officers_by_pin_and_a_lock_for_the_whole_station(held: Roster, now: Any) -> None:
    assert held.officer(OFFICERS[1].pin, now=now, visiting=True) == Officer("officer-2")
    assert [held.officer("000000", now=now, visiting=True) for _ in range(5)] == [
        *(WrongPin(n) for n in (4, 3, 2, 1)),
        Locked(300, begins=True),
    ]
    assert held.officer(OFFICERS[0].pin, now=now, visiting=True) == Locked(300)
    later = now + timedelta(seconds=300)
    assert held.officer(OFFICERS[0].pin, now=later, visiting=True) == Officer("officer-1")


def test_a_lock_from_before_locks_were_counted_ends(held: Roster, now: Any) -> None:
    for _ in range(5):
        held.officer("999999", now=now, visiting=True)
    with held._database.transaction() as write:
        write.execute("UPDATE attempts SET locks = 0")
    assert isinstance(held.officer("999999", now=now, visiting=True), Locked)
    assert isinstance(held.officer("999999", now=now + timedelta(minutes=6), visiting=True), WrongPin)


def test_a_lock_of_the_desk_locks_nobody_out_of_a_visit(held: Roster, now: Any) -> None:
    for _ in range(5):
        held.officer("000000", now=now, visiting=False)
    assert held.officer(OFFICERS[0].pin, now=now, visiting=False) == Locked(300)
    assert held.officer(OFFICERS[0].pin, now=now, visiting=True) == Officer("officer-1")
    assert held.officer(OFFICERS[0].pin, now=now, visiting=False) == Locked(300)


def test_each_lock_of_the_pin_is_twice_as_long_until_it_was_right(held: Roster, world: Any, now: Any) -> None:
    lasted = []
    for _ in range(6):
        for _ in range(4):
            assert isinstance(held.officer("000000", now=now, visiting=False), WrongPin)
        locked = held.officer("000000", now=now, visiting=False)
        assert isinstance(locked, Locked)
        assert locked.begins
        lasted.append(locked.seconds)
        now += timedelta(seconds=locked.seconds)
        held.close()
        held = Roster(world.kiosk("roster.db"), world.keys.roster)
    assert lasted == [300, 600, 1200, 2400, 3600, 3600]
    assert held.officer(OFFICERS[0].pin, now=now, visiting=False) == Officer("officer-1")
    told = [held.officer("000000", now=now, visiting=False) for _ in range(5)]
    assert told[-1] == Locked(300, begins=True)
    held.close()


def test_a_right_answer_where_nothing_was_wrong_is_not_written(
    held: Roster, world: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ill(_: object) -> Any:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr("kiosk.record.database.Database.transaction", ill)
    someone = world.cast.ordinary
    assert isinstance(held.prove(someone.nik, typed(someone.birth_date), now=now), Proved)
    assert held.officer(OFFICERS[0].pin, now=now, visiting=True) == Officer("officer-1")


def test_nobody_is_an_officer_before_the_first_roster_and_nobody_is_locked_out(roster: Roster, now: Any) -> None:
    assert {roster.officer("000000", now=now, visiting=True) for _ in range(6)} == {NoRoster()}


# Recorded here ------------------------------------------------------------------------------------------------------


def test_what_was_recorded_here_is_still_noted_whatever_a_new_roster_says(held: Roster, world: Any, now: Any) -> None:
    someone = world.cast.ordinary
    held.begin_recording(someone.nik, "a" * 32, now=now)
    assert not held.recorded_here(someone.nik)
    held.mark_recorded(someone.nik)
    taken(held, world, world.roster(now=now + timedelta(days=1)), now + timedelta(days=1))
    assert held.recorded_here(someone.nik)
    world.registry.set_state(someone.nik, RecordState.ENROLL_FAILURE_AT_CENTRAL)
    later = now + timedelta(days=2)
    taken(held, world, world.roster(*world.registry.residents(), now=later), later)
    assert held.note(someone.nik) == Note("a" * 32, safe=True, roster=1)


def test_a_roster_sealed_to_a_key_that_was_replaced_meanwhile_is_taken(roster: Roster, world: Any, now: Any) -> None:
    blob = world.roster()
    renewed = world.keys.renewing().renewed(now=int(now.timestamp()))
    assert roster.import_signed(blob, trust=world.trust, keys=renewed, now=now).sequence == 1


def test_after_a_start_the_notes_follow_the_packets(held: Roster, world: Any, now: Any) -> None:
    one, other = world.cast.ordinary.nik, world.cast.farmer.nik
    held.begin_recording(one, "a" * 32, now=now)
    held.begin_recording(other, "b" * 32, now=now)
    held.reconcile(lambda packet: packet == "a" * 32, lambda _: False)
    assert (held.recorded_here(one), held.recorded_here(other)) == (True, False)


def test_noise_is_no_roster(roster: Roster, world: Any, now: Any) -> None:
    for noise in (b"", b"\x00" * 100, b'{"residents": []}'):
        with pytest.raises(Untrusted):
            taken(roster, world, noise, now)
