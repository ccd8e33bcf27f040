"""Typing digits: the field that shows them in groups, and a keypad of large keys."""

import pygame

from kiosk.screens.sheet import Sheet
from kiosk.screens.views import Button, Entry, Target

Rect = pygame.Rect


def draw_entry(sheet: Sheet, view: Entry) -> None:
    """Keypad beside field and words; below them where the screen is narrow or small."""
    sheet.chrome()
    theme = sheet.theme
    if theme.compact and not theme.portrait:
        _compact(sheet, view)
        return
    if theme.portrait:
        keys_high = 4 * theme.target + 3 * theme.px(14)
        keys = Rect(sheet.body.x, sheet.body.bottom - keys_high, sheet.body.width, keys_high)
        words = Rect(sheet.body.x, sheet.body.y, sheet.body.width, keys.top - theme.px(24) - sheet.body.y)
    else:
        keys, words = sheet.halves(0.42)
        keys = Rect(keys.x, keys.y, keys.width, min(keys.height, theme.px(580)))
    _keypad(sheet, view, keys, columns=3)
    _told(sheet, view, words)


def _told(sheet: Sheet, view: Entry, words: Rect) -> None:
    theme = sheet.theme
    field_high = _field_height(sheet, view)
    person_high = theme.px(170) if view.person else 0
    hint_high = sheet.hint_height(words.width)
    room = words.height - field_high - theme.px(28) - (hint_high + theme.px(20) if hint_high else 0)
    top = words.y
    if view.person:
        _person(sheet, view, Rect(words.x, top, words.width, person_high - theme.px(20)))
        top, room = top + person_high, room - person_high
    under = sheet.words(Rect(words.x, top, words.width, room), hint=False)
    field = Rect(words.x, under, words.width, field_high)
    _field(sheet, view, field)
    if sheet.page.hint:
        sheet.hint(sheet.page.hint, Rect(words.x, field.bottom + theme.px(20), words.width, hint_high))


