"""One recording as the centre gets it: everything captured and confirmed, as deterministic CBOR."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kiosk.capture import face, finger, iris
from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.journey.excepting import Doubt, Excepted, Part, Why, Written
from kiosk.journey.eyes import Eye
from kiosk.journey.fingers import Finger
from kiosk.journey.guards import every_finger_settled
from kiosk.journey.session import Biodata, Impression, Session, Sex
from kiosk.record import canonical
from kiosk.record.biometrics import PLAIN, Making, Opinion, Records, records_of
from kiosk.record.resident import read_day

FORMAT = "rekam-recording"
VERSION = 2
ALGORITHMS = {"face": face.ALGORITHM, "finger": finger.ALGORITHM, "iris": iris.ALGORITHM}
"""Whose the scores are: this software's own."""


Opine = Callable[[Impression], Opinion | None]
"""Tells what an installed NFIQ 2 thinks of an impression, where it thinks anything."""


def nobody(_: Impression) -> None:
    """Nobody else has an opinion on this impression."""


class Unreadable(ValueError):
    """A payload is no recording of a version this software knows; the sentence names the place, never a value."""


class Contradictory(ValueError):
    """A recording says what cannot be; the sentence names the place, never a value."""


@dataclass(frozen=True, slots=True)
class Print:
    """One finger beside its image, which is in the finger record: scores of all its tries, and the reader's template.

    ``second_opinion``: an installed NFIQ 2's; None where there is none.
    """

    finger: Finger
    score: int
    scores: tuple[int, ...]
    advice: FingerAdvice
    second_opinion: Opinion | None
    template_family: str
    template: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PhotoNote:
    """What is known of the photo beside its record: what was left to wish for, and how often it was tried."""

    advice: FaceAdvice
    score: int
    tries: int


@dataclass(frozen=True, slots=True)
class IrisNote:
    """What is known of one iris beside its record."""

    eye: Eye
    advice: EyeAdvice
    score: int


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything of one visit that goes to the centre. Times are Unix seconds, durations milliseconds.

    Raises Contradictory: so a station seals nothing that the centre would not read.
    """

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
    """Which wording was agreed to: a station that takes irises says so."""
    doubts: tuple[Doubt, ...]
    """What the officer was told to look at, and confirmed all the same."""
    excepted: tuple[Excepted, ...]
    algorithms: Mapping[str, str]
    biodata: Biodata = field(repr=False)
    records: Records
    photo: PhotoNote
    hands_photo: bytes = field(repr=False)
    """Face and both hands, JPEG, where a finger was excepted; else empty."""
    hands_photo_at: int
    """When it was taken; 0 where there is none, or nobody knows."""
    signature: bytes = field(repr=False)
    """The signature's picture, PNG; empty where it was excepted. Its time series is among the records."""
    prints: tuple[Print, ...] = field(repr=False)
    """In the order of the finger record's images, which ``rechecked`` goes on with."""
    rechecked: tuple[Print, ...] = field(repr=False)
    repeats: int
    """How often a finger was not taken because it looked like one given before."""
    irises: tuple[IrisNote, ...]

    def __post_init__(self) -> None:
        excepted = [each.part for each in self.excepted]
        given: set[Part] = {*(each.finger for each in self.prints), *(each.eye for each in self.irises)}
        given |= {Written.SIGNATURE} if self.signature else set()
        wrong = {
            "no consent was given": not self.consented,
            "it ends before it begins": not 0 <= self.began <= self.ended,
            "a step took less than no time": any(spent < 0 for spent in self.timings.values()),
            "a doubt is told twice": len(set(self.doubts)) < len(self.doubts),
            "a part is excepted twice": len(set(excepted)) < len(excepted),
            "a part is both excepted and given": not given.isdisjoint(excepted),
            "a score is not from 0 to 100": not all(0 <= score <= 100 for score in self._scores()),
            "the photo was never tried": self.photo.tries < 1,
            "a count or a time is less than nothing": self.repeats < 0 or self.hands_photo_at < 0,
        }
        for what, is_so in wrong.items():
            if is_so:
                raise Contradictory(f"the recording contradicts itself: {what}")

    def _scores(self) -> Iterator[int]:
        yield self.photo.score
        for each in (*self.prints, *self.rechecked):
            yield from (each.score, *each.scores)
            if each.second_opinion is not None:
                yield each.second_opinion.score
        yield from (each.score for each in self.irises)

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
    making: Making = PLAIN,
    timings: Mapping[str, int] | None = None,
    opinion: Opine = nobody,
) -> Recording:
    """Gather a visit that is signed off and confirmed by an officer.

    ``signature`` is its picture as PNG, empty where it was excepted; ``making`` is how the records are made;
    ``opinion`` tells what an installed NFIQ 2 thinks of a finger.

    Raises:
        ValueError: naming what the visit lacks; nothing may be sealed without it.
    """
    if session.biodata is None or session.photo is None or session.officer is None:
        raise ValueError("the visit lacks the confirmed biodata, the photo or the officer's confirmation")
    if not session.consented or bool(session.strokes) is session.unsigned:
        raise ValueError("the visit lacks the consent or the signature")
    if not every_finger_settled(session):
        raise ValueError("the visit lacks a finger that no officer excepted")
    if session.excepted_fingers and session.hands_photo is None:
        raise ValueError("the visit lacks the photo of the hands that goes with an exception")
    again, hands = len(session.impressions), session.hands_photo
    opinions = [opinion(each) for each in (*session.impressions, *session.rechecked)]
    return Recording(
        packet_id=packet_id,
        station=station,
        software=software,
        officer=session.officer,
        language=session.language,
        # The clock may have been set back during the visit.
        began=int(min(began, ended).timestamp()),
        ended=int(ended.timestamp()),
        timings=dict(timings or {}),
        consented=True,
        consent_text="1+eyes" if session.takes_eyes else "1",
        doubts=session.doubts,
        excepted=session.excepted,
        algorithms=ALGORITHMS,
        biodata=session.biodata,
        records=records_of(session, making=making, opinions=opinions),
        photo=PhotoNote(session.photo.advice, session.photo.score, session.photo.tries),
        hands_photo=b"" if hands is None else hands.jpeg,
        hands_photo_at=0 if hands is None or hands.captured is None else int(hands.captured.timestamp()),
        signature=signature if session.strokes else b"",
        prints=tuple(map(_print, session.impressions, opinions[:again])),
        rechecked=tuple(map(_print, session.rechecked, opinions[again:])),
        repeats=session.given_twice,
        irises=tuple(IrisNote(each.eye, each.advice, each.score) for each in session.irises),
    )


