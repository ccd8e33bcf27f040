"""A recording under way is found again by its own resident, at its own station, in time; otherwise nobody opens it."""

import os
import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.capture.processing import Processing
from kiosk.journey.excepting import Doubt, Excepted, Why, Written
from kiosk.journey.eyes import Eye, IrisImage
from kiosk.journey.fingers import Finger
from kiosk.journey.kept import Kept
from kiosk.journey.session import Impression, Photo, Point
from kiosk.journey.steps import Step
from kiosk.record import checkpoint as checkpoints
from kiosk.record.checkpoint import CLOCK_SETS_WITHIN, Checkpoint, Checkpoints, NotYet
from kiosk.record.clock import Moment, machine_clock

NIK = "5371010503580001"
MARK = b"ZWENTIBOLDA"
KEY = bytes(range(32))
NOON = 1_795_000_000
GO_ON = 1800
WHEN = datetime(2026, 11, 24, 8, 0, 0, 123456, tzinfo=UTC)
PHOTO = Photo(
    MARK * 3,
    600,
    800,
    FaceAdvice.EVEN_LIGHT,
    points=(("12.1", 1.1, 2.2),),
    angles=(0.1, -0.2, 0.3),
    captured=WHEN,
    processing=frozenset(Processing),
)
FULL = Kept(
    step=Step.REVIEW,
    nik=NIK,
    takes_eyes=True,
    photo=PHOTO,
    photo_tries=2,
    strokes=((Point(0.1, 0.2, 0.0), Point(0.30000000000000004, 0.4, 0.5, 0.25)),),
    field_mm=(160.0, 60.0),
    impressions=tuple(
        Impression(finger, 4, 2, 500, 80, (70, 80), FingerAdvice.DRY, "zfm", MARK, b"\xff\x00", WHEN, Finger.LEFT_THUMB)
        for finger in (Finger.RIGHT_THUMB, Finger.RIGHT_INDEX)
    ),
    tried=((Finger.RIGHT_THUMB, 70), (Finger.RIGHT_THUMB, 80)),
    given_twice=1,
    taken_again=True,
    hands_photo=PHOTO,
    rechecked=(),
    tried_again=((Finger.RIGHT_INDEX, 1),),
    not_again=frozenset({Finger.RIGHT_INDEX}),
    irises=(IrisImage(Eye.LEFT, 4, 2, 50, EyeAdvice.CLOSER, 1, 1, 2, MARK, WHEN),),
    eye_tries=3,
    excepted=tuple(
        Excepted(part, Why.INJURED, "officer-1") for part in (Finger.LEFT_RING, Eye.RIGHT, Written.SIGNATURE)
    ),
    noted=frozenset(Doubt),
)
FIRST = Checkpoint("a" * 32, WHEN, {"photo": 21_000}, FULL)


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = Moment("boot-1", 500.0, NOON, kept=True)

    def __call__(self) -> Moment:
        return self.now

    def goes_on(self, seconds: float) -> None:
        self.now = replace(self.now, uptime=self.now.uptime + seconds, unix=self.now.unix + int(seconds))

    def boots(self, *, unix: int, uptime: float = 30.0, kept: bool = True) -> None:
        self.now = Moment(self.now.boot + "+", uptime, unix, kept)


Make = Callable[..., Checkpoints]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"


@pytest.fixture
def started(place: Path, time: Time) -> Make:
    """The station's process as it starts."""

    def make(**changes: Any) -> Checkpoints:
        told: dict[str, Any] = {"station": "soe-01", "software": "1.0", "seconds": GO_ON} | changes
        return Checkpoints(place, told.pop("key", KEY), clock=time, **told)

    return make


def found(kept: Checkpoints, *, not_before: int | None = NOON - 1000) -> Checkpoint | None:
    return kept.find(NIK, not_before=not_before)


