"""Typing digits: the field that shows them in groups, and a keypad of large keys."""

from dataclasses import replace

import pygame

from kiosk.screens.facts import draw_facts, facts_height, facts_size
from kiosk.screens.sheet import Sheet
from kiosk.screens.views import Button, Entry, Target

Rect = pygame.Rect


def draw_entry(sheet: Sheet, view: Entry) -> None:
    """Keypad beside field and words; below them where the screen is narrow or small."""
    theme = sheet.theme
    if theme.compact and not theme.portrait:
        _compact(sheet, view)
        return
    if view.facts:
        _knowing(sheet, view)
        return
    sheet.chrome()
    keys, words = _halves(sheet, 0.5)
    _keypad(sheet, view, keys, columns=3)
    _told(sheet, view, words)


def _halves(sheet: Sheet, share: float) -> tuple[Rect, Rect]:
    """Of keys and words; ``share`` of the body is the keys' on a portrait screen."""
    theme, body = sheet.theme, sheet.body
    if theme.portrait:
        keys_high = max(4 * theme.target + 3 * theme.px(14), round(body.height * share))
        keys = Rect(body.x, body.bottom - keys_high, body.width, keys_high)
        return keys, Rect(body.x, body.y, body.width, keys.top - theme.px(24) - body.y)
    keys, words = sheet.halves(0.42)
    return Rect(keys.x, keys.y, keys.width, min(keys.height, theme.px(580))), words


def _knowing(sheet: Sheet, view: Entry) -> None:
    """Person and question, then all that is to be known: the gravest in the hint, the others under it. Keys and field
    leave them room."""
    theme, gap = sheet.theme, sheet.theme.px(20)
    keys, words = _halves(sheet, 0.4)
    field = Rect(keys.x, keys.y, keys.width, _field_height(sheet, view))
    if theme.portrait:
        field.bottom = keys.top - theme.px(24)
        words.height -= field.height + gap
    else:
        keys = Rect(keys.x, field.bottom + gap, keys.width, keys.bottom - field.bottom - gap)
    person_high = theme.px(150)
    hint_high = sheet.hint_height(words.width, 0.8)
    below = words.height - person_high - gap - (hint_high + gap if hint_high else 0)
    size = facts_size(sheet, view.facts, Rect(0, 0, words.width, round(below * 0.6)))
    high = facts_height(sheet, view.facts, words.width, size)
    if high > below * 0.6:
        # So much to know: what is asked moves up into the header.
        header = sheet.page.header
        title = f"{header.title}: {sheet.page.headline}"
        sheet.page = replace(sheet.page, sentence="", headline="", header=replace(header, title=title))
    sheet.chrome()
    _keypad(sheet, view, keys, columns=3)
    _field(sheet, view, field)
    y = _person(sheet, view, Rect(words.x, words.y, words.width, person_high)) + gap
    room = words.bottom - y - high - (hint_high + gap if hint_high else 0)
    y = sheet.words(Rect(words.x, y, words.width, room), hint=False)
    if sheet.page.hint:
        sheet.hint(sheet.page.hint, Rect(words.x, y, words.width, hint_high), 0.8)
        y += hint_high + gap
    draw_facts(sheet, view.facts, Rect(words.x, y, words.width, words.bottom - y), size)


def _told(sheet: Sheet, view: Entry, words: Rect) -> None:
    theme = sheet.theme
    field_high = _field_height(sheet, view)
    # A hint of many words is set smaller: it leaves no less room for what it is about.
    scale = 1.0 if sheet.hint_height(words.width) <= theme.px(120) else 0.8
    hint_high = sheet.hint_height(words.width, scale)
    top = words.y
    if view.person:
        top = _person(sheet, view, Rect(words.x, top, words.width, theme.px(124 if hint_high else 210))) + theme.px(20)
    room = words.bottom - top - field_high - theme.px(28) - (hint_high + theme.px(20) if hint_high else 0)
    under = sheet.words(Rect(words.x, top, words.width, room), hint=False)
    field = Rect(words.x, under, words.width, field_high)
    _field(sheet, view, field)
    if sheet.page.hint:
        sheet.hint(sheet.page.hint, Rect(words.x, field.bottom + theme.px(20), words.width, hint_high), scale)


