"""What tells without words: all advice has its picture, large enough, and no state is told by colour alone."""

from dataclasses import replace

import numpy as np
import pygame
import pytest

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.screens.drawing import draw
from kiosk.screens.views import Hands, Hint, Marks, Mood, Page, Preview
from kiosk.station import reasons

from .advised import AS_THEY_LIE, advised, contact_sheets
from .conftest import RINGS, SIZES, eyes_frame

LARGE = 13.0
"""Millimetres, across or down, of a picture that is recognised at arm's length."""


@pytest.fixture(params=SIZES)
def canvas(request, canvas_of):
    made = canvas_of(request.param)
    made.forget()
    return made


def pixels(canvas, view):
    draw(canvas, view)
    return pygame.surfarray.array3d(canvas.surface).swapaxes(0, 1).astype(np.int16)


def changed(one, other):
    """The box (top, bottom, left, right) around all pixels that differ."""
    rows, columns = np.nonzero(np.abs(one - other).max(axis=2) > 24)
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


def test_every_advice_has_words_and_a_picture(canvas_of):
    pictures = canvas_of("800x480").pictures
    tables = (
        (reasons.FACE, FaceAdvice),
        (reasons.FINGER, FingerAdvice),
        (reasons.EYES, EyeAdvice),
        (reasons.DEVICES, reasons.DEVICES),
    )
    lacking = []
    for table, advice in tables:
        assert set(table) == set(advice)
        lacking += [name for name, _ in table.values() if name not in pictures and f"{name}-0" not in pictures]
    lacking += [each.picture for each in reasons.SCREENS.values() if not {each.picture, f"{each.picture}-0"} & pictures]
    assert lacking == []


def test_what_moves_has_two_frames(canvas_of):
    pictures = canvas_of("800x480").pictures
    assert {name[:-2] for name in pictures if name.endswith("-0")} == {
        name[:-2] for name in pictures if name.endswith("-1")
    }


def test_no_two_advices_look_the_same(canvas_of):
    canvas = canvas_of("800x480")
    for table in (reasons.FACE, reasons.EYES):
        names = {name for name, _ in table.values()}
        assert len({pygame.image.tobytes(canvas.drawn(name, (64, 64)), "RGBA") for name in names}) == len(names)


def test_left_and_right_mirror_each_other(canvas_of):
    canvas = canvas_of("1280x800")
    for left, right in (("turn-left", "turn-right"), ("arrow-left", "arrow-right")):
        one = pygame.surfarray.array_alpha(canvas.drawn(left, (96, 96), mirrored=True)).astype(int)
        other = pygame.surfarray.array_alpha(canvas.drawn(right, (96, 96))).astype(int)
        # The arrows' shafts differ by half a unit.
        assert np.abs(one - other).mean() < 12, left


def most_said(views, kind):
    """The view of a kind whose hint leaves a picture the least room."""
    return max((each for each in views.values() if isinstance(each, kind) and each.page.hint), key=said)


