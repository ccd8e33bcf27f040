"""What stands on the bench: a camera that is watched, or a reader that is asked again and again, each on its thread."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from drivers.camera import Camera, Frame
from drivers.errors import DeviceError
from drivers.fingerprint import Captured, FingerReader, NoFinger, Smudged
from drivers.panel import Panel
from kiosk.capture.backdrop import Backdrop
from kiosk.capture.face import FaceJudge, FaceJudgement
from kiosk.capture.finger import judge as judge_finger
from kiosk.capture.iris import EyeJudge, EyesJudgement
from kiosk.journey.events import Event
from kiosk.journey.steps import Device
from kiosk.screens.measures import Trace
from kiosk.station.channels import Latest
from kiosk.station.crew import CAPTURE_LIGHT
from kiosk.station.crew.fingerprinter import LIFT, SLICE, TRANSFER
from kiosk.station.crew.onlooker import Judging, Onlooker
from kiosk.station.workbench.reading import Reading, of_eyes, of_face, of_finger
from kiosk.station.workbench.traces import in_eyes, in_face, in_finger
from kiosk.station.worker import PROBE, Closable, Worker

Tell = Callable[[Event], None]
KEEPING: Final = 20.0
"""Seconds in which a picture is on the disk, or something is wrong with it."""
DARK: Final = 2.0
"""Seconds in which a light goes out when the bench is left."""


@dataclass(frozen=True, slots=True)
class Measured(Event):
    """One picture was judged: its pixels, grey or RGB, what was found in it, and when it was taken (monotonic)."""

    reading: Reading
    pixels: npt.NDArray[np.uint8] = field(repr=False)
    traces: tuple[Trace, ...] = field(repr=False)
    taken: float
    ppi: int | None = None


@dataclass(frozen=True, slots=True)
class Coming(Event):
    """A finger's image is on its way, 0.0 to 1.0."""

    share: float


@dataclass(frozen=True, slots=True)
class FingerLies(Event):
    """The finger that was read still lies there, or no longer does."""

    still: bool


@dataclass(frozen=True, slots=True)
class Kept(Event):
    """A picture was written, or could not be."""

    done: bool


class Bench(Protocol):
    """A device and its judge. Each judged picture comes as Measured, the device's health as DeviceLost and DeviceBack.

    After either a judge or the device's thread met a bug, ``broken`` is true.
    """

    device: Device

    @property
    def broken(self) -> bool:
        """Whether a thread has met a bug."""
        ...

    def start(self) -> None:
        """Open the device."""
        ...

    def begin(self) -> None:
        """The device is here: measure until pause()."""
        ...

    def pause(self) -> None:
        """The device went away, or the bench is left."""
        ...

    def keep(self, measured: Measured, file: Path) -> None:
        """Write the picture as PNG, on the device's thread; Kept tells how it went."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


J = TypeVar("J")
D = TypeVar("D", bound=Closable)


class Watching:
    """A camera; ``judging`` makes what judges its frames. ``light`` is the panel's, lit as for the photo."""

    def __init__(
        self,
        device: Device,
        opening: Callable[[], Camera],
        judging: Callable[[], Judging[object, J]],
        tell: Tell,
        *,
        panel: Callable[[], Panel] | None = None,
    ) -> None:
        self.device = device
        self._tell = tell
        self._camera: Worker[Camera] = Worker(device, opening, _sees, tell)
        self._onlooker: Onlooker[object, J] = Onlooker(self._camera, Latest[Frame](), judging, name="bench eye")
        self._light: Worker[Panel] | None = None
        if panel is not None:
            # Its health is not the bench's matter: without it the light is what it is, and is measured so.
            self._light = Worker(Device.PANEL, panel, lambda lit: lit.capture_light(CAPTURE_LIGHT), lambda _: None)

    @property
    def broken(self) -> bool:
        """Whether a thread has met a bug."""
        return self._onlooker.broken or self._camera.broken

    def start(self) -> None:
        """Open the camera, and light the face."""
        if self._light is not None:
            self._light.start()
        self._onlooker.start()
        self._camera.start()

    def begin(self) -> None:
        """Watch anew: what was seen before the camera went says nothing of what it sees now."""
        self._onlooker.watch(object())

    def pause(self) -> None:
        """Stop watching."""
        self._onlooker.unwatch()

    def keep(self, measured: Measured, file: Path) -> None:
        """Write the frame as it was judged."""
        _keep(self._camera, measured, file, self._tell)

    def close(self) -> None:
        """Give the camera back; the light goes out."""
        self._onlooker.close()
        self._camera.close()
        if self._light is not None:
            _last(self._light, lambda panel: panel.capture_light(0.0))
            self._light.close()


