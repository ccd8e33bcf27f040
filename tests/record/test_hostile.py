"""Every reader of what the centre or a stick brings, fed with what an enemy or a bad disk may make of it.

Some hundred changes each here; ``REKAM_FUZZ=100000 pytest -n0 tests/record/test_hostile.py`` tries as many as it is
told, and all eight bits of every byte. Wrong bodies are signed and sealed by the right keys, so that the readers inside
are reached. Nothing may be raised but what a reader names, nothing believed that is not just what was meant.
"""

import base64
import itertools
import json
import os
import random
import re
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event as Flag
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.record import canonical, telemetry
from kiosk.record.enrolment import Grant, Request, make_grant
from kiosk.record.exchange import PacketName
from kiosk.record.header import Header, Kind, Untrusted
from kiosk.record.keypair import VERIFYING_KEY
from kiosk.record.keys import CENTRE, CentreTrust
from kiosk.record.ledger import Ledger
from kiosk.record.order import CardOrder
from kiosk.record.outbox import Outbox
from kiosk.record.packet import Unreadable, pack, unpack
from kiosk.record.provisioning import ask
from kiosk.record.roster import Roster
from kiosk.record.seal import MAX_BYTES, check_sealed, open_sealed, peek, seal, sign, trusting, verify
from kiosk.record.states import read_states
from kiosk.record.stick.back import bring
from kiosk.record.stick.manifest import Listed, Seen, read_manifest, sign_manifest
from kiosk.uplink.centre import Centre, Declined, Entry, LinkDown, StandsElsewhere
from kiosk.uplink.line import Line
from tests.record.mutations import changed_bytes, changed_tree, written_loosely

ROUNDS = int(os.environ.get("REKAM_FUZZ", "250"))
SEED = os.environ.get("REKAM_FUZZ_SEED", "rekam")
BITS = range(8) if "REKAM_FUZZ" in os.environ else (0,)
Change = Callable[[random.Random], tuple[Any, Any]]


@dataclass
class Reader:
    """What reads, what it may raise, some things it believes, and how these are changed.

    ``change`` gives what to read, and what is in it; ``holds`` tells of something believed whether it was meant so.
    """

    read: Callable[[Any], Any]
    refuses: tuple[type[Exception], ...]
    good: list[Any]
    change: Change
    holds: Callable[[Any, Any], bool]

    def try_all(self, rounds: int, chance: random.Random) -> None:
        for good in self.good:
            self.read(good)
        for _ in range(rounds):
            data, inside = self.change(chance)
            try:
                found = self.read(data)
            except self.refuses:
                continue
            assert self.holds(inside, found), (data, inside, found)


def outside(*good: bytes, read: Callable[[bytes], Any]) -> Reader:
    """Whole files changed from outside: none may be believed, unless nothing was changed after all."""

    def change(chance: random.Random) -> tuple[bytes, bytes]:
        data = changed_bytes(chance.choice(good), chance)
        return data, data

    return Reader(read, (Untrusted,), list(good), change, lambda data, _: data in good)


def inside(
    tree: Any,
    wrap: Callable[[bytes], bytes],
    *,
    read: Callable[[bytes], Any],
    again: Callable[[Any], Any] = lambda found: None,
    refuses: tuple[type[Exception], ...] = (Untrusted,),
) -> Reader:
    """Bodies changed and signed anew. What is believed is written ``again``, and must be the body; None: unknown."""

    def change(chance: random.Random) -> tuple[bytes, bytes]:
        other = changed_tree(tree, chance)
        match chance.randrange(8):
            case 0:
                body = written_loosely(other, chance)
            case 1:
                body = changed_bytes(canonical.encode(tree), chance)
            case _:
                body = canonical.encode(other)
        return wrap(body), body

    def holds(body: bytes, found: Any) -> bool:
        told = again(found)
        return told is None or canonical.encode(told) == body

    return Reader(read, refuses, [wrap(canonical.encode(tree))], change, holds)


# What comes from the centre ---------------------------------------------------------------------------------------


