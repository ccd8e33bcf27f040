"""The centre's door, asked by hand over real mutual TLS: tus 1.0, who may ask what, and the real intake behind it."""

import base64
import dataclasses
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from kiosk.centre.authority import Authority, station_tls
from kiosk.centre.intake import Intake
from kiosk.centre.keyring import Purpose
from kiosk.centre.outgoing import Outgoing
from kiosk.centre.registry import Registry
from kiosk.centre.serve import serve
from kiosk.centre.server import LARGEST_PACKET, MOST_UNFINISHED, CentreServer, server
from kiosk.centre.tls import TlsAuthority
from kiosk.record import canonical
from kiosk.record.enrolment import Request
from kiosk.record.header import Header, Kind, Untrusted
from kiosk.record.keys import CentreTrust, StationKeys, keys_directory
from kiosk.record.provisioning import ask, take_in
from kiosk.record.resident import RecordState
from kiosk.record.seal import open_sealed, seal, trusting, verify
from kiosk.uplink.settings import TlsFiles

STATION, OTHER = "ktp-5371-01", "ktp-5371-02"
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


class Shelf:
    def __init__(self, outgoing: Outgoing) -> None:
        self.accepted: list[tuple[str, bytes]] = []
        self.receipts: dict[tuple[str, str], bytes] = {}
        self.strangers: set[str] = set()
        self._outgoing = outgoing

    def welcomes(self, station: str, certificate: bytes) -> bool:
        shown = x509.load_der_x509_certificate(certificate).subject.rfc4514_string()
        return shown == f"CN={station}" and station not in self.strangers

    def accept(self, packet: bytes, *, station: str, packet_id: str) -> bytes:
        if packet.startswith(b"BAD"):
            raise Untrusted("its signature does not fit")
        self.accepted.append((station, packet))
        receipt = self.receipts[station, packet_id] = b"receipt"
        return receipt

    def receipt(self, station: str, packet: str) -> bytes | None:
        return self.receipts.get((station, packet))

    def waiting(self, station: str, kind: Kind, *, after: int) -> tuple[int, list[tuple[int, str]]]:
        listed = self._outgoing.waiting(station, kind)
        return max((number for number, _ in listed), default=0), self._outgoing.waiting(station, kind, after=after)

    def file(self, station: str, kind: Kind, name: str) -> Path | None:
        return self._outgoing.file(station, kind, name)


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@dataclasses.dataclass
class Door:
    port: int
    shelf: Shelf
    outgoing: Outgoing
    uploads: Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TlsAuthority:
    return TlsAuthority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def door(tmp_path: Path, authority: TlsAuthority) -> Iterator[Door]:
    outgoing = Outgoing(tmp_path / "out")
    shelf = Shelf(outgoing)
    running = server(CentreServer(tmp_path / "uploads", shelf), host="127.0.0.1", port=0, tls=authority.issue("centre"))
    thread = threading.Thread(target=running.run)
    thread.start()
    wait_until(lambda: running.started)
    yield Door(running.servers[0].sockets[0].getsockname()[1], shelf, outgoing, tmp_path / "uploads")
    running.should_exit = True
    thread.join()


def speaking(port: int, tls: TlsFiles) -> httpx.Client:
    context = ssl.create_default_context(cafile=str(tls.authority))
    context.load_cert_chain(tls.certificate, tls.key)
    return httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=context, trust_env=False)


@pytest.fixture
def station(door: Door, authority: TlsAuthority) -> Iterator[httpx.Client]:
    with speaking(door.port, authority.issue(STATION)) as client:
        yield client


def create(client: httpx.Client, packet: str, length: int) -> httpx.Response:
    name = base64.b64encode(packet.encode()).decode()
    metadata = {"Upload-Length": str(length), "Upload-Metadata": f"packet_id {name},kind cGFja2V0"}
    return client.post("/v1/packets", headers=TUS | metadata)


def append(client: httpx.Client, url: str, offset: int, piece: bytes) -> httpx.Response:
    return client.patch(url, headers=PIECE | {"Upload-Offset": str(offset)}, content=piece)


