"""The front of the KTP-el as pixels: order data in, one picture for the card printer out.

Fields and their order follow Permendagri 74/2015. The background is our own ornament, a kawung batik: the state's
emblem and the official guilloche are on the blank or nowhere.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from kiosk.journey.session import Sex
from kiosk.record.card_ornament import Pixels, ornament
from kiosk.record.order import CardOrder
from kiosk.record.resident import Resident

WIDTH, HEIGHT = 1016, 648
"""ID-1 at 300 dpi, landscape, with bleed: the printer's own raster."""
LIFELONG = "SEUMUR HIDUP"
"""Validity of a citizen's card (UU 24/2013, article 64)."""

MARGIN = 38
HEADING, NIK_SIZE, BODY, SMALLEST = 35, 47, 28, 14
"""Type sizes in pixels; 300 dpi: 28 px is 6.7 pt, 14 px is 3.4 pt, the smallest still to be read."""
HEADING_LINES = (52, 94)
NIK_LINE = 156
FIELDS = (184, 630)
"""Top and bottom of the block of fields."""
COLON, VALUE, BLOOD = 278, 296, 528
INDENT = 26
ROW, CONTINUED = 1.30, 1.08
"""Line pitch as a multiple of the type size: at best from field to field, and within one."""
TIGHT_ROW = 1.16
PHOTO = (768, 122, 978, 402)
"""Left, top, right, bottom: 3 : 4, right of everything that is written."""
TEXT_RIGHT = 744
PLACE = (758, 412, 988, 474)
SIGNATURE = (764, 484, 982, 612)

BLACK = (0, 0, 0)
"""Pure black becomes resin in the printer: sharp, and lasting longer than dye."""
DARKEST_IN_PHOTO = 6
"""So that hair and pupils are printed in dye, never in patches of resin."""
LONGEST_SIDE = 6000
FAINTEST_INK = 24
SEXES = {Sex.MALE: "LAKI-LAKI", Sex.FEMALE: "PEREMPUAN"}


class Unprintable(ValueError):
    """The order cannot become a card; the sentence names the field and never its content."""


