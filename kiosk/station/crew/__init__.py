"""The crew: the only room that constructs drivers and performs what the journey asks for.

Each device has one worker thread, and so have the records. What they find out goes into the inbox as events.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from drivers.camera import Camera, Frame
from drivers.fingerprint import FingerReader, Template
from drivers.panel import Lamp, Panel
from drivers.printer import CardPrinter
from kiosk.journey.effects import (
    CallOfficer,
    Carry,
    CheckOfficer,
    Compare,
    CompareWithBegun,
    CompareWithOrder,
    Effect,
    EraseBegun,
    FindOrder,
    Forget,
    Keep,
    LookAtDesk,
    LookUp,
    PrintCard,
    Prove,
    Scan,
    Seal,
    SettleCard,
    StopScan,
    TakeEyes,
    TakeHandsPhoto,
    TakePhoto,
    TakeUp,
    Unwatch,
    UnwatchEyes,
    Watch,
    WatchEyes,
)
from kiosk.journey.events import Event, FingerCompared
from kiosk.journey.session import Session
from kiosk.journey.steps import Device, Refusal, Step
from kiosk.record.biometrics import PLAIN, Making
from kiosk.record.card_face import Typeface
from kiosk.record.telemetry import Occasion
from kiosk.station.channels import Inbox, Latest
from kiosk.station.crew.attendant import Attendant
from kiosk.station.crew.books import Books
from kiosk.station.crew.clerk import Clerk
from kiosk.station.crew.courier import Courier, Sticks
from kiosk.station.crew.devices import Devices
from kiosk.station.crew.fingerprinter import Fingerprinter
from kiosk.station.crew.irises import Irises, Meeting
from kiosk.station.crew.opinions import Opinions
from kiosk.station.crew.photographer import Photographer
from kiosk.station.crew.printing import Printing
from kiosk.station.crew.second_opinion import SecondOpinion
from kiosk.station.crew.unfinished import Seen
from kiosk.station.worker import PROBE, Worker

CAPTURE_LIGHT = 0.8
"""Level of the light on the face while the camera is in use."""


class Crew:
    """Performs effects, each on the thread of whoever can. Construct, start(), perform() …, close()."""

    def __init__(
        self,
        devices: Devices,
        opening: Callable[[], Books],
        inbox: Inbox,
        occur: Callable[[Occasion], None],
        *,
        software: str,
        typeface: Typeface,
        sticks: Sticks,
        making: Making = PLAIN,
        nfiq2: Path | None = None,
    ) -> None:
        self.preview: Latest[Frame] = Latest()
        self.world = devices.world
        self._began = datetime.now(UTC)
        self._timings: dict[str, int] = {}
        self._family = ""
        tell = inbox.put

        self.clerk = Clerk(opening, tell, occur, software=software, template_family=lambda: self._family, making=making)
        self.courier = Courier(sticks, self.clerk, tell, occur)
        self._camera: Worker[Camera] = Worker(Device.CAMERA, devices.camera, _sees, tell)
        self._reader: Worker[FingerReader] = Worker(Device.FINGERPRINT, devices.reader, self._meets, tell)
        self._opinions = Opinions(None if nfiq2 is None else SecondOpinion(nfiq2))
        self._photographer = Photographer(self._camera, self.preview, tell)
        self._fingerprinter = Fingerprinter(self._reader, tell, self._recalled, self._opinions)
        self.workers: list[Worker[Camera] | Worker[FingerReader] | Worker[CardPrinter] | Worker[Panel]] = [
            self._camera,
            self._reader,
        ]
        self._irises: Irises | None = None
        if devices.iris is not None:
            eye_camera: Worker[Camera] = Worker(Device.EYE_CAMERA, devices.iris, Meeting(), tell)
            self._irises = Irises(eye_camera, self.preview, tell)
            self.workers.append(eye_camera)
        self._onlookers = [each.onlooker for each in (self._photographer, self._irises) if each is not None]
        self.printing: Printing | None = None
        if devices.printer is not None:
            printer: Worker[CardPrinter] = Worker(Device.PRINTER, devices.printer, self._inspects, tell)
            self.printing = Printing(printer, self.clerk, tell, occur, typeface=typeface)
            self.workers.append(printer)
        self._attendant: Attendant | None = None
        if devices.panel is not None:
            panel: Worker[Panel] = Worker(Device.PANEL, devices.panel, self._listens, tell, idle=0)
            self._attendant = Attendant(tell, occur)
            self.workers.append(panel)

    def start(self) -> None:
        """Begin; devices are opened at once, each on its own thread."""
        self.clerk.start()
        for onlooker in self._onlookers:
            onlooker.start()
        for worker in self.workers:
            worker.start()

    def close(self) -> None:
        """Finish what is under way and give everything back."""
        self._fingerprinter.stop()
        for onlooker in self._onlookers:
            onlooker.close()
        for worker in self.workers:
            worker.close()
        self.courier.close()
        # What is being sealed may still wait for an opinion.
        self.clerk.close()
        self._opinions.close()
        self.world.close()

    @property
    def broken(self) -> bool:
        """Whether a thread has met a bug: then the process must end and be started anew."""
        threads = (self.clerk, self.courier, *self._onlookers, *self.workers)
        return any(thread.broken for thread in threads)

    def stuck(self) -> Sequence[str]:
        """Which threads are past their deadline. Not the courier: a stick that hangs must not end the station."""
        now = time.monotonic()
        names = [worker.device.value for worker in self.workers if worker.overdue(now)]
        names += ["clerk"] if self.clerk.overdue(now) else []
        return names + [onlooker.name for onlooker in self._onlookers if onlooker.overdue(now)]

    def passed(self, before: Session, after: Session) -> None:
        """A step was left for another: its time goes into the packet, and the room's lights change."""
        if before.visit != after.visit or before.step is Step.ATTRACT:
            self._began, self._timings = datetime.now(UTC), {}
        else:
            self._spend({before.step.value: max(0, round((after.now - before.since) * 1000))})
        if after.earlier is not None and before.earlier is None:
            self._began = after.earlier.began
            self._spend(after.earlier.timings)
            for each in (*after.impressions, *after.rechecked):
                self._opinions.ask(each, unless=threading.Event())
        if after.step in (Step.STICK_FILLED, Step.STICK_REFUSED):
            self.courier.shown()
        if self._attendant is not None:
            self._attendant.light_face(CAPTURE_LIGHT if after.step in _LIT else 0.0)
            self._attendant.show(_LAMPS.get(after.step, Lamp.BUSY))

    def _spend(self, milliseconds: Mapping[str, int]) -> None:
        for step, spent in milliseconds.items():
            self._timings[step] = self._timings.get(step, 0) + spent

    def perform(self, effects: Sequence[Effect]) -> None:
        """Have each effect done; returns at once, the outcomes come back through the inbox."""
        for effect in effects:
            self._perform(effect)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case LookUp():
                self.clerk.look_up(effect)
            case Prove():
                self.clerk.prove(effect)
            case CheckOfficer():
                self.clerk.check_officer(effect)
            case Keep():
                self.clerk.keep(effect, Seen(self._began, dict(self._timings)))
            case TakeUp():
                self.clerk.take_up(effect)
            case EraseBegun():
                self.clerk.erase_begun(effect)
            case Seal():
                self.clerk.seal(effect, Seen(self._began, dict(self._timings), self._opinions.of()))
            case FindOrder():
                self.clerk.find_order(effect, self._why_no_card)
            case SettleCard():
                self.clerk.settle_card(effect, self._why_no_card)
            case PrintCard() if self.printing is not None:
                self.printing.print(effect)
            case Watch():
                self._photographer.onlooker.watch(effect)
            case Unwatch():
                self._photographer.onlooker.unwatch()
            case TakePhoto():
                self._photographer.take_photo(effect)
            case TakeHandsPhoto():
                self._photographer.take_hands_photo(effect)
            case WatchEyes() if self._irises is not None:
                self._irises.onlooker.watch(effect)
            case UnwatchEyes() if self._irises is not None:
                self._irises.onlooker.unwatch()
            case TakeEyes() if self._irises is not None:
                self._irises.take(effect)
            case Scan():
                self._fingerprinter.scan(effect)
            case Compare() | CompareWithOrder() | CompareWithBegun():
                self._fingerprinter.compare(effect)
            case StopScan():
                self._fingerprinter.stop()
            case Forget():
                for onlooker in self._onlookers:
                    onlooker.forget()
                self._fingerprinter.rest()
                self._opinions.forget()
                self.clerk.forget(effect)
                self.courier.forget()
            case LookAtDesk():
                self.courier.look(effect)
            case Carry():
                self.courier.carry(effect)
            case CallOfficer():
                if self._attendant is not None:
                    self._attendant.call()

    def _recalled(self, effect: CompareWithOrder | CompareWithBegun) -> Template | Event:
        match effect:
            case CompareWithOrder(order=order, finger=finger):
                found = self.clerk.template(order, finger, within=5.0)
                return found or FingerCompared(effect.visit, False, None)
            case CompareWithBegun():
                return self.clerk.begun_template(effect, within=5.0)

    @property
    def _why_no_card(self) -> Refusal | None:
        return Refusal.PRINTER_NOT_READY if self.printing is None else self.printing.refusal

    def _inspects(self, printer: CardPrinter) -> None:
        if self.printing is not None:
            self.printing.look(printer)

    def _listens(self, panel: Panel) -> None:
        if self._attendant is not None:
            self._attendant.listen(panel)

    def _meets(self, reader: FingerReader) -> None:
        """The reader's probe: know whose templates it makes, and that it still answers."""
        self._family = reader.model.template_family
        reader.light(False, within=2.0)


def _sees(camera: Camera) -> None:
    camera.preview(within=PROBE)


_LIT = frozenset({Step.PHOTO, Step.HANDS_PHOTO})
_LAMPS = {Step.ATTRACT: Lamp.READY, Step.OUT_OF_SERVICE: Lamp.FAULT}
