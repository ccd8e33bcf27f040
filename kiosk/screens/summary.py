"""The look back at all that was captured: what is there, ticked; what was excepted, calmly dashed."""

from dataclasses import replace

import pygame

from kiosk.screens.capture import ink_strokes
from kiosk.screens.hands import draw_pair
from kiosk.screens.sheet import Sheet
from kiosk.screens.views import Fact, Summary

Rect = pygame.Rect


def draw_summary(sheet: Sheet, view: Summary) -> None:
    """Photo, signature, fingers and, where they are taken, irises: a card each; under them what was excepted."""
    theme, canvas, palette, body = sheet.theme, sheet.canvas, sheet.palette, sheet.body
    if view.notes and theme.compact and not theme.portrait:
        # Little glass: what is unlike other recordings counts more than the sentence all of them have.
        sheet.page = replace(sheet.page, sentence="")
    sheet.chrome()
    share = 0.28 if not theme.portrait else 0.2
    end = sheet.words(Rect(body.x, body.y, body.width, round(body.height * share)))
    low = _notes(sheet, view.notes) if view.notes else body.bottom
    field = Rect(body.x, end + theme.px(4), body.width, low - end - theme.px(4))
    photo, ink, hands, *eyes = _places(sheet, field, with_eyes=bool(view.eyes))
    inner = _captioned(sheet, photo, view.captions[0], given=view.photo is not None)
    if view.photo is not None:
        canvas.round_off(canvas.photo(view.photo, inner), palette.card)
    _signature(sheet, view, _captioned(sheet, ink, view.captions[1], given=view.signed))
    pair = _captioned(sheet, hands, view.captions[2], given=bool(view.done))
    draw_pair(sheet, pair, asked=None, done=view.done, excepted=view.excepted, sides=None)
    for place in eyes:
        _eyes(sheet, view, place)


def _places(sheet: Sheet, field: Rect, *, with_eyes: bool) -> list[Rect]:
    """Of photo, signature, hands, and eyes: in a row, or in two rows on a portrait screen."""
    gap = sheet.theme.px(24)
    if sheet.theme.portrait:
        top = Rect(field.x, field.y, field.width, (field.height - gap) // 2)
        under = Rect(field.x, top.bottom + gap, field.width, field.bottom - top.bottom - gap)
        return [
            *_row(top, ((1 - gap / top.width) / 2, 0.5), gap),
            *_row(under, (0.6, 0.4) if with_eyes else (1.0,), gap),
        ]
    return _row(field, (0.19, 0.23, 0.33, 0.19) if with_eyes else (0.24, 0.32, 0.44), gap)


def _row(field: Rect, shares: tuple[float, ...], gap: int) -> list[Rect]:
    """Places side by side by their shares of the width; the last one takes what is left."""
    places, x = [], field.x
    for share in shares[:-1]:
        places.append(Rect(x, field.y, round(field.width * share), field.height))
        x = places[-1].right + gap
    return [*places, Rect(x, field.y, field.right - x, field.height)]


def _signature(sheet: Sheet, view: Summary, inner: Rect) -> None:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    if not view.signed:
        canvas.picture("no-signature", inner)
        return
    paper = inner.copy()
    paper.height = min(paper.height, round(paper.width * 0.56))
    paper.center = inner.center
    canvas.surface.fill(palette.line, (paper.x, paper.bottom - theme.px(3), paper.width, theme.px(3)))
    ink_strokes(sheet, view.strokes, paper, theme.px(5))


def _eyes(sheet: Sheet, view: Summary, place: Rect) -> None:
    """One picture for both, or one an eye, each over its line."""
    gap, count = sheet.theme.px(16), len(view.eyes)
    high = (place.height - gap * (count - 1)) // count
    for number, caption in enumerate(view.eyes):
        card = Rect(place.x, place.y + number * (high + gap), place.width, high)
        inner = _captioned(sheet, card, caption, given=view.seen)
        sheet.canvas.picture("eye" if view.seen else "eyes-covered", inner)


def _captioned(sheet: Sheet, place: Rect, caption: str, *, given: bool) -> Rect:
    """A card with its caption: green with a tick, or, not given, plain with a dash. Returns the room above it."""
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    canvas.card(place)
    pad = theme.px(18)
    icon, gap = theme.px(36), theme.px(10)
    ink = palette.good if given else palette.soft_ink
    room = place.width - 2 * pad - icon - gap
    setting = canvas.set(caption, (room, 10_000), theme.small, bold=True)
    high = max(setting.height, round(theme.small * 1.3), theme.px(40))
    wide = max(canvas.width_of(line, setting.size, bold=True) for line in setting.lines)
    row = Rect(place.x + pad, place.bottom - pad // 2 - high, place.width - 2 * pad, high)
    left = max(row.x, row.centerx - (wide + icon + gap) // 2)
    sign = Rect(left, row.centery - icon // 2, icon, icon)
    canvas.picture("done" if given else "dash", sign if given else sign.inflate(-icon * 0.2, 0), ink=ink)
    words = Rect(sign.right + gap, row.y, row.right - sign.right - gap, row.height)
    canvas.write(caption, words, theme.small, bold=True, ink=ink, down="middle")
    return Rect(place.x + pad, place.y + pad, place.width - 2 * pad, row.top - theme.px(8) - place.y - pad)


def _notes(sheet: Sheet, notes: tuple[Fact, ...]) -> int:
    """Plain lines under the cards, from the foot of the body up; returns where they begin."""
    theme, canvas, palette, body = sheet.theme, sheet.canvas, sheet.palette, sheet.body
    icon, gap = theme.px(40), theme.px(14)
    wide, top = body.width - icon - gap, body.bottom
    for note in reversed(notes):
        setting = canvas.set(note.text, (wide, 10_000), theme.type(28))
        high = max(setting.height, icon)
        row = Rect(body.x, top - high, body.width, high)
        canvas.picture(note.picture, Rect(row.x, row.centery - icon // 2, icon, icon), ink=palette.soft_ink)
        canvas.write(note.text, Rect(row.x + icon + gap, row.y, wide, high), theme.type(28), down="middle")
        top = row.top - theme.px(6)
    return top - theme.px(14)
