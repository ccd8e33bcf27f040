"""How a head is held: the mesh laid onto a level head that looks straight ahead.

Angles are those of ISO/IEC 39794-5 (D.1.4.3): yaw, pitch and roll of the head against the camera.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from kiosk.capture.face.mesh import Mesh

LEVEL: Final = {
    168: (0.000, -0.069, -0.314),
    6: (0.000, 0.057, -0.371),
    197: (0.000, 0.174, -0.440),
    195: (0.000, 0.282, -0.516),
    5: (0.000, 0.398, -0.597),
    4: (0.000, 0.539, -0.622),
    1: (0.000, 0.639, -0.581),
    2: (0.000, 0.709, -0.316),
    10: (0.000, -0.779, -0.334),
    9: (0.000, -0.315, -0.361),
    8: (0.000, -0.185, -0.325),
    151: (0.000, -0.550, -0.358),
    33: (-0.726, -0.021, 0.042),
    263: (0.726, -0.021, 0.042),
    133: (-0.274, 0.021, -0.042),
    362: (0.274, 0.021, -0.042),
    98: (-0.298, 0.629, -0.198),
    327: (0.298, 0.629, -0.198),
    234: (-1.062, 0.250, 0.910),
    454: (1.062, 0.250, 0.910),
    127: (-1.079, 0.043, 0.812),
    356: (1.079, 0.043, 0.812),
    109: (-0.304, -0.772, -0.308),
    338: (0.304, -0.772, -0.308),
    67: (-0.560, -0.734, -0.201),
    297: (0.560, -0.734, -0.201),
    103: (-0.793, -0.649, -0.014),
    332: (0.793, -0.649, -0.014),
    162: (-1.067, -0.175, 0.627),
    389: (1.067, -0.175, 0.627),
    70: (-0.904, -0.243, 0.031),
    300: (0.904, -0.243, 0.031),
    105: (-0.667, -0.377, -0.216),
    334: (0.667, -0.377, -0.216),
    116: (-0.988, 0.221, 0.266),
    345: (0.988, 0.221, 0.266),
    93: (-1.044, 0.463, 0.946),
    323: (1.044, 0.463, 0.946),
}
"""Points of the mesh that no expression moves, on a level head, in eye distances: x right, y down, z away
from the camera. Measured on the public portrait in ``drivers/camera/people`` and made the same on both sides."""
YAW: Final = 1.24
PITCH: Final = (1.2, 1.2)
"""Gain, and for the pitch degrees added after it: the mesh is flatter than a head is. Found over generated heads
of known pose (``tests/bench/face_advice.py`` prints the errors that are left)."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Yaw (to the person's own left), pitch (chin up) and roll (clockwise in the frame) in degrees.

    ``apart`` is the eyes' distance in pixels as it would be if the head were not turned.
    """

    yaw: float
    pitch: float
    roll: float
    apart: float


def pose(mesh: Mesh) -> Pose:
    """The rotation that lays the level head onto the mesh best (Kabsch 1976), as three angles, calibrated."""
    level = np.array(list(LEVEL.values()))
    seen = mesh.points[list(LEVEL)]
    level, seen = level - level.mean(axis=0), seen - seen.mean(axis=0)
    left, _, right = np.linalg.svd(seen.T @ level)
    mirror = np.diag([1.0, 1.0, float(np.sign(np.linalg.det(left @ right)))])
    turn = left @ mirror @ right
    eyes = (mesh.points[263] + mesh.points[362] - mesh.points[33] - mesh.points[133]) / 2
    return Pose(
        yaw=YAW * math.degrees(math.asin(float(np.clip(-turn[0, 2], -1, 1)))),
        pitch=PITCH[0] * math.degrees(math.atan2(turn[1, 2], turn[2, 2])) + PITCH[1],
        roll=math.degrees(math.atan2(turn[1, 0], turn[0, 0])),
        apart=float(np.linalg.norm(eyes)),
    )
