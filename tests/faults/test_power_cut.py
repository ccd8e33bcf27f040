"""Power cuts on a real ext4: whatever the station called safe is there afterwards, and reaches the centre once.

REKAM_FAULT_ROUNDS=200 cuts more often; REKAM_FAULT_SEED repeats the choice of the cuts.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.faults import keeper, power
from tests.faults.keeper import Told

CUTS = int(os.environ.get("REKAM_FAULT_ROUNDS", "24"))
SEED = int(os.environ.get("REKAM_FAULT_SEED") or Random().randrange(10**6))
KILLS = 5
SIZE = 48 << 20
"""Bytes of the disk."""

pytestmark = power.needs_power


def worked(
    folder: Path, chance: Random, *carelessness: str, residents: int, kills: int = 0
) -> tuple[power.History, list[Told]]:
    """Let a station work on a disk, killed and started anew so many times; the disk's history, and what was told."""
    keeper.prepare(folder)
    first, image, log, told = folder / "first", folder / "image", folder / "log", list[Told]()
    power.new_image(first, size=SIZE, content=folder / "station")
    shutil.copyfile(first, image)
    command = [sys.executable, "-m", "tests.faults.keeper", folder, folder / "mnt", log, str(residents), *carelessness]
    with power.powered(image, log, folder / "mnt"):
        for lifetime in [chance.randrange(1, 8) for _ in range(kills)] + [residents]:
            begun = 0
            with subprocess.Popen(command, stdout=subprocess.PIPE) as station:
                assert station.stdout is not None
                for line in station.stdout:
                    told.append(Told(**json.loads(line)))
                    begun += told[-1].what == "begun"
                    if begun > lifetime:
                        time.sleep(chance.uniform(0.0, 0.05))  # so that the kill meets any moment of keeping
                        station.kill()
    assert told[-1].what == "ended"
    return power.History(first, log), told


def cuts_of(history: power.History, told: list[Told], count: int, chance: Random) -> list[int]:
    """Numbers of entries after which the power fails: half of them right after something was promised."""
    promised = {each.at for each in told if each.what in ("kept", "settled")}
    entries = list(enumerate(history.entries, start=1))
    anywhere = [number for number, entry in entries if entry.end <= told[-1].at]
    promises = [number for number, entry in entries if entry.end in promised]
    return sorted(chance.choices(anywhere, k=count - count // 2) + chance.choices(promises, k=count // 2))


def found_after(
    folder: Path, history: power.History, told: list[Told], cuts: list[int], chance: Random
) -> Iterator[str]:
    """What does not hold after each cut, in rising order."""
    image, centre = folder / "cut", folder / "centre-then"
    for cut in cuts:
        image.write_bytes(history.image_at(cut, chance))
        centre.mkdir()
        by_then = [each for each in told if each.at <= history.entries[cut - 1].end]
        with power.mounted(image, folder / "after") as state:
            damage = keeper.damage(state, folder, by_then, centre)
        shutil.rmtree(centre)
        yield from (f"cut {cut}: {each}" for each in damage)


def test_no_power_cut_loses_or_doubles_what_was_called_safe(tmp_path):
    chance = Random(SEED)
    history, told = worked(tmp_path, chance, residents=keeper.RESIDENTS, kills=KILLS)
    cuts = cuts_of(history, told, CUTS, chance)
    assert list(found_after(tmp_path, history, told, cuts, chance)) == [], f"REKAM_FAULT_SEED={SEED}"
    figures = {what: len({each.packet for each in told if each.what == what}) for what in ("kept", "sent", "settled")}
    logging.info("%d cuts among %d writes and flushes; packets %s", CUTS, len(history.entries), figures)
    assert figures["kept"] == keeper.RESIDENTS
    assert min(figures.values()) > 0


@pytest.mark.parametrize("how", [keeper.FILES, keeper.DIRECTORIES, keeper.NORMAL, keeper.OFF])
def test_careless_keeping_is_found_out(tmp_path, how):
    chance = Random(1)
    history, told = worked(tmp_path, chance, how, residents=12)
    cuts = cuts_of(history, told, 60, chance)
    assert any(found_after(tmp_path, history, told, cuts, chance))
