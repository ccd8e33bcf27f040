"""Against the IPP printer of CUPS: a peer that was not written by us."""

import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drivers.errors import Refused as RefusedByDevice
from drivers.printer import CardImage, Fault, Jammed, Printed, Refused, Unknown
from drivers.printer.evolis.panels import Face
from drivers.printer.ipp.printer import IppPrinter
from drivers.printer.ipp.raster import decode

LONG = 60.0
EDGE = (5, 3)
"""Dots that run over the top and the left edge: (648, 1016) are rendered, (638, 1011) are a CR80 card at 300 dpi."""

SIZE = "MEMBER integer x-dimension 5398 MEMBER integer y-dimension 8560"
MARGINS = " ".join(f"MEMBER integer media-{side}-margin %d" for side in ("top", "bottom", "left", "right"))
OTHER = "MEMBER integer x-dimension 21000 MEMBER integer y-dimension 29700"
"""ippeveprinter 2.4.10 looks for a size that the job's is not, and so takes no job when its only size is that."""
CR80 = f"MEMBER collection media-size {{ {SIZE} }}"


def described(*, formats: str = "image/pwg-raster,image/jpeg", sides: str = "one-sided", media: str = "") -> str:
    media = media or "om_cr80_53.98x85.6mm"
    return f"""
ATTR textWithoutLanguage printer-make-and-model "Example Card Printer"
ATTR boolean color-supported true
ATTR keyword media-default {media.partition(",")[0]}
ATTR keyword media-ready {media.partition(",")[0]}
ATTR keyword media-supported {media}
ATTR keyword media-col-supported media-size,media-top-margin,media-bottom-margin,media-left-margin,media-right-margin
ATTR collection media-size-supported {{ {SIZE} }},{{ {OTHER} }}
ATTR collection media-col-default {{ {CR80} {MARGINS % (0, 0, 0, 0)} }}
ATTR collection media-col-database {{ {CR80} {MARGINS % (300, 300, 300, 300)} }},{{ {CR80} {MARGINS % (0, 0, 0, 0)} }}
ATTR mimeMediaType document-format-default image/pwg-raster
ATTR mimeMediaType document-format-supported {formats}
ATTR keyword sides-default one-sided
ATTR keyword sides-supported {sides}
ATTR keyword print-color-mode-default color
ATTR keyword print-color-mode-supported auto,color,monochrome
ATTR enum print-quality-default 4
ATTR enum print-quality-supported 3,4,5
ATTR resolution pwg-raster-document-resolution-supported 300dpi
ATTR keyword pwg-raster-document-sheet-back normal
ATTR keyword pwg-raster-document-type-supported srgb_8,sgray_8
ATTR integer marker-levels 80,15
ATTR nameWithoutLanguage marker-names "YMCKO ribbon","Waste"
ATTR nameWithoutLanguage marker-colors "#00FFFF#FF00FF#FFFF00","none"
ATTR keyword marker-types ribbonWax,wasteWax
"""


BOTH = "one-sided,two-sided-long-edge,two-sided-short-edge"


def kept(spool: Path) -> bytes:
    (file,) = (file for file in spool.iterdir() if file.suffix != ".prn")  # what its maker of cards puts out: nothing
    # The name of the job is in the name of the file: neutral, so that nobody is named on a printer's disk.
    assert file.stem == "1-card"
    return file.read_bytes()


def on_the_card(face: Face) -> Face:
    top, left = EDGE
    return face[top : top + 638, left : left + 1011]


def test_how_it_is(ippeveprinter: Callable[..., str]) -> None:
    status = IppPrinter(ippeveprinter(described())).status(within=LONG)
    assert (status.model, status.faults, status.ribbon_percent) == ("Example Card Printer", (), 80)


def test_a_card_arrives_dot_for_dot(ippeveprinter: Callable[..., str], face: Face, tmp_path: Path) -> None:
    printer = IppPrinter(ippeveprinter(described(sides=BOTH), 'env >"${0%/*}/asked"'))
    shares: list[float] = []
    back = face[::-1, ::-1].copy()
    assert printer.print(CardImage(face, back), within=LONG, progress=shares.append) == Printed()
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    asked = dict(line.split("=", 1) for line in (tmp_path / "asked").read_text().splitlines())
    assert asked["IPP_SIDES"] == "two-sided-short-edge"
    assert "x-dimension=5398" in asked["IPP_MEDIA_COL"]
    assert "media-top-margin=0" in asked["IPP_MEDIA_COL"]
    pages = decode(kept(tmp_path / "spool"))
    assert [(page.dpi, page.duplex, page.tumble) for page in pages] == [(300, True, True)] * 2
    for page, sent in zip(pages, (face, back), strict=True):
        assert np.array_equal(np.rot90(page.dots, k=-1), on_the_card(sent))


def test_a_card_as_jpeg_is_as_good_as_jpeg_can(ippeveprinter: Callable[..., str], face: Face, tmp_path: Path) -> None:
    printer = IppPrinter(ippeveprinter(described(formats="image/jpeg")))
    assert printer.print(CardImage(face), within=LONG) == Printed()
    with Image.open(io.BytesIO(kept(tmp_path / "spool"))) as image:
        assert image.format == "JPEG"
        assert image.info["dpi"] == (300, 300)
        card = np.rot90(np.asarray(image), k=-1).astype(int)
    difference = np.abs(card - on_the_card(face))
    # Quality 95 without subsampling: a halo only beside the black and the white corner.
    assert difference.mean() < 1
    assert difference[100:500, 100:900].max() <= 4


def test_a_printer_without_a_card_is_refused_in_a_sentence(ippeveprinter: Callable[..., str], face: Face) -> None:
    text = described(media="iso_a4_210x297mm").replace("5398", "21000").replace("8560", "29700")
    with pytest.raises(RefusedByDevice, match="CR80"):
        IppPrinter(ippeveprinter(text)).print(CardImage(face), within=LONG)


def test_a_one_sided_printer_refuses_a_card_with_a_back(ippeveprinter: Callable[..., str], face: Face) -> None:
    assert IppPrinter(ippeveprinter(described())).print(CardImage(face, face), within=LONG) == Refused(Fault.OTHER)


def test_a_jam_is_told_while_the_card_is_inside(ippeveprinter: Callable[..., str], face: Face) -> None:
    printer = IppPrinter(ippeveprinter(described(), "echo 'STATE: +media-jam' >&2; sleep 3; exit 1"))
    assert printer.print(CardImage(face), within=LONG) == Jammed()


def test_a_job_that_the_printer_gives_up_without_a_reason_is_unknown(
    ippeveprinter: Callable[..., str], face: Face
) -> None:
    printer = IppPrinter(ippeveprinter(described(), "exit 1"))
    assert printer.print(CardImage(face), within=LONG) == Unknown()


def test_a_printer_that_takes_too_long_is_called_off(ippeveprinter: Callable[..., str], face: Face) -> None:
    printer = IppPrinter(ippeveprinter(described(), "sleep 5"), patience=2)
    started = time.monotonic()
    assert printer.print(CardImage(face), within=3) == Unknown()
    assert time.monotonic() - started < 3.5