def test_an_upload_in_two_pieces(door, station):
    made = create(station, "p1", 10)
    assert made.status_code == 201
    url = made.headers["Location"]
    assert append(station, url, 0, b"hello").headers["Upload-Offset"] == "5"
    assert not door.shelf.accepted
    asked = station.head(url, headers=TUS)
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == ("5", "10")
    assert append(station, url, 5, b"world").status_code == 204
    assert door.shelf.accepted == [(STATION, b"helloworld")]
    assert station.get("/v1/packets/p1/receipt").content == b"receipt"


def test_creating_again_finds_the_same_upload(station):
    url = create(station, "p1", 10).headers["Location"]
    append(station, url, 0, b"hello")
    assert create(station, "p1", 10).headers["Location"] == url
    assert station.head(url, headers=TUS).headers["Upload-Offset"] == "5"


def test_creating_with_another_length_begins_anew(station):
    url = create(station, "p1", 10).headers["Location"]
    append(station, url, 0, b"hello")
    create(station, "p1", 7)
    assert station.head(url, headers=TUS).headers["Upload-Offset"] == "0"


def test_a_receipted_packet_stays_receipted(door, station):
    url = create(station, "p1", 5).headers["Location"]
    append(station, url, 0, b"hello")
    assert create(station, "p1", 5).status_code == 201
    assert station.head(url, headers=TUS).headers["Upload-Offset"] == "5"
    assert create(station, "p1", 6).status_code == 409
    assert len(door.shelf.accepted) == 1


def test_a_wrong_offset_is_told(station):
    url = create(station, "p1", 10).headers["Location"]
    assert append(station, url, 3, b"hello").status_code == 409


def test_more_than_announced_is_not_taken(door, station):
    url = create(station, "p1", 5).headers["Location"]
    assert append(station, url, 0, b"hello world").status_code == 413
    assert not door.shelf.accepted


def test_a_refused_packet_says_why_and_may_come_again(door, station):
    url = create(station, "p1", 3).headers["Location"]
    assert append(station, url, 0, b"BAD").status_code == 204
    verdict = station.get("/v1/packets/p1/receipt")
    assert verdict.status_code == 422
    assert verdict.json() == {"reason": "its signature does not fit"}
    assert station.head(url, headers=TUS).status_code == 404
    create(station, "p1", 3)
    append(station, url, 0, b"yes")
    assert door.shelf.accepted == [(STATION, b"yes")]


def test_the_receipt_of_an_unfinished_packet_is_not_there(station):
    assert station.get("/v1/packets/p1/receipt").status_code == 404
    create(station, "p1", 10)
    assert station.get("/v1/packets/p1/receipt").status_code == 409


@pytest.mark.parametrize("packet", ["../p1", "P1", "", "a/b", "x" * 200, "p1\0"])
def test_a_packet_id_is_a_plain_name(station, packet):
    assert create(station, packet, 10).status_code == 400


@pytest.mark.parametrize("length", [0, LARGEST_PACKET + 1])
def test_lengths_have_limits(station, length):
    assert create(station, "p1", length).status_code == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "10"}, 412),
        (TUS, 400),
        (TUS | {"Upload-Length": "-5"}, 400),
        (TUS | {"Upload-Length": "ten"}, 400),
        (TUS | {"Upload-Length": "10", "Upload-Metadata": "packet_id ???"}, 400),
    ],
)
def test_a_client_that_speaks_no_tus_is_told(station, headers, status):
    named = {"Upload-Metadata": f"packet_id {base64.b64encode(b'p1').decode()}"}
    assert station.post("/v1/packets", headers=named | headers).status_code == status


def test_a_piece_must_say_what_it_is(station):
    url = create(station, "p1", 10).headers["Location"]
    plain = TUS | {"Upload-Offset": "0", "Content-Type": "text/plain"}
    assert station.patch(url, headers=plain, content=b"hello").status_code == 415


