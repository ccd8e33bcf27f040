"""Every screen, measured: nothing clipped, small, pale or out of reach, at every size, in every language."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pygame
import pytest

from kiosk.journey.events import CancelAsked, HelpAsked
from kiosk.screens.canvas import Canvas, Inscription
from kiosk.screens.drawing import draw
from kiosk.screens.theme import BOLD_CONTRAST, DAY, SMALLEST_TARGET, Palette, Theme, dpi_of
from kiosk.screens.views import Attract, Target

from .advised import advised

SIZES = ("800x480", "1280x800", "1920x1080", "720x1280")
LANGUAGES = ("id", "en")
CONTRAST = 7.0


@pytest.fixture(params=[(size, language) for size in SIZES for language in LANGUAGES], ids="-".join, scope="module")
def drawn(request, all_scenes, text, canvas_of):
    """Each screen's name, view, targets, inscriptions, and the contrast of each, at one size in one language."""
    size, language = request.param
    canvas: Canvas = canvas_of(size)
    told = []
    for name, view in every_view(all_scenes, text, language).items():
        targets = draw(canvas, view)
        pixels = pixels_of(canvas.surface)
        written = tuple(canvas.inscriptions)
        told.append((name, view, targets, written, [contrast_of(each, pixels) for each in written]))
    return canvas.theme, told


def every_view(all_scenes, text, language):
    """Every scene, and every piece of advice."""
    return {name: scene.view(text, language) for name, scene in all_scenes.items()} | advised(text, language)


def test_text_fits_its_place(drawn):
    _, told = drawn
    outside = [(name, each.text) for name, _, _, written, _ in told for each in written if not each.fits]
    assert outside == []


def test_text_is_on_the_screen_and_large_enough(drawn):
    theme, told = drawn
    screen = pygame.Rect(0, 0, theme.width, theme.height)
    for name, _, _, written, _ in told:
        assert written, name
        for each in written:
            assert screen.contains(each.rect), (name, each.text)
            assert each.size * 25.4 / theme.dpi >= 4.0, (name, each.text)


def test_texts_do_not_overlap(drawn):
    _, told = drawn
    for name, _, _, written, _ in told:
        # The room between lines is no ink: a tenth of the line above and below may be shared.
        boxes = [(each.text, each.rect.inflate(0, -round(each.size * 0.24))) for each in written]
        clashes = [(one[0], two[0]) for one, two in combinations(boxes, 2) if one[1].colliderect(two[1])]
        assert clashes == [], name


def test_contrast_of_all_text(drawn):
    _, told = drawn
    pale = [
        (name, each.text, round(measured, 1))
        for name, _, _, written, contrasts in told
        for each, measured in zip(written, contrasts, strict=True)
        if measured < CONTRAST
    ]
    assert pale == []


def test_targets_can_be_hit(drawn):
    theme, told = drawn
    least = SMALLEST_TARGET / 25.4 * theme.dpi - 0.5
    screen = pygame.Rect(0, 0, theme.width, theme.height)
    for name, _, targets, _, _ in told:
        for target in targets:
            assert screen.contains(target.rect), (name, target.label)
            assert min(target.rect.size) >= least, (name, target.label, target.rect)
        clashes = [(one.label, two.label) for one, two in combinations(targets, 2) if one.rect.colliderect(two.rect)]
        assert clashes == [], name


def test_every_word_lies_outside_the_buttons_it_does_not_belong_to(drawn):
    _, told = drawn
    for name, view, targets, written, _ in told:
        if isinstance(view, Attract):
            continue  # all of it is one target
        for target in targets:
            if target.kind != "ink":
                strange = [each.text for each in written if cut_by(each.rect, target)]
                assert strange == [], (name, target.label)


def test_the_steps_keep_off_the_buttons_beside_them(drawn, canvas_of):
    theme, told = drawn
    canvas = canvas_of(f"{theme.width}x{theme.height}")
    for view in {(v.page.header.steps, v.page.header.at): v for _, v, *_ in told if v.page.header.steps}.values():
        header = view.page.header
        targets = draw(canvas, view)
        beside = [target.rect for target in targets if target.event in (CancelAsked(), HelpAsked())]
        with_steps = cut_out(canvas, beside)
        draw(canvas, replace(view, page=replace(view.page, header=replace(header, steps=()))))
        assert with_steps == cut_out(canvas, beside), header.steps[header.at]


def pixels_of(surface: pygame.Surface) -> np.ndarray:
    """Red, green and blue, (height, width, 3)."""
    width, height = surface.get_size()
    return np.frombuffer(pygame.image.tobytes(surface, "RGB"), np.uint8).reshape(height, width, 3)


def cut_out(canvas: Canvas, places: list[pygame.Rect]) -> list[bytes]:
    return [pygame.image.tobytes(canvas.surface.subsurface(place), "RGB") for place in places]


def cut_by(rect: pygame.Rect, target: Target) -> bool:
    """Partly in and partly outside."""
    common = rect.clip(target.rect)
    return common.width > 0 and common.height > rect.height * 0.2 and not target.rect.inflate(2, 2).contains(rect)


def contrast_of(each: Inscription, pixels: np.ndarray) -> float:
    """WCAG 2.2 contrast of the ink with the colour most seen behind it."""
    part = pixels[each.rect.top : each.rect.bottom, each.rect.left : each.rect.right].reshape(-1, 3)
    shades = part.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    values, counts = np.unique(shades, return_counts=True)
    ground = int(values[counts.argmax()])
    return contrast(each.ink, (ground >> 16, ground >> 8 & 255, ground & 255))


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: tuple[int, int, int]) -> float:
    parts = [value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_the_measure_of_contrast_is_the_standard_one():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((0x77, 0x77, 0x77), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", [DAY, BOLD_CONTRAST], ids=["day", "high-contrast"])
def test_contrast_of_the_palettes_pairs(palette: Palette):
    pairs = (
        (palette.ink, palette.paper),
        (palette.soft_ink, palette.paper),
        (palette.on_primary, palette.primary),
        (palette.on_primary, palette.primary_deep),
        (palette.primary, palette.card),
        (palette.good, palette.good_tint),
        (palette.attention, palette.attention_tint),
        (palette.on_officer, palette.officer),
    )
    assert [pair for pair in pairs if contrast(*pair) < CONTRAST] == []


def test_high_contrast_screens_are_legible(all_scenes, text):
    canvas = Canvas(Theme(1280, 800, dpi_of(1280, 800, 10.1), BOLD_CONTRAST))
    pale = []
    for name, view in every_view(all_scenes, text, "id").items():
        draw(canvas, view)
        pixels = pixels_of(canvas.surface)
        pale += [(name, each.text) for each in canvas.inscriptions if contrast_of(each, pixels) < CONTRAST]
    assert pale == []


def test_clipped_text_is_told(canvas_of: Callable[[str], Canvas]):
    canvas = canvas_of("800x480")
    canvas.inscriptions.clear()
    canvas.write("Nomor ini tidak ada di daftar.", pygame.Rect(0, 0, 60, 20), 40)
    assert [each.fits for each in canvas.inscriptions] == [False]
