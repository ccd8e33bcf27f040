"""The generated fingers: always the same ones, all different, with the proportions and dimensions of real skin."""

from collections import Counter

import cv2
import numpy as np
import pytest

from drivers.fingerprint.synthetic.synthesis import CANVAS, Master, Pattern, impression, master, pattern_of


@pytest.fixture(scope="module")
def finger() -> Master:
    return master(7, 2)


def _dark(image: np.ndarray) -> float:
    return float((image < 128).mean())


def _middle(image: np.ndarray) -> tuple[float, float]:
    """Return the middle (x, y) of where the skin lies."""
    skin = cv2.blur(image, (15, 15)) < 225
    rows, columns = np.nonzero(skin)
    return float(columns.mean()), float(rows.mean())


def test_a_finger_is_the_same_at_every_growth(finger: Master) -> None:
    again = master(7, 2)
    assert np.array_equal(finger.relief, again.relief)
    assert np.array_equal(finger.pores, again.pores)
    assert np.array_equal(finger.creases, again.creases)
    assert np.array_equal(impression(finger, seed=3), impression(again, seed=3))


def test_no_two_fingers_and_no_two_persons_share_their_ridges(finger: Master) -> None:
    for other in (master(7, 3), master(8, 2)):
        assert abs(float(np.corrcoef(finger.relief.ravel(), other.relief.ravel())[0, 1])) < 0.25


def test_no_two_persons_share_the_flow_of_their_ridges() -> None:
    """One finger of two persons, of one class: its course is compared, which a mere change of scale would keep."""
    assert pattern_of(40, 2) is pattern_of(44, 2)
    angles = []
    for person in (40, 44):
        relief = cv2.GaussianBlur(master(person, 2).relief, (0, 0), 1.0)
        gx, gy = cv2.Sobel(relief, cv2.CV_32F, 1, 0), cv2.Sobel(relief, cv2.CV_32F, 0, 1)
        square = cv2.blur(gx * gx - gy * gy, (25, 25)) + 2j * cv2.blur(gx * gy, (25, 25))
        angles.append(np.angle(square[150:360, 130:300]) / 2)
    apart = np.abs((angles[0] - angles[1] + np.pi / 2) % np.pi - np.pi / 2)
    assert np.degrees(apart.mean()) > 4


def test_two_impressions_of_a_finger_differ(finger: Master) -> None:
    first, second = impression(finger, seed=1), impression(finger, seed=2)
    assert float(np.abs(first.astype(int) - second).mean()) > 10


@pytest.mark.parametrize("size", [(288, 256), (192, 192), (400, 300)])
def test_an_impression_has_the_reader_s_form(finger: Master, size: tuple[int, int]) -> None:
    image = impression(finger, seed=1, size=size)
    assert image.shape == size
    assert image.dtype == np.uint8


def test_the_corners_are_white_and_the_middle_is_striped(finger: Master) -> None:
    image = impression(finger, seed=1, shift=(0, 0), pressure=0.5, moisture=0.5)
    for corner in (image[:10, :10], image[:10, -10:], image[-10:, :10], image[-10:, -10:]):
        assert corner.mean() > 235
    middle = image[100:190, 80:180]
    assert 0.25 < _dark(middle) < 0.60
    assert middle.std() > 45


