"""The Evolis command family over a device file: how the printer is, and one card followed to its end."""

import contextlib
import re
import time
from collections.abc import Callable, Iterator

from drivers.errors import DeviceError, Malformed, Unresponsive
from drivers.errors import Refused as RefusedByDevice
from drivers.printer import CardImage, Fault, Jammed, Printed, Progress, Refused, Status, Unknown, Verdict
from drivers.printer.evolis.codec import (
    BITS,
    MISUNDERSTOOD,
    OK,
    Ask,
    Command,
    Do,
    Download,
    Errors,
    SetRibbon,
    encode,
    fault_of,
    understood,
)
from drivers.printer.evolis.line import Line
from drivers.printer.evolis.panels import Face, separate

PATIENCE = 2.0
"""Seconds for an answer that needs no motor; a question is asked twice before the printer counts as ill."""
QUIET = 1 / 8
"""Share of the patience in which no more late bytes are expected."""
EJECTION = 20.0
"""Seconds for the motors to carry a card out."""
BOTH_FEEDERS_EMPTY = "3"
PANEL_OPENING = b"\x1bDb;"


class EvolisPrinter:
    """A card printer of the Evolis command family with a YMCKO ribbon.

    ``path`` is its device file (``/dev/usb/lp0``), ``levels`` the steps of each dye: 32, 64 or 128; ``baud`` is for a
    serial line, over which a face takes minutes (see line.py). The file is opened at the first call and again after the
    printer went away, so that a printer that comes back needs no restart.
    """

    def __init__(self, path: str, *, levels: int = 128, baud: int | None = None, patience: float = PATIENCE) -> None:
        if levels not in BITS or levels == 2:
            raise ValueError(f"The dyes have 32, 64 or 128 levels, not {levels}.")
        self._line = Line(path, baud=baud)
        self._levels = levels
        self._patience = patience
        self._quiet = patience * QUIET
        # Whether an answer of an earlier call may still come.
        self._owed = False
        # Whether a card that was not finished may lie inside, in the way of the next.
        # An earlier run, or the driver before the cable was pulled, may have left a blank on the way.
        self._left_inside = True

    def status(self, *, within: float) -> Status:
        """Ask model, faults and counters. Raises Absent, Unresponsive or Malformed."""
        by = self._begin(within=within)
        model = self._ask(Ask.MODEL, _is_name, by=by)
        faults = self._faults(by=by)
        return Status(
            faults=faults,
            ribbon_left=self._count(Ask.CARDS_LEFT, by=by),
            printed_total=self._cards_inserted(by=by),
            model=model,
            cleanings=self._count(Ask.CLEANINGS, by=by),
        )

    def print(self, card: CardImage, *, within: float, progress: Progress | None = None) -> Verdict:
        """Print one card and follow it to its end.

        Raises a DeviceError only while the first panel is incomplete, when no card can have been taken (guide §21: a
        panel is printed once it is downloaded whole). From then on illness is Unknown, unless the printer itself names
        the fault and its count of inserted cards shows whether a blank was taken.
        """
        by = self._begin(within=within)
        job = tuple(self._job(card))
        blocking = [fault for fault in self._faults(by=by) if fault is not Fault.CLEANING_DUE]
        if blocking:
            return Refused(blocking[0])
        if self._left_inside:
            fault = self._reject(by=by)
            if fault is not None:
                return Refused(fault)
        inserted = self._cards_inserted(by=by)
        for command in (Errors.BY_HOST, SetRibbon(), Do.START):
            fault = self._prepare(command, by=by)
            if fault is not None:
                return Refused(fault)
        verdict = self._follow(job, inserted, by=by, sent=_share_of(sum(map(len, job)), progress))
        self._left_inside = isinstance(verdict, Jammed | Unknown)
        if isinstance(verdict, Jammed):
            self._clear_up(by=by)
        return verdict

    def clear(self, *, within: float) -> tuple[Fault, ...]:
        """Eject what is inside into the reject box, so that the next card finds the way free; return what is wrong."""
        by = self._begin(within=within)
        fault = self._reject(by=by)
        return tuple(dict.fromkeys([*([] if fault is None else [fault]), *self._faults(by=by)]))

    def close(self) -> None:
        """Close the device file; may be called twice."""
        self._line.close()

    def _begin(self, *, within: float) -> float:
        by = time.monotonic() + within
        self._line.renew()
        if self._owed:
            self._line.settle(quiet=self._quiet, by=by)
            self._owed = False
        return by

    def _job(self, card: CardImage) -> Iterator[bytes]:
        if card.back is not None:
            yield encode(Do.FRONT)
        yield from self._panels(card.front)
        if card.back is not None:
            yield encode(Do.BACK)
            yield from self._panels(card.back)
        yield encode(Do.END)

    def _panels(self, face: Face) -> Iterator[bytes]:
        for panel, data in separate(face, self._levels).items():
            yield encode(Download(panel, self._levels if panel.is_dye else 2, data))

    def _follow(self, job: tuple[bytes, ...], inserted: int, *, by: float, sent: Callable[[int], None]) -> Verdict:
        handed_over = False
        try:
            for frame in job:
                self._line.drain()
                # The last dot is held back, so that until then an incomplete panel proves that no card was taken.
                self._line.send(frame[:-2], by=by, sent=sent)
                handed_over = handed_over or _is_panel(frame)
                self._line.send(frame[-2:], by=by, sent=sent)
                answer = self._job_answer(by=by)
                if answer != OK and not handed_over:
                    return Refused(fault_of(answer) or Fault.OTHER)
                if answer != OK:
                    return self._fate(answer, inserted, ending=frame is job[-1], by=by)
        except DeviceError:
            if not handed_over:
                self._line.abandon()
                raise
            self._line.close()
            return Unknown()
        return Printed()

    def _job_answer(self, *, by: float) -> str:
        answer = self._line.answer(by=by, stall=self._patience)
        if understood(answer):
            return answer
        # The answer came spoiled: the printer repeats its last one (Rlr). Silence, though, is never asked again, for a
        # late answer would then be taken for that of the next panel.
        return self._ask(Ask.LAST_ANSWER, understood, by=by)

    def _fate(self, answer: str, inserted: int, *, ending: bool, by: float) -> Verdict:
        fault = fault_of(answer) or Fault.OTHER
        if self._cards_inserted(by=by) == inserted:
            return Refused(fault)
        return Unknown() if ending and fault is not Fault.JAM else Jammed()

    def _clear_up(self, *, by: float) -> None:
        # What became of the card is known; that it could not be moved (a cover is open) is found by the next look.
        with contextlib.suppress(DeviceError):
            self._reject(by=by)

    def _reject(self, *, by: float) -> Fault | None:
        self._line.drain()
        by = min(by, time.monotonic() + EJECTION)
        self._line.send(encode(Do.REJECT), by=by)
        # Whatever it says of a path that was free already: only a fault keeps the next card back.
        fault = fault_of(self._line.answer(by=by, stall=self._patience))
        self._left_inside = fault is not None
        return fault

    def _prepare(self, command: Command, *, by: float) -> Fault | None:
        self._line.drain()
        self._line.send(encode(command), by=by)
        answer = self._job_answer(by=min(by, time.monotonic() + 2 * self._patience))
        if answer in MISUNDERSTOOD:
            raise RefusedByDevice(
                "The card printer does not accept a colour job: check its model, and that a YMCKO ribbon is in it."
            )
        return fault_of(answer)

    def _faults(self, *, by: float) -> tuple[Fault, ...]:
        # Scs drops what earlier jobs left behind; what it then answers is what is wrong now.
        answers = [self._ask(question, understood, by=by) for question in (Do.CLEAR_STATUS, Ask.CLEANING)]
        faults = [fault_of(answer) for answer in answers]
        mark = self._ask(Ask.RIBBON_MARK, understood, by=by)
        if mark != OK and mark not in MISUNDERSTOOD:
            faults.append(Fault.RIBBON_OUT)
        if self._ask(Ask.FEEDER, _is_feeder, by=by) == BOTH_FEEDERS_EMPTY:
            faults.append(Fault.FEEDER_EMPTY)
        return tuple(dict.fromkeys(fault for fault in faults if fault is not None))

    def _count(self, question: Ask, *, by: float) -> int | None:
        """Read a counter that not every model has."""
        answer = self._ask(question, lambda answer: _is_count(answer) or answer in MISUNDERSTOOD, by=by)
        return int(answer) if answer.isdecimal() else None

    def _cards_inserted(self, *, by: float) -> int:
        return int(self._ask(Ask.CARDS_INSERTED, _is_count, by=by))

    def _ask(self, question: Ask | Do, fits: Callable[[str], bool], *, by: float) -> str:
        answered = False
        for attempt in range(2):
            if attempt:
                self._line.settle(quiet=self._quiet, by=by)
            self._line.drain()
            patience = min(by, time.monotonic() + self._patience)
            try:
                self._line.send(encode(question), by=patience)
                while True:
                    answer = self._line.answer(by=patience, stall=self._quiet)
                    if fits(answer):
                        if attempt:
                            self._line.settle(quiet=self._quiet, by=by)
                        return answer
                    answered = True
            except Unresponsive:
                if time.monotonic() >= by:
                    break
        self._owed = True
        if answered:
            raise Malformed(
                "The card printer answers what cannot be understood: check its cable, then switch it off and on."
            )
        raise Unresponsive(f"The card printer at {self._line.path} does not answer: switch it off and on.")


def _share_of(total: int, progress: Progress | None) -> Callable[[int], None]:
    done = 0

    def sent(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done / total)

    return sent


def _is_panel(frame: bytes) -> bool:
    return frame.startswith(PANEL_OPENING)


def _is_count(answer: str) -> bool:
    return re.fullmatch(r"-?\d{1,9}", answer) is not None


def _is_name(answer: str) -> bool:
    return re.fullmatch(r"[A-Za-z][\w .+/-]{1,60}", answer) is not None and not understood(answer)


def _is_feeder(answer: str) -> bool:
    return re.fullmatch(r"[0-3]", answer) is not None or answer in MISUNDERSTOOD
