"""The ten fingers, by their ISO/IEC 19794-4 positions."""

from enum import IntEnum


class Finger(IntEnum):
    """Finger position codes of ISO/IEC 19794-4:2011, table 6."""

    RIGHT_THUMB = 1
    RIGHT_INDEX = 2
    RIGHT_MIDDLE = 3
    RIGHT_RING = 4
    RIGHT_LITTLE = 5
    LEFT_THUMB = 6
    LEFT_INDEX = 7
    LEFT_MIDDLE = 8
    LEFT_RING = 9
    LEFT_LITTLE = 10


IN_ORDER = tuple(Finger)
RECHECKED = (Finger.RIGHT_INDEX, Finger.LEFT_INDEX)
