"""How good are tracks? CLEAR-MOT and identity scores of one result file against the truth.

    python tools/mot_metrics.py gt.txt result.txt [--json]
    python tools/mot_metrics.py --self-test

Both files are MOTChallenge text: frame, id, left, top, width, height, confidence, ... Truth rows with confidence 0 are
not counted. MOTA and switches follow Bernardin and Stiefelhagen 2008 (a pair that held in the last frame holds as long
as it overlaps enough), IDF1 follows Ristani et al. 2016 (one result id per true id, over the whole sequence).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

Frames = Mapping[int, tuple[np.ndarray, np.ndarray]]
"""For each frame number: ids int64 [N] and boxes float64 [N, 4] (left, top, width, height; pixels)."""


@dataclasses.dataclass(frozen=True)
class Counts:
    """What is counted; scores follow from it, so sequences add up."""

    truth: int = 0
    results: int = 0
    matches: int = 0
    switches: int = 0
    id_matches: int = 0

    def __add__(self, other: Counts) -> Counts:
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)
        return Counts(*(a + b for a, b in pairs))

    @property
    def mota(self) -> float:
        """1 - (misses + false alarms + switches) / truth; may be negative."""
        return 1 - (self.truth + self.results - 2 * self.matches + self.switches) / max(self.truth, 1)

    @property
    def idf1(self) -> float:
        """Part of truth and result boxes that carry the right identity."""
        return 2 * self.id_matches / max(self.truth + self.results, 1)

    @property
    def precision(self) -> float:
        """Part of the result's boxes that lie on a true one."""
        return self.matches / max(self.results, 1)

    @property
    def recall(self) -> float:
        """Part of the true boxes that were found."""
        return self.matches / max(self.truth, 1)

    def scores(self) -> dict[str, float]:
        """All figures by name."""
        names = ("mota", "idf1", "precision", "recall")
        return {**{n: getattr(self, n) for n in names}, **dataclasses.asdict(self)}


def read(path: str | Path, *, drops_unscored: bool = False) -> Frames:
    """Read MOTChallenge text.

    Args:
        path: the file.
        drops_unscored: leave out rows with confidence 0, as truth files mark what is not to be counted.

    Raises:
        ValueError: a row has fewer than six numbers.
    """
    rows: dict[int, list[list[float]]] = {}
    for number, line in enumerate(Path(path).read_text().splitlines(), start=1):
        if not line.strip():
            continue
        values = [float(v) for v in line.split(",")]
        if len(values) < 6:
            raise ValueError(f"{path}:{number}: {len(values)} numbers, expected frame,id,left,top,width,height[,...]")
        if not (drops_unscored and len(values) > 6 and values[6] == 0):
            rows.setdefault(int(values[0]), []).append(values[1:6])
    tables = {frame: np.array(r) for frame, r in rows.items()}
    return {frame: (t[:, 0].astype(np.int64), t[:, 1:]) for frame, t in tables.items()}


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes [N, 4] and [M, 4] (left, top, width, height): float64 [N, M]."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum((a[:, :2] + a[:, 2:])[:, None], (b[:, :2] + b[:, 2:])[None])
    both: np.ndarray = np.clip(high - low, 0, None).prod(axis=2)
    union = a[:, 2:].prod(axis=1)[:, None] + b[:, 2:].prod(axis=1)[None] - both
    overlap: np.ndarray = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return overlap


def evaluate(truth: Frames, result: Frames, *, min_iou: float = 0.5) -> Counts:
    """Compare a result with the truth.

    Args:
        truth: what is there.
        result: what was tracked.
        min_iou: least overlap of two boxes that may be the same, 0..1.
    """
    matches = switches = 0
    partner: dict[int, int] = {}  # true id -> result id that it had last, however long ago
    together: dict[tuple[int, int], int] = {}  # frames in which two ids overlap enough
    for frame in sorted(truth.keys() | result.keys()):
        true_ids, result_ids, overlap = _frame(truth, result, frame)
        for t, r in np.argwhere(overlap >= min_iou):
            pair = (int(true_ids[t]), int(result_ids[r]))
            together[pair] = together.get(pair, 0) + 1
        for true_id, result_id in _match(true_ids, result_ids, overlap, partner, min_iou=min_iou):
            matches += 1
            switches += partner.get(true_id, result_id) != result_id
            partner[true_id] = result_id
    return Counts(
        truth=sum(len(ids) for ids, _ in truth.values()),
        results=sum(len(ids) for ids, _ in result.values()),
        matches=matches,
        switches=switches,
        id_matches=_best_identities(together),
    )


