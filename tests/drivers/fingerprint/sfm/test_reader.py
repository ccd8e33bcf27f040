"""The production driver against the simulated module on its pty: what a plug, a setting and a firmware can do to it."""

import os
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drivers.errors import Absent, Refused, Unresponsive
from drivers.fingerprint import Captured, NoFinger, Smudged, Template
from drivers.fingerprint.cable import Cable
from drivers.fingerprint.sfm.cable import Fault
from drivers.fingerprint.sfm.codec import Command, Flag, Parameter
from drivers.fingerprint.sfm.reader import LOOK, OC, OP, SLIM, TC2, Sensor, SfmReader
from drivers.fingerprint.sfm.session import BAUDS
from drivers.fingerprint.sfm.simulated import SimulatedReader
from drivers.fingerprint.synthetic.synthesis import impression
from tests.fingertips import grown

FINGER = impression(grown(1, 2), seed=1, size=(320, 272))
Counted = Callable[..., Any]


@pytest.fixture
def device(tmp_path: Path) -> Iterator[SimulatedReader]:
    with SimulatedReader(tmp_path / "reader") as device:
        yield device


@pytest.fixture
def reader(device: SimulatedReader) -> Iterator[SfmReader]:
    reader = SfmReader(device.port)
    yield reader
    reader.close()


# One finger ----------------------------------------------------------------------------------------------------------


def test_the_image_arrives_pixel_for_pixel(device: SimulatedReader, reader: SfmReader) -> None:
    device.place(FINGER)
    scan = reader.scan(within=1)
    assert isinstance(scan, Captured)
    assert np.array_equal(scan.image, FINGER), "all eight bits of them"
    assert repr(scan) == "Captured()", "a print does not print itself"
    assert str(scan.template.data) not in repr(scan.template)


