"""How much of a packet goes up in one piece: as much as the line, and whatever stands between, lets through."""

from kiosk.uplink.centre import PIECE

SMALLEST = 16 * 1024
"""Below, the headers around a piece cost more than what a cut loses of it."""
_LONGEST = 20.0
"""Seconds a piece may take where the rate is limited: servers give up on slow requests."""
_GOOD_ENOUGH = 8


class Pieces:
    """A quarter when a cut has cost a whole one, doubled when some have gone through. ``per_second``: 0 = no limit.

    The reference centre keeps what had come of a piece when the line broke. One behind a proxy that hands on whole
    requests keeps nothing: then, on a line that is cut every 150 KB, pieces of 256 KiB would hardly ever arrive.
    """

    def __init__(self, per_second: float = 0.0) -> None:
        self._largest = max(SMALLEST, min(PIECE, int(per_second * _LONGEST))) if per_second else PIECE
        self.size = self._largest
        self._passed = 0

    def passed(self) -> None:
        """One has arrived."""
        self._passed += 1
        if self._passed >= _GOOD_ENOUGH:
            self._passed, self.size = 0, min(self._largest, 2 * self.size)

    def lost(self) -> None:
        """One was cut, and nothing of it arrived."""
        self._passed, self.size = 0, max(SMALLEST, self.size // 4)
