"""What goes between a station and the centre so that they know each other: a request, and the grant that answers it.

No secret of the station's is in either. Both begin with the verifying key of whoever signed (1,344 bytes), because the
other side does not know it yet; a container follows. That the key is whose it should be is seen by people, who compare
a fingerprint by telephone.

A request is signed by the station's own key, which proves that it has it: kind REQUEST, body a map of ``province``
(a name, or empty), ``sealing`` (its sealing key), ``csr`` (PKCS #10 in PEM, RFC 2986: P-256, common name the station's
id) and ``software`` (a version). A grant is signed by the centre's root and sealed to that sealing key: kind GRANT,
valid as long as its certificate, body a map of ``certificate`` and ``authority`` (X.509 in PEM), ``keys`` (a container
of kind KEYS) and ``password`` (text, for the broker).
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.record import canonical
from kiosk.record.header import (
    CutShort,
    Header,
    Kind,
    Malformed,
    SignatureWrong,
    TooLarge,
    UnknownAlgorithm,
    WrongKind,
    is_name,
)
from kiosk.record.keypair import VERIFYING_KEY, BadKey, OpeningKey, SealingKey, SigningKey, VerifyingKey
from kiosk.record.keys import CENTRE, StationIdentity
from kiosk.record.seal import open_sealed, seal, sign, trusting, verify

LARGEST = 64 << 10
"""Bytes of a request or a grant; either has about 8,000."""
_DIGITS, _GROUP = 30, 5
_VERSION = re.compile(r"[0-9A-Za-z.+_-]{0,64}")
"""What is shown beside a fingerprint must not be able to change how the terminal shows it."""


def fingerprint(*parts: bytes) -> str:
    """Six groups of five digits, about 99 bits, which two people can compare by telephone."""
    digest = hashlib.sha256(b"rekam fingerprint v1\0" + canonical.encode(list(parts))).digest()
    digits = f"{int.from_bytes(digest) % 10**_DIGITS:0{_DIGITS}}"
    return " ".join(digits[at : at + _GROUP] for at in range(0, _DIGITS, _GROUP))


def same_fingerprint(typed: str, expected: str) -> bool:
    """Compare, however somebody parted the digits."""
    return re.sub(r"[\s.-]", "", typed) == expected.replace(" ", "")


def root_fingerprint(root: VerifyingKey) -> str:
    """By what people tell one centre's root from another."""
    return fingerprint(b"root", root.raw)


@dataclass(frozen=True, slots=True)
class Request:
    """What a station asks to be known by."""

    station: str
    province: str
    software: str
    verifying: VerifyingKey
    sealing: SealingKey
    csr: bytes
    """PKCS #10 in PEM; its signature has been checked, and that it names the station."""

    @property
    def fingerprint(self) -> str:
        """Of all that is granted: station, province and keys. Asked for again with the same keys, it is the same."""
        names = f"{self.station} {self.province}".encode()
        public = x509.load_pem_x509_csr(self.csr).public_key()
        spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return fingerprint(b"request", names, self.verifying.raw, self.sealing.raw, spki)

    @property
    def identity(self) -> StationIdentity:
        """The public halves of its keys."""
        return StationIdentity(self.station, self.verifying, self.sealing)

    @classmethod
    def read(cls, data: bytes) -> "Request":
        """Read a request strictly. Who made it has the keys in it; whether that is the station, a fingerprint tells.

        Raises:
            Untrusted: by reason.
        """
        signer, container = _introduced(data)
        opened = verify(container, kind=Kind.REQUEST, verifying=trusting(signer))
        station = opened.header.sender
        if opened.header.receiver != CENTRE or station == CENTRE:
            raise WrongKind("this request is not for a centre, or not a station's")
        match canonical.decode(opened.body):
            case {
                "province": str() as province,
                "sealing": bytes() as sealing,
                "csr": bytes() as csr,
                "software": str() as software,
                **more,
            } if not more and (not province or is_name(province)) and _VERSION.fullmatch(software):
                _check_csr(csr, station)
                try:
                    return cls(station, province, software, signer, SealingKey(sealing), csr)
                except BadKey as error:
                    raise Malformed(str(error)) from None
        raise Malformed("the request is not built as it should be")


