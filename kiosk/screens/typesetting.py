"""Breaks words into lines that fit a box, and says so when they do not."""

from collections.abc import Callable
from dataclasses import dataclass

LEADING = 1.24
"""Line to line, in type sizes."""

Measure = Callable[[str, int], int]
"""The width in pixels of a text at a type size."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Lines of one text at one size; ``fits`` is False when even the smallest size left something outside the box."""

    lines: tuple[str, ...]
    size: int
    fits: bool

    @property
    def height(self) -> int:
        """Pixels from the first line's top to the last one's bottom."""
        return round(len(self.lines) * self.size * LEADING)


def fit(text: str, box: tuple[int, int], size: int, least: int, measure: Measure) -> Setting:
    """The largest setting of ``text`` between ``size`` and ``least`` that fits ``box`` (width, height in pixels)."""
    width, height = box
    for tried in range(max(size, least), least - 1, -1):
        lines = _balanced(text, width, tried, measure)
        setting = Setting(lines, tried, fits=True)
        if setting.height <= height + round(tried * (LEADING - 1)) and all(
            measure(line, tried) <= width for line in lines
        ):
            return setting
    return Setting(_greedy(text, width, least, measure), least, fits=False)


def _greedy(text: str, width: int, size: int, measure: Measure) -> tuple[str, ...]:
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and measure(longer, size) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return tuple(lines)


def _balanced(text: str, width: int, size: int, measure: Measure) -> tuple[str, ...]:
    """As few lines as possible, then as even as possible: no word stands alone on the last line."""
    lines = _greedy(text, width, size, measure)
    if len(lines) < 2 or "\n" in text:
        return lines
    low, high = width // 2, width
    while high - low > max(4, size // 4):
        middle = (low + high) // 2
        tried = _greedy(text, middle, size, measure)
        if len(tried) == len(lines) and all(measure(line, size) <= middle for line in tried):
            high, lines = middle, tried
        else:
            low = middle
    return lines
