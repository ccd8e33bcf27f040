"""The production panel driver over mock pins: wiring, polarity, lamps, and what an ill board does."""

import pytest
from gpiozero import Device

from drivers.errors import Absent
from drivers.panel import Change, Lamp
from drivers.panel.simulated import WIRING, SimulatedPanel, Wiring
from drivers.panel.wired import BLINK, Pins

SOON = 2.0
AT_ONCE = 0.0


def test_a_cut_cable_raises_the_door_alarm_and_no_power_alarm() -> None:
    wiring = Wiring()
    panel = SimulatedPanel(wiring)
    wiring.cut_cables()
    assert panel.changes(within=SOON) == (Change.DOOR_OPENED,)
    assert panel.changes(within=0.1) == ()
    panel.close()


@pytest.mark.parametrize("active_high", [True, False])
def test_the_power_line_may_have_either_polarity(active_high: bool) -> None:
    wiring = Wiring(Pins(power_fail=23, power_fail_active_high=active_high))
    panel = SimulatedPanel(wiring)
    assert panel.changes(within=AT_ONCE) == ()
    wiring.fail_power()
    assert panel.changes(within=SOON) == (Change.POWER_FAILED,)
    wiring.restore_power()
    assert panel.changes(within=SOON) == (Change.POWER_BACK,)
    panel.close()


def test_what_is_not_at_rest_when_the_station_starts_is_told() -> None:
    wiring = Wiring()
    wiring.open_door()
    wiring.fail_power()
    panel = SimulatedPanel(wiring)
    assert set(panel.changes(within=SOON)) == {Change.DOOR_OPENED, Change.POWER_FAILED}
    panel.close()


def test_lights_shine_as_told_and_go_out_at_close() -> None:
    wiring = Wiring()
    panel = SimulatedPanel(wiring)
    panel.capture_light(0.4)
    assert wiring.level(WIRING.capture_light) == 0.4
    for lamp, pin in ((Lamp.READY, WIRING.lamp_ready), (Lamp.BUSY, WIRING.lamp_busy), (Lamp.FAULT, WIRING.lamp_call)):
        panel.status(lamp)
        lit = {wire for wire in (WIRING.lamp_ready, WIRING.lamp_busy, WIRING.lamp_call) if wiring.level(wire) > 0}
        assert lit == {pin}
    panel.status(Lamp.OFF)
    assert wiring.level(WIRING.lamp_call) == 0.0
    panel.status(Lamp.READY)
    panel.close()
    assert wiring.level(WIRING.capture_light) == 0.0
    assert wiring.level(WIRING.lamp_ready) == 0.0


def test_a_call_blinks_where_a_fault_is_steady(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []
    monkeypatch.setattr("drivers.panel.wired.LED.blink", lambda _led, on, off: asked.append((on, off)))
    panel = SimulatedPanel()
    panel.status(Lamp.FAULT)
    assert asked == []
    panel.status(Lamp.CALLING)
    assert asked == [(BLINK, BLINK)]
    panel.close()


def test_wires_that_are_not_there_are_left_alone() -> None:
    panel = SimulatedPanel(Wiring(Pins()))
    panel.capture_light(1.0)
    panel.status(Lamp.FAULT)
    assert panel.changes(within=AT_ONCE) == ()
    panel.close()


def test_a_light_level_out_of_range_is_the_callers_mistake() -> None:
    panel = SimulatedPanel()
    with pytest.raises(ValueError, match=r"between 0 and 1, not 1\.5"):
        panel.capture_light(1.5)
    panel.close()


def test_two_wires_on_one_pin_are_refused_in_a_sentence_and_leave_nothing_claimed() -> None:
    wiring = Wiring(Pins(capture_light=12, lamp_ready=12))
    with pytest.raises(Absent, match="pin numbers"):
        SimulatedPanel(wiring)


def test_gpiozeros_global_factory_is_never_touched() -> None:
    before = Device.pin_factory
    SimulatedPanel().close()
    assert Device.pin_factory is before


def test_an_edge_whose_notice_got_lost_is_found() -> None:
    wiring = Wiring()
    panel = SimulatedPanel(wiring)
    # The board changes its level without a word, as when a notice is dropped under load.
    wiring._board.pin(WIRING.door)._state = True
    assert panel.changes(within=SOON) == (Change.DOOR_OPENED,)
    panel.close()
