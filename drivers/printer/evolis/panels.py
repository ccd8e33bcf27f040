"""A card face as ribbon panels and back: colour separation and the packing of dots, no I/O.

The raster runs along the long edge (guide §8 D): 1016 lines of 648 dots, the first line at the left edge of the
landscape card, the first dot at its bottom. Dots are packed without gaps, most significant bit first.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from drivers.printer.evolis.codec import BITS, LINES, WIDTH, Panel

Face = npt.NDArray[np.uint8]
"""uint8 (648, 1016, 3), RGB, landscape."""
DYES = {Panel.YELLOW: 2, Panel.MAGENTA: 1, Panel.CYAN: 0}
"""The channel of RGB that each dye takes away."""


DITHERED = frozenset({32, 64})
"""Levels whose steps of 8 and 4 parts in 255 would show as bands in a sky or a cheek; the 2 of 128 levels do not."""


def separate(face: Face, levels: int) -> dict[Panel, bytes]:
    """Split a face into the five panels of a YMCKO ribbon, the dyes at 32, 64 or 128 levels.

    Where all three dyes would be at their fullest, black resin replaces them: it is sharper, and the only black that
    infrared readers see. A photograph that should stay free of resin keeps its blacks above half a level. The overlay
    covers the whole face: the chip of the KTP-el has no contacts that it would have to leave free.
    """
    if face.shape != (WIDTH, LINES, 3) or face.dtype != np.uint8:
        raise ValueError(f"A card face is uint8 {WIDTH} × {LINES} × 3, not {face.dtype} {face.shape}.")
    top = levels - 1
    wanted = (255 - face.astype(np.uint32)) * top
    black = ((wanted * 2 + 255) // 510 == top).all(axis=2)
    ink = (wanted * 2 + (510 * _thresholds() if levels in DITHERED else 255)) // 510
    ink[black] = 0
    panels = {panel: pack(_to_raster(ink[:, :, channel]), levels) for panel, channel in DYES.items()}
    panels[Panel.BLACK] = pack(_to_raster(black), 2)
    panels[Panel.OVERLAY] = pack(np.ones((LINES, WIDTH), np.uint8), 2)
    return panels


def _thresholds() -> npt.NDArray[np.float64]:
    """Tile the face with an ordered dither, (648, 1016, 1), from 1/128 to 127/128 of a step.

    Bayer's 8 × 8 matrix: ordered and not diffused, so that a dot that is exactly on a level (paper, print) stays there,
    and neighbouring dots never smear into small print. All dyes share it, so that grey stays grey.
    """
    matrix = np.zeros((1, 1))
    for _ in range(3):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    tiled = np.tile((matrix + 0.5) / 64, (WIDTH // 8, LINES // 8))
    return tiled[:, :, np.newaxis]


def combine(panels: Mapping[Panel, tuple[int, bytes]]) -> Face:
    """Lay panels (levels, data) over a white card: what the card looks like."""
    face = np.full((WIDTH, LINES, 3), 255, np.uint8)
    for panel, channel in DYES.items():
        if panel in panels:
            levels, data = panels[panel]
            ink = _from_raster(unpack(data, levels)).astype(np.uint32)
            face[:, :, channel] = 255 - (ink * 510 + levels - 1) // (2 * (levels - 1))
    if Panel.BLACK in panels:
        levels, data = panels[Panel.BLACK]
        face[_from_raster(unpack(data, levels)) > 0] = 0
    return face


def pack(raster: npt.NDArray[np.generic], levels: int) -> bytes:
    """Pack (1016, 648) dots of 0 … levels-1 into bytes; eight dots always fill whole bytes."""
    bits = BITS[levels]
    shifts = np.arange(bits - 1, -1, -1, dtype=np.uint8)
    dots = raster.astype(np.uint8).reshape(-1, 1)
    return np.packbits((dots >> shifts) & 1).tobytes()


def unpack(data: bytes, levels: int) -> npt.NDArray[np.uint8]:
    """Undo pack(): uint8 (1016, 648)."""
    bits = BITS[levels]
    weights = (1 << np.arange(bits - 1, -1, -1)).astype(np.uint8)
    dots = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(-1, bits)
    raster: npt.NDArray[np.uint8] = (dots * weights).sum(axis=1, dtype=np.uint8).reshape(LINES, WIDTH)
    return raster


def _to_raster(plane: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    return np.rot90(plane, k=-1)


def _from_raster(raster: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.rot90(raster)
