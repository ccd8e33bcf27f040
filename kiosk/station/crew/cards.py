"""The clerk's part in cards: which one may be printed, what came of it, and what an officer found."""

import logging
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime

from drivers.fingerprint import Template
from kiosk.journey.effects import FindOrder, PrintCard, SettleCard
from kiosk.journey.events import CardPrinted, Event, OrderFound, OrderInDoubt, OrderRefused
from kiosk.journey.fingers import RECHECKED, Finger
from kiosk.journey.steps import Card, Refusal
from kiosk.record.ledger import NotPrintable, OrderState, Outcome
from kiosk.record.order import CardOrder
from kiosk.record.telemetry import Occasion
from kiosk.station.crew.books import Books

log = logging.getLogger(__name__)

_FOUND = {Card.MADE: Outcome.PRINTED, Card.SPOILED: Outcome.SPOILED, Card.NONE: Outcome.REFUSED}
_SETTLED = {Outcome.PRINTED: Occasion.CARD_PRINTED, Outcome.SPOILED: Occasion.CARD_SPOILED}


class Cards:
    """Knows which prints are in doubt that could not be written down as such. All on the clerk's thread."""

    def __init__(self, occur: Callable[[Occasion], None], template_family: Callable[[], str]) -> None:
        self._occur, self._template_family = occur, template_family
        self._doubted: list[str] = []

    def found(self, books: Books, effect: FindOrder, printer: Refusal | None) -> Event:
        """Is there a card to be printed for this person? ``printer``: why not now, as far as the printer goes."""
        order = books.ledger.order_for(effect.nik, now=datetime.now(UTC))
        if order is None:
            return OrderRefused(effect.visit, Refusal.NO_ORDER)
        if books.ledger.state(order.order_id) is OrderState.INTENDED:
            return OrderInDoubt(effect.visit, order.order_id)
        if printer is not None:
            return OrderRefused(effect.visit, printer)
        family = self._template_family()
        fingers = tuple(finger for finger in RECHECKED if order.template_for(finger, family=family))
        return OrderFound(effect.visit, order.order_id, fingers)

    def settled(self, books: Books, effect: SettleCard, printer: Refusal | None) -> Event:
        """Write down what the officer found, and tell how it goes on; ``printer`` as for found."""
        # Settled already when the answer of an earlier touch was lost on the way: then only the way on is told again.
        if effect.order in books.ledger.uncertain():
            outcome = _FOUND[effect.found]
            books.ledger.settle(effect.order, outcome, officer=effect.officer, now=datetime.now(UTC))
            log.info("officer on a card in doubt: %s", outcome.value)
            if outcome in _SETTLED:
                self._occur(_SETTLED[outcome])
        if books.ledger.state(effect.order) is OrderState.PRINTED:
            return CardPrinted(effect.visit)
        found = self.found(books, FindOrder(effect.visit, effect.nik), printer)
        if effect.found is Card.SPOILED and isinstance(found, OrderRefused):
            # Why no card can be printed now matters less than that this one was spoiled, and by whom not.
            return OrderRefused(effect.visit, Refusal.CARD_SPOILED)
        return found

    def intended(self, books: Books, effect: PrintCard) -> CardOrder | Refusal:
        """Write down that this card is about to be printed. Only with the order the printer may hear of it."""
        self.look(books)
        if effect.order in self._doubted:
            return Refusal.NOT_NOW
        try:
            order = books.ledger.order(effect.order)
            books.ledger.intend(effect.order, now=datetime.now(UTC), by_finger=effect.by_finger, officer=effect.officer)
        except NotPrintable:
            return Refusal.CARD_UNKNOWN
        except (OSError, sqlite3.Error) as error:
            # The printer hears nothing. Should the intent be on disk after all, it is in doubt there.
            log.error("before a print: %s", type(error).__name__)
            self._doubted.append(effect.order)
            return Refusal.NOT_NOW
        return order or Refusal.CARD_UNKNOWN

    def outcome(self, books: Books, effect: PrintCard, outcome: Outcome) -> bool:
        """Write down what came of it; whether it could be. If not it is in doubt, as after a power cut."""
        try:
            books.ledger.outcome(effect.order, outcome, now=datetime.now(UTC))
        except (OSError, sqlite3.Error) as error:
            log.error("what came of a print: %s", type(error).__name__)
            self._doubted.append(effect.order)
            return False
        return True

    def look(self, books: Books) -> None:
        """Prints whose outcome could not be written are unknown, as soon as that much can be."""
        while self._doubted:
            try:
                books.ledger.outcome(self._doubted[-1], Outcome.UNKNOWN, now=datetime.now(UTC))
            except NotPrintable:  # the disk did not take the intent
                pass
            except (OSError, sqlite3.Error):
                return
            self._doubted.pop()

    def template(self, books: Books, order_id: str, finger: Finger) -> Template | None:
        """Give the order's template for this finger, where it has one that the reader here can compare."""
        order = books.ledger.order(order_id)
        family = self._template_family()
        data = None if order is None else order.template_for(finger, family=family)
        return None if data is None else Template(family, data)
