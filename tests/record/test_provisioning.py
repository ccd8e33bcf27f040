"""A station's way to its identity: no secret leaves it, and people compare what the wire might have changed."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.centre.authority import Authority, UnknownStation
from kiosk.centre.keyring import Purpose
from kiosk.record import canonical
from kiosk.record.enrolment import Request, fingerprint, same_fingerprint
from kiosk.record.header import (
    CutShort,
    Header,
    Kind,
    Malformed,
    SignatureWrong,
    TooLarge,
    UnknownAlgorithm,
    UnknownKey,
    Untrusted,
    WrongKind,
)
from kiosk.record.keypair import SEALING_KEY, OpeningKey, SigningKey
from kiosk.record.keys import CENTRE, CentreTrust, NotProvisioned, StationKeys, install_trust, keys_directory
from kiosk.record.provisioning import RootUnknown, ask, take_in, tls_directory
from kiosk.record.safekeeping import as_owner_of
from kiosk.record.seal import sign

STATION = "tts-soe-01"
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MOMENT = int(NOW.timestamp())
KIOSK, UPLINK = (61001, 61002) if os.geteuid() == 0 else (os.geteuid(), os.geteuid())
"""Where root runs the tests, two users as a station has them; otherwise all belongs to whoever runs them."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Authority.create(tmp_path_factory.mktemp("made") / "centre").directory


@pytest.fixture
def authority(centre: Path, tmp_path: Path) -> Authority:
    shutil.copytree(centre, tmp_path / "centre")
    return Authority(tmp_path / "centre")


@pytest.fixture
def state() -> Iterator[Path]:
    """A state directory as the installer leaves it. pytest's own is closed to other users."""
    with tempfile.TemporaryDirectory() as made:
        yield installed(Path(made))


def installed(state: Path) -> Path:
    state.mkdir(exist_ok=True)
    state.chmod(0o755)
    for place, owner in ((keys_directory(state), KIOSK), (tls_directory(state), UPLINK)):
        place.mkdir(parents=True)
        os.chown(place, owner, owner if os.geteuid() == 0 else -1)
        place.chmod(0o700)
    return state


def asking(state: Path, station: str = STATION, *, renew: bool = False) -> bytes:
    return ask(state, station, province="ntt", software="0.1.0", now=MOMENT, renew=renew)


def granted(authority: Authority, request: bytes, *, now: datetime = NOW, only: bool = False) -> bytes:
    return authority.enrol(Request.read(request), now=now, only=only)


def taking(authority: Authority, grant: bytes, state: Path, *, told: bool = True, now: int = MOMENT) -> CentreTrust:
    return take_in(grant, state, station=STATION, now=now, root=authority.fingerprint if told else None)


def held(state: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes() for place in (keys_directory, tls_directory) for path in place(state).iterdir()
    }


# The way there -----------------------------------------------------------------------------------------------------


def test_no_secret_leaves_the_station_and_each_belongs_to_whom_its_directory_does(
    authority: Authority, state: Path
) -> None:
    request = asking(state)
    grant = granted(authority, request)
    trust = taking(authority, grant, state)
    keys = StationKeys.load(keys_directory(state))
    assert (keys.station, authority.station(STATION)) == (STATION, keys.identity)
    assert CentreTrust.load(keys_directory(state)) == trust
    assert {path.name for path in keys_directory(state).iterdir()} == {"secrets", "root.public", "centre.keys"}
    assert {path.name for path in tls_directory(state).iterdir()} == {
        "authority.pem", "station.crt", "station.key", "mqtt.password",
    }  # fmt: skip
    for place, owner in ((keys_directory, KIOSK), (tls_directory, UPLINK)):
        for path in place(state).iterdir():
            assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (owner, 0o600)
    tls = serialization.load_pem_private_key((tls_directory(state) / "station.key").read_bytes(), None)
    assert isinstance(tls, ec.EllipticCurvePrivateKey)
    own = [
        keys.opening.seed, keys.roster, keys.ledger, keys.checkpoint, keys.signing.seeds[:32], keys.signing.seeds[32:],
        tls.private_numbers().private_value.to_bytes(32), (tls_directory(state) / "station.key").read_bytes(),
    ]  # fmt: skip
    elsewhere = [request, grant, *(path.read_bytes() for path in authority.directory.rglob("*") if path.is_file())]
    for secret in own:
        for form in (secret, secret.hex().encode()):
            assert not any(form in content for content in elsewhere)
    assert os.geteuid() in {0, KIOSK}, "whoever began goes on as themselves"


