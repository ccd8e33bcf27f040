"""What a cable does to a transfer, on counted time: each ends correct or in a named error, and the next one works."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from drivers.errors import DeviceError, Malformed, Unresponsive
from drivers.fingerprint import Captured, NoFinger
from drivers.fingerprint.sfm.cable import Fault, FaultKind
from drivers.fingerprint.sfm.codec import write_image
from drivers.fingerprint.sfm.reader import OP, SfmReader
from drivers.fingerprint.sfm.session import TROUBLE
from drivers.fingerprint.synthetic.synthesis import impression
from tests.fingertips import grown

FINGER = impression(grown(1, 2), seed=1, size=(OP.height, OP.width))
IMAGE = len(write_image(FINGER))
BLOCKS = -(-IMAGE // 4096)
REPLIES = 3 + BLOCKS
"""Of a scan: a finger was scanned, its template, the image's size, and the blocks."""
SECONDS = IMAGE * 10 / 115_200
LONGEST = 1 + 3 + TROUBLE + 2 * SECONDS
"""Seconds a scan may take at most: the wait for the finger, its template once more, its image once more."""
Counted = Callable[..., Any]


def outcome(reader: SfmReader) -> str:
    """What a scan of FINGER ends in: "well", "NoFinger" or the error's name; never another image."""
    try:
        scan = reader.scan(within=1)
    except DeviceError as error:
        return type(error).__name__
    if isinstance(scan, NoFinger):
        return "NoFinger"
    assert isinstance(scan, Captured)
    assert np.array_equal(scan.image, FINGER)
    return "well"


@pytest.mark.parametrize("kind", ["stray", "dropped", "flipped"])
def test_one_spoiled_byte_anywhere_in_a_thousand_transfers(
    counted: Counted, known_finger: bytes, kind: FaultKind
) -> None:
    wire, chance, ends = counted(), random.Random(kind), []
    reader = SfmReader(wire)
    wire.module.glass = FINGER
    for _ in range(334):
        wire.begin()
        fault = Fault(
            kind,
            after=chance.randrange(REPLIES),
            at=chance.randrange(4113),
            bits=1 << chance.randrange(8),
            byte=chance.randrange(256),
        )
        wire.fault, begun = fault, wire.now()
        ends.append(outcome(reader))
        assert wire.now() - begun < LONGEST, fault
        wire.fault, begun = None, wire.now()
        assert not reader.lifted(within=0), fault
        assert wire.now() - begun < 1, fault
    assert set(ends) == {"well"}, "one spoiled byte costs a block at most"


@pytest.mark.parametrize("kind", ["stray", "dropped", "flipped"])
def test_an_older_module_without_sums_sends_its_image_twice(
    counted: Counted, known_finger: bytes, kind: FaultKind
) -> None:
    wire, chance = counted(blocks=False), random.Random(kind)
    reader = SfmReader(wire)
    wire.module.glass = FINGER
    assert outcome(reader) == "well"
    for _ in range(60):
        wire.begin()
        wire.fault = Fault(kind, after=chance.randrange(4), at=chance.randrange(IMAGE), bits=1 << chance.randrange(8))
        begun = wire.now()
        assert outcome(reader) == "well", wire.fault
        assert wire.now() - begun < LONGEST + 2 * SECONDS
        assert not reader.lifted(within=0)


@pytest.mark.parametrize("block", [0, 7, BLOCKS - 1])
@pytest.mark.parametrize("kind", ["stray", "dropped", "flipped", "silent"])
def test_a_module_that_sends_no_block_again_is_asked_for_all_again(
    counted: Counted, known_finger: bytes, kind: FaultKind, block: int
) -> None:
    wire = counted(resends=False)
    reader = SfmReader(wire)
    wire.module.glass = FINGER
    wire.begin()
    wire.fault = Fault(kind, after=3 + block, at=500)
    begun = wire.now()
    assert outcome(reader) == "well"
    assert wire.now() - begun < LONGEST


@pytest.mark.parametrize("kind", ["silent", "truncated"])
@pytest.mark.parametrize("reply", range(REPLIES))
def test_any_one_reply_may_be_lost(counted: Counted, known_finger: bytes, kind: FaultKind, reply: int) -> None:
    wire = counted()
    reader = SfmReader(wire)
    wire.module.glass = FINGER
    wire.begin()
    wire.fault = Fault(kind, after=reply, at=7)
    assert outcome(reader) == "well"


