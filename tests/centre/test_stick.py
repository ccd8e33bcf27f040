"""Sticks at the centre: packets as if delivered, receipts and all that waits back on them, and traps left alone."""

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from kiosk.centre.authority import Authority
from kiosk.centre.by_stick import told
from kiosk.centre.commands import commands
from kiosk.centre.desk import Desk
from kiosk.centre.intake import Intake
from kiosk.centre.outgoing import Outgoing
from kiosk.centre.registry import Registry
from kiosk.centre.states import Bulletins
from kiosk.centre.stick import StationReport, take_in
from kiosk.record.exchange import PARTIAL, Exchange, PacketName
from kiosk.record.header import Header, Kind
from kiosk.record.keys import CENTRE, CentreTrust, StationKeys, keys_directory
from kiosk.record.seal import seal, trusting, verify
from kiosk.record.stick import Seen, StickIll, StickTrouble, bring, export
from kiosk.record.stick.folder import shelf_of
from kiosk.record.stick.manifest import MANIFEST
from kiosk.record.stick.out import SPARE

STATION, OTHER = "tts-soe-01", "tts-soe-02"
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class Station:
    """One station that was provisioned, and seals packets of noise."""

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self.exchange = Exchange(root / name)
        self.exchange.create()
        self.keys = StationKeys.load(keys_directory(root / name))
        self.trust = CentreTrust.load(keys_directory(root / name))
        self._previous: bytes | None = None

    def packet(self, sequence: int, *, waits: bool = True) -> bytes:
        header = Header(Kind.RECORDING, self.name, CENTRE, f"{sequence:032x}", sequence, 1, self._previous)
        packet = seal(os.urandom(500), header, self.trust.recipients, self.keys.signing)
        self._previous = packet.sha256
        if waits:
            (self.exchange.outbox / str(name_of(sequence))).write_bytes(packet.data)
        return packet.data

    def export(self, stick: Path, seen: Seen | None = None) -> None:
        export(self.exchange, self.keys, stick, now=NOW, seen=seen or Seen(), folder=True)


def name_of(sequence: int) -> PacketName:
    return PacketName(sequence, f"{sequence:032x}")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("centre")
    authority = Authority.create(root / "centre")
    for station in (STATION, OTHER):
        authority.provision_station(station, root / station, now=NOW, province="ntt")
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "all")
    return tmp_path / "all"


@pytest.fixture
def desk(root: Path) -> Iterator[Desk]:
    authority, registry, outgoing = Authority(root / "centre"), Registry(root / "centre"), Outgoing(root / "centre/out")
    intake = Intake(root / "centre", authority, registry, clock=lambda: NOW)
    bulletins = Bulletins(authority, registry, intake, outgoing, clock=lambda: NOW)
    yield Desk(authority, registry, intake, outgoing, bulletins)
    registry.close()


@pytest.fixture
def station(root: Path) -> Station:
    return Station(root, STATION)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    place = tmp_path / "stick"
    place.mkdir()
    return place


def ours(stick: Path, station: str = STATION) -> Path:
    return stick / "rekam" / station


def receipt_file(stick: Path, sequence: int) -> Path:
    return ours(stick) / "from-centre" / shelf_of(sequence) / f"{sequence:032x}.receipt"


def one(desk: Desk, stick: Path, **options: Any) -> StationReport:
    (report,) = take_in(desk, stick, **options).stations
    return report


def ordered(desk: Desk, number: int, kind: Kind = Kind.ORDER) -> None:
    desk.outgoing.publish(STATION, kind, number, f"{kind.value} {number}".encode())


def test_packets_are_taken_in_and_receipts_for_each_are_written_back(
    desk: Desk, station: Station, stick: Path, root: Path
) -> None:
    packets = {sequence: station.packet(sequence) for sequence in (1, 2, 1003)}
    station.export(stick)
    report = one(desk, stick)
    assert (report.imported, report.known, report.refused, report.missing) == (3, 0, [], ())
    assert (report.receipts, report.unwritten, report.unlisted) == (3, 0, None)
    for sequence, packet in packets.items():
        assert desk.intake.packet(STATION, f"{sequence:032x}") == packet
        receipt = verify(
            receipt_file(stick, sequence).read_bytes(),
            kind=Kind.RECEIPT,
            verifying=trusting(desk.authority.receipts.public),
        )
        assert receipt.header.id == f"{sequence:032x}"
    assert report.sequences is not None
    assert report.sequences.missing == tuple(range(1002, 2, -1))


def test_the_same_stick_again_brings_nothing_new_and_the_same_receipts(
    desk: Desk, station: Station, stick: Path
) -> None:
    station.packet(1)
    station.export(stick)
    one(desk, stick)
    before = receipt_file(stick, 1).stat()
    report = one(desk, stick)
    assert (report.imported, report.known, report.receipts) == (0, 1, 1)
    assert receipt_file(stick, 1).stat().st_ino == before.st_ino


