"""Where records stand, told to the stations that made them: signed by the centre, sealed to each station.

Each file tells what has changed since the one before. It also names the packets that the centre misses: it knows of
them by later ones, or it had them and was restored from a backup. A station sends again what it still has.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from kiosk.centre.authority import Authority
from kiosk.centre.intake import Intake
from kiosk.centre.outgoing import Outgoing, file_id
from kiosk.centre.registry import MOST_TOLD, Registry
from kiosk.record import canonical
from kiosk.record.header import Header, Kind
from kiosk.record.keys import CENTRE
from kiosk.record.seal import seal


class Bulletins:
    """Makes a states file for a station whenever there is something to tell."""

    def __init__(
        self,
        authority: Authority,
        registry: Registry,
        intake: Intake,
        outgoing: Outgoing,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._authority, self._registry, self._intake = authority, registry, intake
        self._outgoing, self._clock = outgoing, clock
        self._one_at_a_time = threading.Lock()
        self._counted: dict[str, tuple[int, tuple[int, ...]]] = {}

    def publish(self, station: str) -> int | None:
        """Tell ``station`` what it has not been told; the number of the file, None when there is nothing to tell.

        Should the centre stop in between, the same is told once more.

        Raises:
            UnknownStation: not known, or revoked.
        """
        with self._one_at_a_time:
            # Read before the books are: a receipt given meanwhile is younger than the word that the packet is missing.
            made = int(self._clock().timestamp())
            changed = self._registry.untold(station)
            missing = self._missing(station)
            if not changed and missing == self._registry.missing_told(station):
                return None
            body = canonical.encode(
                {
                    "states": [[each.packet, each.state.value, each.since] for each in changed],
                    "missing": list(missing),
                }
            )
            number = self._registry.next_number(Kind.STATES.value, station)
            header = Header(
                kind=Kind.STATES,
                sender=CENTRE,
                receiver=station,
                id=file_id(Kind.STATES, number),
                sequence=number,
                made=made,
            )
            sealing = self._authority.station(station).sealing
            blob = seal(body, header, (sealing,), self._authority.states).data
            self._outgoing.publish(station, Kind.STATES, number, blob)
            self._registry.told(station, changed, missing)
            return number

    def _missing(self, station: str) -> tuple[int, ...]:
        """The youngest first, counted anew only when something has changed, and once after each start."""
        stores = self._registry.stores(station)
        if self._counted.get(station, (None, ()))[0] != stores:
            never_came = self._registry.report(station).missing
            missing = sorted({*never_came, *self._intake.gone(station)}, reverse=True)
            self._counted[station] = stores, tuple(missing[:MOST_TOLD])
        return self._counted[station][1]