def make_request(
    station: str,
    *,
    province: str,
    software: str,
    signing: SigningKey,
    sealing: SealingKey,
    tls: ec.EllipticCurvePrivateKey,
    made: int,
) -> bytes:
    """Write a station's request; ``made`` in Unix seconds, ``software`` a version of at most 64 characters."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, station)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(tls, hashes.SHA256())
    body = {
        "province": province,
        "sealing": sealing.raw,
        "csr": csr.public_bytes(serialization.Encoding.PEM),
        "software": software,
    }
    header = Header(Kind.REQUEST, station, CENTRE, f"request-{made}", made, made)
    return signing.public.raw + sign(canonical.encode(body), header, signing)


@dataclass(frozen=True, slots=True)
class Grant:
    """What the centre gives a station that it knows."""

    station: str
    certificate: bytes
    authority: bytes
    keys: bytes
    """The sealed list of the centre's keys, as it comes later by itself."""
    password: str = field(repr=False)
    valid_until: int = 0
    """Unix seconds."""

    @staticmethod
    def root(data: bytes) -> VerifyingKey:
        """The root a grant says it is from, believed of nobody yet.

        Raises:
            Untrusted: by reason.
        """
        return _introduced(data)[0]

    @classmethod
    def read(cls, data: bytes, *, root: VerifyingKey, opening: Sequence[OpeningKey]) -> "Grant":
        """Verify and open a grant.

        Raises:
            Untrusted: by reason; NotForUs when it is sealed to none of these keys.
        """
        _, container = _introduced(data)
        opened = open_sealed(container, kind=Kind.GRANT, verifying=trusting(root), opening=opening)
        header = opened.header
        if header.sender != CENTRE or header.valid_until is None:
            raise WrongKind("this grant is not a centre's, or has no end")
        match canonical.decode(opened.body):
            case {
                "certificate": bytes() as certificate,
                "authority": bytes() as authority,
                "keys": bytes() as keys,
                "password": str() as password,
                **more,
            } if not more:
                return cls(header.receiver, certificate, authority, keys, password, header.valid_until)
        raise Malformed("the grant is not built as it should be")


def make_grant(grant: Grant, sealing: SealingKey, root: SigningKey, *, sequence: int, made: int) -> bytes:
    """Write a grant for the station that has ``sealing``'s other half; ``made`` in Unix seconds."""
    body = {
        "certificate": grant.certificate,
        "authority": grant.authority,
        "keys": grant.keys,
        "password": grant.password,
    }
    header = Header(
        Kind.GRANT, CENTRE, grant.station, f"grant-{sequence}", sequence, made, valid_until=grant.valid_until
    )
    return root.public.raw + seal(canonical.encode(body), header, (sealing,), root).data


def _introduced(data: bytes) -> tuple[VerifyingKey, bytes]:
    if len(data) > LARGEST:
        raise TooLarge("it is larger than any request or grant")
    if len(data) <= VERIFYING_KEY:
        raise CutShort("it is too short for a request or a grant")
    return VerifyingKey(data[:VERIFYING_KEY]), data[VERIFYING_KEY:]


def _check_csr(csr: bytes, station: str) -> None:
    try:
        asked = x509.load_pem_x509_csr(csr)
        public, proved, subject = asked.public_key(), asked.is_signature_valid, asked.subject
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise Malformed("its certificate request is not one") from None
    if not proved:
        raise SignatureWrong("its certificate request is not signed with its own key")
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise UnknownAlgorithm("its certificate request is not for a P-256 key")
    if [(name.oid, name.value) for name in subject] != [(NameOID.COMMON_NAME, station)]:
        raise WrongKind("its certificate request is for somebody else")
