"""What the driver says when the printer is ill: before a card is taken, after, and when nobody can tell."""

import os
import termios
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drivers.errors import Absent, Malformed, Unresponsive
from drivers.errors import Refused as RefusedByDevice
from drivers.printer import CardImage, Fault, Jammed, Printed, Refused, Unknown
from drivers.printer.evolis.codec import Ask, Do, Download, Errors, Panel, encode, panel_size
from drivers.printer.evolis.mechanism import Mechanism
from drivers.printer.evolis.panels import Face
from drivers.printer.evolis.printer import EvolisPrinter
from drivers.printer.evolis.simulated import SimulatedPrinter, Spoil

LONG = 20.0
"""Seconds that no test reaches."""
SHORT = 1.5
"""Seconds in which the printer of a test would have finished many times over."""


def assert_untouched(device: SimulatedPrinter, cards: Path) -> None:
    assert device.blanks == 50
    assert device.spoiled == 0
    assert not list(cards.iterdir())


# Before a card is taken.

STANDING = [
    (SimulatedPrinter.empty_feeder, Fault.FEEDER_EMPTY),
    (lambda device: device.change_ribbon(0), Fault.RIBBON_OUT),
    (SimulatedPrinter.open_cover, Fault.COVER_OPEN),
    (SimulatedPrinter.overheat, Fault.OVERHEATED),
    (lambda device: device.jam_at(Ask.MODEL), Fault.JAM),
]


@pytest.mark.parametrize(("happens", "fault"), STANDING)
def test_a_standing_fault_is_told_and_refuses_the_card(
    device: SimulatedPrinter,
    printer: EvolisPrinter,
    face: Face,
    happens: Callable[[SimulatedPrinter], None],
    fault: Fault,
) -> None:
    happens(device)
    assert printer.status(within=LONG).faults == (fault,)
    assert printer.print(CardImage(face), within=LONG) == Refused(fault)
    assert device.made == device.spoiled == 0


@pytest.mark.parametrize(
    ("breaks", "mends"),
    [
        (SimulatedPrinter.empty_feeder, lambda device: device.load(1)),
        (lambda device: device.change_ribbon(0), lambda device: device.change_ribbon(1)),
        (SimulatedPrinter.open_cover, SimulatedPrinter.close_cover),
        (SimulatedPrinter.overheat, SimulatedPrinter.cool_down),
        (lambda device: device.jam_at(Do.CLEAR_STATUS), SimulatedPrinter.close_cover),
    ],
)
def test_a_fault_is_over_when_it_was_seen_to(
    device: SimulatedPrinter,
    printer: EvolisPrinter,
    face: Face,
    breaks: Callable[[SimulatedPrinter], None],
    mends: Callable[[SimulatedPrinter], None],
) -> None:
    breaks(device)
    assert printer.status(within=LONG).faults
    mends(device)
    assert printer.status(within=LONG).faults == ()
    assert printer.print(CardImage(face), within=LONG) == Printed()


def test_a_feeder_without_sensor_is_found_empty_when_a_card_is_picked(
    plugged: Callable[..., SimulatedPrinter], face: Face
) -> None:
    device = plugged(feeder_sensor=False, blanks=0)
    printer = EvolisPrinter(device.port)
    assert printer.status(within=LONG).faults == ()
    assert printer.print(CardImage(face), within=LONG) == Refused(Fault.FEEDER_EMPTY)
    device.load(1)
    assert printer.print(CardImage(face), within=LONG) == Printed()
    printer.close()


def test_cleaning_due_is_told_but_does_not_keep_a_card_back(
    device: SimulatedPrinter, printer: EvolisPrinter, face: Face
) -> None:
    device.need_cleaning()
    assert printer.status(within=LONG).faults == (Fault.CLEANING_DUE,)
    assert printer.print(CardImage(face), within=LONG) == Printed()
    device.clean()
    assert printer.status(within=LONG).faults == ()


@pytest.mark.parametrize("step", [Ask.CARDS_INSERTED, Errors.BY_HOST, Do.START])
def test_silence_before_the_job_is_an_exception_and_uses_no_blank(
    device: SimulatedPrinter, printer: EvolisPrinter, face: Face, tmp_path: Path, step: Ask | Do | Errors
) -> None:
    device.fall_silent_at(step)
    with pytest.raises(Unresponsive):
        printer.print(CardImage(face), within=SHORT)
    assert_untouched(device, tmp_path / "cards")
    device.replug()
    assert printer.print(CardImage(face), within=LONG) == Printed()


