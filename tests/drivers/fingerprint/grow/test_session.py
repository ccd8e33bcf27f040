"""Getting on with a module, on counted time: speeds and sizes agreed on and given up, starting anew, searching."""

from collections.abc import Callable

import numpy as np
import pytest

from drivers.errors import Malformed, Refused, Unresponsive
from drivers.fingerprint import Captured, NoFinger, Template
from drivers.fingerprint.grow.cable import Fault
from drivers.fingerprint.grow.codec import Answer, Decoder, Instruction, Kind, Packet, encode

from .conftest import Rig

MakeRig = Callable[..., Rig]


def captured(rig: Rig, image: np.ndarray) -> Template:
    rig.firmware.glass = image
    scan = rig.reader.scan(within=0)
    assert isinstance(scan, Captured)
    return scan.template


def refusing(rig: Rig, *instructions: Instruction, code: int = Answer.UNKNOWN_INSTRUCTION) -> None:
    """Have the module refuse some of what it is told."""
    hear = rig.firmware.hear

    def deaf(packet: Packet) -> bytes:
        refused = packet.kind == Kind.COMMAND and packet.payload[0] in instructions
        return encode(Kind.ACK, bytes([code])) if refused else hear(packet)

    rig.firmware.hear = deaf  # type: ignore[method-assign] # a firmware of its own


# Speed and packet size -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [32, 64, 128, 256])
@pytest.mark.parametrize("baud", [57_600, 115_200])
def test_speed_and_size_are_what_was_asked_for(rig: Rig, baud: int, size: int) -> None:
    rig.firmware.baud = 57_600
    rig.connect(fastest=baud, largest=size)
    assert (rig.reader.baud, rig.reader.packet_size) == (rig.firmware.baud, rig.firmware.parameters.packet_size)
    assert rig.firmware.parameters.packet_size == size


def test_a_module_that_will_not_be_set_is_taken_as_it_is(make_rig: MakeRig) -> None:
    rig = make_rig(connected=False)
    refusing(rig, Instruction.SET_PARAMETER)
    rig.connect()
    assert (rig.reader.baud, rig.reader.packet_size) == (57_600, 128)
    assert captured(rig, rig.finger).data


@pytest.mark.parametrize("after", range(10))
@pytest.mark.parametrize("kind", ["silent", "flipped"])
def test_any_one_answer_of_getting_in_touch_may_be_lost(make_rig: MakeRig, after: int, kind: str) -> None:
    rig = make_rig(connected=False)
    rig.back.set(Fault(kind, after=after, at=9))  # type: ignore[arg-type] # two of its kinds
    rig.connect()
    assert rig.reader.baud == rig.firmware.baud
    assert rig.reader.packet_size == rig.firmware.parameters.packet_size == 256
    assert captured(rig, rig.finger).data


@pytest.mark.parametrize("bad", ["speed", "size"])
def test_a_line_that_spoils_images_is_eased(rig: Rig, bad: str) -> None:
    def carry(data: bytes) -> tuple[float, bytes]:
        ill = rig.firmware.baud > 57_600 if bad == "speed" else rig.firmware.parameters.packet_size > 128
        return 0.0, data[:500] + data[501:] if ill else data

    assert (rig.reader.baud, rig.reader.packet_size) == (115_200, 256)
    rig.wire.back = carry
    assert captured(rig, rig.finger).data
    assert (rig.reader.baud, rig.reader.packet_size) == (rig.firmware.baud, rig.firmware.parameters.packet_size)
    assert (rig.reader.baud, rig.reader.packet_size) == (57_600, 128)


def test_a_line_that_spoils_everything_is_malformed_and_not_tried_for_ever(rig: Rig) -> None:
    sent: list[int] = []

    def carry(data: bytes) -> tuple[float, bytes]:
        sent.append(len(data))
        return 0.0, data[:500] + data[501:]

    rig.wire.back = carry
    with pytest.raises(Malformed, match="check its cable"):
        rig.reader.scan(within=0)
    assert sum(length > 10_000 for length in sent) == 4, "twice as it was, twice with the factory's settings"
    rig.wire.back = lambda data: (0.0, data)
    rig.reader.light(True, within=2)
    assert rig.firmware.ring_lit


# A finger ------------------------------------------------------------------------------------------------------------


def test_a_finger_is_seen_to_come_and_go_without_an_image(rig: Rig) -> None:
    answered = 0

    def carry(data: bytes) -> tuple[float, bytes]:
        nonlocal answered
        answered += len(data)
        return 0.0, data

    rig.wire.back = carry
    rig.firmware.glass = None
    assert not rig.reader.touched(within=1)
    assert rig.reader.lifted(within=1)
    rig.firmware.glass = rig.finger
    assert rig.reader.touched(within=1)
    assert not rig.reader.lifted(within=1)
    assert answered < 1_000


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_cancelled_image_goes_by_and_the_next_command_is_answered(rig: Rig, share: float) -> None:
    whole = rig.took(lambda: rig.reader.scan(within=0))
    assert isinstance(rig.reader.scan(within=0, progress=lambda done: done <= share), NoFinger)
    assert rig.took(lambda: rig.reader.lifted(within=0)) < 0.2, "nothing of the image is in the way"
    assert rig.took(lambda: rig.reader.scan(within=0)) == pytest.approx(whole, abs=0.1)


