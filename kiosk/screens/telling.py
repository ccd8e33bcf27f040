"""Screens that tell something: one picture and what it means, lines to confirm, plain points, the receipt."""

from dataclasses import replace

import pygame
import segno

from kiosk.screens.sheet import Sheet
from kiosk.screens.typesetting import LEADING, Setting
from kiosk.screens.views import Fact, Hint, Lines, Message, Mood, Points, Receipt

Rect = pygame.Rect
STRIPE = 14
"""Units: the coloured edge of the card that the biodata stand on."""


def draw_message(sheet: Sheet, view: Message) -> None:
    """The picture says it, the words explain it, and a box says what to do next."""
    sheet.chrome()
    theme, canvas = sheet.theme, sheet.canvas
    stage, words = sheet.halves(0.5 if theme.portrait else 0.46)
    ground = sheet.ground_of(view.mood)
    canvas.panel(stage, ground.tint, radius=theme.px(28))
    bar = _bar(sheet, view, stage)
    inner = stage.inflate(-round(stage.width * 0.14), -round(stage.height * 0.14))
    if bar is not None:
        inner.height = bar.top - theme.px(16) - inner.y
    canvas.picture(canvas.moving(view.picture, view.page.phase), inner)
    hint = Hint(view.todo, "forward", Mood.CALM) if view.todo else None
    room = words.copy()
    if hint is not None and sheet.page.hint is None:
        room.height -= theme.px(24) + sheet.hint_setting(hint, words.width, 0.9)[1]
        end = sheet.words(room)
        sheet.hint(hint, Rect(words.x, end + theme.px(8), words.width, words.bottom - end), 0.9)
    else:
        sheet.words(room)


def _bar(sheet: Sheet, view: Message, stage: Rect) -> Rect | None:
    if view.share is None and not view.waiting:
        return None
    theme = sheet.theme
    high = theme.px(24)
    inset = theme.px(56)
    return Rect(stage.x + inset, stage.bottom - inset, stage.width - 2 * inset, high)


