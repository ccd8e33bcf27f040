"""What every screen has in common: colours, type scale, spacing, all scaled to the display's pixels and millimetres."""

from dataclasses import dataclass, field
from math import ceil, hypot

Colour = tuple[int, int, int]


def _hex(value: str) -> Colour:
    return (int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16))


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by their meaning. Text reaches 7:1 (WCAG 2.2, 1.4.6): a test measures it on the finished screens."""

    paper: Colour
    card: Colour
    ink: Colour
    soft_ink: Colour
    line: Colour
    primary: Colour
    primary_deep: Colour
    on_primary: Colour
    calm: Colour
    good: Colour
    good_tint: Colour
    attention: Colour
    attention_tint: Colour
    key: Colour
    key_deep: Colour
    officer: Colour
    on_officer: Colour
    flag: Colour
    veil: Colour
    """Lies half transparent over what does not count now."""
    pictures: dict[str, str] = field(hash=False)
    """The colours of the drawings, by the names they use."""


DAY = Palette(
    paper=_hex("#FBF8F3"),
    card=_hex("#FFFFFF"),
    ink=_hex("#16202E"),
    soft_ink=_hex("#3B4758"),
    line=_hex("#D9D2C5"),
    primary=_hex("#0B4F6C"),
    primary_deep=_hex("#07364B"),
    on_primary=_hex("#FFFFFF"),
    calm=_hex("#E4EEF1"),
    good=_hex("#165C32"),
    good_tint=_hex("#EBF7ED"),
    attention=_hex("#7A4200"),
    attention_tint=_hex("#FFF1D6"),
    key=_hex("#FFFFFF"),
    key_deep=_hex("#CFC7B8"),
    officer=_hex("#16202E"),
    on_officer=_hex("#FFFFFF"),
    flag=_hex("#C8102E"),
    veil=_hex("#0A1622"),
    pictures={
        "ink": "#16202E",
        "paper": "#FFFFFF",
        "primary": "#0B4F6C",
        "sea": "#6FA8BC",
        "mist": "#CFE1E7",
        "good": "#165C32",
        "leaf": "#8CC29A",
        "sun": "#F0B24A",
        "sand": "#F3DFC0",
        "clay": "#C9653C",
        "skin": "#B97C50",
        "shade": "#9A6239",
        "nail": "#E6BD9C",
        "crease": "#7A4A28",
        "palm": "#DDAF88",
        "khaki": "#B9A06A",
        "hair": "#1F1A1A",
        "stone": "#E7E2D8",
        "slate": "#5B6B7C",
        "red": "#C8102E",
    },
)

BOLD_CONTRAST = Palette(
    paper=_hex("#000000"),
    card=_hex("#000000"),
    ink=_hex("#FFFFFF"),
    soft_ink=_hex("#FFFFFF"),
    line=_hex("#FFFFFF"),
    primary=_hex("#FFE14D"),
    primary_deep=_hex("#B89B00"),
    on_primary=_hex("#000000"),
    calm=_hex("#1C1C1C"),
    good=_hex("#FFE14D"),
    good_tint=_hex("#1C1C1C"),
    attention=_hex("#FFE14D"),
    attention_tint=_hex("#1C1C1C"),
    key=_hex("#1C1C1C"),
    key_deep=_hex("#8A8A8A"),
    officer=_hex("#FFFFFF"),
    on_officer=_hex("#000000"),
    flag=_hex("#C8102E"),
    veil=_hex("#000000"),
    pictures=DAY.pictures
    | {
        "ink": "#FFFFFF",
        "paper": "#1C1C1C",
        "primary": "#FFE14D",
        "mist": "#333333",
        "good": "#FFE14D",
        "slate": "#DDDDDD",
    }
    | {"stone": "#333333", "sand": "#333333", "shade": "#F0D9C6", "hair": "#3A3A3A", "leaf": "#333333"},
)
"""White and yellow on black, for eyes that need it."""

SMALLEST_TEXT = 4.04
"""Millimetres of type size that give the font's lower-case letters 2 mm (x-height 0.496 of the size)."""
SMALLEST_TARGET = 15.0
"""Millimetres: what a trembling finger still hits."""


@dataclass(frozen=True, slots=True)
class Theme:
    """One display: ``width`` and ``height`` in pixels, ``dpi`` as it really is (see ``dpi_of``).

    Lengths are given in units: 1280 × 800 units fill a landscape display, 800 × 1280 a portrait one.
    """

    width: int
    height: int
    dpi: float
    palette: Palette = DAY

    @property
    def portrait(self) -> bool:
        """Higher than wide: the stage lies over the words."""
        return self.height > self.width

    @property
    def compact(self) -> bool:
        """So little glass that ornament goes first."""
        return min(self.width, self.height) / self.dpi * 25.4 < 100

    @property
    def unit(self) -> float:
        """Pixels in one unit."""
        across, down = (800, 1280) if self.portrait else (1280, 800)
        return min(self.width / across, self.height / down)

    def px(self, units: float) -> int:
        """Whole pixels of so many units, at least one."""
        return max(1, round(units * self.unit))

    def mm(self, millimetres: float) -> int:
        """Whole pixels that cover so many millimetres."""
        return ceil(millimetres / 25.4 * self.dpi)

    def type(self, units: float) -> int:
        """A type size in pixels, never below what poor sight can read."""
        return max(self.px(units), self.smallest_type)

    @property
    def smallest_type(self) -> int:
        """Pixels; nothing is ever set smaller."""
        return self.mm(SMALLEST_TEXT)

    @property
    def headline(self) -> int:
        """Type size of the one headline."""
        return self.type(52)

    @property
    def sentence(self) -> int:
        """Type size of the one sentence, and of buttons."""
        return self.type(32)

    @property
    def small(self) -> int:
        """Type size of captions."""
        return self.type(24)

    @property
    def target(self) -> int:
        """Height of a button."""
        return max(self.px(88), self.mm(SMALLEST_TARGET))

    @property
    def margin(self) -> int:
        """Five hundredths of the short side."""
        return round(min(self.width, self.height) * 0.05)

    @property
    def radius(self) -> int:
        """Of rounded corners."""
        return self.px(16)


def dpi_of(width: int, height: int, diagonal: float) -> float:
    """Dots an inch of a display whose ``diagonal`` is given in inches."""
    return hypot(width, height) / diagonal
