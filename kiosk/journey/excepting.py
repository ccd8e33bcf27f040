"""What an officer may except from a recording, and why: nobody is turned away for what they cannot give."""

from dataclasses import dataclass
from enum import Enum

from kiosk.journey.eyes import Eye
from kiosk.journey.fingers import Finger


class Written(Enum):
    """What is written by hand."""

    SIGNATURE = "signature"


Part = Finger | Eye | Written
"""What can be excepted; the photo cannot."""


class Subject(Enum):
    """At which part of the recording an exception is asked for."""

    SIGNATURE = "signature"
    FINGERS = "fingers"
    EYES = "eyes"


class Why(Enum):
    """The officer's reason."""

    MISSING = "missing"
    """It is not there; of eyes also: blind. Of the signature: cannot write."""
    INJURED = "injured"
    """It will heal."""
    UNABLE = "unable"
    """It is there and cannot be given: stiff, worn away, ill."""
    NOT_TODAY = "not-today"
    """It cannot be given today."""

    @property
    def permanent(self) -> bool:
        """Whether the centre need not ask for it again."""
        return self in (Why.MISSING, Why.UNABLE)


@dataclass(frozen=True, slots=True)
class Excepted:
    """One part that an officer excepted."""

    part: Part
    why: Why
    officer: str


class Doubt(Enum):
    """What the officer should look at before confirming, and the centre should know."""

    PHOTO = "photo"
    """The best of three photos still left something to wish for."""
    FINGERS_ALIKE = "fingers-alike"
    """Two fingers of one visit look the same to the reader."""
    HANDS_SWAPPED = "hands-swapped"
    """An index finger given again looks like the other hand's."""
    INDEX_DIFFERS = "index-differs"
    """An index finger given again does not look like itself."""
    INDEX_NOT_AGAIN = "index-not-again"
    """An index finger was not given again."""
    FINGERS_FAINT = "fingers-faint"
    """Some fingers stayed unclear after three tries."""
    EYES_NOT_SEEN = "eyes-not-seen"
    """The camera for the eyes had stopped, or they were not clear after three tries."""
