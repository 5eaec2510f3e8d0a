"""Maps of classes: scores of SegFormer, DeepLab and U-Net, with channels first or last, and classes after an argmax."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from golden import Case, Spec, Tensors, save_constants, sigmoid

HEIGHT, WIDTH, CLASSES = 64, 96, 5
# Nothing in such a file tells how pixels go in.
FED: dict[str, Any] = {"model_color_format": 0, "net_scale_factor": 1.0}
SPEC: Spec = {"input": {"width": WIDTH, "height": HEIGHT}}


def of_scores(name: str, step: int, *, is_nhwc: bool) -> Callable[[Path], None]:
    """Patches of classes, which some scores are unsure of."""

    def make(path: Path) -> None:
        random = np.random.default_rng(21)
        scores = random.normal(0, 1, (CLASSES, HEIGHT // step, WIDTH // step))
        for _ in range(12):
            y, x = random.integers(scores.shape[1]), random.integers(scores.shape[2])
            scores[random.integers(CLASSES), y : y + 9, x : x + 9] += random.uniform(1, 5)
        value = np.moveaxis(scores, 0, -1) if is_nhwc else scores
        save_constants(path, {name: value[None].astype(np.float32)})

    return make


def of_classes(name: str, kind: type) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        found = np.random.default_rng(22).integers(0, CLASSES, (1, HEIGHT, WIDTH))
        save_constants(path, {name: found.astype(kind)})

    return make


def of_one_score(path: Path) -> None:
    save_constants(path, {"mask": np.random.default_rng(23).normal(0, 3, (1, 1, HEIGHT, WIDTH)).astype(np.float32)})


def best(tensors: Tensors, axis: int, least: float = 0) -> np.ndarray:
    """The class of the greatest score, or -1 where its softmax is not above `least`."""
    scores = np.moveaxis(next(iter(tensors.values()))[0].astype(np.float64), axis, 0)
    shares = np.exp(scores - scores.max(0))
    return np.where((shares / shares.sum(0)).max(0) > least, scores.argmax(0), -1)


def channels_first(tensors: Tensors, spec: Spec) -> np.ndarray:
    return best(tensors, 0)


def channels_last(tensors: Tensors, spec: Spec) -> np.ndarray:
    return best(tensors, -1)


def sure_ones(tensors: Tensors, spec: Spec) -> np.ndarray:
    return best(tensors, 0, 0.6)


def as_they_are(tensors: Tensors, spec: Spec) -> np.ndarray:
    return next(iter(tensors.values()))[0]


def more_than_half(tensors: Tensors, spec: Spec) -> np.ndarray:
    return (sigmoid(tensors["mask"][0, 0]) > 0.5).astype(int)


def case(name: str, make: Callable[[Path], None], reference: Any, **settings: Any) -> Case:
    return Case(f"segmentation-{name}", "segmentation", make, reference, {**FED, **settings}, SPEC)


CASES = [
    case("logits-nchw", of_scores("logits", 4, is_nhwc=False), channels_first),  # SegFormer, a quarter of the input
    case("logits-nhwc", of_scores("seg", 1, is_nhwc=True), channels_last),
    case("logits-sure", of_scores("logits", 2, is_nhwc=False), sure_ones, segmentation_threshold=0.6),
    case("argmax-i64", of_classes("ArgMax", np.int64), as_they_are),  # DeepLab of TensorFlow
    case("argmax-i32", of_classes("argmax", np.int32), as_they_are),
    case("one-logit", of_one_score, more_than_half),  # U-Net of two classes
]
