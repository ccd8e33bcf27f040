"""The live bench before simulated devices: what it shows, what it writes, what it keeps, and what it does unplugged."""

import csv
import re
import signal
import subprocess
import sys
from pathlib import Path

import pygame
import pytest
from PIL import Image

from drivers.camera.eyes import EyePose
from drivers.camera.scene import Pose
from drivers.fingerprint.synthetic.synthesis import impression, master
from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.journey.events import Back, Next
from kiosk.station import worker
from kiosk.station.robot import touch
from kiosk.station.settings import load
from kiosk.station.workbench import live, watching
from kiosk.station.workbench.live import CannotMeasure, Errand, measure, measure_from
from kiosk.station.workbench.reading import Kind, names

ROOT = Path(__file__).parents[3]
CAPTURE_LIGHT_PIN = 12
MANY = 2_000
"""Frames of the window after which a test has waited in vain."""


@pytest.fixture(autouse=True)
def headless(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    monkeypatch.setattr(worker, "REOPEN", 0.05)
    monkeypatch.setattr(watching, "SLICE", 0.2)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def config(tmp_path):
    """A station with simulated devices, an eye camera among them; measuring needs neither keys nor records."""
    text = (ROOT / "config" / "simulated.toml").read_text(encoding="utf-8").replace('".demo/', f'"{tmp_path}/demo/')
    text = text.replace('[iris]\ndriver = "none"', '[iris]\ndriver = "simulated"')
    for name, value in (("width", 800), ("height", 480)):
        text = re.sub(rf"(?m)^{name} = [0-9]+$", f"{name} = {value}", text)
    file = tmp_path / "station.toml"
    file.write_text(text, encoding="utf-8")
    return file


class Story:
    """A guest of the bench that goes on from each ``yield`` after the next frame of the window."""

    def __init__(self, tell):
        self._tell = tell
        self.error = None
        self.frames = 0

    def __call__(self, world):
        self.world = world
        self._told = self._tell(self)
        return self

    def look(self, state, targets, window):
        self.state, self.targets, self.window = state, targets, window
        self.frames += 1
        try:
            assert self.frames < MANY, f"waited in vain; the bench stands at {state}"
            next(self._told, None)
        except AssertionError as error:
            self.error = error
            pygame.event.post(pygame.event.Event(pygame.QUIT))

    def until(self, holds):
        while not holds(self.state):
            yield

    def says(self, advice):
        yield from self.until(lambda state: state.last is not None and state.last.reading.advice is advice)

    def touch(self, event):
        while not touch(event, self.targets, self.window):
            yield
        yield


def run(config, errand, tell):
    """Run the bench with a story; its exit status."""
    story = Story(tell)
    status = measure(load(config), errand, invite=story)
    if story.error is not None:
        raise story.error
    assert next(story._told, "ended") == "ended", "the bench ended before the story did"
    return status


def rows_of(file):
    with file.open(encoding="utf-8", newline="") as content:
        return list(csv.DictReader(content))


def test_a_face_is_measured_and_every_judged_frame_is_in_the_table(config, tmp_path):
    table = tmp_path / "live.csv"

    def story(bench):
        yield from bench.says(FaceAdvice.GOOD)
        bench.world.booth.show(Pose.FAR)
        yield from bench.says(FaceAdvice.CLOSER)
        # Lit as for the photo: otherwise what is measured is not what residents get.
        yield from bench.until(lambda _: bench.world.wiring.level(CAPTURE_LIGHT_PIN) == pytest.approx(0.8))
        yield from bench.touch(Back())

    assert run(config, Errand(Kind.FACE, table=table), story) == 0
    rows = rows_of(table)
    assert [row["frame"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    assert (rows[0]["advice"], rows[-1]["advice"]) == ("good", "closer")
    assert {(row["width"], row["height"], row["ppi"]) for row in rows} == {("1280", "960", "")}
    assert all(float(row["size"]) for row in rows)
    times = [float(row["seconds"]) for row in rows]
    assert times[0] == 0
    assert times == sorted(times)


def test_it_ends_after_so_many_frames(config, tmp_path):
    table = tmp_path / "live.csv"
    assert measure(load(config), Errand(Kind.EYES, table=table, frames=3)) == 0
    rows = rows_of(table)
    assert len(rows) == 3
    assert {row["advice"] for row in rows} == {"good"}
    assert all(row[name] for row in rows for name in names(Kind.EYES))


def test_it_says_that_the_camera_is_away_and_goes_on_when_it_is_back(config):
    def story(bench):
        yield from bench.says(EyeAdvice.GOOD)
        bench.world.iris.unplug()
        yield from bench.until(lambda state: state.here is False)
        # Nothing of before may be taken for what is there now.
        assert bench.state.last is None
        before = pygame.image.tobytes(bench.window.picture, "RGB")
        bench.world.iris.show(EyePose.AVERTED)
        bench.world.iris.replug()
        yield from bench.says(EyeAdvice.LOOK_HERE)
        assert pygame.image.tobytes(bench.window.picture, "RGB") != before
        yield from bench.touch(Back())

    assert run(config, Errand(Kind.EYES), story) == 0


def test_fingers_are_read_again_and_again_also_after_the_reader_was_unplugged(config, tmp_path):
    table, tip = tmp_path / "live.csv", master(11, 2)
    good, dry = (impression(tip, seed=1, rotation=0.0, moisture=share) for share in (0.5, 0.03))

    def story(bench):
        reader = bench.world.reader
        yield from bench.until(lambda state: state.here)
        reader.place(good)
        yield from bench.says(FingerAdvice.GOOD)
        yield from bench.until(lambda state: state.lies)
        reader.lift()
        yield from bench.until(lambda state: not state.lies)
        reader.unplug()
        yield from bench.until(lambda state: state.here is False)
        reader.replug()
        yield from bench.until(lambda state: state.here)
        reader.place(dry)
        yield from bench.says(FingerAdvice.DRY)
        yield from bench.touch(Back())

    assert run(config, Errand(Kind.FINGER, table=table), story) == 0
    rows = rows_of(table)
    assert [row["advice"] for row in rows] == ["good", "dry"]
    assert {row["ppi"] for row in rows} == {"500"}


# Pictures of people ------


def test_no_picture_is_kept_unless_a_folder_was_named(config, tmp_path):
    def story(bench):
        yield from bench.says(FaceAdvice.GOOD)
        assert Next() not in [target.event for target in bench.targets]
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_RETURN, unicode="\r"))
        for _ in range(10):
            yield
        yield from bench.touch(Back())

    assert run(config, Errand(Kind.FACE), story) == 0
    assert [file for file in tmp_path.rglob("*") if file.suffix in (".png", ".jpg")] == []


def test_chosen_pictures_are_kept_as_they_were_judged(config, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "finger-0007.png").write_bytes(b"kept before")
    image = impression(master(11, 2), seed=1, rotation=0.0)

    judged, away = [], tmp_path / "away"

    def story(bench):
        yield from bench.until(lambda state: state.here)
        bench.world.reader.place(image)
        yield from bench.until(lambda state: state.last is not None)
        judged.append(bench.state.last.pixels)
        yield from bench.touch(Next())
        yield from bench.until(lambda state: state.kept == 1)
        folder.rename(away)
        yield from bench.touch(Next())
        yield from bench.until(lambda state: state.unkept)
        yield from bench.touch(Back())

    assert run(config, Errand(Kind.FINGER, keep=folder), story) == 0
    assert sorted(file.name for file in away.iterdir()) == ["finger-0007.png", "finger-0008.png"]
    with Image.open(away / "finger-0008.png") as picture:
        assert picture.info["dpi"] == pytest.approx((500, 500), abs=0.1)
        assert picture.tobytes() == judged[0].tobytes()


def test_a_folder_made_for_pictures_is_nobody_elses_to_read(config, tmp_path):
    measure(load(config), Errand(Kind.EYES, keep=tmp_path / "new", frames=1))
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


# Why it cannot begin ------


def test_a_running_station_must_be_stopped_first(config, tmp_path, monkeypatch, capfd):
    systemctl = tmp_path / "systemctl"
    systemctl.write_text('#!/bin/sh\n[ "$1 $2 $3" = "is-active --quiet kiosk.service" ]\n')
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert measure_from(config, Errand(Kind.FACE, frames=1)) == 69
    assert capfd.readouterr().err.endswith("Stop it first: sudo systemctl stop kiosk\n")
    systemctl.write_text("#!/bin/sh\necho 'no bus' >&2\nexit 3\n")
    assert measure_from(config, Errand(Kind.FACE, frames=1)) == 0
    assert "no bus" not in capfd.readouterr().err


def test_a_script_does_not_wait_for_ever(config, monkeypatch):
    monkeypatch.setattr(live, "PATIENCE", 0.2)

    def story(bench):
        bench.world.booth.unplug()
        while True:
            yield

    with pytest.raises(CannotMeasure, match="Look at its cable"):
        measure(load(config), Errand(Kind.FACE, frames=1_000), invite=Story(story))


def test_a_station_without_a_camera_for_the_eyes_says_so(config, capsys):
    config.write_text(config.read_text().replace('[iris]\ndriver = "simulated"', '[iris]\ndriver = "none"'))
    assert measure_from(config, Errand(Kind.EYES)) == 78
    assert "no camera for the eyes" in capsys.readouterr().err


@pytest.mark.parametrize("where", ["table", "keep"])
def test_what_cannot_be_written_is_told_before_it_begins(config, tmp_path, capsys, where):
    (tmp_path / "file").write_text("x")
    assert measure_from(config, Errand(Kind.FACE, frames=1, **{where: tmp_path / "file" / "x"})) == 69
    assert "Name another" in capsys.readouterr().err


def test_the_command_shows_a_lent_finger(config, tmp_path):
    """As a technician types it, with nobody there to touch anything."""
    table = tmp_path / "live.csv"
    told = subprocess.run(
        [
            *(sys.executable, "-m", "kiosk", "measure", "live", "finger", "--config", str(config)),
            *("--csv", str(table), "--frames", "1", "--hands", "11"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert [row["frame"] for row in rows_of(table)] == ["1"]
