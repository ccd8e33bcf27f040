"""The inside of the simulated IPP printer: feeder, ribbon, one card at a time. Questions in, answers out, no I/O."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, UnidentifiedImageError

from drivers.printer.ipp import raster
from drivers.printer.ipp.attributes import (
    ENDED,
    JobState,
    Operation,
    PrinterState,
    Status,
    collections,
    enums,
    integers,
    keywords,
    mimes,
    number_of,
    preamble,
    resolutions,
    texts,
    truth,
    uri,
    word_of,
    words_of,
)
from drivers.printer.ipp.codec import Attributes, Group, Message, Tag, Value
from drivers.printer.ipp.document import RASTER, TUMBLE
from drivers.printer.ipp.media import MARGINS

Faces = tuple[raster.Dots, ...]
"""What is on the card, each face landscape as a person holds it."""
MEDIA = "om_cr80_53.98x85.6mm"
SIZE = {"x-dimension": integers(5398), "y-dimension": integers(8560)}
BORDERLESS: Attributes = {
    "media-size": collections(SIZE),
    **{margin: integers(0) for margin in MARGINS},
}
SIDES = ("one-sided", TUMBLE)


@dataclass(slots=True)
class Job:
    """One card to be made. ``began`` is when the printer turned to it, ``taken`` whether a blank left the feeder."""

    number: int
    faces: Faces = ()
    state: JobState = JobState.HELD
    reason: str = "job-data-insufficient"
    began: float | None = None
    taken: bool = False
    done: bool = False


@dataclass(slots=True)
class Mechanism:
    """``finish`` lays a card into the output; ``pace`` is the seconds that each face takes to print."""

    finish: Callable[[Faces], None]
    pace: float
    blanks: int
    ribbon: int
    formats: tuple[str, ...]
    two_sided: bool
    feeder_sensor: bool
    device_uri: str | None
    cover_open: bool = False
    hot: bool = False
    jammed: bool = False
    cleaning_due: bool = False
    taken: int = 0
    made: int = 0
    strike: Callable[[Job], None] | None = None
    """What happens to the next card once it has been taken."""
    jobs: dict[int, Job] = field(default_factory=dict)
    last: Attributes = field(default_factory=dict)
    """What the last job was asked for with."""

    # What goes on inside.

    def advance(self, now: float) -> None:
        """Let the time pass until ``now``."""
        for job in self.jobs.values():
            if job.state in ENDED or not job.faces:
                continue
            if job.state == JobState.PENDING:
                job.state, job.began = JobState.PROCESSING, now
            self._work_on(job, now)
            return

    def _work_on(self, job: Job, now: float) -> None:
        job.state = JobState.PROCESSING
        if not job.taken and not self._conditions() and self.blanks:
            job.taken = True
            self.blanks -= 1
            self.taken += 1
            self.ribbon -= len(job.faces)
            strike, self.strike = self.strike, None
            if strike is not None:
                strike(job)
        if job.state in ENDED:
            return
        if self._conditions() or not job.taken:
            job.state, job.reason = JobState.STOPPED, "printer-stopped"
        elif job.began is not None and now >= job.began + self.pace * len(job.faces):
            self.end(job, JobState.COMPLETED, "job-completed-successfully")
            self.made += 1
            self.finish(job.faces)

    def end(self, job: Job, state: JobState, reason: str) -> None:
        """Let a job be over."""
        job.state, job.reason = state, reason

    def close_cover(self) -> None:
        """Close the cover; whoever had it open took out what was stuck, and that card's job is over."""
        if self.cover_open or self.jammed:
            for job in self.jobs.values():
                if job.taken and job.state not in ENDED:
                    self.end(job, JobState.ABORTED, "aborted-by-system")
        self.cover_open = self.jammed = False

    def _conditions(self) -> tuple[str, ...]:
        states = {
            "media-jam-error": self.jammed,
            "cover-open-error": self.cover_open,
            "marker-over-temperature-error": self.hot,
            "marker-supply-empty-error": self.ribbon < 0 or (self.ribbon == 0 and not self._in_hand()),
        }
        return tuple(reason for reason, is_so in states.items() if is_so)

    def _in_hand(self) -> bool:
        return any(job.taken and job.state not in ENDED for job in self.jobs.values())

    # What it says.

    def perform(self, question: Message, document: bytes) -> Message:
        """Do what is asked and answer."""
        operation = question.group(Group.OPERATION)
        match question.code:
            case Operation.GET_PRINTER_ATTRIBUTES:
                return _answer(question, Status.OK, (Group.PRINTER, self._described(operation)))
            case Operation.GET_JOBS:
                open_jobs = [job for job in self.jobs.values() if job.state not in ENDED]
                return _answer(question, Status.OK, *((Group.JOB, self._job(job)) for job in open_jobs))
            case Operation.VALIDATE_JOB | Operation.CREATE_JOB:
                return self._create(question, keep=question.code == Operation.CREATE_JOB)
            case Operation.SEND_DOCUMENT | Operation.CANCEL_JOB | Operation.GET_JOB_ATTRIBUTES:
                job = self.jobs.get(number_of(operation, "job-id") or 0)
                if job is None:
                    return _answer(question, Status.NOT_FOUND)
                return self._about(job, question, document)
        return _answer(question, Status.OPERATION_NOT_SUPPORTED)

    def _create(self, question: Message, *, keep: bool) -> Message:
        wanted = question.group(Group.JOB)
        self.last = {**question.group(Group.OPERATION), **wanted}
        foreign = {name: values for name, values in wanted.items() if not self._takes(name, values)}
        if foreign:
            return _answer(question, Status.VALUES_NOT_SUPPORTED, (Group.UNSUPPORTED, foreign))
        if not keep:
            return _answer(question, Status.OK)
        job = Job(len(self.jobs) + 1)
        self.jobs[job.number] = job
        return _answer(question, Status.OK, (Group.JOB, self._job(job)))

    def _takes(self, name: str, values: tuple[Value, ...]) -> bool:
        match name:
            case "media":
                return values == keywords(MEDIA)
            case "media-col":
                return values == collections(BORDERLESS)
            case "sides":
                return values[0].content in (SIDES if self.two_sided else SIDES[:1])
            case _:
                return name in ("print-color-mode", "print-quality", "print-scaling")

    def _about(self, job: Job, question: Message, document: bytes) -> Message:
        if question.code == Operation.SEND_DOCUMENT:
            faces = _faces(word_of(question.group(Group.OPERATION), "document-format"), document, self.formats)
            if faces is None:
                self.end(job, JobState.ABORTED, "unsupported-document-format")
                return _answer(question, Status.FORMAT_NOT_SUPPORTED)
            if job.state != JobState.HELD:
                return _answer(question, Status.NOT_POSSIBLE)
            job.faces, job.state, job.reason = faces, JobState.PENDING, "none"
        elif question.code == Operation.CANCEL_JOB:
            if job.state in ENDED:
                return _answer(question, Status.NOT_POSSIBLE)
            self.end(job, JobState.CANCELED, "job-canceled-by-user")
            return _answer(question, Status.OK)
        return _answer(question, Status.OK, (Group.JOB, self._job(job)))

    def _job(self, job: Job) -> Attributes:
        began = (Value(Tag.NO_VALUE, None),) if job.began is None else integers(max(int(job.began), 1))
        return {
            "job-id": integers(job.number),
            "job-state": enums(job.state),
            "job-state-reasons": keywords(job.reason),
            "job-media-sheets-completed": integers(int(job.state == JobState.COMPLETED)),
            "time-at-processing": began,
        }

    def _described(self, operation: Attributes) -> Attributes:
        described = self._description()
        asked = words_of(operation, "requested-attributes")
        return (
            described if not asked or "all" in asked else {name: described[name] for name in asked if name in described}
        )

    def _description(self) -> Attributes:
        stopped = [*self._conditions()]
        if not self.blanks and (self.feeder_sensor or any(job.state == JobState.STOPPED for job in self.jobs.values())):
            # With its last card inside, a printer already tells of the empty feeder, and goes on.
            stopped += ["media-empty-warning" if self._in_hand() else "media-empty-error"]
        busy = any(job.state == JobState.PROCESSING for job in self.jobs.values())
        halted = any(reason.endswith("-error") for reason in stopped)
        state = PrinterState.STOPPED if halted else PrinterState.PROCESSING if busy else PrinterState.IDLE
        reasons = [*stopped, *(["cleaner-life-over-warning"] if self.cleaning_due else [])]
        supply = (
            f"class=supplyThatIsConsumed;type=ribbonWax;unit=impressions;maxcapacity=100;level={max(self.ribbon, 0)};"
        )
        return {
            **({} if self.device_uri is None else {"device-uri": uri(self.device_uri)}),
            "printer-make-and-model": texts("Simulated IPP card printer"),
            "printer-state": enums(state),
            "printer-state-reasons": keywords(*(reasons or ["none"])),
            "printer-is-accepting-jobs": truth(True),
            "marker-levels": integers(max(min(self.ribbon, 100), 0)),
            "marker-types": keywords("ribbonWax"),
            "printer-supply": (Value(Tag.OCTETS, supply.encode()),),
            "printer-media-sheets-completed": integers(self.made),
            "document-format-supported": mimes(*self.formats),
            "media-supported": keywords(MEDIA),
            "media-col-supported": keywords("media-size", *MARGINS),
            "media-col-database": collections(BORDERLESS),
            "sides-supported": keywords(*(SIDES if self.two_sided else SIDES[:1])),
            "print-color-mode-supported": keywords("color", "monochrome"),
            "print-quality-supported": enums(4, 5),
            "print-scaling-supported": keywords("auto", "none"),
            "pwg-raster-document-type-supported": keywords("srgb_8"),
            "pwg-raster-document-resolution-supported": resolutions(300),
            "pwg-raster-document-sheet-back": keywords("normal"),
        }


def _answer(question: Message, status: Status, *groups: tuple[int, Attributes]) -> Message:
    return Message(status, question.request, ((Group.OPERATION, preamble()), *groups))


def _faces(kind: str | None, document: bytes, formats: tuple[str, ...]) -> Faces | None:
    """Read a document as the faces of a card; None when it is nothing that can be printed."""
    if kind not in formats:
        return None
    if kind == RASTER:
        try:
            pages = raster.decode(document)
        except raster.NotRaster:
            return None
        return tuple(_held(page.dots[:: page.feed_transform, :: page.cross_transform]) for page in pages) or None
    try:
        with Image.open(io.BytesIO(document)) as image:
            return (_held(np.asarray(image.convert("RGB"))),)
    except (OSError, UnidentifiedImageError):
        return None


def _held(dots: raster.Dots) -> raster.Dots:
    height, width, _ = dots.shape
    return np.rot90(dots, k=-1) if height > width else dots