def test_options_tell_what_is_spoken(station):
    answer = station.options("/v1/packets")
    assert (answer.headers["Tus-Version"], answer.headers["Tus-Extension"]) == ("1.0.0", "creation")


def test_a_cut_piece_is_kept_and_a_newer_connection_wins(door, station, authority):
    url = create(station, "p1", 10).headers["Location"]
    tls = authority.issue(STATION)
    context = ssl.create_default_context(cafile=str(tls.authority))
    context.load_cert_chain(tls.certificate, tls.key)
    head = (
        f"PATCH {url} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Length: 10\r\n"
        "Content-Type: application/offset+octet-stream\r\n\r\n"
    )
    with (
        socket.create_connection(("127.0.0.1", door.port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as hanging,
    ):
        hanging.sendall(head.encode() + b"hel")
        wait_until(lambda: station.head(url, headers=TUS).headers["Upload-Offset"] == "3")
        # The first connection still hangs in the middle of its piece, as after a lost mobile link.
        assert append(station, url, 3, b"lo worl").status_code == 204
        assert door.shelf.accepted == [(STATION, b"hello worl")]
        hanging.sendall(b"XXXXXXX")
        hanging.recv(1000)
    assert station.get("/v1/packets/p1/receipt").content == b"receipt"
    assert len(door.shelf.accepted) == 1


def test_lists_and_files_are_for_their_station_only(door, station, authority):
    door.outgoing.publish(STATION, Kind.ORDER, 1, b"mine")
    door.outgoing.publish(OTHER, Kind.ORDER, 1, b"theirs")
    mine = station.get(f"/v1/stations/{STATION}/orders").json()
    assert mine == {"highest": 1, "files": [{"number": 1, "name": "order-00000001.order"}]}
    assert station.get(f"/v1/stations/{STATION}/orders/order-00000001.order").content == b"mine"
    assert station.get(f"/v1/stations/{STATION}/orders?after=1").json() == {"highest": 1, "files": []}
    assert station.get(f"/v1/stations/{OTHER}/orders").status_code == 403
    assert station.get(f"/v1/stations/{OTHER}/orders/order-00000001.order").status_code == 403
    assert station.get(f"/v1/stations/{STATION}/secrets").status_code == 404
    assert station.get(f"/v1/stations/{STATION}/orders?after=x").status_code == 400
    assert station.get(f"/v1/stations/{STATION}/orders/..%2f..%2fkeys").status_code == 404


def test_a_file_goes_on_where_it_was_cut_as_long_as_it_is_the_same(door, station):
    url = f"/v1/stations/{STATION}/rosters/roster-00000001.roster"
    door.outgoing.publish(STATION, Kind.ROSTER, 1, b"a long roster")
    tag = station.get(url).headers["ETag"]
    rest = station.get(url, headers={"Range": "bytes=7-", "If-Range": tag})
    assert (rest.status_code, rest.content) == (206, b"roster")
    door.outgoing.publish(STATION, Kind.ROSTER, 1, b"another roster")
    assert station.get(url, headers={"Range": "bytes=7-", "If-Range": tag}).content == b"another roster"


def test_an_upload_is_seen_by_its_station_only(door, station, authority):
    create(station, "p1", 10)
    with speaking(door.port, authority.issue(OTHER)) as other:
        assert other.head("/v1/packets/p1", headers=TUS).status_code == 404


def test_without_a_certificate_nobody_enters(door, authority):
    context = ssl.create_default_context(cafile=str(authority.certificate))
    with (
        httpx.Client(base_url=f"https://127.0.0.1:{door.port}", verify=context, trust_env=False) as stranger,
        pytest.raises(httpx.TransportError),
    ):
        stranger.options("/v1/packets")


def test_a_certificate_that_names_no_station_gets_nothing(door, authority):
    with speaking(door.port, authority.issue("Somebody Else")) as odd:
        assert create(odd, "p1", 10).status_code == 403


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Authority, int]]:
    """The whole centre as ``kiosk centre serve`` runs it, with one station enrolled."""
    authority = Authority.create(tmp_path / "centre")
    authority.provision_station(STATION, tmp_path / "station", now=datetime.now(UTC))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stop, ready = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=serve,
        args=(tmp_path / "centre",),
        kwargs={"host": "127.0.0.1", "port": port, "stop": stop, "ready": ready},
    )
    thread.start()
    assert ready.wait(20)
    yield authority, port
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def test_served_as_by_hand_the_real_intake_refuses_what_no_station_sealed(served, tmp_path):
    _, port = served
    with speaking(port, station_tls(tmp_path / "station")) as client:
        url = create(client, "p1", 7).headers["Location"]
        append(client, url, 0, b"garbage")
        assert client.get("/v1/packets/p1/receipt").status_code == 422


