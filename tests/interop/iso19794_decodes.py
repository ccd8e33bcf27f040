"""Our finger records as somebody else reads them: PyPI's ``iso19794``. Run by hand; it needs PyPI.

    python tests/interop/iso19794_decodes.py

The decoder gets an environment of its own in a temporary folder, as it needs Pillow 10.0 (so Python up to 3.12).
Compared are every field, every pixel and the last byte: nothing may be left over. It knows no unknown time (it takes
0xFFFF for a year), no PNG, and of face records only those of 2005, so none of these is tried.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import venv
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.common import Capture, Device, Quality
from kiosk.capture.iso.finger import FingerImage, Impression, Technology, finger_record

REQUIRED = ("iso19794==0.1.0", "Pillow==10.0.1")
READER = """
import hashlib, io, json, sys
import iso19794, PIL
from PIL import Image

found = []
with Image.open(sys.argv[1]) as record:
    info = {name: record.info[name] for name in ("nb_representation", "nb_position", "certification_flag")}
    for number in range(record.n_frames):
        record.seek(number)
        record.load()
        header = record.header
        found.append({
            "captured": header["capture_datetime"].isoformat(),
            "technology": header["capture_device_technology_id"].hex(),
            "device": header["capture_device_vendor_id"].hex() + header["capture_device_type_id"].hex(),
            "qualities": [[q.score, q.algo_vendor_id.hex(), q.algo_id.hex()] for q in header["quality_records"]],
            "position": header["position"],
            "view": header["number"],
            "units": header["scale_units"],
            "rates": [header[f"{way}_{what}_sampling_rate"] for what in ("scan", "image")
                      for way in ("horizontal", "vertical")],
            "packed": header["image_compression_algo"],
            "impression": header["impression_type"],
            "size": list(record.size),
            "pixels": hashlib.sha256(record.tobytes()).hexdigest(),
        })
    end = record._FIRImageFile__next  # where the next representation would start
print(json.dumps({"info": info, "images": found, "end": end, "pillow": PIL.__version__}))
"""
POSITIONS = (
    *(f"RIGHT_{finger}" for finger in ("THUMB", "INDEX_FINGER", "MIDDLE_FINGER", "RING_FINGER", "LITTLE_FINGER")),
    *(f"LEFT_{finger}" for finger in ("THUMB", "INDEX_FINGER", "MIDDLE_FINGER", "RING_FINGER", "LITTLE_FINGER")),
)
PACKED = {Codec.RAW: "RAW", Codec.JPEG2000: "JPEG2000_LOSSLESS"}


def fingers() -> list[FingerImage]:
    """Ten fingers, the second try of a thumb, the index fingers again; sizes and resolutions differ."""
    made = []
    for turn, position in enumerate((*range(1, 11), 1, 2, 7)):
        width, height = 250 + position, 290 + turn
        pixels = bytes(
            (x * x * position // 7 + y * y * (turn + 3) // 11) % 256 for y in range(height) for x in range(width)
        )
        taken = datetime(2025, 3, 4, 5, 6, turn, 123_000, tzinfo=UTC)
        qualities = (Quality(40 + turn), Quality.nfiq2(90 - turn, "2.3.0"), Quality(255))[: 1 + turn % 3]
        capture = Capture(taken, Technology(turn % 21), Device(0x0029, 0x0100 + turn), qualities)
        impression = tuple(Impression)[turn % 2]
        made.append(FingerImage(position, pixels, width, height, 500 + turn, impression, capture))
    return made


def expected(images: list[FingerImage], codec: Codec, size: int) -> dict[str, Any]:
    """What the reader should print."""
    seen: dict[int, int] = {}
    found = []
    for image in images:
        view = seen.get(image.position, 0)
        seen[image.position] = view + 1
        captured = image.capture.captured
        found.append(
            {
                # It takes the milliseconds for microseconds.
                "captured": captured and replace_milliseconds(captured),
                "technology": f"{image.capture.technology:02x}",
                "device": f"{image.capture.device.vendor:04x}{image.capture.device.model:04x}",
                "qualities": [[q.score, f"{q.vendor:04x}", f"{q.algorithm:04x}"] for q in image.capture.qualities],
                "position": POSITIONS[image.position - 1],
                "view": view,
                "units": "PPI",
                "rates": [image.ppi] * 4,
                "packed": PACKED[codec],
                "impression": ("LIVESCAN_PLAIN", "LIVESCAN_ROLLED")[image.impression],
                "size": [image.width, image.height],
                "pixels": hashlib.sha256(image.pixels).hexdigest(),
            }
        )
    info = {"nb_representation": len(images), "nb_position": len(seen), "certification_flag": False}
    return {"info": info, "images": found, "end": size}


def replace_milliseconds(moment: datetime) -> str:
    """The moment as the other decoder has it."""
    return moment.replace(microsecond=moment.microsecond // 1000, tzinfo=None).isoformat()


def main() -> None:
    """Write records, have them read, compare."""
    images = fingers()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "venv", with_pip=True)
        python = place / "venv" / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", *REQUIRED], check=True)
        (place / "reader.py").write_text(READER, encoding="utf-8")
        for codec in PACKED:
            for name, some in (
                ("all", images),
                ("one", images[:1]),
                ("smallest", [replace(images[3], pixels=b"\x07", width=1, height=1)]),
            ):
                record = finger_record(some, codec=codec)
                (place / "record.fir").write_bytes(record)
                printed = subprocess.run(
                    [python, place / "reader.py", place / "record.fir"], check=True, capture_output=True
                )
                found = json.loads(printed.stdout)
                pillow = found.pop("pillow")
                if found != expected(some, codec, len(record)):
                    raise SystemExit(f"{codec}, {name}: read otherwise:\n{found}\n{expected(some, codec, len(record))}")
                sys.stdout.write(
                    f"{REQUIRED[0]}, Pillow {pillow}: {codec}, {len(some)} images, {len(record)} bytes: the same\n"
                )


if __name__ == "__main__":
    main()
