"""How far something is that takes weeks: its stages in a row, the present one large, so that no word need be read."""

from typing import Final

import pygame

from kiosk.screens.sheet import Ground, Sheet
from kiosk.screens.views import Course, Fact, Hint, Mood

Rect = pygame.Rect

PALE: Final = 110
"""How strongly (0..255) the picture of a stage is drawn that is still to come."""


def draw_course(sheet: Sheet, view: Course) -> None:
    """The row over the words, and what to do next."""
    sheet.chrome()
    theme, body = sheet.theme, sheet.body
    share = 0.54 if theme.portrait else 0.42 if theme.compact else 0.46
    stage = Rect(body.x, body.y, body.width, round(body.height * share))
    sheet.canvas.panel(stage, sheet.ground_of(view.mood).tint, radius=theme.px(28))
    row = stage.copy()
    if theme.portrait:
        # A narrow row has small pictures: the present one is shown large as well.
        row.height = round(stage.height * 0.36)
        row.bottom = stage.bottom
        above = Rect(stage.x, stage.y, stage.width, stage.height - row.height).inflate(0, -theme.px(72))
        sheet.canvas.picture(view.stages[min(view.at, len(view.stages) - 1)].picture, above)
    _row(sheet, view, row)
    under = stage.bottom + theme.px(28 if not theme.compact else 14)
    words = Rect(body.x, under, body.width, body.bottom - under)
    hint = Hint(view.todo, "forward", Mood.CALM)
    room = words.copy()
    room.height -= theme.px(16) + sheet.hint_setting(hint, words.width, 0.9)[1]
    end = sheet.words(room)
    sheet.hint(hint, Rect(words.x, end, words.width, words.bottom - end), 0.9)


def _row(sheet: Sheet, view: Course, stage: Rect) -> None:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    ground = sheet.ground_of(view.mood)
    count = len(view.stages)
    column = stage.width // count
    label = round(theme.small * 1.5)
    large = min(stage.height - label - theme.px(24), round(column * 0.78))
    small = round(large * 0.74)
    middle = stage.y + (stage.height - label) // 2 + theme.px(2)
    line = theme.px(8)
    for number in range(1, count):
        left = stage.x + column * number - column // 2
        reached = number <= view.at
        colour = palette.primary if reached else palette.key_deep
        canvas.surface.fill(colour, Rect(left, middle - line // 2, column, line))
    for number, fact in enumerate(view.stages):
        side = large if number == view.at else small
        disc = Rect(0, 0, side, side)
        disc.center = (stage.x + column * number + column // 2, middle)
        _stage(sheet, view, fact, number, disc, ground)
        words = Rect(disc.centerx - column // 2, stage.bottom - label - theme.px(4), column, label)
        present = number == view.at
        canvas.write(
            fact.text,
            words,
            theme.small,
            bold=present,
            ink=ground.ink if present else palette.ink,
            across="centre",
            down="middle",
        )


def _stage(sheet: Sheet, view: Course, fact: Fact, number: int, disc: Rect, ground: Ground) -> None:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    present, done = number == view.at, number < view.at
    border = ground.ink if present else palette.primary if done else palette.key_deep
    canvas.panel(disc, palette.card, radius=disc.width // 2, border=border, width=theme.px(7 if present else 4))
    inner = disc.inflate(-round(disc.width * 0.34), -round(disc.height * 0.34))
    drawing = canvas.drawn(fact.picture, inner.size)
    if not (present or done):
        drawing = drawing.copy()
        drawing.set_alpha(PALE)
    canvas.surface.blit(drawing, drawing.get_rect(center=inner.center))
    if present or done:
        _sign(sheet, disc, "tick" if done else view.sign, palette.primary if done else ground.ink)


def _sign(sheet: Sheet, disc: Rect, sign: str, ink: tuple[int, int, int]) -> None:
    """A badge at the disc's lower right."""
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    side = max(theme.px(44), round(disc.width * 0.36))
    badge = Rect(0, 0, side, side)
    badge.center = (disc.centerx + round(disc.width * 0.36), disc.centery + round(disc.height * 0.36))
    canvas.panel(badge, ink, radius=side // 2, border=palette.card, width=theme.px(3))
    canvas.picture(sign, badge.inflate(-side * 0.42, -side * 0.42), ink=palette.on_primary)
