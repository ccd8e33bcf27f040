"""Colour separation and packing: what comes back is what was sent, within half a step of the dye."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer.evolis.codec import LINES, WIDTH, Panel, panel_size
from drivers.printer.evolis.panels import DYES, Face, combine, pack, separate, unpack


def printed(face: Face, levels: int) -> Face:
    return combine({panel: (levels if panel.is_dye else 2, data) for panel, data in separate(face, levels).items()})


def half_step(levels: int) -> int:
    return int(np.ceil(255 / (levels - 1) / 2))


@pytest.mark.parametrize("levels", [32, 64, 128])
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_face_comes_back_within_half_a_step(levels: int, seed: int) -> None:
    face = np.random.default_rng(seed).integers(0, 256, (WIDTH, LINES, 3), np.uint8)
    face[:100] //= 64  # plenty of nearly black dots, where resin takes over
    difference = np.abs(printed(face, levels).astype(int) - face)
    assert difference.max() <= half_step(levels)


@pytest.mark.parametrize("levels", [2, 32, 64, 128])
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_packing_loses_nothing(levels: int, seed: int) -> None:
    raster = np.random.default_rng(seed).integers(0, levels, (LINES, WIDTH), np.uint8)
    packed = pack(raster, levels)
    assert len(packed) == panel_size(levels)
    assert np.array_equal(unpack(packed, levels), raster)


def test_black_is_resin_and_no_dye() -> None:
    face = np.full((WIDTH, LINES, 3), 255, np.uint8)
    face[100:200, 300:400] = 0
    panels = separate(face, 32)
    assert unpack(panels[Panel.BLACK], 2).sum() == 100 * 100
    for dye in DYES:
        assert not any(panels[dye])


def test_the_overlay_covers_everything() -> None:
    assert set(separate(np.full((WIDTH, LINES, 3), 90, np.uint8), 32)[Panel.OVERLAY]) == {0xFF}


def test_panels_come_in_the_order_of_the_ribbon() -> None:
    assert list(separate(np.zeros((WIDTH, LINES, 3), np.uint8), 32)) == list(Panel)


def test_the_first_dot_is_the_bottom_of_the_left_edge() -> None:
    face = np.full((WIDTH, LINES, 3), 255, np.uint8)
    face[WIDTH - 1, 0] = 0
    data = separate(face, 32)[Panel.BLACK]
    assert data[0] == 0x80
    assert not any(data[1:])


def test_dyes_take_away_their_own_colour() -> None:
    face = np.full((WIDTH, LINES, 3), 255, np.uint8)
    face[:, :, 2] = 0  # yellow
    panels = separate(face, 64)
    assert set(unpack(panels[Panel.YELLOW], 64).ravel()) == {63}
    assert not any(panels[Panel.MAGENTA])
    assert not any(panels[Panel.CYAN])


@pytest.mark.parametrize("shape", [(LINES, WIDTH, 3), (WIDTH, LINES), (WIDTH, LINES, 4)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="A card face is uint8"):
        separate(np.zeros(shape, np.uint8), 32)
