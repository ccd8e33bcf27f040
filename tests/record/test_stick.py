"""Sticks pulled out, full, lying, or laid as a trap: nothing is lost, nothing outside is touched, and it is told."""

import errno
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk.record.exchange import PARTIAL, Exchange, PacketName
from kiosk.record.header import Kind
from kiosk.record.keys import StationKeys
from kiosk.record.stick import Brought, Exported, Seen, StickIll, StickTrouble, bring, export, is_in
from kiosk.record.stick.folder import Folder, open_stick, shelf_of
from kiosk.record.stick.manifest import MANIFEST, Listed, Manifest, read_manifest
from kiosk.record.stick.trouble import Patience

STATION = "tts-soe-01"
KEYS = StationKeys.generate(STATION)
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SEEN = Seen(order=4, roster=2, states=9, keys=1)


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    exchange = Exchange(tmp_path / "station")
    exchange.create()
    return exchange


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    place = tmp_path / "stick"
    place.mkdir()
    return place


def put(exchange: Exchange, *sequences: int, size: int = 3000) -> list[PacketName]:
    names = [PacketName(sequence, f"{sequence:032x}") for sequence in sequences]
    for name in names:
        (exchange.outbox / str(name)).write_bytes(os.urandom(size))
    return names


def out(exchange: Exchange, stick: Path, **options: Any) -> Exported:
    return export(exchange, KEYS, stick, now=NOW, seen=SEEN, folder=True, **options)


def back(exchange: Exchange, stick: Path, **options: Any) -> Brought:
    return bring(exchange, STATION, stick, folder=True, **options)


def ours(stick: Path) -> Path:
    return stick / "rekam" / STATION


def on_stick(stick: Path, name: PacketName) -> Path:
    return ours(stick) / shelf_of(name.sequence) / str(name)


def manifest(stick: Path) -> Manifest:
    blob = (ours(stick) / MANIFEST).read_bytes()
    return read_manifest(blob, station=STATION, verifying=KEYS.identity.trusted)


def is_complete(exchange: Exchange, stick: Path) -> bool:
    """Whether every packet lies there byte for byte, and the list names them all and nothing else lies about."""
    names = sorted(name for path in exchange.outbox.iterdir() if (name := PacketName.read(path.name)))
    whole = all(on_stick(stick, name).read_bytes() == (exchange.outbox / str(name)).read_bytes() for name in names)
    listed = [PacketName(each.sequence, each.packet_id) for each in manifest(stick).packets]
    return whole and listed == names and not list(stick.rglob(f"*{PARTIAL}"))


# Out --------------------------------------------------------------------------------------------------------------


def test_packets_are_copied_oldest_first_and_listed(exchange: Exchange, stick: Path) -> None:
    names = put(exchange, 7, 999, 1000, 12_345)
    shares: list[float] = []
    done = out(exchange, stick, tell=shares.append)
    assert done == Exported(packets=4, bytes=12_000, written=4, left=0)
    assert is_complete(exchange, stick)
    assert (manifest(stick).made, manifest(stick).seen, manifest(stick).count) == (int(NOW.timestamp()), SEEN, 4)
    assert len(list(exchange.outbox.iterdir())) == len(names)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_what_lies_there_whole_is_not_written_again(exchange: Exchange, stick: Path) -> None:
    old, *_ = put(exchange, 1, 2)
    out(exchange, stick)
    before = on_stick(stick, old).stat()
    put(exchange, 3)
    assert out(exchange, stick) == Exported(packets=3, bytes=9000, written=1, left=0)
    assert on_stick(stick, old).stat().st_ino == before.st_ino
    assert is_complete(exchange, stick)


def test_a_stick_is_written_though_nothing_waits_so_that_the_centre_can_answer(exchange: Exchange, stick: Path) -> None:
    assert out(exchange, stick) == Exported(packets=0, bytes=0, written=0, left=0)
    assert manifest(stick).seen == SEEN


