"""The Evolis command family as values: bytes in, commands or replies out, no I/O and no clock.

Source: Evolis Card Printers Programming Guide, A5013 rev. E. A command is ``ESC name;parameters CR`` (§3; the ESC may
be left out after a CR); an answer is a short text that ends in NUL. ``Db`` (§8 D) carries a whole panel as binary data,
in which CR, ESC and NUL are ordinary bytes, so that it can only be parsed by its length.
"""

import re
from dataclasses import dataclass, field
from enum import Enum

from drivers.printer import Fault

ESC = 0x1B
CR = 0x0D
NUL = 0x00

WIDTH = 648
"""Dots in one printed line: the short edge of the card at 300 dpi."""
LINES = 1016
"""Lines of one card: its long edge at 300 dpi."""
BITS = {2: 1, 32: 5, 64: 6, 128: 7}
"""Bits a dot for each number of levels that ``Db`` knows."""
PANEL_HEADER = re.compile(rb"(?:\A|\x1b)Db;([^;\r\x1b]*);([^;\r\x1b]*);")
LONGEST_COMMAND = 64
LONGEST_REPLY = 256


class Panel(Enum):
    """One length of the ribbon, in the order in which the ribbon carries them."""

    YELLOW = "y"
    MAGENTA = "m"
    CYAN = "c"
    BLACK = "k"
    OVERLAY = "o"

    @property
    def is_dye(self) -> bool:
        """Dye panels have levels; black resin and the overlay are there or not."""
        return self in (Panel.YELLOW, Panel.MAGENTA, Panel.CYAN)


RIBBON = "".join(panel.value for panel in Panel)
PANELS = {panel.value.encode(): panel for panel in Panel}
LEVELS = {str(levels).encode(): levels for levels in BITS}


class Ask(Enum):
    """Questions that change nothing and may be asked again (guide §8 R; ``Sk`` §16)."""

    MODEL = "Rtp"
    SERIAL = "Rsn"
    FIRMWARE = "Rfv"
    LAST_ANSWER = "Rlr"
    CLEANING = "Rlr;r"
    RIBBON_MARK = "Rcr"
    CARDS_LEFT = "Rco;l"
    CARDS_INSERTED = "Rco;c"
    CLEANINGS = "Rco;n"
    FEEDER = "Sk;f"


class Do(Enum):
    """Steps of a job, and what clears up after one (guide §8 S). ``Ser`` ejects a card into the reject box."""

    START = "Ss"
    FRONT = "Sr"
    BACK = "Sv"
    END = "Se"
    CLEAR_STATUS = "Scs"
    REJECT = "Ser"


class Errors(Enum):
    """Who sees to errors (``Pem``): only the host may decide to print a card again, so that it is never done twice."""

    BY_PRINTER = "Pem;0"
    BY_HOST = "Pem;2"


@dataclass(frozen=True, slots=True)
class SetRibbon:
    """``Pr``: the panels of the ribbon inserted, for example ``ymcko``."""

    panels: str = RIBBON


@dataclass(frozen=True, slots=True)
class Download:
    """``Db``: one whole panel, 648 × 1016 dots without gaps; the printer starts printing it on its last byte."""

    panel: Panel
    levels: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A well-formed command that this station never sends."""

    text: str


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that belong to no command; only their number is kept, for they may be part of a face."""

    length: int


Command = Ask | Do | Errors | SetRibbon | Download | Foreign
PLAIN: dict[str, Command] = {command.value: command for family in (Ask, Do, Errors) for command in family}
"""Commands that are one fixed text."""


def panel_size(levels: int) -> int:
    """Bytes of one panel: 82,296 for 2 levels to 576,072 for 128.

    The guide (§8 D) gives this formula, 648 × 1016 × bits / 8, but its table of results counts 676,992 dots, which is
    neither. Drivers known to print send 81 bytes a line and 1016 lines: the formula is right.
    """
    return WIDTH * LINES * BITS[levels] // 8


def encode(command: Command) -> bytes:
    """Write one command as the printer reads it."""
    body: bytes
    match command:
        case Ask() | Do() | Errors():
            body = command.value.encode()
        case SetRibbon(panels):
            body = b"Pr;" + panels.encode()
        case Download(panel, levels, data):
            if len(data) != panel_size(levels):
                raise ValueError(f"A panel of {levels} levels has {panel_size(levels)} bytes, not {len(data)}.")
            body = b"Db;%s;%d;%s" % (panel.value.encode(), levels, data)
        case Foreign(text):
            body = text.encode("ascii")
    return bytes((ESC,)) + body + bytes((CR,))


