"""A recording's records as BIRs, cut for readers that take one image a record, as MOSIP's do."""

from collections.abc import Iterator
from datetime import datetime

from kiosk.capture.iso.cbeff import Bir, Kind, finger_subtype
from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.common import Capture
from kiosk.capture.iso.face import read_face_record
from kiosk.capture.iso.finger import finger_record, read_finger_record
from kiosk.capture.iso.iris import iris_record, read_iris_record


def finger_birs(record: bytes, *, codec: Codec = Codec.JPEG2000) -> Iterator[Bir]:
    """One BIR for each impression of a finger record, in its order; MalformedRecord when it is none."""
    for finger in read_finger_record(record):
        one = finger_record([finger], codec=codec)
        yield _bir(Kind.FINGER, one, finger_subtype(finger.position), finger.capture)


def iris_birs(record: bytes, *, codec: Codec = Codec.JPEG2000) -> Iterator[Bir]:
    """One BIR for each picture of an iris record, in its order; MalformedRecord when it is none."""
    for iris in read_iris_record(record):
        yield _bir(Kind.IRIS, iris_record([iris], codec=codec), iris.eye.name.capitalize(), iris.capture)


def face_bir(record: bytes) -> Bir:
    """The BIR of a face record; MalformedRecord when it is none."""
    return _bir(Kind.FACE, record, "", read_face_record(record).capture)


def signature_bir(record: bytes, *, signed: datetime | None) -> Bir:
    """The BIR of a signature record, whose format has no place for the time (aware, or None)."""
    return Bir(Kind.SIGNATURE, record, created=signed)


def _bir(kind: Kind, record: bytes, subtype: str, capture: Capture) -> Bir:
    """A BIR has room for one quality: the first that the image carries."""
    return Bir(kind, record, subtype, capture.captured, next(iter(capture.qualities), None))