def receipts(world: Any, now: datetime) -> list[Reader]:
    outbox = Outbox(world.exchange, world.kiosk("index.db"), keys=world.keys, trust=world.trust)
    stored = outbox.accept(b"body", packet_id="a" * 32, now=now)
    tree = {"packet": stored.packet_id, "sha256": stored.sha256}
    head = Header(Kind.RECEIPT, CENTRE, world.keys.station, stored.packet_id, 1, int(now.timestamp()))

    def wrap(body: bytes) -> bytes:
        return sign(body, head, world.authority.receipts)

    def read(blob: bytes) -> Any:
        return outbox.settle(blob, now=now)

    good = wrap(canonical.encode(tree))
    return [outside(good, read=read), inside(tree, wrap, read=read, again=lambda _: tree)]


def sealed_to(world: Any, kind: Kind, signer: Any) -> Callable[[bytes], bytes]:
    """Seal to the station, each with a higher number, so that none is too old."""
    numbers = itertools.count(1)

    def wrap(body: bytes) -> bytes:
        number = next(numbers)
        head = Header(kind, CENTRE, world.keys.station, f"{kind.value}-{number:08}", number, number)
        return seal(body, head, (world.keys.opening.public,), signer).data

    return wrap


def orders(world: Any, now: datetime) -> list[Reader]:
    ledger = Ledger(world.kiosk("ledger.db"), world.keys.ledger)
    world.intake.accept(seal_recording(world))
    _, blob = world.orders.order_for_packet(seal_recording(world), now=now)
    opened = open_sealed(blob, kind=Kind.ORDER, verifying=world.trust.orders, opening=world.keys.openings)
    tree = canonical.decode(opened.body)
    wrap = sealed_to(world, Kind.ORDER, world.authority.orders)

    def read(blob: bytes) -> CardOrder:
        taken = ledger.take_order(blob, trust=world.trust, keys=world.keys, now=now)
        body = open_sealed(blob, kind=Kind.ORDER, verifying=world.trust.orders, opening=world.keys.openings).body
        order = CardOrder.unpack(taken.order_id, body)
        assert ledger.order_for(order.resident.nik, now=now) is not None
        return order

    whole = outside(wrap(opened.body), read=read)
    return [whole, inside(tree, wrap, read=read, again=lambda order: canonical.decode(order.pack()))]


def rosters(world: Any, now: datetime) -> list[Reader]:
    roster = Roster(world.kiosk("roster.db"), world.keys.roster)
    opened = open_sealed(
        world.roster(*world.cast.residents[:3]),
        kind=Kind.ROSTER,
        verifying=world.trust.rosters,
        opening=world.keys.openings,
    )
    tree = canonical.decode(opened.body)
    wrap = sealed_to(world, Kind.ROSTER, world.authority.rosters)

    def read(blob: bytes) -> Any:
        info = roster.import_signed(blob, trust=world.trust, keys=world.keys, now=now)
        assert roster.find("0" * 16) is None
        return info

    return [outside(wrap(opened.body), read=read), inside(tree, wrap, read=read)]


def states(world: Any, now: datetime) -> list[Reader]:
    outbox = Outbox(world.exchange, world.kiosk("index.db"), keys=world.keys, trust=world.trust)
    outbox.accept(b"body", packet_id="a" * 32, now=now)
    tree = {"states": [["a" * 32, "PROCESSING", 7], ["b" * 32, "CARD_ISSUED", 8]], "missing": [1, 5]}
    wrap = sealed_to(world, Kind.STATES, world.authority.states)

    def read(blob: bytes) -> Any:
        outbox.take_states(blob, now=now)
        own, keys = world.keys.station, world.keys.openings
        return read_states(blob, station=own, verifying=world.trust.states, opening=keys, now=now)

    def again(found: Any) -> Any:
        return {"states": [[name, state.value, at] for name, state, at in found.states], "missing": found.missing}

    return [outside(wrap(canonical.encode(tree)), read=read), inside(tree, wrap, read=read, again=again)]