def test_what_an_earlier_pulling_spoiled_is_written_anew(exchange: Exchange, stick: Path) -> None:
    first, second, third, fourth = put(exchange, 1, 2, 3, 4)
    out(exchange, stick)
    on_stick(stick, first).write_bytes(bytes(3000))
    on_stick(stick, second).write_bytes(b"cut short")
    on_stick(stick, third).unlink()
    on_stick(stick, fourth).with_name(f"{fourth}{PARTIAL}").write_bytes(b"half")
    assert out(exchange, stick).packets == 4
    assert is_complete(exchange, stick)


class Cable:
    """Counts the steps that change a stick, before and after each, and cuts it off at one; from then on all fail."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.error: BaseException = OSError(errno.EIO, "pulled out")

    def step(self) -> None:
        if self.left is not None:
            if self.left == 0:
                raise self.error
            self.left -= 1


@pytest.fixture
def cable(monkeypatch: pytest.MonkeyPatch) -> Cable:
    cable = Cable()

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **named: Any) -> Any:
            cable.step()
            result = original(*arguments, **named)
            cable.step()
            return result

        return stepped

    for name in ("fsync", "rename", "mkdir", "unlink"):
        monkeypatch.setattr(os, name, around(getattr(os, name)))
    return cable


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("error", [OSError(errno.EIO, "pulled out"), Killed()], ids=["pulled", "killed"])
def test_cut_off_at_any_step_the_list_stays_true_and_the_next_export_completes(
    exchange: Exchange, stick: Path, cable: Cable, error: BaseException
) -> None:
    put(exchange, 1, 2)
    out(exchange, stick)
    put(exchange, 3, 1004)
    start = stick.with_name("start")
    shutil.copytree(stick, start)
    cuts = 0
    while True:
        shutil.rmtree(stick)
        shutil.copytree(start, stick)
        cable.left, cable.error = cuts, error
        ended = None
        try:
            out(exchange, stick)
        except (StickIll, Killed) as why:
            ended = why
        cable.left = None
        if ended is None:
            break
        assert isinstance(ended, Killed) or ended.trouble is StickTrouble.ILL
        for listed in manifest(stick).packets:
            name = PacketName(listed.sequence, listed.packet_id)
            assert on_stick(stick, name).read_bytes() == (exchange.outbox / str(name)).read_bytes()
        assert out(exchange, stick).packets == 4
        assert is_complete(exchange, stick)
        cuts += 1
    assert cuts >= 30


def test_a_stick_that_does_not_keep_what_is_written_is_found_out(
    exchange: Exchange, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = put(exchange, 1, 2, 3)
    rename = os.rename

    def forgetting(*arguments: Any, **named: Any) -> None:
        rename(*arguments, **named)
        if on_stick(stick, first).exists():
            on_stick(stick, first).write_bytes(bytes(3000))

    monkeypatch.setattr(os, "rename", forgetting)
    with pytest.raises(StickIll, match="does not keep") as caught:
        out(exchange, stick)
    assert caught.value.trouble is StickTrouble.ILL
    assert not (ours(stick) / MANIFEST).exists()


def test_what_finds_no_room_is_left_for_another_stick_and_told(
    exchange: Exchange, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(exchange, 1, 2, 3, 4)
    spare = 4 << 20

    def free(blocks: int) -> None:
        found = SimpleNamespace(f_bavail=spare // 4096 + blocks, f_frsize=4096)
        monkeypatch.setattr(os, "fstatvfs", lambda descriptor: found)

    free(2)
    assert out(exchange, stick) == Exported(packets=2, bytes=6000, written=2, left=2)
    assert ([packet.sequence for packet in manifest(stick).packets], manifest(stick).count) == ([1, 2], 4)
    free(1)
    assert out(exchange, stick) == Exported(packets=3, bytes=9000, written=1, left=1)
    other = stick.with_name("other")
    other.mkdir()
    free(0)
    with pytest.raises(StickIll) as caught:
        out(exchange, other)
    assert caught.value.trouble is StickTrouble.FULL


def test_a_packet_delivered_meanwhile_is_no_trouble(exchange: Exchange, stick: Path) -> None:
    names = put(exchange, 1, 2, 3)

    def delivered(share: float) -> None:
        (exchange.outbox / str(names[2])).unlink(missing_ok=True)

    assert out(exchange, stick, tell=delivered).packets == 2
    assert [packet.sequence for packet in manifest(stick).packets] == [1, 2]


def test_one_unreadable_packet_does_not_keep_back_the_others(
    exchange: Exchange, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ill, *_ = put(exchange, 1, 2)
    read = Path.read_bytes

    def failing(path: Path) -> bytes:
        if path == exchange.outbox / str(ill):
            raise OSError(errno.EIO, "bad sector")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", failing)
    assert out(exchange, stick) == Exported(packets=1, bytes=3000, written=1, left=0, unreadable=1)


def test_only_packets_leave_the_station(exchange: Exchange, stick: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (exchange.outbox / str(PacketName(1, "a"))).symlink_to(secret)
    (exchange.outbox / f"{PacketName(2, 'b')}{PARTIAL}").write_bytes(b"half")
    (exchange.outbox / "notes.txt").write_bytes(b"x")
    (exchange.outbox / str(PacketName(3, "c"))).mkdir()
    assert out(exchange, stick).packets == 0
    assert [path.name for path in stick.rglob("*") if path.is_file()] == [MANIFEST]


def test_nothing_is_written_where_no_stick_is_mounted(exchange: Exchange, stick: Path) -> None:
    put(exchange, 1)
    for place in (stick, stick / "none"):
        for work in (
            lambda place=place: export(exchange, KEYS, place, now=NOW, seen=SEEN),
            lambda place=place: bring(exchange, STATION, place),
        ):
            with pytest.raises(StickIll) as caught:
                work()
            assert caught.value.trouble is StickTrouble.ABSENT
        assert not is_in(place)
    assert list(stick.iterdir()) == []
    assert is_in(stick, folder=True)


def test_two_at_a_time_do_not_write_to_one_stick(exchange: Exchange, stick: Path) -> None:
    put(exchange, 1)
    out(exchange, stick)
    with open_stick(ours(stick), folder=True, within=5) as held:
        held.claim()
        with pytest.raises(StickIll) as caught:
            out(exchange, stick)
    assert caught.value.trouble is StickTrouble.BUSY
    assert out(exchange, stick).packets == 1


def test_a_slow_stick_is_given_up(exchange: Exchange, stick: Path) -> None:
    put(exchange, 1)
    with pytest.raises(StickIll, match="too slow") as caught:
        out(exchange, stick, within=-1)
    assert caught.value.trouble is StickTrouble.ILL


@pytest.mark.parametrize(
    ("number", "trouble"),
    [
        (errno.ENOSPC, StickTrouble.FULL),
        (errno.EROFS, StickTrouble.READ_ONLY),
        (errno.EACCES, StickTrouble.NOT_OURS),
        (errno.EIO, StickTrouble.ILL),
        (errno.ENODEV, StickTrouble.ILL),
        (errno.ENOENT, StickTrouble.ILL),
        (errno.ESTALE, StickTrouble.ILL),
    ],
)
def test_every_error_of_the_stick_is_named(
    exchange: Exchange, stick: Path, monkeypatch: pytest.MonkeyPatch, number: int, trouble: StickTrouble
) -> None:
    put(exchange, 1)
    out(exchange, stick)
    put(exchange, 2)
    monkeypatch.setattr(os, "fsync", raising(OSError(number, os.strerror(number))))
    with pytest.raises(StickIll) as caught:
        out(exchange, stick)
    assert caught.value.trouble is trouble
    assert str(caught.value).endswith(".")


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*arguments: Any, **named: Any) -> Any:
        raise error

    return fail


def test_a_folder_that_is_not_synced_by_itself_is_no_trouble(
    exchange: Exchange, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def as_some_fat_drivers(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not for folders")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", as_some_fat_drivers)
    put(exchange, 1)
    assert out(exchange, stick).packets == 1


# Traps on the way out ---------------------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    place = tmp_path / "outside"
    place.mkdir()
    (place / "precious").write_text("precious")
    return place


@pytest.mark.parametrize("where", ["rekam", f"rekam/{STATION}", f"rekam/{STATION}/0000000000"])
@pytest.mark.parametrize("what", ["link", "file", "loop", "pipe"])
def test_something_else_where_a_folder_belongs(
    exchange: Exchange, stick: Path, outside: Path, where: str, what: str
) -> None:
    put(exchange, 1)
    trap = stick / where
    trap.parent.mkdir(parents=True, exist_ok=True)
    {
        "link": lambda: trap.symlink_to(outside),
        "file": lambda: trap.write_text("x"),
        "loop": lambda: trap.symlink_to(trap),
        "pipe": lambda: os.mkfifo(trap),
    }[what]()
    with pytest.raises(StickIll) as caught:
        out(exchange, stick)
    assert caught.value.trouble is StickTrouble.NOT_OURS
    assert [path.name for path in outside.iterdir()] == ["precious"]


@pytest.mark.parametrize("suffix", ["", PARTIAL])
@pytest.mark.parametrize("what", ["link", "hard link", "pipe", "socket"])
def test_something_else_where_a_packet_belongs_is_replaced(
    exchange: Exchange, stick: Path, outside: Path, suffix: str, what: str
) -> None:
    (name,) = put(exchange, 1)
    trap = on_stick(stick, name).with_name(f"{name}{suffix}")
    trap.parent.mkdir(parents=True)
    if what == "link":
        trap.symlink_to(outside / "precious")
    elif what == "hard link":
        trap.hardlink_to(outside / "precious")
    elif what == "pipe":
        os.mkfifo(trap)
    else:
        socket_at(trap)
    assert out(exchange, stick).packets == 1
    assert is_complete(exchange, stick)
    assert (outside / "precious").read_text() == "precious"


def socket_at(path: Path) -> None:
    # A socket's name may be 107 bytes long, which a path of a test is not.
    with closing(socket.socket(socket.AF_UNIX)) as made:
        descriptor = os.open(path.parent, os.O_RDONLY)
        made.bind(f"/proc/self/fd/{descriptor}/{path.name}")
        os.close(descriptor)


@pytest.mark.parametrize("name", [str(PacketName(1, f"{1:032x}")), f"{PacketName(1, f'{1:032x}')}{PARTIAL}", MANIFEST])
def test_a_folder_where_a_file_belongs_is_told(exchange: Exchange, stick: Path, name: str) -> None:
    put(exchange, 1)
    place = ours(stick) if name == MANIFEST else ours(stick) / "0000000000"
    (place / name / "full").mkdir(parents=True)
    with pytest.raises(StickIll) as caught:
        out(exchange, stick)
    assert caught.value.trouble in (StickTrouble.NOT_OURS, StickTrouble.ILL)


def test_far_too_many_names_are_not_looked_at(stick: Path) -> None:
    for number in range(12):
        (stick / str(number)).touch()
    with open_stick(stick, folder=True, within=5, entries=10) as root, pytest.raises(StickIll) as caught:
        list(root.entries())
    assert caught.value.trouble is StickTrouble.NOT_OURS


# The list ---------------------------------------------------------------------------------------------------------


def test_a_list_that_was_changed_anywhere_is_not_believed(exchange: Exchange, stick: Path) -> None:
    put(exchange, 1)
    out(exchange, stick)
    blob = (ours(stick) / MANIFEST).read_bytes()
    for at in [*range(0, len(blob), 41), len(blob) - 1]:
        spoiled = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        for content in (spoiled, blob[:at]):
            with pytest.raises(ValueError, match=r"."):
                read_manifest(content, station=STATION, verifying=KEYS.identity.trusted)
    with pytest.raises(ValueError, match="another station"):
        read_manifest(blob, station="tts-soe-02", verifying=KEYS.identity.trusted)
    with pytest.raises(ValueError, match="not trusted"):
        read_manifest(blob, station=STATION, verifying=StationKeys.generate(STATION).identity.trusted)


LISTED = Listed("a", 1, bytes(32), 5)


@pytest.mark.parametrize(
    "odd",
    [
        {"packets": (Listed("../a", 1, bytes(32), 5),)},
        {"packets": (Listed("a", -1, bytes(32), 5),)},
        {"packets": (Listed("a", 1, bytes(31), 5),)},
        {"packets": (Listed("a", 1, bytes(32), 65 << 20),)},
        {"packets": (Listed("a", True, bytes(32), 5),)},
        {"seen": Seen(order=-1)},
        {"seen": Seen(keys=1 << 53)},
        {"count": -1},
        {"count": True},
    ],
    ids=str,
)
def test_a_list_that_says_what_cannot_be_is_refused(odd: dict[str, Any]) -> None:
    from kiosk.record.stick.manifest import sign_manifest

    said = {"packets": (LISTED,), "seen": SEEN, "count": 1} | odd
    blob = sign_manifest(**said, station=STATION, signing=KEYS.signing, now=NOW)
    with pytest.raises(ValueError, match="not built"):
        read_manifest(blob, station=STATION, verifying=KEYS.identity.trusted)


# Back -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def from_centre(stick: Path) -> Path:
    place = ours(stick) / "from-centre"
    place.mkdir(parents=True)
    return place


def brought(exchange: Exchange) -> set[str]:
    return {path.name for path in exchange.brought.iterdir()}


def test_what_the_centre_wrote_is_brought_from_shelves_or_not(
    exchange: Exchange, stick: Path, from_centre: Path
) -> None:
    shelf = from_centre / "0000001000"
    shelf.mkdir()
    wanted = {"a.receipt": from_centre, "b.receipt": shelf, "order-00000001.order": shelf, "x.roster": shelf}
    wanted |= {"states-00000001.states": from_centre, "keys-1.keys": shelf}
    for name, place in wanted.items():
        (place / name).write_bytes(name.encode())
    (shelf / f"c.receipt{PARTIAL}").write_bytes(b"half")
    assert back(exchange, stick) == Brought(receipts=2, orders=1, rosters=1, states=1, keys=1)
    assert brought(exchange) == set(wanted)
    assert all((exchange.brought / name).read_bytes() == name.encode() for name in wanted)
    assert {stat.S_IMODE(path.stat().st_mode) for path in exchange.brought.iterdir()} == {0o600}
    assert back(exchange, stick).files == 6


def test_a_stick_without_anything_for_this_station(exchange: Exchange, stick: Path) -> None:
    assert back(exchange, stick) == Brought()
    (stick / "rekam" / "other" / "from-centre").mkdir(parents=True)
    (stick / "rekam" / "other" / "from-centre" / "a.receipt").touch()
    assert back(exchange, stick) == Brought()


ODD_NAMES = [
    b"A.RECEIPT",
    b"a.Receipt",
    b".receipt",
    b"-a.receipt",
    b"a.receipt.exe",
    b"a b.receipt",
    b"a\n.receipt",
    b"\xff\xfe.receipt",
    "é.receipt".encode(),
    b"a" * 64 + b".receipt",
    b"z" * 255,
    b"autorun.inf",
    b"a.commands",
]


def test_odd_names_are_left_alone(exchange: Exchange, stick: Path, from_centre: Path) -> None:
    for name in ODD_NAMES:
        Path(os.fsdecode(os.fsencode(from_centre) + b"/" + name)).write_bytes(b"x")
    (from_centre / "good.receipt").write_bytes(b"x")
    assert back(exchange, stick) == Brought(receipts=1, refused=len(ODD_NAMES))
    assert brought(exchange) == {"good.receipt"}


def test_what_is_no_plain_file_is_left_alone(exchange: Exchange, stick: Path, from_centre: Path, outside: Path) -> None:
    (from_centre / "link.receipt").symlink_to(outside / "precious")
    (from_centre / "loop.receipt").symlink_to("loop.receipt")
    (from_centre / "nowhere.order").symlink_to("/nowhere")
    os.mkfifo(from_centre / "pipe.order")
    socket_at(from_centre / "socket.roster")
    (from_centre / "folder.states").mkdir()
    (from_centre / "0000000000").symlink_to(outside)
    (from_centre / "0000001000").symlink_to(from_centre)
    (outside / "stolen.receipt").write_text("stolen")
    if os.geteuid() == 0:
        os.mknod(from_centre / "device.receipt", stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero never ends
    (from_centre / "good.receipt").write_bytes(b"x")
    assert back(exchange, stick).files == 1
    assert brought(exchange) == {"good.receipt"}


def test_what_became_something_else_after_it_was_listed_is_not_read(
    exchange: Exchange, stick: Path, from_centre: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.receipt", "b.receipt", "c.receipt"):
        (from_centre / name).write_bytes(b"x")
    shelves = Folder.shelves

    def swapped(folder: Folder) -> Iterator[tuple[str, Folder]]:
        yield from shelves(folder)
        for name in ("a.receipt", "b.receipt"):
            (from_centre / name).unlink()
        (from_centre / "a.receipt").symlink_to(outside / "precious")
        os.mkfifo(from_centre / "b.receipt")

    monkeypatch.setattr(Folder, "shelves", swapped)
    assert back(exchange, stick) == Brought(receipts=1, refused=2)
    assert brought(exchange) == {"c.receipt"}


def test_nothing_larger_than_its_kind_is_read(exchange: Exchange, stick: Path, from_centre: Path) -> None:
    for name, size in (("a.receipt", (1 << 20) + 1), ("b.keys", 1 << 40), ("c.order", (64 << 20) + 1), ("d.order", 9)):
        with (from_centre / name).open("wb") as file:
            file.truncate(size)  # sparse: it takes no room
    assert back(exchange, stick) == Brought(orders=1, refused=2, left=1)
    assert brought(exchange) == {"d.order"}


def test_a_file_that_changes_while_it_is_read_is_left_alone(
    exchange: Exchange, stick: Path, from_centre: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (from_centre / "a.receipt").write_bytes(b"x" * 100)
    (from_centre / "b.receipt").write_bytes(b"x" * 100)
    go_on = Patience.go_on

    def growing(patience: Patience) -> None:
        go_on(patience)
        with (from_centre / "a.receipt").open("ab") as file:
            file.write(b"more")

    monkeypatch.setattr(Patience, "go_on", growing)
    assert back(exchange, stick) == Brought(receipts=1, refused=1)
    assert brought(exchange) == {"b.receipt"}


@pytest.mark.parametrize(("bad", "ends"), [(1, False), (4, False), (5, True)])
def test_a_bad_place_keeps_back_a_file_and_a_bad_stick_is_told(
    exchange: Exchange, stick: Path, from_centre: Path, monkeypatch: pytest.MonkeyPatch, bad: int, ends: bool
) -> None:
    for number in range(8):
        (from_centre / f"{number}.receipt").write_bytes(b"x")
    opening, failing = os.open, {f"{number}.receipt" for number in range(bad)}

    def failing_open(name: Any, flags: int, *arguments: Any, **named: Any) -> int:
        if name in failing:
            raise OSError(errno.EIO, "bad sector")
        return opening(name, flags, *arguments, **named)

    monkeypatch.setattr(os, "open", failing_open)
    if ends:
        with pytest.raises(StickIll) as caught:
            back(exchange, stick)
        assert caught.value.trouble is StickTrouble.ILL
    else:
        assert back(exchange, stick) == Brought(receipts=8 - bad, refused=bad)


def test_states_after_one_that_lacks_are_left_and_orders_are_not(
    exchange: Exchange, stick: Path, from_centre: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, suffix in (("states", "states"), ("order", "order")):
        for number in (1, 2, 3):
            (from_centre / f"{kind}-{number:08}.{suffix}").write_bytes(b"x")
    opening = os.open

    def failing_open(name: Any, flags: int, *arguments: Any, **named: Any) -> int:
        if name in ("states-00000002.states", "order-00000002.order"):
            raise OSError(errno.EIO, "bad sector")
        return opening(name, flags, *arguments, **named)

    monkeypatch.setattr(os, "open", failing_open)
    assert back(exchange, stick) == Brought(orders=2, states=1, refused=2, left=1)
    assert brought(exchange) == {"order-00000001.order", "order-00000003.order", "states-00000001.states"}


def test_only_so_many_files_of_a_kind_are_brought_the_newest_of_keys_and_rosters(
    exchange: Exchange, stick: Path, from_centre: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.record.stick.back._MOST_FILES", dict.fromkeys(Kind, 2))
    for kind in ("keys", "roster", "receipt", "order", "states"):
        for number in (1, 2, 3):
            (from_centre / f"{kind}-{number}.{kind}").write_bytes(b"x")
    assert back(exchange, stick) == Brought(receipts=2, orders=2, rosters=2, states=2, keys=2, left=5)
    newest = {f"{kind}-{number}.{kind}" for kind in ("keys", "roster") for number in (2, 3)}
    lowest = {f"{kind}-{number}.{kind}" for kind in ("receipt", "order", "states") for number in (1, 2)}
    assert brought(exchange) == newest | lowest


def test_a_stick_does_not_fill_the_station_but_receipts_come_since_they_free_room(
    exchange: Exchange, stick: Path, from_centre: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.receipt", "b.order", "c.roster", "d.keys"):
        (from_centre / name).write_bytes(b"x")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=512 << 20))
    assert back(exchange, stick) == Brought(receipts=1, keys=1, left=2)
    assert brought(exchange) == {"a.receipt", "d.keys"}


def test_the_stations_own_ill_disk_is_not_blamed_on_the_stick(
    exchange: Exchange, stick: Path, from_centre: Path
) -> None:
    (from_centre / "a.receipt").write_bytes(b"x")
    exchange.brought.rmdir()
    with pytest.raises(FileNotFoundError):
        back(exchange, stick)


# Mounted ----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["tmpfs", "vfat", "ext4"])
def mounted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A mounted file system of 40 MiB; of vfat with the options of rekam-stick@.service that are not about users."""
    place, image = tmp_path / "mounted", tmp_path / "image"
    place.mkdir()
    kind = request.param
    options = "nosuid,nodev,noexec,nosymfollow,noatime"
    if kind == "tmpfs":
        command = ["mount", "-t", "tmpfs", "-o", f"{options},size=40m", "none", place]
    else:
        with image.open("wb") as file:
            file.truncate(40 << 20)
        make = shutil.which(f"mkfs.{kind}", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if make is None:
            pytest.skip("no mkfs for this file system")
        subprocess.run([make, image], check=True, capture_output=True)
        more = ",umask=0077,errors=remount-ro" if kind == "vfat" else ""
        command = ["mount", "-t", kind, "-o", f"loop,{options}{more}", image, place]
    if subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("this user or kernel may not mount it")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_on_a_real_mount(exchange: Exchange, mounted: Path) -> None:
    put(exchange, *range(1, 41), size=1 << 20)
    assert is_in(mounted)
    filled = export(exchange, KEYS, mounted, now=NOW, seen=SEEN)
    assert 20 < filled.packets < 40
    assert filled.left == 40 - filled.packets
    for name in sorted(name for path in exchange.outbox.iterdir() if (name := PacketName.read(path.name)))[:20]:
        (exchange.outbox / str(name)).unlink()
        on_stick(mounted, name).unlink()
    assert export(exchange, KEYS, mounted, now=NOW, seen=SEEN).packets == 20
    assert is_complete(exchange, mounted)
    subprocess.run(["mount", "-o", "remount,ro", mounted], check=True)
    put(exchange, 41)
    with pytest.raises(StickIll) as caught:
        export(exchange, KEYS, mounted, now=NOW, seen=SEEN)
    assert caught.value.trouble is StickTrouble.READ_ONLY
    assert bring(exchange, STATION, mounted) == Brought()