def test_the_certificate_is_for_the_key_that_stays_here_and_names_the_station(
    authority: Authority, state: Path
) -> None:
    taking(authority, granted(authority, asking(state)), state)
    certificate = x509.load_pem_x509_certificate((tls_directory(state) / "station.crt").read_bytes())
    assert certificate.subject.rfc4514_string() == f"CN={STATION}"
    another = x509.load_pem_x509_certificate(authority.server_tls.certificate.read_bytes())
    for shown, welcome in ((certificate, True), (another, False)):
        assert authority.is_welcome(STATION, shown.public_bytes(serialization.Encoding.DER)) is welcome
    assert not authority.is_welcome("other-station", certificate.public_bytes(serialization.Encoding.DER))
    assert not authority.is_welcome(STATION, b"noise")


def test_asked_again_the_keys_and_the_fingerprint_are_the_same(authority: Authority, state: Path) -> None:
    first, second = asking(state), asking(state)
    assert first != second
    assert Request.read(first).fingerprint == Request.read(second).fingerprint
    assert Request.read(first).identity == Request.read(second).identity
    taking(authority, granted(authority, first), state)
    before = held(state)
    taking(authority, granted(authority, second, now=NOW + timedelta(days=300)), state)
    after = held(state)
    assert after["station.crt"] != before["station.crt"]
    for name in ("secrets", "station.key", "mqtt.password", "root.public", "authority.pem"):
        assert after[name] == before[name]
    assert CentreTrust.load(keys_directory(state)).sequence == int((NOW + timedelta(days=300)).timestamp())


def test_power_may_fail_at_any_step(authority: Authority, state: Path, power: Any) -> None:
    for step in range(1000):
        with power.cut_at(step):
            asking(state)
        if not power.was_cut:
            break
    assert step > 5
    grant = granted(authority, asking(state))
    for renew in (False, True):
        if renew:
            grant = granted(authority, asking(state, renew=True), now=NOW + timedelta(days=1))
        before = StationKeys.load(keys_directory(state))
        for step in range(1000):
            with power.cut_at(step):
                taking(authority, grant, state)
            assert StationKeys.load(keys_directory(state)).ledger == before.ledger
            if not power.was_cut:
                break
        assert step > 10
        assert StationKeys.load(keys_directory(state)).signing == before.newest.signing
        key = serialization.load_pem_private_key(held(state)["station.key"], None)
        certificate = x509.load_pem_x509_certificate(held(state)["station.crt"])
        assert key.public_key() == certificate.public_key()
        assert "station.key.coming" not in held(state)


# Whom to believe ---------------------------------------------------------------------------------------------------


def test_the_root_is_believed_once_people_have_compared_it_and_then_no_other(
    authority: Authority, state: Path, tmp_path: Path
) -> None:
    request = asking(state)
    grant = granted(authority, request)
    with pytest.raises(RootUnknown) as unknown:
        taking(authority, grant, state, told=False)
    assert unknown.value.fingerprint == authority.fingerprint
    other = Authority.create(tmp_path / "other")
    theirs = granted(other, request)
    with pytest.raises(NotProvisioned, match="not of the centre you were told of"):
        taking(authority, theirs, state)
    assert "root.public" not in held(state)
    taking(authority, grant, state)
    before = held(state)
    for told in (None, other.fingerprint):
        with pytest.raises(NotProvisioned, match="another root"):
            take_in(theirs, state, station=STATION, now=MOMENT, root=told)
    assert held(state) == before
    taking(authority, grant, state, told=False)