def test_a_packet_brought_under_another_id_is_refused(served, tmp_path):
    authority, port = served
    packet = sealed(authority, tmp_path / "station", 1)
    with speaking(port, station_tls(tmp_path / "station")) as client:
        url = create(client, "another", len(packet)).headers["Location"]
        append(client, url, 0, packet)
        assert "another id" in client.get("/v1/packets/another/receipt").json()["reason"]


def test_a_station_is_told_where_its_records_stand_and_what_is_missing(served, tmp_path):
    authority, port = served
    state = tmp_path / "station"
    keys, trust = StationKeys.load(keys_directory(state)), CentreTrust.load(keys_directory(state))
    with speaking(port, station_tls(state)) as client:
        listed = f"/v1/stations/{STATION}/states"
        assert client.get(listed).json() == {"highest": 0, "files": []}
        for number in (1, 4):
            deliver(client, sealed(authority, state, number), f"{number:032x}")
        assert client.get(listed).json()["files"] == [{"number": 1, "name": "states-00000001.states"}]
        blob = client.get(f"{listed}/states-00000001.states").content
        told = open_sealed(blob, kind=Kind.STATES, verifying=trust.states, opening=(keys.opening,))
        body = canonical.decode(told.body)
        assert [(packet, at) for packet, at, _ in body["states"]] == [
            (f"{1:032x}", "RECEIVED_AT_CENTRAL"),
            (f"{4:032x}", "RECEIVED_AT_CENTRAL"),
        ]
        assert body["missing"] == [3, 2]
        assert client.get(listed).json()["highest"] == 1, "nothing new, nothing told"
        deliver(client, sealed(authority, state, 2), f"{2:032x}")
        assert client.get(listed).json()["highest"] == 2


def test_a_centre_restored_from_a_backup_does_not_give_numbers_twice(served, tmp_path):
    authority, port = served
    with speaking(port, station_tls(tmp_path / "station")) as client:
        listed = f"/v1/stations/{STATION}/states?after=41"
        assert client.get(listed).json() == {"highest": 0, "files": []}
        deliver(client, sealed(authority, tmp_path / "station", 3), f"{3:032x}")
        assert client.get(listed).json()["files"] == [{"number": 42, "name": "states-00000042.states"}]


def test_what_is_missing_is_told_under_a_number_that_the_station_believes(served, tmp_path):
    authority, port = served
    with speaking(port, station_tls(tmp_path / "station")) as client:
        deliver(client, sealed(authority, tmp_path / "station", 3), f"{3:032x}")
        told = client.get(f"/v1/stations/{STATION}/states?after=10").json()
        assert told["files"] == [{"number": 11, "name": "states-00000011.states"}]


def test_a_packet_that_the_centre_lost_is_asked_for_and_receipted_anew(served, tmp_path):
    authority, port = served
    state = tmp_path / "station"
    packet, name = sealed(authority, state, 1), f"{1:032x}"
    with speaking(port, station_tls(state)) as client:
        receipt = deliver(client, packet, name)
        client.get(f"/v1/stations/{STATION}/states")
        stored = tmp_path / "centre" / "packets" / STATION / f"{name}.packet"
        stored.write_bytes(packet[:100])
        assert client.get(f"/v1/packets/{name}/receipt").status_code == 409
        assert missing(client, state) == [1]
        again = deliver(client, packet, name)
        assert again != receipt, "the earlier receipt counts no more at the station"
        assert stored.read_bytes() == packet
        assert missing(client, state) == []


