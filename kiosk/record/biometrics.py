"""What a visit captured, as the records of ISO/IEC 19794 that the centre reads, and back to pictures.

One record of each kind: 19794-5 for the photo, 19794-4 for all fingers, 19794-6 for the irises, 19794-7 for the
signature's time series. No FAP level is claimed: no small sensor meets one.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from kiosk.capture.advice import FaceAdvice
from kiosk.capture.iso import face, finger, iris, signature
from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.common import Capture, Device, Quality
from kiosk.capture.iso.images import compress
from kiosk.capture.processing import Processing
from kiosk.journey.eyes import Eye, IrisImage
from kiosk.journey.session import Impression, Photo, Point, Session, Sex


class Opinion(NamedTuple):
    """An installed NFIQ 2's score, 0 to 100, and its version."""

    score: int
    version: str


_EYES = {Eye.RIGHT: iris.Eye.RIGHT, Eye.LEFT: iris.Eye.LEFT}
_PROCESSING = {
    Processing.ROTATED: face.Processing.ROTATED,
    Processing.CROPPED: face.Processing.CROPPED,
    Processing.DOWN_SAMPLED: face.Processing.DOWN_SAMPLED,
    Processing.INTERPOLATED: face.Processing.INTERPOLATED,
}
_GENDERS = {Sex.MALE: face.Gender.MALE, Sex.FEMALE: face.Gender.FEMALE}


@dataclass(frozen=True, slots=True)
class Records:
    """The four records; empty where an officer excepted all that it would hold, or the station has no such device."""

    face: bytes = field(repr=False)
    fingers: bytes = field(default=b"", repr=False)
    irises: bytes = field(default=b"", repr=False)
    signature: bytes = field(default=b"", repr=False)

    def photo(self) -> bytes:
        """The portrait, JPEG."""
        return face.read_face_record(self.face).picture

    def finger_pictures(self) -> tuple[bytes, ...]:
        """Each finger image as PNG, in the record's order: the fingers given, then those given again."""
        if not self.fingers:
            return ()
        return tuple(
            compress(each.pixels, each.width, each.height, codec=Codec.PNG, ppi=each.ppi)
            for each in finger.read_finger_record(self.fingers)
        )

    def iris_pictures(self) -> tuple[bytes, ...]:
        """Each iris image as PNG, in the record's order."""
        if not self.irises:
            return ()
        return tuple(
            compress(each.pixels, each.width, each.height, codec=Codec.PNG)
            for each in iris.read_iris_record(self.irises)
        )


NOT_TOLD = Device()


@dataclass(frozen=True, slots=True)
class Making:
    """How a station makes its records: the lossless codec of fingers and irises, and who made its devices."""

    codec: Codec = Codec.JPEG2000
    camera: Device = NOT_TOLD
    reader: Device = NOT_TOLD
    eye_camera: Device = NOT_TOLD


PLAIN = Making()
MOST_POINTS, MOST_STROKES = 40_000, 20_000
"""Of a signature; a record holds 100,000 points, of which each stroke takes one more. A larger one is thinned out: what
a resident approved is not refused because a panel told too much."""


def records_of(session: Session, *, making: Making, opinions: Sequence[Opinion | None]) -> Records:
    """The records of a visit that is complete.

    ``opinions``: an installed NFIQ 2's, one for each finger given and then given again; None where it has none.

    Raises:
        ValueError: there is no photo.
    """
    if session.photo is None or session.biodata is None:
        raise ValueError("the visit lacks the photo")
    given = zip((*session.impressions, *session.rechecked), opinions, strict=True)
    fingers = [_finger(impression, opinion, making.reader) for impression, opinion in given]
    irises = [_iris(each, making.eye_camera) for each in session.irises]
    return Records(
        face=face.face_record(_face(session.photo, session.biodata.sex, making.camera)),
        fingers=finger.finger_record(fingers, codec=making.codec) if fingers else b"",
        irises=iris.iris_record(irises, codec=making.codec) if irises else b"",
        signature=_signature(session) if session.strokes else b"",
    )


