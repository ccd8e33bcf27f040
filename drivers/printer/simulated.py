"""A card printer on a pty that speaks the Evolis command family and puts each card it makes into a folder as PNG.

What a card shows is decoded from the panels received. The printer lives in its own thread, which waits in select();
whoever stands before it (a test, the demo) acts on it through the verbs, which are done when they return.
"""

import contextlib
import os
import pty
import queue
import select
import threading
import time
import tty
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from PIL import Image

from drivers.printer.codec import (
    OK,
    RIBBON,
    Ask,
    Command,
    CommandParser,
    Do,
    Download,
    Errors,
    Foreign,
    Garbage,
    Panel,
    SetRibbon,
    encode_reply,
)
from drivers.printer.panels import combine

Step = Ask | Do | Errors | Panel
"""Where in the conversation a fault strikes: at a command, or at the end of a panel."""


@dataclass(frozen=True, slots=True)
class Spoil:
    """What happens to an answer: ``stray`` bytes before it, all but ``keep`` bytes lost, ``delay`` seconds late."""

    at: Step
    stray: bytes = b""
    keep: int | None = None
    delay: float = 0.0


@dataclass(slots=True)
class _Card:
    """The job in hand: panels by face, and whether a blank has left the feeder for it."""

    faces: dict[Do, dict[Panel, tuple[int, bytes]]] = field(default_factory=lambda: {Do.FRONT: {}})
    side: Do = Do.FRONT
    inserted: bool = False


