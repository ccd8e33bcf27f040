"""PWG Raster: any dots come back, and any bytes are pages or one named error."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer.ipp.raster import HEADER_SIZE, HEIGHT, WIDTH, Dots, NotRaster, Page, decode, encode


def dots(height: int, width: int, colours: int, seed: int) -> Dots:
    """Few colours make runs and equal lines, many make none."""
    return np.random.default_rng(seed).integers(0, colours, (height, width, 3), np.uint8)


faces = st.builds(dots, st.integers(1, 9), st.integers(1, 400), st.sampled_from([1, 2, 256]), st.integers(0, 999))
few_lines = st.builds(lambda face, times: face.repeat(times, axis=0), faces, st.sampled_from([1, 2, 300]))


@settings(max_examples=60, deadline=None)
@given(few_lines, st.booleans(), st.sampled_from([1, -1]))
def test_any_dots_come_back(face: Dots, tumble: bool, transform: int) -> None:
    sent = [
        Page(face, 300, duplex=True, tumble=tumble),
        Page(face[::-1], 300, duplex=True, tumble=tumble, feed_transform=transform),
    ]
    for page, before in zip(decode(encode(sent)), sent, strict=True):
        assert np.array_equal(page.dots, before.dots)
        assert (page.dpi, page.duplex, page.tumble) == (300, True, tumble)
        assert (page.cross_transform, page.feed_transform) == (1, before.feed_transform)


def test_runs_and_equal_lines_are_stored_once() -> None:
    assert len(encode([Page(np.zeros((1011, 638, 3), np.uint8), 300)])) == HEADER_SIZE + 4 + 4 * (1 + 5 * 4)
    noise = dots(1011, 638, 256, 1)
    assert len(encode([Page(noise, 300)])) < noise.nbytes * 1.01 + HEADER_SIZE


def test_the_bytes_of_a_line_are_as_in_the_standard() -> None:
    face = np.array([[[1, 2, 3]] * 7 + [[4, 5, 6]]] * 2, np.uint8)
    assert encode([Page(face, 300)])[4 + HEADER_SIZE :] == b"\x01\x06\x01\x02\x03\x00\x04\x05\x06"
    different = np.arange(9, dtype=np.uint8).reshape(1, 3, 3)
    assert encode([Page(different, 300)])[4 + HEADER_SIZE :] == b"\x00\xfe" + different.tobytes()


@given(st.binary(max_size=300), st.sampled_from([b"", b"RaS2"]))
def test_any_bytes_are_pages_or_a_named_error(data: bytes, start: bytes) -> None:
    with contextlib.suppress(NotRaster):
        decode(start + data)


@settings(deadline=None)
@given(faces, st.data())
def test_a_file_with_changed_bytes_is_pages_or_a_named_error(face: Dots, data: st.DataObject) -> None:
    spoiled = bytearray(encode([Page(face, 300)]))
    places = st.one_of(
        st.integers(0, len(spoiled) - 1), st.integers(4 + 368, 4 + 404), st.integers(4 + HEADER_SIZE, len(spoiled) - 1)
    )
    for place in data.draw(st.lists(places, min_size=1, max_size=4)):
        spoiled[place] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0x81, 0xFF]))
    with contextlib.suppress(NotRaster):
        decode(bytes(spoiled))


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0xFFFFFFFF, 0xFFFFFFFF), (60_000, 60_000)])
def test_an_impossible_page_takes_no_memory(size: tuple[int, int]) -> None:
    lying = bytearray(encode([Page(dots(2, 2, 2, 1), 300)]))
    for place, number in zip((HEIGHT, WIDTH), size, strict=True):
        lying[4 + place : 8 + place] = number.to_bytes(4, "big")
    with pytest.raises(NotRaster, match="impossible"):
        decode(bytes(lying))


def test_a_third_face_is_refused() -> None:
    with pytest.raises(NotRaster, match="two faces"):
        decode(encode([Page(dots(2, 2, 2, 1), 300)] * 3))


def test_a_file_that_is_cut_is_refused() -> None:
    whole = encode([Page(dots(5, 40, 256, 1), 300)])
    for end in (0, 4 + 100, 4 + HEADER_SIZE, len(whole) - 1):
        with pytest.raises(NotRaster):
            decode(whole[:end] or b"Ra")
