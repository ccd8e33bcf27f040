"""The simulated module spoken to by hand: the manual's own bytes, and what a real one would not do either."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import serial

from drivers.fingerprint.grow.cable import Fault
from drivers.fingerprint.grow.codec import (
    Answer,
    Decoder,
    Instruction,
    Kind,
    Packet,
    Parameter,
    Parameters,
    Product,
    command,
    encode,
    unpack_image,
)
from drivers.fingerprint.grow.simulated import SimulatedReader
from drivers.fingerprint.synthetic import features
from drivers.fingerprint.synthetic.synthesis import impression
from tests.fingertips import grown

FINGER = impression(grown(1, 2), seed=1)
VERIFY = command(Instruction.VERIFY_PASSWORD, bytes(4))


@pytest.fixture
def device(tmp_path: Path) -> Iterator[SimulatedReader]:
    with SimulatedReader(tmp_path / "reader") as device:
        yield device


@pytest.fixture
def host(device: SimulatedReader) -> Iterator[serial.Serial]:
    with serial.Serial(device.port, 57_600, timeout=2) as host:
        yield host


def packets(host: serial.Serial, last: Kind = Kind.ACK) -> list[Packet]:
    """What the module says, up to a packet of kind ``last``."""
    decoder, found = Decoder(), []
    while not found or found[-1].kind != last:
        byte = host.read(1)
        assert byte, "the module fell silent"
        found += [item for item in decoder.feed(byte) if isinstance(item, Packet)]
    return found


def told(host: serial.Serial, instruction: Instruction, parameters: bytes = b"") -> bytes:
    """The payload of the answer."""
    host.write(command(instruction, parameters))
    return packets(host)[0].payload


def silent(host: serial.Serial) -> bool:
    host.timeout = 0.1
    return not host.read(1)


def test_it_answers_with_the_manuals_bytes(host: serial.Serial) -> None:
    # R307 manual §3: acknowledge package formats as printed there.
    host.write(VERIFY)
    assert host.read(12) == bytes.fromhex("EF01 FFFFFFFF 07 0003 00 000A")
    host.write(command(Instruction.GET_IMAGE))
    assert host.read(12) == bytes.fromhex("EF01 FFFFFFFF 07 0003 02 000C")
    host.write(command(Instruction.UPLOAD_IMAGE))
    assert host.read(12) == bytes.fromhex("EF01 FFFFFFFF 07 0003 0F 0019")


@pytest.mark.parametrize("size", range(4))
def test_an_image_comes_in_packets_of_the_size_that_was_set(
    device: SimulatedReader, host: serial.Serial, size: int
) -> None:
    assert told(host, Instruction.SET_PARAMETER, bytes((Parameter.PACKET_SIZE, size))) == b"\x00"
    assert Parameters.read(told(host, Instruction.READ_PARAMETERS)[1:]).packet_size == 32 << size
    device.place(FINGER)
    assert told(host, Instruction.GET_IMAGE) == b"\x00"
    host.write(command(Instruction.UPLOAD_IMAGE))
    answer, *data = packets(host, last=Kind.LAST_DATA)
    assert answer.payload == b"\x00"
    assert {len(packet.payload) for packet in data} == {32 << size}
    assert {packet.kind for packet in data[:-1]} == {Kind.DATA}
    image = unpack_image(b"".join(packet.payload for packet in data), width=256, height=288)
    assert np.array_equal(image, (FINGER >> 4) * 17)


def test_it_matches_what_its_buffers_hold(device: SimulatedReader, host: serial.Serial) -> None:
    device.place(FINGER)
    told(host, Instruction.GET_IMAGE)
    assert told(host, Instruction.MATCH) == bytes([Answer.NO_MATCH, 0, 0])
    assert told(host, Instruction.EXTRACT, b"\x01") == b"\x00"
    assert told(host, Instruction.EXTRACT, b"\x02") == b"\x00"
    answer = told(host, Instruction.MATCH)
    assert answer[0] == Answer.OK
    assert int.from_bytes(answer[1:], "big") >= features.THRESHOLD
    assert told(host, Instruction.DOWNLOAD_FEATURES, b"\x02") == b"\x00"
    host.write(encode(Kind.LAST_DATA, bytes(128)))
    assert told(host, Instruction.MATCH)[0] == Answer.NO_MATCH, "what was sent has taken the buffer"


@pytest.mark.parametrize(
    ("instruction", "parameters", "answer"),
    [
        (Instruction.EXTRACT, b"\x01", Answer.NO_IMAGE),
        (Instruction.UPLOAD_FEATURES, b"\x01", Answer.UPLOAD_FAILED),
        (Instruction.UPLOAD_FEATURES, b"", Answer.UPLOAD_FAILED),
        (Instruction.DOWNLOAD_FEATURES, b"\x09", Answer.DATA_REFUSED),
        (Instruction.DOWNLOAD_FEATURES, b"", Answer.DATA_REFUSED),
        (Instruction.SET_PARAMETER, bytes((Parameter.PACKET_SIZE, 4)), Answer.UNKNOWN_INSTRUCTION),
        (Instruction.SET_PARAMETER, bytes((Parameter.BAUD, 0)), Answer.UNKNOWN_INSTRUCTION),
        (Instruction.SET_PARAMETER, b"", Answer.UNKNOWN_INSTRUCTION),
        (Instruction.VERIFY_PASSWORD, b"\x00\x00\x00\x01", Answer.WRONG_PASSWORD),
        (Instruction.LIGHT, b"", Answer.OK),
        (Instruction.MERGE, b"", Answer.MERGE_FAILED),
        (Instruction.STORE, b"\x01\x00\x00", Answer.NO_SUCH_PAGE),
        (Instruction.STORE, b"", Answer.NO_SUCH_PAGE),
        (Instruction.LOAD, b"\x01\x00\x00", Answer.LOAD_FAILED),
        (Instruction.DELETE, b"\x00\x00\xff\xff", Answer.OK),
    ],
)
def test_it_says_no_as_a_module_does(
    host: serial.Serial, instruction: Instruction, parameters: bytes, answer: Answer
) -> None:
    assert told(host, instruction, parameters) == bytes([answer])


def test_it_echoes_and_says_when_it_has_started(device: SimulatedReader, host: serial.Serial) -> None:
    assert told(host, Instruction.ECHO) == b"\x55"
    device.place(FINGER)
    assert told(host, Instruction.GET_IMAGE) == b"\x00"
    host.write(command(Instruction.RESTART))
    assert host.read(13) == encode(Kind.ACK, b"\x00") + b"\x55"
    assert told(host, Instruction.UPLOAD_IMAGE) == bytes([Answer.IMAGE_NOT_SENT]), "what it saw is gone"


def test_a_search_of_an_empty_library_finds_nobody(device: SimulatedReader, host: serial.Serial) -> None:
    device.place(FINGER)
    told(host, Instruction.GET_IMAGE)
    told(host, Instruction.EXTRACT, b"\x01")
    assert told(host, Instruction.SEARCH, b"\x01\x00\x00\x00\xc8") == bytes([Answer.NOT_FOUND, 0, 0, 0, 0])
    assert told(host, Instruction.STORE, b"\x01\x00\xc7") == b"\x00"
    assert told(host, Instruction.STORE, b"\x01\x00\xc8") == bytes([Answer.NO_SUCH_PAGE]), "past the capacity"
    assert told(host, Instruction.SEARCH, b"\x01\x00\x00\x00\xc8")[:3] == b"\x00\x00\xc7"
    assert told(host, Instruction.SEARCH, b"\x01\x00\x00\x00\xc7")[0] == Answer.NOT_FOUND, "only in the range"


def test_what_it_does_not_know_it_says_so(host: serial.Serial) -> None:
    host.write(encode(Kind.COMMAND, b"\x99"))
    assert packets(host)[0].payload == bytes([Answer.UNKNOWN_INSTRUCTION])
    host.write(encode(Kind.COMMAND, b"") + encode(Kind.ACK, b"\x00") + encode(Kind.LAST_DATA, b"x"))
    assert silent(host)


def test_it_says_what_it_truly_is(host: serial.Serial) -> None:
    product = Product.read(told(host, Instruction.READ_PRODUCT)[1:])
    assert (product.module, product.width, product.height) == ("SIMULATED", 256, 288)
    assert product.template_size == features.TEMPLATE_SIZE


def test_until_it_hears_its_password_it_does_nothing(tmp_path: Path) -> None:
    with (
        SimulatedReader(tmp_path / "reader", password=7) as device,
        serial.Serial(device.port, 57_600, timeout=2) as host,
    ):
        assert told(host, Instruction.READ_PARAMETERS) == bytes([Answer.VERIFY_FIRST])
        assert told(host, Instruction.VERIFY_PASSWORD, bytes((0, 0, 0, 7))) == b"\x00"
        assert told(host, Instruction.READ_PARAMETERS)[0] == Answer.OK


def test_another_speed_is_noise_to_it(device: SimulatedReader, host: serial.Serial) -> None:
    host.baudrate = 9_600
    host.write(VERIFY)
    assert silent(host)
    host.baudrate, host.timeout = 57_600, 2
    assert told(host, Instruction.VERIFY_PASSWORD, bytes(4)) == b"\x00"
    # Answered at the old speed, heard at the new one.
    assert told(host, Instruction.SET_PARAMETER, bytes((Parameter.BAUD, 12))) == b"\x00"
    assert device.baud == 115_200
    host.write(VERIFY)
    assert silent(host)


def test_another_address_is_not_its_own(host: serial.Serial) -> None:
    host.write(command(Instruction.VERIFY_PASSWORD, bytes(4), address=1))
    assert silent(host)


def test_paced_it_takes_the_time_a_wire_takes(tmp_path: Path) -> None:
    with (
        SimulatedReader(tmp_path / "reader", pace=1.0, baud=9_600) as device,
        serial.Serial(device.port, 9_600, timeout=2) as host,
    ):
        begun = time.monotonic()
        answer = told(host, Instruction.READ_PRODUCT)
        assert time.monotonic() - begun >= (12 + len(answer) + 11) * 10 / 9_600, "never before its last bit"


def test_a_late_answer_does_not_keep_people_from_pulling_the_plug(device: SimulatedReader, host: serial.Serial) -> None:
    device.fail(Fault("late", seconds=3_600))
    host.write(VERIFY)
    device.unplug()
    assert not Path(device.port).exists()


def test_a_fault_that_does_not_exist_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no fault"):
        Fault("nonsense")  # type: ignore[arg-type] # this is the point


def test_the_device_file_goes_and_comes_with_the_plug(device: SimulatedReader) -> None:
    with serial.Serial(device.port, 57_600, timeout=2) as host:
        device.place(FINGER)
        assert told(host, Instruction.GET_IMAGE) == b"\x00"
        told(host, Instruction.LIGHT, bytes((1, 1, 1, 0)))
        assert device.ring_lit
    for _ in range(2):
        device.unplug()
    assert not Path(device.port).is_symlink()
    assert not device.ring_lit
    for _ in range(2):
        device.replug()
    with serial.Serial(device.port, 57_600, timeout=2) as host:
        assert told(host, Instruction.UPLOAD_IMAGE) == bytes([Answer.IMAGE_NOT_SENT]), "it forgot without power"
        assert told(host, Instruction.GET_IMAGE) == b"\x00", "the finger is still there"


def test_it_may_be_closed_twice_and_used_no_more(tmp_path: Path) -> None:
    device = SimulatedReader(tmp_path / "deep" / "reader")
    device.close()
    device.close()
    device.replug()
    assert not Path(device.port).is_symlink()


def test_the_glass_has_its_size(device: SimulatedReader) -> None:
    with pytest.raises(ValueError, match="288 × 256"):
        device.place(np.zeros((192, 192), np.uint8))