@pytest.mark.parametrize(
    ("happens", "error"), [(SimulatedPrinter.unplug, Absent), (SimulatedPrinter.fall_silent, Unresponsive)]
)
def test_illness_inside_the_first_panel_is_an_exception_and_uses_no_blank(
    device: SimulatedPrinter,
    printer: EvolisPrinter,
    face: Face,
    tmp_path: Path,
    happens: Callable[[SimulatedPrinter], None],
    error: type[Exception],
) -> None:
    done: list[float] = []

    def progress(share: float) -> None:
        if not done:
            happens(device)
        done.append(share)

    with pytest.raises(error):
        printer.print(CardImage(face), within=SHORT, progress=progress)
    assert done[-1] < 0.29  # the first of three large panels
    assert_untouched(device, tmp_path / "cards")
    device.replug()
    assert printer.print(CardImage(face), within=LONG) == Printed()


def test_a_printer_without_colour_ribbon_is_refused_in_a_sentence(
    device: SimulatedPrinter, printer: EvolisPrinter, face: Face
) -> None:
    device.spoil(Spoil(Do.START, stray=b"ERROR CDE\0", keep=0))
    with pytest.raises(RefusedByDevice, match="YMCKO"):
        printer.print(CardImage(face), within=LONG)
    assert device.blanks == 50


def test_a_one_sided_printer_refuses_a_card_with_a_back(
    device: SimulatedPrinter, printer: EvolisPrinter, face: Face, tmp_path: Path
) -> None:
    device.spoil(Spoil(Do.FRONT, stray=b"OPT NOT AVAILABLE\0", keep=0))
    assert printer.print(CardImage(face, face), within=LONG) == Refused(Fault.OTHER)
    assert_untouched(device, tmp_path / "cards")


# After a card was taken.


@pytest.mark.parametrize("step", [*Panel, Do.END])
def test_a_jam_spoils_the_blank(device: SimulatedPrinter, printer: EvolisPrinter, face: Face, step: Panel | Do) -> None:
    device.jam_at(step)
    assert printer.print(CardImage(face), within=LONG) == Jammed()
    assert (device.made, device.spoiled) == (0, 1)
    assert printer.status(within=LONG).faults == (Fault.JAM,)


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        (Panel.YELLOW, Refused(Fault.COVER_OPEN)),
        (Panel.MAGENTA, Jammed()),
        (Panel.OVERLAY, Jammed()),
        (Do.END, Unknown()),
    ],
)
def test_the_count_of_inserted_cards_tells_what_an_open_cover_cost(
    device: SimulatedPrinter, printer: EvolisPrinter, face: Face, step: Panel | Do, verdict: object
) -> None:
    device.open_cover_at(step)
    assert printer.print(CardImage(face), within=LONG) == verdict
    assert device.spoiled == (0 if isinstance(verdict, Refused) else 1)


@pytest.mark.parametrize(
    ("happens", "step"),
    [
        (SimulatedPrinter.fall_silent_at, Panel.YELLOW),
        (SimulatedPrinter.fall_silent_at, Do.END),
        (SimulatedPrinter.unplug_at, Panel.YELLOW),
        (SimulatedPrinter.unplug_at, Panel.BLACK),
        (SimulatedPrinter.unplug_at, Do.END),
    ],
)
def test_silence_or_unplugging_after_the_handover_is_unknown(
    device: SimulatedPrinter,
    printer: EvolisPrinter,
    face: Face,
    tmp_path: Path,
    happens: Callable[[SimulatedPrinter, Panel | Do], None],
    step: Panel | Do,
) -> None:
    happens(device, step)
    assert printer.print(CardImage(face), within=SHORT) == Unknown()
    assert len(list((tmp_path / "cards").iterdir())) == (step is Do.END)
    assert device.blanks == 49
    device.replug()
    assert printer.status(within=LONG).faults == ()


def test_an_open_cover_whose_cost_cannot_be_told_is_unknown(
    device: SimulatedPrinter, printer: EvolisPrinter, face: Face
) -> None:
    device.open_cover_at(Panel.CYAN)
    # The first answer is the count before the job; the second, that after the fault, never comes.
    device.spoil(Spoil(Ask.CARDS_INSERTED))
    device.spoil(Spoil(Ask.CARDS_INSERTED, keep=0))
    device.spoil(Spoil(Ask.CARDS_INSERTED, keep=0))
    assert printer.print(CardImage(face), within=LONG) == Unknown()


# Clearing up, so that the next card works.


def test_a_spoiled_blank_is_ejected_before_the_next_card(
    device: SimulatedPrinter, printer: EvolisPrinter, face: Face
) -> None:
    device.overheat_at(Panel.MAGENTA)
    assert printer.print(CardImage(face), within=LONG) == Jammed()
    assert device.rejected == 0  # nothing moves while it is hot
    device.cool_down()
    assert printer.print(CardImage(face), within=LONG) == Printed()
    assert (device.made, device.spoiled, device.rejected) == (1, 1, 1)


