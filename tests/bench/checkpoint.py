"""What keeping a recording under way costs: bytes written over one visit, and milliseconds of the clerk's time.

    .venv/bin/python tests/bench/checkpoint.py [FOLDER]

FOLDER lies on the disk that is measured; its own is a new one in /tmp.
"""

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from drivers.fingerprint.synthetic.synthesis import impression, master
from kiosk.capture.advice import FaceAdvice, FingerAdvice
from kiosk.journey.fingers import RECHECKED, Finger
from kiosk.journey.kept import kept_of
from kiosk.journey.session import Impression, Photo, Point, Session
from kiosk.journey.steps import Step
from kiosk.record.checkpoint import Checkpoint, Checkpoints
from kiosk.record.clock import machine_clock

HEIGHT, WIDTH = 288, 256
PERSON = 11


def print_of(finger: Finger, seed: int) -> Impression:
    pixels = np.ascontiguousarray(impression(master(PERSON, int(finger)), seed=seed, size=(HEIGHT, WIDTH)))
    template = np.random.default_rng(seed).bytes(768)
    return Impression(
        finger, WIDTH, HEIGHT, 500, 80, (80,), FingerAdvice.GOOD, "grow", pixels.tobytes(), template, datetime.now(UTC)
    )


def approvals() -> list[Session]:
    """The visit after each approval: photo, signature and nine fingers, the tenth, both index fingers, the sign-off."""
    y, x = np.mgrid[0:800, 0:600]
    scene = np.dstack([127 + 90 * np.sin(np.hypot(x - 300, y - 360) / spread) for spread in (31, 37, 43)])
    scene = (scene + np.random.default_rng(1).normal(0, 3, scene.shape)).clip(0, 255).astype(np.uint8)
    jpeg = cv2.imencode(".jpg", scene, (cv2.IMWRITE_JPEG_QUALITY, 92))[1].tobytes()
    line = tuple(Point(t / 400, 0.5 + t % 7 / 20, t / 120) for t in range(400))
    prints = tuple(print_of(finger, seed=1) for finger in Finger)
    again = tuple(print_of(finger, seed=2) for finger in RECHECKED)
    base = Session(consented=True, nik="5301124503580002", photo=Photo(jpeg, 600, 800, FaceAdvice.GOOD))
    signed = base.but(strokes=(line,))
    return [
        base.but(step=Step.SIGNATURE),
        *(signed.but(step=Step.FINGERS, impressions=prints[:count]) for count in range(10)),
        signed.but(step=Step.RECHECK, impressions=prints),
        signed.but(step=Step.RECHECK, impressions=prints, rechecked=again[:1]),
        signed.but(step=Step.REVIEW, impressions=prints, rechecked=again),
        signed.but(step=Step.OFFICER_CONFIRMS, impressions=prints, rechecked=again),
    ]


def main(folder: Path) -> None:
    place = Checkpoints(folder, bytes(32), station="bench", software="0", seconds=1800, clock=machine_clock())
    sizes, spent = [], []
    for session in approvals():
        kept = kept_of(session)
        assert kept is not None
        begun = time.perf_counter()
        place.keep(Checkpoint("a" * 32, datetime.now(UTC), {"photo": 21_000}, kept))
        spent.append((time.perf_counter() - begun) * 1000)
        sizes.append((folder / "visit.sealed").stat().st_size)
    begun = time.perf_counter()
    found = place.find("5301124503580002", not_before=None)
    opened = (time.perf_counter() - begun) * 1000
    assert found is not None
    begun = time.perf_counter()
    place.destroy()
    destroyed = (time.perf_counter() - begun) * 1000
    raw = 12 * HEIGHT * WIDTH + len(found.kept.photo.jpeg)
    print(f"{len(sizes)} writes a visit, {sum(sizes) / 1e6:.1f} MB in all; the last {sizes[-1] / 1e3:.0f} kB")
    print(f"the last is {sizes[-1] / raw:.2f} of its pixels and photo ({raw / 1e3:.0f} kB)")
    print(f"a write {median(spent):.0f} ms in the median, {max(spent):.0f} at the most; opening {opened:.0f} ms")
    print(f"destroying {destroyed:.0f} ms")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]) / "checkpoint")
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made) / "checkpoint")
