"""The production panel driver over mock pins: wiring, polarity, lamps, and what an ill board does."""

import tracemalloc

import pytest
from gpiozero import Device

from drivers.errors import Absent
from drivers.panel import Change, Lamp
from drivers.panel.rhythm import BEEP, BLINK
from drivers.panel.simulated import WIRING, Fault, SimulatedPanel, Wiring
from drivers.panel.wired import Pins

SOON = 2.0
AT_ONCE = 0.0


def heard(panel: SimulatedPanel, looks: int = 3) -> tuple[Change, ...]:
    """All that is told in a few looks: what happens at once need not rest at once."""
    return tuple(change for _ in range(looks) for change in panel.changes(within=0.1))


def test_a_cut_cable_raises_the_housings_alarms_and_none_of_the_power() -> None:
    wiring = Wiring()
    panel = SimulatedPanel(wiring)
    wiring.cut_cables()
    assert set(heard(panel)) == {Change.DOOR_OPENED, Change.TAMPERED}
    assert panel.changes(within=0.2) == ()
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


def lit_over(wiring: Wiring, panel: SimulatedPanel, pin: int, *, looks: int, every: float) -> list[bool]:
    """Whether a pin is lit, from look to look."""
    seen = []
    for _ in range(looks):
        panel.changes(within=every)
        seen.append(wiring.level(pin) > 0)
    return seen


def test_a_call_blinks_where_a_fault_is_steady() -> None:
    wiring = Wiring()
    panel = SimulatedPanel(wiring)
    panel.status(Lamp.FAULT)
    assert lit_over(wiring, panel, WIRING.lamp_call, looks=12, every=BLINK / 5) == [True] * 12
    panel.status(Lamp.CALLING)
    blinking = lit_over(wiring, panel, WIRING.lamp_call, looks=15, every=BLINK / 5)
    assert 4 <= sum(blinking) <= 11
    assert not wiring.level(WIRING.lamp_ready)
    panel.close()
    assert wiring.level(WIRING.lamp_call) == 0.0


def test_the_buzzer_sounds_so_many_times_and_can_be_silenced() -> None:
    wiring = Wiring()
    panel = SimulatedPanel(wiring)
    panel.beep(2)
    sounding = lit_over(wiring, panel, WIRING.buzzer, looks=28, every=BEEP / 6)
    rises = sum(now and not before for before, now in zip([False, *sounding], sounding, strict=False))
    assert rises == 2
    assert not sounding[-1]
    panel.beep(100)
    assert wiring.level(WIRING.buzzer) == 1.0
    panel.beep(0)
    assert wiring.level(WIRING.buzzer) == 0.0
    panel.close()


def test_pins_that_fall_ill_while_a_lamp_blinks_are_told_and_kill_no_thread() -> None:
    wiring = Wiring()
    panel = SimulatedPanel(wiring)
    panel.status(Lamp.CALLING)
    wiring.unplug()
    with pytest.raises(Absent, match="do not answer"):
        panel.changes(within=SOON)
    panel.close()


@pytest.mark.parametrize("active_high", [True, False])
def test_a_request_to_shut_down_may_have_either_polarity_and_must_last(active_high: bool) -> None:
    wiring = Wiring(Pins(shutdown_request=5, shutdown_request_active_high=active_high, shutdown_request_settle=0.2))
    panel = SimulatedPanel(wiring)
    wiring.request_shutdown()
    assert panel.changes(within=0.05) == ()
    wiring.withdraw_request()
    assert panel.changes(within=0.3) == ()
    wiring.request_shutdown()
    assert panel.changes(within=SOON) == (Change.SHUTDOWN_REQUESTED,)
    wiring.withdraw_request()
    assert panel.changes(within=0.3) == ()
    panel.close()


def test_a_housing_that_is_closed_again_stays_told_as_tampered() -> None:
    wiring = Wiring()
    panel = SimulatedPanel(wiring)
    wiring.open_housing()
    assert panel.changes(within=SOON) == (Change.TAMPERED,)
    wiring.close_housing()
    assert panel.changes(within=0.1) == ()
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


def test_a_stuck_button_is_one_call_and_drowns_nothing() -> None:
    wiring = Wiring(faults={0: Fault.STUCK_BUTTON})
    panel = SimulatedPanel(wiring)
    assert panel.changes(within=SOON) == (Change.HELP_PRESSED,)
    assert panel.changes(within=0.2) == ()
    wiring.open_door()
    assert panel.changes(within=SOON) == (Change.DOOR_OPENED,)
    wiring.release_help()
    assert panel.changes(within=0.1) == ()
    wiring.press_help()
    assert panel.changes(within=SOON) == (Change.HELP_PRESSED,)
    panel.close()


def test_a_bouncing_door_opens_once() -> None:
    panel = SimulatedPanel(Wiring(faults={0: Fault.BOUNCING_DOOR}))
    assert panel.changes(within=SOON) == (Change.DOOR_OPENED,)
    assert panel.changes(within=0.1) == ()
    panel.close()


def test_cut_and_unplugged_by_the_script() -> None:
    wiring = Wiring(faults={1: Fault.CUT_CABLES, 4: Fault.UNPLUGGED})
    panel = SimulatedPanel(wiring)
    assert panel.changes(within=AT_ONCE) == ()
    assert set(heard(panel)) == {Change.DOOR_OPENED, Change.TAMPERED}
    with pytest.raises(Absent):
        panel.changes(within=SOON)
    panel.close()


def test_ten_thousand_edges_leave_one_change_and_no_memory() -> None:
    wiring = Wiring()
    panel = SimulatedPanel(wiring)
    wiring.bounce_door(1001)
    panel.changes(within=SOON)
    tracemalloc.start()
    wiring.bounce_door(1001)
    before, _ = tracemalloc.get_traced_memory()
    wiring.bounce_door(10_001)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 10_000, "less than a byte an edge"
    assert panel.changes(within=0.2) == ()
    panel.close()
