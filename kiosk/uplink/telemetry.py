"""What the world is told of the station, over MQTT 5: state, info, health, throughput, events.

Retained figures are sent at every birth and when they change, only the newest of each. Roll-ups and events wait in
uplink.db until the broker has acknowledged them, and go out marked historical when an outage lay between.
"""

import logging
import time
from collections.abc import Callable
from threading import Event as Flag

from kiosk.record import telemetry as record
from kiosk.record.exchange import Exchange, complete_files
from kiosk.record.telemetry import Health, LinkTrouble, StationState, Unreadable
from kiosk.uplink import messages
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.messages import (
    CentreLink,
    EventMessage,
    HealthMessage,
    InfoMessage,
    RollUpMessage,
    StateMessage,
    ThroughputMessage,
    Why,
    moment,
)
from kiosk.uplink.mqtt import BrokerDown, Connection, Message
from kiosk.uplink.queue import Watched
from kiosk.uplink.settings import UplinkSettings
from kiosk.uplink.store import Queued, Store
from kiosk.uplink.tally import ROLL_UP_KIND, Tally

log = logging.getLogger(__name__)

EVENT_KIND = "event"
MOST_QUEUED = 20_000
"""About 10 MB of telemetry: two months of roll-ups. Beyond, the oldest go, and the loss is counted and told."""
LEAST_SECONDS_BETWEEN_COUNTERS = 5.0
TICK = 1.0


