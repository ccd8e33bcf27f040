"""The committed vectors: good ones open with the keys beside them, bad ones are refused by their name."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.record import canonical, header, seal
from kiosk.record.enrolment import Grant, Request, root_fingerprint
from kiosk.record.header import Kind, Malformed, Untrusted
from kiosk.record.keypair import VERIFYING_KEY, OpeningKey, SigningKey
from kiosk.record.keys import CentreTrust, StationKeys
from kiosk.record.order import CardOrder
from kiosk.record.outbox import _receipted
from kiosk.record.outbox.states import read_states
from kiosk.record.packet import Unreadable, unpack
from kiosk.record.roster import RosterRefused, _contents, hash_pin
from kiosk.record.seal import open_sealed, sign, trusting, verify
from kiosk.record.stick.manifest import read_manifest

VECTORS = Path(__file__).parent / "vectors"
STATION = "vector-station"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DESCRIBED: dict[str, Any] = json.loads((VECTORS / "vectors.json").read_text())
SIGNING = {name: SigningKey(bytes.fromhex(key["seeds"])) for name, key in DESCRIBED["signing"].items()}
SEALING = {name: OpeningKey(bytes.fromhex(key["seed"])) for name, key in DESCRIBED["sealing"].items()}
FILES = {name: (VECTORS / name).read_bytes() for name in DESCRIBED["sha256"]}
BAD = sorted((VECTORS / "bad").iterdir())
KEYS = {
    Kind.RECORDING: ("station", "packets"),
    Kind.RECEIPT: ("receipts", None),
    Kind.ORDER: ("orders", "station opening"),
    Kind.ROSTER: ("rosters", "station opening"),
    Kind.STATES: ("states", "station opening"),
    Kind.KEYS: ("root", "station opening"),
    Kind.MANIFEST: ("station", None),
    Kind.REQUEST: ("station", None),
    Kind.GRANT: ("root", "station opening"),
}
"""Who signs which kind, and who opens it, by their names in vectors.json."""


def kind_of(name: str) -> Kind:
    suffix = name.rpartition(".")[2]
    return Kind.RECORDING if suffix == "packet" else Kind(suffix)


def opened(name: str, data: bytes, *, recipient: str | None = None) -> seal.Opened:
    kind = kind_of(name)
    signer, own = KEYS[kind]
    trusted = trusting(SIGNING[signer].public)
    if kind is Kind.REQUEST:
        Request.read(data)
    if kind is Kind.GRANT:
        trusted = trusting(Grant.root(data))
    if kind in (Kind.REQUEST, Kind.GRANT):
        data = data[VERIFYING_KEY:]
    if own is None:
        return verify(data, kind=kind, verifying=trusted)
    return open_sealed(data, kind=kind, verifying=trusted, opening=(SEALING[recipient or own],))


def test_the_keys_and_files_are_what_they_are_described_as() -> None:
    for name, pair in SIGNING.items():
        assert pair.public.id.hex() == DESCRIBED["signing"][name]["id"]
    for name, key in SEALING.items():
        assert key.public.id.hex() == DESCRIBED["sealing"][name]["id"]
    for name, content in FILES.items():
        assert hashlib.sha256(content).hexdigest() == DESCRIBED["sha256"][name]


def test_every_kind_has_a_good_vector_and_a_bad_one() -> None:
    assert {kind_of(name) for name in FILES} == {kind_of(path.name) for path in BAD} | {Kind.ORDER} == set(Kind)


@pytest.mark.parametrize("name", FILES)
def test_each_opens_and_holds_what_it_should(name: str) -> None:
    for recipient in ("packets", "escrow") if name.endswith(".packet") else (None,):
        found = opened(name, FILES[name], recipient=recipient)
        assert hashlib.sha256(found.body).hexdigest() == DESCRIBED["bodies"][name]
        assert canonical.encode(canonical.decode(found.body)) == found.body


def test_they_tell_of_one_another() -> None:
    first = FILES["first.packet"]
    receipt = canonical.decode(opened("first.receipt", FILES["first.receipt"]).body)
    assert receipt["sha256"] == opened("second.packet", FILES["second.packet"]).header.previous
    assert receipt["sha256"] == hashlib.sha256(first).digest()
    listed = canonical.decode(opened("one.manifest", FILES["one.manifest"]).body)["packets"]
    assert [row[2] for row in listed] == [
        hashlib.sha256(FILES[f"{name}.packet"]).digest() for name in ("first", "second")
    ]
    assert canonical.decode(opened("one.grant", FILES["one.grant"]).body)["keys"] == FILES["one.keys"]


def test_fingerprints_and_pins_are_as_described() -> None:
    assert root_fingerprint(Grant.root(FILES["one.grant"])) == DESCRIBED["fingerprints"]["one.grant"]
    assert Request.read(FILES["one.request"]).fingerprint == DESCRIBED["fingerprints"]["one.request"]
    roster = canonical.decode(opened("one.roster", FILES["one.roster"]).body)
    hashes = [[officer, hash_pin(pin, roster["pin_salt"])] for officer, pin in DESCRIBED["pins"].items()]
    assert roster["officers"] == hashes


# Bad ones ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_bad_ones_are_refused_by_their_name(path: Path) -> None:
    with pytest.raises(Untrusted) as refused:
        opened(path.name, path.read_bytes())
    assert type(refused.value).__name__ == path.name.partition("-")[0]


def test_every_reason_has_a_bad_vector() -> None:
    named = {path.name.partition("-")[0] for path in BAD}
    reasons = {name for name, value in vars(header).items() if isinstance(value, type) and issubclass(value, Untrusted)}
    assert reasons - named == {"Untrusted", "NotCanonical", "TooLarge"}  # two of no reason, and one of 64 MiB


def sealed_anew(name: str, body: bytes) -> bytes:
    """This body in the place of a vector's own, rightly signed and sealed."""
    signer, own = KEYS[kind_of(name)]
    head, pair = opened(name, FILES[name]).header, SIGNING[signer]
    container = sign(body, head, pair) if own is None else seal.seal(body, head, (SEALING[own].public,), pair).data
    return pair.public.raw + container if kind_of(name) in (Kind.REQUEST, Kind.GRANT) else container