def test_what_is_for_another_station_or_other_keys_is_refused_plainly(authority: Authority, state: Path) -> None:
    grant = granted(authority, asking(state))
    other = installed(state / "other")
    theirs = granted(authority, asking(other, "other-station"))
    for wrong in (theirs, granted(authority, asking(installed(state / "anew")))):
        with pytest.raises(NotProvisioned, match="other keys than this station has"):
            taking(authority, wrong, state)
    with pytest.raises(NotProvisioned, match="this one is other-station"):
        take_in(grant, state, station="other-station", now=MOMENT, root=authority.fingerprint)
    with pytest.raises(NotProvisioned, match="this one is other-station"):
        asking(state, "other-station")
    shutil.copy(keys_directory(other) / "secrets", keys_directory(state) / "secrets")
    with pytest.raises(NotProvisioned, match="holds the keys of the station other-station"):
        taking(authority, theirs, state)
    assert "root.public" not in held(state)


def test_a_grant_without_the_keys_it_was_asked_for_says_what_to_do(authority: Authority, state: Path) -> None:
    grant = granted(authority, asking(state))
    (tls_directory(state) / "station.key").unlink()
    os.mkfifo(tls_directory(state) / "station.key")
    with pytest.raises(NotProvisioned, match="is damaged; remove it"):
        taking(authority, grant, state)
    (tls_directory(state) / "station.key").unlink()
    (tls_directory(state) / "station.crt").write_bytes(b"damaged")
    for _ in range(2):
        with pytest.raises(NotProvisioned, match="another key than this station's uplink has"):
            taking(authority, grant, state)
        asking(state)
    (keys_directory(state) / "secrets").unlink()
    with pytest.raises(NotProvisioned, match="sudo kiosk provision"):
        taking(authority, grant, state)


def test_an_ended_or_older_grant_is_refused_and_changes_nothing(
    authority: Authority, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = granted(authority, asking(state))
    with pytest.raises(NotProvisioned, match="time is over"):
        taking(authority, grant, state, now=int((datetime.now(UTC) + timedelta(days=366)).timestamp()))
    assert "root.public" not in held(state)
    taking(authority, grant, state)
    before = held(state)
    monkeypatch.setattr("kiosk.centre.tls._CLOCKS_DIFFER", timedelta(days=1))
    with pytest.raises(NotProvisioned, match="older than the one"):
        taking(authority, granted(authority, asking(state)), state)
    assert held(state) == before


def test_a_list_that_came_by_itself_meanwhile_is_not_rolled_back(authority: Authority, state: Path) -> None:
    taking(authority, granted(authority, asking(state)), state)
    on_its_way = granted(authority, asking(state))
    authority.keyring.rotate(Purpose.PACKETS)
    blob = authority.trust_list(authority.station(STATION), now=NOW + timedelta(days=1))
    with as_owner_of(keys_directory(state)):
        newer = install_trust(keys_directory(state), blob)
    assert taking(authority, on_its_way, state) == newer == CentreTrust.load(keys_directory(state))


def test_every_changed_byte_of_a_grant_is_refused(authority: Authority, state: Path) -> None:
    grant = granted(authority, asking(state))
    before = held(state)
    for at in range(0, len(grant), 97):
        spoiled = grant[:at] + bytes([grant[at] ^ 0x10]) + grant[at + 1 :]
        with pytest.raises((Untrusted, NotProvisioned)):
            taking(authority, spoiled, state)
    for length in (0, 1343, 1344, 1345, len(grant) - 1):
        with pytest.raises(Untrusted):
            taking(authority, grant[:length], state)
    with pytest.raises(TooLarge):
        taking(authority, grant + bytes(1 << 16), state)
    assert held(state) == before


# A request -----------------------------------------------------------------------------------------------------------


def test_a_fingerprint_can_be_read_aloud_and_is_compared_however_it_is_parted() -> None:
    told = fingerprint(b"a", b"b")
    assert [len(group) for group in told.split(" ")] == [5] * 6
    assert told.replace(" ", "").isdigit()
    assert told not in {fingerprint(b"ab"), fingerprint(b"a", b"c"), fingerprint(b"b", b"a")}
    for typed in (told, told.replace(" ", ""), told.replace(" ", "-"), f" {told}\n"):
        assert same_fingerprint(typed, told)
    for typed in ("", told[:-1], told[:-1] + "x", told + "0"):
        assert not same_fingerprint(typed, told)


def test_the_fingerprint_covers_all_that_is_granted(state: Path) -> None:
    request = Request.read(asking(state))
    others = [
        replace(request, station="other"), replace(request, province="nusa"),
        replace(request, verifying=SigningKey.generate().public),
        replace(request, sealing=OpeningKey.generate().public), replace(request, csr=csr(STATION)),
    ]  # fmt: skip
    assert len({each.fingerprint for each in (request, *others)}) == 6


def csr(name: str, key: Any = None, *, others: tuple[x509.NameAttribute[str], ...] = ()) -> bytes:
    names = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name), *others])
    builder = x509.CertificateSigningRequestBuilder().subject_name(names)
    made = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def forged(
    body: Any = None, *, kind: Kind = Kind.REQUEST, sender: str = STATION, receiver: str = CENTRE, **more: Any
) -> bytes:
    signing = SigningKey.generate()
    fields = {"province": "ntt", "sealing": OpeningKey.generate().public.raw, "csr": csr(STATION), "software": "1"}
    content = canonical.encode(fields | more if body is None else body)
    return signing.public.raw + sign(content, Header(kind, sender, receiver, "request-1", 1, 1), signing)