class Telemetry:
    """One thread calls ``run``. ``clock`` gives monotonic seconds, ``wall`` Unix seconds."""

    def __init__(
        self,
        settings: UplinkSettings,
        store: Store,
        *,
        certificate_days: Callable[[], int | None],
        centre: Callable[[], CentreLink],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        tick: float = TICK,
    ) -> None:
        self._settings, self._store = settings, store
        self._exchange = Exchange(settings.root)
        self._certificate_days, self._centre = certificate_days, centre
        self._clock, self._wall, self._tick = clock, wall, tick
        self._tally = Tally(store, now=wall())
        self._events = Watched(self._exchange.events)
        self._backoff = Backoff(settings.retry_first_seconds, settings.retry_longest_seconds)
        self._retry_at = 0.0
        self._connection: Connection | None = None
        self._birth = 0

        self._health: Health | None = None
        self._beat_at = clock()
        self._cut_at = clock() + settings.rollup_seconds
        self._counters_news = False
        self._told_health: Health | None = None
        self._told_centre = CentreLink()
        self._told_state: StationState | None = None
        self._told_info: InfoMessage | None = None
        self._health_at = self._state_at = self._counters_at = 0.0

        self._fresh: dict[str, Message] = {}
        self._sent: dict[int, Queued | None] = {}
        self._sent_row = 0

        self.beat = clock()
        """When the loop last went round: monotonic seconds, for the watchdog."""
        self.connected = False
        self.trouble: LinkTrouble | None = None
        self.events_seen = store.counter("events seen")
        self.dropped = store.counter("dropped")

    def run(self, stop: Flag) -> None:
        """Observe and publish until ``stop``, then say farewell."""
        try:
            self._work_until(stop)
        except BaseException:
            # Without a farewell, the broker tells that the station was lost, unless the next one comes soon.
            if self._connection is not None:
                self._connection.drop()
            raise
        if self._connection is not None:
            self._connection.close(self._state(StationState.OFFLINE, Why.STOPPED), within=3.0)
            self.connected = False

    def _work_until(self, stop: Flag) -> None:
        while not stop.is_set():
            self.beat = self._clock()
            ends = self.beat + self._tick
            self.observe()
            self._connect()
            self._offer()
            while (left := ends - self._clock()) > 0 and not stop.is_set():
                if self._connection is None:
                    stop.wait(left)
                else:
                    self._work(self._connection, left)

    # What there is to tell ----------------------------------------------------------------------------------------

    def observe(self) -> None:
        """Read what the kiosk process has left, and keep what must arrive."""
        now = self._wall()
        try:
            snapshot = record.read(self._exchange.health)
        except Unreadable as unreadable:
            log.debug("%s", unreadable)
        else:
            if self._health is None or snapshot.health.beat != self._health.beat:
                self._beat_at = self._clock()
            self._health = snapshot.health
            self._counters_news |= self._tally.observe(snapshot.throughput, now=now)
        if self._clock() >= self._cut_at:
            self._cut_at = self._clock() + self._settings.rollup_seconds
            self._tally.cut(now=now, birth=self._current)
        if self._events.changed():
            self._take_events()
        dropped = self._store.trim(MOST_QUEUED)
        if dropped:
            self.dropped = self._store.count("dropped", dropped)
            log.warning("%d telemetry messages dropped: the queue is full", dropped)

    @property
    def _current(self) -> int:
        return self._birth if self._connection is not None else 0

    def _take_events(self) -> None:
        for path in complete_files(self._exchange.events, ".json"):
            if not path.stem.isdigit() or int(path.stem) <= self.events_seen:
                continue
            try:
                event = record.read_event(path)
            except Unreadable as unreadable:
                log.warning("event %s left out: %s", path.stem, unreadable)
                continue
            with self._store.together():
                self._store.enqueue(EVENT_KIND, messages.EVENT.encode(event), birth=self._current)
                self._store.set_counter("events seen", event.number)
            self.events_seen = event.number

    def _now_state(self) -> StationState:
        if self._health is None or self._clock() - self._beat_at > self._settings.silent_seconds:
            return StationState.SILENT
        return self._health.state

    def _offer(self) -> None:
        """Put what changed, or is due again, into the hands of the connection."""
        if self._connection is None:
            return
        clock, at, state = self._clock(), moment(self._wall()), self._now_state()
        if state is not self._told_state or clock - self._state_at >= self._settings.health_seconds:
            # Told again and again: an earlier will that comes late must not stand for ever.
            self._told_state, self._state_at = state, clock
            self._fresh["state"] = self._state(state, None)
        info = self._info(at)
        if self._told_info is None or _timeless(info) != _timeless(self._told_info):
            self._told_info = info
            self._fresh["info"] = self._message("info", messages.INFO.encode(info), retain=True)
        health = self._health
        if health is not None and state is not StationState.SILENT:
            centre = self._centre()
            due = clock - self._health_at >= self._settings.health_seconds
            news = self._told_health is None or health.differs(self._told_health) or centre.differs(self._told_centre)
            if due or news:
                self._told_health, self._told_centre, self._health_at = health, centre, clock
                body = messages.HEALTH.encode(HealthMessage(self._birth, at, health, centre))
                self._fresh["health"] = self._message(
                    "health", body, retain=True, expires=messages.HEALTH_EXPIRES_SECONDS
                )
        last, today = self._tally.last, self._tally.today
        rested = clock - self._counters_at >= LEAST_SECONDS_BETWEEN_COUNTERS
        if self._counters_news and rested and last is not None and today is not None:
            self._counters_news, self._counters_at = False, clock
            body = messages.THROUGHPUT.encode(ThroughputMessage(self._birth, at, last, today))
            self._fresh["throughput"] = self._message("throughput", body, retain=True)

    def _info(self, at: str) -> InfoMessage:
        return InfoMessage(
            birth=self._birth,
            at=at,
            software=self._health.software if self._health else None,
            key_ids=self._health.key_ids if self._health else (),
            certificate_days=self._certificate_days(),
            telemetry_dropped=self.dropped,
        )

    def _state(self, state: StationState, why: Why | None) -> Message:
        message = StateMessage(state, self._birth, None if why is Why.LOST else moment(self._wall()), why)
        return self._message("state", messages.STATE.encode(message), retain=True)

    def _message(self, leaf: str, body: bytes, *, retain: bool = False, expires: int | None = None) -> Message:
        topic = messages.topic(self._settings.province, self._settings.station, leaf)
        return Message(topic, body, retain=retain, expires_seconds=expires)

    # How it gets there --------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        if self._connection is not None or self._clock() < self._retry_at:
            return
        self._birth = self._store.count("birth")
        will = self._state(StationState.OFFLINE, Why.LOST)
        try:
            self._connection = Connection(self._settings.broker, station=self._settings.station, will=will)
        except BrokerDown as down:
            self._lost(down)
            return
        log.info("broker connected, birth %d", self._birth)
        self.connected, self.trouble = True, None
        self._sent, self._sent_row, self._fresh = {}, 0, {}
        self._told_state = self._told_health = self._told_info = None
        self._counters_news, self._counters_at = True, self._clock() - LEAST_SECONDS_BETWEEN_COUNTERS

    def _lost(self, down: BrokerDown) -> None:
        if self._connection is not None:
            self._connection.drop()
        self._connection, self.connected, self.trouble = None, False, down.trouble
        wait = self._backoff.next()
        self._retry_at = self._clock() + wait
        log.info("%s; trying again in %.0f s", down, wait)

    def _work(self, connection: Connection, within: float) -> None:
        try:
            self._send(connection)
            connection.turn(within=within)
            self._settle(connection)
        except BrokerDown as down:
            self._lost(down)

    def _send(self, connection: Connection) -> None:
        while self._fresh and connection.has_room:
            leaf = next(iter(self._fresh))
            self._sent[connection.publish(self._fresh.pop(leaf))] = None
        while connection.has_room and (rows := self._store.queued(after=self._sent_row, most=1)):
            row = rows[0]
            self._sent[connection.publish(self._queued_message(row))] = row
            self._sent_row = row.row

    def _queued_message(self, row: Queued) -> Message:
        historical = row.birth != self._birth
        if row.kind == ROLL_UP_KIND:
            rollup = messages.ROLL_UP.decode(row.body)
            return self._message(ROLL_UP_KIND, messages.ROLL_UP_MESSAGE.encode(RollUpMessage(historical, rollup)))
        event = messages.EVENT.decode(row.body)
        return self._message(EVENT_KIND, messages.EVENT_MESSAGE.encode(EventMessage(historical, event)))

    def _settle(self, connection: Connection) -> None:
        arrived = []
        for number, taken in connection.settled():
            row = self._sent.pop(number, None)
            if not taken:
                raise BrokerDown(LinkTrouble.REFUSED, "broker does not let the station publish: check its ACL")
            self._backoff.reset()
            if row is not None:
                arrived.append(row.row)
        if arrived:
            self._store.arrived(arrived)


def _timeless(info: InfoMessage) -> tuple[object, ...]:
    return (info.birth, info.software, info.key_ids, info.certificate_days, info.telemetry_dropped)
