"""What holds for every kind of record: a cut, a tail, noise or damage is refused by name, or is another true record."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.common import Capture, MalformedRecord, Quality
from kiosk.capture.iso.face import FaceImage, Landmark, Pose, face_record, read_face_record
from kiosk.capture.iso.finger import FingerImage, finger_record, read_finger_record
from kiosk.capture.iso.images import compress
from kiosk.capture.iso.iris import Eye, IrisImage, iris_record, read_iris_record
from kiosk.capture.iso.signature import from_shares, read_signature_record, signature_record

PIXELS = bytes(n * n % 251 for n in range(20 * 16))
RGB = bytes(n * n % 251 for n in range(20 * 16 * 3))
CAPTURE = Capture(qualities=(Quality(50), Quality(255)))
LINE = [(0.1, 0.2, 0.0, 0.4), (0.9, 0.8, 0.25, 0.6)]


@dataclass(frozen=True)
class Form:
    record: bytes
    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]


def _finger(codec: Codec) -> Form:
    images = [FingerImage(position, PIXELS, 20, 16, capture=CAPTURE) for position in (2, 2, 7)]
    return Form(finger_record(images, codec=codec), read_finger_record, lambda found: finger_record(found, codec=codec))


def _iris(codec: Codec) -> Form:
    images = [IrisImage(eye, PIXELS, 20, 16, roll=3, distance=200, capture=CAPTURE) for eye in Eye]
    return Form(iris_record(images, codec=codec), read_iris_record, lambda found: iris_record(found, codec=codec))


def _face(codec: Codec) -> Form:
    picture = compress(RGB, 20, 16, codec=codec, components=3)
    points = (Landmark("12.1", 12, 6), Landmark("12.2", 7, 6))
    face = FaceImage(picture, codec, 20, 16, pose=Pose(2, -4, 0), landmarks=points, capture=CAPTURE)
    return Form(face_record(face), read_face_record, face_record)


def _signature(pressed: bool) -> Form:
    strokes = [[(x, y, t, p if pressed else None) for x, y, t, p in LINE]]
    return Form(signature_record(from_shares(strokes, width=100, height=40)), read_signature_record, signature_record)


FORMS = {
    **{f"finger {codec}": _finger(codec) for codec in (Codec.JPEG2000, Codec.PNG, Codec.RAW)},
    **{f"iris {codec}": _iris(codec) for codec in (Codec.JPEG2000, Codec.PNG, Codec.RAW)},
    **{f"face {codec}": _face(codec) for codec in (Codec.JPEG2000, Codec.PNG, Codec.JPEG)},
    "signature with force": _signature(pressed=True),
    "signature with switch": _signature(pressed=False),
}
EACH = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


@EACH
def test_the_whole_of_it_is_read(form: Form) -> None:
    found = form.read(form.record)
    assert form.read(form.write(found)) == found


@EACH
def test_every_cut_and_every_tail_is_refused(form: Form) -> None:
    for length in range(0, len(form.record), 1 + len(form.record) // 200):
        with pytest.raises(MalformedRecord):
            form.read(form.record[:length])
    for tail in (b"\0", form.record):
        with pytest.raises(MalformedRecord):
            form.read(form.record + tail)


@EACH
def test_another_kind_of_record_is_refused(form: Form) -> None:
    for other in FORMS.values():
        if other.read is not form.read:
            with pytest.raises(MalformedRecord, match="not a"):
                form.read(other.record)


@st.composite
def damaged(draw: st.DrawFn, record: bytes) -> bytes:
    """Bytes changed, a piece doubled or taken out, a number anywhere of any size; the record's length is put right."""
    found = bytearray(record)
    for _ in range(draw(st.integers(1, 3))):
        at, width = draw(st.integers(0, len(found) - 1)), draw(st.sampled_from((1, 1, 2, 4)))
        match draw(st.integers(0, 3)):
            case 0 | 1:
                found[at : at + width] = draw(st.binary(min_size=width, max_size=width))
            case 2:
                del found[at : at + draw(st.integers(1, 40))]
            case _:
                found[at:at] = found[at : at + draw(st.integers(1, 40))]
        if not found:
            return b""
    if draw(st.booleans()) and not found.startswith(b"SDI"):
        found[8:12] = struct.pack(">I", len(found))
    return bytes(found)


@EACH
@given(st.data())
def test_a_damaged_record_is_refused_or_is_another_true_record(form: Form, data: st.DataObject) -> None:
    record = data.draw(damaged(form.record))
    try:
        found = form.read(record)
    except MalformedRecord:
        return
    assert form.read(form.write(found)) == found


@EACH
@given(st.binary(max_size=200))
def test_noise_is_refused(form: Form, noise: bytes) -> None:
    for record in (noise, form.record[:12] + noise, form.record[:40] + noise):
        with pytest.raises(MalformedRecord):
            form.read(record)
