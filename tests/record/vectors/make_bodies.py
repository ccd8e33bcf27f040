"""Bodies as §5 of PACKET.md has them, and each with one thing wrong: what must be refused though rightly signed.

Pictures, records, templates and certificates in them are placeholders.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.journey.excepting import Doubt, Excepted, Why
from kiosk.journey.eyes import Eye
from kiosk.journey.fingers import Finger
from kiosk.journey.session import Biodata, Sex
from kiosk.record import canonical
from kiosk.record.biometrics import Opinion, Records
from kiosk.record.order import CardOrder, FingerTemplate
from kiosk.record.packet import ALGORITHMS, IrisNote, PhotoNote, Print, Recording, pack
from kiosk.record.resident import BloodGroup, MaritalStatus, RecordState, Resident, to_row
from kiosk.record.roster import hash_pin

OFFICER, PIN = "officer-1", "246810"
BORN = date(1957, 6, 1)
RESIDENT = Resident(
    nik="5302014106570001",
    name="VECTOR",
    birth_place="SOE",
    birth_date=BORN,
    sex=Sex.FEMALE,
    blood_group=BloodGroup.UNKNOWN,
    address="JALAN VECTOR 1",
    rt="001",
    rw="002",
    village="VECTOR",
    district="VECTOR",
    regency="VECTOR",
    province="VECTOR",
    religion="KATOLIK",
    marital_status=MaritalStatus.WIDOWED,
    occupation="PETANI",
    citizenship="WNI",
    state=RecordState.UNREGISTERED,
)


def recording(station: str, packet: str, at: int) -> bytes:
    """A visit in which the left thumb was excepted."""
    return pack(
        Recording(
            packet_id=packet,
            station=station,
            software="0.1.0",
            officer=OFFICER,
            language="id",
            began=at - 600,
            ended=at,
            timings={"photo": 41_000},
            consented=True,
            consent_text="1",
            doubts=(Doubt.FINGERS_FAINT,),
            excepted=(Excepted(Finger.LEFT_THUMB, Why.INJURED, OFFICER),),
            algorithms=ALGORITHMS,
            biodata=Biodata(
                RESIDENT.nik, RESIDENT.name, "SOE", BORN, Sex.FEMALE, "JALAN VECTOR 1", "VECTOR", "VECTOR", True, False
            ),
            records=Records(b"face", b"fingers", b"irises", b"signature"),
            photo=PhotoNote(FaceAdvice.GOOD, 90, 2),
            hands_photo=b"hands",
            hands_photo_at=at - 60,
            signature=b"signature",
            prints=(Print(Finger.RIGHT_THUMB, 80, (30, 80), FingerAdvice.DRY, Opinion(44, "2.3.0"), "family", b"t"),),
            rechecked=(Print(Finger.RIGHT_INDEX, 70, (70,), FingerAdvice.GOOD, None, "family", b"t"),),
            repeats=1,
            irises=(IrisNote(Eye.LEFT, EyeAdvice.GOOD, 70),),
        )
    )


def order() -> bytes:
    finger = FingerTemplate(Finger.RIGHT_INDEX, "family", b"template")
    return CardOrder("order-00000001", RESIDENT, b"photo", b"signature", "SOE", date(2026, 1, 1), (finger,)).pack()


def roster() -> bytes:
    salt = bytes(range(16))
    officers = [[OFFICER, hash_pin(PIN, salt)]]
    return canonical.encode({"pin_salt": salt, "officers": officers, "residents": [to_row(RESIDENT)]})


def wrong(good: dict[str, bytes]) -> Iterator[tuple[str, str, bytes]]:
    """Kind after kind, what is wrong with a body, and the body."""
    yield "receipt", "a list, not a map", b"\x80"
    yield "receipt", "a float", good["receipt"].replace(b"\x58\x20", b"\xfb", 1)
    yield "receipt", "something after its end", good["receipt"] + b"\x00"
    yield "receipt", "nothing at all", b""
    for kind, what, change in CHANGES:
        body: Any = canonical.decode(good[kind])
        *way, last = change[:-1]
        place = body
        for step in way:
            place = place[step]
        if change[-1] is LACKS:
            del place[last]
        elif last is MORE:
            place.append(change[-1])
        else:
            place[last] = change[-1]
        yield kind, what, canonical.encode(body)


LACKS, MORE = object(), object()
CHANGES: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("receipt", "a field too many", ("more", 0)),
    ("receipt", "a hash of 31 bytes", ("sha256", bytes(31))),
    ("receipt", "an id that is no name", ("packet", "../packet")),
    ("recording", "another format", ("format", "recording")),
    ("recording", "a version nobody wrote", ("version", 1)),
    ("recording", "a field too many", ("more", 0)),
    ("recording", "a field that lacks", ("repeats", LACKS)),
    ("recording", "a text for a number", ("began", "0")),
    ("recording", "true for a number", ("photo", "tries", True)),
    ("recording", "no consent", ("consent", "given", False)),
    ("recording", "it ends before it began", ("ended", 0)),
    ("recording", "a score above 100", ("irises", 0, 2, 101)),
    ("recording", "a score of a try above 100", ("prints", 0, "scores", [101])),
    ("recording", "a photo without a try", ("photo", "tries", 0)),
    ("recording", "a duration below 0", ("timings", "photo", -1)),
    ("recording", "a count below 0", ("repeats", -1)),
    ("recording", "a doubt told twice", ("doubts", ["photo", "photo"])),
    ("recording", "an unknown doubt", ("doubts", ["other"])),
    ("recording", "a part excepted twice", ("excepted", MORE, [6, "missing", OFFICER])),
    ("recording", "a part excepted and given", ("excepted", MORE, ["left", "missing", OFFICER])),
    ("recording", "a finger that nobody has", ("prints", 0, "finger", 11)),
    ("recording", "a day that no calendar has", ("biodata", "birth_date", "1957-02-29")),
    ("recording", "a date without hyphens", ("biodata", "birth_date", "19570601")),
    ("order", "a field that lacks", ("issued_place", LACKS)),
    ("order", "a day that no calendar has", ("issued_on", "2026-02-29")),
    ("order", "a finger that nobody has", ("templates", 0, 0, 11)),
    ("order", "a line break in a row", ("resident", "address", "JALAN\nVECTOR")),
    ("roster", "a salt of 15 bytes", ("pin_salt", bytes(15))),
    ("roster", "an officer listed twice", ("officers", MORE, [OFFICER, bytes(32)])),
    ("roster", "a resident listed twice", ("residents", MORE, to_row(RESIDENT))),
    ("roster", "a row with an unknown field", ("residents", 0, "phone", "")),
    ("roster", "a number that nobody can have", ("residents", 0, "nik", "5302017213570001")),
    ("roster", "a name too long for a card", ("residents", 0, "name", "V" * 61)),
    ("roster", "an unknown blood group", ("residents", 0, "blood_group", "C")),
    ("states", "an unknown state", ("states", 0, 1, "LOST")),
    ("states", "a moment that no calendar has", ("states", 0, 2, 1 << 37)),
    ("states", "a sequence below 0", ("missing", [-1])),
    ("states", "true for a number", ("missing", [True])),
    ("keys", "nobody to seal to", ("packets", [])),
    ("keys", "a verifying key of 1343 bytes", ("orders", [bytes(1343)])),
    ("keys", "a number for a list of keys", ("receipts", 0)),
    ("manifest", "a field that lacks", ("seen", "keys", LACKS)),
    ("manifest", "a file above 64 MiB", ("packets", 0, 3, (64 << 20) + 1)),
    ("request", "a line break in the version", ("software", "1\n2")),
    ("request", "a province that is no name", ("province", "Vector")),
    ("request", "a sealing key of 1215 bytes", ("sealing", bytes(1215))),
    ("request", "a PEM as text", ("csr", "-----BEGIN CERTIFICATE REQUEST-----")),
    ("grant", "a certificate as text", ("certificate", "certificate")),
    ("grant", "a password as bytes", ("password", b"password")),
)