def keys(world: Any, now: datetime) -> list[Reader]:
    blob = world.authority.trust_list(world.keys.identity, now=now)
    root = world.authority.root.public
    opened = open_sealed(blob, kind=Kind.KEYS, verifying=trusting(root), opening=world.keys.openings)
    tree = canonical.decode(opened.body)
    wrap = sealed_to(world, Kind.KEYS, world.authority.root)

    def read(blob: bytes) -> CentreTrust:
        trust = CentreTrust.read(blob, root, world.keys)
        seal(b"body", opened.header, trust.recipients, world.keys.signing)  # all of them can be sealed to
        return trust

    return [outside(wrap(opened.body), read=read), inside(tree, wrap, read=read)]


def grants(world: Any, now: datetime) -> list[Reader]:
    root, until = world.authority.root, int(now.timestamp()) + 1
    blank = Grant(world.keys.station, b"certificate", b"authority", b"keys", "password", until)
    tree = {"certificate": b"certificate", "authority": b"authority", "keys": b"keys", "password": "password"}
    head = Header(Kind.GRANT, CENTRE, world.keys.station, "grant-1", 1, 1, valid_until=until)

    def wrap(body: bytes) -> bytes:
        return bytes(root.public.raw + seal(body, head, (world.keys.opening.public,), root).data)

    def read(blob: bytes) -> Grant:
        return Grant.read(blob, root=root.public, opening=world.keys.openings)

    def again(grant: Grant) -> Any:
        return {name: getattr(grant, name) for name in tree}

    good = make_grant(blank, world.keys.opening.public, root, sequence=1, made=1)
    # Who introduces a grant is told before it: nobody is believed for that.
    whole = replace(outside(good, read=read), holds=lambda data, _: data[VERIFYING_KEY:] == good[VERIFYING_KEY:])
    return [whole, inside(tree, wrap, read=read, again=again)]


# What comes from a station, by network or stick --------------------------------------------------------------------


def requests(world: Any, now: datetime) -> list[Reader]:
    good = ask(world.root / "new", "new-station", province="ntt", software="1", now=int(now.timestamp()))
    signer = world.keys.signing
    own = verify(good[VERIFYING_KEY:], kind=Kind.REQUEST, verifying=trusting(Request.read(good).verifying))
    tree = canonical.decode(own.body)

    def wrap(body: bytes) -> bytes:
        return bytes(signer.public.raw + sign(body, own.header, signer))

    def again(request: Request) -> Any:
        return {
            "province": request.province,
            "sealing": request.sealing.raw,
            "csr": request.csr,
            "software": request.software,
        }

    def read(blob: bytes) -> Request:
        request = Request.read(blob)
        assert len(request.fingerprint.split()) == 6
        return request

    return [outside(good, read=read), inside(tree, wrap, read=read, again=again)]


def certificate_requests(world: Any, now: datetime) -> list[Reader]:
    """Requests whose certificate request was changed, and signed anew by its own key."""
    own, key = world.keys.signing, ec.generate_private_key(ec.SECP256R1())
    names = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "new-station")])
    asked = x509.CertificateSigningRequestBuilder().subject_name(names).sign(key, hashes.SHA256())
    by_ecdsa = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256, RFC 5758 §3.2
    head = Header(Kind.REQUEST, "new-station", CENTRE, "request-1", 1, 1)
    rest = {"province": "ntt", "sealing": world.keys.opening.public.raw, "software": "1"}

    def der(tag: int, content: bytes) -> bytes:
        size = len(content)
        length = bytes((size,)) if size < 128 else bytes((0x81, size)) if size < 256 else b"\x82" + size.to_bytes(2)
        return bytes((tag,)) + length + content

    def wrap(signed: bytes) -> bytes:
        whole = der(0x30, signed + by_ecdsa + der(3, b"\x00" + key.sign(signed, ec.ECDSA(hashes.SHA256()))))
        armoured = b"-----BEGIN CERTIFICATE REQUEST-----\n%b-----END CERTIFICATE REQUEST-----\n"
        body = rest | {"csr": armoured % base64.encodebytes(whole)}
        return bytes(own.public.raw + sign(canonical.encode(body), head, own))

    def change(chance: random.Random) -> tuple[bytes, None]:
        signed = bytearray(asked.tbs_certrequest_bytes)
        for _ in range(chance.choice((1, 1, 2))):
            signed[chance.randrange(len(signed))] = chance.randrange(256)
        return wrap(bytes(signed)), None

    def read(blob: bytes) -> Request:
        request = Request.read(blob)
        assert len(request.fingerprint.split()) == 6
        return request

    good = wrap(asked.tbs_certrequest_bytes)
    return [Reader(read, (Untrusted,), [good], change, lambda _, request: request.station == "new-station")]


