"""Sealing a recording of 2 MB and making it safe on disk, against the least that this can cost.

    .venv/bin/python tests/bench/sealing.py [FOLDER [RUNS]]

The floor: one pass of AES-256-GCM, one of SHA-256, both signatures, one file with both fsyncs, one FULL commit. Both
are done in turn, so that a disk that is slow for a while is slow for both. FOLDER lies on the disk that is measured;
its own is a new one in the present directory.
"""

import hashlib
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kiosk.centre.authority import Authority
from kiosk.record.exchange import Exchange, write_durably
from kiosk.record.keypair import SigningKey
from kiosk.record.keys import CentreTrust, StationKeys, keys_directory
from kiosk.record.outbox import Outbox

SIZE = 2_000_000


def floor_in(folder: Path, signing: SigningKey) -> Callable[[bytes, int], None]:
    folder.mkdir()
    index = sqlite3.connect(folder / "floor.db", isolation_level=None)
    for statement in (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "CREATE TABLE packets (id TEXT PRIMARY KEY, sha256 BLOB, size INTEGER) WITHOUT ROWID",
    ):
        index.execute(statement)

    def run(payload: bytes, number: int) -> None:
        sealed = AESGCM(os.urandom(32)).encrypt(os.urandom(12), payload, b"header")
        digest = hashlib.sha256(sealed).digest()
        signatures = signing.sign_ed25519(digest) + signing.sign_mldsa(digest)
        write_durably(folder / f"{number:010}", sealed + signatures)
        index.execute("BEGIN IMMEDIATE")
        index.execute("INSERT INTO packets VALUES (?, ?, ?)", (f"{number:032x}", digest, len(sealed)))
        index.execute("COMMIT")

    return run


def station_in(folder: Path) -> tuple[Exchange, StationKeys, CentreTrust]:
    authority = Authority.create(folder / "centre")
    authority.provision_station("bench", folder / "station", now=datetime.now(UTC))
    exchange = Exchange(folder / "station")
    exchange.create()
    keys = keys_directory(exchange.root)
    return exchange, StationKeys.load(keys), CentreTrust.load(keys)


def main(folder: Path, runs: int) -> None:
    exchange, keys, trust = station_in(folder)
    outbox = Outbox(exchange, exchange.root / "kiosk" / "index.db", keys=keys, trust=trust, floor=0)
    floor = floor_in(folder / "floor", keys.signing)

    def ours(payload: bytes, number: int) -> None:
        outbox.accept(payload, packet_id=f"{number:032x}", now=datetime.now(UTC))

    spent: dict[str, list[float]] = {"floor": [], "ours": []}
    for number in range(runs):
        payload = os.urandom(SIZE)
        pair = [("floor", floor), ("ours", ours)]
        for name, work in pair if number % 2 else reversed(pair):
            begun = time.perf_counter()
            work(payload, number)
            spent[name].append((time.perf_counter() - begun) * 1000)
    for name, times in spent.items():
        print(f"{name:6} median {median(times):6.1f} ms, nine in ten under {quantiles(times, n=10)[-1]:6.1f} ms")
    pairs = median(mine / least for mine, least in zip(spent["ours"], spent["floor"], strict=True))
    print(
        f"ratio of medians {median(spent['ours']) / median(spent['floor']):.2f},"
        f" median of ratios {pairs:.2f}, {runs} runs"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else ".") as made:
        main(Path(made), int(sys.argv[2]) if len(sys.argv) > 2 else 200)
