"""The simulated module spoken to by hand: the manual's own bytes, and what a real one would not do either."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import serial

from drivers.fingerprint.sfm.cable import Fault
from drivers.fingerprint.sfm.codec import (
    ADD_CHECKSUM,
    AUTO_ID,
    END,
    GREY,
    LENGTH,
    Command,
    Decoder,
    Flag,
    Packet,
    Parameter,
    read_image,
    total,
)
from drivers.fingerprint.sfm.module import Module
from drivers.fingerprint.sfm.reader import OP
from drivers.fingerprint.sfm.simulated import SimulatedReader
from drivers.fingerprint.synthetic import features
from drivers.fingerprint.synthetic.synthesis import impression
from tests.fingertips import grown

FINGER = impression(grown(1, 2), seed=1, size=(320, 272))
AGAIN = impression(grown(1, 2), seed=2, size=(320, 272))


@pytest.fixture
def device(tmp_path: Path) -> Iterator[SimulatedReader]:
    with SimulatedReader(tmp_path / "reader") as device:
        yield device


@pytest.fixture
def host(device: SimulatedReader) -> Iterator[serial.Serial]:
    with serial.Serial(device.port, 115_200, timeout=2) as host:
        yield host


def answer(host: serial.Serial) -> Packet:
    decoder = Decoder()
    decoder.feed(host.read(LENGTH))
    packet = decoder.next()
    assert isinstance(packet, Packet), "the module fell silent"
    return packet


def told(
    host: serial.Serial, command: int, *, param: int = 0, size: int = 0, flag: int = 0, data: bytes = b""
) -> Packet:
    host.write(Packet(command, param, size, flag).write() + data)
    return answer(host)


def silent(host: serial.Serial) -> bool:
    host.timeout = 0.15
    return not host.read(1)


def test_it_answers_with_the_manuals_bytes(host: serial.Serial) -> None:
    # "System Parameter Summary": the baud rate is 0x71, *0x35 stands for 115,200 bits a second.
    host.write(bytes.fromhex("40 03 00000000 00000000 71 B4 0A"))
    assert host.read(LENGTH) == bytes.fromhex("40 03 00000000 35000000 61 D9 0A")


def test_images_are_grey_only_when_that_was_set(device: SimulatedReader, host: serial.Serial) -> None:
    device.place(FINGER)
    assert told(host, Command.SCAN_IMAGE).flag == Flag.UNSUPPORTED
    told(host, Command.WRITE_PARAMETER, size=GREY, flag=Parameter.IMAGE_FORMAT)
    found = told(host, Command.SCAN_IMAGE)
    assert (found.flag, found.size) == (Flag.SUCCESS, 28 + 272 * 320)
    raw = host.read(found.size + 1)
    assert raw[-1] == END
    assert np.array_equal(read_image(raw[:-1]), FINGER)


@pytest.mark.parametrize("size", [256, 4_096, 200_000])
def test_blocks_are_numbered_and_sent_again_on_request(device: SimulatedReader, host: serial.Serial, size: int) -> None:
    told(host, Command.WRITE_PARAMETER, size=GREY, flag=Parameter.IMAGE_FORMAT)
    device.place(FINGER)
    whole = told(host, Command.SCAN_IMAGE_IN_BLOCKS, size=size).size
    got, again = b"", True
    while len(got) < whole:
        head = answer(host)
        block, summed = host.read(head.size), host.read(4)
        assert summed == total(block)
        assert head.param == (len(got) // size) << 16 | -(-whole // size)
        # Each block is asked for twice.
        if not again:
            got += block
        flag = Flag.DATA_ERROR if again else Flag.DATA_OK
        host.write(Packet(Command.SCAN_IMAGE_IN_BLOCKS, flag=flag).write())
        again = not again
    assert np.array_equal(read_image(got), FINGER)
    assert silent(host)


def test_a_scan_waits_for_its_finger_and_can_be_called_off(device: SimulatedReader, host: serial.Serial) -> None:
    host.write(Packet(Command.SCAN_TEMPLATE).write())
    assert told(host, Command.CHECK_STATUS).flag == Flag.SUCCESS
    assert told(host, Command.READ_IMAGE).flag == Flag.BUSY
    assert told(host, Command.CANCEL) == Packet(Command.SCAN_TEMPLATE, flag=Flag.CANCELED)
    assert answer(host) == Packet(Command.CANCEL, flag=Flag.SUCCESS)
    device.place(FINGER)
    assert silent(host)


def test_a_finger_that_comes_is_announced(device: SimulatedReader, host: serial.Serial) -> None:
    told(host, Command.WRITE_PARAMETER, size=0x31, flag=Parameter.SEND_SCAN_SUCCESS)
    host.write(Packet(Command.SCAN_TEMPLATE, flag=ADD_CHECKSUM).write())
    device.place(FINGER)
    assert answer(host).flag == Flag.SCAN_SUCCESS
    found = answer(host)
    data = host.read(found.size + 5)
    assert data == features.extract(FINGER) + total(data[: found.size]) + bytes([END])
    assert silent(host)


def test_it_compares_what_it_is_shown_with_what_it_was_taught(device: SimulatedReader, host: serial.Serial) -> None:
    one, same = features.extract(FINGER), features.extract(AGAIN)
    assert one is not None
    assert same is not None
    told(host, Command.WRITE_PARAMETER, size=0x31, flag=Parameter.PROVISIONAL_ENROLL)
    taught = told(host, Command.ENROLL_TEMPLATE, size=len(one), flag=AUTO_ID, data=one + b"\n")
    assert taught == Packet(Command.ENROLL_TEMPLATE, param=1, flag=Flag.SUCCESS)
    verify = {"command": Command.VERIFY_TEMPLATE, "size": len(same)}
    assert told(host, **verify, param=1, data=same + b"\n").flag == Flag.SUCCESS
    assert told(host, **verify, param=1, data=bytes(len(same)) + b"\n").flag == Flag.NOT_MATCH
    assert told(host, **verify, param=2, data=same + b"\n").flag == Flag.NOT_FOUND
    assert told(host, **verify, param=1, data=same + b"x").flag == Flag.DATA_ERROR
    assert told(host, Command.DELETE_PROVISIONAL).flag == Flag.SUCCESS
    assert told(host, Command.DELETE_PROVISIONAL).flag == Flag.NOT_FOUND
    assert device.taught == 0


def test_what_is_taught_for_good_outlives_the_power(device: SimulatedReader, host: serial.Serial) -> None:
    assert told(host, Command.ENROLL_TEMPLATE, size=4, flag=AUTO_ID, data=b"kept\n").flag == Flag.SUCCESS
    assert told(host, Command.DELETE_PROVISIONAL).flag == Flag.NOT_FOUND
    told(host, Command.WRITE_PARAMETER, size=0x31, flag=Parameter.PROVISIONAL_ENROLL)
    assert told(host, Command.ENROLL_TEMPLATE, size=4, flag=AUTO_ID, data=b"lost\n").param == 2
    assert device.taught == 2
    device.unplug()
    device.replug()
    assert device.taught == 1


def test_half_a_template_is_not_waited_for_without_end(host: serial.Serial) -> None:
    host.write(Packet(Command.ENROLL_TEMPLATE, size=768, flag=AUTO_ID).write() + bytes(100))
    time.sleep(0.3)
    assert told(host, Command.CHECK_STATUS).flag == Flag.SUCCESS


@pytest.mark.parametrize(
    ("asked", "flag"),
    [
        (Packet(0x99), Flag.UNSUPPORTED),
        (Packet(Command.READ_PARAMETER, flag=0x01), Flag.NOT_FOUND),
        (Packet(Command.WRITE_PARAMETER, flag=0x01), Flag.NOT_FOUND),
        (Packet(Command.WRITE_PARAMETER, size=0x99, flag=Parameter.BAUD), Flag.UNSUPPORTED),
        (Packet(Command.READ_IMAGE), Flag.NOT_FOUND),
        (Packet(Command.READ_IMAGE_IN_BLOCKS), Flag.NOT_FOUND),
        (Packet(Command.ENROLL_TEMPLATE), Flag.DATA_ERROR),
        (Packet(Command.VERIFY_TEMPLATE, size=0xFFFFFFFF), Flag.DATA_ERROR),
        (Packet(Command.CANCEL), Flag.SUCCESS),
    ],
)
def test_it_says_no_as_a_module_does(host: serial.Serial, asked: Packet, flag: Flag) -> None:
    host.write(asked.write())
    assert answer(host) == Packet(asked.command, flag=flag)


def test_another_speed_is_noise_to_it(device: SimulatedReader, host: serial.Serial) -> None:
    host.baudrate = 9_600
    host.write(Packet(Command.CHECK_STATUS).write())
    assert silent(host)
    host.baudrate, host.timeout = 115_200, 2
    # Answered at the old speed, heard at the new one.
    assert told(host, Command.WRITE_PARAMETER, size=0x31, flag=Parameter.BAUD).flag == Flag.SUCCESS
    assert device.baud == 9_600
    host.write(Packet(Command.CHECK_STATUS).write())
    assert silent(host)


def test_paced_it_takes_the_time_a_wire_takes(tmp_path: Path) -> None:
    with (
        SimulatedReader(tmp_path / "reader", pace=1.0, baud=9_600, blocks=False) as device,
        serial.Serial(device.port, 9_600, timeout=2) as host,
    ):
        begun = time.monotonic()
        for _ in range(20):
            told(host, Command.CHECK_STATUS)
        assert time.monotonic() - begun >= 20 * (LENGTH - 9) * 10 / 9_600, "never before its last nine bytes' time"


def test_a_late_answer_does_not_keep_people_from_pulling_the_plug(device: SimulatedReader, host: serial.Serial) -> None:
    device.fail(Fault("late", seconds=3_600))
    host.write(Packet(Command.CHECK_STATUS).write())
    device.unplug()
    assert not Path(device.port).exists()


def test_a_fault_that_does_not_exist_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no fault"):
        Fault("nonsense")  # type: ignore[arg-type] # this is the point


def test_it_may_be_closed_twice_and_used_no_more(tmp_path: Path) -> None:
    device = SimulatedReader(tmp_path / "deep" / "reader")
    device.close()
    device.close()
    device.replug()
    assert not Path(device.port).is_symlink()


def test_the_glass_has_its_size(device: SimulatedReader) -> None:
    with pytest.raises(ValueError, match="320 × 272"):
        device.place(np.zeros((288, 256), np.uint8))


def test_a_finger_that_goes_while_it_is_looked_at_was_there() -> None:
    class Leaving(np.ndarray):
        """Lifted, on another thread, at the very moment at which the module looks."""

        def mean(self, *_: object, **__: object) -> float:  # type: ignore[override]
            module.glass = None
            return float(np.asarray(self).mean())

    module = Module(OP, sensor_type=1, baud=115_200, blocks=True, resends=True, forgets=True, encrypts=False)
    grey = Packet(Command.WRITE_PARAMETER, size=GREY, flag=Parameter.IMAGE_FORMAT)
    assert module.hear(grey, 0.0)
    module.glass = FINGER.view(Leaving)
    (reply,) = module.hear(Packet(Command.SCAN_IMAGE), 0.0)
    assert np.array_equal(read_image(reply[LENGTH:-1]), FINGER)
    assert module.hear(Packet(Command.SCAN_IMAGE), 1.0) == []
