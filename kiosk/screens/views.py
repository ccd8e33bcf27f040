"""What a screen shows, as values: every word final, every button with the opaque event that a touch on it means.

Two views that compare equal look the same but for their live parts (``compare=False``): preview, ink, progress, hurry.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import numpy as np
import numpy.typing as npt
import pygame

Frame = npt.NDArray[np.uint8]
Strokes = tuple[tuple[tuple[float, float, float], ...], ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A place that answers to touch. ``ink`` takes strokes, as shares of ``rect``; the others mean their event."""

    rect: pygame.Rect
    event: object = field(repr=False)
    label: str
    kind: Literal["button", "key", "ink"] = "button"


class Mood(Enum):
    """How a panel or hint speaks; never by colour alone, each has its icon."""

    CALM = "calm"
    GOOD = "good"
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True)
class Button:
    """A label, an icon by name, and what a touch means.

    One that is not ``ready`` is drawn pale; a touch on it is answered with what is missing.
    """

    label: str
    event: object = field(repr=False)
    icon: str = ""
    ready: bool = True


@dataclass(frozen=True, slots=True)
class Header:
    """Where the resident is, and the two ways out; or a title with its icon, as in the ``officer``'s place."""

    steps: tuple[str, ...] = ()
    at: int = 0
    title: str = ""
    icon: str = ""
    officer: bool = False
    stop: Button | None = None
    help: Button | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """The one thing to change now, or that all is well."""

    text: str
    icon: str
    mood: Mood = Mood.CALM


@dataclass(frozen=True, slots=True)
class Hurry:
    """The step's time is nearly over: ``seconds`` left, and the share of the warning that is left."""

    seconds: int
    share: float
    headline: str
    sentence: str
    button: Button


@dataclass(frozen=True, slots=True)
class Page:
    """What all screens have in common."""

    headline: str
    sentence: str = field(default="", repr=False)
    overline: str = ""
    header: Header = Header()
    back: Button | None = None
    secondary: Button | None = None
    primary: Button | None = None
    hint: Hint | None = None
    hurry: Hurry | None = field(default=None, compare=False)
    pressed: object = field(default=None, repr=False)
    phase: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """One short line with its icon or picture."""

    picture: str
    text: str


