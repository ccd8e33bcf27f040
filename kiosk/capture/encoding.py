"""Finger images as lossless PNG; the records of ISO/IEC 19794 are in ``kiosk.capture.iso``."""

from kiosk.capture.iso.images import Codec, compress


def finger_image_png(pixels: bytes, width: int, height: int, *, ppi: int = 500) -> bytes:
    """Return ``pixels`` (8-bit grey, row by row) as a lossless PNG that carries its resolution."""
    return compress(pixels, width, height, codec=Codec.PNG, ppi=ppi)