def trust_read(blob: bytes) -> CentreTrust:
    keys = replace(StationKeys.generate(STATION), opening=SEALING["station opening"])
    return CentreTrust.read(blob, SIGNING["root"].public, keys)


def receipt_read(blob: bytes) -> object:
    found = verify(blob, kind=Kind.RECEIPT, verifying=trusting(SIGNING["receipts"].public))
    return _receipted(found.header, found.body, station=STATION)


def states_read(blob: bytes) -> object:
    verifying, opening = trusting(SIGNING["states"].public), (SEALING["station opening"],)
    return read_states(blob, station=STATION, verifying=verifying, opening=opening, now=NOW)


READ: dict[Kind, Callable[[bytes], object]] = {
    Kind.RECORDING: lambda blob: unpack(opened("a.packet", blob).body),
    Kind.RECEIPT: receipt_read,
    Kind.ORDER: lambda blob: CardOrder.unpack("order-00000001", opened("an.order", blob).body),
    Kind.ROSTER: lambda blob: _contents(opened("a.roster", blob).body),
    Kind.STATES: states_read,
    Kind.KEYS: trust_read,
    Kind.MANIFEST: lambda blob: read_manifest(blob, station=STATION, verifying=trusting(SIGNING["station"].public)),
    Kind.REQUEST: Request.read,
    Kind.GRANT: lambda blob: Grant.read(blob, root=SIGNING["root"].public, opening=(SEALING["station opening"],)),
}
OF_A_BODY = {Kind.RECORDING: Unreadable, Kind.ROSTER: RosterRefused}


@pytest.mark.parametrize("name", [name for name in FILES if name != "second.packet"])
def test_good_bodies_are_believed(name: str) -> None:
    READ[kind_of(name)](sealed_anew(name, opened(name, FILES[name]).body))


@pytest.mark.parametrize("bad", DESCRIBED["bad_bodies"], ids=lambda bad: f"{bad['of']}: {bad['wrong']}")
def test_bad_bodies_are_refused_though_rightly_signed(bad: dict[str, Any]) -> None:
    name, at = bad["of"], bad["at"]
    body = opened(name, FILES[name]).body
    blob = sealed_anew(name, body[:at] + bytes.fromhex(bad["put"]) + body[at + bad["away"] :])
    with pytest.raises(OF_A_BODY.get(kind_of(name), Malformed)):
        READ[kind_of(name)](blob)


def test_every_kind_has_a_bad_body() -> None:
    assert {kind_of(bad["of"]) for bad in DESCRIBED["bad_bodies"]} == set(Kind)
