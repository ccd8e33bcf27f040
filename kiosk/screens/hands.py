"""Both hands as their owner sees them: the asked finger filled, finished ones ticked, the ring around its tip."""

from typing import Final

import pygame

from kiosk.screens.sheet import Sheet
from kiosk.screens.views import Hands, Mood

Rect = pygame.Rect

NAMES: Final = ("thumb", "index", "middle", "ring", "little")
"""In the order of ISO/IEC 19794-4:2011, table 6: 1-5 on the right hand, 6-10 on the left."""
DRAWING: Final = (210, 280)
TIPS: Final = {"thumb": (23, 122), "index": (60, 54), "middle": (96, 38), "ring": (130, 49), "little": (162, 84)}
"""Middles of the fingertips on the drawing of the right hand, seen from its back."""
SHARES: Final = {False: 0.6, True: 0.5}
"""Of the body that the hands take, on a landscape and on a portrait screen."""
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
    stage, words = sheet.halves(SHARES[theme.portrait])
    canvas.panel(stage, palette.calm, radius=theme.px(28))
    inner = stage.inflate(-theme.px(32), -theme.px(28))
    _words_and_change(sheet, view, sheet.corner(words))
    draw_pair(sheet, inner, asked=view.asked, done=view.done, sides=view.sides)


def _words_and_change(sheet: Sheet, view: Hands, words: Rect) -> None:
    """The words, and under (portrait: beside) them what to do, as a picture, where there is room for one."""
    theme, canvas = sheet.theme, sheet.canvas
    gap = theme.px(28)
    if theme.portrait and view.change:
        side = round(words.width * 0.36)
        box = Rect(words.right - side, words.y, side, min(words.height, round(side * 1.1)))
        sheet.words(Rect(words.x, words.y, words.width - side - gap, words.height))
    else:
        end = sheet.words(words) + gap
        high = min(words.bottom - end, theme.px(380))
        box = Rect(words.x, words.bottom - high, words.width, high)
    if view.change and box.height >= theme.px(130):
        frame = f"-{view.page.phase % 2}" if f"{view.change}-0" in canvas.pictures else ""
        ground = sheet.ground_of(view.page.hint.mood if view.page.hint else Mood.CALM)
        canvas.panel(box, ground.tint, radius=theme.px(24))
        canvas.picture(view.change + frame, box.inflate(-theme.px(36), -theme.px(36)))


def draw_pair(
    sheet: Sheet, rect: Rect, *, asked: int | None, done: tuple[int, ...], sides: tuple[str, str] | None
) -> None:
    """Left and right hand in ``rect``, captioned; the one whose turn it is not is pale."""
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    caption = round(theme.small * 1.3) if sides else 0
    for left_hand in (True, False):
        place = _place(rect, caption, left_hand=left_hand)
        ours = asked is None or (asked > 5) == left_hand
        _hand(sheet, place, asked, done, left_hand=left_hand, ours=ours)
        if sides is None:
            continue
        low = min(rect.bottom - caption, place.bottom + theme.px(20))
        under = Rect(rect.x if left_hand else rect.centerx, low, rect.width // 2, caption)
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
    place.center = half.center
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
    stage, _ = sheet.halves(SHARES[theme.portrait])
    inner = stage.inflate(-theme.px(32), -theme.px(28))
    place = _place(inner, round(theme.small * 1.3), left_hand=view.asked > 5)
    radius = round(place.width * (0.135 + 0.012 * (view.page.phase % 2)))
    width = max(4, round(place.width * 0.03))
    share = view.progress if view.progress is not None else 0.0
    rest = palette.card if view.progress is not None else palette.primary
    canvas.ring(_tip(place, view.asked), radius, width, share, palette.good, rest)
