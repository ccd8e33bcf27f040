"""The production driver against the simulated module: what a cable, a plug and a firmware can do to it."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.errors import Absent, DeviceError, Refused, Unresponsive
from drivers.fingerprint import Captured, NoFinger, Smudged, Template
from drivers.fingerprint.codec import pack_image, unpack_image
from drivers.fingerprint.reader import HEIGHT, WIDTH, GrowReader
from drivers.fingerprint.simulated import Fault, SimulatedReader
from drivers.fingerprint.synthesis import impression, master

FINGER = impression(master(1, 2), seed=1)
AGAIN = impression(master(1, 2), seed=2)
OTHER = impression(master(1, 3), seed=1)
REPLIES_BEFORE_THE_IMAGE = 1


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
    return unpack_image(pack_image(image), width=WIDTH, height=HEIGHT)


def test_the_image_arrives_pixel_for_pixel(device: SimulatedReader, reader: GrowReader) -> None:
    device.place(FINGER)
    scan = reader.scan(within=1)
    assert isinstance(scan, Captured)
    assert np.array_equal(scan.image, as_sent(FINGER))
    assert "template" in repr(scan) or repr(scan) == "Captured()", "a print does not print itself"


def test_the_reader_compares_on_board(device: SimulatedReader, reader: GrowReader) -> None:
    device.place(FINGER)
    first = reader.scan(within=1)
    assert isinstance(first, Captured)
    device.place(AGAIN)
    reader.scan(within=1)
    assert reader.match(first.template, within=2).same
    device.place(OTHER)
    reader.scan(within=1)
    assert not reader.match(first.template, within=2).same


def test_a_white_patch_is_smudged(device: SimulatedReader, reader: GrowReader) -> None:
    patch = np.full((HEIGHT, WIDTH), 255, np.uint8)
    patch[100:180, 90:160] = 60
    device.place(patch)
    assert isinstance(reader.scan(within=1), Smudged)
    with pytest.raises(Refused, match="scan one first"):
        reader.match(Template("grow-zfm", bytes(768)), within=1)


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


@pytest.mark.parametrize("kind", ["stray", "dropped", "flipped", "truncated"])
def test_one_spoiled_byte_anywhere_costs_a_repetition_at_most(
    device: SimulatedReader, reader: GrowReader, kind: str
) -> None:
    device.place(FINGER)
    chance = random.Random(kind)
    for _ in range(6):
        device.fail(Fault(kind, after=REPLIES_BEFORE_THE_IMAGE, at=chance.randrange(40_000)))
        try:
            scan = reader.scan(within=1)
        except DeviceError:
            pass  # a named error is an honest end; what follows must work
        else:
            assert isinstance(scan, Captured)
            assert np.array_equal(scan.image, as_sent(FINGER))
        device.fail()
        reader.light(True, within=1)
        assert device.ring_lit


def test_a_lost_reply_is_asked_for_again(device: SimulatedReader, reader: GrowReader) -> None:
    device.place(FINGER)
    device.fail(Fault("silent"))
    assert isinstance(reader.scan(within=1), Captured)


def test_a_module_that_says_nothing_is_unresponsive(device: SimulatedReader, reader: GrowReader) -> None:
    device.fail(*(Fault("silent", after=number) for number in range(20)))
    with pytest.raises(Unresponsive, match="switch it off and on"):
        reader.scan(within=1)


def test_unplugged_in_the_middle_and_back_again(device: SimulatedReader, reader: GrowReader) -> None:
    device.place(FINGER)

    def pull(share: float) -> bool:
        if share > 0.3:
            device.unplug()
        return True

    with pytest.raises(DeviceError):
        reader.scan(within=1, progress=pull)
    with pytest.raises(Absent, match="check its cable"):
        GrowReader(device.port)
    device.replug()
    again = GrowReader(device.port)
    assert isinstance(again.scan(within=1), Captured)
    again.close()


@pytest.mark.parametrize("baud", [9_600, 115_200])
def test_the_speed_a_module_was_left_at_is_found(tmp_path: Path, baud: int) -> None:
    with SimulatedReader(tmp_path / "reader", baud=baud) as device:
        device.place(FINGER)
        reader = GrowReader(device.port)
        assert isinstance(reader.scan(within=1), Captured)
        reader.close()


def test_another_password_is_said_so(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", password=0x12345678) as device:
        with pytest.raises(Refused, match="another password"):
            GrowReader(device.port)
        GrowReader(device.port, password=0x12345678).close()


def test_a_module_without_a_ring_is_fine(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", ring=False) as device:
        reader = GrowReader(device.port)
        reader.light(True, within=1)
        reader.light(False, within=1)
        assert not device.ring_lit
        reader.close()


def test_a_second_program_is_kept_out(device: SimulatedReader, reader: GrowReader) -> None:
    with pytest.raises(Absent):
        GrowReader(device.port)


def test_another_readers_template_is_refused(device: SimulatedReader, reader: GrowReader) -> None:
    device.place(FINGER)
    reader.scan(within=1)
    with pytest.raises(Refused, match="another kind of reader"):
        reader.match(Template("sfm", b"x"), within=1)
