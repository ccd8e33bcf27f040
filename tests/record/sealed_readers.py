"""The readers of what is signed or sealed: by the centre for a station, by a station for the centre."""

import base64
import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.record import canonical
from kiosk.record.enrolment import Grant, Request, make_grant
from kiosk.record.header import Header, Kind, Untrusted
from kiosk.record.keypair import VERIFYING_KEY
from kiosk.record.keys import CENTRE, CentreTrust
from kiosk.record.ledger import Ledger
from kiosk.record.order import CardOrder
from kiosk.record.outbox import Outbox
from kiosk.record.outbox.states import read_states
from kiosk.record.packet import Unreadable, pack, unpack
from kiosk.record.provisioning import ask
from kiosk.record.roster import Roster
from kiosk.record.seal import check_sealed, open_sealed, peek, seal, sign, trusting, verify
from kiosk.record.stick.manifest import Listed, Seen, read_manifest, sign_manifest
from tests.record.readers import Reader, inside, outside

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

    def read_small(blob: bytes) -> bytes:
        peek(blob)
        return open_sealed(blob, kind=Kind.RECORDING, verifying=verifying, opening=opening).body

    small = seal(b"small", head, world.trust.recipients, world.keys.signing).data
    tree = canonical.decode(pack(world.recording()))
    within = inside(
        tree, wrap, read=read, refuses=(Untrusted, Unreadable), again=lambda found: canonical.decode(pack(found))
    )
    return [outside(small, read=read_small), within]


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
