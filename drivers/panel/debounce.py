"""Tells a contact's changes from its bouncing. Pure: levels and times in, settled changes out."""

from collections import deque
from collections.abc import Mapping

KEPT = 1000
"""Changes that are kept for whoever looks rarely; of more, the oldest are given up."""


class Debouncer:
    """Follows several contacts; a contact's level counts once it has rested for its ``settle`` seconds.

    Waiting for rest, rather than ignoring what follows a first edge, also drops the short spikes that motors and
    switched lamps put on long wires. A contact that never rests says nothing, and costs no memory.
    """

    def __init__(self, levels: Mapping[str, bool], *, settle: Mapping[str, float]) -> None:
        self._settled = dict(levels)
        self._newest = dict(levels)
        self._since: dict[str, float] = {}
        self._ready: deque[tuple[float, str, bool]] = deque(maxlen=KEPT)
        self._settle = settle

    def feed(self, contact: str, level: bool, at: float) -> None:
        """Take one reading of one contact; the readings of one contact come in the order of their times (seconds)."""
        if level == self._newest[contact]:
            return
        # A press that came and went while nobody looked is still a press.
        self._rest(contact, at)
        self._newest[contact] = level
        self._since[contact] = at

    def settled(self, now: float) -> tuple[tuple[str, bool], ...]:
        """The changes that have come to rest by ``now``, in the order in which they began; each is told once."""
        for contact in tuple(self._since):
            self._rest(contact, now)
        news = sorted(self._ready)
        self._ready.clear()
        return tuple((contact, level) for _, contact, level in news)

    @property
    def due(self) -> float | None:
        """When the next contact may come to rest; None while all are at rest."""
        return min((at + self._settle[contact] for contact, at in self._since.items()), default=None)

    def _rest(self, contact: str, now: float) -> None:
        since = self._since.get(contact)
        if since is None or now < since + self._settle[contact]:
            return
        del self._since[contact]
        if self._newest[contact] != self._settled[contact]:
            self._settled[contact] = self._newest[contact]
            self._ready.append((since, contact, self._newest[contact]))
