"""kill -9 at each system call by which the station changes its files: nothing promised is lost, nothing is twice.

REKAM_FAULT_ROUNDS=1000 kills at every one of them; REKAM_FAULT_SEED repeats the choice of those that are drawn.
"""

import logging
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import pytest

from kiosk.centre.authority import Authority
from kiosk.centre.intake import Intake
from kiosk.centre.registry import Registry
from kiosk.record import keeping
from kiosk.record.exchange import complete_files
from tests.faults import keeper
from tests.faults.keeper import PACKET, RECEIPT, Told
from tests.record.conftest import NOW

ROUNDS = int(os.environ.get("REKAM_FAULT_ROUNDS", "8"))
SEED = int(os.environ.get("REKAM_FAULT_SEED") or Random().randrange(10**6))
CHANGES = "?write,?pwrite64,?pwritev,?fsync,?fdatasync,?ftruncate,?rename,?renameat,?renameat2,?unlink,?unlinkat"
DELIVERED, WAITING, NEW = "0" * 32, "1" * 32, "2" * 32
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([keeper.__name__])


def traceable() -> bool:
    """Whether there is strace, and it may trace."""
    tried = ["strace", "-o", os.devnull, "true"]
    return shutil.which("strace") is not None and subprocess.run(tried, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not traceable(), reason="killing at system calls needs strace and the right to trace")


# What is broken off, each time in a process of its own ---------------------------------------------------------------


def accept(state: Path) -> None:
    with closing(keeper.books_of(state)) as books:
        recording = keeper.recording(keeper.people()[2], NEW)
        keeping.keep(recording, outbox=books.outbox, roster=books.roster, now=NOW)


def settle(state: Path) -> None:
    with closing(keeper.books_of(state)) as books:
        assert len(books.arrivals.take_in(now=NOW)) == 1


def reconcile(state: Path) -> None:
    keeper.books_of(state).close()


def tidy(state: Path) -> None:
    with closing(keeper.books_of(state)) as books:
        books.outbox.room.tidy(now=NOW + timedelta(days=900))


def ready(state: Path, action: Callable[[Path], None]) -> None:
    """Make of the scene what the action finds."""
    if action is reconcile:
        for path in (state / "kiosk").glob("index.db*"):
            path.unlink()
        (packet, *_) = complete_files(state / "kiosk" / "outbox", PACKET)
        half = packet.read_bytes()[:5000]
        packet.with_name(f"{3:010}-{NEW}{PACKET}.partial").write_bytes(half)
    if action is tidy:
        settle(state)


# -------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Told]]:
    """A station with two packets, and a receipt for one that it has not seen yet; and what was told of them."""
    folder, told = tmp_path_factory.mktemp("scene"), list[Told]()
    keeper.prepare(folder)
    state = folder / "station"
    with closing(keeper.books_of(state)) as books, closing(Registry(folder / "centre")) as registry:
        for resident, packet_id in zip(keeper.people(), (DELIVERED, WAITING), strict=False):
            told.append(Told(0, "begun", packet_id, resident.nik))
            recording = keeper.recording(resident, packet_id)
            stored = keeping.keep(recording, outbox=books.outbox, roster=books.roster, now=NOW)
            told.append(Told(0, "kept", packet_id, resident.nik, stored.sha256.hex()))
        (packet, *_) = complete_files(state / "kiosk" / "outbox", PACKET)
        (folder / "sent").mkdir()
        shutil.copyfile(packet, folder / "sent" / DELIVERED)
        intake = Intake(folder / "centre", Authority(folder / "centre"), registry, clock=lambda: NOW)
        receipt = intake.accept(packet.read_bytes())
        (state / "uplink" / "receipts" / f"{DELIVERED}{RECEIPT}").write_bytes(receipt)
        told.append(Told(0, "sent", DELIVERED))
    return folder, [*told, Told(0, "begun", NEW, keeper.people()[2].nik)]


def perform(action: Callable[[Path], None], state: Path, gate: Connection) -> None:
    """Wait until one is watched, then act."""
    gate.recv()
    action(state)


def watched(action: Callable[[Path], None], state: Path, *options: str) -> int | None:
    """Perform it under strace; the exit status."""
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=perform, args=(action, state, theirs))
    process.start()
    command = ["strace", "-p", str(process.pid), "-e", f"trace={CHANGES}", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        assert "attached" in tracer.stderr.readline()
        ours.send(None)
        process.join()
        tracer.stderr.read()
    return process.exitcode


@pytest.mark.parametrize("action", [accept, settle, reconcile, tidy])
def test_nothing_is_lost_or_doubled_wherever_the_station_is_killed(scene, tmp_path, action):
    folder, told = scene
    template, state, calls = tmp_path / "template", tmp_path / "state", tmp_path / "calls"
    shutil.copytree(folder / "station", template)
    ready(template, action)
    shutil.copytree(template, state)
    assert watched(action, state, "-o", str(calls)) == 0
    made = [found[1] for line in calls.read_text().splitlines() if (found := re.match(r"(\w+)\(", line))]
    moments = [(name, made[: number + 1].count(name)) for number, name in enumerate(made)]
    chance = Random(SEED)
    drawn = sorted(chance.sample(range(len(moments)), min(ROUNDS, len(moments))))
    for number in drawn:
        name, nth = moments[number]
        shutil.rmtree(state)
        shutil.copytree(template, state)
        centre = tmp_path / f"centre-{number}"
        centre.mkdir()
        ended = watched(action, state, "-e", f"inject={name}:signal=KILL:when={nth}")
        assert ended == -signal.SIGKILL, f"call {number}, {name}: {ended}"
        moment = f"killed at call {number}, {name}; REKAM_FAULT_SEED={SEED}"
        assert keeper.damage(state, folder, told, centre) == [], moment
    logging.info("%s: killed at %d of %d calls that change files", action.__name__, len(drawn), len(moments))
