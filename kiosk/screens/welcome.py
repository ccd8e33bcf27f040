"""The first screens: the invitation while nobody is here, and the large answers to choose from."""

import pygame

from kiosk.screens.sheet import Sheet
from kiosk.screens.views import Attract, Button, Choice, Fact, Target

Rect = pygame.Rect


def draw_attract(sheet: Sheet, view: Attract) -> None:
    """A welcome that can be read from the door; a touch anywhere but on Help begins."""
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    canvas.surface.fill(palette.paper)
    margin = theme.margin
    if theme.portrait:
        stage = Rect(0, 0, theme.width, round(theme.height * 0.42))
        words = Rect(margin, stage.bottom + theme.px(36), theme.width - 2 * margin, 0)
    else:
        stage = Rect(0, 0, round(theme.width * 0.46), theme.height)
        words = Rect(stage.right + theme.px(56), margin + theme.px(24), 0, 0)
        words.width = theme.width - margin - words.x
    words.height = theme.height - margin - words.y
    _picture(sheet, stage)
    sheet._band()
    invitation = max(theme.target, theme.px(132))
    invite = Rect(words.x, words.bottom - invitation, words.width, invitation)
    _invitation(sheet, view, invite)
    begin = [canvas.rect]
    office = Rect(words.x, words.y, words.width, round(theme.small * 2.6))
    if view.page.header.help is not None:
        left = sheet._header_button(view.page.header.help, sheet.header.right, officer=False)
        low = sheet.targets[-1].rect.bottom
        begin = [Rect(0, low, theme.width, theme.height - low), Rect(0, 0, left, low)]
        if not theme.portrait:
            office.width = left - theme.px(12) - words.x
    top = canvas.write(view.office, office, theme.small, bold=True, ink=palette.primary).bottom
    room = Rect(words.x, top + theme.px(4), words.width, round((invite.top - top) * 0.48))
    used = canvas.write(view.page.headline, room, theme.type(64), bold=True)
    _facts(
        sheet,
        view.facts,
        Rect(words.x, used.bottom + theme.px(20), words.width, invite.top - theme.px(24) - used.bottom - theme.px(20)),
    )
    sheet.targets += [Target(rect, view.begin, view.invitations[0]) for rect in begin]


def _picture(sheet: Sheet, stage: Rect) -> None:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    canvas.surface.fill(palette.primary, stage)
    if not theme.compact:
        tile = canvas.drawn("kawung", (theme.px(96), theme.px(96)))
        before = canvas.surface.get_clip()
        canvas.surface.set_clip(stage)
        for x in range(stage.x, stage.right, tile.get_width()):
            for y in range(stage.y, stage.bottom, tile.get_height()):
                canvas.surface.blit(tile, (x, y))
        canvas.surface.set_clip(before)
    room = stage.inflate(-round(stage.width * 0.16), -round(stage.height * 0.16))
    canvas.picture(f"welcome-{sheet.page.phase % 2}", room)


