"""The technician's view of a measurement: whatever is measured, all of it can be read, at every size and language."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pygame
import pytest

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.journey.events import Back, Next
from kiosk.screens.canvas import Canvas
from kiosk.screens.measures import Measuring, Row, Trace, draw_measures
from kiosk.screens.theme import BOLD_CONTRAST, SMALLEST_TARGET
from kiosk.screens.views import Button, Header, Page
from kiosk.station.workbench.live import DEVICE_OF
from kiosk.station.workbench.reading import Kind, Reading, names
from kiosk.station.workbench.showing import Measurement, Turn, show
from kiosk.station.workbench.watching import Measured

from .conftest import SIZES, eyes_frame, frame, theme
from .test_measures import CONTRAST, contrast_of, cut_by, pixels_of

SETS = (*((size, "id") for size in SIZES), ("800x480", "en"), ("720x1280", "en"))
"""All sizes, and in the other language the two where room is scarcest."""
ADVICES = {Kind.FACE: FaceAdvice, Kind.FINGER: FingerAdvice, Kind.EYES: EyeAdvice}
WIDEST = -0.0123
"""A figure that takes as much room as most, and is off wherever nothing below naught is allowed."""
MARK = (1, 254, 3)


def measured(kind, advice=None, figure=WIDEST):
    advice = advice or list(ADVICES[kind])[1]
    picture = {Kind.FACE: frame(), Kind.EYES: eyes_frame(), Kind.FINGER: np.full((288, 256), 200, np.uint8)}[kind]
    reading = Reading(kind, advice, 100, dict.fromkeys(names(kind), figure))
    return Measured(reading, picture, (Trace("oval", 0.5, 0.5, 0.2, 0.3), Trace("point", 0.4, 0.4)), 1.0, 500)


def states(*, all_advice=True):
    """Every state of the bench that looks different."""
    told = {}
    for kind in Kind:
        new = Measurement(kind, DEVICE_OF[kind])
        here = replace(new, here=True, last=measured(kind), lies=True)
        empty = replace(measured(kind), reading=Reading(kind, next(iter(ADVICES[kind])), 0))
        told |= {
            f"{kind.value}-opening": new,
            f"{kind.value}-away": replace(new, here=False, kept=0),
            f"{kind.value}-waiting": replace(new, here=True, share=0.4),
            f"{kind.value}-measured": here,
            f"{kind.value}-kept": replace(here, kept=12, lies=False),
            f"{kind.value}-unkept": replace(here, kept=12, unkept=True),
            f"{kind.value}-nothing": replace(here, last=empty),
        }
        told |= {f"{kind.value}-leaf-{leaf}": replace(here, kept=0, leaf=leaf) for leaf in range(1, 4)}
        if all_advice:
            told |= {f"{kind.value}-{each.value}": replace(here, last=measured(kind, each)) for each in ADVICES[kind]}
    return told


@pytest.fixture(scope="module", params=SETS, ids="-".join)
def drawn(request, canvas_of, text):
    """Each state's name, targets, inscriptions, and the contrast of each."""
    size, language = request.param
    canvas = canvas_of(size)
    told = []
    for name, state in states().items():
        targets = draw_measures(canvas, show(state, text.into(language)))
        pixels = pixels_of(canvas.surface)
        written = tuple(canvas.inscriptions)
        told.append((name, targets, written, [contrast_of(each, pixels) for each in written]))
    return canvas.theme, told


def test_all_text_fits_and_is_large_enough(drawn):
    theme, told = drawn
    screen = pygame.Rect(0, 0, theme.width, theme.height)
    for name, _, written, _ in told:
        for each in written:
            assert each.fits, (name, each.text)
            assert screen.contains(each.rect), (name, each.text)
            assert each.size * 25.4 / theme.dpi >= 4.0, (name, each.text)


def test_texts_do_not_overlap(drawn):
    _, told = drawn
    for name, _, written, _ in told:
        boxes = [(each.text, each.rect.inflate(0, -round(each.size * 0.24))) for each in written]
        assert [(a[0], b[0]) for a, b in combinations(boxes, 2) if a[1].colliderect(b[1])] == [], name


def test_contrast_of_all_text(drawn):
    _, told = drawn
    pale = [
        (name, each.text, round(seen, 1))
        for name, _, written, contrasts in told
        for each, seen in zip(written, contrasts, strict=True)
        if seen < CONTRAST
    ]
    assert pale == []