def said(view):
    return len(view.page.hint.text)


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_picture_of_a_finger_advice_is_large(canvas, text, language):
    view = most_said(advised(text, language), Hands)
    one, two = (pixels(canvas, replace(view, change=change)) for change in ("press-lighter", "wet"))
    top, low, left, right = changed(one, two)
    assert max(low - top, right - left) / canvas.theme.dpi * 25.4 >= LARGE


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_sign_of_a_live_hint_stands_large_beside_it(canvas, text, language):
    view = most_said(advised(text, language), Preview)
    page = view.page
    one, two = (
        pixels(canvas, replace(view, page=replace(page, hint=Hint(page.hint.text, sign, Mood.ATTENTION))))
        for sign in ("close", "straighten")
    )
    theme = canvas.theme
    where = np.s_[theme.height * 2 // 3 :, :] if theme.portrait else np.s_[:, theme.width * 3 // 5 :]
    top, low, left, right = changed(one[where], two[where])
    assert max(low - top, right - left) / theme.dpi * 25.4 >= LARGE


def test_the_other_hand_is_the_one_that_is_asked_for(canvas):
    # Where the picture lies, the arrow to the right hand must not show for a finger of the left one.
    page, sides = Page("Telunjuk", hint=Hint("Itu tangan yang lain.", "again", Mood.ATTENTION)), ("Kiri", "Kanan")
    right, left = (pixels(canvas, Hands(page, sides, asked, (), change="swap-hands")) for asked in (2, 7))
    blank = pixels(canvas, Hands(page, sides, 2, (), change="press"))
    top, low, begin, end = changed(right, blank)
    theme = canvas.theme
    here = np.s_[top:low, begin:end] if begin > theme.width // 2 else np.s_[theme.height // 2 :, :]
    assert (np.abs(right[here] - left[here]).max(axis=2) > 24).sum() > 400


def test_an_excepted_finger_is_told_by_shape(canvas):
    page, sides = Page("Telunjuk kiri"), ("Tangan kiri", "Tangan kanan")
    grey = np.array([0.3, 0.59, 0.11])
    done, excepted, neither = (
        pixels(canvas, Hands(page, sides, 7, given, excepted=aside)) @ grey
        for given, aside in (((9,), ()), ((), (9,)), ((), ()))
    )
    assert np.abs(done - excepted).max() > 100
    assert np.abs(excepted - neither).max() > 100


def test_the_look_back_sets_aside_what_was_not_given(canvas, text):
    view = advised(text, "id")["summary-set-aside"]
    given = replace(view, signed=True, seen=True, excepted=())
    top, low, left, right = changed(pixels(canvas, view), pixels(canvas, given))
    assert right - left > canvas.theme.width * 0.4
    assert low - top > canvas.theme.height * 0.1


def test_marks_lie_as_the_hands_do(canvas, text):
    view = advised(text, "id")["marks"]
    assert isinstance(view, Marks)
    places = {target.event: target.rect for target in draw(canvas, view) if isinstance(target.event, int)}
    left, right = ([places[each] for each in hand if each in places] for hand in AS_THEY_LIE)
    assert max(place.right for place in left) < min(place.left for place in right)
    if not canvas.theme.portrait:
        for hand in (left, right):
            assert [place.x for place in hand] == sorted(place.x for place in hand)


def test_a_taken_finger_does_not_answer(canvas, text):
    view = advised(text, "id")["marks"]
    assert isinstance(view, Marks)
    touched = {target.event for target in draw(canvas, view)}
    for _, marks in view.groups:
        for mark in marks:
            assert (mark.button.event in touched) == (mark.state != "taken"), mark.button.label


def test_the_rings_leave_both_eyes_clear_and_dim_the_rest(canvas):
    grey = np.full((480, 640), 160, np.uint8)
    shown = pixels(canvas, Preview(Page("Mata"), "eyes-window", grey, guide="eyes", rings=RINGS))
    clear = (np.abs(shown - 160) < 12).all(axis=2)
    row = np.bincount(np.nonzero(clear)[0]).argmax()
    edges = np.flatnonzero(np.diff(clear[row].astype(int)))
    eyes = [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if end - start > 20]
    assert len(eyes) == 2
    between = shown[row, eyes[0][1] + canvas.theme.px(10) : eyes[1][0] - canvas.theme.px(10)]
    assert len(between) > 0
    assert (between < 100).all()


def test_the_guide_of_face_and_hands_dims_nothing(canvas):
    plain = np.full((480, 640, 3), 160, np.uint8)
    shown = pixels(canvas, Preview(Page("Foto"), "face-and-hands", plain, guide="face-and-hands"))
    oval = pixels(canvas, Preview(Page("Foto"), "face-and-hands", plain, oval=(0.5, 0.5, 0.15, 0.2)))
    clear, beside = ((np.abs(each - 160) < 12).all(axis=2).mean() for each in (shown, oval))
    assert clear > 2 * beside
    assert ((shown == 255).all(axis=2) & (oval != 255).any(axis=2)).sum() > 500


def test_a_grey_frame_shows_as_it_is(canvas):
    seen = pixels(canvas, Preview(Page("Mata"), "eyes-window", eyes_frame(), guide="eyes", rings=RINGS))
    assert (np.abs(seen - 14) < 3).all(axis=2).any()  # the pupils, within the rings


def test_the_live_picture_keeps_its_size_when_the_shutter_comes(canvas, text):
    view = advised(text, "id")["face-good"]
    before = pixels(canvas, replace(view, page=replace(view.page, secondary=None)))
    after = pixels(canvas, view)
    top, _, left, _ = changed(before, after)
    theme = canvas.theme
    assert top > theme.height * 0.6 if theme.portrait else left > theme.width * 0.5


def test_contact_sheets_hold_every_size_and_language(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "tests.screens.advised.advised", lambda text, language: {"one": advised(text, language)["marks"]}
    )
    contact_sheets(tmp_path)
    assert len(list(tmp_path.glob("*.png"))) == len(SIZES) * 2
