"""Makes files that must be refused out of the good vectors, each with one thing wrong and named after its error.

What a signature covers is signed anew by the right key wherever strictness alone is to refuse it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from kiosk.record import canonical
from kiosk.record.keypair import VERIFYING_KEY, SigningKey
from kiosk.record.seal import _signed


@dataclass(frozen=True)
class Part:
    """The four fields of a COSE_Encrypt or COSE_Sign, each as it is encoded."""

    tag: bytes
    protected: bytes
    unprotected: bytes
    content: bytes
    rest: bytes

    @classmethod
    def read(cls, data: bytes, start: int) -> "tuple[Part, int]":
        tag = data[start : start + 2]
        a, b, c, d, end = canonical.elements(data, start + 2)
        return cls(tag, data[a:b], data[b:c], data[c:d], data[d:end]), end

    def write(self, head: bytes = b"\x84", end: bytes = b"") -> bytes:
        return self.tag + head + self.protected + self.unprotected + self.content + self.rest + end

    def labelled(self, **changes: object) -> "Part":
        """The same with other labels; numbers are written ``_4``, and of our own header ``h_seq``; None takes away."""
        labels = canonical.decode(bytes(canonical.byte_string(self.protected, 0)))
        for name, value in changes.items():
            place, key = (labels["ktp"], name[2:]) if name.startswith("h_") else (labels, int(name[1:]))
            if value is None:
                del place[key]
            else:
                place[key] = value
        return replace(self, protected=canonical.encode(canonical.encode(labels)))


@dataclass(frozen=True)
class Sealed:
    """A container of two parts, and who signs it."""

    first: Part
    second: Part
    signer: SigningKey

    @classmethod
    def read(cls, data: bytes, signer: SigningKey) -> "Sealed":
        first, end = Part.read(data, 0)
        return cls(first, Part.read(data, end)[0], signer)

    def signed(self, first: Part | bytes, envelope: bytes | None = None) -> bytes:
        """Another first part under right signatures; and another protected header of theirs, where given."""
        content = first if isinstance(first, bytes) else first.write()
        own = bytes(canonical.byte_string(self.second.protected, 0)) if envelope is None else envelope
        return content + _signed(own, hashlib.sha256(content).digest(), self.signer)


def refused(
    packet: bytes, second: bytes, receipt: bytes, order: bytes, *, station: SigningKey, keys: dict[str, SigningKey]
) -> Iterator[tuple[str, bytes]]:
    """Name after name, what must be refused with it: ``<error>-<what>.<kind>``."""
    yield from _forms(packet, Part.read(receipt, 0)[0], receipt)
    yield from _headers(Part.read(receipt, 0)[0], keys["receipts"])
    yield from _signatures(packet, second, receipt, order, keys)
    yield from _contents(Sealed.read(packet, station))
    yield from _steps(Sealed.read(packet, station), Part.read(receipt, 0)[0], keys["orders"])


def _forms(packet: bytes, signed: Part, whole: bytes) -> Iterator[tuple[str, bytes]]:
    """Without signatures: those are looked for only where the form is right."""
    receipt = replace(signed, rest=b"\x80")
    payload = bytes(canonical.byte_string(receipt.content, 0))

    def beside(unprotected: str) -> bytes:
        return replace(receipt, unprotected=bytes.fromhex(unprotected)).write()

    yield "CutShort-in-its-middle.receipt", whole[: len(whole) // 2]
    yield "CutShort-in-its-content.packet", packet[:200]
    yield "CutShort-of-its-last-byte.packet", packet[:-1]
    yield "CutShort-longer-than-the-file.receipt", replace(receipt, content=b"\x5a\x00\x10\x00\x00" + payload).write()
    yield "CutShort-array.receipt", replace(receipt, rest=b"\x98\x3c\x00").write()
    yield "CutShort-within-a-number.receipt", replace(receipt, rest=b"\x9a\x00").write()
    yield "ImpossibleLength-string.receipt", replace(receipt, content=b"\x5b" + b"\xff" * 8 + payload).write()
    yield "ImpossibleLength-array.receipt", receipt.write(head=b"\x9b" + b"\xff" * 8)
    yield "ImpossibleLength-map.receipt", replace(receipt, unprotected=b"\xbb" + b"\xff" * 8).write()
    yield "TooManyItems-65.receipt", replace(receipt, rest=b"\x98\x3d" + b"\x80" * 61).write()
    yield "Malformed-though-only-64-items.receipt", replace(receipt, rest=b"\x98\x3c" + b"\x80" * 60).write()
    yield "TooDeep-in-12-lists.receipt", beside("81" * 11 + "00")
    yield "Malformed-though-only-in-11-lists.receipt", beside("81" * 10 + "00")
    yield "IndefiniteLength-array.receipt", receipt.write(head=b"\x9f", end=b"\xff")
    yield "IndefiniteLength-string.receipt", replace(receipt, content=b"\x5f" + receipt.content + b"\xff").write()
    yield "IndefiniteLength-map.receipt", beside("bf ff")
    yield "IndefiniteLength-break.receipt", beside("ff")
    yield "NotDeterministic-array-head.receipt", receipt.write(head=b"\x98\x04")
    yield "NotDeterministic-string-head.receipt", replace(receipt, content=b"\x59" + _two(payload)).write()
    yield "NotDeterministic-map-order.receipt", beside("a2 02 00 01 00")
    yield "Duplicated-label.receipt", beside("a2 01 00 01 00")
    yield "Disallowed-float.receipt", beside("a1 01 f9 3c 00")
    yield "Disallowed-undefined.receipt", replace(receipt, content=b"\xf7").write()
    yield "Disallowed-simple-in-two-bytes.receipt", beside("a1 01 f8 20")
    yield "Disallowed-false-in-two-bytes.receipt", beside("a1 01 f8 14")
    yield "Disallowed-reserved-head.receipt", beside("1c")
    yield "Disallowed-tag.receipt", replace(receipt, content=b"\xc2" + receipt.content).write()
    yield "Disallowed-key.receipt", beside("a1 41 00 00")
    yield "NotUtf8-text.receipt", beside("a1 61 ff 00")
    yield "NotUtf8-surrogate.receipt", beside("a1 63 ed a0 80 00")
    yield "NotUtf8-overlong.receipt", beside("a1 62 c0 80 00")
    yield "TrailingBytes-behind.receipt", receipt.write(end=b"\x00")
    yield "TrailingBytes-behind.packet", packet + b"\xf6"
    yield "Malformed-sign1.receipt", replace(receipt, tag=b"\xd2").write()
    yield "Malformed-untagged.receipt", receipt.write()[2:]
    yield "Malformed-detached.receipt", replace(receipt, content=b"\xf6").write()
    yield "Malformed-five-fields.receipt", receipt.write(head=b"\x85", end=b"\x00")
    yield "Malformed-signatures-in-a-map.receipt", replace(receipt, rest=b"\xa0").write()
    yield (
        "Malformed-signatures-of-four.receipt",
        replace(receipt, rest=b"\x82" + b"\x84\x41\xa0\xa0\x40\xa0" * 2).write(),
    )
    yield "Malformed-empty.receipt", b""


def _headers(receipt: Part, signer: SigningKey) -> Iterator[tuple[str, bytes]]:
    labels = bytes(canonical.byte_string(receipt.protected, 0))
    payload = bytes(canonical.byte_string(receipt.content, 0))

    def signed(protected: bytes | Part) -> bytes:
        own = protected if isinstance(protected, bytes) else bytes(canonical.byte_string(protected.protected, 0))
        return _signed(own, payload, signer)

    head = canonical.encode(canonical.decode(labels)["ktp"])
    assert labels == b"\xa2\x03" + canonical.encode("application/cbor") + b"\x63ktp" + head
    number = head.replace(b"\x63seq\x01", b"\x63seq\x18\x01")
    yield "NotDeterministic-number-inside.receipt", signed(labels.replace(head, number))
    swapped = b"\xa2\x63ktp" + head + b"\x03" + canonical.encode("application/cbor")
    yield "NotDeterministic-order-inside.receipt", signed(swapped)
    yield "Duplicated-label-inside.receipt", signed(b"\xa3\x03\x60" + labels[1:])
    yield "Disallowed-float-inside.receipt", signed(labels.replace(b"\x61v\x01", b"\x61v\xf9\x3c\x00"))
    yield "NotUtf8-inside.receipt", signed(labels.replace(b"vector-station", b"vector-statio\xff"))
    yield "TrailingBytes-inside.receipt", signed(labels + b"\x00")
    yield "TooManyItems-inside.receipt", signed(b"\x98\x41" + b"\x00" * 65)
    yield "UnknownLabel-crit.receipt", signed(receipt.labelled(_2=["ktp"]))
    yield "UnknownLabel-field.receipt", signed(receipt.labelled(h_nik="0"))
    yield "Malformed-though-only-64-items-inside.receipt", signed(b"\x98\x40" + b"\x00" * 64)
    yield "Malformed-label-missing.receipt", signed(receipt.labelled(_3=None))
    yield "Malformed-field-missing.receipt", signed(receipt.labelled(h_at=None))
    yield "Malformed-content-type.receipt", signed(receipt.labelled(_3="application/json"))
    yield "Malformed-name.receipt", signed(receipt.labelled(h_id="../../etc/passwd"))
    yield "Malformed-name-of-64.receipt", signed(receipt.labelled(h_id="a" * 64))
    yield "Malformed-name-with-a-capital.receipt", signed(receipt.labelled(h_id="A"))
    yield "Malformed-name-after-a-hyphen.receipt", signed(receipt.labelled(h_to="-a"))
    yield "Malformed-name-with-a-line-break.receipt", signed(receipt.labelled(h_from="centre\n"))
    yield "Malformed-sequence.receipt", signed(receipt.labelled(h_seq=1 << 53))
    yield "Malformed-sequence-below-0.receipt", signed(receipt.labelled(h_seq=-1))
    yield "Malformed-sequence-true.receipt", signed(receipt.labelled(h_seq=True))
    yield "Malformed-time.receipt", signed(receipt.labelled(h_at=1 << 37))
    yield "Malformed-previous.receipt", signed(receipt.labelled(h_prev=bytes(31)))
    yield "Malformed-previous-null.receipt", signed(labels.replace(head, _with_null(head)))
    yield "Malformed-version-true.receipt", signed(receipt.labelled(h_v=True))
    yield "Malformed-version-missing.receipt", signed(receipt.labelled(h_v=None))
    yield "Malformed-no-header.receipt", signed(canonical.encode({3: "application/cbor", "ktp": None}))
    yield "UnknownVersion-of-tomorrow.receipt", signed(receipt.labelled(h_v=2, h_more="fields"))
    yield "WrongKind-order.receipt", signed(receipt.labelled(h_kind="order"))
    yield "WrongKind-letter.receipt", signed(receipt.labelled(h_kind="letter"))


def _signatures(
    packet: bytes, second: bytes, receipt: bytes, order: bytes, keys: dict[str, SigningKey]
) -> Iterator[tuple[str, bytes]]:
    part, _ = Part.read(receipt, 0)
    classic, lattice = canonical.decode(part.rest)
    labels, payload = (bytes(canonical.byte_string(field, 0)) for field in (part.protected, part.content))
    other, _ = Part.read(_signed(labels, payload, keys["orders"]), 0)

    def with_signatures(*signatures: object) -> bytes:
        return replace(part, rest=canonical.encode(list(signatures))).write()

    def flipped(signature: list[bytes]) -> list[bytes]:
        return [*signature[:2], bytes([signature[2][0] ^ 1]) + signature[2][1:]]

    es256 = [canonical.encode({1: -7, 4: keys["receipts"].public.id}), {}, classic[2]]
    named = [canonical.encode({1: "EdDSA", 4: keys["receipts"].public.id}), {}, classic[2]]
    short = [canonical.encode({1: -19, 4: keys["receipts"].public.id[:8]}), {}, classic[2]]
    first, end = Part.read(packet, 0)
    yield "SignatureMissing-stripped.packet", packet[:end]
    yield "SignatureMissing-none.receipt", with_signatures()
    yield "SignatureMissing-one-classic.receipt", with_signatures(classic)
    yield "SignatureMissing-one-lattice.receipt", with_signatures(lattice)
    yield "Malformed-three-signatures.receipt", with_signatures(classic, lattice, classic)
    yield "UnknownLabel-beside-a-signature.receipt", with_signatures([classic[0], {4: b"key"}, classic[2]], lattice)
    yield "UnknownLabel-unprotected.receipt", replace(part, unprotected=bytes.fromhex("a1 01 32")).write()
    yield "Malformed-short-classic.receipt", with_signatures([*classic[:2], classic[2][:63]], lattice)
    yield "Malformed-short-lattice.receipt", with_signatures(classic, [*lattice[:2], lattice[2][:2419]])
    yield "UnknownAlgorithm-order.receipt", with_signatures(lattice, classic)
    yield "UnknownAlgorithm-twice-classic.receipt", with_signatures(classic, classic)
    yield "UnknownAlgorithm-es256.receipt", with_signatures(es256, lattice)
    yield "UnknownAlgorithm-by-name.receipt", with_signatures(named, lattice)
    yield "UnknownKey-short-id.receipt", with_signatures(short, lattice)
    yield "UnknownKey-two-signers.receipt", with_signatures(classic, canonical.decode(other.rest)[1])
    yield "UnknownKey-of-another-purpose.receipt", other.write()
    order_part = Sealed.read(order, keys["rosters"])
    yield "UnknownKey-of-another-purpose.order", order_part.signed(order_part.first)
    yield "SignatureWrong-classic.receipt", with_signatures(flipped(classic), lattice)
    yield "SignatureWrong-lattice.receipt", with_signatures(classic, flipped(lattice))
    yield "SignatureWrong-payload.receipt", replace(part, content=canonical.encode(payload[:-1] + b"\x00")).write()
    yield "SignatureWrong-of-another.packet", packet[:end] + second[Part.read(second, 0)[1] :]
    at = packet.index(first.content) + 40
    yield "SignatureWrong-content.packet", packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1 :]


def _contents(container: Sealed) -> Iterator[tuple[str, bytes]]:
    first, signed = container.first, container.signed
    recipients = canonical.decode(first.rest)
    ours = recipients[0]

    def to(*others: object) -> bytes:
        return signed(replace(first, rest=canonical.encode(list(others))))

    def named(algorithm: int, key: bytes) -> list[object]:
        return [canonical.encode({1: algorithm, 4: key}), *ours[1:]]

    key = canonical.decode(ours[0])[4]
    nonce = canonical.decode(first.unprotected)[5]
    content = bytes(canonical.byte_string(first.content, 0))
    envelope = canonical.decode(bytes(canonical.byte_string(container.second.protected, 0)))
    sha512 = canonical.encode(envelope | {258: -44})
    yield (
        "UnknownLabel-beside-the-nonce.packet",
        signed(replace(first, unprotected=canonical.encode({5: nonce, 6: b""}))),
    )
    yield "UnknownLabel-crit.packet", signed(first.labelled(_2=["ktp"]))
    yield "UnknownLabel-of-a-recipient.packet", to([canonical.encode({1: -70001, 2: [4], 4: key}), *ours[1:]])
    yield "UnknownLabel-beside-an-encapsulated-key.packet", to([ours[0], ours[1] | {4: key}, ours[2]])
    yield "UnknownAlgorithm-a128gcm.packet", signed(first.labelled(_1=1))
    yield "UnknownAlgorithm-wrapping.packet", to(named(57, key))
    yield "UnknownAlgorithm-hash.packet", signed(first, sha512)
    yield "Malformed-of-something-else.packet", signed(first, canonical.encode(envelope | {259: "text/plain"}))
    yield "Malformed-nonce.packet", signed(replace(first, unprotected=canonical.encode({5: nonce[:11]})))
    yield "Malformed-encapsulated.packet", to([ours[0], {-4: ours[1][-4][:-1]}, ours[2]])
    yield "Malformed-wrapped-key.packet", to([*ours[:2], ours[2][:47]])
    yield "Malformed-recipient-key-id.packet", to(named(-70001, key[:15]))
    yield "Malformed-content-type.packet", signed(first.labelled(_3="text/plain"))
    yield "Malformed-content-below-16.packet", signed(replace(first, content=canonical.encode(content[:15])))
    yield "Malformed-recipients-in-a-map.packet", signed(replace(first, rest=b"\xa0"))
    yield "Malformed-no-recipient.packet", to()
    yield "Malformed-nine-recipients.packet", to(ours, *(named(-70001, bytes([n]) * 16) for n in range(8)))
    yield "Duplicated-recipient.packet", to(ours, ours)
    yield "UnknownVersion-of-tomorrow.packet", signed(first.labelled(h_v=2))
    yield "WrongKind-order.packet", signed(first.labelled(h_kind="order"))
    yield "NotForUs-sealed-to-others.packet", to(named(-70001, bytes(16)))
    yield "CannotOpen-under-another-header.packet", signed(first.labelled(h_seq=7))
    yield "CannotOpen-wrapped-key.packet", to([*ours[:2], bytes(48)])
    damaged = bytes([content[0] ^ 1]) + content[1:]
    yield "CannotOpen-content.packet", signed(replace(first, content=canonical.encode(damaged)))


def _steps(container: Sealed, receipt: Part, stranger: SigningKey) -> Iterator[tuple[str, bytes]]:
    """Two things wrong, of two steps: the earlier has the say."""
    tomorrow, nonce = container.first.labelled(h_v=2), canonical.decode(container.first.unprotected)[5]
    short = replace(container.first, unprotected=canonical.encode({5: nonce[:11]}))
    yield "SignatureMissing-before-a-nonce.packet", short.write()
    yield "UnknownKey-before-a-nonce.packet", replace(container, signer=stranger).signed(short)
    yield "SignatureWrong-before-a-header.packet", tomorrow.write() + container.second.write()
    yield "SignatureWrong-before-a-header.receipt", receipt.labelled(h_v=2).write()


def introduced(
    request: bytes, grant: bytes, others: dict[str, bytes], root: SigningKey, station: SigningKey
) -> Iterator[tuple[str, bytes]]:
    """What is wrong with the key in front, and one kind where another was expected, by the same signer."""
    behind_request, behind_grant = request[VERIFYING_KEY:], grant[VERIFYING_KEY:]
    yield "CutShort-within-its-key.request", request[: VERIFYING_KEY - 1]
    yield "CutShort-after-its-key.grant", grant[:VERIFYING_KEY]
    yield "UnknownKey-behind-another.request", root.public.raw + behind_request
    yield "UnknownKey-behind-another.grant", station.public.raw + behind_grant
    yield "WrongKind-manifest.request", station.public.raw + others["manifest"]
    yield "WrongKind-request.manifest", behind_request
    yield "WrongKind-keys.grant", root.public.raw + others["keys"]
    yield "WrongKind-grant.keys", behind_grant
    yield "UnknownKey-of-another-purpose.roster", others["roster"]
    yield "UnknownKey-of-another-purpose.states", others["states"]


def _with_null(head: bytes) -> bytes:
    return canonical.encode(canonical.decode(head) | {"prev": None})


def _two(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + content
