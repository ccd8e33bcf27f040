"""Making index and files agree again, after a start or an ill disk: a stream of files, then a stream of rows.

Whole packets of this station are never dropped, whatever the index says: one that it does not know is taken on, since
the index may have been restored or lost. Only a file that was never in the uplink's sight, and that the index does not
know either, was promised to nobody.

A file that an ill disk does not give, or does not let be changed, stays as it is: the disk may get well, and one file
must not keep the rest from being delivered.
"""

import errno
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.record.exchange import PACKET, PacketName
from kiosk.record.outbox.packet_index import PAGE, Custody, Entry, PacketIndex
from kiosk.record.outbox.shelf import Guise, Item, Shelf, is_whole

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many packets or files were put right."""

    adopted: int = 0
    """Whole packets the index did not know."""
    finished: int = 0
    """Packets the index knew, kept by a power cut from coming into the uplink's sight."""
    returned: int = 0
    """Lost packets whose file is here again, say because the disk was not mounted."""
    cleared: int = 0
    """Files half written, or left over from a delivery that was receipted."""
    lost: int = 0
    damaged: int = 0
    """Files that are no packets as this station made them; set aside, not deleted."""
    aside: int = 0
    """All files that are set aside, these and earlier ones."""
    left: int = 0
    """Files that could not be read or changed: as they were, to be tried again."""
    left_last: int = 0
    """The highest sequence that the name of one of these tells; 0 if none does."""


class Reconciler:
    """One pass. ``ours`` reads a file that may be a packet this station made."""

    def __init__(self, index: PacketIndex, shelf: Shelf, ours: Callable[[Item], Entry | None]) -> None:
        self._index, self._shelf, self._ours = index, shelf, ours
        self._strangers: dict[str, tuple[Item, Entry]] = {}
        self._returning: list[str] = []
        self._changed = False
        self._spared: set[str] = set()
        self._left = self._left_last = 0
        self._in_place = dict.fromkeys(Custody, 0)
        self._adopted = self._finished = self._returned = self._cleared = self._damaged = self._aside = 0

    def run(self) -> Reconciled:
        """Do it.

        Raises:
            OSError, sqlite3.Error: the disk as a whole is ill; to be done again.
        """
        # A process that was killed may have left names that the disk does not know yet; nothing is built on these.
        self._shelf.sync()
        self._index.confirm()
        for item in self._shelf.items():
            if item.guise is Guise.DAMAGED:
                self._aside += 1
                continue
            entry = self._index.entry(item.packet_id)
            try:
                if item.size is None:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                if entry is None:
                    self._unknown(item)
                else:
                    self._known(item, entry)
            except OSError as error:
                self._leave(item, error)
                if entry is not None and item.size in (None, entry.size):
                    self._spared.add(entry.packet_id)
        self._adopt()
        self._return()
        lost = self._gone(Custody.HELD, Guise.WAITING, Custody.LOST)
        self._gone(Custody.KEPT, Guise.DELIVERED, Custody.TOMBSTONE)
        self._shelf.sync()
        return Reconciled(
            self._adopted,
            self._finished,
            self._returned,
            self._cleared,
            lost,
            self._damaged,
            self._aside + self._damaged,
            self._left,
            self._left_last,
        )

    def _unknown(self, item: Item) -> None:
        if item.guise is Guise.PARTIAL:
            self._clear(item)
        elif (entry := self._ours(item)) is None or self._index.entry(entry.packet_id) is not None:
            self._set_aside(item)
        else:
            self._changed = True
            self._strangers[entry.packet_id] = item, entry
            if len(self._strangers) == PAGE:
                self._adopt()

    def _known(self, item: Item, entry: Entry) -> None:
        guise = Guise.DELIVERED if entry.custody is Custody.KEPT else Guise.WAITING
        misnamed = item.name != f"{name_of(entry)}{guise.value}"
        if entry.custody is Custody.TOMBSTONE:
            self._clear(item)
        elif (
            # One that was replaced goes aside too: the centre must not get two recordings of a person.
            entry.custody is Custody.REPLACED
            or item.size != entry.size
            or (misnamed and not is_whole(item.path, entry.sha256))
        ):
            self._set_aside(item)
        else:
            if misnamed:
                self._changed = True
                self._shelf.show(name_of(entry), item.path, guise)
            else:
                self._in_place[entry.custody] += 1
            self._finished += item.guise is Guise.PARTIAL
            if entry.custody is Custody.LOST:
                self._changed = True
                self._returning.append(entry.packet_id)
                if len(self._returning) == PAGE:
                    self._return()

    def _leave(self, item: Item, error: OSError) -> None:
        if not self._left:
            log.error("outbox: a file is left as it is: %s", errno.errorcode.get(error.errno or 0))
        self._left += 1
        if (name := PacketName.read(item.name.partition(PACKET)[0] + PACKET)) is not None:
            self._left_last = max(self._left_last, name.sequence)

    def _clear(self, item: Item) -> None:
        self._changed = True
        item.path.unlink(missing_ok=True)
        self._cleared += 1

    def _set_aside(self, item: Item) -> None:
        self._changed = True
        self._shelf.set_aside(item.path)
        self._damaged += 1

    def _adopt(self) -> None:
        if self._strangers:
            self._index.enter([entry for _, entry in self._strangers.values()])
            for item, entry in self._strangers.values():
                try:
                    self._shelf.show(name_of(entry), item.path, Guise.WAITING)
                except OSError as error:
                    self._leave(item, error)
                    self._spared.add(entry.packet_id)
            self._adopted += len(self._strangers)
            self._strangers.clear()

    def _return(self) -> None:
        if self._returning:
            self._index.move(self._returning, Custody.HELD)
            self._returned += len(self._returning)
            self._returning.clear()

    def _gone(self, custody: Custody, guise: Guise, then: Custody) -> int:
        # A directory that nobody changes lists each name once: with as many files in place as rows, none is missing.
        if not self._changed and self._index.count(custody) == self._in_place[custody]:
            return 0
        gone, after = 0, (0, "")
        while page := self._index.page(custody, after):
            missing = [
                entry.packet_id
                for entry in page
                if entry.packet_id not in self._spared and not self._shelf.has(name_of(entry), guise, entry.size)
            ]
            if missing:
                self._index.move(missing, then)
            gone += len(missing)
            after = (page[-1].sequence, page[-1].packet_id)
        return gone


def name_of(entry: Entry) -> PacketName:
    """How a packet's file is called."""
    return PacketName(entry.sequence, entry.packet_id)
