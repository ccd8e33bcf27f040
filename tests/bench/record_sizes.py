"""What the records weigh and cost: ten fingers by codec, a face, a signature.

By hand: ``.venv/bin/python tests/bench/record_sizes.py``. The prints are the simulator's, at the size of a GROW module
(256 × 288) and of a larger reader (400 × 500). One thread; a core of a Pi 4 is about 13 times slower.
"""

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from drivers.fingerprint.synthetic.synthesis import impression, master
from kiosk.capture.iso.codec import Codec
from kiosk.capture.iso.face import FaceImage, face_record, read_face_record
from kiosk.capture.iso.finger import FingerImage, finger_record, read_finger_record
from kiosk.capture.iso.signature import from_shares, read_signature_record, signature_record

ROUNDS = 5


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What the work gives, and the milliseconds of its fastest round."""
    best = math.inf
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - began)
    return found, 1000 * best


def line(name: str, write: Callable[[], bytes], read: Callable[[bytes], Any], raw: int) -> None:
    record, writing = timed(write)
    _, reading = timed(lambda: read(record))
    share = len(record) / raw
    print(f"{name:34} {len(record):9,} bytes {share:6.1%}   write {writing:7.1f} ms   read {reading:7.1f} ms")


def main() -> None:
    for width, height in ((256, 288), (400, 500)):
        fingers = []
        for position in range(1, 11):
            pixels = impression(master(1, position), seed=position, size=(height, width))
            fingers.append(FingerImage(position, pixels.tobytes(), width, height))
        for codec in (Codec.RAW, Codec.PNG, Codec.JPEG2000):
            write = lambda fingers=fingers, codec=codec: finger_record(fingers, codec=codec)  # noqa: E731
            line(f"ten fingers {width} × {height}, {codec}", write, read_finger_record, 10 * width * height)
    y, x = np.mgrid[0:800, 0:600]
    scene = np.dstack([127 + 90 * np.sin(np.hypot(x - 300, y - 360) / spread) for spread in (31, 37, 43)])
    scene = (scene + np.random.default_rng(1).normal(0, 3, scene.shape)).clip(0, 255).astype(np.uint8)
    jpeg = cv2.imencode(".jpg", scene, (cv2.IMWRITE_JPEG_QUALITY, 92))[1].tobytes()
    face = FaceImage(jpeg, Codec.JPEG, 600, 800)
    line("face 600 × 800, jpeg", lambda: face_record(face), read_face_record, scene.size)
    stroke = [(0.5 + 0.4 * math.sin(n / 40), 0.5 + 0.4 * math.cos(n / 29), n / 100, 0.5) for n in range(600)]
    series = from_shares([stroke], width=120, height=45)
    line("signature, 6 s at 100 Hz", lambda: signature_record(series), read_signature_record, 600 * 8)


if __name__ == "__main__":
    main()
