"""A packet opened as the centre sees it: verified, decrypted, and laid out in a folder for a person to look at."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from kiosk.capture.iso.finger import read_finger_record
from kiosk.capture.iso.iris import read_iris_record
from kiosk.centre.authority import Authority
from kiosk.centre.handover import cbeff_document
from kiosk.centre.keyring import Purpose
from kiosk.journey.excepting import Part
from kiosk.journey.fingers import Finger
from kiosk.record.header import Header, Kind
from kiosk.record.packet import Print, Recording, Unreadable, unpack
from kiosk.record.registration import registration_number
from kiosk.record.seal import open_sealed, peek


@dataclass(frozen=True, slots=True)
class OpenedPacket:
    """What is readable from outside, and what was inside."""

    header: Header
    recording: Recording = field(repr=False)


def open_packet(packet: bytes, authority: Authority, *, with_escrow: bool = False) -> OpenedPacket:
    """Verify and open a packet with the centre's key, or with the escrow's.

    Raises:
        Untrusted: by reason.
        Unreadable: when the content is of another version, or says what cannot be.
    """
    station = authority.station(peek(packet).sender)
    keys = authority.keyring.opening(Purpose.ESCROW if with_escrow else Purpose.PACKETS)
    opened = open_sealed(packet, kind=Kind.RECORDING, verifying=station.trusted, opening=keys)
    return OpenedPacket(opened.header, unpack(opened.body))


class NotItsRecords(Unreadable):
    """A recording tells of other fingers or eyes than its records hold; the sentence says how many, never whose."""


def _check_records(recording: Recording) -> None:
    records = recording.records
    fingers = read_finger_record(records.fingers) if records.fingers else ()
    irises = read_iris_record(records.irises) if records.irises else ()
    prints = (*recording.prints, *recording.rechecked)
    _compare("fingers", [each.finger for each in prints], [Finger(each.position) for each in fingers])
    _compare("irises", [each.eye.name for each in recording.irises], [each.eye.name for each in irises])


def _compare(what: str, told: Sequence[object], held: Sequence[object]) -> None:
    if len(told) != len(held):
        raise NotItsRecords(f"the recording tells of {len(told)} {what}, and its record holds {len(held)}")
    if told != held:
        raise NotItsRecords(f"the recording tells of its {what} in another order than its record")


def lay_out(opened: OpenedPacket, folder: Path) -> list[Path]:
    """Write ``recording.json``, the ISO/IEC 19794 records, what they hold as pictures, and all of them as CBEFF into
    ``folder``; the files written.

    Raises:
        NotItsRecords: nothing was written.
        MalformedRecord: a record is none that this software's stations write; nothing was written.
    """
    recording, records = opened.recording, opened.recording.records
    _check_records(recording)
    files = {
        "recording.json": json.dumps(_described(opened), indent=2, ensure_ascii=False).encode(),
        "photo.jpg": records.photo(),
        "hands.jpg": recording.hands_photo,
        "signature.png": recording.signature,
        "face.fac": records.face,
        "fingers.fir": records.fingers,
        "irises.iir": records.irises,
        "signature.sdi": records.signature,
        "biometrics.cbeff.xml": cbeff_document(recording),
    }
    prints = [("", each) for each in recording.prints] + [("-again", each) for each in recording.rechecked]
    for (again, a_print), picture in zip(prints, records.finger_pictures(), strict=True):
        files[f"finger-{_finger(a_print)}{again}.png"] = picture
        files[f"finger-{_finger(a_print)}{again}.template"] = a_print.template
    for note, picture in zip(recording.irises, records.iris_pictures(), strict=True):
        files[f"iris-{note.eye.value}.png"] = picture
    files = {name: content for name, content in files.items() if content}
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in sorted(files)]


def _described(opened: OpenedPacket) -> dict[str, object]:
    header, recording = opened.header, opened.recording
    biodata = recording.biodata
    return {
        "packet": header.id,
        "registration": registration_number(header.sender, header.sequence),
        "station": header.sender,
        "sequence": header.sequence,
        "previous_packet_sha256": header.previous.hex() if header.previous else None,
        "software": recording.software,
        "officer": recording.officer,
        "language": recording.language,
        "began": _time(recording.began),
        "ended": _time(recording.ended),
        "timings_ms": dict(recording.timings),
        "consent": {"given": recording.consented, "text": recording.consent_text},
        "biodata": {
            "nik": biodata.nik,
            "name": biodata.name,
            "birth_place": biodata.birth_place,
            "birth_date": biodata.birth_date.isoformat(),
            "sex": biodata.sex.value,
            "address": biodata.address,
            "village": biodata.village,
            "district": biodata.district,
            "married": biodata.married,
            "nik_disagrees": biodata.nik_disagrees,
            "foreigner": biodata.foreigner,
        },
        "algorithms": dict(recording.algorithms),
        "doubts": [doubt.value for doubt in recording.doubts],
        "excepted": [
            {
                "part": _part(each.part),
                "why": each.why.value,
                "permanent": each.why.permanent,
                "officer": each.officer,
            }
            for each in recording.excepted
        ],
        "photo": {
            "advice": recording.photo.advice.value,
            "score": recording.photo.score,
            "tries": recording.photo.tries,
        },
        "hands_photo_at": _time(recording.hands_photo_at) if recording.hands_photo_at else None,
        "prints": [_described_print(p) for p in recording.prints],
        "rechecked": [_described_print(p) for p in recording.rechecked],
        "repeats": recording.repeats,
        "irises": [
            {"eye": each.eye.value, "advice": each.advice.value, "score": each.score} for each in recording.irises
        ],
    }


def _described_print(a_print: Print) -> dict[str, object]:
    return {
        "finger": _finger(a_print),
        "score": a_print.score,
        "scores": list(a_print.scores),
        "nfiq2": a_print.second_opinion.score if a_print.second_opinion else None,
        "advice": a_print.advice.value,
        "template_family": a_print.template_family,
        "template_bytes": len(a_print.template),
    }


def _part(part: Part) -> str:
    return f"finger {int(part)}" if isinstance(part, Finger) else part.value


def _finger(a_print: Print) -> str:
    return f"{int(a_print.finger):02}-{a_print.finger.name.lower().replace('_', '-')}"


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