def seal_recording(world: Any) -> bytes:
    head = Header(Kind.RECORDING, world.keys.station, CENTRE, "0" * 32, 1, 1)
    return seal(pack(world.recording()), head, world.trust.recipients, world.keys.signing).data


def packets(world: Any, now: datetime) -> list[Reader]:
    verifying, opening = trusting(world.keys.signing.public), (world.authority.packets,)
    head = Header(Kind.RECORDING, world.keys.station, CENTRE, "0" * 32, 1, 1)

    def wrap(body: bytes) -> bytes:
        return seal(body, head, (world.authority.packets.public,), world.keys.signing).data

    def read(blob: bytes) -> Any:
        peek(blob)
        check_sealed(blob, kind=Kind.RECORDING, verifying=verifying)
        return unpack(open_sealed(blob, kind=Kind.RECORDING, verifying=verifying, opening=opening).body)

    good = wrap(pack(world.recording()))
    tree = canonical.decode(pack(world.recording()))
    within = inside(
        tree, wrap, read=read, refuses=(Untrusted, Unreadable), again=lambda found: canonical.decode(pack(found))
    )
    return [outside(good, read=read), within]


def manifests(world: Any, now: datetime) -> list[Reader]:
    listed = [Listed("a" * 32, 1, bytes(32), 20_000), Listed("b" * 32, 2, bytes(range(32)), 2_000_000)]
    station, signer = world.keys.station, world.keys.signing
    good = sign_manifest(listed, Seen(order=3), 5, station=station, signing=signer, now=now)
    opened = verify(good, kind=Kind.MANIFEST, verifying=trusting(signer.public))

    def wrap(body: bytes) -> bytes:
        return sign(body, opened.header, signer)

    def read(blob: bytes) -> Any:
        return read_manifest(blob, station=station, verifying=trusting(signer.public))

    def again(found: Any) -> Any:
        seen = {kind.value: found.seen.highest(kind) for kind in (Kind.ORDER, Kind.ROSTER, Kind.STATES, Kind.KEYS)}
        packets = [[each.packet_id, each.sequence, each.sha256, each.size] for each in found.packets]
        return {"packets": packets, "seen": seen, "count": found.count}

    tree = canonical.decode(opened.body)
    return [outside(good, read=read), inside(tree, wrap, read=read, again=again)]


# What has no signature: nothing of it is believed beyond its form ---------------------------------------------------


def texts(tree: Any, read: Callable[[bytes], Any], refuses: tuple[type[Exception], ...], holds: Any) -> list[Reader]:
    """JSON, changed as a tree and as bytes."""

    def change(chance: random.Random) -> tuple[bytes, None]:
        plain = json.dumps(changed_tree(tree, chance), default=repr).encode()
        return (plain if chance.random() < 0.7 else changed_bytes(plain, chance)), None

    return [Reader(read, refuses, [json.dumps(tree).encode()], change, holds)]


def uplink_status(world: Any, now: datetime) -> list[Reader]:
    place = world.exchange.uplink_status
    telemetry.write_status(place, telemetry.UplinkStatus(events_seen=7, centre_last_contact=1, broker_connected=True))

    def read(content: bytes) -> telemetry.UplinkStatus:
        place.write_bytes(content)
        return telemetry.read_status(place)

    def holds(_: None, status: telemetry.UplinkStatus) -> bool:
        return isinstance(status.events_seen, int) and 0 <= status.events_seen <= 2**53

    return texts(json.loads(place.read_text()), read, (telemetry.Unreadable,), holds)


