"""A USB stick from stations without a network: packets in exactly as delivered ones, receipts and all that waits back.

Whoever could put hands on the stick may have written it. A packet counts by its station's signatures alone; the list of
what should be there, likewise. What is odd is told and left alone.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.centre.desk import Desk
from kiosk.centre.registry import SequenceReport
from kiosk.record.exchange import PacketName
from kiosk.record.header import Kind, Untrusted, is_name
from kiosk.record.seal import MAX_BYTES
from kiosk.record.stick.folder import FROM_CENTRE, REKAM, Entry, Folder, Tell, open_stick, shelf_of
from kiosk.record.stick.manifest import MANIFEST, Manifest, read_manifest
from kiosk.record.stick.trouble import NotTaken, StickIll, StickTrouble, Unreadable

IMPORT_SECONDS, IMPORT_ENTRIES = 6 * 3600.0, 2_000_000
UNREADABLE_IN_A_ROW = 5
"""Files that a bad place on the stick may keep back, before the whole stick is called broken."""


@dataclass
class StationReport:
    """What one station's folder held, and what was written back."""

    station: str
    unlisted: str | None = None
    """Why the station's own list is not believed; then only receipts go back."""
    imported: int = 0
    known: int = 0
    """Packets that had come before; their receipts are written all the same."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Packet files that were not taken, by name, and why."""
    missing: tuple[int, ...] = ()
    """Numbers of packets that the station listed, and that lie neither on the stick nor here."""
    elsewhere: int = 0
    """Packets that waited at the station and found no room on this stick."""
    receipts: int = 0
    others: int = 0
    """Orders, rosters, states and lists of keys that lie on the stick now."""
    unwritten: int = 0
    """Receipts and others that the stick did not take."""
    trouble: str | None = None
    """Why it did not."""
    tidied: int = 0
    sequences: SequenceReport | None = None


@dataclass(frozen=True, slots=True)
class StickReport:
    """What a stick held."""

    stations: tuple[StationReport, ...]
    unknown: tuple[str, ...]
    """Folders of stations that this centre does not know, or has revoked."""


def take_in(
    desk: Desk, stick: Path, *, tidy: bool = False, tell: Tell = lambda share: None, within: float = IMPORT_SECONDS
) -> StickReport:
    """Import all stations' packets from the stick at ``stick``, and write back what each is to have.

    May be repeated, and interrupted at any point. ``tidy``: delete from the stick what is receipted there, and what its
    station has taken in. ``within``: seconds after which the stick is called too slow.

    Raises:
        StickIll: by trouble; packets that were imported until then are safe.
        OSError, sqlite3.Error: the centre's own disk is ill.
    """
    reports, unknown = [], []
    with ExitStack() as held:
        root = held.enter_context(open_stick(stick, folder=True, within=within, entries=IMPORT_ENTRIES))
        rekam = root.folder(REKAM)
        if rekam is None:
            return StickReport((), ())
        held.enter_context(rekam)
        names = sorted(entry.name for entry in rekam.entries() if entry.is_folder and is_name(entry.name))
        for done, name in enumerate(names):
            ours = rekam.folder(name)
            if ours is None:
                continue
            with ours:
                if not desk.welcomes(name):
                    unknown.append(name)
                    continue
                ours.claim()
                progress = _between(tell, done / len(names), (done + 1) / len(names))
                reports.append(_Visit(desk, name, ours, progress).run(tidy=tidy))
        root.sync_all()
    return StickReport(tuple(reports), tuple(unknown))


