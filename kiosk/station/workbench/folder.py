"""The pictures in a folder, judged one after another: only one is in memory at a time."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from kiosk.capture.backdrop import Backdrop
from kiosk.capture.face import FaceJudge
from kiosk.capture.finger import judge as judge_finger
from kiosk.capture.iris import EyeJudge
from kiosk.station.workbench.reading import Kind, Reading, of_eyes, of_face, of_finger

Pixels = npt.NDArray[np.uint8]

ENDINGS: Final = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})
FORMATS: Final = ("PNG", "JPEG", "BMP", "TIFF")
LARGEST: Final = {Kind.FACE: 50_000_000, Kind.EYES: 50_000_000, Kind.FINGER: 16_000_000}
"""Pixels of a picture at the most: more is refused before it is unpacked. A hand at 1000 ppi has 10 million."""
SMALLEST: Final = 64
"""Pixels of the shorter side at the least."""
LONGEST: Final = 4
"""How many times longer than wide a picture may be: a strip of pixels is no picture, and costs the judges dear."""
PPI: Final = 500
"""At which finger images are judged, whatever they come with; what that makes of them must not be too large either."""
READERS_PPI: Final = 200
"""Resolution from which a file's own is believed of a finger image: less is a screen's, and says nothing."""


class NotJudged(Exception):
    """A file could not be judged; the sentence says why. It never quotes the file."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was judged: the file, its name in the folder, the picture's size, for fingers its resolution and whose word
    that is (``file`` or ``given``)."""

    file: Path
    name: str
    width: int | None = None
    height: int | None = None
    ppi: int | None = None
    ppi_from: str = ""
    outcome: Reading | NotJudged = field(default_factory=NotJudged)


Judge = Callable[[Pixels, int], Reading]
"""Judges pixels, RGB or grey as the kind asks, at so many pixels an inch."""


def judge_of(kind: Kind, backdrop: Backdrop | None = None) -> Judge:
    """What judges pictures of a kind, each for itself: nothing is known of motion, and no advice is kept steady."""
    match kind:
        case Kind.FACE:
            faces = FaceJudge()
            return lambda pixels, _: of_face(faces.judge(pixels, backdrop=backdrop))
        case Kind.FINGER:
            return lambda pixels, ppi: of_finger(judge_finger(pixels, ppi=ppi), pixels, ppi=ppi)
        case Kind.EYES:
            eyes = EyeJudge()
            return lambda pixels, _: of_eyes(eyes.judge(pixels))


def pictures_in(folder: Path, *, recursive: bool = False) -> tuple[tuple[Path, ...], int]:
    """The files that are called pictures, sorted by name, and how many others there are. Hidden ones are left alone.

    Raises OSError for what is no folder, or may not be read.
    """
    entries = sorted(folder.rglob("*") if recursive else folder.iterdir())
    hidden = (any(part.startswith(".") for part in each.relative_to(folder).parts) for each in entries)
    files = [each for each, aside in zip(entries, hidden, strict=True) if not aside and each.is_file()]
    pictures = tuple(each for each in files if each.suffix.lower() in ENDINGS)
    return pictures, len(files) - len(pictures)


def judged(
    files: tuple[Path, ...], folder: Path, kind: Kind, *, ppi: int = 500, backdrop: Backdrop | None = None
) -> Iterator[Sheet]:
    """Judge each file; what cannot be judged comes with the reason, and the rest goes on.

    ``ppi`` is a finger image's resolution where its file does not tell.
    """
    judge = judge_of(kind, backdrop)
    for file in files:
        yield _sheet(file, str(file.relative_to(folder)), kind, judge, ppi)


def _sheet(file: Path, name: str, kind: Kind, judge: Judge, given: int) -> Sheet:
    size: tuple[int | None, int | None] = (None, None)
    try:
        with _opened(file) as picture:
            size = picture.size
            _must_be_of_a_size(size, kind)
            ppi, whose = _resolution(picture, given) if kind is Kind.FINGER else (None, "")
            if ppi is not None:
                _must_be_of_a_size((round(size[0] * PPI / ppi), round(size[1] * PPI / ppi)), kind)
            pixels = _pixels(picture, grey=kind is Kind.FINGER)
        del picture  # it holds all pixels a second time
        size = (pixels.shape[1], pixels.shape[0])
        return Sheet(file, name, *size, ppi, whose, judge(pixels, ppi or given))
    except NotJudged as why:
        return Sheet(file, name, *size, outcome=why)
    except (ValueError, cv2.error) as why:
        # A judge says what it cannot take; OpenCV says it in its own way.
        told = str(why) if not isinstance(why, cv2.error) else "the judge could not take this picture"
        return Sheet(file, name, *size, outcome=NotJudged(told))


def _opened(file: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its warning of large pictures: ours are refused by their own measure
            return Image.open(file, formats=FORMATS)
    except UnidentifiedImageError:
        raise NotJudged("no picture: neither PNG, JPEG, BMP nor TIFF") from None
    except Image.DecompressionBombError:
        raise NotJudged("too large to be judged: make it smaller") from None
    except OSError as error:
        raise NotJudged(f"cannot be read: {error.strerror or 'damaged'}") from None
    except Exception:  # Pillow's readers raise whatever a damaged header leads them to
        raise NotJudged("damaged: its header makes no sense") from None


def _must_be_of_a_size(size: tuple[int, int], kind: Kind) -> None:
    if size[0] * size[1] > LARGEST[kind]:
        most = LARGEST[kind] // 1_000_000
        raise NotJudged(f"too large to be judged: it has more than {most} million pixels; make it smaller")
    if min(size) < SMALLEST:
        raise NotJudged(f"too small to be judged: it needs at least {SMALLEST} pixels a side")
    if max(size) > LONGEST * min(size):
        raise NotJudged(f"too long and narrow: one side is more than {LONGEST} times the other")


def _resolution(picture: Image.Image, given: int) -> tuple[int, str]:
    """A finger image's pixels an inch: the file's own word where it is a reader's, else what was given."""
    try:
        across, down = (float(each) for each in picture.info.get("dpi", ()))
    except (TypeError, ValueError, ZeroDivisionError):
        return given, "given"
    if not np.isfinite((across, down)).all() or across < READERS_PPI:
        return given, "given"
    if abs(across - down) > 0.02 * across:
        raise NotJudged("its pixels are not square; scan it again with one resolution")
    return round(across), "file"


def _pixels(picture: Image.Image, *, grey: bool) -> Pixels:
    """The picture upright, in eight bits: sixteen are scaled, a palette is looked up, what is clear becomes white."""
    try:
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)
        if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
            picture = _eight_bits(picture)
        if picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info:
            clear = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
        mode = "L" if grey else "RGB"
        return np.asarray(picture if picture.mode == mode else picture.convert(mode), np.uint8)
    except NotJudged:
        raise
    except MemoryError:
        raise NotJudged("too large to be judged on this machine: make it smaller") from None
    except Exception:  # Pillow's decoders raise whatever damaged data lead them to
        raise NotJudged("damaged: its data end early or make no sense") from None


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Sixteen bits a pixel, as some scanners write grey, scaled to eight."""
    if picture.mode == "F":
        raise NotJudged("its pixels are fractions; save it with 8 or 16 bits a pixel")
    values = np.asarray(picture, np.int64)
    if values.min() < 0 or values.max() > 65_535:
        raise NotJudged("its pixels have more than 16 bits; save it with 8 or 16 bits a pixel")
    return Image.fromarray((values // 257).astype(np.uint8))