def test_an_older_module_sends_its_image_raw(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", blocks=False) as device:
        reader = SfmReader(device.port)
        device.place(FINGER)
        shares: list[float] = []
        scan = reader.scan(within=1, progress=lambda share: shares.append(share) is None)
        assert isinstance(scan, Captured)
        assert np.array_equal(scan.image, FINGER)
        assert shares == sorted(shares)
        assert shares[-1] == 1
        patch = np.full(FINGER.shape, 255, np.uint8)
        patch[100:180, 90:160] = 60
        device.place(patch)
        assert isinstance(reader.scan(within=1), Smudged)
        assert isinstance(reader.scan(within=1, progress=lambda share: share < 0.7), NoFinger)
        reader.close()


def test_a_smudged_finger_that_goes_leaves_no_image_of_another(counted: Counted) -> None:
    wire = counted()
    reader = SfmReader(wire)
    wire.module.glass = FINGER
    assert isinstance(reader.scan(within=1), Captured)
    wire.module.glass = np.full(FINGER.shape, 200, np.uint8)
    write = wire.write

    def lift_before_the_second_scan(data: bytes, *, by: float) -> bool:
        if data[1] == Command.SCAN_IMAGE_IN_BLOCKS:
            wire.module.glass = None
        return bool(write(data, by=by))

    wire.write = lift_before_the_second_scan
    # The image that was scanned last may be the person's before, and must not be shown.
    assert isinstance(reader.scan(within=1), NoFinger)


def test_a_finger_that_comes_while_it_waits_is_taken(device: SimulatedReader, reader: SfmReader) -> None:
    timer = threading.Timer(0.3, device.place, (FINGER,))
    timer.start()
    assert isinstance(reader.scan(within=5), Captured)
    timer.join()


def test_a_module_that_gives_up_waiting_is_asked_again(counted: Counted, known_finger: bytes) -> None:
    wire = counted()
    reader = SfmReader(wire)
    begun = wire.now()
    assert isinstance(reader.scan(within=25), NoFinger)
    assert 25 <= wire.now() - begun < 25 + LOOK


# Comparing -----------------------------------------------------------------------------------------------------------


def test_the_module_forgets_what_it_compared(device: SimulatedReader, reader: SfmReader) -> None:
    device.place(FINGER)
    scan = reader.scan(within=1)
    assert isinstance(scan, Captured)
    assert reader.match(scan.template, within=2).same
    assert device.taught == 0


@pytest.mark.parametrize("reply", range(5))
def test_a_template_that_stays_behind_goes_before_the_next_finger(
    counted: Counted, known_finger: bytes, reply: int
) -> None:
    wire = counted()
    reader = SfmReader(wire)
    wire.module.glass = FINGER
    scan = reader.scan(within=1)
    assert isinstance(scan, Captured)
    wire.begin()
    wire.fault = Fault("late", after=reply, seconds=30)
    with pytest.raises(Unresponsive):
        reader.match(scan.template, within=2)
    assert wire.now() < 10 + 2 + 3, "in time, though the module is not"
    wire.fault = None
    wire.sleep(40)
    assert isinstance(reader.scan(within=1), Captured)
    assert wire.module.taught == 0


def test_a_module_that_would_keep_it_is_not_taught(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", forgets=False) as device:
        reader = SfmReader(device.port)
        device.place(FINGER)
        scan = reader.scan(within=1)
        assert isinstance(scan, Captured)
        with pytest.raises(Refused, match="keep the finger for good"):
            reader.match(scan.template, within=2)
        assert device.taught == 0
        reader.close()


@pytest.mark.parametrize("family", ["suprema-sfm", "sfm-iso19794-2", "grow-zfm"])
def test_another_kind_of_template_is_refused(device: SimulatedReader, reader: SfmReader, family: str) -> None:
    device.place(FINGER)
    reader.scan(within=1)
    with pytest.raises(Refused, match="another kind of reader"):
        reader.match(Template(family, b"x"), within=1)
    with pytest.raises(Refused, match="another kind of reader"):
        reader.match(Template(reader.model.template_family, b""), within=1)


def test_what_is_no_template_is_no_match(device: SimulatedReader, reader: SfmReader) -> None:
    device.place(FINGER)
    reader.scan(within=1)
    assert not reader.match(Template(reader.model.template_family, b"@\x0a" * 384), within=2).same


# The plug ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reply", "at"), [(0, 0), (0, 7), (1, 5), (1, 400), (2, 3), (3, 0), (10, 2_000), (24, 900)])
def test_unplugged_at_any_moment_and_back_again(device: SimulatedReader, reply: int, at: int) -> None:
    device.place(FINGER)
    reader = SfmReader(device.port)
    device.fail(Fault("unplugged", after=reply, at=at))
    with pytest.raises(Absent, match="check its cable"):
        reader.scan(within=1)
    reader.close()
    with pytest.raises(Absent, match="check its cable"):
        SfmReader(device.port)
    device.fail()
    device.replug()
    again = SfmReader(device.port)
    assert isinstance(again.scan(within=1), Captured)
    again.close()


def test_unplugged_while_it_compares_and_back_again(device: SimulatedReader, reader: SfmReader) -> None:
    device.place(FINGER)
    scan = reader.scan(within=1)
    assert isinstance(scan, Captured)
    device.fail(Fault("unplugged", after=2, at=3))
    with pytest.raises(Absent):
        reader.match(scan.template, within=2)
    assert device.taught == 0, "its memory forgets without power"
    reader.close()
    device.fail()
    device.replug()
    again = SfmReader(device.port)
    again.scan(within=1)
    assert again.match(scan.template, within=2).same
    again.close()


@pytest.mark.parametrize("blocks", [True, False])
def test_a_program_that_left_in_mid_transfer_does_no_harm(tmp_path: Path, blocks: bool) -> None:
    with SimulatedReader(tmp_path / "reader", pace=0.05, blocks=blocks) as device:
        device.place(FINGER)
        before = SfmReader(device.port)

        def leave(_: float) -> bool:
            before.close()
            return True

        with pytest.raises(Absent):
            before.scan(within=1, progress=leave)
        after = SfmReader(device.port)
        assert not after.lifted(within=0)
        after.close()


# Getting in touch ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("baud", BAUDS[1:4])
def test_the_speed_a_module_was_left_at_is_found(tmp_path: Path, baud: int) -> None:
    with SimulatedReader(tmp_path / "reader", baud=baud) as device:
        reader = SfmReader(device.port, fastest=baud)
        assert reader.baud == device.baud == baud
        reader.close()


def test_a_module_is_raised_to_the_speed_that_is_wanted_and_found_there(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", baud=57_600) as device:
        reader = SfmReader(device.port, fastest=460_800)
        assert reader.baud == device.baud == 460_800
        reader.close()
        reader = SfmReader(device.port)
        assert reader.baud == device.baud == 460_800, "it is not slowed down again"
        reader.close()
        device.unplug()
        device.replug()
        assert device.baud == 57_600, "its flash memory is not written to"


def test_a_cable_that_spoils_a_byte_in_some_blocks_costs_these_alone(tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", cable=Cable(good_to=57_600, every=20_011)) as device:
        device.place(FINGER)
        reader = SfmReader(device.port)
        scan = reader.scan(within=1)
        assert isinstance(scan, Captured)
        assert np.array_equal(scan.image, FINGER)
        reader.close()


def test_a_silent_port_is_unresponsive_at_every_speed() -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    with pytest.raises(Unresponsive, match="at no speed"):
        SfmReader(os.ttyname(theirs))
    os.close(ours)
    os.close(theirs)


def test_a_module_that_encrypts_its_templates_is_said_so(tmp_path: Path) -> None:
    with (
        SimulatedReader(tmp_path / "reader", encrypts=True) as device,
        pytest.raises(Refused, match="encrypts its templates"),
    ):
        SfmReader(device.port)


def test_a_locked_module_says_why(counted: Counted) -> None:
    wire = counted()
    obey = wire.module._obey

    def locked(command: int, packet: Any) -> list[bytes]:
        if packet.flag == Parameter.IMAGE_FORMAT:
            return [type(packet)(packet.command, flag=Flag.LOCKED).write()]
        return list(obey(command, packet))

    wire.module._obey = locked
    with pytest.raises(Refused, match="locked with a password"):
        SfmReader(wire)


# What kind of module -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sensor", "kind", "model"),
    [
        (OP, 0x33, ("SFM OP", 500)),
        (OC, 0x38, ("SFM OC", 500)),
        (TC2, 0x34, ("SFM TC", 508)),
        (SLIM, 0x7F, ("SFM OP", 500)),
    ],
)
def test_what_the_module_says_and_its_images_are_believed(
    tmp_path: Path, sensor: Sensor, kind: int, model: tuple[str, int]
) -> None:
    with SimulatedReader(tmp_path / "reader", sensor=sensor, sensor_type=kind) as device:
        reader = SfmReader(device.port)
        assert reader.model.name == f"{model[0]}, firmware SIM1"
        assert (reader.model.ppi, reader.model.depth) == (model[1], 8)
        image = impression(grown(1, 2), seed=1, size=device.size)
        device.place(image)
        scan = reader.scan(within=1)
        assert isinstance(scan, Captured | Smudged)
        assert np.array_equal(scan.image, image)
        assert (reader.model.width, reader.model.height) == (sensor.width, sensor.height)
        reader.close()


def test_a_sensor_that_the_settings_name_is_believed(device: SimulatedReader) -> None:
    reader = SfmReader(device.port, sensor=SLIM)
    assert (reader.model.width, reader.model.height) == (300, 400)
    device.place(FINGER)
    reader.scan(within=1)
    assert (reader.model.width, reader.model.height) == (272, 320), "until an image shows that it is not so"
    reader.close()


@pytest.mark.parametrize(
    ("kind", "family"), [(0x30, "suprema-sfm"), (0x31, "sfm-iso19794-2"), (0x32, "sfm-ansi378"), (0x7E, "sfm-type-7e")]
)
def test_a_template_family_says_the_algorithm(counted: Counted, kind: int, family: str) -> None:
    wire = counted()
    wire.module._now.parameters[Parameter.TEMPLATE_TYPE] = kind
    assert SfmReader(wire).model.template_family == family


def test_a_simulated_module_does_not_pretend_to_be_suprema(reader: SfmReader) -> None:
    assert "suprema" not in reader.model.template_family
    assert "SIM" in reader.model.name
