# ruff: noqa: F811  # fixtures are named again where they are used
"""A centre that lies, forgets, or cannot be understood: nothing is deleted, little is asked, others go on.

The kiosk's side is the real one: its outbox deletes only what a receipt has proved.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from kiosk.centre.intake import Intake
from kiosk.centre.registry import Registry
from kiosk.record import canonical
from kiosk.record.exchange import PacketName
from kiosk.record.header import Header, Kind
from kiosk.record.keypair import SigningKey
from kiosk.record.keys import CENTRE
from kiosk.record.seal import seal, sign
from kiosk.record.telemetry import LinkTrouble
from kiosk.uplink import line as line_module
from kiosk.uplink.centre import Centre
from kiosk.uplink.store import Upload
from tests.record.conftest import NOW, provisioned, world  # noqa: F401  # fixtures
from tests.record.test_inbox import Kiosk
from tests.uplink.liar import Answer, Asked, Honest, Liar, answer, endless, trickle

STATION = "ktp-5371-01"
PACKETS = ("a" * 32, "b" * 32, "c" * 32)
HTML = b"<!DOCTYPE html><html><body>Welcome! Please log in.</body></html>"


class Life:
    """One station and its liar, as time goes by."""

    def __init__(self, world: Any, clock: Any, delivery: Any, liar: Liar) -> None:
        self.world, self.clock, self.delivery, self.liar = world, clock, delivery, liar
        self.kiosk = Kiosk(world)
        for packet in PACKETS:
            self.kiosk.outbox.accept(packet.encode() * 10, packet_id=packet, now=self.now)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.wall(), UTC)

    def goes_on(self, seconds: int, *, step: float = 1.0) -> None:
        for _ in range(int(seconds / step)):
            while self.delivery.step():
                pass
            self.kiosk.inbox.take_in(now=self.now)
            self.clock.now += step

    @property
    def waiting(self) -> list[str]:
        return sorted(path.name for path in self.world.exchange.outbox.glob("*.packet"))


@pytest.fixture
def liar(authority: Any, world: Any) -> Iterator[Liar]:
    liar = Liar(authority, Honest(world.intake.accept))
    yield liar
    liar.close()


@pytest.fixture
def line(liar: Liar, authority: Any) -> Iterator[Centre]:
    line = Centre(liar.url, authority.issue(STATION))
    yield line
    line.close()


@pytest.fixture
def life(world: Any, liar: Liar, line: Centre, clock: Any, make_delivery: Any) -> Iterator[Life]:
    life = Life(world, clock, make_delivery(line), liar)
    yield life
    life.kiosk.stop()


@pytest.fixture
def exchange(world: Any) -> Any:  # the station's, in place of an empty one
    (world.exchange.root / "uplink").mkdir(exist_ok=True)
    return world.exchange


Says = Callable[[Asked], Answer]
Lie = Callable[[Honest, Any, Asked], Answer | None]


def without_receipt(said: bytes) -> Lie:
    def lie(honest: Honest, world: Any, asked: Asked) -> Answer | None:
        return said if asked.wants_receipt else None

    return lie


def forged(world: Any, packet: str, *, digest: bytes | None = None, key: SigningKey | None = None) -> bytes:
    (path,) = world.exchange.outbox.glob(f"*-{packet}.packet")
    body = {"packet": packet, "sha256": digest or hashlib.sha256(path.read_bytes()).digest()}
    header = Header(Kind.RECEIPT, CENTRE, world.keys.station, packet, 1, 1_790_000_000)
    return answer("200 OK", body=sign(canonical.encode(body), header, key or world.authority.receipts))


def wrong_hash(honest: Honest, world: Any, asked: Asked) -> Answer | None:
    return forged(world, asked.packet, digest=bytes(32)) if asked.wants_receipt else None


def wrong_key(honest: Honest, world: Any, asked: Asked) -> Answer | None:
    return forged(world, asked.packet, key=SigningKey.generate()) if asked.wants_receipt else None


def by_the_orders_key(honest: Honest, world: Any, asked: Asked) -> Answer | None:
    return forged(world, asked.packet, key=world.authority.orders) if asked.wants_receipt else None


def of_an_unknown_packet(honest: Honest, world: Any, asked: Asked) -> Answer | None:
    if not asked.wants_receipt:
        return None
    body = {"packet": "d" * 32, "sha256": bytes(32)}
    header = Header(Kind.RECEIPT, CENTRE, world.keys.station, "d" * 32, 1, 1_600_000_000)
    return answer("200 OK", body=sign(canonical.encode(body), header, world.authority.receipts))


def accepts_and_forgets(honest: Honest, world: Any, asked: Asked) -> Answer | None:
    if asked.method == "PATCH":
        return answer("204 No Content", {"Upload-Offset": str(int(asked.headers["upload-offset"]) + len(asked.body))})
    return None


def has_more_than_was_sent(honest: Honest, world: Any, asked: Asked) -> Answer | None:
    if asked.method == "HEAD":
        length = honest.lengths.get(asked.packet, 1)
        return answer("200 OK", {"Upload-Offset": str(length), "Upload-Length": str(length)})
    return answer("409 Conflict") if asked.method == "PATCH" else None


def takes_a_byte_a_time(honest: Honest, world: Any, asked: Asked) -> Answer | None:
    if asked.method != "PATCH":
        return None
    honest.uploads[asked.packet] += asked.body[:1]
    return answer("204 No Content", {"Upload-Offset": str(int(asked.headers["upload-offset"]) + 1)})


def always(said: Callable[[], Answer]) -> Lie:
    return lambda honest, world, asked: said()


def on_patch(said: Callable[[], Answer]) -> Lie:
    return lambda honest, world, asked: said() if asked.method == "PATCH" else None


LIES: dict[str, Lie] = {
    "no receipt": without_receipt(answer("404 Not Found")),
    "no receipt, and all is well": without_receipt(answer("204 No Content")),
    "an empty receipt": without_receipt(answer("200 OK")),
    "garbage for a receipt": without_receipt(answer("200 OK", body=bytes(range(256)))),
    "HTML for a receipt": without_receipt(answer("200 OK", {"Content-Type": "text/html"}, HTML)),
    "a fault instead of a receipt": without_receipt(answer("500 Internal Server Error")),
    "a huge receipt": without_receipt(answer("200 OK", body=bytes(200_000))),
    "a wrong hash": wrong_hash,
    "a wrong key": wrong_key,
    "the key of orders": by_the_orders_key,
    "an old receipt of a packet nobody knows": of_an_unknown_packet,
    "accepts and forgets": accepts_and_forgets,
    "has more than was sent": has_more_than_was_sent,
    "takes a byte a time": takes_a_byte_a_time,
    "204 to everything": always(partial(answer, "204 No Content")),
    "200 and HTML to everything": always(partial(answer, "200 OK", body=HTML)),
    "404 to everything": always(partial(answer, "404 Not Found", body=HTML)),
    "403 to everything": always(partial(answer, "403 Forbidden")),
    "503 to everything": always(partial(answer, "503 Service Unavailable", {"Retry-After": "0"})),
    "sent elsewhere": always(partial(answer, "302 Found", {"Location": "https://127.0.0.1:1/"})),
    "too many uploads": lambda honest, world, asked: (
        answer("429 Too Many Requests") if asked.method == "POST" else None
    ),
    "200 to a piece": on_patch(partial(answer, "200 OK")),
    "no number in the answer to a piece": on_patch(partial(answer, "204 No Content", {"Upload-Offset": "-1"})),
    "a body without end": on_patch(lambda: endless(b"HTTP/1.1 204 No\r\nUpload-Offset: 1\r\n\r\n", b"x" * 65536)),
    "bytes without end": on_patch(
        lambda: endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + bytes(65536) + b"\r\n")
    ),
    "headers without end": always(lambda: endless(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n" * 1000)),
    "announcements without end": always(lambda: endless(b"", b"HTTP/1.1 103 Early Hints\r\nX-More: 1\r\n\r\n" * 1000)),
    "not HTTP at all": always(lambda: iter([b"220 mail.example ESMTP ready\r\n\r\n"])),
    "an upload on another machine": lambda honest, world, asked: (
        answer("201 Created", {"Location": "https://elsewhere.example/v1/packets/1"})
        if asked.method == "POST"
        else None
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_nothing_is_deleted_little_is_asked_and_all_of_it_arrives_when_the_lie_ends(life, liar, world, lie):
    honest = liar.says
    liar.says = lambda asked: LIES[lie](honest, world, asked) or honest(asked)
    before = life.waiting
    life.goes_on(600, step=2)
    assert life.waiting == before
    assert life.delivery.trouble is not None or life.delivery.refused == 3
    first = len(liar.asked)
    life.goes_on(3600, step=10)
    in_an_hour = len(liar.asked) - first
    assert first < 120
    assert in_an_hour < 120
    assert liar.received < 80 * sum((world.exchange.outbox / name).stat().st_size for name in before)
    liar.says = Honest(world.intake.accept)  # a centre set up anew
    life.goes_on(26 * 3600, step=300)
    assert life.waiting == []
    assert life.delivery.trouble is None
    assert life.delivery.refused == 0


@pytest.mark.parametrize("lie", ["no receipt", "a wrong hash", "a fault instead of a receipt", "accepts and forgets"])
def test_others_go_on_past_the_one_that_is_lied_about(life, liar, world, lie):
    honest, first = liar.says, PACKETS[0]
    liar.says = lambda asked: (LIES[lie](honest, world, asked) if first in asked.path else None) or honest(asked)
    life.goes_on(120)
    assert [first in name for name in life.waiting] == [True]


def test_an_upload_that_was_begun_is_ended_while_no_other_may_begin(life, liar, world):
    honest, begun = liar.says, PacketName.read(life.waiting[-1])
    honest.uploads[begun.packet_id] = bytearray()
    honest.lengths[begun.packet_id] = (world.exchange.outbox / str(begun)).stat().st_size
    life.delivery._store.note(Upload(begun, f"/v1/packets/{begun.packet_id}"))
    liar.says = lambda asked: LIES["too many uploads"](honest, world, asked) or honest(asked)
    life.goes_on(1200, step=5)
    assert len(life.waiting) == 2
    assert str(begun) not in life.waiting
    assert life.delivery.refused == 0


@pytest.mark.parametrize(
    "silence",
    [
        lambda: endless(b"", b""),
        lambda: trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100, 0.02),
    ],
    ids=["never answers", "trickles"],
)
def test_a_centre_that_is_slow_on_purpose_is_left(life, liar, world, monkeypatch, silence):
    monkeypatch.setattr(line_module, "PATIENCE", 0.3)
    honest, hush = liar.says, threading.Event()

    def says(asked: Asked) -> Answer:
        for part in silence():
            if part:
                yield part
            elif hush.wait(1.0):
                return

    liar.says = says
    before = life.waiting
    for _ in range(3):
        while life.delivery.step():
            pass
        life.clock.now += 2
    assert life.delivery.trouble is LinkTrouble.TIMEOUT
    assert life.waiting == before
    hush.set()
    liar.says = honest
    monkeypatch.undo()
    life.goes_on(1200, step=10)
    assert life.waiting == []


def test_patience_outlives_a_restart(life, line, liar, world, make_delivery):
    honest = liar.says
    liar.says = lambda asked: LIES["no receipt"](honest, world, asked) or honest(asked)
    life.goes_on(10)
    asked = len(liar.asked)
    assert asked == 3 * len(PACKETS)
    life.delivery = make_delivery(line)
    life.goes_on(15)
    assert len(liar.asked) == asked
    assert life.delivery._store.upload(PacketName(1, PACKETS[0])).tries == 1
    life.goes_on(60)
    assert len(liar.asked) > asked


def test_a_revoked_station_keeps_its_packets_and_says_so(life, liar):
    liar.says = lambda asked: answer("403 Forbidden")
    before = life.waiting
    life.goes_on(900, step=3)
    assert life.waiting == before
    assert life.delivery.trouble is LinkTrouble.REFUSED
    assert life.delivery.refused == 0
    assert len(liar.asked) < 20


def test_a_clock_set_back_by_a_year_delays_nothing_for_long(life, liar, world):
    honest = liar.says
    liar.says = lambda asked: LIES["no receipt"](honest, world, asked) or honest(asked)
    life.goes_on(600)
    life.clock.set_on -= 365 * 86400
    liar.says = honest
    life.kiosk.outbox.accept(b"one more", packet_id="e" * 32, now=life.now)  # makes it look again
    life.goes_on(7200, step=60)
    assert life.waiting == []


def test_a_centre_restored_from_an_old_backup_is_sent_again_what_it_lost(life, liar, world, tmp_path):
    """It knows neither uploads nor receipts of before, says what is missing, and the station still has it."""
    life.goes_on(30)
    assert life.waiting == []
    (tmp_path / "restored").mkdir()
    with closing(Registry(tmp_path / "restored")) as registry:
        later = NOW + timedelta(hours=1)
        intake = Intake(tmp_path / "restored", world.authority, registry, clock=lambda: later)
        liar.says = Honest(intake.accept)
        made = int((NOW + timedelta(minutes=10)).timestamp())
        head = Header(Kind.STATES, CENTRE, world.keys.station, "states-00000001", 1, made)
        told = canonical.encode({"states": [], "missing": [2, 3]})
        states = seal(told, head, (world.keys.opening.public,), world.authority.states).data
        (world.exchange.states / "states-00000001.states").write_bytes(states)
        life.kiosk.inbox.take_in(now=later)
        assert [name[:10] for name in life.waiting] == ["0000000002", "0000000003"]
        for name in life.waiting:
            # As if the uplink had begun it before, and had been told that all of it was there.
            packet, size = PacketName.read(name), (world.exchange.outbox / name).stat().st_size
            life.delivery._store.note(Upload(packet, "/v1/packets/of-before", size, whole=True))
        life.goes_on(600, step=2)
        assert sorted(liar.says.uploads) == [PACKETS[1], PACKETS[2]]
        assert life.waiting == []
