"""Makes the vectors of PACKET.md anew: `python tests/record/vectors/make.py`. The keys here protect nothing.

Sealing and ML-DSA draw random numbers, so each run makes other bytes; readers must open any of them. PACKET.md, §6,
says what is what.
"""

import hashlib
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # run by hand, from any directory

from make_bad import introduced, refused
from make_bodies import OFFICER, PIN, order, recording, roster, wrong

from kiosk.record import canonical
from kiosk.record.enrolment import Grant, Request, make_grant, make_request, root_fingerprint
from kiosk.record.header import Header, Kind
from kiosk.record.keypair import VERIFYING_KEY, OpeningKey, SigningKey
from kiosk.record.keys import CENTRE, sign_trust
from kiosk.record.seal import open_sealed, seal, sign, trusting, verify
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
    packets, escrow, opening = (OpeningKey(seed(name)) for name in ("packets", "escrow", "station opening"))
    ids = ["0" * 31 + "1", "0" * 31 + "2"]
    to_centre = (packets.public, escrow.public)

    def to_station(kind: Kind, body: bytes, signer: SigningKey, *, days: int | None = None) -> bytes:
        until = None if days is None else AT + days * 86_400
        head = Header(kind, CENTRE, STATION, f"{kind.value}-00000001", 1, AT, valid_until=until)
        if kind is Kind.ORDER:
            head = replace(head, valid_from=AT - 60)
        return seal(body, head, (opening.public,), signer).data

    any_map = canonical.encode({"text": "Rekam", "bytes": bytes(range(32)), "numbers": [0, 23, 24, -1, 65536]})
    bodies = {"recording": recording(STATION, ids[0], AT), "order": order(), "roster": roster()}
    bodies["states"] = canonical.encode({"states": [[ids[0], "SENT_FOR_ENROLLMENT", AT + 120]], "missing": [3, 4]})
    first = seal(bodies["recording"], Header(Kind.RECORDING, STATION, CENTRE, ids[0], 1, AT), to_centre, station)
    second_head = Header(Kind.RECORDING, STATION, CENTRE, ids[1], 2, AT + 60, first.sha256)
    second = seal(any_map, second_head, to_centre, station)
    bodies["receipt"] = canonical.encode({"packet": ids[0], "sha256": first.sha256})
    receipt = sign(bodies["receipt"], Header(Kind.RECEIPT, CENTRE, STATION, ids[0], 1, AT + 120), signing["receipts"])
    listed = [
        Listed(packet_id, number, container.sha256, len(container.data))
        for number, (packet_id, container) in enumerate(zip(ids, (first, second), strict=True), start=1)
    ]
    now = datetime.fromtimestamp(AT, UTC)
    keys = sign_trust(
        root,
        STATION,
        opening.public,
        sequence=1,
        made=AT,
        packets=to_centre,
        **{name: (key.public,) for name, key in signing.items()},
    )
    request = make_request(
        STATION,
        province="vector",
        software="0.1.0",
        signing=station,
        sealing=opening.public,
        tls=ec.derive_private_key(1 + int.from_bytes(seed("tls")[1:]), ec.SECP256R1()),
        made=AT,
    )
    granted = Grant(STATION, b"certificate", b"authority", keys, "password", AT + 86_400)
    files = {
        "first.packet": first.data,
        "second.packet": second.data,
        "first.receipt": receipt,
        "one.order": to_station(Kind.ORDER, bodies["order"], signing["orders"], days=1),
        "one.roster": to_station(Kind.ROSTER, bodies["roster"], signing["rosters"], days=30),
        "one.states": to_station(Kind.STATES, bodies["states"], signing["states"]),
        "one.keys": keys,
        "one.manifest": sign_manifest(listed, Seen(order=1, states=1), 2, station=STATION, signing=station, now=now),
        "one.request": request,
        "one.grant": make_grant(granted, opening.public, root, sequence=1, made=AT),
    }
    for name, content in files.items():
        (HERE / name).write_bytes(content)
    trusted, ours = trusting(station.public, root.public), (opening,)
    bodies["manifest"] = verify(files["one.manifest"], kind=Kind.MANIFEST, verifying=trusted).body
    bodies["request"] = verify(request[VERIFYING_KEY:], kind=Kind.REQUEST, verifying=trusted).body
    bodies["keys"] = open_sealed(keys, kind=Kind.KEYS, verifying=trusted, opening=ours).body
    grant = files["one.grant"][VERIFYING_KEY:]
    bodies["grant"] = open_sealed(grant, kind=Kind.GRANT, verifying=trusted, opening=ours).body

    BAD.mkdir(exist_ok=True)
    for old in BAD.glob("*"):
        old.unlink()
    small, other = (
        seal(b"\xa0", Header(Kind.RECORDING, STATION, CENTRE, letter * 32, 1, AT), (packets.public,), station).data
        for letter in "ab"
    )
    for name, content in refused(small, other, receipt, files["one.order"], station=station, keys=signing):
        (BAD / name).write_bytes(content)
    empty = {
        "manifest": files["one.manifest"],
        "keys": to_station(Kind.KEYS, b"\xa0", root),
        "roster": to_station(Kind.ROSTER, b"\xa0", signing["orders"]),
        "states": to_station(Kind.STATES, b"\xa0", signing["rosters"]),
    }
    small_grant = root.public.raw + to_station(Kind.GRANT, b"\xa0", root, days=1)
    for name, content in introduced(request, small_grant, empty, root, station):
        (BAD / name).write_bytes(content)
    signing |= {"station": station, "root": root}
    sealing = {"packets": packets, "escrow": escrow, "station opening": opening}
    described = {
        "signing": {n: {"seeds": k.seeds.hex(), "id": k.public.id.hex()} for n, k in signing.items()},
        "sealing": {n: {"seed": k.seed.hex(), "id": k.public.id.hex()} for n, k in sealing.items()},
        "fingerprints": {"one.grant": root_fingerprint(root.public), "one.request": Request.read(request).fingerprint},
        "pins": {OFFICER: PIN},
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "bodies": {
            name: hashlib.sha256(any_map if name == "second.packet" else bodies[kind_of(name)]).hexdigest()
            for name in files
        },
        "body": any_map.hex(),
        "bad_bodies": [
            {"of": next(name for name in files if kind_of(name) == kind), "wrong": what, **splice(bodies[kind], body)}
            for kind, what, body in wrong(bodies)
        ],
    }
    (HERE / "vectors.json").write_text(json.dumps(described, indent=1) + "\n")


def kind_of(name: str) -> str:
    return name.rpartition(".")[2].replace("packet", "recording")


def splice(good: bytes, bad: bytes) -> dict[str, object]:
    """What makes ``bad`` of ``good``: at this byte, so many away, and these in their place."""
    at = alike(good, bad)
    end = alike(good[at:][::-1], bad[at:][::-1])
    return {"at": at, "away": len(good) - at - end, "put": bad[at : len(bad) - end].hex()}


def alike(one: bytes, other: bytes) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


if __name__ == "__main__":
    main()
