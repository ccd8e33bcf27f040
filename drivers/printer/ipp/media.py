"""Which of the printer's media is the card, and what a job says about it.

Source: PWG 5101.1 §5 (names that tell their size), RFC 8011 §5.2.11 and PWG 5100.7 (media-col), sizes in hundredths of
a millimetre.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from drivers.printer.ipp.attributes import collections, integers, keywords, members_of, number_of, words_of
from drivers.printer.ipp.codec import Attributes

CARD = (5398, 8560)
"""ID-1 (ISO/IEC 7810), which the card trade calls CR80."""
TOLERANCE = 150
"""Some printers name the printed area instead, which runs over the edges: 54 × 86 mm."""
SIZE = re.compile(r"_(\d{1,4}(?:\.\d{1,4})?)x(\d{1,4}(?:\.\d{1,4})?)(mm|in)\Z")
UNITS = {"mm": 100, "in": 2540}
MARGINS = tuple(f"media-{side}-margin" for side in ("top", "bottom", "left", "right"))


@dataclass(frozen=True, slots=True)
class Media:
    """A medium as it lies in the feed: across the feed, along it, and the words with which a job asks for it."""

    width: int
    height: int
    choice: Attributes = field(repr=False)

    @property
    def misfit(self) -> int:
        """How far its edges are from those of a card."""
        short, long = sorted((self.width, self.height))
        return max(abs(short - CARD[0]), abs(long - CARD[1]))

    def dots(self, dpi: int) -> tuple[int, int]:
        """Height and width in dots."""
        return round(self.height * dpi / 2540), round(self.width * dpi / 2540)


def card_media(printer: Attributes) -> Media | None:
    """Find the card among the media of a printer, without margins if it can; None when it has no such medium.

    A medium of the database is asked for by its size and margins: asked for by its name, a printer may take the one
    with margins, and would then shrink or cut the face.
    """
    found = [*_of_database(printer), *_by_name(printer)]
    # A stable sort: of equals the first is taken, so the database comes before the names.
    return min((media for media in found if media.misfit <= TOLERANCE), key=lambda media: media.misfit, default=None)


def _of_database(printer: Attributes) -> Iterator[Media]:
    if "media-size" not in words_of(printer, "media-col-supported"):
        return
    entries = [entry for name in ("media-col-database", "media-col-ready") for entry in members_of(printer, name)]
    for entry in sorted(entries, key=lambda entry: sum(number_of(entry, margin) or 0 for margin in MARGINS)):
        for size in members_of(entry, "media-size"):
            width, height = number_of(size, "x-dimension"), number_of(size, "y-dimension")
            if width is not None and height is not None:
                margins = {name: entry[name] for name in MARGINS if name in entry}
                wanted = {"x-dimension": integers(width), "y-dimension": integers(height)}
                yield Media(width, height, {"media-col": collections({"media-size": collections(wanted), **margins})})


def _by_name(printer: Attributes) -> Iterator[Media]:
    for name in words_of(printer, "media-supported"):
        size = SIZE.search(name)
        if size is not None and not name.startswith(("custom_min_", "custom_max_")):
            unit = UNITS[size[3]]
            width, height = round(float(size[1]) * unit), round(float(size[2]) * unit)
            yield Media(width, height, {"media": keywords(name)})
