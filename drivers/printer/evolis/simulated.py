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
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PIL import Image

from drivers.printer.evolis.codec import Ask, Command, CommandParser, Do, Download, Errors, Garbage, Panel, encode_reply
from drivers.printer.evolis.mechanism import Mechanism, Panels
from drivers.printer.evolis.panels import combine

Step = Ask | Do | Errors | Panel
"""Where in the conversation a fault strikes: at a command, or at the end of a panel."""

TICK = 0.01
"""Seconds of what a slow cable carries that are taken at once."""
STUCK = 10.0
"""Seconds after which a verb gives up waiting for a printer whose thread has died."""


@dataclass(frozen=True, slots=True)
class Spoil:
    """What happens to an answer: ``stray`` bytes before it, all but ``keep`` bytes lost, ``delay`` seconds late."""

    at: Step
    stray: bytes = b""
    keep: int | None = None
    delay: float = 0.0


class SimulatedPrinter:
    """A printer whose device file is ``link``; cards land in ``cards`` as ``card-0001.png`` (``…-back.png``).

    ``pace`` is the seconds that each panel takes to print, ``blanks`` the cards in the feeder, ``ribbon`` the faces
    that its ribbon still prints, ``feeder_sensor`` whether the model can tell of an empty feeder before it picks a
    card, ``panel_silence`` the seconds of silence after which it gives up a half-received panel, ``speed`` the bytes a
    second that its cable carries (115200 baud: 11520), as fast as it can if not given.
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
        speed: float | None = None,
    ) -> None:
        self._link = link
        self._folder = cards
        self._pace = pace
        self._panel_silence = panel_silence
        self._speed = speed
        self._inside = Mechanism(self._lay_down, blanks, ribbon, feeder_sensor)
        self._before: dict[Step, Callable[[], None]] = {}
        self._after: dict[Step, Callable[[], None]] = {}
        self._spoils: list[Spoil] = []
        self._parser = CommandParser()
        self._due: list[tuple[float, bytes]] = []
        self._silent = False
        self._pty: tuple[int, int] | None = None
        self._verbs: queue.SimpleQueue[tuple[Callable[[], None], Future[None]]] = queue.SimpleQueue()
        self._bell, self._ring = os.pipe()
        self._closing = False
        cards.mkdir(parents=True, exist_ok=True)
        link.parent.mkdir(parents=True, exist_ok=True)
        self._plug()
        self._thread = threading.Thread(target=self._run, name="simulated-printer", daemon=True)
        self._thread.start()

    # What a person before it can see and do.

    @property
    def port(self) -> str:
        """The device file for EvolisPrinter."""
        return str(self._link)

    @property
    def blanks(self) -> int:
        """Cards left in the feeder."""
        return self._inside.blanks

    @property
    def ribbon(self) -> int:
        """Faces that the ribbon still prints."""
        return self._inside.ribbon

    @property
    def made(self) -> int:
        """Cards laid into the output so far."""
        return self._inside.made

    @property
    def spoiled(self) -> int:
        """Blanks that were taken and did not become a card."""
        return self._inside.inserted - self._inside.made

    @property
    def rejected(self) -> int:
        """Cards in the reject box."""
        return self._inside.rejected

    def load(self, blanks: int) -> None:
        """Put ``blanks`` more cards into the feeder."""
        self._act(lambda: self._set(blanks=self._inside.blanks + blanks))

    def empty_feeder(self) -> None:
        """Take all blanks out."""
        self._act(lambda: self._set(blanks=0))

    def change_ribbon(self, faces: int) -> None:
        """Put in a ribbon for ``faces`` faces; 0 is a ribbon at its end."""
        self._act(lambda: self._set(ribbon=faces))

    def open_cover(self) -> None:
        """Open the cover."""
        self._act(lambda: self._set(cover_open=True))

    def close_cover(self) -> None:
        """Close the cover; a card that was stuck has been taken out."""
        self._act(self._inside.close_cover)

    def overheat(self) -> None:
        """Let the print head grow too hot."""
        self._act(lambda: self._set(hot=True))

    def cool_down(self) -> None:
        """Let the print head cool."""
        self._act(lambda: self._set(hot=False))

    def need_cleaning(self) -> None:
        """Let the cleaning counter run out."""
        self._act(lambda: self._set(cleaning_due=True))

    def clean(self) -> None:
        """Run a cleaning card through."""
        self._act(lambda: self._set(cleaning_due=False, cleanings=self._inside.cleanings + 1))

    def unplug(self) -> None:
        """Pull the cable: the device file goes away at once."""
        self._act(self._unplug)

    def fall_silent(self) -> None:
        """Hang at once, until switched off and on."""
        self._act(self._hang)

    def replug(self) -> None:
        """Switch off and on with the cable in: what hung or was half done is over."""
        self._act(self._plug)

    # What goes wrong at a step of the next conversation.

    def jam_at(self, step: Step) -> None:
        """Let the card get stuck at ``step``."""
        self._act(lambda: self._before.update({step: self._inside.jam}))

    def open_cover_at(self, step: Step) -> None:
        """Let somebody open the cover at ``step``."""
        self._act(lambda: self._before.update({step: lambda: self._set(cover_open=True)}))

    def overheat_at(self, step: Step) -> None:
        """Let the print head grow too hot at ``step``."""
        self._act(lambda: self._before.update({step: lambda: self._set(hot=True)}))

    def unplug_at(self, step: Step) -> None:
        """Let the cable be pulled once ``step`` is done, before it is answered."""
        self._act(lambda: self._after.update({step: self._unplug}))

    def fall_silent_at(self, step: Step) -> None:
        """Let the printer hang once ``step`` is done, before it is answered, until it is switched off and on."""
        self._act(lambda: self._after.update({step: self._hang}))

    def spoil(self, spoil: Spoil) -> None:
        """Spoil the next answer to one step; several for one step strike one after another."""
        self._act(lambda: self._spoils.append(spoil))

    def close(self) -> None:
        """Switch off for good; may be called twice."""
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

    def _act(self, verb: Callable[[], None]) -> None:
        done: Future[None] = Future()
        self._verbs.put((verb, done))
        os.write(self._ring, b"!")
        done.result(timeout=STUCK)

    def _run(self) -> None:
        while not self._closing:
            # A printer that hangs takes nothing more off the cable, so that its host cannot write on for ever.
            master = None if self._pty is None or self._silent else self._pty[0]
            sources = [self._bell] if master is None else [self._bell, master]
            ready, _, _ = select.select(sources, [], [], self._next_event())
            if self._bell in ready:
                os.read(self._bell, 1)
                verb, done = self._verbs.get()
                verb()
                done.set_result(None)  # a verb that fails is a bug: the thread dies of it, loudly
                continue
            if master is not None and master in ready:
                self._hear(master)
            elif self._parser.inside_panel and not self._due:
                self._parser.drop()
                self._inside.time_out()
            self._speak()

    def _next_event(self) -> float | None:
        if self._due:
            return max(self._due[0][0] - time.monotonic(), 0)
        return self._panel_silence if self._parser.inside_panel else None

    def _hear(self, master: int) -> None:
        most = 1 << 16 if self._speed is None else max(int(self._speed * TICK), 1)
        heard = os.read(master, most)
        if self._speed is not None:
            time.sleep(len(heard) / self._speed)  # the host waits meanwhile, when the kernel's buffer is full
        commands = self._parser.feed(heard)
        for command in commands:
            if self._silent or self._pty is None:
                self._parser.drop()
                return
            self._answer(command)

    def _answer(self, command: Command | Garbage) -> None:
        step = _step_of(command)
        if step in self._before:
            self._before.pop(step)()
        text = self._inside.perform(command)
        if step in self._after:
            self._after.pop(step)()
            return
        if text is None:
            return
        answer, takes = encode_reply(text), self._pace if step is Do.END or isinstance(step, Panel) else 0.0
        spoil = next((spoil for spoil in self._spoils if spoil.at == step), None)
        if spoil is not None:
            self._spoils.remove(spoil)
            answer = spoil.stray + answer[: spoil.keep]
            takes += spoil.delay
        begin = max([time.monotonic(), *(due for due, _ in self._due)])
        self._due.append((begin + takes, answer))

    def _speak(self) -> None:
        while self._pty is not None and self._due and self._due[0][0] <= time.monotonic():
            _, answer = self._due.pop(0)
            # A host that does not read loses the answer, as it would on a line without flow control.
            with contextlib.suppress(BlockingIOError):
                os.write(self._pty[0], answer)

    def _lay_down(self, faces: Mapping[Do, Panels]) -> None:
        number = 1 + max((int(path.stem[5:9]) for path in self._folder.glob("card-????.png")), default=0)
        for side, panels in faces.items():
            suffix = "-back" if side is Do.BACK else ""
            path = self._folder / f"card-{number:04}{suffix}.png"
            Image.fromarray(combine(panels)).save(path, dpi=(300, 300), compress_level=1)

    def _set(self, **state: int) -> None:
        for name, value in state.items():
            setattr(self._inside, name, value)

    def _hang(self) -> None:
        self._silent = True

    def _unplug(self) -> None:
        self._link.unlink(missing_ok=True)
        if self._pty is not None:
            for descriptor in self._pty:
                os.close(descriptor)
        self._pty = None
        self._due.clear()
        self._parser.drop()
        self._inside.lose_power()

    def _plug(self) -> None:
        self._unplug()
        # The host's end is held here too: without that, reading fails for as long as no host has the file open.
        master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._pty = master, slave
        self._silent = False
        self._link.symlink_to(os.ttyname(slave))

    def _stop(self) -> None:
        self._unplug()
        self._closing = True


def _step_of(command: Command | Garbage) -> Step | None:
    if isinstance(command, Download):
        return command.panel
    return command if isinstance(command, Ask | Do | Errors) else None
