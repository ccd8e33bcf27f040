"""A card printer over IPP: how it is, and one card followed to its end.

Source: RFC 8011. A job is made first (Create-Job) and filled after (Send-Document): so its number is known before the
printer can have taken a card, and it can be asked for and called off whatever happens on the way.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from drivers.errors import Absent, DeviceError, Malformed
from drivers.errors import Refused as RefusedByDevice
from drivers.printer import CardImage, Fault, Jammed, Printed, Progress, Refused, Status, Unknown, Verdict
from drivers.printer.ipp import reasons
from drivers.printer.ipp.attributes import (
    ENDED,
    ENDED_ALREADY,
    FIRST_ERROR,
    NOT_NOW,
    JobState,
    Operation,
    PrinterState,
    integers,
    keywords,
    mimes,
    names,
    number_of,
    preamble,
    truth,
    uri,
    word_of,
    words_of,
)
from drivers.printer.ipp.attributes import Status as Code
from drivers.printer.ipp.codec import Attributes, Group, Message
from drivers.printer.ipp.document import Document, document_of
from drivers.printer.ipp.media import card_media
from drivers.printer.ipp.wire import Wire

PATIENCE = 5.0
"""Seconds for an answer that needs no motor."""
PAUSE = 0.5
"""Seconds between two looks at a job."""
SILENCES = 3
"""Unanswered looks at a job after which contact with the printer counts as lost."""
JOB = "card"
"""The name of every job: names of jobs are shown on printers and kept in their logs."""
USER = "kiosk"
ABILITIES = ("all", "media-col-database")
"""RFC 8011 §4.2.5.1: the database must be asked for by its name."""
JOB_ASKED = (
    "job-state",
    "job-state-reasons",
    "time-at-processing",
    "job-media-sheets-completed",
    "job-impressions-completed",
)
STOPS_AT_ONCE = frozenset({Fault.JAM, Fault.COVER_OPEN})
"""Faults that end a card wherever it is. The others may be about the next: an empty feeder during the last card."""
FOLLOWS_JOBS = ("ipp:", "ipps:", "ippusb:")
DISCOVERED = ("_ipp._tcp", "_ipps._tcp")


@dataclass(frozen=True, slots=True)
class _Look:
    """A job as it is now. ``began``: whether a card may have been taken for it."""

    state: int
    began: bool
    sheets: int
    with_errors: bool

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class IppPrinter:
    """A card printer that speaks IPP, or a CUPS queue before one.

    ``uri`` is the printer (``ipp://10.0.0.7/ipp/print``) or the queue (``ipp://localhost/printers/card``), ``local``
    the socket file of a CUPS on this machine (``/run/cups/cups.sock``). Nothing is opened until the first call.
    """

    def __init__(self, uri: str, *, local: str | None = None, patience: float = PATIENCE, pause: float = PAUSE) -> None:
        self._wire = Wire(uri, local=local)
        self._patience = patience
        self._pause = pause
        self._numbers = count(1)

    def status(self, *, within: float) -> Status:
        """Ask how the printer is. Raises a DeviceError."""
        return reasons.status_of(self._printer(reasons.ASKED, by=time.monotonic() + within))

    def print(self, card: CardImage, *, within: float, progress: Progress | None = None) -> Verdict:
        """Print one card and follow it to its end.

        Raises a DeviceError only while the printer has nothing of the document. From then on the job is asked for, and
        called off when the time is nearly over or the printer stops: a printer that says it had not begun is believed
        (Refused), one that cannot be asked any more, or stopped in the middle of it, leaves Unknown.
        """
        by = time.monotonic() + within
        self._call_off_earlier(by=by)
        printer = self._printer(ABILITIES, by=by)
        _check_that_jobs_are_followed(printer)
        blocking = _gravest(reasons.status_of(printer).faults)
        if blocking is not None:
            return Refused(blocking)
        document = _prepared(card, printer)
        if document is None:
            return Refused(Fault.OTHER)
        for operation in (Operation.VALIDATE_JOB, Operation.CREATE_JOB):
            answer = self._ask(operation, _operation_of(document, operation), {Group.JOB: document.job}, by=by)
            if answer.code in NOT_NOW:
                return Refused(Fault.OTHER)
            if answer.code >= FIRST_ERROR:
                raise RefusedByDevice(_why_not(answer))
        job = number_of(answer.group(Group.JOB), "job-id")
        if job is None:
            raise Malformed("The card printer made a job without a number: update its firmware.")
        return self._fill(job, document, until=by - min(self._patience, within / 4), by=by, progress=progress)

    def clear(self, *, within: float) -> tuple[Fault, ...]:
        """Call off what waits in the queue; return what is wrong. IPP has no word to move a card that is stuck."""
        by = time.monotonic() + within
        self._call_off_earlier(by=by)
        return reasons.status_of(self._printer(reasons.ASKED, by=by)).faults

    def close(self) -> None:
        """Nothing is kept open between calls."""

    def _fill(self, job: int, document: Document, *, until: float, by: float, progress: Progress | None) -> Verdict:
        handed_over: int | None = None

        def sent(count: int) -> None:
            nonlocal handed_over
            handed_over = (handed_over or 0) + count
            if progress is not None and count:
                progress(handed_over / len(document.data))

        operation = {
            "job-id": integers(job),
            "requesting-user-name": names(USER),
            "document-format": mimes(document.format),
            "last-document": truth(True),
        }
        try:
            answer = self._ask(Operation.SEND_DOCUMENT, operation, document=document.data, sent=sent, by=until)
        except DeviceError:
            if handed_over is None:
                raise
            # The printer may have all of it, and only its answer is lost: the job itself tells.
            taken = handed_over == len(document.data)
        else:
            taken = answer.code < FIRST_ERROR
        if not taken:
            return self._called_off(job, None, began=False, by=by)
        return self._followed(job, until=until, by=by)

    def _followed(self, job: int, *, until: float, by: float) -> Verdict:
        began, silences = False, 0
        while time.monotonic() < until and silences < SILENCES:
            try:
                look = self._look(job, began=began, by=until)
                printer = None if look.ended else self._printer(reasons.ASKED, by=until)
            except DeviceError:
                silences += 1
            else:
                silences, began = 0, look.began
                if printer is None:
                    return self._judged(look, None, by=by)
                fault = _stopping(look, printer)
                if fault is not None:
                    return self._called_off(job, fault, began=began, by=by)
            time.sleep(max(min(self._pause, until - time.monotonic()), 0))
        return self._called_off(job, None, began=began, by=by)

    def _called_off(self, job: int, fault: Fault | None, *, began: bool, by: float) -> Verdict:
        try:
            self._cancel(job, by=by)
            while True:
                look = self._look(job, began=began, by=by)
                if look.ended:
                    return self._judged(look, fault, by=by)
                began = look.began
                time.sleep(max(min(self._pause, by - time.monotonic()), 0))
        except DeviceError:
            return Unknown()

    def _judged(self, look: _Look, fault: Fault | None, *, by: float) -> Verdict:
        if look.state == JobState.COMPLETED:
            return Unknown() if look.with_errors else Printed()
        if look.began and fault is Fault.FEEDER_EMPTY and look.sheets == 0:
            return Refused(fault)  # it had stopped for want of a card
        fault = fault or self._fault_now(by=by)
        if not look.began:
            return Refused(fault or Fault.OTHER)
        return Jammed() if fault is Fault.JAM else Unknown()

    def _fault_now(self, *, by: float) -> Fault | None:
        try:
            found = reasons.faults_of(self._printer(reasons.ASKED, by=by))
        except DeviceError:
            return None
        return _gravest(found)

    def _call_off_earlier(self, *, by: float) -> None:
        """Call off what an earlier call, or an earlier run of the station, left in the queue.

        It must not come out beside the next card, when the jam is cleared or the cable is back.
        """
        mine = {
            "requesting-user-name": names(USER),
            "which-jobs": keywords("not-completed"),
            "my-jobs": truth(True),
            "requested-attributes": keywords("job-id"),
        }
        answer = self._ask(Operation.GET_JOBS, mine, by=by)
        if answer.code >= FIRST_ERROR:
            raise RefusedByDevice("The card printer does not tell what waits in its queue; nothing was printed.")
        for job in answer.each(Group.JOB):
            self._cancel(number_of(job, "job-id") or 0, by=by)

    def _cancel(self, job: int, *, by: float) -> None:
        operation = {"job-id": integers(job), "requesting-user-name": names(USER)}
        answer = self._ask(Operation.CANCEL_JOB, operation, by=by)
        if answer.code >= FIRST_ERROR and answer.code not in ENDED_ALREADY:
            raise RefusedByDevice("The card printer does not let this station call off its own job: see to its rules.")

    def _look(self, job: int, *, began: bool, by: float) -> _Look:
        operation = {"job-id": integers(job), "requested-attributes": keywords(*JOB_ASKED)}
        answer = self._ask(Operation.GET_JOB_ATTRIBUTES, operation, by=by)
        attributes = answer.group(Group.JOB)
        state = number_of(attributes, "job-state")
        if answer.code >= FIRST_ERROR or state is None:
            raise Malformed("The card printer does not know its own job any more.")
        sheets = [number_of(attributes, name) or 0 for name in JOB_ASKED[3:]]
        moved = state in (JobState.PROCESSING, JobState.STOPPED)
        # One that does not tell when it began may have begun before it ended.
        untold = state in ENDED and "time-at-processing" not in attributes
        return _Look(
            state=state,
            began=began or moved or untold or number_of(attributes, "time-at-processing") is not None,
            sheets=max(sheets),
            with_errors="job-completed-with-errors" in words_of(attributes, "job-state-reasons"),
        )

    def _printer(self, asked: tuple[str, ...], *, by: float) -> Attributes:
        answer = self._ask(Operation.GET_PRINTER_ATTRIBUTES, {"requested-attributes": keywords(*asked)}, by=by)
        if answer.code == Code.NOT_FOUND:
            raise Absent(f"There is no card printer at {self._wire.place}: check its address.")
        if answer.code >= FIRST_ERROR:
            raise RefusedByDevice(_why_not(answer))
        return answer.group(Group.PRINTER)

    def _ask(
        self,
        operation: Operation,
        attributes: Attributes,
        groups: dict[Group, Attributes] | None = None,
        *,
        by: float,
        document: bytes = b"",
        sent: Callable[[int], None] | None = None,
    ) -> Message:
        opening = {**preamble(), "printer-uri": uri(self._wire.uri), **attributes}
        question = Message(operation, next(self._numbers), ((Group.OPERATION, opening), *(groups or {}).items()))
        # A document takes as long as it takes; all else is answered soon or not at all.
        patience = by if document else min(by, time.monotonic() + self._patience)
        return self._wire.exchange(question, document, by=patience, sent=sent)


def _operation_of(document: Document, operation: Operation) -> Attributes:
    # Create-Job has no document yet, and so no format to name (RFC 8011 §4.2.4).
    formats = {"document-format": mimes(document.format)} if operation is Operation.VALIDATE_JOB else {}
    return {
        "requesting-user-name": names(USER),
        "job-name": names(JOB),
        # Rather no card than one on a medium or side that was not asked for.
        "ipp-attribute-fidelity": truth(True),
        **formats,
    }


def _prepared(card: CardImage, printer: Attributes) -> Document | None:
    media = card_media(printer)
    if media is None:
        raise RefusedByDevice(
            "The printer has no medium of a card's size (CR80, 53.98 × 85.6 mm): choose it in its menu."
        )
    return document_of(card, media, printer)


def _check_that_jobs_are_followed(printer: Attributes) -> None:
    device = word_of(printer, "device-uri")
    if device is None or device.startswith(FOLLOWS_JOBS) or any(service in device for service in DISCOVERED):
        return
    # For CUPS such a job is completed when its bytes are gone, with the card still inside or jammed.
    raise RefusedByDevice(
        "The CUPS queue leads to a device that does not tell when a card is done: make it with an ipp:// device."
    )


def _stopping(look: _Look, printer: Attributes) -> Fault | None:
    faults = reasons.faults_of(printer)
    if look.state == JobState.STOPPED or number_of(printer, "printer-state") == PrinterState.STOPPED:
        return _gravest(faults)
    return next((fault for fault in faults if fault in STOPS_AT_ONCE), None)


def _gravest(faults: tuple[Fault, ...]) -> Fault | None:
    """The fault to act on. An empty feeder comes last: it is also seen while the last card is inside."""
    stopping = [fault for fault in faults if fault is not Fault.CLEANING_DUE]
    return min(stopping, key=lambda fault: fault is Fault.FEEDER_EMPTY, default=None)


def _why_not(answer: Message) -> str:
    words = ", ".join(sorted(answer.group(Group.UNSUPPORTED))[:5])
    named = f": it does not know {words}" if words else ""
    return f"The card printer does not take the card (IPP status {answer.code:#06x}){named}. Check its settings."
