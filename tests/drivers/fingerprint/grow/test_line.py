"""The line against a scripted peer: late answers, endless noise, and modules that say anything at all."""

import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from drivers.errors import DeviceError, Malformed, Unresponsive
from drivers.fingerprint import Template
from drivers.fingerprint.grow.codec import (
    ANSWERED,
    Answer,
    Instruction,
    Kind,
    Packet,
    Parameters,
    command,
    encode,
)
from drivers.fingerprint.grow.line import MOST, Line
from drivers.fingerprint.grow.reader import GrowReader
from drivers.fingerprint.grow.virtual import VirtualWire

OK, NO_FINGER = encode(Kind.ACK, b"\x00"), encode(Kind.ACK, bytes([Answer.NO_FINGER]))
PARAMETERS = encode(Kind.ACK, b"\x00" + Parameters(0, 9, 200, 3, 0xFFFFFFFF, 256, 57_600).write())
Reply = Callable[[Packet], bytes]
Soon = Callable[..., float]
Fetch = Callable[..., bytes | None]


class Peer:
    """Something at the other end of a cable that answers each packet as told."""

    baud = 57_600

    def __init__(self) -> None:
        self.reply: Reply = lambda _: b""

    def hear(self, packet: Packet) -> bytes:
        return self.reply(packet)


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def wire(peer: Peer) -> VirtualWire:
    return VirtualWire(peer)


@pytest.fixture
def line(wire: VirtualWire) -> Line:
    return Line(wire)


@pytest.fixture
def soon(wire: VirtualWire) -> Soon:
    return lambda seconds=0.05: wire.now() + seconds


@pytest.fixture
def fetch(line: Line, soon: Soon) -> Fetch:
    def fetch(*, expected: int | None = 8, within: float = 2.0) -> bytes | None:
        _, data = line.fetch(Instruction.UPLOAD_IMAGE, expected=expected, by=soon(within), progress=lambda _: True)
        return data

    return fetch


def test_an_answer_that_comes_one_question_late_is_let_pass(peer: Peer, line: Line, soon: Soon) -> None:
    with pytest.raises(Unresponsive):
        line.ask(Instruction.GET_IMAGE, by=soon())
    said = {Instruction.READ_PARAMETERS: PARAMETERS, Instruction.GET_IMAGE: OK}
    owed = [NO_FINGER]
    # What it owes comes with whatever is asked first.
    peer.reply = lambda packet: (owed.pop() if owed else b"") + said[Instruction(packet.payload[0])]
    assert line.ask(Instruction.GET_IMAGE, by=soon(2)) == (Answer.OK, b"")


def test_an_answer_of_another_length_belongs_to_another_question(peer: Peer, line: Line, soon: Soon) -> None:
    peer.reply = lambda _: PARAMETERS + OK
    assert line.ask(Instruction.GET_IMAGE, by=soon(2)) == (Answer.OK, b"")
    peer.reply = lambda _: OK + PARAMETERS
    _, rest = line.ask(Instruction.READ_PARAMETERS, by=soon(2))
    assert len(rest) == ANSWERED[Instruction.READ_PARAMETERS]


def test_a_line_in_doubt_stays_so_until_it_is_known_good(peer: Peer, line: Line, soon: Soon) -> None:
    for _ in range(2):
        with pytest.raises(Unresponsive):
            line.ask(Instruction.GET_IMAGE, by=soon())
    peer.reply = lambda _: OK
    with pytest.raises(Unresponsive):
        line.ask(Instruction.GET_IMAGE, by=soon())


def test_a_doubt_is_settled_though_an_answer_to_that_is_lost_too(
    peer: Peer, line: Line, fetch: Fetch, soon: Soon
) -> None:
    with pytest.raises(Unresponsive):
        line.ask(Instruction.GET_IMAGE, by=soon())
    said = iter([b"", PARAMETERS, OK + encode(Kind.LAST_DATA, b"abcdefgh")])
    peer.reply = lambda _: next(said)
    assert fetch(within=30) == b"abcdefgh"


def test_a_doubt_is_settled_though_the_rest_of_an_image_comes_first(
    peer: Peer, line: Line, fetch: Fetch, soon: Soon
) -> None:
    with pytest.raises(Unresponsive):
        line.ask(Instruction.GET_IMAGE, by=soon())
    # A module that stalls in mid-transfer, or a host that was held up, takes a pause for the end.
    said = iter([encode(Kind.DATA, bytes(256)) * 60 + PARAMETERS, OK + encode(Kind.LAST_DATA, b"abcdefgh")])
    peer.reply = lambda _: next(said)
    assert fetch(within=30) == b"abcdefgh"