class CommandParser:
    """The printer's ear: feed() takes any bytes in any pieces, never raises, and keeps at most one panel."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._download: tuple[Panel, int] | None = None
        # In the middle of noise: only an ESC begins something again.
        self._lost = False

    @property
    def inside_panel(self) -> bool:
        """Whether the rest of a panel is still to come."""
        return self._download is not None

    @property
    def held(self) -> int:
        """Bytes kept for later: never more than one panel and its end."""
        return len(self._buffer)

    def drop(self) -> None:
        """Forget whatever is incomplete."""
        self._buffer.clear()
        self._download = None
        self._lost = False

    def feed(self, data: bytes) -> list[Command | Garbage]:
        """Take bytes from the host and return what became complete, in order."""
        self._buffer += data
        found: list[Command | Garbage] = []
        while self._take(found):
            pass
        return found

    def _take(self, found: list[Command | Garbage]) -> bool:
        if self._download is not None:
            return self._take_panel(self._download, found)
        if self._lost:
            return self._skip_noise(found)
        # Padding between commands is no error: host drivers fill up their last block.
        self._buffer = self._buffer.lstrip(bytes((NUL, CR)))
        end = self._buffer.find(CR, 0, LONGEST_COMMAND)
        header = PANEL_HEADER.search(self._buffer[:LONGEST_COMMAND])
        if header is not None and (end < 0 or header.end() <= end):
            return self._open_panel(header, found)
        if end < 0:
            if len(self._buffer) < LONGEST_COMMAND:
                return False
            # Too long for a command: whatever comes before the next ESC is noise.
            found.append(Garbage(1))
            del self._buffer[:1]
            self._lost = True
            return True
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        found += _parse_line(line)
        return True

    def _skip_noise(self, found: list[Command | Garbage]) -> bool:
        escape = self._buffer.find(ESC)
        noise = len(self._buffer) if escape < 0 else escape
        if noise:
            found.append(Garbage(noise))
            del self._buffer[:noise]
        self._lost = escape < 0
        return not self._lost

    def _open_panel(self, header: re.Match[bytes], found: list[Command | Garbage]) -> bool:
        if header.start():
            found.append(Garbage(header.start()))
        del self._buffer[: header.end()]
        panel, levels = PANELS.get(header[1]), LEVELS.get(header[2])
        if panel is None or levels is None or panel.is_dye == (levels == 2):
            found.append(Garbage(header.end() - header.start()))
        else:
            self._download = panel, levels
        return True

    def _take_panel(self, download: tuple[Panel, int], found: list[Command | Garbage]) -> bool:
        panel, levels = download
        size = panel_size(levels)
        if len(self._buffer) <= size:
            return False
        data = bytes(self._buffer[:size])
        ended = self._buffer[size] == CR
        del self._buffer[: size + ended]
        self._download = None
        # A panel that does not end where its length says has lost or gained bytes: printing it would shear the card.
        found.append(Download(panel, levels, data) if ended else Garbage(size))
        return True


def _parse_line(line: bytes) -> list[Command | Garbage]:
    escape = line.rfind(ESC)
    found: list[Command | Garbage] = [Garbage(escape)] if escape > 0 else []
    body = line[escape + 1 :]
    if not body or any(byte < 0x20 or byte > 0x7E for byte in body):
        return [Garbage(len(line))]
    text = body.decode("ascii")
    if text in PLAIN:
        return [*found, PLAIN[text]]
    if text.startswith("Pr;"):
        return [*found, SetRibbon(text[3:])]
    return [*found, Foreign(text)]


def encode_reply(text: str) -> bytes:
    """Write one answer as the host reads it."""
    return text.encode("ascii") + bytes((NUL,))


class ReplyParser:
    """The host's ear: feed() takes any bytes in any pieces and returns the complete answers, never raising."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def partial(self) -> bool:
        """Whether an answer has begun and not ended."""
        return bool(self._buffer)

    def drop(self) -> None:
        """Forget an answer that has not ended."""
        self._buffer.clear()

    def feed(self, data: bytes) -> list[str]:
        """Take bytes from the printer; what is no printable ASCII shows as ``?`` and makes the answer untrustworthy."""
        self._buffer += data
        *complete, rest = bytes(self._buffer).split(b"\x00")
        self._buffer = bytearray(rest[-LONGEST_REPLY:])
        texts = (_printable(answer[-LONGEST_REPLY:]) for answer in complete)
        return [text for text in texts if text]


def _printable(answer: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte <= 0x7E else "?" for byte in answer.strip(b"\r\n "))


OK = "OK"
FAULTS = {
    "FEEDER EMPTY": Fault.FEEDER_EMPTY,
    "ERROR RIBBON": Fault.RIBBON_OUT,
    "RIBBON ENDED": Fault.RIBBON_OUT,
    "COVER OPEN": Fault.COVER_OPEN,
    "CARD JAM": Fault.JAM,
    "MECHANICAL": Fault.JAM,
    "HEAD TEMP": Fault.OVERHEATED,
    "NEED CLEANING": Fault.CLEANING_DUE,
    "ERROR HEAD": Fault.OTHER,
    "ERROR HOPPER": Fault.OTHER,
    "HOPPER FULL": Fault.OTHER,
    "HOPPER DOOR": Fault.OTHER,
    "ERROR TIME OUT": Fault.OTHER,
}
"""What the answers mean to an operator. The guide names them only in passing (§7); firmwares prefix some with ERR."""
MISUNDERSTOOD = frozenset({"ERROR CDE", "ERROR PARAMETERS", "ERROR PARAMETRES", "OPT NOT AVAILABLE"})


def understood(answer: str) -> bool:
    """Whether an answer is one that the family gives, unspoiled, and not noise."""
    return "?" not in answer and (answer == OK or answer in MISUNDERSTOOD or fault_of(answer) is not None)


def fault_of(answer: str) -> Fault | None:
    """Read a fault from one answer; None when it names none that we know."""
    return next((fault for words, fault in FAULTS.items() if words in answer), None)
