"""kill -9, for real: a process is killed while it keeps recordings, again and again; nothing it told is lost."""

import hashlib
import subprocess
import sys
from typing import Any

import pytest

from kiosk.record.exchange import PACKET, complete_files
from kiosk.record.outbox import Outbox

KEEPER = """
import itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from kiosk.record.exchange import Exchange
from kiosk.record.keys import CentreTrust, StationKeys, keys_directory
from kiosk.record.outbox import Outbox

state, run = Path(sys.argv[1]), int(sys.argv[2])
keys = keys_directory(state)
outbox = Outbox(
    Exchange(state), state / "kiosk" / "index.db", keys=StationKeys.load(keys), trust=CentreTrust.load(keys), floor=0
)
for number in itertools.count():
    packet = f"{run:016x}{number:016x}"
    print("begin", packet, flush=True)
    outbox.accept(bytes(100_000), packet_id=packet, now=datetime.now(UTC))
    print("kept", packet, flush=True)
"""


@pytest.mark.parametrize("word", ["begin", "kept"])
def test_a_killed_process_loses_nothing_it_told(world: Any, word: str) -> None:
    told: set[str] = set()
    for run in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", KEEPER, str(world.exchange.root), str(run)], stdout=subprocess.PIPE, text=True
        ) as keeper:
            assert keeper.stdout is not None
            seen = 0
            for line in keeper.stdout:
                said, packet = line.split()
                told |= {packet} if said == "kept" else set()
                seen += said == word
                if seen == 3 + run:
                    # Killed as soon as it said so: between "begin" and "kept" it is somewhere inside accept().
                    keeper.kill()
            keeper.wait()
        outbox = Outbox(world.exchange, world.kiosk("index.db"), keys=world.keys, trust=world.trust, floor=0)
        assert outbox.found.lost == 0
        assert outbox.found.damaged == 0
        assert all(outbox.holds(packet) for packet in told)
        outbox.close()
    assert len(told) >= 6
    files = list(complete_files(world.exchange.outbox, PACKET))
    for path in files:
        world.intake.accept(path.read_bytes())
    report = world.registry.report(world.keys.station)
    assert (report.highest, report.missing, report.repeated, report.broken) == (len(files), (), (), ())
    assert told <= {packet.id for packet in world.registry.packets()}
    assert {p.sha256 for p in world.registry.packets()} == {hashlib.sha256(p.read_bytes()).digest() for p in files}