def test_ridges_are_as_far_apart_as_skin_s(finger: Master) -> None:
    """Human ridges stand about half a millimetre apart: 9 to 10 pixels at 500 ppi, less in small hands."""
    patch = finger.relief[CANVAS[0] // 2 - 128 : CANVAS[0] // 2 + 128, CANVAS[1] // 2 - 128 : CANVAS[1] // 2 + 128]
    window = np.hanning(256)[:, None] * np.hanning(256)[None, :]
    power = np.abs(np.fft.fftshift(np.fft.fft2((patch - patch.mean()) * window))) ** 2
    rows, columns = np.indices(power.shape) - 128
    radius = np.hypot(rows, columns).round().astype(int)
    ring = np.bincount(radius.ravel(), power.ravel())[:128]
    assert 7.5 < 256 / int(ring.argmax()) < 11.5


def test_patterns_occur_as_often_as_in_people() -> None:
    """Per cent after Wilson, Candela and Watson, "Neural network fingerprint classification", 1994."""
    counts = Counter(pattern_of(person, finger) for person in range(600) for finger in range(1, 11))
    published = {
        Pattern.ARCH: 3.7,
        Pattern.TENTED_ARCH: 2.9,
        Pattern.LEFT_LOOP: 33.8,
        Pattern.RIGHT_LOOP: 31.7,
        Pattern.WHORL: 27.9,
    }
    for pattern, share in published.items():
        assert 100 * counts[pattern] / 6000 == pytest.approx(share, abs=2.5), pattern


def test_loops_open_towards_the_little_finger_as_a_rule() -> None:
    right = Counter(pattern_of(person, finger) for person in range(200) for finger in range(1, 6))
    left = Counter(pattern_of(person, finger) for person in range(200) for finger in range(6, 11))
    assert right[Pattern.RIGHT_LOOP] > 4 * right[Pattern.LEFT_LOOP]
    assert left[Pattern.LEFT_LOOP] > 4 * left[Pattern.RIGHT_LOOP]


def test_pressure_widens_the_contact_and_the_ridges(finger: Master) -> None:
    images = [impression(finger, seed=1, pressure=p, moisture=0.5) for p in (0.1, 0.5, 0.9)]
    dark = [_dark(image) for image in images]
    assert dark[0] * 1.5 < dark[1] < dark[2] / 1.3
    area = [float((cv2.blur(image, (15, 15)) < 225).mean()) for image in images]
    assert area[0] < area[1] < area[2]


def test_moisture_darkens_and_closes_the_valleys(finger: Master) -> None:
    dry, ordinary, wet = (impression(finger, seed=1, pressure=0.5, moisture=m) for m in (0.0, 0.5, 1.0))
    assert _dark(dry) < _dark(ordinary) < _dark(wet)
    assert (cv2.blur(wet, (11, 11)) < 90).mean() > 0.2
    assert (cv2.blur(ordinary, (11, 11)) < 90).mean() < 0.02


def test_a_shift_moves_and_a_turn_turns(finger: Master) -> None:
    still = impression(finger, seed=1, shift=(0, 0), rotation=0)
    x, y = _middle(impression(finger, seed=1, shift=(25, -20), rotation=0, pressure=0.2))
    x0, y0 = _middle(impression(finger, seed=1, shift=(0, 0), rotation=0, pressure=0.2))
    assert x - x0 == pytest.approx(25, abs=5)
    assert y - y0 == pytest.approx(-20, abs=5)
    turned = impression(finger, seed=1, shift=(0, 0), rotation=20)
    back = cv2.warpAffine(turned, cv2.getRotationMatrix2D((128, 144), 20, 1), (256, 288))
    middle = np.s_[110:180, 90:165]
    alike = np.corrcoef(back[middle].ravel(), still[middle].ravel())[0, 1]
    assert alike > 0.5
    assert alike > np.corrcoef(turned[middle].ravel(), still[middle].ravel())[0, 1] + 0.3


def test_part_of_a_tip_covers_part_of_the_glass(finger: Master) -> None:
    whole, half = (impression(finger, seed=1, shift=(0, 0), coverage=c) for c in (1.0, 0.5))
    assert half[200:].min() > 200 > whole[200:260].min()


@pytest.mark.parametrize("position", [0, 11, -1])
def test_there_are_ten_fingers(position: int) -> None:
    with pytest.raises(ValueError, match="1 to 10"):
        master(1, position)


def test_a_master_does_not_print_its_ridges(finger: Master) -> None:
    assert "array" not in repr(finger)
