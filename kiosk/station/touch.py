"""From a finger on the glass, a mouse or a key to what it means on the screen that is shown."""

import math
from collections.abc import Sequence

import pygame

from kiosk.journey.events import CancelAsked, Digit, Erase, Event, HelpAsked, Inked, Next
from kiosk.journey.session import Point
from kiosk.screens.views import Target

KEYS: dict[int, Event] = {
    pygame.K_RETURN: Next(),
    pygame.K_KP_ENTER: Next(),
    pygame.K_BACKSPACE: Erase(),
    pygame.K_ESCAPE: CancelAsked(),
    pygame.K_F1: HelpAsked(),
}
SLIP = 24
"""Pixels a finger may slide off a button before its release no longer counts: old hands tremble."""


FORGOTTEN = 10.0
"""Seconds without a motion after which a finger that never left is given up: its release was lost on the way."""

MM_PER_INCH = 25.4
MOST_POINTS = 20_000
LONGEST = 1800.0
"""Points of a signature, and seconds since its first, after which a finger leaves no more ink: ten times what anybody
needs, and far less than a record holds."""


class Pointer:
    """Follows the one finger that counts: the first on the glass. A button acts when the finger leaves it.

    ``dpi``: pixels an inch of the display, so that a signature keeps its size.
    """

    def __init__(self, size: tuple[int, int], rotate: int, *, dpi: float) -> None:
        self.pressed: Target | None = None
        self._size, self._rotate, self._dpi = size, rotate, dpi
        self._finger: int | None = None
        self._felt_at = 0.0
        self._ink: Target | None = None
        self._strokes: list[list[Point]] = []
        self._first_touch = 0.0

    def take(self, event: pygame.event.Event, targets: Sequence[Target], *, now: float) -> Event | None:
        """What this input means on a screen with these targets, if anything; ``now`` in monotonic seconds."""
        match event.type:
            case pygame.KEYDOWN:
                return self._key(event)
            case pygame.FINGERDOWN if self._finger is None or now - self._felt_at > FORGOTTEN:
                self._finger, self._felt_at = event.finger_id, now
                return self._down(self._upright(event.x, event.y), targets, now, event.pressure)
            case pygame.FINGERMOTION if event.finger_id == self._finger:
                self._felt_at = now
                return self._move(self._upright(event.x, event.y), now, event.pressure)
            case pygame.FINGERUP if event.finger_id == self._finger:
                self._finger = None
                return self._up(self._upright(event.x, event.y))
            case pygame.MOUSEBUTTONDOWN if event.button == pygame.BUTTON_LEFT and not event.touch:
                return self._down(self._from_window(event.pos), targets, now)
            case pygame.MOUSEMOTION if event.buttons[0] and not event.touch:
                return self._move(self._from_window(event.pos), now)
            case pygame.MOUSEBUTTONUP if event.button == pygame.BUTTON_LEFT and not event.touch:
                return self._up(self._from_window(event.pos))
        return None

    def let_go(self) -> None:
        """Another screen is shown: what is under the finger now was not meant for it."""
        self.pressed, self._ink, self._finger = None, None, None

    def wipe(self) -> None:
        """The signing field is clean again."""
        if self._ink is None:
            self._strokes = []

    def _key(self, event: pygame.event.Event) -> Event | None:
        if event.unicode and event.unicode in "0123456789":
            return Digit(event.unicode)
        return KEYS.get(event.key)

    def _down(
        self, at: tuple[int, int], targets: Sequence[Target], now: float, pressure: float | None = None
    ) -> Event | None:
        # The last drawn lies on top.
        hit = next((target for target in reversed(targets) if target.rect.collidepoint(at)), None)
        if hit is None:
            return None
        if hit.kind == "ink":
            self._ink = hit
            if not self._strokes:
                self._first_touch = now
            if self._full(now):
                return None
            self._strokes.append([self._point(at, hit, now, pressure)])
            return self._inked(hit)
        self.pressed = hit
        return None

    def _move(self, at: tuple[int, int], now: float, pressure: float | None = None) -> Event | None:
        if self._ink is not None:
            if self._full(now):
                return None
            self._strokes[-1].append(self._point(at, self._ink, now, pressure))
            return self._inked(self._ink)
        if self.pressed is not None and not self.pressed.rect.inflate(2 * SLIP, 2 * SLIP).collidepoint(at):
            self.pressed = None
        return None

    def _up(self, at: tuple[int, int]) -> Event | None:
        if self._ink is not None:
            self._ink = None
            return None
        pressed, self.pressed = self.pressed, None
        if pressed is None or not pressed.rect.inflate(2 * SLIP, 2 * SLIP).collidepoint(at):
            return None
        assert isinstance(pressed.event, Event)  # noqa: S101 the presenter puts nothing else on a button
        return pressed.event

    def _full(self, now: float) -> bool:
        return now - self._first_touch > LONGEST or sum(map(len, self._strokes)) >= MOST_POINTS

    def _inked(self, field: Target) -> Inked:
        size = (field.rect.width / self._dpi * MM_PER_INCH, field.rect.height / self._dpi * MM_PER_INCH)
        return Inked(tuple(tuple(points) for points in self._strokes), size)

    def _point(self, at: tuple[int, int], field: Target, now: float, pressure: float | None) -> Point:
        x = (at[0] - field.rect.left) / field.rect.width
        y = (at[1] - field.rect.top) / field.rect.height
        return Point(_share(x), _share(y), now - self._first_touch, None if pressure is None else _felt(pressure))

    def _from_window(self, at: tuple[int, int]) -> tuple[int, int]:
        width, height = self._size if self._rotate in (0, 180) else self._size[::-1]
        return self._upright(at[0] / width, at[1] / height)

    def _upright(self, x: float, y: float) -> tuple[int, int]:
        """From shares of the panel as mounted to pixels of the picture as drawn (turned counter-clockwise)."""
        match self._rotate:
            case 90:
                x, y = 1 - y, x
            case 180:
                x, y = 1 - x, 1 - y
            case 270:
                x, y = y, 1 - x
        return round(x * (self._size[0] - 1)), round(y * (self._size[1] - 1))


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _felt(pressure: float) -> float | None:
    """What a panel says of the pressure, as a share; drivers exist that say nonsense."""
    return _share(pressure) if math.isfinite(pressure) else None
