"""The generated fingers: always the same ones, all different, with the proportions and dimensions of real skin."""

from collections import Counter

import cv2
import numpy as np
import pytest

from drivers.fingerprint.synthetic.features import THRESHOLD, compare, extract
from drivers.fingerprint.synthetic.flow import CANVAS, Pattern, pattern_of
from drivers.fingerprint.synthetic.skin import INTACT, Skin
from drivers.fingerprint.synthetic.synthesis import Master, aged, impression, master


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


def _contrast(image: np.ndarray) -> float:
    return float(image[100:190, 80:180].std())


def test_a_worn_finger_is_the_same_at_every_growth_and_wear_is_the_skin_s(finger: Master) -> None:
    farmer = Skin(wear=0.6, scars=2)
    worn, again = aged(finger, farmer), master(7, 2, farmer)
    assert np.array_equal(worn.relief, again.relief)
    assert np.array_equal(worn.creases, again.creases)
    assert worn.skin == farmer
    assert aged(finger, INTACT).skin == INTACT
    assert np.array_equal(aged(finger, INTACT).relief, finger.relief)


def test_wear_flattens_ridges_closes_pores_and_adds_lines(finger: Master) -> None:
    """The share of the relief that is still the intact finger's ridges falls steadily."""
    alike = []
    for wear in (0.2, 0.5, 1.0):
        worn = aged(finger, Skin(wear=wear))
        alike.append(float(np.corrcoef(worn.relief.ravel(), finger.relief.ravel())[0, 1]))
        assert worn.pores.mean() < finger.pores.mean()
        assert worn.creases.mean() > finger.creases.mean()
    assert 1 > alike[0] > alike[1] > alike[2] > 0.1


def test_a_farmer_s_finger_is_still_theirs(finger: Master) -> None:
    worn = aged(finger, Skin(wear=0.4, scars=1))
    first, second = (extract(impression(worn, seed=seed)) for seed in (1, 2))
    stranger = extract(impression(master(8, 2, Skin(wear=0.4, scars=1)), seed=1))
    assert first is not None
    assert second is not None
    assert stranger is not None
    assert compare(first, second) >= THRESHOLD > compare(first, stranger)


def test_a_scar_parts_the_ridges_and_leaves_the_rest_alone(finger: Master) -> None:
    scarred = aged(finger, Skin(scars=1))
    changed = np.abs(scarred.creases - finger.creases) > 0.3
    assert 60 < changed.sum() < 1500
    rows, columns = np.nonzero(changed)
    spread = np.linalg.svd(np.column_stack((rows - rows.mean(), columns - columns.mean())), compute_uv=False)
    assert spread[0] > 4 * spread[1]  # a line
    assert np.array_equal(scarred.relief[:60], finger.relief[:60])


def test_dry_skin_is_dry_unless_told_otherwise(finger: Master) -> None:
    dry = aged(finger, Skin(moisture=0.1))
    assert _dark(impression(dry, seed=1)) < _dark(impression(finger, seed=1))
    assert np.array_equal(impression(dry, seed=1, moisture=0.5), impression(finger, seed=1, moisture=0.5))


@pytest.mark.parametrize("traits", [{"wear": 1.1}, {"wear": -0.1}, {"scars": -1}, {"scars": 10}, {"moisture": 2.0}])
def test_there_are_bounds_to_skin(traits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no skin"):
        Skin(**traits)  # type: ignore[arg-type]


def test_a_finger_that_slides_leaves_the_ridges_along_its_way(finger: Master) -> None:
    """Level ridges survive a slide to the side, and are lost in one towards the palm; upright ones the other way."""
    still = impression(finger, seed=1, rotation=0, shift=(0, 0))
    level, upright = (impression(finger, seed=1, rotation=0, shift=(0, 0), smear=smear) for smear in ((12, 0), (0, 12)))
    assert _contrast(level) < 0.85 * _contrast(still)
    top = np.s_[30:80, 100:156]  # above the core, where ridges of any pattern run level
    assert level[top].std() > 1.4 * upright[top].std()


def test_a_slide_changes_nothing_else(finger: Master) -> None:
    assert np.array_equal(impression(finger, seed=4, smear=(0.0, 0.0)), impression(finger, seed=4))
    still, slid = impression(finger, seed=4), impression(finger, seed=4, smear=(6.0, 0.0))
    assert abs(float(still.mean()) - float(slid.mean())) < 8


@pytest.mark.parametrize("position", [0, 11, -1])
def test_there_are_ten_fingers(position: int) -> None:
    with pytest.raises(ValueError, match="1 to 10"):
        master(1, position)


def test_a_master_does_not_print_its_ridges(finger: Master) -> None:
    assert "array" not in repr(finger)
