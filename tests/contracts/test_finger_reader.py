"""What every finger reader keeps to: each family's driver over its simulated module always, the real one on demand.

``pytest tests/contracts --hardware --device fingerprint=/dev/rekam-fingerprint --device sfm=/dev/ttyUSB0``
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pytest

from drivers.errors import Absent, DeviceError, Refused
from drivers.fingerprint import Captured, FingerReader, NoFinger, Smudged, Template
from drivers.fingerprint.grow import simulated as grow
from drivers.fingerprint.grow.reader import GrowReader
from drivers.fingerprint.sfm import simulated as sfm
from drivers.fingerprint.sfm.reader import SfmReader
from drivers.fingerprint.synthetic.synthesis import impression
from tests.fingertips import grown


class Device(Protocol):
    """What a person can do to a simulated reader of either family."""

    @property
    def port(self) -> str: ...
    def place(self, image: npt.NDArray[np.uint8]) -> None: ...
    def lift(self) -> None: ...
    def unplug(self) -> None: ...
    def replug(self) -> None: ...


@dataclass(frozen=True)
class Family:
    """One family of modules: its driver, its simulated module, and the size of that one's glass."""

    reader: Callable[[str], FingerReader]
    simulated: Callable[[Path], AbstractContextManager[Any]]
    device: str
    default: str
    height: int
    width: int

    def finger(self, person: int, *, seed: int) -> npt.NDArray[np.uint8]:
        return impression(grown(person, 7), seed=seed, size=(self.height, self.width))


FAMILIES = {
    "grow": Family(GrowReader, grow.SimulatedReader, "fingerprint", "/dev/rekam-fingerprint", 288, 256),
    "sfm": Family(SfmReader, sfm.SimulatedReader, "sfm", "/dev/rekam-fingerprint", 320, 272),
}


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    return FAMILIES[request.param]


@pytest.fixture
def device(family: Family, tmp_path: Path) -> Iterator[Device]:
    with family.simulated(tmp_path / "reader") as device:
        yield device


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.hardware)])
def reader(
    request: pytest.FixtureRequest, family: Family, device: Device, devices: dict[str, str]
) -> Iterator[FingerReader]:
    if request.param == "real" and devices and family.device not in devices:
        pytest.skip(f"no --device {family.device}= was given")
    real = devices.get(family.device, family.default)
    opened = family.reader(device.port if request.param == "simulated" else real)
    yield opened
    opened.close()


def test_the_model_says_what_the_reader_truly_is(reader: FingerReader) -> None:
    model = reader.model
    assert model.name
    assert model.width > 0
    assert model.height > 0
    assert model.ppi >= 300
    assert 1 <= model.depth <= 8
    assert model.template_family
    assert "FAP" not in model.name, "a level is for who certifies the sensor to claim"


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
    for call in (
        lambda: reader.scan(within=0.0),
        lambda: reader.lifted(within=0.0),
        lambda: reader.light(True, within=1.0),
    ):
        with pytest.raises(DeviceError):
            call()


# From here on a finger must come and go, which only a simulated one does by itself.


@pytest.fixture
def opened(family: Family, device: Device) -> Iterator[FingerReader]:
    reader = family.reader(device.port)
    yield reader
    reader.close()


def test_a_finger_is_captured_in_the_models_own_size(family: Family, device: Device, opened: FingerReader) -> None:
    device.place(family.finger(3, seed=1))
    scan = opened.scan(within=1.0)
    assert isinstance(scan, Captured)
    assert scan.image.dtype == np.uint8
    assert scan.image.shape == (opened.model.height, opened.model.width)
    assert len(np.unique(scan.image)) <= 2**opened.model.depth
    assert scan.image[:8].mean() > 128 > scan.image.min(), "ridges are dark, and where nothing lies it is light"
    assert scan.template.family == opened.model.template_family
    assert not opened.lifted(within=0.0)
    device.lift()
    assert opened.lifted(within=1.0)


def test_what_is_no_print_is_smudged_and_shown(family: Family, device: Device, opened: FingerReader) -> None:
    patch = np.full((family.height, family.width), 255, np.uint8)
    patch[100:180, 90:160] = 51
    device.place(patch)
    scan = opened.scan(within=1.0)
    assert isinstance(scan, Smudged)
    assert np.array_equal(scan.image, patch)


def test_progress_is_told_and_can_stop_the_transfer(family: Family, device: Device, opened: FingerReader) -> None:
    device.place(family.finger(3, seed=1))
    shares: list[float] = []

    def stop_half_way(share: float) -> bool:
        shares.append(share)
        return share < 0.5

    assert isinstance(opened.scan(within=1.0, progress=stop_half_way), NoFinger)
    assert shares == sorted(shares)
    assert 0.5 <= shares[-1] < 1
    assert isinstance(opened.scan(within=1.0), Captured), "the line is clean for the next scan"


def test_the_finger_captured_last_is_compared(family: Family, device: Device, opened: FingerReader) -> None:
    device.place(family.finger(3, seed=1))
    first = opened.scan(within=1.0)
    assert isinstance(first, Captured)
    device.place(family.finger(3, seed=2))
    opened.scan(within=1.0)
    device.lift()
    same = opened.match(first.template, within=2.0)
    assert same.same, "no finger need lie there any more"
    assert opened.match(first.template, within=2.0) == same, "comparing does not wear out what was captured"
    device.place(family.finger(4, seed=1))
    opened.scan(within=1.0)
    other = opened.match(first.template, within=2.0)
    assert not other.same
    assert other.score < same.score
    device.lift()
    opened.scan(within=0.0)
    with pytest.raises(Refused, match="scan one first"):
        opened.match(first.template, within=2.0)


def test_a_template_is_good_for_another_session(family: Family, device: Device) -> None:
    reader = family.reader(device.port)
    device.place(family.finger(3, seed=1))
    scan = reader.scan(within=1.0)
    assert isinstance(scan, Captured)
    reader.close()
    device.unplug()
    device.replug()
    reader = family.reader(device.port)
    device.place(family.finger(3, seed=2))
    reader.scan(within=1.0)
    assert reader.match(scan.template, within=2.0).same
    reader.close()


@pytest.mark.parametrize("other", FAMILIES)
def test_a_template_of_the_other_family_is_refused(
    family: Family, device: Device, opened: FingerReader, other: str, tmp_path: Path
) -> None:
    device.place(family.finger(3, seed=1))
    opened.scan(within=1.0)
    with FAMILIES[other].simulated(tmp_path / "other") as elsewhere:
        reader = FAMILIES[other].reader(elsewhere.port)
        elsewhere.place(FAMILIES[other].finger(3, seed=1))
        scan = reader.scan(within=1.0)
        assert isinstance(scan, Captured)
        reader.close()
    if FAMILIES[other] is family:
        assert opened.match(scan.template, within=2.0).same
    else:
        with pytest.raises(Refused, match="another kind of reader"):
            opened.match(scan.template, within=2.0)


def test_an_unplugged_reader_is_absent_and_comes_back(family: Family, device: Device, opened: FingerReader) -> None:
    device.unplug()
    for call in (
        lambda: opened.light(True, within=1.0),
        lambda: opened.lifted(within=0.0),
        lambda: opened.scan(within=0.0),
        lambda: family.reader(device.port),
    ):
        with pytest.raises(Absent, match="check its cable"):
            call()
    opened.close()
    device.replug()
    again = family.reader(device.port)
    assert again.lifted(within=0.0)
    again.close()


def test_a_second_program_is_kept_out(family: Family, device: Device, opened: FingerReader) -> None:
    with pytest.raises(Absent):
        family.reader(device.port)
