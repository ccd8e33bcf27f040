"""What every panel keeps to: the simulated one always, the real one with --hardware and a person at it."""

import threading
import time
from collections.abc import Iterator

import pytest

from drivers.errors import Absent, DeviceError
from drivers.panel import Change, Lamp, Panel
from drivers.panel.simulated import SimulatedPanel, Wiring

SOON = 2.0


@pytest.fixture
def wiring() -> Wiring:
    return Wiring()


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.hardware)])
def panel(request: pytest.FixtureRequest, wiring: Wiring) -> Iterator[Panel]:
    if request.param == "simulated":
        opened: Panel = SimulatedPanel(wiring)
    else:
        from drivers.panel.raspberry import RaspberryPanel
        from drivers.panel.wired import Pins

        opened = RaspberryPanel(
            Pins(capture_light=12, lamp_ready=5, lamp_busy=6, lamp_call=13, help_button=17, door=22)
        )
    yield opened
    opened.close()


def test_every_lamp_and_level_can_be_shown_again_and_again(panel: Panel) -> None:
    for lamp in (*Lamp, *Lamp):
        panel.status(lamp)
    for level in (0.0, 0.5, 1.0, 0.0):
        panel.capture_light(level)


def test_the_buzzer_is_begun_without_waiting(panel: Panel) -> None:
    begin = time.monotonic()
    panel.beep(3)
    panel.beep(0)
    assert time.monotonic() - begin < 0.1


def test_a_panel_at_rest_says_nothing_and_returns_in_time(panel: Panel) -> None:
    assert panel.changes(within=0.05) == ()
    assert panel.changes(within=0.0) == ()


def test_a_closed_panel_says_so_and_may_be_closed_again(panel: Panel) -> None:
    panel.close()
    panel.close()
    for call in (
        lambda: panel.status(Lamp.READY),
        lambda: panel.capture_light(1.0),
        lambda: panel.beep(1),
        lambda: panel.changes(within=0.0),
    ):
        with pytest.raises(Absent, match="open it again"):
            call()


# From here on the world has to move, which only a simulated one does by itself.


def test_changes_come_in_order_and_none_is_lost_while_nobody_listens(wiring: Wiring) -> None:
    panel = SimulatedPanel(wiring)
    waits = threading.Event()
    for move in (
        wiring.open_door,
        wiring.arrive,
        wiring.open_housing,
        wiring.fail_power,
        wiring.close_door,
        wiring.leave,
        wiring.restore_power,
    ):
        move()
        # Longer than a contact needs to rest; nothing is waited for, the pins just stand.
        waits.wait(0.04)
    assert panel.changes(within=SOON) == (
        Change.DOOR_OPENED,
        Change.SOMEONE_CAME,
        Change.TAMPERED,
        Change.POWER_FAILED,
        Change.DOOR_CLOSED,
        Change.EVERYONE_LEFT,
        Change.POWER_BACK,
    )
    assert panel.changes(within=0.0) == ()
    panel.close()


def test_a_change_wakes_whoever_waits(wiring: Wiring) -> None:
    panel = SimulatedPanel(wiring)
    heard: list[tuple[Change, ...]] = []
    listener = threading.Thread(target=lambda: heard.append(panel.changes(within=30.0)))
    listener.start()
    wiring.press_help()
    listener.join(SOON)
    assert heard == [(Change.HELP_PRESSED,)]
    panel.close()


def test_a_board_that_goes_away_is_absent_until_it_is_opened_anew(wiring: Wiring) -> None:
    panel = SimulatedPanel(wiring)
    wiring.unplug()
    for call in (lambda: panel.status(Lamp.READY), lambda: panel.changes(within=SOON)):
        with pytest.raises(DeviceError, match="check its wiring"):
            call()
    panel.close()
    with pytest.raises(Absent):
        SimulatedPanel(wiring)
    wiring.replug()
    wiring.open_door()
    anew = SimulatedPanel(wiring)
    assert anew.changes(within=SOON) == (Change.DOOR_OPENED,)
    anew.close()
