"""The production driver against the simulated module: what a cable, a plug and a firmware can do to it."""

import os
import random
import tty
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.errors import Absent, Malformed, Refused, Unresponsive
from drivers.fingerprint import Captured, NoFinger, Smudged, Template
from drivers.fingerprint.cable import Cable
from drivers.fingerprint.grow.cable import Fault, FaultKind
from drivers.fingerprint.grow.codec import pack_image, unpack_image
from drivers.fingerprint.grow.reader import OPTICAL, ROUND, GrowReader
from drivers.fingerprint.grow.session import BAUDS
from drivers.fingerprint.grow.simulated import SimulatedReader
from drivers.fingerprint.synthetic.synthesis import impression
from tests.fingertips import grown

FINGER = impression(grown(1, 2), seed=1)
AGAIN = impression(grown(1, 2), seed=2)
OTHER = impression(grown(1, 3), seed=1)
IMAGE = 1
"""Number of the reply with the image in a scan: look, image, extraction, features."""
ACK, FRAMED = 12, 36_864 // 256 * 267
"""Bytes of an answer, and of an image in packets of 256."""


@pytest.fixture
def device(tmp_path: Path) -> Iterator[SimulatedReader]:
    with SimulatedReader(tmp_path / "reader") as device:
        yield device


@pytest.fixture
def reader(device: SimulatedReader) -> Iterator[GrowReader]:
    reader = GrowReader(device.port)
    yield reader
    reader.close()


def as_sent(image: np.ndarray) -> np.ndarray:
    height, width = image.shape
    return unpack_image(pack_image(image), width=width, height=height)


# One finger ----------------------------------------------------------------------------------------------------------


def test_the_image_arrives_pixel_for_pixel(device: SimulatedReader, reader: GrowReader) -> None:
    device.place(FINGER)
    scan = reader.scan(within=1)
    assert isinstance(scan, Captured)
    assert np.array_equal(scan.image, as_sent(FINGER))
    assert repr(scan) == "Captured()", "a print does not print itself"
    assert str(scan.template.data) not in repr(scan.template)


def test_the_reader_compares_on_board(device: SimulatedReader, reader: GrowReader) -> None:
    device.place(FINGER)
    first = reader.scan(within=1)
    assert isinstance(first, Captured)
    device.place(AGAIN)
    reader.scan(within=1)
    same = reader.match(first.template, within=2)
    assert same.same
    assert reader.match(first.template, within=2) == same, "comparing does not wear out what was captured"
    device.place(OTHER)
    reader.scan(within=1)
    other = reader.match(first.template, within=2)
    assert not other.same
    assert other.score < same.score


def test_a_white_patch_is_smudged(device: SimulatedReader, reader: GrowReader) -> None:
    patch = np.full((OPTICAL.height, OPTICAL.width), 255, np.uint8)
    patch[100:180, 90:160] = 60
    device.place(patch)
    assert isinstance(reader.scan(within=1), Smudged)
    with pytest.raises(Refused, match="scan one first"):
        reader.match(Template(reader.model.template_family, bytes(768)), within=1)


def test_progress_is_told_and_can_stop_the_transfer(device: SimulatedReader, reader: GrowReader) -> None:
    device.place(FINGER)
    shares: list[float] = []

    def stop_half_way(share: float) -> bool:
        shares.append(share)
        return share < 0.5

    assert isinstance(reader.scan(within=1, progress=stop_half_way), NoFinger)
    assert shares == sorted(shares)
    assert 0.5 <= shares[-1] < 1
    assert isinstance(reader.scan(within=1), Captured), "the line is clean for the next scan"


@pytest.mark.parametrize("family", ["sfm", "grow-r503", "grow-zfm"])
def test_another_readers_template_is_refused(device: SimulatedReader, reader: GrowReader, family: str) -> None:
    device.place(FINGER)
    reader.scan(within=1)
    with pytest.raises(Refused, match="another kind of reader"):
        reader.match(Template(family, b"x"), within=1)


# An ill line ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["stray", "dropped", "flipped", "truncated"])
def test_one_spoiled_byte_anywhere_costs_a_repetition_at_most(
    device: SimulatedReader, reader: GrowReader, kind: FaultKind
) -> None:
    device.place(FINGER)
    chance = random.Random(kind)
    for at in (0, 6, ACK - 1, ACK, ACK + 8, FRAMED + ACK - 1, *(chance.randrange(FRAMED) for _ in range(4))):
        device.fail(Fault(kind, after=IMAGE, at=at))
        scan = reader.scan(within=1)
        assert isinstance(scan, Captured), at
        assert np.array_equal(scan.image, as_sent(FINGER)), at
        device.fail()
        reader.light(True, within=1)
        assert device.ring_lit


