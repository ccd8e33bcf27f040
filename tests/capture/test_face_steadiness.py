"""Steady advice: never flickers, never hides that something is wrong, and follows the person soon enough."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.advice import FaceAdvice
from kiosk.capture.face.steadiness import ASKED, LASTING, PATIENT, READ, SteadyAdvice

RATE = 8.0
"""Frames judged a second."""
advice = st.sampled_from(FaceAdvice)
hints = st.sampled_from([a for a in FaceAdvice if a is not FaceAdvice.GOOD])


def shown(told: list[FaceAdvice], *, rate: float = RATE) -> list[FaceAdvice]:
    steady = SteadyAdvice()
    return [steady.feed(each, at=number / rate) for number, each in enumerate(told)]


@given(st.lists(advice, max_size=80))
def test_good_is_shown_exactly_while_it_is_good(told: list[FaceAdvice]) -> None:
    for frame, shows in zip(told, shown(told), strict=True):
        assert (shows is FaceAdvice.GOOD) == (frame is FaceAdvice.GOOD)


@given(st.lists(hints, max_size=120), st.floats(4.0, 30.0))
def test_a_hint_stays_long_enough_to_be_read(told: list[FaceAdvice], rate: float) -> None:
    seen = shown(told, rate=rate)
    changes = [0, *(n for n, (a, b) in enumerate(pairwise(seen), start=1) if a is not b)]
    assert all((later - sooner) / rate > READ - 1e-6 for sooner, later in pairwise(changes))


@given(advice, hints)
def test_what_lasts_is_said_soon(before: FaceAdvice, then: FaceAdvice) -> None:
    told = [before] * 20 + [then] * 20
    late = max(ASKED, LASTING, READ) + 2 / RATE
    assert shown(told)[20 + round(late * RATE)] is then


@given(hints, hints)
def test_two_hints_in_turn_do_not_flicker(one: FaceAdvice, other: FaceAdvice) -> None:
    seen = shown([one, other] * 40)
    assert sum(a is not b for a, b in pairwise(seen)) <= 80 / RATE / PATIENT + 1


@given(hints.filter(lambda a: a not in (FaceAdvice.OPEN_EYES, FaceAdvice.NO_FACE)), st.integers(1, 3))
def test_neither_a_blink_nor_a_missed_frame_changes_the_hint(hint: FaceAdvice, frames: int) -> None:
    for fleeting in (FaceAdvice.OPEN_EYES, FaceAdvice.NO_FACE):
        told = [hint] * 16 + [fleeting] * frames + [hint] * 4
        assert set(shown(told)) == {hint}


def test_a_blink_in_a_good_face_stops_the_shutter_without_a_word_about_eyes() -> None:
    told = [FaceAdvice.GOOD, FaceAdvice.OPEN_EYES, FaceAdvice.OPEN_EYES, FaceAdvice.GOOD]
    assert shown(told) == [FaceAdvice.GOOD, FaceAdvice.HOLD_STILL, FaceAdvice.HOLD_STILL, FaceAdvice.GOOD]


def test_closed_eyes_are_spoken_of_when_they_stay_closed() -> None:
    seen = shown([FaceAdvice.GOOD] + [FaceAdvice.OPEN_EYES] * 16)
    assert seen[-1] is FaceAdvice.OPEN_EYES
