"""Our uplink brings packets to somebody else's tus server, cut in the middle and going on: by hand.

(cd tests/interop/tus && npm install)        # Node.js 20
.venv/bin/python tests/interop/tus_server_receives.py
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from kiosk.centre.tls import TlsAuthority
from kiosk.uplink.centre import PIECE, Centre

SERVER = Path(__file__).resolve().parent / "tus" / "tus_server.mjs"
SIZE = 2_000_000


def main(root: Path) -> None:
    authority, packet = TlsAuthority(root / "tls"), os.urandom(SIZE)
    server, station = authority.issue("centre"), authority.issue("tts-soe-01", hosts=())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    files = (server.authority, server.certificate, server.key)
    process = subprocess.Popen(["node", SERVER, str(port), root / "store", *files])
    try:
        _until_it_listens(port)
        first = Centre(f"https://127.0.0.1:{port}", station)
        address, offset = first.create("p1", SIZE), 0
        for _ in range(3):
            offset = first.append(address, offset, packet[offset : offset + PIECE])
        first.close()
        second = Centre(f"https://127.0.0.1:{port}", station)
        found = second.offset(address, SIZE)
        assert found is not None
        print(f"left at {offset:,}, found at {found:,} of {SIZE:,} bytes")
        while found < SIZE:
            found = second.append(address, found, packet[found : found + PIECE])
        second.close()
        arrived = (root / "store" / "p1").read_bytes() == packet
        print(f"arrived {'as it was sent' if arrived else 'CHANGED'}")
        sys.exit(not arrived)
    finally:
        process.terminate()


def _until_it_listens(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit("the tus server does not start: was npm install run?")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder))
