"""A card as the document that a printer takes: the format, the dots, and the attributes of its job.

Of the formats that ``document-format-supported`` names, in this order:

- ``image/pwg-raster``: the dots as rendered, their resolution and both faces in one document. IPP Everywhere requires
  it of every printer (PWG 5100.14 §5.1.1), so the others are for what is older.
- ``image/png``: the dots as rendered, but one face, and the printer decides how large it becomes.
- ``image/jpeg``: the same with losses: small print gets a halo. Only where there is nothing else.

PDF is not sent: the printer would render it at its own idea of dots, and who takes PDF takes one of these.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from drivers.printer import CardImage
from drivers.printer.ipp import raster
from drivers.printer.ipp.attributes import enums, keywords, numbers_of, words_of
from drivers.printer.ipp.codec import Attributes, Resolution, Value
from drivers.printer.ipp.media import Media

DPI = 300
"""Of a CardImage."""
RASTER, PNG, JPEG = "image/pwg-raster", "image/png", "image/jpeg"
TURNED_OVER_SHORT_EDGE = {"normal": (1, 1), "flipped": (-1, 1), "manual-tumble": (-1, -1), "rotated": (1, 1)}
"""``pwg-raster-document-sheet-back``: across and along the feed, how a printer wants the back's dots (PWG 5102.4
§4.3.3.2)."""
WISHES: Mapping[str, tuple[Value, ...]] = {
    "print-color-mode": keywords("color"),
    "print-quality": enums(raster.BEST),
    "print-scaling": keywords("none"),
}
"""Said where the printer knows the word."""
TUMBLE = "two-sided-short-edge"
"""A card is turned like a page held sideways: about the short edge of the medium."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is sent, and the job attributes that go with it."""

    format: str
    job: Attributes = field(repr=False)
    data: bytes = field(repr=False)


def document_of(card: CardImage, media: Media, printer: Attributes) -> Document | None:
    """Prepare a card for this printer; None when it takes none of the formats, or only one face and there are two."""
    job = {**media.choice, **_wishes(printer)}
    formats = words_of(printer, "document-format-supported")
    scale = _raster_scale(printer)
    if card.back is not None and TUMBLE not in words_of(printer, "sides-supported"):
        return None
    if RASTER in formats and scale:
        if card.back is not None:
            job["sides"] = keywords(TUMBLE)
        return Document(RASTER, job, raster.encode(_pages(card, media, printer, scale)))
    if card.back is not None:
        return None
    for name, how in ((PNG, {"format": "PNG"}), (JPEG, {"format": "JPEG", "quality": 95, "subsampling": 0})):
        if name in formats:
            file = io.BytesIO()
            Image.fromarray(as_fed(card.front, media)).save(file, dpi=(DPI, DPI), **how)
            return Document(name, job, file.getvalue())
    return None


def as_fed(face: raster.Dots, media: Media) -> raster.Dots:
    """Lay a landscape face onto the medium as it lies in the feed, dot for dot.

    Never scaled, for that would blur small print: what runs over the edges is cut, what is missing stays white. A
    medium in portrait takes the face turned to the left (RFC 8011 §5.2.10, landscape).
    """
    height, width = media.dots(DPI)
    turned = np.rot90(face) if height > width else face
    page = np.full((height, width, 3), 255, np.uint8)
    (top, down), (left, across) = (_overlap(*sizes) for sizes in zip((height, width), turned.shape, strict=False))
    page[top, left] = turned[down, across]
    return page


def _overlap(there: int, here: int) -> tuple[slice, slice]:
    common = min(there, here)
    return tuple(slice((size - common) // 2, (size - common) // 2 + common) for size in (there, here))  # type: ignore[return-value] # two slices


def _pages(card: CardImage, media: Media, printer: Attributes, scale: int) -> tuple[raster.Page, ...]:
    faces = [as_fed(face, media).repeat(scale, axis=0).repeat(scale, axis=1) for face in _faces(card)]
    if len(faces) == 1:
        return (raster.Page(faces[0], DPI * scale),)
    wanted = words_of(printer, "pwg-raster-document-sheet-back")
    across, along = TURNED_OVER_SHORT_EDGE.get(wanted[0] if wanted else "normal", (1, 1))
    front, back = faces
    return (
        raster.Page(front, DPI * scale, duplex=True, tumble=True),
        raster.Page(
            np.ascontiguousarray(back[::along, ::across]),
            DPI * scale,
            duplex=True,
            tumble=True,
            cross_transform=across,
            feed_transform=along,
        ),
    )


def _faces(card: CardImage) -> tuple[raster.Dots, ...]:
    return (card.front,) if card.back is None else (card.front, card.back)


def _wishes(printer: Attributes) -> dict[str, tuple[Value, ...]]:
    known: dict[str, tuple[object, ...]] = {
        name: (*words_of(printer, f"{name}-supported"), *numbers_of(printer, f"{name}-supported")) for name in WISHES
    }
    return {name: wish for name, wish in WISHES.items() if wish[0].content in known[name]}


def _raster_scale(printer: Attributes) -> int:
    """How many of the printer's dots make one of ours in each direction; 0 when it takes no such colour raster."""
    if "srgb_8" not in words_of(printer, "pwg-raster-document-type-supported"):
        return 0
    found = (value.content for value in printer.get("pwg-raster-document-resolution-supported", ()))
    squares = [
        dots.cross_feed for dots in found if isinstance(dots, Resolution) and dots == Resolution(*[dots.feed] * 2)
    ]
    return min((dots // DPI for dots in squares if dots in (DPI, 2 * DPI)), default=0)