@pytest.mark.parametrize("reply", range(4))
@pytest.mark.parametrize("kind", ["silent", "truncated", "complained"])
def test_any_one_answer_may_be_lost_or_disputed(
    device: SimulatedReader, reader: GrowReader, kind: FaultKind, reply: int
) -> None:
    device.place(FINGER)
    device.fail(Fault(kind, after=reply, at=5))
    scan = reader.scan(within=1)
    assert isinstance(scan, Captured)
    assert np.array_equal(scan.image, as_sent(FINGER))


def test_a_lost_answer_does_not_shift_those_that_follow_at_the_lines_own_speed(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", pace=1.0, sensor=ROUND) as device:
        reader = GrowReader(device.port)
        device.place(FINGER[48:240, 32:224])
        device.fail(Fault("dropped", after=IMAGE, at=6))
        scan = reader.scan(within=1)
        assert isinstance(scan, Captured | Smudged)
        assert np.array_equal(scan.image, as_sent(FINGER[48:240, 32:224]))
        device.lift()
        assert reader.lifted(within=0)
        reader.close()


def test_a_complaint_before_the_verdict_is_not_the_verdict(device: SimulatedReader, reader: GrowReader) -> None:
    device.place(FINGER)
    scan = reader.scan(within=1)
    assert isinstance(scan, Captured)
    device.fail(Fault("complained", after=1))
    assert reader.match(scan.template, within=2).same


def test_a_late_answer_is_never_taken_for_the_next_ones(device: SimulatedReader, reader: GrowReader) -> None:
    device.fail(Fault("late", seconds=0.4))
    with pytest.raises(Unresponsive):
        reader.light(True, within=0.2)
    # What the module still owes is a bare OK: taken for the answer to a look, it would be a finger.
    assert reader.lifted(within=0)
    device.place(FINGER)
    assert isinstance(reader.scan(within=1), Captured)


def test_an_image_spoiled_again_and_again_is_malformed(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader") as device:
        reader = GrowReader(device.port, fastest=57_600, largest=128)
        device.place(FINGER)
        # Between two transfers the line is settled, which takes an answer.
        device.fail(*(Fault("flipped", after=number, at=3_000) for number in (1, 3)))
        with pytest.raises(Malformed, match="check its cable"):
            reader.scan(within=1)
        assert isinstance(reader.scan(within=1), Captured)
        reader.close()


def test_a_module_that_says_nothing_is_unresponsive(device: SimulatedReader, reader: GrowReader) -> None:
    device.fail(*(Fault("silent", after=number) for number in range(20)))
    with pytest.raises(Unresponsive, match="switch it off and on"):
        reader.lifted(within=0)
    device.fail()
    assert reader.lifted(within=0), "and the next call works when it has come round"


# The plug ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reply", "at"), [(0, 0), (0, 7), (1, 5), (1, 20_000), (2, 0), (3, 400)])
def test_unplugged_at_any_moment_and_back_again(device: SimulatedReader, reply: int, at: int) -> None:
    device.place(FINGER)
    reader = GrowReader(device.port)
    device.fail(Fault("unplugged", after=reply, at=at))
    with pytest.raises(Absent, match="check its cable"):
        reader.scan(within=1)
    reader.close()
    with pytest.raises(Absent, match="check its cable"):
        GrowReader(device.port)
    device.fail()
    device.replug()
    again = GrowReader(device.port)
    assert isinstance(again.scan(within=1), Captured)
    again.close()


def test_a_second_program_is_kept_out(device: SimulatedReader, reader: GrowReader) -> None:
    with pytest.raises(Absent):
        GrowReader(device.port)


def test_a_program_that_left_in_mid_transfer_does_no_harm(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", pace=0.2) as device:
        device.place(FINGER)
        before = GrowReader(device.port)

        def leave(_: float) -> bool:
            before.close()
            return True

        with pytest.raises(Absent):
            before.scan(within=1, progress=leave)
        after = GrowReader(device.port)
        assert not after.lifted(within=0)
        after.close()


# Getting in touch ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("baud", BAUDS[1:4])
def test_the_speed_a_module_was_left_at_is_found(tmp_path: Path, baud: int) -> None:
    with SimulatedReader(tmp_path / "reader", baud=baud) as device:
        reader = GrowReader(device.port, fastest=baud)
        assert reader.baud == device.baud == baud
        reader.close()


def test_an_uncommon_speed_serves_as_well(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", baud=76_800) as device:
        device.place(FINGER)
        reader = GrowReader(device.port, baud=76_800, fastest=76_800)
        assert isinstance(reader.scan(within=1), Captured)
        reader.close()


def test_the_module_is_brought_to_its_best(device: SimulatedReader, reader: GrowReader) -> None:
    assert (reader.baud, reader.packet_size) == (115_200, 256)
    reader.close()
    again = GrowReader(device.port)
    assert (again.baud, device.baud) == (115_200, 115_200), "found where it was left"
    again.close()


def test_a_module_that_changes_speed_only_at_power_up_is_met_at_both(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", lazy=True) as device:
        reader = GrowReader(device.port)
        assert reader.baud == device.baud == 57_600
        reader.close()
        device.unplug()
        device.replug()
        reader = GrowReader(device.port)
        assert reader.baud == device.baud == 115_200
        reader.close()


def test_a_cable_that_spoils_images_at_full_speed_gets_a_slower_one(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", cable=Cable(good_to=57_600, every=1_000)) as device:
        device.place(FINGER)
        reader = GrowReader(device.port)
        assert reader.baud == 115_200
        scan = reader.scan(within=1)
        assert isinstance(scan, Captured)
        assert np.array_equal(scan.image, as_sent(FINGER))
        assert reader.baud == device.baud == 57_600
        reader.close()


def test_a_cable_that_carries_nothing_at_full_speed_is_met_at_the_old_one(tmp_path: Path) -> None:
    # It spoils about every second packet: enough that no speed can be agreed on, and still lets the way back pass.
    with SimulatedReader(tmp_path / "reader", cable=Cable(good_to=57_600, every=29)) as device:
        reader = GrowReader(device.port)
        assert reader.baud == device.baud == 57_600
        reader.close()


def test_a_silent_port_is_unresponsive_at_every_speed() -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    with pytest.raises(Unresponsive, match="at no speed"):
        GrowReader(os.ttyname(theirs))
    os.close(ours)
    os.close(theirs)


def test_another_password_is_said_so(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", password=0x12345678) as device:
        with pytest.raises(Refused, match="another password"):
            GrowReader(device.port)
        GrowReader(device.port, password=0x12345678).close()


def test_a_module_answers_to_its_own_address(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", address=0x00C0FFEE) as device:
        device.place(FINGER)
        reader = GrowReader(device.port, address=0x00C0FFEE)
        assert isinstance(reader.scan(within=1), Captured)
        reader.close()


# What kind of module -------------------------------------------------------------------------------------------------


def test_a_module_that_tells_what_it_is_is_believed(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", sensor=ROUND) as device:
        reader = GrowReader(device.port)
        model = reader.model
        assert (model.width, model.height, model.ppi) == (192, 192, 508)
        assert (model.name, model.template_family) == ("GROW SIMULATED", "grow-simulated")
        device.place(FINGER[48:240, 32:224])
        scan = reader.scan(within=1)
        assert isinstance(scan, Captured | Smudged)
        assert np.array_equal(scan.image, as_sent(FINGER[48:240, 32:224]))
        reader.close()


@pytest.mark.parametrize("faults", [(), (Fault("silent", after=6), Fault("silent", after=8))])
def test_a_module_that_does_not_know_what_it_is_has_the_settings_size(
    tmp_path: Path, faults: tuple[Fault, ...]
) -> None:
    # Some answer that they do not know the question, others say nothing at all.
    with SimulatedReader(tmp_path / "reader", product=False, sensor=ROUND, faults=faults) as device:
        reader = GrowReader(device.port, sensor=ROUND)
        assert (reader.model.width, reader.model.template_family) == (192, "grow-zfm")
        reader.close()


def test_an_image_of_another_size_is_no_image(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", product=False, sensor=ROUND) as device:
        reader = GrowReader(device.port, sensor=OPTICAL)
        device.place(FINGER[48:240, 32:224])
        with pytest.raises(Malformed, match="incomplete"):
            reader.scan(within=1)
        reader.close()


@pytest.mark.parametrize("faults", [(), (Fault("silent", after=1), Fault("silent", after=3))])
def test_a_module_without_a_ring_is_fine(tmp_path: Path, faults: tuple[Fault, ...]) -> None:
    with SimulatedReader(tmp_path / "reader", ring=False) as device:
        reader = GrowReader(device.port)
        device.fail(*faults)
        reader.light(True, within=2)
        reader.light(False, within=2)
        assert not device.ring_lit
        device.unplug()
        with pytest.raises(Absent):
            reader.light(False, within=2)
        reader.close()
