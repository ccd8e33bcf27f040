"""The step's time is nearly over: a ring that empties, and one button that fills it again."""

import pygame

from kiosk.screens.canvas import Canvas
from kiosk.screens.sheet import Sheet
from kiosk.screens.views import Hurry, Page, Target

Rect = pygame.Rect


def draw_hurry(canvas: Canvas, hurry: Hurry, *, pressed: object) -> tuple[Target, ...]:
    """Lay the question over whatever is shown; while it is there, only its button answers."""
    theme, palette = canvas.theme, canvas.theme.palette
    veil = pygame.Surface(canvas.surface.get_size())
    veil.fill(palette.veil)
    veil.set_alpha(150)
    canvas.surface.blit(veil, (0, 0))

    sheet = Sheet(canvas, Page(headline=hurry.headline, sentence=hurry.sentence, pressed=pressed))
    wide = min(theme.px(980), theme.width - 2 * theme.margin)
    high = min(theme.px(520 if not theme.portrait else 720), theme.height - 2 * theme.margin)
    box = Rect(0, 0, wide, high)
    box.center = canvas.rect.center
    canvas.panel(box, palette.card, radius=theme.px(28))
    pad = theme.px(48 if not theme.compact else 32)
    inner = box.inflate(-2 * pad, -2 * pad)

    button = Rect(inner.x, inner.bottom - theme.target, inner.width, theme.target)
    radius = theme.px(112)
    above = Rect(inner.x, inner.y, inner.width, button.top - theme.px(28) - inner.y)
    if theme.portrait:
        centre = (above.centerx, above.y + radius)
        words = Rect(above.x, above.y + 2 * radius + theme.px(36), above.width, 0)
        words.height = above.bottom - words.y
    else:
        centre = (above.x + radius, above.centery)
        words = Rect(
            above.x + 2 * radius + theme.px(44), above.y, above.width - 2 * radius - theme.px(44), above.height
        )
    canvas.ring(centre, radius, theme.px(18), hurry.share, palette.attention, palette.line)
    number = Rect(0, 0, radius * 2, radius * 2)
    number.center = centre
    canvas.write(
        str(hurry.seconds), number, theme.type(88), bold=True, ink=palette.attention, across="centre", down="middle"
    )
    sheet.words(words, across="centre" if theme.portrait else "left")
    sheet.button(hurry.button, button, primary=True)
    return tuple(sheet.targets)
