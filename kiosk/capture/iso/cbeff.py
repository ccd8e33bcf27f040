"""Records in their CBEFF envelope: the XML patron format of ISO/IEC 19785-3 (edition 2), as MOSIP's kernel reads it.

One document holds a BIR for each record: what it is, of which finger or eye, when it was taken, how good it is, and the
record itself in base64. What is read must be, byte for byte, what would be written; so the parser sees no document
type, entity, comment or processing instruction.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from xml.etree import ElementTree

from kiosk.capture.iso.common import FAILED, SC37, MalformedRecord, Quality, checked

LARGEST_DOCUMENT: Final = 64 << 20
"""Bytes: as much as a packet may hold."""
MOST_TAGS: Final = 100_000
"""More than a thousand records; it bounds what the parser builds from a document of nothing but tags."""
PURPOSE, LEVEL = "Enroll", "Raw"
_NAMESPACE = "http://standards.iso.org/iso-iec/19785/-3/ed-2/"
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_FINGERS = ("Thumb", "IndexFinger", "MiddleFinger", "RingFinger", "LittleFinger")


class Kind(StrEnum):
    """Biometric types by the schema's words."""

    FACE = "Face"
    FINGER = "Finger"
    IRIS = "Iris"
    SIGNATURE = "SignatureSign"


FORMATS: Final = {Kind.FINGER: 7, Kind.FACE: 8, Kind.IRIS: 9, Kind.SIGNATURE: 14}
"""IBIA's numbers of the formats of SC 37: finger image, face image, rectilinear iris image, full signature series."""
SUBTYPES: Final = {
    Kind.FINGER: ("", *(f"{side} {finger}" for side in ("Right", "Left") for finger in _FINGERS)),
    Kind.IRIS: ("", "Right", "Left"),
    Kind.FACE: ("",),
    Kind.SIGNATURE: ("",),
}
"""What of the body; a finger's place in its row is its position in ISO/IEC 19794-4. Empty: several, or the only one."""


@dataclass(frozen=True, slots=True)
class Bir:
    """One record and its header. ``created`` is aware, kept to the millisecond; None when the clock was not trusted."""

    kind: Kind
    record: bytes = field(repr=False)
    subtype: str = ""
    created: datetime | None = None
    quality: Quality | None = None

    def __post_init__(self) -> None:
        if self.subtype not in SUBTYPES[self.kind]:
            raise ValueError(f"{self.subtype!r} is no part of a {self.kind} record")
        if not self.record:
            raise ValueError("a BIR holds a record")
        if self.created is not None and self.created.tzinfo is None:
            raise ValueError("the time of creation needs a time zone")


def bir_document(birs: Sequence[Bir]) -> bytes:
    """The XML document of these records, UTF-8; ValueError when there is none."""
    if not birs:
        raise ValueError("a document holds at least one record")
    root = ElementTree.Element("BIR", xmlns=_NAMESPACE)
    _put(root, BIRInfo={"Integrity": "false"})
    for bir in birs:
        _put(
            ElementTree.SubElement(root, "BIR"),
            Version={"Major": "1", "Minor": "1"},
            CBEFFVersion={"Major": "1", "Minor": "1"},
            BIRInfo={"Integrity": "false"},
            BDBInfo=_header(bir),
            BDB=base64.b64encode(bir.record).decode("ascii"),
        )
    return _DECLARATION + ElementTree.tostring(root)


def read_bir_document(document: bytes) -> tuple[Bir, ...]:
    """The records of a document that ``bir_document`` could have written; MalformedRecord for all others."""
    body = document.removeprefix(_DECLARATION)
    if len(document) > LARGEST_DOCUMENT or body.count(b"<") > MOST_TAGS:
        raise MalformedRecord("the document is larger than any of a recording")
    if body is document or not body.isascii() or any(mark in body for mark in (b"<!", b"<?", b"&")):
        raise MalformedRecord("the document is no XML, or more than plain elements")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  no document type, so no entity, has passed the line above
    except ElementTree.ParseError as broken:
        raise MalformedRecord("the document is no well-formed XML") from broken
    birs = tuple(_read_bir(bir) for bir in root.findall(_path("BIR")))
    if not birs or bir_document(birs) != document:
        raise MalformedRecord("the document says something that is not read here")
    return birs


def finger_subtype(position: int) -> str:
    """The CBEFF words for a finger position of ISO/IEC 19794-4, 1 to 10."""
    if not 1 <= position <= 10:
        raise ValueError(f"finger position {position} is not 1 to 10")
    return SUBTYPES[Kind.FINGER][position]


def _header(bir: Bir) -> dict[str, object]:
    header: dict[str, object] = {"Format": _owned(SC37, FORMATS[bir.kind])}
    if bir.created is not None:
        moment = bir.created.astimezone(UTC).isoformat(timespec="milliseconds")
        header["CreationDate"] = moment.replace("+00:00", "Z")
    header["Type"] = str(bir.kind)
    if bir.subtype:
        header["Subtype"] = bir.subtype
    header |= {"Level": LEVEL, "Purpose": PURPOSE}
    if bir.quality is not None:
        algorithm = _owned(bir.quality.vendor, bir.quality.algorithm)
        failed = bir.quality.score == FAILED
        score = {"QualityCalculationFailed": ""} if failed else {"Score": str(bir.quality.score)}
        header["Quality"] = {"Algorithm": algorithm, **score}
    return header


def _owned(organization: int, number: int) -> dict[str, str]:
    return {"Organization": str(organization), "Type": str(number)}


def _put(parent: ElementTree.Element, **children: object) -> None:
    for name, content in children.items():
        child = ElementTree.SubElement(parent, name)
        if isinstance(content, dict):
            _put(child, **content)
        else:
            child.text = str(content)


def _read_bir(bir: ElementTree.Element) -> Bir:
    moment, quality = _text(bir, "BDBInfo", "CreationDate"), None
    if bir.find(_path("BDBInfo", "Quality")) is not None:
        score = _text(bir, "BDBInfo", "Quality", "Score")
        vendor, algorithm = (_text(bir, "BDBInfo", "Quality", "Algorithm", name) for name in ("Organization", "Type"))
        quality = checked(Quality, FAILED if score is None else _number(score), _number(vendor), _number(algorithm))
    try:
        record = base64.b64decode(_text(bir, "BDB") or "", validate=True)
    except binascii.Error as broken:
        raise MalformedRecord("a record in the document is no base64") from broken
    created = None if moment is None else checked(datetime.fromisoformat, moment)
    kind = checked(Kind, _text(bir, "BDBInfo", "Type"))
    return checked(Bir, kind, record, _text(bir, "BDBInfo", "Subtype") or "", created, quality)


def _path(*names: str) -> str:
    return "/".join(f"{{{_NAMESPACE}}}{name}" for name in names)


def _text(element: ElementTree.Element, *names: str) -> str | None:
    return element.findtext(_path(*names))


def _number(text: str | None) -> int:
    if text is None or not text.isdecimal() or len(text) > 5:
        raise MalformedRecord("a number in the document is none")
    return int(text)
