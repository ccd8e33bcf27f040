"""One recording: nothing is gathered unless everything is there, and it reads back as written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.advice import FaceAdvice
from kiosk.journey.fingers import Finger
from kiosk.journey.session import Biodata, Sex
from kiosk.record import canonical
from kiosk.record.packet import MissingFinger, Recording, Unreadable, new_packet_id, pack, recording_of, unpack

shares = st.integers(0, 10_000).map(lambda n: n / 10_000)
points = st.tuples(shares, shares, st.integers(0, 600_000).map(lambda n: n / 1000))


@given(st.lists(st.lists(points, min_size=1, max_size=8).map(tuple), min_size=1, max_size=4).map(tuple))
def test_strokes_read_back_as_drawn(recorded: Any, strokes: Any) -> None:
    recording = replace(recorded, strokes=strokes)
    assert unpack(pack(recording)) == recording


@pytest.fixture(scope="module")
def recorded() -> Recording:
    """A small recording, made once, for the properties."""
    return Recording(
        packet_id="a" * 32,
        station="station",
        software="1",
        officer="officer-1",
        language="id",
        began=1,
        ended=2,
        timings={},
        consented=True,
        consent_text="1",
        recheck_doubtful=False,
        exceptions=(),
        biodata=Biodata("n", "n", "p", date(1990, 1, 1), Sex.MALE, "a", "v", "d", False, False, False),
        photo=b"p",
        photo_size=(3, 4),
        photo_advice=FaceAdvice.GOOD,
        signature=b"s",
        strokes=(),
        prints=(),
        rechecked=(),
    )


def test_a_recording_reads_back_as_written(world: Any) -> None:
    recording = world.recording()
    assert unpack(pack(recording)) == recording
    assert recording.template_of(Finger.LEFT_INDEX).template == bytes([7]) * 16
    assert len(recording.prints) == 10
    assert recording.prints[0].image.startswith(b"\x89PNG")


def test_an_excepted_finger_takes_the_place_of_a_print(world: Any) -> None:
    recording = world.recording()
    missing = MissingFinger(Finger.LEFT_THUMB, "injured", "officer-1")
    less = replace(
        recording, exceptions=(missing,), prints=tuple(p for p in recording.prints if p.finger is not missing.finger)
    )
    assert unpack(pack(less)) == less
    assert less.template_of(Finger.LEFT_THUMB) is None


def gather(session: Any, **more: Any) -> Any:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return recording_of(
        session, packet_id=new_packet_id(), station="s", software="1", began=moment, ended=moment, signature=b"",
        finger_image=lambda pixels, width, height, *, ppi: pixels, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    "lacking",
    [
        {"biodata": None},
        {"photo": None},
        {"officer": None},
        {"consented": False},
        {"strokes": ()},
    ],
)
def test_nothing_is_gathered_from_a_visit_that_lacks_something(
    world: Any, session_of: Callable[[Any], Any], lacking: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match="lacks"):
        gather(session_of(world.cast.ordinary).but(**lacking))


def test_every_finger_is_there_or_excepted(world: Any, session_of: Callable[[Any], Any]) -> None:
    session = session_of(world.cast.ordinary)
    nine = session.but(impressions=session.impressions[1:])
    with pytest.raises(ValueError, match="finger"):
        gather(nine)
    excepted = gather(nine, exceptions=[MissingFinger(Finger.RIGHT_THUMB, "missing", "officer-1")])
    assert len(excepted.prints) == 9


def test_a_packet_id_says_nothing_and_never_repeats() -> None:
    ids = {new_packet_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(i) == 32 and int(i, 16) >= 0 for i in ids)


def test_nothing_personal_can_be_printed(world: Any) -> None:
    shown = repr(world.recording())
    for secret in (world.cast.ordinary.nik, world.cast.ordinary.name, "photo.", "PNG"):
        assert secret not in shown


@given(st.data())
def test_whatever_is_missing_or_wrong_is_refused_in_our_words(recorded: Any, data: st.DataObject) -> None:
    top = canonical.decode(pack(recorded))
    inner = data.draw(st.sampled_from(["", "consent", "photo", "signature", "biodata"]))
    place = top[inner] if inner else top
    key = data.draw(st.sampled_from(sorted(place)))
    match data.draw(st.sampled_from(["gone", "null", "nested", "more"])):
        case "gone":
            del place[key]
        case "null":
            place[key] = None
        case "nested":
            place[key] = [[[]]]
        case _:
            place["unknown"] = 1
    with pytest.raises(Unreadable):
        unpack(canonical.encode(top))


@given(st.binary(max_size=80))
def test_noise_is_no_recording(noise: bytes) -> None:
    with pytest.raises(Unreadable):
        unpack(noise)
