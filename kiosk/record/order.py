"""One card the centre ordered to be printed here: what stands on it, and the fingers that may collect it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kiosk.journey.fingers import Finger
from kiosk.record import canonical
from kiosk.record.header import Malformed
from kiosk.record.resident import Resident, WrongRow, from_row, read_day, to_row


@dataclass(frozen=True, slots=True)
class FingerTemplate:
    """A template as a reader of ``family`` made it; only such a reader can compare with it."""

    finger: Finger
    family: str
    template: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardOrder:
    """The card's data, photo (JPEG), signature (PNG, empty for who cannot sign) and the index fingers' templates, right
    before left."""

    order_id: str
    resident: Resident = field(repr=False)
    photo: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    issued_place: str = field(repr=False)
    issued_on: date = field(repr=False)
    templates: tuple[FingerTemplate, ...] = field(repr=False)

    def template_for(self, finger: Finger, *, family: str) -> bytes | None:
        """The template this reader can compare; None when the order has none of its family."""
        return next((t.template for t in self.templates if t.finger is finger and t.family == family), None)

    def pack(self) -> bytes:
        """Write the order as deterministic CBOR."""
        return canonical.encode(
            {
                "resident": to_row(self.resident),
                "photo": self.photo,
                "signature": self.signature,
                "issued_place": self.issued_place,
                "issued_on": self.issued_on.isoformat(),
                "templates": [[int(t.finger), t.family, t.template] for t in self.templates],
            }
        )

    @classmethod
    def unpack(cls, order_id: str, body: bytes) -> "CardOrder":
        """Read what ``pack`` wrote.

        Raises:
            Malformed: the sentence names the place, never a value.
        """
        try:
            top: Any = canonical.decode(body)
            if not isinstance(top, dict) or top.keys() != _FIELDS or not isinstance(top["templates"], list):
                raise TypeError
            return cls(
                order_id=order_id,
                resident=from_row(top["resident"]),
                photo=_bytes(top["photo"]),
                signature=_bytes(top["signature"]),
                issued_place=_printable(top["issued_place"]),
                issued_on=read_day(top["issued_on"]),
                templates=tuple(
                    FingerTemplate(_finger(f), _text(family), _bytes(t)) for f, family, t in top["templates"]
                ),
            )
        except WrongRow as error:
            raise Malformed(f"the order's resident: {error}") from None
        except (canonical.NotCanonical, KeyError, TypeError, ValueError) as error:
            raise Malformed(f"the order is not built as it should be ({type(error).__name__})") from None


_FIELDS = {"resident", "photo", "signature", "issued_place", "issued_on", "templates"}


def _finger(value: Any) -> Finger:
    if type(value) is not int:
        raise TypeError
    return Finger(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _printable(value: Any) -> str:
    if not _text(value).isprintable():
        raise ValueError
    return _text(value)


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError
    return value
