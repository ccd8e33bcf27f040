"""A packet opened as the centre sees it: verified, decrypted, and laid out in a folder for a person to look at."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from kiosk.centre.authority import Authority
from kiosk.record.header import Header, Kind
from kiosk.record.packet import Print, Recording, unpack
from kiosk.record.registration import registration_number
from kiosk.record.seal import open_sealed, peek, trusting


@dataclass(frozen=True, slots=True)
class OpenedPacket:
    """What is readable from outside, and what was inside."""

    header: Header
    recording: Recording = field(repr=False)


def open_packet(packet: bytes, authority: Authority, *, with_escrow: bool = False) -> OpenedPacket:
    """Verify and open a packet with the centre's key, or with the escrow's.

    Raises:
        Untrusted: by reason.
        Unreadable: when the content is of another version.
    """
    station = authority.station(peek(packet).sender)
    key = authority.escrow if with_escrow else authority.packets
    opened = open_sealed(packet, kind=Kind.RECORDING, verifying=trusting(station.verifying), opening=(key,))
    return OpenedPacket(opened.header, unpack(opened.body))


def lay_out(opened: OpenedPacket, folder: Path) -> list[Path]:
    """Write ``recording.json``, the photo, the signature and the fingers into ``folder``; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    recording = opened.recording
    files = {
        "recording.json": json.dumps(_described(opened), indent=2, ensure_ascii=False).encode(),
        "photo.jpg": recording.photo,
        "signature.png": recording.signature,
    }
    for again, prints in (("", recording.prints), ("-again", recording.rechecked)):
        for a_print in prints:
            files[f"finger-{_finger(a_print)}{again}.png"] = a_print.image
            files[f"finger-{_finger(a_print)}{again}.template"] = a_print.template
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
        },
        "photo": {"size": list(recording.photo_size), "advice": recording.photo_advice.value},
        "signature": {"strokes": len(recording.strokes), "points": sum(map(len, recording.strokes))},
        "prints": [_described_print(p) for p in recording.prints],
        "rechecked": [_described_print(p) for p in recording.rechecked],
        "recheck_doubtful": recording.recheck_doubtful,
        "exceptions": [
            {"finger": e.finger.name, "reason": e.reason, "officer": e.officer} for e in recording.exceptions
        ],
    }


def _described_print(a_print: Print) -> dict[str, object]:
    return {
        "finger": _finger(a_print),
        "size": [a_print.width, a_print.height],
        "ppi": a_print.ppi,
        "score": a_print.score,
        "attempts": a_print.attempts,
        "advice": a_print.advice.value,
        "template_family": a_print.template_family,
        "template_bytes": len(a_print.template),
    }


def _finger(a_print: Print) -> str:
    return f"{int(a_print.finger):02}-{a_print.finger.name.lower().replace('_', '-')}"


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
