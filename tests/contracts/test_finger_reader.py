"""What every finger reader keeps to: the driver over the simulated module always, the real one with --hardware."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.errors import DeviceError, Refused
from drivers.fingerprint import Captured, FingerReader, NoFinger, Template
from drivers.fingerprint.grow.reader import GrowReader
from drivers.fingerprint.grow.simulated import SimulatedReader
from drivers.fingerprint.synthetic.synthesis import impression, master


@pytest.fixture
def device(tmp_path: Path) -> Iterator[SimulatedReader]:
    with SimulatedReader(tmp_path / "reader") as device:
        yield device


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.hardware)])
def reader(request: pytest.FixtureRequest, device: SimulatedReader, devices: dict[str, str]) -> Iterator[FingerReader]:
    real = devices.get("fingerprint", "/dev/rekam-fingerprint")
    opened = GrowReader(device.port if request.param == "simulated" else real)
    yield opened
    opened.close()


def test_the_model_says_what_the_reader_truly_is(reader: FingerReader) -> None:
    model = reader.model
    assert model.width > 0
    assert model.height > 0
    assert model.ppi >= 300
    assert 1 <= model.depth <= 8
    assert model.template_family


def test_an_empty_reader_is_lifted_and_has_no_finger(reader: FingerReader) -> None:
    assert reader.lifted(within=0.0)
    assert isinstance(reader.scan(within=0.0), NoFinger)


def test_the_light_can_be_set_again_and_again(reader: FingerReader) -> None:
    for on in (True, True, False, False, True):
        reader.light(on, within=2.0)


def test_another_familys_template_is_refused(reader: FingerReader) -> None:
    with pytest.raises(Refused):
        reader.match(Template("of nobody", b""), within=1.0)


def test_a_closed_reader_says_so_and_may_be_closed_again(reader: FingerReader) -> None:
    reader.close()
    reader.close()
    with pytest.raises(DeviceError):
        reader.scan(within=0.0)


# From here on a finger must come and go, which only a simulated one does by itself.


def test_a_finger_is_captured_in_the_models_own_size(device: SimulatedReader) -> None:
    reader: FingerReader = GrowReader(device.port)
    device.place(impression(master(3, 7), seed=1))
    scan = reader.scan(within=1.0)
    assert isinstance(scan, Captured)
    assert scan.image.shape == (reader.model.height, reader.model.width)
    assert scan.template.family == reader.model.template_family
    assert not reader.lifted(within=0.0)
    device.lift()
    assert reader.lifted(within=1.0)
    reader.close()


def test_a_template_is_good_for_another_session(device: SimulatedReader) -> None:
    reader: FingerReader = GrowReader(device.port)
    device.place(impression(master(3, 7), seed=1))
    scan = reader.scan(within=1.0)
    assert isinstance(scan, Captured)
    reader.close()
    reader = GrowReader(device.port)
    device.place(impression(master(3, 7), seed=2))
    reader.scan(within=1.0)
    assert reader.match(scan.template, within=2.0).same
    reader.close()