def test_what_something_was_made_of_is_missing_no_more_wherever_its_packet_went(served, tmp_path):
    authority, port = served
    state, name = tmp_path / "station", f"{1:032x}"
    registry = Registry(tmp_path / "centre")
    with speaking(port, station_tls(state)) as client:
        deliver(client, sealed(authority, state, 1), name)
        (tmp_path / "centre" / "packets" / STATION / f"{name}.packet").unlink()
        assert client.get(f"/v1/packets/{name}/receipt").status_code == 409
        assert missing(client, state) == [1]
        registry.put_state(STATION, name, RecordState.SENT_FOR_CARD_PRINTING, since=1)
        assert missing(client, state) == []
    registry.close()


def test_a_receipt_outlives_its_key(served, tmp_path):
    authority, port = served
    state = tmp_path / "station"
    packet, name = sealed(authority, state, 1), f"{1:032x}"
    with speaking(port, station_tls(state)) as client:
        receipt = deliver(client, packet, name)
        authority.keyring.rotate(Purpose.RECEIPTS)
        assert client.get(f"/v1/packets/{name}/receipt").content == receipt
        authority.keyring.drop(Purpose.RECEIPTS)
        again = client.get(f"/v1/packets/{name}/receipt").content
        keys = trusting(Authority(authority.directory).receipts.public)
        assert verify(again, kind=Kind.RECEIPT, verifying=keys).header.id == name
        assert client.get(f"/v1/packets/{name}/receipt").content == again


def test_a_packet_that_was_cut_in_store_is_not_receipted(served, tmp_path):
    authority, port = served
    packet, name = sealed(authority, tmp_path / "station", 1), f"{1:032x}"
    with speaking(port, station_tls(tmp_path / "station")) as client:
        deliver(client, packet, name)
        (tmp_path / "centre" / "packets" / STATION / f"{name}.packet").write_bytes(packet[:100])
        assert client.get(f"/v1/packets/{name}/receipt").status_code == 409


def test_uploads_that_are_never_finished_do_not_fill_the_disk(door, station):
    for number in range(MOST_UNFINISHED + 3):
        url = create(station, f"p{number}", 10).headers["Location"]
        append(station, url, 0, b"hello")
    create(station, "one-more", 10)
    assert len(list(door.uploads.glob("*/*.part"))) == MOST_UNFINISHED
    assert station.head("/v1/packets/p0", headers=TUS).headers["Upload-Offset"] == "0", "it begins anew"
    assert append(station, url, 5, b"world").status_code == 204
    assert door.shelf.accepted == [(STATION, b"helloworld")]


def test_of_rosters_only_the_newest_is_listed(served, tmp_path):
    _, port = served
    for number in (1, 2, 3):
        Outgoing(tmp_path / "centre" / "out").publish(STATION, Kind.ROSTER, number, b"")
    with speaking(port, station_tls(tmp_path / "station")) as client:
        listed = client.get(f"/v1/stations/{STATION}/rosters").json()
        assert listed == {"highest": 3, "files": [{"number": 3, "name": "roster-00000003.roster"}]}
        assert client.get(f"/v1/stations/{STATION}/rosters?after=999999999999999").json()["files"] == []
    assert Registry(tmp_path / "centre").next_number(Kind.ROSTER.value, STATION) < 1000


def test_numbers_far_beyond_the_last_are_refused(served, tmp_path):
    authority, port = served
    packet, name = sealed(authority, tmp_path / "station", 1 << 40), f"{1 << 40:032x}"
    with speaking(port, station_tls(tmp_path / "station")) as client:
        url = create(client, name, len(packet)).headers["Location"]
        append(client, url, 0, packet)
        assert "far beyond" in client.get(f"/v1/packets/{name}/receipt").json()["reason"]


