"""The ways in which a record's pixels may be packed, and why not in others."""

from enum import StrEnum


class Codec(StrEnum):
    """How pixels are packed; all but JPEG give back every pixel."""

    RAW = "raw"
    PNG = "png"
    JPEG2000 = "jpeg2000"
    JPEG = "jpeg"


def lossless_codec(name: str) -> Codec:
    """The codec for fingers and irises that a configuration names; ValueError says what is allowed.

    WSQ is refused by name: PyPI's only codec for it (``wsq`` 0.9, NIST's NBIS) has no wheel for aarch64, and its
    decoder crashes the process when the data is damaged.
    """
    if name == "wsq":
        raise ValueError('WSQ cannot be written by this station; choose "jpeg2000", which the centre may convert')
    allowed = (Codec.JPEG2000, Codec.PNG, Codec.RAW)
    if name not in allowed:
        raise ValueError(f"images are packed as {', '.join(allowed)}, not {name!r}")
    return Codec(name)