def test_what_was_delivered_by_the_network_meanwhile_is_receipted_too(
    desk: Desk, station: Station, stick: Path
) -> None:
    packet = station.packet(1)
    station.export(stick)
    desk.accept(packet, station=STATION, packet_id=f"{1:032x}")
    (ours(stick) / "0000000000" / str(name_of(1))).unlink()
    report = one(desk, stick)
    assert (report.imported, report.known, report.receipts, report.missing) == (0, 0, 1, ())
    assert receipt_file(stick, 1).exists()


def test_what_is_listed_and_nowhere_is_missing_and_what_found_no_room_is_elsewhere(
    desk: Desk, station: Station, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = max(len(station.packet(sequence)) for sequence in range(1, 7))
    found = SimpleNamespace(f_bavail=5 + SPARE // size + 1, f_frsize=size)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fstatvfs", lambda descriptor: found)
        station.export(stick)
    (ours(stick) / "0000000000" / str(name_of(2))).unlink()
    report = one(desk, stick)
    assert (report.imported, report.missing, report.elsewhere) == (4, (2,), 1)
    said = "\n".join(told(take_in(desk, stick)))
    assert "neither on the stick nor here: 2." in said
    assert "wait at the station or on another: 1." in said


def test_all_that_waits_above_what_the_station_saw_is_written(desk: Desk, station: Station, stick: Path) -> None:
    station.packet(1)
    for number in (1, 2, 3):
        ordered(desk, number)
        ordered(desk, number, Kind.ROSTER)
        ordered(desk, number, Kind.KEYS)
    station.export(stick, Seen(order=1, roster=1))
    report = one(desk, stick)
    shelf = ours(stick) / "from-centre" / "0000000000"
    states = "states-00000001.states"  # of the packet that was imported just before
    assert {path.name for path in shelf.iterdir()} == {
        *(f"order-0000000{number}.order" for number in (2, 3)),
        "roster-00000003.roster",
        "keys-00000003.keys",
        states,
        f"{1:032x}.receipt",
    }
    assert report.others == 5
    assert (shelf / "order-00000002.order").read_bytes() == b"order 2"
    station.export(stick, Seen(order=3, roster=3, states=1, keys=3))
    assert one(desk, stick).others == 0


def test_tidying_takes_off_what_is_receipted_and_what_the_station_took_in(
    desk: Desk, station: Station, stick: Path
) -> None:
    station.packet(1)
    ordered(desk, 1)
    station.export(stick)
    assert one(desk, stick, tidy=True).tidied == 1
    assert not list(stick.rglob("*.packet"))
    assert receipt_file(stick, 1).exists()
    assert one(desk, stick, tidy=True).receipts == 1  # still listed, so its receipt stays
    assert receipt_file(stick, 1).exists()
    (station.exchange.outbox / str(name_of(1))).unlink()  # the station took its receipt
    station.packet(2)
    station.export(stick, Seen(order=1, states=1))
    one(desk, stick, tidy=True)
    left = {path.name for path in stick.rglob("*") if path.is_file()}
    assert left == {MANIFEST, f"{2:032x}.receipt", "states-00000002.states"}


def test_the_stick_of_several_stations(desk: Desk, station: Station, stick: Path, root: Path) -> None:
    other = Station(root, OTHER)
    for each in (station, other):
        each.packet(1)
        each.export(stick)
    (stick / "rekam" / "nobody").mkdir()
    (stick / "rekam" / "No Name!\x1b[31m").mkdir()
    (stick / "holiday.jpg").touch()
    report = take_in(desk, stick)
    assert [(each.station, each.imported) for each in report.stations] == [(STATION, 1), (OTHER, 1)]
    assert report.unknown == ("nobody",)
    assert "\x1b" not in "".join(told(report))


def test_a_revoked_stations_folder_is_left_alone(desk: Desk, station: Station, stick: Path) -> None:
    station.packet(1)
    station.export(stick)
    desk.authority.revoke(STATION)
    report = take_in(desk, stick)
    assert (report.stations, report.unknown) == ((), (STATION,))
    assert not (ours(stick) / "from-centre").exists()


def test_without_a_list_to_believe_packets_count_and_only_receipts_go_back(
    desk: Desk, station: Station, stick: Path, root: Path
) -> None:
    ordered(desk, 1)
    station.packet(1)
    station.export(stick)
    other = Station(root, OTHER)
    other.packet(1)
    other.export(stick)
    list_file = ours(stick) / MANIFEST
    for spoil in (
        list_file.unlink,
        lambda: list_file.write_bytes(b"\xd8\x62junk"),
        lambda: shutil.copy(ours(stick, OTHER) / MANIFEST, list_file),
        lambda: (list_file.unlink(), os.mkfifo(list_file)),
    ):
        spoil()
        report = next(each for each in take_in(desk, stick).stations if each.station == STATION)
        assert report.unlisted is not None
        assert (report.imported + report.known, report.receipts, report.others) == (1, 1, 0)


# Traps ------------------------------------------------------------------------------------------------------------


def test_what_is_no_packet_of_this_station_is_refused_by_name_and_the_others_are_taken(
    desk: Desk, station: Station, stick: Path, root: Path, tmp_path: Path
) -> None:
    good = station.packet(1)
    station.export(stick)
    shelf = ours(stick) / "0000000000"
    other = Station(root, OTHER).packet(2, waits=False)
    (tmp_path / "outside").write_bytes(good)
    (shelf / str(name_of(2))).write_bytes(other)
    (shelf / str(name_of(3))).write_bytes(good)  # under another's name
    (shelf / str(name_of(4))).write_bytes(good[:-1])
    (shelf / str(name_of(5))).write_bytes(b"")
    (shelf / str(name_of(6))).symlink_to(tmp_path / "outside")
    os.mkfifo(shelf / str(name_of(7)))
    (shelf / str(name_of(8))).mkdir()
    with (shelf / str(name_of(9))).open("wb") as file:
        file.truncate(1 << 40)
    (shelf / f"{name_of(10)}{PARTIAL}").write_bytes(good)
    (shelf / ("x" * 250)).write_bytes(good)
    if os.geteuid() == 0:
        os.mknod(shelf / str(name_of(11)), stat.S_IFBLK | 0o600, os.makedev(7, 0))
    report = one(desk, stick)
    assert report.imported == 1
    assert [name for name, _ in report.refused] == [str(name_of(number)) for number in (2, 3, 4, 5, 9)]
    assert all(why for _, why in report.refused)
    assert [path.name for path in (ours(stick) / "from-centre").rglob("*.receipt")] == [f"{1:032x}.receipt"]


@pytest.mark.parametrize("what", ["link", "file"])
def test_a_trap_where_receipts_go_keeps_no_packet_out(
    desk: Desk, station: Station, stick: Path, tmp_path: Path, what: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    station.packet(1)
    station.export(stick)
    trap = ours(stick) / "from-centre"
    if what == "link":
        trap.symlink_to(outside)
    else:
        trap.write_text("x")
    report = one(desk, stick)
    assert (report.imported, report.receipts, report.unwritten >= 1) == (1, 0, True)
    assert report.trouble is not None
    assert list(outside.iterdir()) == []


def test_a_full_stick_keeps_no_packet_out(
    desk: Desk, station: Station, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sequence in (1, 2):
        station.packet(sequence)
    station.export(stick)
    opening = os.open

    def full(name: Any, flags: int, *arguments: Any, **named: Any) -> int:
        if flags & os.O_CREAT and "dir_fd" in named:
            raise OSError(28, "no space left")
        return opening(name, flags, *arguments, **named)

    monkeypatch.setattr(os, "open", full)
    report = one(desk, stick, tidy=True)
    assert (report.imported, report.receipts) == (2, 0)
    assert report.unwritten >= 2
    assert report.tidied == 0
    assert len(list(stick.rglob("*.packet"))) == 2


def test_pulled_out_in_the_middle_what_was_imported_is_safe_and_the_rest_comes_next_time(
    desk: Desk, station: Station, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sequence in range(1, 5):
        station.packet(sequence)
    station.export(stick)
    rename = os.rename

    def pulled(source: Any, target: Any, **named: Any) -> None:
        if target == f"{3:032x}.receipt":
            raise OSError(5, "gone")
        rename(source, target, **named)

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", pulled)
        with pytest.raises(StickIll) as caught:
            take_in(desk, stick)
    assert caught.value.trouble is StickTrouble.ILL
    assert len(desk.registry.packets(STATION)) == 3
    report = one(desk, stick)
    assert (report.imported, report.known, report.receipts) == (1, 3, 4)


def test_an_ill_disk_of_the_centres_is_not_blamed_on_a_packet(
    desk: Desk, station: Station, stick: Path, root: Path
) -> None:
    station.packet(1)
    station.export(stick)
    (root / "centre" / "packets").write_text("in the way")
    with pytest.raises(OSError, match="packets"):
        take_in(desk, stick)
    assert not receipt_file(stick, 1).exists()


# By hand ----------------------------------------------------------------------------------------------------------


def test_the_command(desk: Desk, station: Station, stick: Path, root: Path) -> None:
    desk.registry.close()
    station.packet(1)
    station.export(stick)

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(commands(), ["import", *arguments, "--directory", str(root / "centre")])
        return done.exit_code, done.output

    status, said = run(str(stick), "--tidy")
    assert status == 0, said
    assert f"{STATION}: Imported 1, known already 0, refused 0." in said
    assert "Deleted from the stick, being done with: 1." in said
    (ours(stick) / "0000000000" / str(name_of(2))).write_bytes(b"x")
    status, said = run(str(stick))
    assert status == 1
    assert f"Refused {name_of(2)}: " in said
    shutil.rmtree(stick / "rekam")
    assert run(str(stick)) == (0, "There is no station's folder on this stick.\n")
    assert run(str(stick / "none"))[0] == 2
    assert bring(station.exchange, STATION, stick, folder=True).files == 0
