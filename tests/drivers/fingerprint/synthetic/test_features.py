"""The simulated reader's features: found in pixels alone, packed to the byte, and told apart. The rates are its own."""

import itertools
import struct
import sys
import zlib

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.fingerprint.synthetic import minutiae
from drivers.fingerprint.synthetic.features import TEMPLATE_SIZE, THRESHOLD, compare, extract
from drivers.fingerprint.synthetic.synthesis import Master, impression, master
from drivers.fingerprint.synthetic.thinning import CROSSING_NUMBER, neighbourhoods, thin

Image = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def masters() -> list[Master]:
    """Ten fingers of one person and two of another: relatives in period and skin are the hard case."""
    return [master(40, finger) for finger in range(1, 11)] + [master(41, 2), master(41, 7)]


@pytest.fixture(scope="module")
def prints(masters: list[Master]) -> list[list[Image]]:
    return [[impression(finger, seed=seed) for seed in range(3)] for finger in masters]


@pytest.fixture(scope="module")
def templates(prints: list[list[Image]]) -> list[list[bytes]]:
    return [[extract(image) or b"" for image in images] for images in prints]


@pytest.fixture(scope="module")
def template(templates: list[list[bytes]]) -> bytes:
    return templates[1][0]


def test_false_match_and_false_non_match_rates(
    templates: list[list[bytes]], capsys: pytest.CaptureFixture[str]
) -> None:
    same = [compare(a, b) for finger in templates for a, b in itertools.combinations(finger, 2)]
    other = [compare(a[0], b[1]) for a, b in itertools.permutations(templates, 2)]
    missed = sum(score < THRESHOLD for score in same)
    mistaken = sum(score >= THRESHOLD for score in other)
    with capsys.disabled():
        sys.stdout.write(
            f"\nsimulated reader, generated prints: false non-match {missed}/{len(same)} (lowest {min(same)}),"
            f" false match {mistaken}/{len(other)} (highest {max(other)}), threshold {THRESHOLD}\n"
        )
    assert mistaken == 0
    assert missed <= 0.02 * len(same)


def test_a_template_has_its_size_and_is_always_the_same(prints: list[list[Image]], template: bytes) -> None:
    assert len(template) == TEMPLATE_SIZE
    assert extract(prints[1][0].copy()) == template


def test_comparing_is_symmetric_enough_and_knows_itself(templates: list[list[bytes]]) -> None:
    a, b = templates[0][0], templates[0][1]
    assert abs(compare(a, b) - compare(b, a)) < 80
    assert compare(a, a) > 950


@pytest.mark.parametrize("turn", [-35, -15, 15, 35])
def test_a_turned_and_shifted_finger_is_recognised(masters: list[Master], template: bytes, turn: float) -> None:
    turned = extract(impression(masters[1], seed=9, rotation=turn, shift=(18, -22), pressure=0.5, moisture=0.5))
    assert turned is not None
    assert compare(template, turned) >= THRESHOLD


@pytest.mark.parametrize(("pressure", "moisture"), [(0.2, 0.5), (0.85, 0.5), (0.5, 0.25), (0.5, 0.75)])
def test_skin_and_pressure_may_change(masters: list[Master], template: bytes, pressure: float, moisture: float) -> None:
    later = extract(impression(masters[1], seed=11, pressure=pressure, moisture=moisture))
    assert later is not None
    assert compare(template, later) >= THRESHOLD


def test_four_bits_a_pixel_are_enough(prints: list[list[Image]], template: bytes) -> None:
    """The GROW family sends two pixels a byte: what came over the wire must match what the sensor saw."""
    coarse = extract(np.asarray((prints[1][1] >> 4) * 17, np.uint8))
    assert coarse is not None
    assert compare(template, coarse) >= THRESHOLD