@pytest.mark.parametrize("seconds", [0.2, 0.45, 0.7, 1.5, 4.0, 9.0])
@pytest.mark.parametrize("reply", [0, 1, 2, 3, 4, REPLIES - 1])
def test_a_late_reply_is_never_taken_for_the_next_ones(
    counted: Counted, known_finger: bytes, reply: int, seconds: float
) -> None:
    wire = counted()
    reader = SfmReader(wire)
    wire.module.glass = FINGER
    wire.begin()
    wire.fault = Fault("late", after=reply, seconds=seconds)
    begun = wire.now()
    # News of a finger that come too late are no finger; all else is asked for again, as long as it makes sense.
    late = "NoFinger" if reply == 0 and seconds > 1 else "well"
    assert outcome(reader) == ("Unresponsive" if seconds >= 4 else late)
    assert wire.now() - begun < LONGEST
    wire.module.glass = None
    wire.fault = None
    wire.sleep(9)
    assert reader.lifted(within=0)
    assert isinstance(reader.scan(within=0), NoFinger)


@pytest.mark.parametrize("sent", range(6))
@pytest.mark.parametrize("kind", ["dropped", "flipped", "stray", "silent"])
def test_what_is_sent_may_be_spoiled_too(counted: Counted, known_finger: bytes, kind: FaultKind, sent: int) -> None:
    wire = counted()
    reader = SfmReader(wire)
    wire.module.glass = FINGER
    wire.begin()
    wire.outward = Fault(kind, after=sent, at=5)
    # A scan that was not heard of finds no finger.
    assert outcome(reader) == ("well" if sent else "NoFinger")
    assert outcome(reader) == "well"


@pytest.mark.parametrize("kind", ["dropped", "flipped", "stray", "silent"])
@pytest.mark.parametrize("at", [0, 5, 300, 781])
@pytest.mark.parametrize("sent", range(3))
def test_a_template_spoiled_on_its_way_to_the_module_does_not_make_another_finger(
    counted: Counted, known_finger: bytes, kind: FaultKind, at: int, sent: int
) -> None:
    wire = counted()
    reader = SfmReader(wire)
    wire.module.glass = FINGER
    scan = reader.scan(within=1)
    assert isinstance(scan, Captured)
    wire.begin()
    wire.outward = Fault(kind, after=sent, at=at)
    begun = wire.now()
    assert reader.match(scan.template, within=5).same
    assert wire.now() - begun <= 5
    assert wire.module.taught == 0


def test_an_image_spoiled_without_end_is_malformed_in_time(counted: Counted, known_finger: bytes) -> None:
    wire = counted()
    reader = SfmReader(wire)
    wire.module.glass = FINGER
    spoil = wire._reply

    def reply(replies: list[bytes]) -> None:
        spoil([said if len(said) < 2000 else said[:100] + b"\x00\x01" + said[102:] for said in replies])

    wire._reply = reply
    begun = wire.now()
    with pytest.raises(Malformed, match="check its cable"):
        reader.scan(within=1)
    assert wire.now() - begun < LONGEST
    wire._reply = spoil
    assert outcome(reader) == "well"


def test_a_module_that_falls_silent_is_unresponsive_within_its_deadline(counted: Counted) -> None:
    wire = counted()
    reader = SfmReader(wire)
    wire._reply = lambda replies: None
    begun = wire.now()
    with pytest.raises(Unresponsive, match="switch it off and on"):
        reader.light(True, within=2)
    assert wire.now() - begun <= 2
    with pytest.raises(Unresponsive):
        reader.lifted(within=0)
    del wire._reply
    assert reader.lifted(within=0), "and the next call works when it has come round"


@pytest.mark.parametrize("baud", [57_600, 115_200, 460_800])
def test_the_image_takes_what_the_wire_takes(counted: Counted, known_finger: bytes, baud: int) -> None:
    wire = counted(baud=baud)
    reader = SfmReader(wire, baud=baud)
    wire.module.glass = FINGER
    begun = wire.now()
    assert outcome(reader) == "well"
    template = (len(known_finger) + 3 * 13) * 10 / baud
    assert wire.now() - begun - template < 1.03 * IMAGE * 10 / baud
