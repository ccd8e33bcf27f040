"""The reference centre: keys, receipts, gaps and forks, opened packets, print orders, and its commands by hand."""

import hashlib
import json
import shutil
import ssl
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from typer.testing import CliRunner

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.capture.iso import cbeff
from kiosk.centre.authority import Authority, NoAuthority, UnknownStation, station_tls
from kiosk.centre.commands import commands
from kiosk.centre.intake import Intake, PacketRefused
from kiosk.centre.opening import NotItsRecords, lay_out, open_packet
from kiosk.centre.orders import NotOrdered, Orders
from kiosk.centre.outgoing import Outgoing
from kiosk.centre.registry import Registry
from kiosk.centre.residents import Cast, made_up
from kiosk.centre.roster_maker import OfficerPin, make_roster
from kiosk.journey.eyes import Eye
from kiosk.journey.fingers import RECHECKED, Finger
from kiosk.journey.session import Impression, Photo, Point, Session
from kiosk.record import canonical
from kiosk.record.header import Header, Kind, SignatureWrong, UnknownKey, Untrusted, WrongKind
from kiosk.record.keys import StationKeys, keys_directory
from kiosk.record.nik import Areas
from kiosk.record.order import CardOrder
from kiosk.record.packet import IrisNote, Recording, Unreadable, pack, recording_of
from kiosk.record.provisioning import tls_directory
from kiosk.record.resident import RecordState, Resident, biodata
from kiosk.record.seal import open_sealed, seal, trusting, verify
from kiosk.uplink.settings import TlsFiles

STATION, OTHER = "tts-soe-01", "tts-soe-02"
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
AREAS = Areas.load(Path(__file__).parents[2] / "config" / "wilayah.csv")
CAST = made_up(AREAS, today=NOW.date())
PORTRAIT = cv2.imencode(".jpg", np.full((80, 60, 3), 128, np.uint8))[1].tobytes()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("centre")
    authority = Authority.create(root / "centre")
    for station in (STATION, OTHER):
        authority.provision_station(station, root / station, now=NOW, province="ntt")
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "all")
    return tmp_path / "all"


@pytest.fixture
def authority(root: Path) -> Authority:
    return Authority(root / "centre")


@pytest.fixture
def registry(root: Path) -> Iterator[Registry]:
    registry = Registry(root / "centre")
    registry.put_residents(CAST.residents)
    yield registry
    registry.close()


@pytest.fixture
def intake(root: Path, authority: Authority, registry: Registry) -> Intake:
    return Intake(root / "centre", authority, registry, clock=lambda: NOW)


@pytest.fixture
def orders(root: Path, authority: Authority, registry: Registry) -> Orders:
    return Orders(authority, registry, Outgoing(root / "centre" / "out"))


@pytest.fixture
def keys(root: Path) -> StationKeys:
    return StationKeys.load(keys_directory(root / STATION))


def recording(resident: Resident, packet_id: str) -> Recording:
    visit = Session(
        biodata=biodata(resident),
        nik=resident.nik,
        consented=True,
        photo=Photo(PORTRAIT, 60, 80, FaceAdvice.GOOD, score=90),
        strokes=((Point(0.5, 0.5, 0.0), Point(0.6, 0.5, 0.1)),),
        impressions=tuple(map(impression, Finger)),
        rechecked=tuple(map(impression, RECHECKED)),
        officer="officer-1",
    )
    return recording_of(
        visit,
        packet_id=packet_id,
        station=STATION,
        software="0.1.0",
        began=NOW,
        ended=NOW,
        signature=b"\x89PNG",
        timings={"photo": 7},
    )


def impression(finger: Finger) -> Impression:
    return Impression(finger, 4, 2, 500, 80, (80,), FingerAdvice.GOOD, "zfm", bytes(8), bytes([finger]) * 8)


