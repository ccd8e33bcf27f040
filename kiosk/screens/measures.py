"""The technician's picture of what a judge sees: the picture, what was found in it, the advice, and all measures.

Another place than the residents' screens, but of the same parts. Nothing moves from line to line while it is read: what
does not fit stands on another leaf.
"""

from dataclasses import dataclass, field, replace
from math import ceil
from typing import Final, Literal

import numpy as np
import pygame

from kiosk.screens.canvas import Across, Canvas
from kiosk.screens.sheet import Sheet
from kiosk.screens.theme import Colour
from kiosk.screens.typesetting import LEADING
from kiosk.screens.views import Frame, Page, Target

Rect = pygame.Rect

WHITE: Final = (255, 255, 255)
OUTLINE: Final = (10, 22, 34)
"""Around everything that is drawn over a picture, so that it is seen on any."""
SCALE: Final = 0.8
"""Of the advice against that of a resident's screen."""
ENOUGH: Final = 0.5
"""Of its column that the picture must keep for the advice to stand under it, and not over the table."""
SHARE: Final = {False: 0.45, True: 0.42}
"""Of the body that the picture takes, on a landscape and on a portrait screen."""
LEAST_SHARE: Final = 0.3
"""Of a landscape body that is left to the picture, however wide the table is."""
USUAL: Final = "−0.0000"
"""A figure as wide as most: the columns must not sway with the figures."""


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
    where all rows fit. The page's hint is the advice, its sentence what to do next. ``note`` stands in the header;
    ``empty`` is said in the picture's place while there is none; ``share`` fills a bar over its foot.
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
    sheet = Sheet(canvas, replace(view.page, secondary=None))
    places = _Places.on(sheet, view)
    if places.leaves > 1:
        sheet = Sheet(canvas, view.page)
        places = _Places.on(sheet, view)
        more = view.page.secondary
        if more is not None and any(row.off for row in view.rows if row not in places.shown):
            # What the advice comes from may stand on another leaf.
            sheet = Sheet(canvas, replace(view.page, secondary=replace(more, icon="alert")))
    sheet.chrome()
    _note(sheet, view)
    _stage(sheet, view, places.stage)
    _words(sheet, places)
    _table(sheet, view, places)
    return tuple(sheet.targets)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where everything stands, how large the table is set, and how many leaves it takes."""

    stage: Rect
    hint: Rect
    sentence: Rect
    table: Rect
    size: int
    shown: tuple[Row, ...]
    leaf: int
    leaves: int

    @classmethod
    def on(cls, sheet: Sheet, view: Measuring) -> "_Places":
        theme, canvas, page = sheet.theme, sheet.canvas, sheet.page
        stage, table = sheet.halves(_share(sheet, view))
        gap = theme.px(14)
        under = stage.copy()
        hint = _hint_height(sheet, stage.width)
        told = canvas.set(page.sentence, (stage.width, 10_000), theme.small).height if page.sentence else 0
        words = hint + (gap if hint and told else 0) + told
        if theme.portrait or stage.height - words - gap < ENOUGH * stage.height:
            under.topleft, under.width = table.topleft, table.width
            hint = _hint_height(sheet, table.width)
            told = canvas.set(page.sentence, (table.width, 10_000), theme.small).height if page.sentence else 0
            words = hint + (gap if hint and told else 0) + told
            table = Rect(table.x, table.y + words + gap, table.width, table.height - words - gap)
        else:
            stage.height -= words + gap
            under.top = stage.bottom + gap
        size, a_leaf = _type(sheet, view, table)
        leaves = max(ceil(len(view.rows) / a_leaf), 1)
        leaf = view.leaf % leaves
        return cls(
            stage,
            Rect(under.x, under.y, under.width, hint),
            Rect(under.x, under.y + words - told, under.width, told),
            table,
            size,
            view.rows[leaf * a_leaf : (leaf + 1) * a_leaf],
            leaf,
            leaves,
        )


@dataclass(frozen=True, slots=True)
class _Columns:
    """Widths in pixels, the same on all leaves: the sign of what is off, names, figures, limits, and between them."""

    sign: int
    name: int
    figure: int
    limit: int
    gap: int

    @classmethod
    def of(cls, sheet: Sheet, view: Measuring, size: int) -> "_Columns":
        def widest(*texts: str) -> int:
            return max(sheet.canvas.width_of(text, size, bold=True) for text in texts) + 2

        name, figure, limit = view.headings
        return cls(
            size + sheet.theme.px(10),
            widest(f"{name} 0/0", *(row.name for row in view.rows)),
            widest(figure, USUAL, *(row.figure for row in view.rows)),
            widest(limit, *(row.limit for row in view.rows)),
            sheet.theme.px(20),
        )

    @property
    def wide(self) -> int:
        return self.sign + self.name + self.figure + self.limit + 2 * self.gap


def _share(sheet: Sheet, view: Measuring) -> float:
    """What the picture takes of the body: less where the table needs it."""
    usual = SHARE[sheet.theme.portrait]
    if sheet.theme.portrait or not view.rows:
        return usual
    needed = _Columns.of(sheet, view, sheet.theme.smallest_type).wide + sheet.theme.px(44)
    return min(max(1 - needed / sheet.body.width, LEAST_SHARE), usual)


def _hint_height(sheet: Sheet, width: int) -> int:
    """Room for two lines even where the advice is short: the picture must not jump when it changes."""
    if sheet.page.hint is None:
        return 0
    two = replace(sheet.page, hint=replace(sheet.page.hint, text="\n"))
    return max(sheet.hint_height(width, SCALE), Sheet(sheet.canvas, two).hint_height(width, SCALE))


def _type(sheet: Sheet, view: Measuring, table: Rect) -> tuple[int, int]:
    """The type size of a table, as large as takes no more leaves than the smallest, and how many rows one leaf has."""
    least = sheet.theme.smallest_type
    rows = max(len(view.rows), 1)

    def a_leaf(size: int) -> int:
        return max(table.height // _pitch(size) - 1, 1)

    fewest = ceil(rows / a_leaf(least))
    for size in range(max(sheet.theme.small, least), least, -1):
        if ceil(rows / a_leaf(size)) == fewest and _Columns.of(sheet, view, size).wide <= table.width:
            return size, a_leaf(size)
    return least, a_leaf(least)


def _pitch(size: int) -> int:
    return round(size * LEADING) + 2


def _note(sheet: Sheet, view: Measuring) -> None:
    """What must be known all the time, at the right of the header."""
    theme, header = sheet.theme, view.page.header
    left = sheet.header.x + sheet.canvas.width_of(header.title, theme.sentence, bold=True) + theme.px(44 + 14 + 40)
    room = Rect(left, sheet.header.y, sheet.header.right - left, sheet.header.height)
    ink = sheet.palette.on_officer
    sheet.canvas.write(view.note, room, theme.small, ink=ink, across="right", down="middle")


def _words(sheet: Sheet, places: _Places) -> None:
    page = sheet.page
    if page.hint is not None:
        sheet.hint(page.hint, places.hint, SCALE)
    sheet.canvas.write(page.sentence, places.sentence, sheet.theme.small)


def _table(sheet: Sheet, view: Measuring, places: _Places) -> None:
    """A heading, then as many rows as fit: name left, figure right, limit beside it."""
    if not view.rows:
        return
    canvas, palette, place, size = sheet.canvas, sheet.palette, places.table, places.size
    pitch, columns = _pitch(size), _Columns.of(sheet, view, size)
    name, figure, limit = view.headings
    if places.leaves > 1:
        name = f"{name} {places.leaf + 1}/{places.leaves}"
    limit_at = place.right - columns.limit
    figure_at = limit_at - columns.gap - columns.figure

    def line(y: int, texts: tuple[str, str, str], ink: Colour, *, bold: bool) -> None:
        left = place.x + columns.sign
        boxes = (
            Rect(left, y, figure_at - columns.gap - left, pitch),
            Rect(figure_at, y, columns.figure, pitch),
            Rect(limit_at, y, columns.limit, pitch),
        )
        ways: tuple[Across, ...] = ("left", "right", "left")
        for text, box, across in zip(texts, boxes, ways, strict=True):
            canvas.write(text, box, size, ink=ink, bold=bold, across=across, down="middle")

    line(place.y, (name, figure, limit), palette.primary, bold=True)
    for number, row in enumerate(places.shown, start=1):
        y = place.y + number * pitch
        canvas.surface.fill(palette.line, (place.x, y, place.width, 1))
        ink = palette.ink
        if row.off:
            ink = palette.attention
            canvas.surface.fill(palette.attention_tint, (place.x, y + 1, place.width, pitch - 1))
            canvas.picture("alert", Rect(place.x + 2, y + (pitch - size) // 2, size, size), ink=ink)
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
                edge = around.inflate(width - thin, width - thin)
                pygame.draw.rect(surface, ink, edge, width, border_radius=sheet.theme.px(6))
            case "oval":
                pygame.draw.ellipse(surface, ink, around.inflate(width - thin, width - thin), width)
            case "line":
                pygame.draw.line(surface, ink, (x, y), (x + across, y + down), width)
            case "point":
                arm = sheet.theme.px(5)
                pygame.draw.line(surface, ink, (x - arm, y), (x + arm, y), width)
                pygame.draw.line(surface, ink, (x, y - arm), (x, y + arm), width)
