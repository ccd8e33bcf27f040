"""What an officer sees who carries recordings away by hand: how the station stands, and what came of it."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Desk:
    """How the station stands: how many recordings wait, since when, and when the centre was last heard of.

    ``under_way``: a stick is being written to, or what came of it has not been told yet. ``frozen``: by the office's
    rule nobody is recorded until the centre was reached, or has what waits.
    """

    waiting: int
    oldest: date | None
    reached: date | None
    under_way: bool
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """What lies on the stick, and what it brought.

    ``left`` recordings found no room, and ``unreadable`` ones are ill at the station itself; ``answers`` of the centre
    were fetched, and ``answers_left`` found no room here.
    """

    recordings: int = 0
    left: int = 0
    unreadable: int = 0
    answers: int = 0
    answers_left: int = 0
