"""The attendant at a panel whose every wire is pulled: lights, buzzer, and what a technician hears of."""

from collections.abc import Iterator

import pytest

from drivers.panel.simulated import SimulatedPanel, Wiring
from kiosk.journey.events import Event, HelpAsked
from kiosk.record.telemetry import Occasion
from kiosk.station.crew.attendant import Attendant


@pytest.fixture
def wiring() -> Wiring:
    return Wiring()


@pytest.fixture
def panel(wiring: Wiring) -> Iterator[SimulatedPanel]:
    panel = SimulatedPanel(wiring)
    yield panel
    panel.close()


def test_the_help_button_calls_by_light_and_sound(wiring: Wiring, panel: SimulatedPanel) -> None:
    told: list[Event] = []
    attendant = Attendant(told.append, lambda occasion: None)
    attendant.listen(panel)
    wiring.press_help()
    attendant.listen(panel)
    assert told == [HelpAsked()]
    sounded = []
    for _ in range(20):
        attendant.listen(panel)
        sounded.append(wiring.level(wiring.pins.buzzer) > 0)
        if any(sounded) and wiring.level(wiring.pins.lamp_call) > 0:
            break
    assert any(sounded)


@pytest.mark.parametrize(
    ("pull", "occasion"),
    [
        (Wiring.open_housing, Occasion.TAMPERED),
        (Wiring.request_shutdown, Occasion.SHUTDOWN_REQUESTED),
        (Wiring.fail_power, Occasion.POWER_FAILED),
        (Wiring.open_door, Occasion.DOOR_OPENED),
    ],
)
def test_what_happens_to_the_housing_and_the_power_is_told(wiring, panel, pull, occasion) -> None:
    occasions: list[Occasion] = []
    attendant = Attendant(lambda event: None, occasions.append)
    pull(wiring)
    for _ in range(10):
        attendant.listen(panel)
        if occasions:
            break
    assert occasions == [occasion]