def test_another_resolution_gives_the_same_features(prints: list[list[Image]], template: bytes) -> None:
    image = cv2.resize(prints[1][1], None, fx=1.6, fy=1.6, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    finer = extract(image, ppi=800)
    assert finer is not None
    assert compare(template, finer) >= THRESHOLD


def test_identity_is_in_the_pixels_alone(prints: list[list[Image]]) -> None:
    """The same ridges drawn mirrored are another finger, whoever's they were."""
    image = prints[1][0]
    mirrored = extract(np.ascontiguousarray(image[:, ::-1]))
    original = extract(image)
    assert mirrored is not None
    assert original is not None
    assert compare(original, mirrored) < THRESHOLD


NOTHING = {
    "white": np.full((288, 256), 255, np.uint8),
    "black": np.zeros((288, 256), np.uint8),
    "noise": np.random.default_rng(1).integers(0, 256, (288, 256), dtype=np.uint8),
    "slope": np.tile(np.linspace(0, 255, 256).astype(np.uint8), (288, 1)),
    "stripes": np.tile((np.arange(256) // 4 % 2 * 255).astype(np.uint8), (288, 1)),
    "tiny": np.zeros((8, 8), np.uint8),
    "a line": np.zeros((1, 600), np.uint8),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_no_finger_has_no_features(name: str) -> None:
    assert extract(NOTHING[name]) is None


@pytest.mark.parametrize(
    ("image", "ppi"),
    [
        (np.zeros((288, 256, 3), np.uint8), 500),
        (np.zeros((288, 256), np.float32), 500),
        (np.zeros((288, 256), np.uint8), 0),
        (np.zeros((3000, 3000), np.uint8), 500),
    ],
)
def test_what_is_no_finger_image_is_refused(image: Image, ppi: int) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        extract(image, ppi=ppi)


def test_hostile_templates_score_nothing(template: bytes) -> None:
    for hostile in (b"", template[:-1], template + b"\0", bytes(TEMPLATE_SIZE), b"RKF1" + bytes(TEMPLATE_SIZE - 4)):
        assert compare(template, hostile) == compare(hostile, template) == compare(hostile, hostile) == 0


@given(st.integers(0, TEMPLATE_SIZE - 1), st.integers(1, 255))
def test_one_wrong_byte_is_noticed(template: bytes, at: int, flip: int) -> None:
    broken = bytearray(template)
    broken[at] ^= flip
    assert compare(template, bytes(broken)) == 0


POINTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 255)), min_size=10, max_size=60)


def _forged(points: list[tuple[int, int, int]], spread: int, covers: bytes) -> bytes:
    body = struct.pack(">HHBB", 288, 288, len(points), 12) + covers
    body += b"".join(struct.pack(">HHBB", x * spread, y * spread, angle, 99) for x, y, angle in points)
    body = body.ljust(TEMPLATE_SIZE - 8, b"\0")
    return b"RKF1" + struct.pack(">I", zlib.crc32(body)) + body


@given(POINTS, POINTS, st.integers(0, 9), st.sampled_from([bytes(72), b"\xff" * 72]))
def test_a_forged_template_with_a_right_checksum_does_no_harm(
    template: bytes, one: list[tuple[int, int, int]], other: list[tuple[int, int, int]], spread: int, covers: bytes
) -> None:
    """Whoever can compute a CRC can send any minutiae, all in one place too; the answer must be a score, and soon."""
    forged = _forged(one, spread, covers)
    assert 0 <= compare(forged, _forged(other, spread, covers)) <= 1000
    assert 0 <= compare(forged, forged) <= 1000
    assert compare(forged, template) < THRESHOLD


def test_a_minutia_outside_the_picture_spoils_the_template() -> None:
    points = [(x, y, 16 * x) for x in range(4) for y in range(4)]
    assert compare(_forged(points, 9, b"\xff" * 72), _forged(points, 9, b"\xff" * 72)) > 0
    assert compare(_forged(points, 97, b"\xff" * 72), _forged(points, 97, b"\xff" * 72)) == 0


@pytest.mark.parametrize("ending", [True, False])
def test_an_ending_points_into_its_ridge_and_a_fork_between_its_branches(ending: bool) -> None:
    image = np.full((200, 200), 255, np.uint8)
    for y in range(10, 200, 9):  # level ridges; one of them begins in the middle and runs to the right
        cv2.line(image, (100 if y == 91 else 5, y), (195, y), 0, 4)
    image = cv2.GaussianBlur(image, (0, 0), 1.0).astype(np.uint8)
    if not ending:
        image = 255 - image  # a valley that ends is a ridge that forks
    found = minutiae.find(image)
    near = [i for i in range(len(found.x)) if abs(found.x[i] - 100) < 12 and abs(found.y[i] - 91) < 12]
    assert len(near) == 1
    assert bool(found.ending[near[0]]) is ending
    assert np.cos(found.angle[near[0]]) > 0.95


def test_thinning_leaves_lines_of_one_pixel_and_the_same_shape() -> None:
    shape = np.zeros((80, 80), np.uint8)
    cv2.ellipse(shape, (40, 40), (28, 18), 30, 0, 360, 1, 6)
    cv2.line(shape, (5, 75), (75, 70), 1, 5)
    skeleton = thin(shape)
    assert cv2.connectedComponents(skeleton)[0] == cv2.connectedComponents(shape)[0]
    assert cv2.connectedComponents(1 - skeleton, connectivity=4)[0] == cv2.connectedComponents(1 - shape)[0]
    assert (CROSSING_NUMBER[neighbourhoods(skeleton)][skeleton > 0] == 1).sum() == 2  # the line's two ends
    assert cv2.erode(skeleton, np.ones((2, 2), np.uint8)).sum() == 0
    assert np.array_equal(thin(skeleton), skeleton)


def test_thinning_takes_no_more_steps_than_a_line_needs() -> None:
    slant = np.zeros((80, 80), np.uint8)
    cv2.line(slant, (5, 10), (70, 50), 1, 5)
    assert 55 < int(thin(slant).sum()) <= 66  # eight-connected: one pixel for each column
