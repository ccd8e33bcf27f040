"""When no new recording is begun although there is room: the centre's end of its roster, and the office's rules against
recordings that wait too long."""

from dataclasses import dataclass

from kiosk.record.telemetry import Frozen

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Rules:
    """The office's settings; None or 0 where a rule does not count."""

    online_seconds: float | None = None
    """How old the last contact over the network may be."""
    oldest_days: int = 0
    """How long a recording may wait for delivery."""
    contact_days: int = 0
    """How old the last word from the centre may be, by the network or on a stick."""


NONE = Rules()


def frozen(
    rules: Rules, *, roster_left: float | None, online: float | None, oldest: float | None, contact: float | None
) -> Frozen | None:
    """Tell which rule forbids to begin a recording.

    ``roster_left``: seconds until the roster ends, negative after that (None: not known, or it has no end). Ages in
    seconds: of the last contact over the network (None: none is known), of the oldest recording that waits (None: none
    does), and of the last word from the centre (None: not known, which is nobody's fault).
    """
    if roster_left is not None and roster_left < 0:
        return Frozen.ROSTER
    if rules.online_seconds is not None and (online is None or online > rules.online_seconds):
        return Frozen.ONLINE
    if rules.contact_days and contact is not None and contact > rules.contact_days * DAY:
        return Frozen.CONTACT
    if rules.oldest_days and oldest is not None and oldest > rules.oldest_days * DAY:
        return Frozen.OLDEST
    return None


class Since:
    """How long ago something happened that others date by a calendar which may jump.

    Once it was seen to happen, a monotonic clock counts. Only what happened before the first look is reckoned by the
    calendar; where that says that it is still to come, nothing is known.
    """

    def __init__(self) -> None:
        self._at: int | None = None
        self._moment: float | None = None

    def told(self, at: int | None, *, unix: float, monotonic: float) -> None:
        """Somebody says that it happened last ``at``, in Unix seconds (None: never); the others are now."""
        if at is None or at == self._at:
            return
        if self._at is not None:
            self._moment = monotonic
        elif at <= unix:
            self._moment = monotonic - (unix - at)
        self._at = at

    def dated(self, at: int | None, *, unix: float, monotonic: float) -> None:
        """As ``told``, of what another machine dates and may tell late: it is younger now by as much as it is newer."""
        if at is not None and self._at is not None and self._moment is not None:
            self._moment = min(monotonic, self._moment + max(0, at - self._at))
            self._at = max(at, self._at)
        elif at is not None:
            self._at = at
            self._moment = monotonic - (unix - at) if at <= unix else None

    def age(self, *, monotonic: float) -> float | None:
        """Seconds since then; None when nothing is known."""
        return None if self._moment is None else max(0.0, monotonic - self._moment)
