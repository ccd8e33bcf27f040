"""The inside of the simulated card printer: feeder, ribbon, head, one card in hand. Commands in, answers out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from drivers.printer.evolis.codec import (
    OK,
    RIBBON,
    Ask,
    Command,
    Do,
    Download,
    Errors,
    Foreign,
    Garbage,
    Panel,
    SetRibbon,
)

Panels = dict[Panel, tuple[int, bytes]]
"""What was downloaded for one face: levels and data of each panel."""
Finish = Callable[[Mapping[Do, Panels]], None]
"""Called with the panels of each face (Do.FRONT, Do.BACK) when a card is laid into the output."""


@dataclass(slots=True)
class _Card:
    """The job in hand: what was downloaded for each face, and whether a blank has left the feeder for it."""

    faces: dict[Do, Panels] = field(default_factory=lambda: {Do.FRONT: {}})
    side: Do = Do.FRONT
    inserted: bool = False


@dataclass(slots=True)
class Mechanism:
    """A YMCKO printer. ``blanks`` lie in the feeder, ``ribbon`` is the number of faces it still prints."""

    finish: Finish
    blanks: int
    ribbon: int
    feeder_sensor: bool
    inserted: int = 0
    made: int = 0
    cover_open: bool = False
    hot: bool = False
    jammed: bool = False
    cleaning_due: bool = False
    cleanings: int = 0
    left_inside: bool = False
    """Whether a spoiled blank lies in the path, in the way of the next."""
    rejected: int = 0
    _errors: Errors = Errors.BY_PRINTER
    _last: str = OK
    _card: _Card | None = None

    def perform(self, command: Command | Garbage) -> str | None:
        """Do what a command says and return the answer; None where the printer keeps its host waiting."""
        if isinstance(command, Ask):
            return self._tell(command)
        answer = self._obey(command)
        if answer is not None:
            self._last = answer
        return answer

    def jam(self) -> None:
        """Let the card get stuck; one that was about to be taken is taken first."""
        if self._card is not None:
            self._take_blank(self._card)
        self.jammed = True

    def close_cover(self) -> None:
        """Close the cover; whoever had it open took out what was stuck."""
        self.cover_open = self.jammed = self.left_inside = False

    def lose_power(self) -> None:
        """Forget the job; a card in hand stays spoiled, and where it is."""
        self._drop_card()
        self._errors = Errors.BY_PRINTER
        self._last = OK

    def time_out(self) -> None:
        """Give up a panel that did not arrive whole."""
        self._drop_card()
        self._last = "ERROR TIME OUT"

    def _obey(self, command: Command | Garbage) -> str | None:
        match command:
            case Errors():
                self._errors = command
                return OK
            case SetRibbon(panels):
                return OK if panels == RIBBON else "ERROR PARAMETRES"
            case Download():
                return self._print_panel(command)
            case Do.CLEAR_STATUS:
                return self._condition() or OK
            case Do.REJECT:
                return self._reject()
            case Do.START:
                self._drop_card()
                self._card = _Card()
                return self._failed(self._condition())
            case Do():
                return self._step(command)
            case Foreign() | Ask():
                return "ERROR CDE"
            case Garbage():
                self._last = "ERROR CDE"
                return None  # the guide (§1): syntax errors are not reported

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
                return "ERR NEED CLEANING" if self._last == OK and self.cleaning_due else self._last
            case Ask.RIBBON_MARK:
                return OK if self.ribbon else "ERROR RIBBON"
            case Ask.CARDS_LEFT:
                return str(self.ribbon)
            case Ask.CARDS_INSERTED:
                return str(self.inserted)
            case Ask.CLEANINGS:
                return str(self.cleanings)
            case Ask.FEEDER:
                return ("0" if self.blanks else "3") if self.feeder_sensor else "OPT NOT AVAILABLE"

    def _condition(self) -> str | None:
        if self.cover_open:
            return "COVER OPEN"
        if self.jammed:
            return "CARD JAM"
        return "ERR HEAD TEMP" if self.hot else None

    def _step(self, step: Do) -> str | None:
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
        condition = self._condition()
        if condition is None and download.panel is Panel.YELLOW:
            condition = self._begin_face(card)
        if condition is None:
            card.faces[card.side][download.panel] = download.levels, download.data
        return self._failed(condition)

    def _begin_face(self, card: _Card) -> str | None:
        if self.left_inside:
            self.jammed = True
            return "CARD JAM"
        if not self.ribbon:
            return "ERROR RIBBON"
        if not self.blanks and not card.inserted:
            return "FEEDER EMPTY"
        self._take_blank(card)
        self.ribbon -= 1
        return None

    def _take_blank(self, card: _Card) -> None:
        if not card.inserted:
            card.inserted = True
            self.blanks -= 1
            self.inserted += 1

    def _eject(self, card: _Card) -> str | None:
        condition = self._condition()
        if condition is None and card.inserted:
            self.finish(card.faces)
            self.made += 1
            self._card = None
        return self._failed(condition)

    def _reject(self) -> str:
        self._drop_card()
        condition = self._condition()
        if condition is not None:
            return condition
        if self.left_inside:
            self.left_inside = False
            self.rejected += 1
        return OK

    def _drop_card(self) -> None:
        if self._card is not None:
            self.left_inside = self.left_inside or self._card.inserted
        self._card = None

    def _failed(self, condition: str | None) -> str | None:
        if condition is None:
            return OK
        self._drop_card()
        self._last = condition
        # Managing errors itself (Pem;0), the printer waits for a person and keeps the host waiting.
        return condition if self._errors is Errors.BY_HOST else None
