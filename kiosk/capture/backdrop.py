"""The cloth behind the resident: which colour the centre asks for."""

from enum import Enum


class Backdrop(Enum):
    """Red for an odd birth year, blue for an even one, orange for foreigners (ministry's photo rules)."""

    RED = "red"
    BLUE = "blue"
    ORANGE = "orange"