@dataclass(frozen=True)
class Typeface:
    """The type on the card: two files of one family (TrueType or OpenType)."""

    regular: Path
    bold: Path

    def at(self, size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
        """Open one weight at ``size`` pixels."""
        return ImageFont.truetype(self.bold if bold else self.regular, size)


@dataclass(frozen=True, slots=True)
class CardFace:
    """What stands on one card: photo as JPEG, signature as PNG (dark on white or on nothing).

    The signature is empty for those who cannot sign.
    """

    resident: Resident = field(repr=False)
    photo: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    issued_place: str = field(repr=False)
    issued_on: date = field(repr=False)

    @classmethod
    def of(cls, order: CardOrder) -> "CardFace":
        """Take the face out of a print order."""
        return cls(order.resident, order.photo, order.signature, order.issued_place, order.issued_on)


def card_face(card: CardFace, *, typeface: Typeface) -> Pixels:
    """Draw the front: uint8 (648, 1016, 3), RGB.

    Raises Unprintable when a picture cannot be read or the text does not fit legibly.
    """
    canvas = Image.fromarray(ornament(WIDTH, HEIGHT))
    draw = ImageDraw.Draw(canvas)
    _headings(draw, card.resident, typeface)
    _nik(draw, card.resident.nik, typeface)
    _fields(draw, card.resident, typeface)
    canvas.paste(_photo(card.photo), PHOTO[:2])
    _issue(draw, card, typeface)
    if card.signature:
        ink, place = _signature(card.signature)
        canvas.paste(BLACK, place, ink)
    return np.asarray(canvas, np.uint8)


def _headings(draw: ImageDraw.ImageDraw, resident: Resident, typeface: Typeface) -> None:
    texts = (f"PROVINSI {resident.province}", resident.regency)
    # Both lines in one size, that of the longer.
    font = _largest(texts, typeface, HEADING, WIDTH - 2 * MARGIN)
    for text, baseline in zip(texts, HEADING_LINES, strict=True):
        draw.text((WIDTH / 2, baseline), text, BLACK, font, anchor="ms")


def _largest(texts: Sequence[str], typeface: Typeface, size: int, width: float) -> ImageFont.FreeTypeFont:
    while size > SMALLEST and max(map(typeface.at(size, bold=True).getlength, texts)) > width:
        size -= 1
    font = typeface.at(size, bold=True)
    if max(map(font.getlength, texts)) > width:
        raise Unprintable("The name of the province or regency is too long for the card.")
    return font


def _nik(draw: ImageDraw.ImageDraw, nik: str, typeface: Typeface) -> None:
    font = typeface.at(NIK_SIZE, bold=True)
    draw.text((MARGIN, NIK_LINE), "NIK", BLACK, font, anchor="ls")
    draw.text((MARGIN + 118, NIK_LINE), ":", BLACK, font, anchor="ls")
    # Every digit as wide as the widest: the eye counts them in columns.
    pitch = max(map(font.getlength, "0123456789")) + 1
    for place, digit in enumerate(nik):
        draw.text((MARGIN + 152 + (place + 0.5) * pitch, NIK_LINE), digit, BLACK, font, anchor="ms")


def _fields(draw: ImageDraw.ImageDraw, resident: Resident, typeface: Typeface) -> None:
    rows = (
        (0, "Nama", resident.name),
        (0, "Tempat/Tgl Lahir", f"{resident.birth_place}, {_day(resident.birth_date)}"),
        (0, "Jenis Kelamin", SEXES[resident.sex]),
        (0, "Alamat", resident.address),
        (INDENT, "RT/RW", f"{resident.rt}/{resident.rw}"),
        (INDENT, "Kel/Desa", resident.village),
        (INDENT, "Kecamatan", resident.district),
        (0, "Agama", resident.religion),
        (0, "Status Perkawinan", resident.marital_status.value),
        (0, "Pekerjaan", resident.occupation),
        (0, "Kewarganegaraan", resident.citizenship),
        (0, "Berlaku Hingga", LIFELONG),
    )
    size, values = _fitted([value.strip() or "-" for _, _, value in rows], typeface)
    font = typeface.at(size)
    labels = typeface.at(min(size, BODY - 2))
    top, bottom = FIELDS
    more = sum(len(lines) - 1 for lines in values)
    pitch = min(size * ROW, (bottom - top - more * size * CONTINUED) / len(rows))
    baseline: float = top + size
    for (indent, label, _), lines in zip(rows, values, strict=True):
        draw.text((MARGIN + indent, baseline), label, BLACK, labels, anchor="ls")
        draw.text((COLON, baseline), ":", BLACK, labels, anchor="ls")
        if label == "Jenis Kelamin":
            draw.text((BLOOD, baseline), f"Gol. Darah :  {resident.blood_group.value}", BLACK, font, anchor="ls")
        for line in lines:
            draw.text((VALUE, baseline), line, BLACK, font, anchor="ls")
            baseline += size * CONTINUED
        baseline += pitch - size * CONTINUED


def _fitted(values: Sequence[str], typeface: Typeface) -> tuple[int, list[list[str]]]:
    """The largest size in which all values, wrapped, fit the block; one size for all, so that the card reads calmly."""
    height = FIELDS[1] - FIELDS[0]
    for size in range(BODY, SMALLEST - 1, -1):
        font = typeface.at(size)
        wrapped = [wrap(value, font, TEXT_RIGHT - VALUE) for value in values]
        more = sum(len(lines) - 1 for lines in wrapped)
        if (len(values) * TIGHT_ROW + more * CONTINUED) * size <= height:
            return size, wrapped
    raise Unprintable("The name, the address or another field is too long for the card.")


def wrap(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Break ``text`` between words into lines of at most ``width`` pixels; a wider word is broken anywhere."""
    lines: list[str] = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and font.getlength(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def _photo(jpeg: bytes) -> Image.Image:
    left, top, right, bottom = PHOTO
    picture = _open(jpeg, "JPEG", "photo").convert("RGB")
    fitted = ImageOps.fit(picture, (right - left, bottom - top), Image.Resampling.LANCZOS, centering=(0.5, 0.4))
    return Image.fromarray(np.maximum(np.asarray(fitted, np.uint8), DARKEST_IN_PHOTO))


def _issue(draw: ImageDraw.ImageDraw, card: CardFace, typeface: Typeface) -> None:
    left, top, right, bottom = PLACE
    for size in range(24, SMALLEST - 2, -1):
        font = typeface.at(size)
        lines = [*wrap(card.issued_place, font, right - left), _day(card.issued_on)]
        if len(lines) * size * CONTINUED <= bottom - top:
            for number, line in enumerate(lines):
                draw.text(((left + right) / 2, top + size + number * size * CONTINUED), line, BLACK, font, anchor="ms")
            return
    raise Unprintable("The place of issue is too long for the card.")


def _signature(png: bytes) -> tuple[Image.Image, tuple[int, int]]:
    """The ink as coverage, as large as its place allows, and where it goes; whatever paper surrounds it is cut off."""
    left, top, right, bottom = SIGNATURE
    drawn = _open(png, "PNG", "signature").convert("RGBA")
    paper = Image.new("RGBA", drawn.size, (255, 255, 255, 255))
    ink = ImageOps.invert(Image.alpha_composite(paper, drawn).convert("L"))
    edges = ink.point(lambda level: 255 if level > FAINTEST_INK else 0).getbbox()
    if edges is None:
        raise Unprintable("The signature in the print order is empty.")
    ink = ImageOps.contain(ink.crop(edges), (right - left, bottom - top), Image.Resampling.LANCZOS)
    return ink, ((left + right - ink.width) // 2, (top + bottom - ink.height) // 2)


def _open(data: bytes, format_: str, what: str) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(data), formats=[format_])
        fits = max(picture.size) <= LONGEST_SIDE
        if fits:
            picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # Pillow's message may quote the data; the cause is cut off for that.
        raise Unprintable(f"The {what} in the print order is no readable {format_} ({type(error).__name__}).") from None
    if not fits:
        raise Unprintable(f"The {what} in the print order is larger than {LONGEST_SIDE} pixels.")
    return picture


def _day(day: date) -> str:
    return f"{day:%d-%m-%Y}"
