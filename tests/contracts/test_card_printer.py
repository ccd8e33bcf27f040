"""What every card printer keeps to: simulated ones always, real ones with --hardware (each uses two blanks).

``--device printer=/dev/usb/lp0`` is an Evolis printer, ``--device ipp-printer=ipp://10.0.0.7/ipp/print`` one over IPP.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.errors import DeviceError
from drivers.printer import CardImage, CardPrinter, Printed
from drivers.printer.evolis.printer import EvolisPrinter
from drivers.printer.evolis.simulated import SimulatedPrinter
from drivers.printer.ipp.printer import IppPrinter
from drivers.printer.ipp.simulated import SimulatedIppPrinter

SOON = 20.0
A_CARD = 180.0

Opener = Callable[[], CardPrinter]
REAL = [pytest.param(name, marks=pytest.mark.hardware) for name in ("real evolis", "real ipp")]


@pytest.fixture(params=["simulated evolis", "simulated ipp", *REAL])
def open_printer(request: pytest.FixtureRequest, tmp_path: Path, devices: dict[str, str]) -> Iterator[Opener]:
    match request.param:
        case "simulated evolis":
            with SimulatedPrinter(tmp_path / "lp0", tmp_path / "cards") as device:
                yield lambda: EvolisPrinter(device.port)
        case "simulated ipp":
            with SimulatedIppPrinter(tmp_path / "ipp", tmp_path / "cards") as peer:
                yield lambda: IppPrinter(peer.uri, local=peer.local, pause=0.02)
        case "real evolis":
            yield lambda: EvolisPrinter(devices.get("printer", "/dev/usb/lp0"))
        case _:
            yield lambda: IppPrinter(devices["ipp-printer"])


@pytest.fixture
def printer(open_printer: Opener) -> Iterator[CardPrinter]:
    opened = open_printer()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def card() -> CardImage:
    front = np.full((648, 1016, 3), 255, np.uint8)
    front[100:400, 100:400] = np.random.default_rng(1).integers(0, 256, (300, 300, 3))
    front[450:470, 100:900] = 0
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
    if before.printed_total is not None:  # not every IPP printer counts
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


def test_closing_twice_is_fine_and_gives_the_port_back(printer: CardPrinter, open_printer: Opener) -> None:
    model = printer.status(within=SOON).model
    printer.close()
    printer.close()
    other = open_printer()
    assert other.status(within=SOON).model == model
    other.close()


def test_nothing_about_a_card_can_be_logged(card: CardImage) -> None:
    assert repr(card) == "CardImage()"
