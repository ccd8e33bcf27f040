"""Somebody else's host against the simulated module: pyfingerprint shares nothing with our codec, so both are right."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pyfingerprint.pyfingerprint import PyFingerprint

from drivers.fingerprint import Captured
from drivers.fingerprint.grow.reader import GrowReader
from drivers.fingerprint.grow.simulated import SimulatedReader
from drivers.fingerprint.synthetic.features import THRESHOLD
from drivers.fingerprint.synthetic.synthesis import impression
from tests.fingertips import grown

FINGER = impression(grown(1, 2), seed=1)
AGAIN = impression(grown(1, 2), seed=2)
OTHER = impression(grown(1, 3), seed=1)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[SimulatedReader]:
    with SimulatedReader(tmp_path / "reader") as device:
        yield device


@pytest.fixture
def host(device: SimulatedReader) -> PyFingerprint:
    return PyFingerprint(device.port, 57_600)


def test_it_is_greeted_and_told_the_parameters(host: PyFingerprint) -> None:
    assert host.verifyPassword()
    _, _, capacity, _, address, size, times = host.getSystemParameters()
    assert (capacity, address, 32 << size, times * 9_600) == (200, 0xFFFFFFFF, 128, 57_600)


@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_it_reads_the_image_pixel_for_pixel(
    device: SimulatedReader, host: PyFingerprint, tmp_path: Path, size: int
) -> None:
    host.setMaxPacketSize(size)
    assert host.getMaxPacketSize() == size
    assert not host.readImage(), "no finger yet"
    device.place(FINGER)
    assert host.readImage()
    host.downloadImage(str(tmp_path / "finger.png"))
    with Image.open(tmp_path / "finger.png") as image:
        assert np.array_equal(np.asarray(image), (FINGER >> 4) * 17)


def test_it_takes_a_template_away_and_brings_it_back(device: SimulatedReader, host: PyFingerprint) -> None:
    device.place(FINGER)
    assert host.readImage()
    assert host.convertImage(0x01)
    template = host.downloadCharacteristics(0x01)
    device.place(AGAIN)
    assert host.readImage()
    assert host.convertImage(0x01)
    assert host.uploadCharacteristics(0x02, template), "what it fetches back is what it sent"
    assert host.compareCharacteristics() >= THRESHOLD
    device.place(OTHER)
    assert host.readImage()
    assert host.convertImage(0x01)
    assert host.compareCharacteristics() == 0


def test_its_template_is_ours(device: SimulatedReader, host: PyFingerprint) -> None:
    device.place(FINGER)
    host.readImage()
    host.convertImage(0x01)
    theirs = bytes(host.downloadCharacteristics(0x01))
    host.__del__()  # it has no other way to give the port back
    reader = GrowReader(device.port)
    scan = reader.scan(within=1)
    assert isinstance(scan, Captured)
    assert scan.template.data == theirs
    reader.close()


def test_it_enrols_searches_and_empties(device: SimulatedReader, host: PyFingerprint) -> None:
    for image, buffer in ((FINGER, 0x01), (AGAIN, 0x02)):
        device.place(image)
        host.readImage()
        host.convertImage(buffer)
    assert host.createTemplate()
    assert host.storeTemplate(3) == 3
    assert host.storeTemplate() == 0, "the first that is free"
    assert host.getTemplateCount() == 2
    assert host.deleteTemplate(0)
    device.place(AGAIN)
    host.readImage()
    host.convertImage(0x01)
    page, score = host.searchTemplate()
    assert page == 3
    assert score >= THRESHOLD
    assert host.loadTemplate(3, 0x02)
    assert host.compareCharacteristics() == score
    device.place(OTHER)
    host.readImage()
    host.convertImage(0x01)
    assert host.searchTemplate() == (-1, -1)
    assert not host.createTemplate(), "two fingers are not one"
    device.unplug()
    device.replug()
    again = PyFingerprint(device.port, 57_600)
    assert again.getTemplateCount() == 1, "flash memory needs no power"
    assert again.clearDatabase()
    assert again.getTemplateCount() == 0


def test_it_sets_the_speed(device: SimulatedReader, host: PyFingerprint) -> None:
    host.setBaudRate(115_200)
    host.__del__()
    assert device.baud == 115_200
    assert PyFingerprint(device.port, 115_200).verifyPassword()
