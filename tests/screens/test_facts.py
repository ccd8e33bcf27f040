"""What the officer must know is all on the glass, whatever its size; and the finger that came instead is pointed at."""

from dataclasses import replace

import numpy as np
import pygame
import pytest

from kiosk.journey.events import Deny, Next
from kiosk.screens.drawing import draw
from kiosk.screens.facts import facts_height, facts_size
from kiosk.screens.sheet import Sheet
from kiosk.screens.views import Entry, Fact, Hands, Page

from .conftest import SIZES


@pytest.fixture(params=SIZES)
def canvas(request, canvas_of):
    made = canvas_of(request.param)
    made.forget()
    return made


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("scene", ["officer-doubts", "officer-much"])
def test_every_fact_is_written_and_reaches_into_no_button(canvas, all_scenes, text, scene, language):
    view = all_scenes[scene].view(text, language)
    assert isinstance(view, Entry)
    assert len(view.facts) >= 6
    targets = draw(canvas, view)
    written = {each.text: each for each in canvas.inscriptions}
    for fact in view.facts:
        assert written[fact.text].fits
        assert not [target.label for target in targets if target.rect.colliderect(written[fact.text].rect)]


def test_the_pin_is_typed_where_no_key_and_no_button_is(canvas, all_scenes, text):
    view = all_scenes["officer-doubts"].view(text, "id")
    targets = draw(canvas, view)
    empty = pygame.surfarray.array3d(canvas.surface).astype(np.int16)
    draw(canvas, replace(view, typed="••••"))
    changed = np.argwhere(np.abs(pygame.surfarray.array3d(canvas.surface) - empty).max(axis=2) > 24)
    left, top, right, low = *changed.min(axis=0), *changed.max(axis=0)
    dots = pygame.Rect(left, top, right - left, low - top)
    assert dots.width > 0
    assert {type(target.event) for target in targets} >= {Next, Deny}
    assert not [target.label for target in targets if target.rect.colliderect(dots)]


def test_a_fact_too_long_for_a_line_takes_two(canvas):
    sheet = Sheet(canvas, Page("Petugas"))
    size = canvas.theme.smallest_type
    one, two = (Fact("alert", "Foto kurang baik"),), (Fact("alert", "Foto kurang baik"), Fact("dash", "Dilewati"))
    wide, narrow = canvas.theme.width, canvas.width_of("Foto kurang baik", size, bold=True) // 2 + 2 * size
    assert facts_height(sheet, two, wide, size) == facts_height(sheet, one, wide, size)
    assert facts_height(sheet, one, narrow, size) > facts_height(sheet, one, wide, size)
    assert facts_size(sheet, two, pygame.Rect(0, 0, wide, 1)) == size


def test_the_finger_that_came_instead_is_pointed_at(canvas):
    page, sides = Page("Telunjuk kiri"), ("Tangan kiri", "Tangan kanan")
    given = Hands(page, sides, 7, (1, 2, 3, 4, 5, 6), change="other-finger")
    pictures = []
    for alike in (None, 3):
        draw(canvas, replace(given, alike=alike))
        pictures.append(pygame.surfarray.array3d(canvas.surface).astype(np.int16))
    changed = np.argwhere(np.abs(pictures[0] - pictures[1]).max(axis=2) > 24)
    assert len(changed) > 60