def test_what_a_power_cut_left_inside_is_ejected_before_the_next_card(
    device: SimulatedPrinter, printer: EvolisPrinter, face: Face
) -> None:
    device.fall_silent_at(Panel.CYAN)
    assert printer.print(CardImage(face), within=SHORT) == Unknown()
    device.replug()
    assert printer.print(CardImage(face), within=LONG) == Printed()
    assert (device.made, device.spoiled, device.rejected) == (1, 1, 1)


def test_what_a_pulled_cable_left_inside_is_ejected_by_the_driver_that_is_opened_next(
    plugged: Callable[..., SimulatedPrinter], face: Face
) -> None:
    device = plugged(panel_silence=0.05)
    before = EvolisPrinter(device.port)
    device.unplug_at(Panel.MAGENTA)
    assert before.print(CardImage(face), within=LONG) == Unknown()
    before.close()
    device.replug()
    printer = EvolisPrinter(device.port)
    assert printer.print(CardImage(face), within=LONG) == Printed()
    assert (device.made, device.spoiled, device.rejected) == (1, 1, 1)
    printer.close()


def test_a_printed_card_leaves_nothing_to_reject(device: SimulatedPrinter, printer: EvolisPrinter, face: Face) -> None:
    assert printer.print(CardImage(face), within=LONG) == Printed()
    assert printer.print(CardImage(face), within=LONG) == Printed()
    assert device.rejected == 0


def test_a_technician_clears_what_another_program_left_inside(
    plugged: Callable[..., SimulatedPrinter], face: Face
) -> None:
    device = plugged(panel_silence=0.05)
    before = EvolisPrinter(device.port)
    device.unplug_at(Panel.CYAN)
    assert before.print(CardImage(face), within=LONG) == Unknown()
    device.replug()
    printer = EvolisPrinter(device.port)
    assert printer.clear(within=LONG) == ()
    assert device.rejected == 1
    assert printer.print(CardImage(face), within=LONG) == Printed()
    device.open_cover()
    assert printer.clear(within=LONG) == (Fault.COVER_OPEN,)
    printer.close()


def test_counters_are_told(device: SimulatedPrinter, printer: EvolisPrinter, face: Face) -> None:
    device.clean()
    assert printer.print(CardImage(face), within=LONG) == Printed()
    status = printer.status(within=LONG)
    assert (status.printed_total, status.ribbon_left, status.cleanings) == (1, 99, 1)
    device.spoil(Spoil(Ask.CLEANINGS, stray=b"ERROR PARAMETRES\0", keep=0))
    assert printer.status(within=LONG).cleanings is None


# On the line.


def test_a_serial_line_gets_its_speed_and_a_handshake(device: SimulatedPrinter) -> None:
    printer = EvolisPrinter(device.port, baud=57600)
    printer.status(within=LONG)
    line = os.open(device.port, os.O_RDWR | os.O_NOCTTY)
    try:
        _, _, control, _, receives, sends, _ = termios.tcgetattr(line)
    finally:
        os.close(line)
        printer.close()
    assert (receives, sends) == (termios.B57600, termios.B57600)
    assert control & termios.CRTSCTS
    with pytest.raises(ValueError, match="115200 baud, not 1234"):
        EvolisPrinter("/dev/ttyS0", baud=1234)


def test_progress_is_told_at_the_speed_of_the_cable(plugged: Callable[..., SimulatedPrinter], face: Face) -> None:
    speed = 1_000_000.0
    printer = EvolisPrinter(plugged(speed=speed).port, levels=32)
    shares: list[tuple[float, float]] = []
    begin = time.monotonic()
    assert (
        printer.print(
            CardImage(face), within=LONG, progress=lambda share: shares.append((time.monotonic() - begin, share))
        )
        == Printed()
    )
    printer.close()
    whole = (3 * panel_size(32) + 2 * panel_size(2)) / speed
    assert shares[-1][0] >= whole * 0.9
    half = next(instant for instant, share in shares if share >= 0.5)
    assert 0.3 * shares[-1][0] < half < 0.7 * shares[-1][0]


@pytest.mark.parametrize("step", [Ask.MODEL, Ask.CARDS_LEFT, Do.CLEAR_STATUS, Ask.FEEDER])
@pytest.mark.parametrize(
    "how",
    [{"stray": b"\xff\x07"}, {"stray": b"\x07\x00"}, {"keep": 0}, {"keep": 1}, {"delay": 0.2}],
    ids=["noise", "stray answer", "lost", "truncated", "late"],
)
def test_one_spoiled_answer_is_asked_for_again(
    device: SimulatedPrinter, printer: EvolisPrinter, step: Ask | Do, how: dict[str, object]
) -> None:
    healthy = printer.status(within=LONG)
    device.spoil(Spoil(step, **how))  # type: ignore[arg-type] # the parameters above
    assert printer.status(within=LONG) == healthy


