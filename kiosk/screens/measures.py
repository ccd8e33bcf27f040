"""The technician's picture of what a judge sees: the picture, what was found in it, the advice, and all measures.

Another place than the residents' screens, but of the same parts. Nothing moves from line to line while it is read: what
does not fit stands on another leaf.
"""

from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
import pygame

from kiosk.screens.canvas import Canvas
from kiosk.screens.sheet import Sheet
from kiosk.screens.theme import Colour
from kiosk.screens.typesetting import LEADING
from kiosk.screens.views import Frame, Page, Target

Rect = pygame.Rect

WHITE: Final = (255, 255, 255)
OUTLINE: Final = (10, 22, 34)
"""Around everything that is drawn over a picture, so that it is seen on any."""
SHARE: Final = {False: 0.45, True: 0.42}
"""Of the body that the picture takes, on a landscape and on a portrait screen."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Something drawn over the picture: its centre and half its width and height, as shares of the picture's.

    ``line`` goes from the centre that far right and down; ``point`` is a cross of its own size. What is ``wanted`` is
    drawn white, what was found in colour.
    """

    shape: Literal["box", "oval", "point", "line"]
    x: float
    y: float
    across: float = 0.0
    down: float = 0.0
    wanted: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One measure: its name, its figure and its limit as they are written; ``off`` when it is beyond the limit."""

    name: str
    figure: str
    limit: str = ""
    off: bool = False


@dataclass(frozen=True, slots=True)
class Measuring:
    """The picture last judged, uint8 RGB (height, width, 3) or grey (height, width), and what was found in it.

    ``headings`` of name, figure and limit; ``leaf`` counts the touches on the page's second button, which is left out
    where all rows fit. ``empty`` is said in the picture's place while there is none; ``share`` fills a bar under it.
    """

    page: Page
    frame: Frame | None = field(repr=False)
    traces: tuple[Trace, ...] = field(repr=False)
    headings: tuple[str, str, str]
    rows: tuple[Row, ...] = field(repr=False)
    mirrored: bool = False
    good: bool = False
    note: str = ""
    empty: str = ""
    share: float | None = None
    leaf: int = 0


def draw_measures(canvas: Canvas, view: Measuring) -> tuple[Target, ...]:
    """Draw the view; returns its targets."""
    canvas.inscriptions.clear()
    whole = replace(view.page, secondary=None)
    sheet = Sheet(canvas, whole)
    places = _Places.on(sheet, view)
    if places.leaves > 1:
        sheet = Sheet(canvas, view.page)
        places = _Places.on(sheet, view)
    sheet.chrome()
    _stage(sheet, view, places.stage)
    _words(sheet, view, places)
    _table(sheet, view, places)
    return tuple(sheet.targets)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where everything stands, how large the table is set, and how many leaves it takes."""

    stage: Rect
    hint: Rect
    note: Rect
    table: Rect
    size: int
    a_leaf: int
    leaves: int

    @classmethod
    def on(cls, sheet: Sheet, view: Measuring) -> "_Places":
        theme, canvas, page = sheet.theme, sheet.canvas, sheet.page
        stage, words = sheet.halves(SHARE[theme.portrait])
        gap = theme.px(14)
        hint = Rect(words.x, words.y, words.width, sheet.hint_height(words.width, 0.8))
        top = hint.bottom + gap if page.hint is not None else words.y
        note = Rect(words.x, top, words.width, 0)
        if view.note:
            note.height = canvas.set(view.note, (words.width, 10_000), theme.smallest_type).height
            top = note.bottom + gap // 2
        table = Rect(words.x, top, words.width, words.bottom - top)
        for size in range(max(theme.small, theme.smallest_type), theme.smallest_type - 1, -1):
            a_leaf = max(table.height // _pitch(size) - 1, 1)
            if a_leaf >= len(view.rows):
                break
        leaves = max(-(-len(view.rows) // a_leaf), 1)
        return cls(stage, hint, note, table, size, a_leaf, leaves)


def _pitch(size: int) -> int:
    return round(size * LEADING) + 2


def _words(sheet: Sheet, view: Measuring, places: _Places) -> None:
    if sheet.page.hint is not None:
        sheet.hint(sheet.page.hint, places.hint, 0.8)
    if view.note:
        sheet.canvas.write(view.note, places.note, sheet.theme.smallest_type, ink=sheet.palette.soft_ink)


def _table(sheet: Sheet, view: Measuring, places: _Places) -> None:
    """A heading, then as many rows as fit: name left, figure right, limit beside it."""
    if not view.rows:
        return
    canvas, palette, place, size = sheet.canvas, sheet.palette, places.table, places.size
    pitch, mark, gap = _pitch(size), size, sheet.theme.px(12)
    leaf = view.leaf % places.leaves
    first, last = leaf * places.a_leaf, (leaf + 1) * places.a_leaf
    name, figure, limit = view.headings
    if places.leaves > 1:
        name = f"{name} {leaf + 1}/{places.leaves}"

    def widest(texts: tuple[str, ...]) -> int:
        return max(canvas.width_of(text, size, bold=True) for text in texts) + 2

    # From all rows, so that the columns stay where they are from leaf to leaf.
    limits = widest((limit, *(row.limit for row in view.rows)))
    figures = widest((figure, *(row.figure for row in view.rows)))
    left = place.x + mark + gap // 2
    figure_at = place.right - limits - gap - figures

    def line(y: int, texts: tuple[str, str, str], ink: Colour, *, bold: bool) -> None:
        canvas.write(texts[0], Rect(left, y, figure_at - gap - left, pitch), size, ink=ink, bold=bold, down="middle")
        canvas.write(
            texts[1], Rect(figure_at, y, figures, pitch), size, ink=ink, bold=bold, across="right", down="middle"
        )
        canvas.write(texts[2], Rect(place.right - limits, y, limits, pitch), size, ink=ink, bold=bold, down="middle")

    line(place.y, (name, figure, limit), palette.primary, bold=True)
    for number, row in enumerate(view.rows[first:last], start=1):
        y = place.y + number * pitch
        canvas.surface.fill(palette.line, (place.x, y, place.width, 1))
        ink = palette.ink
        if row.off:
            ink = palette.attention
            canvas.surface.fill(palette.attention_tint, (place.x, y + 1, place.width, pitch - 1))
            canvas.picture("alert", Rect(place.x + 2, y + (pitch - mark) // 2, mark, mark), ink=ink)
        line(y, (row.name, row.figure, row.limit), ink, bold=row.off)


def _stage(sheet: Sheet, view: Measuring, stage: Rect) -> None:
    theme, canvas = sheet.theme, sheet.canvas
    canvas.panel(stage, sheet.palette.veil, radius=theme.px(24))
    if view.frame is None:
        room = stage.inflate(-stage.width // 6, 0)
        canvas.write(view.empty, room, theme.sentence, ink=WHITE, across="centre", down="middle")
    else:
        _picture(sheet, view, view.frame, stage.inflate(-theme.px(16), -theme.px(16)))
    if view.share is not None:
        high = theme.px(14)
        bar = Rect(stage.x + theme.px(24), stage.bottom - high - theme.px(14), stage.width - theme.px(48), high)
        canvas.panel(bar, WHITE, radius=high // 2)
        done = Rect(bar.x, bar.y, max(round(bar.width * min(max(view.share, 0.0), 1.0)), high), high)
        canvas.panel(done, sheet.palette.primary, radius=high // 2, border=WHITE, width=2)


def _picture(sheet: Sheet, view: Measuring, frame: Frame, room: Rect) -> None:
    """The whole picture as large as fits, and over it what is wanted, then what was found."""
    high, wide = frame.shape[:2]
    scale = min(room.width / wide, room.height / high)
    place = Rect(0, 0, max(round(wide * scale), 1), max(round(high * scale), 1))
    place.center = room.center
    colours = np.ascontiguousarray(frame if frame.ndim == 3 else np.repeat(frame[:, :, None], 3, axis=2))
    shown = pygame.transform.smoothscale(pygame.image.frombuffer(colours.data, (wide, high), "RGB"), place.size)
    surface = sheet.canvas.surface
    surface.blit(pygame.transform.flip(shown, True, False) if view.mirrored else shown, place)
    found = pygame.Color(sheet.palette.pictures["leaf" if view.good else "sun"])
    clip = surface.get_clip()
    surface.set_clip(place)
    for trace in sorted(view.traces, key=lambda each: not each.wanted):
        colour: Colour = WHITE if trace.wanted else (found.r, found.g, found.b)
        _draw(sheet, replace(trace, x=1 - trace.x, across=-trace.across) if view.mirrored else trace, place, colour)
    surface.set_clip(clip)


def _draw(sheet: Sheet, trace: Trace, place: Rect, colour: Colour) -> None:
    surface, thin = sheet.canvas.surface, sheet.theme.px(3)
    x, y = place.x + trace.x * place.width, place.y + trace.y * place.height
    across, down = trace.across * place.width, trace.down * place.height
    around = Rect(round(x - abs(across)), round(y - abs(down)), round(2 * abs(across)), round(2 * abs(down)))
    for ink, width in ((OUTLINE, thin + 2), (colour, thin)):
        match trace.shape:
            case "box":
                pygame.draw.rect(surface, ink, around, width, border_radius=sheet.theme.px(6))
            case "oval":
                pygame.draw.ellipse(surface, ink, around.inflate(width - thin, width - thin), width)
            case "line":
                pygame.draw.line(surface, ink, (x, y), (x + across, y + down), width)
            case "point":
                arm = sheet.theme.px(7)
                pygame.draw.line(surface, ink, (x - arm, y), (x + arm, y), width)
                pygame.draw.line(surface, ink, (x, y - arm), (x, y + arm), width)
