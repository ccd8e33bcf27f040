"""Our containers as somebody else opens them: ``packet/packet_opens.mjs``, written from PACKET.md alone.

    python tests/interop/packet_opens.py                # the vectors, good and bad
    python tests/interop/packet_opens.py .demo/centre   # and the packets that a demo's centre has received

Run by hand; it needs Node.js 20 and, the first time, npm. Compared are both signatures, what each key opens, the body's
every byte, and the name of the error with which each bad vector is refused.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from kiosk.centre.authority import Authority
from kiosk.record.header import Kind
from kiosk.record.seal import open_sealed, peek, trusting

READER = Path(__file__).resolve().parent / "packet"


def read(*folder: Path) -> None:
    subprocess.run(["node", READER / "packet_opens.mjs", *folder], check=True)


def lay_out(packet: Path, authority: Authority, folder: Path) -> None:
    """Put a packet and the keys that open it as the vectors lie."""
    data = packet.read_bytes()
    station = authority.station(peek(data).sender).verifying
    trusted = trusting(station)
    opened = open_sealed(data, kind=Kind.RECORDING, verifying=trusted, opening=(authority.packets,))
    described = {
        "signing": {"station": {"public": station.raw.hex(), "id": station.id.hex()}},
        "sealing": {
            name: {"seed": key.seed.hex(), "id": key.public.id.hex()}
            for name, key in (("packets", authority.packets), ("escrow", authority.escrow))
        },
        "sha256": {packet.name: hashlib.sha256(data).hexdigest()},
        "bodies": {packet.name: hashlib.sha256(opened.body).hexdigest()},
    }
    (folder / packet.name).write_bytes(data)
    (folder / "vectors.json").write_text(json.dumps(described))


def main() -> None:
    if not (READER / "node_modules").is_dir():
        subprocess.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"], cwd=READER, check=True)
    read()
    for centre in map(Path, sys.argv[1:]):
        authority = Authority(centre)
        packets = sorted((centre / "packets").glob("*/*.packet"))
        if not packets:
            raise SystemExit(f"{centre} has received no packet: run `./install.sh demo --robot` first.")
        for packet in packets:
            with tempfile.TemporaryDirectory() as folder:
                lay_out(packet, authority, Path(folder))
                read(Path(folder))


if __name__ == "__main__":
    main()
