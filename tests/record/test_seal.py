"""The container: opens for its recipients, and for nothing else; every reason not to believe one has its name."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.record import canonical, header, seal
from kiosk.record.enrolment import Grant, Request
from kiosk.record.header import Header, Kind, Untrusted
from kiosk.record.keypair import VERIFYING_KEY, BadKey, OpeningKey, SealingKey, SigningKey, VerifyingKey
from kiosk.record.seal import check_sealed, open_sealed, peek, sign, trusting, verify
from kiosk.record.stick.manifest import read_manifest

VECTORS = Path(__file__).parent / "vectors"
CENTRE, ESCROW, STRANGER = OpeningKey(b"c" * 32), OpeningKey(b"e" * 32), OpeningKey(b"s" * 32)
STATION, OTHER = SigningKey(b"1" * 32 + b"2" * 32), SigningKey(b"3" * 32 + b"4" * 32)
HEAD = Header(Kind.RECORDING, "station", "centre", "packet", 1, 1_767_225_600)
TRUSTED = trusting(STATION.public)
SMALL = seal.seal(b"small", HEAD, (CENTRE.public, ESCROW.public), STATION)
RECEIPT = sign(b"body", Header(Kind.RECEIPT, "centre", "station", "packet", 1, 1), STATION)
HASHES = st.binary(min_size=32, max_size=32)


def opened(data: bytes, *, opening: OpeningKey = CENTRE, verifying: seal.Verifying = TRUSTED) -> seal.Opened:
    return open_sealed(data, kind=Kind.RECORDING, verifying=verifying, opening=(opening,))


@settings(max_examples=25)
@given(body=st.binary(max_size=3000), sequence=st.integers(0, 2**53 - 1), previous=st.none() | HASHES)
def test_each_recipient_opens_what_was_sealed(body: bytes, sequence: int, previous: bytes | None) -> None:
    head = Header(Kind.RECORDING, "station", "centre", "packet", sequence, 1, previous)
    container = seal.seal(body, head, (CENTRE.public, ESCROW.public), STATION)
    assert container.sha256 == hashlib.sha256(container.data).digest()
    assert peek(container.data) == head
    assert check_sealed(container.data, kind=Kind.RECORDING, verifying=TRUSTED) == (head, STATION.public.id)
    for key in (CENTRE, ESCROW):
        found = opened(container.data, opening=key)
        assert (found.body, found.header, found.signer) == (body, head, STATION.public.id)


def test_as_many_recipients_as_there_may_be() -> None:
    keys = [OpeningKey(bytes([number]) * 32) for number in range(9)]
    container = seal.seal(b"small", HEAD, [key.public for key in keys[:8]], STATION)
    assert [opened(container.data, opening=key).body for key in keys[:8]] == [b"small"] * 8
    for wrong in ([], keys):
        with pytest.raises(ValueError, match="1 to 8 recipients"):
            seal.seal(b"small", HEAD, [key.public for key in wrong], STATION)


def test_the_same_body_never_looks_the_same() -> None:
    assert seal.seal(b"small", HEAD, (CENTRE.public, ESCROW.public), STATION).data != SMALL.data


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda rest: b"\xd8\x60\x84" + rest))
def test_noise_is_refused_and_never_surprises(data: bytes) -> None:
    with pytest.raises(Untrusted):
        opened(data)
    with pytest.raises(Untrusted):
        verify(data, kind=Kind.RECEIPT, verifying=TRUSTED)


# One named error each ---------------------------------------------------------------------------------------------


def parts(data: bytes) -> tuple[list[object], list[object]]:
    end = canonical.elements(data, 2)[-1]
    return canonical.decode(data[2:end]), canonical.decode(data[end + 2 :])


def joined(encrypted: list[object], signed: list[object]) -> bytes:
    return b"\xd8\x60" + canonical.encode(encrypted) + b"\xd8\x62" + canonical.encode(signed)


def resigned(change: Callable[[list[object]], None]) -> bytes:
    """A container whose sealed part was changed, signed anew by the station itself: only strictness can refuse it."""
    encrypted, signed = parts(SMALL.data)
    change(encrypted)
    first = b"\xd8\x60" + canonical.encode(encrypted)
    envelope = signed[0]
    assert isinstance(envelope, bytes)
    return first + seal._signed(envelope, hashlib.sha256(first).digest(), STATION)


def protected(encrypted: list[object], **labels: object) -> None:
    head = canonical.decode(bytes(encrypted[0]))  # type: ignore[call-overload]
    ours = {name: value for name, value in labels.items() if not name.startswith("_")}
    head["ktp"] |= ours
    for name, value in labels.items():
        if name.startswith("_"):
            head[int(name[1:])] = value
    encrypted[0] = canonical.encode(head)


def test_signature_stripped() -> None:
    end = canonical.elements(SMALL.data, 2)[-1]
    with pytest.raises(header.SignatureMissing):
        opened(SMALL.data[:end])


def test_one_of_the_two_signatures_stripped() -> None:
    encrypted, signed = parts(SMALL.data)
    signed[3] = signed[3][:1]  # type: ignore[index]
    with pytest.raises(header.SignatureMissing):
        opened(joined(encrypted, signed))


def test_signatures_in_another_order() -> None:
    encrypted, signed = parts(SMALL.data)
    signed[3] = signed[3][::-1]  # type: ignore[index]
    with pytest.raises(header.UnknownAlgorithm):
        opened(joined(encrypted, signed))


def test_one_signature_by_another_key() -> None:
    encrypted, signed = parts(SMALL.data)
    other = parts(seal.seal(b"small", HEAD, (CENTRE.public,), OTHER).data)[1]
    signed[3] = [signed[3][0], other[3][1]]  # type: ignore[index]
    with pytest.raises(header.UnknownKey):
        opened(joined(encrypted, signed))


def test_signed_by_somebody_else() -> None:
    with pytest.raises(header.UnknownKey):
        opened(seal.seal(b"small", HEAD, (CENTRE.public,), OTHER).data)


def test_signatures_of_another_packet() -> None:
    other = seal.seal(b"other", HEAD, (CENTRE.public,), STATION)
    with pytest.raises(header.SignatureWrong):
        opened(joined(parts(SMALL.data)[0], parts(other.data)[1]))


def test_only_the_lattice_signature_wrong() -> None:
    encrypted, signed = parts(SMALL.data)
    signatures = signed[3]
    assert isinstance(signatures, list)
    signatures[1][2] = bytes(len(signatures[1][2]))
    with pytest.raises(header.SignatureWrong, match="ML-DSA"):
        opened(joined(encrypted, signed))


def test_only_the_classic_signature_wrong() -> None:
    encrypted, signed = parts(SMALL.data)
    signatures = signed[3]
    assert isinstance(signatures, list)
    signatures[0][2] = bytes(len(signatures[0][2]))
    with pytest.raises(header.SignatureWrong, match="Ed25519"):
        opened(joined(encrypted, signed))


def test_sealed_to_others() -> None:
    with pytest.raises(header.NotForUs):
        opened(SMALL.data, opening=STRANGER)


def test_wrapped_key_moved_beside_another_header() -> None:
    with pytest.raises(header.CannotOpen):
        opened(resigned(lambda encrypted: protected(encrypted, seq=2)))


def test_content_of_another_packet_under_this_header() -> None:
    def swap(encrypted: list[object]) -> None:
        encrypted[2] = bytes(len(encrypted[2]))  # type: ignore[arg-type]

    with pytest.raises(header.CannotOpen):
        opened(resigned(swap))


@pytest.mark.parametrize(
    ("labels", "error"),
    [
        ({"v": 2}, header.UnknownVersion),
        ({"v": True}, header.Malformed),
        ({"kind": "order"}, header.WrongKind),
        ({"kind": "letter"}, header.WrongKind),
        ({"seq": -1}, header.Malformed),
        ({"seq": 1 << 53}, header.Malformed),
        ({"seq": "1"}, header.Malformed),
        *(({name: 1 << 37}, header.Malformed) for name in ("at", "nbf", "exp")),  # no day of a calendar
        ({"prev": b"short"}, header.Malformed),
        ({"id": "../../etc/passwd"}, header.Malformed),
        ({"id": "A"}, header.Malformed),
        ({"id": ""}, header.Malformed),
        ({"from": "a" * 64}, header.Malformed),
        ({"extra": 1}, header.UnknownLabel),
        ({"_1": 1}, header.UnknownAlgorithm),  # AES-128-GCM
        ({"_1": "A256GCM"}, header.UnknownAlgorithm),
        ({"_2": ["ktp"]}, header.UnknownLabel),  # a label that has no place here
        ({"_3": "text/plain"}, header.Malformed),
    ],
)
def test_a_header_that_is_not_as_specified(labels: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        opened(resigned(lambda encrypted: protected(encrypted, **labels)))


def test_unknown_wrapping_algorithm() -> None:
    def rename(encrypted: list[object]) -> None:
        recipient = encrypted[3][0]  # type: ignore[index]
        recipient[0] = canonical.encode({1: -31, 4: CENTRE.public.id})

    with pytest.raises(header.UnknownAlgorithm):
        opened(resigned(rename))


def test_recipient_twice() -> None:
    def double(encrypted: list[object]) -> None:
        encrypted[3] = [encrypted[3][0]] * 2  # type: ignore[index]

    with pytest.raises(header.Duplicated):
        opened(resigned(double))


def test_something_hidden_outside_the_protected_part() -> None:
    with pytest.raises(header.UnknownLabel):
        opened(resigned(lambda encrypted: encrypted.__setitem__(1, {5: bytes(12), 99: b"hidden"})))


def test_larger_than_anything_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "MAX_BYTES", len(SMALL.data) - 1)
    with pytest.raises(header.TooLarge):
        opened(SMALL.data)


def test_a_receipt_is_no_order() -> None:
    with pytest.raises(header.WrongKind):
        verify(RECEIPT, kind=Kind.KEYS, verifying=TRUSTED)


@pytest.mark.parametrize("kind", [SealingKey, VerifyingKey, SigningKey, OpeningKey])
def test_keys_have_one_length(kind: Callable[[bytes], object]) -> None:
    with pytest.raises(BadKey):
        kind(b"short")


def test_secrets_and_bodies_cannot_be_printed() -> None:
    shown = repr((STATION, CENTRE, opened(SMALL.data), SMALL))
    assert "1111" not in shown
    assert "cccc" not in shown
    assert "small" not in shown


# The committed vectors --------------------------------------------------------------------------------------------


class Vectors:
    """The files of ``vectors/`` and their keys, and how each kind of file is read."""

    def __init__(self) -> None:
        self.described: dict[str, Any] = json.loads((VECTORS / "vectors.json").read_text())
        self.signing = {
            name: SigningKey(bytes.fromhex(key["seeds"])) for name, key in self.described["signing"].items()
        }
        self.sealing = {name: OpeningKey(bytes.fromhex(key["seed"])) for name, key in self.described["sealing"].items()}
        self.files = {name: (VECTORS / name).read_bytes() for name in self.described["sha256"]}

    def open(self, name: str, data: bytes, *, recipient: str | None = None) -> seal.Opened:
        signer, own = {
            "packet": ("station", "packets"),
            "receipt": ("receipts", None),
            "order": ("orders", "station opening"),
            "states": ("states", "station opening"),
            "keys": ("root", "station opening"),
            "manifest": ("station", None),
            "request": ("station", None),
            "grant": ("root", "station opening"),
        }[name.rpartition(".")[2]]
        suffix = name.rpartition(".")[2]
        kind = Kind.RECORDING if suffix == "packet" else Kind(suffix)
        trusted = trusting(self.signing[signer].public)
        if suffix in ("request", "grant"):
            assert data[:VERIFYING_KEY] == self.signing[signer].public.raw
            data = data[VERIFYING_KEY:]
        if own is None:
            return verify(data, kind=kind, verifying=trusted)
        return open_sealed(data, kind=kind, verifying=trusted, opening=(self.sealing[recipient or own],))


VECTOR = Vectors()


def test_vectors_are_what_they_are_described_as() -> None:
    for name, pair in VECTOR.signing.items():
        assert pair.public.id.hex() == VECTOR.described["signing"][name]["id"]
    for name, key in VECTOR.sealing.items():
        assert key.public.id.hex() == VECTOR.described["sealing"][name]["id"]
    for name, content in VECTOR.files.items():
        assert hashlib.sha256(content).hexdigest() == VECTOR.described["sha256"][name]


def test_vectors_open_with_their_keys() -> None:
    files, body = VECTOR.files, bytes.fromhex(VECTOR.described["body"])
    for recipient in ("packets", "escrow"):
        for name in ("first.packet", "second.packet"):
            found = VECTOR.open(name, files[name], recipient=recipient)
            assert found.body == body
    assert found.header.previous == hashlib.sha256(files["first.packet"]).digest()
    keys = canonical.decode(VECTOR.open("one.keys", files["one.keys"]).body)
    assert keys.pop("packets") == [VECTOR.sealing[name].public.raw for name in ("packets", "escrow")]
    assert keys == {purpose: [VECTOR.signing[purpose].public.raw] for purpose in keys}
    assert keys.keys() == {"receipts", "orders", "rosters", "states", "commands"}
    order = VECTOR.open("one.order", files["one.order"])
    assert (order.body, order.header.valid_until) == (body, 1_767_312_000)
    receipt = VECTOR.open("first.receipt", files["first.receipt"])
    assert canonical.decode(receipt.body)["sha256"] == hashlib.sha256(files["first.packet"]).digest()
    (first, second), manifest = (files["first.packet"], files["second.packet"]), files["one.manifest"]
    listed = read_manifest(manifest, station="vector-station", verifying=trusting(VECTOR.signing["station"].public))
    assert [each.sha256 for each in listed.packets] == [hashlib.sha256(each).digest() for each in (first, second)]
    assert Request.read(files["one.request"]).sealing == VECTOR.sealing["station opening"].public
    grant = Grant.read(
        files["one.grant"], root=VECTOR.signing["root"].public, opening=(VECTOR.sealing["station opening"],)
    )
    assert (grant.keys, grant.valid_until) == (files["one.keys"], 1_767_312_000)
    states = canonical.decode(VECTOR.open("one.states", files["one.states"]).body)
    assert states == {"states": [["0" * 31 + "1", "SENT_FOR_ENROLLMENT", 1_767_225_720]], "missing": [3, 4]}


@pytest.mark.parametrize("path", sorted((VECTORS / "bad").iterdir()), ids=lambda path: path.name)
def test_bad_vectors_are_refused_by_their_name(path: Path) -> None:
    with pytest.raises(Untrusted) as refused:
        VECTOR.open(path.name, path.read_bytes())
    assert type(refused.value).__name__ == path.name.partition("-")[0]


def test_every_reason_has_a_bad_vector() -> None:
    named = {path.name.partition("-")[0] for path in (VECTORS / "bad").iterdir()}
    reasons = {name for name, value in vars(header).items() if isinstance(value, type) and issubclass(value, Untrusted)}
    assert reasons - named == {"Untrusted", "NotCanonical", "TooLarge"}  # two of no reason, and one of 64 MiB
