"""Every reader of what the centre or a stick brings, fed with what an enemy or a bad disk may make of it.

Some hundred changes each here; ``REKAM_FUZZ=100000 pytest -n0 tests/record/test_hostile.py`` tries as many as it is
told, and all eight bits of every byte. Wrong bodies are signed and sealed by the right keys, so that the readers inside
are reached. Nothing may be raised but what a reader names, nothing believed that is not just what was meant.
"""

import itertools
import os
import random
import tracemalloc
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from kiosk.record import canonical
from kiosk.record.header import Kind, Untrusted
from kiosk.record.keypair import VERIFYING_KEY
from kiosk.record.seal import MAX_BYTES, peek, verify
from tests.record import loose_readers as loose
from tests.record import sealed_readers as sealed
from tests.record.readers import Reader

ROUNDS = int(os.environ.get("REKAM_FUZZ", "250"))
SEED = os.environ.get("REKAM_FUZZ_SEED", "rekam")
BITS = range(8) if "REKAM_FUZZ" in os.environ else (0,)


SEALED = (
    sealed.receipts,
    sealed.orders,
    sealed.rosters,
    sealed.states,
    sealed.keys,
    sealed.grants,
    sealed.requests,
    sealed.certificate_requests,
    sealed.packets,
    sealed.manifests,
)
LOOSE = (loose.uplink_status, loose.listings, loose.tus, loose.names, loose.stick_names, loose.encodings)
READERS: dict[str, Callable[[Any, datetime], list[Reader]]] = {make.__name__: make for make in (*SEALED, *LOOSE)}


@pytest.mark.parametrize("name", READERS)
def test_nothing_but_named_errors_and_nothing_believed_that_was_not_meant(name: str, world: Any, now: datetime) -> None:
    for number, reader in enumerate(READERS[name](world, now)):
        reader.try_all(ROUNDS, random.Random(f"{SEED} {name} {number}"))


FILES = ("receipts", "orders", "states", "keys", "grants", "requests", "packets", "manifests")


@pytest.mark.parametrize("name", FILES)
def test_no_byte_can_be_changed_or_missing(name: str, world: Any, now: datetime) -> None:
    reader = READERS[name](world, now)[0]
    (good,) = reader.good
    start = VERIFYING_KEY if name == "grants" else 0  # who introduces a grant is believed by nobody
    flipped = (
        good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :] for at in range(start, len(good)) for bit in BITS
    )
    for data in itertools.chain(flipped, (good[:end] for end in range(len(good)))):
        with pytest.raises(Untrusted):
            reader.read(data)


# Size -------------------------------------------------------------------------------------------------------------

MANY = MAX_BYTES - 16
"""Bytes of the largest thing that is looked at, but for its first few."""


@pytest.mark.parametrize("item", [b"\x80", b"\xa0", b"\x00", b"\x40", b"\x81"])
@pytest.mark.parametrize("head", [b"", b"\xd8\x60\x84\x40\xa0\x40", b"\xd8\x62\x84\x40\xa0\x40"])
def test_the_largest_file_costs_no_more_than_its_length(head: bytes, item: bytes) -> None:
    data = head + b"\x9a" + MANY.to_bytes(4, "big") + item * MANY
    data = data[:MAX_BYTES]
    tracemalloc.start()
    try:
        for read in (peek, canonical.decode, lambda blob: verify(blob, kind=Kind.RECEIPT, verifying={})):
            with pytest.raises(Untrusted):
                read(data)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
