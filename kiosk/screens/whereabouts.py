"""Where in the journey the resident is: the named steps in the header."""

import pygame

from kiosk.screens.canvas import Canvas
from kiosk.screens.views import Header

Rect = pygame.Rect


def show_steps(canvas: Canvas, header: Header, free: Rect) -> None:
    """A row of dots, the present one widened to hold its name. Where the longest name would leave the dots no room,
    at every step the name over a bar of as many parts."""
    theme = canvas.theme
    size = theme.small
    high = max(theme.px(52), round(size * 1.7))
    dot = min(high, max(theme.px(30), round(size * 0.95)))
    pills = [canvas.width_of(name, size, bold=True) + high for name in header.steps]
    others = len(header.steps) - 1
    if max(pills) + others * (dot + theme.px(4)) > free.width:
        _bar(canvas, header, free)
        return
    pill, palette = pills[header.at], canvas.theme.palette
    gap = max(theme.px(4), min(theme.px(26), (free.width - pill - others * dot) // max(others, 1)))
    x, middle = free.x, free.centery
    for number, name in enumerate(header.steps):
        present = number == header.at
        width, height = (pill, high) if present else (dot, dot)
        place = Rect(x, middle - height // 2, width, height)
        if number:
            line = Rect(x - gap, middle - theme.px(2), gap, theme.px(4))
            canvas.surface.fill(palette.primary if number <= header.at else palette.line, line)
        if present:
            _pill(canvas, name, place)
        else:
            _dot(canvas, place, done=number < header.at)
        x += width + gap


def _pill(canvas: Canvas, name: str, place: Rect) -> None:
    palette = canvas.theme.palette
    canvas.panel(place, palette.primary, radius=place.height // 2)
    words = place.inflate(4, 0)
    canvas.write(name, words, canvas.theme.small, bold=True, ink=palette.on_primary, across="centre", down="middle")


def _dot(canvas: Canvas, place: Rect, *, done: bool) -> None:
    palette, size = canvas.theme.palette, place.width
    if done:
        canvas.panel(place, palette.primary, radius=size // 2)
        canvas.picture("tick", place.inflate(-size * 0.3, -size * 0.3), ink=palette.on_primary)
    else:
        canvas.panel(place, palette.paper, radius=size // 2, border=palette.key_deep, width=canvas.theme.px(3))


def _bar(canvas: Canvas, header: Header, free: Rect) -> None:
    theme, palette, name = canvas.theme, canvas.theme.palette, header.steps[header.at]
    thick, gap, air = theme.px(10), theme.px(6), theme.px(8)
    high = canvas.set(name, free.size, theme.small, bold=True).height
    words = Rect(free.x, free.centery - (high + air + thick) // 2, free.width, high)
    canvas.write(name, words, theme.small, bold=True, ink=palette.primary)
    share = (free.width + gap) / len(header.steps)
    for number, _ in enumerate(header.steps):
        left, right = round(number * share), round((number + 1) * share) - gap
        ground, border = (
            (palette.primary, palette.primary) if number <= header.at else (palette.paper, palette.key_deep)
        )
        part = Rect(free.x + left, words.bottom + air, right - left, thick)
        canvas.panel(part, ground, radius=thick // 2, border=border, width=theme.px(2))