def packet(
    authority: Authority,
    keys: StationKeys,
    number: int = 1,
    *,
    previous: bytes | None = None,
    resident: Resident = CAST.ordinary,
    packet_id: str | None = None,
    body: bytes | None = None,
) -> bytes:
    packet_id = packet_id or f"{number:032x}"
    head = Header(Kind.RECORDING, keys.station, "centre", packet_id, number, 1, previous)
    recipients = (authority.packets.public, authority.escrow.public)
    return seal(body or pack(recording(resident, packet_id)), head, recipients, keys.signing).data


# Keys ---------------------------------------------------------------------------------------------------------------


def test_keys_are_made_once_and_kept_tight(root: Path, authority: Authority) -> None:
    with pytest.raises(NoAuthority, match="not overwritten"):
        Authority.create(root / "centre")
    for path in (root / "centre" / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ids = {key.public.id for key in (authority.root, authority.receipts, authority.orders, authority.rosters)}
    assert len(ids) == 4


def test_a_directory_without_keys_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NoAuthority, match="kiosk centre keys"):
        Authority(tmp_path)


def test_stations_are_known_by_their_keys_until_revoked(authority: Authority, keys: StationKeys) -> None:
    assert authority.station(STATION) == keys.identity
    assert authority.stations() == [STATION, OTHER]
    authority.revoke(STATION)
    assert authority.stations() == [OTHER]
    for unknown in (STATION, "nowhere", "../keys"):
        with pytest.raises(UnknownStation):
            authority.station(unknown)


def test_station_certificates_load_and_name_the_station(root: Path) -> None:
    files = station_tls(root / STATION)
    assert {path.parent for path in (files.authority, files.certificate, files.key)} == {tls_directory(root / STATION)}
    context = ssl.create_default_context(cafile=str(files.authority))
    context.load_cert_chain(files.certificate, files.key)
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    assert certificate.subject.rfc4514_string() == f"CN={STATION}"
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(files.authority.read_bytes()))
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH], "no station may pass for the centre"


def test_servers_are_reached_by_the_names_given_and_others_serve_nobody(tmp_path: Path) -> None:
    authority = Authority.create(tmp_path / "centre", hosts=["centre.example", "192.0.2.7"])
    for server in ("centre", "broker"):
        assert served_as(authority.tls.files(server)) == {
            "localhost", "127.0.0.1", "::1", "centre.example", "192.0.2.7",
        }  # fmt: skip
    assert served_as(authority.certify("broker", hosts=["broker.example"])) >= {"localhost", "broker.example"}
    assert served_as(authority.certify("technician")) == set()
    for name in ("authority", "../keys", "Broker", ""):
        with pytest.raises(ValueError, match="name"):
            authority.certify(name)


def served_as(files: TlsFiles) -> set[str]:
    extensions = x509.load_pem_x509_certificate(files.certificate.read_bytes()).extensions
    try:
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {str(name.value) for name in names}


def test_a_password_for_the_broker_is_made_once(root: Path, authority: Authority) -> None:
    held, known = tls_directory(root / STATION) / "mqtt.password", authority.password_file(STATION)
    assert {stat.S_IMODE(file.stat().st_mode) for file in (held, known)} == {0o600}
    password = held.read_text()
    assert password == known.read_text()
    assert len(password.strip()) >= 24
    authority.provision_station(STATION, root / STATION, now=NOW)
    assert held.read_text() == password


# Packets in ---------------------------------------------------------------------------------------------------------


def test_a_packet_is_stored_before_its_receipt(
    root: Path, authority: Authority, intake: Intake, keys: StationKeys
) -> None:
    data = packet(authority, keys)
    receipt = verify(intake.accept(data), kind=Kind.RECEIPT, verifying=trusting(authority.receipts.public))
    assert canonical.decode(receipt.body) == {"packet": f"{1:032x}", "sha256": hashlib.sha256(data).digest()}
    assert (receipt.header.receiver, receipt.header.id) == (STATION, f"{1:032x}")
    assert (root / "centre" / "packets" / STATION / f"{1:032x}.packet").read_bytes() == data
    assert intake.packet(STATION, f"{1:032x}") == data
    assert intake.packet(STATION, f"{2:032x}") is None


