"""Short facts one after the other, as many in a line as there is room for; none is ever left out."""

import pygame

from kiosk.screens.sheet import Sheet
from kiosk.screens.views import Fact

Rect = pygame.Rect


def facts_height(sheet: Sheet, facts: tuple[Fact, ...], width: int, size: int) -> int:
    """Pixels down that ``facts`` take at this ``width`` and type ``size``."""
    return max((place.bottom for place in _places(sheet, facts, width, size)), default=0)


def facts_size(sheet: Sheet, facts: tuple[Fact, ...], room: Rect) -> int:
    """The largest type in which ``facts`` fit into ``room``, never below what poor sight can read."""
    theme = sheet.theme
    sizes = range(theme.type(28), theme.smallest_type, -1)
    fitting = (size for size in sizes if facts_height(sheet, facts, room.width, size) <= room.height)
    return next(fitting, theme.smallest_type)


def draw_facts(sheet: Sheet, facts: tuple[Fact, ...], rect: Rect, size: int) -> None:
    """Each with its sign; what asks for attention is bold, in attention's ink."""
    canvas, palette = sheet.canvas, sheet.palette
    for fact, place in zip(facts, _places(sheet, facts, rect.width, size), strict=True):
        place.move_ip(rect.topleft)
        alert = fact.picture == "alert"
        ink = palette.attention if alert else palette.ink
        line = _line(sheet, size)
        sign = Rect(place.x, place.y + (line - size) // 2, size, size)
        canvas.picture(fact.picture, sign if alert else sign.inflate(-size // 3, 0), ink=ink)
        words = Rect(place.x + _indent(sheet, size), place.y, place.width - _indent(sheet, size), place.height)
        canvas.write(fact.text, words, size, bold=alert, ink=ink, down="middle")


def _places(sheet: Sheet, facts: tuple[Fact, ...], width: int, size: int) -> list[Rect]:
    canvas, between, indent = sheet.canvas, sheet.theme.px(28), _indent(sheet, size)
    places: list[Rect] = []
    x = y = 0
    for fact in facts:
        bold = fact.picture == "alert"
        wide = canvas.width_of(fact.text, size, bold=bold) + indent + 1
        high = _line(sheet, size)
        if wide > width:
            high = max(high, canvas.set(fact.text, (width - indent, 10_000), size, bold=bold).height + 1)
        if x and x + wide > width:
            x, y = 0, y + _line(sheet, size)
        places.append(Rect(x, y, min(wide, width), high))
        x, y = (x + wide + between, y) if high == _line(sheet, size) else (0, y + high)
    return places


def _indent(sheet: Sheet, size: int) -> int:
    """Of the words behind their sign."""
    return size + sheet.theme.px(10)


def _line(sheet: Sheet, size: int) -> int:
    """Little glass has no air to give."""
    return round(size * (1.24 if sheet.theme.compact else 1.3))
