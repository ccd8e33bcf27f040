"""The SFM codec: the manual's own example, and any bytes at all."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.fingerprint.sfm.codec import (
    LENGTH,
    LONGEST_IMAGE,
    Command,
    Data,
    Decoder,
    Flag,
    Garbage,
    Packet,
    meaning,
    read_image,
    total,
    write_image,
)

words = st.integers(0, 0xFFFFFFFF)
octets = st.integers(0, 255)
packets = st.builds(Packet, octets, words, words, octets)
Item = Packet | Data | Garbage


def items(decoder: Decoder) -> list[Item]:
    found: list[Item] = []
    while (item := decoder.next()) is not None:
        found.append(item)
    return found


def test_the_manuals_example() -> None:
    # "Packet Protocol": ES with the identity 0x9929, byte by byte, its sum 0x107 modulo 256.
    printed = bytes.fromhex("40 05 29 99 00 00 00 00 00 00 00 07 0A")
    assert Packet(0x05, param=0x9929).write() == printed
    decoder = Decoder()
    decoder.feed(printed)
    assert items(decoder) == [Packet(0x05, param=0x9929)]


def test_the_lowest_byte_goes_first() -> None:
    # "Packet Protocol": 400 in the size field is sent as 90 01 00 00.
    assert Packet(Command.READ_IMAGE, size=400).write()[6:10] == bytes.fromhex("90 01 00 00")


@given(st.lists(packets, max_size=5), st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_it_does_not_matter_how_the_bytes_arrive(sent: list[Packet], cuts: list[int]) -> None:
    wire = b"".join(packet.write() for packet in sent)
    decoder, found, at, turn = Decoder(), [], 0, 0
    while at < len(wire):
        step = cuts[turn % len(cuts)]
        decoder.feed(wire[at : at + step])
        found += items(decoder)
        at, turn = at + step, turn + 1
    assert found == sent


@given(packets, st.binary(max_size=300), st.integers(1, 50), packets)
def test_data_is_data_whatever_it_looks_like(first: Packet, hidden: bytes, step: int, following: Packet) -> None:
    # What is sent as data holds a whole valid packet.
    data = hidden + following.write() + hidden
    wire = data + following.write()
    decoder, got, found = Decoder(), b"", []
    decoder.feed(first.write())
    assert items(decoder) == [first]
    decoder.expect(len(data))
    for at in range(0, len(wire), step):
        decoder.feed(wire[at : at + step])
        for item in items(decoder):
            if isinstance(item, Data):
                got += item.content
                assert item.left == len(data) - len(got)
            else:
                found.append(item)
    assert got == data
    assert found == [following]


@given(st.lists(st.one_of(st.binary(max_size=200), packets.map(Packet.write)), max_size=8), st.integers(1, 64))
def test_any_bytes_are_taken_in_and_little_is_held(pieces: list[bytes], step: int) -> None:
    noise, decoder, counted = b"".join(pieces), Decoder(), 0
    for at in range(0, len(noise), step):
        decoder.feed(noise[at : at + step])
        for item in items(decoder):
            assert not isinstance(item, Data)
            counted += item.count if isinstance(item, Garbage) else LENGTH
        assert 0 <= min(at + step, len(noise)) - counted < LENGTH


@given(words, words, st.binary(max_size=100))
def test_a_hostile_length_is_only_a_number(param: int, size: int, noise: bytes) -> None:
    decoder = Decoder()
    hostile = Packet(Command.READ_IMAGE, param, size, Flag.SUCCESS)
    decoder.feed(hostile.write() + noise)
    assert decoder.next() == hostile
    decoder.expect(size)
    got = sum(len(item.content) for item in items(decoder) if isinstance(item, Data))
    assert got == min(size, len(noise))
    decoder.reset()
    decoder.feed(Packet(Command.CANCEL).write())
    assert items(decoder) == [Packet(Command.CANCEL)], "after a reset nothing is waited for"


@given(packets, st.data())
def test_after_one_spoiled_byte_the_next_packet_is_found(packet: Packet, data: st.DataObject) -> None:
    wire = bytearray(packet.write())
    at = data.draw(st.integers(0, len(wire) - 1))
    spoil = data.draw(st.sampled_from(["drop", "flip", "stray"]))
    if spoil == "drop":
        del wire[at]
    elif spoil == "flip":
        wire[at] ^= data.draw(st.integers(1, 255))
    else:
        wire.insert(at, data.draw(octets))
    decoder, good = Decoder(), Packet(Command.CHECK_STATUS, flag=Flag.SUCCESS)
    decoder.feed(bytes(wire) + 3 * good.write())
    # What was spoiled may by chance make one packet with the next one's first bytes, never with more.
    assert items(decoder).count(good) >= 2


@given(packets, st.integers(0, LENGTH - 1), st.integers(1, 255))
def test_no_flipped_byte_passes(packet: Packet, at: int, bits: int) -> None:
    wire = bytearray(packet.write())
    wire[at] ^= bits
    decoder = Decoder()
    decoder.feed(bytes(wire))
    assert not [item for item in items(decoder) if isinstance(item, Packet)]


def test_what_does_not_fit_is_no_packet() -> None:
    with pytest.raises(struct.error):
        Packet(0x100).write()
    with pytest.raises(struct.error):
        Packet(1, param=-1).write()


def test_every_flag_says_what_it_means() -> None:
    assert all(flag.meaning for flag in Flag)
    assert meaning(Flag.BUSY) == "it is busy with another command, code 0x80"
    assert meaning(0xEE) == "code 0xee"


def test_an_image_comes_back() -> None:
    image = np.arange(272 * 320, dtype=np.uint32).astype(np.uint8).reshape(320, 272)
    raw = write_image(image)
    # SDK §3.9: seven words, then the pixels.
    assert raw[:28] == struct.pack("<7I", 272, 320, 0, 0, 0, 272 * 320, 0)
    assert np.array_equal(read_image(raw), image)


@pytest.mark.parametrize(
    "header",
    [
        (272, 320, 0, 0, 1, 87_040, 0),  # binary
        (272, 320, 0, 0, 0, 87_039, 0),
        (320, 320, 0, 0, 0, 102_400, 0),
        (0, 320, 0, 0, 0, 0, 0),
        (0xFFFFFFFF, 0xFFFFFFFF, 0, 0, 0, 1, 0),
    ],
)
def test_an_image_that_contradicts_its_header_is_none(header: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="image"):
        read_image(struct.pack("<7I", *header) + bytes(87_040))


@given(st.binary(max_size=60), st.one_of(st.just(b""), st.binary(min_size=28, max_size=28)))
def test_any_bytes_are_an_image_or_not(tail: bytes, head: bytes) -> None:
    try:
        image = read_image(head + tail)
    except ValueError:
        return
    assert image.size + 28 == len(head + tail)


def test_the_longest_image_bounds_what_is_waited_for() -> None:
    assert LONGEST_IMAGE == 28 + 640 * 480


@given(st.binary(max_size=1000))
def test_a_total_is_the_plain_sum(data: bytes) -> None:
    assert total(data) == (sum(data) & 0xFFFFFFFF).to_bytes(4, "little")


def test_what_could_be_of_a_print_does_not_print_itself() -> None:
    assert "content" not in repr(Data(b"ridges"))
