"""The container: opens for its recipients, and for nothing else; every reason not to believe one has its name."""

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.record import canonical, header, seal
from kiosk.record.header import Header, Kind, Untrusted
from kiosk.record.keypair import BadKey, OpeningKey, SealingKey, SigningKey, VerifyingKey
from kiosk.record.seal import check_sealed, open_sealed, peek, sign, trusting, verify

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
        ({"prev": None}, header.Malformed),
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