class Answering:
    """Stands in for the connection to the centre: whatever is asked, this is the answer."""

    def __init__(self) -> None:
        self.status, self.headers, self.content = 200, list[tuple[bytes, bytes]](), b""

    @contextmanager
    def stream(self, *_: Any, **__: Any) -> Iterator[httpcore.Response]:
        yield httpcore.Response(self.status, headers=self.headers, content=self.content)


def answered() -> tuple[Centre, Answering]:
    centre, http = Centre.__new__(Centre), Answering()
    centre._url, centre.line = "https://centre.example:8443", Line(stop=Flag())
    centre._http = http  # type: ignore[assignment]
    return centre, http


def listings(world: Any, now: datetime) -> list[Reader]:
    centre, http = answered()
    tree = {"highest": 9, "files": [{"number": 8, "name": "order-00000008.order"}, {"number": 9, "name": "a.keys"}]}

    def read(content: bytes) -> Any:
        http.content = content
        return centre.listing("station", "orders", after=7)

    def holds(_: None, listing: Any) -> bool:
        names = [entry.name for entry in listing.files]
        plain = all(name.isascii() and name.isprintable() and "/" not in name and name[0] != "." for name in names)
        return plain and all(isinstance(entry, Entry) and entry.number >= 1 for entry in listing.files)

    return texts(tree, read, (LinkDown, Declined), holds)


def tus(world: Any, now: datetime) -> list[Reader]:
    """Headers of an answer: every one of them may be anything that HTTP can carry."""
    centre, http = answered()
    good = {b"upload-length": b"1000", b"upload-offset": b"400", b"location": b"/v1/packets/a"}
    values = (
        b"",
        b"0",
        b"-1",
        b"+400",
        b"4e2",
        b"400 ",
        b"0x190",
        b"9" * 30,
        b"\xb2\xb3",
        b"//evil/a",
        b"/\x01",
        b"/a?b#c",
    )
    more = (b"https://evil:8443/a", b"https://centre.example:8443/b", b"http://[", b"https://a@centre.example:8443/b")

    def change(chance: random.Random) -> tuple[tuple[int, list[tuple[bytes, bytes]]], None]:
        headers = list(good.items())
        for _ in range(chance.randrange(1, 4)):
            name = chance.choice(list(good))
            value = chance.choice((*values, *more, changed_bytes(good[name], chance)))
            headers.insert(chance.randrange(len(headers) + 1), (name, value))
        return (chance.choice((200, 201, 204, 206, 301, 404, 409, 410, 429, 500, 999)), headers), None

    def read(answer: tuple[int, list[tuple[bytes, bytes]]]) -> tuple[str | None, int | None, int | None]:
        http.status, http.headers = answer
        told: list[Any] = []
        for question in (
            lambda: centre.create("a", 1000),
            lambda: centre.offset("/v1/packets/a", 1000),
            lambda: centre.append("/v1/packets/a", 300, bytes(100)),
        ):
            try:
                told.append(question())
            except (LinkDown, Declined, StandsElsewhere):
                told.append(None)
        return told[0], told[1], told[2]

    def holds(_: None, told: tuple[str | None, int | None, int | None]) -> bool:
        address, offset, reached = told
        ours = address is None or (address.startswith("/") and address.isascii() and address.isprintable())
        return ours and (offset is None or 0 <= offset <= 1000) and reached in (None, 400)

    return [Reader(read, (), [(200, list(good.items()))], change, holds)]


def names(world: Any, now: datetime) -> list[Reader]:
    good = ["0000000042-" + "a" * 32 + ".packet", "0000000001-x.packet"]

    def change(chance: random.Random) -> tuple[str, str]:
        name = changed_bytes(chance.choice(good).encode(), chance).decode("utf-8", "surrogateescape")
        return name, name

    def holds(name: str, found: PacketName | None) -> bool:
        return found is None or (str(found) == name and "/" not in name and "." not in found.packet_id)

    return [Reader(PacketName.read, (), list(good), change, holds)]