def test_the_same_packet_again_gets_the_same_receipt(
    authority: Authority, intake: Intake, registry: Registry, keys: StationKeys
) -> None:
    data = packet(authority, keys)
    assert intake.accept(data) == intake.accept(data)
    assert len(registry.packets()) == 1


def test_what_is_no_packet_of_a_known_station_is_refused(
    root: Path, authority: Authority, intake: Intake, registry: Registry, keys: StationKeys
) -> None:
    data = packet(authority, keys)
    other = StationKeys.load(keys_directory(root / OTHER))
    forged = packet(authority, replace(other, station=STATION))
    for bad, error in (
        (data[:-1] + bytes([data[-1] ^ 1]), SignatureWrong),
        (data[:100], Untrusted),
        (b"", Untrusted),
        (forged, UnknownKey),
        (packet(authority, replace(keys, station="nowhere")), UnknownStation),
    ):
        with pytest.raises(error):
            intake.accept(bad)
    with pytest.raises(WrongKind):
        intake.accept(data, station=OTHER)
    assert registry.packets() == []
    authority.revoke(STATION)
    with pytest.raises(UnknownStation):
        intake.accept(data)


def test_another_packet_under_the_same_id_is_refused_and_the_first_kept(
    authority: Authority, intake: Intake, keys: StationKeys
) -> None:
    first = packet(authority, keys)
    intake.accept(first)
    with pytest.raises(PacketRefused):
        intake.accept(packet(authority, keys))
    assert intake.packet(STATION, f"{1:032x}") == first


def test_gaps_forks_and_broken_chains_are_seen(
    authority: Authority, intake: Intake, registry: Registry, keys: StationKeys
) -> None:
    first = packet(authority, keys, 1)
    digest = hashlib.sha256(first).digest()
    intake.accept(first)
    intake.accept(packet(authority, keys, 2, previous=digest))
    intake.accept(packet(authority, keys, 2, previous=digest, packet_id="f" * 32))
    intake.accept(packet(authority, keys, 5, previous=digest))
    intake.accept(packet(authority, keys, 6, previous=digest))
    report = registry.report(STATION)
    assert (report.highest, report.missing, report.repeated, report.broken) == (6, (4, 3), (2,), (6,))
    assert registry.report(OTHER).highest == 0


# Opened -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_escrow", [False, True])
def test_a_packet_opens_with_either_key(authority: Authority, keys: StationKeys, with_escrow: bool) -> None:
    opened = open_packet(packet(authority, keys), authority, with_escrow=with_escrow)
    assert opened.recording == recording(CAST.ordinary, f"{1:032x}")


def test_laid_out_for_a_person_to_look_at(authority: Authority, keys: StationKeys, tmp_path: Path) -> None:
    files = lay_out(open_packet(packet(authority, keys), authority), tmp_path / "out")
    names = [path.name for path in files]
    records = {"face.fac", "fingers.fir", "signature.sdi", "biometrics.cbeff.xml"}
    assert len(names) == 3 + len(records) + 2 * 12, "no irises, and no photo of hands: there were none"
    assert {"recording.json", "photo.jpg", "signature.png", "finger-02-right-index-again.png", *records} <= set(names)
    handed_on = cbeff.read_bir_document((tmp_path / "out" / "biometrics.cbeff.xml").read_bytes())
    kinds = [cbeff.Kind.FACE, *[cbeff.Kind.FINGER] * 12, cbeff.Kind.SIGNATURE]
    assert [bir.kind for bir in handed_on] == kinds
    described = json.loads((tmp_path / "out" / "recording.json").read_text())
    assert described["biodata"]["name"] == CAST.ordinary.name
    assert described["registration"].startswith("TTS-SOE-01-00001-")
    assert [p["finger"] for p in described["prints"]][:2] == ["01-right-thumb", "02-right-index"]


def test_a_payload_of_another_version_is_unreadable_not_a_crash(authority: Authority, keys: StationKeys) -> None:
    with pytest.raises(Unreadable):
        open_packet(packet(authority, keys, body=canonical.encode({"format": "x", "version": 9})), authority)