def test_an_answer_to_what_settled_a_doubt_is_not_that_to_the_next_question(peer: Peer, fetch: Fetch) -> None:
    peer.reply = lambda _: PARAMETERS + OK + encode(Kind.LAST_DATA, b"abcdefgh")
    assert fetch() == b"abcdefgh"


@pytest.mark.parametrize(
    "said",
    [
        encode(Kind.DATA, b"abcd") + encode(Kind.LAST_DATA, b"efgh"),
        OK + encode(Kind.DATA, b"abcd") + OK + encode(Kind.LAST_DATA, b"efgh"),
        OK + encode(Kind.LAST_DATA, b"efgh"),
        OK + encode(Kind.DATA, b"abcd") + encode(Kind.DATA, b"efgh") + encode(Kind.LAST_DATA, b"i"),
        OK + encode(Kind.DATA, b"abcd") + b"\x00" + encode(Kind.LAST_DATA, b"efgh"),
        OK + encode(Kind.COMMAND, b"abcd") + encode(Kind.LAST_DATA, b"efgh"),
    ],
    ids=["no answer before", "an answer between", "a packet short", "a packet long", "noise between", "a command"],
)
def test_a_transfer_that_is_not_whole_and_in_order_is_malformed(
    peer: Peer, line: Line, said: bytes, fetch: Fetch, soon: Soon
) -> None:
    peer.reply = lambda _: said
    with pytest.raises(Malformed):
        fetch()
    peer.reply = lambda packet: PARAMETERS if packet.payload[0] == Instruction.READ_PARAMETERS else OK
    assert line.ask(Instruction.GET_IMAGE, by=soon(2)) == (Answer.OK, b"")


def test_a_transfer_without_end_is_ended(peer: Peer, fetch: Fetch) -> None:
    peer.reply = lambda _: OK + encode(Kind.DATA, bytes(256)) * (MOST // 256 + 1)
    with pytest.raises(Malformed, match="more than it should"):
        fetch(expected=None, within=60)


def test_noise_before_an_answer_does_not_matter(peer: Peer, fetch: Fetch) -> None:
    peer.reply = lambda _: b"\xef\x01\xef\x55" + OK + encode(Kind.LAST_DATA, b"abcdefgh")
    assert fetch() == b"abcdefgh"


@pytest.mark.parametrize("call", ["ask", "fetch", "hush"])
def test_a_line_that_never_falls_silent_keeps_nobody_past_the_deadline(
    peer: Peer, wire: VirtualWire, line: Line, fetch: Fetch, call: str
) -> None:
    peer.reply = lambda _: b"\xef\x01\x00" * 100_000
    wire.write(command(Instruction.GET_IMAGE), by=0)
    wire.sleep(0.1)
    deadline = wire.now() + 0.2
    if call == "hush":
        line.hush(by=deadline)
    elif call == "ask":
        with pytest.raises(Unresponsive):
            line.ask(Instruction.GET_IMAGE, by=deadline)
    else:
        with pytest.raises(Unresponsive):
            fetch(within=0.2)
    assert wire.now() == pytest.approx(deadline)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_module_says_ends_in_a_value_or_a_named_error(peer: Peer, seed: int) -> None:
    chance = random.Random(seed)

    def anything(packet: Packet) -> bytes:
        if packet.kind != Kind.COMMAND:
            return b""
        instruction = packet.payload[0]
        if instruction == Instruction.VERIFY_PASSWORD:
            return OK
        if instruction == Instruction.READ_PARAMETERS and chance.random() < 0.9:
            return PARAMETERS
        code = chance.choice([0, 0, 0, 2, 6, 7, 8, 0x0E, 0x15, chance.randrange(256)])
        length = chance.choice([ANSWERED.get(Instruction(instruction), 0), chance.randrange(60)])
        said = encode(Kind.ACK, bytes([code]) + chance.randbytes(length))
        for _ in range(chance.randrange(3)):
            said += encode(chance.choice(list(Kind)), chance.randbytes(chance.randrange(257)))
        return said + chance.choice([b"", b"", b"\xef\x01", chance.randbytes(20)])

    peer.reply = anything
    try:
        reader = GrowReader(VirtualWire(peer), fastest=57_600)
    except DeviceError:
        return
    try:
        for call in (
            lambda: reader.light(True, within=0.2),
            lambda: reader.scan(within=0),
            lambda: reader.lifted(within=0),
            lambda: reader.match(Template(reader.model.template_family, b"x" * 768), within=0.2),
        ):
            with suppress(DeviceError):
                call()
    finally:
        reader.close()