def _print(impression: Impression, second: Opinion | None) -> Print:
    return Print(
        finger=impression.finger,
        score=impression.score,
        scores=impression.scores,
        advice=impression.advice,
        second_opinion=second,
        template_family=impression.template_family,
        template=impression.template,
    )


def pack(recording: Recording) -> bytes:
    """Write the payload that is sealed."""
    records = recording.records
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
            "doubts": [doubt.value for doubt in recording.doubts],
            "excepted": [[_part(each.part), each.why.value, each.officer] for each in recording.excepted],
            "algorithms": dict(recording.algorithms),
            "biodata": _biodata_map(recording.biodata),
            "records": {name: getattr(records, name) for name in _RECORDS},
            "photo": {
                "advice": recording.photo.advice.value,
                "score": recording.photo.score,
                "tries": recording.photo.tries,
            },
            "hands_photo": recording.hands_photo,
            "hands_photo_at": recording.hands_photo_at,
            "signature": recording.signature,
            "prints": [_print_map(p) for p in recording.prints],
            "rechecked": [_print_map(p) for p in recording.rechecked],
            "repeats": recording.repeats,
            "irises": [[each.eye.value, each.advice.value, each.score] for each in recording.irises],
        }
    )


def unpack(payload: bytes) -> Recording:
    """Read what ``pack`` wrote.

    Raises:
        Unreadable: when it is nothing this version of the software wrote.
    """
    try:
        top = canonical.decode(payload)
        if top["format"] != FORMAT:
            raise Unreadable("the payload is no recording")
        if (version := _whole(top["version"])) != VERSION:
            raise Unreadable(f"the recording is of version {version}, not {VERSION}; open it with the software of then")
        _shaped(top, _TOP)
        _shaped(top["consent"], _CONSENT)
        _shaped(top["photo"], _PHOTO)
        _shaped(top["records"], _RECORDS)
        return Recording(
            packet_id=top["packet"],
            station=top["station"],
            software=top["software"],
            officer=top["officer"],
            language=top["language"],
            began=top["began"],
            ended=top["ended"],
            timings={_text(step): _whole(duration) for step, duration in top["timings"].items()},
            consented=top["consent"]["given"],
            consent_text=top["consent"]["text"],
            doubts=tuple(Doubt(doubt) for doubt in top["doubts"]),
            excepted=tuple(Excepted(_read_part(p), Why(why), _text(who)) for p, why, who in top["excepted"]),
            algorithms={_text(what): _text(name) for what, name in top["algorithms"].items()},
            biodata=_biodata(top["biodata"]),
            records=Records(**top["records"]),
            photo=PhotoNote(FaceAdvice(top["photo"]["advice"]), top["photo"]["score"], top["photo"]["tries"]),
            hands_photo=top["hands_photo"],
            hands_photo_at=top["hands_photo_at"],
            signature=top["signature"],
            prints=tuple(_read_print(p) for p in top["prints"]),
            rechecked=tuple(_read_print(p) for p in top["rechecked"]),
            repeats=top["repeats"],
            irises=tuple(IrisNote(Eye(eye), EyeAdvice(how), _whole(score)) for eye, how, score in top["irises"]),
        )
    except Unreadable:
        raise
    except Contradictory as error:
        raise Unreadable(str(error)) from None
    except (canonical.NotCanonical, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Unreadable(f"the payload is not built as a recording should be ({type(error).__name__})") from None


_TOP = {
    **dict.fromkeys(("format", "packet", "station", "software", "officer", "language"), str),
    **dict.fromkeys(("version", "began", "ended", "hands_photo_at", "repeats"), int),
    **dict.fromkeys(("timings", "consent", "biodata", "photo", "records", "algorithms"), dict),
    **dict.fromkeys(("prints", "rechecked", "irises", "doubts", "excepted"), list),
    **dict.fromkeys(("hands_photo", "signature"), bytes),
}
_CONSENT = {"given": bool, "text": str}
_PHOTO = {"advice": str, "score": int, "tries": int}
_RECORDS = dict.fromkeys(("face", "fingers", "irises", "signature"), bytes)


def _part(part: Part) -> int | str:
    return int(part) if isinstance(part, Finger) else part.value


def _read_part(written: object) -> Part:
    if isinstance(written, int):
        return Finger(_whole(written))
    return Written.SIGNATURE if written == Written.SIGNATURE.value else Eye(written)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value


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
_BIODATA_FLAGS = ("married", "nik_disagrees", "foreigner")


def _biodata_map(biodata: Biodata) -> dict[str, object]:
    plain = {name: getattr(biodata, name) for name in (*_BIODATA_TEXTS, *_BIODATA_FLAGS)}
    return plain | {"birth_date": biodata.birth_date.isoformat(), "sex": biodata.sex.value}


_BIODATA = {**dict.fromkeys((*_BIODATA_TEXTS, "birth_date", "sex"), str), **dict.fromkeys(_BIODATA_FLAGS, bool)}


def _biodata(row: dict[str, Any]) -> Biodata:
    _shaped(row, _BIODATA)
    return Biodata(
        birth_date=read_day(row["birth_date"]),
        sex=Sex(row["sex"]),
        **{name: row[name] for name in (*_BIODATA_TEXTS, *_BIODATA_FLAGS)},
    )


_PRINT = {
    **dict.fromkeys(("finger", "score"), int),
    **dict.fromkeys(("scores", "second_opinion"), list),
    **dict.fromkeys(("advice", "template_family"), str),
    "template": bytes,
}


def _print_map(a_print: Print) -> dict[str, object]:
    return {
        "finger": int(a_print.finger),
        "score": a_print.score,
        "scores": list(a_print.scores),
        "advice": a_print.advice.value,
        "second_opinion": list(a_print.second_opinion or ()),
        "template_family": a_print.template_family,
        "template": a_print.template,
    }


def _read_print(row: dict[str, Any]) -> Print:
    _shaped(row, _PRINT)
    return Print(
        finger=Finger(row["finger"]),
        score=row["score"],
        scores=tuple(map(_whole, row["scores"])),
        advice=FingerAdvice(row["advice"]),
        second_opinion=_read_opinion(*row["second_opinion"]) if row["second_opinion"] else None,
        template_family=row["template_family"],
        template=row["template"],
    )


def _read_opinion(score: object, version: object) -> Opinion:
    return Opinion(_whole(score), _text(version))
