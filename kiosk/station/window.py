"""The window on the display: opened once, turned upright, and drawn on only when something changed."""

import os
from pathlib import Path

import pygame

from kiosk.station.settings import Screen

# Fingers come as FINGER events; SDL must not make mouse events of them as well, nor the other way round.
HINTS = {
    "SDL_TOUCH_MOUSE_EVENTS": "0",
    "SDL_MOUSE_TOUCH_EVENTS": "0",
    "SDL_VIDEO_ALLOW_SCREENSAVER": "0",
}
INPUTS = (
    pygame.FINGERDOWN,
    pygame.FINGERUP,
    pygame.FINGERMOTION,
    pygame.MOUSEBUTTONDOWN,
    pygame.MOUSEBUTTONUP,
    pygame.MOUSEMOTION,
    pygame.KEYDOWN,
    # Not used, but pygame forgets which character a key stands for only when its release is heard, and remembers few.
    pygame.KEYUP,
    pygame.QUIT,
)


class NoDisplay(Exception):
    """No picture can be shown; the sentence says what to do."""


class Window:
    """The display. ``picture`` is upright, whatever way the panel is mounted."""

    def __init__(self, screen: Screen, *, title: str) -> None:
        os.environ.update(HINTS)
        self._rotate = screen.rotate
        try:
            pygame.display.init()
            pygame.display.set_caption(title)
            flags = pygame.FULLSCREEN if screen.fullscreen else 0
            self._display = pygame.display.set_mode((screen.width, screen.height), flags)
        except pygame.error as error:
            raise NoDisplay(
                f"The display cannot be opened ({error}). Check its cable, and that nobody else uses it."
            ) from None
        pygame.font.init()
        if screen.fullscreen:
            pygame.mouse.set_visible(False)
        pygame.event.set_blocked(None)
        pygame.event.set_allowed(INPUTS)
        size = self._display.get_size()
        upright = size if self._rotate in (0, 180) else size[::-1]
        self.picture = self._display if self._rotate == 0 else pygame.Surface(upright)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        return self.picture.get_size()

    def dpi(self, diagonal: float) -> float:
        """Pixels an inch of a display with this diagonal in inches."""
        width, height = self.size
        return float((width**2 + height**2) ** 0.5 / diagonal)

    def show(self) -> None:
        """Bring the picture to the glass."""
        if self._rotate:
            self._display.blit(pygame.transform.rotate(self.picture, self._rotate), (0, 0))
        pygame.display.flip()

    def save(self, path: Path) -> None:
        """Write the picture as PNG."""
        pygame.image.save(self.picture, str(path))

    def close(self) -> None:
        """Give the display back."""
        pygame.quit()
