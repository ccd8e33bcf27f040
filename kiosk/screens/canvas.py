"""The surface a screen is drawn on, with its fonts and pictures: loaded once, constructed by the caller."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from string import Template
from typing import Final, Literal

import pygame

from kiosk.screens import shapes
from kiosk.screens.shapes import Oval
from kiosk.screens.theme import Colour, Theme
from kiosk.screens.typesetting import LEADING, Setting, fit
from kiosk.screens.views import Target

HERE: Final = Path(__file__).parent
Across = Literal["left", "centre", "right"]
Down = Literal["top", "middle", "bottom"]


@dataclass(frozen=True, slots=True)
class Inscription:
    """What was written where in the drawing at hand, for the tests that measure it."""

    text: str
    rect: pygame.Rect
    size: int
    ink: Colour
    fits: bool


@dataclass(frozen=True, slots=True)
class Still:
    """What was drawn of a view but for its live parts."""

    view: object
    picture: pygame.Surface
    targets: tuple[Target, ...]
    inscriptions: tuple[Inscription, ...]


class Canvas:
    """Draws text, panels and pictures in the theme's measure. Text and photos are never kept; drawn shapes are."""

    def __init__(self, theme: Theme, surface: pygame.Surface | None = None) -> None:
        pygame.font.init()
        self.theme = theme
        self.surface = surface if surface is not None else pygame.Surface((theme.width, theme.height))
        self.inscriptions: list[Inscription] = []
        self._fonts: dict[tuple[bool, int], pygame.font.Font] = {}
        self._drawings: dict[str, Template] = {
            file.stem: Template(file.read_text(encoding="utf-8")) for file in (HERE / "pictures").glob("*.svg")
        }
        self._shapes: dict[tuple[object, ...], pygame.Surface] = {}
        self._still: Still | None = None

    # What stands still --------------------------------------------------------------------------------------------

    def recall(self, view: object) -> tuple[Target, ...] | None:
        """Bring back the still part of a view that was just drawn and compares equal; its targets, or None."""
        still = self._still
        if still is None or type(still.view) is not type(view) or still.view != view:
            return None
        self.surface.blit(still.picture, (0, 0))
        self.inscriptions[:] = still.inscriptions
        return still.targets

    def remember(self, view: object, targets: tuple[Target, ...]) -> None:
        """Keep the surface as it is now as the still part of ``view``."""
        self._still = Still(view, self.surface.copy(), targets, tuple(self.inscriptions))

    def forget(self) -> None:
        """Keep nothing of what was drawn."""
        self._still = None

    @property
    def recalled(self) -> tuple[Target, ...]:
        """The targets of what stands still."""
        return () if self._still is None else self._still.targets

    @property
    def pictures(self) -> frozenset[str]:
        """The names of all pictures."""
        return frozenset(self._drawings)

    @property
    def rect(self) -> pygame.Rect:
        """The whole screen."""
        return pygame.Rect(0, 0, self.theme.width, self.theme.height)

    # Text ---------------------------------------------------------------------------------------------------------

    def font(self, size: int, *, bold: bool) -> pygame.font.Font:
        """The one type family, at a size in pixels."""
        key = (bold, size)
        if key not in self._fonts:
            weight = "Bold" if bold else "Medium"
            self._fonts[key] = pygame.font.Font(str(HERE / "fonts" / f"AtkinsonHyperlegibleNext-{weight}.ttf"), size)
        return self._fonts[key]

    def width_of(self, text: str, size: int, *, bold: bool = False) -> int:
        """Pixels that ``text`` takes on one line."""
        return self.font(size, bold=bold).size(text)[0]

    def set(self, text: str, box: tuple[int, int], size: int, *, bold: bool = False) -> Setting:
        """Break ``text`` into ``box``, smaller than ``size`` if it must be, never below the smallest type."""
        return fit(text, box, size, self.theme.smallest_type, lambda line, at: self.width_of(line, at, bold=bold))

    def write(
        self,
        text: str,
        rect: pygame.Rect,
        size: int,
        *,
        ink: Colour | None = None,
        bold: bool = False,
        across: Across = "left",
        down: Down = "top",
    ) -> pygame.Rect:
        """Write ``text`` into ``rect``; returns the place it took. What does not fit is recorded as not fitting."""
        if not text:
            return pygame.Rect(rect.x, rect.y, 0, 0)
        colour = self.theme.palette.ink if ink is None else ink
        setting = self.set(text, rect.size, size, bold=bold)
        font = self.font(setting.size, bold=bold)
        pitch = setting.size * LEADING
        top = {"top": rect.top, "middle": rect.centery - setting.height / 2, "bottom": rect.bottom - setting.height}[
            down
        ]
        taken: pygame.Rect | None = None
        for number, line in enumerate(setting.lines):
            drawn = font.render(line, True, colour)
            x = {
                "left": rect.left,
                "centre": rect.centerx - drawn.get_width() // 2,
                "right": rect.right - drawn.get_width(),
            }[across]
            y = round(top + number * pitch + (pitch - drawn.get_height()) / 2)
            self.surface.blit(drawn, (x, y))
            place = pygame.Rect(x, round(top + number * pitch), drawn.get_width(), round(pitch))
            taken = place if taken is None else taken.union(place)
        assert taken is not None  # noqa: S101 a text has at least one line
        self.inscriptions.append(Inscription(text, taken, setting.size, colour, setting.fits))
        return taken

    # Panels -------------------------------------------------------------------------------------------------------

    def panel(
        self,
        rect: pygame.Rect,
        fill: Colour,
        *,
        radius: int | None = None,
        border: Colour | None = None,
        width: int = 0,
    ) -> None:
        """A rounded rectangle."""
        r = min(self.theme.radius if radius is None else radius, rect.width // 2, rect.height // 2)
        edge = fill if border is None else border
        corners = self._kept(("disc", r, fill, edge, width), lambda: shapes.disc(r, fill, edge, width))
        self.surface.fill(edge, (rect.x + r, rect.y, rect.width - 2 * r, rect.height))
        self.surface.fill(edge, (rect.x, rect.y + r, rect.width, rect.height - 2 * r))
        if width:
            self.surface.fill(fill, (rect.x + r, rect.y + width, rect.width - 2 * r, rect.height - 2 * width))
            self.surface.fill(fill, (rect.x + width, rect.y + r, rect.width - 2 * width, rect.height - 2 * r))
        for x, at_x in ((rect.x, 0), (rect.right - r, r)):
            for y, at_y in ((rect.y, 0), (rect.bottom - r, r)):
                self.surface.blit(corners, (x, y), (at_x, at_y, r, r))

    def card(self, rect: pygame.Rect, fill: Colour | None = None) -> None:
        """A panel that lies on the paper with a single soft shadow."""
        blur, drop = self.theme.px(14), self.theme.px(5)
        key = ("shadow", rect.size, self.theme.radius, blur)
        soft = self._kept(key, lambda: shapes.shadow(rect.size, self.theme.radius, blur, 0.13))
        self.surface.blit(soft, (rect.x - blur, rect.y - blur + drop))
        self.panel(rect, self.theme.palette.card if fill is None else fill)

    def ring(
        self, centre: tuple[int, int], radius: int, width: int, share: float, colour: Colour, rest: Colour
    ) -> None:
        """A ring of which ``share`` is filled; drawn in sixtieths, so that the shapes kept stay few."""
        steps = round(min(max(share, 0.0), 1.0) * 60)
        key = ("ring", radius, width, steps, colour, rest)
        drawn = self._kept(key, lambda: shapes.ring(radius, width, steps / 60, colour, rest))
        self.surface.blit(drawn, (centre[0] - radius, centre[1] - radius))

    # Pictures -----------------------------------------------------------------------------------------------------

    def picture(self, name: str, rect: pygame.Rect, *, mirrored: bool = False, **colours: str | Colour) -> pygame.Rect:
        """Draw a picture by name, as large as fits the middle of ``rect``; its named colours may be given others."""
        drawing = self.drawn(name, rect.size, mirrored=mirrored, **colours)
        place = drawing.get_rect(center=rect.center)
        self.surface.blit(drawing, place)
        return place

    def moving(self, name: str, phase: int) -> str:
        """The name of the frame of a picture that moves in two, ``-0`` and ``-1``; of one that does not, its own."""
        return f"{name}-{phase % 2}" if f"{name}-0" in self._drawings else name

    def drawn(
        self, name: str, size: tuple[int, int], *, mirrored: bool = False, **colours: str | Colour
    ) -> pygame.Surface:
        """The picture as a surface no larger than ``size``, left and right changed if ``mirrored``."""
        named = {key: value if isinstance(value, str) else f"#{bytes(value).hex()}" for key, value in colours.items()}
        key = ("picture", name, size, tuple(sorted(named.items())))
        upright = self._kept(key, lambda: self._load(name, size, named))
        if not mirrored:
            return upright
        return self._kept((*key, "mirrored"), lambda: pygame.transform.flip(upright, True, False))

    def photo(self, jpeg: bytes, rect: pygame.Rect) -> pygame.Rect:
        """Draw a photo as large as fits ``rect``, corners rounded; it is decoded anew each time, never kept."""
        picture = pygame.image.load(BytesIO(jpeg), "photo.jpg")
        scale = min(rect.width / picture.get_width(), rect.height / picture.get_height())
        size = (round(picture.get_width() * scale), round(picture.get_height() * scale))
        place = pygame.Rect((0, 0), size)
        place.center = rect.center
        self.surface.blit(pygame.transform.smoothscale(picture, size), place)
        return place

    def round_off(self, rect: pygame.Rect, ground: Colour) -> None:
        """Round the corners of what was drawn in ``rect`` on a ground of one colour."""
        radius = self.theme.radius
        key = ("round", rect.size, radius, ground)
        self.surface.blit(self._kept(key, lambda: shapes.corner_mask(rect.size, radius, ground)), rect)

    def veil(self, rect: pygame.Rect, ovals: tuple[Oval, ...], *, rim: Colour, width: int, strength: float) -> None:
        """Dim ``rect`` but for ovals, centre and radii in pixels within ``rect``."""
        colour = self.theme.palette.veil
        whole = tuple(tuple(round(each) for each in oval) for oval in ovals)
        key = ("veil", rect.size, whole, rim, width, strength)
        drawn = self._kept(key, lambda: shapes.oval_veil(rect.size, ovals, width, colour, strength, rim))
        self.surface.blit(drawn, rect)

    def _load(self, name: str, size: tuple[int, int], colours: dict[str, str]) -> pygame.Surface:
        source = self._drawings[name].substitute(self.theme.palette.pictures | colours)
        head, _, body = source.partition(">")
        box = head.partition('viewBox="')[2].partition('"')[0].split()
        across, down = float(box[2]), float(box[3])
        scale = min(size[0] / across, size[1] / down)
        sized = f'{head} width="{max(1, round(across * scale))}" height="{max(1, round(down * scale))}">{body}'
        return pygame.image.load(BytesIO(sized.encode()), "picture.svg")

    def _kept(self, key: tuple[object, ...], make: Callable[[], pygame.Surface]) -> pygame.Surface:
        if key not in self._shapes:
            made = make()
            # In the display's own order of channels a blit takes a tenth of the time.
            self._shapes[key] = pygame.Surface(made.get_size(), pygame.SRCALPHA, 32)
            self._shapes[key].blit(made, (0, 0))
        return self._shapes[key]
