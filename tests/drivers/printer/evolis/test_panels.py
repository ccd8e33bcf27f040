"""Colour separation and packing: what comes back is what was sent, within half a step of the dye."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer.evolis.codec import LINES, WIDTH, Panel, panel_size
from drivers.printer.evolis.panels import DYES, Face, combine, pack, separate, unpack


def printed(face: Face, levels: int) -> Face:
    return combine({panel: (levels if panel.is_dye else 2, data) for panel, data in separate(face, levels).items()})


def half_step(levels: int) -> int:
    return int(np.ceil(255 / (levels - 1) / 2))


def step(levels: int) -> float:
    return 255 / (levels - 1)


def tile_means(face: Face) -> npt.NDArray[np.float64]:
    """Means over the tiles of the dither, 8 × 8 dots: what an eye sees of a card at arm's length."""
    return face.reshape(WIDTH // 8, 8, LINES // 8, 8, 3).mean(axis=(1, 3))


@pytest.mark.parametrize("levels", [32, 64, 128])
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_each_dot_comes_back_within_its_step(levels: int, seed: int) -> None:
    face = np.random.default_rng(seed).integers(0, 256, (WIDTH, LINES, 3), np.uint8)
    face[:100] //= 64  # plenty of nearly black dots, where resin takes over
    difference = np.abs(printed(face, levels).astype(int) - face)
    assert difference.max() <= (half_step(levels) if levels == 128 else np.ceil(step(levels)))


@pytest.mark.parametrize("levels", [32, 64])
def test_every_shade_comes_back_on_average(levels: int) -> None:
    """One tile of each shade of each colour: a colour that no level has is mixed from the two beside it."""
    shades = np.full((WIDTH // 8 * LINES // 8, 3), 255, np.uint8)
    for channel in range(3):
        shades[256 * channel : 256 * (channel + 1), channel] = np.arange(256)
    face = shades.reshape(WIDTH // 8, LINES // 8, 3).repeat(8, axis=0).repeat(8, axis=1)
    difference = np.abs(tile_means(printed(face, levels)) - tile_means(face))
    # 64 thresholds leave half of 1/64 of a step, and what is printed is told in whole shades of 255.
    assert difference.max() <= step(levels) / 128 + 0.5


@pytest.mark.parametrize("levels", [32, 64])
def test_a_gradient_shows_no_bands(levels: int) -> None:
    """A cheek's slow gradient over half the card: in bands it would stay on one level for many tiles."""
    slope = np.linspace(150, 200, LINES).astype(np.uint8)
    face = np.repeat(np.repeat(slope[np.newaxis, :, np.newaxis], WIDTH, axis=0), 3, axis=2)
    means = tile_means(printed(face, levels))[0, :, 0]
    assert np.abs(means - tile_means(face)[0, :, 0]).max() < step(levels) / 8 + 0.5
    assert len(np.unique(means.round(1))) > 2 * 50 / step(levels)


@pytest.mark.parametrize("levels", [32, 64])
def test_print_stays_sharp(levels: int) -> None:
    """Dots that are exactly on a level are never dithered: white paper, black resin, and print in a full colour."""
    face = np.full((WIDTH, LINES, 3), 255, np.uint8)
    face[100:110, 100:900] = 0
    face[200:210, 100:900] = (0, 255, 255)
    assert np.array_equal(printed(face, levels), face)


def test_grey_stays_grey() -> None:
    grey = np.random.default_rng(1).integers(20, 256, (WIDTH, LINES, 1), np.uint8).repeat(3, axis=2)
    card = printed(grey, 32)
    assert np.array_equal(card[:, :, 0], card[:, :, 1])
    assert np.array_equal(card[:, :, 0], card[:, :, 2])


@pytest.mark.parametrize("levels", [32, 64, 128])
def test_a_portrait_comes_back_as_an_eye_would_see_it(levels: int) -> None:
    """A drawn one: slow gradients as of skin, and the noise of a camera."""
    y, x = np.mgrid[0:WIDTH, 0:LINES]
    noise = np.random.default_rng(2).normal(0, 3, (WIDTH, LINES, 1))
    head = 120 + 90 * np.exp(-(((x - 300) / 150.0) ** 2 + ((y - 300) / 200.0) ** 2))
    face = np.clip(head[:, :, np.newaxis] * (1.0, 0.8, 0.7) + noise, 0, 255).astype(np.uint8)
    difference = np.abs(tile_means(printed(face, levels)) - tile_means(face))
    assert difference.mean() < 0.5
    assert difference.max() < step(levels) / 4 + 0.5


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
