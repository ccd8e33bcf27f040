"""Blinking and beeping on a clock of numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.panel.rhythm import Rhythm


def test_it_is_on_and_off_in_turn_without_end() -> None:
    rhythm = Rhythm(begin=10.0, on=0.5, off=0.25)
    assert all(rhythm.level(10.0 + at) for at in (0.0, 0.4, 0.75, 1.2, 750.1))
    assert not any(rhythm.level(10.0 + at) for at in (0.5, 0.7, 1.3, 750.6))
    assert rhythm.next(10.0) == 10.5
    assert rhythm.next(10.6) == pytest.approx(10.75)


def test_after_so_many_times_it_rests() -> None:
    rhythm = Rhythm(begin=0.0, on=1.0, off=1.0, times=2)
    assert [rhythm.level(at) for at in (0.5, 1.5, 2.5, 3.5, 4.5)] == [True, False, True, False, False]
    assert rhythm.next(2.5) == 3.0
    assert rhythm.next(3.0) is None
    assert rhythm.next(9.0) is None
    never = Rhythm(begin=0.0, on=1.0, off=1.0, times=0)
    assert not never.level(0.0)
    assert never.next(0.0) is None


# Binary fractions, so that the test speaks of rhythm and not of rounding.
Moments = st.integers(0, 64_000).map(lambda n: n / 64)
Spans = st.integers(4, 128).map(lambda n: n / 64)


@given(Moments, Spans, Spans, st.one_of(st.none(), st.integers(0, 50)))
def test_the_level_is_the_same_until_the_next_change(now: float, on: float, off: float, times: int | None) -> None:
    rhythm = Rhythm(0.0, on, off, times)
    turn = rhythm.next(now)
    if turn is None:
        assert not rhythm.level(now)
        assert not rhythm.level(now + 1000)
    else:
        assert turn > now
        assert rhythm.level(now) == rhythm.level(now + (turn - now) / 2)
        assert rhythm.level(turn) != rhythm.level(now)
