"""What every card printer keeps to: the simulated one always, a real one with --hardware (it uses two blanks)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.errors import DeviceError
from drivers.printer import CardImage, CardPrinter, Printed
from drivers.printer.evolis.printer import EvolisPrinter
from drivers.printer.evolis.simulated import SimulatedPrinter

SOON = 20.0
A_CARD = 180.0


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.hardware)])
def port(request: pytest.FixtureRequest, tmp_path: Path, devices: dict[str, str]) -> Iterator[str]:
    if request.param == "real":
        yield devices.get("printer", "/dev/usb/lp0")
        return
    with SimulatedPrinter(tmp_path / "lp0", tmp_path / "cards") as device:
        yield device.port


@pytest.fixture
def printer(port: str) -> Iterator[CardPrinter]:
    opened = EvolisPrinter(port)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def card() -> CardImage:
    front = np.full((648, 1016, 3), 255, np.uint8)
    front[100:300, 100:300] = (200, 40, 40)
    front[400:420, 100:900] = 0
    return CardImage(front)


def test_status_tells_a_model_and_no_impossible_numbers(printer: CardPrinter) -> None:
    status = printer.status(within=SOON)
    assert status.model
    assert len(set(status.faults)) == len(status.faults)
    assert status.ribbon_left is None or status.ribbon_left >= 0
    assert status.printed_total is None or status.printed_total >= 0


def test_a_card_is_made_and_counted_and_its_sending_told(printer: CardPrinter, card: CardImage) -> None:
    before = printer.status(within=SOON)
    assert before.faults == ()
    shares: list[float] = []
    assert printer.print(card, within=A_CARD, progress=shares.append) == Printed()
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.1
    assert shares[-1] == 1.0
    after = printer.status(within=SOON)
    assert before.printed_total is not None
    assert after.printed_total == before.printed_total + 1


def test_a_second_card_follows_the_first(printer: CardPrinter, card: CardImage) -> None:
    assert printer.print(card, within=A_CARD) == Printed()


def test_no_time_is_an_exception_and_makes_no_card(printer: CardPrinter, card: CardImage) -> None:
    before = printer.status(within=SOON).printed_total
    with pytest.raises(DeviceError):
        printer.print(card, within=0)
    with pytest.raises(DeviceError):
        printer.status(within=0)
    assert printer.status(within=SOON).printed_total == before


def test_closing_twice_is_fine_and_gives_the_port_back(printer: CardPrinter, port: str) -> None:
    model = printer.status(within=SOON).model
    printer.close()
    printer.close()
    other = EvolisPrinter(port)
    assert other.status(within=SOON).model == model
    other.close()


def test_nothing_about_a_card_can_be_logged(card: CardImage) -> None:
    assert repr(card) == "CardImage()"