IRIS = IrisNote(Eye.LEFT, EyeAdvice.GOOD, 70)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda r: {"prints": r.prints[1:]}, "tells of 11 fingers, and its record holds 12"),
        (lambda r: {"rechecked": ()}, "tells of 10 fingers, and its record holds 12"),
        (lambda r: {"prints": r.prints[::-1]}, "fingers in another order"),
        (lambda r: {"irises": (IRIS,)}, "tells of 1 irises, and its record holds 0"),
        (lambda r: {"records": replace(r.records, fingers=b"")}, "tells of 12 fingers, and its record holds 0"),
    ],
)
def test_a_recording_that_tells_of_others_than_its_records_is_not_laid_out(
    authority: Authority, keys: StationKeys, tmp_path: Path, change: Callable[[Recording], dict[str, Any]], told: str
) -> None:
    told_of = recording(CAST.ordinary, f"{1:032x}")
    opened = open_packet(packet(authority, keys, body=pack(replace(told_of, **change(told_of)))), authority)
    with pytest.raises(NotItsRecords, match=told):
        lay_out(opened, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# Orders and rosters out ---------------------------------------------------------------------------------------------


def test_a_card_is_ordered_once_for_the_station_that_recorded(
    root: Path, authority: Authority, registry: Registry, orders: Orders, keys: StationKeys
) -> None:
    data = packet(authority, keys)
    order_id, blob = orders.order_for_packet(data, now=NOW)
    assert orders.order_for_packet(data, now=NOW) == (order_id, blob)
    assert (root / "centre" / "out" / STATION / "orders" / f"{order_id}.order").read_bytes() == blob
    opened = open_sealed(blob, kind=Kind.ORDER, verifying=trusting(authority.orders.public), opening=(keys.opening,))
    order = CardOrder.unpack(order_id, opened.body)
    assert replace(order.resident, state=CAST.ordinary.state) == CAST.ordinary
    assert [t.template for t in order.templates] == [bytes([2]) * 8, bytes([7]) * 8]
    resident = registry.resident(CAST.ordinary.nik)
    assert resident is not None
    assert resident.state is RecordState.SENT_FOR_CARD_PRINTING


def test_no_second_card_is_ordered_unless_it_replaces_the_first(
    authority: Authority, registry: Registry, orders: Orders, keys: StationKeys
) -> None:
    first, again = packet(authority, keys, 1), packet(authority, keys, 2)
    order_id, _ = orders.order_for_packet(first, now=NOW)
    for state in ("SENT_FOR_CARD_PRINTING", "CARD_PRINTED", "CARD_SHIPPED", "CARD_ISSUED"):
        registry.set_state(CAST.ordinary.nik, RecordState(state))
        assert orders.order_for_packet(first, now=NOW)[0] == order_id  # the same order, not another
        with pytest.raises(NotOrdered, match="ordered already"):
            orders.order_for_packet(again, now=NOW)
    replacement, blob = orders.order_for_packet(first, now=NOW, replacing=True)
    assert replacement != order_id
    assert orders.order_for_packet(first, now=NOW) == (replacement, blob)


def test_an_order_that_was_cleared_away_is_not_made_again(
    root: Path, authority: Authority, orders: Orders, keys: StationKeys
) -> None:
    data = packet(authority, keys)
    order_id, _ = orders.order_for_packet(data, now=NOW)
    (root / "centre" / "out" / STATION / "orders" / f"{order_id}.order").unlink()
    with pytest.raises(NotOrdered, match="ordered already"):
        orders.order_for_packet(data, now=NOW)


def test_cards_that_are_not_ordered(
    authority: Authority, registry: Registry, orders: Orders, keys: StationKeys
) -> None:
    with pytest.raises(NotOrdered, match="only at 17"):
        orders.order_for_packet(packet(authority, keys, 1, resident=CAST.pemula), now=NOW)
    registry.set_state(CAST.farmer.nik, RecordState.DUPLICATE_RECORD)
    with pytest.raises(NotOrdered, match="duplicate"):
        orders.order_for_packet(packet(authority, keys, 2, resident=CAST.farmer), now=NOW)
    stranger = replace(CAST.farmer, nik="5302030101900999")
    with pytest.raises(NotOrdered, match="does not know"):
        orders.order_for_packet(packet(authority, keys, 3, resident=stranger), now=NOW)


def test_rosters_count_up_and_bad_pins_are_refused(authority: Authority, registry: Registry) -> None:
    numbers = [make_roster(authority, registry, STATION, [CAST.ordinary], (), now=NOW)[0] for _ in range(3)]
    assert numbers == [1, 2, 3]
    assert make_roster(authority, registry, OTHER, [CAST.ordinary], (), now=NOW)[0] == 1
    twins = (OfficerPin("a", "111111"), OfficerPin("b", "111111"))
    for officers in (twins, (OfficerPin("a", "12"),), (OfficerPin("a", "12345x"),)):
        with pytest.raises(ValueError, match="PIN"):
            make_roster(authority, registry, STATION, [CAST.ordinary], officers, now=NOW)


def test_the_cast_is_the_same_from_the_same_seed_and_ages_with_the_day() -> None:
    def ages(cast: Cast, day: date) -> list[int]:
        return [r.age_on(day) for r in (cast.ordinary, cast.pemula, cast.too_young)]

    assert made_up(AREAS, today=NOW.date()) == CAST
    assert made_up(AREAS, today=NOW.date(), seed=18) != CAST
    for days in range(0, 800, 31):
        day = NOW.date() + timedelta(days=days)
        assert ages(made_up(AREAS, today=day), day) == [30, 16, 14]


# By hand ------------------------------------------------------------------------------------------------------------


def test_the_commands_from_keys_to_order(tmp_path: Path) -> None:
    run = CliRunner()
    centre, state = tmp_path / "centre", tmp_path / "station"
    for line in (
        f"keys -d {centre} --host centre.example --host 192.0.2.7",
        f"certificate technician -d {centre}",
        f"provision-station {STATION} {state} -d {centre}",
        f"roster {STATION} -d {centre} --extras 2",
    ):
        result = run.invoke(commands(), line.split())
        assert result.exit_code == 0, result.output
    assert "Roster 1 with 10 residents and 2 officers" in result.output
    authority, keys = Authority(centre), StationKeys.load(keys_directory(state))
    someone = next(r for r in Registry(centre).residents() if r.name == CAST.ordinary.name)
    (tmp_path / "a.packet").write_bytes(packet(authority, keys, resident=someone))
    for line, said in (
        (f"open {tmp_path}/a.packet --out {tmp_path}/out -d {centre}", "both signatures"),
        (f"order {tmp_path}/a.packet -d {centre}", "order-00000001"),
        (f"state {tmp_path}/a.packet DUPLICATE_RECORD -d {centre}", "is DUPLICATE_RECORD now"),
        (f"report {STATION} -d {centre}", "Missing: none"),
    ):
        result = run.invoke(commands(), line.split())
        assert result.exit_code == 0, result.output
        assert said in result.output
    assert (tmp_path / "out" / "photo.jpg").exists()
    registry = Registry(centre)
    assert [(each.packet, each.state) for each in registry.untold(STATION)] == [
        (f"{1:032x}", RecordState.DUPLICATE_RECORD)
    ]
    moved = registry.resident(someone.nik)
    assert moved is not None
    assert moved.state is RecordState.DUPLICATE_RECORD


def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path) -> None:
    run = CliRunner()
    (tmp_path / "noise").write_bytes(b"noise")
    result = run.invoke(commands(), ["roster", STATION, "-d", str(tmp_path / "centre")])
    assert (result.exit_code, "run `kiosk centre keys` first" in result.output) == (1, True)
    run.invoke(commands(), ["keys", "-d", str(tmp_path / "centre")])
    result = run.invoke(
        commands(), ["open", str(tmp_path / "noise"), "--out", str(tmp_path / "x"), "-d", str(tmp_path / "centre")]
    )
    assert (result.exit_code, "Traceback" in result.output) == (1, False)
    assert "not of the expected kind" in result.output