def _face(photo: Photo, sex: Sex, device: Device) -> face.FaceImage:
    angles = photo.angles
    glasses = photo.advice is FaceAdvice.GLASSES_OFF
    return face.FaceImage(
        photo.jpeg,
        Codec.JPEG,
        photo.width,
        photo.height,
        gender=_GENDERS[sex],
        # Only what was found is said: glasses that were not suspected may still be there. Shut eyes and an open mouth
        # stand in the packet beside the record: bio-utils, which MOSIP reads records with, refuses one that names them.
        properties=frozenset({face.Property.GLASSES}) if glasses else None,
        pose=None if angles is None else face.Pose(*angles),
        landmarks=tuple(
            face.Landmark(name, round(x), round(y))
            for name, x, y in photo.points
            if 0 <= round(x) < photo.width and 0 <= round(y) < photo.height
        ),
        processing=frozenset(_PROCESSING[each] for each in photo.processing),
        capture=Capture(photo.captured, face.Source.PHOTO_CAMERA, device, (Quality(photo.score),)),
    )


def _finger(impression: Impression, second: Opinion | None, device: Device) -> finger.FingerImage:
    qualities = [Quality(impression.score)]
    if second is not None:
        qualities.append(Quality.nfiq2(second.score, second.version))
    return finger.FingerImage(
        int(impression.finger),
        impression.pixels,
        impression.width,
        impression.height,
        impression.ppi,
        capture=Capture(impression.captured, device=device, qualities=tuple(qualities)),
    )


def _iris(image: IrisImage, device: Device) -> iris.IrisImage:
    def exactly(pixels: int) -> iris.Between:
        return iris.Between(max(1, pixels), max(1, pixels))

    return iris.IrisImage(
        _EYES[image.eye],
        image.pixels,
        image.width,
        image.height,
        kind=iris.Kind.VGA if (image.width, image.height) == (640, 480) else iris.Kind.UNCROPPED,
        horizontal=iris.Orientation.BASE,
        vertical=iris.Orientation.BASE,
        centre_x=exactly(image.centre_x),
        centre_y=exactly(image.centre_y),
        diameter=exactly(image.diameter),
        capture=Capture(image.captured, iris.Technology.CMOS_OR_CCD, device, (Quality(image.score),)),
    )


def _signature(session: Session) -> bytes:
    points = [[point for point in stroke if math.isfinite(point.x + point.y)] for stroke in session.strokes]
    strokes = _thinned([stroke for stroke in points if stroke])
    if not strokes:
        return b""
    pressures = {point.pressure for stroke in strokes for point in stroke}
    # A screen that feels no pressure says the same of every touch; one that says nonsense feels none either.
    felt = len(pressures) > 1 and all(each is not None and 0 <= each <= 1 for each in pressures)
    times = iter(_rising(point.t for stroke in strokes for point in stroke))
    told = [[(x, y, next(times), pressure if felt else None) for x, y, _, pressure in each] for each in strokes]
    width, height = (min(max(side, 1.0), signature.LARGEST_FIELD) for side in session.field_mm)
    return signature.signature_record(signature.from_shares(told, width=width, height=height))


def _thinned(strokes: Sequence[Sequence[Point]]) -> list[list[Point]]:
    """The strokes with no more points than a record holds: of each every so many, and its last."""
    strokes = strokes[:MOST_STROKES]
    every = math.ceil(sum(map(len, strokes)) / MOST_POINTS) or 1
    return [[*stroke[:-1:every], stroke[-1]] for stroke in strokes]


def _rising(times: Iterable[float]) -> Iterator[float]:
    """The times as a record can say them: never backward, and what came too late as late as can be said."""
    last = 0.0
    for t in times:
        last = max(last, min(t, signature.LONGEST)) if math.isfinite(t) else last
        yield last
