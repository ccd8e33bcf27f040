"""What judging a frame costs on one thread, part by part, and what that leaves a Raspberry Pi 4; run by hand.

A Pi 4's core is taken to be ``SLOWER`` times slower than this machine's; the judge must still look at five frames a
second there, beside the preview. Times are of the processor, not the wall, so that
other work on the machine counts little; the median of ``ROUNDS`` is printed.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import mean, median

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from drivers.camera.scene import Painter, Pose
from kiosk.capture.backdrop import Backdrop
from kiosk.capture.face import EVERY, FaceJudge, looking
from kiosk.capture.face.mesh import FaceFinder
from kiosk.capture.face.pose import pose

SLOWER = 13
ROUNDS = 40


def cost(run: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    run()
    taken = []
    for _ in range(ROUNDS):
        begun = time.thread_time()
        run()
        taken.append(1000 * (time.thread_time() - begun))
    return median(taken)


def main() -> None:
    cv2.setNumThreads(1)
    frame = Painter(1280, 960, seed=1).paint(Pose.GOOD.value, 0)
    empty = Painter(1280, 960, seed=1).paint(Pose.AWAY.value, 0)
    judge, finder = FaceJudge(), FaceFinder()
    region = finder.faces(frame)[0].region
    mesh = finder.mesh(frame, region)
    assert mesh is not None
    apart = pose(mesh).apart
    part = looking.strip(frame, mesh, apart)
    parts: dict[str, Callable[[], object]] = {
        "detector": lambda: finder.faces(frame),
        "mesh": lambda: finder.mesh(frame, region),
        "both irises": lambda: finder.eyes(frame, mesh),
        "pose": lambda: pose(mesh),
        "light": lambda: looking.light(mesh),
        "strip around the eyes": lambda: looking.strip(frame, mesh, apart),
        "sharpness and smear": lambda: looking.detail(part),
        "glasses": lambda: looking.glasses(part),
        "background": lambda: looking.surroundings(frame, mesh, apart, Backdrop.RED),
    }
    for name, run in parts.items():
        print(f"{name:24} {cost(run):6.2f} ms")
    first = judge.judge(frame)
    assert first.track is not None
    due = replace(first, track=replace(first.track, age=EVERY))
    found = cost(lambda: judge.judge(frame, backdrop=Backdrop.RED))
    searched = cost(lambda: judge.judge(frame, due, backdrop=Backdrop.RED))
    followed = cost(lambda: judge.judge(frame, first, backdrop=Backdrop.RED))
    nobody = cost(lambda: judge.judge(empty))
    average = mean([searched, *[followed] * (EVERY - 1)])
    for name, value in (
        ("first frame of a face", found),
        ("frame with a search", searched),
        ("frame that follows", followed),
        ("frame without a face", nobody),
        (f"average, search every {EVERY}", average),
    ):
        slow = SLOWER * value
        print(f"{name:24} {value:6.2f} ms   Pi 4: {slow:4.0f} ms, {1000 / slow:4.1f} frames a second")


if __name__ == "__main__":
    main()