def files(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_all_that_was_approved_is_found_again_after_a_restart(place: Path, started: Make, time: Time) -> None:
    started().keep(FIRST)
    time.goes_on(60)
    again = started()
    assert found(again) == FIRST
    assert again.packet_id == FIRST.packet_id
    for path in (place, *place.iterdir()):
        assert path.stat().st_mode & 0o077 == 0, "the kiosk process's own"


def test_every_field_is_written_with_something_in_it() -> None:
    empty = [each.name for each in fields(FULL) if not getattr(FULL, each.name)]
    assert empty == ["rechecked"], "written as impressions are"


def test_nobody_else_is_offered_it_and_destroys_it(started: Make) -> None:
    kept = started()
    kept.keep(FIRST)
    assert kept.find(NIK[:-1] + "2", not_before=None) is None
    assert found(kept) == FIRST


def test_nothing_stands_on_the_disk_unsealed(place: Path, started: Make) -> None:
    started().keep(FIRST)
    written = b"".join(path.read_bytes() for path in place.iterdir())
    for secret in (MARK, NIK.encode(), b"officer-1", Step.REVIEW.value.encode()):
        assert secret not in written


def test_what_was_kept_before_is_replaced_under_the_same_key(place: Path, started: Make) -> None:
    kept = started()
    kept.keep(replace(FIRST, kept=replace(FULL, step=Step.SIGNATURE)))
    key, sealed = (place / "visit.key").read_bytes(), (place / "visit.sealed").read_bytes()
    kept.keep(FIRST)
    assert (place / "visit.key").read_bytes() == key
    assert (place / "visit.sealed").read_bytes()[-200:] != sealed[-200:]
    assert found(started()) == FIRST
    assert files(place) == ["visit.key", "visit.sealed"]


def test_what_has_not_changed_is_not_written_again(place: Path, started: Make) -> None:
    kept = started()
    kept.keep(FIRST)
    sealed = (place / "visit.sealed").stat().st_ino
    kept.keep(replace(FIRST, timings={"photo": 30_000}))
    assert (place / "visit.sealed").stat().st_ino == sealed


def test_another_visit_takes_the_place_under_a_key_of_its_own(place: Path, started: Make) -> None:
    kept = started()
    kept.keep(FIRST)
    key = (place / "visit.key").read_bytes()
    other = replace(FIRST, packet_id="b" * 32, kept=replace(FULL, nik=NIK[:-1] + "2"))
    kept.keep(other)
    assert (place / "visit.key").read_bytes() != key
    assert found(kept) is None
    assert started().find(other.kept.nik, not_before=None) == other


# When it may be gone on with ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("later", "alive"), [(GO_ON, True), (GO_ON + 1, False)])
def test_within_a_boot_the_time_since_then_counts_whatever_the_calendar_says(
    place: Path, started: Make, time: Time, later: int, alive: bool
) -> None:
    started().keep(FIRST)
    time.goes_on(later)
    time.now = replace(time.now, unix=NOON - 10**8, kept=False)
    again = started()
    assert (again.destroy_if_over(not_before=NOON) is None) is alive
    assert (found(again) == FIRST) is alive
    assert bool(files(place)) is alive


@pytest.mark.parametrize(
    ("off_for", "trusted", "not_before", "alive"),
    [
        (60, True, NOON - 1000, True),
        (GO_ON, True, NOON - 1000, True),
        (GO_ON + 1, True, NOON - 1000, False),
        (-1, True, NOON - 1000, False),
        (60, False, NOON - 1000, False),
        (60, True, NOON + 1000, False),
    ],
    ids=["in time", "just in time", "too late", "set back", "not kept", "before the roster"],
)
def test_across_boots_the_calendar_counts_if_it_can_be_believed(
    place: Path, started: Make, time: Time, off_for: int, trusted: bool, not_before: int, alive: bool
) -> None:
    started().keep(FIRST)
    time.boots(unix=NOON + off_for, uptime=CLOCK_SETS_WITHIN + 1, kept=trusted)
    again = started()
    assert (found(again, not_before=not_before) == FIRST) is alive
    told = again.destroy_if_over(not_before=not_before)
    assert (told is None) is alive
    assert bool(files(place)) is alive
    assert again.destroy_if_over(not_before=not_before) is None


def test_a_boot_is_given_the_time_in_which_its_clock_is_set(place: Path, started: Make, time: Time) -> None:
    started().keep(FIRST)
    time.boots(unix=NOON - 50, kept=False)
    again = started()
    with pytest.raises(NotYet):
        found(again)
    assert again.find("5371010503580002", not_before=NOON) is None, "nobody else hears of it"
    assert again.destroy_if_over(not_before=None) is None
    time.now = replace(time.now, uptime=60.0, unix=NOON + 300, kept=True)
    assert again.destroy_if_over(not_before=None) is None
    assert found(again) == FIRST


def test_what_was_made_by_an_untrusted_clock_does_not_outlast_its_boot(place: Path, started: Make, time: Time) -> None:
    time.now = replace(time.now, kept=False)
    started().keep(FIRST)
    assert found(started()) == FIRST
    time.boots(unix=NOON + 60)
    assert (
        started().destroy_if_over(not_before=None) == "it was made while the clock was not trusted, in an earlier boot"
    )
    assert files(place) == []


def test_a_boot_that_has_lasted_longer_than_the_time_to_go_on_needs_no_calendar(started: Make, time: Time) -> None:
    kept = started(seconds=60)
    kept.keep(FIRST)
    time.boots(unix=NOON + 1, uptime=61.0)
    assert started(seconds=60).destroy_if_over(not_before=None) == "the time to go on is over"


def test_each_approval_gives_the_whole_time_again(started: Make, time: Time) -> None:
    kept = started()
    kept.keep(replace(FIRST, kept=replace(FULL, step=Step.SIGNATURE)))
    time.goes_on(GO_ON - 1)
    kept.keep(FIRST)
    time.goes_on(GO_ON - 1)
    assert kept.destroy_if_over(not_before=None) is None


# Who may not open it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"key": bytes(32)}, "its key is missing or not this station's"),
        ({"station": "soe-02"}, "another station wrote it"),
        ({"software": "1.1"}, "another version of the software wrote it"),
        ({"seconds": 0}, "the settings keep nothing"),
    ],
)
def test_what_is_not_ours_to_open_is_destroyed(place: Path, started: Make, changes: Any, why: str) -> None:
    started().keep(FIRST)
    other = started(**changes)
    assert other.why_void == why
    assert files(place) == []
    assert found(started()) is None


