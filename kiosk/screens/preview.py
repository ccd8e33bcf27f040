"""The live picture with what to fit into: an oval for the face, two rings for the eyes, or a face and both hands."""

from typing import Final

import numpy as np
import pygame

from kiosk.screens.shapes import Oval
from kiosk.screens.sheet import Sheet
from kiosk.screens.theme import Colour
from kiosk.screens.views import Frame, Mood, Preview

Rect = pygame.Rect

SHARES: Final = {False: 0.54, True: 0.66}
"""Of the body that the live picture takes, on a landscape and on a portrait screen."""
WHITE: Final = (255, 255, 255)


def draw_preview(sheet: Sheet, view: Preview) -> None:
    """The place of the live picture, and the words beside it."""
    sheet.chrome()
    theme, canvas = sheet.theme, sheet.canvas
    stage, words = sheet.halves(SHARES[theme.portrait])
    words = sheet.corner(words)
    box = _words(sheet, words)
    if box.height >= theme.px(130):
        _what_to_do(sheet, view, box)
    canvas.panel(stage, sheet.palette.veil, radius=theme.px(24))
    if view.frame is None:
        place = Rect(stage.x + stage.width // 8, stage.y, stage.width * 3 // 4, stage.height)
        canvas.write(view.warming, place, theme.sentence, ink=WHITE, across="centre", down="middle")


def _words(sheet: Sheet, words: Rect) -> Rect:
    """The words; returns the place under (portrait: beside) them that is free for a picture of what to do."""
    theme = sheet.theme
    if theme.portrait:
        side = round(words.width * 0.32)
        sheet.words(Rect(words.x, words.y, words.width - side - theme.px(28), words.height), hint=False)
        return Rect(words.right - side, words.y, side, min(words.height, side))
    end = sheet.words(words, hint=False) + theme.px(24)
    high = min(words.bottom - end, theme.px(340))
    return Rect(words.x, words.bottom - high, words.width, high)


def _what_to_do(sheet: Sheet, view: Preview, box: Rect) -> None:
    """The live hint's sign, large for those who do not read; while there is none, what to do before the photo."""
    theme, canvas, hint = sheet.theme, sheet.canvas, view.page.hint
    inner = box.inflate(-theme.px(36), -theme.px(36))
    if hint is None or hint.mood is Mood.CALM:
        canvas.panel(box, sheet.palette.calm, radius=theme.px(24))
        canvas.picture(canvas.moving(view.picture, view.page.phase), inner)
        return
    ground = sheet.ground_of(hint.mood)
    canvas.panel(box, ground.tint, radius=theme.px(24))
    side = min(inner.height, theme.px(200))
    canvas.picture(hint.icon, inner.inflate(0, side - inner.height), ink=ground.ink)


def live_preview(sheet: Sheet, view: Preview) -> None:
    """The newest frame, cut to the stage, mirrored, with its guide; hint and countdown over it."""
    theme, canvas = sheet.theme, sheet.canvas
    stage = sheet.halves(SHARES[theme.portrait])[0]
    if view.frame is not None:
        _picture(sheet, view, view.frame, stage)
        canvas.round_off(stage, sheet.palette.paper)
    pad = theme.px(20)
    if view.countdown is not None:
        _countdown(sheet, view.countdown, stage)
    elif view.page.hint is not None:
        wide = stage.width - 2 * pad
        high = sheet.hint_height(wide)
        sheet.hint(view.page.hint, Rect(stage.x + pad, stage.bottom - high - pad, wide, high))


def _picture(sheet: Sheet, view: Preview, frame: Frame, stage: Rect) -> None:
    theme, canvas = sheet.theme, sheet.canvas
    leaf = pygame.Color(sheet.palette.pictures["leaf"])
    rim: Colour = (leaf.r, leaf.g, leaf.b) if view.good else WHITE
    ovals = _ovals(view, frame)
    left, top, scale = _cut(frame, stage, ovals, whole=view.guide == "eyes")
    part, place = _seen(frame, stage, left, top, scale)
    if not view.mirrored:
        place.x = stage.width - place.right
    shown = _scaled(frame, part, place.size)
    canvas.surface.blit(
        shown if view.mirrored else pygame.transform.flip(shown, True, False), place.move(stage.topleft)
    )
    if ovals:
        on_stage = tuple(
            (
                (x - left) * scale if view.mirrored else stage.width - (x - left) * scale,
                (y - top) * scale,
                across * scale,
                down * scale,
            )
            for x, y, across, down in ovals
        )
        canvas.veil(stage, on_stage, rim=rim, width=theme.px(12 if view.good else 7), strength=0.62)
    else:
        # The hint lies over the foot of the stage: hands and face stay above it.
        room = Rect(stage.x, stage.y, stage.width, round(stage.height * 0.86)).inflate(-theme.px(24), -theme.px(24))
        canvas.picture("face-and-hands-guide", room, paper=rim, ink=sheet.palette.veil)


def _countdown(sheet: Sheet, number: int, stage: Rect) -> None:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    radius = theme.type(74)
    centre = (stage.centerx, stage.bottom - radius - theme.px(14))
    disc = Rect(centre[0] - radius, centre[1] - radius, 2 * radius, 2 * radius)
    canvas.panel(disc, palette.card, radius=radius, border=palette.good, width=theme.px(8))
    canvas.write(str(number), disc, theme.type(104), bold=True, ink=palette.good, across="centre", down="middle")


def _ovals(view: Preview, frame: Frame) -> tuple[Oval, ...]:
    """What must stay clear, in pixels of the frame."""
    high, wide = frame.shape[:2]
    if view.guide == "oval":
        x, y, across, down = view.oval
        return ((x * wide, y * high, across * wide, down * high),)
    return tuple((x * wide, y * high, radius * wide, radius * wide) for x, y, radius in view.rings)


def _cut(frame: Frame, stage: Rect, ovals: tuple[Oval, ...], *, whole: bool) -> tuple[int, int, float]:
    """The pixel of the frame in the stage's corner, and pixels shown per frame pixel: as large as the ovals allow.

    Where all of them must be seen ``whole``, the frame may be smaller than the stage; its corner is then below zero.
    """
    high, wide = frame.shape[:2]
    scale = max(stage.height / high, stage.width / wide)
    left, right, top, low = 0.0, float(wide), 0.0, float(high)
    if ovals:
        left, right = min(x - across for x, _, across, _ in ovals), max(x + across for x, _, across, _ in ovals)
        top, low = min(y - down for _, y, _, down in ovals), max(y + down for _, y, _, down in ovals)
        # They take about two thirds of the stage's height.
        best = min(stage.height * 0.66 / (low - top), stage.width * 0.86 / (right - left))
        scale = best if whole else max(scale, best)
    return (
        _start((left + right) / 2, 0.5, wide, stage.width / scale),
        _start((top + low) / 2, 0.41, high, stage.height / scale),
        scale,
    )


def _start(middle: float, at: float, length: int, seen: float) -> int:
    """Where ``seen`` of ``length`` begins, so that ``middle`` lies at a share of it, as far as there is so much."""
    least, most = sorted((0, int(length - seen)))
    return min(max(round(middle - seen * at), least), most)


def _seen(frame: Frame, stage: Rect, left: int, top: int, scale: float) -> tuple[Rect, Rect]:
    """The part of the frame that is seen, and its place on the stage."""
    high, wide = frame.shape[:2]
    across, down = round(stage.width / scale), round(stage.height / scale)
    part = Rect(left, top, across, down).clip(Rect(0, 0, wide, high))
    place = Rect(0, 0, stage.width, stage.height)
    if across > wide:
        place.x, place.width = round(-left * scale), round(wide * scale)
    if down > high:
        place.y, place.height = round(-top * scale), round(high * scale)
    return part, place


def _scaled(frame: Frame, part: Rect, size: tuple[int, int]) -> pygame.Surface:
    if frame.ndim == 2:
        grey = frame[part.top : part.bottom, part.left : part.right]
        frame, part = np.repeat(grey[:, :, None], 3, axis=2), Rect(0, 0, grey.shape[1], grey.shape[0])
    # A window onto the frame's own bytes: thirty times a second nothing is copied that is not shown.
    picture = pygame.image.frombuffer(np.ascontiguousarray(frame).data, (frame.shape[1], frame.shape[0]), "RGB")
    return pygame.transform.smoothscale(picture.subsurface(part), size)
