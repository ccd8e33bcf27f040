"""A recording as the centre hands it on to a matcher: its ISO/IEC 19794 records in one CBEFF document.

A packet carries the bare records, since the document's base64 would make it a third larger on a village's network.
"""

from datetime import UTC, datetime

from kiosk.capture.iso.cbeff import Bir, Kind, bir_document
from kiosk.capture.iso.common import Quality
from kiosk.record.packet import Recording


def cbeff_document(recording: Recording) -> bytes:
    """The document, XML; see ``kiosk.capture.iso.cbeff``."""
    records, created = recording.records, datetime.fromtimestamp(recording.began, UTC)
    held = (
        (Kind.FACE, records.face, Quality(recording.photo.score)),
        (Kind.FINGER, records.fingers, None),
        (Kind.IRIS, records.irises, None),
        (Kind.SIGNATURE, records.signature, None),
    )
    return bir_document(
        [Bir(kind, record, created=created, quality=quality) for kind, record, quality in held if record]
    )
