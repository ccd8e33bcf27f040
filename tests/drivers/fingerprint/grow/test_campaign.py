"""A thousand transfers for each way a cable can spoil a byte, on counted time: right, or wrong by name, never stuck."""

import logging
import random
from collections import Counter

import numpy as np
import pytest

from drivers.errors import DeviceError, Unresponsive
from drivers.fingerprint import Captured
from drivers.fingerprint.grow.cable import Fault, FaultKind
from drivers.fingerprint.grow.firmware import features
from drivers.fingerprint.grow.reader import EXPOSURE, EXTRACTION, ROUND
from drivers.fingerprint.grow.session import ANSWER, TEMPLATE

from .conftest import Rig

TRANSFERS = 1_000
KINDS: tuple[FaultKind, ...] = ("stray", "dropped", "flipped")
LATEST = 4.0
"""Seconds by which an answer may be late: longer than an image takes."""
OUT, BACK = False, True
PLACES = {
    **{(OUT, exchange): length for exchange, length in enumerate((12, 12, 13, 13))},
    **{(BACK, exchange): length for exchange, length in enumerate((12, 12 + 72 * 267, 12, 12 + 3 * 267))},
}
"""The bytes of a scan: its four commands (look, image, extraction, features), and what is answered to each."""


def fault(kind: FaultKind, place: tuple[bool, int], chance: random.Random) -> Fault:
    seconds = chance.uniform(0, LATEST) if kind == "late" else 0.0
    at, bits, byte = chance.randrange(PLACES[place]), chance.randrange(1, 256), chance.randrange(256)
    return Fault(kind, after=place[1], at=at, bits=bits, byte=byte, seconds=seconds)


@pytest.mark.parametrize(
    ("kinds", "even"),
    [*(((kind,), False) for kind in (*KINDS, "late", "silent")), (KINDS, False), (KINDS, True)],
    ids=[*KINDS, "late", "silent", "one of each", "one of each at any byte"],
)
def test_a_thousand_transfers_end_right_or_in_a_named_error(rig: Rig, kinds: tuple[FaultKind, ...], even: bool) -> None:
    """``even``: each byte is as likely as another, so nearly all are the image's; else each short command is too."""
    seed = f"{kinds} of 2026"
    chance, ends = random.Random(seed), Counter[str]()
    clean = rig.took(lambda: rig.reader.scan(within=0))
    for number in range(TRANSFERS):
        which = f"seed {seed!r}, transfer {number}"
        places = chance.choices(list(PLACES), list(PLACES.values()) if even else None, k=len(kinds))
        faults = [(place[0], fault(kind, place, chance)) for kind, place in zip(kinds, places, strict=True)]
        rig.out.set(*(fault for way, fault in faults if way is OUT))
        rig.back.set(*(fault for way, fault in faults if way is BACK))
        begun = rig.wire.now()
        try:
            scan = rig.reader.scan(within=0)
        except DeviceError as error:
            ends[type(error).__name__] += 1
        else:
            assert isinstance(scan, Captured), which
            assert np.array_equal(scan.image, rig.finger), which
            assert scan.template.data == features.extract(rig.finger, ppi=ROUND.ppi), which
            ends["at once" if rig.wire.now() - begun <= clean + 0.02 else "again"] += 1
        # A look, an image at two speeds, twice each, an extraction and features twice: none past its deadline.
        assert rig.wire.now() - begun < 40, which
        rig.out.set()
        rig.back.set()
        if "late" in kinds:
            # Until then it answers nobody: what matters is for what its late answers are taken.
            rig.wire.sleep(LATEST)
        rig.reader.light(number % 2 == 0, within=2)
        assert rig.firmware.ring_lit is (number % 2 == 0), f"{which}: the next command does what it says"
        if rig.reader.baud != 115_200:
            rig.connect()
    logging.getLogger(__name__).info("%s: %s", kinds, dict(ends))
    assert sum(ends.values()) == TRANSFERS
    assert ends["again"] > TRANSFERS // 2, f"hardly anything was spoiled: {ends}"
    if even or kinds in ((kind,) for kind in (*KINDS, "silent")):
        assert ends["at once"] + ends["again"] >= TRANSFERS * 0.99, f"that is no reason to give up: {ends}"


@pytest.mark.parametrize("kind", [*KINDS, "silent"])
def test_a_thousand_comparisons_are_right_or_named(rig: Rig, kind: FaultKind) -> None:
    scan = rig.reader.scan(within=0)
    rig.firmware.glass = rig.again
    rig.reader.scan(within=0)
    assert isinstance(scan, Captured)
    verdict = rig.reader.match(scan.template, within=5)
    assert verdict.same
    clean = rig.took(lambda: rig.reader.match(scan.template, within=5))
    chance, ends = random.Random(f"{kind} of 2026"), Counter[str]()
    for number in range(TRANSFERS):
        mishaps = chance.choice([rig.out, rig.back])
        # Out go the command, six packets of the template, and the question; back come two answers.
        at, after = chance.randrange(267), chance.randrange(5 if mishaps is rig.out else 2)
        mishaps.set(Fault(kind, after=after, at=at, bits=chance.randrange(1, 256), byte=chance.randrange(256)))
        begun = rig.wire.now()
        try:
            found = rig.reader.match(scan.template, within=5)
        except DeviceError as error:
            ends[type(error).__name__] += 1
        else:
            assert found == verdict, f"comparison {number} with a {kind} byte: a spoiled template is no other finger"
            ends["at once" if rig.wire.now() - begun <= clean + 1e-6 else "again"] += 1
        assert rig.wire.now() - begun <= 5.0 + 1e-6
        mishaps.set()
    assert ends["at once"] + ends["again"] >= TRANSFERS * 0.99, ends
    assert ends["again"] >= TRANSFERS * 0.8, f"hardly anything was spoiled: {ends}"


def test_a_lost_answer_costs_no_more_than_its_deadline(rig: Rig) -> None:
    clean = rig.took(lambda: rig.reader.scan(within=0))
    image = ANSWER + 2 * PLACES[BACK, 1] * 10 / 115_200
    template = ANSWER + 2 * TEMPLATE * (1 + 11 / 256) * 10 / 115_200
    for exchange, deadline in enumerate((EXPOSURE, image, EXTRACTION, template)):
        rig.back.set(Fault("silent", after=exchange))
        assert rig.took(lambda: rig.reader.scan(within=0)) <= clean + deadline, exchange


@pytest.mark.parametrize("within", [0.1, 1.0, 7.0])
def test_a_module_that_falls_silent_keeps_nobody_longer_than_was_said(rig: Rig, within: float) -> None:
    scan = rig.reader.scan(within=0)
    assert isinstance(scan, Captured)
    rig.wire.back = lambda _: (0.0, b"")
    for call in (
        lambda: rig.reader.light(True, within=within),
        lambda: rig.reader.match(scan.template, within=within),
        lambda: rig.reader.search([scan.template] * 4, within=within),
        lambda: rig.reader.stored(within=within),
    ):
        begun = rig.wire.now()
        with pytest.raises(Unresponsive):
            call()
        assert rig.wire.now() - begun <= within + 1e-6
