"""What the simulated reader knows of a finger: features from pixels alone, packed into its template, and compared.

The template, 768 bytes, big-endian: magic ``RKF1``, CRC-32 of all that follows, width and height in pixels at 500 ppi,
count of minutiae, cell size in pixels; 24 × 24 bits, row by row, of where the print lay; then 6 bytes a minutia, best
first: x, y, angle (256 to the turn), kind (top bit: ending) and quality (0 to 127). The rest is zero.
"""

import struct
import zlib

import cv2
import numpy as np
import numpy.typing as npt

from drivers.fingerprint.synthetic import minutiae, pairing

TEMPLATE_SIZE = 768
THRESHOLD = 290
"""Least score that means the same finger: the simulator's own, chosen by tests/bench/finger_twice.py."""

NATIVE_PPI = 500
FEWEST = 10
"""Minutiae below which an impression cannot be told from another."""
MOST = 60
LARGEST = 1200
"""Pixels at 500 ppi to a side; a finger tip is far smaller."""
GRID = 24

_MAGIC = b"RKF1"
_HEADER = struct.Struct(">HHBB")
_BODY = len(_MAGIC) + 4
_GRID_BYTES = GRID * GRID // 8
_MINUTIA = np.dtype([("x", ">u2"), ("y", ">u2"), ("angle", "u1"), ("kind_quality", "u1")])


def extract(image: npt.NDArray[np.uint8], *, ppi: int = 500) -> bytes | None:
    """Return the template of ``image`` (uint8, (height, width), 0 = ridge); None when it shows too little of a finger.

    Raises ValueError for what is no grey image of a finger's size, or no resolution.
    """
    if image.ndim != 2 or image.dtype != np.uint8:
        raise ValueError(f"a finger image is uint8 (height, width), not {image.dtype} {image.shape}")
    if not 100 <= ppi <= 2000:
        raise ValueError(f"{ppi} ppi is no finger reader's resolution; 100 to 2000 can be used")
    if ppi != NATIVE_PPI:
        scale = NATIVE_PPI / ppi
        size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
        smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        image = np.asarray(cv2.resize(image, size, interpolation=smooth), np.uint8)
    if max(image.shape) > LARGEST:
        raise ValueError(f"a finger image of {image.shape[1]} × {image.shape[0]} pixels at 500 ppi is no single finger")
    if min(image.shape) < 64:
        return None
    found = minutiae.find(image)
    return _pack(found) if len(found.x) >= FEWEST else None


def compare(a: bytes, b: bytes) -> int:
    """Return how alike two templates are, 0 to 1000, from THRESHOLD on the same finger; 0 for what is no template."""
    points_a, points_b = _unpack(a), _unpack(b)
    if points_a is None or points_b is None:
        return 0
    return pairing.score(points_a, points_b)


def _pack(found: minutiae.Minutiae) -> bytes:
    height, width = found.region.shape
    cell = -(-max(height, width) // GRID)
    covers = np.zeros((GRID * cell, GRID * cell), np.bool_)
    covers[:height, :width] = found.region
    cells = covers.reshape(GRID, cell, GRID, cell).mean(axis=(1, 3)) >= 0.5
    table = np.zeros(min(len(found.x), MOST), _MINUTIA)
    table["x"], table["y"] = found.x[:MOST], found.y[:MOST]
    table["angle"] = np.round(found.angle[:MOST] * (256 / (2 * np.pi))).astype(np.int64) % 256
    table["kind_quality"] = (found.ending[:MOST].astype(np.uint8) << 7) | (found.quality[:MOST] >> 1)
    body = _HEADER.pack(width, height, len(table), cell) + np.packbits(cells).tobytes() + table.tobytes()
    body = body.ljust(TEMPLATE_SIZE - _BODY, b"\0")
    return _MAGIC + struct.pack(">I", zlib.crc32(body)) + body


def _unpack(template: bytes) -> pairing.Points | None:
    """Return the minutiae of ``template``, or None if it is none of ours: from the wire anything may come."""
    if len(template) != TEMPLATE_SIZE or template[:4] != _MAGIC:
        return None
    body = template[_BODY:]
    if struct.unpack(">I", template[4:_BODY])[0] != zlib.crc32(body):
        return None
    width, height, count, cell = _HEADER.unpack_from(body)
    if not (FEWEST <= count <= MOST and 0 < width <= GRID * cell and 0 < height <= GRID * cell):
        return None
    cells = np.unpackbits(np.frombuffer(body, np.uint8, _GRID_BYTES, _HEADER.size)).astype(np.bool_)
    table = np.frombuffer(body, _MINUTIA, count, _HEADER.size + _GRID_BYTES)
    if (table["x"] >= width).any() or (table["y"] >= height).any():
        return None
    angle = table["angle"].astype(np.float64) * (2 * np.pi / 256)
    xya = np.column_stack((table["x"].astype(np.float64), table["y"].astype(np.float64), angle))
    return pairing.Points(xya, cells.reshape(GRID, GRID), float(cell))
