"""Whether two sets of minutiae are of one finger: align by neighbourhoods, pair, and weigh the pairs against chance.

Knows nothing of templates: two point sets in, one score out. Local structures vote for alignments (after Jiang and Yau,
"Fingerprint minutiae matching based on the local and global structures", ICPR 2000); each good alignment is tried
on the whole print, refined, and the best one counts. Counted pairs would not do for a small window, where many minutiae
pair by chance: each pair weighs by how much likelier it is on one finger than among minutiae strewn as densely as here
(the idea of Pankanti, Prabhakar and Jain, "On the individuality of fingerprints", PAMI 24(8), 2002).
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

MOST_TURN = np.deg2rad(70)
"""Nobody lays a finger on more crooked than this, one way now and the other way then."""
NEIGHBOURS = 9
LOCAL_REACH, LOCAL_TURN = 7.0, 0.35
"""Pixels and radians by which a neighbour may differ, seen from its minutia."""
ALIGNMENTS = 24
REACH, TURN = (15.0, 11.0), (0.50, 0.42)
"""Pixels and radians by which a pair may differ: in the first, rigid alignment, and after refining it."""
FEWEST = 5
"""Pairs below which an alignment means nothing."""
APART, TURNED = 3.0, 0.10
"""Standard deviations, in pixels and radians, of the pairs of one finger, refined."""
SEEN_AGAIN = 0.7
"""Share of minutiae that a second print shows again where it covers them."""
UNPAIRED = 1.1
"""Logarithmic evidence against one finger for each minutia that should have paired."""
EVIDENCE = 44.0
"""Logarithmic evidence that makes a score of 632; the score nears 1000 as it grows."""


@dataclass(frozen=True, slots=True)
class Points:
    """Minutiae for pairing: columns x, y (pixels at 500 ppi) and angle (radians), and where the print lay.

    ``covers``: one cell of ``cell`` pixels each, shape (rows, columns), True where there was print.
    """

    xya: Numbers = field(repr=False)
    covers: npt.NDArray[np.bool_] = field(repr=False)
    cell: float


def score(a: Points, b: Points) -> int:
    """Return 0 (nothing in common) to 1000 (the same print); which score means one finger is the caller's business."""
    if min(len(a.xya), len(b.xya)) < FEWEST:
        return 0
    return max((_judge(a, b, i, j) for i, j in _candidates(a.xya, b.xya)), default=0)


def _wrapped(angle: Numbers) -> Numbers:
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)


def _surroundings(xya: Numbers) -> Numbers:
    """Return each minutia's nearest neighbours in its own frame; shape (minutiae, neighbours, 3)."""
    delta = xya[None, :, :] - xya[:, None, :]
    apart = np.hypot(delta[..., 0], delta[..., 1])
    np.fill_diagonal(apart, np.inf)
    nearest = np.argsort(apart, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(xya) - 1)]
    near = np.take_along_axis(delta, nearest[..., None], axis=1)
    cos, sin = np.cos(xya[:, 2])[:, None], np.sin(xya[:, 2])[:, None]
    x, y = cos * near[..., 0] + sin * near[..., 1], cos * near[..., 1] - sin * near[..., 0]
    return np.stack((x, y, _wrapped(near[..., 2])), axis=-1)


def _candidates(a: Numbers, b: Numbers) -> list[tuple[int, int]]:
    """Return the pairs of minutiae with the most alike surroundings, best first."""
    i, j = np.nonzero(np.abs(_wrapped(a[:, None, 2] - b[None, :, 2])) <= MOST_TURN)
    near_a, near_b = _surroundings(a)[i][:, :, None, :], _surroundings(b)[j][:, None, :, :]
    off = np.hypot(near_a[..., 0] - near_b[..., 0], near_a[..., 1] - near_b[..., 1]) / LOCAL_REACH
    turned = np.abs(_wrapped(near_a[..., 2] - near_b[..., 2])) / LOCAL_TURN
    alike = np.maximum(1 - np.maximum(off, turned), 0).max(axis=2).sum(axis=1)
    order = np.argsort(-alike, kind="stable")[:ALIGNMENTS]
    return [(int(i[k]), int(j[k])) for k in order if alike[k] > 0]


