"""From fingers, mouse and keys to meanings."""

import pygame
import pytest

from kiosk.journey.events import CancelAsked, Digit, Erase, Event, HelpAsked, Inked, Next
from kiosk.screens.views import Target
from kiosk.station import touch
from kiosk.station.touch import Pointer

SIZE = (801, 401)
BUTTON = Target(pygame.Rect(100, 100, 200, 100), Next(), "Lanjut")
INK = Target(pygame.Rect(400, 100, 200, 200), None, "", kind="ink")
TARGETS = (BUTTON, INK)


def finger(kind: int, x: float, y: float, *, number: int = 1, pressure: float = 1.0) -> pygame.event.Event:
    return pygame.event.Event(kind, finger_id=number, x=x / 800, y=y / 400, pressure=pressure)


def mouse(kind: int, x: int, y: int) -> pygame.event.Event:
    return pygame.event.Event(kind, pos=(x, y), button=1, buttons=(1, 0, 0), touch=False)


@pytest.fixture
def pointer() -> Pointer:
    return Pointer(SIZE, 0, dpi=100.0)


def played(pointer: Pointer, *events: pygame.event.Event) -> list[Event]:
    meant = [pointer.take(event, TARGETS, now=float(at)) for at, event in enumerate(events)]
    return [each for each in meant if each is not None]


def test_a_button_acts_when_the_finger_leaves_it(pointer: Pointer) -> None:
    assert played(pointer, finger(pygame.FINGERDOWN, 150, 150)) == []
    assert pointer.pressed == BUTTON
    assert played(pointer, finger(pygame.FINGERUP, 150, 150)) == [Next()]
    assert pointer.pressed is None


def test_a_trembling_finger_still_counts_and_one_that_slides_away_does_not(pointer: Pointer) -> None:
    trembling = [finger(pygame.FINGERDOWN, 299, 150), finger(pygame.FINGERMOTION, 310, 150)]
    assert played(pointer, *trembling, finger(pygame.FINGERUP, 312, 152)) == [Next()]
    sliding = [finger(pygame.FINGERDOWN, 290, 150), finger(pygame.FINGERMOTION, 380, 150)]
    assert played(pointer, *sliding, finger(pygame.FINGERUP, 290, 150)) == []


def test_a_second_finger_is_ignored(pointer: Pointer) -> None:
    assert (
        played(
            pointer,
            finger(pygame.FINGERDOWN, 10, 10),
            finger(pygame.FINGERDOWN, 150, 150, number=2),
            finger(pygame.FINGERUP, 150, 150, number=2),
        )
        == []
    )


def test_ink_follows_the_finger_as_shares_of_the_field(pointer: Pointer) -> None:
    meant = played(
        pointer,
        finger(pygame.FINGERDOWN, 400, 100, pressure=0.25),
        finger(pygame.FINGERMOTION, 500, 200, pressure=0.75),
        finger(pygame.FINGERMOTION, 700, 350),
        finger(pygame.FINGERUP, 700, 350),
        finger(pygame.FINGERDOWN, 500, 200),
    )
    last = meant[-1]
    assert isinstance(last, Inked)
    assert last.strokes[0] == ((0.0, 0.0, 0.0, 0.25), (0.5, 0.5, 1.0, 0.75), (1.0, 1.0, 2.0, 1.0)), (
        "ink stays in the field"
    )
    assert len(last.strokes) == 2
    played(pointer, finger(pygame.FINGERUP, 500, 200))
    pointer.wipe()
    (only,) = played(pointer, finger(pygame.FINGERDOWN, 500, 200))
    assert isinstance(only, Inked)
    assert len(only.strokes) == 1


@pytest.mark.parametrize(
    ("said", "kept"),
    [(-0.5, 0.0), (1.7, 1.0), (float("nan"), None), (float("inf"), None), (float("-inf"), None), (0.5, 0.5)],
)
def test_a_pressure_is_a_share_or_unknown(pointer: Pointer, said: float, kept: float | None) -> None:
    inked = played(
        pointer,
        finger(pygame.FINGERDOWN, 400, 100, pressure=said),
        finger(pygame.FINGERMOTION, 500, 200, pressure=said),
    )[-1]
    assert isinstance(inked, Inked)
    assert [point.pressure for point in inked.strokes[0]] == [kept, kept]