def test_a_ring_that_was_not_heard_at_first_is_not_dark_for_ever(rig: Rig) -> None:
    rig.wire.back = lambda data: (1.5, data)
    with pytest.raises(Unresponsive):
        rig.reader.light(True, within=1)
    rig.wire.back = lambda data: (0.0, data)
    rig.wire.sleep(20)
    rig.reader.light(False, within=1)
    rig.reader.light(True, within=1)
    assert rig.firmware.ring_lit


# Comparing -----------------------------------------------------------------------------------------------------------


def test_a_finger_is_found_among_those_of_the_visit_and_nothing_stays(rig: Rig) -> None:
    visit = [captured(rig, rig.other), captured(rig, rig.finger)]
    captured(rig, rig.again)
    found = rig.reader.search(visit, within=5)
    assert found is not None
    index, comparison = found
    assert index == 1
    assert comparison == rig.reader.match(visit[1], within=2)
    assert rig.reader.search(visit[:1], within=5) is None
    assert rig.reader.search([], within=5) is None
    assert rig.reader.stored(within=1) == 0, "the module's flash memory holds nobody"


def test_a_search_takes_the_time_that_its_description_says(rig: Rig) -> None:
    visit = [captured(rig, rig.other)] * 10
    captured(rig, rig.finger)
    assert 1.5 < rig.took(lambda: rig.reader.search(visit, within=10)) < 2.5


def test_another_familys_template_is_not_searched_for(rig: Rig) -> None:
    captured(rig, rig.finger)
    with pytest.raises(Refused, match="another kind of reader"):
        rig.reader.search([Template("sfm", b"x")], within=1)


def test_a_template_that_never_arrives_whole_is_malformed_and_not_another_finger(rig: Rig) -> None:
    template = captured(rig, rig.finger)
    captured(rig, rig.again)
    assert rig.reader.match(template, within=5).same

    def lose(data: bytes) -> tuple[float, bytes]:
        return 0.0, b"" if data[6] == Kind.DATA else data

    rig.wire.out = lose
    with pytest.raises(Malformed, match="as it was sent"):
        rig.reader.match(template, within=5)


# The module itself ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lazy", [False, True], ids=["at once", "at power-up"])
def test_started_anew_it_forgets_what_it_saw_and_is_found_again(make_rig: MakeRig, lazy: bool) -> None:
    rig = make_rig(lazy=lazy)
    template = captured(rig, rig.finger)
    assert rig.reader.match(template, within=2).same
    rig.reader.light(True, within=2)
    rig.reader.restart(within=1)
    assert not rig.firmware.ring_lit
    assert rig.reader.baud == rig.firmware.baud == 115_200
    with pytest.raises(Refused, match="scan one first"):
        rig.reader.match(template, within=2)
    rig.wire.write(encode(Kind.COMMAND, bytes([Instruction.UPLOAD_IMAGE])), by=0)
    assert Decoder().feed(rig.wire.read(by=rig.wire.now() + 1)) == [Packet(Kind.ACK, bytes([Answer.IMAGE_NOT_SENT]))]
    assert captured(rig, rig.finger) == template


def test_one_that_says_nothing_when_it_starts_is_found_all_the_same(rig: Rig) -> None:
    rig.wire.back = lambda data: (0.0, data.removesuffix(b"\x55"))
    rig.reader.restart(within=1)
    assert rig.reader.lifted(within=0) is False


def test_one_that_cannot_start_anew_says_so(rig: Rig) -> None:
    refusing(rig, Instruction.RESTART)
    with pytest.raises(Refused, match="start anew"):
        rig.reader.restart(within=1)
    assert captured(rig, rig.finger).data


def test_what_a_module_kept_from_before_can_be_counted_and_erased(rig: Rig) -> None:
    captured(rig, rig.finger)
    rig.wire.write(encode(Kind.COMMAND, bytes((Instruction.STORE, 1, 0, 7))), by=0)
    assert rig.reader.stored(within=1) == 1
    rig.reader.erase(within=1)
    assert rig.reader.stored(within=1) == 0


def test_a_library_that_is_not_there_is_no_answer_of_nought(rig: Rig) -> None:
    refusing(rig, Instruction.COUNT, Instruction.EMPTY)
    with pytest.raises(Refused, match="count its templates"):
        rig.reader.stored(within=1)
    with pytest.raises(Refused, match="erase its templates"):
        rig.reader.erase(within=1)


def test_parameters_that_make_no_sense_are_malformed(make_rig: MakeRig) -> None:
    rig = make_rig(connected=False)
    rig.firmware.hear = lambda packet: encode(  # type: ignore[method-assign] # a module gone mad
        Kind.ACK, bytes(17 if packet.payload[0] == Instruction.READ_PARAMETERS else 1)
    )
    with pytest.raises(Malformed, match="make no sense"):
        rig.connect()


@pytest.mark.parametrize("baud", [9_600, 19_200, 115_200])
def test_one_that_speaks_at_another_speed_is_found(make_rig: MakeRig, baud: int) -> None:
    rig = make_rig(connected=False)
    rig.firmware.baud = baud
    rig.connect(baud=57_600, fastest=9_600)
    assert rig.reader.baud == rig.firmware.baud == baud


def test_one_that_is_gone_is_unresponsive(make_rig: MakeRig) -> None:
    rig = make_rig(connected=False)
    rig.firmware.hear = lambda _: b""  # type: ignore[method-assign] # nobody at home
    with pytest.raises(Unresponsive, match="at no speed"):
        rig.connect()
