"""Keeps advice still long enough to be read, and lets nothing pass for good that is not."""

from typing import Final

from kiosk.capture.advice import FaceAdvice

ASKED: Final = 0.5
"""Seconds for which another hint must be the only one asked for before it replaces the one that is shown."""
READ: Final = 1.2
"""Seconds for which a hint stays, at least, so that it can be read and followed."""
PATIENT: Final = 2.5
"""Seconds after which the hint that was seen most often lately is shown, though none held on: somebody fidgets."""
FLEETING: Final = frozenset({FaceAdvice.OPEN_EYES, FaceAdvice.NO_FACE})
"""What a blink or a missed frame looks like: it stops the shutter at once, but must last to be said."""
LASTING: Final = 0.6
"""Seconds for which that must last."""


class SteadyAdvice:
    """Turns the advice on each judged frame into what is shown; one a visit, fed with the time of each frame.

    GOOD falls at once: while anything is wrong, what is shown is never GOOD (a blink shows HOLD_STILL). GOOD itself is
    shown as soon as it is there: the shutter counts the seconds.
    """

    def __init__(self) -> None:
        self.shown: FaceAdvice | None = None
        self._since = 0.0
        self._asked: FaceAdvice | None = None
        self._asked_since = 0.0
        self._wavering_since = 0.0

    def feed(self, advice: FaceAdvice, *, at: float) -> FaceAdvice:
        """What to show, the newest frame's advice being ``advice``; ``at`` is in seconds and never goes back."""
        if advice is not self._asked:
            self._asked, self._asked_since = advice, at
        if self.shown is None or advice in (self.shown, FaceAdvice.GOOD):
            return self._show(advice, at)
        asked_for = at - self._asked_since
        if self.shown is FaceAdvice.GOOD:
            return self._show(FaceAdvice.HOLD_STILL if advice in FLEETING else advice, at)
        if advice in FLEETING and asked_for < LASTING:
            return self.shown
        held = at - self._since
        wavering = at - self._wavering_since > PATIENT
        if (asked_for >= ASKED and held >= READ) or wavering:
            return self._show(advice, at)
        return self.shown

    def _show(self, advice: FaceAdvice, at: float) -> FaceAdvice:
        if advice is not self.shown:
            self.shown, self._since = advice, at
        self._wavering_since = at
        return advice