def _invitation(sheet: Sheet, view: Attract, rect: Rect) -> None:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    lip = theme.px(8)
    down = sheet.page.pressed is not None and sheet.page.pressed == view.begin
    face = Rect(rect.x, rect.y + (lip if down else 0), rect.width, rect.height - lip)
    if not down:
        canvas.panel(
            Rect(rect.x, rect.y + lip, rect.width, rect.height - lip), palette.primary_deep, radius=theme.px(24)
        )
    canvas.panel(face, palette.primary_deep if down else palette.primary, radius=theme.px(24))
    icon = round(face.height * 0.7)
    canvas.picture("touch", Rect(face.x + theme.px(20), face.centery - icon // 2, icon, icon), ink=palette.on_primary)
    words = Rect(face.x + icon + theme.px(32), face.y, face.width - icon - theme.px(48), face.height)
    sizes = [theme.type(44), *([theme.type(26)] * (len(view.invitations) - 1))]
    high = sum(round(size * 1.24) for size in sizes)
    y = words.centery - high // 2
    for text, size in zip(view.invitations, sizes, strict=True):
        line = Rect(words.x, y, words.width, round(size * 1.24))
        canvas.write(text, line, size, bold=True, ink=palette.on_primary, down="middle")
        y = line.bottom


def _facts(sheet: Sheet, facts: tuple[Fact, ...], rect: Rect) -> None:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    pitch = min(rect.height // max(len(facts), 1), theme.px(100))
    icon = min(theme.px(60), pitch - theme.px(4))
    for number, fact in enumerate(facts):
        row = Rect(rect.x, rect.y + number * pitch, rect.width, pitch)
        disc = Rect(row.x, row.centery - icon // 2, icon, icon)
        canvas.panel(disc, palette.calm, radius=icon // 2)
        canvas.picture(fact.picture, disc.inflate(-icon * 0.42, -icon * 0.42), ink=palette.primary)
        words = Rect(disc.right + theme.px(18), row.y, row.right - disc.right - theme.px(18), row.height)
        canvas.write(fact.text, words, theme.type(30), down="middle")


def draw_choice(sheet: Sheet, view: Choice) -> None:
    """One question over two to four large answers."""
    sheet.chrome()
    theme, body = sheet.theme, sheet.body
    count = len(view.choices)
    columns = 1 if theme.portrait else 2 if count == 4 and theme.compact else count
    rows = -(-count // columns)
    share = 0.3 if not theme.compact else 0.34 if rows == 1 or theme.portrait else 0.24
    end = sheet.words(Rect(body.x, body.y, body.width, round(body.height * share)))
    gap = theme.px(28 if rows == 1 or not theme.compact else 14)
    field = Rect(body.x, end + theme.px(8), body.width, body.bottom - end - theme.px(8))
    wide = (field.width - (columns - 1) * gap) // columns
    high = (field.height - (rows - 1) * gap) // rows
    for number, (button, picture, note) in enumerate(view.choices):
        row, column = divmod(number, columns)
        place = Rect(field.x + column * (wide + gap), field.y + row * (high + gap), wide, high)
        _answer(sheet, button, picture, note, place)


def _answer(sheet: Sheet, button: Button, picture: str, note: str, rect: Rect) -> None:
    theme, canvas, palette = sheet.theme, sheet.canvas, sheet.palette
    lip = theme.px(8)
    down = sheet.pressed(button)
    face = Rect(rect.x, rect.y + (lip if down else 0), rect.width, rect.height - lip)
    if not down:
        canvas.panel(Rect(rect.x, rect.y + lip, rect.width, rect.height - lip), palette.key_deep, radius=theme.px(24))
    canvas.panel(
        face, palette.calm if down else palette.card, radius=theme.px(24), border=palette.primary, width=theme.px(4)
    )
    pad = theme.px(28 if not theme.compact else 18)
    low = face.height < theme.px(200)
    inner = face.inflate(-2 * pad, -(2 * pad if not low else theme.px(16)))
    label, notes = theme.type(44), theme.type(28)
    line = round(label * 1.3)
    setting = canvas.set(button.label, (inner.width, line), label, bold=True)
    if not setting.fits or setting.size < label * 0.8:
        setting = canvas.set(button.label, (inner.width, 2 * line), label, bold=True)
    under = canvas.set(note, (inner.width, 10_000), notes).height if note else 0
    label_high = max(setting.height, line)
    words_high = label_high + under
    flat = theme.portrait and inner.width > 2.2 * inner.height
    if inner.height - words_high >= theme.px(120) and not flat:
        words = Rect(inner.x, inner.bottom - words_high, inner.width, words_high)
        canvas.picture(picture, Rect(inner.x, inner.y, inner.width, words.top - theme.px(16) - inner.y))
        top = Rect(words.x, words.y, words.width, label_high)
        used = canvas.write(button.label, top, label, bold=True, ink=palette.primary, across="centre")
        canvas.write(note, Rect(words.x, used.bottom, words.width, words.bottom - used.bottom), notes, across="centre")
    else:
        side = min(inner.height, round(inner.width * 0.36))
        canvas.picture(picture, Rect(inner.x, inner.y, side, inner.height))
        words = Rect(inner.x + side + pad, inner.y, inner.width - side - pad, inner.height)
        share = words.height // 2 if note else words.height
        setting = canvas.set(button.label, (words.width, share), label, bold=True)
        below = canvas.set(note, (words.width, words.height - setting.height), notes) if note else None
        high = setting.height + (below.height if below else 0)
        top = Rect(words.x, words.centery - high // 2, words.width, setting.height)
        canvas.write(button.label, top, label, bold=True, ink=palette.primary)
        canvas.write(note, Rect(words.x, top.bottom, words.width, high - setting.height), notes)
    sheet.targets.append(Target(rect, button.event, button.label))
