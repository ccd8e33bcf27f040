"""From a recording's records to one document: every image by itself, with its own time and quality."""

from datetime import UTC, datetime
from pathlib import Path

from kiosk.capture.iso.cbeff import Kind, bir_document, read_bir_document
from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.common import Quality
from kiosk.capture.iso.envelope import face_bir, finger_birs, iris_birs, signature_bir
from kiosk.capture.iso.finger import read_finger_record
from kiosk.capture.iso.iris import read_iris_record

VECTORS = Path(__file__).parent / "vectors"
TAKEN = datetime(2025, 3, 4, 5, 6, 7, 891_000, tzinfo=UTC)


def vector(name: str) -> bytes:
    return (VECTORS / name).read_bytes()


def test_each_impression_is_a_record_of_its_own() -> None:
    birs = list(finger_birs(vector("finger.fir")))
    assert [(bir.subtype, bir.created, bir.quality) for bir in birs] == [
        ("Right IndexFinger", None, Quality(61)),
        ("Right IndexFinger", TAKEN, Quality(62)),
        ("Left IndexFinger", None, Quality(61)),
    ]
    together = tuple(image for bir in birs for image in read_finger_record(bir.record))
    assert together == read_finger_record(vector("finger.fir"))


def test_each_eye_is_a_record_of_its_own() -> None:
    birs = list(iris_birs(vector("iris.iir"), codec=Codec.PNG))
    assert [(bir.subtype, bir.created, bir.quality) for bir in birs] == [
        ("Right", TAKEN, Quality(70)),
        ("Left", None, None),
    ]
    together = tuple(image for bir in birs for image in read_iris_record(bir.record))
    assert together == read_iris_record(vector("iris.iir"))


def test_a_whole_recording_makes_one_document() -> None:
    face, signature = vector("face.fac"), vector("signature-force.sdi")
    birs = (
        *finger_birs(vector("finger.fir")),
        *iris_birs(vector("iris.iir")),
        face_bir(face),
        signature_bir(signature, signed=TAKEN),
    )
    found = read_bir_document(bir_document(birs))
    assert found == birs
    assert [(bir.kind, bir.record, bir.created) for bir in found[-2:]] == [
        (Kind.FACE, face, TAKEN),
        (Kind.SIGNATURE, signature, TAKEN),
    ]