def faces(tell: Tell, backdrop: Backdrop | None) -> Callable[[], Judging[object, FaceJudgement]]:
    """What judges faces, before a cloth that has the right colour or any."""

    def judging() -> Judging[object, FaceJudgement]:
        judge = FaceJudge()

        def look(_: object, frame: Frame, before: FaceJudgement | None) -> FaceJudgement:
            judgement = judge.judge(frame.pixels, before, backdrop=backdrop)
            tell(Measured(of_face(judgement), frame.pixels, in_face(judgement, _size(frame.pixels)), frame.taken))
            return judgement

        return look

    return judging


def eyes(tell: Tell) -> Callable[[], Judging[object, EyesJudgement]]:
    """What judges both eyes."""

    def judging() -> Judging[object, EyesJudgement]:
        judge = EyeJudge()

        def look(_: object, frame: Frame, before: EyesJudgement | None) -> EyesJudgement:
            judgement = judge.judge(frame.pixels, before)
            tell(Measured(of_eyes(judgement), frame.pixels, in_eyes(judgement, _size(frame.pixels)), frame.taken))
            return judgement

        return look

    return judging


class Pressing:
    """A finger reader: one finger after another, as long as it is here; ``clock`` in monotonic seconds."""

    device = Device.FINGERPRINT

    def __init__(self, opening: Callable[[], FingerReader], tell: Tell, clock: Callable[[], float]) -> None:
        self._tell, self._clock = tell, clock
        self._reader: Worker[FingerReader] = Worker(
            self.device, opening, lambda reader: reader.light(True, within=DARK), tell
        )
        self._stop = threading.Event()
        self._lies = False

    @property
    def broken(self) -> bool:
        """Whether the reader's thread has met a bug."""
        return self._reader.broken

    def start(self) -> None:
        """Open the reader."""
        self._reader.start()

    def begin(self) -> None:
        """Ask for a finger, and after it for the next."""
        self._lies = False
        self._stop = stop = threading.Event()
        self._ask(stop)

    def pause(self) -> None:
        """Ask no more."""
        self._stop.set()

    def keep(self, measured: Measured, file: Path) -> None:
        """Write the print as it was read, with its resolution."""
        _keep(self._reader, measured, file, self._tell)

    def close(self) -> None:
        """Give the reader back; its ring goes dark."""
        self.pause()
        _last(self._reader, lambda reader: reader.light(False, within=DARK))
        self._reader.close()

    def _ask(self, stop: threading.Event) -> None:
        self._reader.ask(lambda reader: self._once(reader, stop), within=LIFT + SLICE + TRANSFER)

    def _once(self, reader: FingerReader, stop: threading.Event) -> None:
        """Look for a finger for a moment, then again: between two looks the thread is free for what else is asked."""
        if stop.is_set():
            return
        if self._lies and not reader.lifted(within=SLICE):
            self._ask(stop)
            return
        if self._lies:
            self._lies = False
            self._tell(FingerLies(False))
            reader.light(True, within=DARK)

        def progress(share: float) -> bool:
            self._tell(Coming(share))
            return not stop.is_set()

        scan = reader.scan(within=SLICE, progress=progress)
        match scan:
            case NoFinger():
                pass
            case Smudged() | Captured():
                self._lies = True
                self._judge(scan.image, reader.model.ppi)
        self._ask(stop)

    def _judge(self, image: npt.NDArray[np.uint8], ppi: int) -> None:
        reading = of_finger(judge_finger(image, ppi=ppi), image, ppi=ppi)
        self._tell(Measured(reading, image, in_finger(reading, _size(image), ppi=ppi), self._clock(), ppi))
        self._tell(FingerLies(True))


def _sees(camera: Camera) -> None:
    camera.preview(within=PROBE)


def _size(pixels: npt.NDArray[np.uint8]) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]


def _keep(worker: Worker[D], measured: Measured, file: Path, tell: Tell) -> None:
    def write(_: D) -> None:
        dpi = {} if measured.ppi is None else {"dpi": (measured.ppi, measured.ppi)}
        try:
            with file.open("xb") as out:
                Image.fromarray(measured.pixels).save(out, "PNG", **dpi)
        except OSError:
            tell(Kept(False))
        else:
            tell(Kept(True))

    worker.ask(write, within=KEEPING, dropped=lambda: tell(Kept(False)))


def _last(worker: Worker[D], do: Callable[[D], None]) -> None:
    """Have one last thing done, and wait until it is; not at all where the device is away."""
    done = threading.Event()

    def last(device: D) -> None:
        try:
            do(device)
        except DeviceError:
            pass  # it went away: there is nothing left to put out
        finally:
            done.set()

    worker.ask(last, within=DARK, dropped=done.set)
    done.wait(2 * DARK)