def stick_names(world: Any, now: datetime) -> list[Reader]:
    """Names of files on a stick, among them some that no text can be."""
    shelf = world.root / "stick" / "rekam" / world.keys.station / "from-centre" / "0000000000"
    shelf.mkdir(parents=True)
    good = [b"order-00000001.order", b"a" * 32 + b".receipt", b"keys-00000001.keys", b"states-00000001.states"]

    def change(chance: random.Random) -> tuple[bytes, None]:
        return changed_bytes(chance.choice(good), chance).replace(b"/", b"\\"), None

    def read(name: bytes) -> list[str]:
        path = shelf / os.fsdecode(name)
        try:
            path.write_bytes(b"content")
        except (OSError, ValueError):
            return []  # no disk can have such a name
        try:
            bring(world.exchange, world.keys.station, world.root / "stick", folder=True)
            return [brought.name for brought in world.exchange.brought.iterdir()]
        finally:
            for left in (path, *world.exchange.brought.iterdir()):
                left.unlink()

    def holds(_: None, brought: list[str]) -> bool:
        return all(
            re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}\.(receipt|order|roster|states|keys)", name) for name in brought
        )

    return [Reader(read, (), list(good), change, holds)]


def encodings(world: Any, now: datetime) -> list[Reader]:
    tree = {"a": [1, -5, {"b": bytes(300), "n": None, "t": True}], "long": "z" * 70, 7: 1 << 40, -1: ["é", []]}

    def change(chance: random.Random) -> tuple[bytes, bytes]:
        other = changed_tree(tree, chance)
        data = written_loosely(other, chance, loose=0.03)
        data = changed_bytes(data, chance) if chance.random() < 0.4 else data
        return data, data

    good = canonical.encode(tree)
    return [
        Reader(
            canonical.decode,
            (canonical.NotCanonical,),
            [good],
            change,
            lambda data, found: canonical.encode(found) == data,
        )
    ]


READERS: dict[str, Callable[[Any, datetime], list[Reader]]] = {
    make.__name__: make
    for make in (
        receipts, orders, rosters, states, keys, grants, requests, certificate_requests, packets, manifests,
        uplink_status, listings, tus, names, stick_names, encodings,
    )
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_nothing_but_named_errors_and_nothing_believed_that_was_not_meant(name: str, world: Any, now: datetime) -> None:
    for number, reader in enumerate(READERS[name](world, now)):
        reader.try_all(ROUNDS, random.Random(f"{SEED} {name} {number}"))


FILES = {
    name: lambda world, now, make=make: make(world, now)[0]
    for name, make in READERS.items()
    if name in ("receipts", "orders", "states", "keys", "grants", "requests", "packets", "manifests")
}


@pytest.mark.parametrize("name", FILES)
def test_no_byte_can_be_changed_or_missing(name: str, world: Any, now: datetime) -> None:
    reader = FILES[name](world, now)
    (good,) = reader.good
    start = VERIFYING_KEY if name == "grants" else 0  # who introduces a grant is believed by nobody
    flipped = (
        good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :] for at in range(start, len(good)) for bit in BITS
    )
    for data in itertools.chain(flipped, (good[:end] for end in range(len(good)))):
        with pytest.raises(Untrusted):
            reader.read(data)


# Size -------------------------------------------------------------------------------------------------------------

MANY = MAX_BYTES - 16
"""Bytes of the largest thing that is looked at, but for its first few."""


@pytest.mark.parametrize("item", [b"\x80", b"\xa0", b"\x00", b"\x40", b"\x81"])
@pytest.mark.parametrize("head", [b"", b"\xd8\x60\x84\x40\xa0\x40", b"\xd8\x62\x84\x40\xa0\x40"])
def test_the_largest_file_costs_no_more_than_its_length(head: bytes, item: bytes) -> None:
    data = head + b"\x9a" + MANY.to_bytes(4, "big") + item * MANY
    data = data[:MAX_BYTES]
    tracemalloc.start()
    try:
        for read in (peek, canonical.decode, lambda blob: verify(blob, kind=Kind.RECEIPT, verifying={})):
            with pytest.raises(Untrusted):
                read(data)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