class _Visit:
    """One station's folder."""

    def __init__(self, desk: Desk, station: str, ours: Folder, tell: Tell) -> None:
        self._desk = desk
        self._ours = ours
        self._tell = tell
        self._report = StationReport(station)
        self._receipted: dict[PacketName, str] = {}
        """Packets whose receipt lies on the stick, and the shelf each lies on."""
        self._in_a_row = 0

    def run(self, *, tidy: bool) -> StationReport:
        report = self._report
        manifest = self._manifest()
        self._take_packets()
        if manifest is not None:
            self._look_for_the_listed(manifest)
            self._write_others(manifest)
            report.elsewhere = max(0, manifest.count - len(manifest.packets))
        if tidy:
            try:
                self._tidy(manifest)
            except StickIll as ill:  # all that matters is done
                report.trouble = str(ill)
        report.sequences = self._desk.registry.report(report.station)
        return report

    def _manifest(self) -> Manifest | None:
        station = self._report.station
        try:
            blob = self._ours.read(MANIFEST, most=MAX_BYTES)
            return read_manifest(blob, station=station, verifying=self._desk.authority.station(station).trusted)
        except (NotTaken, Untrusted) as why:
            self._report.unlisted = str(why)
            return None

    # In -------------------------------------------------------------------------------------------------------------

    def _take_packets(self) -> None:
        packets = [
            (name, shelf_name, entry.size)
            for shelf_name, shelf in self._ours.shelves()
            for name, entry in _packets(shelf)
        ]
        done, every = 0, max(1, sum(size for *_, size in packets))
        for name, shelf_name, size in sorted(packets):
            receipt = self._take(name, shelf_name)
            if receipt is not None and self._write_receipt(name, receipt):
                self._receipted[name] = shelf_name
            done += size
            self._tell(done / every)

    def _take(self, name: PacketName, shelf_name: str) -> bytes | None:
        station = self._report.station
        try:
            with self._ours.opened(shelf_name) as shelf:
                packet = shelf.read(str(name), most=MAX_BYTES)
            self._in_a_row = 0
            known = self._desk.receipt(station, name.packet_id) is not None
            receipt = self._desk.accept(packet, station=station, packet_id=name.packet_id)
        except (NotTaken, Untrusted) as why:
            self._report.refused.append((str(name), str(why)))
            self._in_a_row = self._in_a_row + 1 if isinstance(why, Unreadable) else 0
            if self._in_a_row == UNREADABLE_IN_A_ROW:
                raise StickIll(StickTrouble.ILL) from why
            return None
        if known:
            self._report.known += 1
        else:
            self._report.imported += 1
        return receipt

    def _look_for_the_listed(self, manifest: Manifest) -> None:
        """What is listed and not on the stick may have come by the network, and then its receipt is due."""
        missing = []
        for listed in manifest.packets:
            name = PacketName(listed.sequence, listed.packet_id)
            if name not in self._receipted:
                receipt = self._desk.receipt(self._report.station, listed.packet_id)
                if receipt is None:
                    missing.append(listed.sequence)
                else:
                    self._write_receipt(name, receipt)
        self._report.missing = tuple(missing)

    # Back -----------------------------------------------------------------------------------------------------------

    def _write_receipt(self, name: PacketName, receipt: bytes) -> bool:
        written = self._write(shelf_of(name.sequence), f"{name.packet_id}.{Kind.RECEIPT.value}", receipt)
        self._report.receipts += written
        return written

    def _write_others(self, manifest: Manifest) -> None:
        station = self._report.station
        for kind in (Kind.KEYS, Kind.ORDER, Kind.ROSTER, Kind.STATES):
            _, waiting = self._desk.waiting(station, kind, after=manifest.seen.highest(kind))
            for number, name in waiting:
                content = self._desk.outgoing.read(station, kind, name)
                if content is not None:
                    self._report.others += self._write(shelf_of(number), name, content)

    def _write(self, shelf_name: str, name: str, content: bytes) -> bool:
        """Put a file on its shelf, unless it lies there; whether it does now."""
        try:
            with self._ours.made(FROM_CENTRE) as place, place.made(shelf_name) as shelf:
                shelf.write_anew(name, content)
        except StickIll as ill:
            # What has been imported is safe all the same, and the rest may still be: receipts can come another way.
            if ill.trouble not in (StickTrouble.FULL, StickTrouble.READ_ONLY, StickTrouble.NOT_OURS):
                raise
            self._report.unwritten += 1
            self._report.trouble = str(ill)
            return False
        return True

    def _tidy(self, manifest: Manifest | None) -> None:
        for name, shelf_name in self._receipted.items():
            with self._ours.opened(shelf_name) as shelf:
                shelf.remove(str(name))
                self._report.tidied += 1
        place = self._ours.folder(FROM_CENTRE)
        if manifest is None or place is None:
            return
        waiting = {listed.packet_id for listed in manifest.packets} | {name.packet_id for name in self._receipted}
        with place:
            for _, shelf in place.shelves():
                for entry in list(shelf.entries()):
                    if _is_done_with(entry, manifest, waiting):
                        shelf.remove(entry.name)
                        self._report.tidied += 1


def _packets(shelf: Folder) -> Iterator[tuple[PacketName, Entry]]:
    for entry in shelf.entries():
        name = None if entry.is_folder else PacketName.read(entry.name)
        if name is not None:
            yield name, entry


def _is_done_with(entry: Entry, manifest: Manifest, waiting: set[str]) -> bool:
    """Whether the station has taken this file in, as its list tells: it saw it, or holds no such packet any more."""
    stem, _, suffix = entry.name.rpartition(".")
    number = stem.rpartition("-")[2]
    match suffix:
        case Kind.RECEIPT.value:
            return stem not in waiting
        case Kind.ORDER.value | Kind.ROSTER.value | Kind.STATES.value | Kind.KEYS.value if number.isdecimal():
            return int(number) <= manifest.seen.highest(Kind(suffix))
    return False


def _between(tell: Tell, start: float, end: float) -> Tell:
    return lambda share: tell(start + (end - start) * share)
