"""Sealed packets to the centre, its receipts back: lowest number first, resumable, none blocks the rest.

Whatever the centre says, a packet stays until the kiosk process has believed a receipt. What is not as agreed costs
patience, for the packet and for the whole line, which only receipts that are believed give back.
"""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kiosk.record.exchange import Exchange, PacketName, sync_directory, write_durably
from kiosk.record.telemetry import LinkTrouble
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.centre import PIECE, Centre, Declined, LinkDown, StandsElsewhere
from kiosk.uplink.hours import OfficeHours
from kiosk.uplink.line import Stopped
from kiosk.uplink.pieces import Pieces
from kiosk.uplink.queue import Queue, Verdicts, Watched
from kiosk.uplink.reading import PacketFile, Spoiled
from kiosk.uplink.store import Store, Upload

log = logging.getLogger(__name__)

LOOKS = 1.0
"""Seconds between looks into the directories."""
FIRST_PUT_OFF = 60.0
LONGEST_PUT_OFF = 24 * 3600.0
"""A packet that the centre does not take is sent anew each time: on a metered line once a day is enough."""
_LONGEST_FOR_FAULTS = 600.0
_LONGEST_DOUBT = 3600.0
_TURN = 20.0
"""Seconds one packet may take before lists are asked for again."""
_IN_EARNEST = 3


