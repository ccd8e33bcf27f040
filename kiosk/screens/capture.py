"""The photo as it will be kept, and the signature as it is written."""

from itertools import pairwise

import pygame

from kiosk.screens.sheet import Sheet
from kiosk.screens.views import Button, Portrait, Signing, Strokes, Target

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
        sheet.button(view.erase, _eraser(sheet, view.erase, field))


def _field(sheet: Sheet, view: Signing) -> Rect:
    """Under the words, and under the eraser that stands beside them."""
    theme, body = sheet.theme, sheet.body
    share = 0.28 if not theme.compact else 0.36
    words = Rect(body.x, body.y, body.width, round(body.height * share))
    bottom = body.bottom
    if view.erase is not None and theme.portrait:
        bottom -= theme.target + theme.px(28)
    elif view.erase is not None:
        words.width -= sheet.width_of(view.erase) + theme.px(28)
    end = sheet.words(words)
    if view.erase is not None and not theme.portrait:
        end = max(end, body.y + theme.target + theme.px(8))
    end += theme.px(16 if view.page.hint else 4)
    high = bottom - end
    if theme.portrait:
        high = min(high, round(body.width * 0.9))
    return Rect(body.x, end, body.width, high)


def _eraser(sheet: Sheet, erase: Button, field: Rect) -> Rect:
    theme, wide = sheet.theme, sheet.width_of(erase)
    if theme.portrait:
        return Rect(field.x, field.bottom + theme.px(20), wide, theme.target)
    return Rect(field.right - wide, field.y - theme.px(12) - theme.target, wide, theme.target)


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