def test_a_stick_may_be_imported_while_the_server_takes_the_same_packets(served, tmp_path):
    authority, port = served
    state, directory = tmp_path / "station", tmp_path / "centre"
    packets = {f"{number:032x}": sealed(authority, state, number) for number in range(1, 31)}
    registry = Registry(directory)
    beside = Intake(directory, authority, registry)
    receipts: dict[str, bytes] = {}

    def import_all() -> None:
        for name, packet in packets.items():
            receipts[name] = beside.accept(packet, station=STATION, packet_id=name)

    importing = threading.Thread(target=import_all)
    with speaking(port, station_tls(state)) as client:
        importing.start()
        delivered = {name: deliver(client, packet, name) for name, packet in packets.items()}
        importing.join()
    assert receipts == delivered
    report = registry.report(STATION)
    assert (report.highest, report.missing, report.repeated) == (30, (), ())
    registry.close()


def missing(client: httpx.Client, state: Path) -> list[int]:
    """What the newest states file says is missing."""
    keys, trust = StationKeys.load(keys_directory(state)), CentreTrust.load(keys_directory(state))
    listed = f"/v1/stations/{STATION}/states"
    name = client.get(listed).json()["files"][-1]["name"]
    blob = client.get(f"{listed}/{name}").content
    told = open_sealed(blob, kind=Kind.STATES, verifying=trust.states, opening=(keys.opening,))
    return list(canonical.decode(told.body)["missing"])


def test_a_revoked_station_is_turned_away_at_once(served, tmp_path):
    authority, port = served
    with speaking(port, station_tls(tmp_path / "station")) as client:
        assert create(client, "p1", 7).status_code == 201
        authority.revoke(STATION)
        assert create(client, "p1", 7).status_code == 403
        for path in ("/v1/packets/p1/receipt", f"/v1/stations/{STATION}/orders"):
            assert client.get(path).status_code == 403
        assert append(client, "/v1/packets/p1", 0, b"garbage").status_code == 403


def sealed(authority: Authority, state: Path, number: int) -> bytes:
    keys = StationKeys.load(keys_directory(state))
    head = Header(Kind.RECORDING, STATION, "centre", f"{number:032x}", number, 1)
    return seal(b"nobody", head, (authority.packets.public,), keys.signing).data


def deliver(client: httpx.Client, packet: bytes, name: str) -> bytes:
    url = create(client, name, len(packet)).headers["Location"]
    append(client, url, 0, packet)
    return client.get(f"/v1/packets/{name}/receipt").content


def test_a_taken_port_is_said(door, tmp_path):
    Authority.create(tmp_path / "centre")
    with pytest.raises(OSError, match="taken"):
        serve(tmp_path / "centre", host="127.0.0.1", port=door.port, stop=threading.Event(), ready=threading.Event())


def test_a_certificate_that_the_centre_calls_stolen_opens_the_door_no_more(served, tmp_path):
    authority, port = served
    state, listed, now = tmp_path / "station", f"/v1/stations/{STATION}/orders", datetime.now(UTC)
    tls = station_tls(state)
    stolen = TlsFiles(tls.authority, tmp_path / "stolen.crt", tmp_path / "stolen.key")
    shutil.copy(tls.certificate, stolen.certificate)
    shutil.copy(tls.key, stolen.key)
    with speaking(port, authority.tls.issue(STATION)) as stranger:
        assert stranger.get(listed).status_code == 403, "a certificate that was never granted"
    with speaking(port, stolen) as thief:
        assert thief.get(listed).status_code == 200
        request = Request.read(ask(state, STATION, province="", software="", now=int(now.timestamp()), renew=True))
        before = authority.password_file(STATION).read_text()
        grant = authority.enrol(request, now=now, only=True)
        assert authority.password_file(STATION).read_text() != before, (
            "whoever has the old one could stay at the broker"
        )
        assert thief.get(listed).status_code == 403, "even on a connection that was open"
    take_in(grant, state, station=STATION, now=int(now.timestamp()))
    with speaking(port, station_tls(state)) as client:
        assert client.get(listed).status_code == 200
        authority.revoke(STATION)
        assert client.get(listed).status_code == 403
