"""The centre's TLS authority: certificates for stations, the centre's server and the broker, by their common name.

For the reference centre and the demo. A ministry has its own authority; what it must issue is what ``issue`` does.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kiosk.record.exchange import write_durably
from kiosk.uplink.settings import TlsFiles

_AUTHORITY_DAYS = 3650
DAYS = 365
"""How long a certificate is good."""
_CLOCKS_DIFFER = timedelta(hours=1)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class TlsAuthority:
    """Opens the authority kept in ``directory``, or makes one: ``authority.pem`` and ``authority.key`` (P-256)."""

    def __init__(self, directory: Path, *, name: str = "Rekam TLS authority") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self.certificate = directory / "authority.pem"
        key_file = directory / "authority.key"
        if not key_file.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            made = _self_signed(key, _named(name))
            write_durably(self.certificate, made.public_bytes(serialization.Encoding.PEM))
            write_durably(key_file, _pem(key), mode=0o600)
        loaded = serialization.load_pem_private_key(key_file.read_bytes(), None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{key_file} is no key on an elliptic curve")
        self._key = loaded
        self._subject = x509.load_pem_x509_certificate(self.certificate.read_bytes()).subject

    def files(self, name: str) -> TlsFiles:
        """Where ``issue`` leaves what it made for ``name``."""
        return TlsFiles(self.certificate, self._directory / f"{name}.crt", self._directory / f"{name}.key")

    def issue(self, name: str, *, days: int = DAYS, hosts: Sequence[str] = LOOPBACK) -> TlsFiles:
        """Make a key and a certificate for ``name`` (a server, a technician), kept where ``files`` says.

        ``hosts`` are the names and addresses it may serve under; without any, it is good for a client only.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        files = self.files(name)
        write_durably(files.key, _pem(key), mode=0o600)
        write_durably(files.certificate, self._vouch(name, key.public_key(), days=days, hosts=hosts))
        return files

    def answer(self, csr: bytes, name: str, *, days: int = DAYS) -> bytes:
        """Make a certificate (PEM) for a client that has its key itself; only the key is taken from its request."""
        public = x509.load_pem_x509_csr(csr).public_key()
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise ValueError("a certificate is made for a key on an elliptic curve")
        return self._vouch(name, public, days=days, hosts=())

    def _vouch(self, name: str, public: ec.EllipticCurvePublicKey, *, days: int, hosts: Sequence[str]) -> bytes:
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])]
        draft = (
            _draft(_named(name), self._subject, public, days=days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            draft = draft.add_extension(names, critical=False)
        return draft.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _self_signed(key: ec.EllipticCurvePrivateKey, name: x509.Name) -> x509.Certificate:
    public = key.public_key()
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _draft(name, name, public, days=_AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + timedelta(days=days))
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