def test_another_version_of_the_format_is_not_read(started: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "VERSION", 2)
    started().keep(FIRST)
    monkeypatch.undo()
    assert started().why_void == "another version of the software wrote it"


def test_every_flipped_byte_is_noticed(place: Path, started: Make, tmp_path: Path) -> None:
    started().keep(replace(FIRST, kept=replace(FULL, impressions=(), irises=(), hands_photo=None)))
    whole = tmp_path / "whole"
    shutil.copytree(place, whole)
    for name in ("visit.key", "visit.sealed"):
        content = (whole / name).read_bytes()
        for at in range(len(content)):
            flipped = content[:at] + bytes([content[at] ^ 0x40]) + content[at + 1 :]
            _put(place, whole, name, flipped)
            assert started().why_void is not None, (name, at)
            assert files(place) == []


def test_every_truncation_is_noticed(place: Path, started: Make, tmp_path: Path) -> None:
    started().keep(replace(FIRST, kept=replace(FULL, impressions=(), irises=(), hands_photo=None)))
    whole = tmp_path / "whole"
    shutil.copytree(place, whole)
    for name in ("visit.key", "visit.sealed"):
        content = (whole / name).read_bytes()
        for length in range(0, len(content), 7):
            _put(place, whole, name, content[:length])
            assert started().why_void is not None, (name, length)
            assert files(place) == []


