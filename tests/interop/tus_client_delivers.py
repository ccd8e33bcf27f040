"""Somebody else's tus client brings a packet to our centre, stops in the middle and goes on: by hand.

.venv/bin/pip install "tuspy==1.1.0"
.venv/bin/python tests/interop/tus_client_delivers.py
"""

import os
import socket
import ssl
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

import httpx
from tusclient.client import TusClient

from kiosk.centre.authority import Authority, station_tls
from kiosk.centre.serve import serve
from kiosk.record.header import Header, Kind
from kiosk.record.keys import StationKeys, keys_directory
from kiosk.record.seal import seal

STATION, SIZE, STOP = "tts-soe-01", 2_000_000, 600_000


def main(root: Path) -> None:
    authority = Authority.create(root / "centre")
    authority.provision_station(STATION, root / "station", now=datetime.now(UTC))
    keys, tls = StationKeys.load(keys_directory(root / "station")), station_tls(root / "station")
    head = Header(Kind.RECORDING, STATION, "centre", "p1", 1, 1)
    packet = root / "p1.packet"
    packet.write_bytes(seal(os.urandom(SIZE), head, (authority.packets.public,), keys.signing).data)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stop, ready = threading.Event(), threading.Event()
    serving = {"host": "127.0.0.1", "port": port, "stop": stop, "ready": ready}
    thread = threading.Thread(target=serve, args=(root / "centre",), kwargs=serving)
    thread.start()
    ready.wait(20)
    try:
        base = f"https://127.0.0.1:{port}"
        client = TusClient(f"{base}/v1/packets", client_cert=(str(tls.certificate), str(tls.key)))
        # Its option for the authority is true or false only; requests, which it speaks through, asks the environment.
        os.environ["REQUESTS_CA_BUNDLE"] = str(tls.authority)
        first = client.uploader(str(packet), chunk_size=262_144, metadata={"packet_id": "p1"})
        first.upload(stop_at=STOP)
        second = client.uploader(str(packet), chunk_size=100_000, url=first.url)
        print(f"stopped at {first.offset:,}, goes on at {second.offset:,} of {packet.stat().st_size:,} bytes")
        second.upload()
        context = ssl.create_default_context(cafile=str(tls.authority))
        context.load_cert_chain(tls.certificate, tls.key)
        with httpx.Client(base_url=base, verify=context, trust_env=False) as asking:
            receipt = asking.get("/v1/packets/p1/receipt")
        print(f"delivered; receipt: status {receipt.status_code}, {len(receipt.content):,} bytes")
        sys.exit(receipt.status_code != httpx.codes.OK)
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder))
