"""A camera that serves frames of a painted booth: the one simulator that stands in for the driver, not the device.

It looks into a ``Booth``, where a person stands for the photo, or an ``EyeBooth``, where eyes are before near infrared.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Generic, TypeVar

import numpy as np

from drivers.camera import Frame
from drivers.camera.eyes import EyePainter, EyePose, EyeScene, between_eyes
from drivers.camera.framing import PREVIEW, Vigil, whole
from drivers.camera.scene import RATE, Cloth, Painter, Pixels, Pose, Scene, between
from drivers.errors import Absent, DeviceError, Unresponsive

STILL: Final = (2592, 1944)


class Illness(Enum):
    """What can befall one call of the camera."""

    SILENT = "silent"
    UNPLUGGED = "unplugged"
    FROZEN = "frozen"  # the picture before comes again
    BLACK = "black"
    TORN = "torn"  # the lower half is missing


@dataclass(frozen=True, slots=True)
class Late:
    """The frame of one call comes this many seconds late; beyond the deadline that is no frame at all."""

    seconds: float


Faults = Mapping[int, Illness | Late]
"""The fault script: what befalls the n-th call (previews and stills counted together, from 0)."""


S = TypeVar("S")
Paint = Callable[[S, int], Pixels]


class Stage(ABC, Generic[S]):
    """What a camera looks at, and its plug: what a test, a robot or a person at the demo may change.

    It outlives any one driver: unplug it, and the camera is absent until it is plugged in again and opened anew.
    """

    camera: str
    """How the camera before it names itself."""

    def __init__(self, scene: S, *, faults: Faults | None = None) -> None:
        self.changed = threading.Condition()
        self._scene = self._before = scene
        self._moved_at, self._moving_for = 0, 0
        self._faults = dict(faults or {})
        self._calls = 0
        self.plugged = True
        self.locked = False
        """Whether a sitting is on: focus and exposure are kept."""
        self.number = 0

    @abstractmethod
    def between(self, old: S, new: S, share: float) -> S:
        """Where somebody is who has gone ``share`` of the way from one scene to the next."""

    @abstractmethod
    def paint(self, width: int, height: int, seed: int) -> Paint[S]:
        """What paints scenes at one size, given the scene and the frame's number."""

    def easel(self, width: int, height: int, seed: int) -> Callable[[], Pixels]:
        """What paints, at one size, the scene as it is when called; each call is the next frame."""
        paint = self.paint(width, height, seed)

        def next_frame() -> Pixels:
            self.number += 1
            return paint(self.scene, self.number - 1)

        return next_frame

    @property
    def scene(self) -> S:
        """What the next frame shows; on the way while somebody walks."""
        with self.changed:
            if self._moving_for == 0:
                return self._scene
            return self.between(self._before, self._scene, (self.number - self._moved_at) / self._moving_for)

    def change(self, scene: S, *, over: float = 0.0) -> None:
        """Change the scene, at once or walking there ``over`` seconds of frames."""
        now = self.scene
        with self.changed:
            self._before, self._scene = now, scene
            self._moved_at, self._moving_for = self.number, round(over * RATE)

    def unplug(self) -> None:
        """Pull the camera's plug; whoever waits for a frame learns it at once."""
        with self.changed:
            self.plugged = False
            self.changed.notify_all()

    def replug(self) -> None:
        """Plug the camera in again; it must be opened anew."""
        with self.changed:
            self.plugged = True

    def next_fault(self) -> Illness | Late | None:
        """What the script holds for this call."""
        with self.changed:
            self._calls += 1
            return self._faults.pop(self._calls - 1, None)


class Booth(Stage[Scene]):
    """A person before a cloth, for the photo."""

    camera = "simulated camera (a portrait of 512 pixels, enlarged)"

    def __init__(self, scene: Scene | Pose = Pose.GOOD, *, faults: Faults | None = None) -> None:
        super().__init__(scene.value if isinstance(scene, Pose) else scene, faults=faults)

    def between(self, old: Scene, new: Scene, share: float) -> Scene:
        """Where somebody is who walks."""
        return between(old, new, share)

    def paint(self, width: int, height: int, seed: int) -> Paint[Scene]:
        """The painter of scenes."""
        return Painter(width, height, seed=seed).paint

    def show(self, scene: Scene | Pose, *, over: float = 0.0) -> None:
        """Change the scene, at once or walking there ``over`` seconds of frames."""
        self.change(scene.value if isinstance(scene, Pose) else scene, over=over)

    def person(self, pose: Pose, *, over: float = 0.0) -> None:
        """Ask the person to stand somewhere; the cloth stays."""
        self.show(replace(pose.value, cloth=self.scene.cloth), over=over)

    def hang(self, cloth: Cloth) -> None:
        """Hang another cloth behind the person."""
        self.show(replace(self.scene, cloth=cloth))


