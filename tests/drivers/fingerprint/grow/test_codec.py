"""The GROW/ZFM codec: the manual's own examples, and any bytes at all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.fingerprint.grow.codec import (
    EVERYBODY,
    LONGEST,
    Decoder,
    Garbage,
    Instruction,
    Kind,
    Packet,
    Parameters,
    Product,
    command,
    encode,
    pack_image,
    unpack_image,
)

payloads = st.binary(max_size=LONGEST)
kinds = st.sampled_from(list(Kind))


@pytest.mark.parametrize(
    ("made", "printed"),
    [
        # R307 manual §3, as printed there: instruction package formats with their checksums.
        (command(Instruction.GET_IMAGE), "EF01 FFFFFFFF 01 0003 01 0005"),
        (command(Instruction.EXTRACT, b"\x01"), "EF01 FFFFFFFF 01 0004 02 01 0008"),
        (command(Instruction.MATCH), "EF01 FFFFFFFF 01 0003 03 0007"),
        (command(Instruction.UPLOAD_IMAGE), "EF01 FFFFFFFF 01 0003 0A 000E"),
        (command(Instruction.READ_PARAMETERS), "EF01 FFFFFFFF 01 0003 0F 0013"),
        (command(Instruction.VERIFY_PASSWORD, bytes(4)), "EF01 FFFFFFFF 01 0007 13 00000000 001B"),
        (command(Instruction.EMPTY), "EF01 FFFFFFFF 01 0003 0D 0011"),
        # R503 manual v1.2.2, p. 14, and ZFM-70 manual §6.3.5.
        (command(Instruction.COUNT), "EF01 FFFFFFFF 01 0003 1D 0021"),
        (command(Instruction.ECHO), "EF01 FFFFFFFF 01 0003 53 0057"),
    ],
)
def test_commands_are_those_of_the_manual(made: bytes, printed: str) -> None:
    assert made == bytes.fromhex(printed)


@given(kinds, payloads, st.integers(0, EVERYBODY))
def test_a_packet_comes_back(kind: Kind, payload: bytes, address: int) -> None:
    assert Decoder().feed(encode(kind, payload, address=address)) == [Packet(kind, payload, address)]


@given(st.lists(st.tuples(kinds, payloads), max_size=5), st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_it_does_not_matter_how_the_bytes_arrive(packets: list[tuple[Kind, bytes]], cuts: list[int]) -> None:
    wire = b"".join(encode(kind, payload) for kind, payload in packets)
    decoder, found, at, turn = Decoder(), [], 0, 0
    while at < len(wire):
        step = cuts[turn % len(cuts)]
        found += decoder.feed(wire[at : at + step])
        at, turn = at + step, turn + 1
    assert found == [Packet(kind, payload) for kind, payload in packets]


@given(st.binary(max_size=2000))
def test_any_bytes_are_taken_in_and_little_is_held(noise: bytes) -> None:
    decoder = Decoder()
    found = decoder.feed(noise)
    counted = sum(item.count if isinstance(item, Garbage) else 11 + len(item.payload) for item in found)
    held = len(noise) - counted
    assert 0 <= held <= 9 + LONGEST + 2


@given(payloads, st.data())
def test_after_one_spoiled_byte_the_next_packet_is_found(payload: bytes, data: st.DataObject) -> None:
    wire = bytearray(encode(Kind.DATA, payload))
    at = data.draw(st.integers(0, len(wire) - 1))
    spoil = data.draw(st.sampled_from(["drop", "flip", "stray"]))
    if spoil == "drop":
        del wire[at]
    elif spoil == "flip":
        wire[at] ^= data.draw(st.integers(1, 255))
    else:
        wire.insert(at, data.draw(st.integers(0, 255)))
    decoder = Decoder()
    following = [encode(Kind.ACK, b"\x00")] * 40
    found = decoder.feed(bytes(wire) + b"".join(following))
    # A spoiled length may swallow what follows it, but never more than one longest packet.
    acknowledged = sum(item == Packet(Kind.ACK, b"\x00") for item in found)
    assert acknowledged >= len(following) - (LONGEST + 11) // len(following[0]) - 1


@pytest.mark.parametrize("length", [0, 1, LONGEST + 3, 0xFFFF])
def test_a_hostile_length_is_garbage_at_once(length: int) -> None:
    hostile = b"\xef\x01" + b"\xff" * 4 + bytes([Kind.DATA]) + length.to_bytes(2, "big")
    good = encode(Kind.ACK, b"\x00")
    assert Packet(Kind.ACK, b"\x00") in Decoder().feed(hostile + good)


@given(st.binary(min_size=16, max_size=16))
def test_parameters_are_read_or_refused(raw: bytes) -> None:
    try:
        parameters = Parameters.read(raw)
    except ValueError:
        return
    assert parameters.write() == raw


@given(st.binary(min_size=40, max_size=50))
def test_a_product_is_read_or_refused(raw: bytes) -> None:
    try:
        product = Product.read(raw)
    except ValueError:
        return
    assert product.module.isprintable()
    assert 64 <= product.width <= 640
    assert 64 <= product.height <= 640


def test_a_product_comes_back_and_an_impossible_one_does_not() -> None:
    product = Product("R503", "A1", "00000042", (1, 2), "GC0401", 192, 192, 1536, 200)
    assert Product.read(product.write()) == product
    for width, height in ((0, 0), (191, 192), (192, 0xFFFF)):
        with pytest.raises(ValueError, match="of this size"):
            Product.read(product.write()[:38] + width.to_bytes(2, "big") + height.to_bytes(2, "big") + bytes(4))
    with pytest.raises(ValueError, match="forty-six"):
        Product.read(product.write()[:-1])


def test_an_image_goes_over_the_wire_at_sixteen_levels() -> None:
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    back = unpack_image(pack_image(image), width=16, height=16)
    assert np.array_equal(back, (image >> 4) * 17)
    assert pack_image(np.array([[0x10, 0xF0]], np.uint8)) == b"\x1f", "the left pixel is in the high nibble"
    with pytest.raises(ValueError, match="has 128 bytes"):
        unpack_image(b"", width=16, height=16)