def _frame(truth: Frames, result: Frames, frame: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    nothing = (np.zeros(0, np.int64), np.zeros((0, 4)))
    true_ids, true_boxes = truth.get(frame, nothing)
    result_ids, result_boxes = result.get(frame, nothing)
    return true_ids, result_ids, iou(true_boxes, result_boxes)


def _match(
    true_ids: np.ndarray, result_ids: np.ndarray, overlap: np.ndarray, partner: dict[int, int], *, min_iou: float
) -> list[tuple[int, int]]:
    """Pairs of one frame: those that held before first, then the most pairs with the most overlap."""
    free = overlap.copy()
    pairs = []
    for t, true_id in enumerate(true_ids):
        for r in np.flatnonzero(result_ids == partner.get(int(true_id), -1)):
            if free[t, r] >= min_iou:
                pairs.append((int(true_id), int(result_ids[r])))
                free[t, :] = free[:, r] = -1
                break
    cost = np.where(free >= min_iou, 1 - free, 1e6)
    for t, r in zip(*linear_sum_assignment(cost), strict=True):
        if free[t, r] >= min_iou:
            pairs.append((int(true_ids[t]), int(result_ids[r])))
    return pairs


def _best_identities(together: dict[tuple[int, int], int]) -> int:
    """The most boxes that can be right when each true id is given one result id."""
    rows = {t: i for i, t in enumerate(sorted({t for t, _ in together}))}
    columns = {r: i for i, r in enumerate(sorted({r for _, r in together}))}
    frames = np.zeros((len(rows), len(columns)))
    for (t, r), count in together.items():
        frames[rows[t], columns[r]] = count
    best = linear_sum_assignment(frames, maximize=True)
    return int(frames[best].sum())


def self_test() -> None:
    """Known values, small enough to work out by hand."""

    def walk(ids: list[int], at: float = 0) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        return {f: (np.array([i]), np.array([[at + f, 0.0, 10.0, 20.0]])) for f, i in enumerate(ids, start=1)}

    truth = walk([1] * 10)
    assert evaluate(truth, truth) == Counts(10, 10, 10, 0, 10)
    assert evaluate(truth, truth).mota == evaluate(truth, truth).idf1 == 1
    # The id changes after 6 of 10 frames: one switch, and 6 boxes with the right identity.
    changed = evaluate(truth, walk([7] * 6 + [8] * 4))
    assert changed == Counts(10, 10, 10, 1, 6)
    assert (changed.mota, changed.idf1) == (0.9, 0.6)
    # Never near: everything is missed and everything is false.
    away = evaluate(truth, walk([7] * 10, at=100))
    assert away == Counts(10, 10, 0, 0, 0)
    assert away.mota == -1
    # Shifted by a third of the width the overlap is exactly one half, which counts.
    half = {1: (np.array([1]), np.array([[0.0, 0, 9, 9]]))}, {1: (np.array([1]), np.array([[3.0, 0, 9, 9]]))}
    assert evaluate(*half).matches == 1
    # A pair holds while it overlaps enough, though another result lies better.
    both = {1: (np.array([7]), np.array([[0.0, 0, 10, 10]]))}
    both[2] = (np.array([7, 8]), np.array([[2.0, 0, 10, 10], [0.0, 0, 10, 10]]))
    still = {f: (np.array([1]), np.array([[0.0, 0, 10, 10]])) for f in (1, 2)}
    assert evaluate(still, both) == Counts(2, 3, 2, 0, 2)
    assert evaluate(truth, {}).recall == 0
    assert evaluate({}, {}).idf1 == 0


def main() -> int:
    parser = argparse.ArgumentParser(description="CLEAR-MOT and identity scores of tracks, by IoU.")
    parser.add_argument("truth", nargs="?", help="gt.txt, MOTChallenge format")
    parser.add_argument("result", nargs="?", help="the tracker's, same format")
    parser.add_argument("--min-iou", type=float, default=0.5, help="least overlap of two boxes that may be the same")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a line of text")
    parser.add_argument("--self-test", action="store_true", help="check known values and leave")
    given = parser.parse_args()
    if given.self_test:
        self_test()
        return 0
    if not (given.truth and given.result):
        parser.error("expected two files, gt.txt and result.txt")
    try:
        truth, result = read(given.truth, drops_unscored=True), read(given.result)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    scores = evaluate(truth, result, min_iou=given.min_iou).scores()
    if given.json:
        print(json.dumps(scores))
    else:
        print("  ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in scores.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
