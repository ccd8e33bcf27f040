"""A visit, killed in the middle and gone on with: whatever its disk ever held, nothing of it can be read."""

import os
import shutil
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from kiosk.centre.residents import OFFICERS
from kiosk.centre.stage import Stage
from kiosk.journey.steps import Purpose
from kiosk.record.resident import Resident
from kiosk.station.robot import Errand, Errands
from tests import marks as marks_of
from tests.faults import power
from tests.faults.conftest import HEADLESS

SIZE = 96 << 20
"""Bytes of the disk: more than the room that the uplink leaves to the kiosk process."""
PLANTED = b"nobody's secret, written down, synced, and deleted at once"

pytestmark = power.needs_power


def test_a_visit_leaves_nothing_readable_on_its_disk(tmp_path, eventually):
    first, image, log = tmp_path / "first", tmp_path / "image", tmp_path / "log"
    folder = tmp_path / "stage"
    state = folder / "station"
    (tmp_path / "empty").mkdir()
    folder.mkdir()
    power.new_image(first, size=SIZE, content=tmp_path / "empty")
    shutil.copyfile(first, image)
    with ExitStack() as stack, Path(os.devnull).open("w") as nowhere:
        stack.enter_context(power.powered(image, log, state))
        stage = Stage.build(folder, "800x480", stack, Console(file=nowhere))
        marked = marks_of.resident(stage.cast.ordinary)
        stage.send_roster([*stage.cast.residents, marked])
        eventually(lambda: len(list(stage.exchange.rosters.glob("*.roster"))) == 2, "the roster")
        alter(stage.config, '[iris]\ndriver = "none"', '[iris]\ndriver = "simulated"')
        alter(stage.config, "disk_floor_mb = 50", "disk_floor_mb = 1")
        Errands(folder / "errands").put("record", errand_of(marked))
        start_kiosk(stage)
        kiosk_log = folder / "logs" / "kiosk.log"
        eventually(lambda: "finger 6: " in kiosk_log.read_text(encoding="utf-8"), "the sixth finger")
        stage.processes["kiosk"].kill()
        stage.processes["kiosk"].wait()
        assert any(stage.exchange.checkpoints.iterdir())
        start_kiosk(stage)
        eventually(stage.packets, "the packet at the centre")
        stage.order_cards()
        eventually(stage.order_has_come, "the order to be taken in")
        Errands(folder / "errands").put_end()
        assert stage.processes["kiosk"].wait(60) == 0
        plant(state)
        assert "go-on-finger -> " in kiosk_log.read_text(encoding="utf-8")
    (opened,) = stage.opened
    recording = opened.recording
    assert recording.irises
    marks = marks_of.written(marked.nik, marked.name, marked.birth_place, marked.address, OFFICERS[0].pin)
    pieces = marks_of.captured(recording)
    marks |= pieces | marks_of.armoured(pieces)
    # The disk as it is now, deleted files and journal and all; and all that was ever written to it.
    for held in (power.blocks_in_use(image), log.read_bytes()):
        assert marks_of.marks_in(held, marks | {"planted": PLANTED}) == ["planted"]
    assert marks_of.found(marks, folder) == []


def alter(config: Path, was: str, shall_be: str) -> None:
    settings = config.read_text(encoding="utf-8")
    assert was in settings
    config.write_text(settings.replace(was, shall_be), encoding="utf-8")


def plant(state: Path) -> None:
    """Leave what the search must find: a file that is gone again."""
    with (state / "planted").open("wb") as file:
        file.write(PLANTED)
        file.flush()
        os.fsync(file.fileno())
    (state / "planted").unlink()


def start_kiosk(stage: Stage) -> None:
    temporary = stage.exchange.root / "tmp"
    temporary.mkdir(exist_ok=True)
    stage.start(
        *("kiosk", "run", "--config", str(stage.config), "--errands", str(stage.folder / "errands"), "--pause", "0.02"),
        environment=HEADLESS | {"TMPDIR": str(temporary)},
    )


def errand_of(resident: Resident) -> Errand:
    return Errand(Purpose.RECORD, 11, "id", resident.nik, f"{resident.birth_date:%d%m%Y}", OFFICERS[0].pin)