def _judge(a: Points, b: Points, i: int, j: int) -> int:
    """Lay ``a`` on ``b`` so that minutia i falls on j, pair, refine, pair again, and score the outcome."""
    moved = _laid(a.xya, a.xya[i, :2], b.xya[j, :2], float(b.xya[j, 2] - a.xya[i, 2]))
    for reach, limit in zip(REACH, TURN, strict=True):
        pairs = _pairs(moved, b.xya, reach, limit)
        if len(pairs) < FEWEST:
            return 0
        moved = _refined(a.xya, b.xya[pairs[:, 1], :2], pairs[:, 0])
    pairs = _pairs(moved, b.xya, REACH[-1], TURN[-1])
    return _weigh(a, b, moved, pairs) if len(pairs) >= FEWEST else 0


def _laid(xya: Numbers, pivot: Numbers, target: Numbers, turn: float) -> Numbers:
    cos, sin = np.cos(turn), np.sin(turn)
    rotated = (xya[:, :2] - pivot) @ np.array([[cos, sin], [-sin, cos]]) + target
    return np.column_stack((rotated, xya[:, 2] + turn))


def _refined(xya: Numbers, targets: Numbers, chosen: npt.NDArray[np.intp]) -> Numbers:
    """Turn and shift ``xya`` so that its ``chosen`` rows lie best on ``targets`` (least squares, Kabsch)."""
    source = xya[chosen, :2]
    pivot, target = source.mean(axis=0), targets.mean(axis=0)
    cross = (source - pivot).T @ (targets - target)
    return _laid(xya, pivot, target, float(np.arctan2(cross[0, 1] - cross[1, 0], cross[0, 0] + cross[1, 1])))


def _pairs(moved: Numbers, fixed: Numbers, reach: float, limit: float) -> npt.NDArray[np.intp]:
    """Return rows (index in moved, index in fixed) of those that are each other's nearest."""
    delta = moved[:, None, :] - fixed[None, :, :]
    turned = np.abs(_wrapped(delta[..., 2]))
    cost = np.hypot(delta[..., 0], delta[..., 1]) / reach + 0.5 * turned / limit
    cost[(np.hypot(delta[..., 0], delta[..., 1]) > reach) | (turned > limit)] = np.inf
    best_b, best_a = cost.argmin(axis=1), cost.argmin(axis=0)
    rows = np.arange(len(moved))
    mutual = (best_a[best_b] == rows) & np.isfinite(cost[rows, best_b])
    return np.column_stack((rows[mutual], best_b[mutual]))


def _weigh(a: Points, b: Points, moved: Numbers, pairs: npt.NDArray[np.intp]) -> int:
    """Score how much likelier the pairs, and the minutiae left without one, are on one finger than by chance."""
    shift = moved[pairs[:, 0]] - b.xya[pairs[:, 1]]
    inverse = _refined(b.xya, a.xya[pairs[:, 0], :2], pairs[:, 1])
    shared_a = max(int(_covered(moved, b).sum()), len(pairs))
    shared_b = max(int(_covered(inverse, a).sum()), len(pairs))
    density = np.sqrt(shared_a * shared_b) / _shared_area(a, b, pairs)
    peak = SEEN_AGAIN / (2 * np.pi * APART**2) / (np.sqrt(2 * np.pi) * TURNED)  # of one finger, to a pixel and radian
    off = (np.square(shift[:, :2]).sum(axis=1) / APART**2 + np.square(_wrapped(shift[:, 2])) / TURNED**2) / 2
    evidence = float((np.log(peak / (density / (2 * np.pi))) - off).sum())
    evidence -= UNPAIRED * (shared_a + shared_b - 2 * len(pairs))
    return int(1000 * (1 - np.exp(-max(0.0, evidence) / EVIDENCE)))


def _shared_area(a: Points, b: Points, pairs: npt.NDArray[np.intp]) -> float:
    """Return the square pixels that both prints cover, ``a`` laid on ``b`` by ``pairs``; at least a cell's."""
    rows, columns = np.nonzero(a.covers)
    middles = np.column_stack((columns + 0.5, rows + 0.5)) * a.cell
    cells = np.vstack((a.xya, np.column_stack((middles, np.zeros(len(middles))))))
    laid = _refined(cells, b.xya[pairs[:, 1], :2], pairs[:, 0])[len(a.xya) :]
    return max(1, int(_covered(laid, b).sum())) * a.cell**2


def _covered(xya: Numbers, print_: Points) -> npt.NDArray[np.bool_]:
    """Return which points lie where ``print_`` had print."""
    rows, columns = print_.covers.shape
    column, row = (np.floor(xya[:, axis] / print_.cell).astype(np.intp) for axis in (0, 1))
    within = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    return np.asarray(within & print_.covers[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)])
