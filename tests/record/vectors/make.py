"""Makes the vectors of PACKET.md anew: `python tests/record/vectors/make.py`. The keys here protect nothing.

Sealing and ML-DSA draw random numbers, so each run makes other bytes; readers must open any of them. What lies in
``bad/`` is to be refused, each with the error that its name begins with.
"""

import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # run by hand, from any directory

from make_bad import refused

from kiosk.record import canonical
from kiosk.record.enrolment import Grant, make_grant, make_request
from kiosk.record.header import Header, Kind
from kiosk.record.keypair import OpeningKey, SigningKey
from kiosk.record.keys import CENTRE, sign_trust
from kiosk.record.seal import seal, sign
from kiosk.record.stick.manifest import Listed, Seen, sign_manifest

HERE = Path(__file__).parent
BAD = HERE / "bad"
STATION = "vector-station"
AT = 1_767_225_600  # 2026-01-01


def seed(name: str, length: int = 32) -> bytes:
    return hashlib.shake_256(f"rekam test vector: {name}".encode()).digest(length)


def main() -> None:
    station, root = SigningKey(seed("station", 64)), SigningKey(seed("root", 64))
    purposes = ("receipts", "orders", "rosters", "states", "commands")
    signing = {name: SigningKey(seed(name, 64)) for name in purposes}
    receipts, orders = signing["receipts"], signing["orders"]
    packets, escrow, opening = (OpeningKey(seed(name)) for name in ("packets", "escrow", "station opening"))
    body = canonical.encode({"text": "Rekam", "bytes": bytes(range(32)), "numbers": [0, 23, 24, -1, 65536]})
    to_centre = (packets.public, escrow.public)
    first = seal(body, Header(Kind.RECORDING, STATION, CENTRE, "0" * 31 + "1", 1, AT), to_centre, station)
    second = seal(
        body, Header(Kind.RECORDING, STATION, CENTRE, "0" * 31 + "2", 2, AT + 60, first.sha256), to_centre, station
    )
    receipted = canonical.encode({"packet": "0" * 31 + "1", "sha256": first.sha256})
    receipt = sign(
        receipted,
        Header(Kind.RECEIPT, CENTRE, STATION, "0" * 31 + "1", 1, AT + 120),
        receipts,
    )
    order_head = Header(
        Kind.ORDER, CENTRE, STATION, "order-00000001", 1, AT, valid_from=AT - 60, valid_until=AT + 86_400
    )
    where = {"states": [["0" * 31 + "1", "SENT_FOR_ENROLLMENT", AT + 120]], "missing": [3, 4]}
    states_head = Header(Kind.STATES, CENTRE, STATION, "states-00000001", 1, AT + 180)
    files = {
        "first.packet": first.data,
        "second.packet": second.data,
        "first.receipt": receipt,
        "one.order": seal(body, order_head, (opening.public,), orders).data,
        "one.states": seal(canonical.encode(where), states_head, (opening.public,), signing["states"]).data,
        "one.keys": sign_trust(
            root,
            STATION,
            opening.public,
            sequence=1,
            made=AT,
            packets=to_centre,
            **{name: (key.public,) for name, key in signing.items()},
        ),
    }
    listed = [
        Listed(f"{'0' * 31}{number}", number, hashlib.sha256(files[name]).digest(), len(files[name]))
        for number, name in enumerate(("first.packet", "second.packet"), start=1)
    ]
    request = make_request(
        STATION,
        province="vector",
        software="0.1.0",
        signing=station,
        sealing=opening.public,
        tls=ec.derive_private_key(1 + int.from_bytes(seed("tls")[1:]), ec.SECP256R1()),
        made=AT,
    )
    granted = Grant(STATION, b"certificate", b"authority", files["one.keys"], "password", AT + 86_400)
    files |= {
        "one.manifest": sign_manifest(
            listed, Seen(order=1, states=1), 2, station=STATION, signing=station, now=datetime.fromtimestamp(AT, UTC)
        ),
        "one.request": request,
        "one.grant": make_grant(granted, opening.public, root, sequence=1, made=AT),
    }
    for name, content in files.items():
        (HERE / name).write_bytes(content)
    for old in BAD.glob("*"):
        old.unlink()
    small, other = (
        seal(b"\xa0", Header(Kind.RECORDING, STATION, CENTRE, letter * 32, 1, AT), (packets.public,), station).data
        for letter in "ab"
    )
    for name, content in refused(small, other, receipt, files["one.order"], station=station, keys=signing):
        (BAD / name).write_bytes(content)
    signing |= {"station": station, "root": root}
    sealing = {"packets": packets, "escrow": escrow, "station opening": opening}
    described = {
        "body": body.hex(),
        "signing": {n: {"seeds": k.seeds.hex(), "id": k.public.id.hex()} for n, k in signing.items()},
        "sealing": {n: {"seed": k.seed.hex(), "id": k.public.id.hex()} for n, k in sealing.items()},
        "bodies": {
            name: hashlib.sha256(content).hexdigest()
            for name, content in (
                *((name, body) for name in ("first.packet", "second.packet", "one.order")),
                ("first.receipt", receipted),
                ("one.states", canonical.encode(where)),
            )
        },
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    (HERE / "vectors.json").write_text(json.dumps(described, indent=2) + "\n")


if __name__ == "__main__":
    main()
