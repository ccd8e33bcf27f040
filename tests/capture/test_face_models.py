"""The models that came from elsewhere are the ones that their note tells of, and see the face in the real portrait."""

import hashlib
import re

import cv2
import numpy as np
import pytest

from drivers.camera.synthetic.studio import POINTS, PORTRAIT
from kiosk.capture.face.mesh import DETECTOR, IRIS, MESH, MODELS, FaceFinder

NOTE = (MODELS / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [DETECTOR, MESH, IRIS])
def test_a_model_is_the_one_that_the_note_names(name: str) -> None:
    told = re.search(rf"`{name}`.*`([0-9a-f]{{64}})`", NOTE)
    assert told is not None
    assert hashlib.sha256((MODELS / name).read_bytes()).hexdigest() == told[1]


def test_no_model_lies_there_without_a_word() -> None:
    assert {path.name for path in MODELS.iterdir()} == {DETECTOR, MESH, IRIS, "LICENSE", "README.md"}
    assert "Apache License" in (MODELS / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("scale", [1.0, 2.0, 3.0])
def test_the_real_portrait_has_its_points_where_they_were_written_down(scale: float) -> None:
    portrait = cv2.imread(str(PORTRAIT), cv2.IMREAD_UNCHANGED)
    assert portrait is not None
    share = portrait[..., 3:] / 255
    picture = (portrait[..., 2::-1] * share + 200 * (1 - share)).astype(np.uint8)
    frame = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    finder = FaceFinder()
    faces = finder.faces(frame)
    assert len(faces) == 1
    mesh = finder.mesh(frame, faces[0].region)
    assert mesh is not None
    written = scale * np.loadtxt(POINTS, delimiter=",")
    eyes = np.linalg.norm(written[263] - written[33])
    away = np.linalg.norm(mesh.points[:, :2] - written[:, :2], axis=1)
    assert float(np.median(away)) < 0.03 * eyes
    right, left = finder.eyes(frame, mesh)
    assert right.opening == pytest.approx(left.opening, abs=0.05)
    # Her pupils, found by hand in the portrait.
    assert right.iris == pytest.approx((203 * scale, 100 * scale), abs=2.5 * scale)
    assert left.iris == pytest.approx((247 * scale, 103 * scale), abs=2.5 * scale)


def test_where_nobody_is_nobody_is_found() -> None:
    finder = FaceFinder()
    empty = np.full((960, 1280, 3), (178, 28, 34), np.uint8)
    assert finder.faces(empty) == []
