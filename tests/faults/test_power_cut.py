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
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from kiosk.record import exchange
from tests.faults import keeper, power
from tests.faults.keeper import Told

CUTS = int(os.environ.get("REKAM_FAULT_ROUNDS", "20"))
SEED = int(os.environ.get("REKAM_FAULT_SEED") or Random().randrange(10**6))
AT_ONCE = 50
"""Cuts in the history of one disk."""
KILLS = 3
"""How often the station is killed and started anew before it has recorded everybody."""
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
    """Numbers of entries after which the power fails: half of them right after something was promised or sent."""
    promised = {each.at for each in told if each.what in ("kept", "sent", "settled")}
    entries = list(enumerate(history.entries, start=1))
    anywhere = [number for number, entry in entries if entry.end <= told[-1].at]
    promises = [number for number, entry in entries if entry.end in promised]
    return sorted(chance.choices(anywhere, k=count - count // 2) + chance.choices(promises, k=count // 2))


def found_after(
    folder: Path,
    history: power.History,
    told: list[Told],
    cuts: list[int],
    chance: Random,
    survival: Sequence[float] = power.SURVIVAL,
) -> Iterator[str]:
    """What does not hold after each cut, in rising order."""
    image, centre = folder / "cut", folder / "centre-then"
    for cut in cuts:
        image.write_bytes(history.image_at(cut, chance, survival))
        centre.mkdir()
        by_then = [each for each in told if each.at <= history.entries[cut - 1].end]
        with power.mounted(image, folder / "after") as state:
            damage = keeper.damage(state, folder, by_then, centre)
        shutil.rmtree(centre)
        yield from (f"cut {cut}: {each}" for each in damage)


@pytest.mark.parametrize("cuts", [min(CUTS - before, AT_ONCE) for before in range(0, CUTS, AT_ONCE)])
def test_no_power_cut_loses_or_doubles_what_was_called_safe(tmp_path, cuts):
    chance = Random(f"{SEED} {tmp_path.name}")
    history, told = worked(tmp_path, chance, residents=keeper.RESIDENTS, kills=KILLS)
    numbers = cuts_of(history, told, cuts, chance)
    assert list(found_after(tmp_path, history, told, numbers, chance)) == [], f"REKAM_FAULT_SEED={SEED}"
    figures = {what: len({each.packet for each in told if each.what == what}) for what in ("kept", "sent", "settled")}
    logging.info("%d cuts among %d writes and flushes; packets %s", cuts, len(history.entries), figures)
    assert figures["kept"] == keeper.RESIDENTS
    assert min(figures.values()) > 0


@pytest.mark.parametrize("how", [keeper.FILES, keeper.NORMAL, keeper.OFF])
def test_careless_keeping_is_found_out(tmp_path, how):
    chance = Random(1)
    history, told = worked(tmp_path, chance, how, residents=12)
    cuts = cuts_of(history, told, 60, chance)
    assert any(found_after(tmp_path, history, told, cuts, chance, survival=(0.0,)))


@pytest.mark.parametrize("careless", [False, True])
def test_a_name_that_is_not_synced_is_lost(tmp_path, monkeypatch, careless):
    """The outbox does not stand and fall with it on ext4; the disk shows it all the same."""
    if careless:
        monkeypatch.setattr(exchange, "sync_directory", lambda directory: None)
    first, image, log, written = tmp_path / "first", tmp_path / "image", tmp_path / "log", dict[str, int]()
    (tmp_path / "empty").mkdir()
    power.new_image(first, size=SIZE, content=tmp_path / "empty")
    shutil.copyfile(first, image)
    with power.powered(image, log, tmp_path / "mnt") as folder:
        for name in "abcdefgh":
            exchange.write_durably(folder / name, name.encode() * 5000)
            written[name] = log.stat().st_size
    history = power.History(first, log)
    cuts = {entry.end: number for number, entry in enumerate(history.entries, start=1)}
    missing = set()
    for name, end in written.items():
        image.write_bytes(history.image_at(cuts[end], Random(SEED), survival=(0.0,)))
        with power.mounted(image, tmp_path / "after") as folder:
            missing |= {name for name in written if written[name] <= end and not (folder / name).exists()}
    assert missing == (set(written) if careless else set())
