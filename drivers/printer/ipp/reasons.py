"""What a printer says about itself, read as faults and figures.

Source: RFC 8011 §5.4.11-12, PWG 5100.9 (the alerts of the Printer MIB as keywords), PWG 5100.13 (supplies).
"""

from collections.abc import Iterator

from drivers.printer import Fault, Status
from drivers.printer.ipp.attributes import PrinterState, number_of, numbers_of, truth_of, word_of, words_of
from drivers.printer.ipp.codec import Attributes

ASKED = (
    "printer-make-and-model",
    "printer-info",
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "marker-levels",
    "marker-types",
    "printer-supply",
    "printer-media-sheets-completed",
    "printer-impressions-completed",
)
"""What status_of() reads."""

FAULTS = {
    "media-empty": Fault.FEEDER_EMPTY,
    "media-needed": Fault.FEEDER_EMPTY,
    "input-tray-missing": Fault.FEEDER_EMPTY,
    "media-jam": Fault.JAM,
    "media-path-jam": Fault.JAM,
    "cover-open": Fault.COVER_OPEN,
    "door-open": Fault.COVER_OPEN,
    "interlock-open": Fault.COVER_OPEN,
    "marker-supply-empty": Fault.RIBBON_OUT,
    "marker-supply-missing": Fault.RIBBON_OUT,
    "marker-ribbon-empty": Fault.RIBBON_OUT,
    "marker-ribbon-missing": Fault.RIBBON_OUT,
    "toner-empty": Fault.RIBBON_OUT,
    "fuser-over-temp": Fault.OVERHEATED,
    "over-temperature": Fault.OVERHEATED,
    "cleaner-life-over": Fault.CLEANING_DUE,
    "cleaner-life-almost-over": Fault.CLEANING_DUE,
    "cleaner-empty": Fault.CLEANING_DUE,
}
"""By the end of the keyword, because the MIB's are prefixed with the part they are about."""
SEVERITIES = ("-error", "-warning", "-report")
NO_RIBBON = ("waste", "clean", "transfer", "fuser")
"""Beginnings of ``marker-types`` that colour no card."""
PER_CARD = frozenset({"impressions", "sheets"})
"""Units of a supply that count what it still makes."""
NAME = 60
"""Letters of a model's name that are kept."""


def status_of(printer: Attributes) -> Status:
    """Read a printer's own description. Levels in per cent become no cards: only a supply that counts them does."""
    level = min(_ribbon_levels(printer), default=None)
    faults = [*faults_of(printer), *([Fault.RIBBON_OUT] if level == 0 else [])]
    sheets = number_of(printer, "printer-media-sheets-completed")
    return Status(
        faults=tuple(dict.fromkeys(faults)),
        ribbon_left=min(_cards_left(printer), default=None),
        printed_total=_count(sheets if sheets is not None else number_of(printer, "printer-impressions-completed")),
        model=_name(printer),
        ribbon_percent=level,
    )


def faults_of(printer: Attributes) -> tuple[Fault, ...]:
    """Read what an operator must see to. A reason that is only reported, or one we do not know, stops nothing alone."""
    stopped = number_of(printer, "printer-state") == PrinterState.STOPPED
    closed = truth_of(printer, "printer-is-accepting-jobs") is False
    known = [_fault(reason) for reason in words_of(printer, "printer-state-reasons") if not reason.endswith("-report")]
    faults = tuple(dict.fromkeys(fault for fault in known if fault is not None))
    if (stopped and not set(faults) - {Fault.CLEANING_DUE}) or closed:
        return (*faults, Fault.OTHER)
    return faults


def _fault(reason: str) -> Fault | None:
    bare = reason
    for severity in SEVERITIES:
        bare = bare.removesuffix(severity)
    return next((fault for words, fault in FAULTS.items() if bare == words or bare.endswith(f"-{words}")), None)


def _ribbon_levels(printer: Attributes) -> Iterator[int]:
    levels, types = numbers_of(printer, "marker-levels"), words_of(printer, "marker-types")
    for place, level in enumerate(levels):
        kind = types[place].lower() if place < len(types) else ""
        # Negative levels are "unknown" and "some" (PWG 5100.13, RFC 3805 prtMarkerSuppliesLevel).
        if 0 <= level <= 100 and not kind.startswith(NO_RIBBON):
            yield level


def _cards_left(printer: Attributes) -> Iterator[int]:
    for value in printer.get("printer-supply", ()):
        if isinstance(value.content, bytes):
            pairs = (part.partition("=") for part in value.content.decode("ascii", errors="replace").split(";"))
            supply = {name.strip(): text.strip() for name, _, text in pairs}
            level = supply.get("level", "")
            if supply.get("class") == "supplyThatIsConsumed" and supply.get("unit") in PER_CARD and level.isdecimal():
                yield int(level[:9])


def _count(number: int | None) -> int | None:
    return number if number is not None and number >= 0 else None


def _name(printer: Attributes) -> str:
    name = word_of(printer, "printer-make-and-model") or word_of(printer, "printer-info") or ""
    return "".join(letter for letter in name if letter.isprintable())[:NAME].strip() or "IPP printer"
