"""The crew member at the card printer: intent on disk before the printer hears of it, verdict before anybody else."""

import logging
from collections.abc import Callable

from drivers.errors import DeviceError
from drivers.printer import CardImage, CardPrinter, Fault, Jammed, Printed, Refused, Status, Unknown, Verdict
from kiosk.journey.effects import PrintCard
from kiosk.journey.events import CardNotPrinted, CardPrinted, Event, PrintProgress
from kiosk.journey.steps import Refusal
from kiosk.record.card_face import CardFace, Typeface, Unprintable, card_face
from kiosk.record.ledger import Outcome
from kiosk.record.order import CardOrder
from kiosk.record.telemetry import Occasion
from kiosk.station.crew.clerk import Clerk
from kiosk.station.worker import Worker

log = logging.getLogger(__name__)

STATUS = 3.0
"""Seconds for the printer to say how it is."""
CARD = 240.0
"""Seconds for one card: heating up, five panels and the flipper, with a margin of two."""

NOTHING_TO_SEE_TO = frozenset({Fault.CLEANING_DUE})
"""What the printer asks for, but still prints with."""


class Printing:
    """Performs PrintCard; knows how the printer is."""

    def __init__(
        self,
        worker: Worker[CardPrinter],
        clerk: Clerk,
        tell: Callable[[Event], None],
        occur: Callable[[Occasion], None],
        *,
        typeface: Typeface,
    ) -> None:
        self.status: Status | None = None
        self._worker, self._clerk, self._tell, self._occur, self._typeface = worker, clerk, tell, occur, typeface

    @property
    def refusal(self) -> Refusal | None:
        """Why no card can be printed now, as far as is known; None when one can."""
        status = self.status
        if self._worker.trouble is not None or status is None:
            return Refusal.PRINTER_NOT_READY
        if Fault.FEEDER_EMPTY in status.faults:
            return Refusal.BLANKS_OUT
        return Refusal.PRINTER_NOT_READY if set(status.faults) - NOTHING_TO_SEE_TO else None

    def look(self, printer: CardPrinter) -> None:
        """The printer's probe: remember how it is."""
        self.status = printer.status(within=STATUS)

    def print(self, effect: PrintCard) -> None:
        """Write the intent down, then print."""
        self._clerk.intend(effect, lambda order: self._intended(effect, order))

    def _intended(self, effect: PrintCard, order: CardOrder | Refusal) -> None:
        if isinstance(order, Refusal):
            self._tell(CardNotPrinted(effect.visit, order))
            return
        try:
            card = CardImage(card_face(CardFace.of(order), typeface=self._typeface))
        except Unprintable as error:
            log.error("print: %s", error)
            self._verdict(effect, Refused(Fault.OTHER))
            return
        self._worker.ask(
            lambda printer: self._print(printer, effect, card),
            within=CARD,
            dropped=lambda: self._verdict(effect, Refused(Fault.OTHER)),
        )

    def _print(self, printer: CardPrinter, effect: PrintCard, card: CardImage) -> None:
        try:
            verdict = printer.print(
                card, within=CARD, progress=lambda share: self._tell(PrintProgress(effect.visit, share))
            )
        except DeviceError:
            # Ill before a card was taken, as the seam promises: no blank was used.
            self._verdict(effect, Refused(Fault.OTHER))
            raise
        self._verdict(effect, verdict)
        self.look(printer)

    def _verdict(self, effect: PrintCard, verdict: Verdict) -> None:
        log.info("print: %s", type(verdict).__name__)
        event: Event = CardPrinted(effect.visit)
        occasion: Occasion | None = None
        match verdict:
            case Printed():
                outcome, occasion = Outcome.PRINTED, Occasion.CARD_PRINTED
            case Refused():
                outcome = Outcome.REFUSED
                event = CardNotPrinted(effect.visit, Refusal.PRINTER_NOT_READY)
            case Jammed():
                outcome, occasion = Outcome.SPOILED, Occasion.CARD_SPOILED
                event = CardNotPrinted(effect.visit, Refusal.CARD_SPOILED)
            case Unknown():
                outcome, occasion = Outcome.UNKNOWN, Occasion.CARD_UNKNOWN
                event = CardNotPrinted(effect.visit, Refusal.CARD_UNKNOWN)

        def then(written: bool) -> None:
            if not written:
                self._occur(Occasion.CARD_UNKNOWN)
                self._tell(CardNotPrinted(effect.visit, Refusal.CARD_UNKNOWN))
                return
            if occasion is not None:
                self._occur(occasion)
            self._tell(event)

        self._clerk.outcome(effect, outcome, then)