def spoiled_csr() -> bytes:
    lines = csr(STATION).decode().splitlines()
    lines[-2] = lines[-2][:-4] + ("AAA=" if lines[-2][-4:] != "AAA=" else "BBB=")
    return "\n".join(lines).encode()


HOSTILE: list[tuple[Callable[[], bytes], type[Untrusted]]] = [
    (lambda: forged(kind=Kind.MANIFEST), WrongKind),
    (lambda: forged(receiver="elsewhere"), WrongKind),
    (lambda: forged([]), Malformed),
    (lambda: forged({}), Malformed),
    (lambda: forged(more=1), Malformed),
    (lambda: forged(province="x" * 64), Malformed),
    (lambda: forged(province="ntt\x1b[2K"), Malformed),
    (lambda: forged(software="1\r The request's fingerprint: 12345"), Malformed),
    (lambda: forged(sender=CENTRE, csr=csr(CENTRE)), WrongKind),
    (lambda: forged(software=b"bytes"), Malformed),
    (lambda: forged(sealing=b"short"), Malformed),
    (lambda: forged(sealing=bytes([255]) * SEALING_KEY), Malformed),
    (lambda: forged(csr=b"noise"), Malformed),
    (lambda: forged(csr=csr("other-station")), WrongKind),
    (lambda: forged(csr=csr(STATION, others=(x509.NameAttribute(NameOID.COMMON_NAME, CENTRE),))), WrongKind),
    (lambda: forged(csr=csr(STATION, ec.generate_private_key(ec.SECP384R1()))), UnknownAlgorithm),
    (lambda: SigningKey.generate().public.raw + forged()[1344:], UnknownKey),
    (lambda: forged()[:1344], CutShort),
    (lambda: forged() + bytes(1 << 16), TooLarge),
]


@pytest.mark.parametrize(("made", "refusal"), HOSTILE)
def test_a_request_that_is_none_is_refused_by_reason(made: Callable[[], bytes], refusal: type[Untrusted]) -> None:
    with pytest.raises(refusal):
        Request.read(made())


def test_a_certificate_asked_for_with_somebody_elses_key_is_refused() -> None:
    with pytest.raises((SignatureWrong, Malformed)):
        Request.read(forged(csr=spoiled_csr()))


