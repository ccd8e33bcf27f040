"""What is done to a picture after it was taken, as far as a station does it."""

from enum import Enum


class Processing(Enum):
    """Of the list of ISO/IEC 19794-5:2011, table 14: a portrait is cut out, and brought to its size either way."""

    ROTATED = "rotated"
    CROPPED = "cropped"
    DOWN_SAMPLED = "down-sampled"
    INTERPOLATED = "interpolated"