@pytest.mark.parametrize("step", [Panel.YELLOW, Do.END])
@pytest.mark.parametrize("how", [{"stray": b"\xff\x07"}, {"keep": 1}, {"delay": 0.3}], ids=["noise", "cut", "late"])
def test_a_spoiled_answer_within_the_job_does_not_cost_the_card(
    device: SimulatedPrinter, printer: EvolisPrinter, face: Face, step: Panel | Do, how: dict[str, object]
) -> None:
    device.spoil(Spoil(step, **how))  # type: ignore[arg-type] # the parameters above
    assert printer.print(CardImage(face), within=LONG) == Printed()
    assert (device.made, device.spoiled) == (1, 0)


def test_a_printer_that_only_talks_nonsense_is_malformed(device: SimulatedPrinter, printer: EvolisPrinter) -> None:
    for _ in range(2):
        device.spoil(Spoil(Ask.MODEL, stray=b"\xfe\xfe\xfe"))
    with pytest.raises(Malformed):
        printer.status(within=LONG)


def test_a_silent_printer_is_unresponsive(device: SimulatedPrinter, printer: EvolisPrinter) -> None:
    device.fall_silent()
    with pytest.raises(Unresponsive, match="switch it off and on"):
        printer.status(within=LONG)


def test_half_a_panel_left_by_another_program_is_survived(
    plugged: Callable[..., SimulatedPrinter], face: Face, tmp_path: Path
) -> None:
    device = plugged(panel_silence=0.05)
    port = os.open(device.port, os.O_RDWR | os.O_NOCTTY)
    os.write(port, encode(Download(Panel.BLACK, 2, bytes(panel_size(2))))[:3000])
    os.close(port)
    printer = EvolisPrinter(device.port, patience=0.3)
    assert printer.print(CardImage(face), within=LONG) == Printed()
    printer.close()


def test_no_device_file_is_absent(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="No card printer at"):
        EvolisPrinter(str(tmp_path / "lp0")).status(within=SHORT)


def test_a_plain_file_is_no_printer(tmp_path: Path) -> None:
    (tmp_path / "lp0").touch()
    with pytest.raises(Absent, match="no device file"):
        EvolisPrinter(str(tmp_path / "lp0")).status(within=SHORT)
    assert (tmp_path / "lp0").read_bytes() == b""


def test_a_device_that_only_sends_nothing_is_unresponsive(monkeypatch: pytest.MonkeyPatch) -> None:
    """As usblp does when the printer sends empty packets: always readable, never a byte."""
    # /dev/null is everybody's: a second run of this test may have it locked.
    monkeypatch.setattr("drivers.printer.evolis.line.fcntl.flock", lambda *_: None)
    started = time.monotonic()
    with pytest.raises(Unresponsive):
        EvolisPrinter("/dev/null", patience=0.1).status(within=LONG)
    assert time.monotonic() - started < LONG


def test_two_programs_do_not_share_a_printer(device: SimulatedPrinter, printer: EvolisPrinter) -> None:
    printer.status(within=LONG)
    with pytest.raises(Absent, match="another program"):
        EvolisPrinter(device.port).status(within=SHORT)


def test_left_to_itself_the_printer_keeps_a_fault_from_its_host() -> None:
    """Why the driver sets Pem;2: in the printer's own mode it would wait for a person, and print again by itself."""
    inside = Mechanism(lambda _: None, blanks=1, ribbon=1, feeder_sensor=True, hot=True)
    assert inside.perform(Do.START) is None
    inside.perform(Errors.BY_HOST)
    assert inside.perform(Do.START) == "ERR HEAD TEMP"


# The card itself.


@pytest.mark.parametrize("levels", [32, 128])
def test_the_card_shows_what_was_sent(device: SimulatedPrinter, face: Face, tmp_path: Path, levels: int) -> None:
    printer = EvolisPrinter(device.port, levels=levels)
    back = face[::-1, ::-1].copy()
    assert printer.print(CardImage(face, back), within=LONG) == Printed()
    printer.close()
    for name, sent in (("card-0001.png", face), ("card-0001-back.png", back)):
        with Image.open(tmp_path / "cards" / name) as picture:
            card = np.asarray(picture)
        assert np.abs(card.astype(int) - sent).max() <= np.ceil(255 / (levels - 1))
    assert device.ribbon == 98


def test_cards_of_earlier_days_are_kept(plugged: Callable[..., SimulatedPrinter], face: Face, tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "card-0041.png").touch()
    printer = EvolisPrinter(plugged().port)
    assert printer.print(CardImage(face), within=LONG) == Printed()
    printer.close()
    assert (tmp_path / "cards" / "card-0042.png").exists()


def test_other_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="32, 64 or 128"):
        EvolisPrinter("/dev/usb/lp0", levels=256)
