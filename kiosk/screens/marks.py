"""The officer's place to mark fingers: ten toggles, laid out as the hands lie before their owner."""

from dataclasses import replace
from typing import Final

import pygame

from kiosk.screens.hands import NAMES, PALE
from kiosk.screens.sheet import Sheet
from kiosk.screens.theme import Colour
from kiosk.screens.views import Mark, Marks, Target

Rect = pygame.Rect

WIDE: Final = ((0, 1), (0, 0), (1, 0), (2, 0), (2, 1))
"""Column and row of a hand's fingers from left to right: an arc, as they lie. The drawing of the hand itself stands in
the place that is left."""
NARROW: Final = {
    True: ((0, 1), (0, 0), (1, 0), (1, 1), (1, 2)),
    False: ((0, 2), (0, 1), (0, 0), (1, 0), (1, 1)),
}
"""The left hand's (True) and the right hand's in two columns, where names would not fit three."""


def draw_marks(sheet: Sheet, view: Marks) -> None:
    """The words, then the hands side by side."""
    theme, body = sheet.theme, sheet.body
    caption, air = round(theme.small * 1.3), theme.px(16)
    top = body.y
    if theme.compact and not theme.portrait:
        # The toggles need the whole body: what is asked moves up into the header.
        hint, header = sheet.page.hint, sheet.page.header
        title, icon = (hint.text, hint.icon) if hint else (sheet.page.headline, header.icon)
        sheet.page = replace(sheet.page, header=replace(header, steps=(), title=title, icon=icon), hint=None)
        sheet.chrome()
    else:
        sheet.chrome()
        top = sheet.words(Rect(body.x, body.y, body.width, round(body.height * 0.34))) + air
    between = theme.px(44 if not theme.compact else 20)
    wide = (body.width - between) // 2
    for number, (title, marks) in enumerate(view.groups):
        half = Rect(body.x + number * (wide + between), top, wide, body.bottom - top)
        under = sheet.canvas.write(
            title, Rect(half.x, half.y, half.width, caption), theme.small, bold=True, across="centre"
        ).bottom
        field = Rect(half.x, under, half.width, half.bottom - under)
        if theme.portrait:
            _column(sheet, marks[::-1] if number == 0 else marks, field)
        else:
            _arc(sheet, marks, field, left_hand=number == 0)


def _column(sheet: Sheet, marks: tuple[Mark, ...], field: Rect) -> None:
    """Narrow glass: from the thumb down, so that the same finger of both hands stands in one row."""
    gap = sheet.theme.px(20)
    high = min((field.height - (len(marks) - 1) * gap) // len(marks), sheet.theme.px(140))
    for number, mark in enumerate(marks):
        _toggle(sheet, mark, Rect(field.x, field.y + number * (high + gap), field.width, high))


def _arc(sheet: Sheet, marks: tuple[Mark, ...], field: Rect, *, left_hand: bool) -> None:
    theme = sheet.theme
    gap = theme.px(14 if not theme.compact else 8)
    columns, rows, places = (2, 3, NARROW[left_hand]) if theme.compact else (3, 2, WIDE)
    wide = (field.width - (columns - 1) * gap) // columns
    high = min((field.height - (rows - 1) * gap) // rows, theme.px(190))

    def place(column: int, row: int) -> Rect:
        return Rect(field.x + column * (wide + gap), field.y + row * (high + gap), wide, high)

    for mark, at in zip(marks, places, strict=True):
        _toggle(sheet, mark, place(*at))
    (free,) = {(column, row) for column in range(columns) for row in range(rows)} - set(places)
    _small_hand(sheet, marks, place(*free), left_hand=left_hand)


def _small_hand(sheet: Sheet, marks: tuple[Mark, ...], rect: Rect, *, left_hand: bool) -> None:
    """The hand itself, its marked fingers filled: which is which, without a word."""
    pictures = sheet.palette.pictures
    names = NAMES[::-1] if left_hand else NAMES
    fills = {"free": "none", "marked": pictures["primary"], "taken": PALE["skin"]}
    colours = {name: fills[mark.state] for name, mark in zip(names, marks, strict=True)}
    drawn = sheet.canvas.drawn(
        "hand", rect.size, mirrored=left_hand, crease=pictures["crease"], cuff=pictures["sea"], **colours
    )
    sheet.canvas.surface.blit(drawn, drawn.get_rect(center=rect.center))


def _toggle(sheet: Sheet, mark: Mark, rect: Rect) -> None:
    """Free: an empty disc. Marked: filled, with a dash. Taken: flat and pale, with a tick; it does not answer."""
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    lip, taken, marked = theme.px(6), mark.state == "taken", mark.state == "marked"
    face = Rect(rect.x, rect.y, rect.width, rect.height - lip)
    fill, border, ink = palette.card, palette.primary, palette.ink
    if marked:
        fill, ink = palette.primary, palette.on_primary
    if taken:
        fill, border, ink = palette.paper, palette.line, palette.soft_ink
    if sheet.pressed(mark.button) and not taken:
        face.y += lip
        fill = palette.primary_deep if marked else palette.calm
    elif not taken:
        below = Rect(rect.x, rect.y + lip, rect.width, rect.height - lip)
        canvas.panel(below, palette.primary_deep if marked else palette.key_deep)
    canvas.panel(face, fill, border=border, width=theme.px(3))
    _label(sheet, mark, face, fill, ink)
    if not taken:
        sheet.targets.append(Target(rect, mark.button.event, mark.button.label))


def _label(sheet: Sheet, mark: Mark, face: Rect, fill: Colour, ink: Colour) -> None:
    """The sign over the name; beside it where the toggle is low."""
    theme, canvas = sheet.theme, sheet.canvas
    pad, label = theme.px(14 if not theme.compact else 10), mark.button.label
    inner = face.inflate(-2 * pad, -pad)
    if theme.portrait or theme.compact:
        side = theme.px(46 if theme.portrait else 40)
        sign = Rect(inner.x, inner.centery - side // 2, side, side)
        words = Rect(sign.right + pad, face.y, inner.right - sign.right - pad, face.height)
        canvas.write(label, words, theme.small, bold=True, ink=ink, down="middle")
    else:
        side = theme.px(44)
        two = round(2 * theme.small * 1.24)
        sign = Rect(inner.centerx - side // 2, inner.centery - (side + pad // 2 + two) // 2, side, side)
        words = Rect(inner.x, sign.bottom + pad // 2, inner.width, two)
        canvas.write(label, words, theme.small, bold=True, ink=ink, across="centre", down="middle")
    if mark.state == "taken":
        canvas.picture(mark.button.icon or "tick", sign.inflate(-side * 0.2, -side * 0.2), ink=ink)
        return
    canvas.panel(sign, fill, radius=side // 2, border=ink, width=theme.px(3))
    if mark.state == "marked":
        canvas.picture("dash", sign.inflate(-side * 0.36, -side * 0.36), ink=ink)
