"""One recording: nothing is gathered unless everything is there, and it reads back as written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.common import SC37, Device
from kiosk.capture.iso.face import read_face_record
from kiosk.capture.iso.finger import read_finger_record
from kiosk.capture.iso.iris import read_iris_record
from kiosk.capture.iso.signature import read_signature_record
from kiosk.capture.processing import Processing
from kiosk.centre.opening import open_packet
from kiosk.journey.excepting import Doubt, Excepted, Why, Written
from kiosk.journey.eyes import Eye, IrisImage
from kiosk.journey.fingers import Finger
from kiosk.journey.session import Biodata, Point, Sex
from kiosk.record import canonical
from kiosk.record.biometrics import Making, Opinion, Records
from kiosk.record.header import Header, Kind
from kiosk.record.keys import CENTRE
from kiosk.record.packet import (
    ALGORITHMS,
    Contradictory,
    IrisNote,
    PhotoNote,
    Print,
    Recording,
    Unreadable,
    new_packet_id,
    pack,
    recording_of,
    unpack,
)
from kiosk.record.seal import seal


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
        doubts=(Doubt.PHOTO,),
        excepted=(Excepted(Finger.LEFT_THUMB, Why.INJURED, "officer-1"),),
        algorithms=ALGORITHMS,
        biodata=Biodata("n", "n", "p", date(1990, 1, 1), Sex.MALE, "a", "v", "d", False, False),
        records=Records(b"face"),
        photo=PhotoNote(FaceAdvice.GOOD, 90, 1),
        hands_photo=b"",
        hands_photo_at=0,
        signature=b"s",
        prints=(Print(Finger.RIGHT_THUMB, 80, (30, 80), FingerAdvice.DRY, Opinion(44, "2.3.0"), "zfm", b"t"),),
        rechecked=(),
        repeats=0,
        irises=(IrisNote(Eye.LEFT, EyeAdvice.GOOD, 70),),
    )


parts = st.sampled_from([*Finger, *Eye, *Written])


exceptions = st.builds(Excepted, parts, st.sampled_from(Why), st.text(max_size=9))


@given(st.lists(exceptions, max_size=12, unique_by=lambda each: each.part).map(tuple))
def test_exceptions_read_back_as_granted(recorded: Any, excepted: Any) -> None:
    recording = replace(recorded, excepted=excepted, prints=(), irises=(), signature=b"")
    assert unpack(pack(recording)) == recording


def test_a_recording_reads_back_as_written(world: Any) -> None:
    recording = world.recording()
    assert unpack(pack(recording)) == recording
    assert recording.template_of(Finger.LEFT_INDEX).template == bytes([7]) * 16
    assert len(recording.prints) == 10


def test_its_records_hold_what_was_captured(world: Any, session_of: Callable[[Any], Any]) -> None:
    session = session_of(world.cast.ordinary)
    records = unpack(pack(world.recording())).records
    assert records.photo() == session.photo.jpeg
    fingers = read_finger_record(records.fingers)
    captured = [*session.impressions, *session.rechecked]
    assert [(each.position, each.pixels, each.capture.qualities[0].score) for each in fingers] == [
        (int(each.finger), each.pixels, each.score) for each in captured
    ]
    assert len(records.finger_pictures()) == len(captured)
    series = read_signature_record(records.signature)
    assert len(series.samples) == sum(map(len, session.strokes))
    assert not series.felt
    assert read_face_record(records.face).gender.name == world.cast.ordinary.sex.name
    assert (records.irises, records.iris_pictures()) == (b"", ())


def test_irises_and_pressure_are_kept_where_there_are_any(world: Any, session_of: Callable[[Any], Any]) -> None:
    iris = IrisImage(Eye.LEFT, 640, 480, 70, EyeAdvice.GOOD, 320, 240, 230, bytes(640 * 480))
    pressed = ((Point(0.1, 0.5, 0.0, 0.2), Point(0.9, 0.5, 0.7, 0.6)),)
    recording = gather(session_of(world.cast.ordinary).but(irises=(iris,), strokes=pressed, field_mm=(150.0, 50.0)))
    (kept,) = read_iris_record(recording.records.irises)
    assert (kept.eye.name, kept.width, kept.height, kept.diameter.smallest) == ("LEFT", 640, 480, 230)
    assert recording.irises == (IrisNote(Eye.LEFT, EyeAdvice.GOOD, 70),)
    assert recording.records.iris_pictures()[0].startswith(b"\x89PNG")
    series = read_signature_record(recording.records.signature)
    assert (series.width, series.height, series.felt) == (150.0, 50.0, True)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("strokes", "kept", "felt"),
    [
        ([(0.1, 0.5, 0.0, NAN), (0.9, 0.5, 0.7, 0.6)], 2, False),
        ([(0.1, 0.5, 0.0, -0.2), (0.9, 0.5, 0.7, 0.6)], 2, False),
        ([(0.1, 0.5, 0.0, 1.2), (0.9, 0.5, 0.7, 0.6)], 2, False),
        ([(0.1, 0.5, 0.0, 0.0), (0.9, 0.5, 0.7, 1.0)], 2, True),
        ([(0.1, 0.5, 0.0, None), (0.9, 0.5, 8192.0, None), (0.9, 0.6, INF, None)], 3, False),
        ([(0.1, 0.5, 4.0, None), (0.9, 0.5, 3.0, None), (0.9, 0.6, NAN, None)], 3, False),
        ([(NAN, 0.5, 0.0, None), (0.9, INF, 0.1, None), (0.9, 0.5, 0.2, None), (9.0, -1.0, 0.3, None)], 2, False),
        ([(0.5, 0.5, n / 100, None) for n in range(100_000)], 33_334, False),
    ],
    ids=["nan", "negative", "too-hard", "felt", "late", "backward", "nowhere", "many"],
)
def test_no_panels_nonsense_loses_a_signature(
    world: Any, session_of: Callable[[Any], Any], strokes: Any, kept: int, felt: bool
) -> None:
    session = session_of(world.cast.ordinary).but(strokes=(tuple(Point(*point) for point in strokes),))
    series = read_signature_record(gather(session).records.signature)
    assert (len(series.samples), series.felt) == (kept, felt)


def test_neither_do_more_strokes_or_a_field_that_no_record_holds(world: Any, session_of: Callable[[Any], Any]) -> None:
    strokes = tuple((Point(0.5, 0.5, n / 100),) for n in range(60_000))
    session = session_of(world.cast.ordinary).but(strokes=strokes, field_mm=(2000.0, 0.1))
    series = read_signature_record(gather(session).records.signature)
    assert len(series.samples) == 20_000
    assert series.height == 1.0


@pytest.mark.parametrize(
    "done",
    [
        frozenset({Processing.CROPPED, Processing.ROTATED, Processing.INTERPOLATED}),
        frozenset({Processing.CROPPED, Processing.DOWN_SAMPLED}),
        frozenset(),
    ],
)
def test_the_face_record_says_what_was_done_to_the_photo(
    world: Any, session_of: Callable[[Any], Any], done: frozenset[Processing]
) -> None:
    session = session_of(world.cast.ordinary)
    recording = gather(session.but(photo=replace(session.photo, processing=done)))
    said = read_face_record(recording.records.face).processing
    assert {each.name for each in said} == {each.name for each in done}


def test_records_name_the_devices_that_the_office_told(world: Any, session_of: Callable[[Any], Any]) -> None:
    making = Making(Codec.PNG, camera=Device(1, 2), reader=Device(3, 4))
    records = gather(session_of(world.cast.ordinary), making=making).records
    assert read_face_record(records.face).capture.device == Device(1, 2)
    fingers = read_finger_record(records.fingers)
    assert {each.capture.device for each in fingers} == {Device(3, 4)}
    assert b"\x89PNG" in records.fingers


def test_a_second_opinion_goes_into_the_record(world: Any, session_of: Callable[[Any], Any]) -> None:
    session = session_of(world.cast.ordinary)
    first = session.impressions[0]
    recording = gather(session, opinion=lambda each: Opinion(55, "2.3.0") if each is first else None)
    qualities = read_finger_record(recording.records.fingers)[0].capture.qualities
    assert [(each.score, each.vendor) for each in qualities] == [(first.score, 0), (55, SC37)]
    assert [each.second_opinion for each in recording.prints[:2]] == [Opinion(55, "2.3.0"), None]


def gather(session: Any, **more: Any) -> Any:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    plain = {"packet_id": new_packet_id(), "station": "s", "software": "1", "began": moment, "ended": moment}
    return recording_of(session, **(plain | {"signature": b"png"} | more))


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
    excepted = nine.but(excepted=(Excepted(Finger.RIGHT_THUMB, Why.MISSING, "officer-1"),))
    with pytest.raises(ValueError, match="hands"):
        gather(excepted)
    recording = gather(excepted.but(hands_photo=replace(session.photo, captured=datetime(2026, 1, 1, tzinfo=UTC))))
    assert len(recording.prints) == 9
    assert (recording.hands_photo, recording.hands_photo_at) == (session.photo.jpeg, 1767225600)
    assert gather(excepted.but(hands_photo=session.photo)).hands_photo_at == 0
    assert unpack(pack(recording)) == recording


def test_who_cannot_sign_leaves_no_signature(world: Any, session_of: Callable[[Any], Any]) -> None:
    unsigned = session_of(world.cast.ordinary).but(
        strokes=(), excepted=(Excepted(Written.SIGNATURE, Why.MISSING, "officer-1"),)
    )
    recording = gather(unsigned)
    assert (recording.signature, recording.records.signature) == (b"", b"")


def test_a_packet_id_says_nothing_and_never_repeats() -> None:
    ids = {new_packet_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(i) == 32 and int(i, 16) >= 0 for i in ids)


def test_nothing_personal_can_be_printed(world: Any) -> None:
    shown = repr(world.recording())
    for secret in (world.cast.ordinary.nik, world.cast.ordinary.name, "FAC\\x00", "FIR\\x00", "PNG", "JFIF"):
        assert secret not in shown


@given(st.data())
def test_whatever_is_missing_or_wrong_is_refused_in_our_words(recorded: Any, data: st.DataObject) -> None:
    top = canonical.decode(pack(recorded))
    inner = data.draw(st.sampled_from(["", "consent", "photo", "records", "biodata"]))
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


CONTRADICTIONS: dict[str, Callable[[Any], Any]] = {
    "no consent": lambda top: top["consent"].update(given=False),
    "photo's score": lambda top: top["photo"].update(score=900),
    "photo's tries": lambda top: top["photo"].update(tries=-1),
    "never tried": lambda top: top["photo"].update(tries=0),
    "before": lambda top: top.update(began=3),
    "before all time": lambda top: top.update(began=-1),
    "doubted twice": lambda top: top["doubts"].append(top["doubts"][0]),
    "excepted twice": lambda top: top["excepted"].append(top["excepted"][0]),
    "excepted twice, otherwise": lambda top: top["excepted"].append([6, "missing", "officer-2"]),
    "finger excepted and given": lambda top: top["excepted"].append([1, "missing", "officer-1"]),
    "eye excepted and given": lambda top: top["excepted"].append(["left", "missing", "officer-1"]),
    "signature excepted and given": lambda top: top["excepted"].append(["signature", "missing", "officer-1"]),
    "a time as text": lambda top: top["timings"].update(photo="5"),
    "a time as bytes": lambda top: top["timings"].update(photo=b"7"),
    "a time as a truth": lambda top: top["timings"].update(photo=True),
    "a step's number": lambda top: top["timings"].update({5: 7}),
    "less than no time": lambda top: top["timings"].update(photo=-1),
    "a finger's score": lambda top: top["prints"][0].update(score=101),
    "a try's score": lambda top: top["prints"][0].update(scores=[-1]),
    "an opinion's score": lambda top: top["prints"][0].update(second_opinion=[255, "2.3.0"]),
    "an eye's score": lambda top: top["irises"][0].__setitem__(2, 101),
    "repeats": lambda top: top.update(repeats=-1),
    "the hands' time": lambda top: top.update(hands_photo_at=-1),
}


@pytest.mark.parametrize("change", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_what_cannot_be_is_unreadable(recorded: Any, change: Callable[[Any], Any]) -> None:
    top = canonical.decode(pack(recorded))
    change(top)
    with pytest.raises(Unreadable, match=r"contradicts itself: |not built as"):
        unpack(canonical.encode(top))


def test_a_station_seals_nothing_that_contradicts_itself(world: Any, session_of: Callable[[Any], Any]) -> None:
    session = session_of(world.cast.ordinary)
    both = session.but(excepted=(Excepted(Finger.RIGHT_THUMB, Why.MISSING, "officer-1"),), hands_photo=session.photo)
    with pytest.raises(Contradictory, match="both excepted and given"):
        gather(both)


def test_a_clock_set_back_during_the_visit_loses_nothing(world: Any, session_of: Callable[[Any], Any]) -> None:
    began, ended = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    recording = gather(session_of(world.cast.ordinary), began=began, ended=ended)
    assert recording.began == recording.ended == ended.timestamp()


def test_fingers_given_twice_are_counted(world: Any, session_of: Callable[[Any], Any]) -> None:
    recording = gather(session_of(world.cast.ordinary).but(given_twice=3))
    assert unpack(pack(recording)).repeats == 3


@given(st.binary(max_size=80))
def test_noise_is_no_recording(noise: bytes) -> None:
    with pytest.raises(Unreadable):
        unpack(noise)


@pytest.mark.parametrize("version", [1, 3])
def test_a_packet_of_another_version_is_receipted_and_tells_its_version(world: Any, version: int) -> None:
    body = canonical.encode(canonical.decode(pack(world.recording())) | {"version": version})
    head = Header(Kind.RECORDING, world.keys.station, CENTRE, "0" * 32, 1, 1)
    packet = seal(body, head, world.trust.recipients, world.keys.signing).data
    assert world.intake.accept(packet)
    with pytest.raises(Unreadable, match=f"of version {version}, not 2"):
        open_packet(packet, world.authority)
