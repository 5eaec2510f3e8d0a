"""Pose of one body: SimCC's two vectors a joint, as RTMPose gives them, and HRNet's heat maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from golden import Case, Object, Spec, Tensors, save_constants

HEIGHT, WIDTH, JOINTS = 64, 96, 17
LEAST = 0.25
SETTINGS = {"threshold": LEAST}


def body(points: np.ndarray) -> list[Object]:
    """As sure as its joints are in the mean; its box is around the sure ones."""
    sure = points[points[:, 2] >= LEAST, :2]
    corner = sure.min(0)
    return [Object(0, float(points[:, 2].mean()), [*corner, *(sure.max(0) - corner)], points)]


def make_simcc(path: Path) -> None:
    random = np.random.default_rng(41)
    vectors = {"simcc_x": random.uniform(0, 0.2, (JOINTS, 2 * WIDTH)), "simcc_y": np.zeros((JOINTS, 2 * HEIGHT))}
    for joint in range(JOINTS):
        for vector in vectors.values():
            vector[joint, random.integers(vector.shape[1])] = random.uniform(0.2, 0.9)
    outputs = {name: vector[None].astype(np.float32) for name, vector in vectors.items()}
    save_constants(path, outputs, picture=("input", (1, 3, HEIGHT, WIDTH)))


def simcc(tensors: Tensors, spec: Spec) -> list[Object]:
    x, y = tensors["simcc_x"][0], tensors["simcc_y"][0]
    places = [x.argmax(1) / 2, y.argmax(1) / 2, np.minimum(x.max(1), y.max(1))]
    return body(np.column_stack(places).astype(float))


def make_heatmaps(path: Path) -> None:
    random = np.random.default_rng(42)
    y, x = np.mgrid[: HEIGHT // 4, : WIDTH // 4]
    maps = np.zeros((JOINTS, HEIGHT // 4, WIDTH // 4))
    for one in maps:
        row, column = random.uniform(0, HEIGHT // 4 - 1), random.uniform(0, WIDTH // 4 - 1)
        one += random.uniform(0.2, 0.9) * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 8)
    save_constants(path, {"output": maps[None].astype(np.float32)}, picture=("input", (1, 3, HEIGHT, WIDTH)))


def heatmaps(tensors: Tensors, spec: Spec) -> list[Object]:
    points = []
    for one in tensors["output"][0].astype(float):
        row, column = np.unravel_index(one.argmax(), one.shape)
        place = np.array([column, row], float)
        if 0 < column < one.shape[1] - 1:
            place[0] += 0.25 * np.sign(one[row, column + 1] - one[row, column - 1])
        if 0 < row < one.shape[0] - 1:
            place[1] += 0.25 * np.sign(one[row + 1, column] - one[row - 1, column])
        points.append([*(place * 4), one.max()])
    return body(np.array(points))


CASES = [
    Case("rtmpose", "simcc", make_simcc, simcc, SETTINGS),
    Case("hrnet", "heatmaps", make_heatmaps, heatmaps, SETTINGS),
]
