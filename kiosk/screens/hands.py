"""Both hands as their owner sees them: the asked finger filled, finished ones ticked, excepted ones set aside."""

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
HANDED: Final = frozenset({"other-finger", "swap-hands"})
"""Pictures of hands, drawn for a finger of the right hand."""
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
    box = _words(sheet, view, sheet.corner(words))
    shown: tuple[bool, ...] = (True, False)
    least = theme.px(210 if theme.compact and view.page.hint is not None else 130)
    cramped = view.change and view.asked is not None and box.height < least
    elsewhere = view.alike is not None and view.asked is not None and (view.alike > 5) != (view.asked > 5)
    if cramped and view.asked is not None and not elsewhere:
        # Little glass, many words: the picture of what to do takes the place of the hand whose turn it is not, but not
        # of the one that holds the finger which was given instead.
        box = _half(inner, left_hand=view.asked < 6).inflate(-theme.px(8), -theme.px(24))
        shown = (view.asked > 5,)
    draw_pair(
        sheet,
        inner,
        asked=view.asked,
        done=view.done,
        excepted=view.excepted,
        sides=view.sides,
        shown=shown,
        alike=view.alike,
    )
    if view.change and box.height >= theme.px(130):
        ground = sheet.ground_of(view.page.hint.mood if view.page.hint else Mood.CALM)
        canvas.panel(box, ground.tint, radius=theme.px(24))
        canvas.picture(
            canvas.moving(view.change, view.page.phase),
            box.inflate(-theme.px(36), -theme.px(36)),
            mirrored=view.change in HANDED and view.asked is not None and view.asked > 5,
        )


def _words(sheet: Sheet, view: Hands, words: Rect) -> Rect:
    """The words; returns the place under (portrait: beside) them that is free for a picture of what to do."""
    theme = sheet.theme
    gap = theme.px(28)
    if theme.portrait and view.change:
        side = round(words.width * 0.36)
        sheet.words(Rect(words.x, words.y, words.width - side - gap, words.height))
        return Rect(words.right - side, words.y, side, min(words.height, round(side * 1.1)))
    end = sheet.words(words) + gap
    high = min(words.bottom - end, theme.px(380))
    return Rect(words.x, words.bottom - high, words.width, high)


def draw_pair(
    sheet: Sheet,
    rect: Rect,
    *,
    asked: int | None,
    done: tuple[int, ...],
    excepted: tuple[int, ...],
    sides: tuple[str, str] | None,
    shown: tuple[bool, ...] = (True, False),
    alike: int | None = None,
) -> None:
    """Left (True) and right hand in ``rect``, captioned; the one whose turn it is not is pale. ``alike`` is pointed at:
    that finger came in the place of the asked one."""
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    caption = round(theme.small * 1.3) if sides else 0
    for left_hand in shown:
        place = _place(rect, caption, left_hand=left_hand)
        ours = asked is None or (asked > 5) == left_hand
        _hand(sheet, place, _fills(sheet, asked, done, excepted, left_hand=left_hand, ours=ours), left_hand=left_hand)
        for number in (*done, *excepted):
            if (number > 5) == left_hand and number != alike:
                _badge(sheet, place, number, set_aside=number in excepted)
        if alike is not None and (alike > 5) == left_hand:
            _point_at(sheet, place, alike)
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


def _half(rect: Rect, *, left_hand: bool) -> Rect:
    return Rect(rect.x if left_hand else rect.centerx, rect.y, rect.width // 2, rect.height)


def _place(rect: Rect, caption: int, *, left_hand: bool) -> Rect:
    """Where a hand of the pair is drawn: both as large as they fit."""
    half = _half(rect, left_hand=left_hand)
    half.height -= caption
    scale = min(half.width * 0.96 / DRAWING[0], half.height / DRAWING[1])
    place = Rect(0, 0, round(DRAWING[0] * scale), round(DRAWING[1] * scale))
    place.center = half.center
    return place


def _fills(
    sheet: Sheet, asked: int | None, done: tuple[int, ...], excepted: tuple[int, ...], *, left_hand: bool, ours: bool
) -> dict[str, str]:
    pictures = sheet.palette.pictures
    colours = dict.fromkeys(NAMES, "none") | {"crease": pictures["crease"], "cuff": pictures["sea"]}
    if not ours:
        return colours | PALE
    for number, name in enumerate(NAMES, start=6 if left_hand else 1):
        if number == asked:
            colours[name] = pictures["primary"]
        elif number in done:
            colours[name] = pictures["leaf"]
        elif number in excepted:
            colours[name] = PALE["skin"]
    return colours


def _hand(sheet: Sheet, place: Rect, colours: dict[str, str], *, left_hand: bool) -> None:
    drawn = sheet.canvas.drawn("hand", place.size, mirrored=left_hand, **colours)
    sheet.canvas.surface.blit(drawn, place)


def _badge(sheet: Sheet, place: Rect, finger: int, *, set_aside: bool) -> None:
    """On the fingertip: a green disc with a tick, or a plain white bar with a dash."""
    canvas, palette = sheet.canvas, sheet.palette
    radius = max(round(place.width * 0.062), 7)
    badge = Rect(0, 0, 2 * radius, 2 * radius)
    badge.center = _tip(place, finger)
    if set_aside:
        bar = badge.inflate(radius * 0.7, -radius * 0.5)
        edge = max(2, radius // 5)
        canvas.panel(bar, palette.card, radius=bar.height // 2, border=palette.ink, width=edge)
        canvas.picture("dash", bar.inflate(-radius, -2 * edge), ink=palette.ink)
        return
    canvas.panel(badge, palette.good, radius=radius, border=palette.card, width=max(1, radius // 6))
    light = palette.good != (255, 225, 77)
    canvas.picture("tick", badge.inflate(-radius * 0.8, -radius * 0.8), ink="#FFFFFF" if light else "#000000")


def _point_at(sheet: Sheet, place: Rect, finger: int) -> None:
    """On the fingertip of the finger that came instead: a larger disc that asks for attention."""
    canvas, palette = sheet.canvas, sheet.palette
    radius = max(round(place.width * 0.1), 12)
    disc = Rect(0, 0, 2 * radius, 2 * radius)
    disc.center = _tip(place, finger)
    canvas.panel(disc, palette.attention_tint, radius=radius, border=palette.attention, width=max(2, radius // 7))
    canvas.picture("alert", disc.inflate(-radius * 0.8, -radius * 0.8), ink=palette.attention)


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