def test_buttons_can_be_hit_and_cut_no_word(drawn):
    theme, told = drawn
    least = SMALLEST_TARGET / 25.4 * theme.dpi - 0.5
    for name, targets, written, _ in told:
        assert Back() in [target.event for target in targets], name
        assert all(min(target.rect.size) >= least for target in targets), name
        assert not any(one.rect.colliderect(two.rect) for one, two in combinations(targets, 2)), name
        assert [each.text for each in written for target in targets if cut_by(each.rect, target)] == [], name


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", Kind)
def test_every_measure_stands_on_one_leaf(canvas_of, text, size, kind):
    canvas, wanted, seen = canvas_of(size), set(names(kind)), []
    state = Measurement(kind, DEVICE_OF[kind], here=True, last=measured(kind))
    for leaf in range(len(wanted)):
        targets = draw_measures(canvas, show(replace(state, leaf=leaf), text.into("id")))
        shown = [each.text for each in canvas.inscriptions if each.text in wanted]
        if shown[0] in seen:
            break
        seen += shown
    assert sorted(seen) == sorted(wanted)
    # The way to the other leaves is offered where there are some.
    assert (Turn() in [target.event for target in targets]) == (leaf > 1)


def test_high_contrast_is_legible(text):
    canvas = Canvas(replace(theme("1280x800"), palette=BOLD_CONTRAST))
    pale = []
    for name, state in states(all_advice=False).items():
        draw_measures(canvas, show(state, text.into("id")))
        pixels = pixels_of(canvas.surface)
        pale += [(name, each.text) for each in canvas.inscriptions if contrast_of(each, pixels) < CONTRAST]
    assert pale == []


def test_nothing_jumps_when_the_advice_changes(canvas_of, text):
    """The picture and the table's first line keep their place, whether the advice takes one line or two."""
    canvas = canvas_of("1280x800")
    places = set()
    for advice in FaceAdvice:
        state = Measurement(Kind.FACE, DEVICE_OF[Kind.FACE], here=True, last=measured(Kind.FACE, advice))
        draw_measures(canvas, show(state, text.into("id")))
        places.add(next(tuple(each.rect.topleft) for each in canvas.inscriptions if each.text == "faces"))
    assert len(places) == 1


def plain(**changes):
    view = Measuring(
        Page("", header=Header(title="t", officer=True), back=Button("b", Back())),
        np.full((90, 120, 3), 90, np.uint8),
        (),
        ("a", "b", "c"),
        (Row("one", "1"),),
    )
    return replace(view, **changes)


def test_only_a_measure_beyond_its_limit_is_marked_and_by_more_than_colour(canvas_of):
    canvas = canvas_of("1280x800")
    pictures = []
    for off in (False, True):
        draw_measures(canvas, plain(rows=(Row("one", "1", "< 2", off),)))
        (where,) = (each.rect for each in canvas.inscriptions if each.text == "one")
        sign = pygame.Rect(where.left - 34, where.top, 30, where.height)
        pixels = pygame.surfarray.array3d(canvas.surface.subsurface(sign)).astype(int)
        # How much of it differs from its own ground: a sign is drawn there or not.
        pictures.append(float((np.abs(pixels - pixels[0, -1]).max(axis=2) > 60).mean()))
    assert pictures[0] == 0 < 0.1 < pictures[1]


@pytest.mark.parametrize("mirrored", [False, True])
def test_what_was_found_is_drawn_where_it_was_found(canvas_of, mirrored):
    """A mark in the picture and the trace over it lie in one place, mirrored or not."""
    canvas = canvas_of("1280x800")
    picture = np.zeros((300, 400, 3), np.uint8)
    picture[50:70, 80:120] = MARK
    draw_measures(canvas, plain(frame=picture, mirrored=mirrored))
    marked = where(canvas, lambda seen: (np.abs(seen - MARK) < 40).all(axis=2))
    before = pygame.surfarray.array3d(canvas.surface).astype(int)
    draw_measures(canvas, plain(frame=picture, mirrored=mirrored, traces=(Trace("box", 0.25, 0.2, 0.05, 20 / 600),)))
    traced = where(canvas, lambda seen: np.abs(seen - before).max(axis=2) > 40)
    assert np.hypot(*(marked - traced)) < 3


def where(canvas, found):
    seen = pygame.surfarray.array3d(canvas.surface).astype(int)
    return np.argwhere(found(seen)).mean(axis=0)


def test_keeping_is_offered_only_when_it_was_asked_for(canvas_of, text):
    canvas = canvas_of("1280x800")
    state = Measurement(Kind.FACE, DEVICE_OF[Kind.FACE], here=True, last=measured(Kind.FACE))
    for kept, offered in ((None, False), (0, True)):
        targets = draw_measures(canvas, show(replace(state, kept=kept), text.into("en")))
        assert (Next() in [target.event for target in targets]) is offered
        told = [each.text for each in canvas.inscriptions]
        assert ("No picture is kept." in told) is not offered
