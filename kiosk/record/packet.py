"""One recording as the centre gets it: everything captured and confirmed, as deterministic CBOR."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from kiosk.capture.advice import FaceAdvice, FingerAdvice
from kiosk.journey.fingers import IN_ORDER, Finger
from kiosk.journey.session import Biodata, Impression, Session, Sex, Stroke
from kiosk.record import canonical

FORMAT = "rekam-recording"
VERSION = 1
SHARE = 10_000
"""Strokes are kept in ten-thousandths of the signing field, and milliseconds."""


class FingerImage(Protocol):
    """Encodes 8-bit grey pixels as PNG; ``ppi`` is the resolution in pixels an inch."""

    def __call__(self, pixels: bytes, width: int, height: int, *, ppi: int) -> bytes:
        """Encode one image."""
        ...


class Unreadable(ValueError):
    """A payload is no recording of a version this software knows; the sentence names the place, never a value."""


@dataclass(frozen=True, slots=True)
class Print:
    """One finger: PNG image (0 = ridge), size in pixels, and the reader's own template with its family."""

    finger: Finger
    width: int
    height: int
    ppi: int
    score: int
    attempts: int
    advice: FingerAdvice
    template_family: str
    image: bytes = field(repr=False)
    template: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MissingFinger:
    """A finger an officer excepted, with the reason."""

    finger: Finger
    reason: str
    officer: str


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything of one visit that goes to the centre. Times are Unix seconds, durations milliseconds."""

    packet_id: str
    station: str
    software: str
    officer: str
    language: str
    began: int
    ended: int
    timings: Mapping[str, int]
    consented: bool
    consent_text: str
    """Which wording was agreed to."""
    recheck_doubtful: bool
    exceptions: tuple[MissingFinger, ...]
    biodata: Biodata = field(repr=False)
    photo: bytes = field(repr=False)
    photo_size: tuple[int, int] = field(repr=False)
    photo_advice: FaceAdvice
    signature: bytes = field(repr=False)
    strokes: tuple[Stroke, ...] = field(repr=False)
    prints: tuple[Print, ...] = field(repr=False)
    rechecked: tuple[Print, ...] = field(repr=False)

    @property
    def nik(self) -> str:
        """Whose it is."""
        return self.biodata.nik

    def template_of(self, finger: Finger) -> Print | None:
        """The impression of ``finger`` that carries a usable template; None when it was excepted or unreadable."""
        return next((p for p in self.prints if p.finger is finger and p.template), None)


def new_packet_id() -> str:
    """Name a packet: random, so that it tells nothing about anybody."""
    return secrets.token_hex(16)


def recording_of(
    session: Session,
    *,
    packet_id: str,
    station: str,
    software: str,
    began: datetime,
    ended: datetime,
    signature: bytes,
    finger_image: FingerImage,
    consent_text: str = "1",
    timings: Mapping[str, int] | None = None,
    exceptions: Iterable[MissingFinger] = (),
) -> Recording:
    """Gather a visit that is signed off and confirmed by an officer; ``signature`` is its picture as PNG.

    Raises:
        ValueError: naming what the visit lacks; nothing may be sealed without it.
    """
    exceptions = tuple(exceptions)
    if session.biodata is None or session.photo is None or session.officer is None:
        raise ValueError("the visit lacks the confirmed biodata, the photo or the officer's confirmation")
    if not session.consented or not session.strokes:
        raise ValueError("the visit lacks the consent or the signature")
    if {i.finger for i in session.impressions} | {e.finger for e in exceptions} != set(IN_ORDER):
        raise ValueError("the visit lacks a finger that no officer excepted")
    return Recording(
        packet_id=packet_id,
        station=station,
        software=software,
        officer=session.officer,
        language=session.language,
        began=int(began.timestamp()),
        ended=int(ended.timestamp()),
        timings=dict(timings or {}),
        consented=True,
        consent_text=consent_text,
        recheck_doubtful=session.recheck_doubtful,
        exceptions=exceptions,
        biodata=session.biodata,
        photo=session.photo.jpeg,
        photo_size=(session.photo.width, session.photo.height),
        photo_advice=session.photo.advice,
        signature=signature,
        strokes=session.strokes,
        prints=tuple(_print(i, finger_image) for i in session.impressions),
        rechecked=tuple(_print(i, finger_image) for i in session.rechecked),
    )


def _print(impression: Impression, finger_image: FingerImage) -> Print:
    return Print(
        finger=impression.finger,
        width=impression.width,
        height=impression.height,
        ppi=impression.ppi,
        score=impression.score,
        attempts=impression.attempts,
        advice=impression.advice,
        template_family=impression.template_family,
        image=finger_image(impression.pixels, impression.width, impression.height, ppi=impression.ppi),
        template=impression.template,
    )


def pack(recording: Recording) -> bytes:
    """Write the payload that is sealed."""
    return canonical.encode(
        {
            "format": FORMAT,
            "version": VERSION,
            "packet": recording.packet_id,
            "station": recording.station,
            "software": recording.software,
            "officer": recording.officer,
            "language": recording.language,
            "began": recording.began,
            "ended": recording.ended,
            "timings": dict(recording.timings),
            "consent": {"given": recording.consented, "text": recording.consent_text},
            "biodata": _biodata_map(recording.biodata),
            "photo": {
                "jpeg": recording.photo,
                "width": recording.photo_size[0],
                "height": recording.photo_size[1],
                "advice": recording.photo_advice.value,
            },
            "signature": {"png": recording.signature, "strokes": [_stroke(s) for s in recording.strokes]},
            "prints": [_print_map(p) for p in recording.prints],
            "rechecked": [_print_map(p) for p in recording.rechecked],
            "recheck_doubtful": recording.recheck_doubtful,
            "exceptions": [[int(e.finger), e.reason, e.officer] for e in recording.exceptions],
        }
    )


def unpack(payload: bytes) -> Recording:
    """Read what ``pack`` wrote.

    Raises:
        Unreadable: when it is nothing this version of the software wrote.
    """
    try:
        top = canonical.decode(payload)
        if (top["format"], top["version"]) != (FORMAT, VERSION):
            raise Unreadable("the payload is of another format or version")
        _shaped(top, _TOP)
        _shaped(top["consent"], _CONSENT)
        _shaped(top["photo"], _PHOTO)
        _shaped(top["signature"], _SIGNATURE)
        return Recording(
            packet_id=top["packet"],
            station=top["station"],
            software=top["software"],
            officer=top["officer"],
            language=top["language"],
            began=top["began"],
            ended=top["ended"],
            timings={str(step): int(duration) for step, duration in top["timings"].items()},
            consented=top["consent"]["given"],
            consent_text=top["consent"]["text"],
            recheck_doubtful=top["recheck_doubtful"],
            exceptions=tuple(MissingFinger(Finger(f), reason, officer) for f, reason, officer in top["exceptions"]),
            biodata=_biodata(top["biodata"]),
            photo=top["photo"]["jpeg"],
            photo_size=(top["photo"]["width"], top["photo"]["height"]),
            photo_advice=FaceAdvice(top["photo"]["advice"]),
            signature=top["signature"]["png"],
            strokes=tuple(_read_stroke(s) for s in top["signature"]["strokes"]),
            prints=tuple(_read_print(p) for p in top["prints"]),
            rechecked=tuple(_read_print(p) for p in top["rechecked"]),
        )
    except Unreadable:
        raise
    except (canonical.NotCanonical, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Unreadable(f"the payload is not built as a recording should be ({type(error).__name__})") from None


_TOP = {
    **dict.fromkeys(("format", "packet", "station", "software", "officer", "language"), str),
    **dict.fromkeys(("version", "began", "ended"), int),
    **dict.fromkeys(("timings", "consent", "biodata", "photo", "signature"), dict),
    **dict.fromkeys(("prints", "rechecked", "exceptions"), list),
    "recheck_doubtful": bool,
}
_CONSENT = {"given": bool, "text": str}
_PHOTO = {"jpeg": bytes, "width": int, "height": int, "advice": str}
_SIGNATURE = {"png": bytes, "strokes": list}


def _shaped(row: Any, shape: Mapping[str, type]) -> None:
    """Check that a map has exactly these fields of these types: bytes from afar are not believed further than this.

    Raises:
        TypeError: naming nothing.
    """
    if not isinstance(row, dict) or row.keys() != shape.keys():
        raise TypeError
    if not all(type(row[name]) is kind for name, kind in shape.items()):
        raise TypeError


_BIODATA_TEXTS = ("nik", "name", "birth_place", "address", "village", "district")
_BIODATA_FLAGS = ("married", "recorded", "nik_disagrees")


def _biodata_map(biodata: Biodata) -> dict[str, object]:
    plain = {name: getattr(biodata, name) for name in (*_BIODATA_TEXTS, *_BIODATA_FLAGS)}
    return plain | {"birth_date": biodata.birth_date.isoformat(), "sex": biodata.sex.value}


_BIODATA = {**dict.fromkeys((*_BIODATA_TEXTS, "birth_date", "sex"), str), **dict.fromkeys(_BIODATA_FLAGS, bool)}


def _biodata(row: dict[str, Any]) -> Biodata:
    _shaped(row, _BIODATA)
    return Biodata(
        birth_date=date.fromisoformat(row["birth_date"]),
        sex=Sex(row["sex"]),
        **{name: row[name] for name in (*_BIODATA_TEXTS, *_BIODATA_FLAGS)},
    )


def _stroke(stroke: Stroke) -> list[list[int]]:
    return [[round(x * SHARE), round(y * SHARE), round(t * 1000)] for x, y, t in stroke]


def _read_stroke(points: list[list[int]]) -> Stroke:
    return tuple((x / SHARE, y / SHARE, t / 1000) for x, y, t in points)


_PRINT = {
    **dict.fromkeys(("finger", "width", "height", "ppi", "score", "attempts"), int),
    **dict.fromkeys(("advice", "template_family"), str),
    **dict.fromkeys(("image", "template"), bytes),
}
_PRINT_PLAIN = tuple(name for name in _PRINT if name not in ("finger", "advice"))


def _print_map(a_print: Print) -> dict[str, object]:
    plain = {name: getattr(a_print, name) for name in _PRINT_PLAIN}
    return plain | {"finger": int(a_print.finger), "advice": a_print.advice.value}


def _read_print(row: dict[str, Any]) -> Print:
    _shaped(row, _PRINT)
    return Print(
        finger=Finger(row["finger"]),
        advice=FingerAdvice(row["advice"]),
        **{name: row[name] for name in _PRINT_PLAIN},
    )
