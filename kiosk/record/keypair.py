"""The two kinds of key there are: one pair signs (Ed25519 with ML-DSA-44), the other opens what is sealed (X-Wing).

Private halves are kept as seeds, 32 bytes each. Key ids are hashes of public keys, so that nobody hands them out.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

SEED = 32
KEY_ID = 16
_ED25519_PUBLIC = 32
ED25519_SIGNATURE = 64
_MLDSA_PUBLIC = 1312
MLDSA_SIGNATURE = 2420
_MLKEM_PUBLIC = 1184
_X25519_PUBLIC = 32
VERIFYING_KEY = _ED25519_PUBLIC + _MLDSA_PUBLIC
SEALING_KEY = _MLKEM_PUBLIC + _X25519_PUBLIC
ENCAPSULATED = KEM.MLKEM768_X25519.enc_length()
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class BadKey(ValueError):
    """The bytes are no key of this kind."""


@dataclass(frozen=True)
class VerifyingKey:
    """Public half of a signing pair: Ed25519 (32 bytes) and ML-DSA-44 (1312 bytes). Both must verify."""

    raw: bytes

    def __post_init__(self) -> None:
        _check_length(self.raw, VERIFYING_KEY, "a verifying key")

    @cached_property
    def id(self) -> bytes:
        """The first 16 bytes of the SHA-256 of the key."""
        return _key_id(b"rekam verifying key v1", self.raw)

    @cached_property
    def _keys(self) -> tuple[Ed25519PublicKey, MLDSA44PublicKey]:
        return (
            Ed25519PublicKey.from_public_bytes(self.raw[:_ED25519_PUBLIC]),
            MLDSA44PublicKey.from_public_bytes(self.raw[_ED25519_PUBLIC:]),
        )

    def verifies_ed25519(self, signature: bytes, message: bytes) -> bool:
        """Tell whether the Ed25519 signature is right (RFC 8032)."""
        try:
            self._keys[0].verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def verifies_mldsa(self, signature: bytes, message: bytes) -> bool:
        """Tell whether the ML-DSA-44 signature is right (FIPS 204, pure, empty context)."""
        try:
            self._keys[1].verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class SigningKey:
    """Private half: two seeds of 32 bytes, Ed25519's and ML-DSA-44's."""

    seeds: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_length(self.seeds, 2 * SEED, "a signing key")

    @classmethod
    def generate(cls) -> "SigningKey":
        """Make a new pair."""
        return cls(secrets.token_bytes(2 * SEED))

    @cached_property
    def _keys(self) -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
        return (
            Ed25519PrivateKey.from_private_bytes(self.seeds[:SEED]),
            MLDSA44PrivateKey.from_seed_bytes(self.seeds[SEED:]),
        )

    @cached_property
    def public(self) -> VerifyingKey:
        """The half that everybody may know."""
        classic, lattice = self._keys
        return VerifyingKey(classic.public_key().public_bytes_raw() + lattice.public_key().public_bytes_raw())

    def sign_ed25519(self, message: bytes) -> bytes:
        """Sign by Ed25519: 64 bytes."""
        return self._keys[0].sign(message)

    def sign_mldsa(self, message: bytes) -> bytes:
        """Sign by ML-DSA-44, hedged: 2420 bytes."""
        return self._keys[1].sign(message)


@dataclass(frozen=True)
class SealingKey:
    """Public half of an X-Wing pair: ML-KEM-768 (1184 bytes) and X25519 (32 bytes)."""

    raw: bytes

    def __post_init__(self) -> None:
        _check_length(self.raw, SEALING_KEY, "a sealing key")
        try:
            self.wrap(b"", info=b"")
        except ValueError:
            # Told where it is read, and not when somebody's recording is to be sealed to it.
            raise BadKey("nothing can be sealed to this key") from None

    @cached_property
    def id(self) -> bytes:
        """The first 16 bytes of the SHA-256 of the key."""
        return _key_id(b"rekam sealing key v1", self.raw)

    @cached_property
    def _key(self) -> MLKEM768X25519PublicKey:
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(self.raw[:_MLKEM_PUBLIC]),
            X25519PublicKey.from_public_bytes(self.raw[_MLKEM_PUBLIC:]),
        )

    def wrap(self, key: bytes, *, info: bytes) -> tuple[bytes, bytes]:
        """Seal a content key: the encapsulated key (1120 bytes) and the wrapped one (RFC 9180 base mode)."""
        both = _SUITE.encrypt(key, self._key, info=info)
        return both[:ENCAPSULATED], both[ENCAPSULATED:]


@dataclass(frozen=True)
class OpeningKey:
    """Private half: an X-Wing seed of 32 bytes, expanded by SHAKE-256 as draft-connolly-cfrg-xwing-kem has it."""

    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_length(self.seed, SEED, "an opening key")

    @classmethod
    def generate(cls) -> "OpeningKey":
        """Make a new pair."""
        return cls(secrets.token_bytes(SEED))

    @cached_property
    def _keys(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        expanded = hashlib.shake_256(self.seed).digest(96)
        return MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])

    @cached_property
    def public(self) -> SealingKey:
        """The half that everybody may know."""
        lattice, curve = self._keys
        return SealingKey(lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw())

    def unwrap(self, encapsulated: bytes, wrapped: bytes, *, info: bytes) -> bytes | None:
        """Open a wrapped content key; None when it was not wrapped to this key with this ``info``."""
        try:
            return _SUITE.decrypt(encapsulated + wrapped, MLKEM768X25519PrivateKey(*self._keys), info=info)
        except InvalidTag:
            return None


def _check_length(raw: object, length: int, what: str) -> None:
    if not isinstance(raw, bytes) or len(raw) != length:
        raise BadKey(f"{what} is {length} bytes long")


def _key_id(kind: bytes, raw: bytes) -> bytes:
    return hashlib.sha256(kind + b"\0" + raw).digest()[:KEY_ID]
