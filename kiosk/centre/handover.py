"""A recording as the centre hands it on to a matcher: its ISO/IEC 19794 records in one CBEFF document.

A packet carries the bare records, since the document's base64 would make it a third larger on a village's network.
"""

from datetime import UTC, datetime

from kiosk.capture.iso import envelope
from kiosk.capture.iso.cbeff import Bir, bir_document
from kiosk.record.packet import Recording


def cbeff_document(recording: Recording) -> bytes:
    """The document, XML, one BIR an image; see ``kiosk.capture.iso.cbeff``.

    Raises:
        MalformedRecord: a record is none that this software's stations write.
    """
    records = recording.records
    birs: list[Bir] = [envelope.face_bir(records.face)]
    if records.fingers:
        birs += envelope.finger_birs(records.fingers)
    if records.irises:
        birs += envelope.iris_birs(records.irises)
    if records.signature:
        birs.append(envelope.signature_bir(records.signature, signed=datetime.fromtimestamp(recording.ended, UTC)))
    return bir_document(birs)