def live_message(sheet: Sheet, view: Message) -> None:
    """The bar: how far it is, or, where nobody can tell, a slow movement."""
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    stage = sheet.halves(0.5 if theme.portrait else 0.46)[0]
    bar = _bar(sheet, view, stage)
    if bar is None:
        return
    canvas.panel(bar, palette.card, radius=bar.height // 2, border=palette.primary, width=theme.px(2))
    if view.share is not None:
        filled = Rect(bar.x, bar.y, max(bar.height, round(bar.width * min(view.share, 1.0))), bar.height)
    else:
        part = bar.width // 3
        filled = Rect(bar.x + part * (view.page.phase % 3), bar.y, part, bar.height)
    canvas.panel(filled, palette.primary, radius=bar.height // 2)


def draw_lines(sheet: Sheet, view: Lines) -> None:
    """Biodata as on the card: label and value, on one card of paper."""
    theme, canvas, palette, body = sheet.theme, sheet.canvas, sheet.palette, sheet.body
    if theme.compact and sheet.page.hint is not None:
        sheet.page = replace(sheet.page, sentence="")
    if theme.compact and not theme.portrait and _least_height(sheet, view.rows, body) > body.height * 0.66:
        # Long names need the whole body: what is asked moves up into the header.
        hint = sheet.page.hint
        title, icon = (hint.text, hint.icon) if hint else (sheet.page.headline, "")
        sheet.page = replace(sheet.page, header=replace(sheet.page.header, steps=(), title=title, icon=icon))
        sheet.chrome()
        stage = body
    else:
        sheet.chrome()
        stage = _beside(sheet)
    canvas.card(stage)
    stripe = Rect(stage.x, stage.y, stage.width, theme.px(STRIPE))
    before = canvas.surface.get_clip()
    canvas.surface.set_clip(stripe)
    canvas.panel(Rect(stage.x, stage.y, stage.width, theme.px(60)), palette.primary)
    canvas.surface.set_clip(before)
    _rows(sheet, view.rows, stage)


def _beside(sheet: Sheet) -> Rect:
    """Words above or beside the card; returns the card's place."""
    theme, body = sheet.theme, sheet.body
    if theme.portrait or theme.compact:
        share = 0.26 if theme.portrait else 0.3
        end = sheet.words(Rect(body.x, body.y, body.width, round(body.height * share)))
        return Rect(body.x, end + theme.px(8), body.width, body.bottom - end - theme.px(8))
    stage, words = sheet.halves(0.6)
    sheet.words(words)
    return stage


def _inner(sheet: Sheet, stage: Rect) -> Rect:
    pad = sheet.theme.px(32 if not sheet.theme.compact else 16)
    top = stage.y + sheet.theme.px(STRIPE)
    return Rect(stage.x + pad, top + pad // 4, stage.width - 2 * pad, stage.bottom - top - pad // 2)


def _values(sheet: Sheet, rows: tuple[tuple[str, str], ...], inner: Rect, size: int) -> tuple[int, list[Setting]]:
    """The width of the labels' column, and how the values are set beside it."""
    canvas, theme = sheet.canvas, sheet.theme
    labels = max(canvas.width_of(label, theme.small) for label, _ in rows) + theme.px(24)
    return labels, [canvas.set(value, (inner.width - labels, 10_000), size, bold=True) for _, value in rows]


def _least_height(sheet: Sheet, rows: tuple[tuple[str, str], ...], stage: Rect) -> int:
    _, settings = _values(sheet, rows, _inner(sheet, stage), sheet.theme.smallest_type)
    return sum(setting.height for setting in settings)


def _rows(sheet: Sheet, rows: tuple[tuple[str, str], ...], stage: Rect) -> None:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    inner = _inner(sheet, stage)
    for size in range(theme.type(38 if theme.portrait else 34), theme.smallest_type - 1, -1):
        labels, settings = _values(sheet, rows, inner, size)
        spare = inner.height - sum(setting.height for setting in settings)
        if spare >= (len(rows) - 1) * theme.px(6):
            break
    gap = min(max(0, spare) // max(len(rows) - 1, 1), theme.px(44 if theme.portrait else 22))
    y = inner.y + max(0, (spare - gap * (len(rows) - 1)) // 2)
    for number, ((label, value), setting) in enumerate(zip(rows, settings, strict=True)):
        if number and gap >= theme.px(10):
            canvas.surface.fill(palette.line, (inner.x, y - gap // 2 - 1, inner.width, theme.px(2)))
        first = round(setting.size * LEADING)
        canvas.write(label, Rect(inner.x, y, labels, first), theme.small, ink=palette.soft_ink, down="middle")
        room = Rect(inner.x + labels, y, inner.width - labels, min(setting.height, inner.bottom - y))
        canvas.write(value, room, setting.size, bold=True)
        y += setting.height + gap


def draw_points(sheet: Sheet, view: Points) -> None:
    """Consent in plain points: a picture and a line each, as tiles."""
    sheet.chrome()
    theme, body = sheet.theme, sheet.body
    room = Rect(body.x, body.y, body.width, round(body.height * (0.3 if not theme.portrait else 0.24)))
    end = sheet.words(room)
    field = Rect(body.x, end + theme.px(4), body.width, body.bottom - end - theme.px(4))
    columns = 1 if theme.portrait else 2
    _tiles(sheet, view.points, field, columns)


def _tiles(sheet: Sheet, points: tuple[Fact, ...], field: Rect, columns: int) -> None:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    # Little glass: long lines need what ornament takes elsewhere.
    gap, pad = (theme.px(20), theme.px(14)) if not theme.compact or theme.portrait else (theme.px(10), theme.px(6))
    share = 0.28 if not theme.compact or theme.portrait else 0.22
    rows = -(-len(points) // columns)
    wide = (field.width - (columns - 1) * gap) // columns
    high = (field.height - (rows - 1) * gap) // rows
    for number, point in enumerate(points):
        row, column = divmod(number, columns)
        tile = Rect(field.x + column * (wide + gap), field.y + row * (high + gap), wide, high)
        canvas.card(tile)
        side = min(tile.height - 2 * pad, round(tile.width * share))
        disc = Rect(tile.x + theme.px(14), tile.centery - side // 2, side, side)
        canvas.panel(disc, palette.calm, radius=theme.radius)
        canvas.picture(point.picture, disc.inflate(-side * 0.14, -side * 0.14))
        words = Rect(
            disc.right + theme.px(20), tile.y + pad, tile.right - disc.right - theme.px(36), tile.height - 2 * pad
        )
        canvas.write(point.text, words, theme.type(30), down="middle")


def draw_receipt(sheet: Sheet, view: Receipt) -> None:
    """A slip of paper with the number and its QR code; beside it what happens next."""
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    many = theme.compact and not theme.portrait and len(view.points) > 3
    if many:
        # The points say it all; they need the room.
        sheet.page = replace(sheet.page, sentence="")
    sheet.chrome()
    stage, words = sheet.halves(0.52 if theme.portrait else 0.36 if many else 0.46)
    canvas.card(stage)
    pad = theme.px(32 if not theme.compact else 16)
    inner = stage.inflate(-2 * pad, -2 * pad)
    top = canvas.write(
        view.caption,
        Rect(inner.x, inner.y, inner.width, theme.small * 2),
        theme.small,
        ink=palette.soft_ink,
        across="centre",
    )
    number = Rect(inner.x, top.bottom, inner.width, round(theme.type(56) * 1.3))
    used = canvas.write(view.number, number, theme.type(56), bold=True, across="centre")
    _qr(sheet, view.number, Rect(inner.x, used.bottom + pad // 3, inner.width, inner.bottom - used.bottom - pad // 3))
    points_share = 0.58 if not theme.compact else 0.66 if not many else 0.8
    end = sheet.words(Rect(words.x, words.y, words.width, round(words.height * (1 - points_share))))
    _list(sheet, view.points, Rect(words.x, end + theme.px(4), words.width, words.bottom - end - theme.px(4)))


def _list(sheet: Sheet, points: tuple[Fact, ...], rect: Rect) -> None:
    """One under the other, evenly, or each as high as its words need."""
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    icon, gap = theme.px(60 if len(points) < 4 else 52), theme.px(18)
    wide = rect.width - icon - gap
    for size in range(theme.type(28), theme.smallest_type - 1, -1):
        needed = [max(canvas.set(point.text, (wide, 10_000), size).height + theme.px(4), icon) for point in points]
        if sum(needed) <= rect.height:
            break
    pitch = min(rect.height // len(points), theme.px(130))
    if max(needed) <= pitch:
        needed = [pitch] * len(points)
    y = rect.y
    for point, high in zip(points, needed, strict=True):
        row = Rect(rect.x, y, rect.width, high)
        disc = Rect(row.x, row.centery - icon // 2, icon, icon)
        canvas.panel(disc, palette.calm, radius=icon // 2)
        canvas.picture(point.picture, disc.inflate(-icon * 0.42, -icon * 0.42), ink=palette.primary)
        canvas.write(point.text, Rect(disc.right + gap, row.y, wide, row.height - theme.px(4)), size, down="middle")
        y = row.bottom


def _qr(sheet: Sheet, content: str, rect: Rect) -> None:
    """The number as a QR code (ISO/IEC 18004) with its quiet zone, in whole pixels a module."""
    matrix = [bytes(row) for row in segno.make(content, error="m", micro=False).matrix]
    modules = len(matrix) + 8
    side = min(rect.width, rect.height) // modules
    place = Rect(0, 0, side * modules, side * modules)
    place.center = rect.center
    surface = sheet.canvas.surface
    surface.fill((255, 255, 255), place)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                surface.fill((0, 0, 0), (place.x + (x + 4) * side, place.y + (y + 4) * side, side, side))