def test_a_signature_has_an_end(pointer: Pointer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touch, "MOST_POINTS", 3)
    down, move = finger(pygame.FINGERDOWN, 400, 100), finger(pygame.FINGERMOTION, 500, 200)
    up = finger(pygame.FINGERUP, 500, 200)
    meant = played(pointer, down, move, move, move, up, down, move)
    assert len(meant) == 3
    assert meant[-1] == pointer._inked(INK)
    played(pointer, up)
    pointer.wipe()
    assert len(played(pointer, down, move)) == 2


def test_ink_dries_after_half_an_hour(pointer: Pointer) -> None:
    down, move = finger(pygame.FINGERDOWN, 400, 100), finger(pygame.FINGERMOTION, 500, 200)
    assert pointer.take(down, TARGETS, now=100.0) is not None
    assert pointer.take(move, TARGETS, now=1900.0) is not None
    assert pointer.take(move, TARGETS, now=1900.1) is None
    pointer.take(finger(pygame.FINGERUP, 500, 200), TARGETS, now=1901.0)
    assert pointer.take(down, TARGETS, now=1902.0) is None


def test_a_mouse_does_the_same_but_never_twice(pointer: Pointer) -> None:
    assert played(pointer, mouse(pygame.MOUSEBUTTONDOWN, 150, 150), mouse(pygame.MOUSEBUTTONUP, 150, 150)) == [Next()]
    from_touch = pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=(150, 150), button=1, touch=True)
    assert played(pointer, from_touch) == []


def test_a_new_screen_lets_go_of_what_was_pressed(pointer: Pointer) -> None:
    played(pointer, finger(pygame.FINGERDOWN, 150, 150))
    pointer.let_go()
    assert played(pointer, finger(pygame.FINGERUP, 150, 150)) == []


@pytest.mark.parametrize(
    ("key", "text", "meant"),
    [
        (pygame.K_7, "7", Digit("7")),
        (pygame.K_KP7, "7", Digit("7")),
        (pygame.K_RETURN, "\r", Next()),
        (pygame.K_BACKSPACE, "\b", Erase()),
        (pygame.K_ESCAPE, "", CancelAsked()),
        (pygame.K_F1, "", HelpAsked()),
        (pygame.K_a, "a", None),
        (pygame.K_LSHIFT, "", None),
    ],
)
def test_keys(pointer: Pointer, key: int, text: str, meant: Event | None) -> None:
    assert pointer.take(pygame.event.Event(pygame.KEYDOWN, key=key, unicode=text), TARGETS, now=0.0) == meant


@pytest.mark.parametrize(
    ("rotate", "corner"), [(0, (0.0, 0.0)), (180, (1.0, 1.0)), (90, (0.0, 1.0)), (270, (1.0, 0.0))]
)
def test_a_turned_panel_is_touched_where_the_picture_is(rotate: int, corner: tuple[float, float]) -> None:
    """The picture's top left corner, as drawn, lies here on the panel as mounted (pygame turns counter-clockwise)."""
    top_left = Target(pygame.Rect(0, 0, 10, 10), Next(), "")
    pointer = Pointer(SIZE, rotate, dpi=100.0)
    down, up = (
        pygame.event.Event(kind, finger_id=1, x=corner[0], y=corner[1], pressure=1.0)
        for kind in (pygame.FINGERDOWN, pygame.FINGERUP)
    )
    pointer.take(down, (top_left,), now=0.0)
    assert pointer.take(up, (top_left,), now=0.1) == Next()


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_the_corner_is_where_pygame_turns_it(rotate: int) -> None:
    picture = pygame.Surface((80, 40))
    picture.fill((255, 0, 0), pygame.Rect(0, 0, 8, 8))
    panel = pygame.transform.rotate(picture, rotate)
    corners = {(0.0, 0.0): (0, 0), (1.0, 0.0): (-1, 0), (0.0, 1.0): (0, -1), (1.0, 1.0): (-1, -1)}
    lit = [
        share
        for share, (x, y) in corners.items()
        if panel.get_at((x % panel.get_width(), y % panel.get_height()))[0] == 255
    ]
    top_left = Target(pygame.Rect(0, 0, 8, 8), Next(), "")
    pointer = Pointer((80, 40), rotate, dpi=100.0)
    ((x, y),) = lit
    pointer.take(pygame.event.Event(pygame.FINGERDOWN, finger_id=1, x=x, y=y, pressure=1.0), (top_left,), now=0.0)
    assert pointer.pressed == top_left