def _compact(sheet: Sheet, view: Entry) -> None:
    """Little glass: two rows of keys, the field above them, beside the words where it is short."""
    theme, body, canvas = sheet.theme, sheet.body, sheet.canvas
    header = sheet.page.header
    if header.officer:
        hint = sheet.page.hint
        title = hint.text if hint else f"{header.title}: {sheet.page.headline}"
        icon = hint.icon if hint else header.icon
        sheet.page = replace(sheet.page, header=replace(header, title=title, icon=icon), hint=None)
    sheet.chrome()
    gap = theme.px(12)
    keys = Rect(body.x, body.bottom - 2 * theme.target - gap, body.width, 2 * theme.target + gap)
    if view.facts:
        # All of them, at the keys' expense: a column of their own; the field goes down between the buttons.
        keys.width = 6 * theme.target + 5 * gap
    _keypad(sheet, view, keys, columns=6)
    above = Rect(body.x, body.y, body.width, keys.top - gap - body.y)
    high = _field_height(sheet, view)
    if view.facts:
        beside = Rect(keys.right + theme.px(20), body.y, body.right - keys.right - theme.px(20), body.height)
        field = _between_buttons(sheet, high)
        if field.width < theme.px(340):
            field = Rect(beside.x, beside.bottom - high, beside.width, high)
            beside.height -= high + gap
        _field(sheet, view, field)
        draw_facts(sheet, view.facts, beside, facts_size(sheet, view.facts, beside))
        _told_compactly(sheet, view, Rect(above.x, above.y, keys.width, above.height))
        return
    if sum(view.groups) > 8:
        field = Rect(above.x, above.bottom - high, above.width, high)
        words = Rect(above.x, above.y, above.width, field.top - above.y)
        headline = canvas.width_of(view.page.headline, theme.headline, bold=True)
        canvas.write(view.page.headline, words, theme.headline, bold=True, down="middle")
        words = Rect(words.x + headline + theme.px(32), words.y, words.width - headline - theme.px(32), words.height)
    else:
        wide = round(above.width * (0.42 if view.captions else 0.36))
        field = Rect(above.right - wide, above.centery - high // 2, wide, high)
        words = Rect(above.x, above.y, above.width - wide - theme.px(32), above.height)
        words = _told_compactly(sheet, view, words)
    _sentence_or_hint(sheet, words)
    _field(sheet, view, field)


def _between_buttons(sheet: Sheet, high: int) -> Rect:
    """What is free at the foot, ``high`` pixels of it."""
    foot, air = sheet.footer, sheet.theme.px(24)
    buttons = [target.rect for target in sheet.targets if target.rect.colliderect(foot)]
    left = max((each.right + air for each in buttons if each.centerx < foot.centerx), default=foot.left)
    right = min((each.left - air for each in buttons if each.centerx >= foot.centerx), default=foot.right)
    return Rect(left, foot.centery - high // 2, right - left, high)


def _told_compactly(sheet: Sheet, view: Entry, words: Rect) -> Rect:
    """The headline, or the person to compare; returns what is left for the sentence."""
    theme, canvas, gap = sheet.theme, sheet.canvas, sheet.theme.px(12)
    if view.person is None:
        top = Rect(words.x, words.y, words.width, words.height // 2)
        used = canvas.write(view.page.headline, top, theme.type(44), bold=True)
        return Rect(words.x, used.bottom + gap // 2, words.width, words.bottom - used.bottom - gap // 2)
    if view.person.photo:
        photo = canvas.photo(view.person.photo, Rect(words.x, words.y, theme.px(140), words.height))
        words = Rect(photo.right + gap, words.y, words.right - photo.right - gap, words.height)
    sheet.page = replace(sheet.page, sentence="")
    for number, line in enumerate(view.person.lines):
        high = canvas.set(line, (words.width, 10_000), theme.smallest_type, bold=not number).height
        if number and high > words.height:
            break
        canvas.write(line, Rect(words.x, words.y, words.width, high), theme.smallest_type, bold=not number)
        words = Rect(words.x, words.y + high, words.width, words.height - high)
    return words


def _sentence_or_hint(sheet: Sheet, words: Rect) -> None:
    theme, canvas, page = sheet.theme, sheet.canvas, sheet.page
    told, ink = page.sentence, sheet.palette.ink
    if page.hint:
        told, ink = page.hint.text, sheet.ground_of(page.hint.mood).ink
        icon = theme.px(44)
        canvas.picture(page.hint.icon, Rect(words.x, words.centery - icon // 2, icon, icon), ink=ink)
        words = Rect(words.x + icon + theme.px(12), words.y, words.width - icon - theme.px(12), words.height)
    canvas.write(told, words, theme.small, bold=page.hint is not None, ink=ink, down="middle")


def _person(sheet: Sheet, view: Entry, rect: Rect) -> int:
    """Photo and lines; returns where they end."""
    person, theme, canvas = view.person, sheet.theme, sheet.canvas
    if person is None:
        return rect.y
    x, low = rect.x, rect.y
    if person.photo:
        photo = canvas.photo(person.photo, Rect(rect.x, rect.y, round(rect.height * 0.76), rect.height))
        x, low = photo.right + theme.px(24), photo.bottom
    y = rect.y
    for scale in (1.0, 0.85, 0.75):
        sizes = [max(round(theme.sentence * scale), theme.smallest_type), *([theme.small] * len(person.lines))]
        high = [
            canvas.set(line, (rect.right - x, 10_000), size, bold=not number).height
            for number, (line, size) in enumerate(zip(person.lines, sizes, strict=False))
        ]
        if sum(high) <= rect.height:
            break
    for number, (line, size) in enumerate(zip(person.lines, sizes, strict=False)):
        canvas.write(line, Rect(x, y, rect.right - x, high[number]), size, bold=not number)
        y += high[number]
    return max(y, low)


# The field --------------------------------------------------------------------------------------------------------


def _field_height(sheet: Sheet, view: Entry) -> int:
    theme = sheet.theme
    box = theme.px(92)
    return box + (round(theme.smallest_type * 1.3) if view.captions else 0)


def _field(sheet: Sheet, view: Entry, rect: Rect) -> None:
    """Digits in cells of equal width, whatever their own, with a line under each that is still to come."""
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    captions = round(theme.smallest_type * 1.3) if view.captions else 0
    box = Rect(rect.x, rect.y, rect.width, rect.height - captions)
    count, gaps = sum(view.groups), len(view.groups) - 1
    pad = theme.px(20)
    gap = theme.px(28) if count > 8 else theme.px(44)
    cell = min((box.width - 2 * pad - gaps * gap) // count, round(box.height * 0.6))
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
    order = [*places[:9], places[10], places[11]] if columns == 3 else [*places[:10], places[10].union(places[11])]
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
