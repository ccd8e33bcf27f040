"""The layouts are frozen: small records in ``vectors/``, made of synthetic values, mean for ever what they mean here.

PYTHONPATH=. python tests/capture/iso/test_vectors.py     # writes them anew, when a layout changes on purpose
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.capture.iso.cbeff import Bir, bir_document, finger_subtype, read_bir_document
from kiosk.capture.iso.cbeff import Kind as Biometric
from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.common import Capture, Device, Quality
from kiosk.capture.iso.face import (
    Expression,
    EyeColour,
    FaceImage,
    Gender,
    HairColour,
    Kind,
    Landmark,
    Pose,
    Processing,
    Property,
    Source,
    face_record,
    read_face_record,
)
from kiosk.capture.iso.finger import FingerImage, Technology, finger_record, read_finger_record
from kiosk.capture.iso.images import compress
from kiosk.capture.iso.iris import Between, Eye, IrisImage, Orientation, iris_record, read_iris_record
from kiosk.capture.iso.iris import Kind as IrisKind
from kiosk.capture.iso.iris import Technology as IrisTechnology
from kiosk.capture.iso.signature import from_shares, read_signature_record, signature_record

VECTORS = Path(__file__).parent / "vectors"
TAKEN = datetime(2025, 3, 4, 5, 6, 7, 891_000, tzinfo=UTC)


def rings(width: int, height: int, step: int) -> bytes:
    """Grey rings around the middle."""
    return bytes(
        abs((((2 * x - width) ** 2 + (2 * y - height) ** 2) // step) % 510 - 255)
        for y in range(height)
        for x in range(width)
    )


FINGERS = tuple(
    FingerImage(
        position,
        rings(40, 48, 2 + view),
        40,
        48,
        capture=Capture(
            TAKEN if view else None,
            Technology.CAPACITIVE,
            Device(0, 3),
            (Quality(61 + view), Quality.nfiq2(44, "2.3.0"), Quality(255)),
        ),
    )
    for position, view in ((2, 0), (2, 1), (7, 0))
)
IRISES = (
    IrisImage(
        Eye.RIGHT,
        rings(64, 48, 5),
        64,
        48,
        IrisKind.UNCROPPED,
        Orientation.BASE,
        Orientation.BASE,
        distance=300,
        roll=3.515625,
        roll_uncertainty=2.8125,
        centre_x=Between(31, 33),
        centre_y=Between(23, 25),
        diameter=Between(38, 40),
        capture=Capture(TAKEN, IrisTechnology.CMOS_OR_CCD, Device(0, 9), (Quality(70),)),
    ),
    IrisImage(Eye.LEFT, rings(64, 48, 7), 64, 48),
)
STROKES = (
    [(0.1, 0.5, 0.0, 0.2), (0.4, 0.1, 0.125, 0.9), (0.5, 0.9, 0.25, 0.4)],
    [(0.6, 0.5, 0.5, 0.5), (0.9, 0.5, 0.75, 0.0)],
)
PRESSED = from_shares(STROKES, width=120, height=45)
TOUCHED = from_shares([[(x, y, t, None) for x, y, t, _ in stroke] for stroke in STROKES], width=120, height=45)


def face(picture: bytes) -> FaceImage:
    return FaceImage(
        picture,
        Codec.JPEG,
        48,
        64,
        Kind.BASIC,
        Gender.MALE,
        EyeColour.UNSPECIFIED,
        HairColour.UNSPECIFIED,
        properties=frozenset({Property.HEAD_COVERING}),
        expressions=frozenset({Expression.NEUTRAL}),
        pose=Pose(-2, 4, 0, (5, 5, 3)),
        landmarks=(Landmark("12.1", 30, 28), Landmark("12.2", 18, 28), Landmark("9.3", 24, 36)),
        head_width=300,
        processing=frozenset({Processing.CROPPED, Processing.DOWN_SAMPLED}),
        capture=Capture(TAKEN, Source.VIDEO_CAMERA, Device(0, 1), (Quality(81),)),
    )


def a_face() -> FaceImage:
    """Its picture is the vector's own: what a JPEG encoder writes is its own business."""
    return face(read_face_record((VECTORS / "face.fac").read_bytes()).picture)


def birs() -> tuple[Bir, ...]:
    return (
        Bir(Biometric.FINGER, finger_record(FINGERS[1:2], codec=Codec.RAW), finger_subtype(2), TAKEN, Quality(62)),
        Bir(Biometric.IRIS, iris_record(IRISES[1:], codec=Codec.RAW), "Left"),
        Bir(Biometric.SIGNATURE, signature_record(PRESSED), created=TAKEN),
    )


@dataclass(frozen=True)
class Vector:
    made: Callable[[], Any]
    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]
    same_bytes: bool = True
    """Not so where an image encoder's own choices are inside."""


EACH = {
    "finger.fir": Vector(lambda: FINGERS, read_finger_record, lambda found: finger_record(found, codec=Codec.RAW)),
    "finger-jpeg2000.fir": Vector(lambda: FINGERS, read_finger_record, finger_record, same_bytes=False),
    "face.fac": Vector(a_face, read_face_record, face_record),
    "iris.iir": Vector(lambda: IRISES, read_iris_record, lambda found: iris_record(found, codec=Codec.RAW)),
    "iris-jpeg2000.iir": Vector(lambda: IRISES, read_iris_record, iris_record, same_bytes=False),
    "signature-force.sdi": Vector(lambda: PRESSED, read_signature_record, signature_record),
    "signature-switch.sdi": Vector(lambda: TOUCHED, read_signature_record, signature_record),
    "birs.xml": Vector(birs, read_bir_document, bir_document),
}


@pytest.mark.parametrize("name", EACH)
def test_a_frozen_record_means_what_it_meant(name: str) -> None:
    vector, record = EACH[name], (VECTORS / name).read_bytes()
    found = vector.read(record)
    # Through the writer once, as signatures are kept in steps.
    assert found == vector.read(vector.write(vector.made()))
    if vector.same_bytes:
        assert vector.write(vector.made()) == record


def test_no_vector_is_forgotten() -> None:
    assert {path.name for path in VECTORS.iterdir()} == set(EACH)


if __name__ == "__main__":
    VECTORS.mkdir(exist_ok=True)
    photograph = rings(48, 64, 9)
    coloured = bytes(value for grey in photograph for value in (grey, grey // 2 + 60, 200 - grey // 2))
    packed = compress(coloured, 48, 64, codec=Codec.JPEG, components=3)
    (VECTORS / "face.fac").write_bytes(face_record(face(packed)))
    for file, kind in EACH.items():
        (VECTORS / file).write_bytes(kind.write(kind.made()))