@dataclass(frozen=True, slots=True)
class Attract:
    """Nobody is here: what to bring, how long it takes, and the invitation in every language that is on."""

    page: Page
    office: str
    facts: tuple[Fact, ...]
    invitations: tuple[str, ...]
    begin: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """Two to four large answers: each button with its picture and a line of explanation."""

    page: Page
    choices: tuple[tuple[Button, str, str], ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """One toggle. What is ``taken`` is out of reach: pale, with its button's icon (a tick where it has none)."""

    button: Button
    state: Literal["free", "marked", "taken"] = "free"


@dataclass(frozen=True, slots=True)
class Marks:
    """Fingers to be marked: the left hand's caption and five marks, then the right hand's.

    Each hand's marks come from left to right as the fingers lie when one looks at the backs of one's own hands: left
    little finger first, left thumb fifth; right thumb first, right little finger fifth.
    """

    page: Page
    groups: tuple[tuple[str, tuple[Mark, ...]], ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the officer should compare with the resident: JPEG bytes as captured, and the lines beside them.

    The most important line comes first: where glass is scarce, the last ones are left out.
    """

    photo: bytes | None = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """Digits on a keypad: ``groups`` of so many, ``captions`` under them; ``typed`` as dots when ``hidden``.

    ``facts``: what whoever types should know of the ``person``, the gravest first; every one of them is shown.
    """

    page: Page
    groups: tuple[int, ...]
    typed: str = field(repr=False)
    keys: tuple[tuple[str, object], ...] = field(repr=False)
    erase: Button
    captions: tuple[str, ...] = ()
    hidden: bool = False
    person: Person | None = None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Lines:
    """Labelled lines to be read and confirmed."""

    page: Page
    rows: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One picture and what it means, and ``todo``, what to do next.

    ``share`` fills a bar (live); ``waiting`` moves it slowly where nobody can tell how far it is.
    """

    page: Page
    picture: str
    mood: Mood = Mood.CALM
    todo: str = ""
    share: float | None = field(default=None, compare=False)
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """How far something is that takes weeks: its ``stages`` in a row, those before ``at`` ticked, that one marked with
    ``sign`` (an icon), and ``todo``, what to do next. ``at`` past the last one: all is done."""

    page: Page
    stages: tuple[Fact, ...]
    at: int
    sign: str
    todo: str
    mood: Mood = Mood.CALM


@dataclass(frozen=True, slots=True)
class Points:
    """A few plain points, each with a picture."""

    page: Page
    points: tuple[Fact, ...]


Guide = Literal["oval", "face-and-hands", "eyes"]


@dataclass(frozen=True, slots=True)
class Preview:
    """The live picture, uint8: RGB (height, width, 3), or grey (height, width) from a near-infrared camera.

    ``guide`` is what to fit into: ``oval``, centre and radii as shares of the frame's width and height; the outline of
    a head between two raised hands; or ``rings``, one an eye: centre as shares of width and height, radius of width.
    ``picture`` moves in two frames, ``-0`` and ``-1``: what to do before the photo. A button at the foot (``back``,
    ``primary``) is there from the first frame on or never, so that the picture keeps its size; ``secondary`` may come
    later.
    """

    page: Page
    picture: str
    frame: Frame | None = field(repr=False, compare=False)
    oval: tuple[float, float, float, float] = (0.5, 0.5, 0.25, 0.45)
    guide: Guide = "oval"
    rings: tuple[tuple[float, float, float], ...] = ()
    mirrored: bool = False
    good: bool = False
    countdown: int | None = None
    warming: str = ""


@dataclass(frozen=True, slots=True)
class Portrait:
    """The photo, exactly as the centre gets it (JPEG)."""

    page: Page
    photo: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signing:
    """The signing field, its ink (live), and what its line says while it is empty."""

    page: Page
    strokes: Strokes = field(repr=False, compare=False)
    invitation: str = ""
    erase: Button | None = None


@dataclass(frozen=True, slots=True)
class Hands:
    """Both hands; fingers by their ISO/IEC 19794-4 positions (1 right thumb … 10 left little finger).

    ``excepted`` ones need not be given: an officer said so. ``change`` names the picture of what to do otherwise;
    ``alike`` is the finger that was given in the place of the asked one; ``progress`` (live) is how much of the print
    has come.
    """

    page: Page
    sides: tuple[str, str]
    asked: int | None
    done: tuple[int, ...]
    progress: float | None = field(default=None, compare=False)
    change: str = ""
    excepted: tuple[int, ...] = ()
    alike: int | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """All that was captured, at a glance: JPEG photo, strokes, fingers, each with its caption.

    ``eyes`` holds a line for each eye (or one for both) and makes a fourth card. What was not given (``signed``,
    ``seen`` are False; ``excepted`` fingers) is told calmly, with a dash; ``notes`` say why, in at most two lines.
    """

    page: Page
    photo: bytes | None = field(repr=False)
    strokes: Strokes = field(repr=False)
    done: tuple[int, ...]
    captions: tuple[str, str, str]
    excepted: tuple[int, ...] = ()
    signed: bool = True
    eyes: tuple[str, ...] = ()
    seen: bool = True
    notes: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The registration number, large and as a QR code, and what happens next."""

    page: Page
    caption: str
    number: str
    points: tuple[Fact, ...]


View = (
    Attract
    | Choice
    | Marks
    | Entry
    | Lines
    | Message
    | Course
    | Points
    | Preview
    | Portrait
    | Signing
    | Hands
    | Summary
    | Receipt
)
