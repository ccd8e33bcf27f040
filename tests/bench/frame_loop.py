"""How long the main thread is away from the screen: the robot's whole journey at 1280 × 800, every part running.

By hand: ``.venv/bin/python tests/bench/frame_loop.py [--pause 0.5] [--size 1280x800]``. Prints the distribution of the
main thread's work on a frame (the aim: the 99th percentile below 33 ms), start-up to the first frame, peak memory.
"""

import argparse
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

AIM = 33.0


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pause", default="0.5")
    arguments.add_argument("--size", default="1280x800")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="rekam-bench-") as place:
        folder = Path(place) / "demo"
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "kiosk",
                "demo",
                "--robot",
                "--no-pictures",
                "--folder",
                str(folder),
                "--pause",
                chosen.pause,
                "--size",
                chosen.size,
            ],
            check=False,
            stdout=subprocess.DEVNULL,
        )
        rows = [line.split(",") for line in (folder / "frames.csv").read_text().split()]
        log = (folder / "logs" / "kiosk.log").read_text(encoding="utf-8")
    first = re.search(r"first frame ([0-9]+) ms", log)

    frames = sorted(float(milliseconds) for _, milliseconds in rows)
    slowest = sorted(((float(milliseconds), step) for step, milliseconds in rows), reverse=True)[:5]

    def at(share: float) -> float:
        return frames[min(len(frames) - 1, round(share * len(frames)))]

    print(f"journey                  {'held' if done.returncode == 0 else 'did not hold'}")
    print(f"frames                   {len(frames)}")
    for name, share in (("median", 0.5), ("95th percentile", 0.95), ("99th percentile", 0.99), ("99.9th", 0.999)):
        print(f"{name:24} {at(share):6.1f} ms   {at(share) / AIM:5.2f} of the aim")
    print("longest                  " + ", ".join(f"{milliseconds:.1f} ms ({step})" for milliseconds, step in slowest))
    print(f"start to first frame     {first[1] if first else '?'} ms")
    print(f"peak memory, one process {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")
    return 0 if done.returncode == 0 and at(0.99) < AIM else 1


if __name__ == "__main__":
    sys.exit(main())
