"""The centre's door, asked by hand over real mutual TLS: tus 1.0, who may ask what, and the real intake behind it."""

import base64
import dataclasses
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from kiosk.centre.authority import Authority
from kiosk.centre.outgoing import Outgoing
from kiosk.centre.serve import serve
from kiosk.centre.server import LARGEST_PACKET, CentreServer, server
from kiosk.centre.tls import TlsAuthority
from kiosk.record.header import Kind, Untrusted
from kiosk.uplink.settings import TlsFiles

STATION, OTHER = "ktp-5371-01", "ktp-5371-02"
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


class Shelf:
    def __init__(self) -> None:
        self.accepted: list[tuple[str, bytes]] = []

    def accept(self, packet: bytes, *, station: str) -> bytes:
        if packet.startswith(b"BAD"):
            raise Untrusted("its signature does not fit")
        self.accepted.append((station, packet))
        return b"receipt"


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
    shelf, outgoing = Shelf(), Outgoing(tmp_path / "out")
    running = server(
        CentreServer(tmp_path / "uploads", shelf, outgoing), host="127.0.0.1", port=0, tls=authority.issue("centre")
    )
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


def test_served_as_by_hand_the_real_intake_refuses_what_no_station_sealed(tmp_path):
    authority = Authority.create(tmp_path / "centre")
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
    with speaking(port, authority.tls.issue(STATION)) as client:
        url = create(client, "p1", 7).headers["Location"]
        append(client, url, 0, b"garbage")
        assert client.get("/v1/packets/p1/receipt").status_code == 422
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def test_a_taken_port_is_said(door, tmp_path):
    Authority.create(tmp_path / "centre")
    with pytest.raises(OSError, match="taken"):
        serve(tmp_path / "centre", host="127.0.0.1", port=door.port, stop=threading.Event(), ready=threading.Event())
