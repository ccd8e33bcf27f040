"""The table that leaves the bench: CSV after RFC 4180, one row a picture or frame, always the same columns."""

import csv
from collections.abc import Mapping, Sequence
from typing import TextIO

from kiosk.station.workbench.reading import ALGORITHMS, Kind, Reading, names


class Table:
    """Writes rows to ``file`` (text, opened with ``newline=""``). ``lead`` are the columns that say what was judged.

    After them come advice, score and algorithm, then every measure by its name, empty where it could not be measured;
    numbers have a decimal point and six figures. ``error`` comes last: why a picture could not be judged.
    """

    def __init__(self, file: TextIO, kind: Kind, lead: Sequence[str]) -> None:
        self._kind, self._lead, self._measures = kind, tuple(lead), names(kind)
        self._rows = csv.writer(file)
        self._rows.writerow((*self._lead, "advice", "score", "algorithm", *self._measures, "error"))

    def judged(self, lead: Mapping[str, object], reading: Reading) -> None:
        """Write a row of measures."""
        figures = (reading.figures.get(name) for name in self._measures)
        told = ("" if figure is None else f"{figure:.6g}" for figure in figures)
        self._row(lead, (reading.advice.value, reading.score, ALGORITHMS[self._kind], *told, ""))

    def refused(self, lead: Mapping[str, object], why: str) -> None:
        """Write a row that says why there are no measures."""
        self._row(lead, (*("" for _ in range(3 + len(self._measures))), why))

    def _row(self, lead: Mapping[str, object], rest: Sequence[object]) -> None:
        self._rows.writerow((*(lead.get(name, "") for name in self._lead), *rest))
