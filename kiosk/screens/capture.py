"""Photo, signature and the look back at all that was captured."""

from itertools import pairwise

import numpy as np
import pygame

from kiosk.screens.hands import draw_pair
from kiosk.screens.sheet import Sheet
from kiosk.screens.views import Frame, Portrait, Preview, Signing, Strokes, Summary, Target

Rect = pygame.Rect

SHARES = {False: 0.54, True: 0.66}
"""Of the body that the live picture takes, on a landscape and on a portrait screen."""


def draw_preview(sheet: Sheet, view: Preview) -> None:
    """The place of the live picture, and the words beside it."""
    sheet.chrome()
    stage, words = sheet.halves(SHARES[sheet.theme.portrait])
    words = sheet.corner(words)
    end = sheet.words(words, hint=False) + sheet.theme.px(24)
    high = min(words.bottom - end, sheet.theme.px(340))
    if high >= sheet.theme.px(130):
        box = Rect(words.x, words.bottom - high, words.width, high)
        sheet.canvas.panel(box, sheet.palette.calm, radius=sheet.theme.px(24))
        frame = f"{view.picture}-{view.page.phase % 2}"
        sheet.canvas.picture(frame, box.inflate(-sheet.theme.px(36), -sheet.theme.px(36)))
    sheet.canvas.panel(stage, sheet.palette.veil, radius=sheet.theme.px(24))
    if view.frame is None:
        place = Rect(stage.x + stage.width // 8, stage.y, stage.width * 3 // 4, stage.height)
        sheet.canvas.write(
            view.warming, place, sheet.theme.sentence, ink=(255, 255, 255), across="centre", down="middle"
        )


def live_preview(sheet: Sheet, view: Preview) -> None:
    """The newest frame, cut to the stage, mirrored, dimmed outside the oval; hint and countdown over it."""
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    stage = sheet.halves(SHARES[theme.portrait])[0]
    rim = palette.pictures["leaf"] if view.good else "#FFFFFF"
    if view.frame is not None:
        left, top, scale = _cut(view.frame, stage, view.oval)
        high, wide = view.frame.shape[:2]
        part = Rect(left, top, round(stage.width / scale), round(stage.height / scale))
        shown = _scaled(view.frame, part, stage.size)
        canvas.surface.blit(shown if view.mirrored else pygame.transform.flip(shown, True, False), stage)
        centre_x = (view.oval[0] * wide - left) * scale
        centre_x = centre_x if view.mirrored else stage.width - centre_x
        oval = (centre_x, (view.oval[1] * high - top) * scale, view.oval[2] * wide * scale, view.oval[3] * high * scale)
        colour = pygame.Color(rim)
        canvas.veil(
            stage, oval, rim=(colour.r, colour.g, colour.b), width=theme.px(12 if view.good else 7), strength=0.62
        )
        canvas.round_off(stage, palette.paper)
    pad = theme.px(20)
    if view.countdown is not None:
        _countdown(sheet, view.countdown, stage)
    elif view.page.hint is not None:
        wide = stage.width - 2 * pad
        high = sheet.hint_height(wide)
        sheet.hint(view.page.hint, Rect(stage.x + pad, stage.bottom - high - pad, wide, high))


def _countdown(sheet: Sheet, number: int, stage: Rect) -> None:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    radius = theme.type(74)
    centre = (stage.centerx, stage.bottom - radius - theme.px(14))
    disc = Rect(centre[0] - radius, centre[1] - radius, 2 * radius, 2 * radius)
    canvas.panel(disc, palette.card, radius=radius, border=palette.good, width=theme.px(8))
    canvas.write(str(number), disc, theme.type(104), bold=True, ink=palette.good, across="centre", down="middle")


def _cut(frame: Frame, stage: Rect, oval: tuple[float, float, float, float]) -> tuple[int, int, float]:
    """Where the shown part of the frame begins, and pixels shown per frame pixel: as large as the oval allows."""
    high, wide = frame.shape[:2]
    # The oval takes about two thirds of the stage's height; never more frame than there is.
    scale = max(stage.height * 0.66 / (2 * oval[3] * high), stage.height / high, stage.width / wide)
    across, down = stage.width / scale, stage.height / scale
    left = min(max(round(oval[0] * wide - across / 2), 0), int(wide - across))
    top = min(max(round(oval[1] * high - down * 0.41), 0), int(high - down))
    return left, top, scale


def _scaled(frame: Frame, part: Rect, size: tuple[int, int]) -> pygame.Surface:
    # A window onto the frame's own bytes: thirty times a second nothing is copied that is not shown.
    picture = pygame.image.frombuffer(np.ascontiguousarray(frame).data, (frame.shape[1], frame.shape[0]), "RGB")
    return pygame.transform.smoothscale(picture.subsurface(part), size)


def draw_portrait(sheet: Sheet, view: Portrait) -> None:
    """The photo, large, exactly as it will be kept."""
    sheet.chrome()
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    stage, words = sheet.halves(0.66 if theme.portrait else 0.46)
    canvas.panel(stage, palette.calm, radius=theme.px(28))
    room = stage.inflate(-theme.px(48), -theme.px(48))
    photo = canvas.photo(view.photo, room)
    canvas.round_off(photo, palette.calm)
    sheet.words(words)


def draw_signing(sheet: Sheet, view: Signing) -> None:
    """A field as wide as the screen allows, with a line to write on."""
    sheet.chrome()
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    field = _field(sheet, view)
    canvas.card(field)
    canvas.panel(field, palette.card, border=palette.primary, width=theme.px(3))
    line = field.y + round(field.height * 0.74)
    canvas.surface.fill(palette.line, (field.x + theme.px(48), line, field.width - theme.px(96), theme.px(4)))
    icon = theme.px(44)
    canvas.picture("pen", Rect(field.x + theme.px(56), line - icon - theme.px(8), icon, icon), ink=palette.soft_ink)
    sheet.targets.append(Target(field, None, view.page.headline, "ink"))
    if view.erase is not None:
        wide = sheet.width_of(view.erase)
        footer = sheet.footer
        start = footer.centerx - wide // 2 if not theme.portrait else footer.x
        place = Rect(start, footer.y, wide, footer.height)
        if theme.portrait:
            place.y = field.bottom + theme.px(20)
        sheet.button(view.erase, place)


def _field(sheet: Sheet, view: Signing) -> Rect:
    theme, body = sheet.theme, sheet.body
    share = 0.28 if not theme.compact else 0.36
    words = Rect(body.x, body.y, body.width, round(body.height * share))
    end = sheet.words(words)
    bottom = body.bottom - (theme.target + theme.px(28) if theme.portrait and view.erase else 0)
    high = bottom - end - theme.px(4)
    if theme.portrait:
        high = min(high, round(body.width * 0.9))
    return Rect(body.x, end + theme.px(4), body.width, high)


def live_signing(sheet: Sheet, view: Signing) -> None:
    """The ink as it flows."""
    field = next((target.rect for target in sheet.canvas.recalled if target.kind == "ink"), None)
    if field is None:
        return
    if not view.strokes and view.invitation:
        theme = sheet.theme
        place = Rect(field.x + theme.px(120), field.y, field.width - theme.px(168), round(field.height * 0.72))
        sheet.canvas.write(view.invitation, place, theme.sentence, ink=sheet.palette.soft_ink, down="bottom")
    ink_strokes(sheet, view.strokes, field, sheet.theme.px(7))


def ink_strokes(sheet: Sheet, strokes: Strokes, field: Rect, width: int) -> None:
    """Strokes, given as shares of the field, as round ink."""
    surface, colour = sheet.canvas.surface, sheet.palette.ink
    radius = max(1, width // 2)
    for stroke in strokes:
        points = [(field.x + x * field.width, field.y + y * field.height) for x, y, _ in stroke]
        for one, two in pairwise(points):
            pygame.draw.line(surface, colour, one, two, width)
        for x, y in points:
            pygame.draw.circle(surface, colour, (round(x), round(y)), radius)


def draw_summary(sheet: Sheet, view: Summary) -> None:
    """Photo, signature and ten ticks on three cards."""
    sheet.chrome()
    theme, canvas, palette, body = sheet.theme, sheet.canvas, sheet.palette, sheet.body
    share = 0.28 if not theme.portrait else 0.2
    end = sheet.words(Rect(body.x, body.y, body.width, round(body.height * share)))
    field = Rect(body.x, end + theme.px(4), body.width, body.bottom - end - theme.px(4))
    gap = theme.px(24)
    if theme.portrait:
        top = Rect(field.x, field.y, field.width, (field.height - gap) // 2)
        half = (top.width - gap) // 2
        places = (
            Rect(top.x, top.y, half, top.height),
            Rect(top.x + half + gap, top.y, half, top.height),
            Rect(field.x, top.bottom + gap, field.width, field.bottom - top.bottom - gap),
        )
    else:
        photo, ink = round(field.width * 0.24), round(field.width * 0.32)
        places = (
            Rect(field.x, field.y, photo, field.height),
            Rect(field.x + photo + gap, field.y, ink, field.height),
            Rect(field.x + photo + ink + 2 * gap, field.y, field.width - photo - ink - 2 * gap, field.height),
        )
    inner = [_captioned(sheet, place, caption) for place, caption in zip(places, view.captions, strict=True)]
    if view.photo is not None:
        canvas.round_off(canvas.photo(view.photo, inner[0]), palette.card)
    paper = inner[1].copy()
    paper.height = min(paper.height, round(paper.width * 0.56))
    paper.center = inner[1].center
    canvas.surface.fill(palette.line, (paper.x, paper.bottom - theme.px(3), paper.width, theme.px(3)))
    ink_strokes(sheet, view.strokes, paper, theme.px(5))
    draw_pair(sheet, inner[2], asked=None, done=view.done, sides=None)


def _captioned(sheet: Sheet, place: Rect, caption: str) -> Rect:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    canvas.card(place)
    pad = theme.px(18)
    high = max(round(theme.small * 1.3), theme.px(40))
    icon = theme.px(36)
    wide = canvas.width_of(caption, theme.small, bold=True)
    row = Rect(place.x + pad, place.bottom - pad // 2 - high, place.width - 2 * pad, high)
    left = max(row.x, row.centerx - (wide + icon + theme.px(10)) // 2)
    canvas.picture("done", Rect(left, row.centery - icon // 2, icon, icon), ink=palette.good)
    words = Rect(left + icon + theme.px(10), row.y, row.right - left - icon - theme.px(10), row.height)
    canvas.write(caption, words, theme.small, bold=True, ink=palette.good, down="middle")
    return Rect(place.x + pad, place.y + pad, place.width - 2 * pad, row.top - theme.px(8) - place.y - pad)
