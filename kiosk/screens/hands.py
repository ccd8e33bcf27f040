"""Both hands as their owner sees them: the asked finger filled, finished ones ticked, the ring around its tip."""

from typing import Final

import pygame

from kiosk.screens.sheet import Sheet
from kiosk.screens.views import Hands, Mood

Rect = pygame.Rect

NAMES: Final = ("thumb", "index", "middle", "ring", "little")
"""In the order of ISO/IEC 19794-4:2011, table 6: 1-5 on the right hand, 6-10 on the left."""
DRAWING: Final = (210, 276)
TIPS: Final = {"thumb": (23, 122), "index": (60, 54), "middle": (96, 38), "ring": (130, 49), "little": (162, 84)}
"""Middles of the fingertips on the drawing of the right hand, seen from its back."""
PALE: Final = {
    "skin": "#DCC8B6",
    "shade": "#CDB6A1",
    "nail": "#EADCCF",
    "crease": "#BBA48F",
    "cuff": "#D5DFE2",
    "ink": "#8C939B",
}
"""A hand whose turn it is not."""


def draw_hands(sheet: Sheet, view: Hands) -> None:
    """The hands on the stage, the words beside them, and what to change in its own picture."""
    sheet.chrome()
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    stage, words = sheet.halves(0.52 if theme.portrait else 0.58)
    canvas.panel(stage, palette.calm, radius=theme.px(28))
    inner = stage.inflate(-theme.px(32), -theme.px(28))
    if view.change:
        words = _change(sheet, view, words)
    sheet.words(words)
    draw_pair(sheet, inner, asked=view.asked, done=view.done, sides=view.sides, phase=view.page.phase)


def _change(sheet: Sheet, view: Hands, words: Rect) -> Rect:
    """The picture of what to do otherwise, in the attention tint; returns what is left for the words."""
    theme, canvas = sheet.theme, sheet.canvas
    frame = f"-{view.page.phase % 2}" if f"{view.change}-0" in canvas.pictures else ""
    ground = sheet.ground_of(view.page.hint.mood) if view.page.hint else sheet.ground_of(Mood.CALM)
    if theme.portrait:
        side = round(words.width * 0.36)
        box = Rect(words.right - side, words.y, side, min(words.height, round(side * 1.1)))
        left = Rect(words.x, words.y, words.width - side - theme.px(28), words.height)
    elif theme.compact:
        box = Rect(words.right - theme.px(150), words.y, theme.px(150), theme.px(150))
        left = words
        return left
    else:
        high = round(words.height * 0.36)
        box = Rect(words.x, words.bottom - high, words.width, high)
        left = Rect(words.x, words.y, words.width, words.height - high - theme.px(20))
    canvas.panel(box, ground.tint, radius=theme.px(24))
    canvas.picture(view.change + frame, box.inflate(-theme.px(36), -theme.px(28)))
    return left


def draw_pair(
    sheet: Sheet, rect: Rect, *, asked: int | None, done: tuple[int, ...], sides: tuple[str, str], phase: int
) -> None:
    """Left and right hand in ``rect``, captioned; the one whose turn it is not is pale."""
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    caption = round(theme.small * 1.3)
    for left_hand in (True, False):
        place = _place(rect, caption, left_hand=left_hand)
        ours = asked is None or (asked > 5) == left_hand
        _hand(sheet, place, asked, done, left_hand=left_hand, ours=ours)
        under = Rect(rect.x if left_hand else rect.centerx, rect.bottom - caption, rect.width // 2, caption)
        canvas.write(
            sides[0] if left_hand else sides[1],
            under,
            theme.small,
            bold=ours,
            ink=palette.ink if ours else palette.soft_ink,
            across="centre",
            down="middle",
        )


def _place(rect: Rect, caption: int, *, left_hand: bool) -> Rect:
    """Where a hand of the pair is drawn: both as large as they fit."""
    half = Rect(rect.x if left_hand else rect.centerx, rect.y, rect.width // 2, rect.height - caption)
    scale = min(half.width * 0.96 / DRAWING[0], half.height / DRAWING[1])
    place = Rect(0, 0, round(DRAWING[0] * scale), round(DRAWING[1] * scale))
    place.midbottom = half.midbottom
    return place


def _hand(sheet: Sheet, place: Rect, asked: int | None, done: tuple[int, ...], *, left_hand: bool, ours: bool) -> None:
    canvas, palette = sheet.canvas, sheet.palette
    colours = dict.fromkeys(NAMES, "none") | {"crease": palette.pictures["crease"], "cuff": palette.pictures["sea"]}
    if not ours:
        colours |= PALE
    for number, name in enumerate(NAMES, start=6 if left_hand else 1):
        if number == asked:
            colours[name] = palette.pictures["primary"]
        elif number in done and ours:
            colours[name] = palette.pictures["leaf"]
    drawn = canvas.drawn("hand", place.size, mirrored=left_hand, **colours)
    canvas.surface.blit(drawn, place)
    radius = max(round(place.width * 0.062), 7)
    for number in done:
        if (number > 5) == left_hand:
            x, y = _tip(place, number)
            badge = Rect(x - radius, y - radius, 2 * radius, 2 * radius)
            canvas.panel(badge, palette.good, radius=radius, border=palette.card, width=max(1, radius // 6))
            canvas.picture(
                "tick",
                badge.inflate(-radius * 0.8, -radius * 0.8),
                ink="#FFFFFF" if palette.good != (255, 225, 77) else "#000000",
            )


def _tip(place: Rect, finger: int) -> tuple[int, int]:
    x, y = TIPS[NAMES[(finger - 1) % 5]]
    if finger > 5:
        x = DRAWING[0] - x
    return place.x + round(x / DRAWING[0] * place.width), place.y + round(y / DRAWING[1] * place.height)


def live_hands(sheet: Sheet, view: Hands) -> None:
    """The ring around the asked fingertip, which fills while the print comes."""
    if view.asked is None:
        return
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    stage, _ = sheet.halves(0.52 if theme.portrait else 0.58)
    inner = stage.inflate(-theme.px(32), -theme.px(28))
    place = _place(inner, round(theme.small * 1.3), left_hand=view.asked > 5)
    radius = round(place.width * (0.135 + 0.012 * (view.page.phase % 2)))
    width = max(4, round(place.width * 0.03))
    share = view.progress if view.progress is not None else 0.0
    rest = palette.card if view.progress is not None else palette.primary
    canvas.ring(_tip(place, view.asked), radius, width, share, palette.good, rest)