class EyeBooth(Stage[EyeScene]):
    """A person's eyes in near infrared, for the irises. ``person`` is the seed whose eyes they are."""

    camera = "simulated near-infrared camera"

    def __init__(
        self, scene: EyeScene | EyePose = EyePose.GOOD, *, person: int | None = None, faults: Faults | None = None
    ) -> None:
        super().__init__(scene.value if isinstance(scene, EyePose) else scene, faults=faults)
        self._person = person

    def between(self, old: EyeScene, new: EyeScene, share: float) -> EyeScene:
        """Where somebody is who comes closer."""
        return between_eyes(old, new, share)

    def paint(self, width: int, height: int, seed: int) -> Paint[EyeScene]:
        """The painter of eyes."""
        return EyePainter(width, height, seed=seed if self._person is None else self._person).paint

    def show(self, scene: EyeScene | EyePose, *, over: float = 0.0) -> None:
        """Change how the person looks, at once or moving there ``over`` seconds of frames."""
        self.change(scene.value if isinstance(scene, EyePose) else scene, over=over)


class SimulatedCamera:
    """A camera looking into a booth: previews of 1280 × 960 at no more than 30 a second, stills of 2592 × 1944.

    Its exposure and colours are always right, and focus is the scene's: a sitting has nothing to settle.
    """

    white_balance = (1.0, 1.0)

    def __init__(self, booth: Booth | EyeBooth | None = None, *, seed: int = 1) -> None:
        self.booth = booth if booth is not None else Booth()
        self.name = self.booth.camera
        if not self.booth.plugged:
            raise Absent("The simulated camera is unplugged; plug it in again.")
        self._seed = seed
        self._preview = self.booth.easel(*PREVIEW, seed=seed)
        self._still: Callable[[], Pixels] | None = None
        self._due = 0.0
        self._before: Pixels | None = None
        self._vigil = Vigil()
        self.booth.locked = False
        self._ill: DeviceError | None = None

    def preview(self, *, within: float) -> Frame:
        """Bring the next frame when it is due. Raises Unresponsive when that is later than ``within`` seconds."""
        fault = self._wait(within)
        return self._vigil.see(self._frame(self._preview, PREVIEW, fault))

    def still(self, *, within: float) -> Frame:
        """Take one picture at full size."""
        fault = self._wait(within)
        if self._still is None:
            self._still = self.booth.easel(*STILL, seed=self._seed)
        self.booth.locked = True
        return self._frame(self._still, STILL, fault)

    def unlock(self) -> None:
        """End the sitting."""
        ill = self._illness()
        if ill is not None:
            raise ill
        self.booth.locked = False

    def close(self) -> None:
        """Give the camera back; may be called twice."""
        with self.booth.changed:
            self._ill = self._ill or Absent("The simulated camera was closed; open it again.")
            self.booth.changed.notify_all()

    def _frame(self, paint: Callable[[], Pixels], size: tuple[int, int], fault: Illness | Late | None) -> Frame:
        width, height = size
        pixels = paint()
        match fault:
            case Illness.FROZEN if self._before is not None and self._before.shape == pixels.shape:
                pixels = self._before
            case Illness.BLACK:
                pixels = np.zeros((height, width, 3), np.uint8)
            case Illness.TORN:
                pixels = pixels[: height // 2]
            case _:
                pass
        self._before = pixels
        return Frame(whole(pixels, size).copy(), time.monotonic())

    def _wait(self, within: float) -> Illness | Late | None:
        """Wait until the next frame is due, as the sensor's clock and the fault script have it; what befalls it."""
        now = time.monotonic()
        late = 0.0
        fault = self.booth.next_fault()
        match fault:
            case Late(seconds):
                late = seconds
            case Illness.SILENT:
                late = float("inf")
            case Illness.UNPLUGGED:
                self.booth.unplug()
            case _:
                pass
        due = max(self._due, now) + late
        with self.booth.changed:
            self.booth.changed.wait_for(self._illness, timeout=min(due, now + within) - now)
            ill = self._illness()
        if ill is not None:
            raise ill
        if due > now + within:
            raise Unresponsive(
                f"The simulated camera sent no frame within {within:g} s; unplug it and plug it in again."
            )
        self._due = due + 1 / RATE
        return fault

    def _illness(self) -> DeviceError | None:
        """Once unplugged, this opening of the camera stays dead, as a real one does."""
        if self._ill is None and not self.booth.plugged:
            self._ill = Absent("The simulated camera was unplugged; plug it in again.")
        return self._ill
