"""Marked data: a resident like no other, the forms in which what is theirs could slip out, and the search for these."""

import base64
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from PIL import Image

from kiosk.record.nik import compose
from kiosk.record.packet import Recording
from kiosk.record.resident import Resident

PIECE = 48
"""Bytes of an image that are looked for: long enough to be found nowhere by chance."""
ALLOWED = ("centre", "opened", "errands", "station/kiosk/cards")
"""The centre's own, the demo's opened packets, what the test tells the robot, and what the printer printed."""


def resident(like: Resident) -> Resident:
    """One whose words are nobody else's."""
    return replace(
        like,
        nik=compose("530203", like.birth_date, like.sex, 7391).digits,
        name="ZWENTIBOLDA QUIXOTRIA",
        birth_place="XANTHOPOLIS",
        address="GANG VLINDERSTRAAT 77",
    )


# What is looked for ------------------------------------------------------------------------------------------------


def written(*texts: str) -> dict[str, bytes]:
    """Each text in the forms in which it could slip out."""
    forms: dict[str, bytes] = {}
    for text in texts:
        forms |= {
            f"{text} in utf-8": text.encode(),
            f"{text} in lower case": text.lower().encode(),
            f"{text} in title case": text.title().encode(),
            f"{text} in utf-16, little end first": text.encode("utf-16-le"),
            f"{text} in utf-16, big end first": text.encode("utf-16-be"),
        } | armoured({text: text.encode()})
    return forms


def armoured(pieces: Mapping[str, bytes]) -> dict[str, bytes]:
    """Each piece as hex and as base64."""
    forms: dict[str, bytes] = {}
    for name, piece in pieces.items():
        forms |= {f"{name} in hex": piece.hex().encode(), f"{name} in upper hex": piece.hex().upper().encode()}
        for shift in range(3):
            # Within longer base64 a text has three spellings, by where it begins; its ends mix with its neighbours.
            if spelling := base64.b64encode(bytes(shift) + piece)[4:-4]:
                forms[f"{name} in base64, {shift}"] = spelling
    return forms


def captured(recording: Recording) -> dict[str, bytes]:
    """Pieces of the images, as encoded and as pixels, and of the templates."""
    records = recording.records
    wholes = {
        "the photo": records.photo(),
        "the pixels of the photo": Image.open(io.BytesIO(records.photo())).tobytes(),
        "the signature": recording.signature,
        "the strokes": records.signature,
        "the fingers": records.fingers,
    }
    for kind, pictures in (("finger", records.finger_pictures()[:2]), ("iris", records.iris_pictures()[:2])):
        for number, picture in enumerate(pictures, start=1):
            wholes[f"the image of {kind} {number}"] = picture
            wholes[f"the pixels of {kind} {number}"] = Image.open(io.BytesIO(picture)).tobytes()
    template = recording.template_of(recording.prints[1].finger)
    assert template is not None
    wholes[f"the template of finger {int(template.finger)}"] = template.template
    pieces: dict[str, bytes] = {}
    for name, whole in wholes.items():
        varied = [at for at in range(0, len(whole) - PIECE, PIECE) if len(set(whole[at : at + PIECE])) > 8]
        for number in range(3):
            at = varied[(number + 1) * len(varied) // 4]
            pieces[f"{name}, {number}"] = whole[at : at + PIECE]
    return pieces


# Where it is looked for --------------------------------------------------------------------------------------------


def found(marks: Mapping[str, bytes], folder: Path) -> list[str]:
    """Every mark in any file but those of ``ALLOWED``, and in any file's name at all."""
    names = [
        f"{mark} in the name {path}" for path in folder.rglob("*") for mark, m in marks.items() if m in bytes(path)
    ]
    outside = [folder / place for place in ALLOWED]
    return names + [
        f"{mark} in {path}"
        for path, content in contents(folder)
        if not any(path.is_relative_to(place) for place in outside)
        for mark in marks_in(content, marks)
    ]


def marks_in(content: bytes, marks: Mapping[str, bytes]) -> list[str]:
    """The names of those marks that stand somewhere in it."""
    return [mark for mark, piece in marks.items() if piece in content]


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Each file below, and what it holds."""
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file():  # devices of the simulated world are no files
                yield path, path.read_bytes()
        except FileNotFoundError:
            continue  # its writer took it away in the meantime
