"""Print orders out: the card of a resident just recorded, signed by the centre and sealed to its station."""

from datetime import datetime, timedelta

from kiosk.centre.authority import Authority
from kiosk.centre.opening import open_packet
from kiosk.centre.outgoing import Outgoing, file_id
from kiosk.centre.registry import Registry
from kiosk.journey.fingers import RECHECKED
from kiosk.record.header import Header, Kind
from kiosk.record.keys import CENTRE
from kiosk.record.order import CardOrder, FingerTemplate
from kiosk.record.packet import Recording
from kiosk.record.resident import RecordState, Resident
from kiosk.record.seal import seal

CARD_AGE = 17
"""Years from which the card is printed, or for those who are or were married (UU 24/2013 art. 63)."""
VALID_DAYS = 90
HAS_CARD = frozenset(
    {
        RecordState.SENT_FOR_CARD_PRINTING,
        RecordState.CARD_PRINTED,
        RecordState.CARD_SHIPPED,
        RecordState.CARD_ISSUED,
    }
)
"""States in which a card exists or is about to: a second order would make a second card."""


class NotOrdered(Exception):
    """No card can be ordered for this packet; the sentence says why."""


class Orders:
    """Makes each packet's order once, and publishes it to the station that recorded."""

    def __init__(
        self, authority: Authority, registry: Registry, outgoing: Outgoing, *, card_age: int = CARD_AGE
    ) -> None:
        self._card_age = card_age
        self._authority = authority
        self._registry = registry
        self._outgoing = outgoing

    def order_for_packet(self, packet: bytes, *, now: datetime, replacing: bool = False) -> tuple[str, bytes]:
        """Order the card for a packet: the order's id, and the file, which the station can fetch from now on.

        Asked again, it answers with the same order. ``replacing`` makes a new one all the same: the card was lost or
        damaged after it was handed over, or the order's time ran out. A card spoiled in the printer needs none: the
        station prints its order again with another blank.

        The reference centre searches no duplicates: it calls every new record unique.

        Raises:
            Untrusted, Unreadable: the packet does not open.
            NotOrdered: unknown resident, too young, a duplicate, or a card was ordered already.
        """
        opened = open_packet(packet, self._authority)
        station = opened.header.sender
        if not replacing and (made := self._registry.order_of(station, opened.header.id)) is not None:
            blob = self._outgoing.read(station, Kind.ORDER, f"{made}.{Kind.ORDER.value}")
            if blob is not None:
                return made, blob
        resident = self._printable(opened.recording, now)
        if resident.state in HAS_CARD and not replacing:
            raise NotOrdered("This resident's card was ordered already; order another only to replace it.")
        number = self._registry.next_number(Kind.ORDER.value, station)
        order_id = file_id(Kind.ORDER, number)
        header = Header(
            kind=Kind.ORDER,
            sender=CENTRE,
            receiver=station,
            id=order_id,
            sequence=number,
            made=int(now.timestamp()),
            valid_until=int((now + timedelta(days=VALID_DAYS)).timestamp()),
        )
        order = _order(order_id, resident, opened.recording, now)
        sealing = self._authority.station(station).sealing
        blob = seal(order.pack(), header, (sealing,), self._authority.orders).data
        self._outgoing.publish(station, Kind.ORDER, number, blob)
        self._registry.put_order(station, opened.header.id, order_id)
        self._registry.set_state(resident.nik, RecordState.SENT_FOR_CARD_PRINTING)
        self._registry.put_state(
            station, opened.header.id, RecordState.SENT_FOR_CARD_PRINTING, since=int(now.timestamp())
        )
        return order_id, blob

    def _printable(self, recording: Recording, now: datetime) -> Resident:
        resident = self._registry.resident(recording.nik)
        if resident is None:
            raise NotOrdered("The centre does not know this resident.")
        if resident.state is RecordState.DUPLICATE_RECORD:
            raise NotOrdered("This record is a duplicate; it is never printed until the centre clears it.")
        if resident.age_on(now.date()) < self._card_age and not resident.married:
            raise NotOrdered(f"This resident is recorded, but gets the card only at {self._card_age}.")
        return resident


def _order(order_id: str, resident: Resident, recording: Recording, now: datetime) -> CardOrder:
    templates = tuple(
        FingerTemplate(finger, found.template_family, found.template)
        for finger in RECHECKED
        if (found := recording.template_of(finger)) is not None
    )
    return CardOrder(
        order_id=order_id,
        resident=resident,
        photo=recording.records.photo(),
        signature=recording.signature,
        issued_place=resident.regency.removeprefix("KABUPATEN "),
        issued_on=now.date(),
        templates=templates,
    )