def _put(place: Path, whole: Path, name: str, content: bytes) -> None:
    # As cheaply as can be: each of a thousand of these is a power cut's doing, not ours to sync.
    for path in whole.iterdir():
        (place / path.name).write_bytes(content if path.name == name else path.read_bytes())


def test_a_sealed_visit_does_not_open_under_another_header(place: Path, started: Make, time: Time) -> None:
    started().keep(FIRST)
    earlier = (place / "visit.sealed").read_bytes()
    time.goes_on(100)
    later = earlier.replace(str(NOON).encode(), str(NOON + 100).encode())
    assert later != earlier
    (place / "visit.sealed").write_bytes(later)
    assert started().why_void == "it is damaged, or not built as it should be"


# How it is destroyed --------------------------------------------------------------------------------------------------


def test_destroying_takes_the_key_first_and_overwrites_it(
    place: Path, started: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = started()
    kept.keep(FIRST)
    wrapped = (place / "visit.key").read_bytes()
    held = os.open(place / "visit.key", os.O_RDONLY)
    steps: list[list[str]] = []
    unlink = Path.unlink

    def noted(path: Path, **named: Any) -> None:
        unlink(path, **named)
        steps.append(files(place))

    monkeypatch.setattr(Path, "unlink", noted)
    kept.destroy()
    assert steps == [["visit.sealed"], []]
    assert os.read(held, 100) != wrapped, "what was written in its place"
    os.close(held)
    assert kept.packet_id is None
    assert found(kept) is None
    kept.destroy()


def test_nothing_is_offered_any_more_where_the_disk_does_not_let_it_be_destroyed(
    place: Path, started: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = started()
    kept.keep(FIRST)

    def ill(*_: object) -> None:
        raise InterruptedError  # an OSError like any other

    monkeypatch.setattr(os, "fsync", ill)
    with pytest.raises(InterruptedError):
        kept.destroy()
    assert found(kept) is None
    with pytest.raises(InterruptedError):
        kept.destroy_if_over(not_before=None)
    monkeypatch.undo()
    assert kept.destroy_if_over(not_before=None) is not None
    assert files(place) == []


def test_a_disk_that_is_ill_from_the_start_offers_nothing_and_is_asked_again(
    place: Path, started: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    started().keep(FIRST)

    def ill(*_: object) -> None:
        raise InterruptedError  # an OSError like any other

    monkeypatch.setattr(Path, "read_bytes", ill)
    kept = started()
    monkeypatch.undo()
    assert kept.why_void == "the disk is ill"
    assert found(kept) is None
    assert kept.destroy_if_over(not_before=None) is not None
    assert files(place) == []


def test_whenever_the_power_is_cut_what_is_found_is_whole_or_nothing(
    place: Path, started: Make, power: Any, tmp_path: Path
) -> None:
    before = replace(FIRST, kept=replace(FULL, step=Step.SIGNATURE))
    other = replace(FIRST, packet_id="b" * 32)
    for doing in ("first", "again", "other", "destroy"):
        step = 0
        while True:
            shutil.rmtree(place, ignore_errors=True)
            kept = started()
            if doing != "first":
                kept.keep(before)
            with power.cut_at(step):
                if doing == "destroy":
                    kept.destroy()
                else:
                    kept.keep(other if doing == "other" else FIRST)
            again = started()
            left = found(again)
            allowed = {
                "first": (None, FIRST),
                "again": (before, FIRST),
                "other": (before, None, other),
                "destroy": (before, None),
            }
            assert left in allowed[doing], (doing, step)
            assert bool(files(place)) is (left is not None), "nothing lies there that opens nothing"
            if not power.was_cut:
                break
            step += 1
        assert step > 3


def test_a_disk_that_fails_leaves_what_was_kept_before(started: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, before = started(), replace(FIRST, kept=replace(FULL, step=Step.SIGNATURE))
    kept.keep(before)

    def full(*_: object) -> None:
        raise InterruptedError  # an OSError like any other

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InterruptedError):
        kept.keep(FIRST)
    monkeypatch.undo()
    assert found(kept) == before
    assert found(started()) == before


@pytest.mark.parametrize("score", [5.5, float("nan")])
def test_what_is_not_what_it_says_is_not_kept(started: Make, score: Any, capfd: pytest.CaptureFixture[str]) -> None:
    kept = started()
    odd = replace(FULL, impressions=(replace(FULL.impressions[0], score=score, template=MARK),))
    with pytest.raises(ValueError, match="expected"):
        kept.keep(replace(FIRST, kept=odd))
    assert MARK.decode() not in capfd.readouterr().err


def test_a_figure_that_is_not_a_number_is_read_back(started: Make) -> None:
    started().keep(replace(FIRST, kept=replace(FULL, field_mm=(float("inf"), 60.0))))
    again = found(started())
    assert again is not None
    assert again.kept.field_mm == (float("inf"), 60.0)


def test_with_no_time_to_go_on_nothing_is_kept(place: Path, started: Make) -> None:
    started(seconds=0).keep(FIRST)
    assert files(place) == []


def test_a_key_that_fits_and_content_that_does_not_are_told_apart_by_nobody(place: Path, started: Make) -> None:
    started().keep(FIRST)
    (place / "visit.key").write_bytes(aes_key_wrap(KEY, bytes(32)))
    assert started().why_void == "it is damaged, or not built as it should be"


# The clock ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kept_elsewhere", "kept"),
    [
        ({}, False, False),
        ({"rtc0/hctosys": "0"}, False, False),
        ({"rtc0/hctosys": "0", "rtc0/since_epoch": f"{NOON}", "rtc1/hctosys": "1"}, False, False),
        ({"rtc0/hctosys": "0", "rtc1/hctosys": "1", "rtc1/since_epoch": f"{NOON - 50}"}, False, True),
        # Without a battery it began in 1970; the calendar goes on from the last time that was saved.
        ({"rtc0/hctosys": "1", "rtc0/since_epoch": "63"}, False, False),
        ({"rtc0/hctosys": "1", "rtc0/since_epoch": f"{NOON + 61}"}, False, False),
        ({"rtc0/hctosys": "1", "rtc0/since_epoch": "no time"}, False, False),
        ({"run/systemd/timesync/synchronized": ""}, False, True),
        ({"run/systemd/timesync/other": ""}, False, False),
        ({}, True, True),
    ],
)
def test_a_calendar_is_kept_by_a_hardware_clock_the_network_or_as_the_settings_say(
    tmp_path: Path, said: dict[str, str], kept_elsewhere: bool, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: float(NOON))
    monkeypatch.setattr("time.clock_gettime", lambda _: 40.0)
    for told, content in {"proc/sys/kernel/random/boot_id": "boot-7", **said}.items():
        name = f"sys/class/rtc/{told}" if told.startswith("rtc") else told
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{content}\n", encoding="ascii")
    now = machine_clock(kept_elsewhere=kept_elsewhere, root=tmp_path)()
    assert (now.boot, now.kept) == ("boot-7", kept)
    assert now.uptime > 0


def test_this_machine_tells_its_boot() -> None:
    first, second = machine_clock()(), machine_clock()()
    assert first.boot == second.boot
    assert second.uptime >= first.uptime


@pytest.mark.parametrize(("unix", "trusted"), [(NOON, True), (NOON - 1, False)])
def test_a_calendar_behind_what_is_known_to_be_past_is_not_trusted(unix: int, trusted: bool) -> None:
    assert Moment("b", 1.0, unix, kept=True).trusted(not_before=NOON) is trusted
