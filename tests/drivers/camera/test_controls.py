"""V4L2 controls on webcams of several kinds: what is kept is what the automatic had found."""

import cv2
import pytest

from drivers.camera.controls import APERTURE_PRIORITY, AUTO, MANUAL, Kept, expose_freely, follow, keep


class Firmware:
    """A webcam's controls, as some firmware has them: ``forgets`` goes back to old values when set by hand."""

    def __init__(self, *lacks: int, forgets: bool = False, automatic: int = APERTURE_PRIORITY) -> None:
        self._lacks, self._forgets, self._automatic = lacks, forgets, automatic
        self.values: dict[int, float] = {
            cv2.CAP_PROP_AUTO_EXPOSURE: automatic,
            cv2.CAP_PROP_EXPOSURE: 312.0,
            cv2.CAP_PROP_AUTOFOCUS: 1.0,
            cv2.CAP_PROP_FOCUS: 40.0,
            cv2.CAP_PROP_AUTO_WB: 1.0,
            cv2.CAP_PROP_WB_TEMPERATURE: 4870.0,
        }

    def get(self, control: int) -> float:
        return -1.0 if control in self._lacks else self.values[control]

    def set(self, control: int, value: float) -> bool:
        if control in self._lacks:
            return False
        if control == cv2.CAP_PROP_AUTO_EXPOSURE and value not in (MANUAL, self._automatic):
            return False
        if self._forgets and control == cv2.CAP_PROP_AUTO_EXPOSURE and value == MANUAL:
            self.values[cv2.CAP_PROP_EXPOSURE] = 156.0
        if self._forgets and control == cv2.CAP_PROP_AUTOFOCUS and value == 0:
            self.values[cv2.CAP_PROP_FOCUS] = 0.0
        self.values[control] = value
        return True


@pytest.mark.parametrize("forgets", [False, True])
@pytest.mark.parametrize("automatic", [APERTURE_PRIORITY, AUTO])
def test_a_sitting_keeps_what_the_automatic_had_found_and_lets_it_go_again(forgets: bool, automatic: int) -> None:
    board = Firmware(forgets=forgets, automatic=automatic)
    found = dict(board.values)
    assert keep(board, kelvin=None) == Kept(exposure=312.0, kelvin=4870.0)
    by_hand = {cv2.CAP_PROP_AUTO_EXPOSURE: MANUAL, cv2.CAP_PROP_AUTOFOCUS: 0, cv2.CAP_PROP_AUTO_WB: 0}
    assert board.values == found | by_hand
    follow(board, kelvin=None)
    assert board.values == found


def test_the_stations_own_light_stays_fixed_all_the_time() -> None:
    board = Firmware()
    for _ in range(2):
        follow(board, kelvin=5200.0)
        assert (board.values[cv2.CAP_PROP_AUTO_WB], board.values[cv2.CAP_PROP_WB_TEMPERATURE]) == (0, 5200.0)
        assert keep(board, kelvin=5200.0).kelvin == 5200.0
        assert (board.values[cv2.CAP_PROP_AUTO_WB], board.values[cv2.CAP_PROP_WB_TEMPERATURE]) == (0, 5200.0)


def test_a_camera_without_controls_has_nothing_to_lock() -> None:
    board = Firmware(*Firmware().values)
    assert keep(board, kelvin=None) == Kept(exposure=None, kelvin=None)
    follow(board, kelvin=None)
    expose_freely(board)


def test_a_lamps_temperature_must_be_one() -> None:
    board = Firmware()
    board.values[cv2.CAP_PROP_WB_TEMPERATURE] = 0.0
    assert keep(board, kelvin=None).kelvin is None
    assert board.values[cv2.CAP_PROP_AUTO_WB] == 1, "an unknown balance is better left automatic"


def test_the_exposure_alone_can_be_freed() -> None:
    board = Firmware()
    keep(board, kelvin=None)
    expose_freely(board)
    assert board.values[cv2.CAP_PROP_AUTO_EXPOSURE] == APERTURE_PRIORITY
    assert board.values[cv2.CAP_PROP_AUTOFOCUS] == board.values[cv2.CAP_PROP_AUTO_WB] == 0
