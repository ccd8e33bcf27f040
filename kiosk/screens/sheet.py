"""The page all screens share: header with the named steps, stage, words, and the buttons in their fixed places."""

from dataclasses import dataclass

import pygame

from kiosk.screens.canvas import Across, Canvas
from kiosk.screens.theme import Colour
from kiosk.screens.typesetting import Setting
from kiosk.screens.views import Button, Header, Hint, Mood, Page, Target
from kiosk.screens.whereabouts import show_steps

Rect = pygame.Rect


@dataclass(frozen=True, slots=True)
class Ground:
    """How a mood looks: the panel's tint, and the colour of words and icons on it."""

    tint: Colour
    ink: Colour


class Sheet:
    """One drawing of one page: draws what is common, offers the free places, and collects the targets."""

    def __init__(self, canvas: Canvas, page: Page, *, footed: bool | None = None) -> None:
        self.canvas, self.theme, self.page = canvas, canvas.theme, page
        self.palette = self.theme.palette
        self.targets: list[Target] = []
        theme = self.theme
        band = 2 * theme.px(5)
        margin = theme.margin
        self.header = Rect(margin, band, theme.width - 2 * margin, theme.target + theme.px(8))
        foot = margin if not theme.compact else max(theme.px(12), theme.mm(1.5))
        self.footer = Rect(margin, theme.height - foot - theme.target, theme.width - 2 * margin, theme.target)
        gap = theme.px(24)
        # The officer's header is a dark block: it needs more air below it.
        air = 4 if theme.compact else 28 if page.header.officer else 12
        top = self.header.bottom + theme.px(air)
        self.footed = footed if footed is not None else any((page.back, page.secondary, page.primary))
        """Whether there are buttons at the foot; where there are none, the body has their place too."""
        low = self.footer.top - gap if self.footed else self.footer.bottom
        self.stacked = theme.portrait and all((page.back, page.secondary, page.primary))
        """Whether three buttons stand at the foot of a narrow screen: then the second one has a row of its own."""
        if self.stacked:
            low -= theme.target + gap
        self.body = Rect(margin, top, theme.width - 2 * margin, low - top)

    # Places -------------------------------------------------------------------------------------------------------

    def halves(self, share: float = 0.55) -> tuple[Rect, Rect]:
        """Stage and words: side by side, or one above the other on a portrait screen."""
        body, gap = self.body, self.theme.px(44)
        if self.theme.portrait:
            high = round(body.height * share)
            stage = Rect(body.x, body.y, body.width, high)
            return stage, Rect(body.x, stage.bottom + self.theme.px(32), body.width, body.bottom - stage.bottom - gap)
        wide = round(body.width * share)
        stage = Rect(body.x, body.y, wide, body.height)
        return stage, Rect(stage.right + gap, body.y, body.width - wide - gap, body.height)

    def corner(self, words: Rect) -> Rect:
        """Where nothing stands at the foot, the second button in its corner, below ``words``; what is left of these."""
        button, theme = self.page.secondary, self.theme
        if self.footed or button is None:
            return words
        wide = min(self.width_of(button), words.width)
        place = Rect(words.right - wide, words.bottom - theme.target, wide, theme.target)
        self.button(button, place)
        return Rect(words.x, words.y, words.width, place.top - theme.px(20) - words.y)

    def ground_of(self, mood: Mood) -> Ground:
        """The tint and ink of a mood."""
        palette = self.palette
        return {
            Mood.CALM: Ground(palette.calm, palette.ink),
            Mood.GOOD: Ground(palette.good_tint, palette.good),
            Mood.ATTENTION: Ground(palette.attention_tint, palette.attention),
        }[mood]

    # What is common -----------------------------------------------------------------------------------------------

    def chrome(self) -> None:
        """Paper, flag band, header and buttons."""
        self.canvas.surface.fill(self.palette.paper)
        self._header(self.page.header)
        self._band()
        if self.footed:
            self._footer()

    def _band(self) -> None:
        half, width = self.theme.px(5), self.theme.width
        self.canvas.surface.fill(self.palette.flag, (0, 0, width, half))
        self.canvas.surface.fill((255, 255, 255), (0, half, width, half))

    def _header(self, header: Header) -> None:
        if header.officer:
            dark = Rect(0, 0, self.theme.width, self.header.bottom)
            self.canvas.surface.fill(self.palette.officer, dark)
        right = self.header.right
        for button in (header.help, header.stop):
            if button is not None:
                right = self._header_button(button, right, officer=header.officer) - self.theme.px(12)
        free = Rect(self.header.x, self.header.y, right - self.theme.px(12) - self.header.x, self.header.height)
        if header.title:
            self._title(header, free)
        elif header.steps:
            show_steps(self.canvas, header, free)

    def _header_button(self, button: Button, right: int, *, officer: bool) -> int:
        theme, canvas = self.theme, self.canvas
        icon, pad, gap = theme.px(30), theme.px(18), theme.px(10)
        width = max(canvas.width_of(button.label, theme.small, bold=True) + icon + 2 * pad + gap, theme.target)
        target = Rect(right - width, self.header.centery - theme.target // 2, width, theme.target)
        shown = target.inflate(0, -(theme.target - max(theme.px(60), round(theme.small * 1.9))))
        palette = self.palette
        ground = palette.officer if officer else palette.paper
        ink = palette.on_officer if officer else palette.ink
        if self.pressed(button):
            ground = palette.primary if not officer else palette.soft_ink
            ink = palette.on_primary
        canvas.panel(shown, ground, radius=shown.height // 2, border=palette.line, width=theme.px(2))
        mark = Rect(shown.x + pad, shown.centery - icon // 2, icon, icon)
        canvas.picture(button.icon, mark, ink=ink)
        words = Rect(mark.right + gap, shown.y, shown.right - pad - mark.right - gap + theme.px(6), shown.height)
        canvas.write(button.label, words, theme.small, bold=True, ink=ink, down="middle")
        self.targets.append(Target(target, button.event, button.label))
        return target.left

    def _title(self, header: Header, free: Rect) -> None:
        theme = self.theme
        ink = self.palette.on_officer if header.officer else self.palette.ink
        icon = theme.px(44) if header.icon else 0
        if header.icon:
            self.canvas.picture(header.icon, Rect(free.x, free.centery - icon // 2, icon, icon), ink=ink)
            icon += theme.px(14)
        words = Rect(free.x + icon, free.y, free.width - icon, free.height)
        self.canvas.write(header.title, words, theme.sentence, bold=True, ink=ink, down="middle")

    def _footer(self) -> None:
        page, footer, gap = self.page, self.footer, self.theme.px(24)
        left, right = footer.left, footer.right
        if page.primary is not None:
            least = footer.width if self._alone() and self.theme.portrait else self.theme.px(300)
            width = min(max(self.width_of(page.primary), least), footer.width)
            if page.back is not None or page.secondary is not None:
                width = min(width, round(footer.width * 0.56))
            self.button(page.primary, Rect(right - width, footer.y, width, footer.height), primary=True)
            right -= width + gap
        if page.back is not None:
            width = min(self.width_of(page.back), right - left)
            self.button(page.back, Rect(left, footer.y, width, footer.height))
            left += width + gap
        if page.secondary is not None and self.stacked:
            width = min(self.width_of(page.secondary), footer.width)
            self.button(
                page.secondary, Rect(footer.right - width, footer.y - gap - footer.height, width, footer.height)
            )
        elif page.secondary is not None:
            width = min(self.width_of(page.secondary), right - left)
            start = right - width
            if page.primary is not None:
                # Beside the way on as little as may be: it is no twin of it.
                start = left if page.back is None else (left + right - width) // 2
            self.button(page.secondary, Rect(start, footer.y, width, footer.height))

    def _alone(self) -> bool:
        return self.page.back is None and self.page.secondary is None

    # Buttons ------------------------------------------------------------------------------------------------------

    def pressed(self, button: Button) -> bool:
        """A finger is on this button just now."""
        return self.page.pressed is not None and self.page.pressed == button.event

    def width_of(self, button: Button) -> int:
        """What the button's label and icon take."""
        theme = self.theme
        icon = theme.px(36 + 16) if button.icon else 0
        return max(theme.target, self.canvas.width_of(button.label, theme.sentence, bold=True) + icon + theme.px(64))

    def button(self, button: Button, rect: Rect, *, primary: bool = False) -> None:
        """A button with a lip: what can be pressed looks as if it could."""
        theme, canvas, palette = self.theme, self.canvas, self.palette
        lip = theme.px(6)
        face = Rect(rect.x, rect.y, rect.width, rect.height - lip)
        fill, deep, ink, border = palette.card, palette.key_deep, palette.primary, palette.primary
        if primary:
            fill, deep, ink, border = palette.primary, palette.primary_deep, palette.on_primary, palette.primary
        if not button.ready:
            fill, deep, ink, border = palette.paper, palette.paper, palette.soft_ink, palette.line
        if self.pressed(button):
            face.y += lip
            fill = palette.primary_deep if primary and button.ready else palette.calm
            border = fill if primary and button.ready else palette.primary
        else:
            canvas.panel(Rect(rect.x, rect.y + lip, rect.width, rect.height - lip), deep)
        canvas.panel(face, fill, border=border, width=theme.px(3))
        self._label(button, face, ink, forward=primary)
        # One that is not ready answers too: a touch on it tells what is missing.
        self.targets.append(Target(rect, button.event, button.label))

    def _label(self, button: Button, face: Rect, ink: Colour, *, forward: bool) -> None:
        theme, canvas = self.theme, self.canvas
        pad = theme.px(20)
        size = theme.sentence
        if not button.icon:
            canvas.write(
                button.label, face.inflate(-2 * pad, 0), size, bold=True, ink=ink, across="centre", down="middle"
            )
            return
        icon, gap = theme.px(36), theme.px(14)
        room = (face.width - 2 * pad - icon - gap, face.height)
        setting = canvas.set(button.label, room, size, bold=True)
        wide = max(canvas.width_of(line, setting.size, bold=True) for line in setting.lines)
        left = face.centerx - (wide + gap + icon) // 2
        words_x, icon_x = (left, left + wide + gap) if forward else (left + icon + gap, left)
        canvas.write(
            button.label, Rect(words_x, face.y, wide + 2, face.height), setting.size, bold=True, ink=ink, down="middle"
        )
        canvas.picture(button.icon, Rect(icon_x, face.centery - icon // 2, icon, icon), ink=ink)

    # Words --------------------------------------------------------------------------------------------------------

    def words(self, rect: Rect, *, across: Across = "left", hint: bool = True) -> int:
        """Overline, headline, sentence and hint from the top of ``rect``, as large as fits; returns where they end."""
        theme, page, canvas = self.theme, self.page, self.canvas
        for scale in (1.0, 0.92, 0.84, 0.76, 0.68, 0.6, 0.5):
            sizes = [
                (page.overline, max(round(theme.small * scale), theme.smallest_type), True, theme.px(6)),
                (page.headline, max(round(theme.headline * scale), theme.smallest_type), True, theme.px(14 * scale)),
                (page.sentence, max(round(theme.sentence * scale), theme.smallest_type), False, theme.px(24 * scale)),
            ]
            settings = [canvas.set(text, (rect.width, 10_000), size, bold=bold) for text, size, bold, _ in sizes]
            high = sum(one.height + after for (text, _, _, after), one in zip(sizes, settings, strict=True) if text)
            under = self.hint_height(rect.width, scale) if hint and page.hint else 0
            if high + under <= rect.height:
                break
        y = rect.y
        inks = (self.palette.primary, self.palette.ink, self.palette.ink)
        for (text, size, bold, after), setting, ink in zip(sizes, settings, inks, strict=True):
            if text:
                place = Rect(rect.x, y, rect.width, min(setting.height, rect.bottom - y))
                canvas.write(text, place, size, bold=bold, ink=ink, across=across)
                y += setting.height + after
        if hint and page.hint:
            y = self.hint(page.hint, Rect(rect.x, y, rect.width, rect.bottom - y), scale).bottom
        return y

    def hint_height(self, width: int, scale: float = 1.0) -> int:
        """How high the page's hint is at this width."""
        return 0 if self.page.hint is None else self.hint_setting(self.page.hint, width, scale)[1]

    def hint_setting(self, hint: Hint, width: int, scale: float) -> tuple[Setting, int]:
        """How a hint's words are set at this width, and how high its box is."""
        theme = self.theme
        pad, icon = theme.px(20), self._hint_icon(scale)
        size = max(round(theme.type(30) * scale), theme.smallest_type)
        setting = self.canvas.set(hint.text, (width - 3 * pad - icon, 10_000), size, bold=True)
        return setting, max(setting.height + 2 * theme.px(18 * scale), icon + 2 * theme.px(10))

    def _hint_icon(self, scale: float) -> int:
        return self.theme.px(56 * scale)

    def hint(self, hint: Hint, rect: Rect, scale: float = 1.0, *, ground: Ground | None = None) -> Rect:
        """The hint in its tinted box, with its icon; returns the box."""
        theme, look = self.theme, ground or self.ground_of(hint.mood)
        setting, high = self.hint_setting(hint, rect.width, scale)
        box = Rect(rect.x, rect.y, rect.width, high)
        pad, icon = theme.px(20), self._hint_icon(scale)
        self.canvas.panel(box, look.tint, border=look.ink, width=theme.px(2))
        self.canvas.picture(hint.icon, Rect(box.x + pad, box.centery - icon // 2, icon, icon), ink=look.ink)
        words = Rect(box.x + 2 * pad + icon, box.y, box.width - 3 * pad - icon, box.height)
        self.canvas.write(hint.text, words, setting.size, bold=True, ink=look.ink, down="middle")
        return box