def test_every_changed_byte_of_a_request_is_refused(state: Path) -> None:
    request = asking(state)
    for at in range(0, len(request), 61):
        with pytest.raises(Untrusted):
            Request.read(request[:at] + bytes([request[at] ^ 4]) + request[at + 1 :])
    for length in range(0, len(request), 211):
        with pytest.raises(Untrusted):
            Request.read(request[:length])


# Keys made anew ----------------------------------------------------------------------------------------------------


def test_keys_made_anew_serve_once_they_are_granted(authority: Authority, state: Path) -> None:
    taking(authority, granted(authority, asking(state)), state)
    before, tls_before = StationKeys.load(keys_directory(state)), held(state)["station.key"]
    request = asking(state, renew=True)
    waiting = StationKeys.load(keys_directory(state))
    assert (waiting.signing, held(state)["station.key"]) == (before.signing, tls_before), "in use until the grant"
    assert Request.read(asking(state)).fingerprint == Request.read(request).fingerprint, "asked again for the same"
    taking(authority, granted(authority, request, now=NOW + timedelta(days=1)), state)
    after = StationKeys.load(keys_directory(state))
    assert after.signing.public == Request.read(request).verifying
    assert after.openings == (after.opening, before.opening)
    assert held(state)["station.key"] != tls_before
    assert authority.station(STATION).trusted == after.identity.trusted, "what the earlier key signed may still come"


def certificate_of(state: Path) -> bytes:
    made = x509.load_pem_x509_certificate((tls_directory(state) / "station.crt").read_bytes())
    return made.public_bytes(serialization.Encoding.DER)


def test_a_stolen_identity_is_good_no_more_when_the_centre_says_so(authority: Authority, state: Path) -> None:
    taking(authority, granted(authority, asking(state)), state)
    stolen = certificate_of(state)
    signed_with = authority.station(STATION).verifying
    request = asking(state, renew=True)
    granted(authority, request)
    assert authority.is_welcome(STATION, stolen), "the grant is still on its way"
    taking(authority, granted(authority, request, only=True), state)
    assert not authority.is_welcome(STATION, stolen)
    assert authority.is_welcome(STATION, certificate_of(state))
    assert signed_with.id not in authority.station(STATION).trusted


def test_a_revoked_station_is_refused_and_may_be_let_in_again_with_new_keys(authority: Authority, state: Path) -> None:
    taking(authority, granted(authority, asking(state)), state)
    stolen = certificate_of(state)
    authority.revoke(STATION)
    assert not authority.is_welcome(STATION, stolen)
    with pytest.raises(UnknownStation, match="revoked"):
        authority.station(STATION)
    taking(authority, granted(authority, asking(state, renew=True), now=NOW + timedelta(days=1)), state)
    assert authority.is_welcome(STATION, certificate_of(state))
    assert not authority.is_welcome(STATION, stolen)
    assert len(authority.station(STATION).trusted) == 1


# As root among users -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mqtt.password", "mqtt.password.partial"])
def test_a_link_that_the_uplink_laid_leads_root_nowhere(
    authority: Authority, state: Path, tmp_path: Path, name: str
) -> None:
    """Root alone has more rights than the uplink's user to lose; the others are stopped by what they may write."""
    private = tmp_path / "private"
    private.write_text("untouched")
    private.chmod(0o400)
    grant = granted(authority, asking(state))
    (tls_directory(state) / name).symlink_to(private)
    if name.endswith(".partial"):
        with pytest.raises(OSError, match="symbolic links"):
            taking(authority, grant, state)
    else:
        taking(authority, grant, state)
    assert private.read_text() == "untouched"


def test_the_rights_come_back_after_a_failure(state: Path) -> None:
    before = os.geteuid(), os.getegid(), os.getgroups()

    def fail() -> None:
        with as_owner_of(keys_directory(state)):
            assert os.geteuid() == KIOSK
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (os.geteuid(), os.getegid(), os.getgroups()) == before
