"""The photo as it will be kept, and the signature as it is written."""

from itertools import pairwise

import pygame

from kiosk.screens.sheet import Sheet
from kiosk.screens.views import Portrait, Signing, Strokes, Target

Rect = pygame.Rect


def draw_portrait(sheet: Sheet, view: Portrait) -> None:
    """The photo, large, exactly as it will be kept."""
    sheet.chrome()
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    stage, words = sheet.halves(0.66 if theme.portrait else 0.46)
    canvas.panel(stage, palette.calm, radius=theme.px(28))
    room = stage.inflate(-theme.px(48), -theme.px(48))
    photo = canvas.photo(view.photo, room)
    canvas.round_off(photo, palette.calm)
    sheet.words(words)


def draw_signing(sheet: Sheet, view: Signing) -> None:
    """A field as wide as the screen allows, with a line to write on."""
    sheet.chrome()
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    field = _field(sheet, view)
    canvas.card(field)
    canvas.panel(field, palette.card, border=palette.primary, width=theme.px(3))
    line = field.y + round(field.height * 0.74)
    canvas.surface.fill(palette.line, (field.x + theme.px(48), line, field.width - theme.px(96), theme.px(4)))
    icon = theme.px(44)
    canvas.picture("pen", Rect(field.x + theme.px(56), line - icon - theme.px(8), icon, icon), ink=palette.soft_ink)
    sheet.targets.append(Target(field, None, view.page.headline, "ink"))
    if view.erase is not None:
        wide = sheet.width_of(view.erase)
        footer = sheet.footer
        start = footer.centerx - wide // 2 if not theme.portrait else footer.x
        place = Rect(start, footer.y, wide, footer.height)
        if theme.portrait:
            place.y = field.bottom + theme.px(20)
        sheet.button(view.erase, place)


def _field(sheet: Sheet, view: Signing) -> Rect:
    theme, body = sheet.theme, sheet.body
    share = 0.28 if not theme.compact else 0.36
    words = Rect(body.x, body.y, body.width, round(body.height * share))
    end = sheet.words(words)
    bottom = body.bottom - (theme.target + theme.px(28) if theme.portrait and view.erase else 0)
    high = bottom - end - theme.px(4)
    if theme.portrait:
        high = min(high, round(body.width * 0.9))
    return Rect(body.x, end + theme.px(4), body.width, high)


def live_signing(sheet: Sheet, view: Signing) -> None:
    """The ink as it flows."""
    field = next((target.rect for target in sheet.canvas.recalled if target.kind == "ink"), None)
    if field is None:
        return
    if not view.strokes and view.invitation:
        theme = sheet.theme
        place = Rect(field.x + theme.px(120), field.y, field.width - theme.px(168), round(field.height * 0.72))
        sheet.canvas.write(view.invitation, place, theme.sentence, ink=sheet.palette.soft_ink, down="bottom")
    ink_strokes(sheet, view.strokes, field, sheet.theme.px(7))


def ink_strokes(sheet: Sheet, strokes: Strokes, field: Rect, width: int) -> None:
    """Strokes, given as shares of the field, as round ink."""
    surface, colour = sheet.canvas.surface, sheet.palette.ink
    radius = max(1, width // 2)
    for stroke in strokes:
        points = [(field.x + x * field.width, field.y + y * field.height) for x, y, _ in stroke]
        for one, two in pairwise(points):
            pygame.draw.line(surface, colour, one, two, width)
        for x, y in points:
            pygame.draw.circle(surface, colour, (round(x), round(y)), radius)
