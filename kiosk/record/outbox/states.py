"""Where the station's records stand, as the centre tells it: read strictly (PACKET.md, ``states``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kiosk.record import canonical
from kiosk.record.header import LATEST, Kind, Malformed, is_name
from kiosk.record.keypair import OpeningKey
from kiosk.record.resident import RecordState
from kiosk.record.roster import addressed
from kiosk.record.seal import Verifying, open_sealed

MOST = 100_000
"""Entries of one file: more packets than a station makes in years."""
_HIGHEST = 1 << 53


@dataclass(frozen=True, slots=True)
class States:
    """One file: ``made`` in Unix seconds by the centre's clock."""

    sequence: int
    made: int
    states: Sequence[tuple[str, RecordState, int]]
    """Packet, state, and since when (Unix seconds)."""
    missing: Sequence[int]
    """Sequences of packets that the centre knows of and has not got."""


def read_states(
    blob: bytes, *, station: str, verifying: Verifying, opening: Sequence[OpeningKey], now: datetime
) -> States:
    """Believe a states file for this station.

    Raises:
        Untrusted: by reason.
    """
    opened = open_sealed(blob, kind=Kind.STATES, verifying=verifying, opening=opening)
    addressed(opened.header, station=station, now=now)
    content = canonical.decode(opened.body)
    match content:
        case {"states": list() as states, "missing": list() as missing} if (
            len(content) == 2 and len(states) <= MOST and len(missing) <= MOST
        ):
            numbers = [_number(value) for value in missing]
            return States(opened.header.sequence, opened.header.made, [_state(row) for row in states], numbers)
    raise Malformed("the states file is not built as it should be")


def _state(row: Any) -> tuple[str, RecordState, int]:
    match row:
        case [packet_id, str() as state, since] if is_name(packet_id):
            try:
                return packet_id, RecordState(state), _number(since, below=LATEST)
            except ValueError:
                raise Malformed("the states file has a state this software does not know") from None
    raise Malformed("a row of the states file is not built as it should be")


def _number(value: Any, *, below: int = _HIGHEST) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < below:
        raise Malformed("a number in the states file cannot be right")
    return value