class SimulatedPrinter:
    """A printer whose device file is ``link``; cards land in ``cards`` as ``card-0001.png`` (``…-back.png``).

    ``pace`` is the seconds that each panel takes to print, ``blanks`` the cards in the feeder, ``ribbon`` the cards
    that its ribbon still makes, ``feeder_sensor`` whether the model can tell of an empty feeder before it picks a card,
    ``panel_silence`` the seconds of silence after which it gives up a half-received panel.
    """

    def __init__(
        self,
        link: Path,
        cards: Path,
        *,
        pace: float = 0.0,
        blanks: int = 50,
        ribbon: int = 100,
        feeder_sensor: bool = True,
        panel_silence: float = 1.0,
    ) -> None:
        self._link = link
        self._folder = cards
        self._pace = pace
        self._blanks = blanks
        self._ribbon = ribbon
        self._feeder_sensor = feeder_sensor
        self._panel_silence = panel_silence
        self._inserted = 0
        self._made = 0
        self._cover_open = self._hot = self._jammed = self._cleaning_due = self._silent = False
        self._trouble: dict[Step, Callable[[], str | None]] = {}
        self._spoils: list[Spoil] = []
        self._errors = Errors.BY_PRINTER
        self._last = OK
        self._card: _Card | None = None
        self._parser = CommandParser()
        self._due: list[tuple[float, bytes]] = []
        self._pty: tuple[int, int] | None = None
        self._verbs: queue.SimpleQueue[tuple[Callable[[], None], Future[None]]] = queue.SimpleQueue()
        self._bell, self._ring = os.pipe()
        self._closing = False
        cards.mkdir(parents=True, exist_ok=True)
        link.parent.mkdir(parents=True, exist_ok=True)
        self._plug()
        self._thread = threading.Thread(target=self._run, name="simulated-printer", daemon=True)
        self._thread.start()

    # What a person can see and do.

    @property
    def port(self) -> str:
        """The device file for EvolisPrinter."""
        return str(self._link)

    @property
    def blanks(self) -> int:
        """Cards left in the feeder."""
        return self._blanks

    @property
    def ribbon(self) -> int:
        """Cards that the ribbon still makes."""
        return self._ribbon

    @property
    def made(self) -> int:
        """Cards that lie in the output since this printer was switched on."""
        return self._made

    @property
    def spoiled(self) -> int:
        """Blanks that were taken and did not become a card."""
        return self._inserted - self._made

    def load(self, blanks: int) -> None:
        """Put ``blanks`` cards into the feeder."""
        self._act(lambda: self._set(_blanks=self._blanks + blanks))

    def empty_feeder(self) -> None:
        """Take all blanks out."""
        self._act(lambda: self._set(_blanks=0))

    def change_ribbon(self, cards: int) -> None:
        """Put in a ribbon for ``cards`` cards; 0 is a ribbon at its end."""
        self._act(lambda: self._set(_ribbon=cards))

    def open_cover(self) -> None:
        """Open the cover; taking out a jammed card is part of closing it again."""
        self._act(lambda: self._set(_cover_open=True))

    def close_cover(self) -> None:
        """Close the cover; a card that was stuck has been taken out."""
        self._act(lambda: self._set(_cover_open=False, _jammed=False))

    def overheat(self) -> None:
        """Let the print head grow too hot."""
        self._act(lambda: self._set(_hot=True))

    def cool_down(self) -> None:
        """Let the print head cool."""
        self._act(lambda: self._set(_hot=False))

    def need_cleaning(self, due: bool = True) -> None:
        """Let the cleaning counter run out, or clean."""
        self._act(lambda: self._set(_cleaning_due=due))

    def unplug(self) -> None:
        """Pull the cable: the device file goes away at once."""
        self._act(self._unplug)

    def replug(self) -> None:
        """Put the cable back, after switching the printer off and on: what hung or was half done is over."""
        self._act(self._plug)

    # What can go wrong at one point of the next conversation.

    def jam_at(self, step: Step) -> None:
        """Let the card jam at ``step``."""
        self._act(lambda: self._trouble.update({step: self._jam}))

    def open_cover_at(self, step: Step) -> None:
        """Let somebody open the cover at ``step``."""
        self._act(lambda: self._trouble.update({step: self._open}))

    def unplug_at(self, step: Step) -> None:
        """Let the cable be pulled at ``step``."""
        self._act(lambda: self._trouble.update({step: self._unplug}))

    def fall_silent_at(self, step: Step) -> None:
        """Let the printer hang at ``step``, until it is switched off and on (replug)."""
        self._act(lambda: self._trouble.update({step: self._hang}))

    def spoil(self, spoil: Spoil) -> None:
        """Spoil the next answer to a command; several for one command strike one after another."""
        self._act(lambda: self._spoils.append(spoil))

    def close(self) -> None:
        """Switch off; may be called twice."""
        if not self._closing:
            self._act(self._stop)
            self._thread.join()
            os.close(self._bell)
            os.close(self._ring)

    def __enter__(self) -> "SimulatedPrinter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The thread.

    def _act(self, verb: Callable[[], object]) -> None:
        done: Future[None] = Future()
        self._verbs.put((lambda: _discard(verb()), done))
        os.write(self._ring, b"!")
        done.result()

    def _run(self) -> None:
        while not self._closing:
            master = [] if self._pty is None else [self._pty[0]]
            ready, _, _ = select.select([self._bell, *master], [], [], self._next_event())
            if self._bell in ready:
                os.read(self._bell, 1)
                verb, done = self._verbs.get()
                verb()
                done.set_result(None)
                continue
            if ready:
                self._hear(master[0])
            elif self._parser.inside_panel and not self._due:
                self._parser.drop()
                self._last = "ERROR TIME OUT"
            self._speak()

    def _next_event(self) -> float | None:
        if self._due:
            return max(self._due[0][0] - time.monotonic(), 0)
        return self._panel_silence if self._parser.inside_panel else None

    def _hear(self, master: int) -> None:
        data = os.read(master, 1 << 16)
        if self._silent:
            return
        for command in self._parser.feed(data):
            if self._silent or self._pty is None:
                return
            self._answer(command)

    def _speak(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            _, answer = self._due.pop(0)
            if self._pty is not None:
                # A host that does not read loses the answer, as it would on a line without flow control.
                with contextlib.suppress(BlockingIOError):
                    os.write(self._pty[0], answer)

    # The printer's own mind.

    def _answer(self, command: Command | Garbage) -> None:
        step, text, takes = self._perform(command)
        if step is not None and step in self._trouble:
            text = self._trouble.pop(step)()
        if text is None:
            return
        if not isinstance(command, Ask):
            self._last = text
        answer = encode_reply(text)
        spoil = next((spoil for spoil in self._spoils if spoil.at == step), None)
        if spoil is not None:
            self._spoils.remove(spoil)
            answer = spoil.stray + answer[: spoil.keep]
            takes += spoil.delay
        # What is printed first is answered first.
        begin = max([time.monotonic(), *(due for due, _ in self._due)])
        self._due.append((begin + takes, answer))

    def _perform(self, command: Command | Garbage) -> tuple[Step | None, str | None, float]:
        match command:
            case Ask():
                return command, self._tell(command), 0.0
            case Errors():
                self._errors = command
                return command, OK, 0.0
            case SetRibbon(panels):
                return None, OK if panels == RIBBON else "ERROR PARAMETRES", 0.0
            case Download():
                return command.panel, self._print_panel(command), self._pace
            case Do():
                return command, self._step(command), self._pace if command is Do.END else 0.0
            case Foreign():
                return None, "ERROR CDE", 0.0
            case Garbage():
                self._last = "ERROR CDE"  # the guide (§1): syntax errors are not reported
                return None, None, 0.0

    def _tell(self, question: Ask) -> str:
        match question:
            case Ask.MODEL:
                return "Simulated YMCKO"
            case Ask.SERIAL:
                return "SIM000001"
            case Ask.FIRMWARE:
                return "1.0"
            case Ask.LAST_ANSWER:
                return self._last
            case Ask.CLEANING:
                return "ERR NEED CLEANING" if self._last == OK and self._cleaning_due else self._last
            case Ask.RIBBON_MARK:
                return OK if self._ribbon else "ERROR RIBBON"
            case Ask.CARDS_LEFT:
                return str(self._ribbon)
            case Ask.CARDS_INSERTED:
                return str(self._inserted)
            case Ask.FEEDER:
                return ("0" if self._blanks else "3") if self._feeder_sensor else "OPT NOT AVAILABLE"

    def _condition(self) -> str | None:
        if self._cover_open:
            return "COVER OPEN"
        if self._jammed:
            return "CARD JAM"
        return "ERR HEAD TEMP" if self._hot else None

    def _step(self, step: Do) -> str | None:
        if step is Do.CLEAR_STATUS:
            return self._condition() or OK
        if step is Do.START:
            self._card = None
            if (condition := self._condition()) is not None:
                return self._fail(condition)
            self._card = _Card()
            return OK
        if self._card is None:
            return "ERROR CDE"
        if step is Do.END:
            return self._eject(self._card)
        self._card.side = step
        self._card.faces.setdefault(step, {})
        return OK

    def _print_panel(self, download: Download) -> str | None:
        card = self._card
        if card is None:
            return "ERROR CDE"
        if (condition := self._condition()) is not None:
            return self._fail(condition)
        if not card.inserted:
            if not self._ribbon:
                return self._fail("ERROR RIBBON")
            if not self._blanks:
                return self._fail("FEEDER EMPTY")
            self._set(_blanks=self._blanks - 1, _ribbon=self._ribbon - 1, _inserted=self._inserted + 1)
            card.inserted = True
        card.faces[card.side][download.panel] = download.levels, download.data
        return OK

    def _eject(self, card: _Card) -> str | None:
        if (condition := self._condition()) is not None:
            return self._fail(condition)
        self._card = None
        if not card.inserted:
            return OK
        number = 1 + max((int(path.stem[5:9]) for path in self._folder.glob("card-????.png")), default=0)
        for side, panels in card.faces.items():
            suffix = "" if side is Do.FRONT else "-back"
            image = Image.fromarray(combine(panels))
            image.save(self._folder / f"card-{number:04}{suffix}.png", dpi=(300, 300), compress_level=1)
        self._made += 1
        return OK

    def _fail(self, condition: str) -> str | None:
        self._card = None
        self._last = condition
        # Managing errors itself (Pem;0), the printer waits for a person and keeps the host waiting.
        return condition if self._errors is Errors.BY_HOST else None

    # Mishaps.

    def _jam(self) -> str | None:
        self._jammed = True
        return self._fail("CARD JAM")

    def _open(self) -> str | None:
        self._cover_open = True
        return self._fail("COVER OPEN")

    def _hang(self) -> None:
        self._silent = True

    def _unplug(self) -> None:
        self._link.unlink(missing_ok=True)
        if self._pty is not None:
            for fd in self._pty:
                os.close(fd)
        self._pty = None
        self._due.clear()
        self._parser.drop()
        self._card = None

    def _plug(self) -> None:
        self._unplug()
        master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        # Our own hold on the host's end: without it, reading fails for as long as no host has the file open.
        self._pty = master, slave
        self._link.symlink_to(os.ttyname(slave))
        self._silent = False

    def _stop(self) -> None:
        self._unplug()
        self._closing = True

    def _set(self, **changes: int) -> None:
        for name, value in changes.items():
            setattr(self, name, value)


def _discard(_: object) -> None:
    return None