class Delivery:
    """Brings the outbox to the centre. One thread calls ``step`` again and again.

    ``clock`` gives monotonic seconds, ``wall`` Unix seconds. Raises OSError where the exchange directories cannot be
    used, sqlite3.Error where uplink.db cannot.
    """

    def __init__(
        self,
        exchange: Exchange,
        centre: Centre,
        store: Store,
        *,
        link: Backoff,
        hours: OfficeHours,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._exchange, self._centre, self._store = exchange, centre, store
        self._hours, self._clock, self._wall = hours, clock, wall
        self._queue = Queue(exchange, store, clock=clock, wall=wall, longest=LONGEST_PUT_OFF)
        self._taken = Watched(exchange.taken)
        self._places = {
            "receipt": exchange.receipts,
            "order": exchange.orders,
            "roster": exchange.rosters,
            "states": exchange.states,
            "keys": exchange.keys,
        }
        self._pieces = Pieces(centre.line.pace.per_second)
        self._link, self._declines = link, Backoff(0.1, 2.0, link.spread)
        self._doubt = Backoff(link.first, _LONGEST_DOUBT, link.spread)
        self._disbelief = Backoff(link.first, _LONGEST_DOUBT, link.spread)
        self._under_way: PacketName | None = None
        self._upload = Upload(PacketName(0, ""))
        self._cut: tuple[PacketName, int] | None = None
        self._pause_until = self._look_at = 0.0
        self._answered = self._asking = self._lasting = False
        self.last_contact: int | None = None
        self.trouble: LinkTrouble | None = None
        self.waits_for_hours = False
        self.refused = store.declined()
        """How many packets the centre does not take."""
        self.beat = clock()
        """When this last got anywhere: monotonic seconds, for the watchdog."""

    def step(self) -> bool:
        """Look around, then try at most one packet; gives whether there may be more to do at once."""
        now = self.beat = self._clock()
        looks = now >= self._look_at
        if looks:
            self._look_at = now + LOOKS
            self._clean_up()
        if (looks and self._queue.is_stale()) or (self._queue.is_used_up and now >= self._pause_until):
            self._judge(self._queue.look(self._under_way))
        if now < self._pause_until:
            return False
        name = self._next()
        if name is None:
            return False
        self._answered = self._asking = False
        try:
            self._deliver(name)
        except Stopped:
            self._under_way = name
        except LinkDown as down:
            self._failed(down)
        except Declined as declined:
            self._declined(declined)
        except Spoiled as spoiled:
            log.error("packet %s cannot be read: %s; tried again later", name.packet_id, spoiled)
            self._put_off(self._upload)
        return True

    def _next(self) -> PacketName | None:
        in_doubt = max(self._doubt.failures, self._disbelief.failures) >= _IN_EARNEST
        name = self._under_way = self._under_way or self._queue.next(put_off_first=in_doubt)
        if name is None:
            self._hours.nothing_left()
            if not self._queue.count:
                self.trouble, self._lasting = None, False
            self.waits_for_hours = False
            return None
        self.waits_for_hours = self._hours.hold()
        # Receipts are small: they are asked for at any hour.
        return self._store.whole(self._wall()) if self.waits_for_hours else name

    def _clean_up(self) -> None:
        """Take away what the kiosk process has acknowledged."""
        if not self._taken.changed():
            return
        places, touched = self._places, set[Path]()
        with os.scandir(self._exchange.taken) as markers:
            for marker in markers:
                stem, _, suffix = marker.name.rpartition(".")
                place = places.get(suffix)
                if place is None or not (place / marker.name).exists():
                    continue
                (place / marker.name).unlink(missing_ok=True)
                touched.add(place)
                if place == self._exchange.receipts:
                    self._queue.acknowledged(stem)
        for place in touched:
            sync_directory(place)

    def _judge(self, verdicts: Verdicts) -> None:
        if verdicts.settled:
            if self._disbelief.failures >= _IN_EARNEST:
                self._store.hasten(now=self._wall())
            self._disbelief.reset()
            if self.trouble is LinkTrouble.NONSENSE:
                self.trouble = None
        for name in verdicts.refused:
            log.warning("the receipt of packet %s was not believed", name.packet_id)
            self._put_off(replace(self._store.upload(name) or Upload(name), declined=False))
        if verdicts.refused:
            self.trouble, self._lasting = LinkTrouble.NONSENSE, True
            self._pause(self._disbelief.next())
        self.refused = self._store.declined()

    # One packet -----------------------------------------------------------------------------------------------------

    def _deliver(self, name: PacketName) -> None:
        known = self._store.upload(name)
        self._upload = known or Upload(name)
        try:
            file = PacketFile(self._exchange.outbox / str(name))
        except FileNotFoundError:
            self._done(name)  # the kiosk process has it no more
            self._store.forget([name.packet_id])
            return
        with file:
            size = file.size
            self._place(size, found=known is not None)
            if not self._send(file):
                self._under_way = name
                return
        self._upload, self._asking = replace(self._upload, whole=True), True
        receipt = self._centre.receipt(name.packet_id)
        write_durably(self._exchange.receipts / f"{name.packet_id}.receipt", receipt)
        self._receipted(size, noted=known is not None or size > PIECE)

    def _place(self, size: int, *, found: bool) -> None:
        """Find or begin the upload; ``found``: it was tried before."""
        upload, centre = self._upload, self._centre
        offset = centre.offset(upload.url, size) if upload.url else None
        if upload.url is not None:
            self._heard()
        if upload.url is None or offset is None:
            url = centre.create(upload.name.packet_id, size)
            self._heard()
            upload = self._upload = replace(upload, url=url, reached=0, whole=False)
            if size > PIECE:
                self._store.note(upload)
            # A packet that was never tried begins at its beginning: one question less for each of thousands.
            offset = centre.offset(url, size) if found else 0
            if offset is None:
                raise LinkDown(LinkTrouble.NONSENSE)
        before, self._upload = upload.reached, replace(upload, reached=offset, whole=upload.whole and offset == size)
        if upload.whole and not self._upload.whole:
            self._store.note(self._upload)  # else, outside the hours, it would be asked for its receipt for ever
        if self._cut is not None and self._cut[0] == upload.name and offset <= self._cut[1]:
            self._pieces.lost()
        self._cut = None
        if offset < before:
            # It had more. Once is an accident, but a centre that forgets is not sent all of it again and again.
            raise LinkDown(LinkTrouble.NONSENSE)
        if offset > before:
            self._link.reset()

    def _send(self, file: PacketFile) -> bool:
        """Send what is missing; false where it has to go on another time."""
        ends, asked, size = self._clock() + _TURN, False, file.size
        while (offset := self._upload.reached) < size:
            if self._clock() >= ends or self._hours.hold():
                return False
            piece = file.piece(offset, self._pieces.size)
            try:
                reached = self._centre.append(self._upload.url or "", offset, piece)
            except StandsElsewhere:
                found = None if asked else self._centre.offset(self._upload.url or "", size)
                if found is None:
                    self._upload = replace(self._upload, url=None, reached=0)
                    raise LinkDown(LinkTrouble.NONSENSE) from None
                asked, reached = True, found
            except LinkDown as down:
                self._cut = (self._upload.name, size if down.trouble is LinkTrouble.TIMEOUT else offset)
                raise
            else:
                self._pieces.passed()
                self._link.reset()
            self._heard()
            self._upload = replace(self._upload, reached=reached)
        return True

    # How it went ----------------------------------------------------------------------------------------------------

    def _receipted(self, size: int, *, noted: bool) -> None:
        upload = self._upload
        self._heard()
        if self._doubt.failures >= _IN_EARNEST:
            self._store.hasten(now=self._wall())
        for patience in (self._link, self._doubt, self._declines):
            patience.reset()
        if not self._disbelief.failures:
            self.trouble, self._lasting = None, False
        if noted:
            # Should the kiosk process not believe the receipt, it is remembered how often it was put off.
            self._store.note(replace(upload, declined=False), due=None)
            self.refused = self._store.declined()
        self._done(upload.name)
        log.info("packet %s delivered, %d bytes", upload.name.packet_id, size)

    def _failed(self, down: LinkDown) -> None:
        upload = self._upload
        self.trouble = down.trouble
        nonsense = down.trouble is LinkTrouble.NONSENSE
        self._lasting = down.trouble in (LinkTrouble.NONSENSE, LinkTrouble.SERVER_ERROR, LinkTrouble.REFUSED)
        if down.trouble is LinkTrouble.REFUSED:
            wait = self._link.next()
        elif nonsense or self._asking:
            wait = self._doubt.next()
            # It says that it has all, but has no receipt: begun anew, it may want it again.
            forgets = nonsense and self._asking
            self._put_off(replace(upload, url=None, reached=0, whole=False) if forgets else upload)
        else:
            wait = self._link.next()
            # Where the centre is there but this packet does not get on, the next one has its turn after the pause.
            if self._link.failures > 1 and (self._answered or self._lasting):
                self._put_off(upload, longest=_LONGEST_FOR_FAULTS)
            elif upload.url is not None:
                self._store.note(upload)
        self._pause(wait)
        log.info("the centre: %s; trying again in %.0f s", down.trouble.value, wait)

    def _declined(self, declined: Declined) -> None:
        name = self._upload.name
        log.warning("packet %s declined by the centre, HTTP status %d", name.packet_id, declined.status)
        self._heard()
        self._put_off(replace(self._upload, url=None, reached=0, whole=False, declined=True))
        self.refused = self._store.declined()
        self._pause(self._declines.next())

    def _put_off(self, upload: Upload, *, longest: float = LONGEST_PUT_OFF) -> None:
        wait = Backoff(FIRST_PUT_OFF, longest, self._link.spread, upload.tries).next()
        self._store.note(replace(upload, tries=upload.tries + 1), due=self._wall() + wait)
        self._done(upload.name)

    def _done(self, name: PacketName) -> None:
        if self._under_way == name:
            self._under_way = None

    def _pause(self, seconds: float) -> None:
        self._pause_until = max(self._pause_until, self._clock() + seconds)

    def _heard(self) -> None:
        self.beat = self._clock()
        self.last_contact, self._answered = int(self._wall()), True
        if not self._lasting:
            self.trouble = None
