"""The window opened on SDL's display that nobody sees."""

from collections.abc import Iterator

import pygame
import pytest

from kiosk.station.settings import Screen
from kiosk.station.window import NoDisplay, Window


@pytest.fixture
def dummy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.quit()
    yield
    pygame.display.quit()


def screen(**changes: object) -> Screen:
    return Screen.model_validate(
        {"width": 1280, "height": 800, "diagonal": 10.1, "fullscreen": False, "rotate": 0} | changes
    )


def test_the_release_of_a_key_is_heard(dummy: None) -> None:
    """While it is blocked, pygame tells the characters of the first fifteen keys pressed and of no other."""
    Window(screen(), title="test")
    assert not pygame.event.get_blocked(pygame.KEYUP)
    assert pygame.event.get_blocked(pygame.JOYAXISMOTION)


def test_a_turned_window_has_an_upright_picture(dummy: None) -> None:
    window = Window(screen(rotate=90), title="test")
    assert window.size == (800, 1280)
    window.picture.fill((255, 0, 0), (0, 0, 10, 10))
    window.show()
    shown = pygame.display.get_surface()
    assert shown.get_size() == (1280, 800)
    assert shown.get_at((0, 799))[:3] == (255, 0, 0), "the picture's top left, turned counter-clockwise"


def test_no_display_is_told_plainly(dummy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "nothing-like-it")
    with pytest.raises(NoDisplay, match="Check its cable"):
        Window(screen(), title="test")
