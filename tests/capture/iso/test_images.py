"""Pictures in records: nothing lost, the resolution told, and no header believed that the picture does not bear out."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kiosk.capture.iso import images
from kiosk.capture.iso.codec import Codec, lossless_codec
from kiosk.capture.iso.common import MalformedRecord
from kiosk.capture.iso.images import check_packed, compress, decompress

LOSSLESS = (Codec.JPEG2000, Codec.PNG, Codec.RAW)


def noise(width: int, height: int, components: int = 1) -> bytes:
    return np.random.default_rng(width).integers(0, 256, width * height * components, dtype=np.uint8).tobytes()


@st.composite
def pictures(draw: st.DrawFn) -> tuple[bytes, int, int, int]:
    """Sizes that no row filter or padding would forgive, and pixels that do not compress."""
    width, height, components = draw(st.integers(1, 40)), draw(st.integers(1, 40)), draw(st.sampled_from((1, 3)))
    size = width * height * components
    return draw(st.binary(min_size=size, max_size=size)), width, height, components


@given(pictures(), st.sampled_from(LOSSLESS), st.sampled_from((0, 1, 500, 65535)))
def test_every_pixel_comes_back(picture: tuple[bytes, int, int, int], codec: Codec, ppi: int) -> None:
    pixels, width, height, components = picture
    packed = compress(pixels, width, height, codec=codec, ppi=ppi, components=components)
    assert decompress(packed, codec, width, height, components=components) == pixels


@pytest.mark.parametrize("codec", [Codec.JPEG2000, Codec.PNG])
def test_a_picture_tells_its_resolution(codec: Codec) -> None:
    with Image.open(io.BytesIO(compress(noise(30, 20), 30, 20, codec=codec, ppi=508))) as picture:
        assert picture.info["dpi"] == pytest.approx((508, 508), abs=0.02)


def test_jpeg_2000_is_told_apart_by_others_as_lossless() -> None:
    packed = compress(noise(64, 64), 64, 64, codec=Codec.JPEG2000, ppi=500)
    decoded = cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert decoded is None or decoded.tobytes() == noise(64, 64)  # OpenCV is built without JPEG 2000 on some machines


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"irreversible": True}, "not lossless"),
        ({"quality_mode": "rates", "quality_layers": [20, 0]}, "coded in a way"),
        ({"precinct_size": (128, 128)}, "coded in a way"),
        ({"tile_size": (32, 32)}, "not the picture"),
        ({"no_jp2": True}, "box"),
    ],
)
def test_another_way_of_jpeg_2000_is_refused(options: dict[str, object], why: str) -> None:
    packed = io.BytesIO()
    Image.frombytes("L", (64, 64), noise(64, 64)).save(packed, "JPEG2000", **options)
    with pytest.raises(MalformedRecord, match=why):
        decompress(packed.getvalue(), Codec.JPEG2000, 64, 64)


@pytest.mark.parametrize(
    ("found", "put", "why"),
    [
        (b"jp2 \x00", b"jpx \x00", "no JPEG 2000 file"),
        (b"\xff\x4f\xff\x51", b"\xff\x4e\xff\x51", "does not begin as one"),
        (b"\xff\x64", b"\xff\x5d", "coded in a way"),
        (b"\xff\x5c", b"\xff\x64", "header is not whole"),
        (b"\xff\x64\x00", b"\xff\x64\x00\x01", "shorter than its own length"),
        (b"\x00\x01\xff\x93", b"\x01\x01\xff\x93", "one tile in one part"),
        (b"\xff\x93", b"\xff\x92", "does not end as one"),
        (b"resc", b"resd", "no resc box"),
        (b"\x00\x00\x00\x11\x00", b"\x00\x00\x00\x12\x00", "neither grey nor sRGB"),  # it would be converted
        (b"\x07\x01\x01\xff\x52", b"\x0b\x01\x01\xff\x52", "other than 8 bits"),
    ],
)
def test_a_jpeg_2000_file_that_we_do_not_write_is_refused_in_words(found: bytes, put: bytes, why: str) -> None:
    packed = compress(noise(64, 64), 64, 64, codec=Codec.JPEG2000, ppi=500)
    at = packed.index(found)
    with pytest.raises(MalformedRecord, match=why):
        decompress(packed[:at] + put + packed[at + len(put) :], Codec.JPEG2000, 64, 64)


def test_a_jpeg_without_its_size_and_a_png_without_pixels_are_refused() -> None:
    jpeg = compress(noise(16, 12), 16, 12, codec=Codec.JPEG)
    with pytest.raises(MalformedRecord, match="size once"):
        check_packed(jpeg.replace(b"\xff\xc0", b"\xff\xfe"), Codec.JPEG, 16, 12)
    png = compress(noise(16, 12), 16, 12, codec=Codec.PNG)
    at = png.index(b"IDAT") + 4
    size = int.from_bytes(png[at - 8 : at - 4], "big")
    broken = b"\0" * size
    with pytest.raises(MalformedRecord, match="damaged"):
        decompress(
            png[:at] + broken + struct.pack(">I", zlib.crc32(b"IDAT" + broken)) + png[at + size + 4 :],
            Codec.PNG,
            16,
            12,
        )


@pytest.mark.parametrize("quality", [40, 92])
def test_the_photographs_that_opencv_writes_are_taken(quality: int) -> None:
    pixels = np.frombuffer(noise(60, 80, 3), np.uint8).reshape(80, 60, 3)
    settings = (cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1)
    packed = cv2.imencode(".jpg", pixels, settings)[1].tobytes()
    check_packed(packed, Codec.JPEG, 60, 80, components=3)
    assert len(decompress(packed, Codec.JPEG, 60, 80, components=3)) == 60 * 80 * 3


def test_a_progressive_jpeg_is_refused() -> None:
    packed = io.BytesIO()
    Image.frombytes("RGB", (60, 80), noise(60, 80, 3)).save(packed, "JPEG", progressive=True)
    with pytest.raises(MalformedRecord, match="coded in a way"):
        check_packed(packed.getvalue(), Codec.JPEG, 60, 80, components=3)


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("promised", [(4, 3), (5000, 4999), (4999, 5000), (65535, 65535)])
def test_a_picture_of_another_size_is_never_unpacked(
    codec: Codec, promised: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = compress(bytes(5000 * 5000 // 8), 5000, 625, codec=codec)
    monkeypatch.setattr(images.Image, "open", lambda *_, **__: pytest.fail("unpacked"))
    with pytest.raises(MalformedRecord, match=r"promise|fit a record"):
        decompress(bomb, codec, *promised)


def test_a_png_that_swells_beyond_its_rows_is_refused() -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 3, 8, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(50_000_000))) + chunk(b"IEND", b"")
    with pytest.raises(MalformedRecord, match="rows"):
        decompress(bomb, Codec.PNG, 4, 3)


@given(st.sampled_from((Codec.JPEG2000, Codec.PNG, Codec.JPEG)), st.data())
def test_a_damaged_picture_is_refused_or_is_a_picture(codec: Codec, data: st.DataObject) -> None:
    packed = bytearray(compress(noise(16, 12), 16, 12, codec=codec))
    for _ in range(data.draw(st.integers(1, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.just(len(packed)) | st.integers(0, len(packed)))
    try:
        pixels = decompress(bytes(packed[:cut]), codec, 16, 12)
    except MalformedRecord:
        return
    assert len(pixels) == 16 * 12  # JPEG and JPEG 2000 have no checksums
    assert codec is not Codec.PNG or pixels == noise(16, 12)


@pytest.mark.parametrize("codec", [Codec.JPEG2000, Codec.PNG, Codec.JPEG])
def test_what_follows_or_lacks_the_end_is_refused(codec: Codec) -> None:
    packed = compress(noise(16, 12), 16, 12, codec=codec)
    for wrong in (packed + b"\0", packed[:-1], b"", packed[:30], packed + packed):
        with pytest.raises(MalformedRecord):
            decompress(wrong if wrong != packed + packed or codec is not Codec.JPEG else b"", codec, 16, 12)


def test_the_png_carries_nothing_but_the_picture() -> None:
    packed = compress(noise(16, 12), 16, 12, codec=Codec.PNG, ppi=500)
    text = struct.pack(">I", 3) + b"tEXtabc" + struct.pack(">I", zlib.crc32(b"tEXtabc"))
    with pytest.raises(MalformedRecord, match="do not belong"):
        decompress(packed[:33] + text + packed[33:], Codec.PNG, 16, 12)


def test_a_configuration_names_its_codec() -> None:
    assert lossless_codec("jpeg2000") is Codec.JPEG2000
    with pytest.raises(ValueError, match="WSQ cannot be written"):
        lossless_codec("wsq")
    for other in ("jpeg", "", "JPEG2000"):
        with pytest.raises(ValueError, match="packed as jpeg2000, png, raw"):
            lossless_codec(other)


@pytest.mark.parametrize(
    ("pixels", "width", "height"), [(b"", 0, 1), (bytes(11), 4, 3), (bytes(65536), 65536, 1), (b"", 65535, 65535)]
)
def test_what_is_no_picture_is_not_packed(pixels: bytes, width: int, height: int) -> None:
    with pytest.raises(ValueError, match="pixels"):
        compress(pixels, width, height, codec=Codec.RAW)