def _compact(sheet: Sheet, view: Entry) -> None:
    """Little glass: two rows of keys at the bottom, the field on the words' right where it is short."""
    theme, body, canvas = sheet.theme, sheet.body, sheet.canvas
    gap = theme.px(12)
    keys = Rect(body.x, body.bottom - 2 * theme.target - gap, body.width, 2 * theme.target + gap)
    _keypad(sheet, view, keys, columns=6)
    above = Rect(body.x, body.y, body.width, keys.top - gap - body.y)
    long = sum(view.groups) > 8
    field_high = _field_height(sheet, view)
    if long:
        field = Rect(above.x, above.bottom - field_high, above.width, field_high)
        words = Rect(above.x, above.y, above.width, field.top - above.y)
        headline = canvas.width_of(view.page.headline, theme.headline, bold=True)
        canvas.write(
            view.page.headline,
            Rect(words.x, words.y, words.width, words.height),
            theme.headline,
            bold=True,
            down="middle",
        )
        left = Rect(words.x + headline + theme.px(32), words.y, words.width - headline - theme.px(32), words.height)
    else:
        wide = round(above.width * 0.46)
        field = Rect(above.right - wide, above.centery - field_high // 2, wide, field_high)
        words = Rect(above.x, above.y, above.width - wide - theme.px(32), above.height)
        if view.person and view.person.photo:
            photo = canvas.photo(view.person.photo, Rect(words.x, words.y, theme.px(150), words.height))
            words = Rect(photo.right + gap, words.y, words.right - photo.right - gap, words.height)
        used = canvas.write(
            view.page.headline, Rect(words.x, words.y, words.width, words.height // 2), theme.type(44), bold=True
        )
        left = Rect(words.x, used.bottom + theme.px(6), words.width, words.bottom - used.bottom - theme.px(6))
    told, ink = view.page.sentence, sheet.palette.ink
    if view.page.hint:
        told, ink = view.page.hint.text, sheet.ground_of(view.page.hint.mood).ink
        icon = theme.px(44)
        canvas.picture(view.page.hint.icon, Rect(left.x, left.centery - icon // 2, icon, icon), ink=ink)
        left = Rect(left.x + icon + gap, left.y, left.width - icon - gap, left.height)
    canvas.write(told, left, theme.small, bold=view.page.hint is not None, ink=ink, down="middle")
    _field(sheet, view, field)


def _person(sheet: Sheet, view: Entry, rect: Rect) -> None:
    person, theme, canvas = view.person, sheet.theme, sheet.canvas
    if person is None:
        return
    x = rect.x
    if person.photo:
        x = canvas.photo(person.photo, Rect(rect.x, rect.y, round(rect.height * 0.76), rect.height)).right + theme.px(
            24
        )
    y = rect.y
    for number, line in enumerate(person.lines):
        place = Rect(x, y, rect.right - x, rect.bottom - y)
        y = canvas.write(line, place, theme.sentence if not number else theme.small, bold=not number).bottom + theme.px(
            4
        )


# The field --------------------------------------------------------------------------------------------------------


def _field_height(sheet: Sheet, view: Entry) -> int:
    theme = sheet.theme
    box = max(theme.px(92), round(theme.type(44) * 1.7)) if not theme.compact else round(theme.type(40) * 1.7)
    return box + (round(theme.smallest_type * 1.3) if view.captions else 0)


def _field(sheet: Sheet, view: Entry, rect: Rect) -> None:
    """Digits in cells of equal width, whatever their own, with a line under each that is still to come."""
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    captions = round(theme.smallest_type * 1.3) if view.captions else 0
    box = Rect(rect.x, rect.y, rect.width, rect.height - captions)
    count, gaps = sum(view.groups), len(view.groups) - 1
    pad = theme.px(20)
    gap = theme.px(28) if count > 8 else theme.px(44)
    cell = min((box.width - 2 * pad - gaps * gap) // count, round(box.height * 0.72))
    wide = count * cell + gaps * gap
    if count <= 8:
        box.width = min(box.width, wide + 2 * pad)
    canvas.panel(box, palette.card, border=palette.primary, width=theme.px(3))
    x = box.centerx - wide // 2
    size = min(round(box.height * 0.62), round(cell / 0.62))
    at = 0
    for number, group in enumerate(view.groups):
        start = x
        for _ in range(group):
            _cell(sheet, view, at, Rect(x, box.y, cell, box.height), size)
            x += cell
            at += 1
        if view.captions:
            under = Rect(start - gap // 2, box.bottom, x - start + gap, captions)
            canvas.write(view.captions[number], under, theme.smallest_type, across="centre", down="bottom")
        x += gap


def _cell(sheet: Sheet, view: Entry, at: int, cell: Rect, size: int) -> None:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    low = cell.bottom - theme.px(16)
    if at < len(view.typed):
        if view.hidden:
            r = theme.px(13)
            canvas.panel(Rect(cell.centerx - r, cell.centery - r, 2 * r, 2 * r), palette.ink, radius=r)
            return
        canvas.write(view.typed[at], cell, size, bold=True, across="centre", down="middle")
        return
    here = at == len(view.typed)
    thick = theme.px(6 if here else 3)
    line = Rect(cell.x + theme.px(4), low - thick, cell.width - theme.px(8), thick)
    canvas.surface.fill(palette.primary if here else palette.key_deep, line)


# The keypad -------------------------------------------------------------------------------------------------------


def _keypad(sheet: Sheet, view: Entry, rect: Rect, *, columns: int) -> None:
    theme = sheet.theme
    rows = 4 if columns == 3 else 2
    gap = theme.px(14) if columns == 3 else theme.px(12)
    wide = (rect.width - (columns - 1) * gap) // columns
    high = (rect.height - (rows - 1) * gap) // rows
    places = [
        Rect(rect.x + column * (wide + gap), rect.y + row * (high + gap), wide, high)
        for row in range(rows)
        for column in range(columns)
    ]
    if columns == 3:
        order = [*places[:9], places[10], places[11]]
    else:
        order = [*places[:10], places[10].union(places[11])]
    for (label, event), place in zip(view.keys, order, strict=False):
        _key(sheet, Button(label, event), place)
    _key(sheet, view.erase, order[-1])


def _key(sheet: Sheet, key: Button, rect: Rect) -> None:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    lip = theme.px(6)
    face = Rect(rect.x, rect.y, rect.width, rect.height - lip)
    if sheet.pressed(key):
        face.y += lip
        canvas.panel(face, palette.calm, border=palette.primary, width=theme.px(3))
    else:
        canvas.panel(Rect(rect.x, rect.y + lip, rect.width, rect.height - lip), palette.key_deep)
        canvas.panel(face, palette.key, border=palette.key_deep, width=theme.px(2))
    if key.icon:
        icon = theme.px(40)
        size = theme.smallest_type
        words = canvas.width_of(key.label, size, bold=True)
        if words + icon + theme.px(30) <= face.width:
            left = face.centerx - (words + icon + theme.px(10)) // 2
            canvas.picture(key.icon, Rect(left, face.centery - icon // 2, icon, icon), ink=palette.ink)
            place = Rect(left + icon + theme.px(10), face.y, words + 2, face.height)
            canvas.write(key.label, place, size, bold=True, down="middle")
        else:
            high = icon + round(size * 1.24)
            top = face.centery - high // 2
            canvas.picture(key.icon, Rect(face.centerx - icon // 2, top, icon, icon), ink=palette.ink)
            canvas.write(key.label, Rect(face.x, top + icon, face.width, high - icon), size, bold=True, across="centre")
    else:
        canvas.write(key.label, face, theme.type(48), bold=True, across="centre", down="middle")
    sheet.targets.append(Target(rect, key.event, key.label, "key"))
