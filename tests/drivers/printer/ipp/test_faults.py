"""What the driver says when an IPP printer is ill: before a card is taken, after, and when nobody can tell."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from drivers.errors import Absent, DeviceError, Malformed, Unresponsive
from drivers.errors import Refused as RefusedByDevice
from drivers.printer import CardImage, Fault, Jammed, Printed, Refused, Unknown
from drivers.printer.evolis.panels import Face
from drivers.printer.ipp.attributes import JobState, Operation, Status
from drivers.printer.ipp.document import JPEG, PNG, RASTER
from drivers.printer.ipp.printer import IppPrinter
from drivers.printer.ipp.simulated import SimulatedIppPrinter, Spoil

LONG = 20.0
"""Seconds that no test reaches."""
SHORT = 1.0
"""Seconds in which the printer of a test would have finished many times over."""
ASK, MAKE, FILL = Operation.GET_PRINTER_ATTRIBUTES, Operation.CREATE_JOB, Operation.SEND_DOCUMENT
CHECK, LOOK, STOP = Operation.VALIDATE_JOB, Operation.GET_JOB_ATTRIBUTES, Operation.CANCEL_JOB


def assert_untouched(device: SimulatedIppPrinter, cards: Path) -> None:
    assert (device.blanks, device.spoiled) == (50, 0)
    assert not list(cards.iterdir())


def assert_nothing_waits(device: SimulatedIppPrinter) -> None:
    """No job may be left that would print a card when nobody expects one."""
    assert set(device.jobs) <= {JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED}


# Before a card is taken.


@pytest.mark.parametrize(
    ("breaks", "fault", "mends"),
    [
        (SimulatedIppPrinter.empty_feeder, Fault.FEEDER_EMPTY, lambda device: device.load(1)),
        (lambda device: device.change_ribbon(0), Fault.RIBBON_OUT, lambda device: device.change_ribbon(1)),
        (SimulatedIppPrinter.open_cover, Fault.COVER_OPEN, SimulatedIppPrinter.close_cover),
        (SimulatedIppPrinter.overheat, Fault.OVERHEATED, SimulatedIppPrinter.cool_down),
        (SimulatedIppPrinter.jam, Fault.JAM, SimulatedIppPrinter.close_cover),
    ],
)
def test_a_standing_fault_is_told_refuses_the_card_and_is_over_when_seen_to(
    device: SimulatedIppPrinter,
    printer: IppPrinter,
    face: Face,
    breaks: Callable[[SimulatedIppPrinter], None],
    fault: Fault,
    mends: Callable[[SimulatedIppPrinter], None],
) -> None:
    breaks(device)
    assert printer.status(within=LONG).faults == (fault,)
    assert printer.print(CardImage(face), within=LONG) == Refused(fault)
    assert device.made == device.spoiled == 0
    assert device.jobs == ()
    mends(device)
    assert printer.status(within=LONG).faults == ()
    assert printer.print(CardImage(face), within=LONG) == Printed()


def test_cleaning_due_is_told_but_does_not_keep_a_card_back(
    device: SimulatedIppPrinter, printer: IppPrinter, face: Face
) -> None:
    device.need_cleaning()
    assert printer.status(within=LONG).faults == (Fault.CLEANING_DUE,)
    assert printer.print(CardImage(face), within=LONG) == Printed()
    device.clean()
    assert printer.status(within=LONG).faults == ()


def test_a_feeder_without_sensor_is_found_empty_when_a_card_is_picked(
    plugged: Callable[..., SimulatedIppPrinter], face: Face
) -> None:
    device = plugged(feeder_sensor=False, blanks=0)
    printer = IppPrinter(device.uri, local=device.local, pause=0.02)
    assert printer.status(within=LONG).faults == ()
    assert printer.print(CardImage(face), within=LONG) == Refused(Fault.FEEDER_EMPTY)
    device.load(1)
    # The job that waited must not come out now.
    assert_nothing_waits(device)
    assert printer.print(CardImage(face), within=LONG) == Printed()
    assert device.made == 1


@pytest.mark.parametrize("code", [Status.BUSY, Status.NOT_ACCEPTING_JOBS])
def test_a_printer_that_takes_no_jobs_now_refuses(
    device: SimulatedIppPrinter, printer: IppPrinter, face: Face, code: Status
) -> None:
    device.spoil(Spoil(MAKE, code=code))
    assert printer.print(CardImage(face), within=LONG) == Refused(Fault.OTHER)
    assert printer.print(CardImage(face), within=LONG) == Printed()


def test_a_printer_that_does_not_understand_is_refused_in_a_sentence(
    device: SimulatedIppPrinter, printer: IppPrinter, face: Face
) -> None:
    device.spoil(Spoil(CHECK, code=Status.OPERATION_NOT_SUPPORTED))
    with pytest.raises(RefusedByDevice, match="0x0501"):
        printer.print(CardImage(face), within=LONG)


def test_a_printer_without_its_formats_refuses(
    plugged: Callable[..., SimulatedIppPrinter], face: Face, tmp_path: Path
) -> None:
    device = plugged(formats=("application/postscript",))
    printer = IppPrinter(device.uri, local=device.local)
    assert printer.print(CardImage(face), within=LONG) == Refused(Fault.OTHER)
    assert_untouched(device, tmp_path / "cards")


@pytest.mark.parametrize(("how"), [{"two_sided": False}, {"formats": (PNG, JPEG)}])
def test_a_one_sided_printer_refuses_a_card_with_a_back(
    plugged: Callable[..., SimulatedIppPrinter], face: Face, tmp_path: Path, how: dict[str, object]
) -> None:
    device = plugged(**how)
    printer = IppPrinter(device.uri, local=device.local)
    assert printer.print(CardImage(face, face), within=LONG) == Refused(Fault.OTHER)
    assert_untouched(device, tmp_path / "cards")


@pytest.mark.parametrize("step", [ASK, CHECK, MAKE])
@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"heard": False}, Absent),
        ({"silent": True}, Absent),
        ({"raw": b"\xff\x00 no HTTP at all \r\n\r\n"}, Malformed),
        ({"raw": b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n\x02\x00"}, Malformed),
        ({"raw": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\nab"}, Malformed),
        ({"raw": b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n\x02\x00\x00\x00\x00\x00\x00\x63\x03"}, Malformed),
        ({"raw": b"HTTP/1.1 401 -\r\nContent-Length: 0\r\n\r\n"}, RefusedByDevice),
        ({"raw": b"HTTP/1.1 404 -\r\nContent-Length: 0\r\n\r\n"}, Absent),
        ({"raw": b"HTTP/1.1 500 -\r\nContent-Length: 0\r\n\r\n"}, Malformed),
        ({"longer": 1}, Malformed),
        ({"longer": -1}, Malformed),
        ({"hang": 30}, Unresponsive),
    ],
)
def test_illness_before_the_document_is_an_exception_and_uses_no_blank(
    device: SimulatedIppPrinter,
    printer: IppPrinter,
    face: Face,
    tmp_path: Path,
    step: Operation,
    how: dict[str, object],
    error: type[Exception],
) -> None:
    device.spoil(Spoil(step, **how))  # type: ignore[arg-type] # the parameters above
    started = time.monotonic()
    with pytest.raises(error):
        printer.print(CardImage(face), within=SHORT)
    assert time.monotonic() - started < SHORT + 0.5
    assert_untouched(device, tmp_path / "cards")
    device.replug()
    assert printer.print(CardImage(face), within=LONG) == Printed()
    assert device.made == 1


def test_bytes_that_trickle_do_not_get_past_the_deadline(
    device: SimulatedIppPrinter, printer: IppPrinter, face: Face, tmp_path: Path
) -> None:
    device.spoil(Spoil(ASK, pace=0.05))
    started = time.monotonic()
    with pytest.raises(Unresponsive):
        printer.print(CardImage(face), within=0.5)
    assert time.monotonic() - started < 0.8
    assert_untouched(device, tmp_path / "cards")


def test_no_printer_is_absent(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="No card printer"):
        IppPrinter("ipp://localhost/ipp/print", local=str(tmp_path / "none")).status(within=SHORT)
    with pytest.raises(Absent, match="No card printer"):
        IppPrinter("ipp://127.0.0.1:1/ipp/print").status(within=SHORT)


def test_a_queue_that_does_not_exist_is_absent(device: SimulatedIppPrinter, printer: IppPrinter) -> None:
    device.spoil(Spoil(ASK, code=Status.NOT_FOUND))
    with pytest.raises(Absent, match="check its address"):
        printer.status(within=SHORT)


@pytest.mark.parametrize("uri", ["http://localhost/", "ipps://localhost/ipp", "ipp:///ipp", "ipp://a/b c", "/dev/lp0"])
def test_an_impossible_address_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="ipp://host"):
        IppPrinter(uri)


# After the printer has heard of the card.


@pytest.mark.parametrize(
    ("step", "how"),
    [
        *[(step, how) for step in (FILL, LOOK) for how in ({"silent": True}, {"raw": b"\xff"}, {"longer": 9})],
        (LOOK, {"code": Status.BAD_REQUEST}),
    ],
)
def test_a_spoiled_answer_within_the_job_does_not_cost_the_card(
    device: SimulatedIppPrinter, printer: IppPrinter, face: Face, step: Operation, how: dict[str, object]
) -> None:
    device.spoil(Spoil(step, **how))  # type: ignore[arg-type] # the parameters above
    assert printer.print(CardImage(face), within=LONG) == Printed()
    assert (device.made, device.spoiled) == (1, 0)


@pytest.mark.parametrize("taken", [0, 300, 200_000])
def test_a_connection_lost_within_the_document_is_settled_by_asking_for_the_job(
    device: SimulatedIppPrinter, printer: IppPrinter, face: Face, tmp_path: Path, taken: int
) -> None:
    device.spoil(Spoil(FILL, taken=taken))
    # The job waits for its document until it is called off: a printer that had begun would have said so.
    assert printer.print(CardImage(face), within=SHORT) == Refused(Fault.OTHER)
    assert_untouched(device, tmp_path / "cards")
    assert_nothing_waits(device)
    assert printer.print(CardImage(face), within=LONG) == Printed()
    assert device.made == 1


def test_a_refused_document_is_a_refused_card(device: SimulatedIppPrinter, printer: IppPrinter, face: Face) -> None:
    device.spoil(Spoil(FILL, code=Status.FORMAT_NOT_SUPPORTED))
    assert printer.print(CardImage(face), within=SHORT) == Refused(Fault.OTHER)
    assert_nothing_waits(device)


@pytest.mark.parametrize(
    ("happens", "verdict"),
    [
        (SimulatedIppPrinter.jam, Jammed()),
        (SimulatedIppPrinter.open_cover, Unknown()),
        (SimulatedIppPrinter.overheat, Unknown()),
        (lambda device: device.change_ribbon(-1), Unknown()),
    ],
)
def test_a_fault_with_the_card_inside_ends_the_job(
    device: SimulatedIppPrinter,
    printer: IppPrinter,
    face: Face,
    happens: Callable[[SimulatedIppPrinter], None],
    verdict: object,
) -> None:
    device.strike(happens)
    assert printer.print(CardImage(face), within=LONG) == verdict
    assert (device.made, device.spoiled) == (0, 1)
    assert_nothing_waits(device)


def test_the_last_card_is_not_taken_for_an_empty_feeder(
    plugged: Callable[..., SimulatedIppPrinter], face: Face
) -> None:
    """With its last card inside a printer already tells that the feeder is empty."""
    device = plugged(blanks=1, ribbon=1, pace=0.2)
    printer = IppPrinter(device.uri, local=device.local, pause=0.02)
    assert printer.print(CardImage(face), within=LONG) == Printed()
    assert printer.status(within=LONG).faults == (Fault.RIBBON_OUT, Fault.FEEDER_EMPTY)


@pytest.mark.parametrize(
    ("state", "reason", "verdict"),
    [
        (JobState.ABORTED, "aborted-by-system", Unknown()),
        (JobState.CANCELED, "job-canceled-at-device", Unknown()),
        (JobState.COMPLETED, "job-completed-with-errors", Unknown()),
        (JobState.COMPLETED, "job-completed-with-warnings", Printed()),
    ],
)
def test_how_the_printer_itself_ends_a_job(
    device: SimulatedIppPrinter, printer: IppPrinter, face: Face, state: JobState, reason: str, verdict: object
) -> None:
    device.end_next(state, reason)
    assert printer.print(CardImage(face), within=LONG) == verdict


def test_a_card_that_takes_too_long_is_called_off(plugged: Callable[..., SimulatedIppPrinter], face: Face) -> None:
    device = plugged(pace=30)
    printer = IppPrinter(device.uri, local=device.local, pause=0.02)
    started = time.monotonic()
    assert printer.print(CardImage(face), within=SHORT) == Unknown()
    assert time.monotonic() - started < SHORT
    assert device.jobs == (JobState.CANCELED,)


def test_contact_lost_with_the_card_inside_is_unknown_and_the_job_is_not_left_to_print(
    plugged: Callable[..., SimulatedIppPrinter], face: Face
) -> None:
    device = plugged(pace=0.3)
    printer = IppPrinter(device.uri, local=device.local, patience=0.05, pause=0.01)
    for _ in range(4):
        device.spoil(Spoil(LOOK, silent=True))
    device.spoil(Spoil(STOP, heard=False))
    assert printer.print(CardImage(face), within=LONG) == Unknown()
    assert device.jobs == (JobState.PROCESSING,)
    # Before the next card the first one's job is called off, so that no two come out of which one is known.
    assert printer.print(CardImage(face), within=LONG) == Printed()
    assert device.jobs == (JobState.CANCELED, JobState.COMPLETED)
    assert device.made == 1


def test_a_cable_pulled_with_the_card_inside_is_unknown(
    plugged: Callable[..., SimulatedIppPrinter], face: Face
) -> None:
    device = plugged(pace=30)
    printer = IppPrinter(device.uri, local=device.local, patience=0.2, pause=0.02)
    shares: list[float] = []

    def progress(share: float) -> None:
        shares.append(share)
        if share == 1.0:
            device.unplug()

    assert printer.print(CardImage(face), within=SHORT, progress=progress) == Unknown()
    device.replug()
    assert printer.status(within=LONG).faults == ()
    assert printer.print(CardImage(face), within=SHORT) == Unknown()  # at this pace


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(lambda body: b"HTTP/1.1 200 OK\r\n" + body)))
def test_any_answer_is_a_named_error(device: SimulatedIppPrinter, raw: bytes) -> None:
    device.spoil(Spoil(ASK, raw=raw))
    with pytest.raises(DeviceError):
        IppPrinter(device.uri, local=device.local, patience=0.2).status(within=SHORT)


# The card itself.


@pytest.mark.parametrize("formats", [(RASTER, PNG), (JPEG, PNG)])
def test_the_card_shows_what_was_sent(
    plugged: Callable[..., SimulatedIppPrinter], face: Face, tmp_path: Path, formats: tuple[str, ...]
) -> None:
    device = plugged(formats=formats)
    printer = IppPrinter(device.uri, local=device.local, pause=0.02)
    back = face[::-1, ::-1].copy() if RASTER in formats else None
    assert printer.print(CardImage(face, back), within=LONG) == Printed()
    for name, sent in (("card-0001.png", face), ("card-0001-back.png", back)):
        if sent is not None:
            with Image.open(tmp_path / "cards" / name) as picture:
                assert np.array_equal(np.asarray(picture), sent[5:643, 3:1014])


def test_a_job_names_nobody(device: SimulatedIppPrinter, printer: IppPrinter, face: Face) -> None:
    assert printer.print(CardImage(face), within=LONG) == Printed()
    assert {"card", "kiosk", "color", "none"} <= device.asked_for
    assert "ipp-attribute-fidelity" in device.asked_for


@pytest.mark.parametrize("leads_to", ["usb://Maker/Model?serial=1", "socket://10.0.0.7", "lpd://10.0.0.7/card"])
def test_a_queue_that_does_not_follow_its_jobs_is_refused(
    plugged: Callable[..., SimulatedIppPrinter], face: Face, leads_to: str
) -> None:
    device = plugged(device_uri=leads_to)
    with pytest.raises(RefusedByDevice, match="does not tell when a card is done"):
        IppPrinter(device.uri, local=device.local).print(CardImage(face), within=LONG)
    assert device.jobs == ()


@pytest.mark.parametrize("leads_to", ["ipp://10.0.0.7/ipp", "ipps://a.local/ipp", "dnssd://Card._ipps._tcp.local/"])
def test_a_queue_of_an_ipp_printer_prints(
    plugged: Callable[..., SimulatedIppPrinter], face: Face, leads_to: str
) -> None:
    device = plugged(device_uri=leads_to)
    assert IppPrinter(device.uri, local=device.local).print(CardImage(face), within=LONG) == Printed()


def test_what_an_earlier_run_of_the_station_left_in_the_queue_does_not_come_out(
    plugged: Callable[..., SimulatedIppPrinter], face: Face
) -> None:
    device = plugged(pace=0.3)
    device.strike(SimulatedIppPrinter.overheat)
    device.spoil(Spoil(STOP, heard=False))
    assert IppPrinter(device.uri, local=device.local, pause=0.02).print(CardImage(face), within=LONG) == Unknown()
    device.cool_down()
    assert device.jobs == (JobState.PROCESSING,)
    assert IppPrinter(device.uri, local=device.local, pause=0.02).print(CardImage(face), within=LONG) == Printed()
    assert device.jobs == (JobState.CANCELED, JobState.COMPLETED)
    assert device.made == 1
