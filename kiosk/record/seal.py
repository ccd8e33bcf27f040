"""The container that everything sealed or signed travels in: COSE, read strictly. PACKET.md specifies every byte.

Sealed: a COSE_Encrypt followed by a COSE_Sign over its SHA-256. Signed only: one COSE_Sign with the body inside.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kiosk.record import canonical
from kiosk.record.header import (
    CannotOpen,
    Duplicated,
    Header,
    Kind,
    Malformed,
    NotForUs,
    SignatureMissing,
    SignatureWrong,
    TooLarge,
    TrailingBytes,
    UnknownAlgorithm,
    UnknownKey,
    UnknownLabel,
    WrongKind,
    from_map,
    to_map,
)
from kiosk.record.keypair import (
    ED25519_SIGNATURE,
    ENCAPSULATED,
    KEY_ID,
    MLDSA_SIGNATURE,
    OpeningKey,
    SealingKey,
    SigningKey,
    VerifyingKey,
)

MAX_BYTES = canonical.MAX_BYTES
_MAX_ITEMS = 64
"""A COSE_Encrypt with eight recipients has 55, everything inside its headers counted apart."""

ENCRYPT_TAG, SIGN_TAG = b"\xd8\x60", b"\xd8\x62"  # CBOR tags 96 and 98, RFC 9052 §2
_ALG, _CONTENT_TYPE, _KID, _IV, _EK = 1, 3, 4, 5, -4  # RFC 9052 §3.1; ek: draft-ietf-cose-hpke
_HASH_ALG, _PREIMAGE_TYPE = 258, 259  # RFC 9995 §3
_OURS = "ktp"
A256GCM, SHA256, ED25519, MLDSA44 = 3, -16, -19, -48  # RFC 9053 §4.1, RFC 9054 §2.1, RFC 9864 §2.2, RFC 9964 §3
HPKE_XWING_KE = -70001
"""HPKE key encryption with X-Wing, HKDF-SHA-256, AES-256-GCM: no registered number yet, so one for private use."""
_BODY_TYPE = "application/cbor"
_ENCRYPT_TYPE = 'application/cose; cose-type="cose-encrypt"'
_KEY, _NONCE, _GCM_TAG = 32, 12, 16
_SIGNATURES, _MAX_RECIPIENTS = 2, 8
_SHAPE = [2, 5, 2, 4]  # major types of a part's fields, RFC 8949 §3.1: byte string, map, byte string, array


@dataclass(frozen=True, slots=True)
class Opened:
    """A container that was believed: who signed it, its header, its content."""

    header: Header
    signer: bytes
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Container:
    """A container as bytes, and their SHA-256."""

    data: bytes = field(repr=False)
    sha256: bytes


Verifying = Mapping[bytes, VerifyingKey]
"""Keys trusted for one purpose, by key id."""


def trusting(*keys: VerifyingKey) -> Verifying:
    """The given keys by their ids."""
    return {key.id: key for key in keys}


# Writing ----------------------------------------------------------------------------------------------------------


def seal(body: bytes, header: Header, recipients: Sequence[SealingKey], signer: SigningKey) -> Container:
    """Seal ``body`` to every recipient and sign the result."""
    if not 0 < len(recipients) <= _MAX_RECIPIENTS:
        raise ValueError(f"a container has 1 to {_MAX_RECIPIENTS} recipients")
    protected = canonical.encode({_ALG: A256GCM, _CONTENT_TYPE: _BODY_TYPE, _OURS: to_map(header)})
    key, nonce = os.urandom(_KEY), os.urandom(_NONCE)
    content = AESGCM(key).encrypt(nonce, body, _enc_structure(protected))
    wrapped = [_wrapped(key, to, protected) for to in recipients]
    # Two megabytes are encrypted once, hashed once and copied once: a Raspberry Pi has no time for more.
    parts = [ENCRYPT_TAG, *canonical.pieces([protected, {_IV: nonce}, content, wrapped])]
    hashing = hashlib.sha256()
    for part in parts:
        hashing.update(part)
    envelope = canonical.encode({_HASH_ALG: SHA256, _PREIMAGE_TYPE: _ENCRYPT_TYPE})
    signed = _signed(envelope, hashing.digest(), signer)
    hashing.update(signed)
    return Container(b"".join((*parts, signed)), hashing.digest())


def sign(body: bytes, header: Header, signer: SigningKey) -> bytes:
    """Sign ``body``; everybody can read it."""
    return _signed(canonical.encode({_CONTENT_TYPE: _BODY_TYPE, _OURS: to_map(header)}), body, signer)


def _wrapped(key: bytes, to: SealingKey, body_protected: bytes) -> list[object]:
    protected = canonical.encode({_ALG: HPKE_XWING_KE, _KID: to.id})
    encapsulated, wrapped = to.wrap(key, info=_recipient_structure(protected, body_protected))
    return [protected, {_EK: encapsulated}, wrapped]


def _signed(protected: bytes, payload: bytes, signer: SigningKey) -> bytes:
    signatures = []
    for algorithm, make in ((ED25519, signer.sign_ed25519), (MLDSA44, signer.sign_mldsa)):
        own = canonical.encode({_ALG: algorithm, _KID: signer.public.id})
        signatures.append([own, {}, make(_sig_structure(protected, own, payload))])
    return SIGN_TAG + canonical.encode([protected, {}, payload, signatures])


def _enc_structure(protected: bytes) -> bytes:
    return canonical.encode(["Encrypt", protected, b""])  # RFC 9052 §5.3


def _recipient_structure(protected: bytes, body_protected: bytes) -> bytes:
    return canonical.encode(["HPKE Recipient", A256GCM, protected, body_protected])  # draft-ietf-cose-hpke §3.3.1


def _sig_structure(body_protected: bytes, sign_protected: bytes, payload: bytes) -> bytes:
    return canonical.encode(["Signature", body_protected, sign_protected, b"", payload])  # RFC 9052 §4.4


# Reading ----------------------------------------------------------------------------------------------------------


def open_sealed(data: bytes, *, kind: Kind, verifying: Verifying, opening: Iterable[OpeningKey]) -> Opened:
    """Verify both signatures, then open with whichever of our keys it is sealed to.

    Raises:
        Untrusted: one of its subclasses, by reason.
    """
    encrypted, header, signer = _verified_container(data, kind, verifying)
    protected, nonce, content, recipients = encrypted
    ours = {key.public.id: key for key in opening}
    for key_id, wrap_protected, encapsulated, wrapped in recipients:
        if key_id in ours:
            info = _recipient_structure(wrap_protected, protected)
            key = ours[key_id].unwrap(encapsulated, wrapped, info=info)
            if key is None or len(key) != _KEY:
                raise CannotOpen("the content key does not open with our key")
            try:
                body = AESGCM(key).decrypt(nonce, content, _enc_structure(protected))
            except InvalidTag:
                raise CannotOpen("the content does not open with its key") from None
            return Opened(header, signer, body)
    raise NotForUs("it is sealed to other keys than ours")


def check_sealed(data: bytes, *, kind: Kind, verifying: Verifying) -> tuple[Header, bytes]:
    """Verify a sealed container without opening it: its header, and the id of the key that signed it.

    Raises:
        Untrusted: one of its subclasses, by reason.
    """
    _, header, signer = _verified_container(data, kind, verifying)
    return header, signer


def peek(data: bytes) -> Header:
    """Read the header of a container, verifying nothing: say, to choose whose keys to verify it with.

    Raises:
        Untrusted: one of its subclasses, by reason.
    """
    if data.startswith(SIGN_TAG):
        protected = bytes(canonical.byte_string(data, _part(data, 0, SIGN_TAG)[0]))
        return from_map(_map(protected, {_CONTENT_TYPE, _OURS})[_OURS])
    return _encrypted(data, _part(data, 0, ENCRYPT_TAG))[1]


def verify(data: bytes, *, kind: Kind, verifying: Verifying) -> Opened:
    """Read a signed body, verifying both signatures.

    Raises:
        Untrusted: one of its subclasses, by reason.
    """
    bounds = _part(data, 0, SIGN_TAG)
    if bounds[-1] != len(data):
        raise TrailingBytes("there is something after the end of the signed body")
    signed = _Signed.read(data, bounds)
    signed.verify(signed.key(verifying))
    head = _map(signed.protected, {_CONTENT_TYPE, _OURS})
    if head[_CONTENT_TYPE] != _BODY_TYPE:
        raise Malformed("the content type is not the expected one")
    return Opened(_of_kind(from_map(head[_OURS]), kind), signed.signer, signed.payload)


_Recipient = tuple[bytes, bytes, bytes, bytes]
_Encrypted = tuple[bytes, bytes, memoryview, list[_Recipient]]
_Bounds = list[int]
"""Where the four fields of a part begin, and where the last ends."""


@dataclass(frozen=True, slots=True)
class _Signed:
    """A COSE_Sign whose signatures are not verified yet: each with the protected header that it is about."""

    protected: bytes
    payload: bytes
    signer: bytes
    classic: tuple[bytes, bytes]
    lattice: tuple[bytes, bytes]

    @classmethod
    def read(cls, data: bytes, bounds: _Bounds) -> "_Signed":
        protected, payload = (bytes(canonical.byte_string(data, bounds[field])) for field in (0, 2))
        _labels(canonical.decode(data[bounds[1] : bounds[2]]), set())
        signatures = canonical.decode(data[bounds[3] : bounds[4]])
        if len(signatures) > _SIGNATURES:
            raise Malformed("it carries more than two signatures")
        if len(signatures) < _SIGNATURES:
            raise SignatureMissing("it does not carry both signatures")
        (first, signer, *classic), (second, other, *lattice) = map(_signature, signatures)
        if (first, second) != (ED25519, MLDSA44):
            raise UnknownAlgorithm("the signatures are not Ed25519 and ML-DSA-44, in this order")
        if signer != other:
            raise UnknownKey("the two signatures are by different keys")
        if (len(classic[1]), len(lattice[1])) != (ED25519_SIGNATURE, MLDSA_SIGNATURE):
            raise Malformed("a signature has the wrong length")
        return cls(protected, payload, signer, (classic[0], classic[1]), (lattice[0], lattice[1]))

    def key(self, verifying: Verifying) -> VerifyingKey:
        if self.signer not in verifying:
            raise UnknownKey("it is signed by a key that is not trusted for this")
        return verifying[self.signer]

    def verify(self, key: VerifyingKey) -> None:
        head, signature = self.classic
        if not key.verifies_ed25519(signature, _sig_structure(self.protected, head, self.payload)):
            raise SignatureWrong("the Ed25519 signature is not right")
        head, signature = self.lattice
        if not key.verifies_mldsa(signature, _sig_structure(self.protected, head, self.payload)):
            raise SignatureWrong("the ML-DSA-44 signature is not right")


def _verified_container(data: bytes, kind: Kind, verifying: Verifying) -> tuple[_Encrypted, Header, bytes]:
    first = _part(data, 0, ENCRYPT_TAG)
    if first[-1] == len(data):
        raise SignatureMissing("the signatures are missing")
    second = _part(data, first[-1], SIGN_TAG)
    if second[-1] != len(data):
        raise TrailingBytes("there is something after the signatures")
    signed = _Signed.read(data, second)
    key = signed.key(verifying)
    head = _map(signed.protected, {_HASH_ALG, _PREIMAGE_TYPE})
    if _algorithm(head[_HASH_ALG]) != SHA256:
        raise UnknownAlgorithm("the signatures are over an unknown hash")
    if head[_PREIMAGE_TYPE] != _ENCRYPT_TYPE:
        raise Malformed("the signatures are over something else than a sealed content")
    if signed.payload != hashlib.sha256(memoryview(data)[: first[-1]]).digest():
        raise SignatureWrong("the signatures belong to another content")
    signed.verify(key)
    encrypted, header = _encrypted(data, first)
    return encrypted, _of_kind(header, kind), signed.signer


def _signature(value: Any) -> tuple[int, bytes, bytes, bytes]:
    match value:
        case [bytes() as protected, unprotected, bytes() as signature]:
            _labels(unprotected, set())
            head = _map(protected, {_ALG, _KID})
            if not isinstance(head[_KID], bytes) or len(head[_KID]) != KEY_ID:
                raise UnknownKey("a key id has the wrong length")
            return _algorithm(head[_ALG]), head[_KID], protected, signature
    raise Malformed("a signature is not built as it should be")


def _encrypted(data: bytes, bounds: _Bounds) -> tuple[_Encrypted, Header]:
    protected, content = bytes(canonical.byte_string(data, bounds[0])), canonical.byte_string(data, bounds[2])
    head = _map(protected, {_ALG, _CONTENT_TYPE, _OURS})
    if _algorithm(head[_ALG]) != A256GCM:
        raise UnknownAlgorithm("the content is not sealed with AES-256-GCM")
    if head[_CONTENT_TYPE] != _BODY_TYPE:
        raise Malformed("the content type is not the expected one")
    nonce = _labels(canonical.decode(data[bounds[1] : bounds[2]]), {_IV})[_IV]
    if not isinstance(nonce, bytes) or len(nonce) != _NONCE or len(content) < _GCM_TAG:
        raise Malformed("the nonce or the content has a wrong length")
    recipients = canonical.decode(data[bounds[3] : bounds[4]])
    if not 0 < len(recipients) <= _MAX_RECIPIENTS:
        raise Malformed("it has no recipient, or too many")
    found = [_recipient(value) for value in recipients]
    if len({key_id for key_id, *_ in found}) != len(found):
        raise Duplicated("a recipient is named twice")
    return (protected, nonce, content, found), from_map(head[_OURS])


def _recipient(value: Any) -> _Recipient:
    match value:
        case [bytes() as protected, unprotected, bytes() as wrapped]:
            head = _map(protected, {_ALG, _KID})
            if _algorithm(head[_ALG]) != HPKE_XWING_KE:
                raise UnknownAlgorithm("a content key is not wrapped by HPKE with X-Wing")
            encapsulated = _labels(unprotected, {_EK})[_EK]
            if not isinstance(encapsulated, bytes) or len(encapsulated) != ENCAPSULATED:
                raise Malformed("an encapsulated key has the wrong length")
            if len(wrapped) != _KEY + _GCM_TAG:
                raise Malformed("a wrapped key has the wrong length")
            if not isinstance(head[_KID], bytes) or len(head[_KID]) != KEY_ID:
                raise Malformed("a recipient's key id has the wrong length")
            return head[_KID], protected, encapsulated, wrapped
    raise Malformed("a recipient is not built as it should be")


def _of_kind(header: Header, kind: Kind) -> Header:
    if header.kind is not kind:
        raise WrongKind(f"it carries a {header.kind.value} where a {kind.value} was expected")
    return header


def _algorithm(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UnknownAlgorithm("an algorithm is not named by its number")
    return value


def _map(data: bytes, labels: set[int | str]) -> dict[Any, Any]:
    return _labels(canonical.decode(data, items=_MAX_ITEMS), labels)


def _labels(value: Any, labels: set[int | str]) -> dict[Any, Any]:
    if not isinstance(value, dict) or not labels <= value.keys():
        raise Malformed("a header is no map, or lacks labels")
    if value.keys() != labels:
        raise UnknownLabel("a header has labels that have no place there")
    return value


def _part(data: bytes, start: int, tag: bytes) -> _Bounds:
    if len(data) > MAX_BYTES:
        raise TooLarge(f"it is larger than {MAX_BYTES >> 20} MiB")
    if data[start : start + len(tag)] != tag:
        raise Malformed("a part is not of the expected kind")
    bounds = canonical.elements(data, start + len(tag), items=_MAX_ITEMS)
    if [data[at] >> 5 for at in bounds[:-1]] != _SHAPE:
        raise Malformed("a part has the wrong number of fields, or one of another type")
    return bounds
